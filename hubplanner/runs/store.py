"""The run store: a folder of run folders, found by name, listed from an index, removed whole."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from hubplanner.errors import Fault, ScenarioError
from hubplanner.folders import RUN_MARKS, is_default_name, is_run
from hubplanner.io import foreign_files, move_folder, recover, remove_atomically
from hubplanner.runs.index import Row, describe, read_rows, run_folders
from hubplanner.runs.read import is_part_of_run, why_no_run
from hubplanner.translation import gettext as _, joined

__all__ = ["describe", "find_run", "list_runs", "remove_run", "rename_run"]

SHOWN = 8
"""Runs named in a message."""
LONGEST_NAME = 60
"""Characters of a run's name, which in UTF-8 are fewer bytes than any system lets a folder's name have."""
NOT_IN_NAMES = frozenset('/\\<>:"|?*!')
"""Marks that a folder's name cannot have everywhere; with a ! in it, libraries of geographic files look elsewhere."""


def list_runs(runs: Path) -> list[Row]:
    """Return a row for each run in a folder of runs, the newest first.

    Raises
    ------
    ScenarioError
        When there is no such folder.
    """
    if not runs.is_dir():
        raise ScenarioError(
            Fault(file=str(runs), allowed=_("there is no such folder; name the folder of your runs"), kind="scenario")
        )
    recover(runs)
    return sorted(read_rows(runs), key=lambda row: (-row["written"], row["name"]))


def find_run(word: str, runs: Path) -> Path:
    """Return a run's folder, damaged or not, by its path, its name in the runs folder, or the only start of a name.

    Raises
    ------
    ScenarioError
        When no run or several answer to it.
    """
    for folder in {runs, Path(word).absolute().parent}:
        recover(folder)
    if is_run(Path(word)) or is_part_of_run(Path(word)):
        return Path(word)
    names = sorted(run_folders(runs))
    found = [name for name in names if name == word] or [name for name in names if word and name.startswith(word)]
    if len(found) == 1:
        return runs / found[0]
    if not found and word and Path(word).is_dir():
        raise ScenarioError(Fault(file=word, allowed=why_no_run(Path(word)), kind="scenario"))
    if found:
        more = _(" and {count} more", count=len(found) - SHOWN) if len(found) > SHOWN else ""
        allowed = _(
            "one run; {count} start so: {names}{more}", count=len(found), names=joined(found[:SHOWN], ", "), more=more
        )
    else:
        allowed = _(
            "a run's folder, or a name in {runs}: {names}",
            runs=runs,
            names=joined(names[:SHOWN], ", ") or "it holds no runs",
        )
    raise ScenarioError(Fault(file="run", value=word, allowed=allowed, kind="scenario"))


def remove_run(word: str, runs: Path, *, force: bool = False) -> Path:
    """Remove a run from the runs folder, whole or not at all, and return where it stood.

    Parameters
    ----------
    force
        Whether to remove also what others put into the run's folder, or changed there.

    Raises
    ------
    ScenarioError
        When it is no run, not in the runs folder itself, a link, or holds files of others.
    UnwritableError
        When the system refuses.
    """
    folder = _own_run(word, runs, "removed")
    place = folder.absolute()
    recover(place)  # what a writer left there that was killed is nobody's
    foreign = foreign_files(place, RUN_MARKS)
    if foreign and not force:
        allowed = _(
            "holds {names}, which the run did not write so; nothing was removed without --force",
            names=joined(foreign[:SHOWN], ", "),
        )
        raise ScenarioError(Fault(file=str(folder), allowed=allowed, kind="scenario"))
    remove_atomically(place)
    return folder


def rename_run(word: str, name: str, runs: Path) -> Path:
    """Give a run in the runs folder a name of one's own, which is its folder's, and return where it stands now.

    Parameters
    ----------
    name
        The name, such as "Plan for Sindh"; blanks at its ends do not count.

    Raises
    ------
    ScenarioError
        When it is no run, not in the runs folder itself, or a link; or when the name cannot be a folder's everywhere,
        looks like one that hubplanner gives, or is taken.
    UnwritableError
        When the system refuses.
    """
    folder = _own_run(word, runs, "renamed")
    wanted = unicodedata.normalize("NFC", " ".join(name.split()))
    fault = _name_fault(wanted)
    if fault is None and wanted != folder.name and os.path.lexists(folder.with_name(wanted)):
        fault = _("a name that nothing in {runs} has yet", runs=runs)
    if fault is not None:
        raise ScenarioError(Fault(file="name", value=name, allowed=fault, kind="scenario"))
    return folder if wanted == folder.name else move_folder(folder, folder.with_name(wanted))


def _name_fault(name: str) -> str | None:
    """Return what a name must be, where it cannot be a run's; None where it can."""
    found = sorted(NOT_IN_NAMES.intersection(name))
    if not 0 < len(name) <= LONGEST_NAME:
        return _("1 to {longest_name} characters", longest_name=LONGEST_NAME)
    if found or any(unicodedata.category(mark) in {"Cc", "Cs"} for mark in name):
        return _("a name without {found}", found=joined(found, " ") or "control characters")
    if name.startswith((".", "-")) or name.endswith("."):
        return _("a name that neither begins with a dot or a dash nor ends with a dot")
    if is_default_name(name):
        return _("a name that does not end as those that hubplanner gives, in a dash and ten digits or letters a to f")
    return None


def _own_run(word: str, runs: Path, done: str) -> Path:
    """Return a run that stands in the runs folder itself; raise with what was not done otherwise."""
    folder = find_run(word, runs)
    place = folder.absolute()
    if place.is_symlink() or place.parent.resolve() != runs.resolve() or place.name in {"", "..", "."}:
        allowed = _("a run that stands in {runs} itself; nothing was {done}", runs=runs, done=done)
        raise ScenarioError(Fault(file="run", value=word, allowed=allowed, kind="scenario"))
    return folder

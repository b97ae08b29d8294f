"""The run store: a folder of run folders, found by name, listed from an index, removed whole."""

from __future__ import annotations

from pathlib import Path

from hubplanner.errors import Fault, ScenarioError
from hubplanner.folders import RUN_MARKS, is_run
from hubplanner.io import foreign_files, recover, remove_atomically
from hubplanner.runs.index import Row, describe, read_rows, run_folders

__all__ = ["describe", "find_run", "list_runs", "remove_run"]

SHOWN = 8
"""Runs named in a message."""


def list_runs(runs: Path) -> list[Row]:
    """Return a row for each run in a folder of runs, the newest first.

    Raises
    ------
    ScenarioError
        When there is no such folder.
    """
    if not runs.is_dir():
        raise ScenarioError(Fault(file=str(runs), allowed="a folder of runs; there is none here", kind="scenario"))
    recover(runs)
    return sorted(read_rows(runs), key=lambda row: (-row["written"], row["name"]))


def find_run(word: str, runs: Path) -> Path:
    """Return a run's folder by its path, its name in the runs folder, or the only start of a name.

    Raises
    ------
    ScenarioError
        When no run or several answer to it.
    """
    for folder in {runs, Path(word).absolute().parent}:
        recover(folder)
    if is_run(Path(word)):
        return Path(word)
    names = sorted(run_folders(runs))
    found = [name for name in names if name == word] or [name for name in names if word and name.startswith(word)]
    if len(found) == 1:
        return runs / found[0]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        allowed = f"one run; {len(found)} start so: {', '.join(found[:SHOWN])}{more}"
    else:
        allowed = f"a run's folder, or a name in {runs}: {', '.join(names[:SHOWN]) or 'it holds no runs'}"
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
    folder = find_run(word, runs)
    place = folder.absolute()
    if place.is_symlink() or place.parent.resolve() != runs.resolve() or place.name in {"", "..", "."}:
        allowed = f"a run that stands in {runs} itself; nothing was removed"
        raise ScenarioError(Fault(file="run", value=word, allowed=allowed, kind="scenario"))
    foreign = foreign_files(place, RUN_MARKS)
    if foreign and not force:
        allowed = (
            f"holds {', '.join(foreign[:SHOWN])}, which the run did not write so; nothing was removed without --force"
        )
        raise ScenarioError(Fault(file=str(folder), allowed=allowed, kind="scenario"))
    remove_atomically(place)
    return folder

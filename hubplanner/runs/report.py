"""Run folders to one page that travels as a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubplanner.errors import DataError, ExistsError, Fault, ScenarioError
from hubplanner.folders import STABILITY_FILES, is_run
from hubplanner.io import check_file, write_atomically
from hubplanner.outputs.html.render import Extras, write_page
from hubplanner.outputs.map.scene import scene_of_run
from hubplanner.runs.compare import compare
from hubplanner.runs.export import read_result
from hubplanner.runs.read import read_json
from hubplanner.translation import gettext as _, joined, said_again

EXPLANATIONS = ("explanation.json", "explanation/explanation.json")
FRONTIERS = ("frontier.json", "frontier/frontier.json")
"""Where a run's folder may hold what other commands found about it."""
SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an audit of the first run found, as JSON, or why there is none."""

    audit: dict[str, Any] | None = None
    note: str = ""


def write_report(
    runs: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    frontier: str | os.PathLike[str] | None = None,
    verdict: Verdict | None = None,
    replace: bool = False,
) -> Path:
    """Write the report of a run, compared with others where there are several, and return its path.

    Parameters
    ----------
    runs
        At least one run folder; the report is of the first.
    out
        The HTML file, written whole or not at all.
    frontier
        The folder of a frontier to show; one in the run's folder is shown if left out.
    verdict
        What an audit found.
    replace
        Whether a file that is not a report may be replaced.

    Raises
    ------
    ScenarioError
        When the file's name does not end in .html.
    DataError
        When a folder is no run, or a file of one cannot be read, or is not as the run wrote it.
    ExistsError
        When another file is there.
    UnwritableError
        When the system refuses to write there.
    """
    target = Path(out).absolute()
    check_target(target, replace=replace)
    folders = [Path(run) for run in runs]
    if not folders:
        raise ScenarioError(Fault(file="runs", allowed=_("at least one run folder"), kind="scenario"))
    result, _frames = read_result(folders[0])
    known = verdict or Verdict()
    extras = Extras(
        reasons=_reasons(folders[0], result.summary),
        frontier=_frontier(folders[0], None if frontier is None else Path(frontier)),
        stability=_stability(folders[0], result.summary),
        comparison=compare(*folders) if len(folders) > 1 else None,
        audit=known.audit,
        audit_note=known.note,
    )
    return write_atomically(target, lambda path: write_page(result, path, scene_of_run(result), extras))


def check_target(target: Path, *, replace: bool) -> None:
    """Raise when a report must not be written to a path."""
    if target.suffix.lower() not in SUFFIXES:
        raise ScenarioError(
            Fault(file="--out", value=str(target), allowed=_("a file that ends in .html"), kind="scenario")
        )
    if target.name == "report.html" and is_run(target.parent):
        message = _(
            "{target}: belongs to the run, whose manifest holds its SHA-256; name another --out, nothing was written",
            target=target,
        )
        raise ExistsError(message)
    check_file(target, overwrite=replace, owned=_is_report)


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return b'name="generator" content="hubplanner"' in file.read(2000)


def _reasons(folder: Path, summary: dict[str, Any]) -> dict[str, str]:
    """Return why each hub stands where it does, from an explanation of this very plan; nothing without one."""
    path = next((folder / name for name in EXPLANATIONS if (folder / name).is_file()), None)
    if path is None:
        return {}
    tree = read_json(path)
    try:
        if abs(tree["plan"]["cost"] - summary["cost"]["total"]) > 1e-6 * max(1.0, abs(summary["cost"]["total"])):
            raise DataError(Fault(file=str(path), allowed=_("explains another plan; run hubplanner explain again")))
        beside = path.with_name("manifest.json")
        how = read_json(beside).get("said") if beside.is_file() else None
        return {str(hub["site_id"]): said_again(how, str(hub["words"])) for hub in tree["hubs"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            Fault(file=str(path), allowed=_("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error))
        ) from error


def _stability(folder: Path, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Return what surveys drawn again make of this very plan; None where none were drawn."""
    path = folder / STABILITY_FILES[0]
    if not path.is_file():
        return None
    tree = read_json(path)
    try:
        if abs(tree["plan"]["cost"] - summary["cost"]["total"]) > 1e-6 * max(1.0, abs(summary["cost"]["total"])):
            raise DataError(Fault(file=str(path), allowed=_("is of another plan; run hubplanner stability again")))
        known = {"draws", "levels", "groups", "hubs", "reached", "misses_limits", "asked_gap"} <= tree.keys()
    except (KeyError, TypeError) as error:
        raise DataError(
            Fault(file=str(path), allowed=_("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error))
        ) from error
    if not known:
        raise DataError(Fault(file=str(path), allowed=_("lacks some of its figures; run hubplanner stability again")))
    return tree


def _frontier(folder: Path, asked: Path | None) -> dict[str, Any] | None:
    """Return the frontier that was asked for, or that the run's folder holds."""
    if asked is not None and not (asked / FRONTIERS[0]).is_file():
        raise ScenarioError(
            Fault(file=str(asked), allowed=_("the folder of a frontier: frontier.json is not there"), kind="scenario")
        )
    found = [asked / FRONTIERS[0]] if asked is not None else [folder / name for name in FRONTIERS]
    path = next((one for one in found if one.is_file()), None)
    if path is None:
        return None
    tree = read_json(path)
    points = tree.get("points")
    needed = {"number", "cost", "people", "share", "hubs"}
    if not isinstance(points, list) or not all(isinstance(point, dict) and needed <= point.keys() for point in points):
        raise DataError(
            Fault(file=str(path), column="points", allowed=_("needs {needed}", needed=joined(sorted(needed), ", ")))
        )
    return tree if points else None

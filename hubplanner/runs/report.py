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
from hubplanner.run_schema import EXPLANATION
from hubplanner.runs.compare import compare
from hubplanner.runs.export import read_result
from hubplanner.runs.read import frontier_of, read_json, result_of, stability_of
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _, said_again, with_advice

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
    way_out = _("run hubplanner explain again")
    tree = result_of(path.read_bytes(), path, EXPLANATION, way_out)
    if not _is_of(tree, summary):
        raise DataError(Fault(file=str(path), allowed=with_advice(_("explains another plan"), way_out)))
    beside = path.with_name("manifest.json")
    how = read_json(beside).get("said") if beside.is_file() else None
    return {hub["site_id"]: said_again(how, hub["words"]) for hub in tree["hubs"]}


def _is_of(tree: dict[str, Any], summary: dict[str, Any]) -> bool:
    """Tell whether what another command found is about this very plan, by its money."""
    explained, cost = float(tree["plan"]["cost"]), float(summary["cost"]["total"])
    return abs(explained - cost) <= AGREEMENT * max(1.0, abs(cost))


def _stability(folder: Path, summary: dict[str, Any]) -> dict[str, Any] | None:
    """Return what surveys drawn again make of this very plan; None where none were drawn."""
    path = folder / STABILITY_FILES[0]
    if not path.is_file():
        return None
    tree = stability_of(path.read_bytes(), path)
    if not _is_of(tree, summary):
        raise DataError(Fault(file=str(path), allowed=_("is of another plan; run hubplanner stability again")))
    return tree


def _frontier(folder: Path, asked: Path | None) -> dict[str, Any] | None:
    """Return the frontier that was asked for, or that the run's folder holds."""
    if asked is not None and not (asked / FRONTIERS[0]).is_file():
        raise ScenarioError(
            Fault(file=str(asked), allowed=_("the folder of a frontier: frontier.json is not there"), kind="scenario")
        )
    found = [asked / FRONTIERS[0]] if asked is not None else [folder / name for name in FRONTIERS]
    path = next((one for one in found if one.is_file()), None)
    tree = None if path is None else frontier_of(path.read_bytes(), path)
    return tree if tree and tree["points"] else None

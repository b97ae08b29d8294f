"""A run folder's figures read back, as they stand there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner import run_schema
from hubplanner.errors import DataError, Fault
from hubplanner.folders import RUN_MARKS, is_run
from hubplanner.io import MANIFEST, own_files, recover
from hubplanner.run_schema import Findings, Schema, findings_in, findings_in_plan, of_every_row
from hubplanner.translation import gettext as _, joined, with_advice

if TYPE_CHECKING:
    from hubplanner.scenario import Scenario

SCENARIO = "scenario.yaml"
LONGEST = 60
"""Letters of a wrong value that are shown."""
SHOWN = 12
"""Wrong values that are told of one file."""


class RunUnreadableError(DataError):
    """A file of a run folder cannot be read."""


class _Json(str):
    """A value as its file spells it, shown without quotation marks around that."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def check_run(folder: Path) -> None:
    """Raise where a folder is no run; one whose replacement was killed is put back first."""
    recover(folder.absolute().parent)
    if not is_run(folder):
        raise DataError(Fault(file=str(folder), allowed=why_no_run(folder)))


def why_no_run(folder: Path) -> str:
    """Return why a folder is no run, and what to do."""
    if not folder.exists():
        return _("is not there; name the folder of a run")
    lacking = [mark for mark in RUN_MARKS if not (folder / mark).is_file()]
    why = _("is not a run folder: it lacks {lacking}", lacking=joined(lacking, ", "))
    return with_advice(why, again(folder) if is_part_of_run(folder) else _("name the folder of a run"))


def is_part_of_run(folder: Path) -> bool:
    """Tell whether a folder held a run and lost a file that tells it from other results, which have manifests too."""
    return not is_run(folder) and ((folder / "plan.json").is_file() or "plan.json" in (own_files(folder) or {}))


def again(folder: Path) -> str:
    """Return how a run whose files were changed or lost comes back."""
    return _("solve {scenario} again", scenario=folder / SCENARIO)


def lost(path: Path) -> Fault:
    """Return the fault of a file that is missing from a run; what it was solved from cannot be made anew."""
    way_out = _("put it back") if path.name == SCENARIO else again(path.parent)
    return Fault(file=str(path), allowed=with_advice(_("is missing"), way_out))


def unreadable(path: Path, error: Exception) -> DataError:
    """Return the error of a table of a run that is missing or cannot be read."""
    if isinstance(error, FileNotFoundError):
        return DataError(lost(path))
    why = _("cannot be read: {kind}: {error}", kind=type(error).__name__, error=error)
    return DataError(Fault(file=str(path), allowed=with_advice(why, again(path.parent))))


def without_columns(path: Path, lacking: Sequence[str]) -> DataError:
    """Return the error of a table of a run that lacks columns."""
    why = _("needs {lacking}", lacking=joined(lacking, ", "))
    return DataError(Fault(file=str(path), allowed=with_advice(why, again(path.parent))))


def scenario_of(folder: Path, settings: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario that a run was solved from; raise `DataError` where it is lost."""
    from hubplanner.scenario import read_scenario  # noqa: PLC0415 - heavy, and the app lists runs without it

    if not (folder / SCENARIO).is_file():
        raise DataError(lost(folder / SCENARIO))
    return read_scenario(folder / SCENARIO, (), settings)


def read_plan(folder: Path) -> dict[str, Any]:
    """Return a run's plan.json; raise `RunUnreadableError` where there is none that can be read.

    Each key that is there holds what it should; one that is lacking is told by `figures_of`.
    """
    tree = _read(folder, "plan.json")
    _refuse_wrong(folder / "plan.json", findings_in_plan(tree), again(folder))
    return tree


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a run's manifest.json; raise `RunUnreadableError` where there is none that can be read."""
    tree = _read(folder, MANIFEST)
    _refuse_wrong(folder / MANIFEST, findings_in(tree, run_schema.MANIFEST), again(folder))
    return tree


def _read(folder: Path, name: str) -> dict[str, Any]:
    if not (folder / name).is_file():
        raise RunUnreadableError(lost(folder / name))
    try:
        return read_json(folder / name)
    except RunUnreadableError as error:
        told = [replace(fault, allowed=with_advice(fault.allowed, again(folder))) for fault in error.faults]
        raise RunUnreadableError(told) from error


def _refuse_wrong(path: Path, found: Findings, way_out: str) -> None:
    """Raise where a file holds what it should not."""
    if found.wrong:
        raise RunUnreadableError(
            Fault(
                file=str(path),
                column=place,
                value=_Json(json.dumps(value, ensure_ascii=False)[:LONGEST]),
                allowed=with_advice(_("{kind}, as hubplanner wrote it", kind=_(kind)), way_out),
            )
            for kind, place, value in found.wrong[:SHOWN]
        )


def figures_of(folder: Path, needed: Sequence[str] | None = None) -> dict[str, Any]:
    """Return a run's plan.json, which has some figures; raise `DataError` that names those that are not there.

    Parameters
    ----------
    needed
        Keys, with a dot before each key within another, such as ``cost.paid``, or of each row of a list; all that a
        plan has if left out.
    """
    plan = read_plan(folder)
    lacking = findings_in_plan(plan).lacking if needed is None else [key for key in needed if not _has(plan, key)]
    if lacking:
        why = _("another version of hubplanner wrote this run")
        raise DataError(_needs(folder / "plan.json", lacking, joined((again(folder), why), "; ")))
    return plan


def _has(plan: dict[str, Any], key: str) -> bool:
    nodes: list[Any] = [plan]
    for part in key.split("."):
        rows = [row for node in nodes for row in (node if isinstance(node, list) else [node])]
        if not all(isinstance(row, dict) and part in row for row in rows):
            return False
        nodes = [row[part] for row in rows]
    return True


def _needs(path: Path, lacking: Sequence[str], way_out: str) -> Fault:
    """Return the fault of a file that lacks keys; those of the rows of a list are told once."""
    keys = list(dict.fromkeys(map(of_every_row, lacking)))
    more = ["..."] if len(keys) > SHOWN else []
    named = joined([*keys[:SHOWN], *more], ", ")
    return Fault(file=str(path), allowed=_("needs {lacking}: {way_out}", lacking=named, way_out=way_out))


def result_of(text: bytes, path: Path, schema: Schema, way_out: str) -> dict[str, Any]:
    """Return what a file holds that another command wrote about a plan.

    Parameters
    ----------
    text, path
        What stands in it, and where it is.
    schema
        What it should hold.
    way_out
        How it is made anew.

    Raises
    ------
    RunUnreadableError
        Where it cannot be read, holds what it should not, or lacks a key.
    """
    try:
        tree = _object_of(lambda: text, path)
    except RunUnreadableError as error:
        told = [replace(fault, allowed=with_advice(fault.allowed, way_out)) for fault in error.faults]
        raise RunUnreadableError(told) from error
    found = findings_in(tree, schema)
    _refuse_wrong(path, found, way_out)
    if found.lacking:
        raise RunUnreadableError(_needs(path, found.lacking, way_out))
    return tree


def frontier_of(text: bytes, path: Path) -> dict[str, Any]:
    """Return what a frontier.json holds; raise `RunUnreadableError` where that is no frontier."""
    return result_of(text, path, run_schema.FRONTIER, _("trace it again"))


def stability_of(text: bytes, path: Path) -> dict[str, Any]:
    """Return what a stability.json holds; raise `RunUnreadableError` where that is none."""
    return result_of(text, path, run_schema.STABILITY, _("run hubplanner stability again"))


def read_json(path: Path) -> dict[str, Any]:
    """Return a file of a run that holds one JSON object; raise `RunUnreadableError` where it holds none."""
    return _object_of(path.read_bytes, path)


def _object_of(read: Callable[[], bytes], path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(read().decode())
    except (OSError, ValueError, RecursionError) as error:
        raise RunUnreadableError(Fault(file=str(path), allowed=_("cannot be read: {error}", error=error))) from error
    if not isinstance(tree, dict):
        raise RunUnreadableError(Fault(file=str(path), value=type(tree).__name__, allowed=_("one JSON object")))
    return tree


def manifest_files(folder: Path) -> dict[str, str] | None:
    """Return the files that a run wrote with their SHA-256; None where its manifest tells of none."""
    try:
        return read_manifest(folder).get("files")
    except RunUnreadableError:
        return None


def place_of(feature: dict[str, Any]) -> list[float]:
    """Return longitude and latitude of a layer's row: its point or, of a polygon, the place that its people count at.

    >>> place_of({"geometry": {"type": "Point", "coordinates": [67.0, 30.0]}, "properties": {}})
    [67.0, 30.0]
    """
    shape, own = feature["geometry"], feature["properties"]
    return shape["coordinates"][:2] if shape["type"] == "Point" else [own["lon"], own["lat"]]


def as_places(text: bytes) -> bytes:
    """Return a layer of polygons, as GeoJSON, with the places that their people count at; points as they are."""
    if b'"Polygon"' not in text and b'"MultiPolygon"' not in text:
        return text
    tree = json.loads(text)
    for feature in tree["features"]:
        feature["geometry"] = {"type": "Point", "coordinates": place_of(feature)}
    return json.dumps(tree, ensure_ascii=False).encode()

"""A run folder's figures read back, as they stand there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubplanner.errors import DataError, Fault
from hubplanner.folders import RUN_MARKS, is_run
from hubplanner.io import MANIFEST, own_files, recover
from hubplanner.translation import N_, gettext as _, joined, with_advice

if TYPE_CHECKING:
    from hubplanner.scenario import Scenario

SCENARIO = "scenario.yaml"
LONGEST = 60
"""Letters of a wrong value that are shown."""
SHOWN = 12
"""Wrong values that are told of one file."""


class RunUnreadableError(DataError):
    """A file of a run folder cannot be read."""


def _is_status(value: Any) -> bool:
    from hubplanner.problem import Status  # noqa: PLC0415 - heavy, and the app reads frontiers without it

    return value in list(Status)


_NUMBER, _WORDS, _STATUS = N_("a number"), N_("text"), N_("the status of a plan")
_OBJECT, _OBJECTS, _TEXTS = N_("an object"), N_("a list of objects"), N_("an object of texts")
_KINDS: dict[str, Callable[[Any], bool]] = {
    _NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    _STATUS: _is_status,
    _WORDS: lambda value: isinstance(value, str),
    _OBJECT: lambda value: isinstance(value, dict),
    _OBJECTS: lambda value: isinstance(value, list) and all(isinstance(row, dict) for row in value),
    _TEXTS: lambda value: isinstance(value, dict) and all(isinstance(text, str) for text in value.values()),
}
"""What a file of a run holds, in words, and how it is told."""
_PLAN = {
    **dict.fromkeys(("objective_value", "bound", "gap", "seconds"), _NUMBER),
    **dict.fromkeys(
        ("cost.total", "need.total", "need.covered", "need.share", "people.total", "people.covered"), _NUMBER
    ),
    **dict.fromkeys(("people.reached", "groups.*.*.share", "floors.share", "floors.covered", "hubs.hubs"), _NUMBER),
    **dict.fromkeys(("objective", "currency", "floors.name", "hubs.site_id", "hubs.tier", "hubs.status"), _WORDS),
    **dict.fromkeys((f"groups.*.*.{key}" for key in ("need", "covered", "people", "covered_people")), _NUMBER),
    **dict.fromkeys(("budget", "cost.paid.total", "cost.paid.by_year.year", "cost.paid.by_year.paid"), _NUMBER),
    "status": _STATUS,
    **dict.fromkeys(("cost", "cost.paid", "need", "people", "distance", "backhaul"), _OBJECT),
    **dict.fromkeys(("groups", "groups.*", "groups.*.*"), _OBJECT),
    **dict.fromkeys(("hubs", "goals", "periods", "floors", "warnings", "cost.paid.by_year"), _OBJECTS),
}
"""With a dot before each key within another, * for any key; a list stands for each of its rows."""
_MAY_BE_NULL = frozenset({"bound", "gap", "budget"})
"""What a plan may have none of."""
_MANIFEST = {**dict.fromkeys(("files", "inputs", "exports"), _TEXTS), **dict.fromkeys(("said", "versions"), _OBJECT)}


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
    """Return a run's plan.json; raise `RunUnreadableError` where there is none that can be read."""
    return _read(folder, "plan.json", _PLAN)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a run's manifest.json; raise `RunUnreadableError` where there is none that can be read."""
    return _read(folder, MANIFEST, _MANIFEST)


def _read(folder: Path, name: str, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return a file of a run in which each key that is there holds what it should."""
    if not (folder / name).is_file():
        raise RunUnreadableError(lost(folder / name))
    try:
        tree = read_json(folder / name)
    except RunUnreadableError as error:
        told = [replace(fault, allowed=with_advice(fault.allowed, again(folder))) for fault in error.faults]
        raise RunUnreadableError(told) from error
    found = [(kind, *each) for key, kind in kinds.items() for each in _values(tree, key.split("."))]
    wrong = [
        (kind, place, value)
        for kind, place, value in found
        if not (_KINDS[kind](value) or (value is None and place in _MAY_BE_NULL))
    ]
    if wrong:
        allowed = N_("{kind}, as hubplanner wrote it; solve {scenario} again")
        raise RunUnreadableError(
            Fault(
                file=str(folder / name),
                column=place,
                value=_Json(json.dumps(value, ensure_ascii=False)[:LONGEST]),
                allowed=_(allowed, kind=_(kind), scenario=folder / SCENARIO),
            )
            for kind, place, value in wrong[:SHOWN]
        )
    return tree


def _values(tree: Any, keys: Sequence[str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each place that keys lead to, and what is there; nothing where they lead nowhere."""
    if not keys:
        yield place, tree
    elif isinstance(tree, list):
        for number, row in enumerate(tree):
            yield from _values(row, keys, f"{place}.{number}")
    elif isinstance(tree, dict):
        for key in tree if keys[0] == "*" else tree.keys() & {keys[0]}:
            yield from _values(tree[key], keys[1:], f"{place}.{key}".removeprefix("."))


def figures_of(folder: Path, needed: Sequence[str]) -> dict[str, Any]:
    """Return a run's plan.json, which has some figures; raise `DataError` that names those that are not there.

    Parameters
    ----------
    needed
        Keys, with a dot before each key within another, such as ``cost.paid``, or of each row of a list.
    """
    plan = read_plan(folder)
    lacking = [key for key in needed if not _has(plan, key.split("."))]
    if lacking:
        allowed = _(
            "needs {lacking}: solve {scenario} again; another version of hubplanner wrote this run",
            lacking=joined(lacking, ", "),
            scenario=folder / SCENARIO,
        )
        raise DataError(Fault(file=str(folder / "plan.json"), allowed=allowed))
    return plan


def _has(tree: Any, keys: Sequence[str]) -> bool:
    if keys and isinstance(tree, list):
        return all(_has(row, keys) for row in tree)
    return not keys or (isinstance(tree, dict) and keys[0] in tree and _has(tree[keys[0]], keys[1:]))


def frontier_of(text: bytes, path: Path) -> dict[str, Any]:
    """Return what a frontier.json holds; raise `RunUnreadableError` where that is no frontier."""
    tree = _object_of(lambda: text, path)
    if not (_KINDS[_OBJECTS](tree.get("points")) and {"name", "trade"} <= tree.keys()):
        raise RunUnreadableError(Fault(file=str(path), allowed=_("is no frontier; trace it again")))
    return tree


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

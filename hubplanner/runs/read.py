"""A run folder's figures read back, as they stand there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hubplanner.errors import DataError, Fault
from hubplanner.translation import gettext as _, joined


class RunUnreadableError(DataError):
    """A file of a run folder cannot be read."""


def read_plan(folder: Path) -> dict[str, Any]:
    """Return a run's plan.json; raise `RunUnreadableError` where there is none that can be read."""
    return read_json(folder / "plan.json")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a run's manifest.json; raise `RunUnreadableError` where there is none that can be read."""
    return read_json(folder / "manifest.json")


def figures_of(folder: Path, needed: Sequence[str]) -> dict[str, Any]:
    """Return a run's plan.json, which has some figures; raise `DataError` that names those that are not there.

    Parameters
    ----------
    needed
        Keys, with a dot before each key within another, such as ``cost.paid``.
    """
    plan = read_plan(folder)
    lacking = [key for key in needed if not _has(plan, key.split("."))]
    if lacking:
        way = _("solve {folder} again; another version of hubplanner wrote this run", folder=folder / "scenario.yaml")
        raise DataError(
            Fault(
                file=str(folder / "plan.json"),
                allowed=_("needs {lacking}: {way}", lacking=joined(lacking, ", "), way=way),
            )
        )
    return plan


def _has(tree: Any, keys: Sequence[str]) -> bool:
    return not keys or (isinstance(tree, dict) and keys[0] in tree and _has(tree[keys[0]], keys[1:]))


def read_json(path: Path) -> dict[str, Any]:
    """Return a file of a run that holds one JSON object; raise `RunUnreadableError` where it holds none."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RunUnreadableError(Fault(file=str(path), allowed=_("cannot be read: {error}", error=error))) from error
    if not isinstance(tree, dict):
        raise RunUnreadableError(Fault(file=str(path), value=type(tree).__name__, allowed=_("one JSON object")))
    return tree


def manifest_files(folder: Path) -> dict[str, str] | None:
    """Return the files that a run wrote with their SHA-256; None where its manifest tells of none."""
    try:
        files = read_manifest(folder).get("files")
    except RunUnreadableError:
        return None
    return files if isinstance(files, dict) else None


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

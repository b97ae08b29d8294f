"""What maps show beside the plan: borders, water, roads and places, of files that the scenario names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hubplanner.errors import Fault
from hubplanner.formats.table_formats import format_of
from hubplanner.inputs.coordinates import WGS84, lonlat, read_places
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.tables import read_table
from hubplanner.problem import Floats
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import MapFileSpec, TableSpec, ZonesSpec
from hubplanner.scenario.futures_spec import ClosedAreasSpec
from hubplanner.translation import gettext as _, joined

LINES, AREAS = ("LineString", "MultiLineString"), ("Polygon", "MultiPolygon")
KINDS = {"borders": (*LINES, *AREAS), "water": (*LINES, *AREAS), "roads": LINES}
"""What each layer may hold; places are points, or points inside polygons."""
LON, LAT = 180.0, 90.0


def _none() -> Any:
    return np.zeros(0, dtype=object)


@dataclass(frozen=True, kw_only=True, eq=False)
class MapLayers:
    """What a map shows beside the plan, in degrees, WGS 84.

    Parameters
    ----------
    borders, water, roads
        (n,) lines and polygons; none where no file is named. Without ``map.borders``, those of zones.
    places
        (p, 2) longitudes and latitudes of places for orientation, the most important first as their file has them.
    names
        (p,) what they are called.
    given
        Layers whose files the scenario names, and those files' names.
    """

    borders: Any = field(default_factory=_none)
    water: Any = field(default_factory=_none)
    roads: Any = field(default_factory=_none)
    places: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    names: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()

    def is_given(self, layer: str) -> bool:
        """Tell whether the scenario names a file for a layer."""
        return layer in dict(self.given)


def read_map_layers(scenario: Scenario, faults: list[Fault]) -> MapLayers:
    """Return what the scenario's maps show beside the plan; what cannot be used is noted and left out."""
    files = {} if scenario.map is None else scenario.map.files
    given, zones = tuple((layer, Path(spec.path).name) for layer, spec in files.items()), scenario.demand.zones
    outlines = {"borders": zones} if zones is not None and "borders" not in files else {}
    shapes = {
        layer: read_shapes(spec, KINDS[layer], faults) for layer, spec in (files | outlines).items() if layer in KINDS
    }
    places, names = _places(files["places"], faults) if "places" in files else (np.zeros((0, 2)), ())
    return MapLayers(**shapes, places=places, names=names, given=given)


def read_shapes(spec: MapFileSpec | ZonesSpec | ClosedAreasSpec, kinds: tuple[str, ...], faults: list[Fault]) -> Any:
    """Return a file's shapes in degrees."""
    asked = TableSpec.model_construct(path=spec.path, layer=spec.layer, crs=spec.crs)
    if isinstance(spec, ZonesSpec):
        asked = asked.model_copy(update={"table": spec.table, "sql": spec.sql})
    table = read_table(asked, faults)
    if table is None or table.crs is None:
        return _none()
    before, checker = len(faults), Checker(table=table, faults=faults)
    frame = table.frame.reset_index(drop=True)
    if "geometry" not in frame:
        faults.append(
            Fault(
                file=table.name, column="geometry", allowed=_("is missing: one of {kinds}", kinds=joined(kinds, ", "))
            )
        )
        return _none()
    shapes = frame.geometry[~(frame.geometry.isna() | frame.geometry.is_empty)]
    found = shapes.geom_type
    wrong = (~found.isin(kinds)).reindex(frame.index, fill_value=False)
    checker.note("geometry", wrong, frame.geometry.geom_type, _("one of {kinds}", kinds=joined(kinds, ", ")))
    if len(faults) > before:
        return _none()
    turned = shapes.to_crs(WGS84)
    west, south, east, north = turned.total_bounds.tolist()
    if not (max(-west, east) <= LON and max(-south, north) <= LAT):  # NaN is none of it
        value, allowed = (
            _("{west:g}, {south:g} to {east:g}, {north:g}", west=west, south=south, east=east, north=north),
            _("longitudes and latitudes in the file's system"),
        )
        faults.append(Fault(file=table.name, column="crs", value=value, allowed=allowed, kind="crs"))
        return _none()
    return turned.to_numpy()


def _places(spec: MapFileSpec, faults: list[Fault]) -> tuple[Floats, tuple[str, ...]]:
    """Return places and their names; those without a name are left out."""
    is_table = format_of(spec.path).kind == "table"
    x, y = (spec.x or "lon", spec.y or "lat") if is_table else (spec.x, spec.y)
    asked = TableSpec.model_construct(path=spec.path, layer=spec.layer, crs=spec.crs, x=x, y=y)
    table = read_table(asked, faults)
    if table is None:
        return np.zeros((0, 2)), ()
    checker = Checker(table=table, faults=faults)
    names, places = checker.text(spec.name or "name", blank=True), read_places(asked, checker)
    if places is None or len(names) != len(places):
        return np.zeros((0, 2)), ()
    named = (names != "").to_numpy()
    return lonlat(places)[named], tuple(names[named])

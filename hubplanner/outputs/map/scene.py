"""All that a map of a plan shows, worked out once: painters for paper, for pages and for the app only draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import KDTree

from hubplanner.inputs.coordinates import lonlat
from hubplanner.inputs.map_layers import MapLayers
from hubplanner.outputs.map.geography import CREDIT, DISCLAIMER, LEAST_SPAN_KM, Geography, Town, geography
from hubplanner.outputs.map.need import (
    HEXAGONS,
    LEAST_SPACINGS,
    MOST_MARKS,
    DemandPoints,
    NeedLayer,
    area_layer,
    need_layer,
    points_of,
)
from hubplanner.outputs.map.projection import KM_PER_DEGREE, MapProjection
from hubplanner.outputs.plan_data import PlanData
from hubplanner.outputs.run_data import Result, on_one_line
from hubplanner.problem import Floats
from hubplanner.scenario import Scenario
from hubplanner.translation import N_

MOST_AREAS = 3000
"""More polygons than this are too small to distinguish, and are gathered in hexagons."""
TOGETHER = 0.8
"""Share of places whose neighbour has the same value from which a group's names are worth writing."""
SAMPLE = 4000
"""Points that are enough to tell."""
NAME_PLACES = 200
"""Places of a group at which there may be room for its name."""
MOST_NAMES = 40
"""Values of a group whose names are written at most."""
FINE = 1 / 4000
"""Of a map's span, by which lines that were given may be simplified."""
AROUND = 0.9
"""Geography is known this many spans away from the middle, so that it fills any sheet."""
ONLY_POINTS = N_(
    "Need is drawn where its points are, as their areas are not known; nobody is counted where the ground is white."
)


@dataclass(frozen=True, kw_only=True)
class AreaName:
    """A group's value, where it may be written in kilometres, the best place first, and all the places it has."""

    text: str
    places: Floats
    ground: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Hubs:
    """Hubs as a map shows them.

    Parameters
    ----------
    lonlat
        (h, 2) longitudes and latitudes.
    radius
        (h,) kilometres that each reaches on a map, NaN where reach is no distance on it.
    named
        The hubs with a name, the one for most people first: its number, and the name.
    """

    lonlat: Floats
    radius: Floats
    named: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of(cls, scenario: Scenario, frame: gpd.GeoDataFrame) -> Hubs:
        """Return the rows of a plan's hubs."""
        travel = scenario.travel
        reach = {tier.name: travel.circle(tier.reach(travel.speed_kmh)) for tier in scenario.hubs}
        radius = np.array([reach.get(str(tier), np.nan) for tier in frame["tier"]], dtype=np.float64)
        names = frame["name"].map(on_one_line).tolist() if "name" in frame else [""] * len(frame)
        order = np.argsort(-frame[scenario.column_of_reached].to_numpy(dtype=np.float64), kind="stable").tolist()
        named = tuple((hub, names[hub]) for hub in order if names[hub])
        return cls(lonlat=lonlat(frame), radius=radius, named=named)


@dataclass(frozen=True, kw_only=True, eq=False)
class MapScene:
    """A plan's map, in kilometres east and north of its middle.

    Parameters
    ----------
    projection
        From degrees to these kilometres.
    extent
        (2, 2) lowest and highest corner of what must be seen.
    need
        Demand, and how far it is covered.
    borders
        (n,) lines: borders that were given, or the outlines of polygons that were, none that were invented.
    names
        Names of the first group whose values lie together.
    hubs
        (h, 2) the places of hubs.
    radius
        (h,) kilometres that each reaches on the map; NaN where reach is none.
    hub_names
        The hubs with a name, the one for most people first: its number, and the name.
    geography
        The world behind; None where the map is too small for it.
    water, roads
        (n,) lines and polygons that were given.
    towns
        Towns for orientation, the best known first.
    notes
        What a reader must know about what is drawn.
    trenches
        (l,) lines that are built to connect hubs.
    """

    projection: MapProjection
    extent: Floats
    need: NeedLayer
    borders: Any
    names: tuple[AreaName, ...]
    hubs: Floats
    radius: Floats
    hub_names: tuple[tuple[int, str], ...]
    geography: Geography | None
    water: Any
    roads: Any
    towns: tuple[Town, ...]
    notes: tuple[str, ...]
    trenches: Any

    @property
    def has_circles(self) -> bool:
        """Whether what hubs reach are circles, and there are any."""
        return bool(np.isfinite(self.radius).any())


def scene_of(plan: PlanData) -> MapScene:
    """Return the map of a plan."""
    scenario = plan.inputs.scenario
    groups = groups_of(scenario, plan.inputs.demand.frame)
    trenches = None if plan.inputs.links is None else plan.backhaul
    return build_scene(points_of(plan), Hubs.of(scenario, plan.hubs), groups, trenches, plan.inputs.map_layers)


def scene_of_run(result: Result) -> MapScene:
    """Return the map of a stored run, whose demand is known by row only."""
    demand = result.demand
    share, need, people = (demand[name].to_numpy(dtype=np.float64) for name in ("covered_share", "need", "people"))
    points = DemandPoints(
        lonlat=lonlat(demand),
        need=need,
        covered_share=np.nan_to_num(share),
        people=people,
        row=np.arange(len(demand)),
        polygons=result.areas,
    )
    groups = groups_of(result.scenario, demand)
    return build_scene(points, Hubs.of(result.scenario, result.hubs), groups, result.backhaul, result.map_layers)


def build_scene(
    points: DemandPoints,
    hubs: Hubs,
    groups: Mapping[str, Sequence[str]],
    trenches: gpd.GeoDataFrame | None = None,
    beside: MapLayers | None = None,
) -> MapScene:
    """Return the map of demand and hubs.

    Parameters
    ----------
    groups
        The values (n,) of the demand rows by group.
    trenches
        The lines that are built to connect hubs, if any.
    beside
        What was given to be shown beside the plan.
    """
    beside = beside or MapLayers()
    polygons = points.polygons
    at, radius = hubs.lonlat, hubs.radius
    gathered = points.merged or len(points.need) > MOST_MARKS
    built = np.zeros(0, dtype=object) if trenches is None else np.asarray(trenches.geometry.array, dtype=object)
    corners = np.zeros((0, 2)) if polygons is None else np.asarray(shapely.bounds(polygons)).reshape(-1, 2)
    seen = np.concatenate([points.lonlat, at, shapely.get_coordinates(built), corners])
    if not gathered:
        seen = np.concatenate([seen, _circle_ends(at, radius, float(np.ptp(seen, axis=0).max()))])
    projection = MapProjection.around(seen)
    extent = projection.km(seen)
    extent = np.array([extent.min(axis=0), extent.max(axis=0)])
    span = float(np.ptp(extent, axis=0).max())
    km, places = projection.km(points.lonlat), projection.km(at)
    width = max(span / HEXAGONS, LEAST_SPACINGS * points.spread_km, 1e-6)
    shapes = None if polygons is None else shapely.transform(polygons, projection.km)
    whole = shapes is not None and len(shapes) == len(points.need) <= MOST_AREAS
    layer = need_layer(points, km, width, gathered=gathered and not whole)
    if shapes is not None and whole:
        layer = area_layer(layer, shapes, _reached(places, radius))
    behind = geography(projection, AROUND * span, km) if span >= LEAST_SPAN_KM else None
    given = {name: _seen(getattr(beside, name), projection, span) for name in ("borders", "water", "roads")}
    towns = _towns(beside, projection) if beside.is_given("places") else () if behind is None else behind.towns
    if behind is not None and beside.is_given("water"):
        behind = replace(behind, lakes=behind.lakes[:0], rivers=behind.rivers[:0])
    told = ", ".join(f"{layer} by {on_one_line(file)}" for layer, file in beside.given)
    return MapScene(
        projection=projection,
        extent=extent,
        need=layer,
        borders=_outlines(given["borders"] if len(given["borders"]) else shapes),
        names=_names(km, points, groups),
        hubs=places,
        radius=radius,
        hub_names=hubs.named,
        geography=behind,
        trenches=shapely.transform(built, projection.km),
        water=given["water"],
        roads=given["roads"],
        towns=tuple(town for town in towns if town.home),
        notes=(
            *((ONLY_POINTS,) if polygons is None else ()),
            *((f"Given: {told}.",) if told else ()),
            *((CREDIT, DISCLAIMER) if behind else ()),
        ),
    )


def _seen(shapes: Any, projection: MapProjection, span: float) -> Any:
    """Return shapes in degrees as a map of some span shows them, in kilometres, without what lies beyond it."""
    half = max(AROUND * span, 1.0)
    km = shapely.simplify(shapely.transform(shapes, projection.km), span * FINE)
    cut = shapely.clip_by_rect(shapely.make_valid(km), -half, -half, half, half) if len(km) else km
    return cut[~shapely.is_empty(cut)]


def _towns(beside: MapLayers, projection: MapProjection) -> tuple[Town, ...]:
    places = projection.km(beside.places).tolist()
    return tuple(Town(name=on_one_line(name), place=(x, y)) for name, (x, y) in zip(beside.names, places, strict=True))


def _circle_ends(at: Floats, radius: Floats, most: float) -> Floats:
    """Return the outermost places (4 k, 2) of the hubs' circles; of none that is wider than all the places, `most`."""
    degrees = radius / KM_PER_DEGREE
    shown = 2 * degrees <= most
    at, degrees = at[shown], degrees[shown]
    east = np.column_stack([degrees / np.cos(np.radians(at[:, 1])), np.zeros(len(at))])
    north = np.column_stack([np.zeros(len(at)), degrees])
    return np.concatenate([at + east, at - east, at + north, at - north])


def _reached(places: Floats, radius: Floats) -> Any:
    """Return all that hubs reach as one shape; None where some reach is none on a map."""
    if len(radius) and np.isnan(radius).any():
        return None
    return shapely.union_all(shapely.buffer(shapely.points(places), radius, quad_segs=16))


def _outlines(shapes: Any) -> Any:
    """Return lines and the outlines of polygons, each part that two of them share once."""
    if shapes is None:
        return np.zeros(0, dtype=object)
    parts = shapely.get_parts(shapes)
    lines = np.where(shapely.get_dimensions(parts) > 1, shapely.boundary(parts), parts)
    return shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))


def groups_of(scenario: Scenario, frame: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Return the values of each group, by row, as far as a layer has them."""
    columns = (f"demand_{name}" if f"demand_{name}" in frame else name for name in scenario.demand.groups)
    return {column: frame[column].fillna("").astype(str).tolist() for column in columns if column in frame}


def _names(km: Floats, points: DemandPoints, groups: Mapping[str, Sequence[str]]) -> tuple[AreaName, ...]:
    """Return the names of the first group whose values lie together, each where its people are."""
    if points.row is None or len(km) < 2:  # noqa: PLR2004 - a place and a neighbour
        return ()
    some = np.unique(np.linspace(0, len(km) - 1, SAMPLE).astype(np.intp))
    # Places that coincide, such as a district's urban and its rural people, are one.
    own, first = np.unique(np.round(km[some], 3), axis=0, return_index=True)
    row, near = points.row[some[first]], KDTree(own).query(own, k=min(2, len(own)))[1].reshape(len(own), -1)[:, -1]
    for values in groups.values():
        value = np.asarray(values, dtype=object)[row]
        different = sorted(set(value.tolist()) - {""})
        if 1 < len(different) <= MOST_NAMES and np.mean(value == value[near]) >= TOGETHER:
            return tuple(_name(text, own[value == text]) for text in different)
    return ()


def _name(text: str, km: Floats) -> AreaName:
    """Return where a name may stand: at the places nearest to the middle of those it names."""
    away = np.hypot(*(km - np.median(km, axis=0)).T)
    some = np.argsort(away, kind="stable")[:: max(len(km) // NAME_PLACES, 1)][:NAME_PLACES]
    return AreaName(text=text, places=km[some], ground=km)

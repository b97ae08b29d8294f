"""Need on a map: hexagons where demand is spread, polygons that were given, or points where only those are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from scipy.spatial import KDTree

from hubplanner.formatting import share_in_words
from hubplanner.inputs.coordinates import WGS84
from hubplanner.inputs.demand.aggregation import MergedDemand
from hubplanner.inputs.demand.stream_checks import Lattice
from hubplanner.outputs.frames import own_polygons
from hubplanner.outputs.plan_data import PlanData
from hubplanner.problem import Floats, Ints, within
from hubplanner.translation import gettext as _

MOST_MARKS = 1500
"""More points than this are gathered in hexagons."""
HEXAGONS = 64
"""Hexagons along the longer side of the places: wide enough to show around a hub's mark."""
LEAST_SPACINGS = 2.5
"""Width of a hexagon in spacings of spread demand: a narrower one would show how the lattice falls."""
SOME, HALF = 0.1, 0.5
"""Covered shares of the need from which a place counts as partly covered, and as covered."""
NICE = np.concatenate([np.array([1, 2, 5]) * 10.0**power for power in range(-6, 9)])
METRES_PER_KM = 1000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class DemandPoints:
    """Demand as points.

    Parameters
    ----------
    lonlat
        (p, 2) longitudes and latitudes.
    need, covered_share
        (p,) by point.
    people
        (p,) by point; None where only need is known.
    row
        (p,) the demand row of each point; None where points stand for no row in particular.
    polygons
        (n,) of the demand rows in WGS 84, where they have any.
    merged
        Whether points stand for points that were merged, so that each is to be gathered with those around.
    spread_km
        How far apart points of spread demand are.
    """

    lonlat: Floats
    need: Floats
    covered_share: Floats
    people: Floats | None = None
    row: Ints | None = None
    polygons: Any = None
    merged: bool = False
    spread_km: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class NeedLayer:
    """Places on a map with their need, and how far it is covered.

    Parameters
    ----------
    kind
        What the places are: hexagons, areas (polygons that were given) or points.
    places
        (k, 2) their middles in kilometres on the map.
    need, covered
        (k,) the need of each, and the covered share of it.
    people
        (k,) of each; None where only need is known.
    level
        (k,) 0 where not covered, 1 partly, 2 covered.
    shade
        (k,) class of need per square kilometre, of need where they are points; the palest 0.
    limits
        What parts these classes.
    row, rows
        (k,) the demand row with most need in each, -1 where unknown, and how many rows it holds.
    faces, of
        (f,) what is painted, and the place of each: a given polygon is two faces where hubs reach only a part of it.
    face_level
        (f,) the level in which it is painted.
    """

    kind: str
    places: Floats
    need: Floats
    covered: Floats
    people: Floats | None
    level: Ints
    shade: Ints
    limits: Floats
    row: Ints
    rows: Ints
    faces: Any
    of: Ints
    face_level: Ints

    @property
    def seen(self) -> frozenset[int]:
        """The levels that are painted somewhere."""
        return frozenset((self.level if self.kind == "points" else self.face_level).tolist())


def level_note(seen: frozenset[int]) -> str:
    """Return what the levels that a map shows mean, as far as it does not go without saying.

    >>> level_note(frozenset({0, 2})), level_note(frozenset({0}))
    ('', 'Nowhere is as much as 10 % of the need covered')
    """
    if seen and not seen - {0}:
        return _("Nowhere is as much as {share} of the need covered", share=share_in_words(SOME))
    if 1 not in seen:
        return ""
    return _("Partly: {some} to {half} of the need is covered", some=share_in_words(SOME), half=share_in_words(HALF))


def need_layer(points: DemandPoints, km: Floats, width: float, *, gathered: bool) -> NeedLayer:
    """Return points as a layer, in hexagons where they are to be gathered.

    Parameters
    ----------
    km
        (p, 2) the points in kilometres on the map.
    width
        Of a hexagon, in kilometres.
    """
    own, cell = np.arange(len(km)), np.arange(len(km))
    centres = km
    if gathered:
        centres, cell = np.unique(nearest_centres(km, width), axis=0, return_inverse=True)
        cell = cell.ravel()
    need = np.bincount(cell, weights=points.need, minlength=len(centres)).astype(np.float64)
    # Without need, a place is as covered as its points are.
    weight = np.where(need[cell] > 0, points.need, 1.0)
    total = np.bincount(cell, weights=weight, minlength=len(centres))
    share = np.bincount(cell, weights=weight * points.covered_share, minlength=len(centres)) / total
    size = np.sqrt(3) / 2 * width**2 if gathered else 1.0
    limits = class_limits(need / size)
    level = levels(share)
    row, rows = _rows(points, cell, len(centres))
    return NeedLayer(
        kind="hexagons" if gathered else "points",
        places=centres,
        need=need,
        covered=share,
        people=None
        if points.people is None
        else np.bincount(cell, weights=points.people, minlength=len(centres)).astype(np.float64),
        level=level,
        shade=np.searchsorted(limits, need / size, side="right"),
        limits=limits,
        row=row,
        rows=rows,
        faces=hexagon_shapes(centres, width) if gathered else shapely.points(centres),
        of=own[: len(centres)],
        face_level=level,
    )


def area_layer(layer: NeedLayer, shapes: Any, reached: Any) -> NeedLayer:
    """Return a layer of points as one of the polygons they stand for, each covered only where hubs reach it.

    Parameters
    ----------
    shapes
        (k,) the polygons in kilometres on the map.
    reached
        All that hubs reach, as one shape; None where that is not part of a map, as with a table of travel.
    """
    density = layer.need / np.maximum(shapely.area(shapes), 1e-9)
    limits = class_limits(density)
    some = layer.level > 0
    inside = np.full(len(shapes), shapely.Polygon(), dtype=object)
    inside[some] = shapes[some] if reached is None else shapely.intersection(shapes[some], reached)
    outside = shapes.copy()
    outside[some] = shapely.Polygon() if reached is None else shapely.difference(shapes[some], reached)
    faces, of = np.concatenate([outside, inside]), np.tile(np.arange(len(shapes)), 2)
    face_level = np.concatenate([np.zeros(len(shapes), dtype=np.intp), layer.level])
    drawn = ~shapely.is_empty(faces)
    return NeedLayer(
        kind="areas",
        places=layer.places,
        need=layer.need,
        covered=layer.covered,
        people=layer.people,
        level=layer.level,
        shade=np.searchsorted(limits, density, side="right"),
        limits=limits,
        row=layer.row,
        rows=layer.rows,
        faces=faces[drawn],
        of=of[drawn],
        face_level=face_level[drawn],
    )


def levels(share: Floats) -> Ints:
    """Return 0 where not covered, 1 partly, 2 covered.

    >>> levels(np.array([0.0, 0.1, 0.49, 0.5])).tolist()
    [0, 1, 1, 2]
    """
    return np.searchsorted((SOME, HALF), share, side="right").astype(np.intp)


def hexagon_shapes(centres: Floats, width: float) -> Any:
    """Return upright hexagons around centres (h, 2)."""
    angles = np.radians(np.arange(30, 390, 60))
    return shapely.polygons(centres[:, None] + width / np.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)]))


def nearest_centres(places: Floats, width: float) -> Floats:
    """Return the centre (p, 2) of the upright hexagon that holds each place, rounded so that equal ones compare equal.

    The centres are two rectangular lattices, one shifted by half a step; the nearer of both candidates is it.
    """
    step = np.array([width, width * np.sqrt(3)])
    first = np.round(places / step) * step
    second = (np.floor(places / step) + 0.5) * step
    nearer = np.hypot(*(places - first).T) <= np.hypot(*(places - second).T)
    return np.asarray(np.round(np.where(nearer[:, None], first, second) / width, 6) * width)


def class_limits(values: Floats) -> Floats:
    """Return at most four round numbers that part values into classes.

    >>> class_limits(np.arange(1.0, 101.0)).tolist()
    [20.0, 50.0, 100.0]
    """
    positive = values[values > 0]
    if not len(positive):
        return np.zeros(0)
    wanted = np.log(np.quantile(positive, [0.3, 0.6, 0.85, 0.96]))
    return np.unique(NICE[np.abs(np.log(NICE) - wanted[:, None]).argmin(axis=1)])


def _rows(points: DemandPoints, cell: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the row with most need in each place, -1 where unknown, and how many rows each holds."""
    if points.row is None:
        return np.full(count, -1, dtype=np.intp), np.zeros(count, dtype=np.intp)
    many = int(points.row.max(initial=0)) + 1
    pairs, at = np.unique(cell * many + points.row, return_inverse=True)
    place, row = np.divmod(pairs, many)
    order = np.lexsort((-np.bincount(at, weights=points.need), place))
    first = np.searchsorted(place[order], np.arange(count))
    return row[order[first]], np.bincount(place, minlength=count)


def points_of(plan: PlanData) -> DemandPoints:
    """Return the demand of a plan as the points it was looked at."""
    demand, merged = plan.inputs.demand, plan.inputs.merged
    polygons, spread_km = own_polygons(demand.frame), plan.inputs.scenario.demand.spread_km or 0.0
    if merged is None or plan.again is None or not len(plan.again.lattice.need):
        return DemandPoints(
            lonlat=_lonlat(plan, demand.points),
            need=plan.problem.need,
            covered_share=plan.evaluation.covered_share,
            people=plan.problem.people,
            row=demand.row,
            polygons=polygons,
            merged=merged is not None,
            spread_km=spread_km,
        )
    lattice = plan.again.lattice
    return DemandPoints(
        lonlat=_lonlat(plan, _points(plan, lattice)),
        need=lattice.need,
        covered_share=_covered(plan, merged, lattice),
        merged=True,
    )


def _lonlat(plan: PlanData, places: Floats) -> Floats:
    transformer = Transformer.from_crs(plan.inputs.demand.crs, WGS84, always_xy=True)
    return np.column_stack(transformer.transform(*places.T))


def _covered(plan: PlanData, merged: MergedDemand, lattice: Lattice) -> Floats:
    """Return the share (g,) covered: none beyond reach, else that of the nearest row some of which is covered."""
    options, problem, share = plan.evaluation.options, plan.problem, plan.evaluation.covered_share
    near = np.zeros(len(lattice.need), dtype=np.bool_)
    travel = merged.straight.at(lattice.places)
    for site, reach in zip(problem.option_site[options], problem.option_reach[options], strict=True):
        near |= within(travel.from_site(int(site)), float(reach))
    rows = np.flatnonzero(share > 0)
    if not len(rows):
        return np.zeros(len(near))
    _, nearest = KDTree(plan.inputs.demand.points[rows]).query(_points(plan, lattice))
    return np.where(near, share[rows[nearest]], 0.0)


def _points(plan: PlanData, lattice: Lattice) -> Floats:
    """Return the lattice's places in the unit of demand's points."""
    return lattice.places * (METRES_PER_KM if plan.inputs.scenario.travel.is_planar else 1.0)

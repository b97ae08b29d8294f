"""The ground of the report's map: areas nearest to each demand row, or hexagons where there are many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import KDTree

from hubplanner.outputs.map.demand_layer import HALF, SOME, HexagonLayer, class_limits, hexagons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubplanner.problem import Floats, Ints

MOST_AREAS = 3000
"""More places than this are gathered in hexagons."""
NEIGHBOURS = 3
"""An area ends about as far from its place as this neighbour stands."""
BEYOND = 0.95
"""Factor on that distance."""
WIDEST = 0.93
"""No area ends farther away than this share of all would."""
HEXAGONS = 90
"""Hexagons along the longer side of the map."""
COMPACT = 0.85
"""Share of a value's area in its largest part from which a group has borders worth drawing."""
MOST_BORDERS = 250
"""Values of a group whose borders are drawn at most."""
ALONE_KM = 5.0
"""Distance at which the area of a place without neighbours ends."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NearestAreas:
    """Areas with what is in them.

    Parameters
    ----------
    shapes
        (k,) polygons in kilometres on the map.
    of
        (n,) the area of each demand row.
    need, people, covered
        (k,) sums, and the covered share of the need.
    level, shade
        (k,) 0 where not covered, 1 partly, 2 covered; and the class of need per square kilometre, the palest 0.
    limits
        What parts these classes.
    """

    shapes: Any
    of: Ints
    need: Floats
    people: Floats
    covered: Floats
    level: Ints
    shade: Ints
    limits: Floats


def areas_of(places: Floats, need: Floats, people: Floats, share: Floats) -> NearestAreas:
    """Return the areas nearest to places (n, 2) in kilometres, or hexagons where these are many.

    Voronoi (1908), doi:10.1515/crll.1908.134.198.
    """
    own, of = np.unique(np.round(places, 3), axis=0, return_inverse=True)
    of = of.ravel().astype(np.intp)
    shapes, of = (_thiessen(own), of) if len(own) <= MOST_AREAS else _hexagons(places)
    whole = np.bincount(of, weights=need, minlength=len(shapes)).astype(np.float64)
    weight = np.where(whole[of] > 0, need, 1.0)  # without need, an area is as covered as its places are
    covered = np.bincount(of, weights=weight * share) / np.bincount(of, weights=weight)
    density = whole / np.maximum(shapely.area(shapes), 1e-9)
    limits = class_limits(density)
    return NearestAreas(
        shapes=shapes,
        of=of,
        need=whole,
        people=np.bincount(of, weights=people).astype(np.float64),
        covered=covered,
        level=np.searchsorted((SOME, HALF), covered, side="right"),
        shade=np.searchsorted(limits, density, side="right"),
        limits=limits,
    )


def _thiessen(own: Floats) -> Any:
    """Return the Thiessen polygon of each place, clipped to the land around all of them."""
    land = land_of(own)
    if len(own) == 1:
        return np.array([land], dtype=object)
    points: Any = shapely.points(own)
    reach = shapely.box(*shapely.bounds(shapely.buffer(land, 1.0)))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=reach, ordered=True))
    shapely.prepare(land)
    inside = shapely.contains_properly(land, cells)
    return np.where(inside, cells, shapely.intersection(cells, land))


def land_of(own: Floats) -> Any:
    """Return the ground around distinct places: as far as their neighbours stand, with the gaps between closed."""
    if len(own) == 1:
        return shapely.buffer(shapely.Point(own[0]), ALONE_KM)
    last = min(NEIGHBOURS, len(own) - 1)
    neighbours: Any = KDTree(own).query(own, k=last + 1)[0]
    away = neighbours[:, last] * BEYOND
    away = np.clip(away, np.quantile(away, 0.25), np.quantile(away, WIDEST))
    usual, wide = float(np.median(away)), float(np.quantile(away, 0.9)) * 2
    land = shapely.union_all(shapely.buffer(shapely.points(own), away, quad_segs=6))
    land = shapely.buffer(shapely.buffer(land, wide, quad_segs=8), -wide, quad_segs=8)
    parts = [shapely.polygons(shapely.get_exterior_ring(part)) for part in shapely.get_parts(land)]
    return shapely.simplify(shapely.union_all(parts), usual / 12)


def _hexagons(places: Floats) -> tuple[Any, Ints]:
    width = float(np.ptp(places, axis=0).max()) / HEXAGONS
    same = np.ones(len(places))
    cells = hexagons(HexagonLayer(places=places, need=same, covered_share=same, hexagon_km=width))
    of = np.asarray(KDTree(cells.centres).query(places)[1], dtype=np.intp)
    angles = np.radians(np.arange(30, 390, 60))
    shape = width / np.sqrt(3) * np.column_stack([np.cos(angles), np.sin(angles)])
    return shapely.polygons(cells.centres[:, None, :] + shape), of


def borders(areas: NearestAreas, groups: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, Any]]:
    """Return the first group whose values lie together on the map, and the ground (kilometres) of each.

    Parameters
    ----------
    areas
        With the area of each demand row.
    groups
        The values (n,) of each group.

    Returns
    -------
    tuple
        The group's name, empty where there is none, and a shape by value.
    """
    for name, values in groups.items():
        named = np.asarray(values, dtype=object)
        if not 1 < len(set(named.tolist())) <= MOST_BORDERS:
            continue
        shapes = {
            value: shapely.union_all(areas.shapes[np.unique(areas.of[named == value])])
            for value in sorted(set(named.tolist()))
        }
        if float(np.mean([_largest(shape) for shape in shapes.values()])) >= COMPACT:
            return name, shapes
    return "", {}


def _largest(shape: Any) -> float:
    sizes = shapely.area(shapely.get_parts(shape))
    return float(sizes.max() / sizes.sum()) if len(sizes) and sizes.sum() > 0 else 0.0

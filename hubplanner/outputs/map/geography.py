"""The world behind a map: countries, borders, provinces, rivers, lakes and towns, as far as a map shows them.

From Natural Earth (public domain) and GeoNames (CC BY 4.0); `data/geography/build.py` makes the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import shapely
from scipy.spatial import KDTree

from hubplanner.outputs.map.projection import TURN, MapProjection
from hubplanner.problem import Floats
from hubplanner.problem.arrays import spans
from hubplanner.translation import N_

GRID, TOWN_GRID = 0.004, 0.01
"""Degrees of a step of stored coordinates."""
LEAST_SPAN_KM = 60.0
"""A map that shows less is finer than this geography, which would mislead there."""
HOME_SHARE = 0.05
"""Share of the places from which a country they lie in is one that the map is about."""
MOST_TOWNS = 400
"""Towns among which a map finds those to name, the best known first."""
BESIDE = 0.02
"""Of half a map's side, as far from the places that a map is about as a town counts among them."""
COAST_KM = 5.0
"""How far off the coast may be drawn."""
CREDIT = N_("Coast, borders and rivers: Natural Earth. Towns: GeoNames (CC BY 4.0).")
DISCLAIMER = N_("Borders imply no opinion on any claim; disputed ones are dashed.")


@dataclass(frozen=True, kw_only=True)
class Town:
    """A town for orientation: its name, and where it is in kilometres on the map."""

    name: str
    place: tuple[float, float]
    home: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Geography:
    """What lies within a map's extent, in kilometres east and north of its middle.

    Parameters
    ----------
    abroad, home
        (n,) polygons of the other countries, and of those that the map is about.
    lakes
        (n,) polygons.
    coast, rivers, provinces, borders, disputed
        (n,) lines; disputed are borders that some state does not accept.
    towns
        The best known first.
    countries
        Names of other countries, each where it may be written.
    """

    abroad: Any
    home: Any
    lakes: Any
    coast: Any
    rivers: Any
    provinces: Any
    borders: Any
    disputed: Any
    towns: tuple[Town, ...]
    countries: tuple[Town, ...]


def geography(projection: MapProjection, half: float, places: Floats) -> Geography:
    """Return the geography of a square map.

    Parameters
    ----------
    projection
        From degrees to the map's kilometres.
    half
        Kilometres from the middle of the map to its sides.
    places
        (n, 2) kilometres of what the map is about, which tell home from abroad.
    """
    box = (-half, -half, half, half)
    shapes, names = _countries(projection, half)
    home = _home(shapes, places)
    coast = shapely.boundary(shapely.union_all(shapes)) if len(shapes) else shapely.LineString()
    lines = {name: _within(_lines(name, projection, half), box) for name in ("river", "province", "border", "disputed")}
    cut = shapely.clip_by_rect(shapes, *box)
    return Geography(
        abroad=cut[~home],
        home=cut[home],
        lakes=_within(shapely.polygons(_lines("lake", projection, half)), box),
        coast=_within(np.array([coast], dtype=object), box),
        rivers=lines["river"],
        provinces=_at_home(lines["province"], shapes[home]),
        borders=lines["border"],
        disputed=lines["disputed"],
        towns=_towns(projection, half, shapes[home], places),
        countries=_named(cut[~home], [name for name, own in zip(names, home.tolist(), strict=True) if not own]),
    )


@cache
def _stored() -> Mapping[str, Any]:
    with (files("hubplanner.outputs.map") / "geography.npz").open("rb") as file, np.load(file) as arrays:
        return {name: arrays[name] for name in arrays.files}


@cache
def _text(name: str) -> list[str]:
    return bytes(_stored()[name]).decode().split("\n")


@cache
def _unpacked(name: str) -> tuple[Floats, Floats, Any]:
    """Return a layer's points (p, 2) in degrees, their extents (n, 4) and the first point (n + 1,) of each line."""
    arrays = _stored()
    count = arrays[f"{name}_points"]
    ends = np.concatenate([[0], np.cumsum(count)])
    steps = np.column_stack([arrays[f"{name}_east"], arrays[f"{name}_north"]]).astype(np.int64)
    walked = np.cumsum(steps, axis=0)
    # The first step of a line is none, so that what was walked before it is where its own walk begins.
    grid = walked + np.repeat(arrays[f"{name}_start"] - walked[ends[:-1]], count, axis=0)
    points = grid * GRID
    extent = np.column_stack(
        [np.minimum.reduceat(points, ends[:-1], axis=0), np.maximum.reduceat(points, ends[:-1], axis=0)]
    )
    return points, extent, ends


def _near(name: str, projection: MapProjection, half: float) -> tuple[Any, Floats, Any]:
    """Return which lines may be on the map, their points in kilometres, and the line of each point."""
    points, extent, ends = _unpacked(name)
    # Each line is taken to the side of the antimeridian where the map is.
    shift = np.round((projection.middle[0] - (extent[:, 0] + extent[:, 2]) / 2) / TURN) * TURN
    corners = projection.flat(np.concatenate([extent[:, :2], extent[:, 2:]]) + np.tile(shift, 2)[:, None] * [1, 0])
    low, high = corners[: len(extent)], corners[len(extent) :]
    kept = np.flatnonzero(((low < half) & (high > -half)).all(axis=1))
    count = np.diff(ends)[kept]
    at = spans(ends[kept], count)
    of = np.repeat(np.arange(len(kept)), count)
    return kept, projection.flat(points[at] + shift[kept][of][:, None] * [1, 0]), of


def _lines(name: str, projection: MapProjection, half: float) -> Any:
    _, points, of = _near(name, projection, half)
    if not len(points):
        return np.zeros(0, dtype=object)
    return (shapely.linearrings if name == "lake" else shapely.linestrings)(points, indices=of)


def _countries(projection: MapProjection, half: float) -> tuple[Any, list[str]]:
    """Return the countries that reach into a map, what lies near it whole, and their names."""
    kept, points, of = _near("country", projection, half)
    if not len(points):
        return np.zeros(0, dtype=object), []
    owner = _stored()["country_of"][kept]
    hole = owner < 0
    rings: Any = shapely.linearrings(points, indices=of)
    parts: Any = shapely.polygons(rings, indices=np.cumsum(~hole) - 1)
    owner = owner[~hole]
    numbers = np.unique(owner)
    whole = shapely.multipolygons(parts, indices=np.searchsorted(numbers, owner))
    shapes: Any = shapely.make_valid(whole)
    inside = shapely.intersects(shapes, shapely.box(-half, -half, half, half))
    names = _text("country_name")
    return shapes[inside], [names[number] for number in numbers[inside].tolist()]


def _within(shapes: Any, box: tuple[float, float, float, float]) -> Any:
    cut = shapely.get_parts(shapely.clip_by_rect(shapes, *box))
    return cut[~shapely.is_empty(cut)]


def _at_home(lines: Any, home: Any) -> Any:
    """Return the lines that lie in the countries the map is about."""
    if not len(home):
        return lines[:0]
    ground = shapely.union_all(home)
    shapely.prepare(ground)
    return lines[shapely.intersects(ground, shapely.line_interpolate_point(lines, 0.5, normalized=True))]


def _home(shapes: Any, places: Floats) -> Any:
    """Tell which countries hold enough of the places."""
    if not len(shapes) or not len(places):
        return np.zeros(len(shapes), dtype=np.bool_)
    some: Any = shapely.points(places[:: max(len(places) // 2000, 1)])
    within, _ = shapely.STRtree(some).query(shapes, predicate="intersects")
    return np.bincount(within, minlength=len(shapes)) >= max(HOME_SHARE * len(some), 1)


def _towns(projection: MapProjection, half: float, home: Any, about: Floats) -> tuple[Town, ...]:
    """Return towns where the places are that the map is about, then those around, each the best known first."""
    places = projection.km(_stored()["town_place"] * TOWN_GRID)
    kept = np.flatnonzero((np.abs(places) < half).all(axis=1))
    if len(about):
        away = KDTree(about).query(places[kept])[0] > half * BESIDE
        kept = kept[np.argsort(away, kind="stable")]
    kept = kept[:MOST_TOWNS]
    ground = shapely.union_all(home) if len(home) else shapely.Polygon()
    # Towns of the coast may stand in the sea of a coarse map.
    inside: Any = shapely.dwithin(shapely.points(places[kept]), ground, COAST_KM)
    names = _text("town_name")
    return tuple(
        Town(name=names[number], place=(float(places[number, 0]), float(places[number, 1])), home=own)
        for number, own in zip(kept.tolist(), inside.tolist(), strict=True)
    )


def _named(shapes: Any, names: list[str]) -> tuple[Town, ...]:
    """Return the name of each country at the middle of the widest room it has on the map."""
    found = []
    for shape, name in zip(shapes, names, strict=True):
        if not shapely.is_empty(shape):
            middle = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
            found.append(Town(name=name, place=(float(middle[0]), float(middle[1])), home=False))
    return tuple(found)

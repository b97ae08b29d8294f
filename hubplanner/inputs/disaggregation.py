"""People of an area spread over a lattice of points, so that a hub covers the part of the area it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Proj
from shapely.geometry import Point

from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from hubplanner.problem import Floats, Ints

METRES = 1000.0
MOST_POINTS = 20_000_000
"""More spread points than this are a mistake in spread_km."""


def spread(places: gpd.GeoSeries, area_km2: Floats | None, spacing_km: float, *, planar: bool) -> tuple[Floats, Ints]:
    """Return lattice points and the row each belongs to.

    A row's lattice is square, ``spacing_km`` apart, with one point at the centre of the area: the place of a point, the
    centroid of a polygon in its plane. Points inside the polygon, or within the radius of a disc of ``area_km2``,
    borders included, carry the people; where the lattice misses the area, its own representative point does.

    Parameters
    ----------
    places
        Points or polygons: WGS 84 degrees, or metres when planar.
    area_km2
        (n,) areas of the discs about points; None when all places are polygons.
    spacing_km
        Distance between neighbours.
    planar
        Whether distances are Euclidean in the places' own system; else each area gets its own equal-area plane.

    Returns
    -------
    tuple
        (p, 2) coordinates in the places' system, and (p,) row positions, ascending.
    """
    areas = np.zeros(len(places)) if area_km2 is None else area_km2
    lattices = [
        _planar_lattice(place, area, spacing_km) if planar else _globe_lattice(place, area, spacing_km)
        for place, area in zip(places, areas, strict=True)
    ]
    row = np.repeat(np.arange(len(lattices)), [len(lattice) for lattice in lattices])
    return np.concatenate(lattices), row


def expected_points(places: gpd.GeoSeries, area_km2: Floats | None, spacing_km: float, *, planar: bool) -> float:
    """Return about how many points a spread makes."""
    if area_km2 is not None:
        return float(np.sum(area_km2)) / spacing_km**2 + len(places)
    area = places.area if planar else places.to_crs("EPSG:6933").area
    return float(area.sum()) / METRES**2 / spacing_km**2 + len(places)


def _planar_lattice(place: BaseGeometry, area_km2: float, spacing_km: float) -> Floats:
    return _lattice(place, shapely.centroid(place), area_km2 * METRES**2, spacing_km * METRES)


def _globe_lattice(place: BaseGeometry, area_km2: float, spacing_km: float) -> Floats:
    lon, lat = _middle(place)
    plane = Proj(proj="laea", lon_0=lon, lat_0=lat, R=EARTH_RADIUS_KM, units="m")
    local = shapely.transform(place, lambda xy: np.column_stack(plane(*xy.T)))
    lattice = _lattice(local, shapely.centroid(local), area_km2, spacing_km)
    x, y = lattice.T
    return np.column_stack(plane(x, y, inverse=True))


def _middle(place: BaseGeometry) -> tuple[float, float]:
    """Return a longitude and latitude amid a place's corners, also across the antimeridian and about a pole."""
    if isinstance(place, Point):
        return place.x, place.y
    lon, lat = np.radians(shapely.get_coordinates(place)).T
    x, y, z = (np.cos(lat) * np.cos(lon)).mean(), (np.cos(lat) * np.sin(lon)).mean(), np.sin(lat).mean()
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def _lattice(shape: BaseGeometry, centre: Point, area: float, spacing: float) -> Floats:
    """Return the lattice points inside a shape, or inside a disc of the area when it is a point."""
    disc = isinstance(shape, Point)
    radius = np.sqrt(area / np.pi)
    bounds = (centre.x - radius, centre.y - radius, centre.x + radius, centre.y + radius) if disc else shape.bounds
    west, south, east, north = bounds
    grid = np.meshgrid(_ticks(west, east, centre.x, spacing), _ticks(south, north, centre.y, spacing))
    x, y = (axis.ravel() for axis in grid)
    inside = np.hypot(x - centre.x, y - centre.y) <= radius if disc else shapely.intersects_xy(shape, x, y)
    if not inside.any():
        own = shape.representative_point()
        return np.array([[own.x, own.y]])
    return np.column_stack([x[inside], y[inside]])


def _ticks(low: float, high: float, centre: float, spacing: float) -> Floats:
    first, last = np.ceil((low - centre) / spacing), np.floor((high - centre) / spacing)
    return centre + spacing * np.arange(first, last + 1)

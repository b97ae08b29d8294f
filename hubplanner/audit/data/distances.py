"""Distances from first principles, and the points over which an area's people are spread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from hubplanner.audit.data.places import Array
from hubplanner.scenario.travel_spec import TravelMethod

RADIUS_KM = 6371.0088
SLACK = 1e-9
"""Relative rounding at the edge of a reach, which counts as inside."""


def distances(points: Array, sites: Array, travel: TravelMethod) -> Array:
    """Return all distances (n, k) in kilometres."""
    return along(points[:, None, :], sites[None, :, :], travel)


def along(points: Array, sites: Array, travel: TravelMethod) -> Array:
    """Return the distances of places (..., 2) from each other in kilometres, pair by pair."""
    return MEASURES[travel.method](points, sites) * travel.detour


def _euclidean(points: Array, sites: Array) -> Array:
    """Return the distances of places in metres."""
    return np.asarray(np.sqrt(((points - sites) ** 2).sum(axis=-1)) / 1000.0)


def _haversine(points: Array, sites: Array) -> Array:
    """Return the distances of places in degrees."""
    lon, lat = np.deg2rad(points[..., 0]), np.deg2rad(points[..., 1])
    lon_of, lat_of = np.deg2rad(sites[..., 0]), np.deg2rad(sites[..., 1])
    half = np.sin((lat - lat_of) / 2) ** 2 + np.cos(lat) * np.cos(lat_of) * np.sin((lon - lon_of) / 2) ** 2
    angle = np.arctan2(np.sqrt(half), np.sqrt(np.maximum(1.0 - half, 0.0)))
    return np.asarray(2.0 * RADIUS_KM * angle)


MEASURES: dict[str, Callable[[Array, Array], Array]] = {
    "great_circle": _haversine,
    "planar": _euclidean,
    "matrix": _haversine,  # where the table says nothing: between sites
}
"""How far it is from places to places, before any detour, by `travel.method`."""


def lattice(shape: Any, area_km2: float, spacing_km: float, *, planar: bool) -> Array:
    """Return the points (p, 2) over which an area's people are spread, in the shape's own system."""
    if planar:
        return _ticked(shape, area_km2 * 1e6, spacing_km * 1000.0)
    centre = _amid(shape)
    flat = shapely.transform(shape, lambda degrees: _to_plane(degrees, centre))
    return _to_globe(_ticked(flat, area_km2, spacing_km), centre)


def _ticked(shape: Any, area: float, spacing: float) -> Array:
    """Return the points of a square lattice about a shape's centroid that lie in it, or in the disc about a point."""
    middle, disc = shape.centroid, shape.geom_type == "Point"
    radius = (area / np.pi) ** 0.5
    box = (middle.x - radius, middle.y - radius, middle.x + radius, middle.y + radius) if disc else shape.bounds
    first = [int(np.ceil((low - at) / spacing)) for low, at in zip(box[:2], (middle.x, middle.y), strict=True)]
    last = [int(np.floor((high - at) / spacing)) for high, at in zip(box[2:], (middle.x, middle.y), strict=True)]
    x = middle.x + spacing * np.arange(first[0], last[0] + 1)
    y = middle.y + spacing * np.arange(first[1], last[1] + 1)
    grid = np.array([(east, north) for north in y for east in x]).reshape(-1, 2)
    if disc:
        inside = np.hypot(grid[:, 0] - middle.x, grid[:, 1] - middle.y) <= radius
    else:
        inside = shapely.intersects_xy(shape, grid[:, 0], grid[:, 1])
    if inside.any():
        return np.asarray(grid[inside])
    own = shape.representative_point()
    return np.array([[own.x, own.y]])


def _amid(shape: Any) -> tuple[float, float]:
    """Return the longitude and latitude, in radians, amid a shape's corners."""
    if shape.geom_type == "Point":
        return float(np.deg2rad(shape.x)), float(np.deg2rad(shape.y))
    lon, lat = np.deg2rad(shapely.get_coordinates(shape)).T
    east, north, up = np.mean(np.cos(lat) * np.cos(lon)), np.mean(np.cos(lat) * np.sin(lon)), np.mean(np.sin(lat))
    return float(np.arctan2(north, east)), float(np.arctan2(up, np.hypot(east, north)))


def _to_plane(degrees: Array, centre: tuple[float, float]) -> Array:
    r"""Return kilometres in Lambert's azimuthal equal-area plane of the sphere about a centre.

    Snyder (1987), doi:10.3133/pp1395, equations 24-2 to 24-4.
    """
    (lon0, lat0), (lon, lat) = centre, np.deg2rad(degrees).T
    cosine = np.sin(lat0) * np.sin(lat) + np.cos(lat0) * np.cos(lat) * np.cos(lon - lon0)
    scale = RADIUS_KM * np.sqrt(2.0 / (1.0 + cosine))
    x = scale * np.cos(lat) * np.sin(lon - lon0)
    y = scale * (np.cos(lat0) * np.sin(lat) - np.sin(lat0) * np.cos(lat) * np.cos(lon - lon0))
    return np.column_stack([x, y])


def _to_globe(plane: Array, centre: tuple[float, float]) -> Array:
    """Return degrees of kilometres in that plane: Snyder (1987), equations 20-14, 20-15 and 24-16."""
    lon0, lat0 = centre
    x, y = plane.T
    rho = np.hypot(x, y)
    safe = np.where(rho > 0, rho, 1.0)
    c = 2.0 * np.arcsin(np.minimum(rho / (2.0 * RADIUS_KM), 1.0))
    lat = np.arcsin(np.clip(np.cos(c) * np.sin(lat0) + y * np.sin(c) * np.cos(lat0) / safe, -1.0, 1.0))
    lon = lon0 + np.arctan2(x * np.sin(c), rho * np.cos(lat0) * np.cos(c) - y * np.sin(lat0) * np.sin(c))
    lat, lon = np.where(rho > 0, lat, lat0), np.where(rho > 0, lon, lon0)
    return np.column_stack([(np.rad2deg(lon) + 180.0) % 360.0 - 180.0, np.rad2deg(lat)])

"""Geometry of demand and sites: coordinates checked, then brought to the system that distances are measured in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.errors import Fault
from hubplanner.inputs.tables import place_points

if TYPE_CHECKING:
    from pyproj import CRS

    from hubplanner.inputs.checks import Checker
    from hubplanner.problem import Floats
    from hubplanner.scenario.spec import TableSpec

WGS84 = "EPSG:4326"
_SHAPES = ("Point", "Polygon", "MultiPolygon")


def read_places(spec: TableSpec, checker: Checker, shapes: tuple[str, ...] = _SHAPES) -> gpd.GeoDataFrame | None:
    """Return the table's rows with geometry; None, with faults noted, when some row has no usable place."""
    before = len(checker.faults)
    table = checker.table
    frame = table.frame.reset_index(drop=True)
    if spec.x and spec.y:
        _warn_names(spec, checker)
        frame = place_points(frame, checker.coordinates(spec.x), checker.coordinates(spec.y), table.crs)
    else:
        _check_shapes(frame.geometry, checker, shapes)
    if table.crs is None or len(checker.faults) > before:
        return None
    if table.crs.is_geographic:
        _check_degrees(frame, spec, checker)
    return None if len(checker.faults) > before else frame


def _warn_names(spec: TableSpec, checker: Checker) -> None:
    """Note columns given the wrong way round."""
    x, y = str(spec.x).lower(), str(spec.y).lower()
    if x.startswith("lat") and y.startswith(("lon", "lng")):
        allowed = "x is the longitude and y the latitude; these look swapped"
        checker.faults.append(Fault(file=checker.table.name, column=f"x: {spec.x}, y: {spec.y}", allowed=allowed))


def _check_shapes(geometry: gpd.GeoSeries, checker: Checker, shapes: tuple[str, ...]) -> None:
    missing = geometry.isna() | geometry.is_empty
    kinds = geometry.geom_type.fillna("none")
    checker.note("geometry", missing, kinds, f"one of {', '.join(shapes)}")
    checker.note("geometry", ~missing & ~kinds.isin(shapes), kinds, f"one of {', '.join(shapes)}")
    valid = geometry.is_valid | missing
    checker.note("geometry", ~valid, geometry.is_valid_reason(), "a valid shape")


def _check_degrees(frame: gpd.GeoDataFrame, spec: TableSpec, checker: Checker) -> None:
    """Note places off the globe, and those that only make sense with lon and lat exchanged."""
    bounds = frame.geometry.bounds
    lon, lat = bounds.abs()[["minx", "maxx"]].max(axis=1), bounds.abs()[["miny", "maxy"]].max(axis=1)
    swapped = (lat > 90) & (lat <= 180) & (lon <= 90)  # noqa: PLR2004 - limits of the globe
    outside = ((lat > 90) | (lon > 180)) & ~swapped  # noqa: PLR2004
    shown = _shown(frame)
    column = f"{spec.x}, {spec.y}" if spec.x else "geometry"
    checker.note(column, swapped, shown, "lon from -180 to 180, lat from -90 to 90; these look swapped")
    allowed = "lon from -180 to 180, lat from -90 to 90; for metres set crs to a projected one"
    checker.note(column, outside, shown, allowed)
    if not (swapped | outside).any():
        stray = swapped_among(lonlat(frame))
        checker.note(column, pd.Series(stray), shown, "a place near the others; with lon and lat exchanged it would be")


def _shown(frame: gpd.GeoDataFrame) -> pd.Series:
    inside = representative(frame)
    return pd.Series([f"{point.x:g}, {point.y:g}" for point in inside])


def representative(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return a point for each row: itself, or one inside its polygon."""
    geometry = frame.geometry
    return geometry.where(geometry.geom_type == "Point", geometry.representative_point())


def lonlat(frame: gpd.GeoDataFrame) -> Floats:
    """Return longitudes and latitudes (n, 2) in degrees, WGS 84."""
    places = representative(frame).to_crs(WGS84)
    return np.column_stack([places.x, places.y])


def metres(frame: gpd.GeoDataFrame, crs: CRS) -> Floats:
    """Return coordinates (n, 2) in metres of a projected system."""
    places = representative(frame).to_crs(crs)
    return np.column_stack([places.x, places.y])


def swapped_among(places: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell which places lie far from the rest, but would lie among them with their coordinates exchanged.

    >>> places = np.array([[67.0, 30.0], [68.0, 31.0], [66.0, 29.0], [69.0, 30.0], [30.0, 67.0]])
    >>> swapped_among(places).tolist()
    [False, False, False, False, True]
    """
    low, high = np.quantile(places, [0.25, 0.75], axis=0)
    margin = 3 * (high - low) + 1
    exchanged = places[:, ::-1]
    return np.asarray(~_inside(places, low - margin, high + margin) & _inside(exchanged, low - margin, high + margin))


def _inside(places: Floats, low: Floats, high: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(((places >= low) & (places <= high)).all(axis=1))


def check_together(demand: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, name: str, faults: list[Fault]) -> None:
    """Note sites none of which is near any demand, but would be with lon and lat exchanged."""
    people, hubs = lonlat(demand), lonlat(sites)
    low, high = people.min(axis=0) - 1, people.max(axis=0) + 1
    if not _inside(hubs, low, high).any() and _inside(hubs[:, ::-1], low, high).any():
        allowed = "sites among the demand points; with lon and lat of one file exchanged they would be"
        faults.append(Fault(file=name, column="geometry", allowed=allowed))

"""Geometry of demand and sites: coordinates checked, then brought to the system that distances are measured in."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.tables import place_points
from hubplanner.problem import Floats, GeometricTravel, GreatCircle, Planar
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.travel_spec import TravelMethod

WGS84 = "EPSG:4326"
METRES_PER_KM = 1000.0
STRAIGHT: dict[str, type[GeometricTravel]] = {"great_circle": GreatCircle, "planar": Planar}
"""What measures distances that follow from places alone, by `travel.method`."""
MOST_LON, MOST_LAT = 180.0, 90.0
GLOBE = "lon from -180 to 180, lat from -90 to 90"
SWAPPED = f"{GLOBE}; these look swapped"
OUTSIDE = f"{GLOBE}; for metres set crs to a projected one"
OUTSIDE_NAMED = f"{GLOBE}, by the system that the file names; for metres save it with the system they are in"
STRAY = "a place near the other rows; lon and lat look swapped"
DEGREES = "coordinates in its own unit; these look like degrees, so set crs to EPSG:4326"
DEGREES_NAMED = "coordinates in its own unit; these look like degrees, so save the file with EPSG:4326 as its system"
"""What is allowed where places are wrong."""
_SHAPES = ("Point", "Polygon", "MultiPolygon")


def read_places(spec: TableSpec, checker: Checker) -> gpd.GeoDataFrame | None:
    """Return the table's rows with geometry; None, with faults noted, when some row has no usable place."""
    before = len(checker.faults)
    table = checker.table
    frame = table.frame.reset_index(drop=True)
    if spec.x and spec.y:
        x, y = checker.coordinates(spec.x), checker.coordinates(spec.y)
        if not MOST_LAT < x.abs().max() <= MOST_LON or y.abs().max() > MOST_LAT:  # else only x can be the longitude
            note_swapped_names(spec, table.name, checker.faults)
        # A text column of that name would make way for the points.
        frame = frame.rename(columns={"geometry": "geometry_text"})
        frame = place_points(frame, x, y, table.crs)
    elif "geometry" not in frame.columns:
        known = ", ".join(map(str, frame.columns))
        allowed = f"is required: name columns with x and y, or with geometry: {{wkt: COLUMN}}; the file has {known}"
        checker.faults.append(Fault(file=table.name, column="x, y", allowed=allowed))
    else:
        frame = _repaired(frame, checker)
        _check_shapes(frame.geometry, checker)
    if table.crs is None or len(checker.faults) > before:
        return None
    check = _check_degrees if table.crs.is_geographic else _check_projected
    check(frame, f"{spec.x}, {spec.y}" if spec.x else "geometry", checker)
    return None if len(checker.faults) > before else frame


def _repaired(frame: gpd.GeoDataFrame, checker: Checker) -> gpd.GeoDataFrame:
    """Return the rows with the areas of invalid polygons made valid; tell of each."""
    with np.errstate(all="ignore"):  # coordinates beyond all measure are told as such
        wrong = (frame.geom_type.isin(["Polygon", "MultiPolygon"]) & ~frame.geometry.is_valid).to_numpy()
        if not wrong.any():
            return frame
        reasons = frame.geometry[wrong].is_valid_reason().tolist()
        areas = [_areas(shape) for shape in frame.geometry[wrong]]
    shapes = frame.geometry.to_numpy().copy()
    for position, reason, area in zip(np.flatnonzero(wrong).tolist(), reasons, areas, strict=True):
        if area is None:
            continue
        shapes[position] = area
        message = f"geometry: an invalid shape was repaired ({reason})"
        row = checker.table.row(position)
        checker.table.warnings.append(
            DataWarning(code="repaired_shape", message=message, file=checker.table.name, row=row)
        )
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _areas(shape: Any) -> Any:
    """Return the polygons of an invalid shape made valid, as one; None where it has none or cannot be mended."""
    try:
        parts = shapely.get_parts(shapely.make_valid(shape))
    except shapely.errors.GEOSException:  # the shape stays as it is, and is told as invalid
        return None
    areas = parts[shapely.get_dimensions(parts) == 2]  # noqa: PLR2004 - of the plane
    return shapely.union_all(areas) if len(areas) and np.isfinite(shapely.area(areas)).all() else None


def note_swapped_names(spec: TableSpec, name: str, faults: list[Fault]) -> None:
    """Note columns given the wrong way round."""
    x, y = str(spec.x).lower(), str(spec.y).lower()
    if x.startswith("lat") and y.startswith(("lon", "lng")):
        allowed = (
            f"x is the longitude and y the latitude; these look swapped: write x: {spec.y} and y: {spec.x}, or, where "
            "the file's own headings stand the wrong way round, exchange them there"
        )
        faults.append(Fault(file=name, column=f"x: {spec.x}, y: {spec.y}", allowed=allowed))


def _check_shapes(geometry: gpd.GeoSeries, checker: Checker) -> None:
    missing = geometry.isna() | geometry.is_empty
    kinds = geometry.geom_type.fillna("").mask(missing, "")
    checker.note("geometry", ~kinds.isin(_SHAPES), kinds, f"one of {', '.join(_SHAPES)}")
    with np.errstate(all="ignore"):  # coordinates beyond all measure are told as such
        valid, reason = geometry.is_valid | missing, geometry.is_valid_reason()
    checker.note("geometry", ~valid, reason, "a valid shape; repair it, such as with make_valid")


def _check_degrees(frame: gpd.GeoDataFrame, column: str, checker: Checker) -> None:
    """Note places off the globe, and those that only make sense with lon and lat exchanged."""
    bounds = frame.geometry.bounds
    lon, lat = bounds.abs()[["minx", "maxx"]].max(axis=1), bounds.abs()[["miny", "maxy"]].max(axis=1)
    swapped, outside = off_globe(lon, lat)
    fine = ~(swapped | outside)
    stray = pd.Series(data=False, index=frame.index)
    stray[fine] = swapped_among(lonlat(frame[fine]))
    shown = _shown(frame, swapped | outside | stray)
    checker.note(column, swapped, shown, SWAPPED)
    checker.note(column, outside, shown, OUTSIDE_NAMED if checker.table.named else OUTSIDE)
    checker.note(column, stray, shown, STRAY)


def off_globe(lon: pd.Series, lat: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Tell which absolute degrees (k,) are on the globe once exchanged, and which are on none."""
    swapped = (lat > MOST_LAT) & (lat <= MOST_LON) & (lon <= MOST_LAT)
    return swapped, ((lat > MOST_LAT) | (lon > MOST_LON)) & ~swapped


def _check_projected(frame: gpd.GeoDataFrame, column: str, checker: Checker) -> None:
    """Note places that their system cannot hold, and degrees that pass for metres."""
    lost = pd.Series(~np.isfinite(lonlat(frame)).all(axis=1))
    name = checker.table.crs.name if checker.table.crs else ""
    checker.note(column, lost, _shown(frame, lost), f"coordinates within the range of {name}")
    bounds = frame.geometry.bounds.abs()
    if (bounds[["minx", "maxx"]] <= MOST_LON).all(axis=None) and (bounds[["miny", "maxy"]] <= MOST_LAT).all(axis=None):
        allowed = DEGREES_NAMED if checker.table.named else DEGREES
        checker.faults.append(Fault(file=checker.table.name, column="crs", value=name, allowed=allowed, kind="crs"))


def _shown(frame: gpd.GeoDataFrame, wrong: pd.Series) -> pd.Series:
    """Return a place inside each wrong row as text."""
    with np.errstate(all="ignore"):  # coordinates may be beyond all measure
        inside = representative(frame[wrong])
    return pd.Series([f"{point.x:g}, {point.y:g}" for point in inside], index=inside.index).reindex(frame.index)


def representative(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return a point for each row: itself, or one inside its polygon."""
    geometry, is_point = frame.geometry, frame.geom_type == "Point"
    return geometry if is_point.all() else geometry.where(is_point, geometry.representative_point())


def lonlat(frame: gpd.GeoDataFrame) -> Floats:
    """Return longitudes and latitudes (n, 2) in degrees, WGS 84."""
    places = representative(frame).to_crs(WGS84)
    return np.column_stack([places.x, places.y])


def metres(frame: gpd.GeoDataFrame, crs: CRS) -> Floats:
    """Return coordinates (n, 2) in metres of a projected system."""
    places = representative(frame).to_crs(crs)
    return np.column_stack([places.x, places.y])


def straight_travel(travel: TravelMethod, points: Floats, sites: gpd.GeoDataFrame, crs: CRS) -> GeometricTravel:
    """Return travel that follows from places alone, in kilometres.

    Parameters
    ----------
    points
        (n, 2) demand points: metres of the projected system `crs` where travel is planar, else degrees.
    """
    kind = STRAIGHT[travel.method]
    if travel.is_planar:
        return kind(points / METRES_PER_KM, metres(sites, crs) / METRES_PER_KM, travel.detour)
    return kind(points, lonlat(sites), travel.detour)


def swapped_among(places: Floats, rest: Floats | None = None) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell which places lie far from the rest, but would lie among them with their coordinates exchanged.

    Among: within seven median deviations of the median, plus a degree. Far: three times as far from it as exchanged.
    The rest are all places, or others that stand for them.

    >>> places = np.array([[67.0, 30.0], [68.0, 31.0], [66.0, 29.0], [69.0, 30.0], [30.0, 67.0]])
    >>> swapped_among(places).tolist()
    [False, False, False, False, True]
    """
    return turned_among(places, places[:, ::-1], places if rest is None else rest)


def turned_among(places: Floats, turned: Floats, rest: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Tell which places (k, 2) lie far from the rest, but would lie among them if they were others (k, 2)."""
    if len(places) == 0:
        return np.zeros(0, dtype=np.bool_)
    middle = np.median(rest, axis=0)
    margin = 7 * np.median(np.abs(rest - middle), axis=0) + 1
    low, high = middle - margin, middle + margin
    far = np.linalg.norm(places - middle, axis=1) > 3 * np.linalg.norm(turned - middle, axis=1)
    return np.asarray(far & ~_inside(places, low, high) & _inside(turned, low, high))


def _inside(places: Floats, low: Floats, high: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(((places >= low) & (places <= high)).all(axis=1))


def check_together(bounds: tuple[Floats, Floats], hubs: Floats, name: str, faults: list[Fault]) -> None:
    """Note sites that are all far from any demand, though most would be near with lon and lat exchanged.

    Parameters
    ----------
    bounds
        Least and largest longitude and latitude (2,) of the demand.
    hubs
        (m, 2) places of the sites.
    name
        The site file's name.
    faults
        Gets what is found.
    """
    low, high = bounds[0] - 1, bounds[1] + 1
    if not _inside(hubs, low, high).any() and _inside(hubs[:, ::-1], low, high).mean() > 1 / 2:
        allowed = "lies far from all demand; lon and lat of one of the two files look swapped"
        faults.append(Fault(file=name, column="geometry", allowed=allowed))

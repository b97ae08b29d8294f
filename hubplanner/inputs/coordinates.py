"""Coordinates of demand and sites: checked, brought to the system of distances, and doubted far from all others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.columns import Checker
from hubplanner.problem import Bools, Floats, GeometricTravel, GreatCircle, Ints, Planar
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.travel_spec import TravelMethod
from hubplanner.translation import N_, gettext as _, joined

WGS84 = "EPSG:4326"
METRES_PER_KM = 1000.0
STRAIGHT: dict[str, type[GeometricTravel]] = {"great_circle": GreatCircle, "planar": Planar}
"""What measures distances that follow from places alone, by `travel.method`."""
MOST_LON, MOST_LAT = 180.0, 90.0
GLOBE = N_("lon from -180 to 180, lat from -90 to 90")
_TURN, _MANY = 360.0, 10_000.0
"""Degrees of a whole turn, and a coordinate that no slip makes of degrees."""
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
        frame = gpd.GeoDataFrame(frame, geometry=shapely.points(x.to_numpy(), y.to_numpy()), crs=table.crs)
    elif "geometry" not in frame.columns:
        known = ", ".join(map(str, frame.columns))
        allowed = _(
            "is required: name columns with x and y, or with geometry: {{wkt: COLUMN}}; the file has {known}",
            known=known,
        )
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
        message = _("geometry: an invalid shape was repaired ({reason})", reason=reason)
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
        allowed = _(
            "x is the longitude and y the latitude; these look swapped: write x: {y} and y: {x}, or, "
            "where the file's own headings stand the wrong way round, exchange them there",
            y=spec.y,
            x=spec.x,
        )
        faults.append(Fault(file=name, column=f"x: {spec.x}, y: {spec.y}", allowed=allowed))


def _check_shapes(geometry: gpd.GeoSeries, checker: Checker) -> None:
    missing = geometry.isna() | geometry.is_empty
    kinds = geometry.geom_type.fillna("").mask(missing, "")
    checker.note("geometry", ~kinds.isin(_SHAPES), kinds, _("one of {shapes}", shapes=joined(_SHAPES, ", ")))
    with np.errstate(all="ignore"):  # coordinates beyond all measure are told as such
        valid, reason = geometry.is_valid | missing, geometry.is_valid_reason()
    checker.note("geometry", ~valid, reason, _("a valid shape; repair it, such as with make_valid"))


def _check_degrees(frame: gpd.GeoDataFrame, column: str, checker: Checker) -> None:
    """Note places off the globe, and those that only make sense with lon and lat exchanged."""
    bounds = frame.geometry.bounds.to_numpy().reshape(-1, 2, 2)  # least and largest x and y of each
    far = np.take_along_axis(bounds, np.abs(bounds).argmax(axis=1)[:, None], axis=1)[:, 0]
    off = off_globe(far, named=checker.table.named)
    fine = ~np.logical_or.reduce([wrong for wrong, _ in off])
    stray = np.zeros(len(frame), dtype=np.bool_)
    stray[fine] = swapped_among(lonlat(frame if fine.all() else frame[fine]))
    if fine.all() and not stray.any():
        return
    shown = _shown(frame, pd.Series(~fine | stray, index=frame.index))
    for wrong, allowed in (*off, (stray, STRAY)):
        checker.note(column, pd.Series(wrong, index=frame.index), shown, allowed)


def off_globe(places: Floats, *, named: bool) -> list[tuple[Bools, str]]:
    """Return which degrees (k, 2) lie on no globe, and what is allowed there, with the cause where one is likely.

    Parameters
    ----------
    named
        Whether the file itself names its system.

    >>> told = off_globe(np.array([[30.0, 167.0], [31.0, 166.0]]), named=False)
    >>> [allowed for wrong, allowed in told if wrong.any()]
    ['lon from -180 to 180, lat from -90 to 90; these look swapped']
    >>> told = off_globe(np.array([[67.0, 30.0], [67.1, 90.2]]), named=False)
    >>> [allowed for wrong, allowed in told if wrong.any()]
    ['lon from -180 to 180, lat from -90 to 90; correct it in the file']
    """
    lon, lat = np.abs(places).T
    off = (lon > MOST_LON) | (lat > MOST_LAT)
    swapped = _likely(off & (lat <= MOST_LON) & (lon <= MOST_LAT), places, places[:, ::-1], ~off)
    turned = off & (places[:, 0] > MOST_LON) & (lon <= _TURN) & (lat <= MOST_LAT)
    turned = _likely(turned, places, places - (_TURN, 0), ~off)
    metres = off & (np.maximum(lon, lat) > _MANY) & np.isfinite(places).all(axis=1)
    way = _("set crs to a projected one")
    if named:
        way = _("save it with the system they are in, for by the one that the file names they are degrees")
    if metres.any() and metres.mean() < 1 / 2:
        way = _("give all rows in one system, for most are in degrees")
    return [
        (swapped, _("{globe}; these look swapped", globe=_(GLOBE))),
        (metres, _("{globe}; these look like metres: {way}", globe=_(GLOBE), way=way)),
        (turned, _("{globe}; of longitudes from 0 to 360, take 360 off those above 180", globe=_(GLOBE))),
        (off & ~(swapped | metres | turned), _("{globe}; correct it in the file", globe=_(GLOBE))),
    ]


def _likely(suspects: Bools, places: Floats, meant: Floats, fine: Bools) -> Bools:
    """Return the suspects that most probably were meant to be other places (k, 2).

    Most rows are such, or else they would lie beside those that are fine; or they do as they stand, as where all are
    exchanged and some happen to be on the globe.
    """
    if 2 * suspects.sum() > len(places) or not fine.any():
        return suspects
    low, high = _around(places[fine])
    return suspects & (_inside(meant, low, high) | _inside(places, low, high))


def _check_projected(frame: gpd.GeoDataFrame, column: str, checker: Checker) -> None:
    """Note places that their system cannot hold, and degrees that pass for metres."""
    lost = pd.Series(~np.isfinite(lonlat(frame)).all(axis=1))
    name = checker.table.crs.name if checker.table.crs else ""
    checker.note(column, lost, _shown(frame, lost), _("coordinates within the range of {name}", name=name))
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
    geometry = frame.geometry
    is_point = shapely.get_type_id(geometry.to_numpy()) == shapely.GeometryType.POINT
    return geometry if is_point.all() else geometry.where(is_point, geometry.representative_point())


def lonlat(frame: gpd.GeoDataFrame) -> Floats:
    """Return longitudes and latitudes (n, 2) in degrees, WGS 84."""
    return coordinates(representative(frame).to_crs(WGS84))


def metres(frame: gpd.GeoDataFrame, crs: CRS) -> Floats:
    """Return coordinates (n, 2) in metres of a projected system."""
    return coordinates(representative(frame).to_crs(crs))


def coordinates(points: gpd.GeoSeries) -> Floats:
    """Return the coordinates (n, 2) of points in their own system."""
    shapes = points.to_numpy()
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])


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
    low, high = _around(rest)
    far = np.linalg.norm(places - middle, axis=1) > 3 * np.linalg.norm(turned - middle, axis=1)
    return np.asarray(far & ~_inside(places, low, high) & _inside(turned, low, high))


def _around(places: Floats) -> tuple[Floats, Floats]:
    """Return the least and largest coordinates (2,) among most places: seven median deviations, plus a degree."""
    middle = np.median(places, axis=0)
    margin = 7 * np.median(np.abs(places - middle), axis=0) + 1
    return middle - margin, middle + margin


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
        allowed = _("lies far from all demand; lon and lat of one of the two files look swapped")
        faults.append(Fault(file=name, column="geometry", allowed=allowed))


MANY_TIMES = 5.0
"""Times the radius of all others beyond which a place is far from them."""
ZERO_TIMES = 1.5
"""The same for a place at 0, 0, where nothing else is."""
NEAR_KM = 200.0
"""Nothing nearer than this to the middle of all places is far."""
SIGNS = ((-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
"""How coordinates may have lost their signs."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """Where most places are.

    Parameters
    ----------
    middle
        (3,) unit vector.
    radius
        Great-circle distance in km within which they lie, up to a wide gap.
    """

    middle: Floats
    radius: float

    def distance(self, places: Floats) -> Floats:
        """Return great-circle distances (k,) in km of longitudes and latitudes (k, 2) from the middle."""
        half = np.linalg.norm(unit_vectors(places) - self.middle, axis=1) / 2
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half, 1.0)))

    def around(self, places: Floats) -> Floats:
        """Return longitudes from the middle eastwards and latitudes (k, 2), so that no date line parts them."""
        east = np.degrees(np.arctan2(self.middle[1], self.middle[0]))
        return np.column_stack([(places[:, 0] - east + 180) % 360 - 180, places[:, 1]])

    def beyond(self, times: float) -> float:
        """Return the distance beyond which a place is far."""
        return max(times * self.radius, NEAR_KM)


def unit_vectors(places: Floats) -> Floats:
    """Return longitudes and latitudes (k, 2) as vectors (k, 3) of length 1 from the middle of the globe."""
    lon, lat = np.radians(places).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def body_of(places: Floats) -> Body | None:
    """Return where most places are, by longitude and latitude (n, 2); None where they have no middle.

    From the middle outwards, the body ends at the first gap beyond half of the places that is many times as wide as it.

    >>> body = body_of(np.array([[67.9, 24.7], [68.0, 24.8], [68.1, 24.6], [68.8, 24.7], [0, 0]]))
    >>> round(body.radius), body.distance(np.array([[0.0, 0.0]])).round().tolist()
    (81, [7796.0])
    """
    if len(places) < 3:  # noqa: PLR2004 - of two places neither is the stray
        return None
    middle = np.median(unit_vectors(places), axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-6:  # noqa: PLR2004 - all around the globe
        return None
    whole = Body(middle=middle / length, radius=0.0)
    distance = np.sort(whole.distance(places))
    most = len(places) // 2
    inner, outer = distance[most:-1], distance[most + 1 :]
    gaps = np.flatnonzero(outer > np.maximum(MANY_TIMES * inner, NEAR_KM))
    radius = inner[gaps[0]] if len(gaps) else distance[-1]
    return Body(middle=whole.middle, radius=float(radius))


@dataclass(frozen=True, kw_only=True, eq=False)
class Spots:
    """Rows of a file that may lie far from all others.

    Parameters
    ----------
    file
        The file's name.
    section, column
        Its section of the scenario, and what its coordinates are called.
    lonlat, own
        (k, 2) longitudes and latitudes, and coordinates as they stand in the file.
    rows
        (k,) where they stand; None without rows.
    """

    file: str
    section: str
    column: str
    lonlat: Floats
    own: Floats
    rows: Ints | None

    @property
    def at_zero(self) -> Bools:
        """Tell which (k,) stand at exactly 0, 0."""
        return np.asarray((self.own == 0).all(axis=1))

    def doubts(self, body: Body, rest: Floats) -> list[DataWarning]:
        """Return a warning for each place at 0, 0, without its sign, or just far from all others.

        Parameters
        ----------
        body
            Where most places are.
        rest
            (k, 2) longitudes and latitudes that stand for all.
        """
        distance, zero = body.distance(self.lonlat), self.at_zero
        found = {
            position: self._zero(position, distance[position])
            for position in np.flatnonzero(zero & (distance > body.beyond(ZERO_TIMES))).tolist()
        }
        if np.allclose(self.own, self.lonlat):
            for signs in SIGNS:
                parts = (self.lonlat, self.lonlat * signs, rest)
                lost = np.flatnonzero(turned_among(*map(body.around, parts)) & ~zero).tolist()
                found |= {position: self._lost_sign(position, signs) for position in lost if position not in found}
        for position in np.flatnonzero((distance > body.beyond(MANY_TIMES)) & ~zero).tolist():
            message = _(
                "{place}: lies {away:,.0f} km from the middle of all places, which lie within {within:,.0f} km of it; "
                "correct it, or if it is meant, set {section}.far_places: true",
                place=self._place(position),
                away=distance[position],
                within=body.radius,
                section=self.section,
            )
            found.setdefault(position, self._warning("far_place", position, message))
        return [found[position] for position in sorted(found)]

    def _lost_sign(self, position: int, signs: tuple[float, float]) -> DataWarning:
        here, there = self.lonlat[position], self.lonlat[position] * signs
        apart = Body(middle=unit_vectors(there[None])[0], radius=0.0).distance(here[None])[0]
        message = _(
            "{place}: would lie among the others as {x:g}, {y:g}, {away:,.0f} km from here; add a minus sign if it is "
            "lost, or if it is meant, set {section}.far_places: true",
            place=self._place(position),
            x=there[0],
            y=there[1],
            away=apart,
            section=self.section,
        )
        return self._warning("lost_sign", position, message)

    def _zero(self, position: int, away: float) -> DataWarning:
        message = _(
            "{place}: lies {away:,.0f} km from the middle of all places, and 0, 0 mostly stands for an unknown one; "
            "correct it, or if it is meant, set {section}.far_places: true",
            place=self._place(position),
            away=away,
            section=self.section,
        )
        return self._warning("zero_place", position, message)

    def _place(self, position: int) -> str:
        return f"{self.column} {self.own[position, 0]:g}, {self.own[position, 1]:g}"

    def _warning(self, code: str, position: int, message: str) -> DataWarning:
        row = None if self.rows is None else int(self.rows[position])
        return DataWarning(code=code, message=message, file=self.file, row=row)


def told_far(parts: Iterable[Spots], rest: Sequence[Floats]) -> list[DataWarning]:
    """Return a warning for each place that does not lie where the rest do."""
    around = np.concatenate(rest) if rest else np.zeros((0, 2))
    around = around[(around != 0).any(axis=1)]
    body = body_of(around)
    return [] if body is None else [doubt for part in parts for doubt in part.doubts(body, around)]

"""People of an area spread over points, so that a hub covers the part it reaches: evenly, or to where people are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Proj, Transformer
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.areas import OUTSIDE, Areas
from hubplanner.inputs.coordinates import metres, read_places, representative
from hubplanner.inputs.joins import overlap, read_other
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.raster import open_raster
from hubplanner.problem import Floats, Ints
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import SpreadBySpec, TableSpec
from hubplanner.scenario.fields import MOST_PEOPLE
from hubplanner.scenario.names import listed
from hubplanner.translation import gettext as _

METRES = 1000.0
MOST_POINTS = 20_000_000
"""More spread points than this are a mistake."""


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
        _lattice(place, shapely.centroid(place), area * METRES**2, spacing_km * METRES)
        if planar
        else _globe_lattice(place, area, spacing_km)
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


@dataclass(frozen=True, kw_only=True)
class SpreadReport:
    """Where the people of areas went.

    Parameters
    ----------
    here, there
        The files of areas and of places.
    areas
        Areas.
    places, inside
        Places with a weight, and those in an area.
    weight, weight_inside
        Their weights together.
    people
        People of the areas.
    alone
        Ids of the areas with people and no place, which stand at one point.
    """

    here: str
    there: str
    areas: int
    places: int
    inside: int
    weight: float
    weight_inside: float
    people: float
    alone: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return the report in words, for the terminal."""
        said = [
            (
                f"demand.spread_by, {self.there}: {self.inside:,} of {self.places:,} places lie in an area of "
                f"{self.here}, with {self.weight_inside:,.0f} of a weight of {self.weight:,.0f}; "
                f"{self.people:,.0f} people go to them"
            )
        ]
        if self.alone:
            said.append(
                f"  {len(self.alone):,} areas have no place inside and stand at one point: {listed(self.alone)}"
            )
        return said

    def as_dict(self) -> dict[str, object]:
        """Return the report as a JSON object."""
        return {
            "key": "demand.spread_by",
            "file": self.there,
            "areas": self.areas,
            "places": self.places,
            "inside": self.inside,
            "weight": {"all": self.weight, "inside": self.weight_inside},
            "people": self.people,
            "one_point": list(self.alone),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class WeightedPoints:
    """Places that the people of areas go to.

    Parameters
    ----------
    points
        (p, 2) coordinates in the system of travel.
    row
        (p,) the area each lies in, ascending.
    share
        (p,) part of the area's people that goes there.
    report, warnings
        What was done, and what may be a mistake.
    """

    points: Floats
    row: Ints
    share: Floats
    report: SpreadReport
    warnings: tuple[DataWarning, ...]


def spread_by(
    scenario: Scenario, frame: gpd.GeoDataFrame, rows: Ints, crs: CRS, faults: list[Fault]
) -> WeightedPoints | None:
    r"""Return the places that the people of areas go to; None, with every fault noted, when they cannot.

    Of the :math:`P` people of an area, :math:`P w_i / \sum_k w_k` go to its place :math:`i` of weight :math:`w_i`, the
    centre of a cell or a point; on a border the area whose id comes first holds the place. This is dasymetric mapping
    with weights given (Mennis 2003, https://doi.org/10.1111/0033-0124.10042).

    Parameters
    ----------
    scenario
        What was asked.
    frame
        n areas in id order, with ``demand_id`` and ``people``.
    rows
        (n,) where they stand in their file.
    crs
        System of travel.
    faults
        Gets what is wrong.
    """
    spec, before = scenario.demand.spread_by, len(faults)
    if spec is None:
        raise AssertionError
    here, there = scenario.demand.file_name, spec.file_name
    points_at = np.flatnonzero(frame.geom_type == "Point").tolist()
    allowed = _("a polygon: demand.spread_by gives the people of an area to the places inside it")
    faults += [
        Fault(file=here, row=int(rows[at]), column="geometry", value="Point", allowed=allowed) for at in points_at
    ]
    if points_at:
        return None
    areas, warnings = Areas(frame.geometry), list[DataWarning]()
    parts = [(np.zeros((0, 2)), np.zeros(0, dtype=np.intp), np.zeros(0))]
    count, total, kept = 0, 0.0, 0
    for spots, of_spots, system in _weighted(spec, warnings, faults):
        places, weight = spots[of_spots > 0], of_spots[of_spots > 0]
        at = areas.at(places, system)
        inside = at != OUTSIDE
        count, total, kept = count + len(weight), total + float(weight.sum()), kept + int(inside.sum())
        if kept > MOST_POINTS:
            allowed = _(
                "at most {most_points:,} places inside areas; take a coarser raster or fewer places",
                most_points=MOST_POINTS,
            )
            faults.append(Fault(file=there, value=_("more than {kept:,}", kept=kept), allowed=allowed))
            break
        turned = Transformer.from_crs(system, crs, always_xy=True).transform(*places[inside].T)
        parts.append((np.column_stack(turned), at[inside], weight[inside]))
    points, row, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    people, ids = frame["people"].to_numpy(), frame["demand_id"].to_numpy()
    empty = np.bincount(row, minlength=len(frame)) == 0
    alone = np.flatnonzero(empty & (people > 0)).tolist()
    if spec.unmatched == "error":
        allowed = _(
            "an area with a place of {there} inside; or demand.spread_by.unmatched: one_point, for a point inside it",
            there=there,
        )
        for area in alone if len(faults) == before else ():
            value = str(ids[area])
            faults.append(Fault(file=here, row=int(rows[area]), column="geometry", value=value, allowed=allowed))
    if len(faults) > before:
        return None
    if areas.doubled:
        warnings.append(overlap(here, areas.doubled))
    if alone:
        message = _(
            "no place of {there} lies in these areas, whose {people:,.0f} people stand at one point each: {areas}",
            there=there,
            people=people[alone].sum(),
            areas=listed(ids[alone]),
        )
        warnings.append(DataWarning(code="empty_zone", message=message, file=here))
    points = np.concatenate([points, metres(frame[empty], crs)])
    row, weight = np.concatenate([row, np.flatnonzero(empty)]), np.concatenate([weight, np.ones(int(empty.sum()))])
    order = np.argsort(row, kind="stable")
    report = SpreadReport(
        here=here,
        there=there,
        areas=len(frame),
        places=count,
        inside=kept,
        weight=total,
        weight_inside=float(weight[: len(weight) - int(empty.sum())].sum()),
        people=float(people.sum()),
        alone=tuple(map(str, ids[alone])),
    )
    share = (weight / np.bincount(row, weights=weight)[row])[order]
    return WeightedPoints(points=points[order], row=row[order], share=share, report=report, warnings=tuple(warnings))


def _weighted(
    spec: SpreadBySpec, warnings: list[DataWarning], faults: list[Fault]
) -> Iterator[tuple[Floats, Floats, CRS]]:
    """Yield places (k, 2), their weights (k,) and their system in parts; note every fault and doubt."""
    if spec.is_raster:
        raster = open_raster(Path(spec.path), spec.crs, faults, nodata=spec.nodata, per_km2=spec.cells == "density")
        if raster is not None:
            for cells in raster.points(faults):
                yield cells.places, cells.measures[:, 1], raster.crs
            raster.finish(faults)
        return
    wanted = [name for name in (spec.weight, spec.x, spec.y, spec.geometry and spec.geometry.column) if name]
    table = read_other(spec, wanted, faults, places=True)
    if table is None:
        return
    before, checker = len(faults), Checker(table=table, faults=faults)
    weight = checker.numbers(1.0 if spec.weight is None else spec.weight, most=MOST_PEOPLE).to_numpy()
    places = read_places(TableSpec.model_construct(path=spec.path, x=spec.x, y=spec.y), checker)
    warnings += table.warnings
    if places is not None and table.crs is not None and len(faults) == before:
        inside = representative(places)
        yield np.column_stack([inside.x, inside.y]), weight, table.crs

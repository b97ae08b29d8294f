"""Demand merged while it is read: rows that the same options reach, and every point once more for a finished plan."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from hubplanner.errors import Fault, raise_faults
from hubplanner.inputs.coordinates import METRES_PER_KM, WGS84, straight_travel
from hubplanner.inputs.demand.point_stream import open_table
from hubplanner.inputs.demand.stream_checks import CoordinateChecks, DensityGrid, Lattice, Projection
from hubplanner.inputs.demand.table import Demand, check_planar, check_scale, floor_columns
from hubplanner.inputs.demand.zones import ZonedFile, read_zones
from hubplanner.inputs.readers.points import PointFile
from hubplanner.inputs.readers.raster import open_raster
from hubplanner.inputs.sites import Sites
from hubplanner.inputs.spelling import check_values, with_demand_names
from hubplanner.problem import (
    Chunk,
    Floats,
    GeometricTravel,
    Ints,
    Matrix,
    Merged,
    RemeasuredDistance,
    merge_chunks,
    remeasure_chunks,
)
from hubplanner.scenario import Scenario
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""Seconds of reading after which it is said how far it got."""
DECIMALS = 6
"""Of places in the order of rows: rounding does not decide it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MergedDemand:
    """Demand points merged into rows.

    Parameters
    ----------
    demand
        The rows; connected shares and priorities are in their need.
    travel
        Distances (r, m) of the rows within reach.
    straight
        Measures distances between any place and the sites.
    n_points
        Points that were read.
    bounds
        Least and largest longitude and latitude (2,) of the points.
    sample
        (k, 2) longitudes and latitudes of points that stand for all.
    """

    demand: Demand
    travel: Matrix
    straight: GeometricTravel
    n_points: int
    bounds: tuple[Floats, Floats]
    sample: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Remeasurement:
    """What open hubs achieve for each point, and where the need is."""

    measured: RemeasuredDistance
    lattice: Lattice


class _Reading:
    """One pass over a file of demand points."""

    def __init__(
        self, scenario: Scenario, file: PointFile, faults: list[Fault], tally: DensityGrid | None = None
    ) -> None:
        spec, planar = scenario.demand, scenario.travel.is_planar
        self.file, self.ground, self.count = file, Projection(file.crs, planar=planar), 0
        column = f"{spec.x}, {spec.y}" if spec.x else "geometry"
        self.survey = CoordinateChecks(file, column, far_places=spec.far_places)
        self._faults, self._said, self._tally = faults, time.perf_counter(), tally

    def chunks(self) -> Iterator[Chunk]:
        """Yield the points for travel, up to the first fault; then only look for more faults."""
        before = len(self._faults)
        for points in self.file.points(self._faults):
            lonlat = self.ground.lonlat(points.places)
            if self._tally is None:
                self.survey.add(points, lonlat, self._faults)
            self.count += len(points.label)
            if time.perf_counter() - self._said > PATIENCE_S:
                log.info(_("read {name}: {count:,} points so far", name=self.file.name, count=self.count))
                self._said = time.perf_counter()
            if len(self._faults) == before:
                places = self.ground.travelled(points.places, lonlat)
                chunk = Chunk(places=places, measures=points.measures, label=points.label)
                if self._tally is not None:
                    self._tally.add(lonlat, chunk)
                yield chunk


def read_merged(scenario: Scenario, sites: Sites | None, faults: list[Fault]) -> MergedDemand | None:
    """Return the demand, merged by what reaches it; None, with every fault noted, when it cannot be used."""
    before = len(faults)
    file = _open(scenario, faults)
    if file is None:
        return None
    check_planar(scenario, file.crs, file.name, faults)
    reading = _Reading(scenario, file, faults)
    straight = None
    if sites is not None and len(faults) == before:
        straight = straight_travel(scenario.travel, np.zeros((0, 2)), sites.frame, file.crs)
    if straight is None or sites is None:
        for _ in reading.chunks():
            pass
        merged = None
    else:
        reach = np.array([tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs])
        merged = merge_chunks(reading.chunks(), straight, reach, sites.allowed)
    _finish(scenario, reading, faults)
    if merged is None or straight is None or len(faults) > before:
        return None
    rows = _in_order(merged)
    return MergedDemand(
        demand=_demand(scenario, merged, rows, reading),
        travel=_reordered(merged.travel, rows),
        straight=straight,
        n_points=merged.n_points,
        bounds=reading.survey.bounds,
        sample=reading.survey.around(),
    )


def measure(scenario: Scenario, merged: MergedDemand, site: Ints, reach: Floats) -> Remeasurement:
    """Measure from every point to open hubs, reading the file once more.

    Parameters
    ----------
    scenario, merged
        What was asked, and the demand.
    site, reach
        (k,) sites of the hubs and their reaches.
    """
    faults: list[Fault] = []
    file = _open(scenario, faults, again=True)
    raise_faults(faults)
    if file is None:  # pragma: no cover - a file that does not open comes with a fault
        raise AssertionError
    tally = DensityGrid(merged.bounds)
    measured = remeasure_chunks(_Reading(scenario, file, faults, tally).chunks(), merged.straight, site, reach)
    raise_faults(faults)
    return Remeasurement(measured=measured, lattice=tally.lattice())


def _open(scenario: Scenario, faults: list[Fault], *, again: bool = False) -> PointFile | None:
    """Return the file of points, each in its zone where the scenario has zones."""
    if scenario.demand.zones is None:
        return _open_own(scenario, faults, again=again)
    zones, own = read_zones(scenario, faults), _alone(scenario)
    file, first = _open_own(own, faults, again=again), _open_own(own, [], again=True)
    return None if zones is None or file is None or first is None else ZonedFile(scenario, file, first, zones)


def _alone(scenario: Scenario) -> Scenario:
    """Return a scenario as far as its file of demand goes."""
    return scenario.model_copy(update={"demand": scenario.demand.without_zones()})


def _open_own(scenario: Scenario, faults: list[Fault], *, again: bool) -> PointFile | None:
    spec = scenario.demand
    if spec.is_raster:  # the scenario's checks let numbers pass only
        offline, priority = 1 - float(spec.connected_share), float(spec.priority)
        return open_raster(
            Path(spec.path),
            spec.crs,
            faults,
            offline=offline,
            priority=priority,
            nodata=spec.nodata,
            per_km2=spec.cells == "density",
        )
    return open_table(scenario, floor_columns(scenario), faults, again=again)


def _finish(scenario: Scenario, reading: _Reading, faults: list[Fault]) -> None:
    """Note what only the whole file shows."""
    file = reading.file
    before = len(faults)
    reading.survey.finish(faults)
    file.finish(faults)
    groups = file.groups()
    check_values(with_demand_names(scenario, groups), "floors", groups, file.name, faults)
    sample = reading.survey.sample()
    if sample is not None and len(faults) == before:
        check_scale(scenario, sample, file.name, faults)


def _in_order(merged: Merged) -> Ints:
    """Return the rows from west to east, whatever the order of the points in the file."""
    x, y = merged.places.round(DECIMALS).T
    return np.lexsort((merged.label, y, x))


def _reordered(travel: Matrix, rows: Ints) -> Matrix:
    """Return the travel of some order of its points."""
    rank = np.empty_like(rows)
    rank[rows] = np.arange(len(rows))
    point = rank[travel.point]
    order = np.lexsort((travel.site, point))
    return replace(travel, point=point[order], site=travel.site[order], distance=travel.distance[order])


def _demand(scenario: Scenario, merged: Merged, rows: Ints, reading: _Reading) -> Demand:
    """Return merged rows as demand, in the system of travel."""
    planar = reading.ground.planar
    points = merged.places[rows] * (METRES_PER_KM if planar else 1.0)
    totals, label = merged.totals[rows], merged.label[rows]
    width = max(6, len(str(len(rows))))
    frame = {"demand_id": [f"M{number:0{width}}" for number in range(1, len(rows) + 1)], "people": totals[:, 1]}
    frame |= {group: np.array(values, dtype=object)[label] for group, values in reading.file.groups().items()}
    frame["need"] = totals[:, 0]
    crs = reading.file.crs if planar else WGS84
    places = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*points.T), crs=crs)
    growth = float(scenario.demand.growth_per_year)
    return Demand(
        frame=places,
        points=points,
        row=np.arange(len(rows)),
        share=np.ones(len(rows)),
        crs=places.crs,
        growth=np.full(len(rows), growth),
        offline=totals[:, 2],
        need_of={name: totals[:, 3 + place] for place, name in enumerate(floor_columns(scenario))},
        rows=np.zeros(0, dtype=np.intp),
        warnings=(*reading.survey.warnings, *reading.file.warnings()),
        joins=reading.file.reports() if isinstance(reading.file, ZonedFile) else (),
    )

"""Catchments of a plan's hubs along roads: from where each tier is reached, as polygons."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import contourpy
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.ndimage import distance_transform_edt

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import WGS84
from hubplanner.outputs.rounding import round_columns
from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem
from hubplanner.problem.problem import by_own_reach
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.problem.travel.network import Network
from hubplanner.problem.travel.roads import RoadGraph, between
from hubplanner.tolerances import REACH_TOLERANCE

MOST_NODES, MOST_CELLS = 200_000, 8_000_000
"""Places that ways are measured from, and cells of the grid that they are on."""
LEAST_CELL_KM = 0.1
KM_OF_A_DEGREE = EARTH_RADIUS_KM * math.pi / 180
HALF_CIRCLE = 180.0
BEYOND = 2.0
"""Multiple of a reach that stands for all that is farther, so that borders run between places on the grid."""


def reach_frame(inputs: Inputs, problem: Problem, plan: Evaluation) -> gpd.GeoDataFrame:
    """Return one row a tier with open hubs: from where people reach one of them, as polygons in WGS 84.

    Ways are measured from every place of a grid that may be so near, as from a demand point, with the way to the
    nearest road, and borders drawn between. Columns tier, reach (in the unit of travel), hubs, people and need within
    reach of one of them, and cell_km, how far the grid's places are apart. A border is no more exact than that.
    """
    modes = {} if inputs.searched is None else dict(inputs.searched.modes)
    options, rows, shapes = plan.options, list[dict[str, Any]](), list[Any]()
    columns = ["tier", "reach", "hubs", "people", "need", "cell_km"]
    if not len(options):
        return gpd.GeoDataFrame(pd.DataFrame(columns=columns), geometry=gpd.GeoSeries([], crs=WGS84), crs=WGS84)
    tiers = problem.option_tier[options]
    grid = _Grid.about(list(modes.values()), problem.option_site[options], float(problem.option_reach[options].max()))
    networks = [_from(network, grid.places) for network in modes.values()]
    for tier in np.unique(tiers).tolist():
        own = options[tiers == tier]
        reach, sites = float(problem.tier_reach[tier]), problem.option_site[own]
        cost = np.full(len(grid.places), np.inf)
        for mode, network in zip(modes, networks, strict=True):
            most = reach if problem.mode_reach is None else float(problem.mode_reach[mode][tier])
            if most > 0:  # by each mode in parts of its own reach
                cost = np.minimum(cost, network.to_nearest(sites, most * BEYOND) * (reach / most))
        inside = _within(problem, own)
        rows.append(
            {
                "tier": inputs.scenario.hubs[tier].name,
                "reach": reach,
                "hubs": int(plan.counts[tiers == tier].sum()),
                "people": math.fsum(problem.people[inside]),
                "need": math.fsum(problem.need[inside]),
                "cell_km": grid.cell_km,
            }
        )
        shapes.append(grid.below(cost, reach))
    frame = pd.DataFrame(rows, columns=columns)
    round_columns(frame, columns)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=WGS84), crs=WGS84)


def _from(network: Network, places: Floats) -> Network:
    """Return travel to the same sites from other places."""
    snaps = network.roads.snap(places, network.off_road.most_km, network.off_road.barred)
    return replace(network, points=places, point_snaps=snaps, found=[])


def _within(problem: Problem, options: Ints) -> Bools:
    """Tell which points (n,) are within reach of one of some options, all of a tier."""
    found = np.zeros(problem.n_points, dtype=np.bool_)
    travel = problem.travel.among(problem.option_site[options])
    point, hub, _ = travel.pairs(0, problem.n_points, float(problem.option_reach[options].max()))
    found[point[by_own_reach(problem, travel, point, hub, options[hub])]] = True
    return found


def _along(roads: RoadGraph, segments: Ints, step_km: float) -> Floats:
    """Return places (k, 2) along segments, no farther apart than a step."""
    counts = np.ceil(roads.km[segments] / step_km).astype(np.intp) + 1
    owner = np.repeat(segments, counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = number / np.maximum(np.repeat(counts, counts) - 1, 1)
    return between(roads.vertices[roads.start[owner]], roads.vertices[roads.end[owner]], share)


class _Grid:
    """Places in rows and columns of degrees, as far apart both ways on the ground, and those that are looked at.

    Parameters
    ----------
    lon, lat
        (c,) and (r,) degrees of columns and rows.
    cell_km
        How far apart they are.
    looked
        (r, c) places from which a hub may be reached.
    """

    def __init__(self, lon: Floats, lat: Floats, cell_km: float, looked: Bools) -> None:
        self.lon, self.lat, self.cell_km, self.looked = lon, lat, cell_km, looked

    @classmethod
    def about(cls, networks: list[Network], sites: Ints, limit: float) -> _Grid:
        """Return the finest grid that is allowed, with all places from which roads lead to sites within a limit."""
        off = networks[0].off_road
        walk = min(off.most_km, limit / off.pace)
        lines = [network.segments_within(sites, limit) for network in networks]
        cell = LEAST_CELL_KM
        while True:
            spots = [networks[0].sites[sites]]
            for network, segments in zip(networks, lines, strict=True):
                spots.append(_along(network.roads, segments, cell))
            grid = cls._over(np.vstack(spots), cell, walk)
            size = int(grid.looked.sum())
            if grid.cell_km <= cell and size <= MOST_NODES:
                return grid
            cell = max(grid.cell_km, cell * max(math.sqrt(size / MOST_NODES), 1.1))

    @classmethod
    def _over(cls, spots: Floats, cell: float, walk: float) -> _Grid:
        """Return a grid that looks at all places within a walk of some spots."""
        lon = spots[:, 0]
        if len(lon) and lon.max() - lon.min() > HALF_CIRCLE:  # over the seam of the map
            lon = lon % (2 * HALF_CIRCLE)
        spots = np.column_stack([lon, spots[:, 1]]) if len(lon) else np.zeros((1, 2))
        low, high = spots.min(axis=0), spots.max(axis=0)
        across = KM_OF_A_DEGREE * np.array([max(math.cos(math.radians(float(low[1] + high[1]) / 2)), 0.01), 1.0])
        margin = (walk + 3 * cell) / across
        low, high = low - margin, high + margin
        size = (high - low) * across
        cell = max(cell, math.sqrt(float(size.prod()) / MOST_CELLS))
        counts = np.ceil(size / cell).astype(np.intp) + 1
        axes = [low[axis] + np.arange(counts[axis]) * cell / across[axis] for axis in (0, 1)]
        marked = np.zeros((counts[1], counts[0]), dtype=np.bool_)
        column, row = (np.rint((spots[:, axis] - low[axis]) * across[axis] / cell).astype(np.intp) for axis in (0, 1))
        marked[row, column] = True
        # A degree of longitude is longer towards the equator than in the middle: one cell more, and a tenth.
        looked = distance_transform_edt(~marked) <= 1.1 * walk / cell + 2
        return cls(axes[0], axes[1].clip(-HALF_CIRCLE / 2, HALF_CIRCLE / 2), cell, looked)

    @property
    def places(self) -> Floats:
        """Places (k, 2) that are looked at, row by row."""
        row, column = np.nonzero(self.looked)
        return np.column_stack([(self.lon[column] + HALF_CIRCLE) % (2 * HALF_CIRCLE) - HALF_CIRCLE, self.lat[row]])

    def below(self, cost: Floats, most: float) -> Any:
        """Return where costs (k,) of the places looked at are at most a value, as a polygon of several parts."""
        height = np.full(self.looked.shape, BEYOND * most)
        height[self.looked] = np.minimum(cost, BEYOND * most)
        made: Any = contourpy.contour_generator(self.lon, self.lat, height, fill_type=contourpy.FillType.OuterOffset)
        parts, offsets = made.filled(-np.inf, most * (1 + REACH_TOLERANCE))
        found = []
        for points, rings in zip(parts, offsets, strict=True):
            shell, *holes = (points[first:last] for first, last in pairwise(rings))
            found.append(shapely.make_valid(shapely.Polygon(shell, holes)))
        return shapely.union_all([shape for shape in found if shape.area > 0]) if found else shapely.MultiPolygon([])

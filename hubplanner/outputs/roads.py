"""What a plan along roads shows beside others: ways, access, parts apart, gaps to close, and who is within reach."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import contourpy
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.ndimage import distance_transform_edt

from hubplanner.inputs import Inputs
from hubplanner.inputs.coordinates import METRES_PER_KM, WGS84, lonlat
from hubplanner.inputs.travel.roads.network import nearest_part
from hubplanner.inputs.travel.roads.rules import MINUTES_PER_HOUR
from hubplanner.outputs.rounding import round_columns
from hubplanner.problem import Bools, Evaluation, Floats, GreatCircle, Ints, Problem
from hubplanner.problem.arrays import spans
from hubplanner.problem.futures import CHUNK
from hubplanner.problem.problem import by_own_reach, option_pairs
from hubplanner.problem.travel.base import within
from hubplanner.problem.travel.gaps import Gap, gaps_of, reached_across
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.problem.travel.network import Network
from hubplanner.problem.travel.roads import RoadGraph, between
from hubplanner.problem.travel.routes import routes
from hubplanner.scenario.roads_spec import FOUND_CLASSES, NO_CLASS, ModeSpec
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.tolerances import REACH_TOLERANCE

SIMPLER = 0.02 / 111.195
"""Degrees, 20 m, by which drawn ways may leave the roads that they follow."""


ON_FOOT = "off road"
"""What stands for a mode where people walk straight to the hub."""
DECIMALS = 6
"""Of degrees: a tenth of a metre."""


class DrawnWays(NamedTuple):
    """Ways of links along roads.

    Parameters
    ----------
    lines
        (k,) lines in degrees, from the demand row to the hub.
    columns
        Of each: ``mode``, the means that is quickest, or `ON_FOOT` where the way takes no road; ``road_km`` along
        roads; ``access_km`` off them, in a straight line, at both ends together.
    """

    lines: Any
    columns: dict[str, Any]


def ways_of_links(inputs: Inputs, problem: Problem, plan: Evaluation, row: Ints, site: Ints) -> DrawnWays | None:
    """Return the ways of links (k,) between demand rows and sites; None where people do not travel along roads.

    Of a row whose people are spread over points it is the way of the point nearest to the row's place.
    """
    modes = {} if inputs.searched is None else inputs.searched.modes
    if not modes:
        return None
    point = _middle_points(inputs, problem, plan, row, site)
    far = np.array([network.along(point, site) for network in modes.values()]).reshape(len(modes), len(point))
    quickest = far.argmin(axis=0)
    start = lonlat(inputs.demand.frame)[row]
    lines, road_km, access_km = np.empty(len(row), dtype=object), np.zeros(len(row)), np.zeros(len(row))
    for number, network in enumerate(modes.values()):
        mine = np.flatnonzero(quickest == number)
        for at, route in zip(mine.tolist(), routes(network, point[mine], site[mine], far[number, mine]), strict=True):
            away = (start[at] != route.places[0]).any()
            lines[at] = shapely.LineString(np.vstack([start[[at]], route.places]) if away else route.places)
            road_km[at], access_km[at] = route.road_km, route.off_km
    names = np.array(list(modes), dtype=object)
    on_foot = road_km == 0
    columns = {"mode": np.where(on_foot, ON_FOOT, names[quickest]), "road_km": road_km, "access_km": access_km}
    return DrawnWays(shapely.simplify(lines, SIMPLER, preserve_topology=False), columns)


def _middle_points(inputs: Inputs, problem: Problem, plan: Evaluation, row: Ints, site: Ints) -> Ints:
    """Return for each row and site the point, of those served there, that is nearest to the row's place."""
    points, hub = plan.assigned.tocoo().coords
    served = pd.DataFrame(
        {"point": points, "row": inputs.demand.row[points], "site": problem.option_site[plan.options[hub]]}
    )
    places = lonlat(inputs.demand.frame)
    measure = GreatCircle(inputs.demand.points, places).measure
    served["km"] = measure(inputs.demand.points[served["point"]], places[served["row"]])
    first = (
        served.sort_values(["row", "site", "km", "point"]).drop_duplicates(["row", "site"]).set_index(["row", "site"])
    )
    return first.loc[pd.MultiIndex.from_arrays([row, site]), "point"].to_numpy(dtype=np.intp)


def _along_roads(inputs: Inputs) -> tuple[NetworkSpec, dict[str, Network]]:
    """Return the scenario's travel along roads, and that by each mode; raise where there is none."""
    spec = inputs.scenario.travel
    if not isinstance(spec, NetworkSpec) or inputs.searched is None:
        raise AssertionError
    return spec, dict(inputs.searched.modes)


def access_frame(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return one row a demand row and mode: how far people are from its nearest road.

    Columns demand_id, mode, people; access_km in a straight line and access_minutes there, means over the people who
    are near enough; road, the row of the file, or way of OpenStreetMap, that is nearest to the row's place, its class
    and part (0 is the longest, others are in islands.geojson); on_island, people whose nearest road is on a part of
    less than ``travel.island_km``; beyond, people farther than ``travel.access_max_km`` from any.
    """
    spec, modes = _along_roads(inputs)
    demand, row, people = inputs.demand, inputs.demand.row, inputs.demand.point_people
    size, names, found = len(demand.frame), _road_names(inputs), []
    places = lonlat(demand.frame)
    away = pd.DataFrame({"row": row, "km": GreatCircle(demand.points, places).measure(demand.points, places[row])})
    middle = away.sort_values(["row", "km"], kind="stable").drop_duplicates("row").index.to_numpy(dtype=np.intp)
    for mode, network in modes.items():
        graph, near = network.roads, network.point_snaps
        there = near.segment[:, 0] >= 0
        weight = np.where(there, demand.share, 0.0)
        whole = np.bincount(row, weights=weight, minlength=size)
        moment = np.bincount(row, weights=np.where(there, near.km[:, 0], 0.0) * weight, minlength=size)
        km = np.divide(moment, whole, out=np.full(size, np.nan), where=whole > 0)
        segment = near.segment[middle, 0]
        known = segment >= 0
        line = graph.line[np.where(known, segment, 0)] if graph.line is not None else segment
        apart = there & np.append(graph.on_island, False)[near.segment[:, 0]]
        columns = {
            "demand_id": demand.frame["demand_id"].to_numpy(dtype=object),
            "mode": np.full(size, mode, dtype=object),
            "people": np.bincount(row, weights=people, minlength=size),
            "access_km": km,
            "access_minutes": km * spec.detour * MINUTES_PER_HOUR / spec.access_kmh,
            "road": np.where(known, names[0][line], None),
            "class": np.where(known, names[1][line], None),
            "part": pd.Series(graph.part[np.where(known, segment, 0)], dtype="Int64").where(pd.Series(known)),
            "on_island": np.bincount(row, weights=people * apart, minlength=size),
            "beyond": np.bincount(row, weights=people * ~there, minlength=size),
        }
        found.append(pd.DataFrame(columns))
    frame = pd.concat(found, ignore_index=True)
    round_columns(frame, map(str, frame))
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*np.tile(places, (len(modes), 1)).T), crs=WGS84)


def _road_names(inputs: Inputs) -> tuple[Any, Any]:
    """Return what each line of the file is called, and its class."""
    spec, _ = _along_roads(inputs)
    table = None if inputs.searched is None else inputs.searched.lines
    if table is None:
        raise AssertionError
    frame = table.frame
    ids = frame["osm_id"] if "osm_id" in frame else [f"row {table.row(at)}" for at in range(len(frame))]
    column = spec.roads.road_class or next((name for name in FOUND_CLASSES if name in frame), None)
    kinds = (
        np.full(len(frame), "", dtype=object) if column is None else frame[column].astype(str).to_numpy(dtype=object)
    )
    return np.asarray(ids, dtype=object), kinds


def island_frame(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return one row a part of the roads that none joins to the longest, as lines, by the first mode.

    Columns part, km of road, people and need of those whose nearest road is on it, sites there, and gap_m, metres to
    the nearest longer part, blank where that is farther than `MOST_GAP_KM`.
    """
    _, modes = _along_roads(inputs)
    network = next(iter(modes.values()))
    graph, demand = network.roads, inputs.demand
    parts = np.arange(1, graph.n_parts)
    spots = graph.vertices[np.column_stack([graph.start, graph.end])]
    order = np.argsort(graph.part, kind="stable")
    first = np.searchsorted(graph.part[order], np.arange(graph.n_parts + 1))
    lines = np.empty(len(parts), dtype=object)
    for at, part in enumerate(parts.tolist()):
        own = spots[order[first[part] : first[part + 1]]]
        lines[at] = shapely.line_merge(shapely.MultiLineString(list(own)))
    widths = {gap.part: gap.km * METRES_PER_KM for gap in gaps_of(graph, MOST_GAP_KM)}
    segment = network.site_snaps.segment[:, 0]
    where = np.where(segment >= 0, graph.part[segment], -1)
    ids = inputs.sites.frame["site_id"].to_numpy(dtype=object)
    frame = pd.DataFrame(
        {
            "part": parts,
            "km": graph.part_km[1:],
            "people": nearest_part(network, demand.point_people)[1:],
            "need": nearest_part(network, demand.point_need)[1:],
            "sites": [", ".join(map(str, ids[where == part])) for part in parts.tolist()],
            "gap_m": np.array([widths.get(part, np.nan) for part in parts.tolist()], dtype=np.float64),
        }
    )
    round_columns(frame, map(str, frame))
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(lines, crs=WGS84), crs=WGS84)


MOST_GAP_KM, MOST_CLOSED = 3.0, 20
"""Widest gap of which it is told what closing it brings, and of how many."""


def closing_frame(inputs: Inputs, problem: Problem, plan: Evaluation) -> gpd.GeoDataFrame:
    """Return what closing a gap between roads brings, and beside that what another hub does, the most people first.

    Each alone, to the plan as it is: a gap of up to `MOST_GAP_KM` between a part of the roads and a longer one, of
    those with most people beside the part, closed by a road as one of no class; of each tier the hub that brings most.

    Columns what (gap or hub), part, site_id, tier, road_km to build, cost of the hub (money; of a road it is not
    known), people and need newly within reach of any hub, and beside, people whose nearest road is on the part. Lines
    across gaps and points of hubs are the geometry.
    """
    spec, modes = _along_roads(inputs)
    mode, network = next(iter(modes.items()))
    reached = _reached(problem, plan.options)
    rows, shapes = list[dict[str, Any]](), list[Any]()
    beside = nearest_part(network, problem.people)
    options = plan.options
    open_network = network.among(problem.option_site[options])
    reach = problem.option_reach[options]
    if problem.mode_reach is not None:
        reach = problem.mode_reach[mode][problem.option_tier[options]]
    price = _new_road(next(each for each in spec.modes if each.name == mode), in_minutes=inputs.unit == "minutes")
    for gap in _worth_closing(network, beside):
        fresh = reached_across(open_network, gap, gap.km * price, reach) & ~reached
        own = {"part": gap.part, "road_km": gap.km, "beside": float(beside[gap.part])}
        rows.append({"what": "gap", **own, **_sums(problem, fresh)})
        shapes.append(shapely.LineString(gap.places))
    for option, sums in _best_hubs(problem, plan, reached):
        site, tier = int(problem.option_site[option]), int(problem.option_tier[option])
        hub = {"site_id": inputs.sites.frame["site_id"].iloc[site], "tier": inputs.scenario.hubs[tier].name}
        rows.append({"what": "hub", **hub, "cost": float(problem.option_cost[option]), **sums})
        shapes.append(shapely.Point(inputs.sites.lonlat[site]))
    columns = ["what", "part", "site_id", "tier", "road_km", "cost", "people", "need", "beside"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["part"] = frame["part"].astype("Int64")
    figures = ["road_km", "cost", "people", "need", "beside"]
    frame[figures] = frame[figures].astype(np.float64)
    round_columns(frame, columns)
    found = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, crs=WGS84), crs=WGS84)
    return found.sort_values("people", ascending=False, kind="stable").reset_index(drop=True)


def closing_rows(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the rows of `closing_frame` as plan.json has them, with where they begin."""
    table = pd.DataFrame(frame.drop(columns="geometry")).astype(object)
    rows = table.where(table.notna(), None).to_dict("records")
    begin = [np.round(shapely.get_coordinates(shape)[0], DECIMALS).tolist() for shape in frame.geometry]
    return [
        {str(key): value for key, value in row.items()} | {"lon": lon, "lat": lat}
        for row, (lon, lat) in zip(rows, begin, strict=True)
    ]


def _reached(problem: Problem, options: Ints) -> Bools:
    """Tell which points (n,) are within reach of some open option."""
    travel, reach = problem.travel.among(problem.option_site[options]), problem.option_reach[options]
    found = np.zeros(problem.n_points, dtype=np.bool_)
    for start in range(0, problem.n_points, CHUNK):
        point, hub, far = travel.pairs(start, min(start + CHUNK, problem.n_points), float(reach.max(initial=0.0)))
        near = within(far, reach[hub]) & by_own_reach(problem, travel, point, hub, options[hub])
        found[point[near]] = True
    return found


def _sums(problem: Problem, fresh: Bools) -> dict[str, float]:
    return {"people": float(problem.people[fresh].sum()), "need": float(problem.need[fresh].sum())}


def _new_road(mode: ModeSpec, *, in_minutes: bool) -> float:
    """Return the cost of a kilometre of a new road: as a road of no class, or of the mode's slowest."""
    speeds = mode.by_class
    kmh = mode.kmh or speeds.get(NO_CLASS, min(speeds.values()))
    return MINUTES_PER_HOUR / (kmh * mode.speed_factor) if in_minutes else 1.0


def _worth_closing(network: Network, beside: Floats) -> list[Gap]:
    """Return the gaps to parts with people beside them, those with most first."""
    some = [gap for gap in gaps_of(network.roads, MOST_GAP_KM) if beside[gap.part] > 0]
    return sorted(some, key=lambda gap: (-beside[gap.part], gap.km))[:MOST_CLOSED]


def _best_hubs(problem: Problem, plan: Evaluation, reached: Bools) -> Iterator[tuple[int, dict[str, float]]]:
    """Yield of each tier the option at a site without a hub that brings most people within reach."""
    people, need = np.zeros(problem.n_options), np.zeros(problem.n_options)
    for start in range(0, problem.n_points, CHUNK):
        point, option, _ = option_pairs(problem, start, min(start + CHUNK, problem.n_points))
        point, option = (part[~reached[point]] for part in (point, option))
        people += np.bincount(option, weights=problem.people[point], minlength=problem.n_options)
        need += np.bincount(option, weights=problem.need[point], minlength=problem.n_options)
    free = ~np.isin(problem.option_site, problem.option_site[plan.options])
    for tier in range(len(problem.tier_reach)):
        own = np.flatnonzero(free & (problem.option_tier == tier) & (people > 0))
        if len(own):
            best = own[np.lexsort((problem.option_cost[own], -people[own]))[0]]
            yield int(best), {"people": float(people[best]), "need": float(need[best])}


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
    number = spans(np.zeros_like(counts), counts)
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

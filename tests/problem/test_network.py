"""Ways along roads: answers worked out by hand, and random networks measured once more by networkx."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings, strategies as st
from support.draws import examples

from hubplanner.inputs.travel.roads.barriers import Barriers
from hubplanner.problem import GreatCircle
from hubplanner.problem.travel.gaps import Gap, gaps_of, reached_across
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.problem.travel.network import Network, OffRoad, Quickest
from hubplanner.problem.travel.roads import JOIN_KM, NearestRoad, RoadGraph
from hubplanner.problem.travel.routes import routes

KM = 180 / np.pi / EARTH_RADIUS_KM
"""Degrees of a kilometre along the equator or a meridian."""
WALK = OffRoad(60 / 4, 10, straight=False)
"""At 4 km/h."""


def roads(
    spots: Any, ways: list[tuple[int, int]], kmh: Any = 60.0, *, oneway: bool | list[bool] = False, **more: Any
) -> RoadGraph:
    """Return straight roads between places in kilometres."""
    vertices = np.array(spots, dtype=float) * KM
    start, end = np.array(ways).T
    km = GreatCircle(vertices, vertices).measure(vertices[start], vertices[end])
    minutes = km / np.broadcast_to(kmh, len(km)) * 60
    closed = np.broadcast_to(oneway, len(km))
    known: dict[str, Any] = {"boards": np.ones(len(km), dtype=np.bool_), **more}
    backward = np.where(closed, np.inf, minutes)
    return RoadGraph(vertices=vertices, start=start, end=end, km=km, forward=minutes, backward=backward, **known)


def minutes(graph: RoadGraph, point: Any, site: Any, off: OffRoad = WALK, direction: Any = "to_hub") -> float:
    places = [np.array([place], dtype=float) * KM for place in (point, site)]
    return float(Network.of(graph, *places, off, direction).from_site(0)[0])


SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
AROUND = [(0, 1), (1, 2), (2, 3), (3, 0)]


@pytest.mark.parametrize("contracted", [True, False])
def test_a_square_of_roads_is_gone_around_by_the_shorter_side(contracted: bool) -> None:  # noqa: FBT001
    square = roads(SQUARE, AROUND, contracted=contracted)
    assert minutes(square, (0, 0), (1, 1)) == pytest.approx(2, rel=1e-6)
    closed = roads(SQUARE, AROUND[1:], contracted=contracted)
    assert minutes(closed, (0, 0), (1, 1)) == pytest.approx(2, rel=1e-6)
    assert minutes(closed, (0, 0), (1, 0)) == pytest.approx(3, rel=1e-6)


@pytest.mark.parametrize(("direction", "expected"), [("to_hub", 1), ("from_hub", 3), ("both", 2), ("either", 1)])
def test_a_one_way_ring_is_as_long_as_the_direction_says(direction: str, expected: float) -> None:
    ring = roads(SQUARE, AROUND, oneway=True)
    assert minutes(ring, (0, 0), (1, 0), direction=direction) == pytest.approx(expected, rel=1e-6)


def test_two_places_at_one_road_go_along_it_and_walk_to_it() -> None:
    road = roads([(0, 0), (2, 0)], [(0, 1)], kmh=30)
    assert minutes(road, (1.5, 0), (0.5, 0)) == pytest.approx(2, rel=1e-9)
    assert minutes(road, (1.5, 0.5), (0.5, 0)) == pytest.approx(2 + 7.5, rel=1e-6)


def test_minutes_count_where_the_speed_changes_along_an_edge() -> None:
    spots, ways = [(0, 0), (1, 0), (2, 0)], [(0, 1), (1, 2)]
    for contracted in (True, False):
        road = roads(spots, ways, kmh=[60, 20], contracted=contracted)
        assert minutes(road, (1.5, 0), (0.5, 0)) == pytest.approx(1.5 + 0.5, abs=1e-9)
    assert len(roads(spots, ways).edges.start) == 1


def test_lines_that_cross_without_a_vertex_are_a_bridge() -> None:
    cross = roads([(-1, 0), (1, 0), (0, -1), (0, 1)], [(0, 1), (2, 3)])
    assert minutes(cross, (1, 0), (0, 1)) == np.inf
    assert cross.n_parts == 2


def test_a_place_beside_an_island_goes_to_the_main_road_where_that_leads_on() -> None:
    spots = [(0, 0), (30, 0), (10, 0.5), (11, 0.5)]
    graph = roads(spots, [(0, 1), (2, 3)], island_km=5.0)
    place, hub = (10.5, 0.35), (20, 0)
    assert minutes(graph, place, hub) == pytest.approx(0.35 * 15 + 9.5, rel=1e-6)
    assert minutes(replace(graph, island_km=0.0), place, hub) == np.inf
    assert minutes(graph, place, (10.2, 0.5)) == pytest.approx(0.15 * 15 + 0.3, rel=1e-6)  # on the island itself
    assert graph.part_km.round(6).tolist() == [30, 1]


def test_parallel_roads_rings_and_dead_ends() -> None:
    spots = [(0, 0), (1, 0), (2, 0), (5, 5), (6, 5), (6, 6)]
    ways = [(0, 1), (0, 1), (1, 2), (1, 2), (3, 4), (4, 5), (5, 3)]
    graph = roads(spots, ways, kmh=[60, 30, 60, 60, 60, 60, 60])
    assert minutes(graph, (0, 0), (1, 0)) == pytest.approx(1, rel=1e-9)
    assert minutes(graph, (6, 5), (6, 6)) == pytest.approx(1, rel=1e-6)  # a ring that no other road meets
    assert minutes(graph, (2, 0), (0, 0)) == pytest.approx(2, rel=1e-9)


def test_the_seam_of_the_map_and_the_poles_are_places_like_others() -> None:
    far = np.array([[179.99, 0.0], [-179.99, 0.0], [0.0, 89.99], [180.0, 89.99]])
    km = GreatCircle(far, far).measure(far[[0, 2]], far[[1, 3]])
    graph = RoadGraph(
        vertices=far,
        start=np.array([0, 2]),
        end=np.array([1, 3]),
        km=km,
        forward=km,
        backward=km,
        boards=np.ones(2, bool),
    )
    places = np.array([[180.0, 0.001], [0.0, 90.0]])
    assert graph.snap(places, 1).share[:, 0] == pytest.approx([0.5, 0.5])
    assert graph.snap(places, 1).km[:, 0] == pytest.approx([0.001 / KM, 0], abs=1e-6)


def test_reach_is_inclusive_and_a_place_is_no_way_from_itself() -> None:
    road = roads([(0, 0), (30, 0)], [(0, 1)])
    places = np.array([[0.0, 0.0], [30.0, 0.0]]) * KM
    travel = Network.of(road, places, places[:1], WALK)
    exact = float(travel.from_site(0)[1])
    for reach, inside in ((exact, 2), (exact * (1 - 2e-9), 1)):
        assert len(replace(travel, found=[]).pairs(0, 2, reach)[0]) == inside
    assert travel.pairs(0, 1, 1.0)[2].tolist() == [0.0]


def test_walking_straight_is_never_slower_within_the_limit() -> None:
    road = roads([(0, 0), (10, 0), (10, 1), (0, 1)], [(0, 1), (1, 2), (2, 3)], kmh=10)
    straight = OffRoad(15, 2, detour=1.2)
    assert minutes(road, (0, 0), (0, 1), straight) == pytest.approx(1.2 * 15, rel=1e-6)
    assert minutes(road, (0, 0), (0, 1), straight._replace(most_km=0.9)) == pytest.approx(21 * 6, rel=1e-6)
    assert minutes(road, (0, 0), (0, 1), straight._replace(straight=False)) == pytest.approx(21 * 6, rel=1e-6)


def test_what_is_too_far_from_any_road_is_not_reached() -> None:
    road = roads([(0, 0), (10, 0)], [(0, 1)])
    assert minutes(road, (5, 3), (0, 0), WALK._replace(most_km=2.9)) == np.inf
    assert minutes(road, (5, 3), (0, 0), WALK._replace(most_km=3.1)) == pytest.approx(45 + 5, rel=1e-6)


def test_the_quickest_of_several_means_counts() -> None:
    places = np.array([[0.0, 0.0], [10.0, 0.0]]) * KM
    car, walk = (
        Network.of(roads([(0, 0), (10, 0)], [(0, 1)], kmh=kmh, oneway=oneway), places, places, WALK)
        for kmh, oneway in ((60, True), (6, False))
    )
    both = Quickest((car, walk))
    assert both.from_site(1).round(6).tolist() == [10, 0]
    assert both.from_site(0).round(6).tolist() == [0, 100]
    point, site, found = both.pairs(0, 2, 10.5)
    assert sorted(zip(point.tolist(), site.tolist(), found.round(6).tolist(), strict=True)) == [
        (0, 0, 0),
        (0, 1, 10),
        (1, 1, 0),
    ]
    between = both.between_sites()
    assert between is not None
    assert between.from_site(0)[1] == pytest.approx(10)


# -- random networks -------------------------------------------------------------------------------------------------


def town(seed: int) -> tuple[RoadGraph, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a small network with parallel, one-way and lonely roads, places about it and on its vertices."""
    draw = np.random.default_rng(seed)
    n, extra = int(draw.integers(3, 20)), int(draw.integers(1, 12))
    vertices = draw.uniform(0, 0.05, (n, 2)).round(4)
    start = np.concatenate([np.arange(n - 1), draw.integers(0, n, extra)])
    end = np.concatenate([np.arange(1, n), draw.integers(0, n, extra)])
    keep = (start != end) & (draw.random(len(start)) < 0.9)
    start, end = start[keep], end[keep]
    size = len(start)
    forward, backward = draw.uniform(0.1, 3, (2, size))
    closed, side = draw.random(size) < 0.4, draw.random(size) < 0.5
    graph = RoadGraph(
        vertices=vertices,
        start=start,
        end=end,
        km=draw.uniform(0.1, 2, size),
        forward=np.where(closed & side, np.inf, forward),
        backward=np.where(closed & ~side, np.inf, backward),
        boards=draw.random(size) < 0.9,
        island_km=3.0,
    )
    points, sites = (draw.uniform(-0.01, 0.06, (count, 2)).round(4) for count in (9, 6))
    points[0], points[1] = sites[0], vertices[0]
    return graph, points, sites


def walls(seed: int) -> list[Any]:
    """Return a few rivers and a lake among the roads of a town."""
    draw = np.random.default_rng(seed)
    lines = [shapely.LineString(draw.uniform(-0.01, 0.06, (3, 2))) for _ in range(int(draw.integers(1, 4)))]
    return [*lines, shapely.Point(draw.uniform(0, 0.05, 2)).buffer(0.004)]


def by_networkx(network: Network, *, to_hub: bool, gap: Gap | None = None, cost: float = 0.0) -> np.ndarray[Any, Any]:
    """Return all distances (n, m): each road cut at every place that joins it, each piece an arc; a gap closed."""
    graph, off = network.roads, network.off_road
    every: nx.MultiDiGraph[Any] = nx.MultiDiGraph()
    cuts: dict[int, list[tuple[float, Any]]] = {}
    for name, snaps in (("p", network.point_snaps), ("s", network.site_snaps)):
        for place, slot in np.argwhere(snaps.segment >= 0).tolist():
            cuts.setdefault(int(snaps.segment[place, slot]), []).append(
                (float(snaps.share[place, slot]), (name, place, slot))
            )
    for at in () if gap is None else (0, 1):
        cuts.setdefault(int(gap.segment[at]), []).append((float(gap.share[at]), ("g", at, 0)))
        every.add_edge(("g", at, 0), ("g", 1 - at, 0), cost=cost)
    for road in range(len(graph.start)):
        stops = [(0.0, graph.start[road]), *sorted(cuts.get(road, [])), (1.0, graph.end[road])]
        for (low, tail), (high, head) in pairwise(stops):
            same = (high - low) * graph.km[road] <= 1e-9
            for price, ends in ((graph.forward[road], (tail, head)), (graph.backward[road], (head, tail))):
                if same or np.isfinite(price):
                    every.add_edge(*ends, cost=0.0 if same else price * (high - low))
    found = np.full((network.n_points, network.n_sites), np.inf)
    for site in range(network.n_sites):
        for slot in np.flatnonzero(network.site_snaps.segment[site] >= 0).tolist():
            start = ("s", site, slot)
            far = nx.single_source_dijkstra_path_length(every.reverse() if to_hub else every, start, weight="cost")
            for point, other in np.argwhere(network.point_snaps.segment >= 0).tolist():
                walked = (network.site_snaps.km[site, slot] + network.point_snaps.km[point, other]) * off.pace
                found[point, site] = min(found[point, site], far.get(("p", point, other), np.inf) + walked)
        if off.straight:
            crow = GreatCircle(network.points, network.sites).from_site(site)
            there = np.repeat(network.sites[[site]], network.n_points, axis=0)
            walks = (crow <= off.most_km) & ~(off.barred or Barriers([]))(network.points, there)
            found[:, site] = np.minimum(found[:, site], np.where(walks, crow * off.pace, np.inf))
    return found


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_ways_are_those_of_networkx_in_every_direction(seed: int, straight: bool, wet: bool) -> None:  # noqa: FBT001
    graph, points, sites = town(seed)
    network = Network.of(
        graph, points, sites, OffRoad(13.3, 1.0, 1.2, straight, Barriers(walls(seed)) if wet else None)
    )
    there, back = (by_networkx(network, to_hub=way) for way in (True, False))
    expected = {"to_hub": there, "from_hub": back, "both": (there + back) / 2, "either": np.minimum(there, back)}
    for direction, table in expected.items():
        travel = replace(network, direction=direction, found=[])
        columns = np.array([travel.from_site(site) for site in range(len(sites))]).T
        np.testing.assert_allclose(columns, table, atol=1e-9)
        np.testing.assert_allclose(travel.nearest(), table.min(axis=1), atol=1e-9)
        point, site = np.nonzero(np.isfinite(table))
        np.testing.assert_allclose(travel.along(point, site), table[point, site], atol=1e-9)


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["to_hub", "from_hub", "both"]), st.floats(0.2, 8.0))
def test_nobody_goes_longer_than_by_road_alone_or_straight_within_the_limit(
    seed: int, direction: Any, most_km: float
) -> None:
    graph, points, sites = town(seed)
    off = OffRoad(13.3, most_km, 1.2, straight=True)
    network = Network.of(graph, points, sites, off, direction)
    by_road = replace(network, off_road=off._replace(straight=False), found=[])
    for site in range(len(sites)):
        found, road = network.from_site(site), by_road.from_site(site)
        crow = GreatCircle(points, sites).from_site(site)
        assert (found <= road + 1e-9).all()
        near = crow <= most_km
        assert (found[near] <= crow[near] * off.pace + 1e-9).all()
        if direction != "both":  # there by road and back on foot is no way of either
            is_either = np.isclose(found, road) | (near & np.isclose(found, crow * off.pace))
            assert is_either[np.isfinite(found)].all()
            assert np.isinf(road[np.isinf(found)]).all()


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.5, 3.0, 10.0]))
def test_contracted_grouped_and_plain_searches_find_the_same_pairs(seed: int, reach: float) -> None:
    graph, points, sites = town(seed)
    off = OffRoad(13.3, 1.0, 1.2)
    network = Network.of(graph, points, sites, off)
    table = np.array([network.from_site(site) for site in range(len(sites))]).T
    expected = np.where(table <= reach, table, np.inf)
    plain = Network.of(replace(graph, contracted=False), points, sites, off)
    some = np.array([3, 0, 3])
    for travel in (network, replace(network, grouped=False, found=[]), plain):
        found = np.full(table.shape, np.inf)
        point, site, distance = travel.pairs(0, len(points), reach)
        found[point, site] = distance
        np.testing.assert_allclose(found, expected, atol=1e-9)
        few = np.full((len(points), len(some)), np.inf)
        point, site, distance = travel.among(some).pairs(0, len(points), reach)
        few[point, site] = distance
        np.testing.assert_allclose(few, expected[:, some], atol=1e-9)
        assert set(travel.pairs(2, 5, reach)[0].tolist()) <= {2, 3, 4}


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 10**6))
def test_the_nearest_road_is_the_nearest_of_all(seed: int) -> None:
    graph, points, _ = town(seed)
    snaps = graph.snap(points, 100.0)
    share = np.linspace(0, 1, 2001)
    ends = graph.vertices[graph.start], graph.vertices[graph.end]
    for point, segment, km in zip(points, snaps.segment[:, 0].tolist(), snaps.km[:, 0].tolist(), strict=True):
        # So near the equator and so short, an arc is a straight line in degrees to a tenth of a metre.
        spots = ends[0][:, None] + share[:, None] * (ends[1] - ends[0])[:, None]
        far = (
            GreatCircle(point[None], point[None])
            .measure(spots.reshape(-1, 2), point[None])
            .reshape(len(graph.start), -1)
        )
        least = np.where(graph.boards, far.min(axis=1), np.inf)
        assert km == pytest.approx(least.min(), abs=2e-3)
        assert least[segment] == pytest.approx(least.min(), abs=2e-3)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 10**6))
def test_the_nearest_open_road_is_the_nearest_that_no_barrier_bars(seed: int) -> None:
    graph, points, _ = town(seed)
    shapes = walls(seed)
    snaps, water = graph.snap(points[2:6], 4.0, Barriers(shapes)), shapely.union_all(shapes)
    measure = GreatCircle(points, points).measure
    for number, point in enumerate(points[2:6]):
        joint, dense = np.inf, np.inf
        for road in np.flatnonzero(graph.boards).tolist():
            first, last = graph.vertices[graph.start[road]], graph.vertices[graph.end[road]]
            length = float(measure(first[None], last[None])[0])
            # So near the equator and so short, an arc is a straight line in degrees to a tenth of a metre.
            foot = np.clip((point - first) @ (last - first) / ((last - first) @ (last - first)), 0, 1)
            own = np.append(np.linspace(0, 1, int(np.ceil(length / JOIN_KM)) + 1), foot)
            every = np.linspace(0, 1, 201)
            for shares in (own, every):
                spots = first + shares[:, None] * (last - first)
                far = measure(np.repeat(point[None], len(spots), axis=0), spots)
                clear = shapely.distance(shapely.linestrings([[point, spot] for spot in spots]), water) > 1e-9
                if shares is own:
                    joint = min(joint, far[clear & (far <= 4)].min(initial=np.inf))
                else:  # where a step of road is open around it
                    steps = int(np.ceil(JOIN_KM / length * 200)) + 1
                    for begin in range(201 - steps):
                        if clear[begin : begin + steps + 1].all():
                            dense = min(dense, far[begin : begin + steps + 1].min())
        km = float(snaps.km[number].min())
        assert km == pytest.approx(joint, abs=2e-3) or (np.isinf(km) and np.isinf(joint))
        if dense < 4 - JOIN_KM:
            assert km <= dense + JOIN_KM + 2e-3
        if np.isfinite(km):
            at, share = snaps.segment[number, 0], snaps.share[number, 0]
            spot = (1 - share) * graph.vertices[graph.start[at]] + share * graph.vertices[graph.end[at]]
            assert not water.intersects(shapely.LineString([point, spot]))


def test_a_street_drawn_once_a_direction_is_one_street() -> None:
    spots, ways = [(0, 0), (4, 0), (4, 3)], [(0, 1), (1, 0), (1, 2), (2, 1)]
    drawn = roads(spots, ways, oneway=True)
    street = drawn.without_twins
    once = roads(spots, [(0, 1), (1, 2)])
    assert minutes(drawn, (1, 0), (3, 0)) != pytest.approx(minutes(drawn, (3, 0), (1, 0)))
    for point, site in (((1, 0), (3, 0)), ((3, 0), (1, 0)), ((1, 0.5), (4, 2)), ((4, 2), (1, 0.5))):
        assert minutes(street, point, site) == pytest.approx(minutes(once, point, site), rel=1e-12)
    assert street.part_km.tolist() == pytest.approx(once.part_km.tolist())
    assert len(street.edges.start) == 1


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 10**6))
def test_roads_upon_each_other_are_each_way_the_cheapest_of_them(seed: int) -> None:
    graph, points, sites = town(seed)
    draw = np.random.default_rng(seed)
    again = draw.integers(0, len(graph.start), 6)  # some roads twice, turned and as they are, at other costs
    turned = draw.random(6) < 0.5
    start = np.where(turned, graph.end[again], graph.start[again])
    end = np.where(turned, graph.start[again], graph.end[again])
    more = {
        "start": np.concatenate([graph.start, start]),
        "end": np.concatenate([graph.end, end]),
        "km": np.concatenate([graph.km, draw.uniform(0.1, 2, 6)]),
        "forward": np.concatenate([graph.forward, draw.uniform(0.1, 3, 6)]),
        "backward": np.concatenate([graph.backward, np.where(draw.random(6) < 0.5, np.inf, 1.0)]),
        "boards": np.concatenate([graph.boards, draw.random(6) < 0.8]),
    }
    every = replace(graph, **more)
    network = Network.of(every.without_twins, points, sites, OffRoad(13.3, 1.0, 1.2, straight=False))
    # A road of a cost each way is two arcs between its ends, whichever road they are of.
    for travel, lengths in ((network, False), (network.between_sites(), True)):
        assert isinstance(travel, Network)
        cheapest: nx.DiGraph[int] = nx.DiGraph()
        cheapest.add_nodes_from(range(len(every.vertices)))
        for road in range(len(every.start)):
            for cost, ends in (
                (every.forward[road], (every.start[road], every.end[road])),
                (every.backward[road], (every.end[road], every.start[road])),
            ):
                price = every.km[road] if lengths and np.isfinite(cost) else cost
                if price < cheapest.get_edge_data(*ends, {"cost": np.inf})["cost"]:
                    cheapest.add_edge(*ends, cost=price)
        merged = travel.roads
        found = nx.floyd_warshall_numpy(cheapest, weight="cost")
        own: nx.DiGraph[int] = nx.DiGraph()
        own.add_nodes_from(range(len(every.vertices)))
        arcs = [*zip(merged.start, merged.end, merged.forward, strict=True)]
        arcs += [*zip(merged.end, merged.start, merged.backward, strict=True)]
        for tail, head, cost in sorted(arcs, key=lambda arc: -arc[2]):
            if np.isfinite(cost):
                own.add_edge(tail, head, cost=cost)
        np.testing.assert_allclose(nx.floyd_warshall_numpy(own, weight="cost"), found, atol=1e-12)


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["to_hub", "from_hub", "both"]), st.booleans(), st.booleans())
def test_routes_lead_along_roads_and_cost_what_is_said(seed: int, direction: Any, straight: bool, wet: bool) -> None:  # noqa: FBT001
    graph, points, sites = town(seed)
    km = GreatCircle(graph.vertices, graph.vertices).measure(graph.vertices[graph.start], graph.vertices[graph.end])
    # As long as they are drawn, so that their lengths tell on which roads a way is.
    graph = replace(graph, km=km, boards=np.ones(len(km), dtype=np.bool_)).without_twins
    barred = Barriers(walls(seed))
    off = OffRoad(13.3, 1.0, 1.2, straight, barred if wet else None)
    network = Network.of(graph, points, sites, off, direction)
    table = np.array([network.from_site(site) for site in range(len(sites))]).T
    point, site = np.nonzero(np.isfinite(table))
    there = Network.of(graph, points, sites, off, "from_hub" if direction == "from_hub" else "to_hub")
    expected = there.along(point, site)
    for at, route in enumerate(routes(network, point, site, table[point, site])):
        assert route.cost == pytest.approx(expected[at], abs=1e-9)
        assert route.places[0].tolist() == points[point[at]].tolist()
        assert route.places[-1].tolist() == sites[site[at]].tolist()
        for snaps, place, leg in (
            (network.point_snaps, point[at], route.places[:2]),
            (network.site_snaps, site[at], route.places[-2:]),
        ):
            assert not (wet and snaps.km[place].min() > 1e-6 and barred(leg[:1], leg[1:])[0])
        length = GreatCircle(route.places, route.places).measure(route.places[:-1], route.places[1:])
        assert length.sum() == pytest.approx(route.road_km + route.off_km, abs=1e-5)
        assert _cost_of(graph, route, off, to_hub=direction != "from_hub") == pytest.approx(route.cost, abs=1e-5)


def _cost_of(graph: RoadGraph, route: Any, off: OffRoad, *, to_hub: bool) -> float:
    """Return the cost of a drawn way: each step at the least cost of the roads that both its ends lie on."""
    if route.road_km == 0:
        return float(route.off_km * off.pace)
    path = route.places if to_hub else route.places[::-1]
    total, first, last = 0.0, graph.vertices[graph.start], graph.vertices[graph.end]
    for number, (one, other) in enumerate(pairwise(path)):
        step = float(GreatCircle(one[None], one[None]).measure(one[None], other[None])[0])
        share = [_share(first, last, spot) for spot in (one, other)]
        least = np.inf if number in {0, len(path) - 2} else 1e9
        for road in np.flatnonzero((share[0][1] < 1e-6) & (share[1][1] < 1e-6)).tolist():
            ahead = share[1][0][road] - share[0][0][road]
            price = graph.forward[road] if ahead > 0 else graph.backward[road]
            least = min(least, 0.0 if ahead == 0 else abs(ahead) * price)
        total += min(least, step * off.pace) if number in {0, len(path) - 2} else least
    return total


def _share(first: Any, last: Any, spot: Any) -> tuple[Any, Any]:
    """Return how far along each straight line of degrees a place is nearest, and how far in degrees it is."""
    way = last - first
    share = ((spot - first) * way).sum(axis=1) / (way**2).sum(axis=1)
    share = share.clip(0, 1)
    return share, np.linalg.norm(first + share[:, None] * way - spot, axis=1)


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["to_hub", "from_hub", "both"]))
def test_who_reaches_a_hub_across_a_closed_gap_is_as_in_the_joined_network(seed: int, direction: Any) -> None:
    graph, points, sites = town(seed)
    off = OffRoad(13.3, 1.0, 1.2)
    network = Network.of(graph, points, sites, off, direction)
    reach = np.random.default_rng(seed).choice([0.5, 3.0, 10.0], len(sites))
    for gap in gaps_of(graph, 100.0):
        assert graph.part[gap.segment].tolist().count(gap.part) == 1
        ends = GreatCircle(gap.places, gap.places).measure(gap.places[:1], gap.places[1:])
        assert ends[0] == pytest.approx(gap.km, abs=1e-6)
        there, back = (by_networkx(network, to_hub=way, gap=gap, cost=0.7) for way in (True, False))
        table = {"to_hub": there, "from_hub": back, "both": (there + back) / 2}[direction]
        if (np.abs(table - reach) < 1e-6).any():
            continue
        known = np.array([network.from_site(site) for site in range(len(sites))]).T
        expected = (table <= reach).any(axis=1)
        found = reached_across(network, gap, 0.7, reach) | (known <= reach).any(axis=1)
        assert found.tolist() == expected.tolist()


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 10**6))
def test_the_gap_of_a_part_is_the_nearest_that_its_vertices_are_to_a_longer_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(3, 15))
    begin = draw.uniform(0, 30, (n, 2))
    spots = np.stack([begin, begin + draw.uniform(-3, 3, (n, 2))], axis=1).reshape(-1, 2)
    graph = roads(spots, [(2 * at, 2 * at + 1) for at in range(n)])
    found = {gap.part: gap for gap in gaps_of(graph, 100.0)}
    assert sorted(found) == list(range(1, graph.n_parts))
    segment_of = {int(graph.part[at]): at for at in range(n)}
    for part, gap in found.items():
        own = graph.vertices[[graph.start[segment_of[part]], graph.end[segment_of[part]]]]
        longer = np.array([segment_of[other] for other in range(part)])
        least = NearestRoad.of(graph, longer).nearest(own, 100.0)[2].min()
        apart = [graph.vertices[ends[longer]] for ends in (graph.start, graph.end)]
        back = NearestRoad.of(graph, np.array([segment_of[part]])).nearest(np.vstack(apart), 100.0)[2].min()
        assert gap.km <= least + 1e-9
        assert gap.km >= min(least, back) - 1e-9
        assert gap.other < part

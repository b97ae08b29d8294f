"""Every plan of a small network: each set of options with each set of edges, worked out by plain loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.inputs.backhaul.read import neighbouring
from hubplanner.problem import Planar

MOST_EDGES = 4
"""Edges of a network whose programmes are enumerated."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """A plan: its options and edges, the need it covers and the money it takes."""

    options: tuple[int, ...]
    edges: tuple[int, ...]
    covered: float
    cost: float


def every_plan(problem: hp.Problem, most_per_site: int = 1) -> Iterator[NetworkPlan]:
    """Yield every plan with one tier a site whose hubs are all connected; each link is the cheaper that a hub has."""
    net = problem.backhaul
    assert net is not None
    reached = {edges: reach(net, edges) for edges in subsets(net.n_edges)}
    standing = frozenset(np.flatnonzero(problem.existing).tolist())
    covers = covers_of(problem)
    for options in subsets(problem.n_options):
        sites = problem.option_site[list(options)].tolist()
        if max((sites.count(site) for site in sites), default=0) > most_per_site or not standing <= set(options):
            continue
        if not set(problem.required_sites.tolist()) <= set(sites):
            continue
        served = set().union(*(covers[option] for option in options)) if options else set()
        covered = math.fsum(problem.need[point] for point in served)
        hubs = math.fsum(problem.option_cost[list(options)])
        for edges, nodes in reached.items():
            links = hubs + sum(net.cost[list(edges)])
            for option in options:
                if option in standing:
                    continue
                site, tier = problem.option_site[option], problem.option_tier[option]
                ways = zip(net.node[:, site], net.line_cost[:, site, tier], strict=True)
                by_line = [money for node, money in ways if node in nodes]
                links += min([net.alone_cost[site, tier], *by_line])
            if math.isfinite(links):
                yield NetworkPlan(options=options, edges=edges, covered=covered, cost=float(links))


@dataclass(frozen=True, kw_only=True)
class Programme:
    """Hubs and edges of each year, the need that they cover, and the money spent by then."""

    options: tuple[frozenset[int], ...]
    edges: tuple[frozenset[int], ...]
    covered: tuple[float, ...]
    cost: tuple[float, ...]


def every_programme(problem: hp.Problem, years: int = 2) -> Iterator[Programme]:
    """Yield every programme whose hubs stay, with the link they open with, and whose edges are needed and stay."""
    net = problem.backhaul
    assert net is not None
    edges = [frozenset(some) for some in subsets(net.n_edges)]
    reached = {some: reach(net, tuple(sorted(some))) for some in edges}
    covers, standing = covers_of(problem), frozenset(np.flatnonzero(problem.existing).tolist())
    sets = [frozenset(some) for some in subsets(problem.n_options) if standing <= set(some)]
    sites = {some: problem.option_site[sorted(some)].tolist() for some in sets}
    sets = [some for some in sets if len(set(sites[some])) == len(some)]

    def money(option: int, nodes: set[int]) -> float:
        site, tier = problem.option_site[option], problem.option_tier[option]
        ways = zip(net.node[:, site], net.line_cost[:, site, tier], strict=True)
        return float(min([net.alone_cost[site, tier], *(price for node, price in ways if node in nodes)]))

    def links(opened: tuple[frozenset[int], ...], built: tuple[frozenset[int], ...]) -> float:
        """Return money for links: of each hub the cheapest in the year in which it opens."""
        fresh = [later - earlier for earlier, later in itertools.pairwise((standing, *opened))]
        return sum(money(one, reached[lines]) for new, lines in zip(fresh, built, strict=True) for one in new)

    for opened in itertools.product(sets, repeat=years):
        if any(not earlier <= later for earlier, later in itertools.pairwise(opened)):
            continue
        if not set(problem.required_sites.tolist()) <= set(sites[opened[-1]]):
            continue
        covered = tuple(
            math.fsum(problem.need[point] for point in set().union(*(covers[one] for one in some))) for some in opened
        )
        for built in itertools.product(edges, repeat=years):
            if any(not earlier <= later for earlier, later in itertools.pairwise(built)):
                continue
            so_far = [links(opened[: year + 1], built[: year + 1]) for year in range(years)]
            if not math.isfinite(so_far[-1]):
                continue
            hubs = (math.fsum(problem.option_cost[sorted(some)]) for some in opened)
            trench = (math.fsum(net.cost[sorted(some)]) for some in built)
            cost = tuple(map(sum, zip(so_far, hubs, trench, strict=True)))
            yield Programme(options=opened, edges=built, covered=covered, cost=cost)


def small(seed: int, made: Callable[[int], hp.Problem]) -> hp.Problem:
    """Return a network with at most four edges."""
    problem = made(seed)
    net = problem.backhaul
    assert net is not None
    return replace(problem, backhaul=net.among(np.arange(min(MOST_EDGES, net.n_edges))))


def new_sites_of(problem: hp.Problem, options: Iterable[int]) -> frozenset[int]:
    """Return the sites of those of some options that do not stand already."""
    return frozenset(int(problem.option_site[option]) for option in options if not problem.existing[option])


def covers_of(problem: hp.Problem) -> dict[int, set[int]]:
    """Return the points that each option covers."""
    far = problem.travel.pairs(0, problem.n_points, float(problem.tier_reach.max()))
    covers: dict[int, set[int]] = {option: set() for option in range(problem.n_options)}
    for point, site, distance in zip(*(part.tolist() for part in far), strict=True):
        for option, points in covers.items():
            if problem.option_site[option] == site and distance <= problem.option_reach[option] * (1 + 1e-9):
                points.add(point)
    return covers


def subsets(size: int) -> Iterator[tuple[int, ...]]:
    return itertools.chain.from_iterable(itertools.combinations(range(size), some) for some in range(size + 1))


def reach(net: hp.Backhaul, edges: tuple[int, ...]) -> set[int]:
    """Return the nodes that edges connect, by adding one after the other."""
    nodes = set(net.roots.tolist())
    grew = True
    while grew:
        grew = False
        for edge in edges:
            start, end = net.ends[edge].tolist()
            joined = start in nodes or (end in nodes and not net.leads_one_way[edge])
            if joined and not {start, end} <= nodes:
                nodes |= {start, end}
                grew = True
    return nodes


def random_ways(seed: int) -> hp.Problem:
    """Return a problem as `random_network` does, whose sites hang on it in two ways; some edges lead one way."""
    problem, rng = random_network(seed), np.random.default_rng(seed + 10_000)
    net = problem.backhaul
    assert net is not None
    sites, tiers = net.alone_cost.shape
    shape = (1, sites, tiers)
    other = np.where(rng.random(shape) < 0.7, rng.integers(0, 4, shape), np.inf)
    node = np.where(rng.random((1, sites)) < 0.8, rng.integers(0, net.n_nodes, (1, sites)), -1)
    return replace(
        problem,
        backhaul=replace(
            net,
            node=np.concatenate([net.node, node]),
            line_cost=np.concatenate([net.line_cost, other.astype(float)]),
            alone_cost=np.where(rng.random((sites, tiers)) < 0.5, np.inf, net.alone_cost),
            one_way=rng.random(net.n_edges) < 0.5,
        ),
    )


def random_network(seed: int) -> hp.Problem:
    """Return a problem of at most 5 options and 6 edges: junctions, several roots, links with and without choice."""
    rng = np.random.default_rng(seed)
    sites, tiers = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    nodes = sites + int(rng.integers(1, 3))
    site_xy, points = rng.uniform(0, 10, (sites, 2)), rng.uniform(0, 10, (12, 2))
    pairs = [(site, tier) for site in range(sites) for tier in range(tiers)]
    pairs = [pair for pair in pairs if tiers == 1 or rng.random() < 0.6] or pairs[:2]
    pairs = pairs[:5]
    used = {site for site, _ in pairs}
    status = np.array([0 if site in used else 3 for site in range(sites)])
    if rng.random() < 0.2:
        status[pairs[0][0]] = 2
    stands = status == 1
    if tiers == 1 and rng.random() < 0.2:
        status[pairs[-1][0]] = 1
        stands = status == 1
    option_site = np.array([site for site, _ in pairs])
    cost = rng.integers(1, 9, len(pairs)).astype(float)
    every = [*itertools.combinations(range(nodes), 2)]
    some = rng.permutation(len(every))[: int(rng.integers(2, 7))]
    ends = np.array([every[pair] for pair in some])[:, :: int(rng.choice([1, -1]))]
    shape = (sites, tiers)
    line = np.where(rng.random(shape) < 0.85, rng.integers(0, 4, shape), np.inf)
    alone = np.where(rng.random(shape) < 0.5, rng.integers(2, 15, shape), np.inf)
    net = hp.Backhaul(
        ends=ends,
        cost=rng.integers(0, 8, len(ends)).astype(float),
        roots=rng.permutation(np.arange(sites, nodes))[: int(rng.integers(1, 3))],
        node=np.where(rng.random(sites) < 0.9, rng.permutation(nodes)[:sites], -1),
        line_cost=line.astype(float),
        alone_cost=alone.astype(float),
    )
    return hp.Problem(
        need=rng.integers(1, 10, len(points)).astype(float),
        people=rng.integers(1, 10, len(points)).astype(float),
        travel=Planar(points, site_xy),
        site_status=status,
        tier_reach=np.sort(rng.uniform(2, 5, tiers)),
        option_site=option_site,
        option_tier=np.array([tier for _, tier in pairs]),
        option_cost=np.where(stands[option_site], 0.0, cost),
        backhaul=net,
    )


def towns(seed: int, count: int) -> hp.Problem:
    """Return towns in a square, lines between neighbours, three of them with the internet today."""
    rng = np.random.default_rng(seed)
    places, points = rng.uniform(0, 100, (count, 2)), rng.uniform(0, 100, (10 * count, 2))
    ends = neighbouring(places / 100, 4)
    length = np.hypot(*(places[ends[:, 0]] - places[ends[:, 1]]).T)
    problem = hp.Problem.from_points(points, rng.integers(1, 100, len(points)), places, rng.uniform(5, 15, count), 12.0)
    return replace(
        problem,
        backhaul=hp.Backhaul(
            ends=ends,
            cost=1.2 * length,
            roots=rng.permutation(count)[:3],
            node=np.arange(count),
            line_cost=np.zeros((count, 1)),
            alone_cost=np.where(rng.random((count, 1)) < 0.3, 30.0, np.inf),
        ),
    )


def best_within(plans: Iterable[NetworkPlan], budget: float, found: hp.Solution) -> float:
    """Assert that a solution is the best of all plans within a budget, the cheapest of these, and return its cover."""
    within = [plan for plan in plans if plan.cost <= budget]
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return 0.0
    best = max(plan.covered for plan in within)
    assert found.value == pytest.approx(best)
    assert found.bound >= best - 1e-6
    assert found.evaluation is not None
    cheapest = min(plan.cost for plan in within if plan.covered >= best - 1e-9)
    assert found.evaluation.cost == pytest.approx(cheapest)
    return best

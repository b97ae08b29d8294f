"""Hubs with the lines that connect them: towns drawn at random and Pakistan, beside what fixes sites or lines first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.figures import Clock, by_pulp, figures
from benchmarks.ours import options, record

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE, DETOUR, REACH = 100.0, 1.2, 12.0
HOP_KM, HOP_COST = 20.0, 12.0
"""How far radio leads in the towns that have it, and for how much."""
STEPS = 12
"""Halvings of the money that is kept back for lines where sites come first."""
LOOSE = 0.9
"""A gap with which a search ends with its bound alone."""
PAKISTAN = Path(__file__).resolve().parents[2] / "scenarios/pakistan_backhaul.yaml"


def question(given: dict[str, Any]) -> tuple[Any, Any]:
    """Return a problem whose hubs are to be connected, and what is asked."""
    import hubplanner as hp

    if "towns" in given:
        return _towns(**given)
    from hubplanner.pipeline.objective import objective_of

    data = hp.read_inputs(hp.read_scenario(PAKISTAN, overrides=given["overrides"]))
    return hp.build_problem(data), objective_of(data)


def _towns(seed: int, towns: int, nodes: int, dish: float | None = None, hops: int = 0) -> tuple[Any, Any]:
    """Return towns in a square with ten villages each, a few on fibre, and 15 % of the money for all hubs and lines."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    import hubplanner as hp
    from hubplanner.inputs.backhaul.read import neighbouring

    rng = np.random.default_rng(seed)
    places, villages = rng.uniform(0, SIDE, (towns, 2)), rng.uniform(0, SIDE, (10 * towns, 2))
    ends = neighbouring(places / SIDE, 4)
    cost = DETOUR * np.hypot(*(places[ends[:, 0]] - places[ends[:, 1]]).T)
    need, hubs = rng.integers(1, 101, len(villages)).astype(float), rng.uniform(5, 15, towns)
    problem = hp.Problem.from_points(villages, need, places, hubs, REACH)
    net = hp.Backhaul(
        ends=ends,
        cost=cost,
        roots=rng.permutation(towns)[:nodes],
        node=np.arange(towns),
        line_cost=np.zeros((towns, 1)),
        alone_cost=np.full((towns, 1), np.inf if dish is None else dish),
    )
    budget = float(np.floor(0.15 * (hubs.sum() + minimum_spanning_tree(_weights(net)).sum())))
    return replace(problem, backhaul=_with_hops(net, places, hops) if hops else net), hp.MaxCoverage(budget=budget)


def _with_hops(net: Any, places: NDArray[np.float64], most: int) -> Any:
    """Return a network with radio between all towns that are near each other, in so many hops at most."""
    from hubplanner.problem.backhaul import HopStates

    far = np.hypot(*(places[:, None] - places).transpose(2, 0, 1))
    pairs = np.argwhere((far <= HOP_KM) & (far > 0))
    pairs = pairs[~np.isin(pairs[:, 1], net.roots)]
    states = HopStates.of(len(places), pairs, most, np.ones(len(places), dtype=np.bool_))
    return replace(
        net,
        ends=np.concatenate([net.ends, states.ends]),
        cost=np.concatenate([net.cost, np.where(states.hop >= 0, HOP_COST, 0.0)]),
        node=np.stack([net.node[0], states.node]),
        line_cost=np.zeros((2, len(places), 1)),
        one_way=np.arange(len(net.ends) + len(states.ends)) >= len(net.ends),
        one_of=np.concatenate([np.full(len(net.ends), -1), states.landing]),
    )


def _weights(net: Any) -> Any:
    """Return the lines between places as a matrix of money, all places of today as one."""
    from scipy.sparse import coo_array

    place = np.arange(net.n_nodes)
    place[net.roots] = net.roots.min()
    ends = np.sort(place[net.ends], axis=1)
    order = np.lexsort((net.cost, ends[:, 1], ends[:, 0]))
    _, first = np.unique(ends[order], axis=0, return_index=True)
    edges = order[first][ends[order[first], 0] != ends[order[first], 1]]
    return coo_array((net.cost[edges], ends[edges].T), shape=(net.n_nodes, net.n_nodes)).tocsr()


def ours(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve with hubplanner: hubs and lines in one proof."""
    import hubplanner as hp

    problem, asked = question(given)
    clock = Clock()
    solution = hp.solve_problem(problem, asked, options(limit, gap))
    return record(solution, clock.seconds(), gap)


def flow(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Solve the textbook program with PuLP and HiGHS: one flow that brings a unit to each hub."""
    problem, asked = question(given)
    clock = Clock()
    return by_pulp(textbook(problem, asked.budget), "HiGHS", clock, limit, gap)


def textbook(problem: Any, budget: float) -> Any:
    """Return the textbook program: binary hubs, links and arcs, one commodity."""
    import pulp

    from hubplanner.problem import merge_demand

    net, rows = problem.backhaul, merge_demand(problem)
    site, tier = problem.option_site, problem.option_tier
    program = pulp.LpProblem("connected", pulp.LpMaximize)
    built = [program.add_variable(f"y{option}", cat="Binary") for option in range(problem.n_options)]
    covered = [program.add_variable(f"z{row}", 0, 1) for row in range(len(rows.need))]
    program.setObjective(pulp.LpAffineExpression(zip(covered, rows.need.tolist(), strict=True)))
    for row, variable in enumerate(covered):
        near = rows.cover.indices[rows.cover.indptr[row] : rows.cover.indptr[row + 1]]
        program += pulp.LpAffineExpression([(variable, 1), *((built[option], -1) for option in near)]) <= 0
    links: list[list[Any]] = [[] for _ in built]
    spent = list(zip(built, problem.option_cost.tolist(), strict=True))
    taken: dict[int, list[Any]] = {}
    for way, option in np.argwhere(np.isfinite(net.line_cost[:, site, tier]) & (net.node[:, site] >= 0)).tolist():
        links[option].append(program.add_variable(f"u{way}_{option}", cat="Binary"))
        taken.setdefault(int(net.node[way, site[option]]), []).append(links[option][-1])
        spent.append((links[option][-1], float(net.line_cost[way, site[option], tier[option]])))
    for option in np.flatnonzero(np.isfinite(net.alone_cost[site, tier])).tolist():
        links[option].append(program.add_variable(f"s{option}", cat="Binary"))
        spent.append((links[option][-1], float(net.alone_cost[site[option], tier[option]])))
    for option, own in enumerate(links):
        program += pulp.lpSum(own) == (0 if problem.existing[option] else built[option])
    for one in range(problem.n_sites):
        program += pulp.lpSum(built[option] for option in np.flatnonzero(site == one)) <= 1
    tail, head, edge = net.arcs
    most, roots = problem.n_sites, set(net.roots.tolist())
    balance: dict[int, list[Any]] = {node: [(v, -1) for v in hung] for node, hung in taken.items()}
    for arc, (start, end, number) in enumerate(zip(tail.tolist(), head.tolist(), edge.tolist(), strict=True)):
        laid, sent = program.add_variable(f"x{arc}", cat="Binary"), program.add_variable(f"f{arc}", 0, most)
        program += pulp.LpAffineExpression([(sent, 1), (laid, -most)]) <= 0
        spent.append((laid, float(net.cost[number])))
        balance.setdefault(end, []).append((sent, 1))
        balance.setdefault(start, []).append((sent, -1))
    for node, terms in balance.items():
        if node not in roots:
            program += pulp.LpAffineExpression(terms) == 0
    unit = 10.0 ** np.floor(np.log10(budget))
    program += pulp.LpAffineExpression([(variable, money / unit) for variable, money in spent]) <= budget / unit
    return program


def tree_first(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Lay the shortest tree through all places first, then choose the best hubs on it, proven; told by its full gap."""
    from scipy.sparse.csgraph import minimum_spanning_tree

    import hubplanner as hp

    problem, asked = question(given)
    clock = Clock()
    net = problem.backhaul
    tree = minimum_spanning_tree(_weights(net)).tocoo()
    kept = replace(net, ends=np.column_stack([tree.row, tree.col]).astype(np.intp), cost=tree.data)
    found = hp.solve_problem(replace(problem, backhaul=kept), asked, options(limit, gap))
    seconds = clock.seconds()
    return figures(found.value, _bound(problem, asked, limit), seconds, gap)


def sites_first(given: dict[str, Any], *, limit: float, gap: float) -> dict[str, Any]:
    """Choose sites as if lines cost nothing, with the money kept back that connecting them takes."""
    import networkx as nx

    import hubplanner as hp

    problem, asked = question(given)
    clock = Clock()
    weights = _weights(problem.backhaul).tocoo()
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(weights.row.tolist(), weights.col.tolist(), weights.data.tolist(), strict=True))
    root, roots = int(problem.backhaul.roots.min()), set(problem.backhaul.roots.tolist())
    least, most, best = 0.0, asked.budget, 0.0
    for _ in range(STEPS):
        for_hubs = (least + most) / 2
        found = hp.solve_problem(replace(problem, backhaul=None), hp.MaxCoverage(budget=for_hubs), options(limit, gap))
        ends = {root} | (set(found.open_sites.tolist()) - roots)
        tree = nx.algorithms.approximation.steiner_tree(graph, list(ends), method="mehlhorn")
        if found.evaluation is None or found.evaluation.cost + tree.size(weight="weight") > asked.budget:
            most = for_hubs
        else:
            least, best = for_hubs, max(best, found.value)
    seconds = clock.seconds()
    return figures(best, _bound(problem, asked, limit), seconds, gap)


def _bound(problem: Any, asked: Any, limit: float) -> float:
    """Return what no plan of the whole question is better than."""
    import hubplanner as hp

    return float(hp.solve_problem(problem, asked, options(limit, LOOSE)).bound)


RUNS = {
    ("connected", "PuLP + HiGHS"): flow,
    ("connected", "sites first"): sites_first,
    ("connected", "tree first"): tree_first,
    ("connected", "hubplanner"): ours,
}

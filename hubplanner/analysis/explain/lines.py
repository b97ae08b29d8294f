"""What each line of a plan serves, what hubs save with their lines if they go, what the link of a further hub costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.problem import Backhaul, Bools, Evaluation, Floats, Problem, evaluate
from hubplanner.problem.backhaul import NO_NODE

if TYPE_CHECKING:
    from hubplanner.analysis.explain.resolve import ExplainContext

FREE = 1e-9
"""Stands for the money of a line that costs none: searches take an entry of 0 for no line."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LineFigures:
    """A line that is built, and what it is to the plan.

    Parameters
    ----------
    edge
        Its number in the network.
    start, end
        Its places, from the internet of today outwards.
    sites
        Sites whose hubs it connects, ascending.
    need, people
        What the plan loses of each if these hubs go and nothing else changes.
    """

    edge: int
    start: int
    end: int
    sites: tuple[int, ...]
    need: float
    people: float


def line_figures(asked: ExplainContext) -> list[LineFigures]:
    """Return each line of a plan with the hubs behind it, that which serves most need first; those that cost left out.

    >>> import hubplanner as hp
    >>> from dataclasses import replace
    >>> from hubplanner.analysis.explain.explain import explain_plan
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> net = hp.Backhaul(
    ...     ends=np.array([[2, 0], [0, 1]]), cost=np.array([5.0, 2.0]), roots=np.array([2]), node=np.array([0, 1]),
    ...     line_cost=np.zeros((2, 1)), alone_cost=np.full((2, 1), np.inf),
    ... )
    >>> found = explain_plan(replace(line, backhaul=net), hp.MaxCoverage(budget=9)).lines
    >>> [(one.start, one.end, one.sites, one.need) for one in found]
    [(2, 0, (0, 1), 7.0), (0, 1, (1,), 4.0)]
    """
    problem, plan = asked.plan.problem, asked.evaluation
    net = problem.backhaul
    if net is None or plan.backhaul is None:
        return []
    behind: dict[int, set[int]] = {}
    on = plan.backhaul.on_network
    sites = problem.option_site[plan.options[on]]
    for node, site in zip(net.node[plan.backhaul.way[on], sites].tolist(), sites.tolist(), strict=True):
        behind.setdefault(node, set()).add(site)
    found = []
    for node, edge, _ in reversed(net.ways(plan.edges)):
        if edge < 0:
            continue
        before = int(net.ends[edge].sum()) - node
        served = behind.get(node, set())
        behind.setdefault(before, set()).update(served)
        if net.cost[edge] > 0:
            need, people = _lost(problem, plan, on, served)
            found.append(
                LineFigures(edge=edge, start=before, end=node, sites=tuple(sorted(served)), need=need, people=people)
            )
    return sorted(found, key=lambda one: (-one.need, one.edge))


def _lost(problem: Problem, plan: Evaluation, on: Bools, sites: set[int]) -> tuple[float, float]:
    """Return need and people that only the hubs on the network at some sites cover."""
    gone = on & np.isin(problem.option_site[plan.options], sorted(sites))
    share: Floats
    if plan.is_assigned:  # whom a dropped hub serves none serves then
        share = np.asarray(plan.credit @ gone.astype(np.float64)).ravel()
    else:
        rest = evaluate(problem, np.repeat(plan.options[~gone], plan.counts[~gone]), edges=plan.edges)
        share = plan.covered_share - rest.covered_share
    return math.fsum(problem.need * share), math.fsum(problem.people * share)


def saved_by_lines(problem: Problem, plan: Evaluation, here: Bools) -> float:
    """Return the money for links, and for lines that nobody else needs, of some of a plan's hubs, a mask (k,)."""
    net = problem.backhaul
    if net is None or plan.backhaul is None:
        return 0.0
    rest = plan.options[~here & ~problem.existing[plan.options]]
    kept = net.pruned(problem.option_site[rest], problem.option_tier[rest], plan.edges)
    return math.fsum([*plan.backhaul.link_cost[here], *net.cost[np.setdiff1d(plan.edges, kept)]])


def links_to_more(problem: Problem, plan: Evaluation) -> Floats:
    r"""Return the money (o,) that the link of one more hub of each option takes, with the lines to what is built.

    .. math:: \min\bigl(a_o, \min_k (\ell_{ko} + \text{the cheapest way to its node from a connected one})\bigr)

    Infinite where there is no link; 0 where links are of no concern.
    """
    net = problem.backhaul
    if net is None:
        return np.zeros(problem.n_options)
    site, tier = problem.option_site, problem.option_tier
    way: Floats = np.append(_cheapest_ways(net, net.connected(plan.edges)), np.inf)
    node = net.node[:, site]
    by_line: Floats = (net.line_cost[:, site, tier] + way[np.where(node == NO_NODE, -1, node)]).min(axis=0)
    return np.minimum(net.alone_cost[site, tier], by_line)


def _cheapest_ways(net: Backhaul, connected: Bools) -> Floats:
    """Return the money for the cheapest way to each node from a connected one; infinite where there is none."""
    tail, head, edge = net.arcs
    order = np.lexsort((net.cost[edge], head, tail))
    pairs, first = np.unique(np.column_stack([tail, head])[order], axis=0, return_index=True)
    money = np.maximum(net.cost[edge][order][first], FREE)
    arcs = coo_array((money, (pairs[:, 0], pairs[:, 1])), shape=(net.n_nodes, net.n_nodes)).tocsr()
    ways: Floats = dijkstra(arcs, indices=np.flatnonzero(connected), min_only=True)
    return np.where(ways < FREE * net.n_nodes, 0.0, ways)

"""Plans made better where hubs share lines: hubs that lie together closed, with the lines to them, and grown again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.model import Goal, Question
from hubplanner.problem import Floats, Ints, Problem
from hubplanner.problem.backhaul import NO_NODE
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.network_greedy import LEAST_COST, NOTHING_BUILT, Begun, NetworkGreedy, finished
from hubplanner.solver.mip.subproblem import Incumbent

WORK, EACH = 1.5e8, 20
"""Entries of rows and arcs that are looked at, about two seconds, and how many a point takes that is evaluated."""
AT_LEAST = 20
"""Trials where the question is so large that each takes seconds."""
PATIENCE = 4
"""Trials for each site that are made after the last that found a better plan."""
# Measured on 120 towns with fibre, seeds 1 and 3, after a thousand trials: greedy plans are 3.8 and 1.2 % below the
# best; these 0.8 and 0.3 %; with noise of 0.8 for both 1.5 and 0.6 %, a warmth of 0.001 and no noise of lines 1.0 and
# 0.6 %.
MOST_CLOSED = 10
"""Hubs that a trial closes at most."""
NOISE = 0.4
"""By how much the worth of hubs and the money for lines vary from trial to trial."""
ANEW = 0.2
"""Share of trials in which the lines to the hubs that stay are laid anew as well."""
WARMTH = 0.005
"""Share of the best plan's worth by which plans may be worse and are still gone on from once in e times."""


def improved_network(  # noqa: PLR0913, PLR0917 - a question, where to begin, what guides it, and how long
    question: Question,
    goal: Goal,
    best: Incumbent,
    enough: float,
    built: Floats,
    open_: Floats,
    deadline: Deadline,
    seed: int,
) -> Incumbent:
    """Return the best of many plans that are each grown from what one before leaves when some of its hubs are closed.

    Those that lie nearest to one of them close; what grows in their place is guided by a relaxation now more, now less
    (Ropke and Pisinger 2006, doi:10.1287/trsc.1050.0135). Plans that are a little worse may be gone on from.

    Parameters
    ----------
    best
        A plan that keeps to every limit.
    enough
        Worth of a plan that none better is asked for.
    built, open_
        What a relaxation builds of each arc of the network (a,), and opens of each option (o,).
    """
    if question.periods is not None or not question.objective.maximises_coverage or not best.years:
        return best
    greedy, rng = NetworkGreedy.of(question), np.random.default_rng(seed)
    apart = _Apart.of(question.instance.problem)
    size = len(greedy.graph.cost) + greedy.cover.nnz + EACH * question.instance.problem.n_points
    now, work, trials, left = best, 0.0, 0, PATIENCE * question.instance.problem.n_sites
    while left > 0 and (work < WORK or trials < AT_LEAST) and not deadline.is_past and best.value < enough:
        kept, closed = _closed(apart, now, rng)
        factor, worth = greedy.guided((rng.uniform(0, 1), rng.uniform(0, 4)), built, open_)
        factor, worth = (one * rng.uniform(1 - NOISE, 1, len(one)) for one in (factor, worth))
        trial = finished(question, goal, greedy.grown(factor, worth, kept))
        work, trials, left = work + size * (1 + closed), trials + 1, left - 1
        if not trial.years:
            continue
        loss = (now.value - trial.value) / max(best.value, 1.0)
        if loss <= 0 or rng.random() < math.exp(-loss / WARMTH):
            now = trial
        if trial.value > best.value:
            best, left = trial, PATIENCE * question.instance.problem.n_sites
    return best


@dataclass(frozen=True, eq=False)
class _Apart:
    """How far sites are from each other along the network, in money for lines.

    Parameters
    ----------
    ways
        (v, v) money from node to node.
    node
        (k, m) each site's nodes; the last one stands for none.
    """

    ways: csr_array
    node: Ints

    @classmethod
    def of(cls, problem: Problem) -> Self:
        net = problem.backhaul
        if net is None:
            raise AssertionError
        # The least of edges that join the same nodes, where an array made of all of them would hold their sum.
        order = np.argsort(net.cost, kind="stable")
        ends, first = np.unique(np.sort(net.ends[order], axis=1), axis=0, return_index=True)
        ways = csr_array((net.cost[order][first] + LEAST_COST, tuple(ends.T)), shape=(net.n_nodes, net.n_nodes))
        return cls(ways, net.node)

    def of_site(self, site: int) -> Floats:
        """Return how far each site (m,) is from one; infinite where no way leads."""
        start = self.node[:, site]
        far = np.full(self.ways.shape[0], np.inf)
        if (start != NO_NODE).any():
            far = dijkstra(self.ways, directed=False, indices=start[start != NO_NODE], min_only=True)
        found: Floats = np.where(self.node == NO_NODE, np.inf, far[self.node]).min(axis=0)
        found[site] = 0.0
        return found


def _closed(apart: _Apart, plan: Incumbent, rng: np.random.Generator) -> tuple[Begun, int]:
    """Return what a plan is left with when some of its hubs are closed, and how many."""
    year = plan.years[0]
    problem, net = year.problem, year.problem.backhaul
    options = year.plan.hubs
    new = options[problem.new[options]]
    if net is None or not len(new):
        return NOTHING_BUILT, 0
    sites: Ints = problem.option_site[new]
    far = apart.of_site(int(rng.choice(sites)))[sites] * rng.uniform(0.7, 1.3, len(new))
    closed = min(int(rng.integers(1, MOST_CLOSED + 1)), len(new))
    kept = np.sort(new[np.argsort(far, kind="stable")[closed:]])
    if rng.random() < ANEW:
        return replace(NOTHING_BUILT, required=tuple(rng.permutation(problem.option_site[kept]).tolist())), len(new)
    sites, tiers = problem.option_site[kept], problem.option_tier[kept]
    return Begun(options=kept, edges=net.pruned(sites, tiers, year.plan.edges)), closed

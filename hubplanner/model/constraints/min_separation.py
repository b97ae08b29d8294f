"""The least distance between new hubs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from pulp import LpConstraintLE

from hubplanner.errors import ScenarioError
from hubplanner.model.parameters import check
from hubplanner.tolerances import REACH_TOLERANCE

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Ints, Problem


@dataclass(frozen=True, kw_only=True)
class MinSeparation:
    """Any two new hubs are at least ``distance`` apart, in the unit of travel."""

    distance: float

    def __post_init__(self) -> None:
        """Refuse a distance that is none."""
        check("min_separation", self.distance, "a distance above 0", lambda value: value > 0)


def add_min_separation(model: Model, block: MinSeparation) -> None:
    r"""Build at most one new hub in each set of sites too near to each other: $\sum_{j \in C} y_j \le 1$.

    Cliques C cover every pair that is too near; each is as large as it gets, which is tighter than pair by pair.
    """
    near: nx.Graph[int] = nx.Graph(too_near(model.whole.problem, block).tolist())
    uncovered: nx.Graph[int] = nx.Graph(near)
    for one, other in sorted(tuple(sorted(pair)) for pair in near.edges):
        if uncovered.has_edge(one, other):
            clique = _clique(near, one, other)
            uncovered.remove_edges_from([(a, b) for a in clique for b in clique])
            at = np.isin(model.instance.site, clique) & model.instance.new
            model.add("separation", model.opened(at), LpConstraintLE, 1)


def _clique(near: nx.Graph[int], one: int, other: int) -> list[int]:
    """Return a largest possible clique around an edge, lower sites first."""
    clique = [one, other]
    common = set(near[one]) & set(near[other])
    while common:
        site = min(common)
        clique.append(site)
        common &= set(near[site])
    return clique


def too_near(problem: Problem, block: MinSeparation) -> Ints:
    """Return the pairs of sites (p, 2) that are less than the distance apart and may both hold a new hub."""
    travel = problem.travel.between_sites()
    if travel is None:
        allowed = "only where distances between sites are known: give the travel its sites"
        message = f"min_separation: {block.distance!r} found; allowed: {allowed}"
        raise ScenarioError(message)
    one, other, distance = travel.pairs(0, problem.n_sites, block.distance)
    free = np.zeros(problem.n_sites, dtype=np.bool_)
    free[problem.option_site[problem.new]] = True
    near = (one < other) & (distance < block.distance * (1 - REACH_TOLERANCE)) & free[one] & free[other]
    return np.column_stack([one[near], other[near]])


def broken_min_separation(problem: Problem, plan: Evaluation, block: MinSeparation) -> str | None:
    """Return which two new hubs are too near to each other, None when there are none."""
    built = np.unique(problem.option_site[plan.options][problem.new[plan.options]])
    pairs = too_near(problem, block)
    wrong = pairs[np.isin(pairs, built).all(axis=1)]
    if len(wrong):
        return f"sites {wrong[0][0]} and {wrong[0][1]} are less than {block.distance:g} apart"
    twice = problem.new[plan.options] & (plan.counts > 1)
    return f"site {problem.option_site[plan.options[twice]][0]} holds two new hubs" if twice.any() else None

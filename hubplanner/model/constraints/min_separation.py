"""The least distance between new hubs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import networkx as nx
import numpy as np
from pulp import LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.base import Constraint, SiteNames, check
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Ints, Problem
from hubplanner.tolerances import REACH_TOLERANCE
from hubplanner.translation import N_, gettext as _


@dataclass(frozen=True, kw_only=True)
class MinSeparation(Constraint):
    r"""Any two new hubs are a distance apart.

    .. math:: \sum_{j \in C} \sum_{o \in O_j \cap N} y_o \le 1 \qquad \forall C

    Cliques C of sites too near to each other cover every such pair; each is as large as it gets, which is tighter
    than pair by pair.

    A plan violates it where two new hubs are nearer, at one site included. Standing hubs do not count.

    Parameters
    ----------
    distance
        Least distance, in the unit of travel.

    See Also
    --------
    hubplanner.model.constraints.site_relations.AtMostOne : rivals by name.

    >>> MinSeparation(distance=5).describe(str)
    'a separation of 5'
    """

    distance: float

    key: ClassVar[str] = "min_separation"
    remedies: ClassVar[tuple[str, ...]] = (N_("hubs nearer together"),)
    tells_of_sites: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid distance."""
        check("min_separation", self.distance, "a distance above 0", lambda value: value > 0)

    @property
    def features(self) -> frozenset[Feature]:
        """Hubs apart."""
        return frozenset({Feature.SEPARATION})

    def add_to(self, model: Model) -> None:
        """Add a row for each clique."""
        near: nx.Graph[int] = nx.Graph(self.too_near(model.whole.problem).tolist())
        uncovered: nx.Graph[int] = nx.Graph(near)
        for one, other in sorted(tuple(sorted(pair)) for pair in near.edges):
            if uncovered.has_edge(one, other):
                clique = _clique(near, one, other)
                uncovered.remove_edges_from([(a, b) for a in clique for b in clique])
                at = np.isin(model.instance.site, clique) & model.instance.new
                model.add("separation", model.opened(at), LpConstraintLE, 1)

    def too_near(self, problem: Problem) -> Ints:
        """Return the pairs of sites (p, 2) that are less than the distance apart and may both hold a new hub."""
        travel = problem.travel.between_sites()
        if travel is None:
            allowed = "only where distances between sites are known: give the travel its sites"
            message = f"min_separation: {self.distance!r} found; allowed: {allowed}"
            raise ScenarioError(message)
        one, other, distance = travel.pairs(0, problem.n_sites, self.distance)
        free = np.zeros(problem.n_sites, dtype=np.bool_)
        free[problem.option_site[problem.new]] = True
        near = (one < other) & (distance < self.distance * (1 - REACH_TOLERANCE)) & free[one] & free[other]
        return np.column_stack([one[near], other[near]])

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which two new hubs are too near to each other, None when there are none."""
        built = np.unique(problem.option_site[plan.options][problem.new[plan.options]])
        pairs = self.too_near(problem)
        wrong = pairs[np.isin(pairs, built).all(axis=1)]
        if len(wrong):
            return f"sites {wrong[0][0]} and {wrong[0][1]} are less than {self.distance:g} apart"
        twice = problem.new[plan.options] & (plan.counts > 1)
        return f"site {problem.option_site[plan.options[twice]][0]} holds two new hubs" if twice.any() else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the distance in words."""
        del name_of
        return _("a separation of {distance:g}", distance=self.distance)

    def explain(self, names: SiteNames) -> str:
        """Return the distance with its unit."""
        return _(
            "the separation of {distance:g} {unit} between hubs",
            distance=self.distance,
            unit=names.distance_unit,
        )


def _clique(near: nx.Graph[int], one: int, other: int) -> list[int]:
    """Return a largest possible clique around an edge, lower sites first."""
    clique = [one, other]
    common = set(near[one]) & set(near[other])
    while common:
        site = min(common)
        clique.append(site)
        common &= set(near[site])
    return clique

"""Plans that differ from a fair one near one site alone: hubs of other groups, and whom they serve, stay as they are.

What is left is small: the hubs of the site's group, those that share people with them, and everyone in their reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from hubplanner.model import AlphaFair, Elsewhere, HubNumbers, Objective, Year, goals_of
from hubplanner.model.constraints.earlier_plan import NO_PART
from hubplanner.problem import Bools, Evaluation, Floats, GoalResult, Ints, Problem, SiteStatus, Solution, coverage
from hubplanner.problem.evaluation import CHUNK, covering
from hubplanner.problem.travel.base import Matrix, Pairs


def site_groups(problem: Problem, fairness: AlphaFair) -> Ints:
    """Return the group (m,) of each site: that of which the largest are preferred, or whose need is most in reach.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> site_groups(line, AlphaFair(weights=np.diag(line.need), alpha=1.0, linear_below=0.01)).tolist()
    [0, 1]
    """
    if fairness.prefer_largest_of is not None:
        return fairness.prefer_largest_of
    near: Floats = np.zeros((len(fairness.weights), problem.n_options))
    for start in range(0, problem.n_points, CHUNK):
        stop = min(start + CHUNK, problem.n_points)
        near += np.asarray(coverage(problem, start, stop).T @ fairness.weights[:, start:stop].T).T
    most = np.zeros((problem.n_sites, len(near)))
    np.maximum.at(most, problem.option_site, near.T)
    return np.asarray(most.argmax(axis=1), dtype=np.intp)


@dataclass(frozen=True, kw_only=True, eq=False)
class Nearby:
    """The question that is left where only the hubs of one group of sites may change.

    Parameters
    ----------
    problem
        The options of these sites, and those that the plan has elsewhere, with the points that the change concerns.
    objective
        What is asked, with as many hubs of each option elsewhere as the plan has.
    keep
        (k,) these options by their numbers in the whole problem.
    points
        (p,) these points by their numbers in the whole problem.
    touched
        (g,) groups with need at these points, of those with need.
    stays
        (o,) options of the whole problem whose hubs serve whom they serve.
    """

    problem: Problem
    objective: Objective
    keep: Ints
    points: Ints
    touched: Bools
    stays: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Surroundings:
    """A fair plan, and what a change at one of its sites concerns.

    Parameters
    ----------
    problem
        That of the plan, or one with more options.
    objective, fairness
        What is asked of it.
    plan
        The plan.
    group
        (m,) the group of each site.
    """

    problem: Problem
    objective: Objective
    fairness: AlphaFair
    plan: Solution
    group: Ints

    @property
    def _before(self) -> Evaluation:
        if self.plan.evaluation is None:
            raise AssertionError
        return self.plan.evaluation

    @cached_property
    def _numbers(self) -> tuple[Ints, Floats]:
        """How many hubs of each option (o,) the plan has, and whom they serve."""
        known, before = self.plan.problem, self._before
        where = zip(known.option_site[before.options].tolist(), known.option_tier[before.options].tolist(), strict=True)
        stands = dict(zip(where, zip(before.counts.tolist(), before.load.tolist(), strict=True), strict=True))
        pairs = zip(self.problem.option_site.tolist(), self.problem.option_tier.tolist(), strict=True)
        found = [stands.get(pair, (0, 0.0)) for pair in pairs]
        return np.array([count for count, _ in found], dtype=np.intp), np.array([load for _, load in found])

    @cached_property
    def _pairs(self) -> Pairs:
        """Points, the options that cover some of them, and their distances."""
        return covering(self.problem, np.arange(self.problem.n_options))

    @cached_property
    def _groups(self) -> tuple[Floats, Floats]:
        """Need of each group (g,), and how much of it the plan covers."""
        weights = self.fairness.weights
        return weights.sum(axis=1), weights @ self._before.covered_share

    @property
    def _limits_people(self) -> bool:
        """Tell whether a limit speaks of all people, such as a floor: then all are concerned."""
        return any(len(list(constraint.measures())) for constraint in self.objective.all_constraints)

    def nearby(self, site: int, *, inside: bool | None = None) -> Nearby:
        """Return the question of how the group of a site is served best, with all hubs elsewhere as the plan has them.

        Parameters
        ----------
        inside
            Whether the site must hold a new hub, or must not; it may if None.
        """
        problem, (opened, _) = self.problem, self._numbers
        free = self.group[problem.option_site] == self.group[site]
        here, status = problem.option_site == site, problem.site_status
        if inside is not None:
            pin = SiteStatus.REQUIRED if inside else SiteStatus.EXCLUDED
            status = np.where(np.arange(problem.n_sites) == site, int(pin), status)
        kept = (free | (opened > 0) | problem.existing) & ~(here & (inside is False))
        keep = np.flatnonzero(kept)
        speak = kept | here  # also of a hub that is to go: whom it serves others may serve
        concerned = self._concerned(speak, free | here)
        part, points = self._part(kept, speak & concerned[problem.option_site])
        fixed = ~free[keep]
        numbers = HubNumbers.of(np.where(fixed, np.cumsum(fixed) - 1, NO_PART), opened[keep])
        fairness, touched = self._fairness_at(points)
        constraints = (*self.objective.constraints, numbers)
        return Nearby(
            problem=part.with_options(keep, status),
            objective=replace(self.objective, constraints=constraints, fairness=fairness),
            keep=keep,
            points=points,
            touched=touched,
            stays=~concerned[problem.option_site] if self._before.is_assigned else np.zeros(len(kept), dtype=np.bool_),
        )

    def _concerned(self, speak: Bools, free: Bools) -> Bools:
        """Return the sites (m,) whose hubs may serve others: the free ones, and those that share people with them.

        Parameters
        ----------
        speak
            (o,) options that reach whoever they might share.
        """
        problem = self.problem
        sites = np.isin(np.arange(problem.n_sites), problem.option_site[free])
        if self._limits_people:
            return np.ones(problem.n_sites, dtype=np.bool_)
        if not self._before.is_assigned:
            return sites
        point, option, _ = self._pairs
        counted = speak[option]
        reach: csr_array = csr_array(
            (np.ones(counted.sum()), (problem.option_site[option[counted]], point[counted])),
            shape=(problem.n_sites, problem.n_points),
        )
        cluster = connected_components(reach @ reach.T, directed=False)[1]
        return np.isin(cluster, cluster[sites])

    def _part(self, kept: Bools, concerned: Bools) -> tuple[Problem, Ints]:
        """Return the problem of the points in reach of some options (o,) alone, and which these are."""
        problem = self.problem
        point, option, distance = self._pairs
        seen = np.zeros(problem.n_points, dtype=np.bool_)
        seen[point[concerned[option]]] = True
        seen |= self._limits_people
        points, number = np.flatnonzero(seen), np.cumsum(seen) - 1
        counted = kept[option] & seen[point]
        key = number[point[counted]] * problem.n_sites + problem.option_site[option[counted]]
        key, first = np.unique(key, return_index=True)
        travel = Matrix(
            key // problem.n_sites,
            key % problem.n_sites,
            distance[counted][first],
            n_points=len(points),
            n_sites=problem.n_sites,
            sites=problem.travel.between_sites(),
        )
        seated = None if problem.seated is None else problem.seated[points]
        part = replace(problem, need=problem.need[points], people=problem.people[points], seated=seated, travel=travel)
        return part, points

    def _fairness_at(self, points: Ints) -> tuple[AlphaFair, Bools]:
        """Return fairness among the groups at some points, and which of those with need these are."""
        weights = self.fairness.weights[:, points]
        need, covered = self._groups
        here = weights.sum(axis=1)
        touched = here > 0
        touched[0] |= not touched.any()
        left = np.maximum(covered - weights @ self._before.covered_share[points], 0.0)
        elsewhere = Elsewhere(need=np.maximum(need - here, 0.0)[touched], covered=left[touched])
        fairness = replace(self.fairness, weights=weights[touched], names=(), elsewhere=elsewhere)
        return fairness, (here > 0)[need > 0]

    def whole(self, near: Nearby, found: Solution) -> tuple[Solution, Evaluation | None]:
        """Return a solution of a question nearby as one of the whole, and its plan in the whole problem's options.

        The bound is of the plans that leave elsewhere what is there.
        """
        bound = self._bound(near, found.bound)
        if found.evaluation is None:
            return replace(found, bound=bound), None
        own, problem = found.evaluation, self.problem
        options, (_, load) = near.keep[own.options], self._numbers
        share = self._before.covered_share.copy()
        share[near.points] = own.covered_share
        plan = replace(
            own,
            options=options,
            load=np.where(near.stays[options], load[options], own.load),
            covered_share=share,
            covered_need=math.fsum(problem.need * share),
        )
        goals = [
            GoalResult(name=goal.name, value=value, bound=value + part.bound - part.value, least=goal.least)
            for goal, part in zip(goals_of(self.objective), found.goals, strict=True)
            for value in [goal.value([Year(problem, plan)])]
        ]
        value = goals[0].value
        bound = max(bound, value)
        goals[0] = replace(goals[0], bound=bound)
        return replace(found, value=value, bound=bound, goals=tuple(goals)), plan

    def _bound(self, near: Nearby, bound: float) -> float:
        """Return the equivalent share of all groups where that of those concerned is at most a bound."""
        if not math.isfinite(bound):
            return bound
        fairness = self.fairness
        at = max(self.plan.value, fairness.linear_below)
        worth = fairness.worth(fairness.shares(self._before), at)
        return fairness.share_of(fairness.mean(np.where(near.touched, fairness.worth(np.array(bound), at), worth)), at)

"""What each hub adds to a plan, and each other option would add, with all else as it is: exact, without a search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem, coverage
from hubplanner.problem.catchments import Coming
from hubplanner.problem.evaluation import CHUNK, covering

if TYPE_CHECKING:
    from hubplanner.model import Capacity

DEPTH = 4
"""Hubs of a point that matter: its two best ones, also without those of any one site."""
NO_SITE = -1
TINY = float(np.finfo(float).tiny)


@dataclass(frozen=True, kw_only=True, eq=False)
class MarginalValues:
    """Figures of single hubs, the rest of the plan as it is.

    Parameters
    ----------
    lost
        (2 + g, m) need, people and each further weight that are no longer covered without the hubs of a site.
    added_need, added_people
        (o,) what one more hub of an option covers anew; NaN where people are served whole by hubs of limited room.
    near_need, near_people
        (o,) need and people within an option's reach.
    covered_people
        (o, m) those of them whom the hubs of each site cover already.
    """

    lost: Floats
    added_need: Floats
    added_people: Floats
    near_need: Floats
    near_people: Floats
    covered_people: csr_array


def alone(
    problem: Problem,
    plan: Evaluation,
    capacity: Capacity | None = None,
    weights: Sequence[Floats] = (),
    coming: Coming | None = None,
) -> MarginalValues:
    r"""Return what hubs add on their own, $\sum_i w_i (z_i(O) - z_i(O \setminus O_j))$, and what options would add.

    Where people are assigned to hubs, those whom a dropped hub serves are served by none, and a further hub serves
    people as far as no one serves them yet. People are those whom seats are for.

    Parameters
    ----------
    capacity
        Room of hubs, where that limits whom they serve.
    weights
        Further weights (n,) of the points to tell the loss of, such as the need of groups.
    coming
        Gives the share of people who come to a hub at a distance; all do if None.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> found = alone(line, hp.solve_problem(line, hp.MaxCoverage(max_hubs=1)).evaluation)
    >>> found.lost[0].tolist(), found.added_need.tolist()
    ([0.0, 4.0], [3.0, 0.0])
    """
    m, o = problem.n_sites, problem.n_options
    measures = np.array([problem.need, problem.seats, *weights], dtype=np.float64)
    lost, added, near = np.zeros((len(measures), m)), np.zeros((2, o)), np.zeros((2, o))
    covered: csr_array = csr_array((o, m))
    at_site = _at_site(problem, plan)
    for start in range(0, problem.n_points, CHUNK):
        part = slice(start, min(start + CHUNK, problem.n_points))
        share = coverage(problem, start, part.stop).astype(np.float64)
        here = measures[:, part]
        reached = csr_array((np.ones(share.nnz), share.indices, share.indptr), shape=share.shape)
        near += np.asarray(reached.T @ here[:2].T).T
        credit = csr_array(csr_array(plan.credit)[part] @ at_site)
        covered = csr_array(covered + reached.T @ csr_array(credit.multiply(here[1][:, None])))
        if plan.is_assigned:
            lost += np.asarray(credit.T @ here.T).T
        else:
            ranked = _Ranked.of(problem, plan, share)
            lost += ranked.lost(here, m)
            added += ranked.added(share, here[:2])
    if plan.is_assigned:
        added += _free_people(problem, plan, capacity, coming)
    return MarginalValues(
        lost=lost,
        added_need=added[0],
        added_people=added[1],
        near_need=near[0],
        near_people=near[1],
        covered_people=covered,
    )


def _at_site(problem: Problem, plan: Evaluation) -> csr_array:
    """Return the site (k, m) of each open option."""
    k = len(plan.options)
    cells: Any = (np.ones(k), (np.arange(k), problem.option_site[plan.options]))
    return csr_array(cells, shape=(k, problem.n_sites))


@dataclass(frozen=True, eq=False)
class _Ranked:
    """The best open hubs (n, d) of each point, best first: their sites and shares."""

    problem: Problem
    site: Ints
    share: Floats

    @classmethod
    def of(cls, problem: Problem, plan: Evaluation, share: csr_array) -> _Ranked:
        counts = np.zeros(problem.n_options, dtype=np.intp)
        counts[plan.options] = np.minimum(plan.counts, 2)
        pairs = share.tocoo()
        times = counts[pairs.coords[1]]
        point, option, value = (np.repeat(part, times) for part in (*pairs.coords, pairs.data))
        site = problem.option_site[option]
        # The third hub of a site is never among the two best of any other choice.
        order = np.lexsort((-value, site, point))
        rank = _rank(point[order] * problem.n_sites + site[order])
        kept = order[rank < 2]  # noqa: PLR2004 - the two best
        kept = kept[np.lexsort((site[kept], -value[kept], point[kept]))]
        rank = _rank(point[kept])
        kept, rank = kept[rank < DEPTH], rank[rank < DEPTH]
        sites = np.full((share.shape[0], DEPTH), NO_SITE, dtype=np.intp)
        shares = np.zeros((share.shape[0], DEPTH))
        sites[point[kept], rank], shares[point[kept], rank] = site[kept], value[kept]
        return cls(problem, sites, shares)

    @property
    def covered(self) -> Floats:
        return self._worth(self.share[:, 0], self.share[:, 1])

    def _worth(self, best: Floats, second: Floats) -> Floats:
        ranks = self.problem.rule.ranks
        return ranks.get(1, 0.0) * best + ranks.get(2, 0.0) * second

    def lost(self, weights: Floats, n_sites: int) -> Floats:
        """Return (k, m) what the points lose without each site's hubs."""
        total = np.zeros((len(weights), n_sites))
        for column in range(2):
            site = self.site[:, column]
            counted = site != NO_SITE
            if column:  # a site whose hubs are both best is dropped once
                counted &= site != self.site[:, 0]
            others = np.where(self.site == site[:, None], 0.0, self.share)
            others = -np.sort(-others, axis=1)
            less = (self.covered - self._worth(others[:, 0], others[:, 1]))[counted]
            for number, weight in enumerate(weights):
                total[number] += np.bincount(site[counted], weights=less * weight[counted], minlength=n_sites)
        return total

    def added(self, share: csr_array, weights: Floats) -> Floats:
        """Return (k, o) what the points gain by one more hub of each option."""
        pairs = share.tocoo()
        point, option = pairs.coords
        best, second = self.share[point, 0], self.share[point, 1]
        more = np.maximum(best, pairs.data), np.maximum(second, np.minimum(best, pairs.data))
        gain = self._worth(*more) - self.covered[point]
        size = share.shape[1]
        return np.array([np.bincount(option, weights=gain * weight[point], minlength=size) for weight in weights])


def _rank(group: Ints) -> Ints:
    """Return the place of each entry among those of its group, which stand together."""
    if not len(group):
        return np.zeros(0, dtype=np.intp)
    first = np.append(True, group[1:] != group[:-1])
    starts = np.flatnonzero(first)
    return np.asarray(np.arange(len(group)) - starts[np.cumsum(first) - 1], dtype=np.intp)


def _free_people(problem: Problem, plan: Evaluation, capacity: Capacity | None, coming: Coming | None) -> Floats:
    r"""Return (2, o) need and people whom one more hub of each option serves of those whom none serves yet.

    A hub takes those first who count most for a seat, as far as its room goes. Of those who come by distance it has the
    share $p(d_{io}) (1 - \sum_k x_{ik} / p(d_{ik}))$ of point i.
    """
    if capacity is None or capacity.single:
        return np.full((2, problem.n_options), math.nan)
    if problem.n_points > CHUNK:  # room is taken in one order over all points, which are not held at once
        return np.full((2, problem.n_options), math.nan)
    assigned = plan.assigned.tocoo()
    used = assigned.data if coming is None else assigned.data / np.maximum(coming(plan.pair_distance), TINY)
    taken = np.bincount(assigned.coords[0], weights=used, minlength=problem.n_points)
    point, option, distance = covering(problem, np.arange(problem.n_options))
    share = problem.rule.share(distance, problem.option_reach[option])
    come = np.clip(1.0 - taken, 0.0, 1.0)[point] * (1.0 if coming is None else coming(distance))
    crowd, worth = problem.seats[point] * come, problem.need[point] * come * share
    served = problem.seats[point] * come * share
    with np.errstate(divide="ignore", invalid="ignore"):
        order = np.lexsort((-np.where(crowd > 0, worth / crowd, np.inf), option))
    option, crowd = option[order], crowd[order]
    seated = _seated(option, crowd, capacity.room(problem))
    size = problem.n_options
    need = np.bincount(option, weights=seated * worth[order], minlength=size)
    people = np.bincount(option, weights=seated * served[order], minlength=size)
    return np.array([need, people])


def _seated(option: Ints, crowd: Floats, room: Floats) -> Floats:
    """Return the share of each crowd that finds room, where those of an option stand together and queue in order."""
    if not len(option):
        return np.zeros(0)
    running = np.cumsum(crowd)
    begins = np.flatnonzero(np.append(True, option[1:] != option[:-1]))
    ahead = running - crowd - np.repeat(running[begins] - crowd[begins], np.diff(np.append(begins, len(option))))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(crowd > 0, np.clip((room[option] - ahead) / crowd, 0.0, 1.0), 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Distances:
    """The objective's distance with one site's hubs gone, or with one more hub.

    Parameters
    ----------
    without
        (m,) the figure without the hubs of a site; that of the plan where it has none, infinite where someone is left
        without a way to any hub.
    with_
        (m,) the figure with a hub at a site besides.
    """

    without: Floats
    with_: Floats


def distances(problem: Problem, plan: Evaluation, *, worst: bool) -> Distances:
    """Return the need-weighted mean distance to the nearest hub, or the largest one, of plans that differ by a site.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [1, 1], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> plan = hp.solve_problem(line, hp.PMedian(max_hubs=2)).evaluation
    >>> distances(line, plan, worst=True).without.tolist()
    [8.0, 8.0]
    """
    counted = (problem.need > 0) & problem.reachable
    first, second, nearest = _two_nearest(problem, plan)
    measure = _worst if worst else _mean
    now = measure(problem, first, counted)
    without, with_ = np.full(problem.n_sites, now), np.full(problem.n_sites, math.nan)
    for site in np.unique(problem.option_site[plan.options]).tolist():
        without[site] = measure(problem, np.where(nearest == site, second, first), counted)
    for site in np.unique(problem.option_site).tolist():
        with_[site] = measure(problem, np.minimum(first, problem.travel.from_site(site)), counted)
    return Distances(without=without, with_=with_)


def _two_nearest(problem: Problem, plan: Evaluation) -> tuple[Floats, Floats, Ints]:
    """Return the distances (n,) to the nearest and second nearest site with a hub, and which is the nearest."""
    first, second = np.full(problem.n_points, np.inf), np.full(problem.n_points, np.inf)
    nearest = np.full(problem.n_points, NO_SITE, dtype=np.intp)
    for site in np.unique(problem.option_site[plan.options]).tolist():
        far = problem.travel.from_site(site)
        nearer = far < first
        second = np.where(nearer, first, np.minimum(second, far))
        first, nearest = np.where(nearer, far, first), np.where(nearer, site, nearest)
    return first, second, nearest


def _mean(problem: Problem, distance: Floats, counted: Bools) -> float:
    need = problem.need[counted]
    total = math.fsum(need)
    if total <= 0:
        return 0.0
    return math.inf if np.isinf(distance[counted]).any() else math.fsum(need * distance[counted]) / total


def _worst(problem: Problem, distance: Floats, counted: Bools) -> float:
    del problem
    return float(distance[counted].max(initial=0.0))

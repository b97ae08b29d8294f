"""What each hub, and each other site, means for distances with all else as it is: exact, without a search."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem

NO_SITE = -1


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

"""What a plan comes to in each future, recomputed from distances alone: nothing here knows of rows or models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.futures import in_service, need_in, reach_factor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from hubplanner.problem.futures import Futures
    from hubplanner.problem.problem import Problem
    from hubplanner.problem.travel import Floats, Ints

CHUNK = 200_000
"""Demand points whose pairs are looked up at once."""
CRITERIA = ("expected", "worst", "regret", "cvar")
"""What may be best over futures."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcomes:
    """What a plan comes to in each future.

    Parameters
    ----------
    futures
        The futures.
    need
        (s,) need in each.
    covered
        (s,) need that the plan covers.
    cost
        (s,) money for its new hubs.
    distance
        (s,) need-weighted mean distance to the nearest hub in service, of the points with a way to one; NaN where
        that was not asked.
    """

    futures: Futures
    need: Floats
    covered: Floats
    cost: Floats
    distance: Floats

    def mean(self, figure: Floats) -> float:
        """Return the expected value of a figure (s,)."""
        return math.fsum(self.futures.probability * figure)


def outcomes(
    problem: Problem, futures: Futures, options: ArrayLike, counts: ArrayLike | None = None, *, distances: bool = False
) -> Outcomes:
    """Return what open options (k,), existing ones included, come to in each future.

    Parameters
    ----------
    counts
        (k,) hubs of each option; one if left out.
    distances
        Whether to work out mean distances as well.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> futures = hp.Futures([hp.Future(name="calm"), hp.Future(name="flood", need=2.0, sites_out=(1,))])
    >>> outcomes(line, futures, [0, 1]).covered.tolist()
    [7.0, 6.0]
    """
    futures.check(problem)
    chosen = np.asarray(options, dtype=np.intp)
    number = np.ones(len(chosen)) if counts is None else np.asarray(counts, dtype=np.float64)
    need = [need_in(problem, future) for future in futures.each]
    shares = covered_shares(problem, futures, chosen)
    covered = np.array([math.fsum(weight * share) for weight, share in zip(need, shares, strict=True)])
    return Outcomes(
        futures=futures,
        need=np.array([math.fsum(weight) for weight in need]),
        covered=covered,
        cost=np.array([math.fsum(cost) for cost in futures.cost(problem)[:, chosen] * number]),
        distance=_distances(problem, futures, chosen, need) if distances else np.full(len(need), np.nan),
    )


def covered_shares(problem: Problem, futures: Futures, chosen: ArrayLike) -> Iterator[Floats]:
    r"""Yield the covered share (n,) of each point in each future: $\max_{o \in O_s} a(d_{io} / \rho_{os})$."""
    options = np.asarray(chosen, dtype=np.intp)
    reach = problem.option_reach[options]
    factors = [reach_factor(problem, future)[options] for future in futures.each]
    most = max(float((reach * factor).max(initial=0.0)) for factor in factors)
    travel = problem.travel.among(problem.option_site[options])
    parts = [
        travel.pairs(start, min(start + CHUNK, problem.n_points), most) for start in range(0, problem.n_points, CHUNK)
    ]
    point, position, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    for future, factor in zip(futures.each, factors, strict=True):
        serves = in_service(problem, future)[options]
        share = problem.rule.share(distance / factor[position], reach[position]) * serves[position]
        best = np.zeros(problem.n_points)
        np.maximum.at(best, point, share)
        yield best


def _distances(problem: Problem, futures: Futures, chosen: Ints, need: list[Floats]) -> Floats:
    """Return the mean distance (s,) to the nearest hub in service; without one a point counts the farthest there is."""
    way = problem.reachable
    found = []
    for future, weight in zip(futures.each, need, strict=True):
        serving = chosen[in_service(problem, future)[chosen]]
        near = problem.travel.among(problem.option_site[serving]).nearest() if len(serving) else np.inf
        distance = np.minimum(near, problem.farthest)
        total = math.fsum(weight[way])
        found.append(math.fsum((weight * distance)[way]) / total if total > 0 else 0.0)
    return np.array(found)


def tail_mean(values: Floats, probability: Floats, level: float) -> float:
    r"""Return the mean of the smallest values in the worst share $1 - \alpha$ of futures (conditional value at risk).

    Rockafellar and Uryasev (2000), doi:10.21314/JOR.2000.038.

    >>> tail_mean(np.array([4.0, 1.0, 3.0, 2.0]), np.full(4, 0.25), 0.5)
    1.5
    """
    order = np.argsort(values, kind="stable")
    before = np.cumsum(probability[order]) - probability[order]
    share = np.clip(1.0 - level - before, 0.0, probability[order])
    return math.fsum(share * values[order]) / math.fsum(share)

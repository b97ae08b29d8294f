"""Futures of a problem: multipliers of need, costs and reach, and hubs out of service, each with its probability."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from hubplanner.errors import ScenarioError
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.problem import Problem, by_own_reach
from hubplanner.problem.travel.base import Pairs, Travel
from hubplanner.tolerances import SUM_TOLERANCE


@dataclass(frozen=True, kw_only=True, eq=False)
class Future:
    """One way the world may turn out.

    Parameters
    ----------
    name
        What it is called.
    probability
        How likely it is; all futures equally if left out.
    need
        Multiplier of need, or (n,) of each demand point's.
    cost
        Multiplier of hubs' costs, or (o,) of each option's.
    reach
        Multiplier of how far people get, or (t,) of each tier's: distances of coverage count divided by it, so that
        it stretches reach and the rule's full and width alike.
    sites_out, tiers_out
        Sites and tiers whose hubs are out of service: they cost what they cost and cover nothing.
    travel
        Distances in it, where they are others than today's, such as with roads closed.

    >>> Future(name="flood", need=1.2, sites_out=(3,)).cost
    1.0
    """

    name: str
    probability: float | None = None
    need: float | Floats = 1.0
    cost: float | Floats = 1.0
    reach: float | Floats = 1.0
    sites_out: tuple[int, ...] = ()
    tiers_out: tuple[int, ...] = ()
    travel: Travel | None = None

    def __post_init__(self) -> None:
        """Reject invalid multipliers."""
        for item in ("need", "cost", "reach"):
            factor = np.asarray(getattr(self, item), dtype=np.float64)
            if not (np.isfinite(factor).all() and (factor >= 0 if item == "need" else factor > 0).all()):
                least = "at least 0" if item == "need" else "above 0"
                message = f"future {self.name}, {item}: a multiplier is not a number {least}"
                raise ScenarioError(message)


@dataclass(frozen=True, eq=False)
class Futures:
    """All futures that a plan is made for.

    Parameters
    ----------
    each
        The futures; their probabilities add up to 1, or none is given.

    >>> Futures((Future(name="dry"), Future(name="wet"))).probability.tolist()
    [0.5, 0.5]
    """

    each: Sequence[Future]

    def __post_init__(self) -> None:
        """Refuse no futures, twins by name, and probabilities that do not add up."""
        object.__setattr__(self, "each", tuple(self.each))
        given = [future.probability for future in self.each if future.probability is not None]
        fits = not given or (min(given) > 0 and abs(math.fsum(given) - 1) <= SUM_TOLERANCE)
        wrong = {
            "none found; allowed: at least one": not self.each,
            "two have the same name; allowed: a name no other future has": len(set(self.names)) < len(self.each),
            f"{len(given)} of {len(self.each)} have a probability; allowed: all or none": (
                len(given) not in {0, len(self.each)}
            ),
            f"probabilities add up to {math.fsum(given):g}; allowed: above 0, together 1": not fits,
        }
        for reason, applies in wrong.items():
            if applies:
                message = f"futures: {reason}"
                raise ScenarioError(message)

    @property
    def names(self) -> tuple[str, ...]:
        """What the futures are called."""
        return tuple(future.name for future in self.each)

    @cached_property
    def probability(self) -> Floats:
        """Probability (s,) of each future, together 1."""
        count = len(self.each)
        given = np.array([1.0 / count if future.probability is None else future.probability for future in self.each])
        return np.asarray(given / math.fsum(given))

    def cost(self, problem: Problem) -> Floats:
        """Return the cost (s, o) of each option in each future."""
        return np.array([problem.option_cost * future.cost for future in self.each])

    def check(self, problem: Problem) -> None:
        """Raise for multipliers and outages that do not fit a problem."""
        sizes = {"need": problem.n_points, "cost": problem.n_options, "reach": len(problem.tier_reach)}
        for future in self.each:
            for item, size in sizes.items():
                shape = np.shape(getattr(future, item))
                if shape not in {(), (size,)}:
                    message = f"future {future.name}, {item}: {shape} found; allowed: a number or ({size},)"
                    raise ScenarioError(message)
            if future.travel is not None:
                shape, fits = (future.travel.n_points, future.travel.n_sites), (problem.n_points, problem.n_sites)
                if shape != fits:
                    message = f"future {future.name}, travel: {shape} found; allowed: {fits}, points and sites"
                    raise ScenarioError(message)
            for item, size in (("sites_out", problem.n_sites), ("tiers_out", len(problem.tier_reach))):
                wrong = [number for number in getattr(future, item) if not 0 <= number < size]
                if wrong:
                    message = f"future {future.name}, {item}: {wrong[0]} found; allowed: 0 to {size - 1}"
                    raise ScenarioError(message)


def need_in(problem: Problem, future: Future) -> Floats:
    r"""Return need (n,) in a future: $w_{is} = f_{is} w_i$."""
    return np.asarray(problem.need * future.need)


def in_service(problem: Problem, future: Future) -> Bools:
    """Tell which options (o,) are in service in a future."""
    out = np.isin(problem.option_site, future.sites_out) | np.isin(problem.option_tier, future.tiers_out)
    return np.asarray(~out)


def travel_in(problem: Problem, future: Future) -> Travel:
    """Return the distances of a future."""
    return problem.travel if future.travel is None else future.travel


def reach_factor(problem: Problem, future: Future) -> Floats:
    """Return the multiplier (o,) of each option's reach in a future."""
    return np.broadcast_to(np.asarray(future.reach, dtype=np.float64), problem.tier_reach.shape)[problem.option_tier]


def mean_future(futures: Futures) -> Future:
    """Return the future of all mean multipliers; what is out of service in every future is out in it.

    Its distances are today's, unless all futures have the same others.
    """
    parts = {
        item: sum(
            p * np.asarray(getattr(future, item)) for p, future in zip(futures.probability, futures.each, strict=True)
        )
        for item in ("need", "cost", "reach")
    }
    out = {
        item: tuple(sorted(set.intersection(*(set(getattr(future, item)) for future in futures.each))))
        for item in ("sites_out", "tiers_out")
    }
    ways = {id(future.travel): future.travel for future in futures.each}
    travel = futures.each[0].travel if len(ways) == 1 else None
    return Future(name="mean", travel=travel, **{name: _plain(value) for name, value in parts.items()}, **out)  # type: ignore[arg-type]


def _plain(value: object) -> float | Floats:
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array


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
    known: dict[int, tuple[Travel, Pairs]] = {}
    for future, factor in zip(futures.each, factors, strict=True):
        travel = travel_in(problem, future)
        if id(travel) not in known:
            own = travel.among(problem.option_site[options])
            known[id(travel)] = own, pairs_of(own, most)
        own, (point, position, distance) = known[id(travel)]
        serves = in_service(problem, future)[options]
        share = problem.rule.share(distance / factor[position], reach[position]) * serves[position]
        share = share * by_own_reach(problem, own, point, position, options[position], factor[position])
        best = np.zeros(problem.n_points)
        np.maximum.at(best, point, share)
        yield best


def pairs_of(travel: Travel, reach: float) -> Pairs:
    """Return the pairs within reach of all points, looked up in parts."""
    size = travel.n_points
    parts = [travel.pairs(start, min(start + CHUNK, size), reach) for start in range(0, size, CHUNK)]
    point, site, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    return point, site, distance


def _distances(problem: Problem, futures: Futures, chosen: Ints, need: list[Floats]) -> Floats:
    """Return the mean distance (s,) to the nearest hub in service; without one a point counts the farthest there is."""
    way = problem.reachable
    found = []
    for future, weight in zip(futures.each, need, strict=True):
        serving = chosen[in_service(problem, future)[chosen]]
        near = travel_in(problem, future).among(problem.option_site[serving]).nearest() if len(serving) else np.inf
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

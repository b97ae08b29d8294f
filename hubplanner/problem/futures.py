"""Futures of a problem: multipliers of need, costs and reach, and hubs out of service, each with its probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import ScenarioError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.problem.problem import Problem
    from hubplanner.problem.travel import Bools, Floats

SUM_TOLERANCE = 1e-6
"""How far probabilities may be from adding up to one."""


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

    def __post_init__(self) -> None:
        """Refuse multipliers that are none."""
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


def reach_factor(problem: Problem, future: Future) -> Floats:
    """Return the multiplier (o,) of each option's reach in a future."""
    return np.broadcast_to(np.asarray(future.reach, dtype=np.float64), problem.tier_reach.shape)[problem.option_tier]


def mean_future(futures: Futures) -> Future:
    """Return the future of all mean multipliers; what is out of service in every future is out in it."""
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
    return Future(name="mean", **{name: _plain(value) for name, value in parts.items()}, **out)  # type: ignore[arg-type]


def _plain(value: object) -> float | Floats:
    array = np.asarray(value, dtype=np.float64)
    return float(array) if array.ndim == 0 else array

"""Random small instances for the oracle, each from its seed, mixing all that can be odd about one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.model import MaxCoverage
from hubplanner.problem import SiteStatus
from support.oracles.covering import Case, best_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.oracles.covering import Option

EASY = 144
"""Seeds below it give any instance; those from it on crowded ones, on which the relaxation seldom decides."""
GEOMETRIES = ("plane", "sphere", "matrix")
LIMITS = ("neither", "budget", "max_hubs", "both")
MOST_SITES = {1: 8, 2: 6, 3: 5}
PRICES: dict[str, Callable[[np.random.Generator], float]] = {
    "one": lambda _: 3.0,
    "few": lambda rng: float(rng.choice([0, 1, 2, 5])),
    "many": lambda rng: round(float(rng.uniform(0.5, 9.5)), 3),
    "money": lambda rng: float(rng.integers(1, 10_000)) * 1e4,
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A random instance with its objective."""

    case: Case
    objective: MaxCoverage


@cache
def best(seed: int) -> float | None:
    """Return the oracle's value of a seed's instance, None when no plan is allowed."""
    return best_value(sample(seed).case, sample(seed).objective)


@cache
def sample(seed: int) -> Sample:
    """Return the instance of a seed; seeds walk through all geometries, limits, numbers of tiers and kinds of costs."""
    rng = np.random.default_rng(seed)
    tiers = 1 + (seed // 12) % 3
    price = list(PRICES)[(seed // 36) % 4]
    hard = seed >= EASY
    wide = price == "many" and tiers == 1
    sites = 15 if wide else int(rng.integers(MOST_SITES[tiers] if hard else 1, MOST_SITES[tiers] + 1))
    statuses = _statuses(rng, sites, hard=hard)
    case = Case(
        geometry=GEOMETRIES[seed % 3],
        points=_places(rng, 60 if hard else int(rng.integers(1, 25))),
        sites=_places(rng, sites, stray=0.1),
        table={},
        needs=(),
        statuses=statuses,
        reaches=_reaches(rng, tiers, hard=hard),
        costs=_costs(rng, statuses, tiers, price),
    )
    case = _with_table(rng, case, share=0.35 if hard else 0.8) if case.geometry == "matrix" else case
    return Sample(case=_with_needs(rng, case), objective=_objective(rng, case, LIMITS[(seed // 3) % 4]))


def _places(rng: np.random.Generator, count: int, stray: float = 0.0) -> tuple[tuple[float, float], ...]:
    """Return places in a square, some of them on top of others, some far from all."""
    places = rng.uniform(0, 1, (count, 2))
    same = rng.random(count) < 0.3
    places[same] = places[rng.integers(0, count, same.sum())]
    places[rng.random(count) < stray] += 40
    return tuple((float(x), float(y)) for x, y in places)


def _statuses(rng: np.random.Generator, sites: int, *, hard: bool) -> tuple[SiteStatus, ...]:
    mixes = ([1, 0, 0, 0], [0.7, 0.1, 0.1, 0.1], [0.4, 0.2, 0.2, 0.2])
    return tuple(SiteStatus(code) for code in rng.choice(4, sites, p=mixes[rng.integers(2 if hard else 3)]))


def _reaches(rng: np.random.Generator, tiers: int, *, hard: bool) -> tuple[float, ...]:
    """Return a reach for each tier, in no order: a dearer tier may reach less far."""
    return tuple(round(float(reach), 3) for reach in rng.uniform(0.25 if hard else 0.05, 0.5, tiers))


def _costs(rng: np.random.Generator, statuses: tuple[SiteStatus, ...], tiers: int, price: str) -> dict[Option, float]:
    costs: dict[Option, float] = {}
    for site, status in enumerate(statuses):
        allowed = [tier for tier in range(tiers) if rng.random() < 0.85] or [0]
        allowed = {SiteStatus.EXISTING: allowed[:1], SiteStatus.EXCLUDED: []}.get(status, allowed)
        for tier in allowed:
            costs[site, tier] = 0.0 if status == SiteStatus.EXISTING else PRICES[price](rng)
    return costs


def _with_table(rng: np.random.Generator, case: Case, *, share: float) -> Case:
    """Return the case with a share of its distances, random and in steps that hit a reach exactly."""
    pairs = [(i, j) for i in range(len(case.points)) for j in range(len(case.sites)) if rng.random() < share]
    steps = [0.0, *case.reaches, 0.1, 0.3, 0.6]
    return replace(case, table={pair: float(rng.choice(steps)) for pair in pairs})


def _with_needs(rng: np.random.Generator, case: Case) -> Case:
    count = len(case.points)
    whole = rng.integers(0, 9, count).astype(float)
    needs = whole if rng.random() < 0.5 else rng.uniform(0, 1, count) * 10.0 ** rng.integers(-2, 6)
    needs[rng.random(count) < 0.15] = 0.0
    reaches = tuple(reach * 111 for reach in case.reaches) if case.geometry == "sphere" else case.reaches
    return replace(case, needs=tuple(needs.tolist()), reaches=reaches)


def _objective(rng: np.random.Generator, case: Case, limits: str) -> MaxCoverage:
    total = sum(case.costs.values())
    budget = round(total * float(rng.choice([0, 0.15, 0.3, 0.5, 0.8])), 3)
    count = int(rng.integers(0, len(case.statuses) + 1))
    return MaxCoverage(
        budget=budget if limits in {"budget", "both"} else None,
        max_hubs=count if limits in {"max_hubs", "both"} else None,
    )

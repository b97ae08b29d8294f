"""An oracle over futures that tries every plan: pure Python, its own distances, nothing of hubplanner's futures."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import hubplanner as hp
from hubplanner.problem import SiteStatus
from support.oracles.covering import EDGE, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Plan = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A future in plain Python: multipliers by point, option and tier."""

    share: float
    need: tuple[float, ...]
    cost: dict[tuple[int, int], float]
    reach: tuple[float, ...]
    sites_out: tuple[int, ...] = ()
    tiers_out: tuple[int, ...] = ()

    def covered(self, case: Case, plan: Plan, points: Sequence[int] | None = None) -> float:
        """Return the need that a plan covers, of some points only if asked."""
        counted = range(len(case.needs)) if points is None else points
        reached = [point for point in counted if any(self._covers(case, option, point) for option in plan)]
        return math.fsum(case.needs[point] * self.need[point] for point in reached)

    def _covers(self, case: Case, option: tuple[int, int], point: int) -> bool:
        site, tier = option
        if site in self.sites_out or tier in self.tiers_out:
            return False
        return case.distance(point, site) / self.reach[tier] <= case.reaches[tier] * EDGE

    def spent(self, case: Case, plan: Plan) -> float:
        return math.fsum(case.costs[option] * self.cost[option] for option in case.new(plan))


def random_case(seed: int) -> tuple[Case, list[Turn]]:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(5, 14)), int(rng.integers(3, 6))
    statuses = [SiteStatus.CANDIDATE] * m
    if rng.random() < 0.4:
        statuses[0] = SiteStatus.EXISTING
    if rng.random() < 0.3:
        statuses[1] = SiteStatus.REQUIRED
    costs: dict[tuple[int, int], float] = {}
    for site, status in enumerate(statuses):
        for tier in range(1 if status == SiteStatus.EXISTING else 2):
            costs[site, tier] = 0.0 if status == SiteStatus.EXISTING else float(rng.integers(1, 6) + 2 * tier)
    case = Case(
        geometry="plane",
        points=tuple(map(tuple, rng.uniform(0, 40, (n, 2)).tolist())),
        sites=tuple(map(tuple, rng.uniform(0, 40, (m, 2)).tolist())),
        table={},
        needs=tuple(rng.integers(1, 20, n).astype(float).tolist()),
        statuses=tuple(statuses),
        reaches=(9.0, 15.0),
        costs=costs,
    )
    count = int(rng.integers(1, 5))
    shares = rng.dirichlet(np.ones(count))
    turns = []
    for share in shares.tolist():
        uniform = rng.random() < 0.5
        dear = float(rng.choice([0.8, 1.0, 1.3]))
        turns.append(
            Turn(
                share=share,
                need=tuple(rng.choice([0.5, 1.0, 1.5, 2.0], n).tolist()),
                cost={option: dear if uniform else float(rng.choice([0.8, 1.0, 1.4])) for option in costs},
                reach=tuple(rng.choice([0.7, 1.0, 1.2], 2).tolist()),
                sites_out=tuple(np.flatnonzero(rng.random(m) < 0.15).tolist()),
                tiers_out=(1,) if rng.random() < 0.15 else (),
            )
        )
    return case, turns


def futures_of(case: Case, turns: Sequence[Turn]) -> hp.Futures:
    options = sorted(case.costs)
    return hp.Futures(
        [
            hp.Future(
                name=f"turn {number}",
                probability=turn.share,
                need=np.array(turn.need),
                cost=np.array([turn.cost[option] for option in options]),
                reach=np.array(turn.reach),
                sites_out=turn.sites_out,
                tiers_out=turn.tiers_out,
            )
            for number, turn in enumerate(turns)
        ]
    )


def allowed(case: Case, plan: Plan, money: Callable[[Plan], float], budget: float, max_hubs: int | None) -> bool:
    held = {site for site, _ in plan}
    fixed = {SiteStatus.EXISTING, SiteStatus.REQUIRED}
    pinned = all(site in held for site, status in enumerate(case.statuses) if status in fixed)
    count = math.inf if max_hubs is None else max_hubs
    return pinned and len(case.new(plan)) <= count and money(plan) <= budget * EDGE


def plans(case: Case) -> list[Plan]:
    choices = [[None, *(o for o in sorted(case.costs) if o[0] == site)] for site in range(len(case.statuses))]
    return [tuple(o for o in plan if o is not None) for plan in itertools.product(*choices)]


def tail(values: Sequence[float], shares: Sequence[float], level: float) -> float:
    """Return the conditional value at risk as the largest over its thresholds, which are the values themselves."""
    return max(
        eta - math.fsum(p * max(eta - v, 0.0) for v, p in zip(values, shares, strict=True)) / (1 - level)
        for eta in values
    )


def score(kind: str, values: Sequence[float], turns: Sequence[Turn], best: Sequence[float], level: float) -> float:
    shares = [turn.share for turn in turns]
    if kind == "expected":
        return math.fsum(p * v for p, v in zip(shares, values, strict=True))
    if kind == "worst":
        return min(values)
    if kind == "regret":
        return -max(b - v for b, v in zip(best, values, strict=True))
    return tail(values, shares, level)


@dataclass(frozen=True)
class Truth:
    """What all plans together show: the best figure by each criterion, and what information is worth."""

    best: dict[str, float]
    alone: list[float]
    value_of_planning: float
    value_of_knowing: float


def truth(  # noqa: PLR0917 - an instance and its limits
    case: Case,
    turns: Sequence[Turn],
    budget: float,
    level: float,
    max_hubs: int | None = None,
    also: Callable[[Plan], bool] = lambda _: True,
) -> Truth | None:
    """Return it with the budget in every future; None where no plan is allowed."""
    every = plans(case)
    worst = lambda plan: max(turn.spent(case, plan) for turn in turns)  # noqa: E731
    fit = [plan for plan in every if allowed(case, plan, worst, budget, max_hubs) and also(plan)]
    if not fit:
        return None
    alone = []
    for turn in turns:
        own = [plan for plan in every if allowed(case, plan, lambda p, t=turn: t.spent(case, p), budget, max_hubs)]
        alone.append(max(turn.covered(case, plan) for plan in own))
    values = {plan: [turn.covered(case, plan) for turn in turns] for plan in fit}
    best = {
        kind: max(score(kind, v, turns, alone, level) for v in values.values())
        for kind in ("expected", "worst", "regret", "cvar")
    }
    knowing = math.fsum(turn.share * v for turn, v in zip(turns, alone, strict=True))
    mean = mean_turn(case, turns)
    most = max(mean.covered(case, plan) for plan in fit)
    # Of several plans that are best for the mean future any may be taken: what planning is worth lies between.
    tied = [plan for plan in fit if mean.covered(case, plan) >= most - 1e-9]
    naive = max(score("expected", values[plan], turns, alone, level) for plan in tied)
    return Truth(
        best=best, alone=alone, value_of_planning=best["expected"] - naive, value_of_knowing=knowing - best["expected"]
    )


def mean_turn(case: Case, turns: Sequence[Turn]) -> Turn:
    def mean(values: Sequence[float]) -> float:
        return math.fsum(turn.share * value for turn, value in zip(turns, values, strict=True))

    return Turn(
        share=1.0,
        need=tuple(mean([turn.need[i] for turn in turns]) for i in range(len(case.needs))),
        cost={option: mean([turn.cost[option] for turn in turns]) for option in case.costs},
        reach=tuple(mean([turn.reach[t] for turn in turns]) for t in range(2)),
        sites_out=tuple(set.intersection(*(set(turn.sites_out) for turn in turns))),
        tiers_out=tuple(set.intersection(*(set(turn.tiers_out) for turn in turns))),
    )

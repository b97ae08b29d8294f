"""Rules on instances too large to enumerate, solved a second time in another way.

Nothing of hubplanner's models, coverage or evaluation is used here: backup is pair by pair, years have opening dates
and a purse.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pulp
import pytest
from support.oracles.second_formulation import EXACT, SAME, SEEDS, Second, by_need, check, town

import hubplanner as hp
from hubplanner.model import Floor, MaxMin, MinSeparation, Periods
from hubplanner.problem import CoverageRule, Decay

if TYPE_CHECKING:
    from hubplanner.model.objectives import Constraint


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_decay_by_assignment(seed: int) -> None:
    here = town(seed, reach=20)
    second = Second(town=here)
    second.spend(130)
    fading = np.clip((20 - here.distance) / (20 - 6), 0, 1)
    most = second.most(second.worth(second.shares(fading > 0), by_need(here, fading)))
    check(here.problem(CoverageRule(decay=Decay.LINEAR, full=6)), hp.MaxCoverage(budget=130), most)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("weight", [1.0, 0.7])
def test_backup_by_pairs_of_hubs(seed: int, weight: float) -> None:
    here = town(seed, points=80, sites=25, reach=18)
    second = Second(town=here)
    second.build(6)
    pairs = list(combinations(range(25), 2))
    both = {pair: second.program.add_variable(f"both_{pair[0]}_{pair[1]}", 0, 1) for pair in pairs}
    for (one, other), together in both.items():
        second.hold(together <= second.open_[one])
        second.hold(together <= second.open_[other])
    worth = (1 - weight) * second.worth(second.shares(here.near), by_need(here))
    for point in range(80):
        at = np.flatnonzero(here.near[point]).tolist()
        twice = second.program.add_variable(f"twice_{point}", 0, 1)
        second.hold(twice <= pulp.lpSum(both[pair] for pair in combinations(at, 2)))
        worth += weight * float(here.need[point]) * twice
    most = second.most(worth)
    check(here.problem(CoverageRule(backup=2, backup_weight=weight)), hp.MaxCoverage(max_hubs=6), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_fading_backup_by_two_assignments(seed: int) -> None:
    here = town(seed, points=80, sites=25, reach=24)
    second = Second(town=here)
    second.spend(110)
    fading = np.where(here.near, np.exp(-np.maximum(here.distance - 5, 0) / 9), 0)
    first, then = second.shares(here.near), second.amounts("second", np.argwhere(here.near).tolist())
    for (point, site), share in then.items():
        second.hold(first[point, site] + share <= second.open_[site])
    for point in np.flatnonzero(here.near.any(axis=1)).tolist():
        second.hold(pulp.lpSum(then[point, site] for site in np.flatnonzero(here.near[point]).tolist()) <= 1)
    worth = by_need(here, fading)
    most = second.most(0.6 * second.worth(first, worth) + 0.4 * second.worth(then, worth))
    rule = CoverageRule(decay=Decay.EXPONENTIAL, full=5, width=9, backup=2, backup_weight=0.4)
    check(here.problem(rule), hp.MaxCoverage(budget=110), most)


@pytest.mark.parametrize("seed", SEEDS)
def test_separation_pair_by_pair(seed: int) -> None:
    here = town(seed)
    second = Second(town=here)
    second.build(8)
    for one, other in combinations(range(2, 40), 2):
        if np.hypot(*(here.sites[one] - here.sites[other])) < 32:
            second.hold(second.open_[one] + second.open_[other] <= 1)
    most = second.most(second.worth(second.shares(here.near), by_need(here)))
    apart = check(here.problem(), hp.MaxCoverage(max_hubs=8, constraints=(MinSeparation(distance=32),)), most)
    free = hp.solve_problem(here.problem(), hp.MaxCoverage(max_hubs=8), EXACT)
    assert free.value > apart.value


@pytest.mark.parametrize("seed", SEEDS)
def test_floors_of_four_quarters(seed: int) -> None:
    here = town(seed)
    free = hp.solve_problem(here.problem(), hp.MaxCoverage(budget=130), EXACT)
    assert free.evaluation is not None
    reached = [float(quarter @ free.evaluation.covered_share / quarter.sum()) for quarter in here.quarters]
    worst = int(np.argmin(reached))
    second = Second(town=here)
    second.spend(130)
    shares = second.shares(here.near)
    floors: tuple[Constraint, ...] = ()
    for number, (quarter, share) in enumerate(zip(here.quarters, reached, strict=True)):
        least = share + 0.03 if number == worst else max(share - 0.3, 0.0)
        second.hold(second.worth(shares, quarter[:, None] * here.near) >= least * float(quarter.sum()))
        floors += (Floor(weight=quarter, share=least),)
    most = second.most(second.worth(shares, by_need(here)))
    held = check(here.problem(), hp.MaxCoverage(budget=130, constraints=floors), most)
    assert free.value > held.value


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("carry_over", [True, False])
def test_three_years_with_opening_dates_and_a_purse(seed: int, *, carry_over: bool) -> None:
    here = town(seed, points=80, sites=30)
    budgets, rate = (55.0, 35.0, 50.0), 0.08
    growth = np.random.default_rng(seed).uniform(-0.1, 0.3, 80)
    second = Second(town=here)
    dates = [second.binaries(f"year_{year}", 30) for year in range(3)]
    for site, opened in enumerate(second.open_):
        second.hold(pulp.lpSum(year[site] for year in dates) == opened)
    dates[0][0].lowBound = dates[0][1].lowBound = 1
    purse, worth = pulp.lpSum([]), pulp.lpSum([])
    for year, money in enumerate(budgets):
        spent = pulp.lpDot(here.cost.tolist(), dates[year])
        left = second.program.add_variable(f"left_{year}", 0)
        second.hold(purse + money - spent == left)
        purse = left if carry_over else pulp.lpSum([])
        discounted = here.need * (1 + growth) ** year / (1 + rate) ** year
        for point in range(80):
            reached = second.program.add_variable(f"reached_{year}_{point}", 0, 1)
            near = np.flatnonzero(here.near[point]).tolist()
            second.hold(reached <= pulp.lpSum(dates[past][site] for past in range(year + 1) for site in near))
            worth += float(discounted[point]) * reached
    most = second.most(worth)
    years = Periods(budgets=budgets, carry_over=carry_over, discount_rate=rate, growth=growth)
    solution = check(here.problem(), hp.MaxCoverage(constraints=(years,)), most)
    assert len(solution.periods) == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_fairness_subset_by_subset(seed: int) -> None:
    here = town(seed, points=80, sites=30)
    second = Second(town=here)
    second.spend(100)
    shares = second.shares(here.near)
    groups = [second.worth(shares, q[:, None] / q.sum() * here.near) for q in here.quarters]
    figures = []
    for count in range(1, 5):
        lowest = second.program.add_variable(f"lowest_{count}", 0, count)
        for subset in combinations(groups, count):
            second.hold(lowest <= pulp.lpSum(subset))
        figures.append(second.most(lowest))
        lowest.lowBound = figures[-1] - SAME / 10
    figures.append(second.most(second.worth(shares, by_need(here))))
    solution = check(here.problem(), hp.MaxCoverage(budget=100, fairness=MaxMin(weights=here.quarters)), *figures)
    assert len(solution.goals) == len(figures)


@pytest.mark.parametrize("seed", SEEDS)
def test_least_cost_of_four_fifths(seed: int) -> None:
    here = town(seed)
    second = Second(town=here)
    shares = second.shares(here.near)
    second.hold(second.worth(shares, by_need(here)) >= 0.8 * float(here.need.sum()))
    least = second.least(pulp.lpDot(here.cost.tolist(), second.open_))
    check(here.problem(), hp.MinCost(0.8), least)


@pytest.mark.parametrize("seed", SEEDS)
def test_least_cost_of_hubs_and_travel_for_four_fifths(seed: int) -> None:
    here = town(seed, points=80, sites=25, reach=25)
    second = Second(town=here)
    shares = second.shares(here.near)
    second.hold(second.worth(shares, by_need(here)) >= 0.8 * float(here.need.sum()))
    travel = second.worth(shares, by_need(here, here.distance))
    least = second.least(pulp.lpDot(here.cost.tolist(), second.open_) + 0.004 * travel)
    check(here.problem(), hp.MinCost(0.8, travel_cost=0.004), least)

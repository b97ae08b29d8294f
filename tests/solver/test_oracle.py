"""Every solver found against the oracle, on random small instances of every mix of limits, tiers and statuses."""

from __future__ import annotations

from collections import Counter

import pytest
from support.draws import SLOW, one_of
from support.instances.random_covering import LIMITS, Sample, best as optimal, sample

from hubplanner.model import Budget
from hubplanner.model.constraints.budget import MOST_PRICES
from hubplanner.problem import SiteStatus, Solution, Status
from hubplanner.solver import SolverOptions, found_solvers, solve_problem

BATCH = 24
SEEDS = one_of(5, range(432))  # which are of every geometry, limit, number of tiers and kind of costs in turn
LEAST = 10 if SLOW else 2
"""How many of each kind there are among them."""
PROVING = ("highs", "cbc")
"""Solvers that state a bound of their own."""


@pytest.mark.parametrize("first", range(0, len(SEEDS), BATCH))
def test_every_solver_finds_the_value_that_enumeration_finds(first: int) -> None:
    for seed in SEEDS[first : first + BATCH]:
        asked = sample(seed)
        best = optimal(seed)
        for name in found_solvers():
            options = SolverOptions(name=name, gap=0, threads=1, ties=False)
            solution = solve_problem(asked.case.problem(), asked.objective, options)
            if best is None:
                assert solution.status == Status.INFEASIBLE, (seed, name)
                assert solution.clashes, (seed, name)
            else:
                check(asked, solution, best, (seed, name))


def check(asked: Sample, solution: Solution, best: float, label: tuple[int, str]) -> None:
    slack = 1e-9 * max(1.0, best)
    plan = asked.case.named(solution.open_options.tolist())
    assert asked.case.allows(plan, asked.objective), label
    assert solution.value == pytest.approx(asked.case.value(plan), abs=slack), label
    assert solution.value == pytest.approx(best, abs=slack), label
    assert solution.bound >= best - slack, label
    assert solution.bound >= solution.value, label
    if label[1] == "highs":
        assert solution.status == Status.OPTIMAL, (label, solution.gap)
    if label[1] in PROVING:
        assert solution.gap <= 1e-4, label


def test_the_random_instances_hold_everything_that_can_be_odd() -> None:
    found: Counter[str] = Counter()
    for seed in SEEDS:
        asked = sample(seed)
        case, objective = asked.case, asked.objective
        money = objective.budget
        prices = {cost for option, cost in case.costs.items() if case.statuses[option[0]] != SiteStatus.EXISTING}
        best = optimal(seed)
        found[f"{case.geometry}, {len(case.reaches)} tiers"] += 1
        found[LIMITS[(objective.budget is not None) + 2 * (objective.max_hubs is not None)]] += 1
        found["infeasible" if best is None else "feasible"] += 1
        found.update(status.name for status in set(case.statuses))
        found["zero need"] += 0.0 in case.needs
        found["free hub"] += 0.0 in prices
        found["hub above budget"] += money is not None and max(prices, default=0) > money
        found["costs counted"] += (
            any(isinstance(constraint, Budget) for constraint in objective.all_constraints) and len(prices) > 1
        )
        found["costs not counted"] += money is not None and len(prices) > MOST_PRICES
        found["equal costs"] += len(prices) < len(case.costs)
        found["same place"] += len(set(case.points)) < len(case.points)
        found["site covering nothing"] += any(not case.covers(option) for option in case.costs)
        found["dearer tier reaches less"] += any(
            case.costs[site, tier] < case.costs.get((site, other), 0) and case.reaches[tier] > case.reaches[other]
            for site, tier in case.costs
            for other in range(len(case.reaches))
        )
    assert len(found) == 9 + 4 + 2 + 4 + 9, found
    assert min(found.values()) >= LEAST, found

"""What may be asked of a plan, and how a finished plan is held to it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.instances.tiny import line_of_five, two_islands

import hubplanner as hp
from hubplanner.model import (
    Budget,
    Capacity,
    Floor,
    FullService,
    HubsPerSite,
    MaxCoverage,
    MaxHubs,
    MaxMin,
    MinCost,
    MinHubs,
    MinSeparation,
    Objective,
    PCenter,
    Periods,
    PMedian,
    RequiredSites,
    broken_constraints,
)
from hubplanner.model.lp import decimal_unit
from hubplanner.problem import CoverageRule, Decay, SiteStatus, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

ONES = np.ones(5)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"budget": -1}, "budget: -1 found; allowed: a number of at least 0"),
        ({"budget": "4 billion"}, "budget: '4 billion' found; allowed: a number of at least 0"),
        ({"budget": math.nan}, "budget: nan found"),
        ({"budget": math.inf}, "budget: inf found"),
        ({"max_hubs": -1}, "max_hubs: -1 found; allowed: a number of at least 0"),
        ({"max_hubs": 2.5}, "max_hubs: 2.5 found; allowed: a whole number"),
        ({"max_hubs": math.nan}, "max_hubs: nan found"),
        ({"max_hubs": math.inf}, "max_hubs: inf found"),
    ],
)
def test_a_limit_that_is_none_is_refused_where_it_is_made(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(hp.ScenarioError, match=message):
        hp.MaxCoverage(**limits)


def test_no_limit_zero_and_a_whole_float_are_limits() -> None:
    assert len(hp.MaxCoverage().all_constraints) == 2
    assert hp.MaxCoverage(budget=0, max_hubs=0).all_constraints[2:] == (Budget(amount=0), MaxHubs(count=0))
    assert hp.solve_problem(line_of_five(), hp.MaxCoverage(max_hubs=2.0)).value == 15  # type: ignore[arg-type]


def test_an_objective_without_a_model_says_so() -> None:
    class MaxProfit(Objective):
        name = "max_profit"

    with pytest.raises(hp.ScenarioError, match=r"objective max_profit is not supported; .* max_coverage"):
        hp.solve_problem(line_of_five(), MaxProfit())


@pytest.mark.parametrize(
    ("objective", "kinds"),
    [
        (MinCost(0.8), []),
        (MinCost(target_share=0.8, budget=3), [Budget]),
        (PMedian(budget=3), [Budget, FullService]),
        (PMedian(max_hubs=3), [MaxHubs, FullService]),
        (PCenter(budget=3, max_hubs=2), [Budget, MaxHubs, FullService]),
        (MaxCoverage(max_hubs=2, constraints=(MinHubs(count=1),)), [MaxHubs, MinHubs]),
    ],
)
def test_an_objective_knows_its_blocks(objective: Objective, kinds: list[type]) -> None:
    assert [type(constraint) for constraint in objective.all_constraints] == [HubsPerSite, RequiredSites, *kinds]


def test_hubs_in_numbers_take_the_place_of_one_a_site() -> None:
    objective = MaxCoverage(constraints=(HubsPerSite(count=3),))
    assert [constraint for constraint in objective.all_constraints if isinstance(constraint, HubsPerSite)] == [
        HubsPerSite(count=3)
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MinCost(0), "target_share: 0 found; allowed: a number above 0, at most 1"),
        (lambda: MinCost(1.01), "target_share: 1.01 found"),
        (lambda: MinCost(0.5, travel_cost=-1), "travel_cost: -1 found; allowed: a number of at least 0"),
        (lambda: HubsPerSite(count=0), "max_per_site: 0 found; allowed: a whole number of at least 1"),
        (lambda: MinHubs(count=-1), "min_hubs: -1 found"),
        (lambda: Capacity(people=(0.5,)), "capacity: 0.5 found; allowed: a number of at least 1 person"),
        (lambda: Floor(weight=ONES, share=1.2, name="East"), "floor East: 1.2 found; allowed: a number from 0 to 1"),
        (lambda: MinSeparation(distance=0), "min_separation: 0 found; allowed: a distance above 0"),
        (lambda: Periods(budgets=()), "at least one year, each with a budget"),
        (lambda: Periods(budgets=(1, 2), names=("2030",)), "at least one year, each with a budget"),
        (lambda: Periods(budgets=(-1,)), "periods, budget: -1 found"),
        (lambda: Periods(budgets=(1,), discount_rate=-0.1), "periods, discount_rate: -0.1 found"),
        (lambda: MaxMin(weights=ONES), "one row of weights for each group"),
    ],
)
def test_a_block_that_is_none_is_refused_where_it_is_made(make: Callable[[], object], message: str) -> None:
    with pytest.raises(hp.ScenarioError, match=message):
        make()


BACKUP, DECAY = CoverageRule(backup=2), CoverageRule(decay=Decay.LINEAR)
YEARS = Periods(budgets=(1.0, 1.0))


@pytest.mark.parametrize(
    ("objective", "changes", "reason"),
    [
        (
            MaxCoverage(constraints=(Capacity(people=(9.0,)),)),
            {"rule": BACKUP},
            "backup does not go with capacity: assigned people have no backup hub",
        ),
        (
            MaxCoverage(constraints=(HubsPerSite(count=2), MinSeparation(distance=1))),
            {},
            "max_per_site above 1 does not go with min_sep",
        ),
        (MinCost(0.5, constraints=(YEARS,)), {}, "min_cost does not go with periods: a programme"),
        (PCenter(constraints=(YEARS,)), {}, "p_center does not go with periods: years are"),
        (
            MaxCoverage(constraints=(YEARS,), fairness=MaxMin(weights=np.ones((1, 5)))),
            {},
            "fairness does not go with periods",
        ),
        (MaxCoverage(constraints=(YEARS,)), {"closing_saving": np.array([np.nan, 1, np.nan])}, "existing hubs stay"),
        (PMedian(max_hubs=1), {"rule": BACKUP}, "backup does not change distances"),
        (MinCost(0.5, travel_cost=1), {"rule": DECAY}, "decay does not go with travel_cost"),
    ],
)
def test_what_does_not_go_together_is_refused_with_its_reason(
    objective: Objective, changes: dict[str, Any], reason: str
) -> None:
    line = replace(line_of_five(), site_status=np.array([0, SiteStatus.EXISTING, 0]), option_cost=np.array([1.0, 0, 1]))
    with pytest.raises(hp.ScenarioError, match=reason):
        hp.solve_problem(replace(line, **changes), objective)


@pytest.mark.parametrize("value", [0.2, 1.0, 9.99, 10.0, 1000.0, 3e9, 1e-9, 2e-300, 1e308])
def test_the_unit_brings_the_largest_to_between_one_and_ten(value: float) -> None:
    assert 1 <= value / decimal_unit(value) < 10


def test_nothing_has_the_unit_one_and_next_to_nothing_one_that_divides() -> None:
    assert decimal_unit(0.0) == 1.0
    assert 0 < 5e-324 / decimal_unit(5e-324) < 1


@pytest.mark.parametrize(
    ("options", "objective", "reasons"),
    [
        ([0, 3], hp.MaxCoverage(budget=3, max_hubs=1), []),
        ([0, 3], hp.MaxCoverage(budget=2.99), ["new hubs cost 3.00, the budget is 2.99"]),
        ([0, 3], hp.MaxCoverage(budget=3 - 1e-10), []),
        ([0, 1, 3], hp.MaxCoverage(max_hubs=1), ["2 new hubs are built, max_hubs is 1"]),
        ([0, 1], hp.MaxCoverage(), ["required site 2 holds no hub"]),
        ([0, 3, 4], hp.MaxCoverage(), ["site 2 holds 2 hubs"]),
        ([3], hp.MaxCoverage(), ["site 0 loses its standing hub"]),
        ([0, 1, 2], hp.MaxCoverage(budget=1, max_hubs=1), ["site 1", "required site 2", "new hubs cost", "2 new hubs"]),
    ],
)
def test_a_plan_is_held_to_every_limit(options: list[int], objective: hp.MaxCoverage, reasons: list[str]) -> None:
    problem = two_islands()
    found = broken_constraints(problem, evaluate(problem, options), objective)
    assert len(found) == len(reasons)
    assert all(said.startswith(reason) for said, reason in zip(found, reasons, strict=True)), found

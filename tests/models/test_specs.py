"""What may be asked of a plan, and how a finished plan is held to it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from instances import line_of_five, two_islands

import hubplanner as hp
from hubplanner.models import Budget, MaxHubs, Objective, broken_blocks, build_model
from hubplanner.models.model import decimal_unit
from hubplanner.problem import evaluate, merge_demand
from hubplanner.problem.reduced import reduce_existing


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"budget": -1}, "budget: -1 found; allowed: a number of at least 0"),
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
    assert len(hp.MaxCoverage().blocks) == 2
    assert hp.MaxCoverage(budget=0, max_hubs=0).blocks[2:] == (Budget(amount=0), MaxHubs(count=0))
    assert hp.solve_problem(line_of_five(), hp.MaxCoverage(max_hubs=2.0)).value == 15  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("objective", "name"),
    [
        (hp.MinCost(0.8), "min_cost"),
        (hp.MinCost(target_share=0.8), "min_cost"),
        (hp.PMedian(budget=3), "p_median"),
        (hp.PMedian(max_hubs=3), "p_median"),
        (hp.PCenter(budget=3, max_hubs=2), "p_center"),
    ],
)
def test_an_objective_of_a_later_version_says_so(objective: Objective, name: str) -> None:
    with pytest.raises(hp.ScenarioError, match=f"objective {name} is not yet supported.* max_coverage"):
        hp.solve_problem(line_of_five(), objective)
    instance = reduce_existing(line_of_five(), merge_demand(line_of_five()))
    with pytest.raises(hp.ScenarioError, match="not yet"):
        build_model(instance, objective)
    assert objective.blocks == ()


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
        ([0, 1, 2], hp.MaxCoverage(budget=1, max_hubs=1), ["site 1", "required site 2", "new hubs cost", "2 new hubs"]),
    ],
)
def test_a_plan_is_held_to_every_limit(options: list[int], objective: hp.MaxCoverage, reasons: list[str]) -> None:
    problem = two_islands()
    found = broken_blocks(problem, evaluate(problem, options), objective)
    assert len(found) == len(reasons)
    assert all(said.startswith(reason) for said, reason in zip(found, reasons, strict=True)), found

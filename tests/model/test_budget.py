"""Money in binary fractions: a sum that is the budget to the last digit is within it, whichever way it is solved."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model.constraints.budget import budget_of, most_money
from hubplanner.problem import Problem, SiteStatus
from hubplanner.tolerances import MONEY_TOLERANCE

SOURCE = Path(hp.__file__).parent


def apart(costs: list[float]) -> Problem:
    """Return points far apart, each with a site of its own."""
    places = [[1000.0 * number, 0.0] for number in range(len(costs))]
    return Problem.from_points(places, np.ones(len(costs)), places, costs, 1.0)


@pytest.mark.parametrize(
    "options", [{}, {"method": "plain"}, {"name": "heuristic"}, {"method": "plain", "name": "cbc"}]
)
@pytest.mark.parametrize(("costs", "budget"), [([0.1, 0.2], 0.3), ([0.1] * 3, 0.3), ([1.1, 2.2], 3.3)])
def test_costs_that_add_up_to_the_budget_are_within_it(
    costs: list[float], budget: float, options: dict[str, str]
) -> None:
    assert sum(costs) > budget
    found = hp.solve_problem(apart(costs), hp.MaxCoverage(budget=budget), hp.SolverOptions(gap=0.0, **options))
    assert found.value == len(costs)


@pytest.mark.parametrize("objective", [hp.MaxCoverage, hp.PMedian, hp.PCenter])
def test_required_hubs_of_just_the_budget_are_within_it(objective: type[hp.PMedian]) -> None:
    problem, status = apart([0.1, 0.2, 0.0, 0.0]), [SiteStatus.REQUIRED] * 2 + [SiteStatus.CANDIDATE] * 2
    pinned = Problem(**vars(problem) | {"site_status": np.array(status)})
    found = hp.solve_problem(pinned, objective(budget=0.3), hp.SolverOptions(gap=0.0))
    assert found.open_sites.tolist() == [0, 1, 2, 3]
    assert found.method.startswith("core")


def test_a_year_of_just_its_budget_is_within_it() -> None:
    years = hp.Periods(budgets=(0.1, 0.2))
    found = hp.solve_problem(apart([0.1, 0.2]), hp.MaxCoverage(constraints=(years,)), hp.SolverOptions(gap=0.0))
    assert [len(year.evaluation.options) for year in found.periods] == [1, 2]


def test_more_than_a_billionth_beyond_the_budget_is_too_much() -> None:
    found = hp.solve_problem(apart([1.0, 1.0 + 1e-8]), hp.MaxCoverage(budget=2.0), hp.SolverOptions(gap=0.0))
    assert found.value == 1


def test_the_most_money_of_a_budget_and_back() -> None:
    assert budget_of(most_money(0.3)) == pytest.approx(0.3, rel=1e-15)
    assert most_money(1e9) == pytest.approx(1e9 + 1e9 * MONEY_TOLERANCE, rel=1e-15)


def test_the_tolerance_of_money_is_spelled_once() -> None:
    """No file but that of the budget multiplies money by a tolerance of its own; the audit has its own, exact."""
    spelled = re.compile(r"(money|budget|amount|limit)\)? \* \(1 [+-] (MONEY_TOLERANCE|1e-)")
    found = [path.name for path in SOURCE.rglob("*.py") if spelled.search(path.read_text(encoding="utf-8"))]
    assert found == ["budget.py"]

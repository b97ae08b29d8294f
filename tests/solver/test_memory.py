"""What solves leave for each other, and plans to start from: nothing of it changes an answer."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.instances.tiny import line_of_five, random_town, two_islands

import hubplanner as hp
from hubplanner.model import Question
from hubplanner.problem import evaluate
from hubplanner.solver import SolveCache, cheapest
from hubplanner.solver.covering.column_generation import ColumnGeneration
from hubplanner.solver.covering.construction import fitted
from hubplanner.solver.covering.presolve import reduction
from hubplanner.solver.mip import strategy as lexicographic
from hubplanner.solver.mip.warm_start import given

if TYPE_CHECKING:
    from hubplanner.problem import Evaluation, Problem
    from hubplanner.solver.mip.subproblem import Subproblem

EXACT = hp.SolverOptions(gap=0.0, ties=False)
CLOSE = 1e-6


def plans(problem: Problem) -> list[Evaluation]:
    """All plans of a problem with one option a site."""
    sizes = range(problem.n_options + 1)
    every = (chosen for size in sizes for chosen in itertools.combinations(range(problem.n_options), size))
    return [evaluate(problem, chosen) for chosen in every]


def town(seed: int) -> Problem:
    """Nine sites and whole needs and costs, so that many plans cover the same."""
    rng = np.random.default_rng(seed)
    need, cost = rng.integers(1, 6, 30).astype(float), rng.integers(1, 6, 9).astype(float)
    return hp.Problem.from_points(rng.uniform(0, 100, (30, 2)), need, rng.uniform(0, 100, (9, 2)), cost, reach=26)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", [1, -1])
def test_budgets_in_any_order_are_solved_as_each_alone(seed: int, order: int) -> None:
    problem, memory = (
        random_town(seed, points=150, sites=40),
        SolveCache(problem=random_town(seed, points=150, sites=40)),
    )
    for money in [2, 7, 12, 18, 18, 40][::order]:
        asked = hp.MaxCoverage(budget=money, max_hubs=15)
        alone, together = (
            hp.solve_problem(problem, asked, EXACT),
            hp.solve_problem(problem, asked, EXACT, memory=memory),
        )
        assert together.value == pytest.approx(alone.value, rel=1e-9)
        assert together.bound == pytest.approx(alone.value, rel=CLOSE)
        for line in memory.lines:
            assert line.least_money(together.value) <= money * (1 + CLOSE)
            assert line.bound + line.slope * (money - line.money) >= alone.value * (1 - CLOSE) or money > line.money


def test_a_relaxation_goes_on_only_where_the_budget_alone_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, made = random_town(2, points=150, sites=40), []
    first = ColumnGeneration.__init__
    monkeypatch.setattr(
        ColumnGeneration,
        "__init__",
        lambda *given: made.append(1) or first(*given),  # type: ignore[func-returns-value]
    )
    memory = SolveCache(problem=problem)
    for money, hubs, count in [(20, 9, 1), (25, 9, 1), (25, 11, 2), (18, 11, 2)]:
        hp.solve_problem(problem, hp.MaxCoverage(budget=money, max_hubs=hubs), EXACT, memory=memory)
        assert len(made) == count


@pytest.mark.parametrize("seed", range(6))
def test_the_cheapest_of_equals_is_the_enumerated_one(seed: int) -> None:
    problem = town(seed)
    every, memory = plans(problem), SolveCache(problem=problem)
    for money in (3, 8, 14, 22):
        within = [plan for plan in every if plan.cost <= money]
        most = max(plan.covered_need for plan in within)
        dear = max((plan for plan in within if plan.covered_need == most), key=lambda plan: plan.cost)
        least = min(plan.cost for plan in within if plan.covered_need == most)
        found = cheapest(problem, hp.MaxCoverage(budget=money), dear, EXACT, memory)
        assert (found.plan.cost, found.plan.covered_need) == (least, most)
        assert least * (1 - 2 * CLOSE) <= found.least <= least


def test_only_budget_and_count_have_their_cheapest_plan_found_so() -> None:
    problem = line_of_five()
    limited = hp.MaxCoverage(budget=2, constraints=(hp.MinHubs(count=1),))
    with pytest.raises(ValueError, match="budget and count"):
        cheapest(problem, limited, evaluate(problem, [0]), EXACT, SolveCache(problem=problem))


@pytest.mark.parametrize("seed", range(8))
def test_a_plan_made_to_fit_keeps_to_the_limits(seed: int) -> None:
    problem = random_town(seed, points=80, sites=30)
    asked = hp.MaxCoverage(budget=10, max_hubs=4)
    instance = reduction(problem, asked, SolveCache(problem=problem)).instance
    chosen = np.flatnonzero(np.random.default_rng(seed).random(len(instance.option)) < 0.5)
    found = fitted(instance, asked, chosen)
    assert found is not None
    assert math.fsum(instance.cost[found]) <= 10
    assert 0 < len(found) <= 4


HUBS = hp.MaxCoverage(budget=6, constraints=(hp.MinHubs(count=2),))
SEATS = hp.MaxCoverage(budget=3, constraints=(hp.Capacity(people=(6,)),))
QUESTIONS: list[tuple[Problem, hp.Objective, hp.Objective]] = [
    (two_islands(), HUBS, replace(HUBS, budget=5)),
    (line_of_five(), hp.MinCost(target_share=0.6), hp.MaxCoverage(budget=4)),
    (line_of_five(), SEATS, replace(SEATS, budget=2)),
]


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_every_program_starts_from_a_plan_that_keeps_to_it(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked, before = QUESTIONS[number]
    alone, start = hp.solve_problem(problem, asked, EXACT), hp.solve_problem(problem, before, EXACT)
    tasks, optimise = list[Any](), lexicographic.optimise

    def noted(task: Subproblem) -> Any:
        tasks.append(task)
        return optimise(task)

    monkeypatch.setattr(lexicographic, "optimise", noted)
    found = hp.solve_problem(problem, asked, EXACT, start=start)
    assert found.value == pytest.approx(alone.value)
    assert start.evaluation is not None
    assert np.flatnonzero(tasks[0].start[0]).tolist() == start.evaluation.options.tolist()


def test_a_plan_that_does_not_keep_to_a_question_is_left_out_with_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    problem = two_islands()
    rich = hp.solve_problem(problem, hp.MaxCoverage(budget=9), EXACT)
    poor = hp.MaxCoverage(budget=3, constraints=(hp.MinHubs(count=1),))
    seats = hp.MaxCoverage(budget=9, constraints=(hp.Capacity(people=(6, 6)),))
    other = hp.solve_problem(line_of_five(), hp.MaxCoverage(budget=2), EXACT)
    years = hp.MaxCoverage(constraints=(hp.Periods(budgets=(6.0, 3.0)),))
    median = hp.PMedian(max_hubs=2)
    cases = [
        (poor, rich, "budget"),
        (seats, rich, "assigns no one"),
        (replace(poor, budget=9), other, "another problem"),
        (years, rich, "1 years, asked are 2"),
        (median, rich, "finds its own first plans"),
        (hp.MaxCoverage(budget=9), other, "another problem"),
    ]
    for asked, start, word in cases:
        caplog.clear()
        with caplog.at_level("INFO", logger="hubplanner"):
            found = hp.solve_problem(problem, asked, EXACT, start=start)
        assert found.value == hp.solve_problem(problem, asked, EXACT).value
        assert [record.message for record in caplog.records if "not used" in record.message and word in record.message]
    assert given(Question.of(problem, poor), None).opened is None


def test_a_plan_to_start_from_is_the_answer_where_time_is_too_short() -> None:
    problem = random_town(5, points=200, sites=80)
    asked = hp.MaxCoverage(budget=30, constraints=(hp.MinHubs(count=2),))
    start = hp.solve_problem(problem, replace(asked, budget=25), EXACT)
    found = hp.solve_problem(problem, asked, replace(EXACT, time_limit_s=1e-6), start=start)
    assert found.evaluation is not None
    assert found.value >= start.value
    assert found.bound >= hp.solve_problem(problem, asked, EXACT).value * (1 - CLOSE)

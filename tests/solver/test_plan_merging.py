"""The best plan of the hubs of several: checked by all choices among those in which they differ."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question, goals_of
from hubplanner.problem import CoverageRule, Problem
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.mip import plan_merging, search
from hubplanner.solver.mip.heuristics.first_plan import plan_with
from hubplanner.solver.mip.plan_merging import improved_by_merging, merged
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
SITES = 14


def drawn(seed: int) -> tuple[Problem, hp.MaxCoverage]:
    """Return second hubs that count alone, or for half, with money for half a dozen."""
    rng = np.random.default_rng(seed)
    points, sites, need = rng.uniform(0, 100, (120, 2)), rng.uniform(0, 100, (SITES, 2)), rng.integers(1, 40, 120)
    problem = Problem.from_points(points, need, sites, rng.integers(2, 9, SITES), reach=35)
    rule = CoverageRule(backup=2, backup_weight=1.0 if seed % 2 else 0.5)
    return replace(problem, rule=rule), hp.MaxCoverage(budget=30.0)


def task_of(problem: Problem, objective: hp.MaxCoverage) -> Subproblem:
    question = Question.of(problem, objective)
    return Subproblem(question=question, goal=goals_of(objective)[0], options=OPTIONS, deadline=OPTIONS.deadline)


def plan_of(task: Subproblem, hubs: Any) -> Incumbent:
    return plan_with(task.question, np.asarray(hubs, dtype=np.intp), task.deadline)


def covered(problem: Problem, open_: Any) -> float:
    near = np.linalg.norm(problem.travel.points[:, None] - problem.travel.sites[None], axis=2) <= 35  # type: ignore[union-attr]
    count, beta = near[:, open_].sum(axis=1), problem.rule.backup_weight
    return float((problem.need * ((1 - beta) * (count >= 1) + beta * (count >= 2))).sum())


@pytest.mark.parametrize("seed", one_of(4, range(40)))
def test_it_is_the_best_of_all_choices_among_hubs_in_which_plans_differ(seed: int) -> None:
    problem, objective = drawn(seed)
    task, rng = task_of(problem, objective), np.random.default_rng(seed)
    plans = [first for first in (plan_of(task, rng.permutation(SITES)) for _ in range(3)) if first.years]
    found = merged(task, plans)
    hubs = np.array([plan.opened[0] for plan in plans if plan.opened is not None])
    low, high = hubs.min(axis=0), hubs.max(axis=0)
    assert (high - low).sum() > 3
    best = max(
        covered(problem, np.flatnonzero(open_))
        for open_ in (np.array(choice) for choice in product((0, 1), repeat=SITES))
        if (low <= open_).all() and (open_ <= high).all() and (problem.option_cost @ open_) <= 30
    )
    assert found.value == pytest.approx(best)
    assert found.opened is not None
    assert (low <= found.opened[0]).all()
    assert (found.opened[0] <= high).all()
    assert covered(problem, np.flatnonzero(found.opened[0])) == pytest.approx(best)


def test_one_plan_is_itself_and_none_is_nothing() -> None:
    task = task_of(*drawn(1))
    plan = plan_of(task, range(SITES))
    assert merged(task, [plan, plan]) is plan
    assert merged(task, []) is NOTHING


def test_out_of_time_the_best_of_the_plans_stays() -> None:
    task = task_of(*drawn(1))
    plans = [plan_of(task, order) for order in (range(SITES), range(SITES)[::-1])]
    late = replace(task, deadline=task.deadline.past())
    assert merged(late, plans) is max(plans, key=lambda plan: plan.value)
    assert improved_by_merging(task, plans[0], task.deadline.past()) is plans[0]


def test_what_is_merged_has_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_merging, "PLANS", 2)
    task = task_of(*drawn(3))
    poor = plan_of(task, np.argsort(-task.question.instance.problem.option_cost))
    found = improved_by_merging(task, poor, task.deadline)
    assert found.value >= poor.value
    assert math.isnan(found.bound)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_solve_with_merged_plans_proves_the_best_of_all(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "AREA_ENTRIES", 0)
    problem, objective = drawn(seed)
    found = solve_problem(problem, objective, OPTIONS)
    choices = (np.array(choice) for choice in product((0, 1), repeat=SITES))
    best = max(covered(problem, np.flatnonzero(one)) for one in choices if problem.option_cost @ one <= 30)
    assert found.status == "optimal"
    assert found.value == pytest.approx(best)

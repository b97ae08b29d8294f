"""No plan holds a hub that costs money and adds nothing, whatever gap is asked and however much money there is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Budget, Capacity, Floor, HubsPerSite, MaxMin, Question, Year, broken_years, goals_of
from hubplanner.problem import CoverageRule, Decay, Problem, evaluate
from hubplanner.solver import solve
from hubplanner.solver.strategy import Candidate

if TYPE_CHECKING:
    from hubplanner.model import Objective
    from hubplanner.problem import Solution

RULES = {
    "backup": CoverageRule(backup=2),
    "backup counts less": CoverageRule(backup=2, backup_weight=0.4),
    "fading": CoverageRule(decay=Decay.LINEAR, full=2.0),
}
KINDS = ("alone", "floors", "worst group", "least cost", "little money", *RULES)


def drawn(kind: str, seed: int) -> tuple[Problem, Objective]:
    """Return 31 sites among 80 places, and more money than is needed, or hardly any."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    points, sites = rng.uniform(0, 30, (80, 2)), rng.uniform(0, 30, (31, 2))
    need = rng.integers(1, 100, 80).astype(float)
    problem = Problem.from_points(points, need, sites, rng.uniform(5, 15, 31), reach=6)
    problem = replace(problem, rule=RULES.get(kind, CoverageRule()))
    groups = np.array([need * (points[:, 0] // 10 == strip) for strip in range(3)])
    money = float(rng.uniform(8, 40) if kind == "little money" else rng.uniform(120, 400))
    floors = [Floor(weight=weight, share=0.1) for weight in groups] if kind == "floors" else []
    if kind == "least cost":
        return problem, hp.MinCost(0.7)
    fair = MaxMin(weights=groups) if kind in {"worst group", "little money"} else None
    return problem, hp.MaxCoverage(constraints=(Budget(amount=money), *floors), fairness=fair)


def needless(problem: Problem, objective: Objective, found: Solution) -> list[int]:
    """Return the hubs without any one of which no goal is worse and no limit broken."""
    assert found.evaluation is not None
    goals, plan = goals_of(objective), found.evaluation
    figures = [goal.value((Year(problem, plan),)) for goal in goals]
    question, some = Question.of(problem, objective), []
    for option in plan.options.tolist():
        year = (Year(problem, evaluate(problem, np.setdiff1d(plan.options, [option]))),)
        pairs = zip(goals, figures, strict=True)
        if not broken_years(question, year) and all(one.sense * (one.value(year) - was) >= 0 for one, was in pairs):
            some.append(option)
    return some


@pytest.mark.parametrize("kind", KINDS)
def test_no_hub_adds_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fewer, left_out = 0, solve.without_needless

    def counted(question: Question, candidate: Candidate) -> Candidate:
        nonlocal fewer
        found = left_out(question, candidate)
        fewer += found is not candidate
        return found

    monkeypatch.setattr(solve, "without_needless", counted)
    for seed in one_of(3, range(12)):
        problem, objective = drawn(kind, seed)
        for gap in (0.0, 0.02):
            options = hp.SolverOptions(gap=gap, threads=1, ties=False)
            found = hp.solve_problem(problem, objective, options)
            assert not needless(problem, objective, found), (seed, gap)
            assert found.gap <= gap + 1e-7
            monkeypatch.setattr(solve, "without_needless", lambda _question, candidate: candidate)
            plain = hp.solve_problem(problem, objective, options)
            monkeypatch.setattr(solve, "without_needless", counted)
            assert found.value == plain.value or kind == "least cost"
            assert found.evaluation is not None
            assert plain.evaluation is not None
            assert found.evaluation.cost <= plain.evaluation.cost
    assert fewer or kind not in {"alone", "floors", "backup"}


def test_hubs_that_serve_nobody_go_and_those_of_a_site_that_have_room_for_all() -> None:
    problem = Problem.from_points([[0, 0], [50, 0]], [9, 9], [[1, 0], [2, 0], [51, 0]], [3, 2, 4], reach=5)
    limits = (Budget(amount=100.0), Capacity(people=(5.0,)), HubsPerSite(count=4))
    objective = hp.MaxCoverage(constraints=limits)
    question, options = Question.of(problem, objective), np.array([0, 0, 1, 2, 2, 2])
    shares = np.array([[1.0, 0, 0], [0, 0, 1.0]])
    plan = evaluate(problem, options, csr_array(shares))
    found = solve.without_needless(question, Candidate(plans=(plan,), stated=(18.0,), bounds=(18.0,)))
    (fewer,) = found.plans
    assert not isinstance(fewer, np.ndarray)
    assert dict(zip(fewer.options.tolist(), fewer.counts.tolist(), strict=True)) == {0: 2, 2: 2}
    assert (fewer.covered_need, fewer.cost) == (18.0, 14.0)


def test_a_plan_of_which_ties_are_broken_stays_as_it_is() -> None:
    problem = Problem.from_points([[0, 0]], [9], [[1, 0], [2, 0]], [3, 2], reach=5)
    question = Question.of(problem, hp.MaxCoverage(budget=9.0))
    given = Candidate(plans=(evaluate(problem, [0, 1]),), ties="broken")
    assert solve.without_needless(question, given) is given

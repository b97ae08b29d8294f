"""Lines to hubs of limited room: inequalities of whom they serve, by hand and against programs without them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks import connected
from support.draws import one_of
from support.oracles.network import random_network, random_ways

import hubplanner as hp
from hubplanner.model import Question, broken_years, goals_of
from hubplanner.model.cuts import regions
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.subproblem import Subproblem

if TYPE_CHECKING:
    from collections.abc import Callable

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)


def task(problem: hp.Problem, objective: hp.MaxCoverage) -> Subproblem:
    question = Question.of(problem, objective)
    return Subproblem(question=question, goal=goals_of(objective)[0], options=EXACT, deadline=EXACT.deadline)


def bound(problem: hp.Problem, objective: hp.MaxCoverage) -> float:
    _, form, relaxation = relaxed(task(problem, objective))
    return form.figure(relaxation.bound)


def without_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "_seats", lambda *_: iter(()))


def test_two_half_hubs_behind_half_a_trunk_serve_half_of_those_between(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = hp.Problem.from_points([[0, 0]], [8.0], [[1, 0], [-1, 0]], [0.0, 0.0], reach=2)
    net = hp.Backhaul(
        ends=np.array([[3, 2], [2, 0], [2, 1]]),
        cost=np.array([10.0, 0.0, 0.0]),
        roots=np.array([3]),
        node=np.array([0, 1]),
        line_cost=np.zeros((2, 1)),
        alone_cost=np.full((2, 1), np.inf),
    )
    problem = replace(problem, backhaul=net)
    asked = hp.MaxCoverage(budget=5.0, constraints=(hp.Capacity(people=(8.0,)),))
    assert bound(problem, asked) == pytest.approx(4, rel=1e-6)
    assert hp.solve_problem(problem, asked, EXACT).value == 0
    without_rows(monkeypatch)
    assert bound(problem, asked) == pytest.approx(8, rel=1e-6)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("made", [random_network, random_ways])
def test_plans_are_as_good_as_without_the_inequalities(
    made: Callable[[int], hp.Problem], monkeypatch: pytest.MonkeyPatch, *, single: bool
) -> None:
    for seed in one_of(2, range(500, 510)):
        problem = made(seed)
        rng = np.random.default_rng(seed)
        room = hp.Capacity(people=tuple(rng.integers(8, 30, len(problem.tier_reach)).astype(float)), single=single)
        asked = hp.MaxCoverage(budget=float(rng.integers(10, 25)), constraints=(room,))
        with monkeypatch.context() as patch:
            without_rows(patch)
            plain = hp.solve_problem(problem, asked, EXACT)
        found = hp.solve_problem(problem, asked, EXACT)
        assert found.status == plain.status
        assert found.value == pytest.approx(plain.value, nan_ok=True)
        assert found.evaluation is None or bound(problem, asked) >= plain.value - 1e-6


@pytest.mark.parametrize("seed", [1, 2])
def test_among_towns_the_bound_falls_and_the_best_plan_stays(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked = connected.question({"seed": seed, "towns": 12, "nodes": 3})
    asked = replace(asked, constraints=(hp.Capacity(people=(600.0,)),))
    tight, found = bound(problem, asked), hp.solve_problem(problem, asked, EXACT)
    without_rows(monkeypatch)
    loose, plain = bound(problem, asked), hp.solve_problem(problem, asked, EXACT)
    assert found.value == pytest.approx(plain.value)
    assert plain.value - 1e-6 <= tight < 0.99 * loose


@pytest.mark.parametrize("made", [random_network, random_ways])
def test_a_plan_without_a_search_has_seats_for_whom_it_serves(made: Callable[[int], hp.Problem]) -> None:
    planned = 0
    for seed in range(700, 712):
        problem = made(seed)
        seats = hp.Capacity(people=(15.0,) * len(problem.tier_reach))
        objective = hp.MaxCoverage(budget=25.0, constraints=(seats,))
        question = Question.of(problem, objective)
        found = network_plan(question, goals_of(objective)[0])
        if not found.years:
            continue
        planned += 1
        assert found.years[0].plan.is_assigned
        assert not broken_years(question, found.years)
        best = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False, threads=1))
        assert found.value <= best.value + 1e-6
    assert planned > 6

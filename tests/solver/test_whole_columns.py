"""Columns of points served whole bound the ways of all plans, and find the shortest where that is asked."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question, broken_years, goals_of
from hubplanner.problem import Bools
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds import whole_columns
from hubplanner.solver.mip.bounds.whole_columns import Knapsacks, WholeColumns, has_columns
from hubplanner.solver.mip.heuristics import whole_points
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.heuristics.whole_points import Served
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Subproblem

if TYPE_CHECKING:
    from hubplanner.problem import Floats

ENOUGH = Deadline.after(1e6)
OPTIONS = hp.SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
POINTS, SITES, HUBS = 7, 5, 3
EVERY = np.array(list(product(range(SITES), repeat=POINTS)))
"""All ways to serve each point whole by one of the sites."""
MANY = EVERY[np.array([len(set(served)) <= HUBS for served in EVERY.tolist()])]
"""Those of no more hubs than there may be."""


@pytest.fixture(autouse=True)
def few_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the best plan to columns and branches: of so few points exchanges alone find it."""
    monkeypatch.setattr(whole_points, "OF_PAIR", 20.0)


def drawn(seed: int, *, parts: bool = False, gone: float = 0.0) -> tuple[hp.Problem, hp.PMedian]:
    """Return points and sites whose own rooms are hardly enough; for some pairs there may be no way."""
    rng = np.random.default_rng(seed)
    way = np.hypot(*(rng.uniform(0, 9, (POINTS, 1, 2)) - rng.uniform(0, 9, (1, SITES, 2))).transpose(2, 0, 1))
    way[rng.random(way.shape) < gone] = np.inf
    need = rng.uniform(0.3, 20, POINTS) if parts else rng.integers(1, 20, POINTS).astype(float)
    room = np.ceil(need.sum() / HUBS) + rng.integers(1, 9, SITES)
    problem = hp.Problem.from_matrix(way, need, np.ones(SITES), np.inf)
    rooms = (tuple(room.astype(float).tolist()),)
    return problem, hp.PMedian(max_hubs=HUBS, constraints=(hp.Capacity(people=rooms, single=True),))


def shortest(problem: hp.Problem, asked: hp.PMedian) -> float:
    """Return the mean way of the best of all plans; infinite where there is none."""
    room = asked.constraints[0].room(problem)  # type: ignore[attr-defined]
    load = np.stack([(problem.need * (site == MANY)).sum(axis=1) for site in range(SITES)], axis=1)
    fits = (load <= room * (1 + 1e-9)).all(axis=1)
    cost = problem.need[:, None] * Question.of(problem, asked).instance.distances / problem.need.sum()
    ways: Floats = cost[np.arange(POINTS), MANY].sum(axis=1)
    return float(ways[fits].min(initial=math.inf))


def task_of(problem: hp.Problem, asked: hp.PMedian) -> Subproblem:
    """Return the goal of a question, with some plan."""
    question = Question.of(problem, asked)
    known = first_plan(question, ENOUGH, any_will_do=True)
    goal = goals_of(asked)[0]
    return Subproblem(question=question, goal=goal, options=OPTIONS, deadline=ENOUGH, start=known.opened, known=known)


@pytest.mark.parametrize("kind", ["whole", "parts", "no way"])
@pytest.mark.parametrize("seed", one_of(8, range(100)))
def test_the_shortest_ways_of_all_plans_are_found_and_proven(kind: str, seed: int) -> None:
    problem, asked = drawn(seed, parts=kind == "parts", gone=0.15 if kind == "no way" else 0.0)
    task, best = task_of(problem, asked), shortest(problem, asked)
    if not task.known.years:
        return
    assert has_columns(task)
    found = WholeColumns(task).proven(0.0)
    assert not broken_years(task.question, found.years)
    assert goals_of(asked)[0].value(found.years) == pytest.approx(found.value)
    assert found.bound <= best * (1 + 1e-9)
    if kind != "parts":  # these are counted more coarsely
        assert found.value == pytest.approx(best)
        assert found.bound == pytest.approx(best, rel=2e-4)
    rough = WholeColumns(task).proven(0.05)
    assert rough.bound <= best * (1 + 1e-9)
    assert rough.value - rough.bound <= 0.05 * rough.value + 1e-9 or kind == "parts"


@pytest.mark.parametrize("seed", one_of(4, range(60)))
def test_coarse_seats_never_raise_a_bound_above_the_best_plan(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_columns, "MOST_SEATS", 7)
    problem, asked = drawn(seed)
    task = task_of(problem, asked)
    if task.known.years:
        assert WholeColumns(task).proven(0.0).bound <= shortest(problem, asked) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_knapsacks_are_the_best_of_all_sets(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    seats, room = rng.integers(0, 9, 8) * scale, np.array([0.0, 5, 11, 17, 200]) * scale
    profit, sets = rng.uniform(-1, 2, (8, 5)), np.array(list(product([False, True], repeat=8)))
    earned, members = Knapsacks(seats, room).filled(profit, np.arange(5))
    for option in range(5):
        fits = sets[(sets @ seats) <= room[option] * (1 + 1e-6)]
        assert earned[option] >= (fits @ profit[:, option]).max() - 1e-12
        assert earned[option] == pytest.approx(profit[members[:, option], option].sum())
        if scale == 1.0:
            assert earned[option] == pytest.approx((fits @ profit[:, option]).max())


@pytest.mark.parametrize("seed", one_of(2, range(6)))
def test_columns_and_the_program_agree(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    need = rng.integers(1, 20, 40).astype(float)
    problem = hp.Problem.from_points(rng.uniform(0, 9, (40, 2)), need, rng.uniform(0, 9, (12, 2)), np.ones(12), 99.0)
    room = (float(math.ceil(need.sum() / 4 / 0.93)),)
    task = task_of(problem, hp.PMedian(max_hubs=4, constraints=(hp.Capacity(people=room, single=True),)))
    found = optimise(task)
    monkeypatch.setattr("hubplanner.solver.mip.search.has_columns", lambda _: False)
    plain = optimise(task)
    assert found.value == pytest.approx(plain.value)
    assert found.bound == pytest.approx(plain.bound, rel=2e-4)


def test_points_and_a_hub_apart_are_branched_on_until_plans_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Bools | None]()
    priced = WholeColumns._priced

    def noting(self: WholeColumns, node: whole_columns._Branch, *rest: float) -> whole_columns._Branch:
        seen.append(node.barred)
        return priced(self, node, *rest)

    monkeypatch.setattr(WholeColumns, "_priced", noting)
    # Beside hubs that all stand, some serve a point in parts; one of a branch could be held without serving anyone.
    problem, asked = drawn(46)
    found, best = WholeColumns(task_of(problem, asked)).proven(0.0), shortest(problem, asked)
    assert found.value == pytest.approx(best)
    assert found.bound == pytest.approx(best, rel=2e-4)
    assert any(barred is not None for barred in seen)


@pytest.mark.parametrize("seed", range(12))
def test_nobody_is_served_beyond_reach(seed: int) -> None:
    problem, asked = drawn(seed)
    problem = replace(problem, tier_reach=np.array([6.0]))
    table = Question.of(problem, asked).instance.distances
    near = hp.Problem.from_matrix(np.where(table <= 6.0, table, np.inf), problem.need, np.ones(SITES), np.inf)
    task, best = task_of(problem, asked), shortest(near, asked)
    if task.known.years:
        found = WholeColumns(task).proven(0.0)
        assert found.value == pytest.approx(best)
        assert found.bound == pytest.approx(best, rel=2e-4)
        far = Served.of(task.question, task.known, np.arange(POINTS))
        far.hubs, far.hub = np.array([0, 1, 2]), table[:, :3].argmax(axis=1)
        assert far.made(task.question, task.known, np.arange(POINTS)) is task.known


def test_a_branch_whose_program_has_no_answer_is_given_up_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, asked = drawn(46)
    task, real, priced, looked = task_of(problem, asked), whole_columns._Master.parts, WholeColumns._priced, [0]
    root = len(whole_columns.CONVERGED)

    def counted(self: WholeColumns, *given: Any) -> whole_columns._Branch:
        looked[0] += 1
        assert looked[0] < 30, "branches again and again as the root did"
        return priced(self, *given)

    def root_alone(master: whole_columns._Master) -> Floats:
        found = real.__get__(master)
        return found if looked[0] <= root else np.full(len(found), math.nan)

    monkeypatch.setattr(WholeColumns, "_priced", counted)
    monkeypatch.setattr(whole_columns._Master, "parts", property(root_alone))
    found = WholeColumns(task).proven(0.0)
    assert looked[0] > root
    assert found.bound <= shortest(problem, asked) * (1 + 1e-9)


def test_without_need_there_is_nothing_to_prove() -> None:
    problem = hp.Problem.from_matrix(np.ones((2, 40)), np.zeros(2), np.ones(40), 9.0)
    asked = hp.PMedian(max_hubs=1, constraints=(hp.Capacity(people=(9.0,), single=True),))
    found = hp.solve_problem(problem, asked, OPTIONS)
    assert (found.status, found.value) == (hp.Status.OPTIMAL, 0.0)


def test_seats_below_one_are_counted_as_finely_as_others() -> None:
    seats = np.array([3.0, 5.0, 7.0])
    for scale in (1e-3, 1e3):
        knapsacks = Knapsacks(seats / 3 * scale, np.array([8.0]) / 3 * scale)
        assert knapsacks.filled(np.array([[3.0], [5.0], [7.0]]), np.arange(1))[0] == [8.0]


def test_when_time_is_up_the_known_plan_is_handed_back_with_a_bound() -> None:
    problem, asked = drawn(1)
    task = task_of(problem, asked)
    late = WholeColumns(Subproblem(**{**vars(task), "deadline": ENOUGH.past()})).proven(0.0)
    assert late.years == task.known.years
    assert late.bound <= shortest(problem, asked)

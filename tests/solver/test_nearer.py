"""Who serves whom once hubs are chosen: as good as before, and no assignment of these people has shorter ways."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, linprog
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question, Year
from hubplanner.problem import Evaluation, Problem
from hubplanner.problem.coverage import CoverageRule, Decay
from hubplanner.solver import assignment
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.deadline import Deadline
from hubplanner.stopping import ask_to_stop, forget_stop

TIGHT = hp.SolverOptions(gap=0.0)


def line(need: list[float], places: list[float], sites: list[float], reach: float) -> Problem:
    """Return points and sites on a line, distances in the same unit."""
    return Problem.from_points(
        [[place, 0.0] for place in places], need, [[place, 0.0] for place in sites], [1.0] * len(sites), reach
    )


def served(problem: Problem, plan: Evaluation) -> float:
    """Return need times distance to the hub that serves."""
    return math.fsum(problem.need * plan.served_distance)


def town(seed: int, *, priority: bool) -> tuple[Problem, float]:
    """Return a random town and seats for half of its people."""
    rng = np.random.default_rng(seed)
    points, sites = rng.integers(0, 100, (25, 2)), rng.integers(0, 100, (6, 2))
    people = rng.integers(1, 40, 25).astype(float)
    problem = Problem.from_points(points, people, sites, np.ones(6), 45.0)
    if priority:
        problem = Problem(**vars(problem) | {"need": people * rng.choice([0.5, 1.0, 2.0], 25)})
    return problem, float(people.sum() // 6)


def shortest(
    problem: Problem, plan: Evaluation, seats: float, covered: float, floors: list[tuple[np.ndarray, float]]
) -> float:
    """Return the least need times distance of any assignment to a plan's hubs that covers as much need."""
    sites = problem.option_site[plan.options]
    far = np.column_stack([problem.travel.from_site(site) for site in sites.tolist()])
    pairs = [(i, j) for i, j in itertools.product(*map(range, far.shape)) if far[i, j] <= 45.0]
    rows, limits = [], []
    for point in range(len(problem.need)):
        rows.append([float(i == point) for i, _ in pairs])
        limits.append(1.0)
    for hub in range(len(sites)):
        rows.append([problem.people[i] * (j == hub) for i, j in pairs])
        limits.append(seats * plan.counts[hub])
    for weight, least in [(problem.need, covered * (1 - 1e-9)), *floors]:
        rows.append([-weight[i] for i, _ in pairs])
        limits.append(-least)
    cost = [problem.need[i] * far[i, j] for i, j in pairs]
    found = linprog(cost, A_ub=np.array(rows), b_ub=limits, bounds=(0, 1), method="highs-ipm")
    assert found.status == 0
    return float(found.fun)


def test_the_nearer_of_two_hubs_with_seats_serves() -> None:
    """100 to A at 1, 80 to B at 6 and 20 to B at 5: 680 over 200 people; each to its nearest would overfill A."""
    problem = line([100, 80, 20], [0, 3, 14], [1, 9], reach=12)
    constraints = (hp.Capacity(people=(100.0,)),)
    for objective in (
        hp.MaxCoverage(max_hubs=2, constraints=constraints),
        hp.PMedian(max_hubs=2, constraints=constraints),
    ):
        plan = hp.solve_problem(problem, objective, TIGHT).evaluation
        assert plan is not None
        assert served(problem, plan) == pytest.approx(680, rel=1e-12)
        assert plan.load.tolist() == [100.0, 100.0]
        assert plan.covered_share.tolist() == [1.0, 1.0, 1.0]


def test_where_seats_are_scarce_the_nearer_people_have_them() -> None:
    problem = line([60, 60, 60], [1, 2, 3], [0], reach=9)
    found = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=1, constraints=(hp.Capacity(people=(100.0,)),)), TIGHT)
    assert found.evaluation is not None
    assert found.evaluation.covered_share == pytest.approx([1.0, 40 / 60, 0.0], abs=1e-12)
    assert found.value == 100.0


@pytest.mark.parametrize("priority", [False, True])
@pytest.mark.parametrize("seed", one_of(6, range(12)))
def test_no_assignment_to_the_same_hubs_is_nearer(seed: int, *, priority: bool) -> None:
    problem, seats = town(seed, priority=priority)
    half = np.where(np.arange(25) < 12, problem.need, 0.0)
    floor = hp.Floor(weight=half, share=0.4, name="half")
    for constraints in ((), (floor,)):
        objective = hp.MaxCoverage(max_hubs=3, constraints=(hp.Capacity(people=(seats,)), *constraints))
        found = hp.solve_problem(problem, objective, TIGHT)
        if found.evaluation is None:
            continue
        plan = found.evaluation
        levels = [(constraint.weight, 0.4 * math.fsum(constraint.weight) * (1 - 1e-9)) for constraint in constraints]
        least = shortest(problem, plan, seats, found.value, levels)
        assert served(problem, plan) == pytest.approx(least, rel=1e-6)
        assert found.value == pytest.approx(found.bound, rel=1e-7)
        assert (plan.load <= seats * plan.counts * (1 + 1e-12)).all()


@pytest.mark.parametrize("seed", one_of(2, range(8)))
def test_people_in_whole_numbers_stay_so(seed: int) -> None:
    """Seats and people are whole, so a corner of the transportation problem is; no tolerance shows."""
    problem, seats = town(seed, priority=False)
    found = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=4, constraints=(hp.Capacity(people=(seats,)),)), TIGHT)
    plan = found.evaluation
    assert plan is not None
    parts = plan.assigned.multiply(problem.people[:, None]).tocoo().data
    assert np.abs(parts - np.round(parts)).max() < 1e-12 * seats
    assert abs(found.value - round(found.value)) < 1e-12 * found.value
    assert (plan.load <= seats * (1 + 1e-15)).all()


@pytest.mark.parametrize("seed", range(4))
def test_points_served_whole_stay_whole_and_go_nearer(seed: int) -> None:
    """Every way to give whole points to the plan's hubs is tried."""
    rng = np.random.default_rng(seed)
    need = rng.integers(1, 9, 7).astype(float)
    problem = line(need.tolist(), rng.integers(0, 30, 7).tolist(), [5, 15, 25], reach=20)
    objective = hp.MaxCoverage(max_hubs=2, constraints=(hp.Capacity(people=(float(need.sum() // 3),), single=True),))
    found = hp.solve_problem(problem, objective, TIGHT)
    plan = found.evaluation
    assert plan is not None
    far = np.column_stack([problem.travel.from_site(s) for s in problem.option_site[plan.options].tolist()])
    best = math.inf
    for choice in itertools.product(range(-1, len(plan.options)), repeat=7):
        to = np.array(choice)
        loads = [need[to == hub].sum() for hub in range(len(plan.options))]
        on = np.flatnonzero(to >= 0)
        if max(loads) > need.sum() // 3 or need[on].sum() < found.value or (far[on, to[on]] > 20).any():
            continue
        best = min(best, float(need[on] @ far[on, to[on]]))
    assert served(problem, plan) == pytest.approx(best, rel=1e-12)


def test_the_least_worst_distance_is_kept() -> None:
    problem = line([10, 10, 10, 10], [0, 4, 10, 14], [2, 12], reach=12)
    found = hp.solve_problem(problem, hp.PCenter(max_hubs=2, constraints=(hp.Capacity(people=(20.0,)),)), TIGHT)
    assert found.evaluation is not None
    assert [goal.value for goal in found.goals] == [2.0, 2.0]


def test_fading_cover_is_as_much_as_before() -> None:
    problem, seats = town(3, priority=False)
    fading = Problem(**vars(problem) | {"rule": CoverageRule(decay=Decay.LINEAR, full=10.0)})
    objective = hp.MaxCoverage(max_hubs=3, constraints=(hp.Capacity(people=(seats,)),))
    found = hp.solve_problem(fading, objective, TIGHT)
    assert found.evaluation is not None
    assert found.value == pytest.approx(found.bound, rel=1e-7)


def test_least_cost_covers_what_was_asked_and_no_less() -> None:
    problem, seats = town(5, priority=False)
    objective = hp.MinCost(target_share=0.6, constraints=(hp.Capacity(people=(seats,)),))
    found = hp.solve_problem(problem, objective, TIGHT)
    plan = found.evaluation
    assert plan is not None
    assert plan.covered_need >= 0.6 * problem.need.sum() * (1 - 1e-9)
    assert served(problem, plan) == pytest.approx(shortest(problem, plan, seats, plan.covered_need, []), rel=1e-6)


@pytest.fixture
def crowded() -> tuple[Question, tuple[Year, ...]]:
    """A question with seats, and the plan that a search found for it."""
    problem, seats = town(1, priority=False)
    objective = hp.MaxCoverage(max_hubs=3, constraints=(hp.Capacity(people=(seats,)),))
    found = hp.solve_problem(problem, objective, TIGHT)
    assert found.evaluation is not None
    return Question.of(problem, objective), (Year(problem, found.evaluation),)


@pytest.mark.parametrize("passes", [1.0, 0.0])
@pytest.mark.parametrize("stopped", [False, True])
def test_programs_that_assign_people_keep_to_the_time_that_is_left(
    crowded: tuple[Question, tuple[Year, ...]], monkeypatch: pytest.MonkeyPatch, passes: float, *, stopped: bool
) -> None:
    """Whether the clock of the deadline says so too, as one of processor time may not, or the solver's alone."""
    limits = []

    def late(*words: object, options: dict[str, float], **more: object) -> OptimizeResult:
        del words, more
        limits.append(options["time_limit"])
        now[0] += options["time_limit"] * passes
        return OptimizeResult(status=1)

    now = [100.0]
    monkeypatch.setattr(assignment, "linprog", late)
    question, years = crowded
    if stopped:
        ask_to_stop()
    try:
        found = assign_to_nearest(question, years, (), Deadline(90.0, lambda: now[0]))
    finally:
        forget_stop()
    assert [year.plan for year in found] == [year.plan for year in years]
    assert limits == [1.0]
    assert now == [100.0 + passes]

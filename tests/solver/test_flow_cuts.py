"""Cuts by flows: a program over hubs alone is worth no less than any plan, and in the end just the best of all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog
from support.draws import SLOW

import hubplanner as hp
from hubplanner.model import FullService, Question, TakeUp, broken_years, goals_of
from hubplanner.problem import Planar, Problem, SiteStatus
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import flow_search, search
from hubplanner.solver.mip.bounds.flow_cuts import FlowProgram, serves_by_flow
from hubplanner.solver.mip.flow_search import by_flows
from hubplanner.solver.mip.heuristics.seat_flows import SeatFlows
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

ENOUGH = Deadline.after(1e9)  # options take no endless time
EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)
POINTS, SITES = 14, 4
SEEDS = range(60 if SLOW else 8)
KINDS = ("money", "hubs", "several", "floors", "years", "years and floors", "growth", "target", "target and floors")


def town(seed: int, tiers: int) -> Problem:
    """Return points and sites, each open to some sizes of hub, some of them standing."""
    rng = np.random.default_rng(seed)
    status = rng.choice([SiteStatus.CANDIDATE] * 5 + [SiteStatus.EXISTING], size=SITES)
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(SITES), np.arange(tiers), indexing="ij"))
    kept = (tier == 0) | (status[site] != SiteStatus.EXISTING)
    cost = np.where(status[site] == SiteStatus.EXISTING, 0.0, rng.integers(5, 20, len(site)) * (1 + tier))
    need = rng.integers(0, 50, POINTS).astype(float) if seed % 3 else rng.lognormal(2, 1, POINTS)
    return Problem(
        need=need,
        people=need,
        travel=Planar(rng.uniform(0, 10, (POINTS, 2)), rng.uniform(0, 10, (SITES, 2))),
        site_status=status,
        tier_reach=np.array([4.0, 5.5])[:tiers],
        option_site=site[kept],
        option_tier=tier[kept],
        option_cost=cost[kept],
    )


def floors_of(problem: Problem, share: float) -> tuple[hp.Floor, ...]:
    """Return floors of the points in the west and the east, some points in neither."""
    at = problem.travel.points[:, 0]  # type: ignore[union-attr]
    west, east = np.where(at < 4, problem.need, 0.0), np.where(at > 5, problem.need, 0.0)
    return (hp.Floor(weight=west, share=share, name="west"), hp.Floor(weight=east, share=share, name="east"))


@cache
def asked(kind: str, seed: int) -> tuple[Question, tuple[float, ...]]:
    """Return a question of a kind, and the room of a hub of each size."""
    tiers = 1 if "years" in kind or kind == "growth" else 2
    problem, rng = town(seed, tiers), np.random.default_rng(seed)
    rooms = tuple(rng.integers(20, 90, tiers).astype(float).tolist())
    limits: tuple[object, ...] = (hp.Capacity(people=rooms),)
    if "floors" in kind:
        limits = (*limits, *floors_of(problem, 0.3 if "years" in kind else 0.2))
    if kind == "several":
        limits = (*limits, hp.HubsPerSite(count=2, mixed=True))
    growth = rng.uniform(-0.1, 0.2, POINTS) if kind == "growth" else None
    if tiers == 1:
        limits = (*limits, hp.Periods(budgets=(14.0, 9.0), discount_rate=0.1, growth=growth, carry_over=seed % 2 == 0))
    objective: hp.MaxCoverage | hp.MinCost
    if "target" in kind:
        objective = hp.MinCost(target_share=0.45, constraints=limits)  # type: ignore[arg-type]
    elif kind == "hubs":
        objective = hp.MaxCoverage(max_hubs=2, constraints=limits)  # type: ignore[arg-type]
    else:
        objective = hp.MaxCoverage(budget=None if tiers == 1 else 40.0, constraints=limits)  # type: ignore[arg-type]
    return Question.of(problem, objective), rooms


def most_served(question: Question, counts: np.ndarray, year: int) -> float | None:
    """Return how many hubs (o,) serve at most with floors met, by a program over all points; None if they cannot be."""
    problem, capacity = question.problems[year], question.capacity
    assert capacity is not None
    way = problem.travel.points[:, None] - problem.travel.sites[problem.option_site]  # type: ignore[union-attr]
    far = np.hypot(way[..., 0], way[..., 1]) <= problem.tier_reach[problem.option_tier]
    point, option = np.nonzero(far & (counts > 0))
    floors = [one for one in question.constraints if isinstance(one, hp.Floor)] if year == last(question) else []
    rows = np.zeros((problem.n_points + problem.n_options + len(floors), len(point)))
    rows[point, np.arange(len(point))] = 1
    rows[problem.n_points + option, np.arange(len(point))] = 1
    for number, floor in enumerate(floors):
        rows[problem.n_points + problem.n_options + number] = np.where(floor.weight[point] > 0, -1.0, 0.0)
    levels = [-floor.share * math.fsum(floor.weight) * (1 - 1e-9) for floor in floors]
    limits = np.concatenate([problem.need, capacity.room(problem) * counts, levels])
    if not len(point):
        return 0.0 if all(level >= 0 for level in levels) else None
    found = linprog(-np.ones(len(point)), rows, limits)
    return float(-found.fun) if found.status == 0 else None


def last(question: Question) -> int:
    return len(question.problems) - 1


def programmes(question: Question) -> Iterator[np.ndarray]:
    """Yield hubs (p, o) of every plan within the limits on hubs, opened ones staying open."""
    problem, years = question.instance.problem, len(question.problems)
    objective, periods = question.objective, question.periods
    per_site = question.per_site.count
    for choice in product(range(max(years, per_site) + 1), repeat=problem.n_options):
        plan, standing = np.array(choice), problem.existing
        if (plan[standing] != years).any() or (years == 1 and plan.max(initial=0) > per_site):
            continue
        counts = np.array([plan > years - 1 - year for year in range(years)]) if years > 1 else plan[None]
        counts = counts.astype(np.intp)
        new = counts * ~standing
        spent = new @ problem.option_cost
        if periods is not None:
            steps = np.diff(spent, prepend=0.0)
            fits = (
                (spent <= np.cumsum(periods.budgets)).all() if periods.carry_over else (steps <= periods.budgets).all()
            )
        else:
            fits = spent[0] <= (math.inf if objective.budget is None else objective.budget)
            fits = fits and new.sum() <= (math.inf if objective.max_hubs is None else objective.max_hubs)
        here = np.bincount(problem.option_site, counts[-1], minlength=SITES).max()
        if fits and here <= per_site and (counts <= question.instance.most).all():
            yield counts


def best_of_all(question: Question) -> float | None:
    """Return the figure of the best of all plans, each with as many served as a program says; None without any."""
    served, figures = dict[tuple[int, bytes], float | None](), list[float]()
    target = question.objective.target(question.problems[-1].need)
    for counts in programmes(question):
        for year, here in enumerate(counts):
            if (year, here.tobytes()) not in served:
                served[year, here.tobytes()] = most_served(question, here, year)
        values = [served[year, here.tobytes()] for year, here in enumerate(counts)]
        if any(value is None for value in values):
            continue
        if target is None:
            figures.append(math.fsum(np.multiply(question.discounts, np.array(values, dtype=float))))
        else:
            figures.append(float(counts[-1] * ~question.problems[-1].existing @ question.problems[-1].option_cost))
    return (max(figures) if target is None else min(figures)) if figures else None


def task_of(question: Question, gap: float = 0.0) -> Subproblem:
    goal = goals_of(question.objective)[0]
    return Subproblem(question=question, goal=goal, options=EXACT, deadline=ENOUGH, gap=gap)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_hold_and_searches_end_at_the_best_of_all_plans(kind: str, seed: int) -> None:
    question, _ = asked(kind, seed)
    best, task = best_of_all(question), task_of(question)
    assert serves_by_flow(question, task.goal)
    program = FlowProgram(task)
    program.relax()
    if best is None:
        assert not program.best.years
        return
    slack = 1e-6 * max(1.0, abs(best))
    assert task.sense * program.bound >= task.sense * best - slack
    rounds = 0
    while program.search(0.0, ENOUGH):
        assert task.sense * program.bound >= task.sense * best - slack
        rounds += 1
        assert rounds < 100
    found = program.best
    assert found.value == pytest.approx(best, abs=slack)
    assert program.bound == pytest.approx(best, abs=slack)
    assert task.goal is not None
    assert task.goal.value(found.years) == found.value
    assert not broken_years(question, found.years)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_cuts_hold_of_all_hubs_and_are_tight_where_they_were_made(kind: str, seed: int) -> None:
    question, rng = asked(kind, seed)[0], np.random.default_rng(seed)
    program = FlowProgram(task_of(question))
    most = question.instance.most
    for year, flows in enumerate(program.flows):
        for _ in range(3):
            at = rng.uniform(0, 1, len(most)) * most
            _, cut = flows.cut(at)
            hubs = rng.integers(0, most + 1)
            for counts in (hubs, np.zeros_like(hubs), most):
                first = np.array([option for option, count in enumerate(counts) for _ in range(count)], dtype=np.intp)
                before = np.array([number for count in counts for number in range(count)], dtype=np.intp)
                served = without_floors(question, counts, year)
                assert cut.base + cut.of_hubs(flows.room, first, before).sum() >= served * (1 - 1e-6)
            value, own = flows.cut(hubs.astype(np.float64))
            first = np.flatnonzero(hubs)
            assert value == pytest.approx(without_floors(question, hubs, year), rel=1e-6)
            if (hubs <= 1).all():
                assert own.base + own.of_hubs(flows.room, first, 0 * first).sum() == pytest.approx(value, rel=1e-6)


def without_floors(question: Question, counts: np.ndarray, year: int) -> float:
    free = tuple(one for one in question.constraints if not isinstance(one, hp.Floor))
    found = most_served(replace(question, constraints=free), counts, year)
    assert found is not None
    return found


def test_parts_of_hubs_serve_what_a_program_of_parts_says() -> None:
    for seed in range(10):
        question, _ = asked("hubs", seed)
        rng, problem, capacity = np.random.default_rng(seed), question.problems[-1], question.capacity
        assert capacity is not None
        rows = question.instance.assign_rows
        people = rows.totals[:, question.instance.measure(problem.need)]
        room, hubs = capacity.room(problem), rng.uniform(0, 1, problem.n_options)
        size = len(rows.row)
        table = np.zeros((len(people) + problem.n_options, size))
        table[rows.row, np.arange(size)] = table[len(people) + rows.option, np.arange(size)] = 1
        ends = [(0, most) for most in people[rows.row] * hubs[rows.option]]
        exact = -linprog(-np.ones(size), table, np.concatenate([people, room * hubs]), bounds=ends).fun
        assert SeatFlows(rows, people, room).cut(hubs)[0] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_few_seats_beside_billions_are_all_taken(share: float) -> None:
    """A unit of a flow is a part of the seats there are, not of all people."""
    need = np.array([2.0**40, 30.0, 7.0]) * share
    here = hp.Problem.from_points([[0, 0], [9, 0], [9, 1]], need, [[0, 1], [9, 0]], [1, 1], reach=3)
    question = Question.of(here, hp.MaxCoverage(max_hubs=2, constraints=(hp.Capacity(people=(50,)),)))
    rows = question.instance.assign_rows
    flows = SeatFlows(rows, rows.totals[:, question.instance.measure(here.need)], np.array([50.0, 50.0]))
    hubs, best = np.array([1, 1], dtype=np.intp), 50 + 37 * share
    assert flows.served(hubs).sum() == pytest.approx(best, rel=1e-7)
    value, cut = flows.cut(hubs.astype(float))
    assert value == pytest.approx(best, rel=1e-7)
    assert cut.base + cut.of_hubs(flows.room, np.arange(2), np.zeros(2, dtype=np.intp)).sum() == pytest.approx(best)


def few_beside_billions(kind: str) -> tuple[Problem, hp.MaxCoverage | hp.MinCost, float]:
    """Return a question in which some points have billions of people, and the figure of the best plan."""
    at, need = [[0, 0], [9, 0], [9, 1], [20, 0]], np.array([5e10, 3.0, 4.0, 8.0])
    here = Problem.from_points(at, need, [[0, 1], [9, 0], [20, 1]], [1, 1, 1], reach=3)
    capacity = hp.Capacity(people=((6.0, 1e10, math.inf) if kind == "rooms beyond reach" else 6.0,))
    if kind == "floors":
        far = hp.Floor(weight=np.where(np.arange(4) > 0, need, 0.0), share=0.8)
        floored = hp.MinCost(target_share=1e-11, constraints=(capacity, far))
        return here, floored, 2.0
    return here, hp.MaxCoverage(max_hubs=2, constraints=(capacity,)), 12.0 if kind == "rooms" else 15.0


@pytest.mark.parametrize("kind", ["rooms", "rooms beyond reach", "floors"])
def test_few_seats_beside_billions_count_in_bounds_and_plans(kind: str) -> None:
    """HiGHS takes entries below a billionth for none: figures are in the size of what can be served."""
    here, objective, best = few_beside_billions(kind)
    question = Question.of(here, objective)
    task = task_of(question)
    assert serves_by_flow(question, task.goal)
    program = FlowProgram(task)
    program.relax()
    assert task.sense * program.bound >= task.sense * best - 1e-9
    while program.search(0.0, ENOUGH):
        assert task.sense * program.bound >= task.sense * best - 1e-9
    assert program.best.value == pytest.approx(best, rel=1e-7)
    assert program.bound == pytest.approx(best, rel=1e-7)


@pytest.mark.parametrize("kind", ["money", "years and floors", "target"])
def test_a_plan_that_is_known_is_made_better_until_it_is_close(kind: str) -> None:
    for seed in range(4):
        question, _ = asked(kind, seed)
        best = best_of_all(question)
        found = by_flows(task_of(question, gap=0.02))
        if best is None:
            assert not found.years
            continue
        assert abs(found.bound - found.value) <= 0.02 * abs(found.value)
        assert abs(found.value - best) <= 0.02 * abs(found.value) + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_what_flows_have_proven_is_not_looked_for_again(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a plan of the relaxation's hubs nor a program of pairs follows, whatever rounding of sums is left."""
    question, _ = asked("years", seed)
    task = task_of(question)
    known = by_flows(task)
    assert known.years
    assert known.value == pytest.approx(known.bound, rel=1e-9)

    def refuse(*_args: object) -> None:
        pytest.fail("looked for again")

    monkeypatch.setattr(flow_search, "FLOW_ENTRIES", 1)
    monkeypatch.setattr(search, "_optimised", refuse)
    assert search.optimise(replace(task, known=known, start=known.opened)).value == known.value


def test_no_plan_is_made_where_the_relaxation_proves_the_one_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    here = hp.Problem.from_points([[0, 0], [9, 0]], [30.0, 7.0], [[0, 1], [9, 0]], [1, 1], reach=3)
    task = task_of(Question.of(here, hp.MaxCoverage(max_hubs=2, constraints=(hp.Capacity(people=(50,)),))))
    known = by_flows(task)
    assert (known.value, known.bound) == (37, 37)
    monkeypatch.setattr(flow_search, "plan_with", lambda *_: pytest.fail("a plan was made"))
    assert by_flows(replace(task, known=known)).value == known.value


def test_time_that_is_up_leaves_what_is_known() -> None:
    question, _ = asked("money", 1)
    task = replace(task_of(question), deadline=ENOUGH.past())
    found = by_flows(task)
    assert math.isfinite(found.bound)
    assert isinstance(found, Incumbent)


@pytest.mark.parametrize(
    "objective",
    [
        hp.MaxCoverage(budget=40),
        hp.MaxCoverage(budget=40, constraints=(hp.Capacity(people=(50, 90), single=True),)),
        hp.MaxCoverage(budget=40, constraints=(hp.Capacity(people=(50, 90)), TakeUp(share=0.5))),
        hp.MaxCoverage(budget=40, constraints=(hp.Capacity(people=(50, 90)), FullService(distance=9.0))),
        hp.PMedian(max_hubs=3, constraints=(hp.Capacity(people=(200, 300)),)),
        hp.MinCost(target_share=0.5, travel_cost=1.0, constraints=(hp.Capacity(people=(200, 300)),)),
        hp.MaxCoverage(
            budget=40, constraints=(hp.Capacity(people=(50, 90)), hp.Floor(weight=np.ones(POINTS), share=0.1))
        ),
    ],
)
def test_flows_say_nothing_of_other_questions(objective: hp.MaxCoverage | hp.PMedian | hp.MinCost) -> None:
    question = Question.of(town(1, 2), objective)
    assert not serves_by_flow(question, goals_of(objective)[0])

"""Prices of rows bound what hubs of limited room cover, whatever the prices are."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.clock import Ticking
from support.draws import SLOW, one_of

import hubplanner as hp
from hubplanner.model import Capacity, HubsPerSite, Objective, Question, TakeUp, formulate, goals_of
from hubplanner.model.constraints.earlier_plan import FixedHubs
from hubplanner.problem import Planar, Problem, SiteStatus
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import price_search, priced_strategy, search
from hubplanner.solver.mip.bounds.relaxation import relax, relaxed
from hubplanner.solver.mip.bounds.row_prices import SeatedRows, is_priced, priced_bound
from hubplanner.solver.mip.bounds.upper_bound import cap_bound
from hubplanner.solver.mip.heuristics.first_plan import first_plan, plan_with
from hubplanner.solver.mip.subproblem import Incumbent

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
ROOMS = Capacity(people=(120.0, 330.0))
ASKED = {
    "money": hp.MaxCoverage(budget=60.0, constraints=(ROOMS,)),
    "count": hp.MaxCoverage(max_hubs=4, constraints=(ROOMS,)),
    "both": hp.MaxCoverage(budget=55.0, max_hubs=4, constraints=(ROOMS,)),
    "no limit": hp.MaxCoverage(constraints=(ROOMS,)),
    "whole": hp.MaxCoverage(budget=60.0, constraints=(replace(ROOMS, single=True),)),
    "several a site": hp.MaxCoverage(budget=70.0, constraints=(ROOMS, HubsPerSite(count=3, mixed=True))),
    "take-up": hp.MaxCoverage(budget=60.0, constraints=(ROOMS, TakeUp(share=0.4, e_fold=10.0))),
    "cost": hp.MinCost(1.0, constraints=(Capacity(people=(400.0, 900.0)),)),
    "cost and ways": hp.MinCost(1.0, travel_cost=0.05, constraints=(Capacity(people=(400.0, 900.0)),)),
    "ways": hp.PMedian(max_hubs=4, constraints=(Capacity(people=(400.0, 900.0)),)),
    "whole ways": hp.PMedian(budget=60.0, constraints=(Capacity(people=(400.0, 900.0), single=True),)),
    "floor": hp.MaxCoverage(budget=60.0, constraints=(ROOMS, hp.Floor(weight=np.ones(70), share=0.2))),
}


FEW = 0.05
"""Part of the exchanges that a plan is made with, as its gap is what prices are to close."""
SEED = 5
"""One town for all that is asked of a best plan, which is found once."""
WIDE = np.array([90.0, 150.0])
"""Reaches with which everyone may be served."""


def asked(name: str, seed: int, standing: int = 0) -> tuple[Problem, Objective]:
    """Return a question by its name."""
    problem, objective = town(seed, standing), ASKED[name]
    return (replace(problem, tier_reach=WIDE) if isinstance(objective, hp.MinCost | hp.PMedian) else problem), objective


def town(seed: int, standing: int = 0) -> Problem:
    """Return points and sites on a square of 100, each site open to two tiers, some with a hub already."""
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 40, 70).astype(float)
    status = np.full(9, SiteStatus.CANDIDATE, dtype=np.intp)
    status[:standing] = SiteStatus.EXISTING
    site, tier = np.repeat(np.arange(9), 2), np.tile(np.arange(2), 9)
    stays = (site >= standing) | (tier == 0)
    cost = np.where(site < standing, 0.0, np.tile([9.0, 20.0], 9) * rng.uniform(0.7, 1.4, 9)[site])
    return Problem(
        need=people * rng.choice([0.4, 0.7, 0.9], 70),
        people=people,
        travel=Planar(rng.uniform(0, 100, (70, 2)), rng.uniform(0, 100, (9, 2))),
        site_status=status,
        tier_reach=np.array([22.0, 33.0]),
        option_site=site[stays],
        option_tier=tier[stays],
        option_cost=cost[stays],
    )


@cache
def best_of_all(name: str, standing: int = 0) -> hp.Solution:
    """Return the best plan by the whole program, which knows no prices of rows."""
    return solve_problem(*asked(name, SEED, standing), replace(OPTIONS, method="plain"))


@pytest.mark.parametrize(
    ("name", "standing"), [*((name, 0) for name in ASKED), *((name, 2) for name in one_of(3, [*ASKED]))]
)
def test_no_plan_beats_the_bound_of_any_prices(name: str, standing: int) -> None:
    problem, objective = asked(name, SEED, standing)
    best = best_of_all(name, standing)
    question = Question.of(problem, objective)
    goal = goals_of(objective)[0]
    assert is_priced(question, goal)
    assert best.evaluation is not None
    value = goal.sense * best.value
    plan = first_plan(question, Deadline(math.inf), work=FEW)
    assert value <= priced_bound(question, plan, value - 0.1 * abs(value), 0.0, Deadline(math.inf)).value
    rows, rng = SeatedRows.of(question), np.random.default_rng(0)
    for size in (0.0, 0.3, 1.0, 3.0):
        low = np.where(rows.owed, -size, 0.0)
        prices = rng.uniform(low, size, rows.rows) * np.abs(rows.worth).max(initial=rows.fee.max() / 10)
        earned, _ = rows.seated(prices)
        assert value <= math.fsum(prices) + rows.built(earned)[0] + 1e-9 * np.abs(prices).sum()


@pytest.mark.parametrize("name", ["money", "count", "several a site", "cost and ways", "ways"])
def test_steps_bring_the_bound_near_the_relaxation_of_the_whole_program(name: str) -> None:
    problem, objective = asked(name, 2)
    question = Question.of(problem, objective)
    form = formulate(question, goals_of(objective)[0], (), np.full(problem.n_points, 80))
    whole = form.sense * form.figure(relax(form, OPTIONS.effort(0.0)).bound)
    plan, aim = first_plan(question, Deadline(math.inf), work=FEW), whole - 0.1 * abs(whole)
    at_first = priced_bound(question, plan, aim, 1e9, Deadline(math.inf)).value
    bound = priced_bound(question, plan, aim, 0.0, Deadline(math.inf)).value
    assert bound < at_first
    assert aim < bound <= whole + 0.03 * abs(whole)


@pytest.mark.parametrize(
    ("name", "standing"), [("money", 0), ("both", 2), ("several a site", 0), ("cost", 0), ("ways", 0)]
)
def test_no_plan_with_an_option_beats_the_bound_of_the_option(name: str, standing: int) -> None:
    problem, objective = asked(name, SEED, standing)
    best = best_of_all(name, standing)
    question, goal = Question.of(problem, objective), goals_of(objective)[0]
    plan = first_plan(question, Deadline(math.inf), work=FEW)
    most = priced_bound(question, plan, goal.sense * best.value, 0.0, Deadline(math.inf)).most
    lowest = np.argsort(most, kind="stable")[:4].tolist()
    assert most[lowest[0]] < goal.sense * best.value  # in no best plan
    for option in one_of(2, lowest):
        held = FixedHubs(options=(option,), counts=(1,))
        found = solve_problem(problem, replace(objective, constraints=(*objective.constraints, held)), OPTIONS)
        assert found.evaluation is None or goal.sense * found.value <= most[option] + 1e-9 * abs(found.value)


CORES = (0, 400, 10_000)
"""Pairs that programs may decide on: none, some, all."""


@pytest.mark.parametrize(
    ("name", "core"),
    [
        (name, core)
        for at, name in enumerate(ASKED)
        for number, core in enumerate(CORES)
        if SLOW or (at + number) % len(CORES) == 0
    ],
)
def test_more_pairs_than_a_program_holds_are_decided_on_by_prices(
    monkeypatch: pytest.MonkeyPatch, name: str, core: int
) -> None:
    problem, objective = asked(name, SEED)
    best = best_of_all(name)
    asked_of = list[int]()

    def fewer(problem: Problem, objective: Objective, options: SolverOptions) -> hp.Solution:
        asked_of.append(problem.n_options)
        return solve_problem(problem, objective, replace(options, method="plain"))

    monkeypatch.setattr(priced_strategy, "pairs_to_assign", lambda _: priced_strategy.MOST_PAIRS + 1)
    monkeypatch.setattr(priced_strategy, "CORE_PAIRS", core)
    monkeypatch.setattr("hubplanner.solver.solve.solve_problem", fewer)
    found = solve_problem(problem, objective, OPTIONS)
    assert found.method.startswith("prices: ")
    goal = goals_of(objective)[0]
    slack = 1e-7 * abs(best.value)
    assert goal.sense * found.value <= goal.sense * best.value + slack
    assert goal.sense * best.value <= goal.sense * found.bound + slack
    if core == 10_000:
        assert found.value == pytest.approx(best.value, rel=1e-6)
        assert found.status == hp.Status.OPTIMAL
        assert asked_of or name in {"count", "no limit"}  # prices alone prove a plan of these


def test_sites_that_must_have_hubs_with_more_pairs_than_a_program_holds_are_asked_about_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem, objective = asked("money", 6)
    required = np.where(np.arange(problem.n_sites) < 6, int(SiteStatus.REQUIRED), problem.site_status)
    objective = replace(objective, budget=100.0)
    problem = replace(problem, site_status=required)
    best = solve_problem(problem, objective, OPTIONS)
    asked_of = list[Question]()

    def first(question: Question, *others: object, **named: object) -> Incumbent:
        asked_of.append(question)
        assert len(asked_of) < 3
        return first_plan(question, *others, **named)

    monkeypatch.setattr(priced_strategy, "first_plan", first)
    monkeypatch.setattr(priced_strategy, "MOST_PAIRS", 100)
    monkeypatch.setattr(priced_strategy, "CORE_PAIRS", 50)
    found = solve_problem(problem, objective, OPTIONS)
    assert len(asked_of) == 1
    assert found.status == hp.Status.FEASIBLE
    assert found.value <= best.value <= found.bound


def test_a_plan_that_only_a_program_finds_is_asked_for_with_fewer_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = asked("ways", 5)
    monkeypatch.setattr(priced_strategy, "MOST_PAIRS", 0)
    monkeypatch.setattr("hubplanner.model.compatibility.MOST_PAIRS", 0)
    monkeypatch.setattr(priced_strategy, "first_plan", lambda *_, **__: Incumbent())
    with pytest.raises(hp.ScenarioError, match="more than 0 once all that is alike is merged"):
        solve_problem(problem, objective, OPTIONS)


def test_a_plan_whose_relaxation_is_not_solved_has_the_bound_of_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = town(2), ASKED["several a site"]
    question = Question.of(problem, objective)

    def unsolved(task: search.Subproblem) -> object:
        depth, form, found = relaxed(task)
        return depth, form, replace(found, bound=math.inf, values=np.zeros(0))

    monkeypatch.setattr(search, "relaxed", unsolved)
    monkeypatch.setattr(search, "search_program", lambda *asked: asked[-1])
    monkeypatch.setattr("hubplanner.solver.mip.strategy.SMALL_OPTIONS", 0)
    found = solve_problem(problem, objective, replace(OPTIONS, gap=1e-4))
    assert found.evaluation is not None
    assert found.goals[0].name == hp.MaxCoverage.goal
    assert found.value <= found.bound < cap_bound(question, goals_of(objective)[0], math.nan)


@pytest.mark.parametrize("name", ASKED)
def test_prices_change_no_best_plan(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    problem, objective = asked(name, SEED)
    without = best_of_all(name)
    monkeypatch.setattr(search, "PRICED_ENTRIES", 0)
    monkeypatch.setattr(search, "MANY_ENTRIES", 0)
    monkeypatch.setattr("hubplanner.solver.mip.strategy.SMALL_OPTIONS", 0)
    found = solve_problem(problem, objective, OPTIONS)
    assert (found.status, without.status) == (hp.Status.OPTIMAL, hp.Status.OPTIMAL)
    assert found.value == pytest.approx(without.value, rel=1e-6)


def rooms_and_ways() -> tuple[Problem, Objective]:
    """Return 40 sites with room for an eighth of all need, and what they and the ways to them cost."""
    rng = np.random.default_rng(0)
    points, sites = rng.uniform(0, 100, (300, 2)), rng.uniform(0, 100, (40, 2))
    need = rng.integers(1, 101, 300).astype(float)
    problem = Problem.from_points(points, need, sites, rng.uniform(0.5, 1.5, 40) * need.sum() * 0.3, 200.0)
    return problem, hp.MinCost(1.0, travel_cost=1.0, constraints=(Capacity(people=(math.ceil(need.sum() / 8),)),))


def test_hubs_that_prices_suggest_are_a_better_plan_than_greed() -> None:
    question = Question.of(*rooms_and_ways())
    greed = first_plan(question, Deadline(0.0))
    priced = priced_bound(question, greed, -greed.value, 0.0, Deadline(math.inf))
    plans = [plan_with(question, hubs, Deadline(math.inf)) for hubs in priced.hubs]
    assert min(plan.value for plan in plans) < 0.95 * greed.value
    assert min(plan.value for plan in plans) < 1.1 * -priced.value


def test_a_plan_near_the_bound_of_prices_is_the_same_where_the_clock_goes_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "PRICED_ENTRIES", 0)
    found = set()
    for speed in (0.005, 0.1):  # seconds that each of some 260 looks at the clock takes
        ticks = Ticking()
        options = replace(OPTIONS, gap=0.05, time_limit_s=60.0, clock=lambda ticks=ticks, speed=speed: speed * ticks())
        solution = solve_problem(*rooms_and_ways(), options)
        assert solution.status == hp.Status.OPTIMAL
        found.add(tuple(solution.open_sites.tolist()))
    assert len(found) == 1


def test_rounds_of_prices_leave_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question.of(*rooms_and_ways())
    goal, now, rounds = goals_of(question.objective)[0], [0.0], list[float]()
    priced = priced_bound(question, Incumbent(), 0.0, 0.0, Deadline(0.0))

    def always_better(task: search.Subproblem, work: int) -> tuple[object, Incumbent]:
        now[0] += max(1.0, task.deadline.left / 4)
        rounds.append(work)
        return priced, replace(task.known, value=task.known.value / 2)

    monkeypatch.setattr(price_search, "_suggested", always_better)
    deadline = Deadline(60.0, lambda: now[0])
    task = search.Subproblem(question=question, goal=goal, options=OPTIONS, deadline=deadline)
    price_search.suggested(replace(task, known=first_plan(question, Deadline(0.0))))
    assert len(rounds) > 2
    assert now[0] <= 31.0

"""A plan to begin with, beside the covering core: there at once, within all limits, better by exchanges."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.clock import Ticking
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Capacity, HubsPerSite, Question, TakeUp, broken_years, goals_of
from hubplanner.problem import Planar, SiteStatus
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import program_search, search, strategy, subproblem
from hubplanner.solver.mip.bounds import relaxation
from hubplanner.solver.mip.heuristics import greedy
from hubplanner.solver.mip.heuristics.first_plan import exchange, first_plan, plan_with, tries
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.strategy import share_of_time
from hubplanner.solver.mip.subproblem import Subproblem

if TYPE_CHECKING:
    from hubplanner.model import Objective

PAST, ENOUGH = Deadline(0.0), Deadline(math.inf)


def town(seed: int, points: int = 300, sites: int = 40, tiers: int = 2) -> hp.Problem:
    """Return points with need in a square, and sites in it that may hold hubs of some tiers."""
    rng = np.random.default_rng(seed)
    need, factor = rng.integers(1, 101, points).astype(float), rng.uniform(0.7, 1.5, sites)
    return hp.Problem(
        need=need,
        people=need,
        travel=Planar(rng.uniform(0, 100, (points, 2)), rng.uniform(0, 100, (sites, 2))),
        site_status=np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp),
        tier_reach=np.array([12.0, 20.0])[:tiers],
        option_site=np.repeat(np.arange(sites), tiers),
        option_tier=np.tile(np.arange(tiers), sites),
        option_cost=np.outer(factor, np.array([10.0, 25.0])[:tiers]).ravel(),
    )


def thirds(problem: hp.Problem, share: float) -> tuple[hp.Floor, ...]:
    """Return a floor for each third of the square."""
    x = problem.travel.points[:, 0]  # type: ignore[attr-defined]
    parts = [np.where((x >= low) & (x < low + 34), problem.need, 0.0) for low in (0, 34, 68)]
    return tuple(hp.Floor(weight=part, share=share) for part in parts)


ASKED: dict[str, Objective] = {
    "rooms, several a site": hp.MaxCoverage(
        budget=200.0, constraints=(Capacity(people=(500.0, 1500.0)), HubsPerSite(count=3))
    ),
    "five years": hp.MaxCoverage(constraints=(hp.Periods(budgets=(40.0,) * 5, discount_rate=0.1),)),
    "years that keep nothing": hp.MaxCoverage(constraints=(hp.Periods(budgets=(40.0,) * 3, carry_over=False),)),
    "rooms and ways": hp.MinCost(0.5, travel_cost=0.1, constraints=(Capacity(people=(900.0, 2500.0)),)),
    "floors": hp.MaxCoverage(budget=250.0, constraints=thirds(town(1), 0.2)),
    "apart": hp.MaxCoverage(budget=250.0, constraints=(hp.MinSeparation(distance=15.0),)),
    "take-up": hp.MaxCoverage(
        budget=200.0, constraints=(Capacity(people=(500.0, 1500.0)), TakeUp(share=0.3, e_fold=8.0))
    ),
    "worst first": hp.MaxCoverage(
        budget=250.0, fairness=hp.MaxMin(weights=np.array([floor.weight for floor in thirds(town(1), 0.2)]))
    ),
    "near": hp.PMedian(budget=120.0, constraints=(hp.MinHubs(count=3),)),
}


class BegunError(Exception):
    """Ends a solve where its search begins."""


def test_a_search_for_the_least_cost_begins_with_everyone_at_the_nearest_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = list[Subproblem]()

    def begin(task: Subproblem) -> None:
        tasks.append(task)
        raise BegunError

    monkeypatch.setattr(strategy, "optimise", begin)
    asked = hp.MinCost(1.0, travel_cost=0.1, constraints=(Capacity(people=(900.0, 2500.0)),))
    with pytest.raises(BegunError):
        hp.solve_problem(replace(town(1), tier_reach=np.array([150.0, 150.0])), asked, hp.SolverOptions(gap=0.01))
    (goal,), (task,) = goals_of(asked), tasks
    value = goal.value(task.known.years)
    nearest = assign_to_nearest(task.question, task.known.years, (), ENOUGH)
    assert goal.value(nearest) == pytest.approx(value)
    assert first_plan(task.question, PAST).value > 1.1 * value


@pytest.mark.parametrize("name", ASKED)
def test_every_question_has_a_plan_when_time_is_up_at_once(name: str) -> None:
    options = hp.SolverOptions(time_limit_s=1e-9, clock=Ticking(), ties=False)
    solution = hp.solve_problem(town(1), ASKED[name], options)
    assert solution.evaluation is not None
    assert solution.evaluation.options.size
    goal = goals_of(ASKED[name])[0]
    assert goal.sense * solution.bound >= goal.sense * solution.value


@pytest.mark.parametrize("name", ASKED)
def test_exchanges_keep_to_all_limits_and_make_no_plan_worse(name: str) -> None:
    question = Question.of(town(2), ASKED[name])
    builder = PlanBuilder(question)
    builder.meet()
    builder.fill()
    before = (-builder.shortfall, *builder.figures)
    exchange(builder, ENOUGH, 3, most=30)
    after = (-builder.shortfall, *builder.figures)
    assert after >= before or after == pytest.approx(before)
    assert builder.shortfall > 0 or not broken_years(question, builder.years())
    # What was opened and closed again leaves no trace: the same hubs, opened one by one, cover the same.
    if not question.assigns:
        again = PlanBuilder(question)
        for hub in builder.opened:
            again.open(hub.added.option, again.need)
        assert again.cover.best == pytest.approx(builder.cover.best)
        assert math.fsum(again.spent) == pytest.approx(math.fsum(builder.spent))


def test_exchanges_find_better_plans_than_greed() -> None:
    better = 0
    for name in ("floors", "apart", "five years", "rooms, several a site"):
        question = Question.of(town(3), ASKED[name])
        quick, good = first_plan(question, PAST), first_plan(question, ENOUGH, work=0.03)
        assert good.value >= quick.value
        better += good.value > quick.value * (1 + 1e-6)
    assert better >= 2


@pytest.mark.parametrize(("work", "most"), [(0.0, 1), (3.0, 3), (1e9, 7)])
def test_exchanges_end_by_work_whatever_time_there_is(monkeypatch: pytest.MonkeyPatch, work: float, most: int) -> None:
    builder = PlanBuilder(Question.of(town(3), ASKED["floors"]))
    builder.fill()
    monkeypatch.setattr("hubplanner.solver.mip.heuristics.first_plan.MOST_TRIES", 7)
    monkeypatch.setattr("hubplanner.solver.mip.heuristics.first_plan.MOST_WORK", work * len(builder.units.unit))
    tried = 0

    def save(known: object = builder.save) -> object:
        nonlocal tried
        tried += 1
        return known()  # type: ignore[operator]

    monkeypatch.setattr(builder, "save", save)
    exchange(builder, ENOUGH, 3)
    assert tried == tries(builder) == most


def test_what_grows_beside_a_known_plan_stops_when_time_is_up() -> None:
    question = Question.of(town(2), ASKED["rooms, several a site"])
    first, hubs = first_plan(question, PAST), []
    assert first.opened is not None
    for seconds in (0.0, 3.0, math.inf):
        found = plan_with(question, np.flatnonzero(first.opened[-1]), Deadline(seconds, Ticking()))
        hubs.append(0 if found.opened is None else int(found.opened.sum()))
    assert hubs[0] < hubs[1] < hubs[2]


def test_goals_after_the_first_share_the_rest_of_the_time_evenly() -> None:
    now = [0.0]
    deadline, ends = Deadline(100.0, lambda: now[0]), []
    for before in range(5):
        ends.append(share_of_time(deadline, before, 5).at)
        now[0] = ends[-1]
    assert ends == pytest.approx([50.0, 62.5, 75.0, 87.5, 100.0])
    assert share_of_time(Deadline(100.0, lambda: 0.0), 0, 1).at == 100


def test_a_floor_that_greed_misses_is_met_by_exchanges() -> None:
    # The hub worth most for both floors leaves no money for the one that the second floor cannot do without.
    need = np.array([5.0, 1.0, 5.0, 4.0])
    near = np.array([[0, 9, 0.0], [9, 9, 0.0], [0.0, 9, 9], [9, 0.0, 9]])
    problem = hp.Problem.from_matrix(np.where(near == 0, 1.0, 99.0), need, [2.0, 2.0, 2.0], reach=5.0)
    floors = (
        hp.Floor(weight=np.array([0.0, 0, 0, 4]), share=1.0),
        hp.Floor(weight=np.array([5.0, 1, 0, 0]), share=0.8),
        hp.Floor(weight=np.array([0.0, 0, 5, 0]), share=1.0),
    )
    question = Question.of(problem, hp.MaxCoverage(budget=4.0, constraints=floors))
    builder = PlanBuilder(question)
    builder.open(2, builder.need)
    builder.meet()
    assert builder.shortfall > 0
    exchange(builder, ENOUGH, 0, any_will_do=True)
    assert builder.shortfall == 0
    assert sorted(hub.added.option for hub in builder.opened) == [0, 1]


def test_where_no_plan_is_found_it_is_said_what_was_tried() -> None:
    hard = replace(town(4), tier_reach=np.array([6.0, 9.0]))
    asked = hp.MaxCoverage(budget=60.0, constraints=thirds(hard, 0.9))
    found = hp.solve_problem(hard, asked, hp.SolverOptions(time_limit_s=1e-9, clock=Ticking()))
    assert found.status == "no_plan"
    assert found.method == "plain: neither a greedy plan repaired by exchanges nor highs kept to all limits in time"


@pytest.mark.parametrize("seed", one_of(2, range(3)))
def test_limits_are_called_too_dear_only_where_no_plan_keeps_to_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, said = town(seed, points=100), list[bool]()
    is_too_dear = search.is_too_dear
    monkeypatch.setattr(search, "is_too_dear", lambda *_: False)
    for money in (20.0, 40.0, 50.0, 60.0, 75.0, 90.0, 120.0):
        asked = hp.MaxCoverage(budget=money, constraints=(*thirds(where, 0.5), hp.MinHubs(count=4)))
        options = hp.SolverOptions(gap=0.1, threads=1)
        goal, question = goals_of(asked)[0], Question.of(where, asked)
        task = Subproblem(question=question, goal=goal, options=options, deadline=options.deadline, seeks=True)
        said.append(is_too_dear(task, search.COSTING))
        assert not said[-1] or hp.solve_problem(where, asked, options).status == "infeasible"
    assert {True, False} == set(said)
    assert said == sorted(said, reverse=True)


def test_a_program_that_there_is_no_time_to_make_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        message = "it was made"
        raise AssertionError(message)

    monkeypatch.setattr(subproblem, "BUILDING_S", 1e3)
    monkeypatch.setattr(search, "THOROUGH", (0.5, 0.2))  # what is asked is whether a program is made
    monkeypatch.setattr(relaxation, "program_of", never)
    monkeypatch.setattr(program_search, "program_of", never)
    hard = replace(town(4), tier_reach=np.array([6.0, 9.0]))
    found = hp.solve_problem(hard, hp.MaxCoverage(budget=60.0, constraints=thirds(hard, 0.9)), hp.SolverOptions())
    assert found.status == "no_plan"
    found = hp.solve_problem(hard, hp.MaxCoverage(budget=60.0, constraints=thirds(hard, 0.01)), hp.SolverOptions())
    assert found.status == "feasible"
    assert found.value <= found.bound


@pytest.mark.parametrize("stacked", [1, 3])
@pytest.mark.parametrize("weight", [0.3, 0.7, 1.0])
@pytest.mark.parametrize("decay", ["step", "linear"])
def test_what_second_hubs_cover_is_known_while_hubs_open_and_close(decay: str, weight: float, stacked: int) -> None:
    rule = hp.CoverageRule(decay=hp.Decay(decay), full=3.0, backup=2, backup_weight=weight)
    problem = replace(town(3), rule=rule)
    constraints = (HubsPerSite(count=stacked, mixed=True),) if stacked > 1 else ()
    builder = PlanBuilder(Question.of(problem, hp.MaxCoverage(budget=400.0, constraints=constraints)))
    rng = np.random.default_rng(0)
    for _ in range(60):
        fitting = [option for option in builder.affordable().tolist() if builder.fits(option)]
        if builder.opened and (not fitting or rng.random() < 0.4):
            builder.close(builder.opened[int(rng.integers(len(builder.opened)))])
        else:
            builder.open(fitting[int(rng.integers(len(fitting)))], builder.need)
        (year,) = builder.years()
        assert builder.cover.best == pytest.approx(year.plan.covered_share, abs=1e-12)
    saved, best = builder.save(), builder.cover.best.copy()
    builder.close(builder.opened[0])
    builder.restore(saved)
    builder.close(builder.opened[-1])
    (year,) = builder.years()
    assert builder.cover.best == pytest.approx(year.plan.covered_share, abs=1e-12)
    assert not np.array_equal(builder.cover.best, best)


def test_a_first_plan_opens_hubs_in_pairs_where_two_are_asked_for() -> None:
    problem, asked = (
        replace(town(3, points=120, sites=20), rule=hp.CoverageRule(backup=2)),
        hp.MaxCoverage(budget=100.0),
    )
    best = hp.solve_problem(problem, asked, hp.SolverOptions(gap=1e-3, threads=1))
    assert first_plan(Question.of(problem, asked), ENOUGH).value > 0.9 * best.value > 0


def test_options_are_looked_at_only_while_one_more_may_open() -> None:
    few = hp.MaxCoverage(constraints=(hp.MaxHubs(count=2), hp.MaxHubs(count=1, sites=tuple(range(20)))))
    builder = PlanBuilder(Question.of(town(2), few))
    site = builder.problem.option_site
    assert len(builder.affordable()) == builder.problem.n_options
    builder.open(0, builder.need)
    assert set(builder.affordable().tolist()) == set(np.flatnonzero(site >= 20).tolist())
    builder.open(int(np.flatnonzero(site >= 20)[0]), builder.need)
    assert not len(builder.affordable())
    assert not any(map(builder.fits, range(builder.problem.n_options)))


@pytest.mark.parametrize("cheapest", [False, True])
@pytest.mark.parametrize(
    "constraints",
    [(), (Capacity(people=(500.0, 1500.0)), HubsPerSite(count=2)), (Capacity(people=(500.0, 1500.0), single=True),)],
    ids=["reach", "rooms", "whole"],
)
def test_hubs_that_limits_ask_for_are_those_of_all_options_whichever_are_looked_at(
    constraints: tuple[hp.Constraint, ...], monkeypatch: pytest.MonkeyPatch, *, cheapest: bool
) -> None:
    problem = town(3)
    status = problem.site_status.copy()
    status[:3] = SiteStatus.REQUIRED
    asked = (hp.MinHubs(count=4, sites=tuple(range(10, 30))), hp.MaxHubs(count=1, sites=tuple(range(10, 15))))
    objective = hp.MaxCoverage(budget=150.0, constraints=(*asked, *constraints))
    question, plans = Question.of(replace(problem, site_status=status), objective), list[list[int]]()
    for as_long in (0, 10**9):
        monkeypatch.setattr(greedy, "AS_LONG", as_long)
        builder = PlanBuilder(question)
        builder.meet(cheapest=cheapest)
        plans.append(builder.counts.tolist())
    assert plans[0] == plans[1]
    assert sum(plans[0]) >= 7


def test_cost_is_no_price_where_only_the_number_of_hubs_is_limited() -> None:
    problem, dear = town(5), replace(town(5), option_cost=town(5).option_cost[::-1].copy())
    few = hp.MaxCoverage(max_hubs=3)
    plans = [first_plan(Question.of(one, few), PAST) for one in (problem, dear)]
    assert plans[0].value == plans[1].value
    counted = PlanBuilder(Question.of(problem, few))
    assert set(counted.share.tolist()) == {counted.share[0]}
    years = hp.MaxCoverage(max_hubs=3, constraints=(hp.Periods(budgets=(40.0,) * 2),))
    least = hp.MinCost(0.5, max_hubs=30)
    for limited in (hp.MaxCoverage(budget=100.0, max_hubs=3), years, least):
        share = PlanBuilder(Question.of(problem, limited)).share
        assert share[np.argsort(problem.option_cost)].tolist() == sorted(share.tolist())
        assert share.min() < share.max()


def test_exchanges_begin_at_a_plan_that_is_better_than_the_greedy_one() -> None:
    better = 0
    for name in ("floors", "apart", "five years", "worst first"):
        question = Question.of(town(3), ASKED[name])
        quick, good = first_plan(question, PAST), first_plan(question, ENOUGH, work=0.03)
        assert first_plan(question, PAST, start=good.opened).value == pytest.approx(good.value, rel=1e-12)
        nothing = np.zeros_like(good.opened)
        assert first_plan(question, PAST, start=nothing).value >= quick.value
        better += good.value > quick.value * (1 + 1e-6)
    assert better >= 2


@pytest.mark.parametrize("seed", one_of(16, range(40)))
def test_plans_of_a_relaxation_change_no_optimum(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    problem = town(seed, points=40, sites=8)
    third = thirds(problem, 0.1)
    asked = [
        hp.MaxCoverage(budget=60.0, constraints=third),
        hp.MaxCoverage(max_hubs=3, constraints=(hp.MinSeparation(distance=15.0),)),
        hp.MaxCoverage(budget=60.0, fairness=hp.MaxMin(weights=np.array([floor.weight for floor in third]))),
        hp.MaxCoverage(budget=60.0, constraints=(Capacity(people=(500.0, 1500.0)), HubsPerSite(count=3))),
        hp.MaxCoverage(budget=60.0, constraints=(Capacity(people=(500.0, 1500.0), single=True),)),
        hp.MaxCoverage(constraints=(hp.Periods(budgets=(30.0,) * 3, discount_rate=0.1),)),
    ]
    options = hp.SolverOptions(gap=0.0, threads=1, ties=False)
    plain = [hp.solve_problem(problem, one, options).value for one in asked]
    made = list[float]()

    def noted(*given: Any) -> Any:
        made.append(plan_with(*given).value)
        return plan_with(*given)

    monkeypatch.setattr(search, "plan_with", noted)
    monkeypatch.setattr(search, "PRICED_ENTRIES", 0)
    monkeypatch.setattr(search, "THOROUGH", (0.5, 0.1))
    monkeypatch.setattr(strategy, "SMALL_OPTIONS", 0)
    found = [hp.solve_problem(problem, one, options).value for one in asked]
    assert found == pytest.approx(plain, rel=1e-9, nan_ok=True)
    assert made

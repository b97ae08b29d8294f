"""Hubs opened two at a time where second ones alone count: what both add, what limits allow, the best of all."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from solver.test_ruin_recreate import LIMITS, RULES, grown, thirds, town
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question, broken_years
from hubplanner.problem import evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics import first_plan as first, pairs as grown_by_pairs
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.pairs import opens_pairs, paired
from hubplanner.solver.mip.heuristics.ruin_recreate import RowPlan

SECOND = [name for name in RULES if name != "one hub"]
known_town = cache(lambda seed, name: town(seed, RULES[name]))


@cache
def covered(seed: int, name: str, hubs: tuple[int, ...]) -> float:
    """Return what some hubs of a town cover; of each limit the same are asked about."""
    return evaluate(known_town(seed, name), np.array(hubs, dtype=np.intp)).covered_need


@pytest.mark.parametrize("name", SECOND)
def test_what_two_hubs_add_together_is_what_a_plan_with_both_covers_more(name: str) -> None:
    problem, rng = known_town(2, name), np.random.default_rng(2)
    builder = grown(problem, hp.MaxCoverage(budget=60.0))
    plan, some = RowPlan(builder), np.flatnonzero(problem.new)
    for _ in range(6):
        hubs = np.flatnonzero(builder.counts).tolist()
        now = covered(2, name, tuple(hubs))
        free = some[builder.counts[some] == 0]
        told = plan.together(free)
        for at, one in enumerate(free.tolist()):
            for other in free[problem.option_site[free] != problem.option_site[one]].tolist():
                if problem.option_site[one] in problem.option_site[hubs]:
                    continue
                if problem.option_site[other] in problem.option_site[hubs]:
                    continue
                both = covered(2, name, tuple(sorted([*hubs, one, other])))
                assert told[at, other] == pytest.approx(both - now, abs=1e-9)
        option = int(rng.choice(some))
        if builder.counts[option]:
            plan.change(option, -1)
        elif builder.fits(option):
            plan.change(option, 1)


@pytest.mark.parametrize("limit", LIMITS)
def test_two_hubs_that_limits_allow_are_not_left_out(limit: str) -> None:
    builder = PlanBuilder(Question.of(town(3, RULES["second hub"]), LIMITS[limit]))
    plan, size = RowPlan(builder), builder.problem.n_options
    may, seen = builder.fit_together(np.arange(size)), 0
    for one, other in combinations(range(size), 2):
        before = plan.since.copy()
        if plan.open_both(one, other):
            assert may[one, other]
            assert not broken_years(
                Question.of(builder.problem, hp.MaxCoverage(budget=LIMITS[limit].budget)), builder.years()
            )
            seen += 1
            plan.change(other, -1)
            plan.change(one, -1)
        else:
            assert limit == "together" or not may[one, other]
        assert np.array_equal(plan.since, before)
    assert seen


_NOTHING: tuple[float, tuple[int, ...]] = (1e-9, ())


def best_step(builder: PlanBuilder, seed: int, name: str) -> tuple[int, ...]:
    """Return the hub or the two hubs that add most for what they take, all of them tried."""
    problem, hubs = builder.problem, np.flatnonzero(builder.counts).tolist()
    now, best = covered(seed, name, tuple(hubs)), _NOTHING
    for count in (1, 2):
        for step in combinations(np.flatnonzero(problem.new & (builder.counts == 0)).tolist(), count):
            saved, opened = builder.save(), 0
            for option in step:
                if builder.fits(option):
                    builder.open(option, builder.need)
                    opened += 1
            builder.restore(saved)
            if opened == count:
                added = covered(seed, name, tuple(sorted([*hubs, *step]))) - now
                best = max(best, (added / builder.share[list(step)].sum(), step))
    return best[1]


@pytest.mark.parametrize("limit", ["money", "number", "apart"])
@pytest.mark.parametrize("name", SECOND)
def test_each_step_opens_what_adds_most_for_what_it_takes(name: str, limit: str) -> None:
    for seed in one_of(2, range(3)):
        question = Question.of(known_town(seed, name), LIMITS[limit])
        builder = PlanBuilder(question)
        while step := best_step(builder, seed, name):
            for option in step:
                builder.open(option, builder.need)
        found = paired(question)
        assert not broken_years(question, found.years())
        assert found.figures[0] == pytest.approx(builder.figures[0])


@pytest.mark.parametrize("limit", LIMITS)
def test_plans_grown_by_pairs_keep_to_limits_and_none_is_better_than_the_best(limit: str) -> None:
    kept = 0
    for seed in one_of(3, range(5)):
        problem = town(seed, RULES["second hub"])
        found = paired(Question.of(problem, LIMITS[limit]))
        if found.shortfall > 0:
            continue
        assert not broken_years(found.question, found.years())
        most = hp.solve_problem(problem, LIMITS[limit], hp.SolverOptions(gap=0, ties=False)).value
        assert found.figures[0] <= most * (1 + 1e-9)
        kept += 1
    assert kept


def test_pairs_are_for_second_hubs_in_one_year_without_a_worst_group(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = town(0, RULES["second hub"])
    money = hp.MaxCoverage(budget=70.0)
    assert opens_pairs(PlanBuilder(Question.of(problem, money)))
    for asked in (
        hp.MaxCoverage(constraints=(hp.Periods(budgets=(40.0, 40.0)),)),
        hp.MaxCoverage(budget=70.0, fairness=thirds(problem)),
        hp.MinCost(0.3),
    ):
        assert not opens_pairs(PlanBuilder(Question.of(problem, asked)))
    for name in ("one hub", "second hub for a part"):
        assert not opens_pairs(PlanBuilder(Question.of(town(0, RULES[name]), money)))
    rows = Question.of(problem, money).instance.cover_rows.cover
    pairs = problem.n_options**2 + sum(count**2 for count in np.diff(rows.indptr).tolist())
    for most, told in ((pairs, True), (pairs - 1, False)):
        monkeypatch.setattr(grown_by_pairs, "MOST_PAIRS", most)
        assert opens_pairs(PlanBuilder(Question.of(problem, money))) is told


def test_first_plans_with_second_hubs_are_those_grown_by_pairs_where_these_are_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    better = 0
    for seed in range(6):
        question = Question.of(town(seed, RULES["second hub"]), LIMITS["money"])
        with monkeypatch.context() as unchanged:
            unchanged.setattr(first, "ruin_and_recreate", lambda *_, **__: None)
            both = first.first_plan(question, Deadline(0.0)).value
            unchanged.setattr(first, "opens_pairs", lambda _: False)
            greedy = first.first_plan(question, Deadline(0.0)).value
        pairs = paired(question).figures[0]
        assert both == pytest.approx(max(greedy, pairs))
        better += pairs > greedy
    assert better > 2

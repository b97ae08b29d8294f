"""Hubs so far apart that no two reach the same need: as good as all plans enumerated, and as any other way finds."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from support.instances.square import square, whole_need

import hubplanner as hp
from hubplanner.model import Floor, HubsPerSite, Question
from hubplanner.problem import CoverageRule, Decay, Problem, SiteStatus, evaluate
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.set_packing import strategy
from hubplanner.solver.set_packing.strategy import SetPackingStrategy

EXACT = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
REACH = (12.0, 18.0)
LIMITS = ({"budget": 20.0}, {"max_hubs": 3}, {"budget": 26.0, "max_hubs": 4}, {})


def problem_of(seed: int, *, tiers: int = 1, sites: int = 9, rule: CoverageRule | None = None) -> Problem:
    """Return points and sites on a square; every second has needs that are no whole numbers."""
    need_of = whole_need if seed % 2 else np.random.Generator.random
    return square(seed, points=80, reach=REACH[:tiers], sites=sites, rule=rule, need_of=need_of)


def asked(seed: int, apart: float = 2.0, **more: object) -> tuple[Problem, hp.MaxCoverage]:
    """Return a problem whose hubs are so many of the largest reaches apart."""
    problem = problem_of(seed, tiers=1 + seed // 2 % 2, **more)  # type: ignore[arg-type]
    distance = apart * float(problem.tier_reach.max())
    return problem, hp.MaxCoverage(**LIMITS[seed % 4], constraints=(hp.MinSeparation(distance=distance),))


def best_of_all(problem: Problem, objective: hp.MaxCoverage) -> float:
    """Return the most need that any plan covers."""
    new, (apart,) = np.flatnonzero(problem.new), objective.constraints
    most, standing, best = objective.max_hubs or 5, np.flatnonzero(problem.existing), -1.0
    for count in range(most + 1):
        for chosen in combinations(new.tolist(), count):
            plan = evaluate(problem, np.union1d(standing, np.array(chosen, dtype=np.intp)))
            sites = problem.option_site[list(chosen)]
            is_fit = problem.option_cost[list(chosen)].sum() <= (objective.budget or math.inf)
            if is_fit and len(set(sites.tolist())) == count and apart.violation(problem, plan) is None:
                best = max(best, plan.covered_need)
    return best


@pytest.fixture(autouse=True)
def few_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take it for small questions, too."""
    monkeypatch.setattr(strategy, "SMALL_OPTIONS", 0)


@pytest.mark.parametrize("rule", [None, CoverageRule(decay=Decay.LINEAR, full=4.0)])
def test_plans_are_the_best_of_all(rule: CoverageRule | None) -> None:
    for seed in range(4):
        problem, objective = asked(seed, sites=6, rule=rule)
        found = hp.solve_problem(problem, objective, EXACT)
        assert found.method.startswith("packing")
        assert found.status == hp.Status.OPTIMAL
        assert found.value == pytest.approx(best_of_all(problem, objective), rel=1e-9)


def test_larger_questions_have_the_value_of_the_other_way() -> None:
    for seed in range(4):
        problem, objective = asked(seed, sites=40)
        found = hp.solve_problem(problem, objective, EXACT)
        other = hp.solve_problem(problem, objective, replace(EXACT, method="plain"))
        assert found.method.startswith("packing")
        assert (found.status, other.status) == (hp.Status.OPTIMAL,) * 2
        assert found.value == pytest.approx(other.value, rel=1e-7)


def test_it_starts_from_a_plan_and_breaks_ties_alike() -> None:
    for seed in range(4):
        problem, objective = asked(seed, sites=20)
        first = hp.solve_problem(problem, objective, replace(EXACT, ties=True))
        again = hp.solve_problem(problem, objective, replace(EXACT, ties=True), start=first)
        other = hp.solve_problem(problem, objective, replace(EXACT, ties=True, method="plain"))
        assert first.open_options.tolist() == again.open_options.tolist() == other.open_options.tolist()


def test_it_applies_where_no_two_hubs_reach_the_same_need_and_nowhere_else() -> None:
    problem, objective = asked(0, sites=30)
    way = SetPackingStrategy()
    assert way.applies(Question.of(problem, objective), EXACT) is not None
    floor = Floor(weight=problem.need, share=0.1, name="all", group="all")
    for constraints in ((*objective.constraints, floor), (*objective.constraints, HubsPerSite(count=2))):
        assert way.applies(Question.of(problem, replace(objective, constraints=constraints)), EXACT) is None
    status = problem.site_status.copy()
    status[3] = SiteStatus.REQUIRED
    for other in (replace(problem, site_status=status), replace(problem, rule=CoverageRule(backup=2))):
        assert way.applies(Question.of(other, objective), EXACT) is None
    for options in (replace(EXACT, method="plain"), replace(EXACT, name="cbc")):
        assert way.applies(Question.of(problem, objective), options) is None


def test_what_is_reached_tells_where_it_applies_and_not_the_distance() -> None:
    told = list[bool]()
    for seed in range(6):
        for apart in (0.4, 0.7, 0.9, 1.0):
            problem, objective = asked(seed, 2 * apart, sites=14)
            new = np.flatnonzero(problem.new & (problem.option_cost <= (objective.budget or math.inf)))
            standing = np.flatnonzero(problem.existing)
            base = evaluate(problem, standing).covered_need
            alone = {
                option: evaluate(problem, np.union1d(standing, [option])).covered_need - base for option in new.tolist()
            }
            adds_up = all(
                plan.covered_need == pytest.approx(base + sum(alone[option] for option in pair))
                for pair in combinations(new.tolist(), 2)
                for plan in [evaluate(problem, np.union1d(standing, pair))]
                if len(set(problem.option_site[list(pair)].tolist())) > 1
                and objective.constraints[0].violation(problem, plan) is None
            )
            applies = SetPackingStrategy().applies(Question.of(problem, objective), EXACT) is not None
            assert applies <= adds_up
            assert applies == adds_up or objective.budget is not None  # options that are too dear may overlap
            told.append(applies)
    assert 0 < sum(told) < len(told)


@pytest.mark.parametrize("most", [3, strategy.MOST_CLIQUES])
def test_all_pairs_too_near_are_in_some_set_and_no_plan_breaks_one(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(strategy, "MOST_CLIQUES", most)
    for seed in range(3):
        problem, objective = asked(seed, sites=30)
        question, sites = Question.of(problem, objective), problem.option_site[problem.new]
        cuts = strategy._cliques(question, sites)
        members, near = cuts.options.toarray() > 0, {tuple(pair) for pair in strategy._pairs(question).tolist()}
        for one, other in combinations(range(len(sites)), 2):
            is_together = bool((members[:, one] & members[:, other]).any())
            pair = tuple(sorted((int(sites[one]), int(sites[other]))))
            if pair[0] != pair[1]:
                assert is_together == (pair in near)
        found = hp.solve_problem(problem, objective, EXACT)
        assert found.value == pytest.approx(hp.solve_problem(problem, objective, replace(EXACT, method="plain")).value)

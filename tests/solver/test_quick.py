"""Plans without a search and bounds without a proof, against an enumeration of all plans: allowed, and never beaten."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.clock import Ticking
from support.draws import one_of
from support.instances.random_questions import Case, every_block, every_rule, some_changes, some_pairs
from support.instances.tiny import random_town
from support.oracles.assignment import sought
from support.oracles.questions import recheck

import hubplanner as hp
from hubplanner.model import Question, goals_of
from hubplanner.problem import evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.upper_bound import all_hubs_bound
from hubplanner.solver.mip.heuristics.first_plan import first_plan

if TYPE_CHECKING:
    from hubplanner.model import Objective
    from hubplanner.solver.mip.subproblem import Incumbent

CASES = [
    case
    for case in [
        *every_block(40),
        *every_rule(40),
        *one_of(2, [*every_block(41), *some_pairs(60, 7000), *some_changes(30, 8000)]),
    ]
    if "periods not nested" not in case.names
]
PARTS = 6


def made(case: Case) -> Incumbent:
    """Return the plan that is made of a case without a search."""
    return first_plan(Question.of(case.query.town.problem(), case.query.objective), Deadline(0.0))


@pytest.mark.parametrize("part", range(PARTS))
def test_a_quick_plan_keeps_to_every_limit_and_is_no_better_than_the_best(part: int) -> None:
    for case in CASES[part::PARTS]:
        found = made(case)
        if case.best is None:
            assert not found.years, case
            continue
        if not found.years:
            continue
        goal = sought(case.query.objective)[0]
        assert goal.sense * found.value <= goal.sense * case.best[0] + 1e-6 * max(1.0, abs(case.best[0])), case
        if len(found.years) == 1 and found.opened is not None:
            plan = found.years[0].plan
            shares = None
            if plan.is_assigned:
                shares = np.zeros((len(plan.server), found.opened.shape[1]))
                shares[:, plan.options] = plan.assigned.toarray()
            assert recheck(case.query, found.opened[0], shares)[0] == pytest.approx(found.value, abs=1e-6), case


def test_most_questions_that_have_a_plan_have_a_quick_one() -> None:
    counted: Counter[str] = Counter()
    for case in CASES:
        if case.best is not None:
            counted[case.kind if made(case).years else "none"] += 1
    assert counted["none"] <= 0.2 * counted.total(), counted
    assert len(counted) >= 5, counted


@pytest.mark.parametrize("part", range(PARTS))
def test_no_plan_is_better_than_all_hubs_together(part: int) -> None:
    for case in CASES[part::PARTS]:
        if case.best is None:
            continue
        question = Question.of(case.query.town.problem(), case.query.objective)
        goal = goals_of(question.objective)[0]
        limit = all_hubs_bound(question, goal)
        assert goal.sense * limit >= goal.sense * case.best[0] - 1e-9 * max(1.0, abs(case.best[0])), case
        assert np.isfinite(limit), case


@pytest.mark.parametrize("decay", ["step", "linear"])
@pytest.mark.parametrize("weight", [0.2, 0.5, 0.8, 1.0])
def test_few_hubs_cover_no_more_with_second_ones_than_each_for_its_part(weight: float, decay: str) -> None:
    sharper = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        need, sites = rng.integers(1, 50, 40).astype(float), rng.uniform(0, 20, (9, 2))
        problem = hp.Problem.from_points(rng.uniform(0, 20, (40, 2)), need, sites, rng.uniform(5, 9, 9), reach=7.0)
        problem = replace(problem, rule=hp.CoverageRule(backup=2, backup_weight=weight, decay=decay))
        every = [hubs for size in range(4) for hubs in combinations(range(9), size)]
        for asked in (hp.MaxCoverage(max_hubs=3), hp.MaxCoverage(budget=20.0)):
            kept = [hubs for hubs in every if asked.budget is None or problem.option_cost[list(hubs)].sum() <= 20.0]
            best = max(evaluate(problem, list(hubs)).covered_need for hubs in kept)
            limit = all_hubs_bound(Question.of(problem, asked), goals_of(asked)[0])
            assert limit >= best * (1 - 1e-9)
            sharper += limit < evaluate(problem, range(9)).covered_need * (1 - 1e-9)
    assert sharper


@pytest.mark.parametrize("looks", [1, 3])
def test_out_of_time_a_plan_comes_with_a_bound_that_holds(looks: int) -> None:
    for case in CASES[::5]:
        if case.best is None or not made(case).years:
            continue
        options = hp.SolverOptions(gap=0.0, threads=1, time_limit_s=looks, clock=Ticking())
        solution = hp.solve_problem(case.query.town.problem(), case.query.objective, options)
        goal, best = goals_of(case.query.objective)[0], case.best[0]
        assert solution.evaluation is not None, case
        first = solution.goals[0]
        slack = 1e-6 * max(1.0, abs(best))
        assert goal.sense * first.value <= goal.sense * best + slack <= goal.sense * first.bound + 2 * slack, case
        limit = all_hubs_bound(Question.of(case.query.town.problem(), case.query.objective), goal)
        assert goal.is_bottleneck or goal.sense * first.bound <= goal.sense * limit + slack, case


@pytest.mark.parametrize("looks", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "objective",
    [
        hp.MaxCoverage(max_hubs=9),
        hp.MaxCoverage(budget=20.0, constraints=(hp.MinHubs(count=2),)),
        hp.MaxCoverage(constraints=(hp.Periods(budgets=(9.0, 9.0), discount_rate=0.1),)),
        hp.MaxCoverage(constraints=(hp.Periods(budgets=(9.0, 9.0), nested=False),)),
        hp.MaxCoverage(budget=20.0, constraints=(hp.Capacity(people=(40.0,)),)),
        hp.PMedian(max_hubs=9),
        hp.PMedian(budget=30.0, constraints=(hp.MinHubs(count=2),)),
        hp.PCenter(max_hubs=9),
        hp.MinCost(target_share=0.5),
    ],
    ids=lambda objective: f"{objective.name}{len(objective.constraints)}",
)
def test_a_bound_cut_short_stays_within_what_all_sites_together_reach(objective: Objective, looks: int) -> None:
    problem = random_town(3)
    options = hp.SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=looks, clock=Ticking())
    found = hp.solve_problem(problem, objective, options)
    every = evaluate(problem, range(problem.n_options))
    assert found.evaluation is not None
    if isinstance(objective, hp.MaxCoverage):
        years = max(len(found.periods), 1)
        assert found.value <= found.bound <= every.covered_need * years * (1 + 1e-9)
    elif isinstance(objective, hp.MinCost):
        assert 0 <= found.bound <= found.value
    else:
        counted = (problem.need > 0) & problem.reachable
        nearest, need = every.nearest_distance[counted], problem.need[counted]
        least = nearest.max() if isinstance(objective, hp.PCenter) else float(need @ nearest) / need.sum()
        assert least * (1 - 1e-9) <= found.bound <= found.value

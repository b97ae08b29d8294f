"""Fairness by alpha against an enumeration of all plans with the utility itself, and its bound against every plan."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of
from support.instances.random_questions import CONSTRAINTS, town
from support.oracles.questions import Query, best, recheck

import hubplanner as hp
from hubplanner.model import AlphaFair, MaxMin, TangentUtility
from hubplanner.pipeline.earlier_plan import plan_of_hubs
from hubplanner.problem import Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.mip import alpha_fair

if TYPE_CHECKING:
    from hubplanner.problem import Solution

ALPHAS = (0.5, 1.0, 2.0, np.inf)
LIMITS: tuple[tuple[str, ...], ...] = (
    ("budget",),
    ("capacity split", "budget"),
    ("capacity single", "max hubs"),
    ("two a site", "capacity split", "budget"),
    ("floor", "budget"),
    ("tiers mixed", "budget"),
    ("take up", "capacity split", "budget"),
    ("take up", "tiers mixed", "capacity split", "budget"),
)
RULES = ("step", "step", "linear", "backup")
SEEDS = 5
NO_LINES = np.zeros(0, dtype=np.intp)
SAME = 1e-6


@cache
def asked(limits: tuple[str, ...], alpha: float, seed: int) -> Query:
    """Return a random question of two or three groups."""
    rng = np.random.default_rng([seed, LIMITS.index(limits), ALPHAS.index(alpha)])
    assigned, stacked = any("capacity" in name for name in limits), any("site" in name for name in limits)
    rule = RULES[seed % len(RULES)]
    rule = "step" if ("backup" in rule and assigned) or "take up" in limits else rule
    single = "capacity single" in limits
    place = town(rng, rule=rule, tiers=2, sites=3 if stacked or single else 4, points=5 if single else 8)
    group = rng.integers(0, 3, len(place.needs))
    weights = np.array([place.needs * (group == number) for number in range(3)])
    low = float(rng.choice([0.01, 0.1, 0.3]))
    fair = MaxMin(weights=weights) if np.isinf(alpha) else AlphaFair(weights=weights, alpha=alpha, linear_below=low)
    come = hp.TakeUp(share=0.7, e_fold=0.6)
    constraints = tuple(come if name == "take up" else CONSTRAINTS[name](rng, place) for name in limits)
    made = hp.MaxCoverage(constraints=constraints, fairness=fair)
    return Query(town=place, objective=made, constraints=made.all_constraints)


@cache
def best_of_all(limits: tuple[str, ...], alpha: float, seed: int) -> list[float] | None:
    """Return what the oracle finds in all plans."""
    return best(asked(limits, alpha, seed))


def solved(query: Query, **options: Any) -> Solution:
    """Return the plan that is proven best."""
    given = {"gap": 0.0, "threads": 1, "ties": False} | options
    return solve_problem(query.town.problem(), query.objective, SolverOptions(**given))


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("limits", LIMITS, ids=", ".join)
def test_the_plan_is_the_best_of_all_by_the_utility_itself(limits: tuple[str, ...], alpha: float) -> None:
    # Every rule of coverage under all limits, with some alpha.
    for seed in one_of(3, range(ALPHAS.index(alpha) % 3, SEEDS)):
        query = asked(limits, alpha, seed)
        expected, found = best_of_all(limits, alpha, seed), solved(query)
        if expected is None:
            assert found.status == Status.INFEASIBLE, seed
            continue
        assert found.status == Status.OPTIMAL, (seed, found.gap)
        assert found.evaluation is not None
        assert [goal.value for goal in found.goals] == pytest.approx(expected, rel=SAME, abs=SAME), seed
        for goal, figure in zip(found.goals, expected, strict=True):
            assert goal.bound >= figure * (1 - SAME) - 1e-9, (seed, goal)
        opened = np.zeros(len(query.town.options), dtype=np.intp)
        opened[found.evaluation.options] = found.evaluation.counts
        shares = None
        if found.evaluation.is_assigned:
            shares = np.zeros((len(query.town.points), len(opened)))
            shares[:, found.evaluation.options] = found.evaluation.assigned.toarray()
        again = recheck(query, opened, shares)
        assert again == pytest.approx(expected, rel=1e-5, abs=SAME), seed
        assert best(query, opened[None]) == pytest.approx(expected, rel=SAME, abs=SAME), seed


@pytest.mark.parametrize("limits", LIMITS, ids=", ".join)
def test_proportional_plans_and_their_bounds_are_right_on_many_instances(limits: tuple[str, ...]) -> None:
    solvable, drawn = 0, one_of(6, range(SEEDS, SEEDS + 17))
    for seed in drawn:
        query = asked(limits, 1.0, seed)
        expected, found = best_of_all(limits, 1.0, seed), solved(query)
        if expected is None:
            assert found.status == Status.INFEASIBLE, seed
            continue
        solvable += 1
        assert found.value == pytest.approx(expected[0], rel=SAME, abs=SAME), seed
        assert found.bound >= expected[0] * (1 - SAME) - 1e-9, seed
    assert solvable > 0.3 * len(drawn)  # floors and a budget together often cannot be met


@pytest.mark.parametrize("limits", LIMITS[1:4], ids=", ".join)
def test_hubs_that_are_given_serve_as_fairly_as_they_can(limits: tuple[str, ...]) -> None:
    held = 0
    for seed in range(8):
        query = asked(limits, 1.0, seed)
        problem = query.town.problem()
        given = solve_problem(problem, replace(query.objective, fairness=None), SolverOptions(gap=0.0, ties=False))
        if given.evaluation is None:
            continue
        opened = np.zeros((1, problem.n_options), dtype=np.intp)
        opened[0, given.evaluation.options] = given.evaluation.counts
        expected = best(query, opened)
        found = plan_of_hubs(problem, query.objective, given.evaluation.options, given.evaluation.counts, NO_LINES)
        assert expected is not None
        assert found.value == pytest.approx(expected[0], rel=SAME, abs=SAME), seed
        assert found.bound == pytest.approx(expected[0], rel=SAME, abs=SAME), seed
        held += 1
    assert held > 4


def test_a_loose_gap_is_kept_and_the_bound_holds_for_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alpha_fair, "SMALL_OPTIONS", 0)
    for seed in one_of(4, range(20)):
        query = asked(LIMITS[1], 1.0, seed)
        expected = best_of_all(LIMITS[1], 1.0, seed)
        if expected is not None:
            found = solved(query, gap=0.05)
            assert found.status == Status.OPTIMAL, seed
            assert found.gap == pytest.approx(found.bound / found.value - 1 if found.value else 0.0, abs=1e-9)
            assert found.gap <= 0.05 + 1e-6, seed
            assert found.bound >= expected[0] * (1 - SAME), seed


def test_cbc_finds_the_same() -> None:
    for limits in LIMITS[:3]:
        query = asked(limits, 1.0, 1)
        expected = best(query)
        found = solved(query, name="cbc")
        assert (found.goals[0].value if found.goals else None) == (
            None if expected is None else pytest.approx(expected[0], rel=SAME)
        )


def test_an_alpha_near_0_finds_the_sum_and_a_large_one_lifts_the_worst() -> None:
    query = asked(("budget",), 0.5, 2)
    problem, fair = query.town.problem(), query.objective.fairness
    assert isinstance(fair, AlphaFair)
    total = float(fair.need.sum())

    def plan(**changes: Any) -> Solution:
        objective = replace(query.objective, fairness=replace(fair, **changes))
        return solve_problem(problem, objective, SolverOptions(gap=0.0, ties=False))

    most = solve_problem(problem, replace(query.objective, fairness=None), SolverOptions(gap=0.0, ties=False))
    nearly = plan(alpha=1e-6, linear_below=0.01)
    assert nearly.evaluation is not None
    assert nearly.evaluation.covered_need == pytest.approx(most.value)
    assert nearly.value == pytest.approx(most.value / total, rel=1e-4)
    worst = [float(fair.shares(found.evaluation).min()) for found in (nearly, plan(alpha=4.0)) if found.evaluation]
    assert worst[1] >= worst[0] - 1e-9


def test_tangents_lie_above_the_utility_and_meet_it_where_they_touch() -> None:
    rng = np.random.default_rng(3)
    for alpha in (0.3, 1.0, 2.5, 4.0):
        fair = AlphaFair(weights=np.diag(rng.uniform(1, 9, 4)), alpha=alpha, linear_below=0.02)
        shares = rng.uniform(0, 1, (50, 4))
        utility = TangentUtility.coarse(fair).refined(shares[:5])
        for row in shares:
            assert utility.figure(row) >= utility.exact(row) - 1e-9
        for row in shares[:5]:
            assert utility.figure(row) == pytest.approx(utility.exact(row))
            assert utility.share_of(utility.exact(row)) == pytest.approx(fair.equivalent_share(row))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
def test_equal_shares_are_worth_themselves_also_below_the_straight_part(alpha: float) -> None:
    fair = AlphaFair(weights=np.eye(3), alpha=alpha, linear_below=0.1)
    for share in (0.0, 0.04, 0.1, 0.7, 1.0):
        assert fair.equivalent_share(np.full(3, share)) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("wrong", [{"alpha": 0.0}, {"alpha": np.inf}, {"linear_below": 0.0}, {"linear_below": 1.5}])
def test_parameters_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(hp.ScenarioError, match=r"allowed: a (number|share) above 0"):
        AlphaFair(weights=np.eye(2), **({"alpha": 1.0, "linear_below": 0.1} | wrong))

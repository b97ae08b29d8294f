"""The worst group lifted by what that costs: no limit is broken, no plan is better than the best of all."""

from __future__ import annotations

import math
from itertools import chain, product

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question
from hubplanner.problem import CoverageRule, Floats, Planar, Problem, SiteStatus, evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics import least_share
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.least_share import lift, lifts
from hubplanner.solver.mip.heuristics.ruin_recreate import RowPlan

ENOUGH = Deadline(math.inf)
SITES = 7


def town(seed: int, backup: int = 1) -> Problem:
    """Return points and few sites of two tiers, some of them standing."""
    rng = np.random.default_rng(seed)
    status = rng.choice([SiteStatus.CANDIDATE] * 5 + [SiteStatus.EXISTING, SiteStatus.REQUIRED], size=SITES)
    site, tier = (part.ravel() for part in np.meshgrid(np.arange(SITES), np.arange(2), indexing="ij"))
    kept = (tier == 0) | (status[site] != SiteStatus.EXISTING)
    cost = np.where(status[site] == SiteStatus.EXISTING, 0.0, rng.integers(3, 20, len(site)) * (1 + tier))
    need = rng.integers(0, 50, 40).astype(float)
    return Problem(
        need=need,
        people=need,
        travel=Planar(rng.uniform(0, 20, (40, 2)), rng.uniform(0, 20, (SITES, 2))),
        site_status=status,
        tier_reach=np.array([5.0, 7.0]),
        option_site=site[kept],
        option_tier=tier[kept],
        option_cost=cost[kept],
        rule=CoverageRule(backup=backup),
    )


def groups_of(problem: Problem, seed: int) -> Floats:
    """Return three groups, the first of which laps over the others, or lies out of reach."""
    rng, size = np.random.default_rng(seed), len(problem.need)
    part = rng.integers(0, 3, size)
    found = np.array([np.where(part == number, problem.need, 0.0) for number in range(3)])
    found[0] = np.where(rng.random(size) < 0.3, problem.need, found[0])
    return found


def plans(problem: Problem, objective: hp.MaxCoverage) -> list[np.ndarray]:
    """Return the options of all plans."""
    new = problem.new
    standing = np.flatnonzero(problem.existing)
    choices = []
    for site in range(SITES):
        own = np.flatnonzero(new & (problem.option_site == site)).tolist()
        must = site in problem.required_sites
        held = bool((problem.option_site[standing] == site).any())
        choices.append([[]] * (not must or held) + [[one] for one in own] * (not held))
    every = (np.array(list(chain(*each)), dtype=np.intp) for each in product(*choices))
    money, most = objective.budget or math.inf, objective.max_hubs or SITES
    found = [one for one in every if problem.option_cost[one].sum() <= money and len(one) <= most]
    return [np.append(standing, one) for one in found]


def least(problem: Problem, groups: Floats, options: np.ndarray) -> float:
    """Return the least share of a group with need."""
    share = evaluate(problem, options).covered_share
    some = groups.sum(axis=1) > 0
    return float((groups[some] @ share / groups[some].sum(axis=1)).min())


def lifted(seed: int, most: int | None, work: float) -> tuple[float, float, float]:
    """Return the least share before and after, and the best of all plans; the plan keeps to all limits."""
    problem = town(seed, backup=1 + seed % 2)
    groups = groups_of(problem, seed)
    objective = hp.MaxCoverage(budget=30.0 + 5 * (seed % 7), max_hubs=most, fairness=hp.MaxMin(weights=groups))
    every, builder = plans(problem, objective), PlanBuilder(Question.of(problem, objective))
    builder.meet(cheapest=True)
    builder.fill()
    if builder.shortfall > 0:
        assert not every  # the required hubs cost more than there is
        return 0.0, 0.0, 0.0
    before = least(problem, groups, np.flatnonzero(builder.counts))
    assert lifts(builder)
    lift(builder, ENOUGH, seed, work=work)
    options = np.flatnonzero(builder.counts)
    after = least(problem, groups, options)
    assert builder.shares.min() == pytest.approx(after)
    assert tuple(options.tolist()) in {tuple(sorted(one.tolist())) for one in every}
    return before, after, max(least(problem, groups, one) for one in every)


@pytest.mark.parametrize("seed", one_of(6, range(240)))
def test_the_worst_group_is_lifted_at_most_as_far_as_enumeration_tells(seed: int) -> None:
    before, after, best = lifted(seed, None if seed % 3 else 3, 0.02)
    assert before - 1e-12 <= after <= best + 1e-12


def test_with_more_work_most_plans_are_the_best() -> None:
    found = [lifted(seed, None, 0.2) for seed in range(16)]
    assert np.mean([after >= best - 1e-9 for _, after, best in found]) >= 0.7
    assert np.mean([before >= best - 1e-9 for before, _, best in found]) < 0.5  # as they grow


def is_lifted(objective: hp.MaxCoverage) -> bool:
    """Tell whether the worst group is lifted by what that costs."""
    return lifts(PlanBuilder(Question.of(town(0), objective)))


def test_only_the_worst_group_within_one_budget_is_lifted_so() -> None:
    fair = hp.MaxMin(weights=groups_of(town(0), 0))
    assert is_lifted(hp.MaxCoverage(budget=40.0, fairness=fair))
    assert not is_lifted(hp.MaxCoverage(max_hubs=3, fairness=fair))
    assert not is_lifted(hp.MaxCoverage(budget=40.0))
    assert not is_lifted(hp.MaxCoverage(budget=40.0, fairness=hp.MaxMin(weights=fair.weights, first=False)))
    assert not is_lifted(hp.MaxCoverage(constraints=(hp.Periods(budgets=(20.0, 20.0)),), fairness=fair))


def test_a_group_of_which_nothing_is_asked_is_not_short_by_rounding() -> None:
    problem = town(3)
    groups = groups_of(problem, 3)
    objective = hp.MaxCoverage(budget=45.0, fairness=hp.MaxMin(weights=groups))
    weights = [weight for weight in groups if weight.sum() > 0]
    question = least_share._without_budget(Question.of(problem, objective), weights)
    plan = least_share._Lifted(PlanBuilder(question), weights, 45.0)
    plan.hold(0.0)
    plan.covered[plan.groups] = -1e-12
    assert not plan.short.any()
    assert np.isfinite(plan.price).all()


def test_out_of_time_only_one_cycle_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    class Counted(least_share.Annealing):
        def __init__(self, plan: RowPlan, seed: int, work: float) -> None:
            begun.append(seed)
            super().__init__(plan, seed, work)

    monkeypatch.setattr(least_share, "Annealing", Counted)
    problem = town(3)
    objective = hp.MaxCoverage(budget=45.0, fairness=hp.MaxMin(weights=groups_of(problem, 3)))
    builder = PlanBuilder(Question.of(problem, objective))
    builder.fill()
    lift(builder, Deadline(0.0), 1, work=4 * least_share.CYCLE)
    assert begun == [1]


def test_it_is_the_same_for_the_same_seed_and_ends_in_time() -> None:
    problem = town(3)
    objective = hp.MaxCoverage(budget=45.0, fairness=hp.MaxMin(weights=groups_of(problem, 3)))
    found = []
    for deadline in (ENOUGH, ENOUGH, Deadline(0.0)):
        builder = PlanBuilder(Question.of(problem, objective))
        builder.fill()
        before = builder.shares.min()
        lift(builder, deadline, 1, work=0.02)
        found.append(builder.counts)
        assert builder.shares.min() >= before
    assert np.array_equal(found[0], found[1])

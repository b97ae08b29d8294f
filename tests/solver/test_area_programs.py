"""Programs with whole hubs for each area bound every plan, more closely than the relaxation."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Floor, Objective, Question, goals_of
from hubplanner.model.variables import coverage
from hubplanner.problem import CoverageRule, Planar, Problem, SiteStatus
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import search
from hubplanner.solver.mip.bounds import area_programs, relaxation as relaxation_module, row_blocks
from hubplanner.solver.mip.bounds.area_programs import AreaBound
from hubplanner.solver.mip.bounds.relaxation import area_bound, relaxed
from hubplanner.solver.mip.subproblem import Subproblem

if TYPE_CHECKING:
    from hubplanner.solver.backends import SearchLimits

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=60)
POINTS = 60


@pytest.fixture(autouse=True)
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take blocks for programs of any size, a few of them and of areas, and whole rows for second hubs."""
    monkeypatch.setattr(row_blocks, "LEAST_ENTRIES", 1)
    monkeypatch.setattr(row_blocks, "LEAST_WIDTH", 0)
    monkeypatch.setattr(row_blocks, "BLOCKS", 8)
    monkeypatch.setattr(area_programs, "EACH", 3)
    monkeypatch.setattr(search, "AREA_ENTRIES", 0)
    monkeypatch.setattr(coverage, "MOST_ENTRIES", 0)


def drawn(seed: int) -> tuple[Problem, Objective]:
    """Return a question of second hubs: money or their number is limited, some have floors, tiers or standing hubs."""
    rng = np.random.default_rng(seed)
    tiers = 1 + seed % 3 // 2
    sites = 9 if tiers == 1 else 7
    status = np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp)
    cost = np.repeat(rng.integers(2, 9, sites), tiers) + np.tile([0.0, 3.0][:tiers], sites)
    if seed % 4 == 1 and tiers == 1:
        status[0], cost[0] = SiteStatus.EXISTING, 0.0
    points = rng.uniform(0, 100, (POINTS, 2))
    need = rng.integers(1, 40, POINTS).astype(float)
    problem = Problem(
        need=need,
        people=need,
        travel=Planar(points, rng.uniform(0, 100, (sites, 2))),
        site_status=status,
        tier_reach=np.array([30.0, 42.0])[:tiers],
        option_site=np.repeat(np.arange(sites), tiers),
        option_tier=np.tile(np.arange(tiers), sites),
        option_cost=cost,
        rule=CoverageRule(backup=2, backup_weight=(1.0, 0.5, 0.3, 0.8)[seed % 5 % 4]),
    )
    floors = tuple(
        Floor(weight=np.where(side, need, 0.0), share=0.1) for side in (points[:, 0] < 50, points[:, 0] >= 50)
    )
    limits = {"max_hubs": 4} if seed % 2 else {"budget": 17.0}
    return problem, hp.MaxCoverage(**limits, constraints=floors if seed % 7 == 0 else ())


def best_of_all(problem: Problem, objective: Objective) -> float:
    """Return what the best plan covers, of all that keep to the limits; minus infinity without one."""
    assert isinstance(problem.travel, Planar)
    near = np.linalg.norm(problem.travel.points[:, None] - problem.travel.sites[None], axis=2)
    tiers, beta = len(problem.tier_reach), problem.rule.backup_weight
    budget = np.inf if objective.budget is None else objective.budget
    most = np.inf if objective.max_hubs is None else objective.max_hubs
    best = -np.inf
    for choice in product(range(tiers + 1), repeat=problem.n_sites):
        built = [(site, tier - 1) for site, tier in enumerate(choice) if tier]
        if problem.site_status[0] == SiteStatus.EXISTING and not choice[0]:
            continue
        new = [(site, tier) for site, tier in built if problem.site_status[site] == SiteStatus.CANDIDATE]
        if len(new) > most or sum(problem.option_cost[site * tiers + tier] for site, tier in new) > budget:
            continue
        count = sum((near[:, site] <= problem.tier_reach[tier] for site, tier in built), np.zeros(POINTS))
        met = problem.need * ((1 - beta) * (count >= 1) + beta * (count >= 2))
        if all(
            (met * (floor.weight > 0)).sum() >= floor.share * floor.weight.sum()
            for floor in objective.constraints
            if isinstance(floor, Floor)
        ):
            best = max(best, float(met.sum()))
    return best


def task_of(problem: Problem, objective: Objective) -> Subproblem:
    return Subproblem(
        question=Question.of(problem, objective),
        goal=goals_of(objective)[0],
        options=OPTIONS,
        deadline=OPTIONS.deadline,
    )


def bounds_of(problem: Problem, objective: Objective, value: float) -> tuple[float, float, AreaBound]:
    """Return the bounds of the relaxation and of the areas, and what the areas say."""
    task = task_of(problem, objective)
    _, form, relaxation = relaxed(task)
    found = area_bound(task, form, (value - form.constant) / form.unit, -np.inf)
    assert found is not None
    return form.figure(relaxation.bound), form.figure(found.value), found


SEEDS = one_of(16, range(400))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_beats_the_bound_of_areas(seed: int) -> None:
    question = drawn(seed)
    best = best_of_all(*question)
    if best == -np.inf:
        pytest.skip("no plan keeps to the floors")
    relaxation, areas, found = bounds_of(*question, best)
    assert best <= areas * (1 + 1e-9) + 1e-9
    assert areas <= relaxation * (1 + 1e-6)
    assert ((found.parts >= -1e-9) & (found.parts <= 1 + 1e-9)).all()


def long_valley(seed: int) -> tuple[Problem, Objective]:
    """Return second hubs along a valley ten times as long as hubs reach, of which half a dozen can be paid."""
    rng = np.random.default_rng(seed)
    points, sites, need = rng.uniform(0, 1, (500, 2)), rng.uniform(0, 1, (36, 2)), rng.integers(1, 40, 500)
    problem = Problem.from_points(points * [400, 50], need, sites * [400, 50], rng.integers(2, 9, 36), reach=40)
    return replace(problem, rule=CoverageRule(backup=2, backup_weight=1.0)), hp.MaxCoverage(budget=26.0)


def test_areas_take_away_half_of_what_the_relaxation_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(area_programs, "EACH", 12)
    monkeypatch.setattr(search, "AREA_ENTRIES", math.inf)
    before, after = 0.0, 0.0
    for seed in range(2):
        question = long_valley(seed)
        best = solve_problem(*question, OPTIONS).value
        relaxation, areas, _ = bounds_of(*question, best)
        assert best <= areas * (1 + 1e-9)
        before, after = before + relaxation - best, after + areas - best
    assert after < before / 2


@pytest.mark.parametrize("seed", [1, 3, 5])
def test_the_best_plan_is_proven_with_areas(seed: int) -> None:
    question = drawn(seed)
    found = solve_problem(*question, OPTIONS)
    assert found.status == "optimal"
    assert found.value == pytest.approx(best_of_all(*question), rel=1e-9)


def test_out_of_time_for_the_relaxation_without_its_old_cuts_areas_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(*drawn(5))
    _, form, _ = relaxed(task)
    areas = relaxation_module._BlockProgram.areas

    def late(self: Any, effort: SearchLimits) -> Any:
        self.relaxation._deadline = Deadline(0.0)
        return areas(self, effort)

    monkeypatch.setattr(relaxation_module._BlockProgram, "areas", late)
    assert area_bound(task, form, 0.0, -np.inf) is None


def test_out_of_time_the_bound_is_that_of_the_relaxation() -> None:
    task = task_of(*drawn(5))
    _, form, relaxation = relaxed(task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(area_programs, "MOST_ROUNDS", 0)
        found = area_bound(task, form, 0.0, -np.inf)
    assert found is not None
    assert found.value == pytest.approx(relaxation.bound, rel=1e-4)

"""Programs with whole hubs for each area bound every plan, more closely than the relaxation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Floor, Objective, Question, goals_of
from hubplanner.model.variables import coverage
from hubplanner.problem import CoverageRule, Planar, Problem, SiteStatus
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.mip import search, strategy
from hubplanner.solver.mip.bounds import area_programs, row_blocks
from hubplanner.solver.mip.bounds.area_programs import AreaBound, AreaPrograms
from hubplanner.solver.mip.bounds.area_search import AreaOptimum, AreaSearch
from hubplanner.solver.mip.bounds.relaxation import area_bound, relaxed
from hubplanner.solver.mip.subproblem import Subproblem

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
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
    found = area_bound(relaxation, task.effort(0.0), (value - form.constant) / form.unit, -np.inf)
    assert found is not None
    return form.figure(relaxation.bound), form.figure(found.value), found


SEEDS = one_of(17, range(400))


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


def test_what_areas_pay_for_a_hub_is_the_same_part_of_its_price_as_for_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solved, parts = AreaPrograms._solved, list[np.ndarray[Any, Any]]()

    def heard(self: AreaPrograms, paid: Any) -> Any:
        total = self.bundle.summed(self.paid)
        parts.append(self.bundle.summed(paid)[total > 0] / total[total > 0])
        return solved(self, paid)

    monkeypatch.setattr(AreaPrograms, "_solved", heard)
    for seed in range(6):
        bounds_of(*drawn(seed), 0.0)
    assert len(parts) > 6
    for part in parts:
        assert part == pytest.approx(part[:1].repeat(len(part)), rel=1e-9)


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


def test_areas_searched_side_by_side_say_the_same() -> None:
    question = drawn(6)
    task = task_of(*question)
    one, two = (
        area_bound(relaxed(task)[2], replace(task.effort(0.0), threads=threads), 0.0, -np.inf) for threads in (1, 2)
    )
    assert one is not None
    assert two is not None
    assert one.value == two.value
    assert (one.parts == two.parts).all()


@pytest.mark.parametrize("seed", [2, 3, 5])
def test_the_best_plan_is_proven_with_areas(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategy, "SMALL_OPTIONS", 0)  # of a few options no plan is known before
    monkeypatch.setattr(search, "THOROUGH", (0.5, 0.0))
    question, said = drawn(seed), list[AreaBound | None]()

    def heard(*given: Any) -> AreaBound | None:
        said.append(area_bound(*given))
        return said[-1]

    monkeypatch.setattr(search, "area_bound", heard)
    found = solve_problem(*question, OPTIONS)
    assert any(said)
    assert found.status == "optimal"
    assert found.value == pytest.approx(best_of_all(*question), rel=1e-9)


def test_out_of_time_areas_say_nothing() -> None:
    task = task_of(*drawn(5))
    assert area_bound(relaxed(task)[2], replace(task.effort(0.0), seconds=0.0), 0.0, -np.inf) is None


@dataclass
class _Clock:
    """A clock that stands still until it is set."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("searched", [1, 2, 4, 6])
def test_out_of_time_in_the_middle_of_a_round_the_bound_still_holds(
    searched: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, clock, run = drawn(6), _Clock(), AreaSearch.run
    options, done = replace(OPTIONS, clock=clock), list[AreaOptimum]()
    task = replace(task_of(*question), options=options, deadline=options.deadline)

    def late(self: AreaSearch) -> AreaOptimum:
        done.append(run(self))
        clock.now = math.inf if len(done) >= searched else 0.0
        return done[-1]

    monkeypatch.setattr(AreaSearch, "run", late)
    _, form, relaxation = relaxed(task)
    found = area_bound(relaxation, task.effort(0.0), 0.0, -np.inf)
    assert found is not None
    assert len(done) == searched
    assert best_of_all(*question) <= form.figure(found.value) * (1 + 1e-9)
    assert found.value <= relaxation.bound * (1 + 1e-6)


def test_a_plan_that_areas_prove_close_enough_is_not_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(*drawn(6))
    depth, form, relaxation = relaxed(task)
    best, tried = search.optimise(task), list[Any]()
    told = AreaBound(value=(1.1 * best.value - form.constant) / form.unit, parts=np.zeros(len(form.open_)))
    monkeypatch.setattr(search, "area_bound", lambda *_: told)
    monkeypatch.setattr(search, "plan_with", lambda *_: best)
    monkeypatch.setattr(search, "_improved", lambda *given: tried.append(given) or best)
    for gap in (0.2, 0.05):
        asked, known = replace(task, gap=gap), replace(best, bound=2 * best.value)
        state = search._State(task=asked, known=known, depth=depth, form=form, relaxation=relaxation)
        found = search._by_areas(state).known
        assert (found.value, found.bound) == (best.value, pytest.approx(1.1 * best.value))
        assert len(tried) == (gap < 0.1)


def test_out_of_time_the_bound_is_that_of_the_relaxation() -> None:
    task = task_of(*drawn(5))
    _, _, relaxation = relaxed(task)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(area_programs, "MOST_ROUNDS", 0)
        found = area_bound(relaxation, task.effort(0.0), 0.0, -np.inf)
    assert found is not None
    assert found.value == pytest.approx(relaxation.bound, rel=1e-4)

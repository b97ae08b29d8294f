"""The core path is exact: no cut loses a plan, no bound lies below one, no reduction changes the best."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.draws import one_of
from support.instances.tiny import random_town

import hubplanner as hp
from hubplanner.model import build_model
from hubplanner.problem import Planar, SiteStatus
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import ADAPTERS, SearchLimits
from hubplanner.solver.covering import (
    column_generation as prices,
    column_generation as sifting,
    relaxation as sharpening,
)
from hubplanner.solver.covering.branch_and_bound import search_core
from hubplanner.solver.covering.construction import PartialPlan, exchanged, greedy, rounded
from hubplanner.solver.covering.cuts import find_cuts
from hubplanner.solver.covering.lp import joined, table_of
from hubplanner.solver.covering.presolve import drop_dominated, nearest, reduction
from hubplanner.solver.covering.relaxation import solve_relaxation
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.covering.variable_fixing import screen, settle
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits
from hubplanner.solver.mip.bounds.relaxation import relax
from hubplanner.solver.run_log import RunLog
from hubplanner.tolerances import EXACT

if TYPE_CHECKING:
    from collections.abc import Iterator

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


def fractional(seed: int, options: int = 9, rows: int = 14) -> tuple[CoveringInstance, hp.MaxCoverage]:
    """Return an instance of pairs and triples, whose relaxation is rarely whole, and limits."""
    rng = np.random.default_rng(seed)
    cells = np.zeros((rows, options), dtype=np.int8)
    for row in range(rows):
        cells[row, rng.choice(options, rng.integers(2, 4), replace=False)] = 1
    cells = np.unique(cells, axis=0)
    instance = CoveringInstance(
        need=rng.integers(1, 9, len(cells)).astype(float),
        cover=csr_array(cells),
        option=np.arange(options),
        site=np.arange(options) // (1 if seed % 3 else 2),
        cost=rng.integers(1, 6, options).astype(float),
        gain=rng.integers(0, 2, options).astype(float),
        required=np.array([0] if seed % 4 == 0 else [], dtype=np.intp),
        base=float(seed % 2),
    )
    objective = hp.MaxCoverage(max_hubs=3) if seed % 2 else hp.MaxCoverage(budget=float(rng.integers(6, 12)))
    return instance, objective


def plans(instance: CoveringInstance, objective: hp.MaxCoverage) -> Iterator[np.ndarray]:
    """Yield every choice within all limits."""
    money, count = limits(objective)
    options = range(len(instance.option))
    for size in range(min(len(options), int(min(count, 9))) + 1):
        for chosen in map(np.array, combinations(options, size)):
            at = chosen.astype(np.intp)
            sites = instance.site[at]
            apart, pinned = len(set(sites)) == size, set(instance.required) <= set(sites)
            if apart and pinned and instance.cost[at].sum() <= money:
                yield at


def top(instance: CoveringInstance, objective: hp.MaxCoverage) -> float:
    return max((instance.covered_need(plan) for plan in plans(instance, objective)), default=-np.inf)


def values(instance: CoveringInstance, plan: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows covered and options open by a plan."""
    open_ = np.zeros(len(instance.option))
    open_[plan] = 1
    return (instance.cover @ open_ > 0).astype(float), open_


def cut_rounds(instance: CoveringInstance, objective: hp.MaxCoverage) -> Iterator[tuple[object, object]]:
    """Yield cuts of round after round, with the point they were found for."""
    table = table_of(instance, objective)
    lp = sifting.ColumnGeneration(table, np.ones(len(instance.option), np.bool_), EFFORT)
    for _ in range(6):
        point = lp.solve()
        cuts = find_cuts(lp, point)
        if cuts is None:
            return
        yield cuts, point
        lp.add(cuts)


@pytest.mark.parametrize("unit", [1.0, 7.0, 1000.0, 0.25])
def test_whole_need_has_steps_in_which_no_plan_is_passed_over(unit: float) -> None:
    for seed in range(20):
        drawn, objective = fractional(seed)
        instance = replace(drawn, need=drawn.need * unit, gain=drawn.gain * unit, base=0.3)
        step, worth = instance.need_step, {instance.covered_need(plan) for plan in plans(instance, objective)}
        assert step == (unit if unit >= 1 else 0)
        for value in worth:
            assert instance.most_within(value) == pytest.approx(value, rel=1e-12)
            assert instance.most_within(value + 0.9 * step) == pytest.approx(value, rel=1e-12)
            assert instance.most_within(value - 1e-4 * step) == pytest.approx(value, abs=1e-3 * unit)
    assert fractional(0)[0].most_within(np.inf) == np.inf


def test_steps_of_need_that_a_solver_cannot_see_are_not_used() -> None:
    instance, _ = fractional(0)
    assert replace(instance, need=instance.need * 1e12 + 1).need_step == 0
    assert replace(instance, need=np.append(instance.need[1:], 2.0**54)).need_step == 0
    assert replace(instance, need=instance.need[:0], gain=instance.gain[:0]).need_step == 0


def test_every_plan_keeps_to_every_cut_and_the_relaxation_breaks_it() -> None:
    found = 0
    for seed in range(60):
        instance, objective = fractional(seed)
        for cuts, point in cut_rounds(instance, objective):
            left = cuts.rows @ point.covered + cuts.options @ point.open_  # type: ignore[attr-defined]
            assert (left > cuts.limit + 1e-4).all()  # type: ignore[attr-defined]
            for plan in plans(instance, objective):
                rows, open_ = values(instance, plan)
                assert (cuts.rows @ rows + cuts.options @ open_ <= cuts.limit + 1e-9).all()  # type: ignore[attr-defined]
            found += len(cuts.limit)  # type: ignore[attr-defined]
    assert found > 20


def test_no_plan_beats_the_sharpened_bound_and_cuts_sharpen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sharper = 0
    for seed in range(60):
        instance, objective = fractional(seed)
        best_value = top(instance, objective)
        if best_value == -np.inf:
            continue
        start = greedy(instance, objective)
        known = solve_relaxation(instance, objective, EFFORT, start)
        assert known.relaxation.bound >= best_value - 1e-9
        assert instance.covered_need(known.plan) <= best_value + 1e-9
        with monkeypatch.context() as patch:
            patch.setattr(sharpening, "MOST_ROUNDS", 0)
            blunt = solve_relaxation(instance, objective, EFFORT, start).relaxation.bound
        sharper += known.relaxation.bound < blunt - 1e-6
        assert known.relaxation.bound <= blunt + 1e-9
    assert sharper > 10


@pytest.mark.parametrize("objective", [hp.MaxCoverage(budget=30), hp.MaxCoverage(max_hubs=6)])
def test_few_options_at_a_time_come_to_the_same_relaxation(
    monkeypatch: pytest.MonkeyPatch, objective: hp.MaxCoverage
) -> None:
    monkeypatch.setattr(sharpening, "MOST_ROUNDS", 0)
    monkeypatch.setattr(prices, "FEW_OPTIONS", 4)
    monkeypatch.setattr(sifting, "LEAST_ENTERING", 2)
    entered = []
    for seed in range(4):
        instance = _reduced(random_town(seed, points=400, sites=80), objective, RunLog()).instance
        model = build_model(instance, objective)
        whole = relax(model, EFFORT).times(model.need_unit, instance.base)
        found = solve_relaxation(instance, objective, EFFORT, greedy(instance, objective))
        assert found.relaxation.bound == pytest.approx(whole.bound, rel=1e-7)
        entered.append(found.columns < len(instance.option))
    assert any(entered)


def test_the_arrays_are_the_pulp_model() -> None:
    for seed in range(0, 60, 3):
        instance, objective = fractional(seed)
        model, table = build_model(instance, objective), table_of(instance, objective)
        lp = sifting.ColumnGeneration(table, np.ones(len(instance.option), np.bool_), EFFORT).solve()
        assert lp.bound * table.unit == pytest.approx(relax(model, EFFORT).bound * model.need_unit)
        whole = search_core(table, None, EFFORT, np.zeros(len(instance.option), np.bool_))
        pulp_says = ADAPTERS["highs"](model, EFFORT, [])
        if pulp_says.open_ is not None:
            assert whole.value * table.unit == pytest.approx(pulp_says.value * model.need_unit)


def test_cuts_hold_in_what_is_left_of_an_instance() -> None:
    carried = 0
    for seed in range(40):
        instance, objective = fractional(seed)
        best_value, start = top(instance, objective), greedy(instance, objective)
        known = solve_relaxation(instance, objective, EFFORT, start)
        if best_value == -np.inf or known.cuts is None:
            continue
        rest = settle(instance, objective, screen(instance, known.relaxation, known.relaxation.bound - best_value))
        cuts = rest.carried(known.cuts)
        for plan in plans(rest.instance, rest.objective):
            rows, open_ = values(rest.instance, plan)
            assert (cuts.rows @ rows + cuts.options @ open_ <= cuts.limit + 1e-9).all()
        carried += len(joined([cuts]).limit)
    assert carried > 10


def test_dropping_dominated_options_keeps_the_best() -> None:
    dropped = 0
    for seed in range(80):
        instance, objective = fractional(seed)
        instance = replace(instance, gain=np.zeros(len(instance.option)))
        smaller = drop_dominated(instance)
        dropped += len(instance.option) - len(smaller.option)
        assert top(smaller, objective) == top(instance, objective)
    assert dropped > 20


def test_where_money_is_no_limit_smaller_tiers_go_and_the_best_stays() -> None:
    """Small tiers that cover as much are cheaper: they come back when the plan is done."""
    dropped = smaller = 0
    seeds = one_of(3, range(60))
    for seed in seeds:
        rng = np.random.default_rng(seed)
        sites, places = rng.uniform(0, 10, (6, 2)), rng.uniform(0, 10, (40, 2))
        status = rng.choice([SiteStatus.CANDIDATE] * 5 + [SiteStatus.EXISTING, SiteStatus.REQUIRED], size=6)
        site, tier = (part.ravel() for part in np.meshgrid(np.arange(6), np.arange(3), indexing="ij"))
        kept = (tier == 0) | (status[site] != SiteStatus.EXISTING)
        need = rng.integers(0, 20, 40).astype(float)
        problem = hp.Problem(
            need=need,
            people=need,
            travel=Planar(places, sites),
            site_status=status,
            tier_reach=np.array([1.5, 2.0, 3.0]),
            option_site=site[kept],
            option_tier=tier[kept],
            option_cost=np.where(status[site] == SiteStatus.EXISTING, 0.0, rng.integers(1, 9, len(site)) + 5 * tier)[
                kept
            ],
        )
        count = max(2, len(problem.required_sites))
        objective = hp.MaxCoverage(max_hubs=count, budget=[None, 1000.0][seed % 2])
        made = reduction(problem, objective)
        dropped += len(made.useful.option) - len(made.instance.option)
        assert top(made.instance, objective) == top(made.useful, objective)
        found = hp.solve_problem(problem, objective)
        assert found.value == top(made.useful, objective)
        smaller += int((problem.option_tier[found.open_options] < 2).sum())
        tight = replace(objective, budget=12.0)
        cheap = reduction(problem, tight)
        assert top(cheap.instance, tight) == top(cheap.useful, tight)
    assert dropped > 5 * len(seeds)
    assert smaller > len(seeds) / 3


def test_of_twins_one_stays_and_required_sites_keep_their_own() -> None:
    cover = csr_array(np.array([[1, 1, 1], [0, 0, 1]], dtype=np.int8))
    alike = CoveringInstance(
        need=np.ones(2),
        cover=cover,
        option=np.arange(3),
        site=np.arange(3),
        cost=np.array([1.0, 1.0, 1.0]),
        gain=np.zeros(3),
        required=np.zeros(0, dtype=np.intp),
        base=0.0,
    )
    assert drop_dominated(alike).option.tolist() == [2]
    assert drop_dominated(replace(alike, cost=np.array([1.0, 1.0, 2.0]))).option.tolist() == [0, 2]
    assert drop_dominated(replace(alike, required=np.array([1]))).option.tolist() == [1, 2]
    # Once a site has one option left, that may stand for those of other sites, too.
    assert drop_dominated(replace(alike, site=np.array([0, 1, 1]))).option.tolist() == [2]


def test_a_plan_keeps_what_a_known_one_has_where_that_does_as_well() -> None:
    swapped = 0
    for seed in range(40):
        instance, objective = fractional(seed)
        every = list(plans(instance, objective))
        rng = np.random.default_rng(seed)
        for one, other in rng.integers(len(every), size=(20, 2)):
            chosen, known = every[one], every[other]
            found = nearest(instance, chosen, known)
            shared = len(np.intersect1d(found, known)) - len(np.intersect1d(chosen, known))
            assert len(found) == len(chosen) == len(np.unique(instance.site[found]))
            assert instance.covered_need(found) >= instance.covered_need(chosen)
            assert instance.cost[found].sum() <= instance.cost[chosen].sum()
            assert (
                np.isin(instance.required, instance.site[found]).all()
                >= np.isin(instance.required, instance.site[chosen]).all()
            )
            assert shared == len(np.setdiff1d(chosen, found)) >= 0
            swapped += shared
    assert swapped > 80


def test_of_equal_sites_a_plan_keeps_that_of_the_plan_it_starts_from() -> None:
    """Both sites cover the same at the same cost, so one of them is dropped before the solve."""
    problem = hp.Problem.from_points([[0, 0], [9, 0]], [5, 3], [[0, 1], [0, -1], [9, 1]], [1, 1, 1], reach=2.0)
    one = hp.MaxCoverage(max_hubs=1)
    for site in (0, 1):
        status = np.where(np.arange(3) == site, SiteStatus.REQUIRED, SiteStatus.CANDIDATE)
        before = hp.solve_problem(replace(problem, site_status=status), one)
        after = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=2), hp.SolverOptions(ties=False), start=before)
        assert after.open_sites.tolist() == [site, 2]


def test_a_choice_keeps_its_books() -> None:
    rng = np.random.default_rng(3)
    for seed in range(20):
        instance, objective = fractional(seed)
        choice = PartialPlan(instance, objective)
        for _ in range(15):
            option = int(rng.integers(len(instance.option)))
            held = choice.held[instance.site[option]]
            choice.close(option) if held == option else choice.open(option)
            value = instance.covered_need(choice.options) - instance.base
            assert choice.value == pytest.approx(value)
            for other in np.setdiff1d(np.arange(len(instance.option)), choice.options):
                more = instance.covered_need(np.append(choice.options, other)) - instance.base
                assert choice.worth[other] == pytest.approx(more - value)


def test_plans_without_a_search_keep_to_the_limits_and_never_get_worse() -> None:
    for seed in range(60):
        instance, objective = fractional(seed)
        allowed = {tuple(plan.tolist()) for plan in plans(instance, objective)}
        if not allowed:
            continue
        rng = np.random.default_rng(seed)
        start = rounded(instance, objective, rng.random(len(instance.option)) * (rng.random(9) < 0.7))
        better = exchanged(instance, objective, start, rng.random(9), Deadline(np.inf))
        assert tuple(start.tolist()) in allowed
        assert tuple(better.tolist()) in allowed
        assert instance.covered_need(better) >= instance.covered_need(start) - 1e-9


@pytest.mark.parametrize("method", ["plain", "core"])
@pytest.mark.parametrize("seed", range(12))
def test_beside_needs_of_a_billion_a_gap_of_nothing_is_a_ten_millionth(method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    need = np.where(rng.random(40) < 0.5, 1e9, 1.0) * rng.integers(1, 4, 40)
    places, sites = rng.uniform(0, 10, (40, 2)), rng.uniform(0, 10, (12, 2))
    near = np.hypot(*(places[:, None] - sites).transpose(2, 0, 1)) <= 2.2
    best = max(need[near[:, chosen].any(axis=1)].sum() for chosen in map(list, combinations(range(12), 4)))
    problem = hp.Problem.from_points(places, need, sites, np.ones(12), 2.2)
    found = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=4), hp.SolverOptions(gap=0, method=method))
    assert best * (1 - EXACT) <= found.value <= best
    assert found.bound >= best * (1 - EXACT)
    assert found.status == "optimal"


@pytest.mark.parametrize("seed", [56, 60, 344])
def test_needs_that_a_solver_does_not_see_beside_billions_widen_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, sites = rng.uniform(0, 10, (14, 2)), rng.uniform(0, 10, (8, 2))
    need = rng.integers(1, 20, 14).astype(float)
    need[rng.integers(14)] = 2.0**31
    cost, budget = rng.integers(3, 9, 8).astype(float), float(rng.integers(10, 25))
    problem = hp.Problem.from_points(points, need, sites, cost, reach=3.5)
    options = hp.SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=budget), options)
    near = np.hypot(*(points[:, None] - sites).transpose(2, 0, 1)) <= 3.5
    plans = [list(some) for count in range(9) for some in combinations(range(8), count)]
    best = max(need[near[:, some].any(axis=1)].sum() for some in plans if cost[some].sum() <= budget)
    assert found.value <= best <= found.bound
    assert found.gap <= EXACT

"""Benders cuts over blocks of rows: valid in every plan, and the search over them finds what enumeration finds."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from support.draws import one_of

import hubplanner as hp
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver import SolveCache
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering import benders, construction
from hubplanner.solver.covering.benders import BlockRelaxation, is_dense
from hubplanner.solver.covering.branch_and_cut import BlockSearch
from hubplanner.solver.covering.column_generation import ColumnGeneration
from hubplanner.solver.covering.construction import PartialPlan, greedy, searched
from hubplanner.solver.covering.lp import table_of
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits
from hubplanner.solver.mip.bounds.row_blocks import blocks_of
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterator

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)
NEVER = Deadline(math.inf)
EXACT = hp.SolverOptions(gap=0.0, ties=False)


def dense(seed: int, options: int = 10, rows: int = 60) -> tuple[CoveringInstance, hp.MaxCoverage]:
    """Return rows that a third of all options cover, at one or two options a site, whole need or not, and limits."""
    rng = np.random.default_rng(seed)
    cells = rng.random((rows, options)) < rng.uniform(0.2, 0.5)
    if not seed % 4:
        cells[:, 1::2] |= cells[:, ::2]  # a larger tier covers what the smaller one does
    cells = cells[cells.sum(axis=1) > 1].astype(np.int8)
    gain = rng.integers(0, 9, options).astype(float)
    need = rng.integers(1, 50, len(cells)).astype(float) if seed % 3 else rng.lognormal(2, 1, len(cells))
    instance = CoveringInstance(
        need=need,
        cover=csr_array(cells),
        option=np.arange(options),
        site=np.arange(options) // (1 if seed % 4 else 2),
        cost=rng.integers(1, 9, options).astype(float),
        gain=gain if seed % 4 else np.maximum.accumulate(gain.reshape(-1, 2), axis=1).ravel(),
        required=np.array([1] if seed % 5 == 0 else [], dtype=np.intp),
        base=float(seed % 2),
    )
    money = float(rng.integers(9, 20))
    asked = [hp.MaxCoverage(max_hubs=3), hp.MaxCoverage(budget=money), hp.MaxCoverage(budget=money, max_hubs=4)]
    return instance, asked[seed % len(asked)]


def plans(instance: CoveringInstance, objective: hp.MaxCoverage) -> Iterator[np.ndarray]:
    """Yield every choice within all limits."""
    money, count = limits(objective)
    for size in range(int(min(count, len(instance.option))) + 1):
        for chosen in map(np.array, combinations(range(len(instance.option)), size)):
            at = chosen.astype(np.intp)
            apart = len(np.unique(instance.site[at])) == size
            if apart and np.isin(instance.required, instance.site[at]).all() and instance.cost[at].sum() <= money:
                yield at


def best_of(instance: CoveringInstance, objective: hp.MaxCoverage) -> float:
    return max(map(instance.covered_need, plans(instance, objective)))


def search_of(instance: CoveringInstance, objective: hp.MaxCoverage, slack: float = 0.0) -> BlockSearch:
    program = BlockRelaxation(table_of(instance, objective), EFFORT)
    start = greedy(instance, objective)
    return BlockSearch(
        instance=instance,
        objective=objective,
        program=program,
        best=start,
        slack=lambda value: max(slack, 1e-12 * value),
        deadline=NEVER,
    )


def unheard(_value: float, _bound: float) -> None:
    """Hear of a search, and do nothing."""


SEEDS = [seed for seed in range(36) if any(True for _ in plans(*dense(seed)))]


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("slack", [0.0, 7.0])
def test_the_search_finds_what_enumeration_finds(part: int, slack: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benders, "FEWEST_BLOCKS", [1, 4, 32][part])
    monkeypatch.setattr(benders, "MOST_BLOCKS", [1, 4, 32][part])
    branched = 0
    for seed in one_of(2, SEEDS[part::3]):
        instance, objective = dense(seed)
        best = best_of(instance, objective)
        search = search_of(instance, objective, slack)
        root = search.root()
        assert root.bound * search.program.table.unit + instance.base >= min(best, search.value + slack) - 1e-9
        search.run(unheard)
        assert search.value >= best - slack - 1e-9
        assert search.value <= search.bound + 1e-9
        assert best <= search.bound + 1e-9 <= search.value + slack + 1e-6
        assert any(np.array_equal(search.best, plan) for plan in plans(instance, objective))
        branched += search.nodes
    assert branched or slack


def test_every_plan_keeps_to_every_cut() -> None:
    found = 0
    for seed in SEEDS[::3]:
        instance, objective = dense(seed)
        search = search_of(instance, objective)
        search.root()
        program, table = search.program, search.program.table
        for plan in plans(instance, objective):
            open_ = np.zeros(len(instance.option))
            open_[plan] = 1.0
            need = program.member @ (table.need * (table.cover @ open_ > 0))
            most = program.pool.constant + program.pool.coefficient @ open_
            assert (need[program.pool.block] <= most + 1e-9).all()
        found += len(program.pool.block)
    assert found > 100


def test_the_relaxation_is_the_one_of_rows_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from hubplanner.solver.covering import branch_and_cut  # noqa: PLC0415 - to let its root end without a plan near

    monkeypatch.setattr(branch_and_cut, "ROOT_STALLED", 0.0)
    for seed in SEEDS[1::4]:
        instance, objective = dense(seed)
        table = table_of(instance, objective)
        exact = ColumnGeneration(table, np.ones(len(table.gain), dtype=np.bool_), EFFORT).solve().bound
        search = search_of(instance, objective)
        enough = (search.value - instance.base) / table.unit
        bound = search.root().bound
        # It ends early where no better plan is left.
        assert bound == pytest.approx(exact, rel=1e-6) or exact - 1e-9 <= bound < enough * (1 + 1e-6) + 1.0 / table.unit


def test_reduced_costs_and_pins_hold_for_every_plan() -> None:
    for seed in SEEDS[::5]:
        instance, objective = dense(seed)
        search = search_of(instance, objective)
        program, point = search.program, search.root()
        unit = program.table.unit
        for plan in plans(instance, objective):
            open_ = np.zeros(len(instance.option))
            open_[plan] = 1.0
            away = np.maximum(point.reduced, 0.0) @ (1 - open_) - np.minimum(point.reduced, 0.0) @ open_
            assert instance.covered_need(plan) <= (point.bound - away) * unit + instance.base + 1e-6
        low, high = np.zeros(len(instance.option)), np.ones(len(instance.option))
        high[0] = 0.0
        program.fix(low, high)
        without = [instance.covered_need(plan) for plan in plans(instance, objective) if 0 not in plan]
        assert program.solve().bound * unit + instance.base >= max(without, default=-math.inf) - 1e-9


def test_without_time_the_bound_holds_and_the_plan_stays() -> None:
    instance, objective = dense(1)
    search = search_of(instance, objective)
    search.deadline = Deadline(-math.inf)
    before = search.best
    search.run(unheard)
    assert search.bound == math.inf
    assert search.best is before


def test_swaps_and_kicks_keep_to_the_limits_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(construction, "KICKS", 8)
    better = 0
    for seed in SEEDS[::2]:
        instance, objective = dense(seed)
        start = greedy(instance, objective)
        found = searched(instance, objective, start, NEVER, seed)
        assert any(np.array_equal(found, plan) for plan in plans(instance, objective))
        assert instance.covered_need(found) >= instance.covered_need(start)
        better += instance.covered_need(found) > instance.covered_need(start)
        again = searched(instance, objective, start, NEVER, seed)
        assert np.array_equal(found, again)
        choice = PartialPlan(instance, objective)
        for option in found.tolist():
            choice.open(option)
        assert choice.value + instance.base == pytest.approx(instance.covered_need(found))
    assert better > 2


def test_blocks_part_the_rows_into_shares_of_need() -> None:
    rng = np.random.default_rng(3)
    places, sites = rng.uniform(0, 1, (900, 2)), rng.uniform(0, 1, (60, 2))
    cover = csr_array((np.linalg.norm(places[:, None] - sites, axis=2) < 0.3).astype(float))
    block = blocks_of(cover, np.ones(900), 16)
    assert sorted(set(block.tolist())) == list(range(16))
    assert np.bincount(block).max() <= 3 * 900 / 16
    spread = np.mean([places[block == number].std(axis=0).mean() for number in range(16)])
    assert spread < 0.6 * places.std(axis=0).mean()


@pytest.fixture
def dense_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benders, "LEAST_WIDTH", 4)
    monkeypatch.setattr(benders, "LEAST_ENTRIES", 0)


def town(seed: int) -> hp.Problem:
    """Return a town whose rows few, but many of all sites cover."""
    rng = np.random.default_rng(seed)
    points, need = rng.uniform(0, 30, (1500, 2)), rng.integers(1, 101, 1500).astype(float)
    return hp.Problem.from_points(points, need, rng.uniform(0, 30, (40, 2)), rng.integers(1, 9, 40).astype(float), 8.0)


@pytest.mark.usefixtures("dense_soon")
@pytest.mark.parametrize("seed", range(3))
def test_dense_towns_are_solved_as_plain_programs_are(seed: int) -> None:
    problem = town(seed)
    objective = hp.MaxCoverage(budget=20.0) if seed % 2 else hp.MaxCoverage(max_hubs=5)
    assert is_dense(_reduced(problem, objective, RunLog()).instance.cover)
    found = hp.solve_problem(problem, objective, EXACT)
    plain = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False, method="plain"))
    assert (found.value, found.status) == (plain.value, hp.Status.OPTIMAL)
    assert "nodes" in found.steps


@pytest.mark.usefixtures("dense_soon")
def test_budgets_of_a_dense_town_go_on_from_each_other() -> None:
    problem = town(4)
    memory = SolveCache(problem=problem)
    for money in (20.0, 12.0, 24.0):
        alone = hp.solve_problem(problem, hp.MaxCoverage(budget=money), EXACT)
        together = hp.solve_problem(problem, hp.MaxCoverage(budget=money), EXACT, memory=memory)
        assert together.value == alone.value == together.bound
    assert isinstance(memory.sifting, BlockRelaxation)


def test_kicks_end_by_work_and_swaps_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, objective = dense(7, options=30, rows=200)
    grown = greedy(instance, objective)
    better = searched(instance, objective, grown, NEVER, 3)
    assert instance.covered_need(better) > instance.covered_need(grown)
    np.testing.assert_array_equal(searched(instance, objective, grown, Deadline(0.0), 3), grown)
    monkeypatch.setattr(construction, "MOST_WORK", 1.0)
    swapped = PartialPlan(instance, objective)
    for option in grown.tolist():
        swapped.open(option)
    swapped.swap(NEVER)
    np.testing.assert_array_equal(searched(instance, objective, grown, NEVER, 3), swapped.options)


def test_making_a_relaxation_takes_of_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    parts = benders.blocks_of

    def slow(*given: Any) -> Any:
        now[0] += 10.0
        return parts(*given)

    monkeypatch.setattr(benders, "blocks_of", slow)
    table = table_of(*dense(1))
    for seconds, is_solved in ((9.0, False), (11.0, True)):
        effort = replace(EFFORT, seconds=seconds, clock=lambda: now[0])
        assert BlockRelaxation(table, effort).solve().is_solved == is_solved

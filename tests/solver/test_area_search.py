"""The search over the hubs of one area finds the best of all, and proves it."""

from __future__ import annotations

import math
import tracemalloc
from itertools import product
from typing import Any

import highspy
import numpy as np
import pytest
from scipy.sparse import csr_array, hstack
from support.draws import one_of

from hubplanner.solver import SolverOptions
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds import area_search
from hubplanner.solver.mip.bounds.area_search import AreaOptimum, AreaProgram, AreaSearch

NEVER = Deadline(math.inf)


def handle(**options: Any) -> Any:
    asked = SolverOptions(threads=1)
    limits = SearchLimits(name="highs", gap=0.0, seconds=60, threads=1, seed=asked.seed)
    return new_handle(limits, presolve="off", **options)


def drawn(seed: int, hubs: int, units: int) -> AreaProgram:
    """Return units of a few hubs each: pairs, and in half of the draws others of one sum or two; a hub may be fixed."""
    rng = np.random.default_rng(seed)
    pairs = rng.random(units) < (1.0 if seed % 2 else 0.6)
    sums = np.where(pairs, 1, rng.integers(1, 3, units))
    starts = np.cumsum(sums) - sums
    place, spot = rng.uniform(0, 1, (hubs, 2)), np.repeat(rng.uniform(0, 1, (units, 2)), sums, axis=0)
    near = np.linalg.norm(spot[:, None] - place, axis=2) < rng.uniform(0.4, 0.6, (len(spot), 1))
    size = np.where(np.repeat(pairs, sums), 0.5, rng.choice([0.5, 1.0, 0.3], len(spot)))
    worth = rng.integers(1, 30, units).astype(float)
    price = rng.uniform(0.1, 0.5, hubs) * worth.sum() / hubs * rng.choice([0.5, 2.0])
    low, high = np.zeros(hubs), np.ones(hubs)
    low[0] = seed % 3 == 0
    return AreaProgram(
        worth=worth,
        pairs=pairs,
        starts=starts,
        cover=near * size[:, None],
        price=price,
        low=low,
        high=high,
        decided=np.ones(hubs, dtype=np.bool_),
    )


def worth_of(program: AreaProgram, at: np.ndarray[Any, Any]) -> float:
    """Return what hubs are worth, unit by unit."""
    found, ends = -float(program.price @ at), [*program.starts.tolist(), len(program.cover)]
    for unit, worth in enumerate(program.worth):
        sums = [float(program.cover[row] @ at) for row in range(ends[unit], ends[unit + 1])]
        met = min(1.0, *sums)
        found += worth * (float(met > 1 - 1e-9) if program.pairs[unit] else met)
    return found


def best_of_all(program: AreaProgram) -> float:
    plans = product(*(range(int(low), int(high) + 1) for low, high in zip(program.low, program.high, strict=True)))
    return max(worth_of(program, np.array(plan, dtype=float)) for plan in plans)


def by_highs(program: AreaProgram) -> float:
    """Return the optimum of the same program, with whole units for pairs."""
    units = len(program.worth)
    unit = np.repeat(np.arange(units), np.diff(program.starts, append=len(program.cover)))
    cells: Any = (np.ones(len(unit)), (np.arange(len(unit)), unit))
    table = hstack([csr_array(-program.cover), csr_array(cells, shape=(len(unit), units))], format="csr")
    ends = np.append(program.low, np.zeros(units)), np.append(program.high, np.ones(units))
    cost, nothing = np.append(program.price, -program.worth), np.zeros(len(unit))
    whole = np.append(program.decided, program.pairs)
    solver = handle(mip_rel_gap=0.0, mip_feasibility_tolerance=1e-9)
    solver.passModel(linear_program(csr_array(table), cost, ends, (nothing - math.inf, nothing), whole))
    run(solver)
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return -float(solver.getInfo().objective_function_value)


def searched(program: AreaProgram, deadline: Deadline = NEVER) -> AreaOptimum:
    return AreaSearch(program, handle(), deadline).run()


def holds(program: AreaProgram, at: np.ndarray[Any, Any]) -> bool:
    return bool((at == np.round(at)).all() and (at >= program.low).all() and (at <= program.high).all())


@pytest.mark.parametrize("seed", one_of(7, range(4, 160)))
def test_it_finds_and_proves_the_best_of_all(seed: int) -> None:
    program = drawn(seed, 8, 14)
    best, found = best_of_all(program), searched(program)
    assert holds(program, found.opened)
    assert worth_of(program, found.opened) == pytest.approx(best, abs=1e-6)
    assert found.bound == pytest.approx(best, abs=2e-6 * program.worth.sum())
    assert found.bound >= best - 1e-9


@pytest.mark.parametrize("seed", one_of(3, range(1, 24)))
def test_it_agrees_with_a_program_of_whole_units(seed: int) -> None:
    program = drawn(seed, 30, 120)
    found = searched(program)
    assert found.bound == pytest.approx(by_highs(program), rel=1e-6)
    assert worth_of(program, found.opened) == pytest.approx(found.bound, rel=1e-6)


@pytest.mark.parametrize("seed", one_of(4, range(24)))
def test_cut_short_its_bound_still_holds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = drawn(seed, 30, 120)
    best = searched(program).bound
    late = searched(program, Deadline(0.0))
    assert late.bound >= best * (1 - 1e-9)
    monkeypatch.setattr(area_search, "MOST_NODES", 2)
    few = searched(program)
    assert best * (1 - 1e-9) <= few.bound <= late.bound * (1 + 1e-9)
    assert worth_of(program, few.opened) <= best * (1 + 1e-9)


def test_hubs_that_one_more_or_less_makes_better_are_changed() -> None:
    program = drawn(1, 12, 40)
    value, at = program.climbed(program.low)
    assert value == pytest.approx(worth_of(program, at))
    for hub in range(12):
        other = at.copy()
        other[hub] = 1 - other[hub]
        assert worth_of(program, other) <= value + 1e-6


@pytest.mark.parametrize("solved", [1, 2])
def test_where_linear_programs_fail_on_the_way_the_bound_still_holds(
    solved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, relaxed, nodes = drawn(13, 30, 120), AreaSearch._relaxed, list[Any]()
    best = searched(program).bound

    def failing(self: AreaSearch, *ends: Any) -> Any:
        nodes.append(ends)
        return relaxed(self, *ends) if len(nodes) <= solved else None

    monkeypatch.setattr(AreaSearch, "_relaxed", failing)
    assert searched(program).bound >= best * (1 - 1e-9)
    assert len(nodes) == solved + 1


def test_where_no_linear_program_is_solved_nothing_but_all_worth_is_proven() -> None:
    program, solver = drawn(3, 12, 40), handle()
    solver.setOptionValue("simplex_iteration_limit", 0)
    found = AreaSearch(program, solver, NEVER).run()
    assert found.bound == pytest.approx(program.worth.sum() - (program.price * program.low).sum())


def test_rows_take_no_more_room_than_their_entries() -> None:
    units, hubs = 3000, 5
    sums, unit = np.full((units, hubs), 0.5), np.arange(units)
    tracemalloc.start()
    starts, columns, values = area_search._rows(sums, unit)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * (hubs + 1) * units
    told = csr_array((values, columns, np.append(starts, len(columns))), shape=(units, hubs + units))
    assert (told @ np.append(np.ones(hubs), np.full(units, 4.0)) == 4.0 - hubs / 2).all()

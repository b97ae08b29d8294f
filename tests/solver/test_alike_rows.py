"""Programs whose rows are put together, beside the same programs as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array

from hubplanner.solver.backends.alike_rows import merge_alike
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.options import SolverOptions

if TYPE_CHECKING:
    from hubplanner.problem import Floats

EFFORT = SolverOptions(time_limit_s=6000.0, threads=1).effort(0.0)
INTEGER, CONTINUOUS = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous


def program_of(table: Floats, cost: Floats, columns: tuple[Floats, Floats], rows: tuple[Floats, Floats], n: int) -> Any:
    """Return a program whose last n columns are whole."""
    return linear_program(csr_array(table), cost, columns, rows, np.arange(len(cost)) >= len(cost) - n)


def drawn(seed: int) -> Any:
    """Return 30 rows over 6 options, some settled, with two floors, at times a ceiling, needs to meet and costs."""
    rng = np.random.default_rng(seed)
    rows, options = 30, 6
    cover = rng.random((rows, options)) < 0.3
    need = rng.integers(0, 9, rows).astype(float)
    cost = np.concatenate([-need, rng.integers(0, 12, options)])
    low, high = np.zeros(rows + options), np.ones(rows + options)
    settled = rows + rng.permutation(options)[: rng.integers(0, 3)]
    low[settled] = high[settled] = rng.integers(0, 2, len(settled))
    low[: rng.integers(0, 2)] = 1.0  # must be covered
    high[rows - 1] = rng.integers(1, 3)
    group, none = rng.integers(0, 2, rows), np.zeros((3, options))
    sums = np.array([*(np.where(group == number, need, 0.0) for number in range(2)), np.arange(rows) < 4])
    table = np.vstack([np.hstack([np.eye(rows), -cover.astype(float)]), np.hstack([sums, none])])
    lower = np.concatenate([np.full(rows, -math.inf), 0.3 * sums[:2].sum(axis=1), [-math.inf]])
    upper = np.concatenate([np.zeros(rows), [math.inf, math.inf, 2.0 if seed % 3 == 0 else math.inf]])
    return program_of(table, cost, (low, high), (lower, upper), options)


def solved(program: Any, columns: Any, *, whole: bool) -> tuple[Any, float, Floats]:
    handle = new_handle(EFFORT, mip_rel_gap=0.0)
    handle.passModel(program)
    handle.setOptionValue("solve_relaxation", not whole)
    run(handle)
    status, info = handle.getModelStatus(), handle.getInfo()
    return status, info.objective_function_value, np.asarray(handle.getSolution().col_value)[columns]


@pytest.mark.parametrize("whole", [True, False])
@given(seed=st.integers(0, 2**20))
def test_the_optimum_is_that_of_the_whole_program(seed: int, *, whole: bool) -> None:
    program, kept = drawn(seed), np.arange(30, 36)
    merged, place = merge_alike(program, kept)
    expected, found = solved(program, kept, whole=whole), solved(merged, place, whole=whole)
    assert found[0] == expected[0]
    if expected[0] != highspy.HighsModelStatus.kOptimal:
        return
    assert found[1] == pytest.approx(expected[1], abs=1e-6)
    # With its options as found, the whole program comes to the same.
    if whole:
        low, high = np.asarray(program.col_lower_).copy(), np.asarray(program.col_upper_).copy()
        low[kept] = high[kept] = np.round(found[2])
        program.col_lower_, program.col_upper_ = low, high
        assert solved(program, kept, whole=True)[1] == pytest.approx(expected[1], abs=1e-6)


def test_rows_that_the_same_options_cover_are_one_once_others_are_settled() -> None:
    """Of options 0 to 3 the last stands and the third is out: rows 0 and 1 become alike, and so do 3 and 4."""
    cover = np.array([[1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 0, 1], [1, 0, 0, 1]], dtype=float)
    table = np.hstack([np.eye(5), -cover])
    low, high = np.zeros(9), np.ones(9)
    low[8], high[7] = 1.0, 0.0
    cost = np.concatenate([-np.array([1.0, 2, 4, 8, 16]), np.full(4, 2.5)])
    program = program_of(table, cost, (low, high), (np.full(5, -math.inf), np.zeros(5)), 4)
    merged, place = merge_alike(program, np.arange(5, 9))
    assert (merged.num_row_, merged.num_col_, place.tolist()) == (3, 7, [3, 4, 5, 6])
    assert list(merged.col_cost_) == [-3.0, -4.0, -24.0, 2.5, 2.5, 2.5, 2.5]


@pytest.mark.parametrize("spoiled", ["whole", "unwanted", "limited", "half"])
def test_columns_that_a_plan_may_want_small_stay_apart(spoiled: str) -> None:
    table = np.array([[1.0, 0, -1], [0, 1, -1], [1, 1, 0]])
    cost, high = np.array([-1.0, -1, 1]), np.array([0.0, 0, math.inf])
    if spoiled == "unwanted":
        cost[:2] = 1.0
    if spoiled == "limited":
        high[2] = 1.5
    if spoiled == "half":
        table[:2, 2] = -0.5
    ends, rows = (np.zeros(3), np.ones(3)), (np.full(3, -math.inf), high)
    program = program_of(table, cost, ends, rows, 3 if spoiled == "whole" else 1)
    merged, _ = merge_alike(program, np.array([2]))
    assert merged.num_col_ == 3

"""The relaxation's bound holds whatever the solver did, since it is recomputed from the multipliers."""

from __future__ import annotations

from types import SimpleNamespace

import highspy
import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csc_array, csr_array
from support.instances.random_covering import best as optimal, sample
from support.instances.tiny import line_of_five, random_town

from hubplanner.model import MaxCoverage, build_model
from hubplanner.problem import merge_demand
from hubplanner.problem.covering_instance import reduce_existing
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import lagrangean, matrix
from hubplanner.solver.backends.highs import prepared
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.mip.bounds.relaxation import relax
from hubplanner.solver.run_log import RunLog

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


@given(st.integers(0, 431), st.integers(0, 2**32), st.sampled_from([0.0, 0.01, 1.0, 100.0]))
def test_any_multipliers_prove_a_bound(seed: int, dual_seed: int, size: float) -> None:
    asked = sample(seed)
    best = optimal(seed)
    instance = reduce_existing(asked.case.problem(), merge_demand(asked.case.problem()))
    if best is None:
        return
    model = build_model(instance, asked.objective)
    program = prepared(model.program, EFFORT, mip=False).getLp()
    duals = np.random.default_rng(dual_seed).normal(0, size, program.num_row_)
    bound, reduced = lagrangean(program, duals)
    assert bound * model.need_unit + instance.base >= best * (1 - 1e-12)
    assert np.isfinite(bound)
    assert reduced.shape == (program.num_col_,)


def test_good_multipliers_prove_a_bound_below_what_all_sites_cover() -> None:
    problem = line_of_five()
    instance = reduce_existing(problem, merge_demand(problem))
    model = build_model(instance, MaxCoverage(budget=2))
    found = relax(model, EFFORT)
    found = found.times(model.need_unit, instance.base)
    assert found.bound == pytest.approx(15)
    assert found.open_ == pytest.approx([1, 0, 1], abs=1e-6)


@pytest.mark.parametrize("limits", [{"budget": 30.0}, {"max_hubs": 6}, {"budget": 30.0, "max_hubs": 5}])
def test_leaving_the_end_a_variable_has_costs_its_reduced_cost(limits: dict[str, float]) -> None:
    objective = MaxCoverage(**limits)  # type: ignore[arg-type]
    instance = _reduced(random_town(3, points=60, sites=12, reach=30), objective, RunLog()).instance
    found = relax(build_model(instance, objective), EFFORT)
    whole = np.flatnonzero(np.minimum(found.open_, 1 - found.open_) < 1e-9)
    assert len(whole) > 3
    for option in whole.tolist():
        model = build_model(instance, objective)
        other = 1 - round(found.open_[option])
        model.open_[option].bounds(other, other)
        moved = relax(model, EFFORT)
        assert moved.bound <= found.bound - abs(found.reduced[option]) + 1e-6


def test_no_plan_is_worth_more_than_the_relaxations_bound() -> None:
    objective = MaxCoverage(max_hubs=5)
    instance = _reduced(random_town(4, points=60, sites=12, reach=30), objective, RunLog()).instance
    model = build_model(instance, objective)
    found = relax(model, EFFORT)
    found = found.times(model.need_unit, instance.base)
    rng = np.random.default_rng(0)
    for _ in range(200):
        chosen = rng.permutation(len(instance.option))[:5]
        assert instance.covered_need(chosen) <= found.bound * (1 + 1e-12)


def test_a_relaxation_out_of_time_is_not_solved_and_proves_a_bound_all_the_same() -> None:
    instance = _reduced(random_town(5), MaxCoverage(max_hubs=9), RunLog()).instance
    hurry = SearchLimits(name="highs", gap=0.0, seconds=1e-9, threads=1, seed=0)
    late, solved = (relax(build_model(instance, MaxCoverage(max_hubs=9)), effort) for effort in (hurry, EFFORT))
    assert (late.is_solved, late.is_infeasible, solved.is_solved) == (False, False, True)
    assert solved.bound <= late.bound < np.inf


@pytest.mark.parametrize("by_rows", [True, False])
def test_a_matrix_reads_the_same_by_rows_and_by_columns(*, by_rows: bool) -> None:
    table = np.array([[1.0, 0, 2], [0, 3, 0]])
    stored = csr_array(table) if by_rows else csc_array(table)
    format_ = highspy.MatrixFormat.kRowwise if by_rows else highspy.MatrixFormat.kColwise
    entries = SimpleNamespace(format_=format_, value_=stored.data, index_=stored.indices, start_=stored.indptr)
    program = SimpleNamespace(num_row_=2, num_col_=3, a_matrix_=entries)
    assert matrix(program).toarray().tolist() == table.tolist()


@pytest.mark.parametrize(("row_dual", "bound"), [(-0.5, 3.0), (0.5, 4.0), (0.0, 3.0), (1.0, 5.0)])
def test_a_multiplier_of_a_limit_that_is_not_there_counts_as_none(row_dual: float, bound: float) -> None:
    """Maximise x in [0, 3] with x at least 1: only the lower limit may have a multiplier."""
    column = csc_array(np.array([[1.0]]))
    program = SimpleNamespace(
        num_row_=1,
        num_col_=1,
        col_cost_=[-1.0],
        col_lower_=[0.0],
        col_upper_=[3.0],
        row_lower_=[1.0],
        row_upper_=[np.inf],
        a_matrix_=SimpleNamespace(
            format_=highspy.MatrixFormat.kColwise,
            value_=column.data,
            index_=column.indices,
            start_=column.indptr,
        ),
    )
    assert lagrangean(program, np.array([row_dual]))[0] == bound

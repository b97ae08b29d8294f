"""The core path at its edges: pinned sites and tiers, time that runs out, budgets missed by a hair, odd starts."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st
from support.draws import one_of
from support.instances.fractional import all_plans, crowd, pinned, worth
from support.instances.random_covering import best, sample
from support.instances.tiny import random_town, two_islands

import hubplanner as hp
from hubplanner.model import build_model
from hubplanner.problem import SiteStatus, merge_demand
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.backends import ADAPTERS, SearchLimits
from hubplanner.solver.backends.arrays import matrix
from hubplanner.solver.backends.highs import prepared
from hubplanner.solver.covering import (
    branch_and_bound as branching,
    column_generation as prices,
    column_generation as sifting,
)
from hubplanner.solver.covering.branch_and_bound import search_core
from hubplanner.solver.covering.construction import exchanged, greedy, rounded
from hubplanner.solver.covering.cuts import find_cuts
from hubplanner.solver.covering.lp import table_of
from hubplanner.solver.covering.presolve import drop_dominated
from hubplanner.solver.covering.relaxation import solve_relaxation
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from hubplanner.solver.covering.lp import CoveringLP

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)
EXACT = hp.SolverOptions(gap=0, threads=1, ties=False)
CROWDED = range(144, 432, 6)
"""Seeds of instances on which the relaxation seldom decides."""


def asked_of(seed: int) -> tuple[CoveringInstance, hp.MaxCoverage]:
    """Return a sample's reduced instance and its objective."""
    asked = sample(seed)
    return _reduced(asked.case.problem(), asked.objective, RunLog()).instance, asked.objective


@pytest.mark.parametrize("few", [2, 2000])
def test_cuts_hold_for_every_plan_with_tiers_and_pins(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(sifting, "LEAST_ENTERING", 1)
    found = 0
    for instance, objective in [*map(crowd, range(60)), pinned(), pinned(2)]:
        plans = all_plans(instance, objective)
        if not len(plans):
            continue
        inside = np.arange(len(instance.option)) < few
        relaxed = sifting.ColumnGeneration(table_of(instance, objective), inside, EFFORT)
        for _ in range(5):
            point = relaxed.solve()
            assert point.bound * relaxed.table.unit + instance.base >= worth(instance, plans).max() * (1 - 1e-12)
            if (cuts := find_cuts(relaxed, point)) is None:
                break
            rows = (instance.cover @ plans.T > 0).astype(float)
            assert ((cuts.rows @ rows + cuts.options @ plans.T).max(axis=1) <= cuts.limit).all()
            assert (cuts.rows @ point.covered + cuts.options @ point.open_ > cuts.limit).all()
            found += len(cuts.limit)
            relaxed.add(cuts)
    assert found > 20


def test_the_bound_of_few_options_is_the_bound_of_all_and_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "FEW_OPTIONS", 2)
    monkeypatch.setattr(sifting, "LEAST_ENTERING", 1)
    fewer = 0
    for seed in CROWDED:
        instance, objective = asked_of(seed)
        top = best(seed)
        if top is not None and len(instance.option):
            found = solve_relaxation(instance, objective, EFFORT, greedy(instance, objective))
            assert found.relaxation.bound >= top * (1 - 1e-12), seed
            assert instance.covered_need(found.plan) <= top * (1 + 1e-12), seed
            fewer += found.columns < len(instance.option)
    assert fewer > 5


def lines(table: np.ndarray, limit: np.ndarray) -> Counter[tuple[float, ...]]:
    """Return constraints as a multiset, in units of their largest coefficient."""
    unit = np.abs(table).max(axis=1, keepdims=True)
    return Counter(tuple(row) for row in (np.column_stack([table, limit]) / unit).round(7).tolist())


@pytest.mark.parametrize("seed", [147, 159, 180, 198, 294, 300])
@pytest.mark.parametrize("objective", [hp.MaxCoverage(), hp.MaxCoverage(max_hubs=3), hp.MaxCoverage(budget=9.5)])
def test_the_table_is_the_pulp_model_row_by_row(seed: int, objective: hp.MaxCoverage) -> None:
    asked = sample(seed)
    problem = asked.case.problem()
    distinct = replace(problem, option_cost=np.where(problem.existing, 0, np.arange(problem.n_options) + 14.25))
    instance = reduce_existing(distinct, merge_demand(distinct))
    model, table = build_model(instance, objective), table_of(instance, objective)
    if model.counts:  # a few prices are counted there
        return
    program = prepared(model.program, EFFORT, mip=False).getLp()
    place = {f"covered_{row}": row for row in range(len(instance.need))}
    place |= {f"open_{option}": len(place) + number for number, option in enumerate(instance.option.tolist())}
    columns = np.argsort([place[variable.name] for variable in model.program.variables()])
    dense = matrix(program).toarray()[:, columns]
    upper, lower = np.asarray(program.row_upper_), np.asarray(program.row_lower_)
    known = lines(dense[np.isfinite(upper)], upper[np.isfinite(upper)])
    known += lines(0.0 - dense[np.isfinite(lower)], -lower[np.isfinite(lower)])
    assert lines(table.matrix.toarray(), table.limits) == known
    worths = np.concatenate([table.need, table.gain])
    assert worths == pytest.approx(-np.asarray(program.col_cost_)[columns])


def test_what_is_forbidden_is_in_no_plan_and_all_others_are_still_there() -> None:
    instance, objective = crowd(0)
    instance = replace(instance, gain=np.exp2(np.arange(-11.0, 0)))
    plans = all_plans(instance, objective)
    never = np.flatnonzero(plans[np.argmax(worth(instance, plans))])
    allowed = plans[plans[:, never].sum(axis=1) < len(never)]
    assert worth(instance, plans).max() > worth(instance, allowed).max()
    table = table_of(instance, objective, [never])
    found = search_core(table, None, EFFORT, np.zeros(11, dtype=np.bool_))
    assert found.open_ is not None
    assert np.array(found.open_)[never].sum() < len(never) - 0.5
    assert found.value * table.unit + instance.base == pytest.approx(worth(instance, allowed).max())


@pytest.mark.parametrize("seed", one_of(3, range(0, 432, 5)))
def test_dropping_dominated_options_keeps_the_oracles_best(seed: int) -> None:
    asked, top = sample(seed), best(seed)
    problem = asked.case.problem()
    instance = drop_dominated(reduce_existing(problem, merge_demand(problem)))
    plans = all_plans(instance, asked.objective)
    found = worth(instance, plans).max() if len(plans) else None
    assert found == (None if top is None else pytest.approx(top))


@given(st.integers(0, 431), st.integers(0, 2**32))
def test_rounding_and_exchanging_keep_to_every_limit(seed: int, doubt_seed: int) -> None:
    asked = sample(seed)
    if best(seed) is None:
        return
    instance, objective = asked_of(seed)
    rng = np.random.default_rng(doubt_seed)
    size = len(instance.option)
    plan = rounded(instance, objective, rng.random(size) * (rng.random(size) < 0.6))
    for chosen in (plan, exchanged(instance, objective, plan, rng.random(size), Deadline(math.inf))):
        existing = np.flatnonzero(asked.case.problem().existing).tolist()
        assert asked.case.allows(asked.case.named([*existing, *instance.option[chosen].tolist()]), objective)
        assert instance.covered_need(chosen) >= instance.covered_need(plan) * (1 - 1e-12)


def test_without_time_a_plan_is_exchanged_for_nothing() -> None:
    instance, objective = asked_of(150)
    plan = greedy(instance, objective)
    assert (
        exchanged(instance, objective, plan, np.zeros(len(instance.option)), Deadline(-math.inf)).tolist()
        == plan.tolist()
    )


def half_known() -> sifting.ColumnGeneration:
    """Return a relaxation of a town that knows a few of its options."""
    objective = hp.MaxCoverage(max_hubs=9)
    instance = _reduced(random_town(5), objective, RunLog()).instance
    return sifting.ColumnGeneration(table_of(instance, objective), np.arange(len(instance.option)) < 20, EFFORT)


def all_need(table: CoveringLP) -> float:
    return float(table.need.sum() + table.gain.sum())


def test_column_generation_out_of_time_proves_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sifting, "LEAST_ENTERING", 3)
    late = half_known()
    late._deadline = Deadline(-math.inf)
    nothing = late.solve()
    assert not nothing.is_solved
    assert nothing.bound == pytest.approx(all_need(late.table))
    relaxed, entered, real = half_known(), list[int](), sifting.ColumnGeneration._enter
    exact = half_known().solve()
    assert exact.is_solved

    def enter(self: sifting.ColumnGeneration, options: np.ndarray) -> None:
        real(self, options)
        entered.append(len(options))
        self._deadline = Deadline(-math.inf) if len(entered) == 4 else self._deadline

    monkeypatch.setattr(sifting.ColumnGeneration, "_enter", enter)
    stopped = relaxed.solve()
    assert (stopped.is_solved, len(entered)) == (False, 4)
    assert exact.bound <= stopped.bound < all_need(relaxed.table)
    assert stopped.open_.shape == exact.open_.shape


@pytest.mark.parametrize("seed", range(2, 432, 43))
def test_a_start_that_breaks_the_limits_does_no_harm(seed: int) -> None:
    asked, top = sample(seed), best(seed)
    problem = asked.case.problem()
    rich = hp.solve_problem(problem, hp.MaxCoverage(), EXACT)
    unpinned = replace(
        problem, site_status=np.where(problem.site_status == SiteStatus.REQUIRED, 0, problem.site_status)
    )
    bare = hp.solve_problem(unpinned, hp.MaxCoverage(max_hubs=0), EXACT)
    for start in (rich, bare):
        found = hp.solve_problem(problem, asked.objective, EXACT, start=start)
        assert (found.evaluation is None) == (top is None)
        if top is not None:
            assert found.value == pytest.approx(top)


def test_a_heuristic_hands_nothing_to_any_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branching, "search_core", None)
    for name in ADAPTERS:
        monkeypatch.setitem(ADAPTERS, name, None)
    for seed in range(144, 432, 24):
        top = best(seed)
        if top is not None:
            problem = sample(seed).case.problem()
            quick = hp.solve_problem(problem, sample(seed).objective, hp.SolverOptions(name="heuristic"))
            assert quick.value <= top * (1 + 1e-9)
            assert quick.bound >= top * (1 - 1e-9)


def test_descending_budgets_with_clashes_between_are_answered_as_the_oracle_does() -> None:
    budgets = [100, 7, 5, 2, 3, 0, 7]
    found = hp.solve_many(two_islands(), [hp.MaxCoverage(budget=money) for money in budgets], EXACT)
    assert [one.value for one in found] == pytest.approx([15, 15, 12, math.nan, 6, math.nan, 15], nan_ok=True)

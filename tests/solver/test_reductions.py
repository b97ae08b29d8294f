"""Every step that makes an instance smaller keeps the worth of its best plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pulp
import pytest
from hypothesis import given, strategies as st
from support.instances.random_covering import Sample, best as optimal, sample
from support.instances.tiny import random_town, two_islands

from hubplanner.model import MaxCoverage, build_model
from hubplanner.problem import merge_demand
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering.construction import greedy
from hubplanner.solver.covering.presolve import drop_useless, merge_single
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.covering.variable_fixing import FixedVariables, screen, settle
from hubplanner.solver.mip.bounds.relaxation import relax
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = range(0, 432, 12)
EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


def merged(asked: Sample) -> CoveringInstance:
    """Return the instance with demand merged and existing hubs settled, and nothing else done to it."""
    problem = asked.case.problem()
    return reduce_existing(problem, merge_demand(problem))


def optimum(instance: CoveringInstance, objective: MaxCoverage) -> float | None:
    """Return the best value by a plain MIP, None when there is no plan."""
    model = build_model(instance, objective)
    status = model.program.solve(pulp.HiGHS(msg=False, gapRel=0.0, gapAbs=0.0))
    if status != pulp.LpStatusOptimal:
        return None
    return instance.covered_need(np.flatnonzero([(variable.value() or 0) > 0.5 for variable in model.open_]))


def same(found: float | None, expected: float | None) -> bool:
    return found == expected if expected is None else found == pytest.approx(expected, rel=1e-9, abs=1e-9)


STEPS: dict[str, Callable[[CoveringInstance, MaxCoverage], CoveringInstance]] = {
    "none": lambda instance, _: instance,
    "merge_single": lambda instance, _: merge_single(instance),
    "drop_useless": drop_useless,
    "both": lambda instance, objective: merge_single(drop_useless(instance, objective)),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_reduction_keeps_the_best_value(step: str) -> None:
    for seed in SEEDS:
        asked = sample(seed)
        if asked.case.costs:
            reduced = STEPS[step](merged(asked), asked.objective)
            assert same(optimum(reduced, asked.objective), optimal(seed)), seed


def test_the_reductions_do_reduce() -> None:
    instances = [(merged(sample(seed)), sample(seed).objective) for seed in SEEDS]
    assert any(len(merge_single(instance).need) < len(instance.need) for instance, _ in instances)
    assert any(len(drop_useless(instance, asked).option) < len(instance.option) for instance, asked in instances)


@given(st.integers(0, 431), st.integers(0, 2**32))
def test_the_worth_of_a_choice_is_the_same_in_the_reduced_instance(seed: int, plan_seed: int) -> None:
    asked = sample(seed)
    instance = merge_single(merged(asked))
    chosen = one_a_site(instance, np.random.default_rng(plan_seed))
    existing = np.flatnonzero(asked.case.problem().existing)
    plan = asked.case.named([*existing.tolist(), *instance.option[chosen].tolist()])
    assert instance.covered_need(chosen) == pytest.approx(asked.case.value(plan))


def one_a_site(instance: CoveringInstance, rng: np.random.Generator) -> np.ndarray:
    """Return a random choice of at most one option a site."""
    order = rng.permutation(len(instance.option))[: rng.integers(0, len(instance.option) + 1)]
    return np.sort(order[np.unique(instance.site[order], return_index=True)[1]])


@given(st.integers(0, 431), st.integers(0, 2**32))
def test_a_settled_choice_adds_to_what_is_left_of_the_instance(seed: int, plan_seed: int) -> None:
    rng = np.random.default_rng(plan_seed)
    instance = merge_single(merged(sample(seed)))
    chosen = one_a_site(instance, rng)
    built = chosen[rng.random(len(chosen)) < 0.5]
    unused = np.setdiff1d(np.arange(len(instance.option)), chosen)
    dropped = unused[rng.random(len(unused)) < 0.5]
    residue = settle(
        instance,
        MaxCoverage(budget=1e9, max_hubs=99),
        FixedVariables(built=built, dropped=dropped, left_out=0.0),
    )
    rest, limits = residue.instance, residue.objective
    left = np.flatnonzero(np.isin(rest.option, instance.option[chosen]))
    assert rest.covered_need(left) == pytest.approx(instance.covered_need(chosen))
    assert not np.isin(rest.option, instance.option[dropped]).any()
    assert not np.isin(rest.site, instance.site[built]).any()
    assert set(rest.required) == set(instance.required) - set(instance.site[built])
    assert limits.budget == pytest.approx(1e9 - instance.cost[built].sum())
    assert limits.max_hubs == 99 - len(built)


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_screening_keeps_every_plan_worth_more_than_its_limit(share: float) -> None:
    screened = 0
    for seed in range(0, 432, 8):
        asked = sample(seed)
        best = optimal(seed)
        instance = _reduced(asked.case.problem(), asked.objective, RunLog()).instance
        if best is None or not len(instance.option):
            continue
        model = build_model(instance, asked.objective)
        relaxation = relax(model, EFFORT).times(model.need_unit, instance.base)
        margin = share * (relaxation.bound - instance.covered_need(greedy(instance, asked.objective)))
        found = screen(instance, relaxation, margin)
        screened += len(found.built) + len(found.dropped)
        assert found.left_out == pytest.approx(relaxation.bound - margin)
        if best > found.left_out + 1e-9 * best:
            rest = settle(instance, asked.objective, found)
            assert same(optimum(rest.instance, rest.objective), best), seed
    assert screened > 0


def test_dropped_options_take_the_rows_that_only_they_cover_along() -> None:
    problem = two_islands()
    instance = reduce_existing(problem, merge_demand(problem))
    assert instance.option.tolist() == [1, 2, 3, 4]
    assert instance.base == 4  # D0, which the existing S0 covers
    small = instance.keep_options(np.array([True, False, True, False]))
    assert small.option.tolist() == [1, 3]
    assert small.need.tolist() == [3, 2]  # D1, D2; only the large hub at S2 covers D3


def test_a_required_site_keeps_its_options_whatever_they_cost_or_cover() -> None:
    problem = replace(two_islands(), need=np.array([4.0, 3, 0, 0]))
    instance = drop_useless(reduce_existing(problem, merge_demand(problem)), MaxCoverage(budget=1))
    assert instance.option.tolist() == [3, 4]


def test_a_row_that_two_tiers_of_one_site_cover_becomes_their_gain() -> None:
    problem = two_islands()
    instance = merge_single(reduce_existing(problem, merge_demand(problem)))
    assert len(instance.need) == 0
    assert instance.gain.tolist() == [3, 3, 2, 8]


def test_what_a_town_reduces_to_has_no_equal_rows() -> None:
    instance = _reduced(random_town(1), MaxCoverage(max_hubs=3), RunLog()).instance
    rows = [tuple(row) for row in instance.cover.toarray()]
    assert len(rows) == len(set(rows))
    assert all(sum(row) > 1 for row in rows)

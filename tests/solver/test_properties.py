"""What must hold of any instance, without knowing its best plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.draws import examples
from support.instances.random_covering import sample

import hubplanner as hp
from hubplanner import tolerances
from hubplanner.problem import GreatCircle, Matrix, Planar

if TYPE_CHECKING:
    from hubplanner.problem import Travel

EXACT = hp.SolverOptions(gap=0, threads=1)
seeds = st.integers(0, 431)
few = settings(max_examples=examples(30))


def solved(problem: hp.Problem, objective: hp.MaxCoverage) -> hp.Solution:
    solution = hp.solve_problem(problem, objective, EXACT)
    if solution.status == hp.Status.INFEASIBLE:
        assert solution.clashes
    else:
        assert solution.bound >= solution.value
    return solution


def same(one: hp.Solution, other: hp.Solution, factor: float = 1.0) -> None:
    assert one.status == other.status
    assert other.value == pytest.approx(one.value * factor, rel=1e-9, abs=1e-12, nan_ok=True)
    assert other.bound == pytest.approx(one.bound * factor, rel=1e-8, abs=1e-12, nan_ok=True)


@given(seeds, st.floats(0, 1), st.floats(0, 1))
@few
def test_more_budget_never_covers_less(seed: int, less: float, more: float) -> None:
    asked = sample(seed)
    total = sum(asked.case.costs.values())
    budgets = sorted([less * total, more * total])
    poor, rich = (solved(asked.case.problem(), replace(asked.objective, budget=budget)) for budget in budgets)
    if poor.evaluation is not None:
        assert rich.evaluation is not None
        assert rich.value >= poor.value * (1 - 1e-9)
        assert rich.bound >= poor.value * (1 - 1e-9)


@given(seeds, st.integers(0, 5))
@few
def test_one_hub_more_never_covers_less(seed: int, hubs: int) -> None:
    asked = sample(seed)
    fewer, more = (solved(asked.case.problem(), replace(asked.objective, max_hubs=count)) for count in (hubs, hubs + 1))
    if fewer.evaluation is not None:
        assert more.value >= fewer.value * (1 - 1e-9)


@given(seeds, st.integers(0, 2**32))
@few
def test_the_order_of_points_and_sites_changes_no_value(seed: int, order_seed: int) -> None:
    asked = sample(seed)
    problem = asked.case.problem()
    rng = np.random.default_rng(order_seed)
    shuffled = reordered(problem, rng.permutation(problem.n_points), rng.permutation(problem.n_sites))
    same(solved(problem, asked.objective), solved(shuffled, asked.objective))


def reordered(problem: hp.Problem, points: np.ndarray, sites: np.ndarray) -> hp.Problem:
    """Return the problem with its points and sites in another order."""
    site = np.argsort(sites)[problem.option_site]
    options = np.lexsort((problem.option_tier, site))
    return hp.Problem(
        need=problem.need[points],
        people=problem.people[points],
        travel=moved(problem.travel, points, sites),
        site_status=problem.site_status[sites],
        tier_reach=problem.tier_reach,
        option_site=site[options],
        option_tier=problem.option_tier[options],
        option_cost=problem.option_cost[options],
    )


def moved(travel: Travel, points: np.ndarray, sites: np.ndarray) -> Travel:
    if isinstance(travel, Planar | GreatCircle):
        return type(travel)(travel.points[points], travel.sites[sites])
    assert isinstance(travel, Matrix)
    point, site = np.argsort(points)[travel.point], np.argsort(sites)[travel.site]
    return Matrix(point, site, travel.distance, travel.n_points, travel.n_sites)


@given(seeds, st.sampled_from([1e-6, 1e-3, 0.3, 7.0, 1e3, 1e7]))
@few
def test_scaling_need_scales_value_and_bound(seed: int, factor: float) -> None:
    asked = sample(seed)
    problem = asked.case.problem()
    scaled = solved(replace(problem, need=problem.need * factor), asked.objective)
    same(solved(problem, asked.objective), scaled, factor)


@given(seeds, st.sampled_from([2.0**-20, 0.5, 8.0, 2.0**30]))
@few
def test_scaling_costs_and_budget_together_changes_nothing(seed: int, factor: float) -> None:
    asked = sample(seed)
    problem, budget = asked.case.problem(), asked.objective.budget
    scaled = replace(asked.objective, budget=None if budget is None else budget * factor)
    one = solved(problem, asked.objective)
    other = solved(replace(problem, option_cost=problem.option_cost * factor), scaled)
    same(one, other)


@given(seeds, st.data())
@few
def test_points_in_parts_at_the_same_place_change_nothing(seed: int, data: st.DataObject) -> None:
    """A point split in two with its need shared out is the same demand: merging loses and adds nothing."""
    asked = sample(seed)
    problem = asked.case.problem()
    shares = data.draw(st.floats(0, 1))
    twice = np.concatenate([np.arange(problem.n_points)] * 2)
    split = replace(
        problem,
        need=np.concatenate([problem.need * shares, problem.need * (1 - shares)]),
        people=problem.people[twice],
        travel=doubled(problem.travel),
    )
    same(solved(problem, asked.objective), solved(split, asked.objective))


def doubled(travel: Travel) -> Travel:
    """Return travel whose points all come twice."""
    if isinstance(travel, Planar | GreatCircle):
        return type(travel)(np.concatenate([travel.points] * 2), travel.sites)
    assert isinstance(travel, Matrix)
    return Matrix(
        np.concatenate([travel.point, travel.point + travel.n_points]),
        np.concatenate([travel.site] * 2),
        np.concatenate([travel.distance] * 2),
        travel.n_points * 2,
        travel.n_sites,
    )


@given(seeds, st.sampled_from([0.0, 1e-4, 0.05, 0.3]), st.sampled_from(["highs", "cbc"]))
@few
def test_an_optimal_status_is_a_gap_within_the_asked_one(seed: int, gap: float, name: str) -> None:
    asked = sample(seed)
    exact = solved(asked.case.problem(), asked.objective)
    loose = hp.solve_problem(asked.case.problem(), asked.objective, hp.SolverOptions(name=name, gap=gap, threads=1))
    if exact.evaluation is not None:
        assert loose.bound >= exact.value * (1 - 1e-9)
        assert loose.value <= exact.value * (1 + 1e-9)
        assert (loose.status == hp.Status.OPTIMAL) == (loose.gap <= gap + tolerances.EXACT)
        if name == "highs" or gap > 0:
            assert loose.status == hp.Status.OPTIMAL, loose.gap

"""Money to the last digit: budgets that are met or missed by a hair, and what is left of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from support.instances.fractional import all_plans, pinned, worth

import hubplanner as hp
from hubplanner.problem import Matrix, SiteStatus, merge_demand
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering import strategy as searching
from hubplanner.solver.covering.variable_fixing import FixedVariables, RestrictedInstance, settle
from hubplanner.tolerances import MONEY_TOLERANCE

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)
EXACT = hp.SolverOptions(gap=0, threads=1, ties=False)


@pytest.mark.parametrize("missing", [4e-9, 5e-8, 9e-8])
def test_a_budget_missed_by_less_than_a_solver_notices_is_kept(missing: float) -> None:
    """Three hubs of one unit each, and two for nothing: the relaxation takes all for a whole plan."""
    table = np.where(np.eye(5) > 0, 0.0, np.inf)
    problem = hp.Problem.from_matrix(table, [60, 50, 49, 0.05, 0.04], [1, 1, 1, 0, 0], reach=1)
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=3 - missing), EXACT)
    assert found.status == hp.Status.OPTIMAL
    assert found.value == pytest.approx(110.09)
    assert found.bound == pytest.approx(110.09)


def built(instance: CoveringInstance, objective: hp.MaxCoverage, options: list[int]) -> RestrictedInstance:
    nothing = np.zeros(0, dtype=np.intp)
    return settle(instance, objective, FixedVariables(built=np.array(options), dropped=nothing, left_out=2.0))


def test_no_plan_is_left_where_what_is_built_breaks_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, few = pinned(1)
    rest = built(instance, few, [0, 2])
    assert not rest.is_possible
    assert built(instance, few, [0]).is_possible
    assert not built(instance, hp.MaxCoverage(budget=1.5), [0, 2]).is_possible
    assert built(instance, hp.MaxCoverage(budget=2.0), [0, 2]).is_possible
    monkeypatch.setattr(searching, "branch", None)
    known = searching.CoveringResult(chosen=np.array([0]), bound=9.0, version="")
    assert searching._search(instance, rest, None, known, EFFORT).bound == 2.0


def test_the_difference_of_money_does_not_round_the_last_hub_away() -> None:
    instance, _ = pinned()
    dear = replace(instance, cost=np.array([1e9, 2e9, 0.3, 0.3, 0.3, 0.3]))
    money = math.fsum([1e9, 0.3])
    assert money - 1e9 < 0.3
    rest = built(dear, hp.MaxCoverage(budget=money), [0])
    assert rest.objective.budget is not None
    assert rest.objective.budget >= 0.3
    assert math.fsum([1e9, rest.objective.budget * (1 + MONEY_TOLERANCE)]) == pytest.approx(
        money * (1 + MONEY_TOLERANCE), rel=1e-15
    )


def test_a_required_site_without_money_takes_its_free_tier() -> None:
    """Its other tier costs more than any share of nothing."""
    problem = hp.Problem(
        need=np.array([3.0, 4.0]),
        people=np.array([3.0, 4.0]),
        travel=Matrix(np.array([0, 1]), np.array([0, 0]), np.array([1.0, 2.0]), 2, 1),
        site_status=np.array([SiteStatus.REQUIRED]),
        tier_reach=np.array([1.0, 2.0]),
        option_site=np.array([0, 0]),
        option_tier=np.array([0, 1]),
        option_cost=np.array([0.0, 5.0]),
    )
    for budget in (0.0, 1e-305):
        assert hp.solve_problem(problem, hp.MaxCoverage(budget=budget), EXACT).value == 3


def near_miss(seed: int) -> tuple[hp.Problem, hp.MaxCoverage]:
    """Return prices of all sizes, and a budget that some plan just meets or just misses."""
    rng = np.random.default_rng(seed)
    sites, points = int(rng.integers(5, 11)), int(rng.integers(10, 40))
    table = np.full((points, sites), np.inf)
    for point in range(points):
        table[point, rng.choice(sites, int(rng.integers(1, 4)), replace=False)] = 1
    cost = 10.0 ** rng.integers(-1, rng.choice([1, 10]), sites) * rng.choice([1, 3, 0.1, 7], sites)
    need = rng.integers(1, 9, points).astype(float) if seed % 2 else 10.0 ** rng.uniform(-3, 6, points)
    problem = hp.Problem.from_matrix(table, need, cost, reach=1)
    status = np.zeros(sites, dtype=np.intp)
    if seed % 3 == 0:
        status[rng.integers(sites)] = SiteStatus.REQUIRED
    spent = math.fsum(cost[rng.random(sites) < 0.5])
    budget = spent * float(rng.choice([1.0, 1.0, 1 - 1e-8, 1 - 3e-9, 0.9]))
    most = None if rng.random() < 0.5 else int(rng.integers(1, sites))
    return replace(problem, site_status=status), hp.MaxCoverage(budget=budget, max_hubs=most)


@pytest.mark.parametrize("name", ["highs", "cbc"])
@pytest.mark.parametrize("seed", [293, 461, 938, 1573, 1655, 1714, 2045, 2152, 2504, 100253, 100435, 101303, 101872])
def test_a_plan_that_overspends_by_next_to_nothing_hides_no_better_one(seed: int, name: str) -> None:
    """In coarser units of money HiGHS 1.16 states bounds below the best plan here, or plans come to beat a bound."""
    problem, objective = near_miss(seed)
    instance = reduce_existing(problem, merge_demand(problem))
    top = worth(instance, all_plans(instance, objective)).max()
    found = hp.solve_problem(problem, objective, replace(EXACT, name=name))
    assert found.value == pytest.approx(top, rel=1e-8)
    assert found.bound == pytest.approx(top, rel=1e-8)


@pytest.mark.parametrize("seed", [76, 168, 206, 210, 480, 536, 548])
def test_the_plain_model_too_is_not_cut_off_by_plans_that_overspend(seed: int) -> None:
    problem, objective = near_miss(seed)
    instance = reduce_existing(problem, merge_demand(problem))
    top = worth(instance, all_plans(instance, objective)).max()
    found = hp.solve_problem(problem, objective, replace(EXACT, method="plain"))
    assert found.value == pytest.approx(top, rel=1e-8)
    assert found.bound == pytest.approx(top, rel=1e-8)

"""Swaps among the options that the relaxation nearly uses, and the first MIP, which they may spare."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem import SiteStatus
from hubplanner.solver.covering import strategy


def drawn(seed: int) -> tuple[hp.Problem, hp.MaxCoverage]:
    """Return twelve sites with a limit on money, on hubs or on both, and need in whole people or in parts."""
    rng = np.random.default_rng(seed)
    places, sites = rng.random((60, 2)), rng.random((12, 2))
    cost = rng.integers(1, 9, 12).astype(float)
    need = rng.integers(1, 99, 60) if seed % 2 else rng.random(60)
    problem = hp.Problem.from_points(places, need, sites, cost, reach=0.25)
    limits = [{"budget": float(cost.sum() // 3)}, {"max_hubs": 4}, {"budget": float(cost.sum() // 2), "max_hubs": 5}]
    return problem, hp.MaxCoverage(**limits[seed % 3])


def best_of_all(problem: hp.Problem, objective: hp.MaxCoverage) -> float:
    """Return the most need that any choice of sites covers."""
    near = problem.rows.cover.toarray() > 0
    most, money = objective.max_hubs or 12, np.inf if objective.budget is None else objective.budget
    return max(
        float(problem.rows.need[near[:, list(chosen)].any(axis=1)].sum())
        for count in range(most + 1)
        for chosen in combinations(range(12), count)
        if problem.option_cost[list(chosen)].sum() <= money
    )


@pytest.mark.parametrize("close", [0.0, strategy.CLOSE, np.inf])
def test_plans_are_the_best_of_all_whether_the_first_mip_is_left_out_or_not(
    monkeypatch: pytest.MonkeyPatch, close: float
) -> None:
    monkeypatch.setattr(strategy, "CLOSE", close)
    monkeypatch.setattr(strategy, "FEWEST", 1)
    for seed in range(24):
        problem, objective = drawn(seed)
        found = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False))
        truth = best_of_all(problem, objective)
        assert found.status == hp.Status.OPTIMAL
        assert found.value == pytest.approx(truth)
        assert found.bound == pytest.approx(truth)


@pytest.mark.parametrize("required", [0, 3])
def test_swaps_gain_lose_nothing_and_keep_to_the_limits(monkeypatch: pytest.MonkeyPatch, required: int) -> None:
    real, gained = strategy._swapped_near, []

    def watched(*given: object) -> strategy.CoveringResult:
        instance, objective, _, best, _ = given
        found = real(*given)
        gained.append(instance.covered_need(found.chosen) - instance.covered_need(best.chosen))
        assert found.bound == best.bound
        assert instance.cost[found.chosen].sum() <= (np.inf if objective.budget is None else objective.budget)
        assert len(found.chosen) <= (objective.max_hubs or np.inf)
        assert len(set(instance.site[found.chosen].tolist())) == len(found.chosen)
        return found

    monkeypatch.setattr(strategy, "_swapped_near", watched)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        places, cost = rng.random((400, 2)), rng.integers(10, 101, 400).astype(float)
        problem = hp.Problem.from_points(places, rng.integers(1, 101, 400), places, cost, reach=0.1)
        status = np.where(np.arange(400) < required, SiteStatus.REQUIRED, SiteStatus.CANDIDATE)
        problem = replace(problem, site_status=status)  # those that must be built are settled before swaps
        objective = hp.MaxCoverage(budget=float(0.05 * cost.sum() // 1), max_hubs=25 if seed % 2 else None)
        hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False))
    assert min(gained) == 0
    assert max(gained) > 0

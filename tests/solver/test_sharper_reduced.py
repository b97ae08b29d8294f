"""Reduced costs of multipliers that are moved for each option, against an enumeration of all plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem import SiteStatus
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering import strategy, variable_fixing
from hubplanner.solver.covering.lp import CoveringLP, table_of
from hubplanner.solver.covering.relaxation import solve_relaxation
from hubplanner.solver.covering.strategy import _reduced
from hubplanner.solver.covering.variable_fixing import losses, sharper
from hubplanner.solver.run_log import RunLog

SITES = 9
EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)


def drawn(seed: int, required: int = 0) -> tuple[hp.Problem, hp.MaxCoverage]:
    """Return nine sites with a limit on money, on hubs or on both, and need in whole people or in parts."""
    rng = np.random.default_rng(seed)
    places, sites = rng.random((60, 2)), rng.random((SITES, 2))
    cost = rng.integers(1, 9, SITES).astype(float)
    need = rng.integers(1, 99, 60) if seed % 2 else rng.random(60)
    problem = hp.Problem.from_points(places, need, sites, cost, reach=0.25)
    status = np.where(np.arange(SITES) < required, SiteStatus.REQUIRED, SiteStatus.CANDIDATE)
    limits = [{"budget": float(cost.sum() // 3)}, {"max_hubs": 4}, {"budget": float(cost.sum() // 2), "max_hubs": 5}]
    return replace(problem, site_status=status), hp.MaxCoverage(**limits[seed % 3])


def plans(instance: hp.CoveringInstance, objective: hp.MaxCoverage) -> list[tuple[set[int], float]]:
    """Return every plan of an instance and the need that it covers."""
    options = range(len(instance.option))
    most, money = objective.max_hubs or len(options), np.inf if objective.budget is None else objective.budget
    every = (list(chosen) for count in range(most + 1) for chosen in combinations(options, count))
    return [
        (set(chosen), instance.covered_need(np.array(chosen, dtype=np.intp)))
        for chosen in every
        if instance.cost[chosen].sum() <= money and set(instance.required) <= set(instance.site[chosen])
    ]


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_no_plan_away_from_an_option_is_worth_more_than_the_bound_less_its_loss(scale: float) -> None:
    tighter = 0
    for seed in range(18):
        problem, objective = drawn(seed)
        instance = _reduced(problem, objective, RunLog()).instance
        table, rng = table_of(instance, objective), np.random.default_rng(seed)
        rows = table.need * rng.random(len(table.need)) * rng.integers(0, 2, len(table.need))
        dual = scale * np.concatenate([rows, table.need.mean() * rng.random(len(table.limit))])
        every = plans(instance, objective)
        for is_high in (np.zeros(len(instance.option), dtype=np.bool_), np.ones(len(instance.option), dtype=np.bool_)):
            bound, lost = losses(table, None, dual, is_high)
            _, plain = losses_without_moves(table, dual, is_high)
            assert (lost >= plain - 1e-9).all()
            tighter += int((lost > plain + 1e-9).sum())
            for option in range(len(instance.option)):
                best = max((value for plan, value in every if (option in plan) != is_high[option]), default=-np.inf)
                assert best <= (bound - lost[option]) * table.unit + instance.base + 1e-6
    assert tighter > 0


def losses_without_moves(table: CoveringLP, dual: np.ndarray, is_high: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the bound and what reduced costs alone say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variable_fixing, "MOST_PRODUCTS", -1.0)
        return losses(table, None, dual, is_high)


@pytest.mark.parametrize("required", [0, 2])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_sharper_reduced_costs_are_larger_and_hold_for_every_plan(required: int, share: float) -> None:
    larger = 0
    for seed in range(18):
        problem, objective = drawn(seed, required)
        instance = _reduced(problem, objective, RunLog()).instance
        every = plans(instance, objective)
        if not every:
            continue
        best = max(value for _, value in every)
        found = solve_relaxation(instance, objective, EFFORT, np.array(sorted(every[0][0]), dtype=np.intp))
        margin = share * (found.relaxation.bound - best) + 1e-6 * best
        sharp = sharper(instance, objective, found.relaxation, found.cuts, margin, EFFORT)
        assert best <= sharp.bound + 1e-6
        assert sharp.bound == pytest.approx(found.relaxation.bound, rel=1e-6)
        high = sharp.open_ > 0.5
        for option, away in enumerate(np.abs(sharp.reduced).tolist()):
            worth = [value for plan, value in every if (option in plan) != high[option]]
            assert max(worth, default=-np.inf) <= sharp.bound - away + 1e-6
        larger += int((np.abs(sharp.reduced) > np.abs(found.relaxation.reduced) + 1e-6 * best).sum())
    assert larger > 0


@pytest.mark.parametrize(("few", "wide"), [(strategy.FEW, strategy.WIDE), (0.1, 0.5), (1e9, 1e9)])
def test_plans_are_the_best_of_all_however_few_options_the_first_mip_has(
    monkeypatch: pytest.MonkeyPatch, few: float, wide: float
) -> None:
    for name, value in (("FEW", few), ("WIDE", wide), ("FEWEST", 1)):
        monkeypatch.setattr(strategy, name, value)
    for seed in range(18):
        problem, objective = drawn(seed)
        found = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False))
        truth = max(value for _, value in plans(_reduced(problem, objective, RunLog()).instance, objective))
        assert found.status == hp.Status.OPTIMAL
        assert found.value == pytest.approx(truth)
        assert found.bound == pytest.approx(truth)


def test_fewer_options_are_left_to_the_mip(monkeypatch: pytest.MonkeyPatch) -> None:
    left = list[int]()
    for is_sharp in (False, True):
        if not is_sharp:
            monkeypatch.setattr(strategy, "sharper", lambda _instance, _objective, relaxation, *_: relaxation)
        rng = np.random.default_rng(5)
        places, need, cost = (
            rng.random((2000, 2)),
            rng.integers(1, 101, 2000),
            rng.integers(10, 101, 2000).astype(float),
        )
        problem = hp.Problem.from_points(places, need, places, cost, reach=0.0437)
        objective = hp.MaxCoverage(budget=float(0.03 * cost.sum() // 1))
        found = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, ties=False))
        assert found.status == hp.Status.OPTIMAL
        left.append(found.steps["options_left"])
        monkeypatch.undo()
    assert left[1] < 0.5 * left[0]

"""Questions of points with billions of people beside others with a few: value, bound and status against all plans."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.draws import one_of
from support.oracles.questions import Query, best
from support.oracles.town import Town

import hubplanner as hp
from hubplanner.problem import SiteStatus
from hubplanner.solver.solve import solve_many
from hubplanner.tolerances import EXACT

NEEDS: dict[str, Any] = {
    "whole": lambda rng, n: np.floor(np.exp(rng.uniform(0, math.log(2**31), n))),
    "fractional": lambda rng, n: np.exp(rng.uniform(0, math.log(2**31), n)),
    "one of billions": lambda rng, n: _with_one(rng, rng.integers(1, 20, n).astype(float), 2.0**31),
    "one beside parts": lambda rng, n: _with_one(rng, np.round(rng.uniform(0.01, 20, n), 3), 1_234_567_890.123),
    "half of billions": lambda rng, n: np.where(rng.random(n) < 0.5, 1e9, 1.0) * np.round(rng.uniform(1, 4, n), 2),
}
KINDS = ("covered", "covered with a floor", "served whole", "few served whole", "cost served whole", "p-median whole")


def _with_one(rng: np.random.Generator, need: np.ndarray, large: float) -> np.ndarray:
    need[rng.integers(len(need))] = large
    return need


def question(kind: str, needs: str, seed: int) -> tuple[Town, Any]:
    """Return a town and what is asked of it."""
    rng = np.random.default_rng([seed, list(NEEDS).index(needs), KINDS.index(kind)])
    whole = "whole" in kind
    points, sites = (rng.integers(3, 7), rng.integers(2, 5)) if whole else (rng.integers(4, 14), rng.integers(3, 8))
    need, tiers = NEEDS[needs](rng, points), int(rng.integers(1, 3))
    people = rng.integers(1, 20, points).astype(float) if kind == "few served whole" else need
    statuses = [SiteStatus.EXISTING if rng.random() < 0.1 else SiteStatus.CANDIDATE for _ in range(sites)]
    town = Town(
        points=rng.uniform(0, 10, (points, 2)),
        sites=rng.uniform(0, 10, (sites, 2)),
        no_way=frozenset(),
        needs=need,
        people=people,
        statuses=tuple(statuses),
        reaches=tuple(np.sort(rng.uniform(2, 6, tiers)).tolist()),
        costs={
            (site, tier): 0.0 if status == SiteStatus.EXISTING else float(rng.integers(1, 9))
            for site, status in enumerate(statuses)
            for tier in range(1 if status == SiteStatus.EXISTING else tiers)
        },
    )
    asked: list[Any] = []
    if whole:
        room = np.maximum(np.round(people.sum() * rng.uniform(0.3, 0.9, tiers)), 1)
        asked.append(hp.Capacity(people=tuple(room.tolist()), single=True))
    if "floor" in kind:
        asked.append(hp.Floor(weight=need * (rng.random(points) < 0.5), share=round(float(rng.uniform(0.1, 0.9)), 2)))
    both: dict[str, Any] = {"max_hubs": int(rng.integers(0, sites)), "budget": float(rng.integers(0, 25))}
    limits = dict(list(both.items())[slice(*[(0, 1), (1, 2), (0, 2)][rng.integers(3)])])
    if kind == "cost served whole":
        return town, hp.MinCost(target_share=float(rng.choice([0.3, 0.5, 0.9])), constraints=tuple(asked))
    form = hp.PMedian if "p-median" in kind else hp.MaxCoverage
    return town, form(**limits, constraints=tuple(asked))


def check(town: Town, objective: Any, method: str = "auto") -> None:
    """Assert that a solution is the best of all plans, with a bound that none passes, or says that it may not be."""
    problem = town.problem()
    right = best(Query(town=town, objective=objective, constraints=objective.constraints_on(problem)))
    found = hp.solve_problem(problem, objective, hp.SolverOptions(gap=0.0, method=method, threads=1, ties=False))
    assert (right is None) == (found.status == hp.Status.INFEASIBLE)
    if right is None:
        return
    [goal], sense = found.goals, 1 if isinstance(objective, hp.MaxCoverage) else -1
    rounding, near = 1e-9 * abs(right[0]), EXACT * max(1.0, abs(right[0]))
    assert sense * goal.value <= sense * right[0] + rounding
    assert sense * goal.bound >= sense * right[0] - rounding
    assert found.status == hp.Status.OPTIMAL
    assert abs(goal.value - right[0]) <= near + rounding


@pytest.mark.parametrize("needs", NEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_is_the_best_whatever_the_needs_beside_it(kind: str, needs: str) -> None:
    for seed in {*one_of(8, range(40)), 30}:
        check(*question(kind, needs, seed))
        if kind == "covered":
            check(*question(kind, needs, seed), method="plain")


@pytest.mark.parametrize("seed", [28, 36])
@pytest.mark.parametrize("method", ["plain", "core"])
def test_that_nothing_is_covered_without_hubs_is_proven(method: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    need = rng.integers(1, 20, 12).astype(float)
    need[rng.integers(12)] = 2.0**31
    rng.random(6)
    problem = hp.Problem.from_points(rng.uniform(0, 10, (12, 2)), need, rng.uniform(0, 10, (6, 2)), np.ones(6), 3.5)
    options = hp.SolverOptions(gap=0.0, method=method, threads=1)
    found = hp.solve_problem(problem, hp.MaxCoverage(max_hubs=0), options)
    assert (found.status, found.value, found.bound) == (hp.Status.OPTIMAL, 0, 0)
    most = hp.MaxCoverage(max_hubs=1)  # a plan that was remembered of no hub says nothing of one
    none, one = solve_many(problem, [hp.MaxCoverage(max_hubs=0), most], options)
    assert (none.bound, one.value) == (0, hp.solve_problem(problem, most, options).value)

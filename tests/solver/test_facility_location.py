"""Everyone served where hubs and travel cost least: against all plans, one by one, and against the plain program."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.problem import SiteStatus

EXACT = hp.SolverOptions(gap=0, threads=1)
SITES = 8


@dataclass(frozen=True)
class Facilities:
    """A question with few enough sites to try all plans."""

    problem: hp.Problem
    objective: hp.MinCost

    def cost(self, opened: tuple[int, ...]) -> float:
        """Return what hubs at some sites and ways to the nearest in reach cost; infinite where limits are broken."""
        problem, objective = self.problem, self.objective
        status, price = problem.site_status, problem.option_cost
        standing = np.flatnonzero(status == SiteStatus.EXISTING).tolist()
        required = set(np.flatnonzero(status == SiteStatus.REQUIRED).tolist())
        new = [site for site in opened if site not in standing]
        spent = math.fsum(price[new])
        if not required <= set(opened) or set(opened) & set(standing):
            return math.inf
        if len(new) > (objective.max_hubs or SITES) or spent > (objective.budget or math.inf):
            return math.inf
        columns = [problem.travel.from_site(site) for site in (*opened, *standing)]
        distance = np.array(columns).reshape(len(columns), problem.n_points)
        distance = np.where(distance <= problem.tier_reach[0], distance, math.inf).min(axis=0, initial=math.inf)
        wanting = problem.need > 0
        return spent + objective.travel_cost * math.fsum(problem.need[wanting] * distance[wanting])

    @property
    def least(self) -> float:
        """What the best of all plans costs."""
        every = chain.from_iterable(combinations(range(SITES), size) for size in range(SITES + 1))
        return min(map(self.cost, every))


def drawn(seed: int) -> Facilities:
    rng = np.random.default_rng(seed)
    points, sites = rng.integers(0, 30, (25, 2)), rng.integers(0, 30, (SITES, 2))
    need = rng.integers(0, 9, 25).astype(float)
    reach = (12.0, 25.0, math.inf)[seed % 3]
    problem = hp.Problem.from_points(points, need, sites, rng.integers(20, 200, SITES), reach)
    if seed % 4 == 1:
        status = np.full(SITES, SiteStatus.CANDIDATE)
        status[:2] = SiteStatus.EXISTING, SiteStatus.REQUIRED
        problem = replace(problem, site_status=status, option_cost=np.where(np.arange(SITES), problem.option_cost, 0.0))
    limits = ({}, {"max_hubs": 3}, {"budget": 300.0}, {"max_hubs": 4, "budget": 400.0})[seed // 3 % 4]
    return Facilities(problem, hp.MinCost(target_share=1.0, travel_cost=float(rng.choice([0.5, 1.0, 3.7])), **limits))


@pytest.mark.parametrize("seed", one_of(2, range(48)))
def test_the_plan_is_the_best_of_all(seed: int) -> None:
    asked = drawn(seed)
    found = hp.solve_problem(asked.problem, asked.objective, EXACT)
    least = asked.least
    if math.isinf(least):
        assert found.status == hp.Status.INFEASIBLE
        return
    assert found.method.startswith("core")
    assert (found.status, found.value) == (hp.Status.OPTIMAL, pytest.approx(least))
    assert found.evaluation is not None
    new = [site for site in found.open_sites.tolist() if asked.problem.site_status[site] != SiteStatus.EXISTING]
    assert asked.cost(tuple(new)) == pytest.approx(found.value)


def test_plans_with_and_without_hubs_are_among_them() -> None:
    found = [drawn(seed).least for seed in range(48)]
    assert 3 < sum(map(math.isinf, found)) < 30


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reach", [45.0, math.inf])
def test_the_plain_program_has_the_same_plan(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    points, sites = rng.uniform(0, 100, (200, 2)), rng.uniform(0, 100, (40, 2))
    need, cost = rng.integers(1, 100, 200), rng.uniform(0.5, 1.5, 40) * 1e4
    problem = hp.Problem.from_points(points, need, sites, cost, reach)
    asked = hp.MinCost(target_share=1.0, travel_cost=2.0)
    core, plain = (
        hp.solve_problem(problem, asked, replace(EXACT, gap=1e-6, ties=False, method=method))
        for method in ("core", "plain")
    )
    assert (core.status, plain.status) == (hp.Status.OPTIMAL, hp.Status.OPTIMAL)
    assert core.value == pytest.approx(plain.value, rel=2e-6)
    assert core.bound <= plain.value * (1 + 1e-9)
    assert 1 < len(core.open_sites) < 40
    assert core.evaluation is not None
    assert core.evaluation.is_assigned
    assert core.evaluation.load.sum() == pytest.approx(need.sum())


def test_whom_no_hub_reaches_is_told() -> None:
    problem = hp.Problem.from_points([[0, 0], [90, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    found = hp.solve_problem(problem, hp.MinCost(target_share=1.0, travel_cost=1.0), EXACT)
    assert found.status == hp.Status.INFEASIBLE
    assert "out of reach" in found.clashes[0]


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_part_of_the_need_is_no_facility_location(share: float) -> None:
    problem = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    asked = hp.MinCost(target_share=share, travel_cost=1.0)
    assert hp.solve_problem(problem, asked, EXACT).method.startswith("plain")
    with pytest.raises(hp.ScenarioError, match="min_cost for all with travel costs and a tier a site"):
        hp.solve_problem(problem, asked, replace(EXACT, method="core"))


def test_a_heuristic_tells_how_far_it_is() -> None:
    asked = drawn(2)
    found = hp.solve_problem(asked.problem, asked.objective, replace(EXACT, name="heuristic"))
    assert found.bound <= asked.least * (1 + 1e-9) <= found.value * (1 + 2e-9)

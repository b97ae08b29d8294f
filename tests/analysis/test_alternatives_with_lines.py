"""Plans nearly as good where hubs share lines, and what each site is to them, against every plan of small networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.connected import FIBRE, backhaul
from support.oracles.network import every_plan, every_programme, new_sites_of, random_network, random_ways, small, towns

import hubplanner as hp
from hubplanner.analysis.alternatives.run import alternatives
from hubplanner.analysis.alternatives.search import find_alternatives
from hubplanner.analysis.alternatives.site_evidence import SiteClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project

EXACT = hp.SolverOptions(gap=0.0, ties=False, threads=1)


def near_best(problem: hp.Problem, budget: float, within: float) -> dict[frozenset[int], float]:
    """Return the most that each set of new sites covers, of those near the best, however they are connected."""
    covered: dict[frozenset[int], float] = {}
    for plan in every_plan(problem):
        if plan.cost <= budget:
            sites = new_sites_of(problem, plan.options)
            covered[sites] = max(covered.get(sites, 0.0), plan.covered)
    best = max(covered.values(), default=0.0)
    return {sites: value for sites, value in covered.items() if value >= (1 - within) * best - 1e-9}


@pytest.mark.parametrize("made", [random_network, random_ways])
@pytest.mark.parametrize("seed", range(400, 410))
def test_classes_and_plans_equal_every_plan_near_the_best(seed: int, made: Callable[[int], hp.Problem]) -> None:
    problem = made(seed)
    rng = np.random.default_rng(seed)
    budget, within = float(rng.integers(10, 30)), float(rng.choice([0.0, 0.1, 0.3]))
    near = near_best(problem, budget, within)
    if not near:
        return
    found = find_alternatives(problem, hp.MaxCoverage(budget=budget), EXACT, within=within, differ=1, count=3)
    new, standing = (set(problem.option_site[mask].tolist()) for mask in (problem.new, problem.existing))
    for site in range(problem.n_sites):
        used = sum(site in sites for sites in near)
        wanted = SiteClass.NEVER if not used else SiteClass.MUST if used == len(near) else SiteClass.POSSIBLE
        wanted = SiteClass.STANDING if site in standing - new else wanted
        assert found.sites.classes[site] == wanted, site
    assert found.best.evaluation is not None
    known = [new_sites_of(problem, found.best.evaluation.options.tolist())]
    for plan in found.plans:
        mine = new_sites_of(problem, plan.evaluation.options.tolist())
        assert plan.evaluation.cost <= budget + 1e-9
        assert np.isfinite(plan.evaluation.cost)
        apart = {other: min(len(other ^ before) for before in known) for other in near}
        assert plan.difference == plan.most_difference == apart[mine] == max(apart.values()) >= 1
        # Among the most different ones the best.
        assert plan.value == pytest.approx(max(near[other] for other in near if apart[other] == apart[mine]))
        known.append(mine)
    left = max(min(len(other ^ before) for before in known) for other in near)
    assert found.complete == (len(found.plans) < 3)
    assert len(found.plans) == 3 or left < 1


@pytest.mark.parametrize("seed", range(420, 430))
def test_over_years_sites_are_what_they_are_to_all_programmes_near_the_best(seed: int) -> None:
    problem, rng = small(seed, random_network), np.random.default_rng(seed)
    first, second = (float(money) for money in rng.integers(6, 20, 2))
    worth: dict[frozenset[int], float] = {}
    for one in every_programme(problem):
        if one.cost[0] <= first and one.cost[1] <= first + second:
            sites = new_sites_of(problem, one.options[-1])
            worth[sites] = max(worth.get(sites, 0.0), sum(one.covered))
    if not worth:
        return
    near = [sites for sites, value in worth.items() if value >= 0.8 * max(worth.values()) - 1e-9]
    asked = hp.MaxCoverage(constraints=(hp.Periods(budgets=(first, second)),))
    found = find_alternatives(problem, asked, EXACT, within=0.2, differ=1, count=2)
    assert all(new_sites_of(problem, plan.evaluation.options.tolist()) in near for plan in found.plans)
    for site in range(problem.n_sites):
        used = sum(site in sites for sites in near)
        wanted = SiteClass.NEVER if not used else SiteClass.MUST if used == len(near) else SiteClass.POSSIBLE
        standing = site in problem.option_site[problem.existing] and site not in problem.option_site[problem.new]
        assert found.sites.classes[site] == (SiteClass.STANDING if standing else wanted), site


def test_most_sites_are_classed_without_a_search() -> None:
    problem = towns(3, 10)
    found = find_alternatives(problem, hp.MaxCoverage(budget=100.0), EXACT, within=0.05, differ=2, count=2)
    assert SiteClass.OPEN not in found.sites.classes
    assert found.sites.by_relaxation > 0
    assert found.sites.solves <= 2


def test_each_plan_comes_with_its_own_lines_and_their_money(linked: Project) -> None:
    asked = backhaul(technologies={"fibre": FIBRE}) | {"model.budget": 2000.0, "model.max_hubs": 2, "solver.gap": 0.0}
    found = alternatives(linked.read(asked), within=0.9, differ=1, count=2)
    folder = found.write(linked.folder / "others")
    told = json.loads((folder / "alternatives.json").read_text(encoding="utf-8"))["plans"]
    lines = json.loads((folder / "backhaul.geojson").read_text(encoding="utf-8"))["features"]
    assert len(told) == 3
    assert {line["properties"]["plan"] for line in lines} <= {0, 1, 2}
    for plan in told:
        own = [line["properties"] for line in lines if line["properties"]["plan"] == plan["plan"]]
        trenches = sum(line["cost"] for line in own)
        links = FIBRE["site_cost"] * sum(line["to"] in plan["sites"] for line in own)
        assert plan["backhaul_cost"] == pytest.approx(trenches + links, abs=0.05)

"""Alternatives and classes of sites against an enumeration of all plans."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hubplanner.analysis.alternatives import capacity_interchange as seats
from hubplanner.analysis.alternatives.near_optimal import NearOptimal
from hubplanner.analysis.alternatives.search import find_alternatives
from hubplanner.analysis.alternatives.site_evidence import SiteClass
from hubplanner.errors import InfeasibleError, ScenarioError
from hubplanner.model import Capacity, Floor, HubsPerSite, MaxCoverage, MinCost, MinHubs, PCenter, PMedian
from hubplanner.problem import Problem, SiteStatus
from hubplanner.solver import SolverOptions
from hubplanner.solver.covering.probing import Probing
from hubplanner.solver.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.model import Objective

EXACT = SolverOptions(gap=0.0, ties=False)
SITES = 7
REACH = 0.3
QUESTIONS: dict[str, Objective] = {
    "budget": MaxCoverage(budget=9.0),
    "count": MaxCoverage(max_hubs=3),
    "constraints": MaxCoverage(budget=9.0, constraints=(MinHubs(count=2),)),
    "stacked": MaxCoverage(budget=9.0, constraints=(HubsPerSite(count=2),)),
    "cost": MinCost(target_share=0.6),
    "median": PMedian(budget=9.0, max_hubs=3),
    "median constraints": PMedian(max_hubs=3, constraints=(MinHubs(count=2),)),
}


class Town:
    """A random town with its own distances, and every plan of it."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        places, sites = rng.random((25, 2)), rng.random((SITES, 2))
        self.need = rng.integers(1, 20, 25).astype(float)
        self.cost = rng.integers(1, 7, SITES).astype(float)
        self.distance = np.hypot(*(places[:, None, :] - sites[None]).transpose(2, 0, 1))
        self.status = np.zeros(SITES, dtype=np.intp)
        self.status[:2] = (SiteStatus.EXISTING, SiteStatus.REQUIRED) if seed % 3 == 0 else (0, 0)
        self.cost[self.status == SiteStatus.EXISTING] = 0.0
        problem = Problem.from_matrix(self.distance, self.need, self.cost, reach=REACH)
        self.problem = replace(problem, site_status=self.status)

    def plans(self, objective: Objective) -> Iterator[tuple[frozenset[int], float]]:
        """Yield the new sites of every allowed plan and its figure, the better the higher."""
        stands = {int(site) for site in np.flatnonzero(self.status == SiteStatus.EXISTING)}
        free = [site for site in range(SITES) if site not in stands]
        least = max(
            [constraint.count for constraint in objective.constraints if isinstance(constraint, MinHubs)], default=0
        )
        for size in range(len(free) + 1):
            for new in itertools.combinations(free, size):
                spent, hubs = self.cost[list(new)].sum(), sorted({*new, *stands})
                money, count = getattr(objective, "budget", None), getattr(objective, "max_hubs", None)
                share = self.need @ (self.distance[:, hubs] <= REACH).any(axis=1) / self.need.sum() if hubs else 0.0
                fits = (money is None or spent <= money) and (count is None or size <= count) and size >= least
                if not fits or not set(np.flatnonzero(self.status == SiteStatus.REQUIRED)) <= set(new):
                    continue
                if isinstance(objective, MinCost):
                    if share >= objective.target_share - 1e-9:
                        yield frozenset(new), -float(spent)
                elif isinstance(objective, PMedian):
                    if hubs:
                        yield frozenset(new), -float(self.need @ self.distance[:, hubs].min(axis=1) / self.need.sum())
                else:
                    yield frozenset(new), float(share * self.need.sum())


def near_plans(town: Town, objective: Objective, within: float) -> dict[frozenset[int], float]:
    plans = dict(town.plans(objective))
    best = max(plans.values())
    return {plan: value for plan, value in plans.items() if value >= best - within * abs(best) - 1e-9 * abs(best)}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("seed", range(4))
def test_classes_and_plans_equal_enumeration(name: str, seed: int) -> None:
    town, objective, within = Town(seed), QUESTIONS[name], (0.0, 0.05, 0.15, 0.3)[seed]
    near = near_plans(town, objective, within)
    found = find_alternatives(town.problem, objective, EXACT, within=within, differ=2, count=4)
    for site in range(SITES):
        used = sum(site in plan for plan in near)
        stands = town.status[site] == SiteStatus.EXISTING
        wanted = SiteClass.NEVER if not used else SiteClass.MUST if used == len(near) else SiteClass.POSSIBLE
        assert found.sites.classes[site] == (SiteClass.STANDING if stands else wanted), site
    known = [frozenset(_new(town, found.best.evaluation.options))]
    for plan in found.plans:
        mine = frozenset(_new(town, plan.evaluation.options))
        assert mine in near
        assert abs(plan.value) == pytest.approx(abs(near[mine]))
        apart = {other: min(len(other ^ before) for before in known) for other in near}
        assert plan.difference == plan.most_difference == apart[mine] == max(apart.values()) >= 2
        # Among the most different ones the best.
        assert near[mine] == pytest.approx(max(near[other] for other in near if apart[other] == apart[mine]))
        known.append(mine)
    left = max(min(len(other ^ before) for before in known) for other in near)
    assert found.complete == (len(found.plans) < 4)
    assert len(found.plans) == 4 or left < 2  # it ends only where no plan differs enough from all that are known


def _new(town: Town, options: object) -> list[int]:
    return [int(option) for option in np.asarray(options) if town.status[option] != SiteStatus.EXISTING]


def test_what_has_no_single_figure_is_refused() -> None:
    with pytest.raises(ScenarioError, match="p_center"):
        find_alternatives(Town(1).problem, PCenter(max_hubs=2), EXACT)
    with pytest.raises(ScenarioError, match="within"):
        find_alternatives(Town(1).problem, MaxCoverage(max_hubs=2), EXACT, within=1.0)


def test_no_plan_is_told_with_its_clash() -> None:
    with pytest.raises(InfeasibleError, match="budget"):
        find_alternatives(Town(0).problem, MaxCoverage(budget=0.5), EXACT)


@pytest.mark.parametrize("seed", range(3))
def test_swaps_of_hubs_with_seats_class_as_searches_do(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(seed)
    groups = np.where(np.arange(25) < 12, town.need, 0.0)
    constraints = (Capacity(people=(40.0,)), Floor(weight=groups, share=0.1))
    objective = MaxCoverage(budget=9.0, constraints=constraints)
    swapped = find_alternatives(town.problem, objective, EXACT, within=0.1, count=0)
    monkeypatch.setattr(seats, "suits", lambda _: False)
    searched = find_alternatives(town.problem, objective, EXACT, within=0.1, count=0)
    assert swapped.sites.classes == searched.sites.classes
    assert SiteClass.OPEN not in swapped.sites.classes


@pytest.mark.parametrize("seed", range(1, 4))
def test_pinned_relaxations_bound_every_plan_with_and_without_a_site(seed: int) -> None:
    town, objective = Town(seed), MaxCoverage(budget=9.0)
    near = NearOptimal(problem=town.problem, objective=objective, options=EXACT, value=1.0, within=0.0)
    effort = near.effort(0.0, Deadline.after(6000))
    pins, plans = Probing(near.covering, objective, effort), dict(town.plans(objective))
    for site in np.unique(near.covering.site).tolist():
        for inside in (True, False):
            values = [value for plan, value in plans.items() if (site in plan) == inside]
            most, _ = pins.at(site, inside=inside)
            assert most >= max(values, default=0.0) - 1e-6
            # The pins are gone again.
            assert pins.free.bound >= most - 1e-3

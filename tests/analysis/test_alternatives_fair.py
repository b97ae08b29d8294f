"""Plans nearly as fair as the fairest, and the class of every site, against an enumeration by the utility itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from analysis.test_explain_fair import EXACT, LIMITS
from support.draws import one_of
from support.instances.random_questions import CONSTRAINTS, town
from support.oracles.questions import Query, best

import hubplanner as hp
from hubplanner.analysis.alternatives import near_optimal
from hubplanner.analysis.alternatives.search import Alternatives, find_alternatives
from hubplanner.analysis.alternatives.site_evidence import SiteClass
from hubplanner.errors import ScenarioError
from hubplanner.model import AlphaFair, MaxMin, TakeUp
from hubplanner.model.constraints.earlier_plan import new_sites
from hubplanner.problem import SiteStatus

if TYPE_CHECKING:
    from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

WITHIN = (0.0, 0.03, 0.1, 0.3)
ALPHAS = (1.0, 0.5, 2.0, 1.0)
DISTRICTS = np.array([0, 0, 1, 1, 1])
CLOSE = 1e-5
"""Relative distance from the threshold below which a linear program may take a plan for either."""


def asked(limits: tuple[str, ...], seed: int) -> Query:
    """Return a random question of three groups of people, in every second one with the largest of two districts."""
    rng = np.random.default_rng([seed, LIMITS.index(limits), 78])
    place = town(rng, tiers=2, sites=4 if "two a site" in limits else 5, points=7)
    group = rng.integers(0, 3, len(place.needs))
    weights = np.array([place.needs * (group == number) for number in range(3)])
    largest = DISTRICTS[: len(place.sites)] if seed % 2 else None
    fair = AlphaFair(weights=weights, alpha=ALPHAS[seed % 4], linear_below=0.05, prefer_largest_of=largest)
    come = TakeUp(share=0.7, e_fold=0.6)
    constraints = tuple(come if name == "take up" else CONSTRAINTS[name](rng, place) for name in limits)
    made = hp.MaxCoverage(constraints=constraints, fairness=fair)
    return Query(town=place, objective=made, constraints=made.all_constraints)


def figures(query: Query) -> dict[frozenset[int], float]:
    """Return the largest equivalent share of the plans on each set of sites."""
    found: dict[frozenset[int], float] = {}
    for plan in query.hubs():
        figure = best(query, plan[None])
        if figure is not None:
            used = {query.town.options[at][0] for at in np.flatnonzero(plan)}
            sites = frozenset(site for site in used if query.town.statuses[site] != SiteStatus.EXISTING)
            found[sites] = max(found.get(sites, 0.0), figure[0])
    return found


def near(every: dict[frozenset[int], float], within: float) -> dict[frozenset[int], float]:
    least = max(every.values()) * (1 - within)
    return {sites: figure for sites, figure in every.items() if figure >= least * (1 - CLOSE / 10)}


def is_clear(every: dict[frozenset[int], float], within: float) -> bool:
    """Tell whether no plan is so near the threshold that rounding decides."""
    least = max(every.values()) * (1 - within)
    return all(figure >= least or figure < least * (1 - CLOSE) for figure in every.values())


def found_of(query: Query, within: float, count: int = 3) -> Alternatives:
    return find_alternatives(query.town.problem(), query.objective, EXACT, within=within, differ=1, count=count)


@pytest.mark.parametrize("limits", LIMITS, ids=", ".join)
@pytest.mark.parametrize("seed", one_of(4, range(8)))
def test_classes_and_plans_equal_enumeration(limits: tuple[str, ...], seed: int) -> None:
    query, within = asked(limits, seed), WITHIN[seed // 2 % 4]
    every = figures(query)
    if not every or not is_clear(every, within):
        return
    alike, problem, standing = near(every, within), query.town.problem(), query.town.statuses
    found = found_of(query, within)
    assert found.best.value == pytest.approx(max(every.values()), rel=CLOSE)
    for site, kind in enumerate(found.sites.classes):
        used = sum(site in plan for plan in alike)
        wanted = SiteClass.NEVER if not used else SiteClass.MUST if used == len(alike) else SiteClass.POSSIBLE
        assert kind == (SiteClass.STANDING if standing[site] == SiteStatus.EXISTING else wanted), (site, alike)
    assert found.best.evaluation is not None
    known = [frozenset(new_sites(problem, found.best.evaluation))]
    for plan in found.plans:
        mine = frozenset(new_sites(problem, plan.evaluation))
        assert mine in alike
        apart = {other: min(len(other ^ before) for before in known) for other in alike}
        assert plan.difference == plan.most_difference == apart[mine] == max(apart.values())
        # Among the most different ones the fairest, and as fair as its hubs allow.
        fairest = max(figure for other, figure in alike.items() if apart[other] == apart[mine])
        assert plan.value == pytest.approx(fairest, rel=CLOSE)
        known.append(mine)
    left = max(min(len(other ^ before) for before in known) for other in alike)
    assert found.complete == (len(found.plans) < 3)
    assert len(found.plans) == 3 or not left


def test_plans_that_only_tangents_take_for_fair_enough_are_sought_again(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[int] = []
    known = near_optimal.optimise

    def counted(task: Subproblem) -> Incumbent:
        searches.append(1)
        return known(task)

    monkeypatch.setattr(near_optimal, "optimise", counted)
    # Without the relaxation's shares there are tangents at doubling shares alone, so that many plans seem fairer.
    monkeypatch.setattr(near_optimal, "tangents_near_relaxation", lambda _, utility: (utility, np.inf, None))
    sharpened = 0
    for seed in range(6):
        query = asked(("capacity split", "budget"), seed)
        every = figures(query)
        if not every or not is_clear(every, 0.03):
            continue
        before = len(searches)
        found = found_of(query, 0.03, count=1)
        sharpened += len(searches) - before > 1
        alike = near(every, 0.03)
        assert all(frozenset(new_sites(query.town.problem(), plan.evaluation)) in alike for plan in found.plans)
        possible = {site for site, kind in enumerate(found.sites.classes) if kind == SiteClass.POSSIBLE}
        used = [site for plan in alike for site in plan]
        assert possible == {site for site in used if used.count(site) < len(alike)}
    assert sharpened


def test_the_worst_first_has_no_near_best_plans() -> None:
    query = asked(("budget",), 0)
    fairness = query.objective.fairness
    worst = replace(query.objective, fairness=MaxMin(weights=fairness.weights))
    with pytest.raises(ScenarioError, match="fairness does not go with alternatives"):
        find_alternatives(query.town.problem(), worst, EXACT)

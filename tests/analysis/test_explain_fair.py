"""Why a plan that is fair by alpha is as it is: against all plans that leave the hubs of other groups as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from analysis.test_explain import with_status
from scipy.optimize import linprog
from support.instances.audited_runs import made
from support.instances.random_questions import CONSTRAINTS, town
from support.oracles.questions import Query, best

import hubplanner as hp
from hubplanner.analysis.explain.explain import Explanation, explain_plan
from hubplanner.analysis.explain.marginal_value import alone
from hubplanner.analysis.explain.neighbours import site_groups
from hubplanner.analysis.explain.sites import Reason
from hubplanner.model import AlphaFair, Capacity, TakeUp
from hubplanner.pipeline.earlier_plan import plan_of_hubs
from hubplanner.problem import SiteStatus, Solution
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.web.jobs.tasks import explained

LIMITS: tuple[tuple[str, ...], ...] = (
    ("budget",),
    ("capacity split", "budget"),
    ("two a site", "capacity split", "budget"),
    ("tiers mixed", "capacity split", "max hubs"),
    ("take up", "capacity split", "budget"),
    ("floor", "budget"),
)
EXACT = SolverOptions(gap=0.0, threads=1, ties=False)
SEEDS = 6
SAME = 2e-6
DISTRICTS = np.array([0, 0, 1, 1])
NO_LINES = np.zeros(0, dtype=np.intp)


def asked(limits: tuple[str, ...], seed: int) -> Query:
    """Return a random question of two groups of people, and of two districts of sites in every second one."""
    rng = np.random.default_rng([seed, LIMITS.index(limits), 77])
    place = town(rng, tiers=2, sites=4, points=6)
    group = rng.integers(0, 2, len(place.needs))
    weights = np.array([place.needs * (group == number) for number in range(2)])
    fair = AlphaFair(weights=weights, alpha=1.0, linear_below=0.1, prefer_largest_of=DISTRICTS if seed % 2 else None)
    come = TakeUp(share=0.7, e_fold=0.6)
    constraints = tuple(come if name == "take up" else CONSTRAINTS[name](rng, place) for name in limits)
    wanted = hp.MaxCoverage(constraints=constraints, fairness=fair)
    return Query(town=place, objective=wanted, constraints=wanted.all_constraints)


def plan_of(query: Query, *, fairest: bool) -> Solution:
    """Return the fairest plan, or that which covers the most, told as fair plans are."""
    problem = query.town.problem()
    if fairest:
        return solve_problem(problem, query.objective, EXACT)
    most = solve_problem(problem, replace(query.objective, fairness=None), EXACT)
    if most.evaluation is None:
        return most
    hubs = most.evaluation
    return plan_of_hubs(problem, query.objective, hubs.options, hubs.counts, NO_LINES)


def best_nearby(query: Query, found: Explanation, site: int, *, inside: bool) -> float | None:
    """Return the best equivalent share of all plans with other hubs in a site's group alone; None without any."""
    group, hubs = site_groups(found.asked.problem, query.objective.fairness), found.asked.evaluation
    opened = dict(zip([query.town.options[at] for at in hubs.options.tolist()], hubs.counts.tolist(), strict=True))
    place = with_status(query.town, site, SiteStatus.REQUIRED if inside else SiteStatus.EXCLUDED)
    if not place.costs:
        return None
    mine = np.array([opened.get(option, 0) for option in place.options])
    free = group[[where for where, _ in place.options]] == group[site]
    changed = Query(town=place, objective=query.objective, constraints=query.constraints)
    plans = changed.hubs()
    kept = plans[(plans[:, ~free] == mine[~free]).all(axis=1)]
    figures = [figure for plan in kept if (figure := best(changed, plan[None])) is not None]
    return max((figure[0] for figure in figures), default=None)


@pytest.mark.parametrize("limits", LIMITS, ids=", ".join)
def test_a_site_is_worth_what_the_best_plan_of_its_group_alone_says(limits: tuple[str, ...]) -> None:
    held = changed = apart = 0
    for seed in range(SEEDS):
        query, fairest = asked(limits, seed), seed < SEEDS / 2
        plan = plan_of(query, fairest=fairest)
        if plan.evaluation is None:
            continue
        found = explain_plan(query.town.problem(), query.objective, EXACT, plan=plan, sites=99)
        assert found.complete
        assert not found.shadows
        asides = [(hub.site, hub.change, False) for hub in found.hubs]
        asides += [(one.site, one.change, True) for one in found.rejected if one.option is not None]
        for site, change, inside in asides:
            expected = best_nearby(query, found, site, inside=inside)
            assert change is not None
            if expected is None:
                assert change.is_impossible, (seed, site)
                continue
            slack = SAME * expected + 1e-9
            near = found.asked.surroundings.nearby(site, inside=inside)
            if near.stays[plan.evaluation.options].any():  # the oracle lets hubs elsewhere serve others, too
                assert change.value <= expected + slack, (seed, site)
                apart += 1
                continue
            assert change.value == pytest.approx(expected, rel=SAME, abs=1e-9), (seed, site)
            assert change.least - slack <= plan.value - expected <= change.most + slack, (seed, site)
            assert change.most - change.least <= 2 * slack, (seed, site)
            held += 1
            changed += abs(plan.value - expected) > slack
        if not fairest:
            continue
        for one, why in zip(found.rejected, found.reasons, strict=True):
            assert Reason.BETTER not in why, (seed, one)
    assert held > max(4, apart)
    assert changed


@pytest.mark.parametrize("coming", [None, TakeUp(share=0.7, e_fold=0.6)])
def test_one_more_hub_adds_those_who_would_still_come(coming: TakeUp | None) -> None:
    for seed in range(12):
        rng = np.random.default_rng([seed, 5])
        place = town(rng, tiers=2, sites=4, points=8)
        problem, capacity = place.problem(), Capacity(people=(8.0, 12.0))
        limits = (capacity,) if coming is None else (capacity, coming)
        plan = solve_problem(problem, hp.MaxCoverage(max_hubs=2, constraints=limits), EXACT).evaluation
        assert plan is not None
        found = alone(problem, plan, capacity, coming=None if coming is None else coming.coming)
        far = np.array(place.option_distance)
        most = np.where(np.array(place.share) > 0, 1.0, 0.0)
        if coming is not None:
            most = most * coming.share * np.exp(-np.where(np.isfinite(far), far, 0.0) / coming.e_fold)
        served = plan.assigned.toarray()
        used = np.divide(served, most[:, plan.options], out=np.zeros_like(served), where=most[:, plan.options] > 0)
        left = np.clip(1 - used.sum(axis=1), 0, 1)
        for option in range(problem.n_options):
            worth = problem.need * np.array(place.share)[:, option]
            room = capacity.people[problem.option_tier[option]]
            upper = left * most[:, option]
            best_use = linprog(
                -worth, A_ub=[problem.seats], b_ub=[room], bounds=list(zip([0.0] * 8, upper, strict=True))
            )
            assert found.added_need[option] == pytest.approx(-best_use.fun, abs=1e-6), (seed, option)


def test_a_site_belongs_to_the_group_with_most_need_in_reach() -> None:
    line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0], [5, 0]], [1, 1, 1], reach=5)
    fair = AlphaFair(weights=np.diag(line.need), alpha=1.0, linear_below=0.1)
    assert site_groups(line, fair).tolist() == [0, 1, 1]
    assert site_groups(line, replace(fair, prefer_largest_of=np.array([2, 1, 0]))).tolist() == [2, 1, 0]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return hp.explain(made("fair")).summary()


def test_a_run_is_explained_in_people(told: dict[str, Any]) -> None:
    assert told["complete"]
    assert told["counts"] == "need covered, shared evenly"
    assert told["hubs"]
    assert not told["shadows"]
    for hub in told["hubs"]:
        assert "The fairest plan for its province without it" in hub["words"]
        change = hub["without"]
        assert change["loss_least"] == pytest.approx(change["loss_most"], abs=1e-3 * told["plan"]["need"])
    assert any("leave all hubs elsewhere, and whom they serve, as they are" in note for note in told["not_defined"])
    without_plan = [one["words"] for one in told["rejected"] if "does not exist" in one["words"]]
    assert without_plan
    assert all("does not exist, all hubs elsewhere staying as they are: " in words for words in without_plan)


def test_losses_are_told_as_need_shared_evenly(told: dict[str, Any]) -> None:
    plan = json.loads((made("fair") / "plan.json").read_text(encoding="utf-8"))
    for hub in told["hubs"]:
        change = hub["without"]
        if change["value"] is not None:
            loss = (told["plan"]["value"] - change["value"]) * plan["need"]["total"]
            assert change["loss_most"] == pytest.approx(loss, abs=1e-6 * plan["need"]["total"])


def test_the_app_tells_it_too(told: dict[str, Any]) -> None:
    site = told["hubs"][0]["site_id"]
    card = explained(hp.explain(made("fair"), site).summary())
    assert card["chosen"]
    assert any("fairest plan for its province" in sentence for sentence in card["sentences"])


def test_of_two_towns_that_both_fill_a_hub_the_larger_one_is_why() -> None:
    places = [[0, 0], [100, 0], [200, 0]]
    line = hp.Problem.from_points(places, [30, 50, 40], places, [1, 1, 1], reach=5)
    fair = AlphaFair(
        weights=np.array([[30.0, 0.0, 0.0], [0.0, 50.0, 40.0]]),
        alpha=1.0,
        linear_below=0.1,
        prefer_largest_of=np.array([0, 0, 0]),
    )
    objective = hp.MaxCoverage(max_hubs=1, constraints=(Capacity(people=(20.0,)),), fairness=fair)
    found = explain_plan(line, objective, EXACT, sites=9)
    assert [hub.site for hub in found.hubs] == [1]
    why = dict(zip([one.site for one in found.rejected], found.reasons, strict=True))
    assert Reason.SMALLER in why[2]
    assert Reason.BEATEN in why[0]
    [other] = [one for one in found.rejected if one.site == 2]
    assert other.change is not None
    assert other.change.goals[1].value == pytest.approx(40)

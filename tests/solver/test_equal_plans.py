"""Which of equally good plans is taken: the nearest to one that is given, whatever the reductions left."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.analysis.explain.explain import explain_plan
from hubplanner.problem import SiteStatus, evaluate
from hubplanner.solver.covering import presolve, strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

SITES, SEEDS = 8, one_of(5, range(24))
EXACT = hp.SolverOptions(gap=0.0, ties=False)


def drawn(seed: int) -> tuple[hp.Problem, hp.MaxCoverage]:
    """Return sites in two tiers with few distinct costs and little need, so that many plans are as good."""
    rng = np.random.default_rng(seed)
    sites, places = rng.integers(0, 7, (SITES, 2)), rng.integers(0, 7, (24, 2))
    tiers = 1 + seed % 2
    need, site = rng.integers(1, 3, len(places)).astype(float), np.repeat(np.arange(SITES), tiers)
    tier = np.tile(np.arange(tiers), SITES)
    base = hp.Problem.from_points(places, need, sites, np.ones(SITES), reach=1.5)
    status = rng.choice([SiteStatus.CANDIDATE] * 7 + [SiteStatus.REQUIRED], size=SITES)
    problem = replace(
        base,
        site_status=status,
        tier_reach=np.array([1.5, 2.3])[:tiers],
        option_site=site,
        option_tier=tier,
        option_cost=(1 + rng.integers(0, 2, SITES))[site] + 2.0 * tier,
    )
    most = int((status == SiteStatus.REQUIRED).sum()) + 3
    return problem, hp.MaxCoverage(**[{"max_hubs": most}, {"budget": 3.0 * most}, {"budget": 2.0 * most}][seed % 3])


def plans(problem: hp.Problem, objective: hp.MaxCoverage) -> list[tuple[int, ...]]:
    """Return the options of every plan within the limits."""
    needed = set(problem.required_sites.tolist())
    at = [np.flatnonzero(problem.option_site == site).tolist() for site in range(SITES)]
    most, money = objective.max_hubs or SITES, objective.budget or math.inf
    return [
        plan
        for sites in (sites for count in range(min(most, SITES) + 1) for sites in combinations(range(SITES), count))
        if needed <= set(sites)
        for plan in product(*(at[site] for site in sites))
        if problem.option_cost[list(plan)].sum() <= money
    ]


def covered(problem: hp.Problem, plan: Iterable[int]) -> float:
    """Return the need in reach of a plan's hubs."""
    options = list(plan)
    apart = problem.travel.points[:, None] - problem.travel.sites[problem.option_site[options]][None]  # type: ignore[attr-defined]
    near = np.hypot(*np.moveaxis(apart, 2, 0)) <= problem.tier_reach[problem.option_tier[options]]
    return float(problem.need[near.any(axis=1)].sum())


def moves(problem: hp.Problem, one: Iterable[int], other: Iterable[int]) -> int:
    """Return at how many sites two plans have other hubs."""
    held = [{int(problem.option_site[option]): int(option) for option in plan} for plan in (one, other)]
    return sum(held[0].get(site) != held[1].get(site) for site in {*held[0], *held[1]})


def apart(problem: hp.Problem, plan: Iterable[int], known: Iterable[int]) -> tuple[float, ...]:
    """Return how far a plan is from a known one: sites with a hub that had none, cost, and sites whose hubs differ."""
    options, others = list(plan), list(known)
    new = np.setdiff1d(problem.option_site[options], problem.option_site[others])
    return len(new), float(problem.option_cost[options].sum()), moves(problem, options, others)


def best_of(problem: hp.Problem, every: list[tuple[int, ...]]) -> tuple[float, list[tuple[int, ...]]]:
    """Return the most need that some plans cover, and those that do."""
    need = [covered(problem, plan) for plan in every]
    return max(need), [plan for plan, found in zip(every, need, strict=True) if found == max(need)]


def some(problem: hp.Problem, seed: int, every: list[tuple[int, ...]]) -> hp.Solution:
    """Return any of the plans, to start from."""
    plan = every[int(np.random.default_rng(seed).integers(len(every)))]
    first = hp.solve_problem(problem, hp.MaxCoverage(), EXACT)
    return replace(first, evaluation=evaluate(problem, np.array(plan, dtype=np.intp)))


def test_of_equal_plans_the_one_with_fewest_moves_is_taken() -> None:
    several = 0
    for seed in SEEDS:
        problem, objective = drawn(seed)
        every = plans(problem, objective)
        best, equal = best_of(problem, every)
        for number in range(3):
            start = some(problem, 10 * seed + number, every)
            found = hp.solve_problem(problem, objective, EXACT, start=start)
            assert found.value == covered(problem, found.open_options) == best
            distances = {apart(problem, plan, start.open_options) for plan in equal}
            assert apart(problem, found.open_options, start.open_options) == min(distances)
            several += len(distances) > 1
    assert several > len(SEEDS)


@pytest.mark.parametrize("less", ["dominated", "sharper", "swaps"])
def test_the_plan_does_not_depend_on_the_reductions(monkeypatch: pytest.MonkeyPatch, less: str) -> None:
    for seed in SEEDS:
        problem, objective = drawn(seed)
        start = some(problem, seed, plans(problem, objective))
        found = hp.solve_problem(problem, objective, EXACT, start=start)
        with monkeypatch.context() as patch:
            if less == "dominated":
                patch.setattr(presolve, "drop_dominated", lambda instance, **_: instance)
            elif less == "sharper":
                patch.setattr(strategy, "sharper", lambda _instance, _objective, relaxation, *_: relaxation)
            else:
                patch.setattr(strategy, "nearest", lambda _instance, chosen, _known: chosen)
            assert hp.solve_problem(problem, objective, EXACT, start=start).open_options.tolist() == (
                found.open_options.tolist()
            )


def test_where_ties_are_broken_no_reduction_and_no_start_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    options = replace(EXACT, ties=True)
    for seed in SEEDS:
        problem, objective = drawn(seed)
        found = hp.solve_problem(problem, objective, options)
        start = some(problem, seed, plans(problem, objective))
        again = hp.solve_problem(problem, objective, options, start=start)
        with monkeypatch.context() as patch:
            patch.setattr(strategy, "_ranges_of_equals", lambda *_: None)
            wide = hp.solve_problem(problem, objective, options)
        assert found.ties != "open"
        assert found.open_options.tolist() == wide.open_options.tolist() == again.open_options.tolist()


def test_an_explanation_moves_no_hub_without_need() -> None:
    several = 0
    for seed in SEEDS:
        problem, objective = drawn(seed)
        every, plan = plans(problem, objective), hp.solve_problem(problem, objective, EXACT)
        found = explain_plan(problem, objective, EXACT, plan=plan, sites=SITES, time_limit_s=600.0)
        asked = [(hub.site, False, hub.change) for hub in found.hubs if not hub.is_required]
        asked += [(site.site, True, site.change) for site in found.rejected]
        for site, inside, change in asked:
            if change is None or change.is_impossible:
                continue
            left = [one for one in every if (site in problem.option_site[list(one)]) == inside]
            best, equal = best_of(problem, left)
            assert change.value == best
            distances = {apart(problem, one, plan.open_options) for one in equal}
            number = len(change.enters) + len(change.leaves) + len(change.differs)
            assert (len(change.enters), change.cost, number) == min(distances)
            several += len(distances) > 1
    assert several > len(SEEDS)

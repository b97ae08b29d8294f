"""Prices of rows bound what hubs of limited room cover, whatever the prices are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model import Capacity, HubsPerSite, Question, TakeUp, formulate, goals_of
from hubplanner.problem import Planar, Problem, SiteStatus
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import search
from hubplanner.solver.mip.relaxation import relax, relaxed
from hubplanner.solver.mip.row_prices import SeatedRows, is_priced, priced_bound
from hubplanner.solver.mip.upper_bound import cap_bound

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=60)
ROOMS = Capacity(people=(120.0, 330.0))
ASKED = {
    "money": hp.MaxCoverage(budget=60.0, constraints=(ROOMS,)),
    "count": hp.MaxCoverage(max_hubs=4, constraints=(ROOMS,)),
    "both": hp.MaxCoverage(budget=55.0, max_hubs=4, constraints=(ROOMS,)),
    "no limit": hp.MaxCoverage(constraints=(ROOMS,)),
    "whole": hp.MaxCoverage(budget=60.0, constraints=(replace(ROOMS, single=True),)),
    "several a site": hp.MaxCoverage(budget=70.0, constraints=(ROOMS, HubsPerSite(count=3, mixed=True))),
    "take-up": hp.MaxCoverage(budget=60.0, constraints=(ROOMS, TakeUp(share=0.4, e_fold=10.0))),
    "floor": hp.MaxCoverage(budget=60.0, constraints=(ROOMS, hp.Floor(weight=np.ones(70), share=0.2))),
}


def town(seed: int, standing: int = 0) -> Problem:
    """Return points and sites on a square of 100, each site open to two tiers, some with a hub already."""
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 40, 70).astype(float)
    status = np.full(9, SiteStatus.CANDIDATE, dtype=np.intp)
    status[:standing] = SiteStatus.EXISTING
    site, tier = np.repeat(np.arange(9), 2), np.tile(np.arange(2), 9)
    stays = (site >= standing) | (tier == 0)
    cost = np.where(site < standing, 0.0, np.tile([9.0, 20.0], 9) * rng.uniform(0.7, 1.4, 9)[site])
    return Problem(
        need=people * rng.choice([0.4, 0.7, 0.9], 70),
        people=people,
        travel=Planar(rng.uniform(0, 100, (70, 2)), rng.uniform(0, 100, (9, 2))),
        site_status=status,
        tier_reach=np.array([22.0, 33.0]),
        option_site=site[stays],
        option_tier=tier[stays],
        option_cost=cost[stays],
    )


@pytest.mark.parametrize("standing", [0, 2])
@pytest.mark.parametrize("name", ASKED)
def test_no_plan_beats_the_bound_of_any_prices(name: str, standing: int) -> None:
    problem, objective = town(1, standing), ASKED[name]
    best = solve_problem(problem, objective, OPTIONS)
    question = Question.of(problem, objective)
    assert is_priced(question)
    assert best.value <= priced_bound(question, 0.9 * best.value, 0.0, Deadline(math.inf))
    rows, rng = SeatedRows.of(question), np.random.default_rng(0)
    for size in (0.0, 0.3, 1.0, 3.0):
        prices = rng.uniform(0, size, rows.rows) * rows.worth.max()
        earned, _ = rows.seated(prices)
        assert best.value <= (math.fsum(prices) + rows.built(earned)[0]) * (1 + 1e-9)


@pytest.mark.parametrize("name", ["money", "count", "several a site"])
def test_steps_bring_the_bound_near_the_relaxation_of_the_whole_program(name: str) -> None:
    problem, objective = town(2), ASKED[name]
    question = Question.of(problem, objective)
    form = formulate(question, goals_of(objective)[0], (), np.full(problem.n_points, 8))
    whole = form.figure(relax(form, OPTIONS.effort(0.0)).bound)
    at_first = priced_bound(question, 0.9 * whole, 1e9, Deadline(math.inf))
    bound = priced_bound(question, 0.9 * whole, 0.0, Deadline(math.inf))
    assert bound < at_first
    assert 0.9 * whole < bound <= 1.03 * whole


def test_a_plan_whose_relaxation_is_not_solved_has_the_bound_of_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = town(2), ASKED["several a site"]
    question = Question.of(problem, objective)

    def unsolved(task: search.Subproblem) -> object:
        depth, form, found = relaxed(task)
        return depth, form, replace(found, bound=math.inf, values=np.zeros(0))

    monkeypatch.setattr(search, "relaxed", unsolved)
    monkeypatch.setattr(search, "_search", lambda *asked: asked[-1])
    monkeypatch.setattr("hubplanner.solver.mip.strategy.SMALL_OPTIONS", 0)
    found = solve_problem(problem, objective, replace(OPTIONS, gap=1e-4))
    assert found.evaluation is not None
    goal = search.MaxCoverage.goal
    assert found.goals[0].name == goal
    assert found.value <= found.bound < cap_bound(question, goals_of(objective)[0], math.nan)

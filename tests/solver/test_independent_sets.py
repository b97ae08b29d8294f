"""Hubs apart: inequalities over sets of sites hold for every plan, sharpen the bound, and lose no plan."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from support.draws import one_of
from support.instances.square import square

import hubplanner as hp
from hubplanner.model import Floor, MaxMin, MinSeparation, Question, broken_years, goals_of
from hubplanner.model.constraints.earlier_plan import FixedHubs
from hubplanner.problem import CoverageRule, Problem, SiteStatus, evaluate
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import search, strategy
from hubplanner.solver.mip.bounds import row_blocks
from hubplanner.solver.mip.bounds.independent_sets import VIOLATION, IndependentSets
from hubplanner.solver.mip.bounds.relaxation import relaxed, sharpened
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.packing import pack, packs
from hubplanner.solver.mip.subproblem import Subproblem, program_of

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
APART = 30.0


def problem_of(seed: int, *, tiers: int = 1, rule: CoverageRule | None = None, sites: int = 9) -> Problem:
    return square(seed, points=70, reach=(15.0, 22.0)[:tiers], sites=sites, rule=rule)


def halves(problem: Problem) -> list[np.ndarray]:
    west = problem.travel.points[:, 0] < 50  # type: ignore[union-attr]
    return [np.where(west, problem.need, 0.0), np.where(west, 0.0, problem.need)]


QUESTIONS = {
    "budget": lambda seed: (problem_of(seed), {"budget": 30.0}),
    "number": lambda seed: (problem_of(seed), {"max_hubs": 3}),
    "tiers": lambda seed: (problem_of(seed, tiers=2, sites=6), {"budget": 40.0}),
    "second hubs": lambda seed: (problem_of(seed, rule=CoverageRule(backup=2, backup_weight=0.4)), {"budget": 40.0}),
    "fading": lambda seed: (problem_of(seed, rule=CoverageRule(decay="linear")), {"budget": 40.0}),
    "floors": lambda seed: (problem_of(seed), {"budget": 35.0, "share": 0.1}),
    "worst half": lambda seed: (problem_of(seed), {"budget": 35.0, "is_fair": True}),
}


def question_of(name: str, seed: int) -> tuple[Problem, hp.MaxCoverage]:
    problem, limits = QUESTIONS[name](seed)
    parts = halves(problem)
    floors = [Floor(weight=part, share=limits["share"]) for part in parts] if "share" in limits else []
    return problem, hp.MaxCoverage(
        budget=limits.get("budget"),
        max_hubs=limits.get("max_hubs"),
        fairness=MaxMin(weights=np.array(parts)) if "is_fair" in limits else None,
        constraints=(MinSeparation(distance=APART), *floors),
    )


@cache
def best_of_all(name: str, seed: int) -> float:
    """Return the best figure of the first goal of all plans, one by one; NaN where none keeps to the limits.

    Most hold two hubs too near to each other, which is seen at once.
    """
    problem, objective = question_of(name, seed)
    question, goal = Question.of(problem, objective), goals_of(objective)[0]
    standing = np.flatnonzero(problem.existing)
    site, figures = problem.option_site, [math.nan]
    sites = np.unique(site[problem.new]).tolist()
    spot = problem.travel.sites[site]  # type: ignore[union-attr]
    near = np.hypot(*(spot[:, None] - spot).transpose(2, 0, 1)) < APART * (1 - 1e-9)
    for chosen in product(*([-1, *np.flatnonzero(site == one).tolist()] for one in sites)):
        new = np.array([option for option in chosen if option >= 0], dtype=np.intp)
        if np.triu(near[np.ix_(new, new)], 1).any():
            continue
        plan = evaluate(problem, np.array([*standing, *new], dtype=np.intp))
        years = (hp.model.Year(problem, plan),)
        if not broken_years(question, years):
            figures.append(goal.value(years))
    return float(np.nanmax(figures)) if len(figures) > 1 else math.nan


def task_of(problem: Problem, objective: hp.MaxCoverage) -> Subproblem:
    question = Question.of(problem, objective)
    return Subproblem(question=question, goal=goals_of(objective)[0], options=OPTIONS, deadline=OPTIONS.deadline)


def ring(sites: int) -> Problem:
    """Return sites on a circle, each with a place of its own, that are too near to the next ones alone."""
    angle = 2 * math.pi * np.arange(sites) / sites
    places = np.column_stack([np.cos(angle), np.sin(angle)]) * APART * 0.9 / (2 * math.sin(math.pi / sites))
    return hp.Problem.from_points(places, np.ones(sites), places, np.ones(sites), 1.0)


@pytest.mark.parametrize("seed", range(6))
def test_no_set_of_sites_apart_breaks_an_inequality_and_the_relaxation_does(seed: int) -> None:
    problem = problem_of(seed, tiers=2, sites=13)
    task = task_of(problem, hp.MaxCoverage(constraints=(MinSeparation(distance=APART),)))
    form, rng = program_of(task, np.full(70, 8)), np.random.default_rng(seed)
    open_ = rng.choice([0.0, 0.25, 0.5], problem.n_options, p=[0.4, 0.3, 0.3])
    sets = IndependentSets(form.instance.problem, form.question.constraints, task.effort(0.0))
    cuts = list(sets.cuts(open_, -rng.random(problem.n_options), Deadline(math.inf)))
    assert cuts
    near = sets.near.toarray() - np.eye(13) > 0
    for cut in cuts:
        _, most = cut.row(form.layers)
        weight = np.zeros(problem.n_options)
        weight[cut.options] = cut.weight
        assert weight @ open_ > most + VIOLATION
        assert not weight[~problem.new].any()
        of_sites = np.array([weight[problem.option_site == one].max() for one in range(13)])
        for chosen in product([False, True], repeat=13):
            members = np.flatnonzero(chosen)
            assert near[np.ix_(members, members)].any() or of_sites[members].sum() <= most


@pytest.mark.parametrize("by_blocks", [False, True])
@pytest.mark.parametrize(("sites", "most"), [(5, 2.0), (7, 3.0)])
def test_rings_of_hubs_apart_are_told_exactly(
    sites: int, most: float, monkeypatch: pytest.MonkeyPatch, *, by_blocks: bool
) -> None:
    monkeypatch.setattr(row_blocks, "LEAST_ENTRIES", 1 if by_blocks else 10**9)
    monkeypatch.setattr(row_blocks, "LEAST_WIDTH", 0)
    task = task_of(ring(sites), hp.MaxCoverage(constraints=(MinSeparation(distance=APART),)))
    _, form, relaxation = relaxed(task)
    assert form.figure(relaxation.bound) == pytest.approx(sites / 2)
    form, sharp = sharpened(task, form, relaxation, 0.0)
    assert form.figure(sharp.bound) == pytest.approx(most)
    assert form.cuts


@pytest.mark.parametrize(("seed", "by_blocks"), one_of(2, [(0, False), (0, True), (1, True), (1, False)]))
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_sharpened_bound_and_the_search_lose_no_plan(
    seed: int, name: str, monkeypatch: pytest.MonkeyPatch, *, by_blocks: bool
) -> None:
    monkeypatch.setattr(row_blocks, "LEAST_ENTRIES", 1 if by_blocks else 10**9)
    monkeypatch.setattr(row_blocks, "LEAST_WIDTH", 0)
    monkeypatch.setattr(row_blocks, "BLOCKS", 3)
    problem, objective = question_of(name, seed)
    best, task = best_of_all(name, seed), task_of(problem, objective)
    if math.isnan(best):
        assert solve_problem(problem, objective, OPTIONS).status == "infeasible"
        return
    _, form, relaxation = relaxed(task)
    form, sharp = sharpened(task, form, relaxation, -math.inf)
    assert best <= form.figure(sharp.bound) * (1 + 1e-9) <= form.figure(relaxation.bound) * (1 + 2e-9)
    monkeypatch.setattr(strategy, "SMALL_OPTIONS", 0)
    monkeypatch.setattr(search, "PRICED_ENTRIES", 0)
    monkeypatch.setattr(search, "THOROUGH", (0.5, 2.0))  # exchanges come before the search, not in its place
    found = solve_problem(problem, objective, replace(OPTIONS, method="plain"))
    assert found.status == "optimal"
    assert found.goals[0].value == pytest.approx(best)


@pytest.mark.parametrize("name", ["budget", "number", "tiers", "fading"])
@pytest.mark.parametrize("seed", range(3))
def test_hubs_that_are_packed_keep_to_the_limits_and_are_the_best_where_they_overlap_nowhere(
    seed: int, name: str
) -> None:
    problem, objective = question_of(name, seed)
    question = Question.of(problem, objective)
    builder = PlanBuilder(question)
    builder.meet()
    builder.fill()
    assert packs(builder)
    pack(builder, Deadline(math.inf), seed, work=0.1)
    years = builder.years()
    assert not broken_years(question, years)
    reach = problem.tier_reach.max()
    least = 1.0 if reach * 2 <= APART else 0.9
    assert goals_of(objective)[0].value(years) >= least * best_of_all(name, seed)


def test_hubs_that_overlap_or_have_other_limits_are_not_packed() -> None:
    for name in ("second hubs", "floors", "worst half"):
        problem, objective = question_of(name, 0)
        builder = PlanBuilder(Question.of(problem, objective))
        builder.fill()
        assert not packs(builder)


def test_nothing_is_moved_where_no_hub_adds_anything_or_hubs_of_a_plan_are_held() -> None:
    site_xy = np.column_stack([np.arange(40.0), np.zeros(40)])
    drawn = hp.Problem.from_points(site_xy[:3], np.ones(3), site_xy, np.ones(40), 5.0)
    status, cost = np.zeros(40, dtype=np.intp), np.ones(40)
    status[1], cost[1] = SiteStatus.EXISTING, 0.0
    problem = replace(drawn, site_status=status, option_cost=cost)
    apart = MinSeparation(distance=3.0)
    covered = first_plan(Question.of(problem, hp.MaxCoverage(max_hubs=3, constraints=(apart,))), Deadline(math.inf))
    assert covered.value == 3
    rng = np.random.default_rng(0)
    place, other = rng.uniform(0, 100, (400, 2)), rng.uniform(0, 100, (150, 2))
    many = hp.Problem.from_points(place, np.ones(400), other, np.ones(150), 6.0)
    held = FixedHubs(options=(3,), counts=(1,))
    for constraints, is_packed in (
        ((MinSeparation(distance=14.0),), True),
        ((MinSeparation(distance=14.0), held), False),
    ):
        builder = PlanBuilder(Question.of(many, hp.MaxCoverage(max_hubs=20, constraints=constraints)))
        builder.meet()
        builder.fill()
        assert packs(builder) == is_packed


def test_a_relaxation_that_other_inequalities_sharpened_is_made_no_weaker() -> None:
    sharper = 0
    for seed in (1117, 1118, 1119, 1120):
        rng = np.random.default_rng(seed)
        sites = int(rng.integers(30, 60))
        site_xy, place = rng.uniform(0, 100, (sites, 2)), rng.uniform(0, 100, (120, 2))
        need, cost = rng.integers(1, 20, 120).astype(float), rng.integers(1, 5, sites).astype(float)
        nodes = np.vstack([[50, 50], site_xy])
        far = np.hypot(*(nodes[:, None] - nodes).transpose(2, 0, 1))
        ends = np.argwhere(np.tril(far < 18, -1))
        lines = hp.Backhaul(
            ends=ends,
            cost=far[ends[:, 0], ends[:, 1]] / 5,
            roots=np.array([0]),
            node=np.arange(1, sites + 1),
            line_cost=np.zeros((sites, 1)),
            alone_cost=np.full((sites, 1), math.inf),
        )
        problem = replace(hp.Problem.from_points(place, need, site_xy, cost, 9.0), backhaul=lines)
        apart = MinSeparation(distance=float(rng.uniform(14, 22)))
        objective = hp.MaxCoverage(budget=float(rng.integers(30, 90)), constraints=(apart,))
        question = Question.of(problem, objective)
        task = Subproblem(question=question, goal=goals_of(objective)[0], options=OPTIONS, deadline=OPTIONS.deadline)
        _depth, form, relaxation = relaxed(task)
        after = sharpened(task, form, relaxation, -math.inf)[1]
        assert after.bound <= relaxation.bound * (1 + 1e-9)
        sharper += len(form.cuts) > 0 and after.bound < relaxation.bound * (1 - 1e-4)
    assert sharper, "inequalities over sets sharpen what those of lines did"

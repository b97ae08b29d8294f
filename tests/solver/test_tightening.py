"""Tallies and residual inequalities sharpen the relaxation and lose no plan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Capacity, Floor, HubsPerSite, Periods, Question, formulate, goals_of
from hubplanner.model.cuts.residual_capacity import ResidualCapacityCut
from hubplanner.model.variables.assignment import assigned
from hubplanner.problem import Planar, Problem, SiteStatus, Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.backends import SearchLimits, adapter
from hubplanner.solver.mip import search as optimise
from hubplanner.solver.mip.bounds.relaxation import relax, relaxed
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, program_of

EFFORT = SearchLimits(name="highs", gap=0.0, seconds=60.0, threads=1, seed=0)
OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False)
TIERS = 2


def region(seed: int, points: int = 60, sites: int = 9) -> Problem:
    """Return points and sites on a square of 100, each site open to a small and to a large tier."""
    rng = np.random.default_rng(seed)
    people = rng.integers(1, 60, points).astype(float)
    return Problem(
        need=people * rng.choice([0.4, 0.7, 0.9], points),
        people=people,
        travel=Planar(rng.uniform(0, 100, (points, 2)), rng.uniform(0, 100, (sites, 2))),
        site_status=np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp),
        tier_reach=np.array([20.0, 30.0]),
        option_site=np.repeat(np.arange(sites), TIERS),
        option_tier=np.tile(np.arange(TIERS), sites),
        option_cost=np.tile([4.0, 11.0], sites),
    )


def asked(problem: Problem, seed: int, *, in_years: bool) -> hp.MaxCoverage:
    """Return what to reach: full hubs, several at a site, a floor for the west."""
    west = np.where(problem.travel.points[:, 0] < 50, problem.need, 0.0)  # type: ignore[union-attr]
    constraints = [
        Capacity(people=(70.0, 240.0)),
        HubsPerSite(count=3, mixed=True),
        Floor(weight=west, share=0.1 + 0.02 * seed),
    ]
    if in_years:
        return hp.MaxCoverage(constraints=(*constraints, Periods(budgets=(31.0, 40.0), discount_rate=0.1)))
    return hp.MaxCoverage(budget=70.0, constraints=tuple(constraints))


@pytest.mark.parametrize("in_years", [False, True])
@pytest.mark.parametrize("seed", one_of(2, range(4)))
def test_the_best_plan_is_that_of_the_plain_program(
    monkeypatch: pytest.MonkeyPatch, seed: int, *, in_years: bool
) -> None:
    monkeypatch.setattr(optimise, "FEW_OPTIONS", 0)
    problem = region(seed)
    objective = asked(problem, seed, in_years=in_years)
    question, goal = Question.of(problem, objective), goals_of(objective)[0]
    form = formulate(question, goal, (), np.full(problem.n_points, 8))
    plain = adapter("highs")(form, EFFORT, [])
    found = solve_problem(problem, objective, OPTIONS)
    if plain.open_ is None:
        assert found.status == Status.INFEASIBLE
        return
    best = form.figure(plain.value)
    assert found.value == pytest.approx(best, rel=1e-6)
    task = Subproblem(question=question, goal=goal, options=OPTIONS, deadline=OPTIONS.deadline)
    _, tight, relaxation = relaxed(task)
    bound, loose = tight.figure(relaxation.bound), form.figure(relax(form, EFFORT).bound)
    assert best * (1 - 1e-9) <= bound < loose
    if seed == 0:
        assert tight.cuts  # the relaxation of the first region breaks some inequalities; of others it may break none
    assert tight.counts


def test_a_program_leaves_out_what_no_hub_would_serve() -> None:
    problem = region(0)
    question = Question.of(problem, asked(problem, 0, in_years=False))
    shape = (1, problem.n_options)
    most = np.zeros(shape, dtype=np.intp)
    most[0, :4] = 3
    task = Subproblem(question=question, goal=None, options=OPTIONS, deadline=OPTIONS.deadline)
    whole = program_of(task, np.full(problem.n_points, 8))
    part = formulate(question, None, (), whole.depth, (np.zeros(shape, dtype=np.intp), most))
    assert set(question.instance.assign_rows.option) > {0, 1, 2, 3}
    assert 0 < len(assigned(part.layers[0])) < len(assigned(whole.layers[0]))


@given(st.lists(st.integers(1, 500), min_size=1, max_size=6), st.integers(1, 300))
def test_whole_hubs_keep_to_a_residual_inequality(people: list[int], room: int) -> None:
    rows = np.arange(len(people))
    cut = ResidualCapacityCut(layer=0, option=0, rows=rows, people=np.array(people, dtype=float), room=float(room))
    for hubs in range(cut.hubs + 3):
        served, limit = min(cut.total, room * hubs), cut.total - cut.rest * (cut.hubs - hubs)
        assert served <= limit + 1e-9
        if hubs in {cut.hubs - 1, cut.hubs}:
            assert math.isclose(served, limit)


@pytest.mark.parametrize(
    ("objective", "searched", "left_out"), [(hp.MaxCoverage(), 3.0, 5.0), (hp.MinCost(1.0), 9.0, 7.0)]
)
def test_a_search_near_the_bound_that_ends_without_a_plan_says_nothing_of_plans_left_out(
    objective: hp.Objective, searched: float, left_out: float
) -> None:
    question = Question.of(Problem.from_points([[0, 0]], [1], [[0, 0]], [1], reach=1), objective)
    options = SolverOptions()
    task = Subproblem(question=question, goal=goals_of(objective)[0], options=options, deadline=options.deadline)
    open_, none = Incumbent(bound=searched), Incumbent(bound=searched, infeasible=True)
    assert [optimise._or_left_out(task, near, left_out).bound for near in (open_, none)] == [left_out, left_out]
    assert not optimise._or_left_out(task, none, left_out).infeasible

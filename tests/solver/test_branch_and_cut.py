"""Branch and cut of our own, where hubs share lines: against the search of HiGHS, and where it ends early."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from support.draws import one_of
from support.oracles.network import every_plan, random_network, random_ways, towns

import hubplanner as hp
from hubplanner.model import Formulation, Question, goals_of
from hubplanner.solver.backends import Termination
from hubplanner.solver.mip import search
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.branch_and_cut import branch_and_cut
from hubplanner.solver.mip.heuristics.network_greedy import network_plan
from hubplanner.solver.mip.subproblem import Subproblem
from hubplanner.stopping import ask_to_stop, forget_stop

OPTIONS = hp.SolverOptions(gap=0.0, ties=False, threads=1)


@pytest.fixture
def by_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MANY_ARCS", 1)


def formulated(problem: hp.Problem, budget: float) -> tuple[Question, Formulation]:
    """Return a question and its program, sharpened."""
    objective = hp.MaxCoverage(budget=budget)
    question = Question.of(problem, objective)
    task = Subproblem(question=question, goal=goals_of(objective)[0], options=OPTIONS, deadline=OPTIONS.deadline)
    return question, relaxed(task)[1]


@pytest.mark.usefixtures("by_ourselves")
@pytest.mark.parametrize("gap", [0.05, 0.3])
@pytest.mark.parametrize("seed", one_of(10, range(2000, 2200)))
def test_what_is_left_out_by_a_gap_is_within_the_bound(seed: int, gap: float) -> None:
    problem = (random_network if seed % 2 else random_ways)(seed)
    budget = float(np.random.default_rng(seed).integers(5, 30))
    within = [plan.covered for plan in every_plan(problem) if plan.cost <= budget]
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=budget), replace(OPTIONS, gap=gap))
    if not within:
        assert found.status == hp.Status.INFEASIBLE
        return
    assert found.value <= max(within) + 1e-9
    assert found.bound >= max(within) - 1e-6
    assert found.gap <= gap + 1e-9


@pytest.mark.parametrize(("seed", "count"), [(0, 20), (1, 26), (2, 30)])
def test_both_searches_come_to_the_same_among_towns(seed: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = towns(seed, count), hp.MaxCoverage(budget=9.0 * count)
    found = []
    for most in (1, 10**9):
        monkeypatch.setattr(search, "MANY_ARCS", most)
        found.append(hp.solve_problem(problem, objective, OPTIONS))
    assert found[0].status == found[1].status == hp.Status.OPTIMAL
    assert found[0].value == pytest.approx(found[1].value, rel=1e-7)


@pytest.mark.usefixtures("by_ourselves")
@pytest.mark.parametrize("seed", one_of(5, range(2300, 2340)))
def test_several_hubs_a_site_hang_on_what_is_built(seed: int) -> None:
    problem = random_network(seed)
    budget = float(np.random.default_rng(seed).integers(10, 40))
    room = 12.0
    seats = (hp.Capacity(people=(room,) * len(problem.tier_reach)), hp.HubsPerSite(count=2))
    found = hp.solve_problem(problem, hp.MaxCoverage(budget=budget, constraints=seats), OPTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "MANY_ARCS", 10**9)
        other = hp.solve_problem(problem, hp.MaxCoverage(budget=budget, constraints=seats), OPTIONS)
    assert found.status == other.status
    if found.evaluation is not None:
        assert found.value == pytest.approx(other.value, rel=1e-6)


def test_a_search_without_time_or_nodes_has_the_bound_of_what_it_left() -> None:
    _, form = formulated(towns(1, 26), 200.0)
    best = branch_and_cut(form, OPTIONS.effort(0.0))
    assert best.termination == Termination.FINISHED
    for effort in (replace(OPTIONS.effort(0.0), seconds=0.0), OPTIONS.effort(0.0, nodes=1)):
        found = branch_and_cut(form, effort)
        assert found.termination == Termination.STOPPED
        assert found.bound >= best.value - 1e-9


def test_a_plan_that_is_known_is_not_found_again() -> None:
    question, form = formulated(towns(1, 26), 200.0)
    best = branch_and_cut(form, OPTIONS.effort(0.0))
    again = branch_and_cut(form, OPTIONS.effort(0.0), (), best.value)
    assert again.open_ is None
    assert again.termination == Termination.FINISHED
    assert again.bound == pytest.approx(best.value, rel=1e-8)
    known = network_plan(question, goals_of(question.objective)[0])
    found = branch_and_cut(form, OPTIONS.effort(0.0), known.years, form.objective(known.value))
    assert np.nanmax([found.value, form.objective(known.value)]) == pytest.approx(best.value)


def test_a_search_that_is_stopped_hands_back_what_it_has() -> None:
    _, form = formulated(towns(1, 26), 200.0)
    ask_to_stop()
    try:
        found = branch_and_cut(form, OPTIONS.effort(0.0))
    finally:
        forget_stop()
    assert found.termination == Termination.STOPPED
    assert found.bound > 0


def test_no_plan_at_all_is_told_apart_from_none_better() -> None:
    problem = towns(1, 12)
    beyond = replace(problem, site_status=np.where(np.arange(12) == 5, 2, problem.site_status))
    _, form = formulated(beyond, 1.0)
    found = branch_and_cut(form, OPTIONS.effort(0.0))
    assert found.termination == Termination.INFEASIBLE
    assert found.bound == -math.inf

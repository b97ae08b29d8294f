"""Cuts over blocks of rows relax a large covering program as its rows one by one do."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Floor, HubsPerSite, MaxMin, MinSeparation, Objective, Periods, Question, goals_of
from hubplanner.model.variables import coverage
from hubplanner.problem import CoverageRule, Decay, Planar, Problem, SiteStatus
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.backends.highs import prepared, run
from hubplanner.solver.mip.bounds import relaxation, row_blocks
from hubplanner.solver.mip.bounds.relaxation import Relaxation, relaxed
from hubplanner.solver.mip.bounds.row_blocks import CoverPart, RowBlockRelaxation, cover_part, halved, tightened
from hubplanner.solver.mip.subproblem import Subproblem, program_of

OPTIONS = SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
KINDS = (
    "tiers",
    "floors",
    "people",
    "separation",
    "largest share",
    "decay",
    "backup",
    "half",
    "whole",
    "years",
    "standing",
)


def town(seed: int, rule: CoverageRule, *, tiers: int = 2, standing: int = 0) -> Problem:
    """Return points and sites on a square of 100, each site open to every tier."""
    rng = np.random.default_rng(seed)
    points, sites = 90, 14
    people = rng.integers(1, 60, points).astype(float)
    status = np.full(sites, SiteStatus.CANDIDATE, dtype=np.intp)
    status[:standing] = SiteStatus.EXISTING
    cost = np.tile([4.0, 9.0][:tiers], sites)
    cost[: standing * tiers] = 0.0
    return Problem(
        need=np.round(people * rng.choice([0.4, 0.7, 0.9], points), 1),
        people=people,
        travel=Planar(rng.uniform(0, 100, (points, 2)), rng.uniform(0, 100, (sites, 2))),
        site_status=status,
        tier_reach=np.array([18.0, 27.0])[:tiers],
        option_site=np.repeat(np.arange(sites), tiers),
        option_tier=np.tile(np.arange(tiers), sites),
        option_cost=cost,
        rule=rule,
    )


def asked(kind: str, seed: int) -> tuple[Problem, Objective]:
    """Return a question of a kind, small enough to be solved outright."""
    rule = {
        "decay": CoverageRule(decay=Decay.LINEAR, full=6.0),
        "backup": CoverageRule(backup=2, backup_weight=0.4),
        "half": CoverageRule(backup=2, backup_weight=0.5),
        "whole": CoverageRule(backup=2, backup_weight=1.0),
    }.get(kind, CoverageRule())
    problem = town(seed, rule, tiers=1 if kind == "standing" else 2, standing=2 if kind == "standing" else 0)
    quarter = (problem.travel.points[:, 0] // 25).astype(int)  # type: ignore[union-attr]
    parts = [np.where(quarter == number, problem.need, 0.0) for number in range(4)]
    south = np.where(problem.travel.points[:, 1] < 50, problem.people, 0.0)  # type: ignore[union-attr]
    within = {
        "floors": hp.MaxCoverage(budget=28, constraints=tuple(Floor(weight=part, share=0.25) for part in parts)),
        "people": hp.MaxCoverage(budget=28, constraints=(Floor(weight=south, share=0.55),)),
        "separation": hp.MaxCoverage(budget=28, constraints=(MinSeparation(distance=25),)),
        "largest share": hp.MaxCoverage(budget=28, fairness=MaxMin(weights=tuple(parts))),
        "years": hp.MaxCoverage(constraints=(Periods(budgets=(13.0, 9.0, 9.0), discount_rate=0.1),)),
        "standing": hp.MaxCoverage(budget=16, constraints=(HubsPerSite(count=1),)),
    }
    return problem, within.get(kind, hp.MaxCoverage(budget=22, max_hubs=4))


def task_of(kind: str, seed: int) -> Subproblem:
    """Return the first goal of a question as what is to be solved."""
    problem, objective = asked(kind, seed)
    goal = goals_of(objective)[0]
    question = Question.of(problem, objective)
    return Subproblem(question=question, goal=goal, options=OPTIONS, deadline=OPTIONS.deadline)


def parted(task: Subproblem) -> CoverPart:
    """Return what of a task's program says which rows are covered."""
    form = program_of(task, np.full(task.question.problems[0].n_points, 8))
    program = prepared(form.program, task.effort(0.0), mip=False).getLp()
    decided = np.zeros(program.num_col_, dtype=np.bool_)
    decided[[variable.index for variable in form.open_]] = True
    return cover_part(halved(program, decided)[0], decided)


@pytest.fixture
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take blocks for programs of any size, three of them where all rows count alike."""
    monkeypatch.setattr(row_blocks, "LEAST_ENTRIES", 1)
    monkeypatch.setattr(row_blocks, "LEAST_WIDTH", 0)
    monkeypatch.setattr(row_blocks, "BLOCKS", 3)


def loose(task: Subproblem, monkeypatch: pytest.MonkeyPatch) -> tuple[float, Relaxation]:
    """Return the figure of a task's relaxation with its rows one by one, and that relaxation."""
    with monkeypatch.context() as patch:
        patch.setattr(relaxation, "by_blocks", lambda *_: None)
        _, form, found = relaxed(task)
        return form.figure(found.bound), found


@pytest.mark.usefixtures("_any_size")
@pytest.mark.parametrize("seed", one_of(3, range(3)))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most_kinds", [1, row_blocks.MOST_KINDS])
def test_blocks_relax_as_rows_do(monkeypatch: pytest.MonkeyPatch, most_kinds: int, kind: str, seed: int) -> None:
    monkeypatch.setattr(row_blocks, "MOST_KINDS", most_kinds)
    task = task_of(kind, seed)
    assert parted(task).is_large
    _, form, found = relaxed(task)
    rows, one_by_one = loose(task, monkeypatch)
    assert found.is_infeasible == one_by_one.is_infeasible
    if found.is_infeasible:
        return
    assert rows * (1 - 1e-9) <= form.figure(found.bound) <= rows * (1 + 1e-4) + 1e-9


@pytest.mark.usefixtures("_any_size")
@pytest.mark.parametrize("seed", one_of(3, range(3)))
@pytest.mark.parametrize("kind", KINDS)
def test_no_plan_beats_the_bound_of_blocks_or_that_of_leaving_an_option_out(kind: str, seed: int) -> None:
    task = task_of(kind, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relaxation, "by_blocks", lambda *_: None)
        best = solve_problem(*asked(kind, seed), OPTIONS)
    _, form, found = relaxed(task)
    if best.evaluation is None:
        assert str(best.status) == "infeasible"
        return
    value, bound = best.goals[0].value, form.figure(found.bound)
    assert value <= bound * (1 + 1e-9) + 1e-9
    if len(form.layers) > 1:
        return
    counts = np.zeros(len(form.instance.option))
    counts[best.evaluation.options] = best.evaluation.counts
    reduced = found.reduced[: len(counts)] * form.unit
    ends = np.where(reduced > 0, form.instance.most, form.instance.least)
    assert value <= bound - math.fsum(np.abs(reduced) * np.abs(counts - ends)) + 1e-6


@pytest.mark.usefixtures("_any_size")
@pytest.mark.parametrize("kind", KINDS)
def test_the_best_plan_is_the_same_with_blocks_and_without(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    question = asked(kind, 7)
    with_blocks = solve_problem(*question, OPTIONS)
    monkeypatch.setattr(relaxation, "by_blocks", lambda *_: None)
    without = solve_problem(*question, OPTIONS)
    assert with_blocks.status == without.status
    if without.evaluation is not None:
        assert with_blocks.value == pytest.approx(without.value, rel=1e-7)


@pytest.mark.usefixtures("_any_size")
def test_blocks_do_not_say_that_there_is_no_plan_the_whole_program_does() -> None:
    problem, _ = asked("floors", 0)
    floors = tuple(
        Floor(weight=np.where(problem.travel.points[:, 0] // 25 == part, problem.need, 0.0), share=0.8)  # type: ignore[union-attr]
        for part in range(4)
    )
    question = Question.of(problem, hp.MaxCoverage(budget=9, constraints=floors))
    goal = goals_of(question.objective)[0]
    task = Subproblem(question=question, goal=goal, options=OPTIONS, deadline=OPTIONS.deadline)
    form = program_of(task, np.full(problem.n_points, 8))
    handle = prepared(form.program, task.effort(0.0), mip=False)
    program = handle.getLp()
    decided = np.zeros(program.num_col_, dtype=np.bool_)
    decided[[variable.index for variable in form.open_]] = True
    part = cover_part(program, decided)
    assert tightened(RowBlockRelaxation(program, part, task.effort(0.0)), None) is None
    run(handle)
    assert relaxed(task)[2].is_infeasible


def test_small_programs_keep_their_rows() -> None:
    part = parted(task_of("floors", 0))
    assert len(part.rows) > 10
    assert not part.is_large


def test_a_row_that_is_not_wanted_everywhere_stays() -> None:
    """A plan is to cover little of one quarter: its rows are no longer wanted in every sum they count for."""
    task = task_of("floors", 1)
    form = program_of(task, np.full(task.question.problems[0].n_points, 8))
    handle = prepared(form.program, task.effort(0.0), mip=False)
    program = handle.getLp()
    decided = np.zeros(program.num_col_, dtype=np.bool_)
    decided[[variable.index for variable in form.open_]] = True
    some = cover_part(program, decided)
    unwanted = some.covered[:5].astype(np.int32)
    handle.addRow(-math.inf, 2.0, 5, unwanted, np.ones(5))
    program = handle.getLp()
    left = cover_part(program, decided)
    assert set(left.covered.tolist()) == set(some.covered.tolist()) - set(unwanted.tolist())
    assert set(unwanted.tolist()) <= set(left.staying.tolist())


@pytest.mark.parametrize("seed", range(4))
def test_second_hubs_told_in_a_row_relax_as_one_row_for_each_hub_that_is_left_out(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rows, one_by_one = loose(task_of("whole", seed), monkeypatch)
    monkeypatch.setattr(coverage, "MOST_ENTRIES", 0)
    task = task_of("whole", seed)
    _, form, found = relaxed(task)
    assert found.is_solved
    assert any(row.cat == "Integer" for row in form.layers[0].variables.made[coverage.rows_covered])
    assert rows * (1 - 1e-9) <= form.figure(found.bound) <= rows * (1 + 1e-4)
    weaker, _ = loose(task, monkeypatch)
    assert weaker > rows * (1 + 1e-3)  # without what is left out in turn
    assert one_by_one.is_solved


@pytest.mark.parametrize("seed", range(4))
def test_second_hubs_told_in_a_row_give_the_same_plan(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    by_rows = solve_problem(*asked("whole", seed), OPTIONS)
    monkeypatch.setattr(coverage, "MOST_ENTRIES", 0)
    in_a_row = solve_problem(*asked("whole", seed), OPTIONS)
    assert (by_rows.status, in_a_row.status) == ("optimal", "optimal")
    assert in_a_row.value == pytest.approx(by_rows.value, rel=1e-9)
    assert by_rows.value > 0


@pytest.mark.parametrize("seed", one_of(4, range(20)))
def test_rows_for_second_hubs_are_the_hull_of_one_row(seed: int) -> None:
    """The most that plans average to at a point, with hubs at it on average, is what the rows allow there."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 6))
    at = rng.uniform(0, 1, size)
    plans = np.array(list(product([0.0, 1.0], repeat=size)))
    counts = (plans.sum(axis=1) >= 2).astype(float)
    mixed = linprog(-counts, A_eq=np.vstack([plans.T, np.ones(len(plans))]), b_eq=[*at, 1.0], bounds=(0, None))
    allowed = min(1.0, at.sum() / 2, at.sum() - at.max())
    assert -mixed.fun == pytest.approx(allowed, abs=1e-9)


@pytest.mark.usefixtures("_any_size")
@pytest.mark.parametrize("kind", ["backup", "tiers"])
def test_blocks_are_not_asked_where_no_sum_is_left_to_tell(kind: str) -> None:
    problem, _ = asked(kind, 0)
    status = problem.site_status.copy()
    status[:2] = SiteStatus.EXISTING, SiteStatus.REQUIRED
    cost = np.where(np.isin(problem.option_site, [0]), 0.0, problem.option_cost)
    kept = ~((problem.option_site == 0) & (problem.option_tier == 1))
    some = replace(
        problem,
        site_status=status,
        option_cost=cost[kept],
        option_site=problem.option_site[kept],
        option_tier=problem.option_tier[kept],
    )
    reached = hp.solve_problem(some, hp.MinCost(target_share=1e-9), OPTIONS)
    # The standing hub covers what is asked: only the required site is left to pay.
    assert reached.status == hp.Status.OPTIMAL
    assert reached.value == 4.0

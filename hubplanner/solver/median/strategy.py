"""Distances within budget and count alone: a bound from multipliers, plans by exchange, a program for the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.model import PCenter, PMedian, Year, ask, broken_blocks, goals_of
from hubplanner.problem import GoalResult, Solution, Status, evaluate
from hubplanner.solver.covering.strategy import UNUSED
from hubplanner.solver.limits import required_fit
from hubplanner.solver.median.cost_matrix import table_of
from hubplanner.solver.median.interchange import first_plan, improved
from hubplanner.solver.median.reduced_mip import explore
from hubplanner.solver.median.subgradient import climb
from hubplanner.solver.median.tie_breaking import first_of_equals
from hubplanner.solver.mip.p_center import candidates, within_radius
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.strategy import within_gap
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.mip.tie_breaking import ALLOWED, OPEN, SHARE, SMALL_OPTIONS
from hubplanner.solver.progress import report_progress
from hubplanner.tolerances import AGREEMENT, EXACT, REACH_TOLERANCE

if TYPE_CHECKING:
    from hubplanner.model import Objective
    from hubplanner.problem import Evaluation, Problem
    from hubplanner.solver.backends import SearchLimits
    from hubplanner.solver.deadline import Deadline
    from hubplanner.solver.median.cost_matrix import CostMatrix
    from hubplanner.solver.median.subgradient import BoundedPlan
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.run_log import RunLog


@dataclass(frozen=True, kw_only=True)
class _MedianRequest:
    """What is asked, and the time there is for it."""

    problem: Problem
    objective: Objective
    options: SolverOptions
    deadline: Deadline
    record: RunLog

    @property
    def gap(self) -> float:
        """The relative gap to reach: none where ties are to be broken whatever gap is asked."""
        return 0.0 if self.problem.n_options <= SMALL_OPTIONS else self.options.gap

    def effort(self, gap: float) -> SearchLimits:
        """Return what a solver is asked for the time that is left."""
        return self.options.until(self.deadline).effort(gap)


def is_median(problem: Problem, objective: Objective) -> bool:
    """Tell whether a question is p-median or p-center with nothing but pins, a budget and a number of hubs."""
    return (
        isinstance(objective, PMedian | PCenter)
        and not objective.limits
        and objective.fairness is None
        and problem.keeps_existing
    )


def solve_median(
    problem: Problem, objective: Objective, options: SolverOptions, deadline: Deadline, record: RunLog
) -> Solution | None:
    """Solve p-median by a bound and plans that improve each other, and a program for the sites they leave open.

    Of p-center that is the second goal, within the least distance in which everyone can have a hub.

    Returns
    -------
    Solution or None
        None where there is nothing to choose, or no plan is found: the general way tells why.
    """
    quest = _MedianRequest(problem=problem, objective=objective, options=options, deadline=deadline, record=record)
    if not required_fit(problem, objective):
        return None
    worst = _worst(quest) if isinstance(objective, PCenter) else None
    if worst is not None and not worst.years:
        return None
    with record.phase("weigh the distances"):
        table = table_of(problem, objective, math.inf if worst is None else worst.value)
    if not len(table.base) or not table.size:
        return None
    proof, version = _proof(quest, table, worst)
    if proof.value >= table.far:
        return None
    record.steps.update(
        demand_points=problem.n_points,
        model_rows=len(table.base),
        options=problem.n_options,
        model_options=table.size,
        rounds=proof.rounds,
        options_left=proof.table.size,
    )
    plan, ties = _plan(quest, proof)
    return _solution(quest, proof, plan, worst, version=version, ties=ties)


def _worst(quest: _MedianRequest) -> Incumbent:
    """Return a plan of least worst distance, or as near as half of the time brings it."""
    goal = goals_of(quest.objective)[0]
    task = Subproblem(
        question=ask(quest.problem, quest.objective),
        goal=goal,
        options=quest.options,
        deadline=quest.deadline.part(1 / 2),
        gap=quest.gap,
    )
    with quest.record.phase(f"optimise {goal.name}"):
        return least_radius(task)


def _proof(quest: _MedianRequest, table: CostMatrix, worst: Incumbent | None) -> tuple[BoundedPlan, str]:
    """Return a plan with its proof, and the version of the solver if one was needed."""
    version = UNUSED if worst is None else worst.version or UNUSED
    with quest.record.phase("find a first plan"):
        start = first_plan(table, quest.deadline)
        if worst is not None:
            sites = quest.problem.option_site
            known = np.isin(sites[table.option], sites[worst.years[-1].plan.options])
            start = min(start, improved(table, np.flatnonzero(known), quest.deadline), key=table.value)
    with quest.record.phase("solve the relaxation"):
        proof = climb(table, start, quest.gap, quest.deadline)
        nearest = min(math.fsum(table.served(np.arange(table.size))), proof.value)
        proof = replace(proof, lower=max(proof.lower, nearest))
    _tell(quest, proof)
    if quest.options.is_heuristic or proof.is_within(quest.gap) or proof.value >= table.far or quest.deadline.is_past:
        return proof, version
    with quest.record.phase(f"solve with {quest.options.name}"):
        return explore(proof, quest.effort(table.slack(quest.gap, proof.value)))


def _tell(quest: _MedianRequest, proof: BoundedPlan) -> None:
    report_progress(goals_of(quest.objective)[-1].name, proof.value / proof.table.need, proof.lower / proof.table.need)


def _plan(quest: _MedianRequest, proof: BoundedPlan) -> tuple[Evaluation, str]:
    """Return the plan, the first of all as good if that is asked for, and how sure that is."""
    standing = np.flatnonzero(quest.problem.existing)
    with quest.record.phase("recompute the plan"):
        plan = evaluate(quest.problem, np.concatenate([standing, proof.table.options(proof.chosen)]))
        _verify(quest, plan, proof)
    if not (quest.options.ties and not quest.options.is_heuristic and quest.gap == 0 and proof.is_within(EXACT)):
        return plan, OPEN
    with quest.record.phase("tell equal plans apart"):
        allowed = ALLOWED + SHARE * quest.record.work
        first, ties = first_of_equals(proof, _dearer_tier(quest.problem, plan), quest.effort(0.0), allowed)
        plan = evaluate(quest.problem, np.concatenate([standing, first]))
        _verify(quest, plan, proof)
    return plan, ties


def _verify(quest: _MedianRequest, plan: Evaluation, proof: BoundedPlan) -> None:
    """Raise when a plan breaks a limit, has another mean distance than the table, or beats the bound."""
    value = goals_of(quest.objective)[-1].value((Year(quest.problem, plan),))
    counted, bound = proof.value / proof.table.need, proof.lower / proof.table.need
    reasons, slack = broken_blocks(quest.problem, plan, quest.objective), AGREEMENT * max(1.0, abs(value))
    if not abs(value - counted) <= slack:
        reasons.append(f"the table makes the mean distance {counted:,.6f}, recomputed it is {value:,.6f}")
    if not value >= bound - slack:
        reasons.append(f"the plan's mean distance is {value:,.6f}, below the proven bound {bound:,.6f}")
    if reasons:
        raise SolverError("; ".join(reasons))


def _dearer_tier(problem: Problem, plan: Evaluation) -> float:
    """Return the least that a tier other than the plan's costs more at a site where it builds; infinite without one."""
    built = plan.options[problem.new[plan.options]]
    paid = np.full(problem.n_sites, np.inf)
    paid[problem.option_site[built]] = problem.option_cost[built]
    other = np.setdiff1d(np.flatnonzero(np.isfinite(paid[problem.option_site])), built)
    return float((problem.option_cost[other] - paid[problem.option_site[other]]).min(initial=np.inf))


def _solution(  # noqa: PLR0913 - all that is known of a plan
    quest: _MedianRequest, proof: BoundedPlan, plan: Evaluation, worst: Incumbent | None, *, version: str, ties: str
) -> Solution:
    goals = goals_of(quest.objective)
    figures = [goal.value((Year(quest.problem, plan),)) for goal in goals]
    bounds = [] if worst is None else [worst.bound]
    if worst is not None and figures[0] > worst.value * (1 + REACH_TOLERANCE):
        message = f"the plan's {goals[0].name} is {figures[0]:,.6f}, above the {worst.value:,.6f} reached before"
        raise SolverError(message)
    bounds.append(proof.lower / proof.table.need)
    reached = tuple(
        GoalResult(name=goal.name, value=value, bound=min(bound, value))
        for goal, value, bound in zip(goals, figures, bounds, strict=True)
    )
    return Solution(
        problem=quest.problem,
        status=Status.OPTIMAL if within_gap(reached, quest.options.gap) else Status.FEASIBLE,
        evaluation=plan,
        value=reached[0].value,
        bound=reached[0].bound,
        seconds=quest.record.seconds,
        solver=quest.options.name,
        version=version,
        steps=quest.record.steps,
        phases=quest.record.phases,
        goals=reached,
        ties=ties,
    )


def least_radius(task: Subproblem) -> Incumbent:
    """Return a plan of least worst distance: a solver is asked only for distances at which exchange finds none.

    Parameters
    ----------
    task
        A question of p-center with nothing but pins, a budget and a number of hubs.
    """
    radii = candidates(task.question)
    best = _by_exchange(task, np.inf, Incumbent())
    best = best if best.years else optimise(replace(task, goal=None))
    low = 0
    while best.years:
        value = _worst_distance(task, best)
        high = int(np.searchsorted(radii, value * (1 - REACH_TOLERANCE)))
        if low >= high or task.is_late:
            bound = float(radii[min(low, len(radii) - 1)]) if len(radii) else 0.0
            return replace(best, value=value, bound=min(bound, value))
        middle = (low + high) // 2
        trial = _by_exchange(task, float(radii[middle]), best)
        if not trial.years:
            nearer = within_radius(task.question, float(radii[middle]))
            trial = optimise(replace(task, goal=None, question=nearer, start=best.opened))
        if trial.years:
            best = trial
        elif trial.infeasible:
            low, best = middle + 1, replace(best, version=trial.version)
        else:
            task = replace(task, deadline=task.deadline.past())
    return best


def _worst_distance(task: Subproblem, found: Incumbent) -> float:
    """Return the worst distance of a plan."""
    if task.goal is None:
        raise AssertionError
    return task.goal.value(found.years)


def _by_exchange(task: Subproblem, radius: float, known: Incumbent) -> Incumbent:
    """Return a plan within a radius, from one beyond it and from none; nothing where exchange finds none."""
    problem = task.question.problems[0]
    table = table_of(problem, task.question.objective, radius)
    standing = np.flatnonzero(problem.existing)
    starts = [first_plan(table, task.deadline)]
    if known.years:
        sites = problem.option_site
        here = np.isin(sites[table.option], sites[known.years[-1].plan.options])
        starts.append(improved(table, np.flatnonzero(here), task.deadline))
    chosen = min(starts, key=table.value)
    if table.value(chosen) >= table.far:
        return Incumbent(version=known.version)
    plan = evaluate(problem, np.concatenate([standing, table.options(chosen)]))
    opened = np.zeros((1, problem.n_options), dtype=np.intp)
    opened[0, plan.options] = 1
    return Incumbent(years=(Year(problem, plan),), opened=opened, version=known.version)

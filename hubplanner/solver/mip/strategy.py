"""All goals of a question in turn, each held while the next is sought."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubplanner.model import FixedLevel, goals_of
from hubplanner.model.goals import WORST
from hubplanner.problem import relative_gap
from hubplanner.problem.solution import GoalResult
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.mip.greedy import greedy_plan
from hubplanner.solver.mip.p_center import smallest_radius
from hubplanner.solver.mip.relaxation import relaxed
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.mip.tie_breaking import ALLOWED, OPEN, SHARE, SMALL_OPTIONS, break_ties, prepared
from hubplanner.solver.mip.upper_bound import cap_bound
from hubplanner.solver.mip.warm_start import given
from hubplanner.tolerances import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.model import Goal, Question
    from hubplanner.problem import Solution
    from hubplanner.solver.deadline import Deadline
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.run_log import RunLog


@dataclass(frozen=True, kw_only=True)
class LexicographicResult:
    """What a question comes to.

    Parameters
    ----------
    found
        The plan; with ``infeasible`` set when there is none.
    reached
        Each goal's figure and bound, in their order; the relaxation's bound where there was no time.
    complete
        Whether all goals were reached; the time was too short if not.
    ties
        Whether equal plans were told apart.
    """

    found: Incumbent
    reached: tuple[GoalResult, ...]
    complete: bool = True
    ties: str = OPEN


def answer(
    question: Question, options: SolverOptions, deadline: Deadline, record: RunLog, start: Solution | None = None
) -> LexicographicResult:
    """Reach all goals of a question, the most important first; then let the nearer of its hubs serve.

    Parameters
    ----------
    start
        A plan to start from; it is the answer where time is too short for another.
    """
    found, held = _reached(question, options, deadline, record, start)
    if question.capacity is None or not found.found.years:
        return found
    with record.phase("let the nearer hub serve"):
        years = assign_to_nearest(question, found.found.years, held)
    kept = replace(found.found, years=years)
    return replace(found, found=kept, reached=_figures(found.reached, goals_of(question.objective), kept))


def _reached(
    question: Question, options: SolverOptions, deadline: Deadline, record: RunLog, start: Solution | None
) -> tuple[LexicographicResult, tuple[FixedLevel, ...]]:
    """Return the plan that reaches all goals in turn, and the goals it was held to."""
    exact = options.gap == 0 or len(question.instance.option) <= SMALL_OPTIONS
    gap = 0.0 if exact else options.gap
    task = Subproblem(question=question, goal=None, options=options, deadline=deadline, gap=gap)
    reached, found = list[GoalResult](), given(question, start)
    goals = goals_of(question.objective)
    for goal in goals:
        task = replace(task, goal=goal, start=found.opened, deadline=_share(deadline, last=goal is goals[-1]))
        with record.phase(f"optimise {goal.name}"):
            if goal.name == WORST:
                trial, narrowed = smallest_radius(task)
                task = replace(task, question=narrowed)
            else:
                trial = optimise(task)
        if task.is_late and not reached:
            trial = _quick(question, goal, trial, record)
        if not trial.years:
            late = goals[len(reached) :] if found.years else []
            left = [_as_it_is(replace(task, goal=one), found, trial if one is goal else Incumbent()) for one in late]
            best = found if found.years else trial
            return LexicographicResult(found=best, reached=(*reached, *left), complete=False), task.held
        found = trial
        reached.append(GoalResult(name=goal.name, value=found.value, bound=found.bound))
        task = replace(task, held=(*task.held, FixedLevel(goal=goal, value=found.value)))
    if not (exact and options.ties and within_gap(reached, 0.0)):
        return LexicographicResult(found=found, reached=_figures(reached, goals, found)), task.held
    with record.phase("tell equal plans apart"):
        first = replace(task, goal=task.held[0].goal, held=())
        told = prepared(first, task.held[0].value)
        found, ties = break_ties(replace(told, held=task.held), found, ALLOWED + SHARE * record.work)
    return LexicographicResult(found=found, reached=_figures(reached, goals, found), ties=ties), task.held


def _figures(reached: Sequence[GoalResult], goals: Sequence[Goal], found: Incumbent) -> tuple[GoalResult, ...]:
    """Return the goals with the figures of the plan at the end: a later goal's plan may be better in an earlier one."""
    values = [goal.value(found.years) for goal in goals[: len(reached)]]
    return tuple(
        replace(one, value=value, bound=goal.sense * max(goal.sense * one.bound, goal.sense * value))
        for one, goal, value in zip(reached, goals, values, strict=False)
    )


def _share(deadline: Deadline, *, last: bool) -> Deadline:
    """Return when to stop with a goal: after half of the time left, so that the next ones have some, or at the end."""
    return deadline if last else deadline.part(1 / 2)


def _quick(question: Question, goal: Goal, trial: Incumbent, record: RunLog) -> Incumbent:
    """Return the better of what a search that is out of time found and a plan without a search."""
    if trial.infeasible:
        return trial
    with record.phase("find a plan without a search"):
        quick = greedy_plan(question)
    if not quick.years or (trial.years and goal.sense * (goal.value(trial.years) - goal.value(quick.years)) >= 0):
        return trial
    bound = cap_bound(question, goal, math.nan if goal.name == WORST else trial.bound)
    return replace(quick, bound=goal.sense * max(goal.sense * bound, goal.sense * quick.value))


def _as_it_is(task: Subproblem, found: Incumbent, trial: Incumbent) -> GoalResult:
    """Return a goal's figure of a plan that was made for the goals before it, with whatever bound there is.

    Parameters
    ----------
    trial
        What a search for the goal left: a bound, if it was begun.
    """
    goal = task.goal
    if goal is None:
        raise AssertionError
    value = goal.value(found.years)
    if task.is_late or goal.name == WORST or math.isfinite(trial.bound):
        bound = cap_bound(task.question, goal, math.nan if goal.name == WORST else trial.bound)
    else:
        _, form, relaxation = relaxed(replace(task, held=()))
        bound = cap_bound(task.question, goal, form.figure(relaxation.bound))
    return GoalResult(name=goal.name, value=value, bound=goal.sense * max(goal.sense * bound, goal.sense * value))


def within_gap(reached: Sequence[GoalResult], gap: float) -> bool:
    """Tell whether all goals are proven within a relative gap, but for rounding."""
    return all(relative_gap(goal.value, goal.bound) <= gap + EXACT for goal in reached)

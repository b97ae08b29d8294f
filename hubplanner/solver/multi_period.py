"""A programme in which hubs may move from year to year: each year planned alone, and what keeping hubs costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.model import Periods, ask
from hubplanner.problem import SiteStatus, Status, relative_gap
from hubplanner.problem.solution import GoalResult, PeriodPlan
from hubplanner.tolerances import EXACT

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.model import Constraint, MaxCoverage, PMedian
    from hubplanner.problem import Problem, Solution
    from hubplanner.solver.options import SolverOptions

    Solve = Callable[[Problem, MaxCoverage | PMedian, SolverOptions], Solution]


def solve_unnested(
    problem: Problem, objective: MaxCoverage | PMedian, options: SolverOptions, solve: Solve
) -> Solution:
    r"""Return what each year alone would choose with all the money up to it, $\sum_{q \le p} B_q$, and their sum."""
    periods = next(block for block in objective.limits if isinstance(block, Periods))
    question = ask(problem, objective)
    # Each year has its part of the time, and so has the programme in which hubs stay.
    alone, deadline, count = [], options.deadline, len(question.problems)
    for year, (part, available) in enumerate(zip(question.problems, periods.available, strict=True)):
        last = year == len(question.problems) - 1
        limits = tuple(block.grown(periods.growth, year) for block in objective.limits if block is not periods)
        budget = min(available, math.inf if objective.budget is None else objective.budget)
        asked = replace(objective, budget=budget, limits=limits if last else _early(limits))
        time = options.until(deadline.part(1 / (count + 1 - year)))
        alone.append(solve(part if last else _unpinned(part), asked, time))
        if alone[-1].evaluation is None:
            return alone[-1]
    kept = tuple(replace(block, nested=True) if block is periods else block for block in objective.limits)
    nested = solve(problem, replace(objective, limits=kept), options.until(deadline))
    weights = question.discounts
    value = math.fsum(weight * part.value for weight, part in zip(weights, alone, strict=True))
    bound = math.fsum(weight * part.bound for weight, part in zip(weights, alone, strict=True))
    return replace(
        alone[-1],
        status=Status.OPTIMAL if relative_gap(value, bound) <= options.gap + EXACT else Status.FEASIBLE,
        value=value,
        bound=bound,
        seconds=math.fsum([nested.seconds, *(part.seconds for part in alone)]),
        goals=(GoalResult(name="sum of the years", value=value, bound=bound),),
        periods=tuple(
            PeriodPlan(name=name, problem=part, evaluation=found.evaluation)
            for name, part, found in zip(periods.labels, question.problems, alone, strict=True)
            if found.evaluation is not None
        ),
        nested_value=nested.value,
    )


def _early(limits: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    """Return the limits that hold before the last year."""
    return tuple(block for block in limits if not block.needs_final_period)


def _unpinned(problem: Problem) -> Problem:
    """Return the problem with required sites free, as they are before the last year."""
    required = problem.site_status == SiteStatus.REQUIRED
    return replace(problem, site_status=np.where(required, SiteStatus.CANDIDATE, problem.site_status))

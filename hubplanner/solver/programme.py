"""A programme in which hubs may move from year to year: each year planned alone, and what keeping hubs costs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hubplanner.models import Capacity, Periods, PerSite, ask
from hubplanner.models.formulation import in_last_year
from hubplanner.problem import Status, relative_gap
from hubplanner.problem.solution import PeriodPlan, Reached

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.models import MaxCoverage, PMedian
    from hubplanner.problem import Problem, Solution
    from hubplanner.solver.options import SolverOptions

    Solve = Callable[[Problem, MaxCoverage | PMedian, SolverOptions], Solution]


def solve_unnested(
    problem: Problem, objective: MaxCoverage | PMedian, options: SolverOptions, solve: Solve
) -> Solution:
    r"""Return what each year alone would choose with all the money up to it, $\sum_{q \le p} B_q$, and their sum."""
    periods = next(block for block in objective.limits if isinstance(block, Periods))
    question = ask(problem, objective)
    alone = []
    for year, (part, available) in enumerate(zip(question.problems, periods.available, strict=True)):
        last = year == len(question.problems) - 1
        limits = tuple(in_last_year(block, periods.growth, year) for block in objective.limits)
        kept = tuple(block for block in limits if last or isinstance(block, Capacity | PerSite))
        budget = min(available, math.inf if objective.budget is None else objective.budget)
        asked = replace(objective, budget=budget, limits=tuple(b for b in kept if not isinstance(b, Periods)))
        alone.append(solve(part, asked, options))
        if alone[-1].evaluation is None:
            return alone[-1]
    kept = tuple(replace(block, nested=True) if block is periods else block for block in objective.limits)
    nested = solve(problem, replace(objective, limits=kept), options)
    weights = question.discounts
    value = math.fsum(weight * part.value for weight, part in zip(weights, alone, strict=True))
    bound = math.fsum(weight * part.bound for weight, part in zip(weights, alone, strict=True))
    return replace(
        alone[-1],
        status=Status.OPTIMAL if relative_gap(value, bound) <= options.gap + 1e-9 else Status.FEASIBLE,
        value=value,
        bound=bound,
        seconds=math.fsum([nested.seconds, *(part.seconds for part in alone)]),
        goals=(Reached(name="sum of the years", value=value, bound=bound),),
        periods=tuple(
            PeriodPlan(name=name, problem=part.problem, evaluation=part.evaluation)
            for name, part in zip(periods.labels, alone, strict=True)
            if part.evaluation is not None
        ),
        nested_value=nested.value,
    )

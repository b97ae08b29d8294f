"""A programme in which hubs may move from year to year: each year planned alone, and what keeping hubs costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from hubplanner.model import (
    MaxCoverage,
    Objective,
    Periods,
    PMedian,
    Question,
    Year,
    broken_years,
    goals_of,
)
from hubplanner.problem import Problem, SiteStatus, Solution
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.strategy import Candidate, SolveContext, Terms


class SeparateYearsStrategy:
    """A programme in which hubs may move: each year with all the money up to it, and what keeping hubs would cost."""

    name = "years"

    def applies(self, question: Question, options: SolverOptions) -> str | None:  # noqa: ARG002 - any will do
        """Return why it is the way to take."""
        periods = question.periods
        return "hubs may move" if periods is not None and not periods.nested else None

    def run(self, question: Question, context: SolveContext) -> Candidate:
        r"""Return what each year alone would choose with all money up to it, $\sum_{q \le p} B_q$, and their sum."""
        context.leave_start("each year is planned alone")
        objective, periods = cast("MaxCoverage | PMedian", question.objective), cast("Periods", question.periods)
        options, count = context.options, len(question.problems)
        # Each year has its part of the time, and so has the programme in which hubs stay.
        alone: list[Solution] = []
        questions: list[Question] = []
        for year, (part, available) in enumerate(zip(question.problems, periods.available, strict=True)):
            last = year == count - 1
            constraints = tuple(
                constraint.grown(periods.growth, year)
                for constraint in objective.constraints
                if constraint is not periods
            )
            budget = min(available, math.inf if objective.budget is None else objective.budget)
            if not last:
                constraints = tuple(constraint for constraint in constraints if not constraint.needs_final_period)
            asked = replace(objective, budget=budget, constraints=constraints)
            own = part if last else _unpinned(part)
            found = context.solve(own, asked, options.until(context.deadline.part(1 / (count + 1 - year))))
            if found.evaluation is None:
                context.log.add(found)
                return Candidate.without_plan(found)
            alone.append(found)
            questions.append(Question.of(own, asked))
        kept = tuple(
            replace(constraint, nested=True) if constraint is periods else constraint
            for constraint in objective.constraints
        )
        whole = replace(objective, constraints=kept)
        nested = context.solve(question.instance.problem, whole, options.until(context.deadline))
        context.log.add(alone[-1])
        weights = question.discounts
        return Candidate(
            plans=tuple(found.evaluation for found in alone if found.evaluation is not None),
            stated=(math.fsum(weight * part.value for weight, part in zip(weights, alone, strict=True)),),
            bounds=(math.fsum(weight * part.bound for weight, part in zip(weights, alone, strict=True)),),
            ties=alone[-1].ties,
            version=alone[-1].version,
            terms=_terms(objective, questions),
            method=alone[-1].method,
            nested_value=nested.value,
        )


def _terms(objective: Objective, questions: Sequence[Question]) -> Terms:
    """Return what the years' plans are held to: the sum of their figures, and each to its own limits."""

    def broken(years: Sequence[Year]) -> list[str]:
        # Before the last year required sites are free, so each plan is one of its own year's problem.
        pairs = zip(questions, years, strict=True)
        each = (broken_years(question, [Year(question.problems[0], year.plan)]) for question, year in pairs)
        return [reason for reasons in each for reason in reasons]

    goal = replace(goals_of(objective)[0], name="sum of the years")
    return Terms(goals=(goal,), main=goal.name, broken=broken)


def _unpinned(problem: Problem) -> Problem:
    """Return the problem with required sites free, as they are before the last year."""
    required = problem.site_status == SiteStatus.REQUIRED
    return replace(problem, site_status=np.where(required, SiteStatus.CANDIDATE, problem.site_status))

"""A plan given to start from: recomputed for the question at hand, and of use only if it keeps to it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from hubplanner.model import Question, Year, broken_years
from hubplanner.problem import Evaluation, Solution
from hubplanner.problem.evaluation import evaluate_again
from hubplanner.solver.mip.subproblem import Incumbent
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


def given(question: Question, start: Solution | None) -> Incumbent:
    """Return a solution as a plan of a question; none, and the reason in the log, where it does not keep to it."""
    plans = [] if start is None else plans_of(start)
    if not plans:
        return Incumbent()
    reason, years = _recomputed(question, plans)
    reason = reason or "; ".join(broken_years(question, years))
    if reason:
        log.info(_("the plan to start from is not used: {reason}", reason=reason))
        return Incumbent()
    opened = np.zeros((len(years), len(question.instance.option)), dtype=np.intp)
    for row, year in zip(opened, years, strict=True):
        row[year.plan.options] = year.plan.counts
    return Incumbent(years=years, opened=opened)


def plans_of(start: Solution) -> list[Evaluation]:
    """Return the plan of each year of a solution, or its only one; none without a plan."""
    if start.periods:
        return [year.evaluation for year in start.periods]
    return [] if start.evaluation is None else [start.evaluation]


def _recomputed(question: Question, plans: Sequence[Evaluation]) -> tuple[str, tuple[Year, ...]]:
    """Return why plans cannot be those of a question's years, or these years."""
    if len(plans) != len(question.problems):
        return f"it has {len(plans)} years, asked are {len(question.problems)}", ()
    sizes = {
        (len(plan.covered_share), problem.n_points) for plan, problem in zip(plans, question.problems, strict=True)
    }
    beyond = max(int(plan.options.max(initial=-1)) for plan in plans) >= len(question.instance.option)
    if beyond or any(own != asked for own, asked in sizes):
        return "it belongs to another problem", ()
    if question.assigns and not all(plan.is_assigned for plan in plans):
        return "it assigns no one to hubs, which is asked now", ()
    triples = zip(question.problems, plans, question.discounts, strict=True)
    return "", tuple(
        Year(problem, evaluate_again(problem, plan, assigned=question.assigns), discount)
        for problem, plan, discount in triples
    )

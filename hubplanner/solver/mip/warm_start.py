"""A plan given to start from: recomputed for the question at hand, and of use only if it keeps to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Year, broken_years
from hubplanner.problem import evaluate
from hubplanner.solver.mip.subproblem import Incumbent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.model import Question
    from hubplanner.problem import Evaluation, Problem, Solution

log = logging.getLogger(__name__)


def given(question: Question, start: Solution | None) -> Incumbent:
    """Return a solution as a plan of a question; none, and the reason in the log, where it does not keep to it."""
    plans = [] if start is None else plans_of(start)
    if not plans:
        return Incumbent()
    reason, years = _recomputed(question, plans)
    reason = reason or "; ".join(broken_years(question, years))
    if reason:
        not_used(reason)
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


def not_used(reason: str) -> None:
    """Tell why a plan to start from is of no use."""
    log.info("the plan to start from is not used: %s", reason)


def _recomputed(question: Question, plans: Sequence[Evaluation]) -> tuple[str, tuple[Year, ...]]:
    """Return why plans cannot be those of a question's years, or these years."""
    if len(plans) != len(question.problems):
        return f"it has {len(plans)} years, asked are {len(question.problems)}", ()
    sizes = {
        (len(plan.covered_share), problem.n_points) for plan, problem in zip(plans, question.problems, strict=True)
    }
    beyond = max(int(plan.options.max(initial=-1)) for plan in plans) >= len(question.instance.option)
    if beyond or any(own != asked for own, asked in sizes):
        return "it is of another problem", ()
    if question.assigns and not all(plan.is_assigned for plan in plans):
        return "it assigns no one to hubs, which is asked now", ()
    triples = zip(question.problems, plans, question.discounts, strict=True)
    return "", tuple(
        Year(problem, _evaluated(problem, plan, assigns=question.assigns), discount)
        for problem, plan, discount in triples
    )


def _evaluated(problem: Problem, plan: Evaluation, *, assigns: bool) -> Evaluation:
    pairs = plan.assigned.tocoo()
    cells: Any = (pairs.data, (pairs.coords[0], plan.options[pairs.coords[1]]))
    whole: csr_array = csr_array(cells, shape=(problem.n_points, problem.n_options))
    return evaluate(problem, np.repeat(plan.options, plan.counts), whole if assigns else None)

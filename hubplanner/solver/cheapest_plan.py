"""The cheapest plan among those that cover as much: by budgets just below the last one's cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hubplanner.model import MaxCoverage, Question
from hubplanner.problem import Evaluation, Problem
from hubplanner.solver.cache import SolveCache
from hubplanner.solver.certify import certify
from hubplanner.solver.covering.strategy import CoveringStrategy, is_plain
from hubplanner.solver.limits import required_fit
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.solve import solve_problem
from hubplanner.solver.strategy import SolveContext
from hubplanner.translation import gettext as _

CLOSE = 1e-6
"""Relative difference in money below which two plans cost the same."""
SAME = 1e-9
"""Relative difference of two figures that is rounding."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cheapest:
    """A plan, and money that any plan covering as much as the first one costs at least, but for a millionth of it."""

    plan: Evaluation
    least: float


def cheapest(
    problem: Problem, objective: MaxCoverage, plan: Evaluation, options: SolverOptions, memory: SolveCache
) -> Cheapest:
    r"""Return the cheapest plan that covers as much as one does, within budget and count alone.

    While a plan within $c (1 - 10^{-6})$ covers as much, it is the next one; that none does is proven by a search
    which ends where the bound falls below that coverage. Where relaxations prove it already, nothing is searched.

    Parameters
    ----------
    plan
        A plan of the problem within the objective's limits.
    options
        Solver and time limit of all searches together.
    memory
        What solves of the problem under other budgets left.

    Raises
    ------
    ValueError
        When the question has other limits.
    """
    if not is_plain(problem, objective):
        message = _("only maximal covering within budget and count alone has its cheapest plans found by budgets")
        raise ValueError(message)
    reach = plan.covered_need * (1 - SAME)
    deadline = options.deadline
    least = memory.least_money(reach)
    while (money := plan.cost * (1 - CLOSE)) > least and plan.cost > 0:
        asked = replace(objective, budget=money)
        if deadline.is_past:
            return Cheapest(plan=plan, least=least)
        if not required_fit(problem, asked):
            return Cheapest(plan=plan, least=plan.cost)
        how = replace(options.until(deadline), gap=0.0, ties=False)
        context = SolveContext.begin(how, solve_problem, cache=memory, target=reach)
        question, strategy = Question.of(problem, asked), CoveringStrategy()
        found = certify(question, strategy.run(question, context), context, strategy.name)
        if found.evaluation is not None and found.value >= reach:
            plan = found.evaluation
        elif found.bound < reach:
            return Cheapest(plan=plan, least=plan.cost)
        else:
            return Cheapest(plan=plan, least=max(least, memory.least_money(reach)))
    return Cheapest(plan=plan, least=plan.cost)

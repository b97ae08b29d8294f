"""Hubs of limited room where more pairs of demand and hubs are to be decided on than a program holds: by prices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hubplanner.model import MOST_PAIRS, FixedLevel, Question, Year, broken_years, goals_of, pairs_to_assign
from hubplanner.problem import Floats, Ints, Solution, Status
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.mip.bounds.row_prices import is_priced
from hubplanner.solver.mip.bounds.upper_bound import cap_bound
from hubplanner.solver.mip.flow_search import by_flows, has_flows, with_flows
from hubplanner.solver.mip.heuristics.first_plan import EXCHANGING, first_plan
from hubplanner.solver.mip.price_search import suggested
from hubplanner.solver.mip.program_search import is_close
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.mip.warm_start import given
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.strategy import Candidate, SolveContext
from hubplanner.translation import gettext as _

CORE_PAIRS = 200_000
"""Pairs of demand and hubs of the options that a program chooses among."""


class PricedStrategy:
    """Prices of rows bound every plan, and each option's plans; a program chooses among the options that may matter.

    Where options that may be in a better plan have more pairs than a program is given, those come first whose plans
    may be best, and the bound of the plans with any other is that of the prices.
    """

    name = "prices"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        goals = goals_of(question.objective)
        numbers = any(constraint.numbers_options for constraint in question.constraints)
        if options.method != "auto" or numbers or len(goals) > 1 or not is_priced(question, goals[0]):
            return None
        if pairs_to_assign(question) <= MOST_PAIRS:
            return None
        return f"{question.objective.name} with capacities and more than {MOST_PAIRS:,} pairs of demand and hubs"

    def run(self, question: Question, context: SolveContext) -> Candidate | None:
        """Return the best plan that is found; None without any, which a program alone would find."""
        (goal,), options, log = goals_of(question.objective), context.options, context.log
        with log.phase(_("find a first plan")):
            found = given(question, context.warm_start)
            if not found.years:
                found = first_plan(question, context.deadline.part(EXCHANGING), options.seed, any_will_do=True)
        if not found.years:
            return None
        task = Subproblem(question=question, goal=goal, options=options, deadline=context.deadline, gap=options.gap)
        task = replace(task, known=found, start=found.opened)
        if has_flows(task):
            with log.phase(_("optimise {goal}", goal=_(goal.name))):
                found = by_flows(task)
        else:
            found = _priced(task, context)
        problem = question.instance.problem
        log.steps.update(demand_points=problem.n_points, options=problem.n_options)
        with log.phase(_("assign people to nearer hubs")):
            held = (FixedLevel(goal=goal, value=goal.value(found.years)),)
            years = assign_to_nearest(question, found.years, held, context.deadline)
        return Candidate(
            plans=tuple(year.plan for year in years),
            stated=(goal.value(years),),
            bounds=(cap_bound(question, goal, found.bound),),
            levels=(held[0].value,),
            version=found.version,
        )


def _priced(task: Subproblem, context: SolveContext) -> Incumbent:
    """Return the best plan of hubs that prices suggest, and of a program of the options that may matter."""
    question, goal, log = task.question, task.goal, context.log
    if goal is None:
        raise AssertionError
    with log.phase(_("price demand")):
        found, priced = suggested(task)
        found = with_flows(task, found)
    if is_close(task, found) or task.is_late:
        return found
    known = goal.sense * found.value
    kept = _kept(question, priced.most, known + task.gap * abs(known))
    beside = float(np.delete(priced.most, kept).max(initial=-math.inf))
    log.steps.update(options_left=len(kept))
    # Hubs that must stand may have more pairs than a program holds by themselves: then there is none to solve.
    if _pairs(question)[kept].sum() > MOST_PAIRS:
        return found
    with log.phase(_("search among the options that may matter")):
        core = _solved(question, kept, context)
    return _with_core(task, found, core, kept, beside)


def _pairs(question: Question) -> Ints:
    """Return how many rows of demand each option (o,) may serve."""
    options = question.instance.assign_rows.option
    return np.bincount(options, minlength=question.instance.problem.n_options).astype(np.intp)


def _kept(question: Question, most: Floats, value: float) -> Ints:
    """Return the options whose plans may be better than a value, the best of them while the pairs are few enough.

    Standing hubs, and all options of sites that must hold one, are among them in any case.
    """
    problem = question.instance.problem
    must = problem.existing | np.isin(problem.option_site, problem.required_sites)
    order = np.lexsort((-most, ~must))
    few = np.cumsum(_pairs(question)[order]) <= CORE_PAIRS
    return np.sort(order[must[order] | (few & (most[order] > value))])


def _solved(question: Question, kept: Ints, context: SolveContext) -> Solution:
    """Return the best plan with some of the options alone."""
    problem = question.instance.problem
    asked = replace(context.options.until(context.deadline), ties=False)
    found = context.solve(problem.with_options(kept, problem.site_status), question.objective, asked)
    context.log.add(found)
    return found


def _with_core(task: Subproblem, found: Incumbent, core: Solution, kept: Ints, beside: float) -> Incumbent:
    """Return the better of a plan and that of some options (k,), with the bound of both kinds of plans.

    With fewer options fewer people may be in reach, and to be served: such a plan may be none of the whole question.
    """
    goal, question = task.goal, task.question
    if goal is None:
        raise AssertionError
    bound, years = task.sense * found.bound, found.years
    if core.status == Status.INFEASIBLE or math.isfinite(core.bound):
        inside = -math.inf if core.status == Status.INFEASIBLE else task.sense * core.bound
        bound = min(bound, max(inside, beside))
    if core.evaluation is not None:
        plan = replace(core.evaluation, options=kept[core.evaluation.options])
        made = (Year(question.instance.problem, plan),)
        if not broken_years(question, made) and task.sense * (goal.value(made) - goal.value(years)) > 0:
            years = made
    value = goal.value(years)
    return replace(
        found, years=years, value=value, bound=task.sense * max(bound, task.sense * value), version=core.version
    )

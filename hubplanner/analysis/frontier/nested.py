"""Plans that only grow: what keeping the hubs of each smaller budget costs."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from hubplanner.analysis.frontier.points import STOPPED, FrontierPoint, FrontierTrace, Missing, tightened
from hubplanner.analysis.frontier.trace import as_point, check_traceable, without_plan
from hubplanner.analysis.requests import COST
from hubplanner.errors import ScenarioError
from hubplanner.model import FixedHubs, MaxCoverage, Objective
from hubplanner.problem import Evaluation, Ints, Problem, SiteStatus, Solution
from hubplanner.solver import SolveCache, SolverOptions, solve_problem
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.stopping import is_stopped
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


def trace_nested(
    problem: Problem, objective: Objective, budgets: Sequence[float], options: SolverOptions | None = None
) -> FrontierTrace:
    r"""Return plans of ascending budgets that each keep all hubs of the one before, and the free ones beside them.

    Step k is exact given the step before, $y^k \ge y^{k-1}$; the sequence as a whole need not be the best one. The
    price of nesting at a budget is what the free plan covers more.

    Parameters
    ----------
    problem, objective, budgets, options
        As with `trace`.

    Raises
    ------
    ScenarioError
        As with `trace`, and where standing hubs may grow or close.
    """
    check_traceable(problem, objective)
    if not problem.keeps_existing:
        message = _("nested plans go with standing hubs that stay: leave out model.existing")
        raise ScenarioError(message)
    options = options or SolverOptions()
    nested: list[FrontierPoint] = []
    free: list[FrontierPoint] = []
    missing: list[Missing] = []
    alone: Solution | None = None
    memory = SolveCache(problem=problem)
    for budget in sorted(set(budgets)):
        if is_stopped():
            missing.append(Missing(limit=budget, status=STOPPED))
            continue
        log.info(_("solve for a budget of {budget:,.12g}, nested and free", budget=budget))
        grown = _step(problem, replace(cast("MaxCoverage", objective), budget=budget), nested, options)
        if grown.evaluation is None:
            missing.append(without_plan(budget, grown))
            continue
        # The first step keeps nothing, so that it is the free plan as well.
        if nested:
            within = replace(cast("MaxCoverage", objective), budget=budget)
            alone = solve_problem(problem, within, options, start=alone, memory=memory)
        else:
            alone = grown
        step = replace(as_point(budget, grown), problem=problem)
        nested.append(step)
        free.append(_at_least(alone, step))
    return FrontierTrace(
        against=COST,
        solved=tuple(nested),
        missing=tuple(missing),
        free=FrontierTrace(against=COST, solved=tuple(tightened(free)), missing=tuple(missing)),
    )


def _step(
    problem: Problem, objective: MaxCoverage, before: Sequence[FrontierPoint], options: SolverOptions
) -> Solution:
    """Return the best plan that keeps the hubs of the last one."""
    if not before:
        return solve_problem(problem, objective, options)
    plan = before[-1].plan
    if is_plain(problem, objective):
        found = solve_problem(_pinned(problem, plan), objective, options)
        return found if found.evaluation is None else _back(problem, plan, found)
    new = problem.new[plan.options]
    kept = FixedHubs(options=tuple(plan.options[new].tolist()), counts=tuple(plan.counts[new].tolist()))
    return solve_problem(problem, replace(objective, constraints=(*objective.constraints, kept)), options)


def _left(problem: Problem, plan: Evaluation) -> Ints:
    """Return the options that are left once a plan's hubs stay: these alone at their sites."""
    held = np.zeros(problem.n_options, dtype=np.bool_)
    held[plan.options] = True
    taken = np.isin(problem.option_site, problem.option_site[plan.options])
    return np.flatnonzero(held | ~taken)


def _pinned(problem: Problem, plan: Evaluation) -> Problem:
    """Return a problem whose plans hold all hubs of a plan: their sites require them."""
    left, status = _left(problem, plan), problem.site_status.copy()
    sites = problem.option_site[plan.options]
    status[sites] = np.where(status[sites] == SiteStatus.EXISTING, status[sites], SiteStatus.REQUIRED)
    return problem.with_options(left, status)


def _back(problem: Problem, plan: Evaluation, found: Solution) -> Solution:
    """Return a solution of the pinned problem in the numbers of the whole one."""
    own = found.evaluation
    if own is None:
        raise AssertionError
    return replace(found, problem=problem, evaluation=replace(own, options=_left(problem, plan)[own.options]))


def _at_least(alone: Solution, step: FrontierPoint) -> FrontierPoint:
    """Return the free plan, or the nested one where that is better: within a gap it may be."""
    if alone.evaluation is None:
        return replace(step, covered_bound=math.inf, other_bound=math.nan, proven=False)
    found = replace(as_point(step.limit, alone), problem=step.problem)
    if found.covered >= step.covered:
        return found
    bound = max(found.covered_bound, step.covered)
    return replace(
        found, plan=step.plan, covered=step.covered, covered_bound=bound, other=step.other, other_bound=math.nan
    )

"""Prices of rows: what they prove of every plan, and the plans they suggest, hubs moved amid those they serve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Question
from hubplanner.problem import Ints
from hubplanner.solver.mip.bounds.row_prices import PricedBound, is_priced, priced_bound
from hubplanner.solver.mip.bounds.upper_bound import cap_bound
from hubplanner.solver.mip.heuristics.first_plan import plan_with
from hubplanner.solver.mip.program_search import bounded, is_close
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, entries_of

LEAST_PROGRESS, MORE_STEPS = 1e-3, 4
"""Relative gain of a plan of suggested hubs below which prices take more steps at once, so many times as many."""


def has_prices(task: Subproblem, entries: int = 0) -> bool:
    """Tell whether prices of rows bound a goal, in a program of so many entries at least."""
    alone = bool(task.known.years) and not task.held and task.ranges is None
    return alone and is_priced(task.question, task.goal) and entries_of(task) >= entries


def suggested(task: Subproblem) -> tuple[Incumbent, PricedBound]:
    """Return the plan that is known or a better one, of hubs that prices of rows suggest, and what these prove.

    Where ways count, prices begin anew at a better plan, as long as that makes it better still, and with more steps,
    in half of the time together.
    """
    work, deadline = 1, task.deadline.part(1 / 2)
    found, best = _suggested(task, work)
    while task.question.objective.by_distance and not (deadline.is_past or is_close(task, best)):
        more, better = _suggested(replace(task, known=best, deadline=deadline), work)
        found = PricedBound(value=min(found.value, more.value), hubs=more.hubs, most=np.minimum(found.most, more.most))
        is_stuck = task.sense * (better.value - best.value) <= LEAST_PROGRESS * abs(best.value)
        best = bounded(task, better, cap_bound(task.question, task.goal, task.sense * found.value))
        if is_stuck and work > 1:
            break
        work = MORE_STEPS if is_stuck else work
    return best, found


def _suggested(task: Subproblem, work: int) -> tuple[PricedBound, Incumbent]:
    """Return what prices of rows prove, and the plan that is known or a better one of hubs that they suggest."""
    best, goal = task.known, task.goal
    if goal is None:
        raise AssertionError
    value = task.sense * goal.value(best.years)
    found = priced_bound(task.question, best, value, task.gap, task.deadline.part(1 / 2), work)
    bound = cap_bound(task.question, goal, task.sense * found.value)
    for hubs in found.hubs:
        if task.is_late or is_close(task, bounded(task, best, bound)):
            break
        trial = _located_and_allocated(task, plan_with(task.question, hubs, task.deadline))
        if trial.years and task.sense * (trial.value - goal.value(best.years)) > 0:
            best = trial
    return found, bounded(task, best, bound)


def _located_and_allocated(task: Subproblem, plan: Incumbent) -> Incumbent:
    """Return a plan whose hubs stand in the middle of those whom they serve, as long as that makes it better.

    Location and allocation in turn: Cooper (1964), doi:10.1137/1006005.
    """
    while plan.years and task.question.objective.by_distance and not task.is_late:
        trial = plan_with(task.question, recentred(task.question, plan), task.deadline)
        if not (trial.years and task.sense * (trial.value - plan.value) > 0):
            break
        plan = trial
    return plan


def recentred(question: Question, plan: Incumbent) -> Ints:
    """Return the options (k,) of a plan's hubs, each moved to where whom it serves cost least, ways and the hub itself.

    A hub moves among options of its tier at free sites with no less room, a standing one not at all.
    """
    problem, made, objective = question.problems[-1], plan.years[-1].plan, question.objective
    if question.capacity is None:
        raise AssertionError
    room, new = question.capacity.room(problem), problem.new
    served = csr_array(made.assigned.multiply(problem.need[:, None]))
    served.eliminate_zeros()  # of points that nobody counts, which may be out of all reach
    ways = (csr_array(served.T) @ question.instance.distances)[:, problem.option_site]
    fee = problem.option_cost if objective.minimises_cost else np.zeros(problem.n_options)
    worth = (objective.travel_cost if objective.minimises_cost else 1.0) * ways + fee
    found, used = made.options.copy(), set(problem.option_site[made.options].tolist())
    for hub, option in enumerate(made.options.tolist()):
        alike = new & (problem.option_tier == problem.option_tier[option]) & (room >= room[option])
        free = np.flatnonzero(alike & ~np.isin(problem.option_site, list(used)))
        if new[option] and len(free):
            best = int(free[np.argmin(worth[hub, free])])
            if worth[hub, best] < worth[hub, option]:
                found[hub] = best
                used.add(int(problem.option_site[best]))
                used.discard(int(problem.option_site[option]))
    return np.repeat(found, made.counts)

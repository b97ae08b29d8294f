"""Shorter ways: each hub is moved to the middle of those whom it serves, who then go to the nearest room.

Location and allocation in turn: Cooper (1964), doi:10.1137/1006005.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Question
from hubplanner.problem import Ints
from hubplanner.solver.mip.heuristics.first_plan import plan_with
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem


def located_and_allocated(task: Subproblem, plan: Incumbent) -> Incumbent:
    """Return a plan whose hubs stand in the middle of those whom they serve, as long as that makes it better."""
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

"""The smallest distance within which everyone can have a hub: a search over the distances there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubplanner.model import FullService, Question
from hubplanner.problem import Floats
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem
from hubplanner.tolerances import REACH_TOLERANCE


def smallest_radius(task: Subproblem) -> tuple[Incumbent, Question]:
    r"""Return a plan of least worst distance, and the question that asks for that distance.

    Only distances $d_{io}$ that occur can be the answer. Each step halves them by asking whether any plan serves all
    within the middle one, $\sum_{o : d_{io} \le r} y_o \ge 1 \;\forall i$. Minieka (1970), doi:10.1137/1012016.
    """
    goal = task.goal
    if goal is None:
        raise AssertionError
    question, radii, known = task.question, candidates(task.question), task.known
    task = replace(task, known=NOTHING)
    best = known if known.years else optimise(replace(task, goal=None))
    if not best.years:
        return best, question
    low, value = 0, goal.value(best.years)
    while True:
        high = int(np.searchsorted(radii, value * (1 - REACH_TOLERANCE)))
        if low >= high or task.is_late:
            break
        middle = (low + high) // 2
        nearer = within_radius(question, float(radii[middle]))
        trial = optimise(replace(task, goal=None, question=nearer, start=best.opened))
        if trial.infeasible:
            low = middle + 1
        elif trial.years:
            best, value = trial, goal.value(trial.years)
        else:
            break
    bound = float(radii[min(low, len(radii) - 1)]) if len(radii) else 0.0
    return replace(best, value=value, bound=min(bound, value)), within_radius(question, value)


def candidates(question: Question) -> Floats:
    """Return the distances that may be the worst one, ascending, none below what the loneliest point needs."""
    instance = question.instance
    points = instance.problem.needing
    if question.assigns:
        rows = instance.assign_rows
        return np.unique(rows.distance)
    distance = instance.distances[points][:, instance.site]
    least = distance.min(axis=1).max(initial=0.0) if distance.size else 0.0
    return np.unique(distance[np.isfinite(distance) & (distance >= least)])


def within_radius(question: Question, radius: float) -> Question:
    """Return the question with everyone served within a radius."""
    constraints = tuple(
        replace(constraint, distance=radius) if isinstance(constraint, FullService) else constraint
        for constraint in question.constraints
    )
    return replace(question, constraints=constraints)

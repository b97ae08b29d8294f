"""The smallest distance within which everyone can have a hub, where plans are looked for by exchange first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models import Year
from hubplanner.problem import evaluate
from hubplanner.problem.travel import REACH_TOLERANCE
from hubplanner.solver.centre import candidates, within_radius
from hubplanner.solver.median.swap import first_plan, improved
from hubplanner.solver.median.table import table_of
from hubplanner.solver.optimise import optimise
from hubplanner.solver.task import Incumbent

if TYPE_CHECKING:
    from hubplanner.solver.task import Subproblem


def least_radius(task: Subproblem) -> Incumbent:
    """Return a plan of least worst distance: a solver is asked only for distances at which exchange finds none.

    Parameters
    ----------
    task
        A question of p-center with nothing but pins, a budget and a number of hubs.
    """
    radii = candidates(task.question)
    best = _by_exchange(task, np.inf, Incumbent())
    best = best if best.years else optimise(replace(task, goal=None))
    low = 0
    while best.years:
        value = _worst(task, best)
        high = int(np.searchsorted(radii, value * (1 - REACH_TOLERANCE)))
        if low >= high or task.is_late:
            bound = float(radii[min(low, len(radii) - 1)]) if len(radii) else 0.0
            return replace(best, value=value, bound=min(bound, value))
        middle = (low + high) // 2
        trial = _by_exchange(task, float(radii[middle]), best)
        if not trial.years:
            nearer = within_radius(task.question, float(radii[middle]))
            trial = optimise(replace(task, goal=None, question=nearer, start=best.opened))
        if trial.years:
            best = trial
        elif trial.infeasible:
            low, best = middle + 1, replace(best, version=trial.version)
        else:
            task = replace(task, deadline=task.deadline.past())
    return best


def _worst(task: Subproblem, found: Incumbent) -> float:
    """Return the worst distance of a plan."""
    if task.goal is None:
        raise AssertionError
    return task.goal.value(found.years)


def _by_exchange(task: Subproblem, radius: float, known: Incumbent) -> Incumbent:
    """Return a plan within a radius, from one beyond it and from none; nothing where exchange finds none."""
    problem = task.question.problems[0]
    table = table_of(problem, task.question.objective, radius)
    standing = np.flatnonzero(problem.existing)
    starts = [first_plan(table, task.deadline)]
    if known.years:
        sites = problem.option_site
        here = np.isin(sites[table.option], sites[known.years[-1].plan.options])
        starts.append(improved(table, np.flatnonzero(here), task.deadline))
    chosen = min(starts, key=table.value)
    if table.value(chosen) >= table.far:
        return Incumbent(version=known.version)
    plan = evaluate(problem, np.concatenate([standing, table.options(chosen)]))
    opened = np.zeros((1, problem.n_options), dtype=np.intp)
    opened[0, plan.options] = 1
    return Incumbent(years=(Year(problem, plan),), opened=opened, version=known.version)

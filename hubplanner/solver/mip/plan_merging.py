"""Plans merged: the best one of hubs that several plans have, by a program of those in which they differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.program_search import search_program
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem

PLANS = 8
"""Plans that are made to be merged. Second hubs of 1,000 sites x 20,000 points, 20 in reach, three seeds: merged they
cover 747.0, 762.6 and 776.7 thousand after 14, 22 and 16 s of processor time, of which plans take 11; four of them
745.2, 761.8 and 775.7; one with twenty times the work, 745.1, 760.5 and 777.7 after 12 s, with forty, 744.6 and 761.8
after 23."""
MAKING = 0.5
"""Share of the time for making them."""
GAP = 1e-4
"""Relative gap at which their program ends."""


def improved_by_merging(task: Subproblem, known: Incumbent, deadline: Deadline) -> Incumbent:
    """Return the best plan of the hubs of a known one and of several others; that itself where none is better.

    Each of the others is made anew, by exchanges with a seed of its own: begun at the same plan they hardly differ.
    """
    plans, making = [known] if known.years else [], deadline.part(MAKING)
    for number in range(PLANS):
        if making.is_past:
            break
        found = first_plan(task.question, making, task.options.seed + number)
        plans += [found] if found.years else []
    return merged(replace(task, deadline=deadline), plans)


def merged(task: Subproblem, plans: Sequence[Incumbent]) -> Incumbent:
    """Return the best plan with all hubs that some plans share and none that no plan has, without a bound.

    Good plans have most hubs in common, and differ in places far from each other: a program of those in which they
    differ takes the best of each. Cook and Seymour (2003), doi:10.1287/ijoc.15.3.233.16078, merge tours.
    """
    goal = task.goal
    if goal is None or not plans:
        return NOTHING
    best = max(plans, key=lambda plan: task.sense * goal.value(plan.years))
    value = goal.value(best.years)
    hubs = [plan.opened for plan in plans if plan.opened is not None]
    low, high = np.minimum.reduce(hubs), np.maximum.reduce(hubs)
    if (low == high).all() or task.is_late:
        return best
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    within = replace(task, ranges=(low, high), start=best.opened, gap=GAP, scale=abs(value), known=best)
    found = search_program(within, depth, NOTHING)
    is_better = bool(found.years) and task.sense * (found.value - value) > 0
    # Its bound says nothing of other hubs.
    return replace(found, bound=math.nan) if is_better else best

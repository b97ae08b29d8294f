"""One goal of a question to its best plan: relaxation, a search near its bound, then one over all that is left."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem import relative_gap
from hubplanner.solver.attempt import attempt
from hubplanner.solver.ideal import cap_bound
from hubplanner.solver.progress import ProgressBounds, progress_within, report_progress
from hubplanner.solver.screening import FIRST_DEPTH, relaxed, within_margin
from hubplanner.solver.task import Incumbent, splits

if TYPE_CHECKING:
    from hubplanner.problem import Ints
    from hubplanner.solver.task import Subproblem

SCREENS = (6e-4, 5e-3)
"""Margins of the first searches below the relaxation's bound, relative to it: the next where one holds no plan."""
SHARP_SCREENS = (3e-4, 1.5e-3)
"""The same for a relaxation that inequalities sharpened: good plans lie nearer to it."""
FEW_OPTIONS = 100
"""With fewer options than this the first search is over all plans."""


def optimise(task: Subproblem) -> Incumbent:
    """Return the best plan for a goal, or as good a one as time allows.

    The first search is confined to plans near the relaxation's bound; its plan is nearly always the best one. Only if
    the bound of the plans left out is not good enough does a second one take all those that might still be better.
    """
    if task.is_late:
        return Incumbent(bound=cap_bound(task.question, task.goal, math.nan))
    depth, form, relaxation = relaxed(task)
    if relaxation.is_infeasible:
        return Incumbent(infeasible=True)
    bound = form.figure(relaxation.bound)
    if not relaxation.is_solved:
        found = Incumbent(bound=cap_bound(task.question, task.goal, bound))
        return found if task.is_late else _search(task, depth, found)
    task, found = replace(task, scale=abs(bound), cuts=form.cuts), Incumbent(bound=bound)
    if task.goal is not None and len(form.open_) > FEW_OPTIONS:
        for share in SHARP_SCREENS if splits(task) else SCREENS:
            margin = share * abs(bound)
            left_out = bound - task.sense * margin
            with progress_within(ProgressBounds(sense=task.sense, left_out=left_out, bound=bound)):
                near = _search(within_margin(task, form, relaxation, margin), depth, found)
            found = _or_left_out(task, near, left_out)
            report_progress(task.goal.name, found.value, found.bound)
            if task.is_late or _is_close(task, found):
                return found
            if found.years:
                break
        if found.years:
            task = within_margin(task, form, relaxation, abs(bound - found.value))
            task = replace(task, start=found.opened, scale=max(1.0, abs(found.value)))
    # Plans farther from the bound than the best one are worse than it.
    with progress_within(
        ProgressBounds(sense=task.sense, left_out=-task.sense * math.inf, bound=bound, value=found.value)
    ):
        found = _search(task, depth, found)
    if task.goal is not None:
        report_progress(task.goal.name, found.value, found.bound)
    return found


def any_plan(task: Subproblem) -> Incumbent:
    """Return some plan that keeps to a task's limits and held goals, without a relaxation before: few are left."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    return _search(task, depth, Incumbent(bound=math.inf))


def _or_left_out(task: Subproblem, found: Incumbent, left_out: float) -> Incumbent:
    """Return what a search in part found, with a bound that holds for the plans left out as well."""
    if found.infeasible or not found.years:
        # No plan near the bound: all are worth at most what was left out.
        return Incumbent(bound=left_out if found.infeasible else found.bound, version=found.version)
    bound = task.sense * max(task.sense * found.bound, task.sense * left_out, task.sense * found.value)
    return replace(found, bound=bound)


def _search(task: Subproblem, depth: Ints, found: Incumbent) -> Incumbent:
    """Solve until the plan's gap is as asked and its chains are deep enough."""
    depth = depth.copy()
    while True:
        trial, shallow = attempt(task, depth)
        found = _better(task, found, trial)
        if found.infeasible or task.is_late or not (len(shallow) or _too_coarse(task, found)):
            return found
        depth[shallow] *= 2
        start = found.opened if found.years else trial.opened
        task = replace(task, start=start, scale=max(1.0, abs(found.value)) if found.years else task.scale)


def _is_close(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether a plan's gap is as asked, relative to its figure also where that is below one, as a share is."""
    return bool(found.years) and abs(found.bound - found.value) <= task.gap * abs(found.value)


def _too_coarse(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether the gap was taken of a larger figure than the one found, and is not what was asked."""
    smaller = max(1.0, abs(found.value)) < task.scale
    return bool(found.years) and smaller and relative_gap(found.value, found.bound) > task.gap


def _better(task: Subproblem, one: Incumbent, other: Incumbent) -> Incumbent:
    """Return the better plan of two attempts with the sharper of their bounds, which no plan beats but by rounding."""
    sense = task.sense
    bound = sense * float(np.nanmin([sense * one.bound, sense * other.bound]))
    if other.infeasible:
        return replace(one, bound=bound) if one.years else replace(other, bound=bound)
    keep = one if one.years and not sense * other.value > sense * one.value else other
    if keep.years:
        bound = sense * max(sense * bound, sense * keep.value)
    return replace(keep, bound=bound, version=other.version)

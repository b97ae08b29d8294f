"""One program solved until its plan, recomputed, keeps to all limits and its gap is as asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.model import Formulation, Year, broken_years
from hubplanner.model.formulation import HOLDING
from hubplanner.model.lp import LateError
from hubplanner.problem import Ints
from hubplanner.solver.backends import DisagreementError, Outcome, Termination, adapter
from hubplanner.solver.backends.pulp import solve_without
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH, hub_ranges
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound
from hubplanner.solver.mip.reconstruct import UnservableError, opened_in, realise, whole
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, program_of
from hubplanner.solver.progress import told_as
from hubplanner.tolerances import AGREEMENT

ASSIGNING, ASSIGNING_S = 0.1, 2.0
"""Share of the time limit, and seconds at least, to assign people to given hubs when time is up."""
MOST_ATTEMPTS = 50
"""Plans that break a limit within a solver's tolerance before the search for one that does not ends."""
TIGHTER = 1e-8
"""Share by which budgets shrink when a solver overspends within its tolerance."""


def search_program(task: Subproblem, depth: Ints, found: Incumbent, made: Formulation | None = None) -> Incumbent:
    """Solve until the plan's gap is as asked and its chains are deep enough.

    Parameters
    ----------
    made
        The task's program within any ranges; None where it is to be made.
    """
    depth = depth.copy()
    while True:
        trial, shallow = attempt(task, depth, made)
        found = better(task, found, trial)
        if found.infeasible or task.is_late or not (len(shallow) or _too_coarse(task, found)):
            return found
        depth[shallow] *= 2
        made = None
        start = found.opened if found.years else trial.opened
        task = replace(task, start=start, scale=max(1.0, abs(found.value)) if found.years else task.scale)


def any_plan(task: Subproblem) -> Incumbent:
    """Return some plan that keeps to a task's limits and held goals, without a relaxation before: few are left."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    return search_program(task, depth, Incumbent(bound=math.inf))


def attempt(task: Subproblem, depth: Ints, made: Formulation | None = None) -> tuple[Incumbent, Ints]:
    """Return a solver's plan, recomputed, its bound, and the points whose chain was too short for it.

    A plan that breaks a limit within the solver's tolerance is ruled out and the program solved again; so it is without
    its start, where the solver's figures are not those of its plan.

    Parameters
    ----------
    made
        The task's program within any ranges; None where it is to be made.
    """
    nothing, bounds = np.zeros(0, dtype=np.intp), list[float]()
    for _ in range(MOST_ATTEMPTS):
        try:
            form = program_of(task, depth) if made is None else made
        except LateError:
            return Incumbent(bound=task.sense * max([task.sense * one for one in bounds], default=math.inf)), nothing
        form.keep_within(hub_ranges(task))
        gap = task.gap * task.scale / form.unit if math.isfinite(task.scale) else 0.0
        outcome = _outcome(task, form, gap)
        if outcome.termination == Termination.INFEASIBLE:
            return Incumbent(infeasible=True, version=outcome.version), nothing
        bounds.append(form.figure(outcome.bound))
        bound = task.sense * max(task.sense * bound for bound in bounds)
        if outcome.open_ is None:
            return Incumbent(bound=bound, version=outcome.version), nothing
        decisions = whole(outcome.open_, task.options.name)
        years, reasons = _realised(task, form, decisions)
        opened, shallow = opened_in(form, decisions), _beyond(form, years) if years else nothing
        reasons = reasons or broken_years(task.question, years) or ([] if len(shallow) else _lost(task, years))
        if not reasons:
            value = 0.0 if task.goal is None else task.goal.value(years)
            if not len(shallow) and (contradiction := _contradiction(task, value, form.figure(outcome.value), bound)):
                if task.start is None:
                    raise DisagreementError(contradiction)
                bounds.pop()
                task = replace(task, start=None)
                continue
            found = Incumbent(years=years, opened=opened, value=value, bound=bound, version=outcome.version)
            return found, shallow
        if task.is_late:
            return Incumbent(bound=bound, version=outcome.version), nothing
        task, made = _ruled_out(task, form, opened, reasons, years), None
    raise DisagreementError(f"{task.options.name} returned only plans that break a limit: " + "; ".join(reasons))


def _outcome(task: Subproblem, form: Formulation, gap: float) -> Outcome:
    if not form.program.numVariables():
        return solve_without(form.program)
    with told_as("limits" if task.goal is None else task.goal.name, form.figure):
        return adapter(task.options.name)(form, task.effort(gap), _start(task))


def _realised(task: Subproblem, form: Formulation, decisions: Ints) -> tuple[tuple[Year, ...], list[str]]:
    """Return the plan of each year; none, and why, where the hubs keep to the constraints within a tolerance only."""
    try:
        seconds = task.deadline.grace(max(ASSIGNING_S, ASSIGNING * task.options.time_limit_s)).left
        return tuple(realise(form, decisions, replace(task.effort(0.0), seconds=seconds, is_firm=True))), []
    except UnservableError as error:
        return (), [str(error)]


def _start(task: Subproblem) -> list[float]:
    """Return the hubs to start from; none where they lie outside the ranges that are of interest."""
    if task.start is None:
        return []
    least, most = task.ranges or (task.start, task.start)
    is_inside = (least <= task.start).all() and (task.start <= most).all()
    return task.start.ravel().astype(float).tolist() if is_inside else []


def _beyond(form: Formulation, years: Sequence[Year]) -> Ints:
    """Return the points whose chain ended before their nearest hub, by the recomputed distances."""
    short = [
        point
        for layer, year in zip(form.layers, years, strict=True)
        for point in layer.variables.chain_ends
        if year.plan.nearest_distance[point] > _reached(form, point)
    ]
    return np.unique(np.array(short, dtype=np.intp))


def _reached(form: Formulation, point: int) -> float:
    """Return the largest distance that a point's chain distinguishes."""
    distance = form.instance.distances[point, form.instance.site]
    steps = np.unique(distance[np.isfinite(distance)])
    return float(steps[min(form.depth[point], len(steps) - 1)])


def _lost(task: Subproblem, years: Sequence[Year]) -> list[str]:
    """Return which goals held a plan falls short of, by more than rounding."""
    # Where people are assigned, a linear program serves them to its own tolerance.
    slack = AGREEMENT if task.question.assigns else 2 * HOLDING
    return [
        f"{held.goal.name} is {value:,.9g}, below the {held.value:,.9g} reached before"
        for held in task.held
        for value in [held.goal.value(years)]
        if held.goal.sense * (value - held.value) < -slack * max(1.0, abs(held.value))
    ]


def _contradiction(task: Subproblem, value: float, stated: float, bound: float) -> str:
    """Return how a plan is worth less than the solver states, or more than it says any can be; blank if it is not."""
    if task.goal is None:
        return ""
    sense, slack = task.goal.sense, AGREEMENT * max(1.0, abs(value))
    if not sense * value >= sense * stated - slack:
        return f"{task.options.name} states {task.goal.name} {stated:,.6f}, its hubs make it {value:,.6f}"
    if not sense * value <= sense * bound + slack:
        figure = f"{bound:,.6f} as the best {task.goal.name}"
        return f"{task.options.name} states {figure}, its own plan's is {value:,.6f}"
    return ""


def _ruled_out(
    task: Subproblem, form: Formulation, opened: Ints, reasons: Sequence[str], years: Sequence[Year]
) -> Subproblem:
    """Return the task without a plan that breaks a limit; raise when rounding does not explain how."""
    over = bool(years) and _overspends(task, form, years)
    # Where hubs share lines, the same ones may be connected for less: then money is made scarcer, too.
    if form.instance.most.max(initial=1) == 1 and not (over and form.instance.problem.backhaul is not None):
        if over and len(opened) == 1:
            # With all that contain its hubs that cost: else those that are free would come in every combination.
            dear = np.flatnonzero((opened[0] > 0) & (form.instance.cost > 0))
            return replace(task, too_dear=(*task.too_dear, dear))
        return replace(task, forbidden=(*task.forbidden, opened))
    # Hubs in numbers cannot be ruled out one by one: leave the solver a little less money.
    if all(constraint.money is None for constraint in task.question.constraints):
        raise SolverError("; ".join(reasons))
    constraints = tuple(
        constraint if constraint.money is None else constraint.with_money(constraint.money * (1 - TIGHTER))
        for constraint in task.question.constraints
    )
    return replace(task, question=replace(task.question, constraints=constraints))


def _overspends(task: Subproblem, form: Formulation, years: Sequence[Year]) -> bool:
    """Tell whether a plan costs more than there is money for, and so any that adds to it."""
    problems, plans = [year.problem for year in years], [year.plan for year in years]
    over = any(
        constraint.violations(problems, plans)
        for constraint in task.question.constraints
        if constraint.money is not None
    )
    return over and float(form.instance.cost.min(initial=0.0)) >= 0


def is_close(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether a plan's gap is as asked, relative to its figure also where that is below one, as a share is."""
    return bool(found.years) and abs(found.bound - found.value) <= task.gap * abs(found.value)


def _too_coarse(task: Subproblem, found: Incumbent) -> bool:
    """Tell whether the gap was taken of a larger figure than the one found, and is not what was asked."""
    size = max(1.0, abs(found.value))
    return task.gap > 0 and bool(found.years) and size < task.scale and abs(found.bound - found.value) > task.gap * size


def better(task: Subproblem, one: Incumbent, other: Incumbent) -> Incumbent:
    """Return the better plan of two attempts with the sharper of their bounds, which no plan passes but by rounding."""
    sense = task.sense
    bound = sense * float(np.nanmin([sense * one.bound, sense * other.bound]))
    if other.infeasible:
        return replace(one, bound=bound) if one.years else replace(other, bound=bound)
    keep = one if one.years and not sense * other.value > sense * one.value else other
    if keep.years and task.goal is not None:
        bound = agreed_bound(task.goal, keep.value, bound)
    return replace(keep, bound=bound, version=other.version)


def bounded(task: Subproblem, known: Incumbent, bound: float) -> Incumbent:
    """Return a plan with the bound of its goal, which it passes by rounding at most; the bound alone without one."""
    if task.goal is None or not known.years:
        return replace(known, bound=bound)
    value = task.goal.value(known.years)
    return replace(known, value=value, bound=agreed_bound(task.goal, value, bound))

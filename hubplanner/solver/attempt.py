"""A program solved once: the plan recomputed, compared with what the solver states, and held to every limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.models import Budget, Periods, broken_years
from hubplanner.models.budget import broken_budget
from hubplanner.models.checks import AGREEMENT
from hubplanner.models.formulation import HOLDING
from hubplanner.solver.adapters import DisagreementError, Termination, adapter
from hubplanner.solver.adapters.without import solve_without
from hubplanner.solver.progress import told_as
from hubplanner.solver.realise import UnservableError, opened_in, realise, whole
from hubplanner.solver.task import Incumbent, program_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Formulation, Year
    from hubplanner.problem import Ints
    from hubplanner.solver.adapters import Outcome
    from hubplanner.solver.task import Subproblem

ASSIGNING_S = 600.0
"""Seconds to assign people to given hubs, also when time is up: a plan that was found is not thrown away."""
MOST_ATTEMPTS = 50
"""Plans that break a limit within a solver's tolerance before the search for one that does not ends."""


def attempt(task: Subproblem, depth: Ints) -> tuple[Incumbent, Ints]:
    """Return a solver's plan, recomputed, its bound, and the points whose chain was too short for it.

    A plan that breaks a limit within the solver's tolerance is ruled out and the program solved again; so it is without
    its start, where the solver's figures are not those of its plan.
    """
    nothing, bounds = np.zeros(0, dtype=np.intp), []
    for _ in range(MOST_ATTEMPTS):
        form = program_of(task, depth)
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
        task = _ruled_out(task, form, opened, reasons, years)
    raise SolverError(f"{task.options.name} returned only plans that break a limit: " + "; ".join(reasons))


def _outcome(task: Subproblem, form: Formulation, gap: float) -> Outcome:
    if not form.program.variables():
        return solve_without(form.program)
    with told_as("limits" if task.goal is None else task.goal.name, form.figure):
        return adapter(task.options.name)(form, task.effort(gap), _start(task))


def _realised(task: Subproblem, form: Formulation, decisions: Ints) -> tuple[tuple[Year, ...], list[str]]:
    """Return the plan of each year; none, and why, where the hubs keep to the constraints within a tolerance only."""
    try:
        return tuple(realise(form, decisions, replace(task.effort(0.0), seconds=ASSIGNING_S))), []
    except UnservableError as error:
        return (), [str(error)]


def _start(task: Subproblem) -> list[float]:
    return [] if task.start is None else task.start.ravel().astype(float).tolist()


def _beyond(form: Formulation, years: Sequence[Year]) -> Ints:
    """Return the points whose chain ended before their nearest hub, by the recomputed distances."""
    short = [
        point
        for layer, year in zip(form.layers, years, strict=True)
        for point in layer.parts.get("chain ends", {})
        if year.plan.nearest_distance[point] > _reached(form, point)
    ]
    return np.unique(np.array(short, dtype=np.intp))


def _reached(form: Formulation, point: int) -> float:
    """Return the largest distance that a point's chain tells apart."""
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
    if form.instance.most.max(initial=1) == 1:
        if years and len(opened) == 1 and _overspends(task, form, years[-1]):
            # With all that contain its hubs that cost: else those that are free would come in every combination.
            dear = np.flatnonzero((opened[0] > 0) & (form.instance.cost > 0))
            return replace(task, too_dear=(*task.too_dear, dear))
        return replace(task, forbidden=(*task.forbidden, opened))
    # Hubs in numbers cannot be ruled out one by one: leave the solver a little less money.
    blocks = tuple(_tighter(block) for block in task.question.blocks)
    if not any(isinstance(block, Budget | Periods) for block in blocks):
        raise SolverError("; ".join(reasons))
    return replace(task, question=replace(task.question, blocks=blocks))


def _overspends(task: Subproblem, form: Formulation, year: Year) -> bool:
    """Tell whether a plan costs more than the budget, and so any that adds to it."""
    budgets = [block for block in task.question.blocks if isinstance(block, Budget)]
    over = any(broken_budget(year.problem, year.plan, block) for block in budgets)
    return over and float(form.instance.cost.min(initial=0.0)) >= 0


def _tighter(block: object) -> object:
    if isinstance(block, Budget):
        return replace(block, amount=block.amount * (1 - TIGHTER))
    if isinstance(block, Periods):
        return replace(block, budgets=tuple(amount * (1 - TIGHTER) for amount in block.budgets))
    return block


TIGHTER = 1e-8
"""Share by which budgets shrink when a solver overspends within its tolerance."""

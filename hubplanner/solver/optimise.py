"""One goal of a question: its program solved, its plan recomputed, its bound proven."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE

from hubplanner.errors import SolverError
from hubplanner.models import Budget, Periods, broken_years, formulate
from hubplanner.models.checks import AGREEMENT
from hubplanner.models.formulation import HOLDING
from hubplanner.models.radius import too_shallow
from hubplanner.problem import relative_gap
from hubplanner.solver.adapters import Effort, Termination, adapter
from hubplanner.solver.realise import opened_in, realise, whole
from hubplanner.solver.relaxation import relax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Formulation, Goal, Held, Question, Year
    from hubplanner.problem import Ints
    from hubplanner.solver.options import SolverOptions

FIRST_DEPTH = 8
"""Distances a point's chain holds at first."""
MOST_ATTEMPTS = 50
"""Plans that break a limit within a solver's tolerance before the search for one that does not ends."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found for one goal.

    Parameters
    ----------
    years
        The recomputed plan of each year; empty without a plan.
    opened
        (p, o) hubs of each option in each year.
    value
        The goal's recomputed figure; NaN without a plan.
    bound
        No plan's figure is better.
    infeasible
        Whether the solver finds that there is no plan at all.
    version
        The solver's.
    """

    years: tuple[Year, ...] = ()
    opened: Ints | None = None
    value: float = math.nan
    bound: float = math.nan
    infeasible: bool = False
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A goal of a question, and how to go about it.

    Parameters
    ----------
    goal
        What to reach; any plan if None.
    held
        Goals reached before.
    gap
        Asked relative gap.
    deadline
        When to stop, by `time.perf_counter`.
    start
        (p, o) hubs to start from.
    forbidden
        (p, o) plans that are not wanted again.
    scale
        Size of the goal's figure, that the gap is relative to.
    ranges
        Fewest and most hubs (p, o) of each option in every plan that is still of interest; the question's if None.
    """

    question: Question
    goal: Goal | None
    options: SolverOptions
    deadline: float
    gap: float = 0.0
    held: tuple[Held, ...] = ()
    start: Ints | None = None
    forbidden: tuple[Ints, ...] = ()
    scale: float = 1.0
    ranges: tuple[Ints, Ints] | None = None

    def effort(self, gap: float) -> Effort:
        """Return what a solver is asked, with an absolute gap in the program's unit."""
        left = max(self.deadline - time.perf_counter(), 0.01)
        options = self.options
        return Effort(name=options.name, gap=gap, seconds=left, threads=options.threads, seed=options.seed)

    @property
    def is_late(self) -> bool:
        """Tell whether time is up."""
        return time.perf_counter() >= self.deadline


def optimise(task: Task) -> Found:
    """Return the best plan for a goal, or as good a one as time allows."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    depth, bound = _deepened(task, depth)
    if bound is None:
        return Found(infeasible=True)
    found = Found(bound=bound)
    task = replace(task, scale=abs(bound))
    while True:
        trial, shallow = _attempt(task, depth)
        found = _better(task, found, trial)
        if found.infeasible or task.is_late or not (len(shallow) or _too_coarse(task, found)):
            return found
        depth[shallow] *= 2
        start = found.opened if found.years else trial.opened
        task = replace(task, start=start, scale=max(1.0, abs(found.value)) if found.years else task.scale)


def _too_coarse(task: Task, found: Found) -> bool:
    """Tell whether the gap was taken of a larger figure than the one found, and is not what was asked."""
    smaller = max(1.0, abs(found.value)) < task.scale
    return bool(found.years) and smaller and relative_gap(found.value, found.bound) > task.gap


def _sense(task: Task) -> int:
    return 1 if task.goal is None else task.goal.sense


def _better(task: Task, one: Found, other: Found) -> Found:
    """Return the better plan of two attempts with the sharper of their bounds."""
    sense = _sense(task)
    bound = sense * float(np.nanmin([sense * one.bound, sense * other.bound]))
    if other.infeasible:
        return replace(other, bound=bound) if not one.years else replace(one, bound=bound)
    keep = one if one.years and not sense * other.value > sense * one.value else other
    return replace(keep, bound=bound, version=other.version)


def _deepened(task: Task, depth: Ints) -> tuple[Ints, float | None]:
    """Return chains deep enough for the relaxation, and its bound; None when even that has no solution."""
    while True:
        form = _program(task, depth)
        relaxation = relax(form, task.effort(0.0))
        if relaxation is None:
            return depth, _sense(task) * math.inf
        if relaxation.bound == -math.inf:
            return depth, None
        shallow = np.unique(
            np.concatenate([np.zeros(0, dtype=np.intp), *(too_shallow(layer, relaxation.values) for layer in form.layers)])
        )
        if not len(shallow):
            return depth, form.figure(relaxation.bound)
        depth[shallow] *= 2


def _program(task: Task, depth: Ints) -> Formulation:
    form = formulate(task.question, task.goal, task.held, depth)
    for plan in task.forbidden:
        forbid(form, plan)
    if task.ranges is not None:
        opened = [variable for layer in form.layers for variable in layer.open_]
        for variable, least, most in zip(opened, *(part.ravel().tolist() for part in task.ranges), strict=True):
            variable.lowBound, variable.upBound = least, most
    return form


def narrowed(task: Task, value: float) -> Task:
    r"""Return a task with the ranges that its goal leaves to plans no worse than a value.

    Reduced-cost fixing: with relaxation bound L and reduced cost $r_o$, a plan that is k hubs away from the
    relaxation's end of a range is worth at most $L - k |r_o|$.
    """
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    form = _program(task, depth)
    found = relax(form, task.effort(0.0))
    if found is None or not len(found.values) or task.goal is None:
        return task
    margin = max(form.sense * (form.figure(found.bound) - value) / form.unit, 0.0) + AGREEMENT
    size = len(form.layers) * len(form.instance.option)
    least, most = (
        np.array([getattr(variable, end) for layer in form.layers for variable in layer.open_], dtype=np.float64)
        for end in ("lowBound", "upBound")
    )
    reduced = found.reduced[:size]
    with np.errstate(divide="ignore"):
        away = np.floor(margin / np.abs(reduced))
    fewest = np.where(reduced > 0, np.maximum(least, most - away), least)
    largest = np.where(reduced < 0, np.minimum(most, least + away), most)
    shape = (len(form.layers), len(form.instance.option))
    return replace(task, ranges=(fewest.astype(np.intp).reshape(shape), largest.astype(np.intp).reshape(shape)))


def forbid(form: Formulation, opened: Ints) -> None:
    r"""Rule out one plan: $\sum_{o : y_o = 0} y_o + \sum_{o : y_o = 1} (1 - y_o) \ge 1$; for hubs that are there or not."""
    terms, ones = [], 0
    for layer, counts in zip(form.layers, opened, strict=True):
        for variable, count in zip(layer.open_, counts.tolist(), strict=True):
            terms.append((variable, -1.0 if count else 1.0))
            ones += count
    form.layers[-1].add("other", terms, LpConstraintGE, 1 - ones)


def _attempt(task: Task, depth: Ints) -> tuple[Found, Ints]:
    """Return a solver's plan, recomputed, its bound, and the points whose chain was too short for it.

    A plan that breaks a limit within the solver's tolerance is ruled out and the program solved again.
    """
    nothing, bounds = np.zeros(0, dtype=np.intp), []
    for _ in range(MOST_ATTEMPTS):
        form = _program(task, depth)
        gap = task.gap * task.scale / form.unit if math.isfinite(task.scale) else 0.0
        outcome = adapter(task.options.name)(form, task.effort(gap), _start(task))
        if outcome.termination == Termination.INFEASIBLE:
            return Found(infeasible=True, version=outcome.version), nothing
        bounds.append(form.figure(outcome.bound))
        bound = _sense(task) * max(_sense(task) * bound for bound in bounds)
        if outcome.open_ is None:
            return Found(bound=bound, version=outcome.version), nothing
        decisions = whole(outcome.open_, task.options.name)
        years = tuple(realise(form, decisions, task.effort(0.0)))
        opened, shallow = opened_in(form, decisions), _beyond(form, years)
        reasons = broken_years(task.question, years) or ([] if len(shallow) else _lost(task, years))
        if not reasons:
            value = 0.0 if task.goal is None else task.goal.value(years)
            if not len(shallow):
                _agree(task, value, form.figure(outcome.value), bound)
            found = Found(years=years, opened=opened, value=value, bound=bound, version=outcome.version)
            return found, shallow
        if task.is_late:
            return Found(bound=bound, version=outcome.version), nothing
        task = _ruled_out(task, form, opened, reasons)
    raise SolverError(f"{task.options.name} returned only plans that break a limit: " + "; ".join(reasons))


def _start(task: Task) -> list[float]:
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


def _lost(task: Task, years: Sequence[Year]) -> list[str]:
    """Return which goals held a plan falls short of, by more than rounding."""
    # Where people are assigned, a linear program serves them to its own tolerance.
    slack = AGREEMENT if task.question.assigns else 2 * HOLDING
    return [
        f"{held.goal.name} is {value:,.9g}, below the {held.value:,.9g} reached before"
        for held in task.held
        for value in [held.goal.value(years)]
        if held.goal.sense * (value - held.value) < -slack * max(1.0, abs(held.value))
    ]


def _agree(task: Task, value: float, stated: float, bound: float) -> None:
    """Raise when a plan is worth less than the solver states, or more than it says any can be."""
    if task.goal is None:
        return
    sense, slack = task.goal.sense, AGREEMENT * max(1.0, abs(value))
    if not sense * value >= sense * stated - slack:
        message = f"{task.options.name} states {task.goal.name} {stated:,.6f}, its hubs make it {value:,.6f}"
        raise SolverError(message)
    if not sense * value <= sense * bound + slack:
        message = f"{task.options.name} states {bound:,.6f} as the best {task.goal.name}, its own plan's is {value:,.6f}"
        raise SolverError(message)


def _ruled_out(task: Task, form: Formulation, opened: Ints, reasons: Sequence[str]) -> Task:
    """Return the task without a plan that breaks a limit; raise when rounding does not explain how."""
    if form.instance.most.max(initial=1) == 1:
        return replace(task, forbidden=(*task.forbidden, opened))
    # Hubs in numbers cannot be ruled out one by one: leave the solver a little less money.
    blocks = tuple(_tighter(block) for block in task.question.blocks)
    if not any(isinstance(block, Budget | Periods) for block in blocks):
        raise SolverError("; ".join(reasons))
    return replace(task, question=replace(task.question, blocks=blocks))


def _tighter(block: object) -> object:
    if isinstance(block, Budget):
        return replace(block, amount=block.amount * (1 - TIGHTER))
    if isinstance(block, Periods):
        return replace(block, budgets=tuple(amount * (1 - TIGHTER) for amount in block.budgets))
    return block


TIGHTER = 1e-8
"""Share by which budgets shrink when a solver overspends within its tolerance."""

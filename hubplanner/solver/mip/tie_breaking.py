"""Among equal plans always the same one: the cheaper, then the nearer, then fewer hubs, then lower sites.

Each step is a goal of its own, with those before held. Most of the time there is no second plan, and one program that
rules the first one out proves it; only if there is one do the further goals follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from hubplanner.model import FixedLevel, Formulation, Goal, MinCost, Year
from hubplanner.model.formulation import HOLDING
from hubplanner.model.goals import cost, mean_distance, number_of_hubs
from hubplanner.model.lp import LinearExpression
from hubplanner.problem import Floats, Ints
from hubplanner.solver.backends import DisagreementError
from hubplanner.solver.deadline import BUILDING, work_done
from hubplanner.solver.mip.bounds.relaxation import narrowed
from hubplanner.solver.mip.program_search import any_plan
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, entries_of
from hubplanner.solver.strategy import BROKEN, OPEN, UNIQUE

MOST_NODES = 200
"""Nodes of a search that tells equal plans apart."""
SHARE, ALLOWED = 0.2, 1.5e8
"""Work that telling equal plans apart may take: a share of what finding one took, and as much in any case."""
PROGRAMS = 2
"""Programs that it takes at least: a relaxation, and a search for a second plan."""
MOST_EQUAL = 20
"""Equal plans that are listed."""
SMALL_OPTIONS = 30
"""With at most this many options a solve is exact whatever gap is asked, so that ties can be broken."""
MOST_DISTANCES = 2_000_000
"""Distances between points and sites above which nearness does not break ties."""
CHUNK = 10
"""Options whose order one program settles."""

SETTLED, WHOLE = 1e-7, 0.5
"""How near a bound proves a figure, relative; and of figures that are whole numbers, with room for rounding."""
ASSIGNED = 1e-9
"""Relative difference of figures that is rounding, where people are assigned to hubs."""


def told_apart(  # noqa: PLR0913 - a question, what is known of it, and how far to go
    task: Subproblem,
    found: Incumbent,
    goal: Goal,
    held: tuple[FixedLevel, ...],
    spent: float,
    *,
    listing: float = 1.0,
) -> tuple[Incumbent, str]:
    """Return the plan that comes first among all equal to a proven best one, as far as a fifth of the work goes.

    Parameters
    ----------
    task
        The question, without goals.
    goal
        The goal that the ranges of hubs are narrowed by: the first.
    held
        All goals, with their figures.
    spent
        Work that finding the plan took.
    listing
        As in `break_ties`.
    """
    allowed = ALLOWED + SHARE * spent
    enough = work_done() + allowed
    if PROGRAMS * BUILDING * entries_of(task) > allowed:
        return found, OPEN
    first = narrowed(replace(task, goal=goal, nodes=MOST_NODES), held[0].value)
    return break_ties(replace(first, held=held), found, enough, listing=listing)


def break_ties(task: Subproblem, found: Incumbent, enough: float, *, listing: float = 1.0) -> tuple[Incumbent, str]:
    """Return the plan that comes first among all equal to a proven best one, and how sure that is.

    Equal plans are listed as long as they are few, and the first taken by their recomputed figures; of more than a few
    the next goal leaves fewer.

    Parameters
    ----------
    task
        The question with its goals held.
    enough
        Work done after which it ends, as `work_done` counts it.
    listing
        Share of the work left that listing equal plans may take before the next goal leaves fewer.

    Returns
    -------
    tuple
        The plan, and ``unique`` where no other is equal, ``broken`` where the first of several was taken, ``open``
        where work, time or size left it open.
    """
    sized = len(task.question.problems[0].need) * task.question.problems[0].n_sites
    if sized > MOST_DISTANCES:
        return found, OPEN
    task, several = replace(task, gap=0.0, start=found.opened), False
    shares_lines = task.question.instance.problem.backhaul is not None
    for goal in (cost(), mean_distance(), number_of_hubs(), None):
        # The same hubs may be connected for less: what they cost comes before what other hubs would.
        if not (shares_lines and goal is not None and goal.name == MinCost.goal):
            done = work_done()
            equal = _equal(task, found, done + (1.0 if goal is None else listing) * (enough - done))
            if equal is not None:
                return _first_of(equal), BROKEN if several or len(equal) > 1 else UNIQUE
            if goal is None or work_done() > enough:
                break
            several = True
        task, found, settled = _settle(task, found, goal)
        if not settled:
            return found, OPEN
    return _by_order(task, found, enough)


def _first_of(equal: Sequence[Incumbent]) -> Incumbent:
    """Return the plan that comes first among equal ones, by recomputed figures, but for rounding."""
    for goal in (cost(), mean_distance(), number_of_hubs()):
        figures = [goal.value(found.years) for found in equal]
        least = min(figures)
        # Where people are assigned, a linear program serves them to its own tolerance.
        slack = (ASSIGNED if equal[0].years[-1].plan.is_assigned else HOLDING) * max(1.0, abs(least))
        equal = [found for found, figure in zip(equal, figures, strict=True) if figure <= least + slack]
    return min(equal, key=lambda found: [(-counts).tolist() for counts in reversed(cast("Ints", found.opened))])


def _equal(task: Subproblem, found: Incumbent, enough: float) -> list[Incumbent] | None:
    """Return all plans equal so far if they are few; None where they are many, or where it is not known."""
    if found.opened is None or task.question.instance.most.max(initial=1) > 1:
        return None
    equal, task = [found], replace(task, goal=None, start=None)
    while len(equal) <= MOST_EQUAL and work_done() <= enough:
        task = replace(task, forbidden=(*task.forbidden, cast("Ints", equal[-1].opened)))
        try:
            other = any_plan(task)
        except DisagreementError:
            # Beside needs of billions a solver takes plans that cover a few less for equal ones, one after the other.
            return None
        if other.infeasible:
            return equal
        if not other.years:
            return None
        equal.append(other)
    return None


def _settle(task: Subproblem, found: Incumbent, goal: Goal) -> tuple[Subproblem, Incumbent, bool]:
    """Return the task with a further goal held, the plan that reaches it, and whether it is proven."""
    try:
        better = optimise(replace(task, goal=goal, start=found.opened))
    except DisagreementError:
        # An order weighs one site a thousand times another: a solver's tolerance may blur it. Then it stays open.
        return task, found, False
    near = WHOLE if goal.is_whole else SETTLED * max(1.0, abs(better.value))
    if not better.years or abs(better.bound - better.value) > near:
        return task, found, False
    return replace(task, held=(*task.held, FixedLevel(goal=goal, value=better.value))), better, True


def _by_order(task: Subproblem, found: Incumbent, enough: float) -> tuple[Incumbent, str]:
    """Return the plan whose sites come first, settled some options at a time: those that equal plans may differ in."""
    question = task.question
    least, most = task.ranges or (np.atleast_2d(question.instance.least), np.atleast_2d(question.instance.most))
    for year in reversed(range(len(question.problems))):
        row = min(year, len(least) - 1)
        free = np.flatnonzero(least[row] != most[row])
        for start in range(0, len(free), CHUNK):
            task, found, settled = _settle(task, found, _first(free[start : start + CHUNK], year, task))
            if not settled or work_done() > enough:
                return found, OPEN
    return found, BROKEN


def _first(options: Ints, year: int, task: Subproblem) -> Goal:
    r"""Return the order of some options in a year as a goal: $\sum_k b^{-k} y_k$, an earlier hub before later ones."""
    base = float(task.question.instance.most.max(initial=1) + 1)
    worth: Floats = base ** np.arange(len(options) - 1, -1, -1, dtype=np.float64)

    def expression(form: Formulation) -> LinearExpression:
        return LinearExpression(terms=form.layers[year].opened(options, worth))

    def value(years: Sequence[Year]) -> float:
        plan = years[year].plan
        counts = dict(zip(plan.options.tolist(), plan.counts.tolist(), strict=True))
        pairs = zip(options.tolist(), worth.tolist(), strict=True)
        return float(sum(counts.get(option, 0) * weight for option, weight in pairs))

    return Goal(name="order of sites", sense=1, expression=expression, value=value, is_whole=True)

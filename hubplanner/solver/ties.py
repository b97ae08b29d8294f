"""Among equal plans always the same one: the cheaper, then the nearer, then fewer hubs, then lower sites.

Each step is a goal of its own, with those before held. Most of the time there is no second plan, and one program that
rules the first one out proves it; only if there is one do the further goals follow.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models import Goal, Held
from hubplanner.models.goals import cost, mean_distance, number_of_hubs
from hubplanner.models.model import Linear
from hubplanner.solver.adapters import DisagreementError
from hubplanner.solver.optimise import optimise
from hubplanner.solver.screening import narrowed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Formulation, Year
    from hubplanner.problem import Floats, Ints
    from hubplanner.solver.task import Found, Task

SHORTEST_S, LONGEST_S = 2.0, 10.0
"""Seconds that telling equal plans apart may take, whatever finding one took."""
SMALL_OPTIONS = 30
"""With at most this many options a solve is exact whatever gap is asked, so that ties can be broken."""
MOST_DISTANCES = 2_000_000
"""Distances between points and sites above which nearness does not break ties."""
CHUNK = 10
"""Options whose order one program settles."""

UNIQUE, BROKEN, OPEN = "unique", "broken", "open"


def break_ties(task: Task, found: Found) -> tuple[Found, str]:
    """Return the plan that comes first among all equal to a proven best one, and how sure that is.

    Parameters
    ----------
    task
        The question with its goals held; it has as long as finding the plan took, from 2 to 10 seconds.

    Returns
    -------
    tuple
        The plan, and ``unique`` where no other is equal, ``broken`` where the first of several was taken, ``open``
        where time or size left it open.
    """
    sized = len(task.question.problems[0].need) * task.question.problems[0].n_sites
    if sized > MOST_DISTANCES:
        return found, OPEN
    task, several = replace(task, gap=0.0, start=found.opened), False
    for goal in (cost(), mean_distance(), number_of_hubs()):
        if _is_only(task, found):
            return found, BROKEN if several else UNIQUE
        several = True
        task, found, settled = _settle(task, found, goal)
        if not settled:
            return found, OPEN
    return _by_order(task, found)


def prepared(task: Task, value: float, began: float) -> Task:
    """Return a task for telling plans apart whose goal reached a value: its ranges narrowed, its time limited."""
    now = time.perf_counter()
    seconds = min(max(now - began, SHORTEST_S), LONGEST_S)
    return narrowed(replace(task, deadline=min(task.deadline, now + seconds)), value)


def _is_only(task: Task, found: Found) -> bool:
    """Tell whether no other plan is equal so far; unknown, and so no, where hubs are numbers and not there or not."""
    if found.opened is None or task.question.instance.most.max(initial=1) > 1:
        return False
    other = optimise(replace(task, goal=None, forbidden=(*task.forbidden, found.opened), start=None))
    return other.infeasible


def _settle(task: Task, found: Found, goal: Goal) -> tuple[Task, Found, bool]:
    """Return the task with a further goal held, the plan that reaches it, and whether it is proven."""
    try:
        better = optimise(replace(task, goal=goal, start=found.opened))
    except DisagreementError:
        # An order weighs one site a thousand times another: a solver's tolerance may blur it. Then it stays open.
        return task, found, False
    if not better.years or abs(better.bound - better.value) > 1e-7 * max(1.0, abs(better.value)):
        return task, found, False
    return replace(task, held=(*task.held, Held(goal=goal, value=better.value))), better, True


def _by_order(task: Task, found: Found) -> tuple[Found, str]:
    """Return the plan whose sites come first, settled some options at a time."""
    for start in range(0, len(task.question.instance.option), CHUNK):
        if _is_only(task, found):
            break
        task, found, settled = _settle(task, found, _first(np.arange(start, start + CHUNK), task))
        if not settled:
            return found, OPEN
    return found, BROKEN


def _first(options: Ints, task: Task) -> Goal:
    r"""Return the order of some options as a goal: $\sum_k b^{-k} y_k$, an earlier hub before any later ones."""
    options = options[options < len(task.question.instance.option)]
    base = float(task.question.instance.most.max(initial=1) + 1)
    worth: Floats = base ** np.arange(len(options) - 1, -1, -1, dtype=np.float64)

    def expression(form: Formulation) -> Linear:
        return Linear(terms=form.layers[-1].opened(options, worth))

    def value(years: Sequence[Year]) -> float:
        plan = years[-1].plan
        counts = dict(zip(plan.options.tolist(), plan.counts.tolist(), strict=True))
        pairs = zip(options.tolist(), worth.tolist(), strict=True)
        return float(sum(counts.get(option, 0) * weight for option, weight in pairs))

    return Goal(name="order of sites", sense=1, expression=expression, value=value)

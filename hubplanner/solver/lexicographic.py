"""All goals of a question in turn, each held while the next is sought."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubplanner.models import Held, goals_of
from hubplanner.models.goals import WORST
from hubplanner.problem import relative_gap
from hubplanner.problem.solution import Reached
from hubplanner.solver.centre import smallest_radius
from hubplanner.solver.optimise import optimise
from hubplanner.solver.task import Found, Task
from hubplanner.solver.ties import OPEN, SMALL_OPTIONS, break_ties, prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Question
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import Record

EXACT = 1e-9
"""Relative gap that is rounding."""
HOLDS = 1e-7
"""Relative gap that the slack of goals held before may leave."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a question comes to.

    Parameters
    ----------
    found
        The plan; with ``infeasible`` set when there is none.
    reached
        Each goal's figure and bound, in their order.
    complete
        Whether all goals were reached; the time was too short if not.
    ties
        Whether equal plans were told apart.
    """

    found: Found
    reached: tuple[Reached, ...]
    complete: bool = True
    ties: str = OPEN


def answer(question: Question, options: SolverOptions, deadline: float, record: Record) -> Answer:
    """Reach all goals of a question, the most important first."""
    exact = options.gap == 0 or len(question.instance.option) <= SMALL_OPTIONS
    gap = 0.0 if exact else options.gap
    task = Task(question=question, goal=None, options=options, deadline=deadline, gap=gap)
    began, reached, found = time.perf_counter(), list[Reached](), Found()
    for goal in goals_of(question.objective):
        task = replace(task, goal=goal, start=found.opened)
        with record.phase(f"optimise {goal.name}"):
            if goal.name == WORST:
                trial, narrowed = smallest_radius(task)
                task = replace(task, question=narrowed)
            else:
                trial = optimise(task)
        if not trial.years:
            return Answer(found=found if found.years else trial, reached=tuple(reached), complete=False)
        found = trial
        reached.append(Reached(name=goal.name, value=found.value, bound=found.bound))
        task = replace(task, held=(*task.held, Held(goal=goal, value=found.value)))
    if not (exact and options.ties and within_gap(reached, 0.0)):
        return Answer(found=found, reached=tuple(reached))
    with record.phase("tell equal plans apart"):
        first = replace(task, goal=task.held[0].goal, held=())
        told = prepared(first, task.held[0].value, began)
        found, ties = break_ties(replace(told, held=task.held), found)
    return Answer(found=found, reached=tuple(reached), ties=ties)


def within_gap(reached: Sequence[Reached], gap: float) -> bool:
    """Tell whether all goals are proven within a relative gap, but for rounding."""
    gaps = [relative_gap(goal.value, goal.bound) for goal in reached]
    return all(found <= gap + (HOLDS if number else EXACT) for number, found in enumerate(gaps))

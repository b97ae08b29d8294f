"""Hubs of limited room by flows: a program over hubs that least cuts tighten, and plans that flows make better."""

from __future__ import annotations

import numpy as np

from hubplanner.solver.mip.bounds.flow_cuts import FlowProgram, serves_by_flow
from hubplanner.solver.mip.bounds.upper_bound import cap_bound
from hubplanner.solver.mip.heuristics.first_plan import in_order, plan_with
from hubplanner.solver.mip.heuristics.room_exchange import exchanged_rooms, flows_tell
from hubplanner.solver.mip.program_search import bounded, is_close
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, entries_of
from hubplanner.solver.progress import report_progress

FLOW_ENTRIES, FLOW_ROUNDS, WITHIN = 2_000, 50, 0.2
"""Pairs of demand and hubs from which cuts by flows come before a program of pairs, rounds of looking for plans and
cutting, and part of the gap to which the program over hubs is solved in each. To 1e-4: of 1,500 pairs both take 1.5 s,
of 4,400 over three years 0.5 s, not 1.8 % open after 4 s; of 6,800 0.4 % is open after 8 s, not 1.1."""
ROUNDED = 1e-6
"""Part of a hub from which a plan made of a relaxation may have it."""
ROUNDS, SHARE = 3, 0.5
"""Times that flows make a plan better, each from the best before, until it is close to its bound or
one finds none, and their share of the time."""


def has_flows(task: Subproblem) -> bool:
    """Tell whether cuts by flows come before the program of a goal: it has some pairs, and hubs may serve by parts."""
    is_free = task.options.name == "highs" and task.options.method == "auto"
    alone = is_free and bool(task.known.years) and not task.held and task.ranges is None
    return alone and entries_of(task) >= FLOW_ENTRIES and serves_by_flow(task.question, task.goal)


def by_flows(task: Subproblem) -> Incumbent:
    """Return the plan that is known or a better one, with its bound, by a program over hubs that flows cut."""
    program = FlowProgram(task)
    program.relax()
    if not program.is_close():
        hubs = in_order(np.where(program.parts > ROUNDED, program.parts, 0.0))
        program.take(plan_with(task.question, hubs, task.deadline))
    for number in range(FLOW_ROUNDS):
        if program.is_close() or task.is_late:
            break
        if flows_tell(task.question):
            enough, seed = program.bound / (1 + task.gap), task.options.seed + number
            program.take(exchanged_rooms(task.question, program.best, enough, task.deadline.part(1 / 2), seed))
            if program.is_close() or task.is_late:
                break
        report_progress(program.goal.name, program.best.value, program.bound)
        before = program.best.value, program.bound
        is_cut = program.search(WITHIN * task.gap, task.deadline.part(1 / 2))
        if not is_cut and before == (program.best.value, program.bound):
            break
    return bounded(task, program.best, cap_bound(task.question, task.goal, program.bound))


def with_flows(task: Subproblem, known: Incumbent) -> Incumbent:
    """Return a plan, or a better one by flows where they tell what it is worth and it is not close to its bound."""
    if task.goal is None or not flows_tell(task.question) or is_close(task, known):
        return known
    enough, deadline = known.bound / (1 + task.gap), task.deadline.part(SHARE)
    for number in range(ROUNDS):
        before = known
        known = exchanged_rooms(task.question, before, enough, deadline, task.options.seed + number)
        if known is before or is_close(task, known):
            break
    return known

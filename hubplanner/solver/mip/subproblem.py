"""What is to be solved and what was found, for one goal of a question."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model import FixedLevel, Formulation, Goal, Question, Year, formulate
from hubplanner.model.cuts.hub_counts import add_tally
from hubplanner.model.formulation import Cut
from hubplanner.problem import Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.options import SolverOptions

BUILDING_S, SERVING_S, LAYING_S = 1.5e-6, 3e-5, 7e-5
"""Seconds that a pair of demand and hub takes until a solver has it, and where people are assigned: measured 0.6e-6 to
1.5e-6 (3 tiers, second hubs, years) and 2.7e-5 to 2.9e-5 (facilities, 3 tiers with capacities); and that a line takes
one way: 5.6e-5 to 8.4e-5 (1,500 and 3,000 towns)."""


@dataclass(frozen=True, kw_only=True)
class Incumbent:
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


NOTHING = Incumbent()
"""Stands for no plan."""


@dataclass(frozen=True, kw_only=True)
class Subproblem:
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
        When to stop.
    start
        (p, o) hubs to start from.
    known
        A plan that keeps to everything: it is handed back where no better one is found.
    seeks
        Whether exchanges may look for a plan where none is known: only where any plan of the question will do.
    forbidden
        (p, o) plans that are not wanted again.
    too_dear
        Sets of options none of which a plan may hold whole.
    scale
        Size of the goal's figure, that the gap is relative to; that of the relaxation's bound if NaN.
    ranges
        Fewest and most hubs (p, o) of each option in every plan that is still of interest; the question's if None.
    cuts
        Inequalities that every plan keeps to.
    nodes
        Nodes of a search at most; no limit if None.
    screens
        Whether plans near the relaxation's bound are searched first.
    """

    question: Question
    goal: Goal | None
    options: SolverOptions
    deadline: Deadline
    gap: float = 0.0
    held: tuple[FixedLevel, ...] = ()
    start: Ints | None = None
    known: Incumbent = NOTHING
    seeks: bool = False
    forbidden: tuple[Ints, ...] = ()
    too_dear: tuple[Ints, ...] = ()
    scale: float = math.nan
    ranges: tuple[Ints, Ints] | None = None
    cuts: tuple[Cut, ...] = ()
    nodes: int | None = None
    screens: bool = True

    def effort(self, gap: float) -> SearchLimits:
        """Return what a solver is asked, with an absolute gap in the program's unit."""
        return self.options.until(self.deadline).effort(gap, self.nodes)

    @property
    def sense(self) -> int:
        """1 where more of the goal is better, -1 where less is."""
        return 1 if self.goal is None else self.goal.sense

    @property
    def is_late(self) -> bool:
        """Tell whether time is up."""
        return self.deadline.is_past


def program_of(task: Subproblem, depth: Ints) -> Formulation:
    """Return a task's program, with chains of distances of some depth (n,).

    Raises
    ------
    LateError
        When the time is up before a large one is made.
    """
    form = formulate(task.question, task.goal, task.held, depth, task.ranges, lambda: task.is_late)
    if splits(task):
        add_tally(form.layers, task.question.constraints)
        if task.question.objective.alpha_fairness is not None:
            # With a tangent for each group at each share presolve settles more than branching on counts does.
            for layer in form.layers:
                layer.counts.clear()
    for cut in task.cuts:
        cut.add_to(form.layers)
    for plan in task.forbidden:
        forbid(form, plan)
    for dear in task.too_dear:
        form.layers[-1].add("too_dear", form.layers[-1].opened(dear), LpConstraintLE, len(dear) - 1)
    return form


def entries_of(task: Subproblem) -> int:
    """Return about how many entries a task's program has: pairs of demand and hubs."""
    instance = task.question.instance
    pairs = len(instance.assign_rows.row) if task.question.assigns else instance.cover_rows.cover.nnz
    return int(pairs) * len(task.question.problems)


def is_too_large(task: Subproblem) -> bool:
    """Tell whether making a program alone would take all of the time that is left."""
    net, years = task.question.instance.problem.backhaul, len(task.question.problems)
    laying = 0.0 if net is None else len(net.arcs[0]) * years * LAYING_S
    each = SERVING_S if task.question.assigns else BUILDING_S
    return entries_of(task) * each + laying > task.deadline.left


def sharpens(task: Subproblem) -> bool:
    """Tell whether a task's relaxation is sharpened by inequalities that its own values break."""
    return splits(task) or task.question.instance.problem.backhaul is not None


def splits(task: Subproblem) -> bool:
    """Tell whether a task shares people out among hubs of limited room, so that tallies and residuals sharpen it."""
    capacity = task.question.capacity
    return capacity is not None and not capacity.single and capacity.can_relax


def forbid(form: Formulation, opened: Ints) -> None:
    r"""Rule out a plan: $\sum_{o : y_o = 0} y_o + \sum_{o : y_o = 1} (1 - y_o) \ge 1$."""
    terms, ones = [], 0
    for layer, counts in zip(form.layers, opened, strict=True):
        for variable, count in zip(layer.open_, counts.tolist(), strict=True):
            terms.append((variable, -1.0 if count else 1.0))
            ones += count
    form.layers[-1].add("other", terms, LpConstraintGE, 1 - ones)

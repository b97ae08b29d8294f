"""Problem, objective and constraints to a PuLP model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from pulp import LpAffineExpression, LpConstraintLE

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.base import Constraint
from hubplanner.model.formulation import (
    ConstraintRows,
    FixedLevel,
    Formulation,
    Goal,
    Question,
    Ranges,
    Year,
    hold,
    new_formulation,
    seek,
)
from hubplanner.model.goals import OBJECTIVES
from hubplanner.model.lp import Model, never_late, new_model, new_program
from hubplanner.model.objectives import Objective
from hubplanner.model.variables.coverage import covered
from hubplanner.problem import Evaluation, Ints, Problem
from hubplanner.problem.covering_instance import CoveringInstance


def build_model(instance: CoveringInstance, objective: Objective) -> Model:
    """Return the PuLP model of maximal covering over merged rows, with its constraints."""
    model = new_model(instance, new_program(objective.name))
    need = covered(model, 0)
    model.program.setObjective(LpAffineExpression(need.times(1 / model.need_unit).terms))
    for constraint in objective.all_constraints:
        constraint.add_to(model)
    return model


def formulate(  # noqa: PLR0913, PLR0917 - what a program is made of, and whether there is time to make it
    question: Question,
    goal: Goal | None,
    held: Sequence[FixedLevel],
    depth: Ints,
    ranges: Ranges | None = None,
    is_late: Callable[[], bool] = never_late,
) -> Formulation:
    """Return the program of a question that seeks one goal, or just any plan, and holds those reached before.

    Parameters
    ----------
    depth
        (n,) distances from each point that its chain of distances holds; for goals of distance.
    ranges
        Fewest and most hubs (p, o) of each option in each year; the question's if None. Shares of options that may
        have none are left out of the program.
    is_late
        Tells whether the time is up.

    Raises
    ------
    LateError
        When the time is up before a large program is made.
    """
    form = new_formulation(question, depth, ranges, is_late)
    form = replace(form, added=tuple(_add(form, constraint) for constraint in question.constraints))
    for reached in held:
        hold(form, reached)
    for layer in form.layers:
        # PuLP forgets variables that no constraint speaks of, but a solver is to return them.
        layer.add("options", layer.opened(form.instance.option), LpConstraintLE, float(form.instance.most.sum()))
    if goal is not None:
        return seek(form, goal)
    form.program.setObjective(LpAffineExpression([]))
    return form


def _add(form: Formulation, constraint: Constraint) -> ConstraintRows:
    """Add a constraint to a program, and return what it added."""
    first, before = form.program.numConstraints(), [len(layer.variables.raised) for layer in form.layers]
    defined = [len(layer.variables.defined) for layer in form.layers]
    constraint.add_to_periods(form.layers)
    own = np.ones(form.program.numConstraints() - first, dtype=np.bool_)
    for layer, known in zip(form.layers, defined, strict=True):
        for start, stop in layer.variables.defined[known:]:
            own[start - first : stop - first] = False
    raised = (one for layer, known in zip(form.layers, before, strict=True) for one in layer.variables.raised[known:])
    return ConstraintRows(rows=first + np.flatnonzero(own), raised=tuple(raised))


def check_supported(objective: Objective) -> None:
    """Raise when this version has no model of the objective or of one of its constraints."""
    if type(objective) not in OBJECTIVES:
        known = ", ".join(kind.name for kind in OBJECTIVES)
        message = f"objective {objective.name} is not supported; this version takes {known}"
        raise ScenarioError(message)


def broken_constraints(problem: Problem, plan: Evaluation, objective: Objective) -> list[str]:
    """Return how a plan breaks the objective's limits, recomputed without the model."""
    found = (constraint.violation(problem, plan) for constraint in objective.all_constraints)
    return [reason for reason in found if reason]


def broken_years(question: Question, years: Sequence[Year]) -> list[str]:
    """Return how the plans of all years break the question's constraints, recomputed without the model."""
    problems, plans = [year.problem for year in years], [year.plan for year in years]
    return [reason for constraint in question.constraints for reason in constraint.violations(problems, plans)]

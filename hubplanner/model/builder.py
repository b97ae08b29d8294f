"""Problem, objective and constraints to a PuLP model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pulp import LpAffineExpression, LpConstraintLE

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.hubs_per_site import HubsPerSite
from hubplanner.model.formulation import FixedLevel, Formulation, Goal, Question, Year, hold, new_formulation, seek
from hubplanner.model.goals import OBJECTIVES
from hubplanner.model.lp import Model, new_model, new_program
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import MinCost, Objective, PCenter, PMedian
from hubplanner.model.robust import RobustObjective
from hubplanner.model.variables.coverage import covered
from hubplanner.problem.model_instance import ModelInstance
from hubplanner.problem.multi_period import in_year, present_value
from hubplanner.problem.stacked_demand import StackedInstance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.model.constraints.base import Constraint
    from hubplanner.model.formulation import Ranges
    from hubplanner.problem import Evaluation, Floats, Ints, Problem
    from hubplanner.problem.covering_instance import CoveringInstance


def build_model(instance: CoveringInstance, objective: Objective) -> Model:
    """Return the PuLP model of maximal covering over merged rows, with its blocks."""
    model = new_model(instance, new_program(objective.name))
    need = covered(model, 0)
    model.program.setObjective(LpAffineExpression(need.times(1 / model.need_unit).terms))
    for block in objective.blocks:
        block.add_to(model)
    return model


def ask(problem: Problem, objective: Objective, blocks: Sequence[Constraint] | None = None) -> Question:
    """Prepare a problem and an objective for their programs.

    Parameters
    ----------
    blocks
        The blocks to hold, the objective's own if left out.
    """
    wanted = all_blocks(problem, objective) if blocks is None else tuple(blocks)
    periods = next((block for block in wanted if isinstance(block, Periods)), None)
    years = 1 if periods is None else len(periods.budgets)
    growth = None if periods is None else periods.growth
    problems = tuple(in_year(problem, growth, year) for year in range(years))
    rate = 0.0 if periods is None else periods.discount_rate
    wanted = tuple(block.grown(growth, years - 1) for block in wanted)
    stacked = next((block for block in wanted if isinstance(block, HubsPerSite)), HubsPerSite())
    parts: dict[str, Any] = {
        "problem": problem,
        "measures": np.array(_measures(problems, objective, wanted)),
        "most_per_site": stacked.count,
        "apart": _by_distance(objective) or any(block.serves_apart for block in wanted),
    }
    if isinstance(objective, RobustObjective):
        instance: ModelInstance = StackedInstance(**parts, stack=objective.stack)
    else:
        instance = ModelInstance(**parts)
    discounts = tuple(present_value(rate, year) for year in range(years))
    return Question(objective=objective, problems=problems, discounts=discounts, instance=instance, blocks=wanted)


def _by_distance(objective: Objective) -> bool:
    """Tell whether it matters who of those in reach of a hub travels to it."""
    return isinstance(objective, PMedian | PCenter) or bool(getattr(objective, "travel_cost", 0.0))


def all_blocks(problem: Problem, objective: Objective) -> tuple[Constraint, ...]:
    """Return an objective's blocks, and those that stand for what it asks of every plan."""
    blocks = list(objective.blocks)
    if isinstance(objective, MinCost):
        blocks.append(Floor(weight=problem.need, share=objective.target_share, name="all need"))
        if objective.travel_cost and objective.block(Capacity) is None:
            # Who travels where counts, so people are assigned even where hubs have room for all.
            blocks.append(Capacity(people=(math.inf,) * len(problem.tier_reach)))
    return tuple(blocks)


def _measures(problems: Sequence[Problem], objective: Objective, blocks: Sequence[Constraint]) -> list[Floats]:
    """Return everything that demand is weighted by: need and people of each year, then the constraints' and groups."""
    own = [weight for block in blocks for weight in block.measures()]
    groups = [] if objective.fairness is None else objective.fairness.with_need
    every = [*(part.need for part in problems), *(part.people for part in problems), *own, *groups]
    return list({np.asarray(weight).tobytes(): np.asarray(weight) for weight in every}.values())


def formulate(
    question: Question, goal: Goal | None, held: Sequence[FixedLevel], depth: Ints, ranges: Ranges | None = None
) -> Formulation:
    """Return the program of a question that seeks one goal, or just any plan, and holds those reached before.

    Parameters
    ----------
    depth
        (n,) distances from each point that its chain of distances holds; for goals of distance.
    ranges
        Fewest and most hubs (p, o) of each option in each year; the question's if None. Shares of options that may
        have none are left out of the program.
    """
    form = new_formulation(question, depth, ranges)
    for block in question.blocks:
        block.add_to_periods(form.layers)
    for reached in held:
        hold(form, reached)
    for layer in form.layers:
        # PuLP forgets variables that no constraint speaks of, but a solver is to return them.
        layer.add("options", layer.opened(form.instance.option), LpConstraintLE, float(form.instance.most.sum()))
    if goal is not None:
        return seek(form, goal)
    form.program.setObjective(LpAffineExpression([]))
    return form


def check_supported(objective: Objective) -> None:
    """Raise when this version has no model of the objective or of one of its blocks."""
    if type(objective) not in OBJECTIVES:
        known = ", ".join(kind.name for kind in OBJECTIVES)
        message = f"objective {objective.name} is not supported; this version takes {known}"
        raise ScenarioError(message)


def broken_blocks(problem: Problem, plan: Evaluation, objective: Objective) -> list[str]:
    """Return how a plan breaks the objective's limits, recomputed without the model."""
    found = (block.violation(problem, plan) for block in objective.blocks)
    return [reason for reason in found if reason]


def broken_years(question: Question, years: Sequence[Year]) -> list[str]:
    """Return how the plans of all years break the question's blocks, recomputed without the model."""
    problems, plans = [year.problem for year in years], [year.plan for year in years]
    return [reason for block in question.blocks for reason in block.violations(problems, plans)]

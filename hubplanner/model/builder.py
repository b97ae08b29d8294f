"""Problem, objective and blocks to a PuLP model, through two registries: add a family here and in its own file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pulp import LpAffineExpression, LpConstraintLE

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.budget import Budget, add_budget, broken_budget
from hubplanner.model.constraints.capacity import Capacity, add_capacity, broken_capacity
from hubplanner.model.constraints.fixed_hubs import FixedHubs, add_kept, broken_kept
from hubplanner.model.constraints.floor import Floor, add_floor, broken_floor
from hubplanner.model.constraints.full_service import FullService, add_serve_all, broken_serve_all
from hubplanner.model.constraints.hub_count import (
    MaxHubs,
    MinHubs,
    add_max_hubs,
    add_min_hubs,
    broken_max_hubs,
    broken_min_hubs,
)
from hubplanner.model.constraints.hubs_per_site import HubsPerSite, add_per_site, broken_per_site
from hubplanner.model.constraints.min_separation import MinSeparation, add_min_separation, broken_min_separation
from hubplanner.model.constraints.plan_distance import PlanDistance, add_differ, broken_differ
from hubplanner.model.constraints.required_sites import RequiredSites, add_required, broken_required
from hubplanner.model.constraints.robust import (
    RobustBudget,
    RobustFloor,
    Uncertainty,
    add_budget_in,
    add_floor_in,
    broken_budget_in,
    broken_floor_in,
    refuse_under,
    unbroken,
)
from hubplanner.model.constraints.site_relations import (
    AtMostOne,
    OnlyWith,
    add_at_most_one,
    add_only_with,
    broken_at_most_one,
    broken_only_with,
)
from hubplanner.model.formulation import FixedLevel, Formulation, Goal, Question, Year, hold, new_formulation, seek
from hubplanner.model.goals import OBJECTIVES
from hubplanner.model.lp import Model, new_model, new_program
from hubplanner.model.multi_period import Periods, add_periods, broken_periods
from hubplanner.model.objectives import MinCost, Objective, PCenter, PMedian
from hubplanner.model.robust import RobustObjective
from hubplanner.model.variables.coverage import covered
from hubplanner.problem.model_instance import ModelInstance
from hubplanner.problem.multi_period import grow_demand, in_year, present_value
from hubplanner.problem.stacked_demand import StackedInstance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.model.formulation import Ranges
    from hubplanner.model.objectives import Constraint
    from hubplanner.problem import Evaluation, Floats, Ints, Problem
    from hubplanner.problem.covering_instance import CoveringInstance


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of constraints: how it enters the model, and how a finished plan is held to it.

    Parameters
    ----------
    add
        Adds the constraints of a block to a model.
    broken
        Returns how a plan breaks a block, recomputed from the problem's arrays; None when it does not.
    every_year
        Whether it holds in each year of a programme; in the last, when all hubs are open, if not.
    """

    add: Callable[[Model, Any], None]
    broken: Callable[[Problem, Evaluation, Any], str | None]
    every_year: bool = False


BLOCKS: dict[type, Family] = {
    HubsPerSite: Family(add=add_per_site, broken=broken_per_site),
    RequiredSites: Family(add=add_required, broken=broken_required),
    FixedHubs: Family(add=add_kept, broken=broken_kept),
    Budget: Family(add=add_budget, broken=broken_budget),
    MaxHubs: Family(add=add_max_hubs, broken=broken_max_hubs),
    MinHubs: Family(add=add_min_hubs, broken=broken_min_hubs),
    FullService: Family(add=add_serve_all, broken=broken_serve_all, every_year=True),
    Capacity: Family(add=add_capacity, broken=broken_capacity, every_year=True),
    Floor: Family(add=add_floor, broken=broken_floor),
    MinSeparation: Family(add=add_min_separation, broken=broken_min_separation),
    AtMostOne: Family(add=add_at_most_one, broken=broken_at_most_one),
    OnlyWith: Family(add=add_only_with, broken=broken_only_with),
    PlanDistance: Family(add=add_differ, broken=broken_differ),
    Uncertainty: Family(add=refuse_under, broken=unbroken),
    RobustBudget: Family(add=add_budget_in, broken=broken_budget_in),
    RobustFloor: Family(add=add_floor_in, broken=broken_floor_in),
}


def build_model(instance: CoveringInstance, objective: Objective) -> Model:
    """Return the PuLP model of maximal covering over merged rows, with its blocks."""
    model = new_model(instance, new_program(objective.name))
    need = covered(model, 0)
    model.program.setObjective(LpAffineExpression(need.times(1 / model.need_unit).terms))
    for block in objective.blocks:
        BLOCKS[type(block)].add(model, block)
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
    wanted = tuple(in_last_year(block, growth, years - 1) for block in wanted)
    stacked = next((block for block in wanted if isinstance(block, HubsPerSite)), HubsPerSite())
    parts: dict[str, Any] = {
        "problem": problem,
        "measures": np.array(_measures(problems, objective, wanted)),
        "most_per_site": stacked.count,
        "apart": _by_distance(objective) or any(_is_apart(block) for block in wanted),
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


def _is_apart(block: Constraint) -> bool:
    """Tell whether a block serves each point on its own: as a whole, or within a distance."""
    whole = isinstance(block, Capacity) and block.single
    return whole or (isinstance(block, FullService) and math.isfinite(block.distance))


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
    """Return everything that demand is weighted by: need and people of each year, then groups."""
    floors = [block.weight for block in blocks if isinstance(block, Floor)]
    groups = [] if objective.fairness is None else objective.fairness.with_need
    every = [*(part.need for part in problems), *(part.people for part in problems), *floors, *groups]
    return list({np.asarray(weight).tobytes(): np.asarray(weight) for weight in every}.values())


def in_last_year(block: Constraint, growth: Floats | None, years: int) -> Constraint:
    """Return a block with its weights grown to the last year of a programme."""
    return replace(block, weight=grow_demand(block.weight, growth, years)) if isinstance(block, Floor) else block


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
        if isinstance(block, Periods):
            add_periods(form.layers, block)
            continue
        family = BLOCKS[type(block)]
        for layer in form.layers if family.every_year else form.layers[-1:]:
            family.add(layer, block)
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
    found = (BLOCKS[type(block)].broken(problem, plan, block) for block in objective.blocks)
    return [reason for reason in found if reason]


def broken_years(question: Question, years: Sequence[Year]) -> list[str]:
    """Return how the plans of all years break the question's blocks, recomputed without the model."""
    found: list[str | None] = []
    for block in question.blocks:
        if isinstance(block, Periods):
            found.append(broken_periods([year.plan for year in years], block))
            continue
        family = BLOCKS[type(block)]
        held = years if family.every_year else years[-1:]
        found += [family.broken(year.problem, year.plan, block) for year in held]
    return [reason for reason in found if reason]

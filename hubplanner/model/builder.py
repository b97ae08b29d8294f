"""Objective and blocks to a PuLP model, through two registries: add a family here and in its own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from hubplanner.model.formulation import FixedLevel, Formulation, Question, hold, new_formulation, seek
from hubplanner.model.goals import OBJECTIVES, Goal, Year
from hubplanner.model.lp import Model, new_model, new_program
from hubplanner.model.multi_period import Periods, add_periods, broken_periods
from hubplanner.model.robust import Uncertainty
from hubplanner.model.variables.coverage import covered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubplanner.model.formulation import Ranges
    from hubplanner.model.objectives import Objective
    from hubplanner.problem import Evaluation, Ints, Problem
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

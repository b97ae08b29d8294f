"""Objective and blocks to a PuLP model, through two registries: add a family here and in its own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hubplanner.errors import ScenarioError
from hubplanner.models.budget import add_budget, broken_budget
from hubplanner.models.max_coverage import add_max_coverage
from hubplanner.models.max_hubs import add_max_hubs, broken_max_hubs
from hubplanner.models.model import Model, new_model
from hubplanner.models.one_tier import add_one_tier, broken_one_tier
from hubplanner.models.required import add_required, broken_required
from hubplanner.models.specs import Budget, MaxCoverage, MaxHubs, Objective, OneTier, Required

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.problem import Evaluation, Problem
    from hubplanner.problem.reduced import Reduced


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of constraints: how it enters the model, and how a finished plan is held to it.

    Parameters
    ----------
    add
        Adds the constraints of a block to a model.
    broken
        Returns how a plan breaks a block, recomputed from the problem's arrays; None when it does not.
    """

    add: Callable[[Model, Any], None]
    broken: Callable[[Problem, Evaluation, Any], str | None]


OBJECTIVES: dict[type[Objective], Callable[[Model, Any], None]] = {
    MaxCoverage: add_max_coverage,
}

BLOCKS: dict[type, Family] = {
    OneTier: Family(add=add_one_tier, broken=broken_one_tier),
    Required: Family(add=add_required, broken=broken_required),
    Budget: Family(add=add_budget, broken=broken_budget),
    MaxHubs: Family(add=add_max_hubs, broken=broken_max_hubs),
}


def build_model(instance: Reduced, objective: Objective) -> Model:
    """Return the PuLP model of an objective with its blocks.

    Raises
    ------
    ScenarioError
        When this version has no model of the objective.
    """
    check_supported(objective)
    model = new_model(instance, objective.name)
    OBJECTIVES[type(objective)](model, objective)
    for block in objective.blocks:
        BLOCKS[type(block)].add(model, block)
    return model


def check_supported(objective: Objective) -> None:
    """Raise when this version has no model of the objective."""
    if type(objective) not in OBJECTIVES:
        known = ", ".join(kind.name for kind in OBJECTIVES)
        message = f"objective {objective.name} is not yet supported; this version takes {known}"
        raise ScenarioError(message)


def broken_blocks(problem: Problem, plan: Evaluation, objective: Objective) -> list[str]:
    """Return how a plan breaks the objective's limits, recomputed without the model."""
    found = (BLOCKS[type(block)].broken(problem, plan, block) for block in objective.blocks)
    return [reason for reason in found if reason]

"""The number of new hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulp import LpConstraintLE

if TYPE_CHECKING:
    from hubplanner.models.model import Model
    from hubplanner.models.specs import MaxHubs
    from hubplanner.problem import Evaluation, Problem


def add_max_hubs(model: Model, block: MaxHubs) -> None:
    r"""Build at most p new hubs: $\sum_o y_o \le p$."""
    model.add("max_hubs", [(variable, 1.0) for variable in model.open_], LpConstraintLE, block.count)


def broken_max_hubs(problem: Problem, plan: Evaluation, block: MaxHubs) -> str | None:
    """Return how a plan builds too many hubs, None when it does not."""
    built = int((~problem.existing[plan.options]).sum())
    return f"{built} new hubs are built, max_hubs is {block.count}" if built > block.count else None

"""Demands that no plan can meet together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models.budget import TOLERANCE
from hubplanner.models.specs import Budget, MaxHubs

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Problem


def clashes(problem: Problem, objective: Objective) -> list[str]:
    """Return a sentence for each limit that the required sites break on their own; empty when a plan exists.

    Required hubs are the only demand on a coverage plan: whatever is left of budget and count is free.
    """
    required = problem.required_sites
    least = sum(float(problem.option_cost[problem.option_site == site].min(initial=np.inf)) for site in required)
    found = []
    for block in objective.blocks:
        if isinstance(block, Budget) and least > block.amount * (1 + TOLERANCE):
            found.append(
                f"the {len(required)} required hubs cost at least {least:,.12g}, "
                f"more than the budget of {block.amount:,.12g}"
            )
        if isinstance(block, MaxHubs) and len(required) > block.count:
            found.append(f"{len(required)} sites are required, more than max_hubs = {block.count}")
    return found

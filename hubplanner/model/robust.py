"""What is best over futures: the objective that it is turned into for one problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hubplanner.model.constraints.base import first_of
from hubplanner.model.constraints.robust import Uncertainty
from hubplanner.model.formulation import Goal
from hubplanner.model.objectives import Objective
from hubplanner.problem.stacked_demand import StackedDemand, StackedInstance


@dataclass(frozen=True, kw_only=True)
class RobustObjective(Objective):
    """An objective over futures, bound to a problem: only solvers make one.

    Parameters
    ----------
    goals
        What it asks.
    stack
        All futures' demand.
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    goals: tuple[Goal, ...]
    stack: StackedDemand
    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "hedge"
    goal: ClassVar[str] = "over futures"

    def instance(self, **parts: Any) -> StackedInstance:
        """Return the arrays that its models are built from, with all futures' demand."""
        return StackedInstance(**parts, stack=self.stack)


def under_of(objective: Objective) -> Uncertainty | None:
    """Return how an objective looks at futures, None where it knows of none."""
    return first_of(objective.constraints, Uncertainty)

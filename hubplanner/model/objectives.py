"""What may be asked of a plan: objectives as frozen parameters, validated where they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from hubplanner.model.constraints.base import Constraint
from hubplanner.model.constraints.budget import Budget
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.full_service import FullService
from hubplanner.model.constraints.hub_count import MaxHubs
from hubplanner.model.constraints.hubs_per_site import HubsPerSite
from hubplanner.model.constraints.required_sites import RequiredSites
from hubplanner.model.fairness import AlphaFair, Fairness
from hubplanner.model.parameters import check, check_amount
from hubplanner.problem import Problem
from hubplanner.problem.model_instance import ModelInstance

EQUIVALENT_SHARE = "equivalent share"
"""Name of the goal that alpha-fairness puts in the place of covered need."""
CATCHMENT = "catchment"
"""Name of the goal that follows it where the largest catchments are preferred."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What makes one plan better than another.

    Parameters
    ----------
    constraints
        Constraints beside those of its own parameters.
    fairness
        Groups that are to be covered fairly.
    """

    constraints: tuple[Constraint, ...] = ()
    fairness: Fairness | None = None

    name: ClassVar[str]
    goal: ClassVar[str]
    """Name of the goal whose figure is the objective's value, unless fairness takes its place."""

    def __post_init__(self) -> None:
        """Check the parameters by making their constraints."""
        _ = self.blocks

    @property
    def blocks(self) -> tuple[Constraint, ...]:
        """The constraint blocks that the parameters ask for."""
        budget, count = getattr(self, "budget", None), getattr(self, "max_hubs", None)
        own: list[Constraint] = [] if budget is None else [Budget(amount=budget)]
        own += [] if count is None else [MaxHubs(count=count)]
        stacked = any(isinstance(block, HubsPerSite) for block in self.constraints)
        return (*(() if stacked else (HubsPerSite(),)), RequiredSites(), *own, *self.constraints)

    def constraints_on(self, problem: Problem) -> tuple[Constraint, ...]:
        """Return the constraints on a problem's plans: the blocks, and those that stand for what any plan must do."""
        del problem
        return self.blocks

    @property
    def by_distance(self) -> bool:
        """Whether it matters who of those in reach of a hub travels to it."""
        return False

    def instance(self, **parts: Any) -> ModelInstance:
        """Return the arrays that its models are built from."""
        return ModelInstance(**parts)

    @property
    def main(self) -> str:
        """Name of the goal whose figure is the objective's value."""
        return EQUIVALENT_SHARE if isinstance(self.fairness, AlphaFair) else self.goal

    def block(self, kind: type) -> Constraint | None:
        """Return the first block of a kind, None when there is none."""
        return next((block for block in self.blocks if isinstance(block, kind)), None)


@dataclass(frozen=True)
class MaxCoverage(Objective):
    """Cover the most need with new hubs within a budget, a number of hubs, or both.

    Parameters
    ----------
    budget
        Money for new hubs; no limit if left out.
    max_hubs
        Number of new hubs; no limit if left out.

    >>> MaxCoverage(budget=20).blocks
    (HubsPerSite(count=1, mixed=False), RequiredSites(site=None), Budget(amount=20))
    """

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "max_coverage"
    goal: ClassVar[str] = "covered need"


@dataclass(frozen=True)
class MinCost(Objective):
    """Reach a share of need at the least cost.

    Parameters
    ----------
    target_share
        Share of all need to cover; 1 is set covering.
    budget, max_hubs
        Limits as with `MaxCoverage`.
    travel_cost
        Money for a unit of need and of distance to the hub that serves it; only the hubs cost if left out.
    """

    target_share: float
    budget: float | None = None
    max_hubs: int | None = None
    travel_cost: float = 0.0

    name: ClassVar[str] = "min_cost"
    goal: ClassVar[str] = "cost"

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        check("target_share", self.target_share, "a number above 0, at most 1", lambda value: 0 < value <= 1)
        check_amount("travel_cost", self.travel_cost)
        super().__post_init__()

    @property
    def by_distance(self) -> bool:
        """Whether travel costs."""
        return self.travel_cost > 0

    def constraints_on(self, problem: Problem) -> tuple[Constraint, ...]:
        """Return the blocks, and the share of need that every plan covers."""
        floor = Floor(weight=problem.need, share=self.target_share, name="all need")
        if not self.by_distance or self.block(Capacity) is not None:
            return (*self.blocks, floor)
        # Who travels where counts, so people are assigned even where hubs have room for all.
        return (*self.blocks, floor, Capacity(people=(math.inf,) * len(problem.tier_reach)))


@dataclass(frozen=True)
class PMedian(Objective):
    """Bring hubs nearest to need on average, whatever their reach.

    Parameters
    ----------
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "p_median"
    goal: ClassVar[str] = "mean distance"

    @property
    def by_distance(self) -> bool:
        """Whether it matters who travels where: always."""
        return True

    @property
    def blocks(self) -> tuple[Constraint, ...]:
        """The blocks, with a hub for everyone."""
        return (*super().blocks, FullService())


@dataclass(frozen=True)
class PCenter(Objective):
    """Bring the farthest point nearest to a hub, whatever its reach; among such plans, need nearest on average.

    Parameters
    ----------
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "p_center"
    goal: ClassVar[str] = "worst distance"

    @property
    def by_distance(self) -> bool:
        """Whether it matters who travels where: always."""
        return True

    @property
    def blocks(self) -> tuple[Constraint, ...]:
        """The blocks, with a hub for everyone."""
        return (*super().blocks, FullService())

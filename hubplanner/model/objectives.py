"""What may be asked of a plan: objectives as frozen parameters, validated where they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from hubplanner.model.constraints.base import Constraint, Kind, check, check_amount, first_of
from hubplanner.model.constraints.budget import Budget
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.full_service import FullService
from hubplanner.model.constraints.hub_count import HubsPerSite, MaxHubs
from hubplanner.model.constraints.required_sites import RequiredSites
from hubplanner.model.fairness import AlphaFair, Fairness, MaxMin
from hubplanner.problem import Floats, Problem
from hubplanner.problem.model_instance import ModelInstance
from hubplanner.translation import N_

EQUIVALENT_SHARE = N_("equivalent share")
"""Name of the goal that alpha-fairness puts in place of covered need."""
CATCHMENT = N_("catchment")
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
    maximises_coverage: ClassVar[bool] = False
    minimises_cost: ClassVar[bool] = False
    minimises_distance: ClassVar[bool] = False
    """Whether it is the distance to a hub, mean or largest, whatever the reach."""
    is_bottleneck: ClassVar[bool] = False
    """Whether it is the largest distance."""

    def __post_init__(self) -> None:
        """Check the parameters by making their constraints."""
        _ = self.all_constraints

    @property
    def budget(self) -> float | None:
        """Money for new hubs, None without a limit."""
        return None

    @property
    def max_hubs(self) -> int | None:
        """Number of new hubs, None without a limit."""
        return None

    @property
    def travel_cost(self) -> float:
        """Money for a unit of need and of distance to the hub that serves it."""
        return 0.0

    @property
    def all_constraints(self) -> tuple[Constraint, ...]:
        """The constraints that the parameters ask for."""
        own: list[Constraint] = [] if first_of(self.constraints, HubsPerSite) else [HubsPerSite()]
        own.append(RequiredSites())
        own += [] if self.budget is None else [Budget(amount=self.budget)]
        own += [] if self.max_hubs is None else [MaxHubs(count=self.max_hubs)]
        return (*own, *self.constraints)

    @property
    def covers_all(self) -> bool:
        """Whether hubs alone cost, and everyone with need is to be covered."""
        return False

    def target(self, need: Floats) -> Floor | None:
        """Return what any plan has to cover of some need (n,), None where it asks for none."""
        del need
        return None

    def constraints_on(self, problem: Problem) -> tuple[Constraint, ...]:
        """Return all constraints on a problem's plans, with those that stand for what any plan must do."""
        del problem
        return self.all_constraints

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
        return self.goal if self.alpha_fairness is None else EQUIVALENT_SHARE

    @property
    def alpha_fairness(self) -> AlphaFair | None:
        """Fairness by one utility of groups' shares, None where it is not asked for."""
        return self.fairness if isinstance(self.fairness, AlphaFair) else None

    @property
    def max_min(self) -> MaxMin | None:
        """Fairness by the worst-covered group, None where it is not asked for."""
        return self.fairness if isinstance(self.fairness, MaxMin) else None

    def constraint(self, kind: type[Kind]) -> Kind | None:
        """Return the first constraint of a kind, None when there is none."""
        return first_of(self.all_constraints, kind)


@dataclass(frozen=True)
class MaxCoverage(Objective):
    """Cover the most need with new hubs within a budget, a number of hubs, or both.

    Parameters
    ----------
    budget
        Money for new hubs; no limit if left out.
    max_hubs
        Number of new hubs; no limit if left out.

    >>> MaxCoverage(budget=20).all_constraints
    (HubsPerSite(count=1, mixed=False), RequiredSites(site=None), Budget(amount=20))
    """

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "max_coverage"
    goal: ClassVar[str] = "covered need"
    maximises_coverage: ClassVar[bool] = True


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
    minimises_cost: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid share."""
        check("target_share", self.target_share, "a number above 0, at most 1", lambda value: 0 < value <= 1)
        check_amount("travel_cost", self.travel_cost)
        super().__post_init__()

    @property
    def by_distance(self) -> bool:
        """Whether travel costs."""
        return self.travel_cost > 0

    @property
    def covers_all(self) -> bool:
        """Whether hubs alone cost, and everyone with need is to be covered."""
        return self.target_share >= 1 and not self.by_distance

    def target(self, need: Floats) -> Floor:
        """Return the share of need to cover."""
        return Floor(weight=need, share=self.target_share, name="all need")

    def constraints_on(self, problem: Problem) -> tuple[Constraint, ...]:
        """Return the constraints, and the share of need that every plan covers."""
        floor = self.target(problem.need)
        if not self.by_distance or self.constraint(Capacity) is not None:
            return (*self.all_constraints, floor)
        # Who travels where counts, so people are assigned even where hubs have room for all.
        return (*self.all_constraints, floor, Capacity(people=(math.inf,) * len(problem.tier_reach)))


@dataclass(frozen=True)
class _Nearness(Objective):
    """Hubs near to need, whatever their reach: what `PMedian` and `PCenter` share."""

    budget: float | None = None
    max_hubs: int | None = None

    minimises_distance: ClassVar[bool] = True

    @property
    def by_distance(self) -> bool:
        """Whether it matters who travels where: always."""
        return True

    @property
    def all_constraints(self) -> tuple[Constraint, ...]:
        """The constraints, with a hub for everyone."""
        return (*super().all_constraints, FullService())


@dataclass(frozen=True)
class PMedian(_Nearness):
    """Bring hubs nearest to need on average, whatever their reach.

    Parameters
    ----------
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    name: ClassVar[str] = "p_median"
    goal: ClassVar[str] = "mean distance"


@dataclass(frozen=True)
class PCenter(_Nearness):
    """Bring the farthest point nearest to a hub, whatever its reach; among such plans, need nearest on average.

    Parameters
    ----------
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    name: ClassVar[str] = "p_center"
    goal: ClassVar[str] = "worst distance"
    is_bottleneck: ClassVar[bool] = True

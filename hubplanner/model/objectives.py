"""What may be asked of a plan: objectives as frozen parameters, validated where they are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hubplanner.model.constraints.budget import Budget
from hubplanner.model.constraints.full_service import FullService
from hubplanner.model.constraints.hub_count import MaxHubs
from hubplanner.model.constraints.hubs_per_site import HubsPerSite
from hubplanner.model.constraints.required_sites import RequiredSites
from hubplanner.model.parameters import check, check_amount

if TYPE_CHECKING:
    from hubplanner.model.constraints.base import Constraint
    from hubplanner.model.fairness import MaxMin


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What makes one plan better than another.

    Parameters
    ----------
    limits
        Further blocks of constraints.
    fairness
        A group of which the worst-covered is lifted first.
    """

    limits: tuple[Constraint, ...] = ()
    fairness: MaxMin | None = None

    name: ClassVar[str]
    goal: ClassVar[str]
    """Name of the goal whose figure is the objective's value."""

    def __post_init__(self) -> None:
        """Check the limits by making their blocks."""
        _ = self.blocks

    @property
    def blocks(self) -> tuple[Constraint, ...]:
        """The constraint blocks that the parameters ask for."""
        budget, count = getattr(self, "budget", None), getattr(self, "max_hubs", None)
        own: list[Constraint] = [] if budget is None else [Budget(amount=budget)]
        own += [] if count is None else [MaxHubs(count=count)]
        stacked = any(isinstance(block, HubsPerSite) for block in self.limits)
        return (*(() if stacked else (HubsPerSite(),)), RequiredSites(), *own, *self.limits)

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
    def blocks(self) -> tuple[Constraint, ...]:
        """The blocks, with a hub for everyone."""
        return (*super().blocks, FullService())

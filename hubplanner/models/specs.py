"""What may be asked of a plan: objectives and constraint blocks as frozen parameters, validated where they are made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

from hubplanner.errors import ScenarioError


class Block(Protocol):
    """A family of constraints, known by its parameters."""


@dataclass(frozen=True, kw_only=True)
class OneTier:
    """At most one hub a site."""


@dataclass(frozen=True, kw_only=True)
class Required:
    """A hub at each required site."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """New hubs cost at most ``amount``, in money."""

    amount: float

    def __post_init__(self) -> None:
        """Refuse an amount that is no money."""
        _check("budget", self.amount)


@dataclass(frozen=True, kw_only=True)
class MaxHubs:
    """At most ``count`` new hubs."""

    count: int

    def __post_init__(self) -> None:
        """Refuse a count that is none."""
        _check("max_hubs", self.count)
        if self.count != int(self.count):
            message = f"max_hubs: {self.count!r} found; allowed: a whole number"
            raise ScenarioError(message)


@dataclass(frozen=True)
class Objective:
    """What makes one plan better than another."""

    name: ClassVar[str]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The limits that come with the objective's own parameters."""
        return ()


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
    (OneTier(), Required(), Budget(amount=20))
    """

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "max_coverage"

    def __post_init__(self) -> None:
        """Check the limits by making their blocks."""
        _ = self.blocks

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The constraint blocks these limits ask for."""
        budget = () if self.budget is None else (Budget(amount=self.budget),)
        count = () if self.max_hubs is None else (MaxHubs(count=self.max_hubs),)
        return (OneTier(), Required(), *budget, *count)


@dataclass(frozen=True)
class MinCost(Objective):
    """Reach a share of need at the least cost; not yet supported."""

    target_share: float

    name: ClassVar[str] = "min_cost"


@dataclass(frozen=True)
class PMedian(Objective):
    """Bring hubs nearest to need on average; not yet supported."""

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "p_median"


@dataclass(frozen=True)
class PCenter(Objective):
    """Bring the farthest point nearest to a hub; not yet supported."""

    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "p_center"


def _check(name: str, value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        message = f"{name}: {value!r} found; allowed: a number of at least 0"
        raise ScenarioError(message)

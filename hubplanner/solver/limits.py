"""The limits that the reductions of maximal covering speak of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hubplanner.models import Budget, MaxHubs

if TYPE_CHECKING:
    from hubplanner.models import Objective


def limits(objective: Objective) -> tuple[float, float]:
    """Return the money and the number of hubs an objective leaves, infinite where it sets no limit."""
    money = [block.amount for block in objective.blocks if isinstance(block, Budget)]
    count = [block.count for block in objective.blocks if isinstance(block, MaxHubs)]
    return min(money, default=math.inf), min(count, default=math.inf)

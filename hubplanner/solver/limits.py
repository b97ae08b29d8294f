"""The limits that the reductions of maximal covering speak of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models import Budget, MaxHubs

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Floats


def limits(objective: Objective) -> tuple[float, float]:
    """Return the money and the number of hubs an objective leaves, infinite where it sets no limit."""
    money = [block.amount for block in objective.blocks if isinstance(block, Budget)]
    count = [block.count for block in objective.blocks if isinstance(block, MaxHubs)]
    return min(money, default=math.inf), min(count, default=math.inf)


def money_share(cost: Floats, money: float) -> Floats:
    """Return the share (o,) of the money that each option takes, at most all; none where money is no limit or nil.

    >>> money_share(np.array([1.0, 5.0]), 4.0).tolist()
    [0.25, 1.0]
    """
    return np.minimum(cost, money) / money if 0 < money < math.inf else np.zeros(len(cost))

"""The limits that the reductions of maximal covering speak of."""

from __future__ import annotations

import math

import numpy as np

from hubplanner.model import Budget, MaxHubs, Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Floats, Problem


def limits(objective: Objective) -> tuple[float, float]:
    """Return the money and the number of hubs an objective leaves, infinite where it sets no limit."""
    money = [block.amount for block in objective.blocks if isinstance(block, Budget)]
    count = [block.count for block in objective.blocks if isinstance(block, MaxHubs)]
    return min(money, default=math.inf), min(count, default=math.inf)


def required_fit(problem: Problem, objective: Objective) -> bool:
    """Tell whether the required hubs keep to the limits, at their cheapest."""
    money, count = limits(objective)
    required = problem.required_sites
    least = math.fsum(problem.option_cost[problem.option_site == site].min() for site in required)
    return least <= most_money(money) and len(required) <= count


def money_share(cost: Floats, money: float) -> Floats:
    """Return the share (o,) of the money that each option takes, at most all; none where money is no limit or nil.

    >>> money_share(np.array([1.0, 5.0]), 4.0).tolist()
    [0.25, 1.0]
    """
    return np.minimum(cost, money) / money if 0 < money < math.inf else np.zeros(len(cost))

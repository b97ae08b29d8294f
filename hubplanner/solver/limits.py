"""The limits that the reductions of maximal covering speak of."""

from __future__ import annotations

import math

import numpy as np

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import money_limit, most_money
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.problem import Floats, Problem


def limits(objective: Objective) -> tuple[float, float]:
    """Return the money and the number of hubs an objective leaves, infinite where it sets no limit."""
    return money_limit(objective.all_constraints), hub_limit(objective.all_constraints)


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

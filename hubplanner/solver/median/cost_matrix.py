"""A p-median instance as one table: what each point costs at each site where a hub may be built."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Floats, Ints, Problem
from hubplanner.problem.travel.base import within
from hubplanner.solver.limits import limits

WHOLE = 2.0**52
"""Sums of whole numbers below it are exact."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CostMatrix:
    r"""Points and the sites that are left to choose from; hubs that stand in any case are settled.

    A choice S of sites costs $\sum_i \min(b_i, \min_{j \in S} c_{ij})$, with $c_{ij} = w_i d_{ij}$.

    Parameters
    ----------
    cost
        (n, s) need times distance of each point with need and each site; ``far`` where there is no way.
    base
        (n,) need times distance to the nearest hub that stands in any case; ``far`` where there is none.
    option, price
        (s,) each site's cheapest option and what it costs.
    count, money
        Hubs that may be built, at most s, and what they may cost, with the tolerance of a budget.
    far
        More than any plan costs that leaves no one without a hub.
    settled
        Options that are built in any case.
    is_whole
        Whether all costs are whole numbers, and so what every choice costs.
    need
        Total need of the points.
    """

    cost: Floats
    base: Floats
    option: Ints
    price: Floats
    count: int
    money: float
    far: float
    settled: Ints
    is_whole: bool
    need: float

    @property
    def size(self) -> int:
        """Number of sites s."""
        return len(self.option)

    def served(self, chosen: Ints) -> Floats:
        """Return what each point (n,) costs with a choice of sites."""
        nearest: Floats = self.cost[:, chosen].min(axis=1, initial=np.inf)
        return np.minimum(self.base, nearest)

    def value(self, chosen: Ints) -> float:
        """Return what a choice of sites costs."""
        return math.fsum(self.served(chosen))

    def fits(self, chosen: Ints) -> bool:
        """Tell whether a choice of sites keeps to the limits."""
        return len(chosen) <= self.count and math.fsum(self.price[chosen]) <= self.money

    def slack(self, share: float, value: float) -> float:
        """Return what a share of a value, or of a mean distance of one if that is more, comes to."""
        return share * max(self.need, abs(value))

    def next_value(self, bound: float) -> float:
        """Return the least that a choice can cost if none costs less than a bound."""
        return float(math.ceil(bound)) if self.is_whole else bound

    def options(self, chosen: Ints) -> Ints:
        """Return all new options of a plan that builds at some sites."""
        return np.concatenate([self.settled, self.option[chosen]])

    def settle(self, built: Ints, kept: Ints) -> CostMatrix:
        """Return the table with hubs built at some sites, and only others kept to choose from."""
        count = self.count - len(built)
        return replace(
            self,
            cost=self.cost[:, kept],
            base=self.served(built),
            option=self.option[kept],
            price=self.price[kept],
            count=min(count, len(kept)),
            money=max(self.money - math.fsum(self.price[built]), 0.0),
            settled=self.options(built),
        )


def table_of(problem: Problem, objective: Objective, radius: float = math.inf) -> CostMatrix:
    """Return a question of distance as a table: sites whose hub is required, or stands, are settled.

    A hub serves whoever comes, whatever its tier, so that the cheapest tier of a site stands for all.

    Parameters
    ----------
    radius
        Distance within which everyone is to have a hub.
    """
    money, count = limits(objective)
    points = np.flatnonzero((problem.need > 0) & problem.reachable)
    option = cheapest_options(problem)
    site = problem.option_site[option]
    cost = np.empty((len(points), len(site)))
    for column, place in enumerate(site.tolist()):
        cost[:, column] = problem.travel.from_site(place)[points]
    way = within(cost, radius)
    cost *= problem.need[points, None]
    most = np.where(way, cost, 0.0).max(axis=1, initial=0.0)
    far = 2.0 * math.fsum(most) + 1.0
    cost[~way] = far
    stands = problem.existing[option]
    required = np.isin(site, problem.required_sites)
    table = CostMatrix(
        cost=cost,
        base=cost[:, stands].min(axis=1, initial=far),
        option=option,
        price=problem.option_cost[option],
        count=int(min(count, len(option))),
        money=most_money(money),
        far=far,
        settled=np.zeros(0, dtype=np.intp),
        is_whole=far * len(points) < WHOLE and bool((cost == np.round(cost)).all()),
        need=math.fsum(problem.need[points]),
    )
    dear = table.price > table.money
    return table.settle(np.flatnonzero(required), np.flatnonzero(~(stands | required | dear)))


def cheapest_options(problem: Problem) -> Ints:
    """Return the cheapest option of each site that has any, the first of equals."""
    order = np.lexsort((problem.option_cost, problem.option_site))
    _, first = np.unique(problem.option_site[order], return_index=True)
    return np.sort(order[first])

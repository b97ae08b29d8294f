"""A question of distances as one table: what each point, and each hub, costs at each site where one may be built."""

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

    A choice S of sites costs $\sum_i \min(b_i, \min_{j \in S} c_{ij}) + \sum_{j \in S} r_j$: of a mean distance,
    $c_{ij} = w_i d_{ij}$ and $r_j = 0$; where hubs and travel cost money, that of both.

    Parameters
    ----------
    cost
        (n, s) what each point with need costs at each site; ``far`` where there is no way.
    base
        (n,) what it costs at the nearest hub that stands in any case; ``far`` where there is none.
    option, price
        (s,) each site's cheapest option and the money that it takes.
    rent
        (s,) what building there adds to what a choice costs.
    count, money
        Hubs that may be built, at most s, and what they may cost, with the tolerance of a budget.
    far
        More than any plan costs that leaves no one without a hub.
    settled, paid
        Options that are built in any case, and what they add to what a choice costs.
    is_whole
        Whether all costs are whole numbers, and so what every choice costs.
    scale
        What a figure of one comes to: of a mean distance, all need.
    """

    cost: Floats
    base: Floats
    option: Ints
    price: Floats
    rent: Floats
    count: int
    money: float
    far: float
    settled: Ints
    paid: float
    is_whole: bool
    scale: float

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
        return math.fsum([*self.served(chosen), *self.rent[chosen], self.paid])

    def fits(self, chosen: Ints) -> bool:
        """Tell whether a choice of sites keeps to the limits."""
        return len(chosen) <= self.count and math.fsum(self.price[chosen]) <= self.money

    def slack(self, share: float, value: float) -> float:
        """Return what a share of a value, or of a figure of one if that is more, comes to."""
        return share * max(self.scale, abs(value))

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
            rent=self.rent[kept],
            count=min(count, len(kept)),
            money=max(self.money - math.fsum(self.price[built]), 0.0),
            settled=self.options(built),
            paid=self.paid + math.fsum(self.rent[built]),
        )


def table_of(problem: Problem, objective: Objective, radius: float = math.inf) -> CostMatrix:
    """Return a question of distance as a table: sites whose hub is required, or stands, are settled.

    A hub serves whoever comes, whatever its tier, so that the cheapest tier of a site stands for all; where travel
    costs money it serves those within its reach, and there is one tier a site.

    Parameters
    ----------
    radius
        Distance within which everyone is to have a hub.
    """
    money, count = limits(objective)
    by_cost = objective.minimises_cost
    a_way = objective.travel_cost if by_cost else 1.0
    points = np.flatnonzero((problem.need > 0) & problem.reachable)
    option = cheapest_options(problem)
    site = problem.option_site[option]
    cost = np.empty((len(points), len(site)))
    for column, place in enumerate(site.tolist()):
        cost[:, column] = problem.travel.from_site(place)[points]
    reach = problem.tier_reach[problem.option_tier[option]] if by_cost else np.full(len(site), radius)
    way = within(cost, reach)
    cost *= a_way * problem.need[points, None]
    rent = problem.option_cost[option] if by_cost else np.zeros(len(option))
    most = np.where(way, cost, 0.0).max(axis=1, initial=0.0)
    far = 2.0 * math.fsum([*most, *rent]) + 1.0
    cost[~way] = far
    stands = problem.existing[option]
    required = np.isin(site, problem.required_sites)
    table = CostMatrix(
        cost=cost,
        base=cost[:, stands].min(axis=1, initial=far),
        option=option,
        price=problem.option_cost[option],
        rent=rent,
        count=int(min(count, len(option))),
        money=most_money(money),
        far=far,
        settled=np.zeros(0, dtype=np.intp),
        paid=0.0,
        is_whole=far * len(points) < WHOLE and all(bool((part == np.round(part)).all()) for part in (cost, rent)),
        scale=1.0 if by_cost else math.fsum(problem.need[points]),
    )
    dear = table.price > table.money
    return table.settle(np.flatnonzero(required), np.flatnonzero(~(stands | required | dear)))


def cheapest_options(problem: Problem) -> Ints:
    """Return the cheapest option of each site that has any, the first of equals."""
    order = np.lexsort((problem.option_cost, problem.option_site))
    _, first = np.unique(problem.option_site[order], return_index=True)
    return np.sort(order[first])

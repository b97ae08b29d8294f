"""An oracle for every objective under every constraint: it tries all plans, and serves people by a program of its own.

Nothing here is hubplanner's: constraints and objectives are read as data, and everything is worked out anew.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from support.oracles.assignment import (
    HUB_LIMITS,
    Sought,
    free_ways,
    keeps_service,
    mean_distance,
    new_hubs,
    rooms,
    single_ways,
    sought,
    split_way,
)
from support.oracles.split_assignment import split
from support.oracles.town import SLACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from support.oracles.assignment import Ways
    from support.oracles.town import Numbers, Plans, Town

LOOSE = 1e-6
"""What a solver's linear program may exceed a limit by, relative."""
EQUAL = 1e-7
"""Figures as near as this are equal, relative."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Query:
    """A town with what is asked of it.

    Parameters
    ----------
    constraints
        The objective's constraints, or those that are left of them.
    """

    town: Town
    objective: Any
    constraints: tuple[Any, ...]

    def constraint(self, kind: str) -> Any:
        """Return the first constraint of a kind, None when there is none."""
        return next((constraint for constraint in self.constraints if type(constraint).__name__ == kind), None)

    @cached_property
    def service(self) -> list[Any]:
        """Constraints that speak of service."""
        found = [constraint for constraint in self.constraints if type(constraint).__name__ in {"Floor", "FullService"}]
        if self.objective.name == "min_cost":
            found.append(_floor(self.town.needs, self.objective.target_share))
        return found

    @cached_property
    def capacity(self) -> Any:
        """How many people a hub of each option serves, None where that does not matter."""
        constraint = self.constraint("Capacity")
        travels = getattr(self.objective, "travel_cost", 0) > 0
        if constraint is None and not travels:
            return None
        room = (math.inf,) * len(self.town.reaches) if constraint is None else constraint.people
        return np.array([room[tier] for _, tier in self.town.options])

    @property
    def single(self) -> bool:
        """Whether points are served whole."""
        return bool(getattr(self.constraint("Capacity"), "single", False))

    def hubs(self) -> Plans:
        """Return the plans (k, o) that keep to all limits that speak of hubs alone."""
        constraint = self.constraint("HubsPerSite")
        plans = self.town.plans(getattr(constraint, "count", 1), mixed=getattr(constraint, "mixed", False))
        return plans[self.keeps(plans)]

    def keeps(self, plans: Plans) -> NDArray[np.bool_]:
        """Tell which plans keep to the limits that speak of hubs alone."""
        tests = [
            HUB_LIMITS[type(b).__name__](self.town, plans, b)
            for b in self.constraints
            if type(b).__name__ in HUB_LIMITS
        ]
        return np.all([np.ones(len(plans), dtype=bool), *tests], axis=0)

    def ways(self, plans: Plans) -> Ways:
        """Return all ways of serving people with some plans that keep to all limits; not where points are split."""
        found = (
            single_ways(self.town, plans, self.capacity) if self.single and len(plans) else free_ways(self.town, plans)
        )
        for constraint in self.service:
            found = found.only(keeps_service(found, constraint))
        return found


def _floor(weight: Numbers, share: float) -> Any:
    return type("Floor", (), {"weight": weight, "share": share})()


def best(query: Query, among: Plans | None = None) -> list[float] | None:
    """Return the best figure of each goal in turn, of all plans or among some; None when none is allowed."""
    if query.constraint("Periods") is not None:
        found = best_programme(query)
        return None if found is None else [found]
    plans = query.hubs() if among is None else among
    if query.capacity is not None and not query.single:
        figures = [figure for plan in plans if (figure := split(query, plan)) is not None]
        return min(figures, key=lambda figure: _order(query, figure), default=None)
    ways = query.ways(plans)
    figures = []
    for goal in sought(query.objective):
        if not len(ways.plans):
            return None
        ways, figure = _best_of(ways, goal)
        figures.append(figure)
    return figures


def recheck(query: Query, plan: Plans, shares: Numbers | None) -> list[float]:
    """Return the figures of one plan with the shares (n, o) that its hubs serve; refuse one that breaks a limit.

    Parameters
    ----------
    plan
        (o,) hubs of each option.
    shares
        None where hubs have room for all.
    """
    constraint = query.constraint("HubsPerSite")
    allowed = query.town.plans(getattr(constraint, "count", 1), mixed=getattr(constraint, "mixed", False))
    assert (allowed == plan).all(axis=1).any(), plan
    assert query.keeps(plan[None]).all(), plan
    ways = free_ways(query.town, plan[None]) if shares is None else split_way(query.town, plan, shares)
    if shares is not None:
        _recheck_shares(query, plan, shares)
        if (come := query.constraint("TakeUp")) is not None:
            far = np.where(shares > 0, query.town.option_distance, 0.0)
            assert ((shares * np.exp(far / come.e_fold) / come.share).sum(axis=1) <= 1 + LOOSE).all()
    for limit in query.service:
        assert keeps_service(ways, limit, LOOSE).all(), limit
    return [float(goal.figure(ways)[0]) for goal in sought(query.objective)]


def _recheck_shares(query: Query, plan: Plans, shares: Numbers) -> None:
    """Refuse shares that overload a hub or a point, reach too far, or part a point that is to be whole."""
    town = query.town
    assert (shares >= 0).all()
    assert (shares.sum(axis=1) <= 1 + LOOSE).all()
    assert not shares[(town.share == 0) | (plan == 0)].any()
    assert (shares.T @ town.seats <= np.array(rooms(query.capacity, plan)) * (1 + LOOSE)).all()
    assert not query.single or np.isin(shares, [0.0, 1.0]).all()


def _best_of(ways: Ways, goal: Sought) -> tuple[Ways, float]:
    """Return the ways that are best by a goal, and its figure."""
    figures = goal.sense * goal.figure(ways)
    top = figures.max()
    return ways.only(figures >= top - EQUAL * max(1.0, abs(top))), float(goal.sense * top)


def _order(query: Query, figures: Sequence[float]) -> tuple[float, ...]:
    """Return a key that sorts the best figures first, with those that are nearly equal made equal."""
    senses = [goal.sense for goal in sought(query.objective)]
    return tuple(-sense * float(f"{figure:.7g}") for sense, figure in zip(senses, figures, strict=True))


def first_plan(query: Query) -> tuple[int, ...]:
    """Return the hubs of each option in the plan that comes first among all best ones; there is one."""
    extra = [
        Sought(name="cost", sense=-1, figure=lambda ways: ways.town.cost(ways.plans)),
        Sought(name="nearness", sense=-1, figure=mean_distance),
        Sought(name="hubs", sense=-1, figure=lambda ways: new_hubs(ways.town, ways.plans).astype(float)),
    ]
    ways = query.ways(query.hubs())
    for goal in [*sought(query.objective), *extra]:
        ways, _ = _best_of(ways, goal)
    return max(tuple(plan) for plan in ways.plans.tolist())


REACHED_LATER = {"RequiredSites", "MinHubs", "Floor", "OnlyWith"}
"""Limits that a programme keeps to in its last year only; all others hold in each."""


def years_of(query: Query) -> list[Query]:
    """Return what is asked of each year of a programme alone, but for the money."""
    periods = query.constraint("Periods")
    count = len(periods.budgets)
    return [
        Query(
            town=query.town.grown(periods.growth, year),
            objective=query.objective,
            constraints=tuple(
                _later(constraint, periods.growth, year)
                for constraint in query.constraints
                if constraint is not periods and (year == count - 1 or type(constraint).__name__ not in REACHED_LATER)
            ),
        )
        for year in range(count)
    ]


def _later(constraint: Any, growth: Numbers | None, years: int) -> Any:
    """Return a constraint with its weights grown."""
    if type(constraint).__name__ != "Floor" or growth is None:
        return constraint
    return _floor(constraint.weight * (1 + growth) ** years, constraint.share)


def best_programme(query: Query) -> float | None:
    """Return the best sum of the years' discounted figures, None when no programme is allowed."""
    periods, years = query.constraint("Periods"), years_of(query)
    worth = [_worth(year) for year in years]
    factor = [(1 + periods.discount_rate) ** -year for year in range(len(years))]
    money = list(itertools.accumulate(periods.budgets))
    cost = {plan: float(query.town.cost(np.array([plan]))[0]) for plans in worth for plan in plans}
    sense = sought(query.objective)[0].sense

    def go(year: int, before: tuple[int, ...] | None) -> float:
        if year == len(years):
            return 0.0
        found = -math.inf
        for plan, figure in worth[year].items():
            spent = cost[plan] - (cost[before] if before and not periods.carry_over and periods.nested else 0.0)
            limit = money[year] if periods.carry_over or not periods.nested else periods.budgets[year]
            stays = before is None or not periods.nested or all(a <= b for a, b in zip(before, plan, strict=True))
            if stays and spent <= limit * (1 + SLACK) + SLACK:
                found = max(found, sense * factor[year] * figure + go(year + 1, plan))
        return found

    total = go(0, None)
    return None if math.isinf(total) else sense * total


def _worth(query: Query) -> dict[tuple[int, ...], float]:
    """Return the best figure of each plan that one year allows, whatever it costs."""
    plans, goal = query.hubs(), sought(query.objective)[0]
    if query.capacity is not None and not query.single:
        found = {tuple(plan.tolist()): split(query, plan) for plan in plans}
        return {plan: figures[0] for plan, figures in found.items() if figures is not None}
    ways = query.ways(plans)
    worth: dict[tuple[int, ...], float] = {}
    for plan, figure in zip(ways.plans.tolist(), (goal.sense * goal.figure(ways)).tolist(), strict=True):
        worth[tuple(plan)] = max(worth.get(tuple(plan), -math.inf), figure)
    return {plan: goal.sense * figure for plan, figure in worth.items()}

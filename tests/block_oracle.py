"""An oracle for every objective under every block: it tries all plans, and serves people by a program of its own.

Nothing here is hubplanner's: blocks and objectives are read as data, by name and parameter. Distances, cover, limits and
figures are worked out anew, for all plans of an instance at once.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linprog

from hubplanner.problem import Matrix, Planar, Problem, Rule, SiteStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from hubplanner.problem import Travel

    Plans = NDArray[np.intp]
    Numbers = NDArray[np.float64]

SLACK = 1e-9
"""Rounding of a limit, relative."""
EQUAL = 1e-7
"""Figures as near as this are equal, relative."""

Option = tuple[int, int]
"""A site and the tier of the hub that stands there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Town:
    """A small instance.

    Parameters
    ----------
    points, sites
        Places in the plane.
    no_way
        Pairs (point, site) without a way between them.
    needs, people
        By point.
    statuses, reaches
        By site, by tier.
    costs
        Cost of each option, that of a standing hub 0.
    upgrades
        The options that would replace a standing hub.
    savings
        What closing the standing hub of a site saves.
    rule
        When a point is covered.
    """

    points: Numbers
    sites: Numbers
    no_way: frozenset[tuple[int, int]]
    needs: Numbers
    people: Numbers
    statuses: tuple[SiteStatus, ...]
    reaches: tuple[float, ...]
    costs: Mapping[Option, float]
    upgrades: frozenset[Option] = frozenset()
    savings: Mapping[int, float] = field(default_factory=dict)
    rule: Rule = field(default_factory=Rule)

    @cached_property
    def options(self) -> list[Option]:
        """All options, by site and tier."""
        return sorted(self.costs)

    @cached_property
    def distance(self) -> Numbers:
        """Distances (n, m)."""
        table = np.array([[math.dist(point, site) for site in self.sites] for point in self.points])
        for point, site in self.no_way:
            table[point, site] = np.inf
        return table.reshape(len(self.points), len(self.sites))

    @cached_property
    def option_distance(self) -> Numbers:
        """Distances (n, o)."""
        return self.distance[:, [site for site, _ in self.options]]

    @cached_property
    def share(self) -> Numbers:
        """Share (n, o) of a point that one hub of each option covers."""
        found = [
            [self._share(d, self.reaches[t]) for d, (_, t) in zip(row, self.options, strict=True)]
            for row in self.option_distance
        ]
        return np.array(found).reshape(len(self.points), len(self.options))

    def _share(self, distance: float, reach: float) -> float:
        rule = self.rule
        if distance > reach * (1 + SLACK):
            return 0.0
        if rule.decay == "step" or distance <= rule.full:
            return 1.0
        if rule.decay == "linear":
            return max((reach - distance) / (reach - rule.full), 0.0)
        steps = (distance - rule.full) / (rule.width or math.nan)
        return math.exp(-steps) if rule.decay == "exponential" else math.exp(-steps * steps / 2)

    @cached_property
    def wants(self) -> NDArray[np.bool_]:
        """Which points have need and a way to some site with options."""
        return (self.needs > 0) & np.isfinite(self.option_distance).any(axis=1)

    @cached_property
    def new(self) -> NDArray[np.bool_]:
        """Which options are new hubs: those at sites where nothing stands."""
        return np.array([self.statuses[site] != SiteStatus.EXISTING for site, _ in self.options], dtype=bool)

    def grown(self, rate: Numbers | None, years: int) -> Town:
        """Return the town some years on."""
        factor = 1.0 if rate is None else (1 + rate) ** years
        return replace(self, needs=self.needs * factor, people=self.people * factor)

    def problem(self) -> Problem:
        """Return the instance as hubplanner takes it."""
        site, tier = (np.array(part, dtype=np.intp) for part in zip(*self.options, strict=True))
        savings = np.array([self.savings.get(place, np.nan) for place in range(len(self.sites))])
        return Problem(
            need=self.needs,
            people=self.people,
            travel=self._travel(),
            site_status=np.array(self.statuses, dtype=np.intp),
            tier_reach=np.array(self.reaches),
            option_site=site,
            option_tier=tier,
            option_cost=np.array([self.costs[option] for option in self.options]),
            rule=self.rule,
            upgrade=np.array([option in self.upgrades for option in self.options]) if self.upgrades else None,
            closing_saving=savings if self.savings else None,
        )

    def _travel(self) -> Travel:
        if not self.no_way:
            return Planar(self.points, self.sites)
        point, site = np.nonzero(np.isfinite(self.distance))
        distance = self.distance[point, site]
        return Matrix(point, site, distance, *self.distance.shape, sites=Planar(self.sites, self.sites))

    def plans(self, count: int, *, mixed: bool) -> Plans:
        """Return all plans (k, o) as hubs of each option that sites and statuses allow."""
        local = [self._at(site, count, mixed=mixed) for site in range(len(self.sites))]
        rows = [list(itertools.chain(*parts)) for parts in itertools.product(*local)]
        return np.array(rows, dtype=np.intp).reshape(len(rows), len(self.options))

    def _at(self, site: int, count: int, *, mixed: bool) -> list[tuple[int, ...]]:
        """Return what one site may hold: hubs of each of its tiers."""
        here = [option for option in self.options if option[0] == site]
        standing = self.statuses[site] == SiteStatus.EXISTING
        most = 1 if standing else count
        ways = itertools.product(range(most + 1), repeat=len(here))
        allowed = [way for way in ways if sum(way) <= most and (mixed or sum(map(bool, way)) <= 1)]
        if not standing:
            return allowed
        stays = [way for way in allowed if sum(way) == 1]
        return stays + [way for way in allowed if sum(way) == 0 and site in self.savings]

    def cost(self, plans: Plans) -> Numbers:
        """Return what plans cost, less what closed hubs save."""
        total = plans @ np.array([self.costs[option] for option in self.options])
        for site, saving in self.savings.items():
            total = total - saving * (plans[:, self.at(site)].sum(axis=1) == 0)
        return np.asarray(total, dtype=float)

    def at(self, *sites: int) -> list[int]:
        """Return the numbers of the options at some sites."""
        return [number for number, (site, _) in enumerate(self.options) if site in sites]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ways:
    """Ways (k) of serving people, each with the hubs it takes.

    Parameters
    ----------
    plans
        (k, o) hubs of each option.
    covered
        (k, n) share of each point that is covered.
    distance
        (k, n) distance to the hub that serves a point: the nearest, or the one people are assigned to; infinite where
        none does.
    """

    town: Town
    plans: Plans
    covered: Numbers
    distance: Numbers

    def only(self, keep: NDArray[np.bool_] | Plans) -> Ways:
        """Return some of the ways."""
        return replace(self, plans=self.plans[keep], covered=self.covered[keep], distance=self.distance[keep])


def free_ways(town: Town, plans: Plans) -> Ways:
    """Return how plans serve people where hubs have room for all."""
    once = np.where(plans[:, None, :] > 0, town.share[None], 0.0)
    twice = np.where(plans[:, None, :] > 1, town.share[None], 0.0)
    none = np.zeros((len(plans), len(town.points), 2))
    ranked = np.sort(np.concatenate([none, once, twice], axis=2), axis=2)
    second = town.rule.backup_weight if town.rule.backup == 2 else 0.0
    covered = (1 - second) * ranked[:, :, -1] + second * ranked[:, :, -2]
    distance = np.where(plans[:, None, :] > 0, town.option_distance[None], np.inf).min(axis=2, initial=np.inf)
    return Ways(town=town, plans=plans, covered=covered, distance=distance)


def single_ways(town: Town, plans: Plans, room: Numbers) -> Ways:
    """Return every assignment of whole points to hubs with a capacity: each point to an open option, or to none."""
    n, nobody = len(town.points), len(town.options)
    share = np.column_stack([town.share, np.zeros(n)])
    distance = np.column_stack([town.option_distance, np.full(n, np.inf)])
    found = []
    for plan in plans:
        choices = [[nobody, *np.flatnonzero((plan > 0) & (town.share[i] > 0)).tolist()] for i in range(n)]
        chosen = np.array(list(itertools.product(*choices)), dtype=np.intp).reshape(-1, n)
        load = np.stack([((chosen == option) * town.people).sum(axis=1) for option in range(nobody)], axis=1)
        chosen = chosen[(load <= np.array(rooms(room, plan)) * (1 + SLACK) + SLACK).all(axis=1)]
        point = np.arange(n)
        found.append((np.tile(plan, (len(chosen), 1)), share[point, chosen], distance[point, chosen]))
    plans, covered, far = (np.concatenate(part) for part in zip(*found, strict=True))
    return Ways(town=town, plans=plans, covered=covered, distance=far)


def rooms(each: Numbers, plan: Plans) -> list[float]:
    """Return how many people the hubs of each option serve."""
    return [room * hubs if hubs else 0.0 for room, hubs in zip(each.tolist(), plan.tolist(), strict=True)]


HUB_LIMITS: dict[str, Callable[[Town, Plans, Any], NDArray[np.bool_]]] = {
    "Budget": lambda town, plans, block: town.cost(plans) <= block.amount * (1 + SLACK),
    "MaxHubs": lambda town, plans, block: _new_hubs(town, plans, block.sites) <= block.count,
    "MinHubs": lambda town, plans, block: _new_hubs(town, plans, block.sites) >= block.count,
    "Required": lambda town, plans, block: _required(town, plans, block.site),
    "MinSeparation": lambda town, plans, block: _apart(town, plans, block.distance),
    "AtMostOne": lambda town, plans, block: sum(_used(town, plans, site) for site in block.sites) <= 1,
    "OnlyWith": lambda town, plans, block: ~_used(town, plans, block.site) | _used(town, plans, block.needs),
}
"""Limits that speak of hubs alone."""


def _used(town: Town, plans: Plans, site: int) -> Any:
    return plans[:, town.at(site)].sum(axis=1) > 0


def _new_hubs(town: Town, plans: Plans, sites: Sequence[int] | None = None) -> Any:
    counted = [o for o, (site, _) in enumerate(town.options) if town.new[o] and (sites is None or site in sites)]
    return plans[:, counted].sum(axis=1)


def _required(town: Town, plans: Plans, only: int | None) -> Any:
    sites = [s for s, status in enumerate(town.statuses) if status == SiteStatus.REQUIRED and only in {None, s}]
    return np.all([np.ones(len(plans), dtype=bool), *(_used(town, plans, site) for site in sites)], axis=0)


def _apart(town: Town, plans: Plans, least: float) -> Any:
    free = [site for site in range(len(town.sites)) if town.statuses[site] != SiteStatus.EXISTING]
    found = np.ones(len(plans), dtype=bool)
    for one, other in itertools.combinations(free, 2):
        if math.dist(town.sites[one], town.sites[other]) < least * (1 - SLACK):
            found &= ~(_used(town, plans, one) & _used(town, plans, other))
    return found


def keeps_service(ways: Ways, block: Any) -> NDArray[np.bool_]:
    """Tell which ways keep to a limit that speaks of service: a floor, or a hub for all."""
    kind = type(block).__name__
    if kind == "Floor":
        total = block.weight.sum()
        return np.asarray(ways.covered @ block.weight >= block.share * total - SLACK * max(total, 1.0))
    if kind == "ServeAll":
        far = ways.distance[:, ways.town.wants]
        return np.asarray((np.isfinite(far) & (far <= block.distance * (1 + SLACK))).all(axis=1))
    return np.ones(len(ways.plans), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """A goal: its name, 1 where more is better and -1 where less is, and its figure of each way."""

    name: str
    sense: int
    figure: Callable[[Ways], Numbers]


def sought(objective: Any) -> list[Sought]:
    """Return what an objective seeks, the most important first."""
    fairness = objective.fairness
    own = OBJECTIVES[objective.name](objective)
    if fairness is None:
        return own
    groups = [weight for weight in fairness.weights if weight.sum() > 0]
    fair = [_fair(groups, count + 1) for count in range(len(groups))]
    return [*fair, *own] if fairness.first else [*own, *fair]


def _fair(groups: Sequence[Numbers], count: int) -> Sought:
    def figure(ways: Ways) -> Numbers:
        shares = np.stack([ways.covered @ weight / weight.sum() for weight in groups], axis=1)
        return np.asarray(np.sort(shares, axis=1)[:, :count].sum(axis=1))

    return Sought(name=f"fair {count}", sense=1, figure=figure)


def _covered(ways: Ways) -> Numbers:
    return np.asarray(ways.covered @ ways.town.needs)


def _travelled(ways: Ways) -> Numbers:
    return np.asarray(np.where(np.isfinite(ways.distance), ways.distance, 0.0) @ ways.town.needs)


def mean_distance(ways: Ways) -> Numbers:
    """Return the mean distance of need that has a way to some site; without a way to a hub it counts the farthest."""
    town = ways.town
    weight = np.where(town.wants, town.needs, 0.0)
    known = town.option_distance[np.isfinite(town.option_distance)]
    distance = np.where(np.isfinite(ways.distance), ways.distance, known.max(initial=0.0))
    return np.asarray(distance @ weight / weight.sum() if weight.sum() > 0 else np.zeros(len(ways.plans)))


def _worst(ways: Ways) -> Numbers:
    return np.asarray(ways.distance[:, ways.town.wants].max(axis=1, initial=0.0))


def _money(objective: Any) -> Callable[[Ways], Numbers]:
    return lambda ways: ways.town.cost(ways.plans) + objective.travel_cost * _travelled(ways)


OBJECTIVES: dict[str, Callable[[Any], list[Sought]]] = {
    "max_coverage": lambda _: [Sought(name="covered need", sense=1, figure=_covered)],
    "min_cost": lambda objective: [Sought(name="cost", sense=-1, figure=_money(objective))],
    "p_median": lambda _: [Sought(name="mean distance", sense=-1, figure=mean_distance)],
    "p_center": lambda _: [
        Sought(name="worst distance", sense=-1, figure=_worst),
        Sought(name="mean distance", sense=-1, figure=mean_distance),
    ],
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Query:
    """A town with what is asked of it.

    Parameters
    ----------
    blocks
        The objective's blocks, or those that are left of them.
    """

    town: Town
    objective: Any
    blocks: tuple[Any, ...]

    def block(self, kind: str) -> Any:
        """Return the first block of a kind, None when there is none."""
        return next((block for block in self.blocks if type(block).__name__ == kind), None)

    @cached_property
    def service(self) -> list[Any]:
        """Blocks that speak of service."""
        found = [block for block in self.blocks if type(block).__name__ in {"Floor", "ServeAll"}]
        if self.objective.name == "min_cost":
            found.append(_floor(self.town.needs, self.objective.target_share))
        return found

    @cached_property
    def capacity(self) -> Any:
        """How many people a hub of each option serves, None where that does not matter."""
        block = self.block("Capacity")
        travels = getattr(self.objective, "travel_cost", 0) > 0
        if block is None and not travels:
            return None
        room = (math.inf,) * len(self.town.reaches) if block is None else block.people
        return np.array([room[tier] for _, tier in self.town.options])

    @property
    def single(self) -> bool:
        """Whether points are served whole."""
        return bool(getattr(self.block("Capacity"), "single", False))

    def hubs(self) -> Plans:
        """Return the plans (k, o) that keep to all limits that speak of hubs alone."""
        block = self.block("PerSite")
        plans = self.town.plans(getattr(block, "count", 1), mixed=getattr(block, "mixed", False))
        return plans[self.keeps(plans)]

    def keeps(self, plans: Plans) -> NDArray[np.bool_]:
        """Tell which plans keep to the limits that speak of hubs alone."""
        tests = [
            HUB_LIMITS[type(b).__name__](self.town, plans, b) for b in self.blocks if type(b).__name__ in HUB_LIMITS
        ]
        return np.all([np.ones(len(plans), dtype=bool), *tests], axis=0)

    def ways(self, plans: Plans) -> Ways:
        """Return all ways of serving people with some plans that keep to all limits; not where points are split."""
        found = (
            single_ways(self.town, plans, self.capacity) if self.single and len(plans) else free_ways(self.town, plans)
        )
        for block in self.service:
            found = found.only(keeps_service(found, block))
        return found


def _floor(weight: Numbers, share: float) -> Any:
    return type("Floor", (), {"weight": weight, "share": share})()


def best(query: Query) -> list[float] | None:
    """Return the best figure of each goal in turn, None when no plan is allowed."""
    if query.block("Periods") is not None:
        found = best_programme(query)
        return None if found is None else [found]
    plans = query.hubs()
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
        Sought(name="hubs", sense=-1, figure=lambda ways: _new_hubs(ways.town, ways.plans).astype(float)),
    ]
    ways = query.ways(query.hubs())
    for goal in [*sought(query.objective), *extra]:
        ways, _ = _best_of(ways, goal)
    return max(tuple(plan) for plan in ways.plans.tolist())


class Split:
    """The linear program of people split among the hubs of a plan: shares of pairs, then columns for each fair goal."""

    def __init__(self, query: Query, plan: Plans) -> None:
        """Write the rows that hold whatever is sought."""
        town = query.town
        self.query = query
        self.pairs = [(i, o) for i in range(len(town.points)) for o in np.flatnonzero(plan) if town.share[i, o] > 0]
        self.goals = sought(query.objective)
        self.groups = [w for w in getattr(query.objective.fairness, "weights", ()) if w.sum() > 0]
        self.width = len(self.pairs) + len(self.groups) * (len(self.groups) + 1)
        self.most = np.ones(self.width)
        self.rows: list[tuple[Numbers, float]] = []
        for point in range(len(town.points)):
            self.at_most(self.sum(lambda i, _, point=point: i == point), 1.0)
        for option, room in enumerate(rooms(query.capacity, plan)):
            if math.isfinite(room):
                self.at_most(self.sum(lambda i, o, option=option: town.people[i] * (o == option)), room)
        for block in query.service:
            self._serve(block)
        for count in range(1, len(self.groups) + 1):
            self._fair(count)

    def sum(self, coefficient: Callable[..., float]) -> Numbers:
        """Return a row with a coefficient for each pair."""
        return np.array(
            [coefficient(*pair) for pair in self.pairs] + [0.0] * (self.width - len(self.pairs)), dtype=float
        )

    def at_most(self, row: Numbers, limit: float) -> None:
        """Add a row."""
        self.rows.append((row, limit))

    def _covered(self, weight: Numbers) -> Numbers:
        return self.sum(lambda i, o: weight[i] * self.query.town.share[i, o])

    def _serve(self, block: Any) -> None:
        town = self.query.town
        if type(block).__name__ == "Floor":
            self.at_most(-self._covered(block.weight), -block.share * block.weight.sum() + SLACK * block.weight.sum())
            return
        self.within(block.distance)
        for point in np.flatnonzero(town.wants):
            self.at_most(-self.sum(lambda i, _, point=point: i == point), -1.0)

    def within(self, radius: float) -> None:
        """Serve no one farther than a radius."""
        for number, (i, o) in enumerate(self.pairs):
            if self.query.town.option_distance[i, o] > radius * (1 + SLACK):
                self.most[number] = 0.0

    def _fair(self, count: int) -> None:
        """Add d_g >= r - s_g, with r and d_g the columns of the k smallest shares."""
        level = self._columns(count)
        for group, weight in enumerate(self.groups):
            row = -self._covered(weight) / weight.sum()
            row[level] += 1.0
            row[level + 1 + group] -= 1.0
            self.at_most(row, 0.0)

    def _columns(self, count: int) -> int:
        return len(self.pairs) + (count - 1) * (len(self.groups) + 1)

    def gain(self, name: str) -> Numbers:
        """Return what each column adds to a goal, times its sense."""
        town = self.query.town
        if name == "covered need":
            return self._covered(town.needs)
        if name.startswith("fair"):
            count = int(name.split()[1])
            row, level = np.zeros(self.width), self._columns(count)
            row[level], row[level + 1 : level + 1 + len(self.groups)] = count, -1.0
            return row
        weight = town.needs * getattr(self.query.objective, "travel_cost", 0.0)
        if name == "mean distance":
            weight = np.where(town.wants, town.needs, 0.0)
            weight = weight / weight.sum() if weight.sum() > 0 else weight
        return -self.sum(lambda i, o: weight[i] * town.option_distance[i, o])

    def largest(self, gain: Numbers) -> float | None:
        """Return the largest gain, None where nothing is possible."""
        if not self.width:
            return 0.0 if all(limit >= 0 for _, limit in self.rows) else None
        found = linprog(
            -gain,
            A_ub=np.array([row for row, _ in self.rows]),
            b_ub=np.array([limit for _, limit in self.rows]),
            bounds=np.column_stack([np.zeros(self.width), self.most]),
        )
        return -float(found.fun) if found.status == 0 else None

    def radius(self) -> float | None:
        """Serve everyone within the smallest radius, and return it."""
        town, kept = self.query.town, self.most.copy()
        radii = sorted({0.0, *(town.option_distance[i, o] for i, o in self.pairs if town.wants[i])})
        low, high = 0, len(radii)
        while low < high:
            self.most = kept.copy()
            self.within(radii[(low + high) // 2])
            possible = self.largest(np.zeros(self.width)) is not None
            low, high = (low, (low + high) // 2) if possible else ((low + high) // 2 + 1, high)
        if low == len(radii):
            return None
        self.most = kept
        self.within(radii[low])
        return float(radii[low])


def split(query: Query, plan: Plans) -> list[float] | None:
    """Return the best figure of each goal in turn for hubs whose people may be split among them."""
    program, figures = Split(query, plan), list[float]()
    for goal in program.goals:
        if goal.name == "worst distance":
            found = program.radius()
        else:
            gain = program.gain(goal.name)
            found = program.largest(gain)
            if found is not None:
                program.at_most(-gain, -found + SLACK * max(1.0, abs(found)))
                fixed = query.town.cost(plan[None])[0] if goal.name == "cost" else 0.0
                found = goal.sense * found + fixed
        if found is None:
            return None
        figures.append(found)
    return figures


REACHED_LATER = {"Required", "MinHubs", "Floor", "OnlyWith"}
"""Limits that a programme keeps to in its last year only; all others hold in each."""


def years_of(query: Query) -> list[Query]:
    """Return what is asked of each year of a programme alone, but for the money."""
    periods = query.block("Periods")
    count = len(periods.budgets)
    return [
        Query(
            town=query.town.grown(periods.growth, year),
            objective=query.objective,
            blocks=tuple(
                _later(block, periods.growth, year)
                for block in query.blocks
                if block is not periods and (year == count - 1 or type(block).__name__ not in REACHED_LATER)
            ),
        )
        for year in range(count)
    ]


def _later(block: Any, growth: Numbers | None, years: int) -> Any:
    """Return a block with its weights grown."""
    if type(block).__name__ != "Floor" or growth is None:
        return block
    return _floor(block.weight * (1 + growth) ** years, block.share)


def best_programme(query: Query) -> float | None:
    """Return the best sum of the years' discounted figures, None when no programme is allowed."""
    periods, years = query.block("Periods"), years_of(query)
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

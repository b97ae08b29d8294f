"""Ways of serving a town's people: the limits they must keep to, and the figures that objectives seek.

Constraints and objectives are read as data, by name and parameter.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hubplanner.problem import SiteStatus
from support.oracles.town import SLACK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from support.oracles.town import Numbers, Plans, Town


LEAST_WHOLE = 1e-6
"""Share of a point that a linear program may leave unserved."""


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
        none does. Where people are split, the sum of their shares' distances.
    farthest
        (k, n) distance to the farthest hub that serves a point, infinite where it is not served whole.
    """

    town: Town
    plans: Plans
    covered: Numbers
    distance: Numbers
    farthest: Numbers

    def only(self, keep: NDArray[np.bool_] | Plans) -> Ways:
        """Return some of the ways."""
        parts = {name: getattr(self, name)[keep] for name in ("plans", "covered", "distance", "farthest")}
        return replace(self, **parts)


def free_ways(town: Town, plans: Plans) -> Ways:
    """Return how plans serve people where hubs have room for all."""
    once = np.where(plans[:, None, :] > 0, town.share[None], 0.0)
    twice = np.where(plans[:, None, :] > 1, town.share[None], 0.0)
    none = np.zeros((len(plans), len(town.points), 2))
    ranked = np.sort(np.concatenate([none, once, twice], axis=2), axis=2)
    second = town.rule.backup_weight if town.rule.backup == 2 else 0.0
    covered = (1 - second) * ranked[:, :, -1] + second * ranked[:, :, -2]
    distance = np.where(plans[:, None, :] > 0, town.option_distance[None], np.inf).min(axis=2, initial=np.inf)
    return Ways(town=town, plans=plans, covered=covered, distance=distance, farthest=distance)


def single_ways(town: Town, plans: Plans, room: Numbers) -> Ways:
    """Return every assignment of whole points to hubs with a capacity: each point to an open option, or to none."""
    n, nobody = len(town.points), len(town.options)
    share = np.column_stack([town.share, np.zeros(n)])
    distance = np.column_stack([town.option_distance, np.full(n, np.inf)])
    found = []
    for plan in plans:
        choices = [[nobody, *np.flatnonzero((plan > 0) & (town.share[i] > 0)).tolist()] for i in range(n)]
        chosen = np.array(list(itertools.product(*choices)), dtype=np.intp).reshape(-1, n)
        load = np.stack([((chosen == option) * town.seats).sum(axis=1) for option in range(nobody)], axis=1)
        chosen = chosen[(load <= np.array(rooms(room, plan)) * (1 + SLACK) + SLACK).all(axis=1)]
        point = np.arange(n)
        found.append((np.tile(plan, (len(chosen), 1)), share[point, chosen], distance[point, chosen]))
    plans, covered, far = (np.concatenate(part) for part in zip(*found, strict=True))
    return Ways(town=town, plans=plans, covered=covered, distance=far, farthest=far)


def split_way(town: Town, plan: Plans, shares: Numbers) -> Ways:
    """Return the way of serving people that gives the hubs of each option a share (n, o) of each point."""
    distance = np.where(shares > 0, town.option_distance, 0.0)
    whole = shares.sum(axis=1) > 1 - LEAST_WHOLE
    farthest = np.where(whole, np.where(shares > LEAST_WHOLE, distance, 0.0).max(axis=1, initial=0.0), np.inf)
    covered, travelled = (shares * town.share).sum(axis=1), (shares * distance).sum(axis=1)
    return Ways(town=town, plans=plan[None], covered=covered[None], distance=travelled[None], farthest=farthest[None])


def rooms(each: Numbers, plan: Plans) -> list[float]:
    """Return how many people the hubs of each option serve."""
    return [room * hubs if hubs else 0.0 for room, hubs in zip(each.tolist(), plan.tolist(), strict=True)]


HUB_LIMITS: dict[str, Callable[[Town, Plans, Any], NDArray[np.bool_]]] = {
    "Budget": lambda town, plans, constraint: town.cost(plans) <= constraint.amount * (1 + SLACK),
    "MaxHubs": lambda town, plans, constraint: new_hubs(town, plans, constraint.sites) <= constraint.count,
    "MinHubs": lambda town, plans, constraint: new_hubs(town, plans, constraint.sites) >= constraint.count,
    "RequiredSites": lambda town, plans, constraint: _required(town, plans, constraint.site),
    "MinSeparation": lambda town, plans, constraint: _apart(town, plans, constraint.distance),
    "AtMostOne": lambda town, plans, constraint: sum(_used(town, plans, site) for site in constraint.sites) <= 1,
    "OnlyWith": lambda town, plans, constraint: (
        ~_used(town, plans, constraint.site) | _used(town, plans, constraint.needs)
    ),
}
"""Limits that speak of hubs alone."""


def _used(town: Town, plans: Plans, site: int) -> Any:
    return plans[:, town.at(site)].sum(axis=1) > 0


def new_hubs(town: Town, plans: Plans, sites: Sequence[int] | None = None) -> Any:
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


def keeps_service(ways: Ways, constraint: Any, slack: float = SLACK) -> NDArray[np.bool_]:
    """Tell which ways keep to a limit that speaks of service: a floor, or a hub for all."""
    kind = type(constraint).__name__
    if kind == "Floor":
        total = constraint.weight.sum()
        return np.asarray(ways.covered @ constraint.weight >= constraint.share * total - slack * max(total, 1.0))
    if kind == "FullService":
        far = ways.farthest[:, ways.town.wants]
        return np.asarray((np.isfinite(far) & (far <= constraint.distance * (1 + SLACK))).all(axis=1))
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
    if hasattr(fairness, "alpha"):
        return [Sought(name="equivalent share", sense=1, figure=lambda ways: _equal_to(fairness, groups, ways))]
    fair = [_fair(groups, count + 1) for count in range(len(groups))]
    return [*fair, *own] if fairness.first else [*own, *fair]


def utility(share: Numbers, alpha: float, straight: float) -> Numbers:
    """Return the textbook's alpha-fair utility of shares, and its tangent below a share."""
    kept = np.maximum(share, straight)
    value = np.log(kept) if alpha == 1 else kept ** (1 - alpha) / (1 - alpha)
    return np.asarray(value + (share - kept) * kept**-alpha)


def share_worth(value: Numbers, alpha: float, straight: float) -> Numbers:
    """Return the shares of utilities, by halving until halves are equal."""
    low, high = np.zeros(len(value)), np.ones(len(value))
    for _ in range(60):
        middle = (low + high) / 2
        below = utility(middle, alpha, straight) < value
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low


def _equal_to(fairness: Any, groups: Sequence[Numbers], ways: Ways) -> Numbers:
    if not groups:
        return np.zeros(len(ways.plans))
    need = np.array([weight.sum() for weight in groups])
    shares = np.stack([ways.covered @ weight / weight.sum() for weight in groups], axis=1)
    worth = utility(shares, fairness.alpha, fairness.linear_below) @ need / need.sum()
    return share_worth(worth, fairness.alpha, fairness.linear_below)


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
    return np.asarray(ways.farthest[:, ways.town.wants].max(axis=1, initial=0.0))


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

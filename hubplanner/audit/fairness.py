"""Alpha-fairness recomputed: the utility of groups' shares as textbooks write it, and the share that is as good."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq

from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.money import exact
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import share

FILE = "plan.json"
GOAL, CATCHMENT = "equivalent share", "catchment"
NEARLY = 0.9
"""Part of a hub's catchment from which another town is told as nearly as good."""
LEAST = 1e-9
"""Equivalent share below which a gap is absolute."""


def is_weighed(world: AuditData) -> bool:
    """Tell whether a utility weighs groups: alpha is a number above 0."""
    asked = world.scenario.model.fairness
    return asked is not None and isinstance(asked.alpha, float) and asked.alpha > 0


def fair_column(world: AuditData) -> str:
    """Return the column whose values fairness speaks of."""
    asked, columns = world.scenario.model.fairness, world.scenario.demand.groups
    named = (None if asked is None else asked.group) or world.scenario.model.fairness_group or columns[0]
    if named != "auto":
        return named
    hubs = _affordable(world)
    sizes = [(len(_shares(world, None, column)), -at) for at, column in enumerate(columns)]
    fine = [size for size in sizes if size[0] < hubs]
    return columns[-(max(fine) if fine else min(sizes, key=lambda size: (size[0], -size[1])))[1]]


def _affordable(world: AuditData) -> float:
    """Return how many hubs of the tier with the cheapest seat the money buys, and may be built."""
    model, sites = world.scenario.model, world.sites
    most = math.inf if model.max_hubs is None else float(model.max_hubs)
    seated = all(tier.capacity is not None for tier in world.scenario.hubs)
    options = [
        (cost / (exact(sites.room[site, number]) if seated else 1), number, site, cost)
        for number, tier in enumerate(world.scenario.hubs)
        for site, status in enumerate(sites.status)
        if status not in {"excluded", "existing"} and sites.tier[site] in {"", tier.name}
        for cost in [sites.capex[site][number] + sites.opex[site][number]]
    ]
    if not options:
        return 0.0
    price = min(options)[-1]
    return most if model.budget is None or price <= 0 else min(most, float(exact(model.budget) // price))


def _shares(world: AuditData, outcome: AuditOutcome | None, column: str) -> dict[str, tuple[float, float]]:
    """Return need and covered share of each group with need; without an outcome nothing is covered."""
    values, need = world.people.frame[column].to_numpy(), world.people.frame["need"].to_numpy()
    covered = need * (0.0 if outcome is None else outcome.covered)
    totals = {value: math.fsum(need[values == value]) for value in sorted(set(values))}
    return {value: (total, math.fsum(covered[values == value]) / total) for value, total in totals.items() if total > 0}


def equivalent(world: AuditData, outcome: AuditOutcome, fair: Mapping[str, Any]) -> float:
    """Return the share that would be as good in every group, found as a root of the utility."""
    alpha, below = float(fair["alpha"]), float(fair["linear_below_share"])
    groups = _shares(world, outcome, fair_column(world))
    if not groups:
        return 0.0

    def worth(share: float) -> float:
        """Return the integral of the marginal utility, from the end of the straight part."""
        if share < below:
            return math.pow(below, -alpha) * (share - below)
        power = 1.0 - alpha
        if power == 0:
            return math.log(share / below)
        return (math.pow(share, power) - math.pow(below, power)) / power

    total = math.fsum(need for need, _ in groups.values())
    mean = math.fsum(need * worth(share) for need, share in groups.values()) / total
    low, high = (end([share for _, share in groups.values()]) for end in (min, max))
    if high - low <= LEAST * high:
        return high
    root: Any = brentq(lambda share: worth(share) - mean, low, high, xtol=1e-15, rtol=1e-13)
    return float(root)


def catchments(world: AuditData, hubs: Sequence[AuditHub], year: int) -> Array:
    """Return the people with need who would come to one hub with room for all, for each new one; NaN for others."""
    need = world.people.at_points(world.people.weight("need", year))
    new = [hub.status == "new" for hub in hubs]
    each = [_come(world, need, hub.site, hub.tier) if is_new else np.nan for hub, is_new in zip(hubs, new, strict=True)]
    return np.array(each)


def _come(world: AuditData, need: Array, site: int, tier: int) -> float:
    far = world.apart(np.arange(len(need)), np.array([site]))[:, 0]
    counted = world.counted(np.arange(len(need)), np.array([site]), np.array([tier]))[:, 0]
    worth = need * share(world.scenario.coverage, counted, np.full(len(far), world.reach[tier]))
    near, come = worth > 0, world.scenario.demand.take_up
    if come is None:
        return math.fsum(worth)
    return math.fsum(worth[near] * come.share * np.exp(-far[near] / (come.e_fold_km or math.inf)))


def catchment(world: AuditData, hubs: Sequence[AuditHub], year: int) -> float:
    """Return the catchments of all new hubs together."""
    each = catchments(world, hubs, year) * [hub.count for hub in hubs]
    return math.fsum(each[~np.isnan(each)])


def check_alternatives(
    world: AuditData, hubs: Sequence[AuditHub], plan: Mapping[str, Any], year: int, ledger: Ledger
) -> None:
    """Hold the towns that are told as nearly as good against what they must be: free, of the group, nearly as large."""
    asked = world.scenario.model.fairness
    if asked is None or (column := asked.prefer_largest_of) is None:
        return
    group, ids = world.sites.frame[column].to_numpy(), world.sites.frame["site_id"].tolist()
    need, taken = world.people.at_points(world.people.weight("need", year)), {hub.site for hub in hubs}
    own = dict(zip([(ids[hub.site], hub.tier) for hub in hubs], catchments(world, hubs, year), strict=True))
    tiers = {tier.name: at for at, tier in enumerate(world.scenario.hubs)}
    for entry in plan.get("hubs", []):
        name, tier = str(entry.get("site_id")), tiers.get(str(entry.get("tier")), -1)
        others = entry.get("alternatives")
        listed = isinstance(others, list) and (name, tier) in own
        ledger.holds(FILE, f"hub {name}, alternatives", true=listed, stated=others, recomputed="a list of sites")
        for other in others if listed and isinstance(others, list) else ():
            at = world.sites.position.get(str(other))
            good = at is not None and at not in taken and group[at] == group[world.sites.position[name]]
            good = good and _come(world, need, at or 0, tier) >= NEARLY * own[name, tier] * (1 - LEAST)
            words = f"a site of the same {column} without a hub, with {NEARLY:g} of the catchment or more"
            ledger.holds(FILE, f"hub {name}, alternative {other}", true=bool(good), stated=other, recomputed=words)


def check_fairness(world: AuditData, outcome: AuditOutcome, plan: Mapping[str, Any], ledger: Ledger) -> None:
    """Compare what plan.json says of fairness with what the scenario asks for and the hubs achieve."""
    fair, asked = plan.get("fairness"), world.scenario.model.fairness
    if not is_weighed(world) or asked is None:
        if fair is not None:
            ledger.holds(FILE, "fairness", true=False, stated="stated", recomputed="not asked for by an alpha")
        return
    if not isinstance(fair, dict):
        ledger.holds(FILE, "fairness", true=False, stated="missing", recomputed=f"alpha {asked.alpha}")
        return
    column = fair_column(world)
    ledger.holds(FILE, "fairness, group", true=fair.get("group") == column, stated=fair.get("group"), recomputed=column)
    ledger.same(FILE, "fairness, alpha", fair.get("alpha"), asked.alpha)
    largest, stated = asked.prefer_largest_of, fair.get("prefer_largest_of")
    ledger.holds(FILE, "fairness, prefer_largest_of", true=stated == largest, stated=stated, recomputed=largest)
    below = fair.get("linear_below_share", 0.0)
    ledger.same(FILE, "fairness, linear_below_share", below, asked.linear_below_share or min(max(below, 1e-6), 1.0))
    groups = _shares(world, outcome, column)
    shares = np.array([share for _, share in groups.values()])
    ledger.same(FILE, "fairness, groups", fair.get("groups"), len(groups))
    ledger.same(FILE, "fairness, served", fair.get("served"), int((shares > 0).sum()))
    left, named = [value for value, (_, share) in groups.items() if not share > 0], fair.get("unserved")
    ledger.holds(FILE, "fairness, unserved", true=named == left, stated=named, recomputed=left)
    ledger.same(FILE, "fairness, equivalent_share", fair.get("equivalent_share"), equivalent(world, outcome, fair))
    ledger.same(FILE, "fairness, bound", fair.get("bound"), plan.get("bound"))
    for name, part in {"smallest": 0.0, "median": 0.5, "largest": 1.0}.items() if len(shares) else ():
        stated = fair.get("shares", {}).get(name)
        ledger.same(FILE, f"fairness, {name} share", stated, float(np.quantile(shares, part)))

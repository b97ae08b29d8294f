"""Alpha-fairness recomputed: the utility of groups' shares as textbooks write it, and the share that is as good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import brentq

from hubplanner.audit.data.money import exact
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.hubs import AuditHub
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import share

FILE = "plan.json"
GOAL, CATCHMENT = "equivalent share", "catchment"
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


def catchment(world: AuditData, hubs: list[AuditHub], year: int) -> float:
    """Return the people with need who would come to new hubs with room for all, each hub by itself."""
    need, come = world.people.at_points(world.people.weight("need", year)), world.scenario.demand.take_up
    every, found = np.arange(len(world.people.points)), []
    for hub in hubs:
        if hub.status != "new":
            continue
        far = world.apart(every, np.array([hub.site]))[:, 0]
        worth = need * share(world.scenario.coverage, far, np.full(len(far), world.reach[hub.tier]))
        near = worth > 0
        part = 1.0 if come is None else come.share * np.exp(-far[near] / (come.e_fold_km or math.inf))
        found.append(hub.count * math.fsum(worth[near] * part))
    return math.fsum(found)


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

"""Every figure of plan.json, recomputed."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from hubplanner.audit.constraints import FILE, MONEY, spent
from hubplanner.audit.data.hubs import AuditHub, closed_sites
from hubplanner.audit.data.money import annuity, exact, half_of_last_place, yearly_fees
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.world import AuditData, counts_need
from hubplanner.audit.ledger import ABSOLUTE, Ledger
from hubplanner.audit.measures import expected_measures, measures_money
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import Service, is_assigned, reaches

LEAST_SHARE = 1e-9
"""Links of less are rounding."""
WRITTEN = 1 + 1e-6
"""Half of a last place is as far as rounding goes, but for the binary fraction it is written as."""
Tree = dict[str, Any]
Points = tuple["AuditData", "Service"]


def expected_figures(
    world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome, every: Points | None = None
) -> Tree:
    """Return what plan.json must say of cost, need, people, distance, groups, floors and closed hubs."""
    need = world.people.weight("need", outcome.year)
    covered, total = math.fsum(need * outcome.covered), math.fsum(need)
    ids = world.sites.frame["site_id"]
    return {
        "budget": _budget(world),
        "cost": _cost(world, hubs, outcome),
        "need": {"total": total, "covered": covered, "share": _over(covered, total)},
        "people": expected_people(world, outcome),
        "distance": _distance(world, outcome, *(every or (world, outcome.service))),
        "groups": {name: _group(world, outcome, name) for name in world.scenario.demand.groups},
        "closed": [ids.iloc[site] for site in closed_sites(world, hubs)],
        "floors": [floor for floor, _ in _floors(world, outcome)],
        "objective": world.scenario.model.objective,
        "currency": world.scenario.currency,
        **({"measures": expected_measures(world)} if world.beside else {}),
    }


def expected_people(world: AuditData, outcome: AuditOutcome) -> Tree:
    """Return what plan.json must say of people; where seats are for those offline, they alone are reached."""
    people, offline = world.people.weight("people", outcome.year), counts_need(world.scenario)
    covered = math.fsum(people * outcome.covered)
    reached = math.fsum(outcome.links["seats"]) if offline else covered
    whom = "people not connected yet" if offline else "people"
    return {"total": math.fsum(people), "covered": covered, "reached": reached, "whom": whom}


def check_figures(  # noqa: PLR0913, PLR0917 - a plan, what it is checked against, and where to note what is wrong
    world: AuditData,
    hubs: list[AuditHub],
    outcome: AuditOutcome,
    plan: Tree,
    ledger: Ledger,
    every: Points | None = None,
) -> None:
    """Compare plan.json with the recomputed figures, and the floors and the share asked for with what is covered.

    Where points are merged, ``every`` is the world of all points and how they are served: distances are from there.
    """
    if not outcome.exact and outcome.farthest is None:
        ledger.skip("plan.json, distance.max_km: links of spread rows hold mean distances, which do not determine it")
    compare(plan, expected_figures(world, hubs, outcome, every), "", ledger)
    if world.scenario.futures is not None:
        return  # floors and target hold over futures, not as the data say
    assigned = is_assigned(world)
    for floor, weight in _floors(world, outcome):
        kept = reaches(weight, outcome.covered, floor["share"], assigned=assigned)
        asked = f"at least {floor['share']}"
        ledger.holds(FILE, f"floor {floor['name']}", true=kept, stated=floor["covered"], recomputed=asked)
    target = world.scenario.model.target_share
    if target is not None:
        need = world.people.weight("need", outcome.year)
        reached = _over(math.fsum(need * outcome.covered), math.fsum(need))
        kept = reaches(need, outcome.covered, target, assigned=assigned)
        ledger.holds(FILE, "target_share", true=kept, stated=reached, recomputed=f"at least {target}")


def compare(stated: Any, expected: Any, item: str, ledger: Ledger, file: str = FILE) -> None:
    """Compare a tree of figures with the expected one; keys that are not expected are left to others."""
    if isinstance(expected, dict):
        tree = stated if isinstance(stated, dict) else {}
        for key, value in expected.items():
            compare(tree.get(key), value, f"{item}.{key}" if item else str(key), ledger, file)
        if item.startswith("groups."):
            extra = sorted(set(tree) - set(expected))
            ledger.holds(file, item, true=not extra, stated=extra, recomputed="no such value")
    elif isinstance(expected, list) and any(isinstance(part, dict) for part in expected):
        rows = stated if isinstance(stated, list) else []
        ledger.same(file, f"{item}, entries", len(rows), len(expected))
        for number, (row, part) in enumerate(zip(rows, expected, strict=False)):
            compare(row, part, f"{item}.{number}", ledger, file)
    else:
        slack = half_of_last_place(expected) if _is_money(item) and expected else ABSOLUTE
        ledger.same(file, item, stated, expected, absolute=max(ABSOLUTE, slack * WRITTEN))


def _is_money(item: str) -> bool:
    """Tell whether a figure is written as money: to the cent."""
    *path, name = item.split(".")
    return "cost" in path or name in {"cost", "expected_cost", "highest_cost"}


def _budget(world: AuditData) -> float | None:
    model = world.scenario.model
    years = [exact(year.budget) for year in model.periods.years]
    limits = ([sum(years)] if years else []) + ([] if model.budget is None else [exact(model.budget)])
    return float(min(limits)) if limits else None


def _cost(world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome) -> Tree:
    saved = sum((world.sites.saving[site] for site in closed_sites(world, hubs)), Fraction())
    return {
        "total": float(spent(world, hubs)),
        "capex": float(sum(hub.capex for hub in hubs)),
        "opex_present_value": float(sum(hub.opex for hub in hubs)),
        "backhaul": float(sum((hub.link.cost for hub in hubs), world.lines)),
        "saved": float(saved),
        "paid": _paid(world, hubs, outcome, saved),
        **({"measures": float(sum(measures_money(world).values()))} if world.beside else {}),
    }


def _paid(world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome, saved: Fraction) -> Tree:
    """Return what is paid in each year, and for each seat of a bought hub that is taken and year.

    Money of all years is worth as much here, so that what runs for a year is what it is worth today by the annuity.
    """
    scenario, worth, years = world.scenario, annuity(world.scenario), dict[int, Fraction]()
    names, horizon = [year.name for year in scenario.model.periods.years], scenario.horizon_years
    bought = [hub for hub in hubs if hub.status != "existing"]
    flows = [(0, -saved, Fraction())]
    for hub in hubs:
        year = names.index(hub.period) if hub.period in names else 0
        fees = yearly_fees(scenario, hub.link, hub.tier) * hub.count * worth
        flows.append((year, hub.link.cost - fees, fees))
        flows += [(year, hub.capex, hub.opex)] if hub in bought else []
    flows += [(year, cost - upkeep * worth, upkeep * worth) for year, cost, upkeep in world.laid]
    for opened, built, run in flows:
        years[opened] = years.get(opened, Fraction()) + built
        for year in range(opened + 1, opened + horizon + 1):
            years[year] = years.get(year, Fraction()) + run / worth
    for_hubs, each = sum(years.values(), Fraction()), None
    for name, people in world.beside.items():
        spec, reached = scenario.beside[name], exact(math.fsum(people))
        years[0] += reached * exact(spec.cost)
        for year in range(1, horizon + 1):
            years[year] = years.get(year, Fraction()) + reached * exact(spec.cost_per_year)
    total = sum(years.values(), Fraction())
    if any(tier.capacity is not None for tier in scenario.hubs):
        at = {hub.site for hub in bought}
        taken = math.fsum(outcome.links.loc[outcome.links["site"].isin(at), "seats"]) * horizon
        each = float(for_hubs) / taken if taken > 0 else None
    rows = [{"year": year, "paid": float(years.get(year, 0))} for year in range(max(years) + 1)]
    return {"total": float(total), "by_year": rows, "per_user_year": each}


def _distance(world: AuditData, outcome: AuditOutcome, points: AuditData, service: Service) -> Tree:
    """Return the need-weighted distance to the hub that serves, and who is left out of it.

    Where people are assigned it follows from the links, where they go as they like from every point (of ``points``, in
    ``service``) to the nearest hub.
    """
    year, near = outcome.year, service.nearest
    need, people = (points.people.at_points(points.people.weight(name, year)) for name in ("need", "people"))
    way = np.isfinite(near)
    counted = (need > 0) & way
    nearest = math.fsum(need[counted] * near[counted]) / math.fsum(need[counted]) if counted.any() else None
    unit, found = world.unit, dict.fromkeys(("mean_km", "max_km", "nearest_km"))
    tree: Tree = found | {f"nearest_{unit}": nearest}
    left_out = {"unreachable_need": math.fsum(need[~way]), "unreachable_people": math.fsum(people[~way])}
    if not is_assigned(world):
        most = float(near[counted].max()) if counted.any() else None
        return tree | {f"mean_{unit}": nearest, f"max_{unit}": most} | left_out | _unserved(0.0, 0.0)
    links = outcome.links
    served = math.fsum(links["need"])
    tree[f"mean_{unit}"] = math.fsum(links["need"] * links["distance"]) / served if served > 0 else None
    if outcome.exact:
        far = links["distance"][(links["need"] > 0) & (links["share"] > LEAST_SHARE)]
        tree[f"max_{unit}"] = float(far.max()) if len(far) else None
    elif outcome.farthest is not None:
        tree[f"max_{unit}"] = outcome.farthest
    else:
        del tree["max_km"]
    needy = (world.people.weight("need", year) > 0)[links["row"].to_numpy(dtype=int)]
    no_seat = math.fsum(need[counted]) - served, math.fsum(people[counted]) - math.fsum(links["people"][needy])
    return tree | left_out | _unserved(*no_seat)


def _unserved(need: float, people: float) -> Tree:
    return {"unserved_need": need, "unserved_people": people}


def _group(world: AuditData, outcome: AuditOutcome, name: str) -> Tree:
    need, people = (world.people.weight(part, outcome.year) for part in ("need", "people"))
    values = world.people.frame[name].to_numpy()
    return {value: _part(need, people, outcome.covered, values == value) for value in sorted(set(values))}


def _part(need: Array, people: Array, covered: Array, at: Array) -> Tree:
    total, reached = math.fsum(need[at]), math.fsum(need[at] * covered[at])
    counts = {"people": math.fsum(people[at]), "covered_people": math.fsum(people[at] * covered[at])}
    return {"need": total, "covered": reached, "share": _over(reached, total), **counts}


def _floors(world: AuditData, outcome: AuditOutcome) -> list[tuple[Tree, Array]]:
    """Return each floor with what is covered of it, one for each value of a group."""
    found = []
    for floor in world.scenario.model.floors:
        each = [floor.value]
        if floor.group is not None and floor.value is None:
            each = sorted(set(world.people.frame[floor.group]))
        for value in each:
            weight = world.people.weight("need" if floor.people is None else f"need of {floor.people}", outcome.year)
            if floor.group is not None:
                weight = np.where(world.people.frame[floor.group] == value, weight, 0.0)
            where = "all need" if floor.group is None else f"{floor.group} {value}"
            total = math.fsum(weight)
            entry = {
                "name": where if floor.people is None else f"{where}, {floor.people}",
                "group": floor.group,
                "value": value,
                "people": floor.people,
                "share": floor.share,
                "covered": _over(math.fsum(weight * outcome.covered), total),
                "need": total,
            }
            found.append((entry, weight))
    return found


def _over(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def within(spent_now: Any, limit: Any) -> bool:
    """Tell whether exact money keeps to an exact limit, but for rounding."""
    return bool(spent_now <= limit * (1 + MONEY))

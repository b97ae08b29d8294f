"""The years of a programme: hubs open in each, what they cost and cover."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pandas as pd

from hubplanner.audit.constraints import FILE
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.money import exact, half_of_last_place
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.figures import compare, expected_people, within
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.outcome import AuditOutcome, outcome_of
from hubplanner.audit.service import is_assigned


def years_of(
    world: AuditData, hubs: list[AuditHub], last: AuditOutcome, links: pd.DataFrame, ledger: Ledger
) -> list[tuple[list[AuditHub], AuditOutcome]] | None:
    """Return the hubs and outcome of each year; None where the run does not store them."""
    periods = world.scenario.model.periods
    if not periods.years:
        return [(hubs, last)]
    if why := _unknown(world, hubs):
        ledger.skip(f"years before the last one, and with them the objective's value: {why}")
        return None
    names = [year.name for year in periods.years]
    found = []
    for number in range(len(names)):
        there = [hub for hub in hubs if hub.status == "existing" or _opened(hub, names) <= number]
        outcome = last if number == len(names) - 1 else outcome_of(world, there, links, number, ledger)
        found.append((there, outcome))
    return found


def _opened(hub: AuditHub, names: list[str]) -> int:
    return names.index(hub.period) if hub.period in names else len(names)


def _unknown(world: AuditData, hubs: list[AuditHub]) -> str:
    """Return why the hubs or the cover of early years cannot be told; blank where they can."""
    periods = world.scenario.model.periods
    if not periods.nested and len(world.scenario.hubs) > 1 and len(periods.years) > 1:
        return "hubs may move, and the run stores the sites but not the tiers of years gone by"
    if is_assigned(world) and len(periods.years) > 1:
        return "with seats, the run stores who is served by whom in the last year only"
    if any(hub.count > 1 for hub in hubs) and len(periods.years) > 1:
        return "several hubs at a site may open in different years, which the run does not distinguish"
    return ""


def check_years(
    world: AuditData, years: list[tuple[list[AuditHub], AuditOutcome]] | None, plan: dict[str, Any], ledger: Ledger
) -> None:
    """Compare each year's figures, and its spending with its budget."""
    spec = world.scenario.model.periods
    stated = plan.get("periods", [])
    ledger.same(FILE, "periods, entries", len(stated), len(spec.years))
    names = [{"name": year.name, "budget": year.budget} for year in spec.years]
    compare(stated, names, "periods", ledger)
    if not spec.years or years is None:
        _check_stated(world, stated, ledger)
        return
    before = Fraction()
    for number, (hubs, outcome) in enumerate(years):
        total = sum((hub.cost for hub in hubs), world.lines_by(number))
        budget = sum((exact(year.budget) for year in spec.years[: number + 1]), Fraction())
        limit = budget if spec.carry_over else exact(spec.years[number].budget)
        used = total if spec.carry_over else total - before
        name = f"periods.{number}"
        fine = within(used, limit)
        ledger.holds(FILE, f"{name}.budget", true=fine, stated=float(used), recomputed=f"at most {float(limit):,.2f}")
        entry = stated[number] if number < len(stated) else {}
        compare(entry, _year(world, hubs, outcome, float(total - before)), name, ledger)
        fresh = [hub for hub in hubs if hub not in years[number - 1][0]] if number else hubs
        opened = [_id(world, hub) for hub in fresh if hub.status == "new"]
        ledger.same(FILE, f"{name}.opened", entry.get("opened"), opened)
        before = total


def _check_stated(world: AuditData, stated: list[dict[str, Any]], ledger: Ledger) -> None:
    """Hold what years state themselves against their budgets, where nothing can be recomputed."""
    spec = world.scenario.model.periods
    money, limit = Fraction(), Fraction()
    for number, (entry, year) in enumerate(zip(stated, spec.years, strict=False)):
        cost = entry.get("cost", 0.0)
        money += exact(cost) - exact(half_of_last_place(cost) if cost else 0.0)  # as it is written
        limit += exact(year.budget)
        allowed = f"at most {float(limit):,.2f} up to this year"
        ledger.holds(FILE, f"periods.{number}.cost", true=within(money, limit), stated=float(money), recomputed=allowed)


def _year(world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome, cost: float) -> dict[str, Any]:
    need = world.people.weight("need", outcome.year)
    covered, total = math.fsum(need * outcome.covered), math.fsum(need)
    return {
        "cost": cost,
        "need": {"total": total, "covered": covered, "share": covered / total if total > 0 else 0.0},
        "people": expected_people(world, outcome),
        "hubs": sum(hub.count for hub in hubs),
        "open": [_id(world, hub) for hub in hubs],
    }


def _id(world: AuditData, hub: AuditHub) -> str:
    return str(world.sites.frame["site_id"].iloc[hub.site])

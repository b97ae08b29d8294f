"""The scenario's limits, checked against the hubs that a run states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from hubplanner.audit.data.distances import SLACK
from hubplanner.audit.data.hubs import AuditHub, closed_sites, may_close
from hubplanner.audit.data.money import exact
from hubplanner.audit.data.places import Array, words
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger
from hubplanner.audit.measures import measures_money

FILE = "plan.json"
MONEY = Fraction(1, 10**9)
"""Relative excess that is rounding."""
Broken = tuple[str, object, object]
"""Item, what the plan does, what is allowed."""


def spent(world: AuditData, hubs: list[AuditHub]) -> Fraction:
    """Return the exact money that hubs, the lines to them and measures cost, less what closed hubs save."""
    saved = sum((world.sites.saving[site] for site in closed_sites(world, hubs)), Fraction())
    return sum((hub.cost for hub in hubs), world.lines) + sum(measures_money(world).values(), Fraction()) - saved


def check_limits(world: AuditData, hubs: list[AuditHub], ledger: Ledger) -> None:
    """Note every limit on hubs that a plan breaks."""
    for rule in RULES:
        broken = list(rule(world, hubs))
        ledger.checked[FILE] = ledger.checked.get(FILE, 0) + 1
        for item, stated, allowed in broken:
            ledger.holds(FILE, item, true=False, stated=stated, recomputed=allowed)


def _budget(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    model, cost = world.scenario.model, spent(world, hubs)
    if world.scenario.futures is not None:
        return  # held in each of them, or on average
    years = [exact(year.budget) for year in model.periods.years]
    limits = [sum(years, Fraction())] if years else []
    limits += [] if model.budget is None else [exact(model.budget)]
    for limit in limits:
        if cost > limit * (1 + MONEY):
            yield "budget", float(cost), f"at most {float(limit):,.2f}"


def _counts(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    model, new = world.scenario.model, [hub for hub in hubs if hub.status == "new"]
    yield from _between("hubs", sum(hub.count for hub in new), model.min_hubs, model.max_hubs)
    for limit in model.hub_limits:
        named = words(world.sites.frame[limit.group])
        values = set(named) if limit.value is None else {limit.value}
        if limit.where_needed:
            useful = _sites_with_need(world)
            for value in sorted(values & set(named[useful])):
                built = sum(hub.count for hub in new if named.iloc[hub.site] == value and useful[hub.site])
                yield from _between(f"hubs in {limit.group} {value}", built, limit.min, None)
            limit = limit.model_copy(update={"min": None})  # noqa: PLW2901 - the rest of it
        for value in sorted(values):
            built = sum(hub.count for hub in new if named.iloc[hub.site] == value)
            yield from _between(f"hubs in {limit.group} {value}", built, limit.min, limit.max)


def _sites_with_need(world: AuditData) -> Array:
    """Tell which sites may get a new hub that reaches a point with need."""
    points = np.flatnonzero(world.people.at_points(world.people.frame["need"].to_numpy()) > 0)
    named = [tier.name for tier in world.scenario.hubs]
    found = np.zeros(len(world.sites.frame), dtype=bool)
    for site, (status, tier) in enumerate(zip(world.sites.status, world.sites.tier, strict=True)):
        if status not in {"existing", "excluded"}:
            tiers = np.array([named.index(tier)] if tier in named else range(len(named)))
            far = world.counted(points, np.full(len(tiers), site), tiers)
            found[site] = bool((far <= world.reach[tiers] * (1 + SLACK)).any())
    return found


def _between(item: str, built: int, least: int | None, most: int | None) -> Iterator[Broken]:
    if least is not None and built < least:
        yield item, built, f"at least {least}"
    if most is not None and built > most:
        yield item, built, f"at most {most}"


def _stacks(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    model = world.scenario.model
    for site in sorted({hub.site for hub in hubs}):
        here = [hub for hub in hubs if hub.site == site]
        most = 1 if world.sites.status[site] == "existing" else model.max_per_site
        yield from _between(f"hubs at {_id(world, site)}", sum(hub.count for hub in here), None, most)
        if len(here) > 1 and not model.mixed_tiers:
            yield f"tiers at {_id(world, site)}", len(here), "one"


def _pins(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    held = {hub.site for hub in hubs}
    for site, status in enumerate(world.sites.status):
        if status == "required" and site not in held:
            yield f"site {_id(world, site)}", "no hub", "a hub is required"
    for site in closed_sites(world, hubs):
        if not may_close(world, site):
            yield f"site {_id(world, site)}", "closed", "its hub stands and may not be closed"


def _sets(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    held = {_id(world, hub.site) for hub in hubs}
    for sites in world.scenario.model.at_most_one:
        both = sorted(held.intersection(sites))
        if len(both) > 1:
            yield "at_most_one", both, "one of them"
    for pair in world.scenario.model.only_with:
        if pair.site in held and pair.needs not in held:
            yield "only_with", pair.site, f"only with {pair.needs}"


def _apart(world: AuditData, hubs: list[AuditHub]) -> Iterator[Broken]:
    least = world.scenario.model.min_separation_km
    new = [hub for hub in hubs if hub.status == "new"]
    if least is None or not new:
        return
    if any(hub.count > 1 for hub in new):
        yield "min_separation_km", "two new hubs at one site", f"{least} apart"
    sites = np.array(sorted({hub.site for hub in new}))
    far = world.between(sites)
    for one, other in zip(*np.nonzero(np.triu(far < least * (1 - SLACK), k=1)), strict=True):
        pair = f"{_id(world, sites[one])} and {_id(world, sites[other])}"
        yield f"min_separation_km, {pair}", float(far[one, other]), f"at least {least}"


def _id(world: AuditData, site: int) -> str:
    return str(world.sites.frame["site_id"].iloc[site])


RULES: tuple[Callable[[AuditData, list[AuditHub]], Iterator[Broken]], ...] = (
    _budget,
    _counts,
    _stacks,
    _pins,
    _sets,
    _apart,
)

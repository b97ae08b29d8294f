"""The hubs a run states, and what each of them is and costs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hubplanner.audit.data.money import NO_LINK, AuditLink
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class AuditHub:
    """Hubs of one tier at one site.

    Parameters
    ----------
    site, tier
        Positions.
    count
        How many.
    status
        new, existing or upgraded.
    capex, opex
        Exact money for all of them.
    period
        Year of opening in a programme.
    link
        Their links at the site with the exact money; nothing where that is of no concern.
    start, hops
        Where a line to the hub begins today, and how many there are on the way.
    """

    site: int
    tier: int
    count: int
    status: str
    capex: Fraction
    opex: Fraction
    period: str | None = None
    link: AuditLink = NO_LINK
    start: str | None = None
    hops: int | None = None

    @property
    def cost(self) -> Fraction:
        """Money for building, running and connecting them."""
        return self.capex + self.opex + self.link.cost


def stated_hubs(world: AuditData, plan: dict[str, Any], ledger: Ledger) -> list[AuditHub]:
    """Return the hubs of plan.json in (site, tier) order; note those that cannot be."""
    tiers = {tier.name: at for at, tier in enumerate(world.scenario.hubs)}
    place, found = world.sites.position, dict[tuple[int, int], AuditHub]()
    for entry in plan.get("hubs", []):
        name = f"hub {entry.get('site_id')} {entry.get('tier')}"
        site, tier = place.get(str(entry.get("site_id"))), tiers.get(str(entry.get("tier")))
        count = entry.get("hubs")
        if site is None or tier is None or not isinstance(count, int) or count < 1:
            ledger.holds("plan.json", name, true=False, stated=entry, recomputed="no such site, tier or number of hubs")
            continue
        hub = as_hub(world, site, tier, count, entry.get("period"))
        ledger.holds("plan.json", name, true=(site, tier) not in found, stated="stated twice", recomputed="once")
        ledger.holds("plan.json", name, true=bool(hub.status), stated="open", recomputed="not allowed at this site")
        found[site, tier] = hub
    return [found[key] for key in sorted(found)]


def as_hub(world: AuditData, site: int, tier: int, count: int, period: str | None = None) -> AuditHub:
    """Return what hubs of a tier at a site are and cost; a blank status where they may not stand."""
    sites, own = world.sites, own_tier(world, site)
    built, run = sites.capex[site], sites.opex[site]
    status = _status(world, site, tier)
    if status == "existing":
        capex, opex = Fraction(), Fraction()
    elif status == "upgraded":
        # Building is sunk money, running is not: a larger tier may cost less from now on.
        capex = max(built[tier] - built[own], Fraction()) + sites.fee[site]
        opex = run[tier] - run[own]
    else:
        capex, opex = built[tier], run[tier]
    link = (world.alone[site][tier] if status == "new" and world.alone else None) or NO_LINK
    if status == "existing" and world.alone:
        link = AuditLink(name="as it stands")
    return AuditHub(
        site=site,
        tier=tier,
        count=count,
        status=status,
        capex=capex * count,
        opex=opex * count,
        period=period,
        link=link.times(count),
    )


def own_tier(world: AuditData, site: int) -> int:
    """Return the tier of an existing hub: the one its site names, else the first."""
    names = [tier.name for tier in world.scenario.hubs]
    return names.index(world.sites.tier[site]) if world.sites.tier[site] else 0


def _status(world: AuditData, site: int, tier: int) -> str:
    status, named = world.sites.status[site], world.sites.tier[site]
    if status == "existing":
        own, size = own_tier(world, site), sizes(world, site)
        if tier == own:
            return "existing"
        grows = is_named(world, site, world.scenario.model.existing.upgrade) and size[tier] > size[own]
        return "upgraded" if grows else ""
    fits = not named or named == world.scenario.hubs[tier].name
    # A network may reach any site: whether it does is checked against the lines that are built.
    linked = not world.alone or world.has_network or world.alone[site][tier] is not None
    return "new" if status != "excluded" and fits and linked else ""


def sizes(world: AuditData, site: int) -> list[float]:
    """Return what tiers are larger by at a site: capacity where all have one, else reach."""
    tiers = range(len(world.scenario.hubs))
    room = [world.sites.room[site, tier] for tier in tiers]
    return world.reach.tolist() if np.inf in room else room


def is_named(world: AuditData, site: int, which: bool | tuple[str, ...]) -> bool:  # noqa: FBT001 - all, none, or some
    """Tell whether a site is among all, none, or those listed."""
    return which if isinstance(which, bool) else world.sites.frame["site_id"].iloc[site] in which


def closed_sites(world: AuditData, hubs: list[AuditHub]) -> list[int]:
    """Return the sites whose existing hub is gone."""
    held = {hub.site for hub in hubs}
    return [at for at, status in enumerate(world.sites.status) if status == "existing" and at not in held]


def may_close(world: AuditData, site: int) -> bool:
    """Tell whether an existing hub may be closed."""
    model = world.scenario.model
    return is_named(world, site, model.existing.close) and world.sites.frame["site_id"].iloc[site] not in model.require


def room(world: AuditData, hub: AuditHub) -> float:
    """Return how many people hubs can serve."""
    return float(world.sites.room[hub.site, hub.tier]) * hub.count

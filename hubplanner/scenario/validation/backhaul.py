"""Checks of how hubs are to be connected: links, lines, microwave, and what a tier must say of them."""

from __future__ import annotations

import math

from hubplanner.compatibility import NEW_LINK
from hubplanner.scenario.backhaul_spec import (
    AloneSpec,
    BackhaulSpec,
    LinkSpec,
    MicrowaveSpec,
)
from hubplanner.scenario.scenario import Scenario, TierSpec
from hubplanner.scenario.validation.features import Complaints
from hubplanner.translation import gettext as _, joined


def connection(scenario: Scenario) -> Complaints:
    """Complain of keys on links and lines that do not go with each other, with the tiers or with the model."""
    spec = scenario.backhaul
    if spec is None:
        for number, tier in enumerate(scenario.hubs):
            for key in ("mbps", "links"):
                if getattr(tier, key) is not None:
                    yield f"hubs.{number}.{key}", str(getattr(tier, key)), _("only with backhaul")
        yield from _without_electricity(scenario)
        return
    shared, cellular = spec.technologies.shared, spec.technologies.cellular
    given = {"nodes": spec.nodes, "lines": spec.lines, "table": spec.table, "towers": spec.towers}
    for key, users in _USED_BY.items():
        if given[key] and not set(users) & set(spec.technologies.named):
            yield f"backhaul.{key}", None, _("only with backhaul.technologies.{users}", users=joined(users, _(" or ")))
    has_hubs = spec.existing_connected and scenario.sites.status is not None
    if shared and not (spec.nodes or spec.lines or has_hubs):
        allowed = _(
            "is required with {shared}, or lines: they start where the internet is today",
            shared=joined(shared, _(" or ")),
        )
        yield "backhaul.nodes", None, allowed
    yield from _sights(spec.technologies.microwave)
    if cellular is not None and not spec.towers:
        yield "backhaul.towers", None, _("is required with cellular: the cell sites in whose range a hub may be")
    yield from _edges_of(scenario, spec)
    if scenario.model.existing.upgrade is not False and not shared:
        yield (
            "model.existing.upgrade",
            str(scenario.model.existing.upgrade),
            _("false with backhaul: {new_link}", new_link=NEW_LINK),
        )
    for number, tier in enumerate(scenario.hubs):
        yield from _links_of(spec, f"hubs.{number}", tier)
    yield from _without_electricity(scenario)


_USED_BY = {
    "nodes": ("fibre", "microwave"),
    "lines": ("fibre", "microwave"),
    "table": ("fibre",),
    "towers": ("cellular", "microwave"),
}
"""Which technologies each file of backhaul is for."""


def _sights(microwave: MicrowaveSpec | None) -> Complaints:
    """Complain of a table of places that see each other where there is none, or too many."""
    if microwave is not None and (microwave.sights is None) == (microwave.line_of_sight == "table"):
        allowed = _(
            "{more} with line_of_sight: table", more=_("is required") if microwave.sights is None else _("only")
        )
        yield "backhaul.technologies.microwave.sights", microwave.sights and microwave.sights.path, allowed


def _edges_of(scenario: Scenario, spec: BackhaulSpec) -> Complaints:
    """Complain of lines of a table, or along roads, that is not there; and of lines that are not as long as roads."""
    if (spec.table is None) == (spec.edges == "table"):
        allowed = _("is required with edges: table") if spec.table is None else _("only with edges: table")
        yield "backhaul.table", None if spec.table is None else spec.table.path, allowed
    if spec.edges != "roads":
        return
    if scenario.travel.method != "network":
        yield "backhaul.edges", "roads", _("straight or table without travel.method: network, whose roads lines follow")
    if spec.detour != BackhaulSpec.model_fields["detour"].default:
        yield "backhaul.detour", spec.detour, _("to be left out with edges: roads, which are as long as they are")


def _without_electricity(scenario: Scenario) -> Complaints:
    """Complain of kWh that nobody pays for, and of electricity that nobody uses."""
    spec = scenario.backhaul
    users: dict[str, TierSpec | LinkSpec] = {f"hubs.{at}": one for at, one in enumerate(scenario.hubs)}
    if spec is not None:
        users |= {f"backhaul.technologies.{name}": link for name, link in spec.technologies.named.items()}
    if spec is not None and spec.electricity is not None:
        if not any(user.kwh_year > 0 for user in users.values()):
            allowed = _("only where something takes power: kwh_year of a tier in hubs, or of a technology")
            yield "backhaul.electricity", None, allowed
        return
    for key, user in users.items():
        if user.kwh_year > 0:
            yield f"{key}.kwh_year", user.kwh_year, _("only with backhaul.electricity, which says what a kWh costs")


def _links_of(spec: BackhaulSpec, key: str, tier: TierSpec) -> Complaints:
    """Complain of what a tier's links lack, and of a tier that none can carry."""
    known = spec.technologies.named
    for name in tier.links or ():
        if name not in known:
            yield f"{key}.links", name, _("one of backhaul.technologies: {known}", known=joined(known, ", "))
    links = {name: link for name, link in known.items() if tier.links is None or name in tier.links}
    by_mbps = [name for name, link in links.items() if link.per_mbps_year > 0 or link.max_mbps is not None]
    if tier.mbps is None and by_mbps:
        yield f"{key}.mbps", None, _("is required: {by_mbps} is paid or limited by Mbps", by_mbps=by_mbps[0])
    if tier.mbps is None or not links:
        return
    room = {name: _most_mbps(link) for name, link in links.items()}
    if max(room.values()) < tier.mbps:
        told = ", ".join(f"{name} {most:,.12g}" for name, most in room.items())
        yield f"{key}.mbps", tier.mbps, _("what some link of {name} carries: {told}", name=tier.name, told=told)


def _most_mbps(link: LinkSpec) -> float:
    lines = link.lines if isinstance(link, AloneSpec) else 1
    return math.inf if link.max_mbps is None else link.max_mbps * lines

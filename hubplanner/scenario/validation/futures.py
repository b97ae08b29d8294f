"""Checks of futures: what they name, how likely they are, and what is sought under them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from hubplanner.scenario.futures_spec import FuturesSpec
from hubplanner.scenario.names import repeated
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.scenario.validation.features import Check, Complaints
from hubplanner.tolerances import SUM_TOLERANCE
from hubplanner.translation import gettext as _, joined


def _criterion(scenario: Scenario) -> Complaints:
    model = scenario.model
    if scenario.futures is None and model.under is not None:
        yield "model.under", model.under, _("only with futures")
    if model.cvar_level is not None and model.under != "cvar":
        yield "model.cvar_level", model.cvar_level, _("only with under: cvar")


def _futures(scenario: Scenario) -> Complaints:
    spec = scenario.futures
    if spec is None:
        return
    if bool(spec.named) == (spec.sample is not None):
        yield "futures", None, _("either named futures or sample, the number to draw")
    if spec.sample is None and (spec.ranges != type(spec.ranges)() or spec.seed != 0):
        yield "futures.ranges", None, _("only with sample")
    if spec.sample is not None and spec.ranges == type(spec.ranges)():
        yield "futures.ranges", None, _("is required with sample: at least one of need, cost, reach and site_out")
    yield from _probabilities(spec)
    names = [future.name for future in spec.named]
    for number in repeated(names):
        yield f"futures.named.{number}.name", names[number], _("a name no other future has")


def _probabilities(spec: FuturesSpec) -> Complaints:
    given = [future.probability for future in spec.named if future.probability is not None]
    if given and len(given) != len(spec.named):
        yield (
            "futures.named",
            _("{count} of {all} probabilities", count=len(given), all=len(spec.named)),
            _("one for every future, or for none"),
        )
    elif given and abs(math.fsum(given) - 1) > SUM_TOLERANCE:
        yield "futures.named", math.fsum(given), _("probabilities that add up to 1")


def _names(scenario: Scenario) -> Complaints:
    """Complain of multipliers by tiers and groups that there are none of."""
    spec = scenario.futures
    if spec is None:
        return
    tiers = [tier.name for tier in scenario.hubs]
    parts: list[tuple[str, Any]] = [(f"futures.named.{number}", future) for number, future in enumerate(spec.named)]
    for key, part in [*parts, ("futures.ranges", spec.ranges)]:
        sampled = key == "futures.ranges"
        yield from _known(f"{key}.need", part.need, scenario.demand.groups, (), "demand.groups", sampled=sampled)
        yield from _known(f"{key}.cost", part.cost, scenario.sites.groups, tiers, "sites.groups", sampled=sampled)
        yield from _known(f"{key}.reach", part.reach, (), tiers, "", sampled=sampled)
    for key, future in parts:
        for tier in future.tiers_out:
            if tier not in tiers:
                yield f"{key}.tiers_out", tier, _("a tier: {names}", names=joined(tiers, ", "))


def _known(  # noqa: PLR0913 - a value, where it stands, and what it may name
    key: str, value: object, groups: Iterable[str], tiers: Iterable[str], where: str, *, sampled: bool
) -> Complaints:
    for name, part in value.items() if isinstance(value, dict) else ():
        by_group = isinstance(part, dict) or (sampled and name not in tiers)
        known = tuple(groups) if by_group else tuple(tiers)
        if name in known:
            continue
        names = ", ".join((*groups, *tiers) if sampled else known)
        if not names:
            allowed = _("a single number")
        elif by_group and where:
            allowed = _("a group of {where}: {names}", where=where, names=names)
        else:
            allowed = _("a tier: {names}", names=names)
        yield f"{key}.{name}", name, allowed


def _closed_roads(scenario: Scenario) -> Complaints:
    """Complain of futures that change roads where nobody travels along any."""
    if scenario.futures is None or isinstance(scenario.travel, NetworkSpec):
        return
    for number, future in enumerate(scenario.futures.named):
        for key in ("roads_closed", "roads_closed_in", "road_speed"):
            if getattr(future, key):
                yield f"futures.named.{number}.{key}", key, _("none without travel.method: network, which has roads")


FUTURES_CHECKS: tuple[Check, ...] = (_criterion, _futures, _names, _closed_roads)

"""Checks of futures: what they need, and what does not go with them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hubplanner.scenario.names import repeated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubplanner.scenario.futures import FuturesSpec
    from hubplanner.scenario.model_checks import Check, Complaints
    from hubplanner.scenario.spec import Scenario

SUM_TOLERANCE = 1e-6
"""How far probabilities may be from adding up to one."""


def _criterion(scenario: Scenario) -> Complaints:
    model = scenario.model
    if scenario.futures is None and model.under is not None:
        yield "model.under", model.under, "only with futures"
    if model.cvar_level is not None and model.under != "cvar":
        yield "model.cvar_level", model.cvar_level, "only with under: cvar"


def _futures(scenario: Scenario) -> Complaints:
    spec = scenario.futures
    if spec is None:
        return
    if bool(spec.named) == (spec.sample is not None):
        yield "futures", None, "either named futures or sample, the number to draw"
    if spec.sample is None and (spec.ranges != type(spec.ranges)() or spec.seed != 0):
        yield "futures.ranges", None, "only with sample"
    if spec.sample is not None and spec.ranges == type(spec.ranges)():
        yield "futures.ranges", None, "is required with sample: at least one of need, cost, reach and site_out"
    yield from _probabilities(spec)
    names = [future.name for future in spec.named]
    for number in repeated(names):
        yield f"futures.named.{number}.name", names[number], "a name no other future has"


def _probabilities(spec: FuturesSpec) -> Complaints:
    given = [future.probability for future in spec.named if future.probability is not None]
    if given and len(given) != len(spec.named):
        yield "futures.named", f"{len(given)} of {len(spec.named)} probabilities", "one for every future, or for none"
    elif given and abs(math.fsum(given) - 1) > SUM_TOLERANCE:
        yield "futures.named", math.fsum(given), "probabilities that add up to 1"


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
                yield f"{key}.tiers_out", tier, f"a tier: {', '.join(tiers)}"


def _known(  # noqa: PLR0913 - a value, where it stands, and what it may name
    key: str, value: object, groups: Iterable[str], tiers: Iterable[str], where: str, *, sampled: bool
) -> Complaints:
    for name, part in value.items() if isinstance(value, dict) else ():
        by_group = isinstance(part, dict) or (sampled and name not in tiers)
        known = tuple(groups) if by_group else tuple(tiers)
        if name in known:
            continue
        kind = f"a group of {where}" if by_group and where else "a tier"
        listed = ", ".join((*groups, *tiers) if sampled else known)
        yield f"{key}.{name}", name, f"{kind}: {listed}" if listed else "a single number"


def _together(scenario: Scenario) -> Complaints:
    """Complain of what does not go with futures."""
    spec, model = scenario.futures, scenario.model
    if spec is None:
        return
    allowed = "with futures: max_coverage, min_cost or p_median without"
    if any(tier.capacity is not None for tier in scenario.hubs):
        yield "hubs", "capacity", f"{allowed} capacities"
    if model.periods.years:
        yield "model.periods", "years", f"{allowed} periods"
    if model.fairness is not None:
        yield "model.fairness", model.fairness, f"{allowed} fairness; set floors instead"
    if scenario.coverage.backup > 1:
        yield "coverage.backup", scenario.coverage.backup, f"{allowed} backup"
    if model.travel_cost_per_km:
        yield "model.travel_cost_per_km", model.travel_cost_per_km, f"{allowed} travel_cost_per_km"
    if model.existing.upgrade is not False or model.existing.close is not False:
        yield "model.existing", "upgrade or close", f"{allowed} changes of existing hubs"
    if scenario.demand.is_merged:
        yield "demand.merge", True, "none with futures: merged points share a reach"
    if model.objective == "p_center":
        yield "model.objective", model.objective, "max_coverage, min_cost or p_median with futures"
    yield from _by_objective(scenario)


def _by_objective(scenario: Scenario) -> Complaints:
    spec, model = scenario.futures, scenario.model
    if spec is None:
        return
    if model.objective == "min_cost" and model.under in {"regret", "cvar"}:
        yield "model.under", model.under, "expected or worst with min_cost"
    if model.objective != "p_median":
        return
    if model.under not in {None, "expected"}:
        yield "model.under", model.under, "expected with p_median"
    if model.floors:
        yield "model.floors", len(model.floors), "none with p_median and futures"
    out = any(future.sites_out or future.tiers_out for future in spec.named) or spec.ranges.site_out > 0
    if out:
        yield "futures", "outages", "with p_median futures of need and cost alone"


FUTURES_CHECKS: tuple[Check, ...] = (_criterion, _futures, _names, _together)

"""Checks between the keys of the model: what needs what, and what does not go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from hubplanner.scenario.names import repeated

if TYPE_CHECKING:
    from hubplanner.scenario.spec import Scenario

Complaints = Iterator[tuple[str, Any, str]]
"""Key, value found and what is allowed."""
Check = Callable[["Scenario"], Complaints]


def _target(scenario: Scenario) -> Complaints:
    model = scenario.model
    if model.objective == "min_cost" and model.target_share is None:
        yield "model.target_share", None, "is required for objective min_cost"
    if model.objective != "min_cost" and model.target_share is not None:
        yield "model.target_share", model.target_share, "only with objective min_cost"
    if model.objective != "min_cost" and model.travel_cost_per_km is not None:
        yield "model.travel_cost_per_km", model.travel_cost_per_km, "only with objective min_cost"
    if model.travel_cost_per_km:
        yield from _in_minutes(scenario, "travel_cost_per_km is money for a km")


def _pins(scenario: Scenario) -> Complaints:
    model = scenario.model
    for site in sorted(set(model.require) & set(model.exclude)):
        yield "model.require", site, "a site that model.exclude does not name"
    if not isinstance(model.existing.close, bool):
        for site in sorted(set(model.require) & set(model.existing.close)):
            yield "model.existing.close", site, "a site that model.require does not name: a required hub stays open"


def _decay(scenario: Scenario) -> Complaints:
    coverage = scenario.coverage
    fades = coverage.decay in {"exponential", "gaussian"}
    if fades and coverage.width_km is None:
        yield "coverage.width_km", None, f"is required for decay {coverage.decay}"
    if not fades and coverage.width_km is not None:
        yield "coverage.width_km", coverage.width_km, "only with decay exponential or gaussian"
    if coverage.decay == "step":
        if coverage.full_km > 0:
            yield "coverage.full_km", coverage.full_km, "only with decay linear, exponential or gaussian"
        return
    yield from _in_minutes(scenario, "decay is in km")
    for tier in scenario.hubs:
        reach = tier.reach(scenario.travel.speed_kmh)
        if 0 < reach <= coverage.full_km:
            yield "coverage.full_km", coverage.full_km, f"a distance below the reach of {tier.name}, {reach:g} km"


def _in_minutes(scenario: Scenario, reason: str) -> Complaints:
    """Complain of reaches in minutes that no speed turns into kilometres."""
    for number, tier in enumerate(scenario.hubs):
        if tier.reach_minutes is not None and scenario.travel.speed_kmh is None:
            yield f"hubs.{number}.reach_minutes", tier.reach_minutes, f"reach_km, since {reason}"


def _backup(scenario: Scenario) -> Complaints:
    coverage, model = scenario.coverage, scenario.model
    if coverage.backup_weight is not None and coverage.backup == 1:
        yield "coverage.backup_weight", coverage.backup_weight, "only with backup: 2"
    if coverage.backup > 1 and _has_capacity(scenario):
        yield "coverage.backup", coverage.backup, "1 where tiers have a capacity: who is served by a hub has no second"
    if coverage.backup > 1 and model.travel_cost_per_km:
        yield "coverage.backup", coverage.backup, "1 with travel_cost_per_km: who is served by a hub has no second"
    if coverage.backup > 1 and model.objective in {"p_median", "p_center"} and not (model.floors or model.fairness):
        yield "coverage.backup", coverage.backup, f"1 with objective {model.objective}, which asks for no coverage"


def _capacity(scenario: Scenario) -> Complaints:
    model = scenario.model
    if model.assignment == "single" and not _has_capacity(scenario):
        yield (
            "model.assignment",
            "single",
            "split, or a capacity for some tier: without one all within reach are served",
        )
    if model.mixed_tiers and model.max_per_site == 1:
        yield "model.mixed_tiers", True, "only with max_per_site above 1"
    if model.max_per_site > 1 and model.min_separation_km is not None:
        allowed = "1 with min_separation_km: two hubs at a site are no distance apart"
        yield "model.max_per_site", model.max_per_site, allowed
    if scenario.coverage.decay != "step" and model.travel_cost_per_km:
        yield "coverage.decay", scenario.coverage.decay, "step with model.travel_cost_per_km"


def _floors(scenario: Scenario) -> Complaints:
    groups = scenario.demand.groups
    for number, floor in enumerate(scenario.model.floors):
        if floor.group is not None and floor.group not in groups:
            yield f"model.floors.{number}.group", floor.group, _one_of("demand.groups", groups)
        if floor.value is not None and floor.group is None:
            yield f"model.floors.{number}.value", floor.value, "only with a group"


def _fairness(scenario: Scenario) -> Complaints:
    model, groups = scenario.model, scenario.demand.groups
    if model.fairness is None:
        if model.fairness_group is not None:
            yield "model.fairness_group", model.fairness_group, "only with fairness: max_min"
        if model.fairness_goal != "main":
            yield "model.fairness_goal", model.fairness_goal, "only with fairness: max_min"
        return
    if model.fairness_group is not None and model.fairness_group not in groups:
        yield "model.fairness_group", model.fairness_group, _one_of("demand.groups", groups)
    if not groups:
        yield "model.fairness", model.fairness, "only with demand.groups: the first one is lifted"


def _counts(scenario: Scenario) -> Complaints:
    model, groups = scenario.model, scenario.sites.groups
    if model.min_hubs is not None and model.max_hubs is not None and model.min_hubs > model.max_hubs:
        yield "model.min_hubs", model.min_hubs, f"at most model.max_hubs, {model.max_hubs}"
    for number, limit in enumerate(model.hub_limits):
        key = f"model.hub_limits.{number}"
        if limit.group not in groups:
            yield f"{key}.group", limit.group, _one_of("sites.groups", groups)
        if limit.min is None and limit.max is None:
            yield key, limit.group, "min, max or both for this limit"
        if limit.min is not None and limit.max is not None and limit.min > limit.max:
            yield f"{key}.min", limit.min, f"at most max, {limit.max}"


def _site_sets(scenario: Scenario) -> Complaints:
    for number, sites in enumerate(scenario.model.at_most_one):
        if len(set(sites)) < 2:  # noqa: PLR2004 - two sites exclude each other
            yield f"model.at_most_one.{number}", ", ".join(sites), "two different sites or more"
    for number, pair in enumerate(scenario.model.only_with):
        if pair.site == pair.needs:
            yield f"model.only_with.{number}.needs", pair.needs, "another site than the one that needs it"


def _existing(scenario: Scenario) -> Complaints:
    existing = scenario.model.existing
    if existing.upgrade is False and existing.upgrade_fee != 0:
        yield "model.existing.upgrade_fee", existing.upgrade_fee, "only with upgrade"
    if existing.close is False and existing.close_saving != 0:
        yield "model.existing.close_saving", existing.close_saving, "only with close"


def _periods(scenario: Scenario) -> Complaints:
    model, periods = scenario.model, scenario.model.periods
    if not periods.years:
        if periods != type(periods)():
            yield "model.periods.years", None, "is required: each year with a name and a budget"
        if scenario.demand.growth_per_year != 0:
            yield "demand.growth_per_year", scenario.demand.growth_per_year, "only with model.periods"
        return
    names = [year.name for year in periods.years]
    for number in repeated(names):
        yield f"model.periods.years.{number}.name", names[number], "a name no other year has"
    if model.objective not in {"max_coverage", "p_median"}:
        yield "model.objective", model.objective, "max_coverage or p_median with model.periods"
    if model.fairness is not None:
        yield "model.fairness", model.fairness, "none with model.periods; set floors on the groups instead"
    if model.existing.upgrade is not False or model.existing.close is not False:
        yield "model.existing", "upgrade or close", "neither with model.periods: hubs that stand stay as they are"


def _has_capacity(scenario: Scenario) -> bool:
    return any(tier.capacity is not None for tier in scenario.hubs)


def _one_of(key: str, groups: tuple[str, ...]) -> str:
    return f"one of {key}: {', '.join(groups)}" if groups else f"a column that {key} lists; it lists none"


MODEL_CHECKS: tuple[Check, ...] = (
    _target,
    _pins,
    _decay,
    _backup,
    _capacity,
    _floors,
    _fairness,
    _counts,
    _site_sets,
    _existing,
    _periods,
)

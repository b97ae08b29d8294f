"""Checks of the model's keys: what needs what, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hubplanner.compatibility import NOT_WHOLE
from hubplanner.scenario.model_spec import AUTO
from hubplanner.scenario.names import key_of, repeated
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import RasterTravel
from hubplanner.scenario.validation.backhaul import connection
from hubplanner.scenario.validation.features import Check, Complaints
from hubplanner.scenario.validation.travel import distance_table
from hubplanner.translation import gettext as _, joined


def _target(scenario: Scenario) -> Complaints:
    model = scenario.model
    if model.objective == "min_cost" and model.target_share is None:
        yield "model.target_share", None, _("is required for objective min_cost")
    if model.objective != "min_cost" and model.target_share is not None:
        yield "model.target_share", model.target_share, _("only with objective min_cost")
    if model.objective != "min_cost" and model.travel_cost_per_km is not None:
        yield "model.travel_cost_per_km", model.travel_cost_per_km, _("only with objective min_cost")
    if model.travel_cost_per_km:
        yield from _in_minutes(scenario, _("travel_cost_per_km is money for a km"))


def _pins(scenario: Scenario) -> Complaints:
    model = scenario.model
    for site in sorted(set(model.require) & set(model.exclude)):
        yield "model.require", site, _("a site that model.exclude does not name")
    if not isinstance(model.existing.close, bool):
        for site in sorted(set(model.require) & set(model.existing.close)):
            yield "model.existing.close", site, _("a site that model.require does not name: a required hub stays open")


def _decay(scenario: Scenario) -> Complaints:
    coverage = scenario.coverage
    fades = coverage.decay in {"exponential", "gaussian"}
    if fades and coverage.width_km is None:
        yield "coverage.width_km", None, _("is required for decay {decay}", decay=coverage.decay)
    if not fades and coverage.width_km is not None:
        yield "coverage.width_km", coverage.width_km, _("only with decay exponential or gaussian")
    if coverage.decay == "step":
        if coverage.full_km > 0:
            yield "coverage.full_km", coverage.full_km, _("only with decay linear, exponential or gaussian")
        return
    yield from _in_minutes(scenario, _("decay is in km"))
    for tier in scenario.hubs:
        reach = tier.reach(scenario.travel.speed_kmh)
        if 0 < reach <= coverage.full_km:
            yield (
                "coverage.full_km",
                coverage.full_km,
                _("a distance below the reach of {name}, {reach:g} km", name=tier.name, reach=reach),
            )


def _in_minutes(scenario: Scenario, reason: str) -> Complaints:
    """Complain of reaches in minutes that no speed turns into kilometres."""
    if isinstance(scenario.travel, RasterTravel):
        yield (
            "travel.method",
            scenario.travel.method,
            _("a method with kilometres, such as network, since {reason}", reason=reason),
        )
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.reach_minutes is not None and scenario.travel.speed_kmh is None:
            yield f"hubs.{number}.reach_minutes", tier.reach_minutes, _("reach_km, since {reason}", reason=reason)


def _backup(scenario: Scenario) -> Complaints:
    coverage = scenario.coverage
    if coverage.backup_weight is not None and coverage.backup == 1:
        yield "coverage.backup_weight", coverage.backup_weight, _("only with backup: 2")


def _capacity(scenario: Scenario) -> Complaints:
    model = scenario.model
    if model.assignment == "single" and not scenario.has_capacity:
        yield (
            "model.assignment",
            "single",
            _("split, or a capacity for some tier: without one all within reach are served"),
        )
    if scenario.demand.take_up is not None:
        if not scenario.has_capacity:
            yield "demand.take_up", scenario.demand.take_up.share, _("only where some tier has a capacity, in people")
        if scenario.demand.take_up.e_fold_km is not None:
            yield from _in_minutes(scenario, _("demand.take_up falls over kilometres"))
    if model.mixed_tiers and model.max_per_site == 1:
        yield "model.mixed_tiers", True, _("only with max_per_site above 1")


def _floors(scenario: Scenario) -> Complaints:
    groups = scenario.demand.groups
    for number, floor in enumerate(scenario.model.floors):
        if floor.group is not None and floor.group not in groups:
            yield f"model.floors.{number}.group", floor.group, _one_of("demand.groups", groups)
        if floor.value is not None and floor.group is None:
            yield f"model.floors.{number}.value", floor.value, _("only with a group")


LINEAR_BELOW = "only with an alpha above 0, not .inf (--set model.fairness.linear_below_share=null takes it out)"


def _fairness(scenario: Scenario) -> Complaints:
    model, groups, spec = scenario.model, scenario.demand.groups, scenario.model.fairness
    if not model.lifts_worst:
        if model.fairness_group is not None:
            yield "model.fairness_group", model.fairness_group, _("only with fairness: max_min")
        if model.fairness_goal != "main":
            yield "model.fairness_goal", model.fairness_goal, _("only with fairness: max_min")
    if spec is None:
        return
    if model.fairness_group is not None and model.fairness_group not in groups:
        yield "model.fairness_group", model.fairness_group, _one_of("demand.groups", groups)
    if spec.group not in {None, AUTO, *groups}:
        yield "model.fairness.group", spec.group, _("auto, or {columns}", columns=_one_of("demand.groups", groups))
    if spec.group is not None and model.fairness_group is not None and model.lifts_worst:
        yield "model.fairness_group", model.fairness_group, _("none beside model.fairness.group, which says the same")
    if spec.linear_below_share is not None and not model.alpha:
        yield "model.fairness.linear_below_share", spec.linear_below_share, LINEAR_BELOW
    if not groups:
        first = _("the first one is lifted") if model.lifts_worst else _("fairness is among their values")
        yield "model.fairness", spec.alpha, _("only with demand.groups: {first}", first=first)


def _largest(scenario: Scenario) -> Complaints:
    model, groups = scenario.model, scenario.sites.groups
    if model.fairness is None or (of := model.fairness.prefer_largest_of) is None:
        return
    if not model.alpha:
        yield "model.fairness.prefer_largest_of", of, _("only with an alpha above 0, not .inf")
    if of not in groups:
        yield "model.fairness.prefer_largest_of", of, _one_of("sites.groups", groups)


def _counts(scenario: Scenario) -> Complaints:
    model, groups = scenario.model, scenario.sites.groups
    if model.min_hubs is not None and model.max_hubs is not None and model.min_hubs > model.max_hubs:
        yield "model.min_hubs", model.min_hubs, _("at most model.max_hubs, {max_hubs}", max_hubs=model.max_hubs)
    for number, limit in enumerate(model.hub_limits):
        key = f"model.hub_limits.{number}"
        if limit.group not in groups:
            yield f"{key}.group", limit.group, _one_of("sites.groups", groups)
        if limit.min is None and limit.max is None:
            yield key, limit.group, _("min, max or both for this limit")
        if limit.where_needed and limit.min is None:
            yield f"{key}.where_needed", True, _("only with min")
        if limit.min is not None and limit.max is not None and limit.min > limit.max:
            yield f"{key}.min", limit.min, _("at most max, {max}", max=limit.max)


def _site_sets(scenario: Scenario) -> Complaints:
    for number, sites in enumerate(scenario.model.at_most_one):
        if len(set(sites)) < 2:  # noqa: PLR2004 - two sites exclude each other
            yield f"model.at_most_one.{number}", ", ".join(sites), _("two different sites or more")
    for number, pair in enumerate(scenario.model.only_with):
        if pair.site == pair.needs:
            yield f"model.only_with.{number}.needs", pair.needs, _("another site than the one that needs it")


def _existing(scenario: Scenario) -> Complaints:
    existing = scenario.model.existing
    if existing.upgrade is False and existing.upgrade_fee != 0:
        yield "model.existing.upgrade_fee", existing.upgrade_fee, _("only with upgrade")
    if existing.close is False and existing.close_saving != 0:
        yield "model.existing.close_saving", existing.close_saving, _("only with close")


def _periods(scenario: Scenario) -> Complaints:
    periods = scenario.model.periods
    if not periods.years:
        if periods != type(periods)():
            yield "model.periods.years", None, _("is required: each year with a name and a budget")
        if scenario.demand.growth_per_year != 0:
            yield "demand.growth_per_year", scenario.demand.growth_per_year, _("only with model.periods")
        return
    names = [year.name for year in periods.years]
    for number in repeated(names):
        yield f"model.periods.years.{number}.name", names[number], _("a name no other year has")


def _measures(scenario: Scenario) -> Complaints:
    for name, spec in scenario.beside.items():
        if spec.benefit * spec.share > 1:
            most = _(
                "at most {most:.6g}, since each counts for {users:g} users and no place has more",
                most=1 / spec.benefit,
                users=spec.benefit,
            )
            yield f"measures.{name}.share", spec.share, most
    if not scenario.beside:
        return
    for number, floor in enumerate(scenario.model.floors):
        if floor.share >= 1:
            yield (
                f"model.floors.{number}.share",
                floor.share,
                _("below 1 with measures: {not_whole}", not_whole=NOT_WHOLE),
            )
    if (share := scenario.model.target_share) is not None and share >= 1:
        yield "model.target_share", share, _("below 1 with measures: {not_whole}", not_whole=NOT_WHOLE)


def _one_of(key: str, groups: tuple[str, ...]) -> str:
    return (
        _("one of {key}: {groups}", key=key, groups=joined(groups, ", "))
        if groups
        else _("a column that {key} lists; it lists none", key=key)
    )


MODEL_CHECKS: tuple[Check, ...] = (
    _target,
    _pins,
    _decay,
    _backup,
    _capacity,
    distance_table,
    _floors,
    _fairness,
    _largest,
    _counts,
    _site_sets,
    _existing,
    _periods,
    connection,
    _measures,
)


def _once(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of lists that name a thing twice."""
    model, futures = scenario.model, scenario.futures
    lists: dict[str, Sequence[str]] = {
        "demand.groups": scenario.demand.groups,
        "sites.groups": scenario.sites.groups,
        "model.require": model.require,
        "model.exclude": model.exclude,
    }
    for section, spec in (("demand", scenario.demand), ("sites", scenario.sites)):
        lists |= {f"{section}.where.{column}": values for column, values in spec.where.items()}
    for key in ("upgrade", "close"):
        sites = getattr(model.existing, key)
        lists |= {} if isinstance(sites, bool) else {f"model.existing.{key}": sites}
    sets = {number: sites for number, sites in enumerate(model.at_most_one) if len(set(sites)) > 1}
    lists |= {f"model.at_most_one.{number}": sites for number, sites in sets.items()}
    for number, future in enumerate(futures.named if futures else ()):
        lists |= {f"futures.named.{number}.{key}": getattr(future, key) for key in ("sites_out", "tiers_out")}
    for key, names in lists.items():
        for at in repeated(names):
            yield key, names[at], _("each name once; it appears twice")


def _one_limit(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of limits that are set twice."""
    model = scenario.model
    limits: list[tuple[str, dict[int, tuple[str | None, ...]]]] = [
        ("floors", {at: (floor.group, floor.value, floor.people) for at, floor in enumerate(model.floors)}),
        ("at_most_one", {at: tuple(sorted(sites)) for at, sites in enumerate(model.at_most_one)}),
        ("only_with", {at: (pair.site, pair.needs) for at, pair in enumerate(model.only_with)}),
    ]
    for bound in ("min", "max"):
        given = {at: limit for at, limit in enumerate(model.hub_limits) if getattr(limit, bound) is not None}
        alone = {at: "where_needed" if limit.where_needed and bound == "min" else None for at, limit in given.items()}
        limits.append(("hub_limits", {at: (limit.group, limit.value, alone[at]) for at, limit in given.items()}))
    for key, of in limits:
        seen = set()
        for at, parts in of.items():
            own = tuple(key_of(part or "") for part in parts)
            if own in seen:
                what = ", ".join(filter(None, parts)) or _("all need")
                yield f"model.{key}.{at}", what, _("each limit once; one above is of the same")
            seen.add(own)


LIST_CHECKS: tuple[Check, ...] = (_once, _one_limit)

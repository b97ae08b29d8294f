"""What a scenario asks for, each with the key that does, and what of it does not go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NamedTuple

from hubplanner.compatibility import Feature, broken
from hubplanner.scenario.futures_spec import FuturesSpec
from hubplanner.scenario.model_spec import MAX_MIN, ModelSpec
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import NetworkSpec, RasterTravel
from hubplanner.translation import gettext as _, joined, ngettext

Complaints = Iterator[tuple[str, Any, str]]
"""Key, value found and what is allowed."""


Check = Callable[["Scenario"], Complaints]


def where_merged(scenario: Scenario) -> str:
    """Return the words for what merges demand."""
    return _("for a raster") if scenario.demand.is_raster else _("with demand.merge")


class Setting(NamedTuple):
    """Where a scenario asks for a feature."""

    key: str
    value: Any
    beside: str
    """How a complaint of another key names it, such as "with model.periods"."""


_SWITCHES: dict[Feature, tuple[str, tuple[object, ...]]] = {
    Feature.TRAVEL_COST: ("model.travel_cost_per_km", (None, 0)),
    Feature.SINGLE: ("model.assignment", ("split",)),
    Feature.STACKED: ("model.max_per_site", (1,)),
    Feature.SEPARATION: ("model.min_separation_km", (None,)),
    Feature.DECAY: ("coverage.decay", ("step",)),
    Feature.BACKUP: ("coverage.backup", (1,)),
}
"""Features that one key asks for, with the values that do not."""


def features(scenario: Scenario) -> dict[Feature, Setting]:
    """Return what a scenario asks for, each with the key that does."""
    model, growth, spec = scenario.model, scenario.demand.growth_per_year, scenario.futures
    by_objective = _("with objective {objective}", objective=model.objective)
    asked = {Feature(model.objective): Setting("model.objective", model.objective, by_objective)}
    for feature, (key, off) in _SWITCHES.items():
        value = attrgetter(key)(scenario)
        if value not in off:
            asked[feature] = Setting(key, value, _("with {key}", key=key))
    if scenario.demand.is_merged:
        asked[Feature.MERGED] = Setting("demand.merge", scenario.demand.merge or "raster", where_merged(scenario))
    for number, tier in enumerate(scenario.hubs):
        if tier.capacity is not None:
            setting = Setting(f"hubs.{number}.capacity", tier.capacity, _("where tiers have a capacity"))
            asked.setdefault(Feature.CAPACITY, setting)
    asked |= _spread_feature(scenario) | _fair_features(model) | _searched_feature(scenario)
    take_up, shares = scenario.demand.take_up, list(scenario.backhaul.technologies.shared) if scenario.backhaul else []
    years, beside = len(model.periods.years), " and ".join(scenario.beside)
    sections = {
        Feature.TAKE_UP: take_up and Setting("demand.take_up", take_up.share, _("with demand.take_up")),
        Feature.BACKHAUL: shares and Setting("backhaul", shares[0], _("with backhaul by {kind}", kind=shares[0])),
        Feature.MEASURES: beside and Setting("measures", beside, _("with measures")),
        Feature.PERIODS: years
        and Setting("model.periods", ngettext("{n} year", "{n} years", years), _("with model.periods")),
        Feature.MOVING: years
        and not model.periods.nested
        and Setting("model.periods.nested", model.periods.nested, _("with model.periods.nested: false")),
    }
    asked |= {feature: setting for feature, setting in sections.items() if setting}
    if model.floors:
        asked[Feature.FLOORS] = Setting("model.floors", len(model.floors), _("with model.floors"))
    changes = [key for key in ("upgrade", "close") if getattr(model.existing, key) is not False]
    if changes:
        asked[Feature.EXISTING] = Setting("model.existing", " and ".join(changes), _("with model.existing"))
    if isinstance(growth, str):
        asked[Feature.GROWTH_COLUMN] = Setting("demand.growth_per_year", growth, _("with demand.growth_per_year"))
    return asked if spec is None else asked | _features_over(spec, model.under)


def _spread_feature(scenario: Scenario) -> dict[Feature, Setting]:
    km, by = scenario.demand.spread_km, scenario.demand.spread_by
    if by is not None:
        return {Feature.SPREAD: Setting("demand.spread_by", by.path, _("with demand.spread_by"))}
    return {} if km is None else {Feature.SPREAD: Setting("demand.spread_km", km, _("with demand.spread_km"))}


def _fair_features(model: ModelSpec) -> dict[Feature, Setting]:
    if model.lifts_worst:
        return {Feature.FAIRNESS: Setting("model.fairness", MAX_MIN, _("with model.fairness"))}
    weighed = Setting("model.fairness.alpha", model.alpha, _("with model.fairness.alpha above 0"))
    return {Feature.ALPHA: weighed} if model.alpha else {}


def _searched_feature(scenario: Scenario) -> dict[Feature, Setting]:
    if not isinstance(scenario.travel, NetworkSpec | RasterTravel):
        return {}
    method = scenario.travel.method
    return {Feature.SEARCHED: Setting("travel.method", method, _("with travel.method {method}", method=method))}


def _features_over(spec: FuturesSpec, under: str | None) -> dict[Feature, Setting]:
    """Return what futures ask for; the average goes with all that futures go with."""
    asked = {Feature.FUTURES: Setting("futures", "futures", _("with futures"))}
    if under not in {None, "expected"}:
        asked[Feature(f"under {under}")] = Setting("model.under", under, _("under {under}", under=under))
    named = [(f"futures.named.{at}", future) for at, future in enumerate(spec.named)]
    out = [key for key, future in named if future.sites_out or future.tiers_out]
    out += ["futures.ranges.site_out"] if spec.ranges.site_out > 0 else []
    if out:
        asked[Feature.OUTAGES] = Setting(out[0], "outages", _("with outages"))
    roads = [(key, future.name) for key, future in named if future.changes_roads]
    if roads:
        asked[Feature.OTHER_ROADS] = Setting(*roads[0], _("with other roads in a future"))
    return asked


def not_together(scenario: Scenario) -> Complaints:
    """Complain of what does not go together by the table."""
    asked = features(scenario)
    for rule in broken(asked):
        first, *others = (asked[feature] for feature in rule.features)
        beside = joined((setting.beside for setting in others), _(" and "))
        yield first.key, first.value, _("{fix} {beside}: {reason}", fix=rule.fix, beside=beside, reason=rule.reason)

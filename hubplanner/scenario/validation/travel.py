"""Checks of how people travel, and of how far hubs reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.names import repeated
from hubplanner.scenario.roads_spec import RoadsSpec
from hubplanner.scenario.scenario import Scenario
from hubplanner.scenario.travel_spec import MatrixSpec, NetworkSpec, RasterTravel, TerrainSpec
from hubplanner.scenario.validation.features import Check, Complaints
from hubplanner.translation import gettext as _, joined


def distance_table(scenario: Scenario) -> Complaints:
    """Complain of keys that do not go with a table of distances."""
    travel = scenario.travel
    for key in ("site_id", "km", "minutes") if isinstance(travel, MatrixSpec) and travel.wide else ():
        if getattr(travel, key) is not None:
            yield f"travel.{key}", getattr(travel, key), _("only without travel.wide, by which each column is a site")


def _distinct_tiers(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    names = [tier.name for tier in scenario.hubs]
    for number in repeated(names):
        yield f"hubs.{number}.name", names[number], _("a name no other tier has")


def _one_reach(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    for number, tier in enumerate(scenario.hubs):
        if (tier.reach_km is None) == (tier.reach_minutes is None):
            yield f"hubs.{number}", tier.name, _("exactly one of reach_km and reach_minutes for this tier")


def _speed(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    in_minutes = any(tier.reach_minutes is not None for tier in scenario.hubs)
    speed, computed = scenario.travel.speed_kmh, scenario.travel.file is None
    if in_minutes and speed is None and computed:
        yield "travel.speed_kmh", None, _("is required, since a tier's reach is in minutes and travel in kilometres")
    if speed is not None and not in_minutes and computed:
        yield "travel.speed_kmh", speed, _("only with reach_minutes or a matrix of minutes")


def _roads(scenario: Scenario) -> Complaints:
    """Complain of reaches in both minutes and kilometres by road, and of keys that do not go with the file of roads."""
    travel = scenario.travel
    if not isinstance(travel, NetworkSpec):
        return
    in_km = [number for number, tier in enumerate(scenario.hubs) if tier.reach_km is not None]
    if in_km and len(in_km) < len(scenario.hubs):
        allowed = _("reach_minutes for every tier or reach_km for every one: the quickest way need not be the shortest")
        yield f"hubs.{in_km[0]}.reach_km", scenario.hubs[in_km[0]].reach_km, allowed
    named = [mode.name for mode in travel.modes]
    for number, tier in enumerate(scenario.hubs):
        for mode in tier.minutes_by_mode.keys() - set(named):
            yield (
                f"hubs.{number}.reach_minutes.{mode}",
                mode,
                _("one of travel.modes: {named}", named=joined(named, ", ")),
            )
    if in_km and len(travel.modes) > 1:
        allowed = _("one mode with reach_km: which of several is quicker is a matter of minutes, so set reach_minutes")
        yield "travel.modes", ", ".join(mode.name for mode in travel.modes), allowed
    yield from _roads_file(travel.roads)


def _roads_file(roads: RoadsSpec) -> Complaints:
    """Complain of keys that do not go with a file of roads."""
    if roads.minutes is not None and roads.speed_kmh is not None:
        yield "travel.roads.minutes", roads.minutes, _("none beside speed_kmh: one of the two is allowed")
    file = format_of(roads.path)
    if roads.encoding is not None and not file.encoding:
        yield (
            "travel.roads.encoding",
            roads.encoding,
            _("only for a CSV file or a Shapefile; other formats state it themselves"),
        )
    if roads.layer is not None and file.kind == "table":
        yield "travel.roads.layer", roads.layer, _("only for a file of layers, not a table of edges")


def _reach_by_mode(scenario: Scenario) -> Complaints:
    """Complain of reaches by mode where there are no modes."""
    if isinstance(scenario.travel, NetworkSpec):
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.minutes_by_mode:
            allowed = _("a number with method {method}: only method network has modes", method=scenario.travel.method)
            yield f"hubs.{number}.reach_minutes", tier.told_reach(), allowed


def _over_raster(scenario: Scenario) -> Complaints:
    """Complain of reaches that are not in minutes over a raster, and of ways that are not looked for far enough."""
    travel = scenario.travel
    if not isinstance(travel, RasterTravel):
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.reach_km is not None:
            allowed = _("reach_minutes with method {method}, whose raster holds minutes", method=travel.method)
            yield f"hubs.{number}.reach_km", tier.reach_km, allowed
    reach = max((tier.reach(None) for tier in scenario.hubs), default=0.0)
    if travel.max_minutes is not None and travel.max_minutes < reach:
        yield "travel.max_minutes", travel.max_minutes, _("at least the largest reach, {reach:g} minutes", reach=reach)
    if isinstance(travel, TerrainSpec):
        if travel.roads is not None:
            yield from _roads_file(travel.roads)
        elif "modes" in travel.model_fields_set:
            who = ", ".join(mode.name for mode in travel.modes)
            yield "travel.modes", who, _("none without travel.roads: speeds say who crosses land cover, and how fast")
    objective = scenario.model.objective
    if travel.max_minutes is None and objective in {"p_median", "p_center"}:
        allowed = _(
            "is required for {objective}, which looks beyond reach: the longest travel time to search, such as 600",
            objective=objective,
        )
        yield "travel.max_minutes", None, allowed


def _travel_encoding(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    travel = scenario.travel
    if isinstance(travel, MatrixSpec) and travel.encoding is not None and format_of(travel.path).name != "CSV":
        yield "travel.encoding", travel.encoding, _("only with a CSV table")


TRAVEL_CHECKS: tuple[Check, ...] = (
    _distinct_tiers,
    _one_reach,
    _speed,
    _roads,
    _reach_by_mode,
    _over_raster,
    _travel_encoding,
)

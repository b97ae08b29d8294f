"""Checks between the scenario's keys: each one named, strict, and all of them reported together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hubplanner.errors import Fault
from hubplanner.scenario.futures_checks import FUTURES_CHECKS
from hubplanner.scenario.model_checks import MODEL_CHECKS, Check
from hubplanner.scenario.names import key_of, repeated
from hubplanner.scenario.stream_checks import STREAM_CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hubplanner.scenario.spec import Scenario

_VECTORS = (".geojson", ".json", ".gpkg", ".shp", ".parquet", ".geoparquet")
"""Files with shapes; of files of other kinds, their readers say what to do."""
_OWN_COLUMNS = ("demand_id", "people", "connected_share", "priority", "need", "geometry", "covered_share", "site_id")
"""Names of the plan's own columns, which a group must not take."""


def inconsistencies(scenario: Scenario) -> list[Fault]:
    """Return everything in the scenario that contradicts itself."""
    return _faults(scenario, _CHECKS)


def not_yet(scenario: Scenario) -> list[Fault]:
    """Return what the scenario asks for that this version cannot do."""
    return _faults(scenario, (_later,))


def _faults(scenario: Scenario, checks: tuple[Check, ...]) -> list[Fault]:
    return [
        Fault(file=scenario.file, column=key, value=value, allowed=allowed, kind="scenario")
        for check in checks
        for key, value, allowed in check(scenario)
    ]


def _later(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    able = ("great_circle", "planar", "matrix")
    if scenario.travel.method not in able:
        method = scenario.travel.method
        yield "travel.method", method, f"{', '.join(able)}; {method} is not yet supported"


def _distinct_tiers(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    names = [tier.name for tier in scenario.hubs]
    for number in repeated(names):
        yield f"hubs.{number}.name", names[number], "a name no other tier has"


def _one_reach(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    for number, tier in enumerate(scenario.hubs):
        if (tier.reach_km is None) == (tier.reach_minutes is None):
            yield f"hubs.{number}", tier.name, "exactly one of reach_km and reach_minutes for this tier"


def _speed(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    in_minutes = any(tier.reach_minutes is not None for tier in scenario.hubs)
    speed, method = scenario.travel.speed_kmh, scenario.travel.method
    if in_minutes and speed is None and method in {"great_circle", "planar"}:
        yield "travel.speed_kmh", None, "is required, since a tier's reach is in minutes and travel in kilometres"
    if speed is not None and not in_minutes and method != "matrix":
        yield "travel.speed_kmh", speed, "only with reach_minutes or a matrix of minutes"


def _travel_path(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    travel = scenario.travel
    if travel.method == "matrix" and travel.path is None:
        yield "travel.path", None, "is required for method matrix"
    if travel.method in {"great_circle", "planar"} and travel.path is not None:
        yield "travel.path", travel.path, f"only with method matrix or network, not {travel.method}"
    if travel.encoding is not None and not (travel.path or "").lower().endswith(".csv"):
        yield "travel.encoding", travel.encoding, "only with a CSV table"
    if travel.method == "matrix" and travel.detour != 1:
        yield "travel.detour", travel.detour, "1 with method matrix: its distances are travelled ones already"


def _spread(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    demand = scenario.demand
    if demand.spread_km is not None and scenario.travel.method == "matrix":
        yield "demand.spread_km", demand.spread_km, "only with computed distances: a matrix has none for spread points"


def _csv_coordinates(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    for name, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        given = {"x": table.x, "y": table.y}
        is_csv, is_vector = table.path.lower().endswith(".csv"), table.path.lower().endswith(_VECTORS)
        if name == "demand" and scenario.demand.is_merged and not is_csv:
            continue  # `stream_checks` knows what goes with those
        for key, value in given.items():
            if is_vector and value is not None:
                yield f"{name}.{key}", value, "only for a CSV file; a vector file carries its own geometry"
            if is_csv and value is None:
                yield f"{name}.{key}", None, "is required for a CSV file"
        if table.encoding is not None and not table.path.lower().endswith((".csv", ".shp")):
            yield f"{name}.encoding", table.encoding, "only for a CSV file or a Shapefile; others say it themselves"
        if table.layer is not None and table.path.lower().endswith((".csv", ".parquet", ".geoparquet")):
            yield f"{name}.layer", table.layer, "only for a file of layers, not CSV or Parquet"


def _group_names(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    for group in scenario.demand.groups:
        if group in _OWN_COLUMNS:
            yield "demand.groups", group, f"a column with a name other than {', '.join(_OWN_COLUMNS)}; rename it"


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
            yield key, names[at], "each name once; it stands twice"


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
        limits.append(("hub_limits", {at: (limit.group, limit.value) for at, limit in given.items()}))
    for key, of in limits:
        seen = set()
        for at, parts in of.items():
            own = tuple(key_of(part or "") for part in parts)
            if own in seen:
                what = ", ".join(filter(None, parts)) or "all need"
                yield f"model.{key}.{at}", what, "each limit once; one above is of the same"
            seen.add(own)


_CHECKS: tuple[Check, ...] = (
    _distinct_tiers,
    _one_reach,
    _speed,
    _travel_path,
    _spread,
    _csv_coordinates,
    _group_names,
    _once,
    _one_limit,
    *MODEL_CHECKS,
    *STREAM_CHECKS,
    *FUTURES_CHECKS,
)

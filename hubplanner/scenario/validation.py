"""Checks between the keys of the model: what needs what, and what does not go together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from hubplanner.compatibility import NEW_LINK, NOT_WHOLE, Feature, broken
from hubplanner.errors import Fault
from hubplanner.formats.table_formats import format_of
from hubplanner.formatting import count_of
from hubplanner.scenario.backhaul_spec import (
    AloneSpec,
    BackhaulSpec,
    LinesSpec,
    LinkSpec,
    MicrowaveSpec,
    PairsSpec,
    PlacesSpec,
)
from hubplanner.scenario.data_spec import FileSpec, JoinSpec, SpreadBySpec, TableSpec, ZonesSpec
from hubplanner.scenario.futures_spec import FuturesSpec
from hubplanner.scenario.model_spec import AUTO, MAX_MIN, ModelSpec
from hubplanner.scenario.names import key_of, repeated
from hubplanner.scenario.scenario import Scenario, TierSpec
from hubplanner.scenario.travel_spec import METHODS, MatrixSpec, NetworkSpec, RasterTravel
from hubplanner.tolerances import SUM_TOLERANCE

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
    if isinstance(scenario.travel, RasterTravel):
        yield "travel.method", scenario.travel.method, f"a method with kilometres, such as network, since {reason}"
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.reach_minutes is not None and scenario.travel.speed_kmh is None:
            yield f"hubs.{number}.reach_minutes", tier.reach_minutes, f"reach_km, since {reason}"


def _backup(scenario: Scenario) -> Complaints:
    coverage = scenario.coverage
    if coverage.backup_weight is not None and coverage.backup == 1:
        yield "coverage.backup_weight", coverage.backup_weight, "only with backup: 2"


def _capacity(scenario: Scenario) -> Complaints:
    model = scenario.model
    if model.assignment == "single" and not scenario.has_capacity:
        yield (
            "model.assignment",
            "single",
            "split, or a capacity for some tier: without one all within reach are served",
        )
    if scenario.demand.take_up is not None:
        if not scenario.has_capacity:
            yield "demand.take_up", scenario.demand.take_up.share, "only where some tier has a capacity, in people"
        if scenario.demand.take_up.e_fold_km is not None:
            yield from _in_minutes(scenario, "demand.take_up falls over kilometres")
    if model.mixed_tiers and model.max_per_site == 1:
        yield "model.mixed_tiers", True, "only with max_per_site above 1"


def _matrix(scenario: Scenario) -> Complaints:
    travel = scenario.travel
    for key in ("site_id", "km", "minutes") if isinstance(travel, MatrixSpec) and travel.wide else ():
        if getattr(travel, key) is not None:
            yield f"travel.{key}", getattr(travel, key), "only without travel.wide, by which each column is a site"


def _floors(scenario: Scenario) -> Complaints:
    groups = scenario.demand.groups
    for number, floor in enumerate(scenario.model.floors):
        if floor.group is not None and floor.group not in groups:
            yield f"model.floors.{number}.group", floor.group, _one_of("demand.groups", groups)
        if floor.value is not None and floor.group is None:
            yield f"model.floors.{number}.value", floor.value, "only with a group"


LINEAR_BELOW = "only with an alpha above 0, not .inf (--set model.fairness.linear_below_share=null takes it out)"


def _fairness(scenario: Scenario) -> Complaints:
    model, groups, spec = scenario.model, scenario.demand.groups, scenario.model.fairness
    if not model.lifts_worst:
        if model.fairness_group is not None:
            yield "model.fairness_group", model.fairness_group, "only with fairness: max_min"
        if model.fairness_goal != "main":
            yield "model.fairness_goal", model.fairness_goal, "only with fairness: max_min"
    if spec is None:
        return
    if model.fairness_group is not None and model.fairness_group not in groups:
        yield "model.fairness_group", model.fairness_group, _one_of("demand.groups", groups)
    if spec.group not in {None, AUTO, *groups}:
        yield "model.fairness.group", spec.group, f"auto, or {_one_of('demand.groups', groups)}"
    if spec.group is not None and model.fairness_group is not None and model.lifts_worst:
        yield "model.fairness_group", model.fairness_group, "none beside model.fairness.group, which says the same"
    if spec.linear_below_share is not None and not model.alpha:
        yield "model.fairness.linear_below_share", spec.linear_below_share, LINEAR_BELOW
    if not groups:
        first = "the first one is lifted" if model.lifts_worst else "fairness is among their values"
        yield "model.fairness", spec.alpha, f"only with demand.groups: {first}"


def _largest(scenario: Scenario) -> Complaints:
    model, groups = scenario.model, scenario.sites.groups
    if model.fairness is None or (of := model.fairness.prefer_largest_of) is None:
        return
    if not model.alpha:
        yield "model.fairness.prefer_largest_of", of, "only with an alpha above 0, not .inf"
    if of not in groups:
        yield "model.fairness.prefer_largest_of", of, _one_of("sites.groups", groups)


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
        if limit.where_needed and (limit.min is None or limit.value is not None):
            yield f"{key}.where_needed", True, "only with min, for all values of the group"
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
    periods = scenario.model.periods
    if not periods.years:
        if periods != type(periods)():
            yield "model.periods.years", None, "is required: each year with a name and a budget"
        if scenario.demand.growth_per_year != 0:
            yield "demand.growth_per_year", scenario.demand.growth_per_year, "only with model.periods"
        return
    names = [year.name for year in periods.years]
    for number in repeated(names):
        yield f"model.periods.years.{number}.name", names[number], "a name no other year has"


def _measures(scenario: Scenario) -> Complaints:
    for name, spec in scenario.beside.items():
        if spec.benefit * spec.share > 1:
            most = f"at most {1 / spec.benefit:.6g}, since each counts for {spec.benefit:g} users and no place has more"
            yield f"measures.{name}.share", spec.share, most
    if not scenario.beside:
        return
    for number, floor in enumerate(scenario.model.floors):
        if floor.share >= 1:
            yield f"model.floors.{number}.share", floor.share, f"below 1 with measures: {NOT_WHOLE}"
    if (share := scenario.model.target_share) is not None and share >= 1:
        yield "model.target_share", share, f"below 1 with measures: {NOT_WHOLE}"


def _backhaul(scenario: Scenario) -> Complaints:
    spec = scenario.backhaul
    if spec is None:
        for number, tier in enumerate(scenario.hubs):
            for key in ("mbps", "links"):
                if getattr(tier, key) is not None:
                    yield f"hubs.{number}.{key}", str(getattr(tier, key)), "only with backhaul"
        yield from _without_electricity(scenario)
        return
    shared, cellular = spec.technologies.shared, spec.technologies.cellular
    given = {"nodes": spec.nodes, "lines": spec.lines, "table": spec.table, "towers": spec.towers}
    for key, users in _USED_BY.items():
        if given[key] and not set(users) & set(spec.technologies.named):
            yield f"backhaul.{key}", None, f"only with backhaul.technologies.{' or '.join(users)}"
    has_hubs = spec.existing_connected and scenario.sites.status is not None
    if shared and not (spec.nodes or spec.lines or has_hubs):
        allowed = f"is required with {' or '.join(shared)}, or lines: they start where the internet is today"
        yield "backhaul.nodes", None, allowed
    yield from _sights(spec.technologies.microwave)
    if cellular is not None and not spec.towers:
        yield "backhaul.towers", None, "is required with cellular: the cell sites in whose range a hub may be"
    yield from _edges_of(scenario, spec)
    if spec.technologies.microwave is not None and scenario.model.periods.years:
        allowed = "fibre and links that stand alone with model.periods: microwave over years is not in this version"
        yield "backhaul.technologies.microwave", "microwave", allowed
    if scenario.model.existing.upgrade is not False and not shared:
        yield "model.existing.upgrade", str(scenario.model.existing.upgrade), f"false with backhaul: {NEW_LINK}"
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
        allowed = f"{'is required' if microwave.sights is None else 'only'} with line_of_sight: table"
        yield "backhaul.technologies.microwave.sights", microwave.sights and microwave.sights.path, allowed


def _edges_of(scenario: Scenario, spec: BackhaulSpec) -> Complaints:
    """Complain of lines of a table, or along roads, that is not there; and of lines that are not as long as roads."""
    if (spec.table is None) == (spec.edges == "table"):
        allowed = "is required with edges: table" if spec.table is None else "only with edges: table"
        yield "backhaul.table", None if spec.table is None else spec.table.path, allowed
    if spec.edges != "roads":
        return
    if scenario.travel.method != "network":
        yield "backhaul.edges", "roads", "straight or table without travel.method: network, whose roads lines follow"
    if spec.detour != BackhaulSpec.model_fields["detour"].default:
        yield "backhaul.detour", spec.detour, "to be left out with edges: roads, which are as long as they are"


def _without_electricity(scenario: Scenario) -> Complaints:
    """Complain of kWh that nobody pays for."""
    spec = scenario.backhaul
    if spec is not None and spec.electricity is not None:
        return
    users: dict[str, TierSpec | LinkSpec] = {f"hubs.{at}": one for at, one in enumerate(scenario.hubs)}
    if spec is not None:
        users |= {f"backhaul.technologies.{name}": link for name, link in spec.technologies.named.items()}
    for key, user in users.items():
        if user.kwh_year > 0:
            yield f"{key}.kwh_year", user.kwh_year, "only with backhaul.electricity, which says what a kWh costs"


def _links_of(spec: BackhaulSpec, key: str, tier: TierSpec) -> Complaints:
    """Complain of what a tier's links lack, and of a tier that none can carry."""
    known = spec.technologies.named
    for name in tier.links or ():
        if name not in known:
            yield f"{key}.links", name, f"one of backhaul.technologies: {', '.join(known)}"
    links = {name: link for name, link in known.items() if tier.links is None or name in tier.links}
    by_mbps = [name for name, link in links.items() if link.per_mbps_year > 0 or link.max_mbps is not None]
    if tier.mbps is None and by_mbps:
        yield f"{key}.mbps", None, f"is required: {by_mbps[0]} is paid or limited by Mbps"
    if tier.mbps is None or not links:
        return
    room = {name: _most_mbps(link) for name, link in links.items()}
    if max(room.values()) < tier.mbps:
        told = ", ".join(f"{name} {most:,.12g}" for name, most in room.items())
        yield f"{key}.mbps", tier.mbps, f"what some link of {tier.name} carries: {told}"


def _most_mbps(link: LinkSpec) -> float:
    lines = link.lines if isinstance(link, AloneSpec) else 1
    return math.inf if link.max_mbps is None else link.max_mbps * lines


def _one_of(key: str, groups: tuple[str, ...]) -> str:
    return f"one of {key}: {', '.join(groups)}" if groups else f"a column that {key} lists; it lists none"


MODEL_CHECKS: tuple[Check, ...] = (
    _target,
    _pins,
    _decay,
    _backup,
    _capacity,
    _matrix,
    _floors,
    _fairness,
    _largest,
    _counts,
    _site_sets,
    _existing,
    _periods,
    _backhaul,
    _measures,
)


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


def _closed_roads(scenario: Scenario) -> Complaints:
    """Complain of futures that change roads where nobody travels along any."""
    if scenario.futures is None or isinstance(scenario.travel, NetworkSpec):
        return
    for number, future in enumerate(scenario.futures.named):
        for key in ("roads_closed", "roads_closed_in", "road_speed"):
            if getattr(future, key):
                yield f"futures.named.{number}.{key}", key, "none without travel.method: network, which has roads"


FUTURES_CHECKS: tuple[Check, ...] = (_criterion, _futures, _names, _closed_roads)


_NO_CELL = (
    *("id", "layer", "sheet", "skip_rows", "header_rows", "header", "x", "y", "geometry", "encoding", "decimal"),
    *("thousands", "percent", "missing", "total_rows", "people", "connected_people", "offline_people", "area_km2"),
    "name",
)
"""Keys of demand that name what a raster does not have."""


def _merged_file(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.merge or demand.is_raster:
        return
    file = format_of(demand.path)
    if not file.chunked:
        yield "demand.merge", True, "only with CSV or GeoParquet, which are read in parts; save demand as one of them"
        return
    if demand.layer is not None and not file.layers and file.kind != "table":
        yield "demand.layer", demand.layer, "only for a file of layers, not CSV or Parquet"
    if file.kind == "table":
        return
    if (demand.x is None) != (demand.y is None):
        yield "demand.x" if demand.x is None else "demand.y", None, "is required: x and y go together"
    if demand.encoding is not None and not file.encoding:
        yield (
            "demand.encoding",
            demand.encoding,
            "only for a CSV file or a Shapefile; other formats state it themselves",
        )


def _merged_cells(scenario: Scenario) -> Complaints:
    """Complain of rules of cells that only the whole file decides."""
    demand = scenario.demand
    if not demand.merge or demand.is_raster:
        return
    if demand.name is not None:
        yield "demand.name", demand.name, "none with demand.merge: a row stands for all places that the same hubs reach"
    if demand.geometry is not None:
        yield "demand.geometry", demand.geometry.column, "none with demand.merge: x and y are read in parts"
    if demand.total_rows is not None:
        yield "demand.total_rows", demand.total_rows, "none with demand.merge: take such rows out of the file"
    for column, rule in (demand.missing or {}).items():
        if not isinstance(rule, float | int):
            yield f"demand.missing.{column}", str(rule), "a number with demand.merge, where no other row is at hand"


def _by_row(scenario: Scenario) -> Complaints:
    """Complain of what is read row by row beside merged points, which share one."""
    demand = scenario.demand
    if not demand.is_merged:
        return
    why = _merged(scenario)
    if scenario.travel.by_row:
        able = " or ".join(name for name, method in METHODS.items() if method.supports_streaming)
        yield "travel.method", scenario.travel.method, f"{able} {why}: a {scenario.travel.method} is by demand row"
    if demand.join:
        advice = (
            "zones gives cells and points the columns of polygons" if demand.is_raster else "leave merge out to join"
        )
        yield "demand.join", len(demand.join), f"none {why}: {advice}"


def _merged(scenario: Scenario) -> str:
    return "for a raster" if scenario.demand.is_raster else "with demand.merge"


def _raster(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    if not demand.is_raster:
        if demand.nodata is not None:
            yield "demand.nodata", demand.nodata, "only for a raster; rows of a table are left out with where"
        if demand.cells != "people":
            yield "demand.cells", demand.cells, "only for a raster; a table has people by row"
        return
    for key in _NO_CELL:
        if getattr(demand, key) is not None:
            yield f"demand.{key}", getattr(demand, key), "none for a raster: its cells hold people and nothing else"
    own = demand.without_zones()
    for key in ("groups", "where"):
        if getattr(own, key):
            named = ", ".join(getattr(own, key))
            yield f"demand.{key}", named, "none for a raster, which has no columns but those that demand.zones takes"
    for key in ("connected_share", "priority"):
        if isinstance(getattr(own, key), str):
            allowed = "a number for a raster, which has no columns but those that demand.zones takes"
            yield f"demand.{key}", getattr(own, key), allowed
    for number, floor in enumerate(scenario.model.floors):
        if floor.people is not None:
            yield f"model.floors.{number}.people", floor.people, "none for a raster, which has no columns"


def _zones(scenario: Scenario) -> Complaints:
    demand = scenario.demand
    for number, join in enumerate(demand.zones.join if demand.zones else ()):
        if join.by_place:
            yield f"demand.zones.join.{number}.on", "location", "columns here and there: zones are places themselves"
    if demand.zones is not None and not demand.is_merged:
        allowed = "only for a raster or with demand.merge; demand.join with on: location gives rows a polygon's columns"
        yield "demand.zones", demand.zones.path, allowed


STREAM_CHECKS: tuple[Check, ...] = (_merged_file, _merged_cells, _by_row, _raster, _zones)


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
    by_objective = f"with objective {model.objective}"
    asked = {Feature(model.objective): Setting("model.objective", model.objective, by_objective)}
    for feature, (key, off) in _SWITCHES.items():
        value = attrgetter(key)(scenario)
        if value not in off:
            asked[feature] = Setting(key, value, f"with {key}")
    if scenario.demand.is_merged:
        asked[Feature.MERGED] = Setting("demand.merge", scenario.demand.merge or "raster", _merged(scenario))
    for number, tier in enumerate(scenario.hubs):
        if tier.capacity is not None:
            setting = Setting(f"hubs.{number}.capacity", tier.capacity, "where tiers have a capacity")
            asked.setdefault(Feature.CAPACITY, setting)
    asked |= _spread_feature(scenario) | _fair_features(model) | _searched_feature(scenario)
    take_up, shares = scenario.demand.take_up, list(scenario.backhaul.technologies.shared) if scenario.backhaul else []
    years, beside = len(model.periods.years), " and ".join(scenario.beside)
    sections = {
        Feature.TAKE_UP: take_up and Setting("demand.take_up", take_up.share, "with demand.take_up"),
        Feature.BACKHAUL: shares and Setting("backhaul", shares[0], f"with backhaul by {shares[0]}"),
        Feature.MEASURES: beside and Setting("measures", beside, "with measures"),
        Feature.PERIODS: years and Setting("model.periods", count_of(years, "year"), "with model.periods"),
        Feature.MOVING: years
        and not model.periods.nested
        and Setting("model.periods.nested", model.periods.nested, "with model.periods.nested: false"),
    }
    asked |= {feature: setting for feature, setting in sections.items() if setting}
    if model.floors:
        asked[Feature.FLOORS] = Setting("model.floors", len(model.floors), "with model.floors")
    changes = [key for key in ("upgrade", "close") if getattr(model.existing, key) is not False]
    if changes:
        asked[Feature.EXISTING] = Setting("model.existing", " and ".join(changes), "with model.existing")
    if isinstance(growth, str):
        asked[Feature.GROWTH_COLUMN] = Setting("demand.growth_per_year", growth, "with demand.growth_per_year")
    return asked if spec is None else asked | _features_over(spec, model.under)


def _spread_feature(scenario: Scenario) -> dict[Feature, Setting]:
    km, by = scenario.demand.spread_km, scenario.demand.spread_by
    if by is not None:
        return {Feature.SPREAD: Setting("demand.spread_by", by.path, "with demand.spread_by")}
    return {} if km is None else {Feature.SPREAD: Setting("demand.spread_km", km, "with demand.spread_km")}


def _fair_features(model: ModelSpec) -> dict[Feature, Setting]:
    if model.lifts_worst:
        return {Feature.FAIRNESS: Setting("model.fairness", MAX_MIN, "with model.fairness")}
    weighed = Setting("model.fairness.alpha", model.alpha, "with model.fairness.alpha above 0")
    return {Feature.ALPHA: weighed} if model.alpha else {}


def _searched_feature(scenario: Scenario) -> dict[Feature, Setting]:
    if not isinstance(scenario.travel, NetworkSpec | RasterTravel):
        return {}
    method = scenario.travel.method
    return {Feature.SEARCHED: Setting("travel.method", method, f"with travel.method {method}")}


def _features_over(spec: FuturesSpec, under: str | None) -> dict[Feature, Setting]:
    """Return what futures ask for; the average goes with all that futures go with."""
    asked = {Feature.FUTURES: Setting("futures", "futures", "with futures")}
    if under not in {None, "expected"}:
        asked[Feature(f"under {under}")] = Setting("model.under", under, f"under {under}")
    named = [(f"futures.named.{at}", future) for at, future in enumerate(spec.named)]
    out = [key for key, future in named if future.sites_out or future.tiers_out]
    out += ["futures.ranges.site_out"] if spec.ranges.site_out > 0 else []
    if out:
        asked[Feature.OUTAGES] = Setting(out[0], "outages", "with outages")
    roads = [(key, future.name) for key, future in named if future.changes_roads]
    if roads:
        asked[Feature.OTHER_ROADS] = Setting(*roads[0], "with other roads in a future")
    return asked


def _together(scenario: Scenario) -> Complaints:
    """Complain of what does not go together by the table."""
    asked = features(scenario)
    for rule in broken(asked):
        first, *others = (asked[feature] for feature in rule.features)
        beside = " and ".join(setting.beside for setting in others)
        yield first.key, first.value, f"{rule.fix} {beside}: {rule.reason}"


_OWN_COLUMNS = ("demand_id", "people", "connected_share", "priority", "need", "geometry", "covered_share", "site_id")
"""Names of the plan's own columns, which a group must not take."""


def inconsistencies(scenario: Scenario) -> list[Fault]:
    """Return everything in the scenario that contradicts itself."""
    return [
        Fault(file=scenario.file, column=key, value=value, allowed=allowed, kind="scenario")
        for check in _CHECKS
        for key, value, allowed in check(scenario)
    ]


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
    speed, computed = scenario.travel.speed_kmh, scenario.travel.file is None
    if in_minutes and speed is None and computed:
        yield "travel.speed_kmh", None, "is required, since a tier's reach is in minutes and travel in kilometres"
    if speed is not None and not in_minutes and computed:
        yield "travel.speed_kmh", speed, "only with reach_minutes or a matrix of minutes"


def _roads(scenario: Scenario) -> Complaints:
    """Complain of reaches in both minutes and kilometres by road, and of keys that do not go with the file of roads."""
    travel = scenario.travel
    if not isinstance(travel, NetworkSpec):
        return
    in_km = [number for number, tier in enumerate(scenario.hubs) if tier.reach_km is not None]
    if in_km and len(in_km) < len(scenario.hubs):
        allowed = "reach_minutes for every tier or reach_km for every one: the quickest way need not be the shortest"
        yield f"hubs.{in_km[0]}.reach_km", scenario.hubs[in_km[0]].reach_km, allowed
    named = [mode.name for mode in travel.modes]
    for number, tier in enumerate(scenario.hubs):
        for mode in tier.minutes_by_mode.keys() - set(named):
            yield f"hubs.{number}.reach_minutes.{mode}", mode, f"one of travel.modes: {', '.join(named)}"
    if in_km and len(travel.modes) > 1:
        allowed = "one mode with reach_km: which of several is quicker is a matter of minutes, so set reach_minutes"
        yield "travel.modes", ", ".join(mode.name for mode in travel.modes), allowed
    roads = travel.roads
    if roads.minutes is not None and roads.speed_kmh is not None:
        yield "travel.roads.minutes", roads.minutes, "none beside speed_kmh: one of the two is allowed"
    file = format_of(roads.path)
    if roads.encoding is not None and not file.encoding:
        yield (
            "travel.roads.encoding",
            roads.encoding,
            "only for a CSV file or a Shapefile; other formats state it themselves",
        )
    if roads.layer is not None and file.kind == "table":
        yield "travel.roads.layer", roads.layer, "only for a file of layers, not a table of edges"


def _reach_by_mode(scenario: Scenario) -> Complaints:
    """Complain of reaches by mode where there are no modes."""
    if isinstance(scenario.travel, NetworkSpec):
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.minutes_by_mode:
            allowed = f"a number with method {scenario.travel.method}: only method network has modes"
            yield f"hubs.{number}.reach_minutes", tier.told_reach(), allowed


def _over_raster(scenario: Scenario) -> Complaints:
    """Complain of reaches that are not in minutes over a raster, and of ways that are not looked for far enough."""
    travel = scenario.travel
    if not isinstance(travel, RasterTravel):
        return
    for number, tier in enumerate(scenario.hubs):
        if tier.reach_km is not None:
            allowed = f"reach_minutes with method {travel.method}, whose raster holds minutes"
            yield f"hubs.{number}.reach_km", tier.reach_km, allowed
    reach = max((tier.reach(None) for tier in scenario.hubs), default=0.0)
    if travel.max_minutes is not None and travel.max_minutes < reach:
        yield "travel.max_minutes", travel.max_minutes, f"at least the largest reach, {reach:g} minutes"
    objective = scenario.model.objective
    if travel.max_minutes is None and objective in {"p_median", "p_center"}:
        allowed = (
            f"is required for {objective}, which looks beyond reach: the longest travel time to search, such as 600"
        )
        yield "travel.max_minutes", None, allowed


def _travel_encoding(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    travel = scenario.travel
    if isinstance(travel, MatrixSpec) and travel.encoding is not None and format_of(travel.path).name != "CSV":
        yield "travel.encoding", travel.encoding, "only with a CSV table"


def _spread(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    demand, by = scenario.demand, scenario.demand.spread_by
    value = demand.spread_km if by is None else by.path
    key = "demand.spread_km" if by is None else "demand.spread_by"
    if value is not None and scenario.travel.by_row:
        yield key, value, "only with computed distances: a matrix has none for spread points"
    if by is None:
        return
    for other in ("spread_km", "area_km2"):
        if getattr(demand, other) is not None:
            yield f"demand.{other}", getattr(demand, other), "none beside spread_by, which says where people are"
    yield from _format_keys(key, by)
    if not by.is_raster and by.nodata is not None:
        yield f"{key}.nodata", by.nodata, "only for a raster; rows of a table are left out with where"
    if not by.is_raster and by.cells != "people":
        yield f"{key}.cells", by.cells, "only for a raster; a table has a weight by row"
    if not by.is_raster:
        yield from _place_keys(key, by)
        return
    for name in ("weight", "x", "y"):
        if getattr(by, name) is not None:
            yield f"{key}.{name}", getattr(by, name), "none for a raster: its cells hold weights and nothing else"
    for name in ("geometry", "where", "percent", "decimal", "total_rows"):
        if getattr(by, name):
            yield f"{key}.{name}", str(getattr(by, name)), "none for a raster: its cells hold weights and nothing else"


def _file_keys(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of keys that do not go with a file's format."""
    for name, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        file = format_of(table.path)
        if name == "demand" and scenario.demand.is_merged and file.kind != "table":
            continue  # `_merged_file` and `_raster` know what goes with those
        yield from _place_keys(name, table)
        yield from _format_keys(name, table)
    for name, other in _other_files(scenario):
        yield from _format_keys(name, other)
        for column in other.percent or ():
            if column not in other.take:
                yield f"{name}.percent", column, f"a column that take brings: {', '.join(other.take)}"
    for name, links in _link_files(scenario):
        if links.is_database:
            yield f"{name}.path", links.path, "the path of a file; save the table as one"
        yield from _format_keys(name, links)
        if isinstance(links, PlacesSpec):
            yield from _place_keys(name, links)


def _other_files(scenario: Scenario) -> Iterator[tuple[str, JoinSpec | ZonesSpec]]:
    """Yield the files beside those of demand and sites, and where the scenario names them."""
    for name, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        for number, join in enumerate(table.join):
            yield f"{name}.join.{number}", join
    if scenario.demand.zones is not None:
        yield "demand.zones", scenario.demand.zones
        for number, join in enumerate(scenario.demand.zones.join):
            yield f"demand.zones.join.{number}", join


def _link_files(scenario: Scenario) -> Iterator[tuple[str, PlacesSpec | LinesSpec | PairsSpec]]:
    """Yield the files of backhaul, and where the scenario names them."""
    spec = scenario.backhaul
    if spec is None:
        return
    for key in ("nodes", "lines", "towers"):
        for number, file in enumerate(getattr(spec, key)):
            yield f"backhaul.{key}.{number}", file
    if spec.table is not None:
        yield "backhaul.table", spec.table
    if spec.technologies.microwave is not None and spec.technologies.microwave.sights is not None:
        yield "backhaul.technologies.microwave.sights", spec.technologies.microwave.sights


def _format_keys(name: str, table: FileSpec) -> Iterator[tuple[str, Any, str]]:
    """Complain of keys that files of another format have."""
    file = format_of(table.path)
    if table.encoding is not None and not file.encoding:
        yield (
            f"{name}.encoding",
            table.encoding,
            "only for a CSV file or a Shapefile; other formats state it themselves",
        )
    if table.layer is not None and not file.layers:
        yield f"{name}.layer", table.layer, "only for a file of layers, not CSV or Parquet"
    if table.sheet is not None and not file.sheets:
        yield f"{name}.sheet", table.sheet, "only for a spreadsheet; of a file of layers, name a layer"
    for key in ("table", "sql"):
        if getattr(table, key) is not None and not table.is_database:
            yield f"{name}.{key}", getattr(table, key), "only for a database, whose path begins postgresql://"
    if table.is_database and (table.table is None) == (table.sql is None):
        yield f"{name}.table", table.table, "either table, such as public.towns, or sql, one SELECT"
    for key in ("skip_rows", "header_rows"):
        if getattr(table, key) is not None and not file.header:
            yield f"{name}.{key}", getattr(table, key), "only for a CSV file or a spreadsheet"
    if table.header is not None:
        yield from _own_header(name, table, table.header)
    if table.thousands is not None and table.thousands == (table.decimal or "."):
        yield f"{name}.thousands", table.thousands, "another mark than that of decimals; set decimal"


def _own_header(name: str, table: FileSpec, header: tuple[str, ...]) -> Iterator[tuple[str, Any, str]]:
    """Complain of names for columns that a file names itself, and of names that are not those of one column."""
    if format_of(table.path).name != "CSV":
        yield f"{name}.header", ", ".join(header), "only for a CSV file; other files name their columns"
    if table.header_rows is not None:
        yield f"{name}.header_rows", table.header_rows, "none beside header: the file has no header"
    for at in repeated(list(header)):
        yield f"{name}.header.{at}", header[at], "a name that no other column has"


def _place_keys(name: str, table: TableSpec | SpreadBySpec | PlacesSpec) -> Iterator[tuple[str, Any, str]]:
    """Complain of coordinates that a file does not have, or that a table lacks."""
    file = format_of(table.path)
    for key, value in {"x": table.x, "y": table.y}.items():
        if file.kind == "shapes" and value is not None:
            yield f"{name}.{key}", value, "only for a CSV file; a vector file carries its own geometry"
        if file.kind == "table" and value is None and table.geometry is None:
            yield f"{name}.{key}", None, f"is required for a {_TABLES.get(file.name, file.name)}"
        if value is not None and table.geometry is not None:
            yield f"{name}.{key}", value, "none beside geometry"
    if file.kind == "shapes" and table.geometry is not None:
        yield f"{name}.geometry", table.geometry.column, "only for a table; a vector file carries its own geometry"


_TABLES = {"CSV": "CSV file", "Excel": "spreadsheet"}


def _file_counts(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of several ways to say how many are connected."""
    demand = scenario.demand
    given = [key for key in ("connected_people", "offline_people") if getattr(demand, key) is not None]
    if demand.connected_share != 0:
        given.insert(0, "connected_share")
    for key in given[1:]:
        yield f"demand.{key}", getattr(demand, key), f"none beside {given[0]}, which says the same"


def _survey(scenario: Scenario) -> Complaints:
    """Complain of errors of shares where none are read row by row, and of keys that say nothing without them."""
    demand = scenario.demand
    if demand.is_merged and demand.connected_share_error is not None:
        allowed = f"none {_merged(scenario)}: merged points keep no share of their own"
        yield "demand.connected_share_error", demand.connected_share_error, allowed
    if demand.is_merged and demand.since_survey is not None:
        yield "demand.since_survey", demand.since_survey.sd, f"none {_merged(scenario)}"
    if demand.surveyed_by and demand.connected_share_error is None and demand.since_survey is None:
        allowed = "only with demand.connected_share_error or since_survey"
        yield "demand.surveyed_by", ", ".join(demand.surveyed_by), allowed


def _status_words(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    sites = scenario.sites
    if sites.prefer is not None and not sites.is_thinned:
        yield "sites.prefer", sites.prefer, "only with sites.thin_km or one_per, which keep some candidates"
    if sites.status_words and sites.status is None:
        yield "sites.status_words", ", ".join(sites.status_words), "only with sites.status, the column that holds them"


def _row_names(scenario: Scenario) -> Iterator[tuple[str, Any, str]]:
    """Complain of names in place of a group that is called name."""
    for key, table in (("demand", scenario.demand), ("sites", scenario.sites)):
        if table.name not in {None, "name"} and "name" in table.groups:
            yield f"{key}.name", table.name, "name, or left out: a column of that name is a group"


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
            yield key, names[at], "each name once; it appears twice"


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
    _roads,
    _reach_by_mode,
    _over_raster,
    _travel_encoding,
    _spread,
    _file_keys,
    _file_counts,
    _survey,
    _status_words,
    _row_names,
    _group_names,
    _once,
    _one_limit,
    *MODEL_CHECKS,
    *STREAM_CHECKS,
    *FUTURES_CHECKS,
    _together,
)

"""Everything a scenario names, read and checked: frames with ids, in id order, and as arrays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hubplanner.errors import DataWarning, Fault, raise_faults
from hubplanner.formatting import count_of, per_cent
from hubplanner.inputs.backhaul.read import BackhaulLinks
from hubplanner.inputs.coordinates import straight_travel
from hubplanner.inputs.demand.aggregation import MergedDemand
from hubplanner.inputs.demand.disaggregation import SpreadReport
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.demand.zones import ZoneReport
from hubplanner.inputs.joins import JoinReport
from hubplanner.inputs.map_layers import MapLayers
from hubplanner.inputs.readers.tables import InputTable
from hubplanner.inputs.sites import Sites
from hubplanner.inputs.sources import Sources
from hubplanner.inputs.travel_matrix import Pairs
from hubplanner.problem import (
    Bools,
    CoverageRule,
    Decay,
    Floats,
    GreatCircle,
    Matrix,
    Measure,
    Problem,
    SiteStatus,
    Travel,
    annuity,
)
from hubplanner.problem.problem import option_pairs
from hubplanner.problem.travel.network import Network
from hubplanner.scenario import Scenario
from hubplanner.scenario.scenario import MINUTES_PER_HOUR
from hubplanner.scenario.travel_spec import NetworkSpec
from hubplanner.translation import gettext as _, joined, ngettext, written

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchedTravel:
    """Travel whose ways are searched for along roads or over a raster.

    Parameters
    ----------
    travel
        Between the points of demand and the sites, in the unit of reach.
    facts
        What plan.json says of it.
    warnings
        What may be a mistake: parts apart, places far from any road or open cell.
    modes
        Travel along roads by each mode, by its name; nothing over a raster.
    lines
        The file's lines, which segments of the roads are of; None over a raster.
    futures
        Travel in each future that changes roads, by its name.
    """

    travel: Travel
    facts: dict[str, Any]
    warnings: tuple[DataWarning, ...]
    modes: Mapping[str, Network] = field(default_factory=dict)
    lines: InputTable | None = None
    futures: Mapping[str, Travel] = field(default_factory=dict)


def told_facts(facts: dict[str, Any]) -> list[str]:
    """Return in sentences what plan.json says of roads or of a raster: how large, how fast, and who is cut off.

    >>> told_facts({"rows": 30, "columns": 40, "open_share": 0.9, "quickest_kmh": 60.0, "max_minutes": 90.0,
    ...     "people_moved": 0.0, "people_beyond_access": 0.0, "people_cut_off": 0.0})
    ['Raster: 30 x 40 cells, 90 % of them open, the quickest at 60 km/h; ways of up to 90 minutes are searched.']
    """
    if "open_share" in facts:
        told = [
            _(
                "Raster: {rows} x {columns} cells, {open} of them open, the quickest at {speed} km/h; ways of up to "
                "{minutes} minutes are searched.",
                rows=written(f"{facts['rows']:,}"),
                columns=written(f"{facts['columns']:,}"),
                open=per_cent(facts["open_share"], 0),
                speed=written(f"{facts['quickest_kmh']:.3g}"),
                minutes=written(f"{facts['max_minutes']:g}"),
            )
        ]
        moved, beyond, cut = (facts[f"people_{what}"] for what in ("moved", "beyond_access", "cut_off"))
        if moved or beyond or cut:
            told.append(
                _(
                    "Routes of {moved} people start at the nearest open cell; {beyond} are too far from any, and "
                    "barriers part {cut} from every site.",
                    moved=written(f"{moved:,.0f}"),
                    beyond=written(f"{beyond:,.0f}"),
                    cut=written(f"{cut:,.0f}"),
                )
            )
        roads, barriers = (facts.get(f"{what}_cells", 0) for what in ("road", "barrier"))
        if roads or barriers:
            told.append(
                _(
                    "Drawn roads make {roads} cells quicker, and {barriers} cells are drawn barriers.",
                    roads=written(f"{roads:,}"),
                    barriers=written(f"{barriers:,}"),
                )
            )
        return told + _speeds_told(facts)
    beyond, apart = facts["people_beyond_access"], facts["people_on_islands"]
    told = [
        ngettext(
            "Roads: {km} km in one part, the longest of {longest} km.",
            "Roads: {km} km in {n} parts, the longest of {longest} km.",
            facts["parts"],
            km=written(f"{facts['roads_km']:,.0f}"),
            longest=written(f"{facts['main_part_km']:,.0f}"),
        )
    ]
    if apart or beyond:
        told.append(
            _(
                "{apart} people are nearest to a road of an island, {beyond} too far from any.",
                apart=written(f"{apart:,.0f}"),
                beyond=written(f"{beyond:,.0f}"),
            )
        )
    told += _barriers_told(facts.get("barriers"))
    for name, km in facts.get("closed_km", {}).items():
        told.append(_("In the future {name} {km} km of them are closed.", name=name, km=written(f"{km:,.1f}")))
    return told + _speeds_told(facts)


def _barriers_told(barriers: dict[str, Any] | None) -> list[str]:
    """Return a sentence on barriers off the road: whom they keep from the nearest one, and whom from all."""
    if barriers is None:
        return []
    if not any(barriers[f"{who}_{what}"] for who in ("points", "sites") for what in ("led", "parted")):
        number = barriers["shapes"]
        return [ngettext("{n} barrier, in nobody's way to a road.", "{n} barriers, in nobody's way to a road.", number)]
    return [
        ngettext(
            "{n} barrier keeps {points} demand points with {people} people and {sites} sites from the nearest point of "
            "a road, so that they go to another, and {parted} points with {lost} people and {lone} sites from all "
            "roads.",
            "{n} barriers keep {points} demand points with {people} people and {sites} sites from the nearest point of "
            "a road, so that they go to another, and {parted} points with {lost} people and {lone} sites from all "
            "roads.",
            barriers["shapes"],
            points=written(f"{barriers['points_led']:,}"),
            people=written(f"{barriers['people_led']:,.0f}"),
            sites=len(barriers["sites_led"]),
            parted=written(f"{barriers['points_parted']:,}"),
            lost=written(f"{barriers['people_parted']:,.0f}"),
            lone=len(barriers["sites_parted"]),
        )
    ]


def _speeds_told(facts: dict[str, Any]) -> list[str]:
    """Return a sentence for each mode on the speeds that were taken for classes of road."""
    return [
        _(
            "Speeds of {mode} by class where roads say none, in km/h: {items}.",
            mode=mode,
            items=joined((f"{name} {speed:g}" for name, speed in speeds.items()), ", "),
        )
        for mode, speeds in facts.get("speeds_used", {}).items()
        if speeds
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """A scenario's data.

    Parameters
    ----------
    scenario
        What was asked.
    demand, sites
        Rows in id order, with their money and need.
    pairs
        Given travel, for method matrix.
    searched
        Travel along roads or over a raster, for methods network and friction.
    unit
        What distances and reaches are in: km or minutes.
    sources
        The files as they were read.
    merged
        Demand that was merged while it was read, with its own travel; None where each row is looked at.
    links
        How hubs may be connected; None where that is of no concern.
    warnings
        What can be used, but may be a mistake.
    map_layers
        What maps show beside the plan.
    known_stability
        What surveys drawn again made of a plan of this very question and data before; None where nothing is known.
    """

    scenario: Scenario
    demand: Demand
    sites: Sites
    pairs: Pairs | None
    searched: SearchedTravel | None = None
    unit: str
    sources: Sources
    merged: MergedDemand | None = None
    links: BackhaulLinks | None = None
    warnings: tuple[DataWarning, ...] = ()
    map_layers: MapLayers = field(default_factory=MapLayers)
    known_stability: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """Say in a line what it is."""
        sizes = f"{count_of(self.n_points, 'point')}, {count_of(len(self.sites.status), 'site')}"
        return f"{type(self).__name__}({self.scenario.name}, {sizes})"

    def tell(self) -> Inputs:
        """Log every warning and return the inputs: called once before work begins on them."""
        for warning in self.warnings:
            log.warning(_("Warning: {warning}", warning=str(warning)))
        return self

    @property
    def joins(self) -> tuple[JoinReport | ZoneReport | SpreadReport, ...]:
        """What became of the scenario's joins, of demand and of sites, of zones and of a spread."""
        return (*self.demand.joins, *self.sites.joins)

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file that was read, by name."""
        return self.sources.digests

    @property
    def n_points(self) -> int:
        """Points that people are counted at."""
        return len(self.demand.row) if self.merged is None else self.merged.n_points


def build_problem(inputs: Inputs) -> Problem:
    """Return the inputs as arrays: points and sites in id order, options in (site, tier) order."""
    sites, demand, speed, links = inputs.sites, inputs.demand, inputs.scenario.travel.speed_kmh, inputs.links
    existing = (sites.status == SiteStatus.EXISTING)[:, None]
    allowed = sites.allowed if links is None else sites.allowed & (links.has_link | existing)
    option_site, option_tier = where = np.nonzero(allowed)
    upgrade = sites.upgrade[where]
    stands = (sites.status[option_site] == SiteStatus.EXISTING) & ~upgrade
    cost = (sites.capex + sites.opex_present_value)[where]
    if links is not None and not links.has_network:  # a link that stands alone is a part of its hub
        cost = cost + links.alone_cost[where]
    return Problem(
        need=demand.point_need,
        people=demand.point_people,
        travel=_travel(inputs),
        site_status=sites.status,
        tier_reach=np.array([tier.reach(speed) for tier in inputs.scenario.hubs]),
        option_site=option_site,
        option_tier=option_tier,
        option_cost=np.where(stands, 0.0, cost),
        rule=_rule(inputs.scenario),
        upgrade=upgrade,
        closing_saving=sites.closing_saving,
        seated=demand.point_offline if inputs.scenario.seats_need else None,
        backhaul=links.network if links is not None and links.has_network else None,
        measures=_measures(inputs),
        mode_reach=_mode_reach(inputs.scenario),
    )


def _mode_reach(scenario: Scenario) -> dict[str, Floats] | None:
    """Return the reach of each tier by each mode; None where it is the same by all."""
    spec = scenario.travel
    if not isinstance(spec, NetworkSpec) or not reach_differs(scenario):
        return None
    return {mode.name: np.array([tier.reach_by(mode.name) for tier in scenario.hubs]) for mode in spec.modes}


def reach_differs(scenario: Scenario) -> bool:
    """Tell whether some tier has a reach of its own by mode of travel."""
    return any(tier.minutes_by_mode for tier in scenario.hubs)


def _measures(inputs: Inputs) -> tuple[Measure, ...]:
    """Return the measures beside hubs, each with its money over the horizon."""
    scenario, demand = inputs.scenario, inputs.demand
    years = annuity(scenario.discount_rate, scenario.horizon_years)
    return tuple(
        Measure(
            name=name,
            cost=spec.cost + spec.cost_per_year * years,
            benefit=spec.benefit,
            offline=demand.point_offline,
            most=demand.may_reach[name][demand.row],
        )
        for name, spec in scenario.beside.items()
    )


def sites_with_need(inputs: Inputs) -> Bools:
    """Tell which sites (m,) may get a new hub with need within its reach."""
    problem = build_problem(inputs)
    point, option, _ = option_pairs(problem, 0, problem.n_points)
    found = np.zeros(problem.n_sites, dtype=np.bool_)
    found[problem.option_site[option[(problem.need[point] > 0) & problem.new[option]]]] = True
    return found


def without_need(inputs: Inputs) -> tuple[DataWarning, ...]:
    """Return a warning for each limit that asks for no hub where no site has need within reach, with their names."""
    limits = [limit for limit in inputs.scenario.model.hub_limits if limit.where_needed]
    level = inputs.scenario.checks.level("no_need_in_reach")
    if not limits or level == "off":
        return ()
    frame, useful, found = inputs.sites.frame, sites_with_need(inputs), []
    for group in dict.fromkeys(limit.group for limit in limits):
        own = [limit.value for limit in limits if limit.group == group]
        asked = set(frame[group]) if None in own else {value for value in own if value is not None}
        named = sorted(asked - set(frame[group][useful]))
        if named:
            message = _(
                "no site of {group} {named} has need within reach: no hub is asked for there",
                group=group,
                named=joined(named, ", "),
            )
            file = inputs.scenario.sites.file_name
            found.append(DataWarning(code="no_need_in_reach", message=message, file=file))
    if level == "error":
        raise_faults([Fault(file=told.file, allowed=told.message, kind="check") for told in found])
    return tuple(found)


def _rule(scenario: Scenario) -> CoverageRule:
    """Return when people count as covered; decay is in kilometres, as travel is then."""
    spec = scenario.coverage
    weight = 1.0 if spec.backup_weight is None else spec.backup_weight
    return CoverageRule(
        decay=Decay(spec.decay), full=spec.full_km, width=spec.width_km, backup=spec.backup, backup_weight=weight
    )


def all_minutes(scenario: Scenario) -> bool:
    """Tell whether every tier's reach is in minutes."""
    return all(tier.reach_minutes is not None for tier in scenario.hubs)


def _travel(inputs: Inputs) -> Travel:
    """Return the distances in the unit of travel."""
    if inputs.merged is not None:
        return inputs.merged.travel
    if inputs.searched is not None:
        return inputs.searched.travel
    if inputs.pairs is not None:
        # Sites are apart as the crow flies, since the table says nothing of it.
        return replace(_table(inputs.pairs, inputs), sites=GreatCircle(inputs.sites.lonlat, inputs.sites.lonlat))
    return straight_travel(inputs.scenario.travel, inputs.demand.points, inputs.sites.frame, inputs.demand.crs)


def _table(pairs: Pairs, inputs: Inputs) -> Matrix:
    shape = (len(inputs.demand.frame), len(inputs.sites.frame))
    minutes_first = all_minutes(inputs.scenario) and "minutes" in pairs.distance
    if inputs.unit == "minutes":
        return pairs.travel("minutes", *shape)
    if minutes_first or "km" not in pairs.distance:
        km_per_minute = float(inputs.scenario.travel.speed_kmh or np.nan) / MINUTES_PER_HOUR
        return pairs.travel("minutes", *shape, factor=km_per_minute)
    return pairs.travel("km", *shape)

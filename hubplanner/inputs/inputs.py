"""Everything a scenario names, read and checked: frames with ids, in id order."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault, HubplannerError, raise_faults
from hubplanner.inputs.aggregation import MergedDemand, read_merged
from hubplanner.inputs.columns import read_ids
from hubplanner.inputs.coordinates import check_together, lonlat, metres
from hubplanner.inputs.demand import Demand, read_demand
from hubplanner.inputs.futures import check_futures
from hubplanner.inputs.sites import Sites, read_sites
from hubplanner.inputs.sources import Sources
from hubplanner.inputs.spelling import with_demand_names, with_site_names
from hubplanner.inputs.travel_matrix import KnownIds, Pairs, read_matrix
from hubplanner.inputs.warnings import data_warnings
from hubplanner.io import sha256
from hubplanner.problem import CoverageRule, Decay, GreatCircle, Matrix, Planar, Problem, SiteStatus, Travel
from hubplanner.scenario.files import input_files
from hubplanner.scenario.scenario import MINUTES_PER_HOUR
from hubplanner.scenario.validation import not_yet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubplanner.errors import DataWarning
    from hubplanner.problem import Floats
    from hubplanner.scenario import Scenario
    from hubplanner.scenario.scenario import DemandSpec, SitesSpec

log = logging.getLogger(__name__)

METRES_PER_KM = 1000.0


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
    unit
        What distances and reaches are in: km or minutes.
    sources
        The files as they were read.
    merged
        Demand that was merged while it was read, with its own travel; None where each row is looked at.
    warnings
        What can be used, but may be a mistake.
    """

    scenario: Scenario
    demand: Demand
    sites: Sites
    pairs: Pairs | None
    unit: str
    sources: Sources
    merged: MergedDemand | None = None
    warnings: tuple[DataWarning, ...] = ()

    def tell(self) -> Inputs:
        """Log every warning and return the inputs: called once before work begins on them."""
        for warning in self.warnings:
            log.warning("Warning: %s", warning)
        return self

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of every file that was read, by name."""
        return self.sources.digests

    @property
    def n_points(self) -> int:
        """Points that people are counted at."""
        return len(self.demand.row) if self.merged is None else self.merged.n_points


def read_inputs(scenario: Scenario) -> Inputs:
    """Read and check every file of a scenario.

    Raises
    ------
    ScenarioError, DataError, CrsError
        With every fault of all files at once; the class is the narrowest that fits them all.
    """
    sources = Sources.of(scenario)
    try:
        return _read(scenario, sources)
    except HubplannerError:
        sources.check()  # half of another file may have any faults
        raise
    except OSError as error:  # a disk that fails, or a file that goes between two looks at it
        file = str(error.filename or "the data")
        raise DataError(Fault(file=file, allowed=f"cannot be read: {error.strerror or error}")) from error


def _read(scenario: Scenario, sources: Sources) -> Inputs:
    faults, of_sites = not_yet(scenario), list[Fault]()
    sites = read_sites(scenario, of_sites)  # first, since merging asks what reaches a point
    merged = read_merged(scenario, sites, faults) if scenario.demand.is_merged else None
    demand = merged.demand if merged else None if scenario.demand.is_merged else read_demand(scenario, faults)
    faults += of_sites
    scenario = _spelled(scenario, demand, sites)
    pairs = _read_pairs(scenario, demand, sites, faults)
    if demand and sites and scenario.travel.method != "matrix":
        bounds = merged.bounds if merged else _bounds(lonlat(demand.frame))
        check_together(bounds, sites.lonlat, Path(scenario.sites.path).name, faults)
    check_futures(scenario, demand, sites, faults)
    warnings = data_warnings(scenario, demand, sites, merged, faults)
    unit = _unit(scenario, pairs, faults)
    raise_faults(faults)
    sources.check()
    if demand is None or sites is None:  # pragma: no cover - a missing table always comes with a fault
        raise AssertionError
    return Inputs(
        scenario=scenario,
        demand=demand,
        sites=sites,
        pairs=pairs,
        unit=unit,
        sources=sources,
        merged=merged,
        warnings=warnings,
    )


def _spelled(scenario: Scenario, demand: Demand | None, sites: Sites | None) -> Scenario:
    """Return the scenario with names of sites and of groups' values as the data spell them."""
    if demand is not None:
        scenario = with_demand_names(scenario, {group: demand.values(group) for group in scenario.demand.groups})
    if sites is not None:
        groups = {group: set(sites.frame[group]) for group in scenario.sites.groups}
        scenario = with_site_names(scenario, sites.frame["site_id"], groups)
    return scenario


def _bounds(places: Floats) -> tuple[Floats, Floats]:
    return places.min(axis=0), places.max(axis=0)


def file_digests(scenario: Scenario) -> dict[str, str]:
    """Return the SHA-256 of the files a scenario names, and of those beside them that decide what is read."""
    return {name: sha256(path) for name, path in input_files(scenario).items()}


def build_problem(inputs: Inputs) -> Problem:
    """Return the inputs as arrays: points and sites in id order, options in (site, tier) order."""
    sites, demand, speed = inputs.sites, inputs.demand, inputs.scenario.travel.speed_kmh
    option_site, option_tier = where = np.nonzero(sites.allowed)
    upgrade = sites.upgrade[where]
    stands = (sites.status[option_site] == SiteStatus.EXISTING) & ~upgrade
    cost = (sites.capex + sites.opex_present_value)[where]
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
    )


def _rule(scenario: Scenario) -> CoverageRule:
    """Return when people count as covered; decay is in kilometres, as travel is then."""
    spec = scenario.coverage
    weight = 1.0 if spec.backup_weight is None else spec.backup_weight
    return CoverageRule(
        decay=Decay(spec.decay), full=spec.full_km, width=spec.width_km, backup=spec.backup, backup_weight=weight
    )


def _read_pairs(scenario: Scenario, demand: Demand | None, sites: Sites | None, faults: list[Fault]) -> Pairs | None:
    if scenario.travel.method != "matrix":
        return None
    demand_ids = _known_ids(scenario.demand, None if demand is None else demand.frame["demand_id"])
    site_ids = _known_ids(scenario.sites, None if sites is None else sites.frame["site_id"])
    return read_matrix(Path(scenario.travel.path or ""), demand_ids, site_ids, faults, scenario.travel.encoding)


def _known_ids(spec: DemandSpec | SitesSpec, used: pd.Series | None) -> KnownIds:
    """Return the ids that a matrix may name: those of the whole file, whatever else is wrong with it."""
    known = read_ids(spec) if used is None or spec.where else used
    return KnownIds(file=Path(spec.path).name, all=known, used=pd.Series(dtype=str) if used is None else used)


def _unit(scenario: Scenario, pairs: Pairs | None, faults: list[Fault]) -> str:
    """Return the unit of distances: minutes only for a table of minutes that no speed turns into kilometres."""
    if pairs is None or scenario.travel.speed_kmh is not None:
        return "km"
    if "minutes" in pairs.distance and _all_minutes(scenario):
        return "minutes"
    if "km" not in pairs.distance or any(tier.reach_km is None for tier in scenario.hubs):
        allowed = "is required: the matrix and the reach of some tier are not both in km, nor both in minutes"
        faults.append(Fault(file=scenario.file, column="travel.speed_kmh", allowed=allowed, kind="scenario"))
    return "km"


def _all_minutes(scenario: Scenario) -> bool:
    return all(tier.reach_minutes is not None for tier in scenario.hubs)


def _km_per_minute(scenario: Scenario) -> float:
    return float(scenario.travel.speed_kmh or np.nan) / MINUTES_PER_HOUR


def _travel(inputs: Inputs) -> Travel:
    """Return the distances in the unit of travel."""
    travel, points = inputs.scenario.travel, inputs.demand.points
    if inputs.merged is not None:
        return inputs.merged.travel
    if inputs.pairs is not None:
        return _matrix_travel(inputs.pairs, inputs)
    if travel.method == "planar":
        sites = metres(inputs.sites.frame, inputs.demand.crs)
        return Planar(points / METRES_PER_KM, sites / METRES_PER_KM, travel.detour)
    return GreatCircle(points, inputs.sites.lonlat, travel.detour)


def _matrix_travel(pairs: Pairs, inputs: Inputs) -> Matrix:
    """Return the given distances; sites are apart as the crow flies, since the table says nothing of it."""
    places = inputs.sites.lonlat
    return replace(_table(pairs, inputs), sites=GreatCircle(places, places))


def _table(pairs: Pairs, inputs: Inputs) -> Matrix:
    shape = (len(inputs.demand.frame), len(inputs.sites.frame))
    minutes_first = _all_minutes(inputs.scenario) and "minutes" in pairs.distance
    if inputs.unit == "minutes":
        return pairs.travel("minutes", *shape)
    if minutes_first or "km" not in pairs.distance:
        return pairs.travel("minutes", *shape, factor=_km_per_minute(inputs.scenario))
    return pairs.travel("km", *shape)

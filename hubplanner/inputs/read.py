"""A scenario's files to its inputs, every fault of all files noted at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from hubplanner.errors import DataError, Fault, HubplannerError, raise_faults
from hubplanner.inputs.backhaul.read import read_links
from hubplanner.inputs.coordinates import check_together, lonlat
from hubplanner.inputs.demand.aggregation import read_merged
from hubplanner.inputs.demand.table import Demand, read_demand
from hubplanner.inputs.futures import check_futures
from hubplanner.inputs.inputs import Inputs, all_minutes, without_need
from hubplanner.inputs.map_layers import read_map_layers
from hubplanner.inputs.readers.columns import read_ids
from hubplanner.inputs.sites import Sites, read_sites
from hubplanner.inputs.sources import Sources
from hubplanner.inputs.spelling import with_demand_names, with_site_names
from hubplanner.inputs.survey import read_known_stability
from hubplanner.inputs.travel.friction import read_over_raster
from hubplanner.inputs.travel.roads.network import read_road_travel
from hubplanner.inputs.travel_matrix import KnownIds, Pairs, read_matrix
from hubplanner.inputs.warnings import data_warnings
from hubplanner.io import why_unreadable
from hubplanner.problem import Floats
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import DemandSpec, SitesSpec
from hubplanner.scenario.files import keys_of_files
from hubplanner.scenario.travel_spec import MatrixSpec, NetworkSpec, RasterTravel
from hubplanner.translation import gettext as _


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
    except DataError as error:
        sources.check()  # half of another file may have any faults
        raise type(error)(_with_keys(error.faults, scenario)) from error
    except HubplannerError:
        sources.check()
        raise
    except OSError as error:  # a disk that fails, or a file that goes between two looks at it
        if error.filename is None:
            why = _("cannot be read: {error}", error=error.strerror or error)
            raise DataError(Fault(file=_("the data"), allowed=why)) from error
        file = Path(error.filename)
        fault = Fault(file=str(file), allowed=why_unreadable(file, error))
        raise DataError(_with_keys([fault], scenario)) from error


def _with_keys(faults: Sequence[Fault], scenario: Scenario) -> list[Fault]:
    """Return faults with the key, that of a variant too, that names the file, where neither a column nor a check is."""
    keys = keys_of_files(scenario)
    return [
        replace(fault, column=keys.get(fault.file)) if not fault.column and fault.kind != "check" else fault
        for fault in faults
    ]


def _read(scenario: Scenario, sources: Sources) -> Inputs:
    faults, of_sites = list[Fault](), list[Fault]()
    sites = read_sites(scenario, of_sites)  # first, since merging asks what reaches a point
    merged = read_merged(scenario, sites, faults) if scenario.demand.is_merged else None
    demand = merged.demand if merged else None if scenario.demand.is_merged else read_demand(scenario, faults)
    faults += of_sites
    scenario = _spelled(scenario, demand, sites)
    pairs = _read_pairs(scenario, demand, sites, faults)
    searched = read_road_travel(scenario, demand, sites, faults) or read_over_raster(scenario, demand, sites, faults)
    if demand and sites and scenario.travel.is_geometric:
        bounds = merged.bounds if merged else _bounds(lonlat(demand.frame))
        check_together(bounds, sites.lonlat, scenario.sites.file_name, faults)
    check_futures(scenario, demand, sites, faults)
    links = read_links(scenario, sites, faults, [] if searched is None else list(searched.modes.values()))
    if sites is not None and links is not None:
        sites = replace(sites, warnings=(*sites.warnings, *links.warnings))
    layers = read_map_layers(scenario, faults)
    warnings = data_warnings(scenario, demand, sites, merged, faults, () if searched is None else searched.warnings)
    unit = _unit(scenario, pairs, faults)
    known = read_known_stability(scenario, sources.digests, faults)
    raise_faults(faults)
    sources.check()
    if demand is None or sites is None:  # pragma: no cover - a missing table always comes with a fault
        raise AssertionError
    inputs = Inputs(
        scenario=scenario,
        demand=demand,
        sites=sites,
        pairs=pairs,
        searched=searched,
        unit=unit,
        sources=sources,
        merged=merged,
        links=links,
        warnings=warnings,
        map_layers=layers,
        known_stability=known,
    )
    return replace(inputs, warnings=(*warnings, *without_need(inputs)))


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


def _read_pairs(scenario: Scenario, demand: Demand | None, sites: Sites | None, faults: list[Fault]) -> Pairs | None:
    travel = scenario.travel
    if not isinstance(travel, MatrixSpec):
        return None
    demand_ids = _known_ids(scenario.demand, None if demand is None else demand.frame["demand_id"])
    site_ids = _known_ids(scenario.sites, None if sites is None else sites.frame["site_id"])
    return read_matrix(travel, demand_ids, site_ids, faults)


def _known_ids(spec: DemandSpec | SitesSpec, used: pd.Series | None) -> KnownIds:
    """Return the ids that a matrix may name: those of the whole file, whatever else is wrong with it."""
    some = bool(spec.where) or (isinstance(spec, SitesSpec) and spec.is_thinned)
    known = read_ids(spec) if used is None or some else used
    return KnownIds(file=spec.file_name, all=known, used=pd.Series(dtype=str) if used is None else used)


def _unit(scenario: Scenario, pairs: Pairs | None, faults: list[Fault]) -> str:
    """Return the unit of distances: minutes by road or raster, or of a table that no speed turns into km."""
    if isinstance(scenario.travel, NetworkSpec | RasterTravel):
        return "minutes" if all_minutes(scenario) else "km"
    if pairs is None or scenario.travel.speed_kmh is not None:
        return "km"
    if "minutes" in pairs.distance and all_minutes(scenario):
        return "minutes"
    if "km" not in pairs.distance or any(tier.reach_km is None for tier in scenario.hubs):
        allowed = _("is required: the matrix and the reach of some tier are not both in km, nor both in minutes")
        faults.append(scenario.fault("travel.speed_kmh", None, allowed))
    return "km"

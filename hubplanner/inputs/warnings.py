"""What in the data can be used but may be a mistake, and what the scenario's checks make of it."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.coordinates import WGS84, Spots, coordinates, lonlat, representative, told_far, unit_vectors
from hubplanner.inputs.demand.aggregation import MergedDemand
from hubplanner.inputs.demand.table import Demand
from hubplanner.inputs.sites import Sites
from hubplanner.problem import Ints
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import ChecksSpec
from hubplanner.scenario.names import key_of
from hubplanner.translation import N_, gettext as _

MUCH_DETOUR = 3.0
MOST_TOLD = 5
"""Warnings of a kind and file that are spelled out, where there are more."""


def data_warnings(  # noqa: PLR0913, PLR0917 - what was read, and what to tell of it
    scenario: Scenario,
    demand: Demand | None,
    sites: Sites | None,
    merged: MergedDemand | None,
    faults: list[Fault],
    more: Iterable[DataWarning] = (),
) -> tuple[DataWarning, ...]:
    """Return what may be a mistake in data that were read, and more; what the checks refuse is noted as faults."""
    found = [*(demand.warnings if demand else ()), *(sites.warnings if sites else ()), *more]
    if scenario.travel.is_geometric:
        found += _far_places(scenario, demand, sites, merged)
    if demand is not None:
        found += _doubled_demand(scenario, demand)
        found += _wide_areas(scenario, demand)
    if sites is not None:
        found += _doubled_sites(scenario, sites)
        found += _free_sites(scenario, sites)
    found += _of_scenario(scenario)
    return _grouped(_judged(scenario, dict.fromkeys(found), faults))


def _spots(scenario: Scenario, section: str, frame: gpd.GeoDataFrame, rows: Ints) -> Spots:
    spec = scenario.demand if section == "demand" else scenario.sites
    inside = representative(frame)
    return Spots(
        file=spec.file_name,
        section=section,
        column=f"{spec.x}, {spec.y}" if spec.x else "geometry",
        lonlat=lonlat(frame),
        own=coordinates(inside),
        rows=rows,
    )


def _far_places(
    scenario: Scenario,
    demand: Demand | None,
    sites: Sites | None,
    merged: MergedDemand | None,
) -> list[DataWarning]:
    """Return a warning for each place that does not lie where the others do, of demand and of sites.

    Merged demand was looked at while it was read.
    """
    parts = [] if sites is None else [_spots(scenario, "sites", sites.frame, sites.rows)]
    rest = [part.lonlat for part in parts]
    if merged is not None:
        rest.append(merged.sample)
    elif demand is not None:
        parts.insert(0, _spots(scenario, "demand", demand.frame, demand.rows))
        rest.append(parts[0].lonlat)
    meant = {"demand": scenario.demand.far_places, "sites": scenario.sites.far_places}
    return told_far([part for part in parts if not meant[part.section]], rest)


def _doubled_demand(scenario: Scenario, demand: Demand) -> list[DataWarning]:
    """Return a warning for each row at the very same place, with as many people, as an earlier one."""
    frame = demand.frame
    if len(demand.rows) != len(frame):  # merged
        return []
    x, y = coordinates(representative(frame)).T
    keys = pd.DataFrame({"x": x, "y": y, "people": frame["people"].to_numpy(), "row": demand.rows})
    keys = keys[keys["people"] > 0]
    message = N_("the very same place and as many people as row {earlier}; leave one out if they are the same people")
    return _doubled(keys, scenario.demand.file_name, message)


def _doubled_sites(scenario: Scenario, sites: Sites) -> list[DataWarning]:
    """Return a warning for each site that differs from an earlier one in its id alone."""
    frame, places = sites.frame, coordinates(representative(sites.frame))
    shared = pd.DataFrame(places).duplicated(keep=False).to_numpy()
    if not shared.any():
        return []
    columns = pd.DataFrame(frame.drop(columns=["site_id", "geometry"]))[shared].astype(str)
    keys = columns.set_axis(range(columns.shape[1]), axis=1)
    keys = keys.assign(x=places[shared, 0], y=places[shared, 1], row=sites.rows[shared])
    message = N_(
        "the very same place and columns as row {earlier}, all but the id; leave one out if it is the same site"
    )
    return _doubled(keys, scenario.sites.file_name, message)


def _doubled(keys: pd.DataFrame, file: str, message: str) -> list[DataWarning]:
    """Return a warning for each row that equals one further up in all columns but ``row``."""
    own = [name for name in keys.columns if name != "row"]
    if not keys.duplicated(subset=own).any():
        return []
    ordered = keys.sort_values("row")
    again = ordered.duplicated(subset=own)
    first = ordered.groupby(own, sort=False, dropna=False)["row"].transform("first")
    return [
        DataWarning(code="doubled_place", message=_(message, earlier=earlier), file=file, row=int(row))
        for row, earlier in zip(ordered["row"][again], first[again], strict=True)
    ]


def _wide_areas(scenario: Scenario, demand: Demand) -> list[DataWarning]:
    """Return a warning for each polygon whose people are counted at one point, though it is wider than any reach."""
    shapes = demand.frame.geometry
    reach = _widest(scenario)
    is_spread = scenario.demand.spread_km is not None or scenario.demand.spread_by is not None
    if is_spread or reach is None or (shapes.geom_type == "Point").all():
        return []
    areas = demand.frame[shapes.geom_type != "Point"]
    inside, outlines = lonlat(areas), areas.geometry.to_crs(WGS84)
    corners, of = shapely.get_coordinates(outlines.to_numpy(), return_index=True)
    half = np.linalg.norm(unit_vectors(corners) - unit_vectors(inside)[of], axis=1) / 2
    away = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half, 1.0)) * scenario.travel.detour
    farthest = np.zeros(len(areas))
    np.maximum.at(farthest, of, away)
    message = N_(
        "the area goes up to {farthest:,.1f} km from the one point at which its people are counted, and the "
        "widest reach is {reach:g} km; demand.spread_km or spread_by would spread them"
    )
    rows = demand.rows[(shapes.geom_type != "Point").to_numpy()]
    return [
        DataWarning(
            code="wide_area",
            message=_(message, farthest=farthest[at], reach=reach),
            file=scenario.demand.file_name,
            row=int(rows[at]),
        )
        for at in np.flatnonzero(farthest > reach).tolist()
    ]


def _free_sites(scenario: Scenario, sites: Sites) -> list[DataWarning]:
    """Return a warning for each site at which a column of factors makes hubs cost nothing."""
    factor = scenario.sites.cost_factor
    if not isinstance(factor, str) or factor not in sites.frame:
        return []
    free = np.flatnonzero(pd.to_numeric(sites.frame[factor], errors="coerce").to_numpy() == 0).tolist()
    message = _("{factor} 0 makes hubs cost nothing here; write 1 if the site has no factor of its own", factor=factor)
    file = scenario.sites.file_name
    return [DataWarning(code="free_site", message=message, file=file, row=int(sites.rows[at])) for at in free]


def _of_scenario(scenario: Scenario) -> list[DataWarning]:
    """Return warnings of settings that are odd whatever the data."""
    found = []
    detour = scenario.travel.detour
    if detour > MUCH_DETOUR:
        long = _("travel.detour {detour:g}: roads are mostly 1.2 to 2 times the straight line", detour=detour)
        found.append(("long_detour", long))
    if scenario.sites.cost_factor == 0:
        found.append(("free_site", _("sites.cost_factor 0 makes all hubs cost nothing; leave it out for 1")))
    for name, spec in (("demand", scenario.demand), ("sites", scenario.sites)):
        if spec.id is not None and key_of(spec.id) in map(key_of, spec.groups):
            told = _("{name}.groups holds {id}, the id: each row is a group of its own", name=name, id=spec.id)
            found.append(("group_is_id", told))
    return [DataWarning(code=code, message=message, file=scenario.file) for code, message in found]


def _widest(scenario: Scenario) -> float | None:
    """Return the widest reach in km; None where travel is given or in minutes."""
    speed = scenario.travel.speed_kmh
    if not scenario.travel.is_geometric or any(tier.reach_km is None and speed is None for tier in scenario.hubs):
        return None
    return max(tier.reach(speed) for tier in scenario.hubs)


def _judged(scenario: Scenario, warnings: Iterable[DataWarning], faults: list[Fault]) -> list[DataWarning]:
    """Return what the scenario's checks let pass with a warning; note as faults what they refuse."""
    found = []
    for warning in warnings:
        level = scenario.checks.level(warning.code)
        if level == "warn":
            found.append(warning)
        elif level == "error":
            kind = "scenario" if warning.file == scenario.file else "check"
            allowed = _("{message} (checks.{code}: error)", message=warning.message, code=warning.code)
            faults.append(Fault(file=warning.file, row=warning.row, allowed=allowed, kind=kind))
    return found


def _grouped(warnings: Iterable[DataWarning]) -> tuple[DataWarning, ...]:
    """Return warnings by file and kind: where there are many, how many, and the first ones."""
    kinds: dict[tuple[str, str], list[DataWarning]] = {}
    for warning in warnings:
        kinds.setdefault((warning.file, warning.code), []).append(warning)
    found: list[DataWarning] = []
    for (file, code), part in kinds.items():
        part.sort(key=lambda warning: (warning.row is not None, warning.row or 0))
        if len(part) > MOST_TOLD:
            told = {"count": len(part), "words": ChecksSpec.words(code), "shown": MOST_TOLD}
            message = _("{count:,} rows: {words}; the first {shown} are told", **told)
            if part[0].row is None:
                message = _("{count:,} times: {words}; the first {shown} are told", **told)
            found.append(DataWarning(code=code, message=message, file=file))
        found += part[:MOST_TOLD]
    return tuple(found)

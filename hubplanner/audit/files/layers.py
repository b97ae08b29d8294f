"""The run's tables and layers, row by row: hubs, demand and links in every file that holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hubplanner.audit.backhaul import AuditNetwork, line_rows
from hubplanner.audit.data.hubs import AuditHub, room
from hubplanner.audit.data.money import half_of_last_place
from hubplanner.audit.data.places import Array, words
from hubplanner.audit.data.roads.rules import HOUR
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.fairness import catchments
from hubplanner.audit.figures import WRITTEN
from hubplanner.audit.ledger import RELATIVE, Ledger, agree
from hubplanner.audit.outcome import AuditOutcome
from hubplanner.audit.service import is_assigned
from hubplanner.scenario.travel_spec import NetworkSpec

DEGREES = 2e-6
"""Coordinates are written with six decimals."""
KILOMETRES = 1e-6
HALF_CIRCLE = 180.0
Frame = pd.DataFrame


def check_layers(  # noqa: PLR0913, PLR0917 - files, what they are checked against, and where to note what is wrong
    run: RunFiles,
    world: AuditData,
    hubs: list[AuditHub],
    outcome: AuditOutcome,
    network: AuditNetwork | None,
    ledger: Ledger,
) -> None:
    """Compare every row of every file."""
    if network is not None:
        for file, stated in run.tables("backhaul"):
            _compare(file, stated, line_rows(world, network), ["edge_id"], ledger)
    expected = hub_rows(world, hubs, outcome)
    keys = {"hubs": ["site_id", "tier"], "demand": ["demand_id"], "links": ["demand_id", "site_id"]}
    for file, stated in run.tables("hubs"):
        _compare(file, stated, expected, keys["hubs"], ledger)
        _check_split(world, file, stated, hubs, outcome, ledger)
    given = expected.drop(columns=[name for name in map(str, expected) if name.startswith("own ")])
    _compare("plan.json", Frame(run.plan["hubs"]), given, keys["hubs"], ledger)
    people = demand_rows(world, outcome)
    for layer, rows in (("demand", people), ("links", link_rows(world, outcome))):
        for file, stated in run.tables(layer):
            _compare(file, stated, rows, keys[layer], ledger)
    if isinstance(world.searched, RoadWays):
        _compare(*run.csv("access.csv"), access_rows(world, world.searched), ["demand_id", "mode"], ledger)
    if world.people.boxes is not None:
        areas = _with_boxes(people, world.people.boxes)
        for file, stated in (run.table("demand.geojson"), run.table("plan.gpkg", "areas")):
            _compare(file, stated, areas, keys["demand"], ledger)


def hub_rows(world: AuditData, hubs: list[AuditHub], outcome: AuditOutcome) -> Frame:
    """Return the rows that hubs must have; the site file's own columns are marked."""
    sites = [hub.site for hub in hubs]
    table = {
        "site_id": world.sites.frame["site_id"].iloc[sites].tolist(),
        "tier": [world.scenario.hubs[hub.tier].name for hub in hubs],
        "status": [hub.status for hub in hubs],
        "hubs": [hub.count for hub in hubs],
        "cost": [float(hub.cost) for hub in hubs],
        **_link_columns(world, hubs),
        **({"period": [hub.period for hub in hubs]} if world.scenario.model.periods.years else {}),
        "lon": world.sites.lonlat[sites, 0],
        "lat": world.sites.lonlat[sites, 1],
    }
    table |= {"covered_need": outcome.hub_need, "covered_people": outcome.hub_people, "load": outcome.hub_load}
    if any(tier.capacity is not None for tier in world.scenario.hubs):
        seats = np.array([room(world, hub) for hub in hubs])
        table["capacity"] = np.where(np.isfinite(seats), seats, np.nan)
        table["utilisation"] = outcome.hub_load / seats
    fair = world.scenario.model.fairness
    if fair is not None and fair.prefer_largest_of is not None:
        table["catchment"] = catchments(world, hubs, outcome.year)
    places = {world.scenario.sites.x, world.scenario.sites.y}
    own = [name for name in world.sites.frame if name not in {"site_id", *places}]
    return Frame(table | {f"own {name}": words(world.sites.frame[name]).iloc[sites].tolist() for name in own})


def _link_columns(world: AuditData, hubs: list[AuditHub]) -> dict[str, list[Any]]:
    """Return what hubs say of their links; nothing where that is of no concern."""
    if world.scenario.backhaul is None:
        return {}
    mbps = [None if hub.status == "existing" else world.scenario.hubs[hub.tier].mbps for hub in hubs]
    powered = dict[str, list[Any]]()
    if world.scenario.backhaul.electricity is not None:
        powered["power"] = [hub.link.power or None for hub in hubs]
        powered["power_cost"] = [float(hub.link.power_cost) for hub in hubs]
    return powered | {
        "link": [hub.link.name for hub in hubs],
        "link_cost": [float(hub.link.cost) for hub in hubs],
        "mbps": mbps,
        "connected_to": [hub.start for hub in hubs],
        "hops": [hub.hops for hub in hubs],
    }


def demand_rows(world: AuditData, outcome: AuditOutcome) -> Frame:
    """Return the rows that demand must have."""
    people, unit = world.people, world.unit
    order = ["row", "need", "people", "distance", "site"]
    ranked = outcome.links.sort_values(order, ascending=[True, False, False, True, True])
    first = ranked.drop_duplicates("row").set_index("row").reindex(range(len(people.frame)))
    ids = world.sites.frame["site_id"].to_numpy()
    need = people.at_points(people.weight("need", outcome.year))
    told = [*(["name"] if world.scenario.demand.name else []), *world.scenario.demand.groups]
    groups = {name: people.frame[name] for name in told}
    return Frame(
        {
            "demand_id": people.frame["demand_id"],
            **{f"own {name}": values for name, values in groups.items()},
            "need": people.weight("need", outcome.year),
            "people": people.weight("people", outcome.year),
            "covered_share": outcome.covered,
            "site_id": [None if np.isnan(site) else ids[int(site)] for site in first["site"].astype(float)],
            f"distance_{unit}": _ways(world, outcome, first["distance"].astype(float)).to_numpy(),
            f"nearest_{unit}": _means(people.row, outcome.service.nearest, need),
            **world.beside,
            "lon": people.frame["lon"],
            "lat": people.frame["lat"],
        }
    )


def _with_boxes(rows: Frame, boxes: Array) -> Frame:
    """Return rows with the box about the polygon of each; open where it goes over the antimeridian, which is cut."""
    west, south, east, north = boxes.T
    whole = (west >= -HALF_CIRCLE) & (east <= HALF_CIRCLE) & (east - west <= HALF_CIRCLE)
    sides = {"west": np.where(whole, west, np.nan), "east": np.where(whole, east, np.nan)}
    return rows.assign(**sides, south=south, north=north)


def _ways(world: AuditData, outcome: AuditOutcome, main: pd.Series) -> pd.Series:
    """Return each row's distance to the hub that serves most of it; where people are assigned, to all who share it."""
    if not is_assigned(world):
        return main
    links = outcome.links.assign(moment=outcome.links["distance"] * outcome.links["share"])
    sums = links.groupby("row")[["moment", "share"]].sum()
    return (sums["moment"] / sums["share"]).reindex(range(len(world.people.frame)))


def link_rows(world: AuditData, outcome: AuditOutcome) -> Frame:
    """Return the rows that links must have, with the box about their two ends, or along roads the ends themselves."""
    row, site = (outcome.links[name].to_numpy(dtype=int) for name in ("row", "site"))
    start = world.people.frame[["lon", "lat"]].to_numpy()[row]
    ends = np.stack([start, world.sites.lonlat[site]])
    low, high = ends.min(axis=0), ends.max(axis=0)
    crosses = high[:, 0] - low[:, 0] > HALF_CIRCLE  # cut at the antimeridian in GeoJSON
    where = {
        "west": np.where(crosses, np.nan, low[:, 0]),
        "south": low[:, 1],
        "east": np.where(crosses, np.nan, high[:, 0]),
        "north": high[:, 1],
    }
    if isinstance(world.scenario.travel, NetworkSpec):
        where = {f"{axis}_{at}": ends[at, :, column] for at in (0, 1) for column, axis in enumerate(("lon", "lat"))}
    return Frame(
        {
            "demand_id": world.people.frame["demand_id"].to_numpy()[row],
            "site_id": world.sites.frame["site_id"].to_numpy()[site],
            "people": outcome.links["people"].to_numpy(),
            "need": outcome.links["need"].to_numpy(),
            f"distance_{world.unit}": outcome.links["distance"].to_numpy(),
            **where,
        }
    )


def access_rows(world: AuditData, ways: RoadWays) -> Frame:
    """Return the rows that the table of access to roads must have."""
    people, travel, found = world.people, ways.travel, []
    count = people.at_points(people.frame["people"].to_numpy())
    size = len(people.frame)
    for mode, km, apart in ways.access():
        near = np.isfinite(km)
        share = np.bincount(people.row, weights=people.share * near, minlength=size)
        moment = np.bincount(people.row, weights=people.share * np.where(near, km, 0.0), minlength=size)
        with np.errstate(invalid="ignore"):
            mean = moment / share
        found.append(
            Frame(
                {
                    "demand_id": people.frame["demand_id"],
                    "mode": mode,
                    "people": people.frame["people"],
                    "access_km": mean,
                    "access_minutes": mean / travel.access_kmh * travel.detour * HOUR,
                    "on_island": np.bincount(people.row, weights=count * (near & apart), minlength=size),
                    "beyond": np.bincount(people.row, weights=count * ~near, minlength=size),
                    "lon": people.frame["lon"],
                    "lat": people.frame["lat"],
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def _means(row: Array, values: Array, weight: Array) -> Array:
    """Return the weighted mean of values by row: plain where a row has no weight, NaN where a value is infinite."""
    has = np.bincount(row, weights=weight)[row] > 0
    weight = np.where(has, weight, 1.0)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(row, weights=values * weight) / np.bincount(row, weights=weight)
    return np.where(np.isfinite(mean), mean, np.nan)


def _compare(file: str, stated: Frame, expected: Frame, key: list[str], ledger: Ledger) -> None:
    """Compare the rows of a file with those that must be in it, by their ids."""
    lost = [name for name in key if name not in stated]
    if lost:
        ledger.holds(file, "columns", true=not len(expected), stated="missing", recomputed=", ".join(lost))
        return
    rows = {_key(row, key): row for row in _records(stated)}
    ledger.same(file, "rows", len(stated), len(expected))
    names = {name: _column(name, stated) for name in map(str, expected) if name not in key}
    known = set()
    for wanted in _records(expected):
        known.add(_key(wanted, key))
        label = " ".join(_key(wanted, key))
        row = rows.get(_key(wanted, key))
        ledger.holds(file, label, true=row is not None, stated="missing", recomputed="a row")
        for name, column in names.items():
            if row is not None and not _is_open(name, wanted[name]):
                _same(file, f"{label}, {name.removeprefix('own ')}", row.get(column), wanted[name], ledger)
    for extra in sorted(set(rows) - known):
        ledger.holds(file, " ".join(extra), true=False, stated="a row", recomputed="not in the plan")


def _records(frame: Frame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in frame.to_dict("records")]


def _key(row: dict[str, Any], key: list[str]) -> tuple[str, ...]:
    return tuple(_cell(row[name]) for name in key)


def _cell(value: Any) -> str:
    """Return text as it was before a table made it safe for spreadsheets."""
    text = str(value)
    return text[1:] if text.startswith("'") and text[1:2] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text


def _column(name: str, stated: Frame) -> str:
    """Return the column of a file that holds a figure; own columns may have a prefix where the name is taken."""
    own = name.removeprefix("own ")
    if own == name:
        return name
    tries = [f"site_{own}", f"demand_{own}", own] if own.casefold() in _TAKEN else [own, f"site_{own}", f"demand_{own}"]
    return next((column for column in tries if column in stated), own)


_TAKEN = {
    *("site_id", "tier", "status", "hubs", "cost", "covered_need", "covered_people", "load", "capacity", "utilisation"),
    *(
        "period",
        "catchment",
        "size_rank",
        "of_sites",
        "larger_free",
        "alternatives",
        "certainty",
        "lon",
        "lat",
        "fid",
        "geom",
        "geometry",
    ),
}


def _is_open(name: str, wanted: Any) -> bool:
    """Tell whether a figure does not follow from what is stored: a hub's service, where links are by site."""
    names = {"covered_need", "covered_people", "load", "utilisation", "west", "east"}
    return name in names and bool(np.isnan(wanted))


def _same(file: str, item: str, stated: Any, wanted: Any, ledger: Ledger) -> None:
    name = item.rpartition(", ")[2]
    if name.removesuffix("_0").removesuffix("_1") in {"lon", "lat", "west", "south", "east", "north"}:
        ledger.same(file, item, _number(stated), wanted, relative=0.0, absolute=DEGREES)
        return
    if isinstance(wanted, str):
        one, other = _number(_cell(stated) if isinstance(stated, str) else stated), _number(wanted)
        both = isinstance(one, float) and isinstance(other, float)
        words = "" if agree(stated, None) else _cell(stated)
        ledger.same(file, item, one if both else words, other if both else wanted)
        return
    absolute = KILOMETRES if name.startswith(("distance_", "nearest_", "km", "access_")) else RELATIVE
    absolute = (
        half_of_last_place(wanted) * WRITTEN if name in {"cost", "link_cost", "power_cost"} and wanted else absolute
    )
    ledger.same(file, item, _number(stated), wanted, absolute=absolute)


def _number(value: Any) -> Any:
    """Return text that spells a number as one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _check_split(  # noqa: PLR0913, PLR0917 - rows, what they are checked against, and where to note what is wrong
    world: AuditData, file: str, stated: Frame, hubs: list[AuditHub], outcome: AuditOutcome, ledger: Ledger
) -> None:
    """Hold what hubs of several tiers at a site serve together against the links, and each against its room."""
    if not is_assigned(world) or not {"site_id", "tier", "load"} <= set(stated):
        return
    loads = {_key(row, ["site_id", "tier"]): float(row["load"]) for row in _records(stated)}
    for site in sorted({hub.site for hub in hubs}):
        here = [hub for hub in hubs if hub.site == site]
        if len(here) == 1:
            continue
        name = str(world.sites.frame["site_id"].iloc[site])
        ledger.skip(f"covered_need, covered_people and load at {name} tier by tier: links are by site, which sums are")
        served = outcome.links.loc[outcome.links["site"] == site, "seats"].sum()
        parts = [loads.get((name, world.scenario.hubs[hub.tier].name), np.nan) for hub in here]
        ledger.same(file, f"load of all hubs at {name}", sum(parts), served, relative=1e-6)
        for hub, load in zip(here, parts, strict=True):
            tier, seats = world.scenario.hubs[hub.tier].name, room(world, hub)
            fits = load <= seats * (1 + 1e-6)
            ledger.holds(file, f"{name} {tier}, load", true=fits, stated=load, recomputed=f"room for {seats}")

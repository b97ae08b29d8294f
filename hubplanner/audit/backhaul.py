"""How a run's hubs are connected: its lines walked from the internet of today, measured and paid for once more."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import shapely

from hubplanner.audit.data.joins import other_rows
from hubplanner.audit.data.money import AuditLink, annuity, electricity, exact
from hubplanner.audit.data.places import WGS84, Array, alike, along, coordinates, words
from hubplanner.audit.data.raw_tables import ROW
from hubplanner.audit.data.roads import RoadWays
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.hubs import AuditHub
from hubplanner.audit.ledger import Ledger
from hubplanner.scenario.backhaul_spec import BackhaulSpec
from hubplanner.scenario.travel_spec import GreatCircleSpec

STATION_KM = 1e-3
"""Error of a length that starts along a cable, whose place is written with six decimals."""
ON_CABLE = 2e-6
"""Degrees from a cable that are the rounding of six decimals."""
FILE = "backhaul.geojson"
COLUMNS = ("edge_id", "from", "to")


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """A line that a run states, measured anew.

    Parameters
    ----------
    name
        Its edge_id.
    start, end
        Ids of its places, from the internet of today outwards.
    km, cost, upkeep
        Length, exact money, and the part of it that is paid each year.
    loose
        Whether its length hangs on a place that is known to six decimals only.
    """

    name: str
    start: str
    end: str
    km: float
    cost: Fraction
    upkeep: Fraction
    loose: bool


@dataclass(frozen=True, kw_only=True)
class AuditNetwork:
    """A run's lines, and what hangs on each.

    Parameters
    ----------
    lines
        In the order of the file.
    served, mbps, hops
        By line: hubs behind it, their Mbps, and lines up to it.
    """

    lines: tuple[AuditLine, ...]
    served: tuple[int, ...]
    mbps: tuple[float, ...]
    hops: tuple[int, ...]

    @property
    def cost(self) -> Fraction:
        """Money for all lines."""
        return sum((line.cost for line in self.lines), Fraction())


def connect(
    run: RunFiles, world: AuditData, hubs: list[AuditHub], ledger: Ledger
) -> tuple[AuditData, list[AuditHub], AuditNetwork | None]:
    """Return the world with the money for lines, the hubs with the links they have, and the lines; all as recomputed.

    A hub without a link, a line that begins where there is no internet, and one longer than allowed are noted.
    """
    spec = world.scenario.backhaul
    if spec is None or spec.technologies.fibre is None:
        return world, hubs, None
    places, roots, cables = _today(world, spec)
    stated = dict(run.tables("backhaul"))[FILE]
    rows = [{str(name): cell for name, cell in row.items()} for row in stated.to_dict("records")]
    lines = [_measured(world, spec, row, places, cables, ledger) for row in rows]
    built = [line for line in lines if line is not None]
    joined = _joined(world, spec, places)
    hops, first, order = _walk(built, joined, {*roots, *(line.start for line in built if line.start not in places)})
    for line in built:
        reached = hops.get(line.end) is not None and hops.get(line.start) is not None
        ledger.holds(FILE, f"line {line.name}", true=reached, stated="built", recomputed="no way to today's internet")
    connected = [_linked(world, spec, hub, hops, first, ledger) for hub in hubs]
    served, mbps = _behind(world, connected, order)
    network = AuditNetwork(
        lines=tuple(built),
        served=tuple(served.get(line.end, 0) for line in built),
        mbps=tuple(mbps.get(line.end, 0.0) for line in built),
        hops=tuple(hops.get(line.end, -1) for line in built),
    )
    upkeep = sum((line.upkeep for line in built), Fraction())
    return replace(world, lines=network.cost, upkeep=upkeep), connected, network


def _today(world: AuditData, spec: BackhaulSpec) -> tuple[dict[str, Array], set[str], list[tuple[str, Any]]]:
    """Return the places of sites and nodes by id, the ids where the internet is today, and the cables by id."""
    ids = world.sites.frame["site_id"].tolist()
    places = dict(zip(ids, world.sites.lonlat, strict=True))
    roots = {site for site, status in zip(ids, world.sites.status, strict=True) if status == "existing"}
    roots = roots if spec.existing_connected else set[str]()
    for file in spec.nodes:
        rows = other_rows(file, {name for name in (file.id, file.x, file.y) if name} | set(file.where))
        for name, spot in zip(words(rows[file.id or ROW]), coordinates(rows, WGS84), strict=True):
            key = name if name not in places or spec.edges == "table" else f"{name} (node)"
            places[key] = spot
            roots.add(key)
    cables = []
    for cable in spec.lines:
        rows = other_rows(cable, {name for name in (cable.id,) if name} | set(cable.where))
        cables += list(zip(words(rows[cable.id or ROW]), rows.geometry.to_crs(WGS84), strict=True))
    spots = {tuple(places[name]) for name in roots}
    roots |= {name for name, spot in places.items() if tuple(spot) in spots}
    return places, roots, cables


def _measured(  # noqa: PLR0913, PLR0917 - a row, what it is held against, and where to note what is wrong
    world: AuditData,
    spec: BackhaulSpec,
    row: dict[str, Any],
    places: dict[str, Array],
    cables: list[tuple[str, Any]],
    ledger: Ledger,
) -> AuditLine | None:
    """Return a line with its length and money worked out anew; None, which is noted, where its ends are no places."""
    fibre = spec.technologies.fibre
    if fibre is None:
        raise AssertionError
    name, start, end = (str(row.get(key, "")) for key in COLUMNS)
    spots, loose = [], False
    for place, at in ((start, 0), (end, 1)):
        spot = places.get(f"{place} (node)", places.get(place)) if at == 0 else places.get(place)
        if spot is None:
            spot, loose = np.array([row.get(f"lon_{at}", np.nan), row.get(f"lat_{at}", np.nan)], dtype=float), True
            point = shapely.points(*spot)
            on = any(place.startswith(f"{cable} at ") and shape.distance(point) <= ON_CABLE for cable, shape in cables)
            ledger.holds(FILE, f"line {name}", true=on, stated=place, recomputed="no site, node or cable")
            if not on:
                return None
        spots.append(spot)
    given = _given(spec, start, end)
    if isinstance(world.searched, RoadWays) and spec.edges == "roads":
        laid = world.searched.km_along(spots[0], spots[1])
    else:
        laid = float(along(spots[0], spots[1], GreatCircleSpec(detour=spec.detour)))
    km = laid if given is None or given[0] is None else float(given[0])
    cost = exact(km) * exact(fibre.cost_per_km) if given is None or given[1] is None else given[1]
    ledger.holds(
        FILE,
        f"line {name}",
        true=spec.edges != "table" or given is not None,
        stated=f"{start}-{end}",
        recomputed="no line of the table",
    )
    if fibre.max_km is not None:
        fits = km <= fibre.max_km * (1 + 1e-9) + (STATION_KM if loose else 0.0)
        ledger.holds(FILE, f"line {name}, km", true=fits, stated=km, recomputed=f"at most {fibre.max_km}")
    upkeep = exact(km) * exact(fibre.upkeep_per_km_year)
    whole = cost + upkeep * annuity(world.scenario)
    return AuditLine(name=name, start=start, end=end, km=km, cost=whole, upkeep=upkeep, loose=loose)


def _given(spec: BackhaulSpec, start: str, end: str) -> tuple[Fraction | None, Fraction | None] | None:
    """Return length and money that the table of lines gives one; None where it has no such line, or there is none."""
    if spec.table is None:
        return None
    table = spec.table
    rows = other_rows(table, {name for name in (table.start, table.end, table.km, table.cost) if name})
    for row in rows.to_dict("records"):
        if {alike(str(row[table.start])), alike(str(row[table.end]))} == {alike(start), alike(end)}:
            km, cost = (None if name is None else exact(row[name]) for name in (table.km, table.cost))
            return km, cost
    return None


def _joined(world: AuditData, spec: BackhaulSpec, places: dict[str, Array]) -> list[tuple[str, str]]:
    """Return pairs of places that nothing needs to be built between: at one spot, or by a table for nothing."""
    if spec.table is not None:
        table = spec.table
        rows = other_rows(table, {name for name in (table.start, table.end, table.km, table.cost) if name})
        free = [row for row in rows.to_dict("records") if table.km and exact(row[table.km]) == 0]
        free = [row for row in free if table.cost is None or exact(row[table.cost]) == 0]
        return [(str(row[table.start]), str(row[table.end])) for row in free]
    spots: dict[tuple[float, ...], list[str]] = {}
    for name in world.sites.frame["site_id"]:
        spots.setdefault(tuple(places[name].tolist()), []).append(name)
    return [(same[0], other) for same in spots.values() for other in same[1:]]


def _walk(
    lines: list[AuditLine], joined: list[tuple[str, str]], roots: set[str]
) -> tuple[dict[str, int], dict[str, str], list[tuple[str, str]]]:
    """Return the number of lines to each place that is reached, where its way begins, and each with the one before."""
    beside: dict[str, list[tuple[str, int]]] = {}
    for one, other, length in [(a, b, 0) for a, b in joined] + [(line.start, line.end, 1) for line in lines]:
        beside.setdefault(one, []).append((other, length))
        beside.setdefault(other, []).append((one, length))
    hops, first, order = dict.fromkeys(roots, 0), {root: root for root in roots}, list[tuple[str, str]]()
    front = sorted(roots)
    while front:
        place = front.pop(0)
        for other, length in beside.get(place, []):
            if other not in hops:
                hops[other], first[other] = hops[place] + length, first[place]
                order.append((other, place))
                front.append(other)
    return hops, first, order


def _linked(  # noqa: PLR0913, PLR0917 - a hub, what it is held against, and where to note what is wrong
    world: AuditData, spec: BackhaulSpec, hub: AuditHub, hops: dict[str, int], first: dict[str, str], ledger: Ledger
) -> AuditHub:
    """Return a hub with the cheaper of the links that it has."""
    fibre, tier = spec.technologies.fibre, world.scenario.hubs[hub.tier]
    site = str(world.sites.frame["site_id"].iloc[hub.site])
    if fibre is None or hub.status != "new":
        return hub
    fits = (tier.links is None or "fibre" in tier.links) and (
        fibre.max_mbps is None or (tier.mbps or 0) <= fibre.max_mbps
    )
    alone = world.alone[hub.site][hub.tier]
    if fits and site in hops:
        fees = exact(tier.mbps or 0) * exact(fibre.per_mbps_year) * annuity(world.scenario)
        kwh = exact(tier.kwh_year) + exact(fibre.kwh_year)
        power = electricity(world.scenario, kwh, world.sites.grid_km[hub.site])
        link = AuditLink(exact(fibre.site_cost) + fees + power[0], "fibre", *power)
        if alone is None or link.cost <= alone.cost:
            start = first[site].removesuffix(" (node)")
            return replace(hub, link=link.times(hub.count), start=start, hops=hops[site])
    item = f"hub {site} {tier.name}"
    ledger.holds("plan.json", item, true=alone is not None, stated="connected", recomputed="no line leads there")
    return hub


def _behind(
    world: AuditData, hubs: list[AuditHub], order: list[tuple[str, str]]
) -> tuple[dict[str, int], dict[str, float]]:
    """Return how many hubs hang behind each place, and their Mbps."""
    served, mbps = dict[str, int](), dict[str, float]()
    for hub in hubs:
        if hub.link.name == "fibre":
            site = str(world.sites.frame["site_id"].iloc[hub.site])
            served[site] = served.get(site, 0) + hub.count
            mbps[site] = mbps.get(site, 0.0) + (world.scenario.hubs[hub.tier].mbps or 0.0) * hub.count
    for place, before in reversed(order):
        served[before] = served.get(before, 0) + served.get(place, 0)
        mbps[before] = mbps.get(before, 0.0) + mbps.get(place, 0.0)
    return served, mbps


def line_rows(network: AuditNetwork) -> pd.DataFrame:
    """Return the rows that lines must have in every file."""
    lines = network.lines
    return pd.DataFrame(
        {
            "edge_id": [line.name for line in lines],
            "technology": ["fibre"] * len(lines),
            "from": [line.start for line in lines],
            "to": [line.end for line in lines],
            "km": [line.km for line in lines],
            "cost": [float(line.cost) for line in lines],
            "hubs_served": list(network.served),
            "mbps": list(network.mbps),
            "hops": list(network.hops),
            "status": ["new"] * len(lines),
        }
    )


def expected_backhaul(world: AuditData, hubs: list[AuditHub], network: AuditNetwork | None) -> dict[str, Any]:
    """Return what plan.json must say of hubs, km and money by technology, and of shared lines."""
    spec, found = world.scenario.backhaul, dict[str, Any]()
    lines, served = ((), ()) if network is None else (network.lines, network.served)
    for name in [] if spec is None else spec.technologies.named:
        own = [hub for hub in hubs if hub.link.name == name]
        trench = sum((line.cost for line in lines), Fraction()) if name == "fibre" else Fraction()
        km = math.fsum(line.km for line in lines) if name == "fibre" else 0.0
        cost = float(sum((hub.link.cost for hub in own), trench))
        found[name] = {"hubs": sum(hub.count for hub in own), "km": km, "cost": cost}
    shared = [line.km for line, hubs_behind in zip(lines, served, strict=True) if hubs_behind > 1]
    alone = [line.km for line, hubs_behind in zip(lines, served, strict=True) if hubs_behind <= 1]
    powered = {}
    if spec is not None and spec.electricity is not None:
        own_by = {name: [hub for hub in hubs if hub.link.power == name] for name in ("grid", "solar")}
        powered["electricity"] = {
            name: {
                "hubs": sum(hub.count for hub in own),
                "cost": float(sum((hub.link.power_cost for hub in own), Fraction())),
            }
            for name, own in own_by.items()
        }
    return powered | {
        "by_technology": found,
        "shared_km": math.fsum(shared),
        "alone": {"lines": len(alone), "km": math.fsum(alone)},
    }

"""How a run's hubs are connected: its lines walked from the internet of today, measured and paid for once more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import shapely

from hubplanner.audit.data.distances import along
from hubplanner.audit.data.hubs import AuditHub
from hubplanner.audit.data.joins import other_rows
from hubplanner.audit.data.money import AuditLink, annuity, electricity, exact
from hubplanner.audit.data.places import WGS84, Array, alike, coordinates, words
from hubplanner.audit.data.raw_tables import ROW
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.audit.data.run_files import RunFiles
from hubplanner.audit.data.world import AuditData
from hubplanner.audit.ledger import Ledger
from hubplanner.scenario.backhaul_spec import MOST_HOPS, BackhaulSpec, FibreSpec
from hubplanner.scenario.travel_spec import GreatCircleSpec

STATION_KM = 1e-3
"""Error of a length that starts along a cable, whose place is written with six decimals."""
MAST_KM = 0.1
"""How far a tower may be from a place that needs no mast of its own."""
ON_CABLE = 2e-6
"""Degrees from a cable that are the rounding of six decimals."""
FILE = "backhaul.geojson"
COLUMNS = ("edge_id", "from", "to")


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """A line that a run states, measured again.

    Parameters
    ----------
    name, technology
        Its edge_id, and whether it is a line of fibre or a hop by microwave.
    start, end
        Ids of its places, from the internet of today outwards.
    km, cost, upkeep
        Length, exact money, and the part of it that is paid each year.
    year
        Number of the year of a programme in which it is laid, as stated.
    loose
        Whether its length hangs on a place that is known to six decimals only.
    """

    name: str
    technology: str
    start: str
    end: str
    km: float
    cost: Fraction
    upkeep: Fraction
    year: int
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
    first
        By line: number of the year in which the first hub behind it opens.
    """

    lines: tuple[AuditLine, ...]
    served: tuple[int, ...]
    mbps: tuple[float, ...]
    hops: tuple[int, ...]
    first: tuple[int, ...]


def connect(
    run: RunFiles, world: AuditData, hubs: list[AuditHub], ledger: Ledger
) -> tuple[AuditData, list[AuditHub], AuditNetwork | None]:
    """Return the world with the money for lines, the hubs with the links they have, and the lines; all as recomputed.

    In a programme a hub has the cheapest link that there is in the year in which it opens, and keeps it. A hub without
    a link, a line that begins where there is no internet, and one longer than allowed are noted.
    """
    spec = world.scenario.backhaul
    if spec is None or not world.has_network:
        return world, hubs, None
    places, roots, cables = _today(world, spec)
    towers = _towers(spec)
    stated = dict(run.tables("backhaul"))[FILE]
    rows = [{str(name): cell for name, cell in row.items()} for row in stated.to_dict("records")]
    lines = [_measured(world, spec, row, places | towers, cables, ledger) for row in rows]
    lines = [_with_mast(spec, line, places, towers) for line in lines]
    built = [line for line in lines if line is not None]
    # Where hops may not lead on, nothing is reached: too many of them are no way.
    starts = {*roots, *(line.start for line in built if line.start not in places | towers)}
    years, joined = _years(world), _joined(world, spec, places)
    walks = list[Reached]()
    for year in range(len(years)):
        laid = walks[-1].ends if walks else {}
        walks.append(_walk(spec, [line for line in built if line.year <= year], joined, starts, laid))
    reached = walks[-1]
    landed = [line.end for line in built if line.technology == "microwave"]
    for place in sorted({end for end in landed if landed.count(end) > 1}):
        ledger.holds(FILE, f"hops to {place}", true=False, stated=landed.count(place), recomputed="one")
    for line in built:
        item, end = f"line {line.name}", reached.ends.get(line.name)
        ledger.holds(FILE, item, true=end is not None, stated="built", recomputed="no way to today's internet")
    connected, at = [], []
    for hub in hubs:
        found, node = _linked(world, spec, hub, walks[_opens(hub, years)], ledger)
        connected.append(found)
        at.append(node)
    served, mbps, first = _behind(world, connected, at, reached.order)
    ends = [reached.ends.get(line.name, OFF) for line in built]
    network = AuditNetwork(
        lines=tuple(built),
        served=tuple(served.get(end, 0) for end in ends),
        mbps=tuple(mbps.get(end, 0.0) for end in ends),
        hops=tuple(reached.hops.get(end, -1) for end in ends),
        first=tuple(first.get(end, -1) for end in ends),
    )
    return replace(world, laid=tuple((line.year, line.cost, line.upkeep) for line in built)), connected, network


def _years(world: AuditData) -> list[str]:
    """Return the names of a programme's years; a single one without."""
    return [year.name for year in world.scenario.model.periods.years] or [""]


def _opens(hub: AuditHub, years: list[str]) -> int:
    """Return the number of the year in which a hub opens."""
    return years.index(hub.period) if hub.period in years else 0


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


def _towers(spec: BackhaulSpec) -> dict[str, Array]:
    """Return the towers that relay, by the names of their places; none where nothing is relayed."""
    found: dict[str, Array] = {}
    for file in spec.towers if spec.technologies.microwave is not None else ():
        rows = other_rows(file, {name for name in (file.id, file.x, file.y) if name} | set(file.where))
        for name, spot in zip(words(rows[file.id or ROW]), coordinates(rows, WGS84), strict=True):
            found[f"tower {name}"] = spot
    return found


def _with_mast(
    spec: BackhaulSpec, line: AuditLine | None, places: dict[str, Array], towers: dict[str, Array]
) -> AuditLine | None:
    """Return a hop with the money for a mast where it ends, if no tower stands there; anything else as it is."""
    radio = spec.technologies.microwave
    if line is None or radio is None or line.technology != "microwave" or line.end in towers:
        return line
    beside = any(along(places[line.end], spot, GreatCircleSpec()) <= MAST_KM for spot in towers.values())
    mast = exact(radio.relay_cost) + exact(radio.tower_per_10_m) * exact(radio.tower_m) / 10
    return line if beside else replace(line, cost=line.cost + mast)


def _hop(world: AuditData, spec: BackhaulSpec, ends: tuple[str, str], km: float, ledger: Ledger) -> AuditLine:
    """Return a hop with its money but for a mast; one that is too long, or between places out of sight, is noted."""
    radio = spec.technologies.microwave
    if radio is None:
        raise AssertionError
    item, seen = "hop {}-{}".format(*ends), True
    fits = km <= radio.max_hop_km * (1 + 1e-9)
    ledger.holds(FILE, f"{item}, km", true=fits, stated=km, recomputed=f"at most {radio.max_hop_km}")
    if radio.sights is not None:
        rows = other_rows(radio.sights, {radio.sights.start, radio.sights.end}).to_dict("records")
        pairs = [{alike(str(row[radio.sights.start])), alike(str(row[radio.sights.end]))} for row in rows]
        seen = {alike(end) for end in ends} in pairs
    ledger.holds(FILE, item, true=seen, stated="built", recomputed="out of sight of each other")
    yearly = exact(radio.licence_year)
    cost = exact(radio.hop_cost) + yearly * annuity(world.scenario)
    return AuditLine(
        name="",
        technology="microwave",
        start=ends[0],
        end=ends[1],
        km=km,
        cost=cost,
        upkeep=yearly,
        year=0,
        loose=False,
    )


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
    name, start, end = (str(row.get(key, "")) for key in COLUMNS)
    known = str(row.get("technology")) in spec.technologies.shared
    allowed = f"one of {', '.join(spec.technologies.shared)}"
    ledger.holds(FILE, f"line {name}", true=known, stated=row.get("technology"), recomputed=allowed)
    if not known:
        return None
    years, period = _years(world), str(row.get("period", ""))
    in_time = period in years
    ledger.holds(FILE, f"line {name}, period", true=in_time, stated=period, recomputed=f"one of {', '.join(years)}")
    year = years.index(period) if in_time else 0
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
    if row["technology"] == "microwave" or fibre is None:
        far = float(along(spots[0], spots[1], GreatCircleSpec()))
        return replace(_hop(world, spec, (start, end), far, ledger), name=name, loose=loose, year=year)
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
    return AuditLine(
        name=name,
        technology="fibre",
        start=start,
        end=end,
        km=km,
        cost=whole,
        upkeep=upkeep,
        year=year,
        loose=loose,
    )


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


Node = tuple[str, int]
"""A place, and by how many hops it was reached; 0 on fibre."""
OFF: Node = ("", -1)
"""Stands for no node."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What lines and hops lead to.

    Parameters
    ----------
    hops, first
        Number of lines to each node that is reached, and where its way begins.
    order
        Each node with the one before, as they are reached.
    ends
        The node that each line leads to, by its name.
    """

    hops: dict[Node, int]
    first: dict[Node, str]
    order: list[tuple[Node, Node]]
    ends: dict[str, Node]


def _walk(
    spec: BackhaulSpec,
    lines: list[AuditLine],
    joined: list[tuple[str, str]],
    roots: set[str],
    laid: Mapping[str, Node],
) -> Reached:
    """Return what is reached from the internet of today: by fibre either way along it, then by hops as they point.

    Hops of an earlier year, given with where they led, keep their number on the way from fibre.
    """
    most = 0 if spec.technologies.microwave is None else spec.technologies.microwave.max_hops
    beside: dict[str, list[tuple[str, int, AuditLine | None]]] = {}
    onward: dict[str, list[AuditLine]] = {}
    cable: list[tuple[str, str, AuditLine | None]] = [(one, other, None) for one, other in joined]
    cable += [(line.start, line.end, line) for line in lines if line.technology == "fibre"]
    for one, other, line in cable:
        beside.setdefault(one, []).append((other, int(line is not None), line))
        beside.setdefault(other, []).append((one, int(line is not None), line))
    for line in lines:
        if line.technology == "microwave":
            onward.setdefault(line.start, []).append(line)
    front: list[Node] = [(root, 0) for root in sorted(roots)]
    found = Reached(hops=dict.fromkeys(front, 0), first={node: node[0] for node in front}, order=[], ends={})
    while front:
        place, level = node = front.pop(0)
        ways: list[tuple[Node, int, AuditLine | None]] = []
        if level == 0:
            ways += [((other, 0), length, line) for other, length, line in beside.get(place, [])]
        if level < most:
            ends = [(laid.get(line.name, (line.end, level + 1)), line) for line in onward.get(place, [])]
            ways += [(end, 1, line) for end, line in ends if end[1] == level + 1]
        for end, length, line in ways:
            if end not in found.hops:
                found.hops[end], found.first[end] = found.hops[node] + length, found.first[node]
                found.order.append((end, node))
                front.append(end)
            if line is not None and end[0] == line.end:
                found.ends.setdefault(line.name, end)
    return found


def _linked(
    world: AuditData, spec: BackhaulSpec, hub: AuditHub, reached: Reached, ledger: Ledger
) -> tuple[AuditHub, Node]:
    """Return a hub with the cheapest of the links that it has, and the node at which it hangs on the network."""
    tier = world.scenario.hubs[hub.tier]
    site = str(world.sites.frame["site_id"].iloc[hub.site])
    if hub.status != "new":
        return hub, OFF
    best, alone = OFF, world.alone[hub.site][hub.tier]
    link: AuditLink | None = None
    for name, shared in spec.technologies.shared.items():
        fits = shared.max_mbps is None or (tier.mbps or 0) <= shared.max_mbps
        levels = [0] if name == "fibre" else range(1, MOST_HOPS + 1)
        node = next(((site, level) for level in levels if (site, level) in reached.hops), OFF)
        if node == OFF or not fits or not (tier.links is None or name in tier.links):
            continue
        fees = exact(tier.mbps or 0) * exact(shared.per_mbps_year) * annuity(world.scenario)
        power = electricity(
            world.scenario, exact(tier.kwh_year) + exact(shared.kwh_year), world.sites.grid_km[hub.site]
        )
        once = exact(shared.site_cost) if isinstance(shared, FibreSpec) else Fraction()
        own = AuditLink(once + fees + power[0], name, *power)
        if link is None or own.cost < link.cost:
            best, link = node, own
    if link is not None and (alone is None or link.cost <= alone.cost):
        start = reached.first[best].removesuffix(" (node)")
        return replace(hub, link=link.times(hub.count), start=start, hops=reached.hops[best]), best
    item = f"hub {site} {tier.name}"
    ledger.holds("plan.json", item, true=alone is not None, stated="connected", recomputed="no line leads there")
    return hub, OFF


def _behind(
    world: AuditData, hubs: list[AuditHub], at: list[Node], order: list[tuple[Node, Node]]
) -> tuple[dict[Node, int], dict[Node, float], dict[Node, int]]:
    """Return how many hubs hang behind each node, their Mbps, and the number of the year in which the first opens."""
    served, mbps, first, years = dict[Node, int](), dict[Node, float](), dict[Node, int](), _years(world)
    for hub, node in zip(hubs, at, strict=True):
        if node != OFF:
            served[node] = served.get(node, 0) + hub.count
            mbps[node] = mbps.get(node, 0.0) + (world.scenario.hubs[hub.tier].mbps or 0.0) * hub.count
            first[node] = min(first.get(node, len(years)), _opens(hub, years))
    for node, before in reversed(order):
        served[before] = served.get(before, 0) + served.get(node, 0)
        mbps[before] = mbps.get(before, 0.0) + mbps.get(node, 0.0)
        if node in first:
            first[before] = min(first.get(before, len(years)), first[node])
    return served, mbps, first


def line_rows(world: AuditData, network: AuditNetwork) -> pd.DataFrame:
    """Return the rows that lines must have in every file; in a programme each is laid when its first hub opens."""
    lines, years = network.lines, _years(world)
    laid = {"period": [years[at] for at in network.first]} if world.scenario.model.periods.years else {}
    return pd.DataFrame(
        {
            "edge_id": [line.name for line in lines],
            "technology": [line.technology for line in lines],
            "from": [line.start for line in lines],
            "to": [line.end for line in lines],
            "km": [line.km for line in lines],
            "cost": [float(line.cost) for line in lines],
            "hubs_served": list(network.served),
            "mbps": list(network.mbps),
            "hops": list(network.hops),
            "status": ["new"] * len(lines),
            **laid,
        }
    )


def expected_backhaul(world: AuditData, hubs: list[AuditHub], network: AuditNetwork | None) -> dict[str, Any]:
    """Return what plan.json must say of hubs, km and money by technology, and of shared lines."""
    spec, found = world.scenario.backhaul, dict[str, Any]()
    lines, served = ((), ()) if network is None else (network.lines, network.served)
    for name in [] if spec is None else spec.technologies.named:
        own = [hub for hub in hubs if hub.link.name == name]
        built = [line for line in lines if line.technology == name]
        trench = sum((line.cost for line in built), Fraction())
        km = math.fsum(line.km for line in built)
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

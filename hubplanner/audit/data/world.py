"""A scenario's data as the audit reads it: no line of it is shared with the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer

from hubplanner.audit.data.distances import SLACK, along, distances, lattice
from hubplanner.audit.data.friction import FrictionWays, TerrainWays
from hubplanner.audit.data.joins import NOWHERE, holders, joined, joined_rows, other_rows
from hubplanner.audit.data.money import Alone, Money, column, links_alone, prices
from hubplanner.audit.data.places import WGS84, Array, alike, called, cells, coordinates, inner, names, numbers, words
from hubplanner.audit.data.raw_tables import PLAIN, ROW, in_shares
from hubplanner.audit.data.roads.ways import RoadWays
from hubplanner.formats.table_formats import format_of
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import FileSpec, SpreadBySpec
from hubplanner.scenario.travel_spec import GreatCircleSpec, MatrixSpec, NetworkSpec, RasterTravel, TerrainSpec

MINUTES = 60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditPeople:
    """Demand rows in id order, and the points their people stand at.

    Parameters
    ----------
    frame
        n rows: demand_id, people, need, seats (what they take of capacities), growth, lon, lat and the groups.
    points
        (p, 2) places in the system of travel.
    row
        (p,) the row each point belongs to.
    share
        (p,) part of the row's people at each point.
    other
        Need (n,) by another column of people, for floors.
    offline
        People (n,) who are not connected yet.
    may
        People (n,) whom each measure beside hubs may reach, by its name.
    crs
        System of the file.
    boxes
        (n, 4) west, south, east and north of the rows' polygons in degrees; None where places are points.
    """

    frame: pd.DataFrame
    points: Array
    row: Array
    share: Array
    other: dict[str, Array]
    crs: object
    boxes: Array | None = None
    offline: Array = field(default_factory=lambda: np.zeros(0))
    may: dict[str, Array] = field(default_factory=dict)

    def weight(self, name: str, year: int) -> Array:
        """Return need or people (n,), or the need of another column, some years on."""
        base = self.other[name] if name in self.other else self.frame[name].to_numpy()
        return np.asarray(base * (1.0 + self.frame["growth"].to_numpy()) ** year)

    def at_points(self, values: Array) -> Array:
        """Return the part (p,) of each row's figure that stands at each point."""
        return np.asarray(values[self.row] * self.share)


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditPlaces:
    """Sites in id order.

    Parameters
    ----------
    frame
        m rows: the file's own columns, site_id first.
    lonlat, places
        (m, 2) in degrees, and in the system of travel.
    status
        candidate, existing, required or excluded, the model's pins applied.
    tier
        The tier each site names; blank for any.
    capex, opex
        Money by site and tier.
    room
        People that a hub of each tier can serve, by site; infinite where there is no limit.
    fee, saving
        Money of an upgrade on top of the difference, and of a closure, by site.
    grid_km
        Exact km to the electric grid by site; 0 where that is of no concern.
    """

    frame: pd.DataFrame
    lonlat: Array
    places: Array
    status: list[str]
    tier: list[str]
    capex: Money
    opex: Money
    room: Array
    fee: list[Fraction]
    saving: list[Fraction]
    grid_km: list[Fraction]

    @property
    def position(self) -> dict[str, int]:
        """Position of each site by id."""
        return {site: at for at, site in enumerate(self.frame["site_id"])}


@dataclass(frozen=True, kw_only=True, eq=False)
class AuditData:
    """Everything that was given.

    Parameters
    ----------
    table
        Given distances (n, m), infinite where there is no way; None where they are computed.
    searched
        Ways along roads or over a raster; None where they are neither.
    unit
        What distances are in.
    alone
        The cheapest link that stands alone, by site and tier; empty where links are of no concern.
    laid
        The lines that a run builds, as recomputed: the year of each, exact money, and what of it is paid each year.
    beside
        People (n,) of each row whom each measure reaches, as a run states them, by its name.
    """

    scenario: Scenario
    people: AuditPeople
    sites: AuditPlaces
    table: Array | None
    unit: str
    searched: RoadWays | FrictionWays | None = None
    alone: Alone = field(default_factory=list)
    laid: tuple[tuple[int, Fraction, Fraction], ...] = ()
    beside: dict[str, Array] = field(default_factory=dict)

    @property
    def lines(self) -> Fraction:
        """Exact money for all lines."""
        return self.lines_by(len(self.scenario.model.periods.years))

    def lines_by(self, year: int) -> Fraction:
        """Return exact money for the lines of a programme that are laid up to and with a year."""
        return sum((cost for laid, cost, _ in self.laid if laid <= year), Fraction())

    @property
    def has_network(self) -> bool:
        """Tell whether hubs may share lines."""
        return self.scenario.backhaul is not None and bool(self.scenario.backhaul.technologies.shared)

    @property
    def reach(self) -> Array:
        """Reach (t,) of each tier, in the unit of travel."""
        speed = self.scenario.travel.speed_kmh
        return np.array([_reach(tier.reach_km, _longest(tier.reach_minutes), speed) for tier in self.scenario.hubs])

    def reach_by(self, tier: int, mode: str) -> float:
        """Return the reach of a tier by a mode of travel; 0 for one that nobody may come by."""
        minutes = self.scenario.hubs[tier].reach_minutes
        return minutes.get(mode, 0.0) if isinstance(minutes, dict) else float(self.reach[tier])

    def apart(self, points: Array, sites: Array) -> Array:
        """Return the distances between some points, by position, and some sites."""
        if self.table is not None:
            return np.asarray(self.table[np.ix_(points, sites)])
        if self.searched is not None:
            ways = [self.searched.to_site(site)[points] for site in sites.tolist()]
            return np.array(ways).reshape(-1, len(points)).T
        return distances(self.people.points[points], self.sites.places[sites], self.scenario.travel)

    def counted(self, points: Array, sites: Array, tiers: Array, ways: RoadWays | None = None) -> Array:
        """Return the distances (p, k) that count against the reach of tiers at sites, today or by other ways.

        Where reach differs by mode of travel, each mode's distance counts as so many parts of its own reach.
        """
        found = self.apart(points, sites) if ways is None else np.array([ways.to_site(at)[points] for at in sites]).T
        own = self.searched if ways is None else ways
        for number, (site, tier) in enumerate(zip(sites.tolist(), tiers.tolist(), strict=True)):
            if isinstance(self.scenario.hubs[tier].reach_minutes, dict) and isinstance(own, RoadWays):
                parts = own.in_parts(site, partial(self.reach_by, tier))
                found[:, number] = parts[points] * self.reach[tier]
        return found

    def between(self, sites: Array) -> Array:
        """Return the distances between some sites and each other."""
        if self.searched is not None:
            return self.searched.between(sites)
        places = self.sites.lonlat[sites] if self.table is not None else self.sites.places[sites]
        return distances(places, places, self.scenario.travel)


def _longest(minutes: float | dict[str, float] | None) -> float | None:
    return max(minutes.values()) if isinstance(minutes, dict) else minutes


def _reach(km: float | None, minutes: float | None, speed: float | None) -> float:
    if km is not None:
        return km
    return float(minutes or 0.0) * (1.0 if speed is None else speed / MINUTES)


def read_world(scenario: Scenario) -> AuditData:
    """Read a scenario's files."""
    asked = _texts(scenario.model_dump())
    sites = joined_rows(scenario.sites, asked)
    own = scenario.model_copy(update={"demand": scenario.demand.without_zones()})
    people = _cells(own) if scenario.demand.is_raster else _people(own, joined_rows(own.demand, asked))
    people = people if scenario.demand.zones is None else _zoned(scenario, people)
    travel = scenario.travel
    crs = people.crs if travel.is_planar else WGS84
    places = _places(scenario, sites, crs)
    table, unit = (None, "km") if not isinstance(travel, MatrixSpec) else _given(scenario, travel, people, places)
    searched: RoadWays | FrictionWays | None = None
    if isinstance(travel, NetworkSpec):
        unit = "minutes" if all(tier.reach_minutes is not None for tier in scenario.hubs) else "km"
        futures = scenario.futures.named if scenario.futures else ()
        ends = people.points, places.lonlat
        searched = RoadWays(travel, *ends, in_minutes=unit == "minutes", futures=futures)
    if isinstance(travel, RasterTravel):
        unit, reach = "minutes", max(float(_longest(tier.reach_minutes) or 0.0) for tier in scenario.hubs)
        ways = TerrainWays if isinstance(travel, TerrainSpec) else FrictionWays
        searched = ways(travel, people.points, places.lonlat, most=travel.max_minutes or reach)
    links = [] if scenario.backhaul is None else links_alone(scenario, _within(scenario, places), places.grid_km)
    return AuditData(
        scenario=scenario, people=people, sites=places, table=table, unit=unit, alone=links, searched=searched
    )


_GENERATION = {"GSM": "2G", "CDMA": "3G", "UMTS": "3G", "LTE": "4G", "NR": "5G"}
_GENERATION |= {f"{number}G": f"{number}G" for number in range(2, 6)}
"""Generation of what cell sites are called by their radio."""


def _within(scenario: Scenario, sites: AuditPlaces) -> dict[str, list[bool]]:
    """Return which sites each link that stands alone reaches."""
    spec, every = scenario.backhaul, [True] * len(sites.lonlat)
    if spec is None or spec.technologies.cellular is None:
        return {"satellite": every}
    near = np.full(len(every), np.inf)
    for file in spec.towers:
        rows = other_rows(file, {name for name in (file.id, file.x, file.y, file.radio) if name} | set(file.where))
        told = [""] * len(rows) if file.radio is None else [word.strip().upper() for word in words(rows[file.radio])]
        for spot, radio in zip(coordinates(rows, WGS84), told, strict=True):
            if radio and _GENERATION[radio] not in spec.technologies.cellular.radios:
                continue
            near = np.minimum(near, along(sites.lonlat, spot, GreatCircleSpec()))
    return {"satellite": every, "cellular": (near <= spec.technologies.cellular.range_km * (1 + SLACK)).tolist()}


def _texts(part: object) -> set[str]:
    """Return all texts of a scenario: the names of columns are among them."""
    if isinstance(part, dict):
        return set(map(str, part)).union(*(_texts(inner) for inner in part.values()))
    if isinstance(part, tuple | list):
        return set[str]().union(*(_texts(inner) for inner in part))
    return {part} if isinstance(part, str) else set()


def counts_need(scenario: Scenario) -> bool:
    """Tell whether seats are for those who are not connected yet."""
    return scenario.model.capacity_of == "need" and any(tier.capacity is not None for tier in scenario.hubs)


def _people(scenario: Scenario, rows: gpd.GeoDataFrame) -> AuditPeople:
    spec = scenario.demand
    ids = words(rows[spec.id or ROW])
    order = sorted(range(len(rows)), key=ids.tolist().__getitem__)
    rows, ids = rows.iloc[order].reset_index(drop=True), ids.iloc[order].reset_index(drop=True)
    count = numbers(rows, 0.0 if spec.people is None else spec.people)
    offline = 1.0 - _online(scenario, rows, count)
    per_person = offline * numbers(rows, spec.priority)
    places = coordinates(rows, WGS84)
    frame = pd.DataFrame(
        {
            "demand_id": ids,
            "people": count,
            "need": count * per_person,
            "seats": count * offline if counts_need(scenario) else count,
            "growth": numbers(rows, spec.growth_per_year),
            "line": order,
            "lon": places[:, 0],
            "lat": places[:, 1],
            **({"name": words(rows[spec.name])} if spec.name else {}),
            **{group: names(rows[group]) for group in spec.groups},
        }
    )
    points, row, share = _points(scenario, rows)
    columns = {floor.people for floor in scenario.model.floors if floor.people is not None}
    other = {f"need of {name}": numbers(rows, name) * per_person for name in columns}
    polygons = len(rows) > 0 and bool(rows.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all())
    boxes = rows.geometry.to_crs(WGS84).bounds.to_numpy() if polygons else None
    return AuditPeople(
        frame=frame,
        points=points,
        row=row,
        share=share,
        other=other,
        crs=rows.crs,
        boxes=boxes,
        offline=count * offline,
        may={
            name: spec.share * np.minimum(count if spec.people is None else numbers(rows, spec.people), count * offline)
            for name, spec in scenario.beside.items()
        },
    )


def _online(scenario: Scenario, rows: gpd.GeoDataFrame, count: Array) -> Array:
    """Return the share of each row's people who are connected."""
    spec = scenario.demand
    if spec.connected_people is None and spec.offline_people is None:
        return numbers(rows, spec.connected_share)
    given = numbers(rows, str(spec.connected_people or spec.offline_people))
    share = np.divide(given, count, out=np.zeros(len(count)), where=count > 0)
    return share if spec.connected_people else np.where(count > 0, 1.0 - share, 0.0)


def _cells(scenario: Scenario) -> AuditPeople:
    """Return a raster's cells as points, each a row of its own without a name: they are merged before they are told."""
    spec = scenario.demand
    places, count, system = cells(Path(spec.path), spec.crs, spec.nodata, per_km2=spec.cells == "density")
    if not scenario.travel.is_planar:
        places = np.column_stack(Transformer.from_crs(system, WGS84, always_xy=True).transform(*places.T))
    offline = 1.0 - float(spec.connected_share)
    need = count * offline * float(spec.priority)
    seats = count * offline if counts_need(scenario) else count
    figures = {"people": count, "need": need, "seats": seats, "growth": float(spec.growth_per_year)}
    frame = pd.DataFrame(figures | {"line": np.arange(len(count))})
    rows = np.arange(len(count))
    return AuditPeople(frame=frame, points=places, row=rows, share=np.ones(len(rows)), other={}, crs=system)


def _zoned(scenario: Scenario, people: AuditPeople) -> AuditPeople:
    """Return the people that lie in zones, with what those say, scaled to what is counted there."""
    demand, zones = scenario.demand, scenario.demand.zones
    if zones is None:
        raise AssertionError
    brought = {name for join in zones.join for name in join.take}
    asked = {zones.id, *zones.take.values(), *zones.where, *([zones.people] if zones.people else [])} - brought
    areas = other_rows(zones, asked | {name for join in zones.join for name in join.keys} - brought)
    for join in zones.join:
        areas = joined(areas, join)
    areas = areas.iloc[sorted(range(len(areas)), key=words(areas[zones.id]).tolist().__getitem__)].reset_index(
        drop=True
    )
    shares = {zones.take.get(name, name) for name in zones.percent or ()}
    areas = areas.assign(**{name: in_shares(areas[name]) for name in shares})
    crs = people.crs if scenario.travel.is_planar else WGS84
    points = gpd.GeoSeries(gpd.points_from_xy(*people.points.T), crs=crs).to_crs(areas.crs)
    zone = holders(points, areas.geometry)
    if zones.unmatched == "nearest":
        for at in np.flatnonzero(zone == NOWHERE).tolist():
            zone[at] = int(np.argmin(areas.geometry.distance(points.iloc[at]).to_numpy()))
    inside = zone != NOWHERE
    for name in demand.of_zones & set(demand.where):
        fits = words(areas[zones.take[name]]).map(alike).isin({alike(value) for value in demand.where[name]}).to_numpy()
        inside &= fits[zone]
    zone, frame = zone[inside], people.frame[inside].reset_index(drop=True)
    count = frame["people"].to_numpy()
    sums = np.bincount(zone, weights=count, minlength=len(areas))
    factor = np.ones(len(areas))
    if zones.people:
        factor = np.where(sums > 0, numbers(areas, zones.people) / np.where(sums > 0, sums, 1.0), 1.0)
    share, weight = (zones.take.get(str(source)) for source in (demand.connected_share, demand.priority))
    offline = 1.0 - numbers(areas, share or 0.0)
    each = offline * numbers(areas, weight or 1.0)
    taken = factor * offline if counts_need(scenario) else factor
    frame = frame.assign(
        people=count * factor[zone],
        need=frame["need"].to_numpy() * (factor * each)[zone],
        seats=frame["seats"].to_numpy() * taken[zone],
    )
    for group in demand.groups:
        if group in zones.take:
            frame[group] = names(areas[zones.take[group]]).to_numpy()[zone]
    other = {name: values[inside] * (factor * each)[zone] for name, values in people.other.items()}
    points_inside, row, alone = people.points[inside], np.arange(len(frame)), np.ones(len(frame))
    return replace(people, frame=frame, points=points_inside, row=row, share=alone, other=other)


def _points(scenario: Scenario, rows: gpd.GeoDataFrame) -> tuple[Array, Array, Array]:
    """Return points, the row of each and its part of the row's people."""
    spec, planar = scenario.demand, scenario.travel.is_planar
    crs = rows.crs if planar else WGS84
    if spec.spread_by is not None:
        return _weighted(spec.spread_by, rows, crs)
    if spec.spread_km is None:
        return coordinates(rows, crs), np.arange(len(rows)), np.ones(len(rows))
    area = numbers(rows, spec.area_km2) if spec.area_km2 else np.zeros(len(rows))
    shapes = rows.geometry.to_crs(crs)
    parts = [lattice(at, km2, spec.spread_km, planar=planar) for at, km2 in zip(shapes, area.tolist(), strict=True)]
    counts = [len(part) for part in parts]
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), counts), np.repeat([1.0 / n for n in counts], counts)


def _weighted(by: SpreadBySpec, rows: gpd.GeoDataFrame, crs: object) -> tuple[Array, Array, Array]:
    """Return the places that lie in each row's polygon, row by row, and each one's part of their weight."""
    if by.is_raster:
        places, weight, system = cells(Path(by.path), by.crs, by.nodata, per_km2=by.cells == "density")
        spots = gpd.GeoSeries(gpd.points_from_xy(*places.T), crs=system)
    else:
        own = other_rows(by, {name for name in (by.weight, by.x, by.y) if name} | set(by.where))
        spots, weight = inner(own), numbers(own, 1.0 if by.weight is None else by.weight)
    holder = holders(spots.to_crs(rows.crs), rows.geometry)
    spots, single, found = spots.to_crs(crs), coordinates(rows, crs), list[tuple[Array, Array, Array]]()
    for row in range(len(rows)):
        here = np.flatnonzero((holder == row) & (weight > 0))
        part = weight[here] / weight[here].sum() if len(here) else np.ones(1)
        at = np.column_stack([spots.x.iloc[here], spots.y.iloc[here]]) if len(here) else single[row : row + 1]
        found.append((at, np.full(len(part), row), part))
    points, row_of, share = (np.concatenate(each) for each in zip(*found, strict=True))
    return points, row_of, share


def _places(scenario: Scenario, rows: gpd.GeoDataFrame, crs: object) -> AuditPlaces:
    spec, model = scenario.sites, scenario.model
    ids = words(rows[spec.id or ROW])
    order = sorted(range(len(rows)), key=ids.tolist().__getitem__)
    rows, ids = rows.iloc[order].reset_index(drop=True), ids.iloc[order].reset_index(drop=True)
    blank = [""] * len(rows)
    rows = rows.assign(**{group: names(rows[group]) for group in spec.groups})
    other = {alike(word): meant for word, meant in (spec.status_words or {}).items()}
    said = [alike(word) for word in (words(rows[spec.status]).tolist() if spec.status else blank)]
    status = [other.get(word, word) or "candidate" for word in said]
    pins = {alike(site): "excluded" for site in model.exclude} | {alike(site): "required" for site in model.require}
    pinned = [was if was == "existing" else pins.get(alike(site), was) for site, was in zip(ids, status, strict=True)]
    stay = _staying(scenario, rows, ids.tolist(), pinned)
    rows, ids, pinned = (
        rows.iloc[stay].reset_index(drop=True),
        ids.iloc[stay].reset_index(drop=True),
        [pinned[at] for at in stay],
    )
    blank = [""] * len(rows)
    tiers = {alike(tier.name): tier.name for tier in scenario.hubs} | {"": ""}
    capex, opex = prices(scenario, rows)
    power = None if scenario.backhaul is None else scenario.backhaul.electricity
    # What stands in for missing cells is for the plan; its files show them as they are.
    hidden = {"geometry", spec.id or ROW, *(spec.missing or ())}
    own = pd.DataFrame(rows.drop(columns=[name for name in hidden if name in rows]))
    if spec.name not in {None, "name"}:
        own = own.rename(columns={"name": "name_of_file"}).assign(name=words(rows[spec.name]))
    return AuditPlaces(
        frame=pd.concat([ids.rename("site_id"), own.drop(columns="site_id", errors="ignore")], axis=1),
        lonlat=coordinates(rows, WGS84),
        places=coordinates(rows, crs),
        status=pinned,
        tier=[tiers[alike(word)] for word in words(rows[spec.tier])] if spec.tier else blank,
        capex=capex,
        opex=opex,
        room=np.column_stack([numbers(rows, tier.capacity or np.inf) for tier in scenario.hubs]),
        fee=column(rows, model.existing.upgrade_fee),
        saving=column(rows, model.existing.close_saving),
        grid_km=column(rows, 0.0 if power is None else power.grid_km),
    )


def _staying(scenario: Scenario, rows: gpd.GeoDataFrame, ids: list[str], status: list[str]) -> list[int]:
    """Return the positions of the sites that thin_km and one_per leave: of candidates, those taken first."""
    spec, model = scenario.sites, scenario.model
    if spec.thin_km is None and spec.one_per is None:
        return list(range(len(ids)))
    pairs = [site for pair in model.only_with for site in (pair.site, pair.needs)]
    out = [site for future in (scenario.futures.named if scenario.futures else ()) for site in future.sites_out]
    spoken = {alike(site) for site in (*(site for sites in model.at_most_one for site in sites), *pairs, *out)}
    liking = numbers(rows, spec.prefer or 0.0)
    group = names(rows[spec.one_per]).tolist() if spec.one_per else ids
    places, used, stay = coordinates(rows, WGS84), set[str](), list[int]()
    here = np.zeros((0, 2))
    for at in sorted(range(len(ids)), key=lambda at: (-liking[at], at)):
        if status[at] != "candidate" or alike(ids[at]) in spoken:
            stay.append(at)
            continue
        near = (
            spec.thin_km is not None
            and (along(here, places[at], GreatCircleSpec()) <= spec.thin_km * (1 - SLACK)).any()
        )
        if near or group[at] in used:
            continue
        used.add(group[at])
        here = np.vstack([here, places[at]])
        stay.append(at)
    return sorted(stay)


def _given(scenario: Scenario, travel: MatrixSpec, people: AuditPeople, sites: AuditPlaces) -> tuple[Array, str]:
    """Return the table of distances and its unit."""
    path = Path(travel.path)
    rows = PLAIN[format_of(path).name](path, FileSpec(path=travel.path, encoding=travel.encoding))
    names = {"site_id": travel.site_id, "km": travel.km, "minutes": travel.minutes}
    asked = {name or word for word, name in names.items()}
    rows = called(rows, {travel.demand_id} if travel.wide else {travel.demand_id, *asked})
    if travel.wide:
        rows = rows.melt(travel.demand_id, var_name="site_id", value_name=travel.wide)
        rows = rows[words(rows[travel.wide]) != ""]
    rows = rows.rename(columns={travel.demand_id: "demand_id"} | {own: word for word, own in names.items() if own})
    speed = travel.speed_kmh
    in_minutes = "minutes" in rows and all(tier.reach_minutes is not None for tier in scenario.hubs)
    name = "minutes" if in_minutes or "km" not in rows else "km"
    factor = speed / MINUTES if name == "minutes" and speed is not None else 1.0
    rank = {alike(demand): at for at, demand in enumerate(people.frame["demand_id"])}
    place = {alike(site): at for site, at in sites.position.items()}
    table = np.full((len(rank), len(place)), np.inf)
    ends = words(rows["demand_id"]).map(alike), words(rows["site_id"]).map(alike)
    for demand, site, how_far in zip(*ends, rows[name].astype(float), strict=True):
        if demand in rank and site in place:
            table[rank[demand], place[site]] = how_far * factor
    return table, "minutes" if name == "minutes" and speed is None else "km"

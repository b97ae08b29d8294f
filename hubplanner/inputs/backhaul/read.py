"""The backhaul section: what each link costs a hub at each site, and the lines that may be built between places."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import Delaunay, KDTree, QhullError

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.backhaul.microwave import TOWER, apart, ends_of, near, read_hops
from hubplanner.inputs.coordinates import WGS84, lonlat, read_places
from hubplanner.inputs.joins import read_other
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.sites import Sites
from hubplanner.problem import Backhaul, Bools, Floats, GreatCircle, Ints, SiteStatus, annuity
from hubplanner.problem.travel.network import Network
from hubplanner.scenario import Scenario
from hubplanner.scenario.backhaul_spec import (
    GENERATIONS,
    AloneSpec,
    BackhaulSpec,
    EdgeTableSpec,
    ElectricitySpec,
    FibreSpec,
    LinesSpec,
    MicrowaveSpec,
    PlacesSpec,
    TowersSpec,
)
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.names import key_of, listed
from hubplanner.translation import gettext as _, joined, with_advice

MOST_NODES = 200_000
"""Places where new lines may start; of more, a plan's picture and its graph are none."""
NO_LINK = ""
"""Name of no link."""
_LINE_WORDS = re.compile(r"satellit|vsat|starlink|backhaul|internet|bandwidth|mbps", re.IGNORECASE)
"""Names of costs that hold a line to the internet."""
_LINE_SHAPES = ("LineString", "MultiLineString")


@dataclass(frozen=True, kw_only=True, eq=False)
class Power:
    """Electricity of the hubs that have a kind of link.

    Parameters
    ----------
    cost
        (m, t) money for it over the horizon; 0 where that is of no concern.
    source
        (m, t) ``grid`` or ``solar``; blank where nothing is taken, or that is of no concern.
    """

    cost: Floats
    source: np.ndarray[tuple[int, ...], np.dtype[np.object_]]

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Power:
        """Return that of hubs that need none."""
        return cls(cost=np.zeros(shape), source=np.full(shape, "", dtype=object))

    def put(self, where: Bools, tier: int, power: tuple[Floats, Any]) -> None:
        """Note that hubs of a tier at some sites (m,) have such power."""
        self.cost[where, tier], self.source[where, tier] = power[0][where], power[1][where]


def electricity(spec: ElectricitySpec | None, kwh_year: float, grid_km: Floats, worth: float) -> tuple[Floats, Any]:
    """Return money (m,) for so many kWh a year, and whence: from the grid, or from panels where these are cheaper.

    A hub pays for the whole line from the grid to its site, whoever else is there.

    >>> spec = ElectricitySpec(kwh_cost=0.1, grid_cost_per_km=7000.0, solar_per_w=2.0, kwh_per_w_year=1.25)
    >>> electricity(spec, 500.0, np.array([0.0, 0.01, 5.0]), worth=4.0)
    (array([200., 270., 800.]), array(['grid', 'grid', 'solar'], dtype=object))
    """
    if spec is None or kwh_year == 0:
        return np.zeros(len(grid_km)), np.full(len(grid_km), "", dtype=object)
    grid, solar = np.full(len(grid_km), np.inf), np.inf
    if spec.kwh_cost is not None:
        grid = grid_km * spec.grid_cost_per_km + kwh_year * spec.kwh_cost * worth
    if spec.solar_per_w is not None:
        solar = kwh_year / spec.kwh_per_w_year * spec.solar_per_w
    return np.minimum(grid, solar), np.where(grid <= solar, "grid", "solar").astype(object)


@dataclass(frozen=True, kw_only=True, eq=False)
class BackhaulLinks:
    """How hubs may be connected.

    Parameters
    ----------
    alone_cost, alone_name, alone_power
        (m, t) money for the cheapest link that needs no network, with the electricity for hub and link; infinite where
        there is none. Its name, and the electricity apart.
    shared
        The links of a network that hubs share, by name.
    line_cost, line_power
        (k, m, t) money that each of these takes at a hub's own site, with electricity; infinite where it cannot carry
        the tier. The electricity of each apart.
    node
        (k, m) where sites hang on the network by each of these; -1 where they never do.
    places
        Every place of the network: ids and WGS 84 points of the sites, of the nodes of today, and of towers.
    place
        (v,) the place of each node of the network.
    edges
        What may be built: edge_id, from and to (numbers of places), km, cost, technology, tail and head (nodes),
        one_way, one_of (a number for all hops into a place, else -1). The ends of ways by hops are among them, with no
        technology and for nothing.
    roots
        Numbers of the places where the internet is today.
    warnings
        What was found that may be a mistake.
    """

    alone_cost: Floats
    alone_name: np.ndarray[tuple[int, ...], np.dtype[np.object_]]
    alone_power: Power
    shared: tuple[str, ...]
    line_cost: Floats
    line_power: tuple[Power, ...]
    node: Ints
    places: gpd.GeoDataFrame
    place: Ints
    edges: pd.DataFrame
    roots: Ints
    warnings: tuple[DataWarning, ...] = ()

    @property
    def has_network(self) -> bool:
        """Whether hubs may share lines or hops."""
        return bool(self.shared)

    @cached_property
    def network(self) -> Backhaul:
        """The links and the network as arrays."""
        return Backhaul(
            ends=self.edges[["tail", "head"]].to_numpy(dtype=np.intp).reshape(-1, 2),
            cost=self.edges["cost"].to_numpy(dtype=np.float64),
            roots=self.roots,
            node=self.node,
            line_cost=self.line_cost,
            alone_cost=self.alone_cost,
            one_way=self.edges["one_way"].to_numpy(dtype=np.bool_),
            one_of=self.edges["one_of"].to_numpy(dtype=np.intp),
        )

    @property
    def has_link(self) -> Bools:
        """Mask (m, t) of the tiers that some link carries at a site."""
        alone = np.isfinite(self.alone_cost)
        if not self.has_network:
            return alone
        network = self.network
        return alone | (np.isfinite(network.line_cost) & network.reachable[:, :, None]).any(axis=0)


def read_links(
    scenario: Scenario, sites: Sites | None, faults: list[Fault], roads: Sequence[Network] = ()
) -> BackhaulLinks | None:
    """Return how hubs may be connected; None where that is of no concern, or, with faults noted, cannot be read.

    Parameters
    ----------
    roads
        Travel along roads by each mode, which lines may follow; none where there was a fault.
    """
    spec = scenario.backhaul
    if spec is None or (spec.edges == "roads" and not roads):
        return None
    warnings, before = list[DataWarning](), len(faults)
    nodes = [part for file in spec.nodes for part in _nodes(file, warnings, faults)]
    nodes += [part for file in spec.lines for part in _along(file, warnings, faults)]
    towers = [part for file in spec.towers for part in _nodes(file, warnings, faults)]
    if sites is None or len(faults) > before:
        return None
    places = _places(scenario, sites, nodes, faults)
    worth = annuity(scenario.discount_rate, scenario.horizon_years)
    edges = _edges(spec, len(sites.frame), places, worth, roads, faults)
    if edges is None or len(faults) > before:
        return None
    cellular = spec.technologies.cellular
    heard = [] if cellular is None else [part.heard(cellular.radios) for part in towers]
    alone_cost, alone_name, alone_power = _alone(scenario, spec, sites, _joined(heard), worth)
    starts = (sites.status == SiteStatus.EXISTING) & spec.existing_connected
    spots = pd.Series(map(tuple, lonlat(places).tolist()))
    at_node = spots[: len(starts)].isin(set(spots[len(starts) :])).to_numpy()
    line_cost, line_power = _line_cost(scenario, spec, sites, worth)
    roots = np.concatenate([np.flatnonzero(starts | at_node), np.arange(len(starts), len(places))])
    if spec.technologies.shared and not len(roots):
        names = " or ".join(spec.technologies.shared)
        allowed = _(
            "files of places where {names} may start, or of backhaul.lines: no hub stands at a site today", names=names
        )
        faults.append(Fault(file="backhaul", column="nodes", value=_("no place"), allowed=allowed))
        return None
    links: BackhaulLinks | None = BackhaulLinks(
        alone_cost=alone_cost,
        alone_name=alone_name,
        alone_power=alone_power,
        shared=tuple(spec.technologies.shared),
        line_cost=line_cost,
        line_power=line_power,
        node=np.tile(np.arange(len(starts)), (len(line_cost), 1)),
        places=places,
        place=np.arange(len(places)),
        edges=edges,
        roots=roots,
        warnings=(*warnings, *_paid_twice(scenario)),
    )
    if links is not None and spec.technologies.microwave is not None:
        links = _relayed(spec.technologies.microwave, links, towers, worth, faults)
    return None if links is None else _told(scenario, sites, links, faults)


def _relayed(
    spec: MicrowaveSpec, links: BackhaulLinks, towers: Sequence[Named], worth: float, faults: list[Fault]
) -> BackhaulLinks | None:
    """Return the links with hops by radio, relayed by towers too; None, with faults noted, where none are known."""
    spots, masts = lonlat(links.places), _joined(towers)
    kept = apart(masts, spots)
    ids = np.array([TOWER.format(name) for part in towers for name in part.ids], dtype=object)[kept]
    relays = gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(*masts[kept].T), crs=WGS84)
    places = gpd.GeoDataFrame(pd.concat([links.places, relays], ignore_index=True), crs=WGS84)
    on_line = np.zeros(len(places), dtype=np.bool_)
    by_line = links.network.connected(np.arange(len(links.edges)))
    on_line[: len(by_line)] = by_line
    found = read_hops(
        spec,
        places=places,
        roots=links.roots,
        has_mast=near(lonlat(places), masts),
        on_line=on_line,
        worth=worth,
        faults=faults,
    )
    if found is None:
        return None
    states, hops = found
    edges = pd.concat([links.edges.drop(columns="edge_id"), hops], ignore_index=True)
    edges.insert(0, "edge_id", np.arange(1, len(edges) + 1))
    node = np.concatenate([links.node[:-1], states.node[None, : links.node.shape[1]]])
    return replace(links, places=places, place=states.place, edges=edges, node=node)


def _told(scenario: Scenario, sites: Sites, links: BackhaulLinks, faults: list[Fault]) -> BackhaulLinks | None:
    """Return the links with a warning of sites that none reaches; note those of them that must hold a hub."""
    asked = sites.allowed & (sites.status != SiteStatus.EXISTING)[:, None]
    bare = asked.any(axis=1) & ~(asked & links.has_link).any(axis=1)
    required = bare & (sites.status == SiteStatus.REQUIRED)
    name, ids = scenario.sites.file_name, sites.frame["site_id"].to_numpy(dtype=object)
    why = _("a site that some link reaches: it has no way to a node, and no stand-alone link")
    faults += [
        Fault(file=name, row=int(sites.rows[at]), column="status", value=_("required {ids}", ids=ids[at]), allowed=why)
        for at in np.flatnonzero(required).tolist()
    ]
    if required.any():
        return None
    if not bare.any():
        return links
    message = _(
        "{count:,} sites have no way to a node and no stand-alone link, so no hub: {names}",
        count=int(bare.sum()),
        names=listed(ids[bare]),
    )
    if scenario.backhaul is not None:
        ways = joined(_ways_out(scenario.backhaul), _(" or "))
        message = with_advice(message, _("to give them one, {names}", names=ways))
    told = DataWarning(code="no_link", message=message, file=name)
    return replace(links, warnings=(*links.warnings, told))


def _ways_out(spec: BackhaulSpec) -> Iterator[str]:
    """Yield what a planner may change where sites have no link."""
    fibre, microwave = spec.technologies.fibre, spec.technologies.microwave
    if fibre is not None and fibre.max_km is not None:
        yield _("raise backhaul.technologies.fibre.max_km ({max_km:g})", max_km=fibre.max_km)
    if microwave is not None:
        limits = _(
            "max_hop_km ({max_hop_km:g}) or max_hops ({max_hops})",
            max_hop_km=microwave.max_hop_km,
            max_hops=microwave.max_hops,
        )
        yield _("raise {limits} of backhaul.technologies.microwave", limits=limits)
    if fibre is None and microwave is None:
        yield _("add backhaul.technologies.fibre")
    if spec.technologies.satellite is None:
        yield _("add backhaul.technologies.satellite")
    else:
        yield _("raise lines or max_mbps of backhaul.technologies.satellite, or let tiers have it (links)")


def _paid_twice(scenario: Scenario) -> Iterator[DataWarning]:
    """Yield a warning for each tier whose running cost seems to hold a line to the internet."""
    for number, tier in enumerate(scenario.hubs):
        words = [
            word for word in (tier.opex_per_year, tier.capex) if isinstance(word, str) and _LINE_WORDS.search(word)
        ]
        for word in words:
            message = _(
                "hub tier {name} seems to hold a line to the internet in its cost (column {word}), which "
                "backhaul pays for as well; take it out",
                name=tier.name,
                word=word,
            )
            yield DataWarning(code="link_paid_twice", message=message, file=f"hubs.{number}")


class Named(NamedTuple):
    """Ids, longitudes and latitudes (k, 2), and the generations of radio of cell sites; none where that is not told."""

    ids: list[str]
    spots: Floats
    radios: tuple[str, ...] = ()

    def heard(self, radios: Collection[str]) -> Named:
        """Return those with one of some radios, or all where theirs are not told."""
        if not self.radios:
            return self
        own = np.flatnonzero(np.isin(self.radios, list(radios)))
        return Named([self.ids[at] for at in own.tolist()], self.spots[own])


def _nodes(file: PlacesSpec, warnings: list[DataWarning], faults: list[Fault]) -> list[Named]:
    """Return the places of a file; none, with faults noted, where it cannot be read."""
    radio = file.radio if isinstance(file, TowersSpec) else None
    own = [name for name in (file.id, file.x, file.y, file.geometry and file.geometry.column, radio) if name]
    table = read_other(file, own, faults, places=True)
    if table is None:
        return []
    before, checker = len(faults), Checker(table=table, faults=faults)
    ids, radios = checker.identifiers(file.id), () if radio is None else _generations(radio, checker)
    places = read_places(TableSpec.model_construct(path=file.path, x=file.x, y=file.y), checker)
    warnings.extend(table.warnings)
    return [] if places is None or len(faults) > before else [Named(ids.tolist(), lonlat(places), radios)]


def _generations(column: str, checker: Checker) -> tuple[str, ...]:
    """Return the generation of each cell site's radio; one that is none is noted."""
    words = checker.text(column)
    found = words.str.strip().str.upper().map(GENERATIONS)
    checker.note(column, found.isna() & (words != ""), words, _("one of {radios}", radios=joined(GENERATIONS, ", ")))
    return tuple(found)


def _along(file: LinesSpec, warnings: list[DataWarning], faults: list[Fault]) -> list[Named]:
    """Return the places along the cables of a file, each named by its cable and how far along it is."""
    own = [name for name in (file.id, file.geometry and file.geometry.column) if name]
    table = read_other(file, own, faults, places=True)
    if table is None:
        return []
    before, checker = len(faults), Checker(table=table, faults=faults)
    ids = checker.identifiers(file.id)
    if "geometry" not in table.frame.columns:
        allowed = _("cables: a file of lines, or a table with geometry: {geometry}", geometry="{wkt: COLUMN}")
        faults.append(Fault(file=table.name, column="geometry", allowed=allowed))
        return []
    shapes = gpd.GeoSeries(table.frame["geometry"].array, crs=table.crs)
    kinds = shapes.geom_type.fillna("none")
    checker.note(
        "geometry", ~kinds.isin(_LINE_SHAPES), kinds, _("one of {line_shapes}", line_shapes=joined(_LINE_SHAPES, ", "))
    )
    warnings.extend(table.warnings)
    if len(faults) > before:
        return []
    found = []
    for name, shape in zip(ids, shapes.to_crs(WGS84), strict=True):
        for line in shapely.get_parts(shape):
            spots, far = _stations(shapely.get_coordinates(line), file.join_km)
            found.append(Named([_("{name} at {km:.3f} km", name=name, km=km) for km in far.tolist()], spots))
    return found


def _stations(bends: Floats, step: float) -> tuple[Floats, Floats]:
    """Return the bends of a cable and places between them at most a step apart, with their km from its start."""
    legs = GreatCircle(bends, bends, 1.0).along(np.arange(len(bends) - 1), np.arange(1, len(bends)))
    starts = np.concatenate([[0.0], np.cumsum(legs)])
    spots, far = [bends[:1]], [np.zeros(1)]
    for at, leg in enumerate(legs.tolist()):
        parts = np.arange(1, max(math.ceil(leg / step), 1) + 1) / max(math.ceil(leg / step), 1)
        spots.append(bends[at] + parts[:, None] * (bends[at + 1] - bends[at]))
        far.append(starts[at] + parts * leg)
    return np.concatenate(spots), np.concatenate(far)


def _joined(parts: Sequence[Named]) -> Floats:
    return np.concatenate([np.zeros((0, 2)), *(part.spots for part in parts)])


def _places(scenario: Scenario, sites: Sites, nodes: Sequence[Named], faults: list[Fault]) -> gpd.GeoDataFrame:
    """Return the places of the network by name; refuse a name that stands for several of them."""
    ids = [*sites.frame["site_id"].tolist(), *(name for part in nodes for name in part.ids)]
    spots = np.concatenate([sites.lonlat, _joined(nodes)])
    again = pd.Series(list(map(key_of, ids))).duplicated()
    if scenario.backhaul is not None and scenario.backhaul.edges == "table" and again.any():
        allowed = _("an id that no site and no other node has: the table of lines names places by it")
        value = ids[int(np.argmax(again.to_numpy()))]
        faults.append(Fault(file="backhaul.nodes", column="id", value=value, allowed=allowed))
    if len(ids) > MOST_NODES:
        allowed = _("at most {most_nodes:,} sites and nodes; raise join_km of backhaul.lines", most_nodes=MOST_NODES)
        faults.append(Fault(file="backhaul", value=f"{len(ids):,}", allowed=allowed))
    return gpd.GeoDataFrame({"id": ids}, geometry=gpd.points_from_xy(*spots.T), crs=WGS84)


def _edges(  # noqa: PLR0913, PLR0917 - places, what lines cost and follow, and where to note what is wrong
    spec: BackhaulSpec,
    n_sites: int,
    places: gpd.GeoDataFrame,
    worth: float,
    roads: Sequence[Network],
    faults: list[Fault],
) -> pd.DataFrame | None:
    """Return the lines that may be built with their money, in the order of their ends."""
    fibre, spots = spec.technologies.fibre, lonlat(places)
    if fibre is None or len(faults):
        return _lines(pd.DataFrame({"edge_id": [], "from": [], "to": [], "km": [], "cost": []}))
    if spec.table is not None:
        found = _from_table(spec.table, places, spec.detour, faults)
        if found is None:
            return None
        ends, km, given = found
    else:
        ends = neighbouring(spots, spec.neighbours)
        fresh = ends.min(axis=1) < n_sites  # between two nodes of today nothing needs building
        ends = ends[fresh]
        if spec.edges == "roads":
            km = km_by_road(roads, spots, ends)
            ends, km = ends[np.isfinite(km)], km[np.isfinite(km)]
        else:
            km = GreatCircle(spots, spots, spec.detour).along(*ends.T)
        given = np.full(len(km), np.nan)
    short = np.ones(len(km), dtype=np.bool_) if fibre.max_km is None else km <= fibre.max_km
    built = np.where(np.isnan(given), km * fibre.cost_per_km, given)
    cost = built + km * (fibre.upkeep_per_km_year * worth)
    frame = pd.DataFrame({"from": ends[:, 0], "to": ends[:, 1], "km": km, "cost": cost})[short]
    frame = frame.sort_values(["from", "to"], kind="stable").reset_index(drop=True)
    frame.insert(0, "edge_id", np.arange(1, len(frame) + 1))
    return _lines(frame)


def _lines(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(technology="fibre", tail=frame["from"], head=frame["to"], one_way=False, one_of=-1)


def km_by_road(roads: Sequence[Network], spots: Floats, ends: Ints) -> Floats:
    """Return kilometres (e,) along roads between pairs (e, 2) of places, whichever direction and mode is shortest.

    At both ends the straight way to the nearest road counts, as long as off the road and over any barrier, which bars
    people and no lines; infinite where no road leads.
    """
    km = np.full(len(ends), np.inf)
    for own in roads:
        off = own.off_road._replace(cost_per_km=1.0, straight=False, barred=None)
        ways = Network.of(own.roads.in_km, spots, spots, off, "either")
        km = np.minimum(km, ways.along(ends[:, 0], ends[:, 1]))
    return np.where((spots[ends[:, 0]] == spots[ends[:, 1]]).all(axis=1), 0.0, km)


def neighbouring(spots: Floats, neighbours: int) -> Ints:
    """Return pairs of places (e, 2) that lie side by side: of the triangles between all, and the nearest ones.

    Places at the same spot are joined to the first of them; those on one line to the next.

    >>> neighbouring(np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]), 1).tolist()
    [[0, 1], [1, 2]]
    """
    alone, first, spot = np.unique(spots, axis=0, return_index=True, return_inverse=True)
    twins = np.flatnonzero(first[spot.ravel()] != np.arange(len(spots)))
    flat = alone * np.array([np.cos(np.radians(alone[:, 1].mean())), 1.0]) if len(alone) else alone
    pairs: list[Any] = [np.column_stack([np.arange(len(flat) - 1), np.arange(1, len(flat))])[: max(len(flat) - 1, 0)]]
    if len(flat) > 3:  # noqa: PLR2004 - three are a triangle
        try:
            corners = Delaunay(flat).simplices
            pairs = [corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]
        except QhullError:  # all on one line, along which they are in order
            pass
    elif len(flat) == 3:  # noqa: PLR2004 - a triangle
        pairs.append(np.array([[0, 2]]) if not _on_a_line(flat) else np.zeros((0, 2), dtype=np.intp))
    most = min(neighbours + 1, len(flat))
    if most > 1:
        near: Any = KDTree(flat).query(flat, most)[1]
        pairs += [np.column_stack([np.arange(len(flat)), near[:, at]]) for at in range(1, most)]
    pairs = [first[np.concatenate(pairs)].reshape(-1, 2), np.column_stack([first[spot.ravel()[twins]], twins])]
    found = np.concatenate(pairs)
    found = np.sort(found[found[:, 0] != found[:, 1]], axis=1)
    return np.unique(found, axis=0).astype(np.intp)


def _on_a_line(flat: Floats) -> bool:
    one, other = flat[1] - flat[0], flat[2] - flat[0]
    return bool(abs(one[0] * other[1] - one[1] * other[0]) <= 1e-12 * float(np.abs(flat).max() + 1) ** 2)


def _from_table(
    spec: EdgeTableSpec, places: gpd.GeoDataFrame, detour: float, faults: list[Fault]
) -> tuple[Ints, Floats, Floats] | None:
    """Return the ends (e, 2), km (e,) and money (e,) of a table's lines; NaN money where it names none."""
    named = [name for name in (spec.start, spec.end, spec.km, spec.cost) if name]
    table = read_other(spec, named, faults, places=False)
    if table is None:
        return None
    before, checker = len(faults), Checker(table=table, faults=faults)
    words = [checker.text(spec.start), checker.text(spec.end)]
    given: list[Any] = [None if name is None else checker.numbers(name) for name in (spec.km, spec.cost)]
    pairs: Ints = np.sort(ends_of(spec, checker, places, "a site or a node"), axis=1)
    if len(faults) > before:
        return None
    shown = words[0] + "-" + words[1]
    checker.note(spec.end, pd.Series(pairs[:, 0] == pairs[:, 1]), shown, _("another place than where the line begins"))
    again = pd.DataFrame(pairs).duplicated()
    checker.note(f"{spec.start}, {spec.end}", again, shown, _("each line once; an earlier row joins the same places"))
    spots = lonlat(places)
    km: Floats = (
        given[0].to_numpy(dtype=np.float64)
        if given[0] is not None
        else GreatCircle(spots, spots, detour).along(*pairs.T)
    )
    cost: Floats = np.full(len(km), np.nan) if given[1] is None else given[1].to_numpy(dtype=np.float64)
    return None if len(faults) > before else (pairs, km, cost)


def _line_cost(scenario: Scenario, spec: BackhaulSpec, sites: Sites, worth: float) -> tuple[Floats, tuple[Power, ...]]:
    """Return money (k, m, t) for shared links at a hub's site, infinite where one cannot carry a tier, and power."""
    shared, shape = spec.technologies.shared, sites.allowed.shape
    cost, powers = np.full((len(shared), *shape), np.inf), tuple(Power.none(shape) for _ in shared)
    everywhere = np.ones(shape[0], dtype=np.bool_)
    for way, (name, link) in enumerate(shared.items()):
        once = link.site_cost if isinstance(link, FibreSpec) else 0.0
        for number, tier in enumerate(scenario.hubs):
            mbps = tier.mbps or 0.0
            if (link.max_mbps is None or mbps <= link.max_mbps) and (tier.links is None or name in tier.links):
                own = electricity(spec.electricity, tier.kwh_year + link.kwh_year, sites.grid_km, worth)
                powers[way].put(everywhere, number, own)
                cost[way, :, number] = once + mbps * link.per_mbps_year * worth + own[0]
    return cost, powers


def _alone(
    scenario: Scenario, spec: BackhaulSpec, sites: Sites, towers: Floats, worth: float
) -> tuple[Floats, np.ndarray[tuple[int, ...], np.dtype[np.object_]], Power]:
    """Return money, name and power (m, t) of the cheapest link that stands alone; the first of several as cheap."""
    cost, name = np.full(sites.allowed.shape, np.inf), np.full(sites.allowed.shape, NO_LINK, dtype=object)
    power = Power.none(cost.shape)
    for kind, link in spec.technologies.alone.items():
        within = np.ones(len(cost), dtype=np.bool_)
        if kind == "cellular" and spec.technologies.cellular is not None:
            within = GreatCircle(sites.lonlat, towers, 1.0).nearest() <= spec.technologies.cellular.range_km
        for number, tier in enumerate(scenario.hubs):
            lines = lines_alone(link, tier.mbps)
            if lines > link.lines or not (tier.links is None or kind in tier.links):
                continue
            own = electricity(spec.electricity, tier.kwh_year + lines * link.kwh_year, sites.grid_km, worth)
            fees = lines * link.per_line_year + (tier.mbps or 0.0) * link.per_mbps_year
            price = lines * link.site_cost + fees * worth + own[0]
            better = within & (price < cost[:, number])
            cost[better, number], name[better, number] = price[better], kind
            power.put(better, number, own)
    return cost, name, power


def lines_alone(link: AloneSpec, mbps: float | None) -> int:
    """Return how many lines of its own a hub takes for its Mbps.

    >>> lines_alone(AloneSpec(site_cost=800.0, max_mbps=150.0, lines=2), 301.0)
    3
    """
    return 1 if mbps is None or link.max_mbps is None else math.ceil(mbps / link.max_mbps)

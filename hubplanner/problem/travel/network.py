"""Travel along roads: over land to the nearest, along it, and over land again; searched only as far as is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.travel.base import Pairs, within
from hubplanner.problem.travel.geometric import GreatCircle
from hubplanner.problem.travel.roads import SAME_PLACE_KM, Barred, RoadGraph, Snaps, arcs, chord, on_sphere
from hubplanner.tolerances import REACH_TOLERANCE

GROUP = 24
"""Neighbouring sites that share a part of the network, cut to what any of them reaches."""
GRID = 1 << 16
"""Cells of the curve that sorts sites so that neighbours follow each other, each way."""
Direction = Literal["to_hub", "from_hub", "both", "either"]
"""Which way counts: both is half of there and back, either the shorter one."""


class OffRoad(NamedTuple):
    """Ways off the road, walked in straight lines.

    Parameters
    ----------
    cost_per_km
        Cost of a walked kilometre.
    most_km
        Longest way that is walked, in a straight line.
    detour
        Factor from the straight line to what is walked.
    straight
        Whether people may walk all the way to a hub within that distance.
    barred
        Tells which straight ways are closed; none if left out.
    """

    cost_per_km: float
    most_km: float
    detour: float = 1.0
    straight: bool = True
    barred: Barred | None = None

    @property
    def pace(self) -> float:
        """Cost of a kilometre in a straight line."""
        return self.cost_per_km * self.detour


class Table(NamedTuple):
    """What was found up to a reach: distances by site (m, n), and the same by point; a stored 0 is no way at all."""

    reach: float
    by_site: csr_array
    by_point: csc_array

    @classmethod
    def of(cls, reach: float, by_site: csr_array) -> Table:
        """Return a table by site and by point."""
        by_point = by_site.tocsc()
        by_point.sort_indices()
        return cls(reach, by_site, by_point)


class Ends(NamedTuple):
    """How places are joined to the ends of the edges they snap to; two edges at most.

    Parameters
    ----------
    edge
        (n, 2) edges; -1 for none.
    at
        (n, 2) km along the edge.
    forth, back
        (n, 2) cost along the edge from its start, and back to it; infinite in a direction that is not allowed.
    off
        (n, 2) cost off the road; infinite without an edge.
    junction
        (n, 4) start and end of the first edge, and of the second.
    leave, arrive
        (n, 4) cost from the place to these junctions, and from them to the place.
    """

    edge: Ints
    at: Floats
    forth: Floats
    back: Floats
    off: Floats
    junction: Ints
    leave: Floats
    arrive: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    r"""Travel along roads by one means.

    .. math:: d_{ij} = \min\bigl(o_i + \min_{u,v}(l_{iu} + D_{uv} + a_{vj}) + o_j,\; c\,\delta_{ij}\bigr)

    with the ways off the road $o$ at both ends, along the edge to a junction $l$ and from one $a$, the shortest ways
    between junctions $D$, and the straight way $\delta$ at $c$ a kilometre where that is not too long. The shortest
    ways are Dijkstra's (1959, doi:10.1007/BF01386390), cut off at the reach that is asked for.

    Parameters
    ----------
    roads
        The network, with costs in the unit of reach.
    points, sites
        (n, 2) and (m, 2) longitudes and latitudes in degrees.
    point_snaps, site_snaps
        Where they join the roads, by `RoadGraph.snap`.
    off_road
        What ways off the road cost.
    direction
        ``to_hub``: from points to sites, ``from_hub``, ``both``: half of there and back, ``either``: the shorter one.
    grouped
        Whether neighbouring sites are searched for together on a part of the network; the costs are the same.
    found
        The table of the widest reach that was searched for, once one was.

    >>> road = RoadGraph(vertices=np.array([[0.0, 0.0], [0.02, 0.0]]), start=np.array([0]), end=np.array([1]),
    ...     km=np.array([2.0]), forward=np.array([4.0]), backward=np.array([np.inf]), boards=np.array([True]))
    >>> Network.of(road, np.array([[0.005, 0.0]]), np.array([[0.015, 0.0]]), OffRoad(60 / 4.5, 10, straight=False)
    ... ).from_site(0).round(6).tolist()
    [2.0]
    """

    roads: RoadGraph
    points: Floats
    sites: Floats
    point_snaps: Snaps
    site_snaps: Snaps
    off_road: OffRoad
    direction: Direction = "to_hub"
    grouped: bool = True
    found: list[Table] = field(default_factory=list)

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - roads, places, and how both are joined
        cls,
        roads: RoadGraph,
        points: Floats,
        sites: Floats,
        off_road: OffRoad,
        direction: Direction = "to_hub",
        snap: Callable[[RoadGraph, Floats, float, Barred | None], Snaps] = RoadGraph.snap,
    ) -> Network:
        """Return travel between places, which ``snap`` joins to the roads."""
        snaps = [snap(roads, places, off_road.most_km, off_road.barred) for places in (points, sites)]
        return cls(
            roads=roads,
            points=points,
            sites=sites,
            point_snaps=snaps[0],
            site_snaps=snaps[1],
            off_road=off_road,
            direction=direction,
        )

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return len(self.points)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.sites)

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach of the points start to stop; the first call searches for those of all."""
        table = self._up_to(reach).by_point
        part = slice(table.indptr[start], table.indptr[stop])
        point = np.repeat(np.arange(start, stop), np.diff(table.indptr[start : stop + 1]))
        keep = within(table.data[part], reach)
        return point[keep], table.indices[part][keep].astype(np.intp), table.data[part][keep]

    def from_site(self, site: int) -> Floats:
        """Return the distances of all points to one site, however far."""
        return np.asarray(self._block(np.array([site]), np.inf)[0])

    def between_sites(self) -> Network:
        """Return the kilometres from site to site along the roads, the shorter of both directions."""
        off = self.off_road._replace(cost_per_km=1.0)
        return Network(
            roads=self.roads.in_km,
            points=self.sites,
            sites=self.sites,
            point_snaps=self.site_snaps,
            site_snaps=self.site_snaps,
            off_road=off,
            direction="either",
        )

    def among(self, sites: Ints) -> Network:
        """Return the same travel to some of the sites, with what is known of them."""
        found = [Table.of(table.reach, csr_array(table.by_site[sites])) for table in self.found]
        return replace(self, sites=self.sites[sites], site_snaps=self.site_snaps.some(sites), found=found)

    def nearest(self) -> Floats:
        """Return the distances of all points to their nearest site, however far, by a search from all sites at once."""
        if not self.n_sites:
            return np.full(self.n_points, np.inf)
        return self.to_nearest(np.arange(self.n_sites), np.inf)

    def to_nearest(self, sites: Ints, limit: float) -> Floats:
        """Return the distances (n,) of all points to the nearest of some sites, infinite beyond a limit."""
        if self.direction == "both":
            return np.asarray(np.min([self._block(np.array([site]), limit)[0] for site in sites.tolist()], axis=0))
        return np.asarray(self._block(sites, limit, together=True)[0])

    def segments_within(self, sites: Ints, limit: float) -> Ints:
        """Return the segments of all edges that lead within a limit of some sites, or that one stands at."""
        most = 2 * limit if self.direction == "both" else limit
        to_hub = self.direction != "from_hub"
        cost = (self.site_ends.arrive if to_hub else self.site_ends.leave)[sites]
        row = np.zeros(len(sites), dtype=np.intp)
        found, at = self._search(row, self.site_ends.junction[sites], cost, most, to_hub=to_hub)
        near, edges = np.isfinite(found[0, at]), self.roads.edges
        touched = near[edges.start] | near[edges.end]
        own = self.site_ends.edge[sites]
        touched[own[own >= 0]] = True
        return np.flatnonzero(touched[edges.of])

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the distances of some pairs: those found before, and others by searches from their sites."""
        distance = self._looked_up(point, site)
        for other in np.unique(site[np.isinf(distance)]).tolist():
            here = np.isinf(distance) & (site == other)
            distance[here] = self.from_site(other)[point[here]]
        return distance

    def up_to(self, reach: float, point: Ints, site: Ints) -> Floats:
        """Return the distances of some pairs as far as they are within a reach, infinity for others."""
        self._up_to(reach)
        return self._looked_up(point, site)

    def _looked_up(self, point: Ints, site: Ints) -> Floats:
        """Return the distances of some pairs that were found before, infinity for others."""
        distance = np.full(len(point), np.inf)
        for _, _, table in self.found:
            key = np.repeat(np.arange(self.n_points), np.diff(table.indptr)) * self.n_sites + table.indices
            at = np.searchsorted(key, point * self.n_sites + site)
            there = np.flatnonzero(np.append(key, -1)[at] == point * self.n_sites + site)
            distance[there] = table.data[at[there]]
        return distance

    # -- the search -------------------------------------------------------------------------------------------------

    def _up_to(self, reach: float) -> Table:
        """Return the table of all pairs within a reach at least as wide."""
        known = [table for table in self.found if table.reach >= reach]
        if known:
            return known[0]
        limit = reach * (1 + 2 * REACH_TOLERANCE)
        sites, points, distances = [NONE], [NONE], [np.zeros(0)]
        for group in self._groups():
            block = self._block(group, limit)
            row, point = np.nonzero(within(block, reach))
            sites.append(group[row].astype(np.int32))
            points.append(point.astype(np.int32))
            distances.append(block[row, point])
        ends = np.concatenate(sites), np.concatenate(points)
        by_site = csr_array(coo_array((np.concatenate(distances), ends), shape=(self.n_sites, self.n_points)))
        self.found[:] = [Table.of(reach, by_site)]
        return self.found[0]

    def _groups(self) -> Iterator[Ints]:
        """Yield sites by group, neighbours together, along a Z-order curve (Morton, 1966)."""
        low, high = self.sites.min(axis=0, initial=np.inf), self.sites.max(axis=0, initial=-np.inf)
        cell = ((self.sites - low) / np.maximum(high - low, 1e-12) * (GRID - 1)).astype(np.int64)
        key = np.zeros(self.n_sites, dtype=np.int64)
        for bit in range(GRID.bit_length() - 1):
            key |= ((cell[:, 0] >> bit & 1) << 2 * bit) | ((cell[:, 1] >> bit & 1) << 2 * bit + 1)
        order = np.argsort(key, kind="stable")
        size = GROUP if self.grouped else 1
        for start in range(0, self.n_sites, size):
            yield order[start : start + size]

    def _block(self, group: Ints, limit: float, *, together: bool = False) -> Floats:
        """Return the distances (g, n) of all points to some sites, infinite beyond a limit; together: to any (1, n)."""
        if self.direction == "to_hub":
            block = self.one_way(group, limit, to_hub=True, together=together)
        elif self.direction == "from_hub":
            block = self.one_way(group, limit, to_hub=False, together=together)
        else:
            # Half of there and back is within a reach only if each of the two is within twice of it.
            most = 2 * limit if self.direction == "both" else limit
            there, back = (self.one_way(group, most, to_hub=way, together=together) for way in (True, False))
            block = (there + back) / 2 if self.direction == "both" else np.minimum(there, back)
        return block

    def one_way(self, group: Ints, limit: float, *, to_hub: bool, together: bool = False) -> Floats:
        """Return the distances (g, n) of all points to some sites in one direction, infinite beyond a limit."""
        row = np.zeros(len(group), dtype=np.intp) if together else np.arange(len(group))
        cost = (self.site_ends.arrive if to_hub else self.site_ends.leave)[group]
        found, at = self._search(row, self.site_ends.junction[group], cost, limit, to_hub=to_hub)
        block = np.full((len(found), self.n_points), np.inf)
        node, way = at[self.point_ends.junction], self.point_ends.leave if to_hub else self.point_ends.arrive
        touched = np.flatnonzero(((node < found.shape[1] - 1) & (way <= limit)).any(axis=1))
        block[:, touched] = np.min([found[:, node[touched, end]] + way[touched, end] for end in range(4)], axis=0)
        self._on_same_edge(block, row, group, to_hub=to_hub)
        if self.off_road.straight:
            self._walk(block, row, group, limit)
        block[block > limit] = np.inf
        return block

    def _search(self, row: Ints, junction: Ints, cost: Floats, limit: float, *, to_hub: bool) -> tuple[Floats, Ints]:
        """Return the shortest ways (r, q + 1) from sources to the junctions they reach, and where each (j,) stands.

        The last column is infinite: there stand all junctions that no source reaches.
        """
        whole, inside, at = self.around(row, junction, cost, limit, to_hub=to_hub)
        sources = whole.shape[0] - len(inside)
        found = np.full((sources, len(inside) + 1), np.inf)
        if sources:
            ways = dijkstra(whole, indices=len(inside) + np.arange(sources), limit=limit)
            found[:, :-1] = ways[:, : len(inside)]
        return found, at

    def around(
        self, row: Ints, junction: Ints, cost: Floats, limit: float, *, to_hub: bool
    ) -> tuple[csr_array, Ints, Ints]:
        """Return the part of the roads that a search passes, with its sources as the last nodes.

        A source is a node of its own, from which arcs (k, 4) of some cost lead to junctions.

        Returns
        -------
        graph, inside, at
            Costs; the junctions (q,) that its first nodes are; and (j,) the node of each junction, q for others.
        """
        graph = self.roads.reverse if to_hub else self.roads.graph
        size, sources = graph.shape[0], int(row.max(initial=-1)) + 1
        first = np.unique(junction[cost <= limit])
        inside: Ints = np.arange(size)
        if self.grouped and np.isfinite(limit):
            inside = self._reached(graph, first, limit)
        at = np.full(size, len(inside), dtype=np.intp)
        at[inside] = np.arange(len(inside))
        part = graph if len(inside) == size else csr_array(graph[inside][:, inside])
        allowed = cost <= limit
        tail = np.repeat(row[:, None], cost.shape[1], axis=1)[allowed] + len(inside)
        begin = arcs(tail, at[junction[allowed]], cost[allowed], len(inside) + sources)
        indptr = np.concatenate([part.indptr, part.indptr[-1] + begin.indptr[len(inside) + 1 :]])
        arrays = [
            np.concatenate([one, other]) for one, other in ((part.data, begin.data), (part.indices, begin.indices))
        ]
        return csr_array((*arrays, indptr), shape=begin.shape), inside, at

    def _reached(self, graph: csr_array, first: Ints, limit: float) -> Ints:
        """Return the junctions within a limit of any of some: all that a shortest way within it can pass."""
        if not len(first):
            return NONE
        spots = self.roads.spots
        middle = spots[first].mean(axis=0)
        away = np.linalg.norm(spots[first] - middle, axis=1).max() + self.roads.most_speed * limit
        near: Ints = np.flatnonzero(((spots - middle) ** 2).sum(axis=1) <= (away * (1 + 1e-9) + 1e-12) ** 2)
        part = csr_array(graph[near][:, near])
        ways = dijkstra(part, indices=np.searchsorted(near, first), min_only=True, limit=limit)
        return np.asarray(near[np.isfinite(ways)], dtype=np.intp)

    def _on_same_edge(self, block: Floats, row: Ints, group: Ints, *, to_hub: bool) -> None:
        """Lower distances (r, n) to those along an edge that point and site both stand at."""
        points, sites = self.point_ends, self.site_ends
        order, edge = self._slots_by_edge
        for number, site in zip(row.tolist(), group.tolist(), strict=True):
            for end in np.flatnonzero(sites.edge[site] >= 0).tolist():
                at, forth, back, off = (part[site, end] for part in (sites.at, sites.forth, sites.back, sites.off))
                low, high = np.searchsorted(edge, [sites.edge[site, end], sites.edge[site, end] + 1])
                slots = order[low:high]
                near = [part.ravel()[slots] for part in (points.at, points.forth, points.back, points.off)]
                after, before = near[0] >= at, near[0] <= at
                with np.errstate(invalid="ignore"):  # infinity from infinity: closed that way
                    # People at a point after the site go back to a hub, and a hub's visitor goes forth to them.
                    later = near[2] - back if to_hub else near[1] - forth
                    sooner = forth - near[1] if to_hub else back - near[2]
                ways = np.minimum(_open(later, after), _open(sooner, before))
                np.minimum.at(block[number], slots // 2, ways + off + near[3])

    def _walk(self, block: Floats, row: Ints, group: Ints, limit: float) -> None:
        """Lower distances (r, n) to those of walking straight, where that is not too far."""
        most = min(self.off_road.most_km, limit / self.off_road.pace) * (1 + REACH_TOLERANCE)
        near = self._tree.query_ball_point(on_sphere(self.sites[group]), float(chord(most)) * (1 + 1e-9) + 1e-12)
        measure = GreatCircle(self.points, self.sites).measure
        for number, site, points in zip(row.tolist(), group.tolist(), near, strict=True):
            km = measure(self.points[points], self.sites[[site]])
            cost = np.where(within(km, self.off_road.most_km), km * self.off_road.pace, np.inf)
            shorter = np.flatnonzero((cost < block[number, points]) & (cost <= limit))
            walkers = np.array(points, dtype=np.intp)[shorter]
            if self.off_road.barred is not None:
                clear = ~self.off_road.barred(self.points[walkers], np.repeat(self.sites[[site]], len(walkers), axis=0))
                walkers, shorter = walkers[clear], shorter[clear]
            block[number, walkers] = cost[shorter]

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(on_sphere(self.points))

    @cached_property
    def point_ends(self) -> Ends:
        """How points are joined to the roads."""
        return _ends(self.roads, self.point_snaps, self.off_road.pace)

    @cached_property
    def site_ends(self) -> Ends:
        """How sites are joined to the roads."""
        return _ends(self.roads, self.site_snaps, self.off_road.pace)

    @cached_property
    def _slots_by_edge(self) -> tuple[Ints, Ints]:
        """Snaps of points, two a point, by the edge they are at."""
        edge = self.point_ends.edge.ravel()
        order = np.argsort(edge, kind="stable")
        return order, edge[order]


NONE: Ints = np.zeros(0, dtype=np.intp)


def _open(cost: Floats, allowed: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    """Return costs where a way leads on and is open, else infinity; rounding below 0 is 0."""
    return np.where(allowed & np.isfinite(cost), np.maximum(cost, 0.0), np.inf)


def _ends(roads: RoadGraph, snaps: Snaps, pace: float) -> Ends:
    edges, there = roads.edges, snaps.segment >= 0
    segment = np.where(there, snaps.segment, 0)
    edge, share = edges.of[segment], np.where(edges.turned[segment], 1 - snaps.share, snaps.share)
    turned = edges.turned[segment]
    costs = np.where(turned, roads.backward[segment], roads.forward[segment])
    returns = np.where(turned, roads.forward[segment], roads.backward[segment])
    forth = np.where(np.isfinite(edges.forward[edge]), edges.forth[segment] + share * _finite(costs), np.inf)
    back = np.where(np.isfinite(edges.backward[edge]), edges.back[segment] + share * _finite(returns), np.inf)
    off = np.where(there, snaps.km * pace, np.inf)
    to_end, from_end = (_rest(whole[edge], part) for whole, part in ((edges.forward, forth), (edges.backward, back)))
    junction = np.stack([edges.start[edge], edges.end[edge]], axis=2)
    leave, arrive = np.stack([back, to_end], axis=2), np.stack([forth, from_end], axis=2)
    # A place at a junction is there for all roads that meet in it, whichever way the one goes that it was found on.
    vertex = np.select(
        [snaps.share * roads.km[segment] <= SAME_PLACE_KM, (1 - snaps.share) * roads.km[segment] <= SAME_PLACE_KM],
        [roads.start[segment], roads.end[segment]],
        default=-1,
    )
    for ways in (leave, arrive):
        ways[edges.junction[junction] == vertex[:, :, None]] = 0.0
    return Ends(
        edge=np.where(there, edge, -1),
        at=edges.km[segment] + share * roads.km[segment],
        forth=forth,
        back=back,
        off=off,
        junction=junction.reshape(len(off), 4),
        leave=(leave + off[:, :, None]).reshape(len(off), 4),
        arrive=(arrive + off[:, :, None]).reshape(len(off), 4),
    )


def _finite(cost: Floats) -> Floats:
    return np.where(np.isfinite(cost), cost, 0.0)


def _rest(whole: Floats, part: Floats) -> Floats:
    """Return what is left of a way; infinity where it is closed."""
    closed = ~np.isfinite(whole)
    return np.where(closed, np.inf, np.maximum(np.where(closed, 0.0, whole) - np.where(closed, 0.0, part), 0.0))


@dataclass(frozen=True, eq=False)
class Quickest:
    """Travel by whichever of several means is quickest for a pair, such as on foot or by motorcycle.

    Parameters
    ----------
    means
        Travel by each, between the same points and sites.
    names
        What they are called, where each may have a reach of its own.
    """

    means: tuple[Network, ...]
    names: tuple[str, ...] = ()

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return self.means[0].n_points

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return self.means[0].n_sites

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach by any means, each with its least distance."""
        found = [means.pairs(start, stop, reach) for means in self.means]
        point, site, distance = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.lexsort((distance, site, point))
        point, site, distance = point[order], site[order], distance[order]
        first = np.ones(len(point), dtype=np.bool_)
        first[1:] = (np.diff(point) != 0) | (np.diff(site) != 0)
        return point[first], site[first], distance[first]

    def from_site(self, site: int) -> Floats:
        """Return the least distances of all points to one site."""
        return np.asarray(np.min([means.from_site(site) for means in self.means], axis=0))

    def between_sites(self) -> Quickest:
        """Return the kilometres between sites by whichever means has fewer."""
        return Quickest(tuple(means.between_sites() for means in self.means))

    def among(self, sites: Ints) -> Quickest:
        """Return the same travel to some of the sites."""
        return Quickest(tuple(means.among(sites) for means in self.means), self.names)

    def within_own(self, point: Ints, site: Ints, reach: Mapping[str, Floats]) -> Bools:
        """Tell which pairs (k,) are within reach by any means, each by its own reach (k,) for each pair."""
        found = np.zeros(len(point), dtype=np.bool_)
        for name, means in zip(self.names, self.means, strict=True):
            found |= within(means.up_to(float(reach[name].max(initial=0.0)), point, site), reach[name])
        return found

    def nearest(self) -> Floats:
        """Return the least distances of all points to their nearest site."""
        return np.asarray(np.min([means.nearest() for means in self.means], axis=0))

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the least distances of some pairs."""
        return np.asarray(np.min([means.along(point, site) for means in self.means], axis=0))

"""Roads as arrays: segments between vertices, contracted to edges between junctions; the nearest to a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from hubplanner.problem.arrays import Bools, Floats, Ints, spans
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM, GreatCircle

PIECE_KM = 0.2
"""Length up to which a segment is one point of the tree that finds roads near a place."""
SAME_PLACE_KM = 1e-9
"""Difference of two distances that is rounding: of roads as near as this the first in the file is taken."""
FIRST_LOOK = 8
"""Pieces of road that are measured for a place before more are asked for."""
LEAF = 32
"""Pieces of road that the tree holds without parting them: many, since each of its nodes takes memory."""
JOIN_KM = 0.1
"""How far apart at most the points of a segment are by which it may be joined where a barrier bars the nearest one."""
FEW_LEGS = 8
"""Ways off the road that are looked at for a place before more are."""
AT_ONCE = 1 << 17
"""Segments, or pieces of road near places, that are looked at together, to hold few of their vectors at a time."""

Barred = Callable[[Floats, Floats], Bools]
"""Tells which straight ways off the road between places (k, 2) and (k, 2) in degrees meet a barrier."""


class Edges(NamedTuple):
    """Roads between junctions, each made of one segment or more in a row.

    Parameters
    ----------
    junction
        (j,) vertex of each junction.
    start, end
        (e,) junctions of each edge.
    forward, backward
        (e,) cost from start to end and back; infinite where that is not allowed.
    of
        (s,) edge of each segment.
    turned
        (s,) whether a segment runs against its edge.
    km, forth, back
        (s,) from the edge's start to where the segment begins along it: length, cost on the way there, and cost of the
        way back; 0 in a direction that is not allowed.
    """

    junction: Ints
    start: Ints
    end: Ints
    forward: Floats
    backward: Floats
    of: Ints
    turned: Bools
    km: Floats
    forth: Floats
    back: Floats


class Snaps(NamedTuple):
    """Where places join the roads: at up to two, the second one off the islands; each array is (n, 2).

    Parameters
    ----------
    segment
        Nearest segment; -1 where there is none near enough, or no second one is needed.
    share
        How far along the segment, 0 to 1.
    km
        From the place to there in a straight line; infinite without a segment.
    """

    segment: Ints
    share: Floats
    km: Floats

    def some(self, which: Ints) -> Snaps:
        """Return those of some places."""
        return Snaps(self.segment[which], self.share[which], self.km[which])


@dataclass(frozen=True, eq=False, kw_only=True)
class RoadGraph:
    """Roads that may be used by one means, and what it costs to go along them.

    Parameters
    ----------
    vertices
        (v, 2) longitudes and latitudes in degrees.
    start, end
        (s,) vertices of each segment, two different ones.
    km
        (s,) lengths.
    forward, backward
        (s,) cost from start to end and back, at least 0, in minutes or in the unit of reach; infinite where that is not
        allowed. One of the two at least is finite.
    boards
        (s,) whether people may join the segment anywhere along it, as on a road, not only at its ends, as on a ferry.
    island_km
        Parts of the network with less road than this are islands, but for the longest part.
    contracted
        Whether vertices that are only passed through are left out of the search; the costs are the same.
    lengths
        (s,) kilometres from start to end and back, infinite where that is not allowed, if they are not ``km`` both.
    line
        (s,) line of a file that each segment is of, by its position there; the segment itself if left out.

    >>> line = RoadGraph(
    ...     vertices=np.array([[0.0, 0.0], [0.01, 0.0], [0.02, 0.0]]), start=np.array([0, 1]), end=np.array([1, 2]),
    ...     km=np.array([1.0, 1.0]), forward=np.array([1.0, 3.0]), backward=np.array([1.0, np.inf]),
    ...     boards=np.array([True, True]))
    >>> len(line.edges.start), line.n_parts
    (2, 1)
    """

    vertices: Floats
    start: Ints
    end: Ints
    km: Floats
    forward: Floats
    backward: Floats
    boards: Bools
    island_km: float = 0.0
    contracted: bool = True
    lengths: tuple[Floats, Floats] | None = None
    line: Ints | None = None

    @cached_property
    def in_km(self) -> RoadGraph:
        """The same roads, with their lengths as cost."""
        forward, backward = self.lengths or (
            np.where(np.isfinite(cost), self.km, np.inf) for cost in (self.forward, self.backward)
        )
        return replace(self, forward=forward, backward=backward)

    @cached_property
    def without_twins(self) -> RoadGraph:
        """The same roads with those between the same two vertices as one, each way the cheapest and the shortest.

        They lie upon each other, so that who joins one joins all: a street that is drawn once for each direction is one
        street, and may be gone both ways from any place at it.
        """
        low, high = np.minimum(self.start, self.end), np.maximum(self.start, self.end)
        key = (low.astype(np.int64) * len(self.vertices) + high) * 2 + self.boards
        _, first, of = np.unique(key, return_index=True, return_inverse=True)
        if len(first) == len(self.start):
            return self
        of = np.argsort(np.argsort(first))[of]
        first = np.sort(first)
        against = (self.start > self.end) != (self.start > self.end)[first[of]]

        def least(along: Floats, back: Floats) -> tuple[Floats, Floats]:
            both = np.full((2, len(first)), np.inf)
            np.minimum.at(both[0], of, np.where(against, back, along))
            np.minimum.at(both[1], of, np.where(against, along, back))
            return both[0], both[1]

        forward, backward = least(self.forward, self.backward)
        return replace(
            self,
            start=self.start[first],
            end=self.end[first],
            km=least(self.km, self.km)[0],
            forward=forward,
            backward=backward,
            boards=self.boards[first],
            lengths=least(self.in_km.forward, self.in_km.backward),
            line=None if self.line is None else self.line[first],
        )

    @cached_property
    def edges(self) -> Edges:
        """The roads between junctions."""
        return _edges(self)

    @cached_property
    def _arcs(self) -> tuple[Ints, Ints, Floats]:
        """Junctions (2 e,) that each edge leads from and to, along it and then against it, and its cost."""
        edges = self.edges
        tail, head = np.concatenate([edges.start, edges.end]), np.concatenate([edges.end, edges.start])
        return tail, head, np.concatenate([edges.forward, edges.backward])

    @cached_property
    def graph(self) -> csr_array:
        """Cost from junction to junction (j, j) along the cheapest road between; a stored 0 is a way for nothing."""
        return arcs(*self._arcs, len(self.edges.junction))

    @cached_property
    def edge_between(self) -> csr_array:
        """Which edge that cost is of (j, j), from 1; below 0 where it is gone against its direction."""
        tail, head, cost = self._arcs
        size = len(self.edges.junction)
        number = np.arange(1, len(self.edges.start) + 1)
        keep = cheapest(tail, head, cost)
        cells = (np.concatenate([number, -number])[keep], (tail[keep], head[keep]))
        return csr_array(coo_array(cells, shape=(size, size)))

    @cached_property
    def _in_row(self) -> tuple[Ints, Ints]:
        """Segments by edge, each edge's in the order in which they lie along it, and where each edge's begin."""
        edges = self.edges
        order = np.lexsort((edges.km, edges.of))
        return order, np.searchsorted(edges.of[order], np.arange(len(edges.start) + 1))

    @cached_property
    def edge_km(self) -> Floats:
        """Length (e,) of each edge."""
        return np.asarray(np.bincount(self.edges.of, weights=self.km, minlength=len(self.edges.start)))

    def shape(self, edge: int, begin_km: float | None = None, end_km: float | None = None) -> Floats:
        """Return the places (n, 2) in degrees along an edge, between two distances from its start; turned if they are.

        Parameters
        ----------
        begin_km, end_km
            From where to where; from its start, and to its end, if left out.
        """
        order, first = self._in_row
        segments = order[first[edge] : first[edge + 1]]
        turned = self.edges.turned[segments]
        begin = np.where(turned, self.end[segments], self.start[segments])
        last = self.start[segments[-1]] if turned[-1] else self.end[segments[-1]]
        spots: Floats = self.vertices[np.append(begin, last)]
        if begin_km is None and end_km is None:
            return spots
        km = np.append(self.edges.km[segments], self.edges.km[segments[-1]] + self.km[segments[-1]])
        low, high = sorted([0.0 if begin_km is None else begin_km, km[-1] if end_km is None else end_km])
        cut = np.array([low, high])
        at = np.clip(np.searchsorted(km, cut, side="right") - 1, 0, len(segments) - 1)
        length = km[at + 1] - km[at]
        share = np.clip(np.divide(cut - km[at], length, out=np.zeros(2), where=length > 0), 0, 1)
        ends = between(spots[at], spots[at + 1], share)
        inner = spots[(km > low + SAME_PLACE_KM) & (km < high - SAME_PLACE_KM)]
        path = np.vstack([ends[:1], inner, ends[1:]])
        return path if (begin_km or 0.0) <= (np.inf if end_km is None else end_km) else path[::-1]

    @cached_property
    def reverse(self) -> csr_array:
        """The same with every way turned around, to search from where ways end."""
        return csr_array(self.graph.T.tocsr())

    @cached_property
    def spots(self) -> Floats:
        """Places of the junctions on the unit sphere (j, 3)."""
        return on_sphere(self.vertices[self.edges.junction])

    @cached_property
    def most_speed(self) -> float:
        """Straight way on the unit sphere that a unit of cost brings anyone at most."""
        arc = self.graph.tocoo()
        far = np.linalg.norm(self.spots[arc.row] - self.spots[arc.col], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.where(far > 0, far / arc.data, 0.0).max(initial=0.0))

    # -- parts that no road joins -----------------------------------------------------------------------------------

    @cached_property
    def part(self) -> Ints:
        """Part of the network (s,) that each segment belongs to: 0 is the longest."""
        n = len(self.vertices)
        joined = csr_array((np.ones(len(self.start), dtype=np.int8), (self.start, self.end)), shape=(n, n))
        component = connected_components(joined, directed=False)[1][self.start]
        known, label = np.unique(component, return_inverse=True)
        order = np.argsort(-np.bincount(label, weights=self.km, minlength=len(known)), kind="stable")
        rank = np.empty(len(known), dtype=np.intp)
        rank[order] = np.arange(len(known))
        return rank[label]

    @cached_property
    def part_km(self) -> Floats:
        """Length of road in each part (p,), the longest first."""
        return np.asarray(np.bincount(self.part, weights=self.km), dtype=np.float64)

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self.part_km)

    @cached_property
    def on_island(self) -> Bools:
        """Whether each segment (s,) belongs to an island."""
        return np.asarray((self.part > 0) & (self.part_km[self.part] < self.island_km))

    # -- the nearest road to a place --------------------------------------------------------------------------------

    def snap(self, places: Floats, most_km: float, barred: Barred | None = None) -> Snaps:
        """Return where places (n, 2) join the roads: at the nearest point of any, and of any that is not an island.

        Parameters
        ----------
        most_km
            Straight distance beyond which a road is too far.
        barred
            Ways off the road that are closed, as in `NearestRoad.nearest_open`; none if left out.
        """
        near = self.every_road.nearest_open(places, most_km, barred)
        segment = np.column_stack([near[0], np.full(len(places), -1)])
        share = np.column_stack([near[1], np.zeros(len(places))])
        km = np.column_stack([near[2], np.full(len(places), np.inf)])
        lonely = np.flatnonzero((segment[:, 0] >= 0) & self.on_island[segment[:, 0]])
        if len(lonely):
            segment[lonely, 1], share[lonely, 1], km[lonely, 1] = self._main_roads.nearest_open(
                places[lonely], most_km, barred
            )
        return Snaps(segment, share, km)

    @cached_property
    def every_road(self) -> NearestRoad:
        """The nearest of all roads that may be joined."""
        return NearestRoad.of(self, np.flatnonzero(self.boards))

    @cached_property
    def _main_roads(self) -> NearestRoad:
        return NearestRoad.of(self, np.flatnonzero(self.boards & ~self.on_island))


def on_sphere(places: Floats) -> Floats:
    """Return longitudes and latitudes (n, 2) as points on the unit sphere (n, 3)."""
    return GreatCircle(places, places).embed(places)


def arcs(tail: Ints, head: Ints, cost: Floats, size: int) -> csr_array:
    """Return a graph of the finite arcs, of several between two nodes the cheapest, as scipy searches it."""
    keep = cheapest(tail, head, cost)
    return csr_array(coo_array((cost[keep], (tail[keep], head[keep])), shape=(size, size)))


def cheapest(tail: Ints, head: Ints, cost: Floats) -> Ints:
    """Return which arcs are finite and the cheapest of those between the same two nodes, which differ."""
    keep = np.flatnonzero(np.isfinite(cost) & (tail != head))
    keep = keep[np.lexsort((cost[keep], head[keep], tail[keep]))]
    first = np.ones(len(keep), dtype=np.bool_)
    first[1:] = (np.diff(tail[keep]) != 0) | (np.diff(head[keep]) != 0)
    return np.asarray(keep[first], dtype=np.intp)


def between(start: Floats, end: Floats, share: Floats) -> Floats:
    """Return places (n, 2) in degrees at shares (n,) of the way along arcs of great circles.

    >>> between(np.array([[179.0, 0.0]]), np.array([[-179.0, 0.0]]), np.array([0.75])).round(9).tolist()
    [[-179.5, 0.0]]
    """
    first, last = on_sphere(start), on_sphere(end)
    angle = 2 * np.arcsin(np.minimum(np.linalg.norm(last - first, axis=1) / 2, 1.0))
    whole = np.maximum(np.sin(angle), 1e-300)
    spot = (first * np.sin((1 - share) * angle)[:, None] + last * np.sin(share * angle)[:, None]) / whole[:, None]
    lon, lat = np.arctan2(spot[:, 1], spot[:, 0]), np.arctan2(spot[:, 2], np.hypot(spot[:, 0], spot[:, 1]))
    places = np.degrees(np.column_stack([lon, lat]))
    places[share <= 0], places[share >= 1] = start[share <= 0], end[share >= 1]
    return np.asarray(places)


def _edges(roads: RoadGraph) -> Edges:
    """Return roads with the vertices left out that are only passed through.

    Each segment is two half-edges, 2 s along it and 2 s + 1 against it; ``after`` leads from one to the next through a
    vertex that is passed, so that a chain is walked by following it, all chains at once.
    """
    size = len(roads.start)
    origin = np.empty(2 * size, dtype=np.intp)
    origin[0::2], origin[1::2] = roads.start, roads.end
    after = _passing(roads, origin)
    linked = np.flatnonzero(after >= 0)
    chain: Any = csr_array((np.ones(len(linked), dtype=np.int8), (linked >> 1, after[linked] >> 1)), shape=(size, size))
    count, label = connected_components(chain, directed=False)
    of = np.asarray(label, dtype=np.intp)
    _cut_rings(after, of, count, origin)
    half = np.arange(2 * size)
    first = half[after[half ^ 1] < 0]  # nothing leads on from the other side to where these begin
    here = first[np.unique(of[first >> 1], return_index=True)[1]]
    begin, turned = origin[here], np.zeros(size, dtype=np.bool_)
    open_ways = np.isfinite(np.stack([roads.forward, roads.backward]))
    costs = np.where(open_ways, np.stack([roads.forward, roads.backward]), 0.0)
    sums, before = np.zeros((3, count)), np.zeros((3, size))
    last, live = here.copy(), np.arange(count)
    both = np.zeros((2, count), dtype=np.bool_)
    both[:] = open_ways[[here & 1, 1 - (here & 1)], here >> 1]
    while len(live):
        last[live] = here[live]
        segment, flip = here[live] >> 1, here[live] & 1
        turned[segment] = flip == 1
        before[:, segment] = sums[:, live]
        sums[0, live] += roads.km[segment]
        sums[1, live] += costs[flip, segment]
        sums[2, live] += costs[1 - flip, segment]
        here[live] = after[here[live]]
        live = live[here[live] >= 0]
    ends = np.stack([begin, origin[last ^ 1]])
    junction, number = np.unique(ends, return_inverse=True)
    number = number.reshape(ends.shape)
    forward, backward = np.where(both, sums[1:], np.inf)
    return Edges(junction, number[0], number[1], forward, backward, of, turned, *before)


def _passing(roads: RoadGraph, origin: Ints) -> Ints:
    """Return the half-edge that follows each (2 s,) where the vertex between is only passed through; else -1.

    A vertex is passed where two segments meet that are both two-way, or both one-way and in line.
    """
    after = np.full(len(origin), -1, dtype=np.intp)
    if not roads.contracted:
        return after
    order = np.argsort(origin, kind="stable")
    degree = np.bincount(origin, minlength=len(roads.vertices))
    first = (np.cumsum(degree) - degree)[degree == 2]  # noqa: PLR2004 - a way in and a way out
    one, other = order[first], order[first + 1]
    leaves = np.empty(len(origin), dtype=np.bool_)
    leaves[0::2], leaves[1::2] = np.isfinite(roads.forward), np.isfinite(roads.backward)
    fits = (leaves[one] == leaves[other ^ 1]) & (leaves[one ^ 1] == leaves[other])
    one, other = one[fits], other[fits]
    after[one ^ 1], after[other ^ 1] = other, one
    return after


def _cut_rings(after: Ints, of: Ints, count: int, origin: Ints) -> None:
    """Give each chain without an end, a ring that no other road meets, a junction where its first segment begins."""
    has_end = np.zeros(count, dtype=np.bool_)
    has_end[of[np.flatnonzero(after < 0) >> 1]] = True
    ring = ~has_end[of]
    if not ring.any():
        return
    segments = np.flatnonzero(ring)
    first = segments[np.unique(of[segments], return_index=True)[1]]
    cut = np.isin(origin, origin[2 * first])
    arriving = np.flatnonzero(cut) ^ 1  # what ends where these begin
    after[arriving] = -1


@dataclass(frozen=True, eq=False)
class NearestRoad:
    """Finds the nearest point of some segments, as arcs of great circles, proven to be so.

    The tree holds the middle of every piece of road. Nothing nearer is left out once the last middle that was looked at
    is farther away than what was found by more than half a piece.
    """

    roads: tuple[Floats, Ints, Ints]
    """Places of vertices in degrees, and the vertices where segments begin and end."""
    owner: Ints
    """Segment that each piece (p,) is of."""
    tree: KDTree | None
    half: float
    """Half of the longest piece."""

    @classmethod
    def of(cls, roads: RoadGraph, which: Ints) -> NearestRoad:
        """Return the nearest of some segments."""
        owners, middles, half = [np.zeros(0, dtype=np.int32)], [np.zeros((0, 3))], 0.0
        for begin in range(0, len(which), AT_ONCE):
            some = which[begin : begin + AT_ONCE]
            first, along, angle = _great_arcs((roads.vertices, roads.start, roads.end), some)
            pieces = np.maximum(np.ceil(angle * EARTH_RADIUS_KM / PIECE_KM), 1).astype(np.intp)
            owner = np.repeat(np.arange(len(some)), pieces)
            number = spans(np.zeros_like(pieces), pieces)
            at = angle[owner] * (number + 0.5) / pieces[owner]
            middles.append(first[owner] * np.cos(at)[:, None] + along[owner] * np.sin(at)[:, None])
            owners.append(some[owner].astype(np.int32))
            half = max(half, float((angle / pieces).max()) / 2)  # a chord is no longer than its arc
        left = sum(map(len, middles))
        middle = np.empty((left, 3))
        while middles:  # each part goes once it is copied
            part = middles.pop()
            middle[left - len(part) : left] = part
            left -= len(part)
        # Cells halved where they are widest are made sooner than those halved by what is in them.
        tree = KDTree(middle, leafsize=LEAF, balanced_tree=False, compact_nodes=False) if len(middle) else None
        return cls((roads.vertices, roads.start, roads.end), np.concatenate(owners), tree, half)

    def nearest(
        self, places: Floats, most_km: float, apart: tuple[Ints, Ints] | None = None
    ) -> tuple[Ints, Floats, Floats]:
        """Return the nearest segment (n,) to places (n, 2), how far along it that is, and the distance in km.

        Parameters
        ----------
        most_km
            Distance beyond which a segment is too far: -1 stands for none that is near enough.
        apart
            A label of each segment of the roads, and one of each place: those with the same are not looked at.
        """
        segment, share, km = (
            np.full(len(places), -1, dtype=np.intp),
            np.zeros(len(places)),
            np.full(len(places), np.inf),
        )
        looks, size = FIRST_LOOK, len(self.owner)
        open_ones = np.arange(len(places) if size else 0)
        while len(open_ones):
            looks = min(looks, size)
            rows, left = max(AT_ONCE // looks, 1), []
            for begin in range(0, len(open_ones), rows):
                some = open_ones[begin : begin + rows]
                label = None if apart is None else (apart[0], apart[1][some])
                segment[some], share[some], km[some], proven = self._look(places[some], most_km, looks, label)
                left.append(some[~proven])
            open_ones, looks = np.concatenate(left), looks * 4
        return segment, share, km

    def nearest_open(self, places: Floats, most_km: float, barred: Barred | None) -> tuple[Ints, Floats, Floats]:
        """Return the same of those points of roads to which no barrier bars the straight way.

        Where it bars the way to the nearest point of all, looked at are the nearest point of each segment, its two ends
        and points in even steps of at most `JOIN_KM` between them. The way to the nearest open one of these is longer
        by a step at most than that to the nearest open point of any road that is open there for as long as a step.
        """
        segment, share, km = self.nearest(places, most_km)
        if barred is None:
            return segment, share, km
        there = np.flatnonzero(segment >= 0)
        there = there[barred(places[there], self._spot(segment[there], share[there]))]
        room = np.minimum(np.maximum(2 * km[there], JOIN_KM), most_km)
        segment[there], share[there], km[there] = -1, 0.0, np.inf
        alone = barred(places[there], places[there])  # a place on a barrier has no way from it
        there, room = there[~alone], room[~alone]
        while len(there):
            pieces = np.cumsum(self._near(places[there], room, return_length=True))
            cuts = np.flatnonzero(np.diff(pieces // AT_ONCE)) + 1
            for some, within in zip(np.split(there, cuts), np.split(room, cuts), strict=True):
                segment[some], share[some], km[some] = self._open(places[some], within, barred)
            left = (segment[there] < 0) & (room < most_km)
            there, room = there[left], np.minimum(2 * room[left], most_km)
        return segment, share, km

    def _open(self, places: Floats, room: Floats, barred: Barred) -> tuple[Ints, Floats, Floats]:
        """Return the nearest open point of any segment within a distance (n,) of each place, as `nearest_open`."""
        size = len(places)
        found = np.full(size, -1, dtype=np.intp), np.zeros(size), np.full(size, np.inf)
        place, owner, share = self._joints(places, room)
        spot = self._spot(owner, share)
        gap = np.linalg.norm(on_sphere(spot) - on_sphere(places)[place], axis=1)
        far = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(gap / 2, 1.0))
        order = np.lexsort((share, owner, far, place))
        order = order[far[order] <= room[place[order]] * (1 + 1e-9)]
        first = np.searchsorted(place[order], np.arange(size + 1))
        rank = np.arange(len(order)) - first[place[order]]
        begin, end = 0, FEW_LEGS
        while True:
            looked = order[(rank >= begin) & (rank < end) & np.isinf(found[2][place[order]])]
            if not len(looked):
                break
            clear = looked[~barred(places[place[looked]], spot[looked])]
            np.minimum.at(found[2], place[clear], far[clear])
            begin, end = end, 4 * end
        # Of points as near as each other that of the first segment is taken.
        same = order[far[order] <= found[2][place[order]] + SAME_PLACE_KM]
        same = same[np.isfinite(found[2][place[same]])]
        same = same[~barred(places[place[same]], spot[same])]
        same = same[np.lexsort((share[same], owner[same], place[same]))]
        here, at = np.unique(place[same], return_index=True)
        found[0][here], found[1][here] = owner[same[at]], share[same[at]]
        return found

    def _joints(self, places: Floats, room: Floats) -> tuple[Ints, Ints, Floats]:
        """Return the points by which segments near places may be joined: place (k,), segment, and how far along it."""
        spots, near = on_sphere(places), self._near(places, room, return_length=False)
        place = np.repeat(np.arange(len(places)), [len(pieces) for pieces in near])
        owner = self.owner[np.concatenate([*near, []]).astype(np.intp)].astype(np.intp)
        place, owner = np.unique(np.stack([place, owner]), axis=1)
        foot = self._measure(spots[place], owner[:, None])[1][:, 0]
        steps = np.maximum(np.ceil(_great_arcs(self.roads, owner)[2] * EARTH_RADIUS_KM / JOIN_KM - 1e-6), 1)
        count = steps.astype(np.intp) + 1
        of = np.repeat(np.arange(len(owner)), count)
        even = spans(np.zeros_like(count), count) / steps[of]
        return np.append(place, place[of]), np.append(owner, owner[of]), np.append(foot, even)

    def _near(self, places: Floats, room: Floats, *, return_length: bool) -> Any:
        """Return the pieces of road that may be within a distance (n,) of each place, or how many they are."""
        far = chord(room) * (1 + 1e-9) + self.half + 1e-12
        return cast("Any", self.tree).query_ball_point(on_sphere(places), far, return_length=return_length)

    def _spot(self, segment: Ints, share: Floats) -> Floats:
        """Return places (k, 2) in degrees along segments."""
        vertices, start, end = self.roads
        return between(vertices[start[segment]], vertices[end[segment]], share)

    def _look(
        self, places: Floats, most_km: float, looks: int, apart: tuple[Ints, Ints] | None
    ) -> tuple[Ints, Floats, Floats, Bools]:
        """Return the same of the pieces whose middles are nearest, and whether nothing else can be nearer."""
        spots, query = on_sphere(places), cast("Any", self.tree).query
        limit = chord(most_km) * (1 + 1e-9) + self.half + 1e-12
        distance, piece = query(spots, k=np.arange(1, looks + 1), distance_upper_bound=limit, workers=-1)
        found = np.isfinite(distance)
        owner = self.owner[np.where(found, piece, 0)].astype(np.intp)
        far, part = self._measure(spots, owner)
        meant = found if apart is None else found & (apart[0][owner] != apart[1][:, None])
        far = np.where(meant, far, np.inf)
        best = far.min(axis=1)
        same = far <= best[:, None] + SAME_PLACE_KM
        column = np.where(same, owner, np.iinfo(np.intp).max).argmin(axis=1)
        rows, near = np.arange(len(places)), np.isfinite(best) & (best <= most_km * (1 + 1e-9))
        reached = np.where(np.isfinite(best), best, most_km) + 2 * SAME_PLACE_KM
        proven = ~found[:, -1] | (distance[:, -1] - self.half > chord(reached)) | (looks == len(self.owner))
        return (
            np.where(near, owner[rows, column], -1),
            np.where(near, part[rows, column], 0.0),
            np.where(near, best, np.inf),
            proven,
        )

    def _measure(self, spots: Floats, owner: Ints) -> tuple[Floats, Floats]:
        """Return the distances (n, k) in km of spots (n, 3) to segments (n, k), and the shares where that is."""
        first, along, angle = _great_arcs(self.roads, owner)
        turn = np.arctan2((spots[:, None] * along).sum(axis=2), (spots[:, None] * first).sum(axis=2))
        # What lies behind the start by up to half a circle is nearer to one of the two ends.
        beyond = (turn > angle) | (turn < 0)
        past_end = turn - angle
        to_start = np.minimum(np.abs(turn), 2 * np.pi - np.abs(turn))
        to_end = np.minimum(np.abs(past_end), 2 * np.pi - np.abs(past_end))
        turn = np.where(beyond, np.where(to_start <= to_end, 0.0, angle), turn)
        foot = first * np.cos(turn)[..., None] + along * np.sin(turn)[..., None]
        gap = np.linalg.norm(foot - spots[:, None], axis=2)
        share = np.divide(turn, angle, out=np.zeros_like(turn), where=angle > 0)
        return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(gap / 2, 1.0)), share


def _great_arcs(roads: tuple[Floats, Ints, Ints], which: Ints) -> tuple[Floats, Floats, Floats]:
    """Return segments of any shape as arcs: where they begin, at right angles to that towards their ends, and angles.

    The first two are unit vectors, with a last axis of 3 more.
    """
    vertices, start, end = roads
    first, last = (on_sphere(vertices[ends[which].ravel()]).reshape(*which.shape, 3) for ends in (start, end))
    angle = 2 * np.arcsin(np.minimum(np.linalg.norm(last - first, axis=-1) / 2, 1.0))
    along = last
    for _ in range(2):  # once more, since the first time leaves the rounding of a short way
        along = along - first * (first * along).sum(axis=-1, keepdims=True)
        along = along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-300)
    return first, along, angle


def chord(km: Any) -> Any:
    """Return the straight line through the unit sphere between places this far apart."""
    return 2 * np.sin(np.minimum(np.asarray(km) / (2 * EARTH_RADIUS_KM), np.pi / 2))

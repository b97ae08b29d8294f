"""The ways that people go along roads: where they lead, beside how long they take."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse.csgraph import dijkstra

from hubplanner.problem.arrays import Floats, Ints
from hubplanner.problem.travel.geometric import GreatCircle
from hubplanner.problem.travel.network import Ends, Network
from hubplanner.problem.travel.roads import SAME_PLACE_KM, between
from hubplanner.tolerances import REACH_TOLERANCE


class Route(NamedTuple):
    """A way between a point and a site.

    Parameters
    ----------
    cost
        What it costs, in the unit of reach.
    road_km
        Kilometres along roads.
    off_km
        Kilometres off the road in straight lines, at both ends; without any road all the way.
    places
        (n, 2) longitudes and latitudes, from the point to the site.
    """

    cost: float
    road_km: float
    off_km: float
    places: Floats


class _Leg(NamedTuple):
    """A part of an edge that a way takes: between two distances in km from the edge's start."""

    edge: int
    begin: float
    end: float


def routes(network: Network, point: Ints, site: Ints, distance: Floats) -> list[Route]:
    """Return a shortest way of each of some pairs; of several the first found.

    Where ways there and back count half each, it is the one to the hub.

    Parameters
    ----------
    point, site
        (k,) pairs that there is a way between.
    distance
        (k,) what `Network.along` says of them, which bounds the search.

    Raises
    ------
    ValueError
        Where there is no way within the distance.
    """
    found: list[Route | None] = [None] * len(point)
    draw = _Drawing(network, to_hub=network.direction != "from_hub")
    for own in np.unique(site).tolist():
        mine = np.flatnonzero(site == own)
        limit = float(distance[mine].max()) * (1 + 2 * REACH_TOLERANCE) + SAME_PLACE_KM
        if network.direction in {"both", "either"}:
            limit *= 2
        for number, route in zip(mine.tolist(), _to_site(draw, own, point[mine], limit), strict=True):
            found[number] = route
    return [route for route in found if route is not None]


def _to_site(draw: _Drawing, site: int, points: Ints, limit: float) -> list[Route]:
    network, to_hub = draw.network, draw.to_hub
    here, there = network.point_ends, network.site_ends
    begin, leave = (there.arrive, here.leave) if to_hub else (there.leave, here.arrive)
    row = np.zeros(1, dtype=np.intp)
    graph, inside, at = network.around(row, there.junction[[site]], begin[[site]], limit, to_hub=to_hub)
    search: Any = dijkstra  # its stub takes no sparse array with one source and the ways before
    far, before = search(graph, indices=len(inside), limit=limit, return_predecessors=True)
    far = np.append(far[: len(inside)], np.inf)
    by_slot = far[at[here.junction[points]]] + leave[points]
    crow = GreatCircle(network.points, network.sites).measure(network.points[points], network.sites[[site]])
    off, drawn = network.off_road, []
    walks = off.straight & (crow <= off.most_km * (1 + REACH_TOLERANCE))
    if off.barred is not None:
        walks &= ~off.barred(network.points[points], np.repeat(network.sites[[site]], len(points), axis=0))
    for number, own in enumerate(points.tolist()):
        slot = int(by_slot[number].argmin())
        ways: list[tuple[float, int]] = [(float(by_slot[number, slot]), 0)]
        beside = _on_one_edge(here, there, own, site, to_hub=to_hub)
        ways.append((beside[0], 1))
        ways.append((float(crow[number]) * off.pace if walks[number] else np.inf, 2))
        cost, kind = min(ways)
        if not np.isfinite(cost):
            message = f"no way from point {own} to site {site} within {limit:g}"
            raise ValueError(message)
        if kind == 2:  # noqa: PLR2004 - straight
            drawn.append(Route(cost, 0.0, float(crow[number]), np.array([network.points[own], network.sites[site]])))
        elif kind == 1:
            _, one, other = beside
            legs = [_Leg(int(here.edge[own, one]), float(here.at[own, one]), float(there.at[site, other]))]
            drawn.append(draw.route(cost, (own, one), (site, other), legs))
        else:
            node, chain = int(at[here.junction[own, slot]]), []
            while node != len(inside):
                chain.append(int(inside[node]))
                node = int(before[node])
            drawn.append(draw.through(cost, own, slot, site, chain))
    return drawn


def _on_one_edge(here: Ends, there: Ends, point: int, site: int, *, to_hub: bool) -> tuple[float, int, int]:
    """Return the least cost of a way along an edge that both places stand at, and by which of their edges that is."""
    best = (np.inf, 0, 0)
    for one in np.flatnonzero(here.edge[point] >= 0).tolist():
        for other in np.flatnonzero(there.edge[site] == here.edge[point, one]).tolist():
            tail, head = (
                ((here, point, one), (there, site, other)) if to_hub else ((there, site, other), (here, point, one))
            )
            at, to = (float(ends.at[place, end]) for ends, place, end in (tail, head))
            costs = [(ends.forth[place, end], ends.back[place, end]) for ends, place, end in (tail, head)]
            ways = [
                max(second - first, 0.0) if np.isfinite(first) and np.isfinite(second) and goes else np.inf
                for first, second, goes in (
                    (costs[0][0], costs[1][0], to >= at),
                    (costs[1][1], costs[0][1], to <= at),
                )
            ]
            cost = min(ways) + float(here.off[point, one] + there.off[site, other])
            best = min(best, (cost, one, other))
    return best


class _Drawing:
    """Puts the parts of ways together."""

    def __init__(self, network: Network, *, to_hub: bool) -> None:
        self.network, self.to_hub = network, to_hub
        self.whole: Any = lru_cache(maxsize=200_000)(network.roads.shape)
        self.between: Any = lru_cache(maxsize=1_000_000)(self._between)

    def _between(self, one: int, two: int) -> _Leg:
        """Return the edge that leads from one junction to the next on the way from a point."""
        tail, head = (one, two) if self.to_hub else (two, one)
        number = int(self.network.roads.edge_between[tail, head])
        edge, forth = abs(number) - 1, (number > 0) == self.to_hub
        length = self._length(edge)
        return _Leg(edge, 0.0, length) if forth else _Leg(edge, length, 0.0)

    def _shape(self, leg: _Leg) -> Floats:
        length = self._length(leg.edge)
        if {leg.begin, leg.end} != {0.0, length}:
            return self.network.roads.shape(leg.edge, leg.begin, leg.end)
        spots: Floats = self.whole(leg.edge)
        return spots if leg.end else spots[::-1]

    def through(self, cost: float, point: int, slot: int, site: int, chain: list[int]) -> Route:
        """Return the way by an end of one of the point's edges and then from junction to junction."""
        here, there = self.network.point_ends, self.network.site_ends
        begin = there.arrive if self.to_hub else there.leave
        last = np.where(there.junction[site] == chain[-1], begin[site], np.inf)
        other = int(last.argmin())
        legs = [self._to_end(here, point, slot)]
        legs += [self.between(one, two) for one, two in pairwise(chain)]
        leg = self._to_end(there, site, other)
        legs.append(_Leg(leg.edge, leg.end, leg.begin))
        return self.route(cost, (point, slot // 2), (site, other // 2), legs)

    def _to_end(self, ends: Ends, place: int, slot: int) -> _Leg:
        """Return the part of an edge from a place to one of its ends; none where it stands at that junction."""
        edge, at, length = (
            int(ends.edge[place, slot // 2]),
            float(ends.at[place, slot // 2]),
            self._length(ends.edge[place, slot // 2]),
        )
        edges = self.network.roads.edges
        is_ring = edges.start[edge] == edges.end[edge]
        if is_ring and min(at, length - at) <= SAME_PLACE_KM:
            return _Leg(edge, at, at)
        return _Leg(edge, at, length if slot % 2 else 0.0)

    def _length(self, edge: int) -> float:
        return float(self.network.roads.edge_km[edge])

    def route(self, cost: float, start: tuple[int, int], end: tuple[int, int], legs: list[_Leg]) -> Route:
        """Return a way of some parts of roads, with those off the road before and after.

        Parameters
        ----------
        start, end
            The point and the site, each with the number of its snap.
        """
        network, (point, one), (site, other) = self.network, start, end
        places = [network.points[[point]]]
        used = [leg for leg in legs if abs(leg.end - leg.begin) > SAME_PLACE_KM]
        places += [self._shape(leg) for leg in used]
        if len(places) == 1:  # both join the road at one place
            segment, roads = network.point_snaps.segment[[point], one], network.roads
            ends = roads.vertices[roads.start[segment]], roads.vertices[roads.end[segment]]
            places.append(between(*ends, network.point_snaps.share[[point], one]))
        places.append(network.sites[[site]])
        path = np.vstack(places)
        fresh = np.append(True, (np.diff(path, axis=0) != 0).any(axis=1))
        fresh[-1] = True
        road = sum(abs(leg.end - leg.begin) for leg in legs)
        off = float(network.point_snaps.km[point, one] + network.site_snaps.km[site, other])
        return Route(cost, float(road), off, path[fresh])

"""Ways along roads: every segment an arc of networkx, from each place over the nearest road to each site."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import Any

import networkx as nx
import numpy as np

from hubplanner.audit.data.distances import SLACK
from hubplanner.audit.data.places import Array
from hubplanner.audit.data.roads.file import RoadFile
from hubplanner.audit.data.roads.pieces import NEAR_KM, NearPieces, Spot, Stop, apart, between, foot_of
from hubplanner.audit.data.roads.rules import HOUR, LineRules, Turn, Walls
from hubplanner.scenario.futures_spec import FutureSpec
from hubplanner.scenario.roads_spec import FERRY, FOUND_CLASSES, ModeSpec
from hubplanner.scenario.travel_spec import NetworkSpec

WRITTEN_KM = 3e-4
"""How far a place that is written with six decimals of a degree may be from where it is."""
JOIN_KM = 0.1
"""Roads are joined at points no farther apart than this where a barrier bars the nearest one."""


class Rider(LineRules):
    """A mode on the roads.

    Parameters
    ----------
    file
        The roads.
    mode, travel
        Who goes, and what the scenario says of ways.
    walls
        Barriers off the road.
    in_minutes
        Whether minutes count, or kilometres.
    turn
        What a future makes of the roads; nothing if left out.
    """

    def __init__(  # noqa: PLR0913 - who goes where
        self,
        file: RoadFile,
        mode: ModeSpec,
        travel: NetworkSpec,
        walls: Walls,
        *,
        in_minutes: bool,
        turn: Turn | None = None,
    ) -> None:
        """Make the graph."""
        super().__init__(file, mode)
        self.travel, self.in_minutes = travel, in_minutes
        self.pace = travel.detour * (HOUR / travel.access_kmh if in_minutes else 1.0)
        self.walls = walls
        self.roads: nx.DiGraph[Any] = nx.DiGraph()
        self.cost: dict[int, tuple[float, float]] = {}
        passage = cache(self.passage)
        for number, piece in enumerate(file.pieces):
            speed, minutes, forth, back = passage(piece.line)
            if speed is None and minutes is None:
                continue
            slower = 1.0 if turn is None else turn.pace(file, piece)
            if not (forth or back) or math.isinf(slower):
                continue
            price = piece.km
            if in_minutes:
                whole = file.length[piece.line]
                share = piece.km / whole if whole > 0 else 1.0
                price = piece.km * HOUR / float(speed or 1.0) if minutes is None else minutes * share
                price *= slower
            self.cost[number] = (price if forth else math.inf), (price if back else math.inf)
            for open_way, (tail, head) in ((forth, piece.ends), (back, piece.ends[::-1])):
                self.roads.add_nodes_from((tail, head))
                if open_way and price < self.roads.get_edge_data(tail, head, {"cost": math.inf})["cost"]:
                    self.roads.add_edge(tail, head, cost=price)

    # -- the nearest road -------------------------------------------------------------------------------------------

    @cached_property
    def _parts(self) -> tuple[list[float], dict[Spot, int]]:
        """Length in km of each part that no road joins to another, the longest first, and the part of each vertex."""
        parts = list(nx.weakly_connected_components(self.roads))
        part = {spot: at for at, spots in enumerate(parts) for spot in spots}
        km = [0.0] * len(parts)
        boarding = set(self._boarding)
        once: dict[tuple[frozenset[Spot], bool], float] = {}
        for number in self.cost:
            piece = self.file.pieces[number]
            key = frozenset(piece.ends), number in boarding
            once[key] = min(once.get(key, math.inf), piece.km)
        for (ends, _), length in once.items():
            km[part[next(iter(ends))]] += length
        order = sorted(range(len(parts)), key=lambda at: -km[at])
        rank = {at: number for number, at in enumerate(order)}
        return [km[at] for at in order], {spot: rank[at] for spot, at in part.items()}

    @property
    def part_km(self) -> list[float]:
        """Length of each part, the longest first."""
        return self._parts[0]

    def part_at(self, piece: int) -> int:
        """Return the part that a piece is of."""
        return self._parts[1][self.file.pieces[piece].ends[0]]

    @cached_property
    def _islands(self) -> set[Spot]:
        """Vertices of parts with little road, but for the longest part."""
        km, part = self._parts
        return {spot for spot, at in part.items() if at > 0 and km[at] < self.travel.island_km}

    def part_near(self, place: tuple[float, float]) -> int:
        """Return the part of the road that is nearest to a place; -1 where none is near enough."""
        stop = self._nearest(place, main=False)
        return -1 if stop is None else self.part_at(stop.piece)

    def gap_km(self, part: int, most: float) -> float:
        """Return how far it is from the vertices of a part to the nearest longer one; infinite beyond the most."""
        numbers = [number for number in self._boarding if self.part_at(number) < part]
        near, best = NearPieces(self.file.pieces, numbers), math.inf
        if not numbers:
            return best
        own = {
            spot: place
            for number in self.cost
            if self.part_at(number) == part
            for spot, place in zip(self.file.pieces[number].ends, self.file.pieces[number].places, strict=True)
        }
        for place in own.values():
            room = min(self._stop(place, near.guess(place)).km, most, best)
            best = min([best, *(self._stop(place, at).km for at in near.within(place, room * (1 + SLACK) + NEAR_KM))])
        return best if best <= most else math.inf

    def gap_at(self, part: int, places: list[tuple[float, float]]) -> list[list[Stop]] | None:
        """Return where the two ends of a gap join a part and a longer one; None where they do not."""
        ends = []
        for place in places:
            stops = [self._stop(place, number) for number in self._near[False].within(place, WRITTEN_KM)]
            if not stops:
                return None
            ends.append(min(stops, key=lambda stop: (stop.km, stop.piece))._replace(km=0.0))
        joined = sorted(self.part_at(stop.piece) for stop in ends)
        return [list(self._all_upon(stop)) for stop in ends] if joined[0] < joined[1] == part else None

    @cached_property
    def _boarding(self) -> list[int]:
        """Pieces that people may join on the way."""
        file = self.file
        column = file.spec.road_class or next((name for name in FOUND_CLASSES if name in file.columns), None)
        ferry = {
            line
            for line in range(len(file.frame))
            if file.cell(column, line).lower() == FERRY or (file.is_osm and file.cell("route", line) == FERRY)
        }
        return [number for number in self.cost if file.pieces[number].line not in ferry]

    @cached_property
    def _main(self) -> list[int]:
        return [number for number in self._boarding if self.file.pieces[number].ends[0] not in self._islands]

    @cached_property
    def _near(self) -> dict[bool, NearPieces]:
        return {
            main: NearPieces(self.file.pieces, numbers)
            for main, numbers in ((False, self._boarding), (True, self._main))
        }

    def on_island(self, piece: int) -> bool:
        """Tell whether a piece is on an island."""
        return self.file.pieces[piece].ends[0] in self._islands

    @cached_property
    def _upon(self) -> dict[frozenset[Spot], list[int]]:
        """Pieces that people may join, by their two ends: those of the same lie upon each other."""
        found: dict[frozenset[Spot], list[int]] = {}
        for number in self._boarding:
            found.setdefault(frozenset(self.file.pieces[number].ends), []).append(number)
        return found

    def stops(self, place: tuple[float, float]) -> list[Stop]:
        """Return where a place joins the roads: at the nearest, and where that is on an island at the nearest other.

        Where several lie upon each other, such as the two directions of a street, it joins them all.
        """
        first = self._nearest(place, main=False)
        if first is None:
            return []
        second = self._nearest(place, main=True) if self.on_island(first.piece) else None
        return [other for stop in (first, second) if stop is not None for other in self._all_upon(stop)]

    def _all_upon(self, stop: Stop) -> Iterator[Stop]:
        ends = self.file.pieces[stop.piece].ends
        for number in self._upon[frozenset(ends)]:
            turned = self.file.pieces[number].ends != ends
            yield Stop(number, 1 - stop.share if turned else stop.share, stop.km)

    def _nearest(self, place: tuple[float, float], *, main: bool) -> Stop | None:
        near = self._near[main]
        if not len(near.numbers):
            return None
        room = min(self._stop(place, near.guess(place)).km, self.travel.access_max_km) * (1 + SLACK) + NEAR_KM
        found = [self._stop(place, number) for number in near.within(place, room)]
        found = [stop for stop in found if stop.km <= self.travel.access_max_km * (1 + SLACK)]
        if not found:
            return None
        best = min(stop.km for stop in found)
        nearest = min((stop for stop in found if stop.km <= best + NEAR_KM), key=lambda stop: stop.piece)
        if not self.walls.there or not self._parted(place, [nearest])[0]:
            return nearest
        return self._beside(place, nearest.km, near)

    def _parted(self, place: tuple[float, float], stops: list[Stop]) -> Array:
        return self.walls.part(place, [between(self.file.pieces[stop.piece].places, stop.share) for stop in stops])

    def _beside(self, place: tuple[float, float], km: float, near: NearPieces) -> Stop | None:
        """Return the nearest point of a road to which no barrier bars the way.

        Of each piece that is its nearest one, an end, or one of those in even steps between.
        """
        room, most = km, self.travel.access_max_km * (1 + SLACK)
        if self.walls.part(place, [place])[0]:
            return None
        while True:
            room = min(2 * room + JOIN_KM, most)
            stops = []
            for number in near.within(place, room * (1 + SLACK) + NEAR_KM):
                arc = self.file.pieces[number].places
                steps = max(math.ceil(apart(*arc) / JOIN_KM - 1e-6), 1)
                own = (Stop(number, at / steps, apart(place, between(arc, at / steps))) for at in range(steps + 1))
                stops += [stop for stop in (self._stop(place, number), *own) if stop.km <= room]
            stops.sort(key=lambda stop: stop.km)
            begin, size = 0, 8
            while begin < len(stops):
                some = stops[begin : begin + size]
                clear = np.flatnonzero(~self._parted(place, some))
                if len(clear):
                    first = some[clear[0]].km
                    level = [stop for stop in stops if first <= stop.km <= first + NEAR_KM]
                    return min(level[at] for at in np.flatnonzero(~self._parted(place, level)))
                begin, size = begin + size, 4 * size
            if room >= most:
                return None

    def _stop(self, place: tuple[float, float], number: int) -> Stop:
        return Stop(number, *foot_of(place, self.file.pieces[number].places))

    # -- ways -------------------------------------------------------------------------------------------------------

    def _legs(self, stop: Stop) -> Iterator[tuple[Spot, float, float]]:
        """Yield the vertices beside a stop, with the cost to get there and the cost from there."""
        piece, (forth, back) = self.file.pieces[stop.piece], self.cost[stop.piece]
        for spot, to_spot, from_spot, share in (
            (piece.ends[0], back, forth, stop.share),
            (piece.ends[1], forth, back, 1 - stop.share),
        ):
            there = share * piece.km <= NEAR_KM
            yield spot, (0.0 if there else to_spot * share), (0.0 if there else from_spot * share)

    def ways(self, stops: list[list[Stop]], places: Array, site: tuple[float, float], *, to_hub: bool) -> Array:
        """Return the cost (p,) between places, each with its stops, and a site, in one direction."""
        found = self.along(stops, self.stops(site), to_hub=to_hub)
        if self.travel.walk_straight:
            walk = np.array([apart((float(x), float(y)), site) for x, y in places])
            fits = walk <= self.travel.access_max_km * (1 + SLACK)
            if self.walls.there:
                near = np.flatnonzero(fits & (walk * self.pace < found))
                fits[near] = ~self.walls.part(site, places[near])
            found = np.minimum(found, np.where(fits, walk * self.pace, np.inf))
        return found

    def along(self, stops: list[list[Stop]], there: list[Stop], *, to_hub: bool) -> Array:
        """Return the cost (p,) by road between places and another, each with its stops, in one direction."""
        found = np.full(len(stops), np.inf)
        start: Spot = ("site",)
        graph = self.roads.reverse(copy=False) if to_hub else self.roads
        begin: dict[Spot, float] = {}
        for stop in there:
            for spot, away, hither in self._legs(stop):
                price = stop.km * self.pace + (hither if to_hub else away)
                begin[spot] = min(begin.get(spot, math.inf), price)
        search: nx.DiGraph[Any] = nx.DiGraph()
        search.add_weighted_edges_from(
            ((start, spot, price) for spot, price in begin.items() if math.isfinite(price)), weight="cost"
        )
        search.add_node(start)
        far = nx.single_source_dijkstra_path_length(nx.compose(graph, search), start, weight="cost")
        for at, own in enumerate(stops):
            for stop in own:
                off = stop.km * self.pace
                for spot, away, hither in self._legs(stop):
                    found[at] = min(found[at], off + far.get(spot, math.inf) + (away if to_hub else hither))
                for other in there:
                    if other.piece == stop.piece:
                        ahead = (other.share - stop.share) * (1 if to_hub else -1)
                        price = self.cost[stop.piece][0 if ahead > 0 else 1]
                        along = 0.0 if ahead == 0 else price * abs(ahead)
                        found[at] = min(found[at], off + along + other.km * self.pace)
        return found


class RoadWays:
    """Ways along roads between points and sites.

    Parameters
    ----------
    travel
        The scenario's section.
    points, sites
        (p, 2) and (m, 2) in degrees.
    in_minutes
        Whether reach is in minutes.
    futures
        The scenario's futures.
    """

    def __init__(  # noqa: PLR0913 - places, roads, and what becomes of them
        self,
        travel: NetworkSpec,
        points: Array,
        sites: Array,
        *,
        in_minutes: bool,
        futures: Sequence[FutureSpec] = (),
        changed: tuple[RoadFile, FutureSpec] | None = None,
    ) -> None:
        """Read the roads, or take those of a future from a file that is read."""
        self.travel, self.points, self.sites, self.in_minutes = travel, points, sites, in_minutes
        named = {column for future in futures for column in future.roads_closed}
        self._file, future = changed or (RoadFile(travel.roads, named), None)
        turn = None if future is None else Turn(future)
        file, modes, walls = self._file, travel.modes, Walls(travel.barriers)
        self._riders = [Rider(file, mode, travel, walls, in_minutes=in_minutes, turn=turn) for mode in modes]
        self._by_km = [] if future else [Rider(file, mode, travel, walls, in_minutes=False) for mode in modes]
        self._known: dict[int, list[Array]] = {}

    def turned(self, future: FutureSpec) -> RoadWays:
        """Return ways on the roads that a future leaves."""
        places = self.points, self.sites
        return RoadWays(self.travel, *places, in_minutes=self.in_minutes, changed=(self._file, future))

    @cached_property
    def _stops(self) -> list[list[list[Stop]]]:
        places = [(float(x), float(y)) for x, y in self.points]
        return [[rider.stops(place) for place in places] for rider in self._riders]

    def access(self) -> Iterator[tuple[str, Array, Array]]:
        """Yield each mode with how far (p,) points are from its nearest road, and which of those are on islands."""
        for mode, rider, stops in zip(self.travel.modes, self._riders, self._stops, strict=True):
            if rider.cost:
                first = [own[0] if own else None for own in stops]
                yield (
                    mode.name,
                    np.array([math.inf if stop is None else stop.km for stop in first]),
                    np.array([stop is not None and rider.on_island(stop.piece) for stop in first], dtype=np.bool_),
                )

    @cached_property
    def _first(self) -> int:
        """The first mode that may use any road, by which parts and gaps are told."""
        return next(number for number, rider in enumerate(self._riders) if rider.cost)

    @property
    def part_km(self) -> list[float]:
        """Length in km of each part of the roads, the longest first."""
        return self._riders[self._first].part_km

    def parts_of(self, places: Array) -> Array:
        """Return the part (k,) of the road nearest to each place in degrees; -1 where none is near enough."""
        return np.array([self._riders[self._first].part_near((float(x), float(y))) for x, y in places], dtype=int)

    @cached_property
    def part_of_points(self) -> Array:
        """The part (p,) of the road nearest to each point; -1 where none is near enough."""
        rider = self._riders[self._first]
        return np.array([rider.part_at(own[0].piece) if own else -1 for own in self._stops[self._first]], dtype=int)

    def gap_km(self, part: int, most: float) -> float:
        """Return how far it is from the vertices of a part to the nearest longer one; infinite beyond the most."""
        return self._riders[self._first].gap_km(part, most)

    def reached_across(
        self, part: int, places: list[tuple[float, float]], km: float, reach: dict[int, float]
    ) -> Array | None:
        """Tell which points (p,) reach a site, each within its reach, by a road across a gap; None if there is none.

        It is a road of no class, or of the mode's slowest. Ways cross it once, over one of its ends and then the other.
        """
        rider, stops = self._riders[self._first], self._stops[self._first]
        ends = rider.gap_at(part, places)
        if ends is None or abs(apart(*places) - km) > 2 * WRITTEN_KM:
            return None
        speeds = rider.mode.by_class
        kmh = (rider.mode.kmh or speeds.get("road", min(speeds.values()))) * rider.mode.speed_factor
        price = km * HOUR / kmh if self.in_minutes else km
        spots = [(float(x), float(y)) for x, y in self.sites[list(reach)]]
        hubs = [rider.stops(spot) for spot in spots]
        ways = [way for way in (True, False) if self.travel.direction in {"both", "to_hub" if way else "from_hub"}]
        parts = {way: [rider.along(stops, end, to_hub=way) for end in ends] for way in ways}
        rest = {way: [rider.along(hubs, end, to_hub=not way) for end in ends] for way in ways}
        found = np.zeros(len(stops), dtype=bool)
        for number, most in enumerate(reach.values()):
            each = []
            for way in ways:
                over = np.min([parts[way][end] + price + rest[way][1 - end][number] for end in (0, 1)], axis=0)
                if len(ways) > 1:  # there as it is and back across the gap, or the other way
                    over = np.minimum(over, rider.ways(stops, self.points, spots[number], to_hub=way))
                each.append(over)
            found |= np.mean(each, axis=0) <= most * (1 + SLACK)
        return found

    def to_site(self, site: int) -> Array:
        """Return the cost (p,) of all points' ways to or from a site, as the scenario says, of the quickest mode."""
        return np.asarray(np.min(self._by_mode(site), axis=0))

    def in_parts(self, site: int, reach: Callable[[str], float]) -> Array:
        """Return the same in parts of each mode's own reach, the least of them; not by modes without any."""
        each = [
            far / reach(mode.name)
            for mode, far in zip(self.travel.modes, self._by_mode(site), strict=True)
            if reach(mode.name) > 0
        ]
        return np.asarray(np.min(each, axis=0))

    def first_reach(self, reach: Callable[[str], float]) -> float:
        """Return the reach by the mode that gaps are told by."""
        return reach(self.travel.modes[self._first].name)

    def _by_mode(self, site: int) -> list[Array]:
        if site not in self._known:
            place = (float(self.sites[site, 0]), float(self.sites[site, 1]))
            own = []
            for rider, stops in zip(self._riders, self._stops, strict=True):
                ways = {
                    to_hub: rider.ways(stops, self.points, place, to_hub=to_hub)
                    for to_hub in (True, False)
                    if self.travel.direction in {"both", "to_hub" if to_hub else "from_hub"}
                }
                own.append(np.mean(list(ways.values()), axis=0))
            self._known[site] = own
        return self._known[site]

    def between(self, sites: Array) -> Array:
        """Return the kilometres (k, k) between some sites along roads, the shorter of both directions."""
        places = self.sites[sites]
        spots = [(float(x), float(y)) for x, y in places]
        found = np.full((len(sites), len(sites)), np.inf)
        for rider in self._by_km:
            stops = [rider.stops(spot) for spot in spots]
            for column, spot in enumerate(spots):
                for to_hub in (True, False):
                    found[:, column] = np.minimum(found[:, column], rider.ways(stops, places, spot, to_hub=to_hub))
        return found

    def km_along(self, one: Array, other: Array) -> float:
        """Return the kilometres along roads between two places, the shorter of both directions, by any mode."""
        start, end = (float(one[0]), float(one[1])), (float(other[0]), float(other[1]))
        return min(
            float(rider.ways([rider.stops(start)], np.array([start]), end, to_hub=to_hub)[0])
            for rider in self._on_roads
            for to_hub in (True, False)
        )

    @cached_property
    def _on_roads(self) -> list[Rider]:
        """Each mode by kilometres, without ways straight to a hub, as lines are laid: over any barrier."""
        travel = self.travel.model_copy(update={"walk_straight": False})
        return [Rider(self._file, mode, travel, Walls(None), in_minutes=False) for mode in travel.modes]

"""Ways along roads from the raw file once more: every segment an arc of networkx, no vertex left out, no search cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely

from hubplanner.audit.data.places import RADIUS_KM, SLACK, WGS84, Array, alike, called, kept, words
from hubplanner.audit.data.raw_tables import PLAIN, has_columns_only
from hubplanner.formats import graphml, osm
from hubplanner.formats.read import read_layer
from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.data_spec import FileSpec
from hubplanner.scenario.futures_spec import ClosedAreasSpec, FutureSpec
from hubplanner.scenario.roads_spec import ACCESS, CLOSED, FERRY, FOUND_CLASSES, NO_ENTRY, SPEEDS, ModeSpec, RoadsSpec
from hubplanner.scenario.travel_spec import NetworkSpec

Spot = tuple[Any, ...]
NEAR_KM = 1e-9
"""Roads as near as this to each other are equally near to a place: the first in the file counts."""
WRITTEN_KM = 3e-4
"""How far a place that is written with six decimals of a degree may be from where it is."""
QUARTER_CIRCLE = 90.0
JOIN_KM = 0.1
"""Roads are joined at points no farther apart than this where a barrier bars the nearest one."""
ROUNDING = 1e-9
"""Degrees, far below what a vertex is known to."""
HOUR = 60.0
_UNITS = {"mph": 1.609344, "knots": 1.852, "km/h": 1.0, "kmh": 1.0, "kph": 1.0}


class Piece(NamedTuple):
    """A segment: its line's number, its ends' names and places, and its length."""

    line: int
    ends: tuple[Spot, Spot]
    places: tuple[tuple[float, float], tuple[float, float]]
    km: float


class Stop(NamedTuple):
    """Where a place joins the roads: the piece's number, how far along it, and the way there in km."""

    piece: int
    share: float
    km: float


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance in km of two places in degrees."""
    first, last = _vector(one), _vector(other)
    return RADIUS_KM * math.atan2(float(np.linalg.norm(np.cross(first, last))), float(first @ last))


def _vector(place: tuple[float, float]) -> Array:
    lon, lat = math.radians(place[0]), math.radians(place[1])
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


class RoadFile:
    """The lines of a file and the pieces between their vertices.

    Parameters
    ----------
    spec
        The file and its columns.
    """

    def __init__(self, spec: RoadsSpec, more: Collection[str] = ()) -> None:
        """Read the file, with more columns than roads are described by."""
        self.spec, path = spec, Path(spec.path)
        named = {spec.road_class, spec.oneway, spec.speed_kmh, spec.minutes, *spec.where}
        asked = {name for name in named if isinstance(name, str)} | set(more)
        self.is_osm = path.suffix.lower() in osm.SUFFIXES + graphml.SUFFIXES
        self.is_table = False
        frame: Any
        if self.is_osm:
            tags = {tag for group in ACCESS.values() for tag in group} | asked
            more = {"route", "duration", "junction", "oneway", "oneway:bicycle", "oneway:foot", "maxspeed"}
            read = graphml.read_graphml if path.suffix.lower() in graphml.SUFFIXES else osm.read_osm
            frame = read(path, {"highway"} | tags | more)
        elif format_of(path).kind == "table" or (format_of(path).name == "Parquet" and has_columns_only(path)):
            frame = PLAIN[format_of(path).name](path, FileSpec(path=spec.path, encoding=spec.encoding))
            self.is_table = True
            asked |= {"from", "to", "from_x", "from_y", "to_x", "to_y", "km"}
        elif format_of(path).name in {"Parquet", "GeoParquet"}:
            frame = gpd.read_parquet(path)
            frame = frame.set_crs(spec.crs) if frame.crs is None else frame
        else:
            layer = read_layer(path, spec.layer, spec.encoding)
            stands = spec.crs is not None and (layer.crs is None or layer.assumed)
            frame = layer.frame.set_crs(spec.crs if stands else layer.crs)
        self.frame = kept(called(frame, asked), spec.where)
        self.columns = {name: words(self.frame[name]).tolist() for name in self.frame.columns if name != "geometry"}
        self.pieces = list(self._edges() if self.is_table else self._segments())
        lines = not (self.is_osm or self.is_table)
        if spec.snap_m > 0 and (spec.topology == "ends" or (spec.topology == "auto" and lines)):
            self.pieces = self._joined(spec.snap_m / 1000.0)
        self.length: dict[int, float] = {}
        for piece in self.pieces:
            self.length[piece.line] = self.length.get(piece.line, 0.0) + piece.km

    def kind(self, line: int) -> str:
        """Return a line's class."""
        column = self.spec.road_class or next((name for name in FOUND_CLASSES if name in self.columns), None)
        is_ferry = self.is_osm and self.cell("route", line) == FERRY
        return FERRY if is_ferry else self.cell(column, line).lower()

    def cell(self, column: str | None, line: int) -> str:
        """Return what a line says in a column; nothing without one."""
        return str(self.columns[column][line]) if column in self.columns else ""

    def _edges(self) -> Iterator[Piece]:
        for line in range(len(self.frame)):
            one, other = (
                (float(self.cell(f"{end}_x", line)), float(self.cell(f"{end}_y", line))) for end in ("from", "to")
            )
            km = float(self.cell("km", line)) if "km" in self.columns else _apart(one, other)
            ends = ((self.cell("from", line),), (self.cell("to", line),))
            if ends[0] != ends[1]:
                yield Piece(line, ends, (one, other), km)

    def _segments(self) -> Iterator[Piece]:
        shapes = gpd.GeoSeries(self.frame.geometry).to_crs(WGS84)
        for line, shape in enumerate(shapes):
            for part in () if shape is None else getattr(shape, "geoms", [shape]):
                spots = [(float(x), float(y)) for x, y, *_ in part.coords]
                for one, other in pairwise(spots):
                    ends = _name(one), _name(other)
                    if ends[0] != ends[1]:
                        yield Piece(line, ends, (one, other), _apart(one, other))

    def _joined(self, most: float) -> list[Piece]:
        """Return the pieces with each loose end of a line tied to the nearest other line, which is cut there."""
        meeting: dict[Spot, int] = {}
        for piece in self.pieces:
            for spot in piece.ends:
                meeting[spot] = meeting.get(spot, 0) + 1
        near = NearPieces(self.pieces, range(len(self.pieces)))
        cuts: dict[int, list[tuple[float, Spot]]] = {}
        ties: list[Piece] = []
        for number, piece in enumerate(self.pieces):
            for spot, place, last in zip(piece.ends, piece.places, (False, True), strict=True):
                if meeting[spot] > 1:
                    continue
                others = [at for at in near.within(place, most) if self.pieces[at].line != piece.line]
                feet = [(*foot_of(place, self.pieces[at].places), at) for at in others]
                feet = [foot for foot in feet if foot[1] <= most * (1 + SLACK)]
                if not feet:
                    continue
                least = min(km for _, km, _ in feet)
                share, km, at = min((foot for foot in feet if foot[1] <= least + NEAR_KM), key=lambda foot: foot[2])
                other = self.pieces[at]
                if share * other.km <= NEAR_KM or (1 - share) * other.km <= NEAR_KM:
                    end = 0 if share <= 0.5 else 1  # noqa: PLR2004 - the nearer one
                    target, there = other.ends[end], other.places[end]
                else:
                    target, there = ("cut", number, last), _between(other.places, share)
                    cuts.setdefault(at, []).append((share, target))
                tie = (spot, target) if last else (target, spot)
                ties.append(Piece(piece.line, tie, (place, there) if last else (there, place), km))
        pieces = []
        for number, piece in enumerate(self.pieces):
            stops = [(0.0, piece.ends[0]), *sorted(cuts.get(number, []), key=lambda cut: cut[0]), (1.0, piece.ends[1])]
            for (low, tail), (high, head) in pairwise(stops):
                places = _between(piece.places, low), _between(piece.places, high)
                pieces.append(Piece(piece.line, (tail, head), places, piece.km * (high - low)))
        return pieces + ties


class NearPieces:
    """Finds pieces near a place by boxes of degrees, each about the whole arc: it bulges beside the line of its ends.

    Parameters
    ----------
    pieces
        The pieces.
    numbers
        Those that are looked for.
    """

    def __init__(self, pieces: list[Piece], numbers: Sequence[int]) -> None:
        """Draw the boxes."""
        self.numbers = np.array(numbers, dtype=np.intp)
        self.tree = shapely.STRtree(_boxes(np.array([pieces[number].places for number in numbers]).reshape(-1, 2, 2)))

    def guess(self, place: tuple[float, float]) -> int:
        """Return a piece that may be the nearest."""
        return int(self.numbers[self.tree.nearest(shapely.Point(place))])

    def within(self, place: tuple[float, float], km: float) -> list[int]:
        """Return all pieces that may be so near to a place."""
        lon, lat = place
        angle = km / RADIUS_KM * 1.001 + 1e-12
        up = math.degrees(angle)
        over_pole = abs(lat) + up >= QUARTER_CIRCLE
        aside = 2 * QUARTER_CIRCLE
        if not over_pole:
            aside = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(lat))))
        round_about = [
            shapely.box(lon + turn - aside, lat - up, lon + turn + aside, lat + up) for turn in (-360, 0, 360)
        ]
        return sorted({int(self.numbers[at]) for at in self.tree.query(round_about)[1]})


def _boxes(arcs: Array) -> Array:
    """Return the box in degrees about each arc (n, 2, 2), beyond 180 degrees where that is over the seam."""
    lon, lat = arcs[..., 0], arcs[..., 1]
    west, east = lon.min(axis=1), lon.max(axis=1)
    turned = east - west > 2 * QUARTER_CIRCLE
    west, east = np.where(turned, east, west), np.where(turned, west + 4 * QUARTER_CIRCLE, east)
    across = np.abs(east - west - 2 * QUARTER_CIRCLE) <= ROUNDING  # as good as over a pole
    west, east = np.where(across, -2 * QUARTER_CIRCLE, west), np.where(across, 2 * QUARTER_CIRCLE, east)
    x, y = np.radians(lon), np.radians(lat)
    ends = np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)
    pole = np.cross(ends[:, 0], ends[:, 1])
    pole /= np.maximum(np.linalg.norm(pole, axis=1, keepdims=True), 1e-300)
    top = np.array([0.0, 0.0, 1.0]) - pole * pole[:, 2:]  # where its circle is farthest north, and its negative south
    low, high = lat.min(axis=1), lat.max(axis=1)
    for sign in (1, -1):
        inside = (np.cross(pole, ends[:, 0]) * top * sign).sum(axis=1) >= 0
        inside &= (np.cross(ends[:, 1], pole) * top * sign).sum(axis=1) >= 0
        most = np.degrees(np.arctan2(sign * top[:, 2], np.hypot(top[:, 0], top[:, 1])))
        high = np.where(inside, np.maximum(high, most), high)
        low = np.where(inside, np.minimum(low, most), low)
    return np.asarray(shapely.box(west - ROUNDING, low - ROUNDING, east + ROUNDING, high + ROUNDING))


def _between(arc: tuple[tuple[float, float], tuple[float, float]], share: float) -> tuple[float, float]:
    """Return the place that divides an arc."""
    one, other = arc
    if share in {0.0, 1.0}:
        return other if share else one
    first, last = _vector(one), _vector(other)
    angle = _apart(one, other) / RADIUS_KM
    x, y, z = first * math.sin((1 - share) * angle) + last * math.sin(share * angle)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def foot_of(place: tuple[float, float], arc: tuple[tuple[float, float], tuple[float, float]]) -> tuple[float, float]:
    """Return how far along an arc of a great circle its point nearest to a place lies, and the distance in km."""
    one, other = arc
    here, first, last = _vector(place), _vector(one), _vector(other)
    pole = np.cross(first, last - first)  # as cross(first, last), without the rounding of a long way
    length = float(np.linalg.norm(pole))
    if length > 0:
        pole /= length
        inside = float(np.cross(pole, first) @ here) >= 0 and float(np.cross(last, pole) @ here) >= 0
        if inside:
            foot = here - pole * float(pole @ here)
            foot /= np.linalg.norm(foot)
            whole = math.atan2(length, float(first @ last))
            part = math.atan2(float(np.linalg.norm(np.cross(first, foot))), float(first @ foot))
            return part / whole, RADIUS_KM * 2 * math.asin(min(float(np.linalg.norm(foot - here)) / 2, 1.0))
    km, share = min((_apart(place, one), 0.0), (_apart(place, other), 1.0))
    return share, km


def _name(place: tuple[float, float]) -> Spot:
    lon, lat = (round(degrees * 1e7) for degrees in place)
    if abs(lat) == 900_000_000:  # noqa: PLR2004 - a pole
        lon = 0
    return (-lon if lon == 1_800_000_000 else lon), lat  # noqa: PLR2004 - the seam of the map


def read_drawn(spec: ClosedAreasSpec) -> list[Any]:
    """Return the lines and areas of a file in degrees."""
    layer = read_layer(Path(spec.path), spec.layer, None)
    stands = spec.crs is not None and (layer.crs is None or layer.assumed)
    shapes = layer.frame.set_crs(spec.crs if stands else layer.crs).geometry.to_crs(WGS84)
    return [shape for shape in shapes if shape is not None and not shape.is_empty]


class Walls:
    """Barriers that nobody crosses off the road, side by side.

    Parameters
    ----------
    spec
        The file; None where there is none.
    """

    def __init__(self, spec: ClosedAreasSpec | None) -> None:
        """Take the shapes apart."""
        shapes = [] if spec is None else read_drawn(spec)
        parts = [part for shape in shapes for part in getattr(shape, "geoms", [shape])]
        areas = [part for part in parts if part.geom_type == "Polygon"]
        lines = [part for part in parts if part.geom_type != "Polygon"]
        lines += [ring for area in areas for ring in (area.exterior, *area.interiors)]
        sides = [side for line in lines for side in pairwise(np.array(line.coords)[:, :2])]
        self.areas = shapely.STRtree(areas)
        self.sides = shapely.STRtree([shapely.LineString(side) for side in sides])
        self.there = bool(sides)

    def part(self, one: tuple[float, float], others: Sequence[tuple[float, float]] | Array) -> Array:
        """Tell which straight ways in degrees to others (k,) meet a barrier; around the globe they are the shorter."""
        whole, ends = 4 * QUARTER_CIRCLE, np.array(others, dtype=float).reshape(-1, 2)
        lon = one[0] + (ends[:, 0] - one[0] + whole / 2) % whole - whole / 2
        found = np.zeros(len(ends), dtype=bool)
        for turn in (-whole, 0.0, whole):
            found |= len(self.areas.query(shapely.Point(one[0] + turn, one[1]), predicate="intersects")) > 0
            begin = np.repeat([[one[0] + turn, one[1]]], len(ends), axis=0)
            ways: Any = shapely.linestrings(np.stack([begin, np.column_stack([lon + turn, ends[:, 1]])], axis=1))
            found[self.sides.query(ways, predicate="intersects")[0]] = True
            left = np.flatnonzero(~found)
            found[left[self.sides.query(ways[left], predicate="dwithin", distance=ROUNDING)[0]]] = True
        return found


class Turn:
    """What a future makes of roads.

    Parameters
    ----------
    future
        The scenario's; None for roads as they are.
    """

    def __init__(self, future: FutureSpec | None) -> None:
        """Read the polygons in which roads are closed."""
        self.future = future
        self.areas: list[Any] = []
        file = None if future is None else future.roads_closed_in
        if file is not None:
            self.areas = read_drawn(file)

    def pace(self, file: RoadFile, piece: Piece) -> float:
        """Return how many times as long a piece takes; infinite where it is closed."""
        future = self.future
        if future is None:
            return 1.0
        if future.roads_closed and all(
            alike(file.cell(column, piece.line)) in {alike(value) for value in values}
            for column, values in future.roads_closed.items()
        ):
            return math.inf
        if self.areas and any(shapely.LineString(piece.places).intersects(area) for area in self.areas):
            return math.inf
        slower = {name.strip().lower(): factor for name, factor in future.road_speed.items()}
        return 1.0 / slower.get(file.kind(piece.line), 1.0)


class LineRules:
    """What a mode may do on each line of a file.

    Parameters
    ----------
    file
        The roads.
    mode
        Who goes.
    """

    def __init__(self, file: RoadFile, mode: ModeSpec) -> None:
        """Keep both."""
        self.file, self.mode = file, mode

    def passage(self, line: int) -> tuple[float | None, float | None, bool, bool]:
        """Return a line's speed and minutes, neither where it is closed, and whether it goes each way."""
        spec, mode, cell = self.file.spec, self.mode, self.file.cell
        column = spec.road_class or next((name for name in FOUND_CLASSES if name in self.file.columns), None)
        kind = cell(column, line).lower()
        if kind == FERRY or (self.file.is_osm and cell("route", line) == FERRY):
            return self._sailing(line)
        forth, back = self._ways(line, kind)
        if self._forbidden(line):
            return None, None, False, False
        speed = mode.by_class.get(kind or "road")
        limit = self._limit(line)
        minutes = self._own_minutes(line)
        if speed is None:
            known = kind in CLOSED or kind in SPEEDS["car"] or self.file.is_osm
            if known or (limit is None and minutes is None and mode.kmh is None):
                return None, None, False, False
            speed = math.inf if mode.kmh is None else mode.kmh
        if mode.kmh is None and limit is not None:
            speed = min(speed, limit) if mode.name in {"walk", "bicycle"} else limit
        return speed * mode.speed_factor, (minutes if mode.kmh is None else None), forth, back

    def _sailing(self, line: int) -> tuple[float | None, float | None, bool, bool]:
        spec = self.file.spec
        if not spec.ferries or self._forbidden(line):
            return None, None, False, False
        minutes = self._own_minutes(line)
        if minutes is None:
            told = self.file.cell("duration", line).split(":") if self.file.is_osm else [""]
            digits = all(part.isdigit() for part in told)
            hours = [float(part) for part in told] if digits else []
            minutes = hours[0] if len(hours) == 1 else sum(part * 60.0 ** (1 - at) for at, part in enumerate(hours))
            minutes = minutes or self.file.length.get(line, 0.0) / spec.ferry_kmh * HOUR
            minutes += spec.ferry_wait_minutes
        return spec.ferry_kmh, minutes, *self._ways(line, FERRY)

    def _own_minutes(self, line: int) -> float | None:
        spec = self.file.spec
        column = spec.minutes or ("minutes" if self.file.is_table and spec.speed_kmh is None else None)
        text = self.file.cell(column, line)
        return float(text) if text else None

    def _limit(self, line: int) -> float | None:
        spec = self.file.spec
        if isinstance(spec.speed_kmh, float | int):
            return float(spec.speed_kmh)
        text = self.file.cell(spec.speed_kmh or ("maxspeed" if self.file.is_osm else None), line).lower()
        least: list[float] = []
        for part in text.replace("|", ";").split(";"):
            word = part.strip()
            if word in {"", "none", "signals", "variable", "unposted"}:
                continue
            end = word.split(":")[-1]
            if end in {"walk", "urban", "living_street"}:
                least.append({"walk": 5.0, "urban": 50.0, "living_street": 10.0}[end])
                continue
            if ":" in word:
                continue
            unit = next((unit for unit in _UNITS if word.endswith(unit)), "")
            number = word.removesuffix(unit).strip()
            if not number.replace(".", "", 1).isdigit():
                return None
            least.append(float(number) * _UNITS.get(unit, 1.0))
        least = [speed for speed in least if speed > 0]
        return min(least) if least else None

    def _forbidden(self, line: int) -> bool:
        for tag in ACCESS.get(self.mode.name, ACCESS["car"]):
            said = self.file.cell(tag, line).lower()
            if said:
                return all(part.strip() in NO_ENTRY for part in said.split(";"))
        return False

    def _ways(self, line: int, kind: str) -> tuple[bool, bool]:
        spec, cell, name = self.file.spec, self.file.cell, self.mode.name
        said = cell(spec.oneway or ("oneway" if self.file.is_osm else None), line).lower()
        if self.file.is_osm:
            if name == "walk":
                said = cell("oneway:foot", line).lower()
            elif name == "bicycle" and cell("oneway:bicycle", line):
                said = cell("oneway:bicycle", line)
            rounds = cell("junction", line) in {"roundabout", "circular"} or kind == "motorway"
            if rounds and not said and name != "walk":
                said = "yes"
        elif name == "walk":
            said = ""
        return said not in {"-1", "reverse", "t"}, said not in {"yes", "true", "1", "f"}


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
        return self.walls.part(place, [_between(self.file.pieces[stop.piece].places, stop.share) for stop in stops])

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
                steps = max(math.ceil(_apart(*arc) / JOIN_KM - 1e-6), 1)
                own = (Stop(number, at / steps, _apart(place, _between(arc, at / steps))) for at in range(steps + 1))
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
            walk = np.array([_apart((float(x), float(y)), site) for x, y in places])
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
        if ends is None or abs(_apart(*places) - km) > 2 * WRITTEN_KM:
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

"""Who may go where and how fast: by the rules of a mode, in a future, and off the road beside barriers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from hubplanner.audit.data.places import WGS84, Array, alike
from hubplanner.audit.data.roads.file import RoadFile
from hubplanner.audit.data.roads.pieces import QUARTER_CIRCLE, ROUNDING, Piece
from hubplanner.formats.read import read_layer
from hubplanner.scenario.futures_spec import ClosedAreasSpec, FutureSpec
from hubplanner.scenario.roads_spec import ACCESS, CLOSED, FERRY, FOUND_CLASSES, NO_ENTRY, SPEEDS, ModeSpec

HOUR = 60.0
_UNITS = {"mph": 1.609344, "knots": 1.852, "km/h": 1.0, "kmh": 1.0, "kph": 1.0}


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

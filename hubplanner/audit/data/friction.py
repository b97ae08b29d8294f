"""Ways over a raster of travel times once more: read again, searched cell by cell from a heap, without a window."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import shapely
from pyproj import CRS, Transformer

from hubplanner.audit.data.distances import RADIUS_KM, SLACK
from hubplanner.audit.data.places import WGS84, Array
from hubplanner.audit.data.roads.file import RoadFile
from hubplanner.audit.data.roads.rules import LineRules, read_drawn
from hubplanner.scenario.travel_spec import FrictionSpec, RasterTravel, TerrainSpec

KM = 1000.0
EQUAL_KM = 1e-6
"""Cells as near as this to each other are equally near to a place: the first by rows counts."""
ALL_MOVES = {
    8: ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)),
    16: ((-2, -1), (-2, 1), (-1, -2), (-1, 2), (1, -2), (1, 2), (2, -1), (2, 1)),
}
Cell = tuple[int, int]
Spots = Callable[[Any], list[tuple[float, float]]]
"""Places in degrees to columns and rows, with parts of cells."""


def read_cells(path: str, band: int, crs: str | None) -> tuple[Array, CRS, Any]:
    """Return what a band's cells hold (r, c), NaN for nothing, its system and where its cells lie."""
    import rasterio  # noqa: PLC0415 - optional

    alone = rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO")
    with alone, rasterio.open(Path(path), driver="GTiff") as raster:
        held = raster.read(band).astype(float)
        held = held * raster.scales[band - 1] + raster.offsets[band - 1]
        held[raster.read_masks(band) == 0] = math.nan
        return held, CRS.from_user_input(crs if raster.crs is None else raster.crs.to_wkt()), raster.transform


class FrictionWays:
    """Minutes over a raster between points and sites.

    Parameters
    ----------
    travel
        The scenario's section.
    points, sites
        (p, 2) and (m, 2) in degrees.
    most
        Longest way that counts, in minutes.
    """

    def __init__(self, travel: RasterTravel, points: Array, sites: Array, *, most: float) -> None:
        """Read the raster and find where places stand."""
        self.travel, self.sites, self.most = travel, sites, most
        self.pace, self.crs, self.grid = self._ground()
        self._to_raster = Transformer.from_crs(WGS84, self.crs, always_xy=True)
        self._to_degrees = Transformer.from_crs(self.crs, WGS84, always_xy=True)
        self.moves = ALL_MOVES[8] + (ALL_MOVES[16] if travel.moves == 16 else ())  # noqa: PLR2004
        self._stands = [self._stand(place) for place in points.tolist()]
        self._known: dict[int, Array] = {}

    def _ground(self) -> tuple[Array, CRS, Any]:
        """Return the pace (r, c), infinite on barriers, the system of the raster and where its cells lie."""
        spec = cast("FrictionSpec", self.travel).raster
        held, crs, grid = read_cells(spec.path, spec.band, spec.crs)
        shut = ~np.isfinite(held) | (held == 0)
        held[shut] = 1.0
        pace: Array = 0.06 / held if spec.unit == "km_per_hour" else held
        pace[shut] = math.inf
        return pace, crs, grid

    def to_site(self, site: int) -> Array:
        """Return the minutes (p,) from all points to a site; infinite where there is no way, or none short enough."""
        if site not in self._known:
            start = self._stand(self.sites[site].tolist())
            found = self._search(start) if start is not None else {}
            ways = np.full(len(self._stands), math.inf)
            for at, stand in enumerate(self._stands):
                if stand is not None and start is not None and stand[0] in found:
                    total = found[stand[0]] + stand[1] + start[1]
                    ways[at] = total if total <= self.most * (1 + SLACK) else math.inf
            self._known[site] = ways
        return self._known[site]

    def between(self, sites: Array) -> Array:
        """Return the kilometres (k, k) between some sites as the crow flies."""
        places = self.sites[sites].tolist()
        return np.array([[self._apart(one, other) for other in places] for one in places]).reshape(
            len(places), len(places)
        )

    # -- where places stand -----------------------------------------------------------------------------------------

    @staticmethod
    def _apart(one: list[float], other: list[float]) -> float:
        first, last = (
            np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
            for lon, lat in ([math.radians(part) for part in place] for place in (one, other))
        )
        return RADIUS_KM * math.atan2(float(np.linalg.norm(np.cross(first, last))), float(first @ last))

    def _cell(self, place: list[float]) -> Cell | None:
        x, y = self._to_raster.transform(place[0], place[1])
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        if self.crs.is_geographic:
            turn = 2 * math.pi / self.crs.axis_info[0].unit_conversion_factor
            x += turn if x < self.grid.c else -turn if x >= self.grid.c + turn else 0.0
        return math.floor((y - self.grid.f) / self.grid.e), math.floor((x - self.grid.c) / self.grid.a)

    def _is_open(self, cell: Cell) -> bool:
        rows, columns = self.pace.shape
        return 0 <= cell[0] < rows and 0 <= cell[1] < columns and math.isfinite(self.pace[cell])

    def _stand(self, place: list[float]) -> tuple[Cell, float] | None:
        """Return the cell a place starts from and the minutes to it; None where it is too far from any."""
        own = self._cell(place)
        if own is not None and self._is_open(own):
            return own, 0.0
        km = np.where(np.isfinite(self.pace), self._km_to_all(place), math.inf)
        least = float(km.min())
        if not least <= self.travel.access_max_km * (1 + SLACK):
            return None
        row, column = np.argwhere(km <= least + EQUAL_KM)[0].tolist()
        return (row, column), float(km[row, column]) * KM * float(self.pace[row, column])

    def _km_to_all(self, place: list[float]) -> Array:
        rows, columns = self.pace.shape
        x = self.grid.c + (np.arange(columns) + 0.5) * self.grid.a
        y = self.grid.f + (np.arange(rows) + 0.5) * self.grid.e
        lon, lat = self._to_degrees.transform(*np.meshgrid(x, y))
        lon, lat, here = np.radians(lon), np.radians(lat), np.radians(place)
        chord = np.stack(
            [
                np.cos(lat) * np.cos(lon) - math.cos(here[1]) * math.cos(here[0]),
                np.cos(lat) * np.sin(lon) - math.cos(here[1]) * math.sin(here[0]),
                np.sin(lat) - math.sin(here[1]),
            ]
        )
        return np.asarray(2 * RADIUS_KM * np.arcsin(np.minimum(np.linalg.norm(chord, axis=0) / 2, 1.0)))

    # -- ways -------------------------------------------------------------------------------------------------------

    def _wide(self, row: int) -> float:
        """Return the metres from a cell of a row to the next."""
        unit = self.crs.axis_info[0].unit_conversion_factor
        if not self.crs.is_geographic:
            return float(self.grid.a * unit)
        latitude = (self.grid.f + (row + 0.5) * self.grid.e) * unit
        return float(RADIUS_KM * KM * self.grid.a * unit * math.cos(latitude))

    def _steps(self, cell: Cell) -> Iterator[tuple[Cell, float]]:
        """Yield the cells that lie a move away from one, each with its minutes."""
        row, column = cell
        tall = abs(self.grid.e) * self.crs.axis_info[0].unit_conversion_factor
        tall *= RADIUS_KM * KM if self.crs.is_geographic else 1.0
        for down, right in self.moves:
            other = row + down, column + right
            if not self._is_open(other):
                continue
            length = math.hypot(down * tall, right * (self._wide(row) + self._wide(other[0])) / 2)
            passed = [cell, other]
            if abs(down) == abs(right) == 1:
                beside = (row, other[1]), (other[0], column)
                if not (self._slips() or any(map(self._is_open, beside))):
                    continue
            elif abs(down) > 1:
                passed += [(row + down // 2, column), (row + down // 2, other[1])]
            elif abs(right) > 1:
                passed += [(row, column + right // 2), (other[0], column + right // 2)]
            if all(map(self._is_open, passed)):
                yield other, self._minutes(passed, length, cell, other)

    def _slips(self) -> bool:
        """Tell whether moves across a corner are open where both cells beside it are barriers."""
        return False

    def _minutes(self, passed: list[Cell], length: float, here: Cell, there: Cell) -> float:
        """Return the minutes of a move over some cells, the same both ways."""
        del here, there
        return length * sum(float(self.pace[part]) for part in passed) / len(passed)

    def _search(self, start: tuple[Cell, float]) -> dict[Cell, float]:
        """Return the minutes to every cell within the longest way, quickest first."""
        best: dict[Cell, float] = {start[0]: 0.0}
        heap: list[tuple[float, Any]] = [(0.0, start[0])]
        done: dict[Cell, float] = {}
        while heap:
            minutes, cell = heapq.heappop(heap)
            if cell in done:
                continue
            done[cell] = minutes
            for other, more in self._steps(cell):
                total = minutes + more
                if total <= self.most * (1 + 2 * SLACK) and total < best.get(other, math.inf):
                    best[other] = total
                    heapq.heappush(heap, (total, other))
        return done


WEIGHT = 95 * 9.8
TYRES = 0.012 * WEIGHT
AIR = 0.2225 * 1.2078 * math.exp(-1 / 14)
"""Rider and bicycle of 95 kg; half of 0.445 m² of front times air of 1.2078 kg/m³ at the sea, 500 m above it."""


def speed(kmh: float, mode: str, slope: float) -> float:
    """Return km/h on a slope: Tobler's hiking function, or the speed that takes a rider's power on the flat.

    >>> round(speed(5, "walk", -0.05), 2), speed(50, "motor", 0.2), round(speed(15, "bicycle", 0), 9)
    (5.96, 50, 15.0)
    """
    if mode == "motor":
        return kmh
    if mode == "walk":
        return kmh * math.exp(-3.5 * abs(slope + 0.05)) / math.exp(-3.5 * 0.05)
    flat = kmh / 3.6
    # The root of v³ + p v = q, by Cardano's formula or, where there are three, by Viète's.
    p, q = (TYRES + WEIGHT * slope) / AIR, flat * TYRES / AIR + flat**3
    inside = (q / 2) ** 2 + (p / 3) ** 3
    if inside >= 0:
        found = math.cbrt(q / 2 + math.sqrt(inside)) + math.cbrt(q / 2 - math.sqrt(inside))
    else:
        found = 2 * math.sqrt(-p / 3) * math.cos(math.acos(min(q / 2 / math.sqrt((-p / 3) ** 3), 1.0)) / 3)
    return 3.6 * min(found, 2 * flat)


class TerrainWays(FrictionWays):
    """Minutes over land cover and slopes between points and sites; parameters as of `FrictionWays`."""

    travel: TerrainSpec

    def _ground(self) -> tuple[Array, CRS, Any]:
        """Return the pace on the flat, the system and the place of the land cover; keep its classes and heights."""
        spec = self.travel.land_cover
        self.cover, crs, grid = read_cells(spec.path, spec.band, spec.crs)
        self.heights = self._heights(self.cover.shape, crs, grid)
        self.kmh, self.means = np.zeros(self.cover.shape), np.full(self.cover.shape, "motor", dtype="U7")
        for part in self.travel.speeds:
            here = np.isin(self.cover, part.classes)
            self.kmh[here], self.means[here] = float(np.float32(part.kmh)), part.mode
        turn = Transformer.from_crs(WGS84, crs, always_xy=True)

        def at(places: Any) -> list[tuple[float, float]]:
            spots = [turn.transform(lon, lat) for lon, lat in places]
            return [((x - grid.c) / grid.a, (y - grid.f) / grid.e) for x, y in spots]

        self._shut(at)
        self._pave(at)
        self.kmh[~np.isfinite(self.heights)] = 0.0
        with np.errstate(divide="ignore"):
            return 0.06 / self.kmh, crs, grid

    def _shut(self, at: Spots) -> None:
        """Close the cells that barriers touch."""
        shapes = [] if self.travel.barriers is None else read_drawn(self.travel.barriers)
        for part in shapely.get_parts(np.array(shapes, dtype=object)):
            lines = [part] if part.geom_type == "LineString" else [part.exterior, *part.interiors]
            sides = [at(line.coords) for line in lines]
            for side in sides:
                for one, other in pairwise(side):
                    for cell in self._passed(one, other):
                        self.kmh[cell] = 0.0
            if part.geom_type == "Polygon":
                area = shapely.Polygon(sides[0], sides[1:])
                for row, column in np.argwhere(self.kmh > 0).tolist():
                    if area.contains(shapely.Point(column + 0.5, row + 0.5)):
                        self.kmh[row, column] = 0.0

    def _pave(self, at: Spots) -> None:
        """Let roads make cells quicker, by the quickest mode on them."""
        if self.travel.roads is None:
            return
        file = RoadFile(self.travel.roads)
        for mode in self.travel.modes:
            passage, means = cache(LineRules(file, mode).passage), mode.name
            for piece in file.pieces:
                kmh, minutes, forth, back = passage(piece.line)
                if minutes:
                    kmh = file.length[piece.line] / minutes * 60
                if kmh is None or not (forth or back):
                    continue
                for cell in self._passed(*at(piece.places)):
                    if np.float32(kmh) > self.kmh[cell]:
                        self.kmh[cell] = float(np.float32(kmh))
                        self.means[cell] = means if means in {"walk", "bicycle"} else "motor"

    def _passed(self, one: tuple[float, float], other: tuple[float, float]) -> Iterator[Cell]:
        """Yield the cells of the raster that a line between two spots, in columns and rows, has some way in."""
        rows, columns = self.cover.shape
        (left, right), (top, bottom) = (sorted(ends) for ends in zip(one, other, strict=True))
        for row in range(max(math.floor(top), 0), min(math.floor(bottom), rows - 1) + 1):
            for column in range(max(math.floor(left), 0), min(math.floor(right), columns - 1) + 1):
                enter, leave = 0.0, 1.0
                for start, end, low in ((one[0], other[0], column), (one[1], other[1], row)):
                    if start == end:
                        leave = leave if low <= start < low + 1 else -1.0
                        continue
                    cuts = sorted([(low - start) / (end - start), (low + 1 - start) / (end - start)])
                    enter, leave = max(enter, cuts[0]), min(leave, cuts[1])
                if leave - enter > 1e-12:  # noqa: PLR2004 - more than rounding
                    yield row, column

    def _heights(self, shape: tuple[int, ...], crs: CRS, grid: Any) -> Array:
        """Return the heights (r, c) at the land cover's cells, interpolated where the file has others."""
        spec = self.travel.dem
        own, system, place = read_cells(spec.path, spec.band, spec.crs)
        if own.shape == shape and system == crs and place.almost_equals(grid):
            return own
        x, y = np.meshgrid(grid.c + (np.arange(shape[1]) + 0.5) * grid.a, grid.f + (np.arange(shape[0]) + 0.5) * grid.e)
        x, y = Transformer.from_crs(crs, system, always_xy=True).transform(x, y)
        across, down = (x - place.c) / place.a, (y - place.f) / place.e
        rows, columns = own.shape
        beside = (across < 0) | (across > columns) | (down < 0) | (down > rows)
        across, down = (np.clip(at - 0.5, 0, most - 1) for at, most in ((across, columns), (down, rows)))
        left, top = np.floor(across).astype(int), np.floor(down).astype(int)
        right, below = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        over, under = across - left, down - top
        upper = own[top, left] * (1 - over) + own[top, right] * over
        lower = own[below, left] * (1 - over) + own[below, right] * over
        found: Array = (upper * (1 - under) + lower * under).astype(np.float32).astype(float)
        found[beside] = math.nan
        return found

    def _slips(self) -> bool:
        """Tell whether the scenario lets ways through."""
        return self.travel.corners == "open"

    def _minutes(self, passed: list[Cell], length: float, here: Cell, there: Cell) -> float:
        """Return the minutes of a move that the search makes; people go the other way if they go to the hub."""
        slope = float(self.heights[there] - self.heights[here]) / length
        slope = -slope if self.travel.direction == "to_hub" else slope
        kmh = [speed(float(self.kmh[cell]), str(self.means[cell]), slope) for cell in passed]
        return length / 1000 * 60 * sum(1 / each for each in kmh) / len(kmh)

"""Ways over land cover and slopes once more: read again, every move from what its cells say, by other formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pyproj import CRS, Transformer

from hubplanner.audit.data.friction import Cell, FrictionWays, read_cells
from hubplanner.audit.data.places import Array
from hubplanner.scenario.travel_spec import TerrainSpec

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
        self.said = {value: part for part in self.travel.speeds for value in part.classes}
        pace: Array = np.full(self.cover.shape, math.inf)
        for value, part in self.said.items():
            if part.kmh > 0:
                pace[(self.cover == value) & np.isfinite(self.heights)] = 0.06 / float(np.float32(part.kmh))
        return pace, crs, grid

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
        ground = [self.said[int(self.cover[cell])] for cell in passed]
        kmh = [speed(float(np.float32(part.kmh)), part.mode, slope) for part in ground]
        return length / 1000 * 60 * sum(1 / each for each in kmh) / len(kmh)

"""The sheet of paper: which way round, what stands where in inches, and how kilometres lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from hubplanner.problem import Floats

A4 = (8.27, 11.69)
DPI = 200
MARGIN = 0.55
GUTTER = 0.3
HEADER = 1.75
FOOTER = 0.55
SIDE = 2.7
"""Width of the legend beside a landscape map."""
ROW = 0.235
"""Height of one line of the legend."""
LEAST_ROWS = 6
SMALLEST_SPAN_KM = 0.5
_EDGE = 1.06
"""Part of the map that shows more than its places, so that marks at the edge are whole."""
HALF_TURN, TURN = 180.0, 360.0
KM_PER_DEGREE = np.pi / HALF_TURN * EARTH_RADIUS_KM


@dataclass(frozen=True, kw_only=True)
class PageLayout:
    """An A4 page.

    Parameters
    ----------
    landscape
        Which way round.
    rows
        Lines the longest part of the legend needs.
    """

    landscape: bool
    rows: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return A4[::-1] if self.landscape else A4

    @property
    def map_box(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the map in inches."""
        wide, high = self.size
        below = 0.0 if self.landscape else self.legend_height + GUTTER
        beside = SIDE + GUTTER if self.landscape else 0.0
        bottom = MARGIN + FOOTER + below
        return MARGIN, bottom, wide - 2 * MARGIN - beside, high - MARGIN - HEADER - bottom

    @property
    def legend_height(self) -> float:
        """Height of the legend under a portrait map."""
        return ROW * (max(self.rows, LEAST_ROWS) + 1)

    @property
    def legend_corners(self) -> tuple[tuple[float, float], ...]:
        """Left and top of the legend's three parts: need, hubs, scale."""
        left, bottom, wide, high = self.map_box
        if self.landscape:
            x, top = left + wide + GUTTER, bottom + high
            return (x, top), (x, top - ROW * 7), (x, top - ROW * (max(self.rows, LEAST_ROWS) + 9))
        return tuple((left + offset, bottom - GUTTER) for offset in (0.0, 2.95, 5.65))


@dataclass(frozen=True, kw_only=True)
class View:
    """A local equirectangular map on a sheet: a kilometre is as long eastwards as northwards at its middle latitude.

    Parameters
    ----------
    middle
        Longitude and latitude of the middle.
    km_per_inch
        Scale.
    sheet
        The paper.
    """

    middle: tuple[float, float]
    km_per_inch: float
    sheet: PageLayout

    def km(self, lonlat: Floats) -> Floats:
        """Return kilometres (n, 2) east and north of the middle."""
        return _km(lonlat, np.array(self.middle))

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """East and north kilometres at the map's edges."""
        half = [side * self.km_per_inch / 2 for side in self.sheet.map_box[2:]]
        return (-half[0], half[0]), (-half[1], half[1])

    def pixel(self, lon: float, lat: float) -> tuple[int, int]:
        """Return the row and column of the picture's pixel that shows a place."""
        left, bottom, wide, high = self.sheet.map_box
        east, north = self.km(np.array([[lon, lat]]))[0] / self.km_per_inch
        x, y = left + wide / 2 + east, bottom + high / 2 + north
        return int((self.sheet.size[1] - y) * DPI), int(x * DPI)


def view_of(lonlat: Floats, rows: int) -> View:
    """Return the view that shows all places largest, in portrait when that is as good.

    Parameters
    ----------
    lonlat
        Places (n, 2) to show, at least one.
    rows
        Lines the longest part of the legend needs.
    """
    places = _whole(lonlat)
    middle = (places.min(axis=0) + places.max(axis=0)) / 2
    span = _EDGE * np.maximum(np.ptp(_km(places, middle), axis=0), SMALLEST_SPAN_KM)
    sheets = [PageLayout(landscape=landscape, rows=rows) for landscape in (False, True)]
    scales = [float((span / sheet.map_box[2:]).max()) for sheet in sheets]
    best = int(np.argmin(scales))
    return View(middle=(float(middle[0]), float(middle[1])), km_per_inch=scales[best], sheet=sheets[best])


def _whole(lonlat: Floats) -> Floats:
    """Return places on one side of the antimeridian, so that islands across it are neighbours."""
    if np.ptp(lonlat[:, 0]) <= HALF_TURN:
        return lonlat
    return np.column_stack([lonlat[:, 0] % TURN, lonlat[:, 1]])


def _km(lonlat: Floats, middle: Floats) -> Floats:
    east = (lonlat[:, 0] - middle[0] + HALF_TURN) % TURN - HALF_TURN
    return np.column_stack([east * np.cos(np.radians(middle[1])), lonlat[:, 1] - middle[1]]) * KM_PER_DEGREE

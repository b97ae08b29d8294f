"""The sheet of paper: which way round, what stands where in inches, and how kilometres lie on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hubplanner.outputs.map.projection import MapProjection
    from hubplanner.problem import Floats

A4 = (8.27, 11.69)
DPI = 200
MARGIN = 0.55
GUTTER = 0.3
HEADER = 1.75
FOOTER = 0.72
SIDE = 2.7
"""Width of the legend beside a landscape map."""
ROW = 0.235
"""Height of one line of the legend."""
LEAST_ROWS = 6
SMALLEST_SPAN_KM = 0.5
_EDGE = 1.06
"""Part of the map that shows more than its places, so that marks at the edge are whole."""


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
    """A map on a sheet.

    Parameters
    ----------
    projection
        From degrees to the map's kilometres.
    middle_km
        The place in the middle of the map's box.
    km_per_inch
        Scale.
    sheet
        The paper.
    """

    projection: MapProjection
    middle_km: tuple[float, float]
    km_per_inch: float
    sheet: PageLayout

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """East and north kilometres at the map's edges."""
        (east, north), (wide, high) = self.middle_km, (side * self.km_per_inch / 2 for side in self.sheet.map_box[2:])
        return (east - wide, east + wide), (north - high, north + high)

    def inches(self, km: Floats) -> Floats:
        """Return inches (n, 2) from the middle of the map's box."""
        return (km - self.middle_km) / self.km_per_inch

    def pixel(self, lon: float, lat: float) -> tuple[int, int]:
        """Return the row and column of the picture's pixel that shows a place."""
        left, bottom, wide, high = self.sheet.map_box
        east, north = self.inches(self.projection.km(np.array([[lon, lat]])))[0]
        x, y = left + wide / 2 + east, bottom + high / 2 + north
        return int((self.sheet.size[1] - y) * DPI), int(x * DPI)


def view_of(projection: MapProjection, extent: Floats, rows: int) -> View:
    """Return the view that shows an extent largest, in portrait when that is as good.

    Parameters
    ----------
    extent
        (2, 2) lowest and highest corner in kilometres.
    rows
        Lines the longest part of the legend needs.
    """
    middle = extent.mean(axis=0)
    span = _EDGE * np.maximum(np.ptp(extent, axis=0), SMALLEST_SPAN_KM)
    sheets = [PageLayout(landscape=landscape, rows=rows) for landscape in (False, True)]
    scales = [float((span / sheet.map_box[2:]).max()) for sheet in sheets]
    best = int(np.argmin(scales))
    return View(
        projection=projection,
        middle_km=(float(middle[0]), float(middle[1])),
        km_per_inch=scales[best],
        sheet=sheets[best],
    )

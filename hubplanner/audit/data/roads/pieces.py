"""Segments of roads on the globe: how long they are, which are near a place, and where it joins them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely

from hubplanner.audit.data.distances import RADIUS_KM
from hubplanner.audit.data.places import Array

Spot = tuple[Any, ...]
NEAR_KM = 1e-9
"""Roads as near as this to each other are equally near to a place: the first in the file counts."""
QUARTER_CIRCLE = 90.0
ROUNDING = 1e-9
"""Degrees, far below what a vertex is known to."""


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


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance in km of two places in degrees."""
    first, last = _vector(one), _vector(other)
    return RADIUS_KM * math.atan2(float(np.linalg.norm(np.cross(first, last))), float(first @ last))


def _vector(place: tuple[float, float]) -> Array:
    lon, lat = math.radians(place[0]), math.radians(place[1])
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


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


def between(arc: tuple[tuple[float, float], tuple[float, float]], share: float) -> tuple[float, float]:
    """Return the place that divides an arc."""
    one, other = arc
    if share in {0.0, 1.0}:
        return other if share else one
    first, last = _vector(one), _vector(other)
    angle = apart(one, other) / RADIUS_KM
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
    km, share = min((apart(place, one), 0.0), (apart(place, other), 1.0))
    return share, km

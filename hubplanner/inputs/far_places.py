"""Places far from all others: where most are, and what is said of those that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hubplanner.errors import DataWarning
from hubplanner.inputs.coordinates import turned_among
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

MANY_TIMES = 5.0
"""Times the radius of all others beyond which a place is far from them."""
ZERO_TIMES = 1.5
"""The same for a place at 0, 0, where nothing else is."""
NEAR_KM = 200.0
"""Nothing nearer than this to the middle of all places is far."""
ZERO = "{0}: lies {1:,.0f} km from the middle of all places, and 0, 0 mostly stands for an unknown one; correct it, or "
FAR = "{0}: lies {1:,.0f} km from the middle of all places, which lie within {2:,.0f} km of it; correct it, or "
SIGN = "{0}: would lie among the others as {2:g}, {3:g}, {1:,.0f} km from here; add a minus sign if it is lost, or "
MEANT = "if it is meant, set {0}.far_places: true"
SIGNS = ((-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0))
"""How coordinates may have lost their signs."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """Where most places are.

    Parameters
    ----------
    middle
        (3,) unit vector.
    radius
        Great-circle distance in km within which they lie, up to a wide gap.
    """

    middle: Floats
    radius: float

    def distance(self, places: Floats) -> Floats:
        """Return great-circle distances (k,) in km of longitudes and latitudes (k, 2) from the middle."""
        half = np.linalg.norm(unit_vectors(places) - self.middle, axis=1) / 2
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half, 1.0)))

    def around(self, places: Floats) -> Floats:
        """Return longitudes from the middle eastwards and latitudes (k, 2), so that no date line parts them."""
        east = np.degrees(np.arctan2(self.middle[1], self.middle[0]))
        return np.column_stack([(places[:, 0] - east + 180) % 360 - 180, places[:, 1]])

    def beyond(self, times: float) -> float:
        """Return the distance beyond which a place is far."""
        return max(times * self.radius, NEAR_KM)


def unit_vectors(places: Floats) -> Floats:
    """Return longitudes and latitudes (k, 2) as vectors (k, 3) of length 1 from the middle of the globe."""
    lon, lat = np.radians(places).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def body_of(places: Floats) -> Body | None:
    """Return where most places are, by longitude and latitude (n, 2); None where they have no middle.

    From the middle outwards, the body ends at the first gap beyond half of the places that is many times as wide as it.

    >>> body = body_of(np.array([[67.9, 24.7], [68.0, 24.8], [68.1, 24.6], [68.8, 24.7], [0, 0]]))
    >>> round(body.radius), body.distance(np.array([[0.0, 0.0]])).round().tolist()
    (81, [7796.0])
    """
    if len(places) < 3:  # noqa: PLR2004 - of two places neither is the stray
        return None
    middle = np.median(unit_vectors(places), axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-6:  # noqa: PLR2004 - all around the globe
        return None
    whole = Body(middle=middle / length, radius=0.0)
    distance = np.sort(whole.distance(places))
    most = len(places) // 2
    inner, outer = distance[most:-1], distance[most + 1 :]
    gaps = np.flatnonzero(outer > np.maximum(MANY_TIMES * inner, NEAR_KM))
    radius = inner[gaps[0]] if len(gaps) else distance[-1]
    return Body(middle=whole.middle, radius=float(radius))


@dataclass(frozen=True, kw_only=True, eq=False)
class Spots:
    """Rows of a file that may lie far from all others.

    Parameters
    ----------
    file
        The file's name.
    section, column
        Its section of the scenario, and what its coordinates are called.
    lonlat, own
        (k, 2) longitudes and latitudes, and coordinates as they stand in the file.
    rows
        (k,) where they stand; None without rows.
    """

    file: str
    section: str
    column: str
    lonlat: Floats
    own: Floats
    rows: Ints | None

    @property
    def at_zero(self) -> Bools:
        """Tell which (k,) stand at exactly 0, 0."""
        return np.asarray((self.own == 0).all(axis=1))

    def doubts(self, body: Body, rest: Floats) -> list[DataWarning]:
        """Return a warning for each place at 0, 0, without its sign, or just far from all others.

        Parameters
        ----------
        body
            Where most places are.
        rest
            (k, 2) longitudes and latitudes that stand for all.
        """
        distance, zero = body.distance(self.lonlat), self.at_zero
        found = {
            position: self._warning("zero_place", position, ZERO.format(self._place(position), distance[position]))
            for position in np.flatnonzero(zero & (distance > body.beyond(ZERO_TIMES))).tolist()
        }
        if np.allclose(self.own, self.lonlat):
            for signs in SIGNS:
                parts = (self.lonlat, self.lonlat * signs, rest)
                lost = np.flatnonzero(turned_among(*map(body.around, parts)) & ~zero).tolist()
                found |= {position: self._lost_sign(position, signs) for position in lost if position not in found}
        for position in np.flatnonzero((distance > body.beyond(MANY_TIMES)) & ~zero).tolist():
            message = FAR.format(self._place(position), distance[position], body.radius)
            found.setdefault(position, self._warning("far_place", position, message))
        return [found[position] for position in sorted(found)]

    def _lost_sign(self, position: int, signs: tuple[float, float]) -> DataWarning:
        here, there = self.lonlat[position], self.lonlat[position] * signs
        apart = Body(middle=unit_vectors(there[None])[0], radius=0.0).distance(here[None])[0]
        return self._warning("lost_sign", position, SIGN.format(self._place(position), apart, *there))

    def _place(self, position: int) -> str:
        return f"{self.column} {self.own[position, 0]:g}, {self.own[position, 1]:g}"

    def _warning(self, code: str, position: int, message: str) -> DataWarning:
        row = None if self.rows is None else int(self.rows[position])
        return DataWarning(code=code, message=message + MEANT.format(self.section), file=self.file, row=row)


def told_far(parts: Iterable[Spots], rest: Sequence[Floats]) -> list[DataWarning]:
    """Return a warning for each place that does not lie where the rest do."""
    around = np.concatenate(rest) if rest else np.zeros((0, 2))
    around = around[(around != 0).any(axis=1)]
    body = body_of(around)
    return [] if body is None else [doubt for part in parts for doubt in part.doubts(body, around)]

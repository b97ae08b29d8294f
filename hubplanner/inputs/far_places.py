"""Places far from all others: where most are, and what is said of those that are not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import DataWarning, Fault
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hubplanner.problem import Bools, Floats, Ints

MANY_TIMES = 5.0
"""Times the radius of all others beyond which a place is far from them."""
ZERO_TIMES = 1.5
"""The same for a place at 0, 0, where nothing else is."""
NEAR_KM = 200.0
"""Nothing nearer than this to the middle of all places is far."""
ZERO = "a place near the others; it lies {0:,.0f} km from their middle, and 0, 0 mostly stands for an unknown place: "
FAR = "{0}: lies {1:,.0f} km from the middle of all places, which lie within {2:,.0f} km of it; correct it, or "
MEANT = "if it is meant, set {0}.far_places: true"


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

    def note_zero(self, body: Body, faults: list[Fault]) -> None:
        """Note places at 0, 0 where all others are far from it."""
        distance = body.distance(self.lonlat)
        for position in np.flatnonzero(self.at_zero & (distance > body.beyond(ZERO_TIMES))).tolist():
            allowed = ZERO.format(distance[position]) + MEANT.format(self.section)
            row = None if self.rows is None else int(self.rows[position])
            faults.append(Fault(file=self.file, row=row, column=self.column, value="0, 0", allowed=allowed))

    def far(self, body: Body) -> list[DataWarning]:
        """Return a warning for each place far from all others."""
        distance = body.distance(self.lonlat)
        found = np.flatnonzero((distance > body.beyond(MANY_TIMES)) & ~self.at_zero).tolist()
        return [self._far(position, float(distance[position]), body.radius) for position in found]

    def _far(self, position: int, distance: float, radius: float) -> DataWarning:
        place = f"{self.column} {self.own[position, 0]:g}, {self.own[position, 1]:g}"
        message = FAR.format(place, distance, radius) + MEANT.format(self.section)
        row = None if self.rows is None else int(self.rows[position])
        return DataWarning(code="far_place", message=message, file=self.file, row=row)


def told_far(parts: Iterable[Spots], rest: Sequence[Floats], faults: list[Fault]) -> list[DataWarning]:
    """Return a warning for each place far from the rest; note as faults those at 0, 0."""
    around = np.concatenate(rest) if rest else np.zeros((0, 2))
    body = body_of(around[(around != 0).any(axis=1)])
    if body is None:
        return []
    warnings = []
    for part in parts:
        part.note_zero(body, faults)
        warnings += part.far(body)
    return warnings

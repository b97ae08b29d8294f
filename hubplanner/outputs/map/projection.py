"""How degrees lie on a map: a local equirectangular projection in kilometres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubplanner.problem import Floats
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

HALF_TURN, TURN = 180.0, 360.0
KM_PER_DEGREE = np.pi / HALF_TURN * EARTH_RADIUS_KM


@dataclass(frozen=True, kw_only=True)
class MapProjection:
    """A kilometre is as long eastwards as northwards at the middle latitude, and meridians are upright.

    Parameters
    ----------
    middle
        Longitude and latitude of the middle.
    """

    middle: tuple[float, float]

    @classmethod
    def around(cls, lonlat: Floats) -> MapProjection:
        """Return the projection of a map whose middle is that of places (n, 2), at least one."""
        # Islands on both sides of the antimeridian are neighbours.
        apart = np.ptp(lonlat[:, 0]) > HALF_TURN
        places = np.column_stack([lonlat[:, 0] % TURN, lonlat[:, 1]]) if apart else lonlat
        middle = (places.min(axis=0) + places.max(axis=0)) / 2
        return cls(middle=(float(middle[0]), float(middle[1])))

    def km(self, lonlat: Floats) -> Floats:
        """Return kilometres (n, 2) east and north of the middle, the shorter way around the globe."""
        east = (lonlat[:, 0] - self.middle[0] + HALF_TURN) % TURN - HALF_TURN
        return self.flat(np.column_stack([east + self.middle[0], lonlat[:, 1]]))

    def flat(self, lonlat: Floats) -> Floats:
        """Return kilometres (n, 2) of points whose longitudes run on across the antimeridian, as those of a line do.

        >>> MapProjection(middle=(180.0, 0.0)).flat(np.array([[181.0, 0.0]])).round().tolist()
        [[111.0, 0.0]]
        """
        scale = np.array([np.cos(np.radians(self.middle[1])), 1.0]) * KM_PER_DEGREE
        return np.asarray((lonlat - np.array(self.middle)) * scale, dtype=np.float64)

    def lonlat(self, km: Floats) -> Floats:
        """Return the longitudes and latitudes (n, 2) of points of the map."""
        flat = km / (np.array([np.cos(np.radians(self.middle[1])), 1.0]) * KM_PER_DEGREE)
        east = (flat[:, 0] + self.middle[0] + HALF_TURN) % TURN - HALF_TURN
        return np.column_stack([east, flat[:, 1] + self.middle[1]])

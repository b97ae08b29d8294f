"""Distances between demand points and sites, computed when asked for and never held as a full table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse import csc_array
from scipy.spatial import KDTree

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Pairs = tuple[Ints, Ints, Floats]
"""Demand points, sites and the distances between them, one entry a pair."""

EARTH_RADIUS_KM = 6371.0088
REACH_TOLERANCE = 1e-9
"""Relative slack of the inclusive reach, so that rounding does not exclude a point at the very edge."""


class Travel(Protocol):
    """What the model asks of distances."""

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        ...

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        ...

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach, inclusive, of the points start to stop (exclusive) and any site."""
        ...

    def from_site(self, site: int) -> Floats:
        """Return the distances (n,) of all points to one site; infinity where there is no way."""
        ...

    def between_sites(self) -> Travel | None:
        """Return travel from the sites to each other; None where it is not known."""
        ...


def within(distance: Floats, reach: float | Floats) -> Bools:
    r"""Tell which distances are within reach: $d \le r (1 + 10^{-9})$; none is where there is no way.

    >>> within(np.array([9.9, 10.0, 10.1]), 10.0).tolist()
    [True, True, False]
    """
    return np.asarray((distance <= reach * (1 + REACH_TOLERANCE)) & (distance < np.inf), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class _Straight:
    """Straight-line travel: a tree in Euclidean space finds the near pairs, a formula measures them."""

    points: Floats
    sites: Floats
    detour: float = 1.0

    @property
    def n_points(self) -> int:
        return len(self.points)

    @property
    def n_sites(self) -> int:
        return len(self.sites)

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        points = self._embed(self.points[start:stop])
        # The tree only shortlists, with a margin for rounding; the formula decides.
        radius = self._chord(reach / self.detour) * (1 + 1e-6) + 1e-9
        near = KDTree(points).sparse_distance_matrix(self._tree, radius, output_type="ndarray")
        point, site = near["i"].astype(np.intp) + start, near["j"].astype(np.intp)
        distance = self._measure(self.points[point], self.sites[site])
        keep = within(distance, reach)
        return point[keep], site[keep], distance[keep]

    def from_site(self, site: int) -> Floats:
        return self._measure(self.points, self.sites[site])

    def between_sites(self) -> Travel:
        return replace(self, points=self.sites)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self._embed(self.sites))

    def _embed(self, places: Floats) -> Floats:
        raise NotImplementedError

    def _chord(self, distance: float) -> float:
        raise NotImplementedError

    def _measure(self, points: Floats, sites: Floats) -> Floats:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Planar(_Straight):
    r"""Euclidean travel: $d_{ij} = \delta \lVert p_i - s_j \rVert_2$, in the unit of reach.

    Parameters
    ----------
    points, sites
        (n, 2) and (m, 2) coordinates in the unit of reach.
    detour
        Factor $\delta$ from straight line to travelled distance.

    >>> Planar(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])).from_site(0).tolist()
    [5.0]
    """

    def _embed(self, places: Floats) -> Floats:
        return places

    def _chord(self, distance: float) -> float:
        return distance

    def _measure(self, points: Floats, sites: Floats) -> Floats:
        delta = points - sites
        return np.hypot(delta[:, 0], delta[:, 1]) * self.detour


@dataclass(frozen=True, eq=False)
class GreatCircle(_Straight):
    r"""Haversine travel on a sphere of radius R = 6,371.0088 km, in kilometres.

    .. math:: d = 2 R \delta \arcsin\sqrt{\sin^2\tfrac{\Delta\phi}{2} +
              \cos\phi_1\cos\phi_2\sin^2\tfrac{\Delta\lambda}{2}}

    Parameters
    ----------
    points, sites
        (n, 2) and (m, 2) longitudes and latitudes in degrees.
    detour
        Factor from straight line to travelled distance.

    >>> GreatCircle(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])).from_site(0).round(3).tolist()
    [111.195]
    """

    def _embed(self, places: Floats) -> Floats:
        lon, lat = np.radians(places).T
        return np.asarray(np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]))

    def _chord(self, distance: float) -> float:
        return 2 * float(np.sin(min(distance / (2 * EARTH_RADIUS_KM), np.pi / 2)))

    def _measure(self, points: Floats, sites: Floats) -> Floats:
        lon1, lat1 = np.radians(points).T
        lon2, lat2 = np.radians(sites).T
        haversine = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0))) * self.detour)


@dataclass(frozen=True, eq=False)
class Matrix:
    """Given travel: a sparse table whose absent pairs are unreachable.

    Parameters
    ----------
    point, site, distance
        One entry a pair; a pair at most once. Distances in the unit of reach, zero allowed.
    n_points, n_sites
        Shape of the table.
    sites
        Travel from the sites to each other, where it is known.

    >>> Matrix(np.array([0]), np.array([1]), np.array([0.0]), n_points=2, n_sites=2).from_site(1).tolist()
    [0.0, inf]
    """

    point: Ints
    site: Ints
    distance: Floats
    n_points: int
    n_sites: int
    sites: Travel | None = None

    def between_sites(self) -> Travel | None:
        """Return the given travel between sites."""
        return self.sites

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach of the points start to stop."""
        keep = within(self.distance, reach) & (self.point >= start) & (self.point < stop)
        return self.point[keep], self.site[keep], self.distance[keep]

    def from_site(self, site: int) -> Floats:
        """Return the distances of all points to one site."""
        start, stop = self._columns.indptr[site : site + 2]
        entries = self._columns.data[start:stop] - 1
        distance = np.full(self.n_points, np.inf)
        distance[self.point[entries]] = self.distance[entries]
        return distance

    @cached_property
    def _columns(self) -> csc_array:
        # Entry numbers from 1: a stored zero distance must not vanish as a sparse zero.
        number = np.arange(1, len(self.point) + 1)
        return csc_array((number, (self.point, self.site)), shape=(self.n_points, self.n_sites))

"""Distances as the crow flies: in the plane and on the sphere, with what a grid over them needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.spatial import KDTree

from hubplanner.problem.arrays import Floats, Ints
from hubplanner.problem.travel.base import Pairs, Travel, within

EARTH_RADIUS_KM = 6371.0088
FEW_SITES = 32
"""Sites up to which comparing all pairs is faster than a tree."""
FEW_POINTS = 200_000
"""Points whose tree is kept for the next question about the same ones, as one plan after the other is evaluated."""
NO_SITES = np.zeros(0, dtype=np.intp)
NONE = -1
"""Stands for no site."""
RIGHT_ANGLE, HALF_CIRCLE = 90.0, 180.0


@dataclass(frozen=True, eq=False)
class GeometricTravel:
    """Straight-line travel: a tree in Euclidean space finds the near pairs, a formula measures them.

    Parameters
    ----------
    points, sites
        (n, 2) and (m, 2) coordinates.
    detour
        Factor from straight line to travelled distance.
    """

    points: Floats
    sites: Floats
    detour: float = 1.0

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return len(self.points)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.sites)

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach of the points start to stop, found by a tree and measured by the formula."""
        # A shortlist first, with a margin for rounding; the formula decides.
        radius = self._chord(reach / self.detour) * (1 + 1e-6) + 1e-9
        is_kept = (start, stop) == (0, self.n_points) and self.n_points <= FEW_POINTS
        if self.n_sites <= FEW_SITES:
            points = self._kept.embedded if is_kept else self.embed(self.points[start:stop])
            return self._one_by_one(start, points, radius, reach)
        tree = self._kept.point_tree if is_kept else KDTree(self.embed(self.points[start:stop]))
        near = tree.sparse_distance_matrix(self._tree, radius, output_type="ndarray")
        point, site = near["i"].astype(np.intp) + start, near["j"].astype(np.intp)
        distance = self.measure(self.points[point], self.sites[site])
        keep = within(distance, reach)
        return point[keep], site[keep], distance[keep]

    def _one_by_one(self, start: int, points: Floats, radius: float, reach: float) -> Pairs:
        """Return the pairs within reach of embedded points, those measured in whose box of a radius a site lies."""
        first, *others = np.ascontiguousarray(points.T)
        near, found = [NO_SITES], [np.zeros(0)]
        for site, middle in enumerate(self.embed(self.sites)):
            inside = np.flatnonzero(np.abs(first - middle[0]) <= radius)
            for axis, at in zip(others, middle[1:], strict=True):
                inside = inside[np.abs(axis[inside] - at) <= radius]
            inside += start
            far = self.measure(self.points[inside], self.sites[[site]])
            keep = within(far, reach)
            near.append(inside[keep])
            found.append(far[keep])
        sites = np.repeat(np.arange(self.n_sites), [len(part) for part in near[1:]])
        return np.concatenate(near), sites, np.concatenate(found)

    def from_site(self, site: int) -> Floats:
        """Return the distances of all points to one site."""
        return self.measure(self.points, self.sites[site])

    def between_sites(self) -> Travel:
        """Return the same travel from site to site."""
        return self.at(self.sites)

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.embed(self.sites))

    @cached_property
    def embedded(self) -> Floats:
        """All points in a space where straight lines rank as distances do."""
        return self.embed(self.points)

    @cached_property
    def point_tree(self) -> KDTree:
        """A tree of them."""
        return KDTree(self.embedded)

    @property
    def _kept(self) -> GeometricTravel:
        """The travel to more sites that this one is a part of, which keeps what concerns their common points alone."""
        kept: GeometricTravel = vars(self).get("_whole", self)
        return kept

    def embed(self, places: Floats) -> Floats:
        """Return places in a space where straight lines rank as distances do."""
        raise NotImplementedError

    def measure(self, points: Floats, sites: Floats) -> Floats:
        """Return the distances (k,) of some places to as many sites, or to one (1, 2)."""
        raise NotImplementedError

    def boxes(self, site: Ints, reach: Floats) -> Floats:
        """Return the lower and upper corner (d, 2, 2) of boxes, in flat coordinates, that hold discs about sites."""
        raise NotImplementedError

    def cell_radius(self, y: Floats, size: Floats) -> Floats:
        """Return the largest distance (k,) from the middle of boxes at heights y (k,), all of one size (2,)."""
        raise NotImplementedError

    def flat(self, places: Floats) -> Floats:
        """Return places (k, 2) as coordinates that are continuous about the sites."""
        return places

    def placed(self, flat: Floats) -> Floats:
        """Return places (k, 2) of flat coordinates."""
        return flat

    def among(self, sites: Ints) -> GeometricTravel:
        """Return the same travel to some of the sites."""
        part = replace(self, sites=self.sites[sites])
        vars(part)["_whole"] = self._kept
        return part

    def nearest(self) -> Floats:
        """Return the distances of all points to their nearest site, found where straight lines rank, and measured."""
        return self.closest()[1]

    def closest(self) -> tuple[Ints, Floats]:
        """Return the nearest site of each point, the first of several, and its distance; -1 and infinity without."""
        if not len(self.sites):
            return np.full(self.n_points, NONE), np.full(self.n_points, np.inf)
        points = self._kept.embedded if self.n_points <= FEW_POINTS else self.embed(self.points)
        site = self._one_after_other(points) if self.n_sites <= FEW_SITES else self._by_tree(points)
        return site, self.measure(self.points, self.sites[site])

    def _by_tree(self, points: Floats) -> Ints:
        """Return the first of the sites that are closest to embedded points; the tree does not say which that is."""
        far, near = map(np.asarray, self._tree.query(points, k=2, workers=-1))
        site, alike = near[:, 0].astype(np.intp), np.flatnonzero(far[:, 0] == far[:, 1])
        site[alike] = self._one_after_other(points[alike])
        return site

    def _one_after_other(self, points: Floats) -> Ints:
        """Return the first of the sites that are closest to embedded points, each compared with all."""
        axes, site = np.ascontiguousarray(points.T), np.zeros(len(points), dtype=np.intp)
        least = np.full(len(points), np.inf)
        for number, place in enumerate(self.embed(self.sites)):
            far = sum((axis - middle) ** 2 for axis, middle in zip(axes, place, strict=True))
            site[far < least] = number
            np.minimum(least, far, out=least)
        return site

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the distances of some pairs."""
        return self.measure(self.points[point], self.sites[site])

    def at(self, places: Floats) -> GeometricTravel:
        """Return the same travel from other points (k, 2)."""
        return replace(self, points=places)

    def _chord(self, distance: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Planar(GeometricTravel):
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

    def embed(self, places: Floats) -> Floats:
        """Return the places themselves."""
        return places

    def _chord(self, distance: float) -> float:
        return distance

    def measure(self, points: Floats, sites: Floats) -> Floats:
        """Return the distances by the formula."""
        delta = points - sites
        return np.hypot(delta[:, 0], delta[:, 1]) * self.detour

    def boxes(self, site: Ints, reach: Floats) -> Floats:
        """Return the corners of boxes about the discs."""
        half = (reach / self.detour)[:, None, None] * np.array([[-1.0], [1.0]])
        return np.asarray(self.sites[site][:, None, :] + half)

    def cell_radius(self, y: Floats, size: Floats) -> Floats:
        """Return the distance from the middle to the farthest corner."""
        return np.full(len(y), np.hypot(*size) / 2 * self.detour)


@dataclass(frozen=True, eq=False)
class GreatCircle(GeometricTravel):
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

    def embed(self, places: Floats) -> Floats:
        """Return points on the unit sphere."""
        lon, lat = np.radians(places).T
        return np.asarray(np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]))

    def _chord(self, distance: float) -> float:
        return 2 * float(np.sin(min(distance / (2 * EARTH_RADIUS_KM), np.pi / 2)))

    def measure(self, points: Floats, sites: Floats) -> Floats:
        """Return the distances by the formula."""
        lon1, lat1 = np.radians(points).T
        lon2, lat2 = np.radians(sites).T
        haversine = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0))) * self.detour)

    def boxes(self, site: Ints, reach: Floats) -> Floats:
        """Return the corners of boxes about the discs."""
        lon, lat = self.flat(self.sites[site]).T
        angle = np.minimum(reach / self.detour / EARTH_RADIUS_KM, np.pi)
        low, high = lat - np.degrees(angle), lat + np.degrees(angle)
        polar = (low <= -RIGHT_ANGLE) | (high >= RIGHT_ANGLE)
        wide = np.sin(np.where(polar, 0.0, angle)) / np.cos(np.radians(np.where(polar, 0.0, lat)))
        half = np.degrees(np.arcsin(np.minimum(wide, 1.0)))
        west, east = self._middle - HALF_CIRCLE, self._middle + HALF_CIRCLE
        around = polar | (lon - half < west) | (lon + half > east)
        left, right = np.where(around, west, lon - half), np.where(around, east, lon + half)
        lower = np.column_stack([left, np.maximum(low, -RIGHT_ANGLE)])
        return np.stack([lower, np.column_stack([right, np.minimum(high, RIGHT_ANGLE)])], axis=1)

    def cell_radius(self, y: Floats, size: Floats) -> Floats:
        """Return the distance from the middle to the farthest corner."""
        width, height = np.radians(size / 2)
        # The parallel nearest to the equator is the longest.
        nearest = np.cos(np.maximum(np.radians(np.abs(y)) - height, 0.0))
        half = np.sqrt(np.sin(height / 2) ** 2 + (nearest * np.sin(width / 2)) ** 2)
        return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(half, 1.0)) * self.detour)

    def flat(self, places: Floats) -> Floats:
        """Return longitudes unrolled about the sites."""
        west = self._middle - HALF_CIRCLE
        lon = places[:, 0]
        if not len(lon) or (lon.min() >= west and lon.max() < west + 2 * HALF_CIRCLE):
            return places
        return np.column_stack([(lon - west) % (2 * HALF_CIRCLE) + west, places[:, 1]])

    def placed(self, flat: Floats) -> Floats:
        """Return longitudes within half a circle of Greenwich."""
        lon = (flat[:, :1] + HALF_CIRCLE) % (2 * HALF_CIRCLE) - HALF_CIRCLE
        return np.hstack([np.where(np.abs(flat[:, :1]) > HALF_CIRCLE, lon, flat[:, :1]), flat[:, 1:]])

    @cached_property
    def _middle(self) -> float:
        """Longitude in the middle of the sites, so that the seam of the map lies on the other side of the earth."""
        lon = np.radians(self.sites[:, 0])
        return float(np.degrees(np.arctan2(np.sin(lon).sum(), np.cos(lon).sum())))

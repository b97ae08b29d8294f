"""Distances between demand points and sites, computed when asked for and never held as a full table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.sparse import csc_array

from hubplanner.problem.arrays import Bools, Floats, Ints, spans
from hubplanner.tolerances import REACH_TOLERANCE

Pairs = tuple[Ints, Ints, Floats]
"""Demand points, sites and the distances between them, one entry a pair."""


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

    def among(self, sites: Ints) -> Travel:
        """Return travel to some of the sites (k,) alone, which may occur twice, numbered again."""
        ...

    def nearest(self) -> Floats:
        """Return the distances (n,) of all points to their nearest site; infinity where there is no way to any."""
        ...

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the distances (k,) of some pairs that there is a way between."""
        ...


def within(distance: Floats, reach: float | Floats) -> Bools:
    r"""Tell which distances are within reach: $d \le r (1 + 10^{-9})$; none is where there is no way.

    >>> within(np.array([9.9, 10.0, 10.1]), 10.0).tolist()
    [True, True, False]
    """
    return np.asarray((distance <= reach * (1 + REACH_TOLERANCE)) & (distance < np.inf), dtype=np.bool_)


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

    def among(self, sites: Ints) -> Matrix:
        """Return the table with some of its columns."""
        size = np.diff(self._columns.indptr)[sites]
        entry = self._columns.data[spans(self._columns.indptr[sites], size)] - 1
        column = np.repeat(np.arange(len(sites)), size)
        return Matrix(self.point[entry], column, self.distance[entry], self.n_points, len(sites))

    def nearest(self) -> Floats:
        """Return the smallest entry of each row."""
        distance = np.full(self.n_points, np.inf)
        np.minimum.at(distance, self.point, self.distance)
        return distance

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the entries of some pairs."""
        key = self.point * self.n_sites + self.site
        order = np.argsort(key, kind="stable")
        return self.distance[order[np.searchsorted(key[order], point * self.n_sites + site)]]

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

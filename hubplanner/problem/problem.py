"""The planning problem as arrays: demand points, sites, the options to build, and travel between them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array, issparse

from hubplanner.errors import DataError, Fault, raise_faults
from hubplanner.problem.travel import Floats, Ints, Matrix, Planar, Travel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class SiteStatus(IntEnum):
    """Whether a hub may, must or does stand at a site."""

    CANDIDATE = 0
    EXISTING = 1
    REQUIRED = 2
    EXCLUDED = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """Everything a plan is chosen from, immutable.

    Parameters
    ----------
    need, people
        (n,) what a plan covers, and the people it stands for, by demand point.
    travel
        Distances between the n points and the m sites.
    site_status
        (m,) `SiteStatus` codes.
    tier_reach
        (t,) reach of each tier, in the unit of travel.
    option_site, option_tier
        (o,) the (site, tier) pairs that may be open, in ascending order; an existing site has one.
    option_cost
        (o,) cost of opening each, in money; 0 at existing sites.

    Raises
    ------
    DataError
        When shapes disagree, a value is negative or not finite, or an index is out of range.
    """

    need: Floats
    people: Floats
    travel: Travel
    site_status: Ints
    tier_reach: Floats
    option_site: Ints
    option_tier: Ints
    option_cost: Floats

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        raise_faults([*self._wrong_shapes()] or [*self._wrong_values()])
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flags.writeable = False
                object.__setattr__(self, field.name, value)

    @property
    def n_points(self) -> int:
        """Number of demand points n."""
        return len(self.need)

    @property
    def n_sites(self) -> int:
        """Number of sites m."""
        return len(self.site_status)

    @property
    def n_options(self) -> int:
        """Number of (site, tier) options o."""
        return len(self.option_site)

    @property
    def option_reach(self) -> Floats:
        """Reach (o,) of each option, in the unit of travel."""
        return self.tier_reach[self.option_tier]

    @property
    def existing(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Mask (o,) of the options that stand already."""
        return np.asarray(self.site_status[self.option_site] == SiteStatus.EXISTING)

    @property
    def required_sites(self) -> Ints:
        """Sites that must hold a new hub."""
        return np.flatnonzero(self.site_status == SiteStatus.REQUIRED)

    @classmethod
    def from_points(
        cls,
        demand_xy: ArrayLike,
        need: ArrayLike,
        site_xy: ArrayLike,
        site_cost: ArrayLike,
        reach: float,
    ) -> Problem:
        """Return a one-tier problem in the plane.

        Parameters
        ----------
        demand_xy, site_xy
            (n, 2) and (m, 2) coordinates in metres.
        need, site_cost
            (n,) and (m,).
        reach
            Metres within which a point is covered, inclusive.

        >>> Problem.from_points([[0, 0], [9, 0]], [1, 1], [[1, 0]], [1], reach=5).n_points
        2
        """
        points, sites = (_coordinates("demand_xy", demand_xy), _coordinates("site_xy", site_xy))
        return cls._one_tier(Planar(points, sites), need, site_cost, reach)

    @classmethod
    def from_matrix(cls, distance: Any, need: ArrayLike, site_cost: ArrayLike, reach: float) -> Problem:
        """Return a one-tier problem over given distances.

        Parameters
        ----------
        distance
            (n, m) array, infinite or NaN where unreachable; or a scipy sparse matrix, absent where unreachable
            (a stored zero is a distance of zero).
        need, site_cost
            (n,) and (m,).
        reach
            Distance within which a point is covered, inclusive.

        >>> Problem.from_matrix(np.array([[1.0, 7.0]]), [1], [1, 1], reach=5).n_sites
        2
        """
        table = coo_array(distance) if issparse(distance) else _dense_pairs(distance)
        point, site = (np.asarray(index, dtype=np.intp) for index in table.coords)
        n_points, n_sites = table.shape
        data = np.asarray(table.data, dtype=np.float64)
        if np.isnan(data).any() or (data < 0).any():
            msg = "distance: values of at least 0 are allowed"
            raise DataError(msg)
        if len(np.unique(point * n_sites + site)) < len(point):
            msg = "distance: a pair is stored twice; call sum_duplicates() or drop one"
            raise DataError(msg)
        return cls._one_tier(Matrix(point, site, data, n_points, n_sites), need, site_cost, reach)

    @classmethod
    def _one_tier(cls, travel: Travel, need: ArrayLike, site_cost: ArrayLike, reach: float) -> Problem:
        weight = np.asarray(need, dtype=np.float64)
        return cls(
            need=weight,
            people=weight,
            travel=travel,
            site_status=np.full(travel.n_sites, SiteStatus.CANDIDATE, dtype=np.intp),
            tier_reach=np.array([reach], dtype=np.float64),
            option_site=np.arange(travel.n_sites),
            option_tier=np.zeros(travel.n_sites, dtype=np.intp),
            option_cost=np.asarray(site_cost, dtype=np.float64),
        )

    def _wrong_shapes(self) -> list[Fault]:
        expected = {
            "need": self.travel.n_points,
            "people": self.travel.n_points,
            "site_status": self.travel.n_sites,
            "option_tier": len(self.option_site),
            "option_cost": len(self.option_site),
        }
        return [
            Fault(file="problem", column=name, value=np.shape(getattr(self, name)), allowed=f"shape ({length},)")
            for name, length in expected.items()
            if np.shape(getattr(self, name)) != (length,)
        ]

    def _wrong_values(self) -> list[Fault]:
        faults = [
            Fault(file="problem", row=int(at[0]), column=name, value=float(values[at[0]]), allowed="finite, at least 0")
            for name in ("need", "people", "option_cost", "tier_reach")
            for values in [getattr(self, name)]
            if len(at := np.flatnonzero(~(np.isfinite(values) & (values >= 0))))
        ]
        key = self.option_site * len(self.tier_reach) + self.option_tier
        if len(key) and (np.diff(key) <= 0).any():
            faults.append(Fault(file="problem", column="option_site", allowed="distinct (site, tier) pairs, ascending"))
        return faults


def _coordinates(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():  # noqa: PLR2004 - x and y
        raise DataError(Fault(file="problem", column=name, value=array.shape, allowed="shape (n, 2), finite"))
    return array


def _dense_pairs(distance: ArrayLike) -> coo_array:
    table = np.asarray(distance, dtype=np.float64)
    if table.ndim != 2:  # noqa: PLR2004 - a table has two dimensions
        raise DataError(Fault(file="problem", column="distance", value=table.shape, allowed="shape (n, m)"))
    index = np.nonzero(np.isfinite(table))
    return coo_array((table[index], index), shape=table.shape)

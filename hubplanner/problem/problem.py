"""The planning problem as arrays: demand points, sites, the options to build, and travel between them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hubplanner.errors import raise_faults
from hubplanner.problem.aggregation.stream import Chunk, merge_chunks
from hubplanner.problem.coverage import CoverageRule, merge_demand
from hubplanner.problem.solution import SiteStatus
from hubplanner.problem.travel.geometric import Planar
from hubplanner.problem.validation import coordinates, distances, faults, vector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from hubplanner.problem.coverage import Rows
    from hubplanner.problem.travel.base import Bools, Floats, Ints, Travel


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
        (o,) the (site, tier) pairs that may be open, in ascending order; an existing site has one that stands, a
        required one at least one, an excluded one none.
    option_cost
        (o,) cost of opening each, in money; 0 for hubs that stand, below 0 where an upgrade frees money.
    rule
        When a point counts as covered; within reach of one hub if left out.
    upgrade
        (o,) which options would replace the standing hub of an existing site; none if left out.
    closing_saving
        (m,) money saved by closing a site's standing hub; NaN, or left out, where it stays.

    Raises
    ------
    DataError
        When shapes disagree, a value is negative or not finite, an index is out of range, or a site's options do not
        fit its status.
    """

    need: Floats
    people: Floats
    travel: Travel
    site_status: Ints
    tier_reach: Floats
    option_site: Ints
    option_tier: Ints
    option_cost: Floats
    rule: CoverageRule = field(default_factory=CoverageRule)
    upgrade: Bools | None = None
    closing_saving: Floats | None = None

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        raise_faults(faults(self))
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flags.writeable = False
                object.__setattr__(self, part.name, value)

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
    def existing(self) -> Bools:
        """Mask (o,) of the options that stand already."""
        return self._at_existing & ~self.upgrades

    @property
    def upgrades(self) -> Bools:
        """Mask (o,) of the options that would replace a standing hub."""
        return np.zeros(self.n_options, dtype=np.bool_) if self.upgrade is None else self.upgrade

    @property
    def new(self) -> Bools:
        """Mask (o,) of the options at sites without a standing hub."""
        return ~self._at_existing

    @property
    def savings(self) -> Floats:
        """Money (m,) saved by closing each site's standing hub; NaN where it stays."""
        return np.full(self.n_sites, np.nan) if self.closing_saving is None else self.closing_saving

    @property
    def keeps_existing(self) -> bool:
        """Tell whether all standing hubs stay as they are."""
        return not self.upgrades.any() and bool(np.isnan(self.savings).all())

    @property
    def _at_existing(self) -> Bools:
        return np.asarray(self.site_status[self.option_site] == SiteStatus.EXISTING)

    @property
    def reachable(self) -> Bools:
        """Mask (n,) of the points with a way to some site that has options."""
        return self._reach_of_all[0]

    @property
    def farthest(self) -> float:
        """Largest distance between any point and any site with options that has a way to it."""
        return self._reach_of_all[1]

    @cached_property
    def _reach_of_all(self) -> tuple[Bools, float]:
        found, farthest = np.zeros(self.n_points, dtype=np.bool_), 0.0
        for site in np.unique(self.option_site).tolist():
            distance = self.travel.from_site(site)
            way = np.isfinite(distance)
            found |= way
            farthest = max(farthest, float(distance[way].max(initial=0.0)))
        return found, farthest

    @cached_property
    def rows(self) -> Rows:
        """Demand merged by what can cover it, once for all questions about the problem."""
        return merge_demand(self)

    @property
    def required_sites(self) -> Ints:
        """Sites that must hold a new hub."""
        return np.flatnonzero(self.site_status == SiteStatus.REQUIRED)

    @property
    def kept_sites(self) -> Ints:
        """Sites whose standing hub may not be closed, only upgraded."""
        return np.flatnonzero((self.site_status == SiteStatus.EXISTING) & np.isnan(self.savings))

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
            Metres within which a point is covered, inclusive; infinite where every hub covers all.

        >>> Problem.from_points([[0, 0], [9, 0]], [1, 1], [[1, 0]], [1], reach=5).n_points
        2
        """
        travel = Planar(coordinates("demand_xy", demand_xy), coordinates("site_xy", site_xy))
        if reach == np.inf:
            places = np.vstack([np.zeros((1, 2)), travel.points, travel.sites])
            reach = float(np.hypot(*np.ptp(places, axis=0)))  # no two places are farther apart
        return cls._one_tier(travel, need, site_cost, reach)

    @classmethod
    def from_stream(
        cls,
        chunks: Iterable[tuple[ArrayLike, ArrayLike]],
        site_xy: ArrayLike,
        site_cost: ArrayLike,
        reach: float,
    ) -> Problem:
        """Return a one-tier problem in the plane whose demand points are read once, in chunks, and merged.

        Points that the same sites reach become one, so memory grows with the number of such sets alone. What a plan
        covers is exact; distances are those of the merged points' mean places.

        Parameters
        ----------
        chunks
            Pairs of coordinates (k, 2) in metres and need (k,).
        site_xy, site_cost, reach
            As with `from_points`.

        >>> chunks = (([[x, 0.0], [x, 1.0]], [1.0, 2.0]) for x in range(1000))
        >>> Problem.from_stream(chunks, [[0, 0], [500, 0]], [1, 1], reach=100).need.tolist()
        [2100.0, 301.0, 599.0]
        """
        travel = Planar(np.zeros((0, 2)), coordinates("site_xy", site_xy))
        merged = merge_chunks(
            map(_chunk, chunks), travel, vector("reach", [reach], 1), np.ones((travel.n_sites, 1), dtype=np.bool_)
        )
        return cls._one_tier(merged.travel, merged.totals[:, 0], site_cost, reach)

    @classmethod
    def from_matrix(cls, distance: Any, need: ArrayLike, site_cost: ArrayLike, reach: float) -> Problem:
        """Return a one-tier problem over given distances.

        Parameters
        ----------
        distance
            (n, m) array or scipy sparse matrix, infinite, NaN or (sparse) absent where unreachable; a stored zero is a
            distance of zero.
        need, site_cost
            (n,) and (m,).
        reach
            Distance within which a point is covered, inclusive; infinite where every hub covers all that have a way to
            it.

        >>> Problem.from_matrix(np.array([[1.0, 7.0]]), [1], [1, 1], reach=5).n_sites
        2
        """
        travel = distances(distance)
        reach = float(travel.distance.max(initial=0.0)) if reach == np.inf else reach
        return cls._one_tier(travel, need, site_cost, reach)

    @classmethod
    def _one_tier(cls, travel: Travel, need: ArrayLike, site_cost: ArrayLike, reach: float) -> Problem:
        weight = vector("need", need, travel.n_points)
        return cls(
            need=weight,
            people=weight,
            travel=travel,
            site_status=np.full(travel.n_sites, SiteStatus.CANDIDATE, dtype=np.intp),
            tier_reach=vector("reach", [reach], 1),
            option_site=np.arange(travel.n_sites),
            option_tier=np.zeros(travel.n_sites, dtype=np.intp),
            option_cost=vector("site_cost", site_cost, travel.n_sites),
        )


def _chunk(part: tuple[ArrayLike, ArrayLike]) -> Chunk:
    places = coordinates("demand_xy", part[0])
    need = vector("need", part[1], len(places))
    return Chunk(places=places, measures=need[:, None], label=np.zeros(len(need), dtype=np.intp))

"""The planning problem as arrays: demand points, sites, the options to build, travel, and who covers whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from functools import cached_property
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array, vstack

from hubplanner.errors import Fault, raise_faults
from hubplanner.formatting import count_of
from hubplanner.problem.aggregation.equal_rows import merge_rows
from hubplanner.problem.aggregation.stream import Chunk, Merged, merge_chunks
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.backhaul import Backhaul
from hubplanner.problem.coverage import CoverageRule, Decay, Rows, levels
from hubplanner.problem.measures import Measure
from hubplanner.problem.travel.base import Pairs, Travel, within
from hubplanner.problem.travel.geometric import GeometricTravel, Planar
from hubplanner.problem.travel.network import Quickest
from hubplanner.problem.validation import COUNT, coordinates, distances, vector, wrong_counts

CHUNK = 200_000
"""Demand points whose coverage is held at once."""
MANY_POINTS = 200_000
"""Demand points from which a grid is worth its making."""


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
    seated
        (n,) seats of hubs with a capacity that each point takes up when it is served whole; its people if left out.
    backhaul
        How hubs are connected, which they must be; of no concern if left out.
    measures
        What else brings people online, beside hubs and for the same money; nothing if left out.
    mode_reach
        Reach (t,) of each tier by each means of travel, by its name, where they differ: a point is within reach of a
        hub if it is by any of them, though another may be quicker. ``tier_reach`` is the largest of each tier then.

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
    seated: Floats | None = None
    backhaul: Backhaul | None = None
    measures: tuple[Measure, ...] = ()
    mode_reach: Mapping[str, Floats] | None = None

    def __post_init__(self) -> None:
        """Check the arrays and make them read-only."""
        raise_faults(_faults(self))
        for part in fields(self):
            value = getattr(self, part.name)
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flags.writeable = False
                object.__setattr__(self, part.name, value)

    def __repr__(self) -> str:
        """Say in a line what it is."""
        sizes = (count_of(self.n_points, "point"), count_of(self.n_sites, "site"), count_of(self.n_options, "option"))
        return f"Problem({', '.join(sizes)}, need {self.need.sum():,.6g})"

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

    def with_options(self, keep: Ints, site_status: Ints) -> Self:
        """Return the problem with some of its options alone (k,), and other statuses of its sites (m,)."""
        return replace(
            self,
            site_status=site_status,
            option_site=self.option_site[keep],
            option_tier=self.option_tier[keep],
            option_cost=self.option_cost[keep],
            upgrade=None if self.upgrade is None else self.upgrade[keep],
        )

    @property
    def option_reach(self) -> Floats:
        """Reach (o,) of each option, in the unit of travel."""
        return self.tier_reach[self.option_tier]

    @property
    def seats(self) -> Floats:
        """Seats (n,) of hubs with a capacity that each point takes up when it is served whole."""
        return self.people if self.seated is None else self.seated

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
    def needing(self) -> Bools:
        """Mask (n,) of the points with need and a way to some site that has options."""
        return np.asarray((self.need > 0) & self.reachable)

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
    def from_travel(cls, travel: Travel, need: ArrayLike, site_cost: ArrayLike, reach: float) -> Problem:
        """Return a one-tier problem over any travel, such as along roads by `RoadNetwork.travel`.

        Parameters
        ----------
        travel
            Distances between n points and m sites. A table of minutes becomes one by ``from_matrix(...).travel``.
        need, site_cost
            (n,) and (m,).
        reach
            Distance within which a point is covered, inclusive, in the unit of travel.

        >>> dry = Problem.from_matrix(np.array([[1.0, 7.0]]), [1], [1, 1], reach=5)
        >>> Problem.from_travel(dry.travel.among(np.array([1])), [1], [1], reach=9).n_sites
        1
        """
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


def coverage(problem: Problem, start: int, stop: int) -> csr_array:
    r"""Return the share of the points start to stop that each option covers: $a_{io} = a(d_{i,j(o)})$ by the rule.

    Returns
    -------
    csr_array
        (stop - start, o), shares above 0, columns ascending in each row.
    """
    point, option, distance = option_pairs(problem, start, stop)
    share = problem.rule.share(distance, problem.option_reach[option])
    keep = share > 0
    kind = np.int8 if problem.rule.decay == Decay.STEP else np.float64
    cells: Any = (share[keep].astype(kind), (point[keep] - start, option[keep]))
    cover = csr_array(cells, shape=(stop - start, problem.n_options))
    cover.sort_indices()
    return cover


def by_own_reach(  # noqa: PLR0913, PLR0917 - pairs, what stands there, and what a future makes of it
    problem: Problem, travel: Travel, point: Ints, site: Ints, option: Ints, factor: float | Floats = 1.0
) -> Bools:
    """Tell which pairs (k,) are within reach of their options by some means of travel, where each has its own reach.

    Parameters
    ----------
    site
        (k,) sites as ``travel`` numbers them.
    factor
        Multiplier of the reach of each.

    Raises
    ------
    TypeError
        Where travel is not by several means.
    """
    if problem.mode_reach is None:
        return np.ones(len(point), dtype=np.bool_)
    if not isinstance(travel, Quickest):
        message = f"reach by means of travel needs travel by several; {type(travel).__name__} found"
        raise TypeError(message)
    tier = problem.option_tier[option]
    return travel.within_own(point, site, {name: own[tier] * factor for name, own in problem.mode_reach.items()})


def option_pairs(problem: Problem, start: int, stop: int) -> Pairs:
    """Return the points start to stop, the options that reach them, and the distances between."""
    n_tiers = len(problem.tier_reach)
    option_of = np.full((problem.n_sites, n_tiers), -1, dtype=np.intp)
    option_of[problem.option_site, problem.option_tier] = np.arange(problem.n_options)
    point, site, distance = problem.travel.pairs(start, stop, float(problem.tier_reach.max()))
    found = [
        (point[near], option_of[site[near], tier], distance[near])
        for tier in range(n_tiers)
        for near in [within(distance, problem.tier_reach[tier]) & (option_of[site, tier] >= 0)]
    ]
    points, options, distances = (np.concatenate(part) for part in zip(*found, strict=True))
    keep = by_own_reach(problem, problem.travel, points, problem.option_site[options], options)
    return points[keep], options[keep], distances[keep]


def merge_demand(problem: Problem, chunk: int = CHUNK) -> Rows:
    """Merge demand points that the same options cover; drop those that none covers.

    Points are read in chunks, so memory grows with the number of distinct rows, not with that of points. With decay a
    point is several rows, one for each share it may be covered to.
    """
    n_points = problem.n_points
    if _is_mergeable(problem):
        merged = _merged(problem, problem.need[None])
        need = merged.totals[:, 0]
        problem = replace(problem, need=need, people=need, seated=None, travel=merged.travel, measures=())
    rows: csr_array = csr_array(np.zeros((0, problem.n_options), dtype=np.int8))
    weight: Floats = np.zeros(0)
    uncovered = 0.0
    for cover, need in _covers(problem, chunk):
        covered = np.diff(cover.indptr) > 0
        uncovered += float(need[~covered].sum())
        level = levels(cover[covered])
        stacked = csr_array(vstack([rows, level.cover]))
        rows, weight = merge_rows(stacked, np.concatenate([weight, need[covered][level.point] * level.step]))
    return Rows(need=weight, cover=rows, n_points=n_points, uncovered_need=uncovered)


def condensed(problem: Problem, measures: Floats) -> tuple[Problem, Floats]:
    """Return a problem whose points are those of another, merged where the same options reach them.

    Only coverage by the step rule stays as it is, so others come back unchanged, as do problems with few points.

    Parameters
    ----------
    measures
        (k, n) what to add up as well, by point.

    Returns
    -------
    problem, measures
        With r points, and (k, r).
    """
    if not _is_mergeable(problem):
        return problem, measures
    merged = _merged(problem, np.vstack([problem.need, problem.people, problem.seats, measures]))
    need, people, seats, *totals = merged.totals.T
    # What covers a point is its hubs: who is reached by measures is worked out from the points as they are.
    parts: dict[str, Any] = {"need": need, "people": people, "seated": seats, "travel": merged.travel}
    return replace(problem, **parts, measures=()), np.array(totals)


def _is_mergeable(problem: Problem) -> bool:
    """Tell whether points are many and those that the same options reach are as good as one."""
    is_straight = isinstance(problem.travel, GeometricTravel)
    return is_straight and problem.rule.decay == Decay.STEP and problem.n_points >= MANY_POINTS


def _merged(problem: Problem, measures: Floats) -> Merged:
    """Return points that the same options reach as one, with the total of measures (k, n)."""
    travel = cast("GeometricTravel", problem.travel)
    allowed = np.zeros((problem.n_sites, len(problem.tier_reach)), dtype=np.bool_)
    allowed[problem.option_site, problem.option_tier] = True
    chunks = (
        Chunk(places=travel.points[part], measures=measures[:, part].T, label=np.zeros(part.stop - part.start, np.intp))
        for part in (slice(at, min(at + CHUNK, problem.n_points)) for at in range(0, problem.n_points, CHUNK))
    )
    return merge_chunks(chunks, travel, problem.tier_reach, allowed)


def _covers(problem: Problem, chunk: int) -> Iterator[tuple[csr_array, Floats]]:
    for start in range(0, problem.n_points, chunk):
        stop = min(start + chunk, problem.n_points)
        yield coverage(problem, start, stop), problem.need[start:stop]


def _faults(problem: Problem) -> list[Fault]:
    """Return what is wrong with the arrays: shapes first, then values, then what they say together."""
    measures = [fault for measure in problem.measures for fault in measure.faults(problem.travel.n_points)]
    return _wrong_shapes(problem) or _wrong_values(problem) or _wrong_options(problem) or measures


def _wrong_shapes(problem: Problem) -> list[Fault]:
    options = np.size(problem.option_site)
    expected = {
        "need": problem.travel.n_points,
        "people": problem.travel.n_points,
        "site_status": problem.travel.n_sites,
        "tier_reach": max(1, np.size(problem.tier_reach)),
        "option_site": options,
        "option_tier": options,
        "option_cost": options,
    }
    optional = {"upgrade": options, "closing_saving": problem.travel.n_sites, "seated": problem.travel.n_points}
    expected |= {name: length for name, length in optional.items() if getattr(problem, name) is not None}
    found = {name: np.shape(getattr(problem, name)) for name in expected}
    wrong = [
        Fault(file="problem", column=name, value=found[name], allowed=f"shape ({length},)")
        for name, length in expected.items()
        if found[name] != (length,)
    ]
    links = (problem.travel.n_sites, np.size(problem.tier_reach))
    if problem.backhaul is not None and problem.backhaul.alone_cost.shape != links:
        value, allowed = problem.backhaul.alone_cost.shape, f"links of {links[0]} sites and {links[1]} tiers"
        wrong.append(Fault(file="problem", column="backhaul", value=value, allowed=allowed))
    return wrong


def _wrong_values(problem: Problem) -> list[Fault]:
    counts = dict.fromkeys(("need", "people", "seats", "option_cost", "tier_reach"), COUNT)
    codes = {"site_status": len(SiteStatus), "option_site": problem.n_sites, "option_tier": len(problem.tier_reach)}
    allowed = counts | {name: f"0 to {limit - 1}" for name, limit in codes.items()}
    wrong = {name: wrong_counts(getattr(problem, name)) for name in counts} | {
        name: (getattr(problem, name) < 0) | (getattr(problem, name) >= limit) for name, limit in codes.items()
    }
    # An upgrade may free money.
    wrong["option_cost"] &= ~(problem.upgrades & np.isfinite(problem.option_cost))
    return [_at(name, getattr(problem, name), wrong[name], allowed[name]) for name in wrong if wrong[name].any()]


def _wrong_options(problem: Problem) -> list[Fault]:
    key = problem.option_site * len(problem.tier_reach) + problem.option_tier
    if (np.diff(key) <= 0).any():
        return [Fault(file="problem", column="option_site", allowed="distinct (site, tier) pairs, ascending")]
    status, options = problem.site_status, np.bincount(problem.option_site, minlength=problem.n_sites)
    standing = np.bincount(problem.option_site[problem.existing], minlength=problem.n_sites)
    existing = status == SiteStatus.EXISTING
    wrong = {
        "one option at an existing site": existing & (standing != 1),
        "at least one option at a required site": (status == SiteStatus.REQUIRED) & (options == 0),
        "no option at an excluded site": (status == SiteStatus.EXCLUDED) & (options > 0),
    }
    found = [_at("option_site", options, sites, allowed) for allowed, sites in wrong.items() if sites.any()]
    return [*found, *_wrong_existing(problem)]


def _wrong_existing(problem: Problem) -> list[Fault]:
    """Return what is wrong with the money and the changes of standing hubs."""
    savings, elsewhere = problem.savings, problem.site_status != SiteStatus.EXISTING
    wrong = {
        ("option_cost", "0 at an existing site"): problem.existing & (problem.option_cost > 0),
        ("upgrade", "upgrades at existing sites only"): problem.upgrades & problem.new,
        ("closing_saving", "NaN where nothing stands"): elsewhere & ~np.isnan(savings),
        ("closing_saving", COUNT): wrong_counts(np.nan_to_num(savings, posinf=np.inf)) & ~np.isnan(savings),
    }
    values = {"option_cost": problem.option_cost, "upgrade": problem.upgrades, "closing_saving": savings}
    return [_at(name, values[name], mask, allowed) for (name, allowed), mask in wrong.items() if mask.any()]


def _at(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]], wrong: Bools, allowed: str) -> Fault:
    """Return the fault of the first wrong entry."""
    row = int(np.argmax(wrong))
    return Fault(file="problem", row=row, column=name, value=values[row].item(), allowed=allowed)

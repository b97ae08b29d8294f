"""Questions with further limits, drawn at random: one of each structure that is asked of hubplanner."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SIDE = 100.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Tier:
    """A size of hub: how far it reaches, what it costs at each site (m,), and how many it serves."""

    reach: float
    cost: Floats
    room: float = math.inf


@dataclass(frozen=True, kw_only=True, eq=False)
class Structure:
    """A question: places with whole needs, sites, and what a plan is held to.

    Parameters
    ----------
    kind
        ``coverage``, ``cost`` (everyone served at the least cost), ``center`` (the worst distance) or ``median`` (the
        mean distance of need).
    distance
        (n, m) distances that are no straight lines; those between places if None.
    travel_cost
        Money for a unit of need and of distance.
    years
        Money of each of several years, which carries over.
    floors
        Share of its need that each group (n,) is to have covered.
    is_fair
        Whether the worst-covered group comes first.
    apart
        Least distance between hubs.
    times
        Hubs that a place needs before it counts.
    is_single
        Whether a place is served whole by one hub.
    """

    places: Floats
    need: Floats
    site_xy: Floats
    tiers: tuple[Tier, ...]
    kind: str = "coverage"
    distance: Floats | None = None
    budget: float | None = None
    max_hubs: int | None = None
    travel_cost: float = 0.0
    years: tuple[float, ...] = ()
    group: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    floors: tuple[float, ...] = ()
    is_fair: bool = False
    apart: float = 0.0
    times: int = 1
    is_single: bool = False
    districts: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def has_rooms(self) -> bool:
        """Tell whether hubs serve so many and no more."""
        return any(math.isfinite(tier.room) for tier in self.tiers)

    @property
    def has_travel(self) -> bool:
        """Tell whether it matters how far a place is from the hub that serves it."""
        return self.kind == "median" or self.travel_cost > 0

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(self.group.max(initial=-1)) + 1


def _reach(sites: int, cover: float) -> float:
    """Return the reach with which so many sites cover a place, on average and but for the edges."""
    return SIDE * math.sqrt(cover / (sites * math.pi))


def _drawn(seed: int, n: int, sites: int, towns: int = 0) -> tuple[np.random.Generator, Floats, Floats, Floats]:
    """Return a generator, places, whole needs of 1 to 100 and sites, evenly or about towns."""
    rng = np.random.default_rng(seed)
    if not towns:
        places, need = rng.uniform(0, SIDE, (n, 2)), rng.integers(1, 101, n).astype(float)
        return rng, places, need, rng.uniform(0, SIDE, (sites, 2))
    middle, size = rng.uniform(0, SIDE, (towns, 2)), 1.0 / np.arange(1, towns + 1)
    places, near = (
        np.clip(middle[rng.choice(towns, k, p=size / size.sum())] + rng.normal(0, 3, (k, 2)), 0, SIDE)
        for k in (n, sites)
    )
    return rng, places, rng.integers(1, 101, n).astype(float), near


def _costs(rng: np.random.Generator, sites: int) -> Floats:
    return rng.integers(10, 101, sites).astype(float)


def _tiers(rng: np.random.Generator, sites: int, reach: float, room: float = math.inf) -> tuple[Tier, ...]:
    """Return three sizes of hub: each reaches farther, serves twice as many, and costs 1.7 times as much."""
    base = _costs(rng, sites)
    return tuple(
        Tier(reach=reach * 1.3**size, cost=np.round(base * 1.7**size), room=room * 2**size) for size in range(3)
    )


def limited(
    seed: int,
    n: int,
    sites: int,
    *,
    cover: float = 20.0,
    share: float = 0.02,
    towns: int = 0,
    **limits: Any,
) -> Structure:
    """Return places and sites, evenly drawn or about towns, with money for a share of the sites and further limits."""
    rng, places, need, site_xy = _drawn(seed, n, sites, towns)
    tier = Tier(reach=_reach(sites, cover), cost=_costs(rng, sites))
    group = np.minimum((places[:, 0] / SIDE * 5).astype(np.int64), 4)
    budget = float(math.floor(share * tier.cost.sum()))
    return Structure(places=places, need=need, site_xy=site_xy, tiers=(tier,), budget=budget, group=group, **limits)


def separated(
    seed: int, n: int, sites: int, *, reaches: float = 1.0, cover: float = 20.0, share: float = 0.02
) -> Structure:
    """Return hubs that have to be so many reaches apart."""
    return limited(seed, n, sites, cover=cover, share=share, apart=reaches * _reach(sites, cover))


def yearly(seed: int, n: int, sites: int) -> Structure:
    """Return five years, each with a fifth of the money."""
    whole = limited(seed, n, sites)
    assert whole.budget is not None
    parts = {name: getattr(whole, name) for name in ("places", "need", "site_xy", "tiers")}
    return Structure(**parts, years=(math.floor(whole.budget / 5),) * 5)


def crowded(seed: int, n: int, sites: int, hubs: int) -> Structure:
    """Return a number of hubs of two tiers, with rooms for half to a whole of what a hub reaches."""
    _, places, need, site_xy = _drawn(seed, n, sites)
    reach, room = _reach(sites, 10.0), float(round(10.0 * need.sum() / sites / 2))
    tiers = tuple(Tier(reach=reach * 1.3**size, cost=np.ones(sites), room=room * 2**size) for size in range(2))
    return Structure(places=places, need=need, site_xy=site_xy, tiers=tiers, max_hubs=hubs)


def whole_places(seed: int, n: int, hubs: int, *, filled: float) -> Structure:
    """Return places of a whole grid that are sites too; so many hubs serve each whole, and are filled so far."""
    rng = np.random.default_rng(seed)
    places, need = rng.integers(1, 101, (n, 2)).astype(float), rng.integers(1, 21, n).astype(float)
    tier = Tier(reach=2 * SIDE, cost=np.ones(n), room=float(math.ceil(need.sum() / hubs / filled)))
    return Structure(
        places=places, need=need, site_xy=places, tiers=(tier,), kind="median", max_hubs=hubs, is_single=True
    )


def tiered(seed: int, n: int, sites: int, *, share: float = 0.02, towns: int = 0, rooms: bool = False) -> Structure:
    """Return three tiers within a budget; with rooms for a third to a whole of what a hub reaches."""
    rng, places, need, site_xy = _drawn(seed, n, sites, towns)
    room = float(round(8.0 * need.sum() / sites / 3)) if rooms else math.inf
    tiers = _tiers(rng, sites, _reach(sites, 8.0 if rooms else 20.0), room)
    budget = float(math.floor(share * tiers[0].cost.sum()))
    return Structure(places=places, need=need, site_xy=site_xy, tiers=tiers, budget=budget)


def facilities(seed: int, n: int, sites: int, *, rooms: bool = False) -> Structure:
    """Return sites that cost as much as some of the travel they save; with rooms for five times all need."""
    rng, places, need, site_xy = _drawn(seed, n, sites)
    room = math.ceil(5.0 * need.sum() / sites) if rooms else math.inf
    cost = np.round(rng.uniform(0.5, 1.5, sites) * need.sum() * 0.3)
    tier = Tier(reach=2 * SIDE, cost=cost, room=room)
    return Structure(places=places, need=need, site_xy=site_xy, tiers=(tier,), kind="cost", travel_cost=1.0)


def cover_all(seed: int, n: int, sites: int, *, cover: float = 20.0, is_unit: bool = False) -> Structure:
    """Return places that all have to be covered, at the least cost or by the fewest hubs; each site is a place."""
    rng, places, need, _ = _drawn(seed, n, sites)
    tier = Tier(reach=_reach(sites, cover), cost=np.ones(sites) if is_unit else _costs(rng, sites))
    site_xy = places[rng.choice(n, sites, replace=False)]
    near = np.hypot(*(places[:, None] - site_xy).transpose(2, 0, 1)).min(axis=1) <= tier.reach
    return Structure(places=places[near], need=need[near], site_xy=site_xy, tiers=(tier,), kind="cost")


def center(seed: int, n: int, hubs: int) -> Structure:
    """Return the nodes of a random graph with whole lengths, as those of the OR-Library are made."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import shortest_path

    rng = np.random.default_rng(seed)
    first, other = np.arange(1, n), (rng.random(n - 1) * np.arange(1, n)).astype(np.int64)
    more = rng.integers(0, n, (2, max(n * n // 50 - n, n)))
    pairs = np.hstack([np.array([first, other]), more[:, more[0] != more[1]]])
    edges, at = np.unique(np.sort(pairs, axis=0), axis=1, return_index=True)
    length = rng.integers(1, 101, pairs.shape[1])[at].astype(float)
    graph = coo_array((length, (edges[0], edges[1])), shape=(n, n)).tocsr()
    distance = np.asarray(shortest_path(graph, directed=False))
    spots, ones = np.zeros((n, 2)), np.ones(n)
    tier = Tier(reach=math.inf, cost=ones)
    return Structure(
        places=spots, need=ones, site_xy=spots, tiers=(tier,), kind="center", distance=distance, max_hubs=hubs
    )


def far_places(seed: int, n: int, sites: int, hubs: int) -> Structure:
    """Return places and sites of which so many hubs are to be near, the farthest place first."""
    _, places, need, site_xy = _drawn(seed, n, sites)
    tier = Tier(reach=math.inf, cost=np.ones(sites))
    return Structure(places=places, need=need, site_xy=site_xy, tiers=(tier,), kind="center", max_hubs=hubs)


def clash(seed: int, n: int, sites: int, *, by_cover: bool = False) -> Structure:
    """Return 156 districts that ask for a hub each and cover of their need, with too little money for it.

    With by_cover they ask for more cover and no hub: then no count of hubs tells that there is no plan.
    """
    rng, places, need, site_xy = _drawn(seed, n, sites)
    middle = rng.uniform(0, SIDE, (156, 2))
    of_site, of_place = (
        np.argmin(np.hypot(*(spots[:, None] - middle).transpose(2, 0, 1)), axis=1) for spots in (site_xy, places)
    )
    tier = Tier(reach=_reach(sites, 20.0), cost=_costs(rng, sites))
    return Structure(
        places=places,
        need=need,
        site_xy=site_xy,
        tiers=(tier,),
        budget=0.7 * sites if by_cover else 156 * 10.0,
        group=of_place,
        floors=((0.8 if by_cover else 0.3),) * 156,
        districts=np.zeros(0, dtype=np.int64) if by_cover else of_site,
    )


def clash_over_years(seed: int, n: int, sites: int, *, share: float = 0.3) -> Structure:
    """Return five years with rooms, and less money than as many of the cheapest seats cost as floors ask for.

    Seats far from need, and rooms that stay empty, make what floors ask for dearer than that.
    """
    whole = tiered(seed, n, sites, rooms=True)
    group = np.minimum((whole.places[:, 0] / SIDE * 5).astype(np.int64), 4)
    seat = min(float((tier.cost / tier.room).min()) for tier in whole.tiers)
    money = math.floor(share * whole.need.sum() * seat)
    parts = {name: getattr(whole, name) for name in ("places", "need", "site_xy", "tiers")}
    return Structure(**parts, group=group, floors=(share,) * 5, years=(float(money // 5),) * 5)


def crowd(seed: int, n: int, sites: int) -> Structure:
    """Return crowds about 300 towns, with too many pairs of a place and a site in reach to hold them all."""
    rng, places, need, site_xy = _drawn(seed, n, sites, towns=300)
    tier = Tier(reach=_reach(sites, 20.0), cost=_costs(rng, sites))
    budget = float(math.floor(0.01 * tier.cost.sum()))
    return Structure(places=places, need=need, site_xy=site_xy, tiers=(tier,), budget=budget)


def towns(seed: int, n: int, sites: int) -> Structure:
    """Return the towns of the first table: ten hubs, each for all within 5.5 in a square of side 30."""
    from benchmarks.instances import bds

    town = bds(n, sites, 5.5, 10, seed=seed)
    places, need = town.points()
    tier = Tier(reach=town.reach, cost=town.site_cost)
    return Structure(places=places, need=need, site_xy=town.site_xy, tiers=(tier,), max_hubs=10)


MAKE: dict[str, Callable[..., Structure]] = {
    "facilities": facilities,
    "limited rooms": partial(facilities, rooms=True),
    "tiers with rooms": partial(tiered, rooms=True),
    "years": yearly,
    "tiers": partial(tiered, towns=300),
    "floors": partial(limited, floors=(0.5,) * 5),
    "worst group": partial(limited, is_fair=True),
    "apart": separated,
    "far apart": partial(separated, reaches=2.0, cover=10.0, share=0.05),
    "rooms of few hubs": crowded,
    "whole places": whole_places,
    "backup": partial(limited, times=2, share=0.03),
    "backup with more money": partial(limited, times=2, share=0.06),
    "backup about towns": partial(limited, times=2, share=0.03, towns=300),
    "center": center,
    "center of places": far_places,
    "cover all": cover_all,
    "fewest to cover all": partial(cover_all, cover=10.0, is_unit=True),
    "clash": clash,
    "clash of floors": partial(clash, by_cover=True),
    "clash over years": clash_over_years,
    "crowd": crowd,
    "towns": towns,
}


def structure(given: dict[str, Any]) -> Structure:
    """Return the question that a case names."""
    rest = dict(given)
    return MAKE[rest.pop("make")](**rest)


def question(asked: Structure) -> tuple[Any, Any]:
    """Return a question as hubplanner takes it: a problem and an objective."""
    import hubplanner as hp

    sites, tiers = len(asked.site_xy), len(asked.tiers)
    costs = np.column_stack([tier.cost for tier in asked.tiers]).ravel()
    if asked.distance is not None:
        one = hp.Problem.from_matrix(asked.distance, asked.need, np.ones(sites), math.inf)
    else:
        one = hp.Problem.from_points(asked.places, asked.need, asked.site_xy, np.ones(sites), SIDE)
    problem = hp.Problem(
        need=one.need,
        people=one.people,
        travel=one.travel,
        site_status=one.site_status,
        tier_reach=np.array([min(tier.reach, 1e9) for tier in asked.tiers]),
        option_site=np.repeat(np.arange(sites), tiers),
        option_tier=np.tile(np.arange(tiers), sites),
        option_cost=costs,
        rule=hp.CoverageRule(backup=asked.times),
    )
    return problem, _objective(asked)


def _objective(asked: Structure) -> Any:
    import hubplanner as hp

    limits: list[Any] = []
    weights = [np.where(asked.group == number, asked.need, 0.0) for number in range(asked.n_groups)]
    limits += [
        hp.Floor(weight=weight, share=share, name=f"group {number}", group="group")
        for number, (weight, share) in enumerate(zip(weights, asked.floors, strict=False))
        if weight.any()
    ]
    if asked.has_rooms:
        limits.append(hp.Capacity(people=tuple(tier.room for tier in asked.tiers), single=asked.is_single))
    if asked.apart:
        limits.append(hp.MinSeparation(distance=asked.apart))
    if asked.years:
        limits.append(hp.Periods(budgets=asked.years))
    for number in np.unique(asked.districts).tolist():
        at = tuple(np.flatnonzero(asked.districts == number).tolist())
        limits.append(hp.MinHubs(count=1, sites=at, name=f"district {number}", group="district"))
    most: dict[str, Any] = {"budget": asked.budget, "max_hubs": asked.max_hubs, "constraints": tuple(limits)}
    if asked.kind == "center":
        return hp.PCenter(**most)
    if asked.kind == "median":
        return hp.PMedian(**most)
    if asked.kind == "cost":
        return hp.MinCost(target_share=1.0, travel_cost=asked.travel_cost, **most)
    if asked.is_fair:
        names = tuple(f"group {number}" for number in range(len(weights)))
        return hp.MaxCoverage(fairness=hp.MaxMin(weights=np.array(weights), names=names), **most)
    return hp.MaxCoverage(**most)

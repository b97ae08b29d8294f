"""Instances, made anew from seeds: towns of customers and sites, and published graphs."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.figures import processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Chunks = Iterator[tuple[Floats, Floats]]

SIDE = 30.0
CHUNK = 250_000
"""Customers made at a time."""
SEEDS = tuple(range(1, 11))
"""Every random instance is measured for each of these."""
FEW_SEEDS = SEEDS[:3]
"""Of questions with further limits `make bench` measures these."""
SHARED = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
GRAPHS = SHARED / "benchmarks" / "orlib_pmed"


@dataclass(frozen=True, kw_only=True, eq=False)
class Covering:
    """Customers, made in chunks, that sites cover within a reach, and what limits the sites that open."""

    chunks: Callable[[], Chunks]
    site_xy: Floats
    site_cost: Floats
    reach: float
    max_hubs: int | None = None
    budget: float | None = None

    def points(self) -> tuple[Floats, Floats]:
        """Return all customers and their demand at once."""
        places, need = zip(*self.chunks(), strict=True)
        return np.concatenate(places), np.concatenate(need)


class Clocked:
    """Chunks that know how long making them took, and how often they were made."""

    def __init__(self, chunks: Callable[[], Chunks]) -> None:
        """Start from nothing."""
        self.chunks, self.seconds, self.passes = chunks, 0.0, 0

    def __iter__(self) -> Chunks:
        """Yield the chunks and count the seconds between being asked for one and having it."""
        self.passes += 1
        began = processor_seconds()
        for chunk in self.chunks():
            self.seconds += processor_seconds() - began
            yield chunk
            began = processor_seconds()


def bds(
    n: int,
    sites: int = 100,
    reach: float = 5.5,
    max_hubs: int | None = 10,
    *,
    budget: float | None = None,
    cost: bool = False,
    seed: int = 1,
) -> Covering:
    """Return customers and sites in a square of side 30, as in the papers on Benders decomposition.

    One generator of the seed draws customers, sites and whole weights, in this order; costs have one of their own.
    """
    return Covering(
        chunks=partial(_uniform, n, sites, seed),
        site_xy=_at(seed, 2 * n).uniform(0, SIDE, (sites, 2)),
        site_cost=_costs(np.random.default_rng([seed, sites]), sites) if cost else np.ones(sites),
        reach=reach,
        max_hubs=max_hubs,
        budget=budget,
    )


def _uniform(n: int, sites: int, seed: int) -> Chunks:
    """Yield customers and their weights in chunks, the same as if all were drawn at once."""
    places, weights = _at(seed, 0), _at(seed, 2 * n + 2 * sites)
    for at in range(0, n, CHUNK):
        size = min(CHUNK, n - at)
        yield places.uniform(0, SIDE, (size, 2)), weights.integers(1, 101, size).astype(float)


def _at(seed: int, draws: int) -> np.random.Generator:
    """Return what ``numpy.random.default_rng`` of a seed is after so many draws of a real number."""
    return np.random.Generator(np.random.PCG64(seed).advance(draws))


def _costs(rng: np.random.Generator, sites: int) -> Floats:
    return rng.integers(10, 101, sites).astype(float)


def square(n: int, cover: float = 12, budget_share: float = 0.03, seed: int = 1) -> Covering:
    """Return customers in the unit square who are sites as well, each with so many in reach on average."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1, (n, 2))
    need, cost = rng.integers(1, 101, n).astype(float), _costs(rng, n)
    return Covering(
        chunks=lambda: iter([(places, need)]),
        site_xy=places,
        site_cost=cost,
        reach=math.sqrt(cover / (n * math.pi)),
        budget=float(math.floor(budget_share * cost.sum())),
    )


def reach_of(sites: int, cover: float) -> float:
    """Return the reach with which so many sites cover a customer, on average and but for the edges."""
    return round(SIDE * math.sqrt(cover / (sites * math.pi)), 4)


def covering(given: dict[str, Any]) -> Covering:
    """Return the instance that a case names."""
    rest = dict(given)
    kinds: dict[str, Callable[..., Covering]] = {"bds": bds, "square": square}
    return kinds[rest.pop("make")](**rest)


def graph(name: str) -> tuple[Floats, int]:
    """Return the distances and the number of hubs of an OR-Library p-median instance."""
    from scipy.sparse.csgraph import shortest_path

    lines = (GRAPHS / f"{name}.txt").read_text(encoding="utf-8").split("\n")
    nodes, edges, hubs = map(int, lines[0].split())
    length = np.zeros((nodes, nodes))
    for line in lines[1 : edges + 1]:
        one, other, along = map(int, line.split())
        length[one - 1, other - 1] = length[other - 1, one - 1] = along
    return shortest_path(length, directed=False), hubs

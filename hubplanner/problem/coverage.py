"""Which options cover which demand points, and demand merged into the few rows that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.problem.travel import Floats, Ints, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.problem.problem import Problem

CHUNK = 1_000_000
"""Demand points whose coverage is held at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Demand merged by what can cover it.

    Parameters
    ----------
    need
        (r,) need of each row.
    cover
        (r, o) which options cover it, one stored 1 each.
    n_points
        Demand points behind all rows.
    uncovered_need
        Need that no option can cover.
    """

    need: Floats
    cover: csr_array
    n_points: int
    uncovered_need: float


def coverage(problem: Problem, start: int, stop: int) -> csr_array:
    r"""Return which options cover the points start to stop: $a_{io} = 1$ iff $d_{i,j(o)} \le r_{t(o)}$.

    Returns
    -------
    csr_array
        (stop - start, o), one stored 1 each, columns ascending in each row.
    """
    n_tiers = len(problem.tier_reach)
    option_of = np.full((problem.n_sites, n_tiers), -1, dtype=np.intp)
    option_of[problem.option_site, problem.option_tier] = np.arange(problem.n_options)
    point, site, distance = problem.travel.pairs(start, stop, float(problem.tier_reach.max()))
    covering = [
        (point[near] - start, option_of[site[near], tier])
        for tier in range(n_tiers)
        for near in [within(distance, problem.tier_reach[tier]) & (option_of[site, tier] >= 0)]
    ]
    row, column = (np.concatenate(part) for part in zip(*covering, strict=True))
    cover = csr_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=(stop - start, problem.n_options))
    cover.sort_indices()
    return cover


def merge_demand(problem: Problem, chunk: int = CHUNK) -> Rows:
    """Merge demand points that the same options cover; drop those that none covers.

    Points are read in chunks, so memory grows with the number of distinct rows, not with that of points.
    """
    rows: csr_array = csr_array(np.zeros((0, problem.n_options), dtype=np.int8))
    weight: Floats = np.zeros(0)
    uncovered = 0.0
    for cover, need in _chunks(problem, chunk):
        covered = np.diff(cover.indptr) > 0
        uncovered += float(need[~covered].sum())
        stacked = csr_array(vstack([rows, cover[covered]]))
        rows, weight = merge_rows(stacked, np.concatenate([weight, need[covered]]))
    return Rows(need=weight, cover=rows, n_points=problem.n_points, uncovered_need=uncovered)


def _chunks(problem: Problem, chunk: int) -> Iterator[tuple[csr_array, Floats]]:
    for start in range(0, problem.n_points, chunk):
        stop = min(start + chunk, problem.n_points)
        yield coverage(problem, start, stop), problem.need[start:stop]


def merge_rows(cover: csr_array, weight: Floats) -> tuple[csr_array, Floats]:
    """Merge equal rows and add up their weights, in order of first appearance.

    A hash proposes the groups and a comparison confirms them; on a collision the hash is drawn anew.

    >>> rows, weight = merge_rows(csr_array(np.array([[1, 0], [0, 1], [1, 0]])), np.array([1.0, 2.0, 4.0]))
    >>> weight.tolist()
    [5.0, 2.0]
    """
    seed = 0
    while True:
        first, group = _groups(_hashes(cover, seed))
        merged = cover[first]
        if _same(merged[group], cover):
            return merged, np.bincount(group, weights=weight, minlength=len(first)).astype(np.float64)
        seed += 1


def _hashes(cover: csr_array, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    """Return one number a row: the wrapping sum of a random number for each of its columns."""
    rng = np.random.default_rng(seed)
    code = rng.integers(np.iinfo(np.uint64).max, size=cover.shape[1], dtype=np.uint64)
    total = np.concatenate([[np.uint64(0)], np.cumsum(code[cover.indices], dtype=np.uint64)])
    return np.asarray(total[cover.indptr[1:]] - total[cover.indptr[:-1]])


def _groups(key: np.ndarray[tuple[int, ...], np.dtype[np.uint64]]) -> tuple[Ints, Ints]:
    """Return the first row of each group, ascending, and the group of each row."""
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]


def _same(left: csr_array, right: csr_array) -> bool:
    return np.array_equal(left.indptr, right.indptr) and np.array_equal(left.indices, right.indices)

"""Rows of a sparse matrix that are the same, found by a hash and confirmed by a comparison."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem.arrays import Floats, Ints


def merge_rows(cover: csr_array, weight: Floats) -> tuple[csr_array, Floats]:
    """Merge equal rows and add up their weights (r,) or (r, k), in order of first appearance.

    A hash proposes the groups and a comparison confirms them; on a collision the hash is redrawn.

    >>> from scipy.sparse import csr_array
    >>> rows, weight = merge_rows(csr_array(np.array([[1, 0], [0, 1], [1, 0]])), np.array([1.0, 2.0, 4.0]))
    >>> weight.tolist()
    [5.0, 2.0]
    """
    first, group = group_rows(cover)
    return cover[first], total_by(group, weight, len(first))


def group_rows(cover: csr_array) -> tuple[Ints, Ints]:
    """Return the first of each group of rows with the same columns, ascending, and the group of each row."""
    cover = _in_order(cover)
    seed = 0
    while True:
        first, group = _groups(_hashes(cover, seed))
        if _same(cover[first[group]], cover):
            return first, group
        seed += 1


def _in_order(cover: csr_array) -> csr_array:
    """Return the rows with each row's columns ascending and once, so that equal rows are equal arrays."""
    if cover.has_canonical_format:
        return cover
    cover = cover.copy()
    cover.sum_duplicates()
    return cover


def total_by(group: Ints, weight: Floats, count: int) -> Floats:
    """Add up weights by group."""
    columns = [np.bincount(group, weights=part, minlength=count).astype(np.float64) for part in np.atleast_2d(weight.T)]
    return columns[0] if weight.ndim == 1 else np.column_stack(columns)


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

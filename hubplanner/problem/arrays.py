"""Kinds of arrays, and what numpy and scipy do not say in a word: entries of rows, and pairs both ways."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.intp]]
Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def spans(start: Any, size: Any) -> Any:
    """Return whole numbers from each start on, as many as its size, one span after the other.

    >>> spans(np.array([7, 0]), np.array([2, 3])).tolist()
    [7, 8, 0, 1, 2]
    """
    return np.arange(size.sum()) + np.repeat(start - np.cumsum(size) + size, size)


def row_entries(table: csr_array, rows: Ints) -> tuple[Ints, Ints]:
    """Return the columns of some rows, one row after the other, and how many each row has.

    >>> columns, size = row_entries(csr_array(np.array([[1, 0], [0, 1], [1, 1]])), np.array([2, 0]))
    >>> columns.tolist(), size.tolist()
    ([0, 1, 0], [2, 1])
    """
    start = table.indptr[rows]
    size = table.indptr[rows + 1] - start
    return table.indices[spans(start, size)], size


def both_ways(pairs: Ints, size: int) -> csr_array:
    """Return which of some things (m, m) each is paired with, by pairs (k, 2) of them.

    >>> both_ways(np.array([[0, 2]]), 3).toarray().tolist()
    [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    """
    one, other = pairs.T
    places: Any = (np.ones(2 * len(pairs)), (np.concatenate([one, other]), np.concatenate([other, one])))
    return csr_array(places, shape=(size, size))

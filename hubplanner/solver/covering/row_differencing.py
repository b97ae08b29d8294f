"""Dense rows written as small differences from each other: the same program with a fraction of its entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack, vstack
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.spatial import KDTree

from hubplanner.problem import Floats, Ints

LEAST_WIDTH = 8
"""Entries a row has on average at least for chains to be looked for."""
LEAST_ENTRIES = 20_000
LEAST_SAVING = 2.0
"""Factor by which chains must reduce the entries to be worth their variables."""
DIMENSIONS = 8
"""Of the space in which rows that differ little lie near each other."""
NEIGHBOURS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class RowDifferences:
    r"""Sums $S_r = \sum_{o \in C_r} y_o$ through those of other rows: $S_r = S_{p(r)} + \sum_o \delta_{ro} y_o$.

    Parameters
    ----------
    parent
        (r, r) one stored 1 in a row that has another as its parent.
    difference
        (r, o) what the sum differs by, the whole row where it has none.
    """

    parent: csr_array
    difference: csr_array

    @property
    def entries(self) -> int:
        """Entries that all sums take."""
        return self.parent.nnz + self.difference.nnz + 2 * self.parent.shape[0]


def chains(cover: csr_array, seed: int = 0) -> RowDifferences | None:
    """Return chains for the rows (r, o) of a matrix of ones; None where they save too little.

    A minimum spanning tree over near rows, and an empty row at its root, has the fewest differences. Rows are near
    where random projections of theirs are: Johnson and Lindenstrauss (1984), doi:10.1090/conm/026/737400.
    """
    rows = cover.shape[0]
    if cover.nnz < max(LEAST_ENTRIES, LEAST_WIDTH * rows) or rows <= NEIGHBOURS:
        return None
    parent = _tree(cover, *_near(cover, seed))
    has = np.flatnonzero(parent < rows)
    cells: Any = (np.ones(len(has)), (has, parent[has]))
    above: csr_array = csr_array(cells, shape=(rows, rows))
    difference = csr_array(cover - above @ cover)
    difference.eliminate_zeros()
    found = RowDifferences(parent=above, difference=difference)
    return found if found.entries * LEAST_SAVING <= cover.nnz else None


def _near(cover: csr_array, seed: int) -> tuple[Ints, Ints]:
    """Return pairs of rows that probably differ little."""
    rng = np.random.default_rng(seed)
    places = cover @ rng.standard_normal((cover.shape[1], DIMENSIONS))
    _, other = KDTree(places).query(places, k=NEIGHBOURS + 1, workers=-1)
    row = np.repeat(np.arange(cover.shape[0]), NEIGHBOURS + 1)
    apart = row != other.ravel()
    return row[apart], other.ravel()[apart]


def _tree(cover: csr_array, one: Ints, other: Ints) -> Ints:
    """Return the parent (r,) of each row in the tree of fewest differences; r where it is the empty row."""
    rows, size = cover.shape[0], np.diff(cover.indptr).astype(np.float64)
    weight = size[one] + size[other] - 2 * _common(cover, one, other)
    root = np.full(rows, rows)
    ends = (np.concatenate([one, root]), np.concatenate([other, np.arange(rows)]))
    # One more for each edge keeps their order; an edge of nothing would be none.
    cells: Any = (np.concatenate([weight, size]) + 1, ends)
    tree = minimum_spanning_tree(csr_array(cells, shape=(rows + 1, rows + 1)))
    _, parent = breadth_first_order(tree, rows, directed=False)
    return np.asarray(parent[:rows], dtype=np.intp)


def _common(cover: csr_array, one: Ints, other: Ints) -> Floats:
    """Return how many entries pairs of rows share."""
    return np.concatenate(
        [
            np.asarray(cover[one[part]].multiply(cover[other[part]]).sum(axis=1), dtype=np.float64).ravel()
            for part in np.array_split(np.arange(len(one)), max(len(one) // 50_000, 1))
        ]
    )


def chained(links: RowDifferences) -> csr_array:
    r"""Return the constraints (2 r, 2 r + o) over z, S and y: $z_r - S_r \le 0$ and $S_r \le S_{p(r)} + \delta_r y$."""
    rows, options = links.difference.shape
    one = csr_array((np.ones(rows), (np.arange(rows),) * 2), shape=(rows, rows))
    none = csr_array((rows, rows))
    upper = hstack([one, -one, csr_array((rows, options))])
    lower = hstack([none, one - links.parent, -links.difference])
    return csr_array(vstack([upper, lower], format="csr"))

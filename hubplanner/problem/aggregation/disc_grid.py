"""A grid that tells for most places at once which discs hold them: millions of points need no search each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.travel.base import within
from hubplanner.problem.travel.geometric import GeometricTravel

MOST_CELLS = 1_000_000
"""Cells of a grid."""
MOST_TESTS = 1_000_000
"""Tests of a cell against a disc that a grid may take, about: it is made in 0.04 s, and a million points are found in
0.09 s; three times as many take 0.11 and 0.09 s, a tenth 0.01 and 0.13 s."""
FEWEST_CELLS = 10_000
MOST_CROSSING = 12
"""Circles through a cell up to which its points are distinguished by a number; points of other cells are looked up."""
UNKNOWN = -1
"""Stands for a place that the grid does not settle."""
ROUNDING = 1e-7
"""Relative width by which cells are taken to be larger than they are."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Discs:
    """The places within some reach of some site.

    Parameters
    ----------
    travel
        Measures from any place to the sites.
    site, reach
        (d,) site and reach of each disc, in the unit of travel.
    """

    travel: GeometricTravel
    site: Ints
    reach: Floats

    def holding(self, disc: Ints | int, places: Floats) -> Bools:
        """Tell which places (k, 2) lie in a disc, one for all or one each."""
        return within(self.travel.measure(places, self.travel.sites[self.site[disc]]), self.reach[disc])


@dataclass(frozen=True, kw_only=True, eq=False)
class Regions:
    """Where the same discs hold a place: cells wholly inside or outside of each disc, and those that circles cross.

    Cells with the same discs around and the same circles through them are of one kind. A place's number is that of its
    cell's kind, plus a bit for each circle through it that holds the place.

    Parameters
    ----------
    discs
        What is distinguished.
    low, size, shape
        (2,) corner, (2,) width and height of a cell, and (rows, columns) of the grid.
    kind
        (c,) kind of each cell, row by row; the last one stands for all places beyond the grid.
    first
        (k + 1,) first number of each kind's places.
    crossing
        (k, MOST_CROSSING) circles through a kind's cells, filled up with -1.
    settled
        (k,) whether the circles of a kind are few enough.
    inside
        (k, d) the discs around the cells of a kind.
    """

    discs: Discs
    low: Floats
    size: Floats
    shape: tuple[int, int]
    kind: Ints
    first: Ints
    crossing: Ints
    settled: Bools
    inside: csr_array

    @property
    def n_numbers(self) -> int:
        """How many numbers there are."""
        return int(self.first[-1])

    def locate(self, places: Floats) -> Ints:
        """Return the number (k,) of each place (k, 2): equal ones lie in the same discs; -1 where it is not known."""
        kind = self.kind[self._cells(self.discs.travel.flat(places))]
        number = self.first[kind]
        left = np.flatnonzero(self.crossing[kind, 0] >= 0)
        bit = 0
        while len(left):
            disc = self.crossing[kind[left], bit]
            number[left] += self.discs.holding(disc, places[left]).astype(np.intp) << bit
            bit += 1
            more = self.crossing[kind[left], bit] >= 0 if bit < MOST_CROSSING else np.zeros(len(left), np.bool_)
            left = left[more]
        number[~self.settled[kind]] = UNKNOWN
        return number

    def members(self, number: Ints) -> csr_array:
        """Return the discs (k, d) that hold the places of some numbers."""
        kind = np.searchsorted(self.first, number, side="right") - 1
        bits = (number - self.first[kind])[:, None] >> np.arange(MOST_CROSSING) & 1
        row, bit = np.nonzero(bits)
        cells: Any = (np.ones(len(row), dtype=np.int8), (row, self.crossing[kind[row], bit]))
        found = csr_array(self.inside[kind] + csr_array(cells, shape=(len(number), len(self.discs.site))))
        found.sort_indices()
        return found

    def _cells(self, places: Floats) -> Ints:
        column, row = ((places - self.low) / self.size).T
        beyond = ~((column >= 0) & (row >= 0) & (column < self.shape[1]) & (row < self.shape[0]))
        column[beyond], row[beyond] = 0, 0
        cell = row.astype(np.intp) * self.shape[1] + column.astype(np.intp)
        cell[beyond] = len(self.kind) - 1
        return np.asarray(cell)


def regions(discs: Discs) -> Regions:
    """Lay a grid over all discs."""
    boxes = _padded(discs.travel.boxes(discs.site, discs.reach) if len(discs.site) else np.zeros((1, 2, 2)))
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    shape = _shape(boxes, high - low)
    size = (high - low) / shape[::-1]
    around, through = _tests(discs, boxes, low, size, shape)
    cells, n_discs = shape[0] * shape[1] + 1, len(discs.site)
    sign = csr_array(
        (
            np.ones(len(around[0]) + len(through[0]), dtype=np.int8),
            (np.concatenate([around[0], through[0]]), np.concatenate([around[1], through[1] + n_discs])),
        ),
        shape=(cells, 2 * n_discs),
    )
    sign.sort_indices()
    first, kind = group_rows(sign)
    kinds = sign[first]
    crossing, count = _listed(kinds[:, n_discs:])
    settled = count <= MOST_CROSSING
    return Regions(
        discs=discs,
        low=low,
        size=size,
        shape=shape,
        kind=kind,
        first=np.concatenate([[0], np.cumsum(np.where(settled, 1 << np.minimum(count, MOST_CROSSING), 1))]),
        crossing=crossing,
        settled=settled,
        inside=csr_array(kinds[:, :n_discs]),
    )


def _padded(boxes: Floats) -> Floats:
    """Return boxes a little larger, so that rounding leaves nothing out and none is empty."""
    pad = ROUNDING * (1 + np.abs(boxes).max())
    return np.asarray(boxes + pad * np.array([[-1.0], [1.0]]))


def _shape(boxes: Floats, extent: Floats) -> tuple[int, int]:
    """Return rows and columns of a grid that takes a bounded number of tests, of cells about as wide as high."""
    share = float((np.prod(boxes[:, 1] - boxes[:, 0], axis=1) / np.prod(extent)).sum())
    cells = np.clip(MOST_TESTS / share, FEWEST_CELLS, MOST_CELLS)
    rows = int(np.clip(np.sqrt(cells * extent[1] / extent[0]), 1, cells))
    return rows, max(int(cells / rows), 1)


def _tests(
    discs: Discs, boxes: Floats, low: Floats, size: Floats, shape: tuple[int, int]
) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
    """Return the (cells, discs) where a disc holds a cell wholly, and where it may hold part of it."""
    around, through = [], []
    corners = (boxes - low) / size
    limit = np.array(shape[::-1])
    begin = np.clip(np.floor(corners[:, 0]).astype(np.intp) - 1, 0, limit)
    end = np.clip(np.floor(corners[:, 1]).astype(np.intp) + 2, 0, limit)
    for disc, (start, stop) in enumerate(zip(begin[: len(discs.site)], end, strict=False)):
        columns, rows = (np.arange(start[axis], stop[axis]) for axis in (0, 1))
        cell = (rows[:, None] * shape[1] + columns).ravel()
        x, y = low[0] + (columns + 0.5) * size[0], low[1] + (rows + 0.5) * size[1]
        centres = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
        distance = discs.travel.measure(centres, discs.travel.sites[discs.site[disc]][None])
        margin = np.repeat(discs.travel.cell_radius(y, size), len(x)) * (1 + ROUNDING) + ROUNDING * discs.reach[disc]
        whole = distance + margin <= discs.reach[disc]
        part = ~whole & (distance - margin <= discs.reach[disc])
        around.append(cell[whole])
        through.append(cell[part])
    return _numbered(around), _numbered(through)


def _numbered(cells: list[Ints]) -> tuple[Ints, Ints]:
    number = np.repeat(np.arange(len(cells)), [len(part) for part in cells])
    return np.concatenate([*cells, np.zeros(0, dtype=np.intp)]), number


def _listed(sets: csr_array) -> tuple[Ints, Ints]:
    """Return the columns of each row of a sparse matrix as a table filled up with -1, and how many there are."""
    count = np.diff(sets.indptr)
    table = np.full((sets.shape[0], MOST_CROSSING), -1, dtype=np.intp)
    row = np.repeat(np.arange(sets.shape[0]), count)
    place = np.arange(len(row)) - sets.indptr[row]
    few = count[row] <= MOST_CROSSING
    table[row[few], place[few]] = sets.indices[few]
    return table, count.astype(np.intp)

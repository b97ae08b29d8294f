"""Cells: many points as few rows, each with the very share of its need that every disc holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.problem.aggregation.disc_grid import Discs
from hubplanner.problem.arrays import Bools, Floats, Ints, spans
from hubplanner.problem.travel.base import within

BITS = 16
"""Halvings of each side of the country by which places are put in order."""
TESTS = 1 << 21
"""Points, times discs, that are looked at together."""
ALIKE = 256
"""Cells whose candidates are looked for together, which are about as wide as each other."""
ROUNDED_UP = 1 + 1e-12
"""Shares are rounded up: one that is too large proves as much, one that is too small proves nothing."""
BELOW_ONE = float(np.nextafter(1.0, 0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    r"""A partition of points into cells c, with the share $f_{co}$ of each cell's need that disc o holds.

    For values y of the discs from 0 to 1, what they cover of a cell is

    .. math:: F_c(y) = \sum_{p \in c} w_p \min(1, \sum_{o \ni p} y_o) \le W_c \min(1, \sum_o f_{co} y_o),

    since the smaller of 1 and a sum is concave. So rows of cells bound from above what rows of points say, and where
    the points that are covered wholly have a cell of their own both say the same.

    Parameters
    ----------
    discs
        What may cover the points.
    places, need
        (n, 2) and (n,) the points that count, those of a cell side by side.
    start, stop
        (c,) first point of each cell, and the one after its last.
    whole
        (c, o) discs that hold all points of a cell.
    part
        (c, o) share of the cell's need in discs that hold some of its points.
    """

    discs: Discs
    places: Floats
    need: Floats
    start: Ints
    stop: Ints
    whole: csr_array
    part: csr_array

    @classmethod
    def of(cls, discs: Discs, places: Floats, need: Floats, count: int) -> Cells:
        """Return points as about so many cells of about equal need, near each other in each."""
        order, start = _gathered(discs.travel.flat(places), need, count)
        places, need = places[order], need[order]
        stop = np.append(start[1:], len(need))
        whole, candidates = _around(discs, places, start, stop)
        more, part = _held(discs, places, need, start, stop, candidates)
        return cls(
            discs=discs, places=places, need=need, start=start, stop=stop, whole=csr_array(whole + more), part=part
        )

    @property
    def share(self) -> csr_array:
        """Share (c, o) of each cell's need that each disc holds."""
        return csr_array(self.whole + self.part)

    @property
    def total(self) -> Floats:
        """Need (c,) of each cell."""
        return np.array([self.need[a:b].sum() for a, b in zip(self.start.tolist(), self.stop.tolist(), strict=True)])

    def errors(self, open_: Floats) -> tuple[Floats, Bools]:
        r"""Return by how much need cells overstate what is covered at values (o,), and which points are wholly.

        .. math:: E_c = W_c \min(1, \sum_o f_{co} y_o) - F_c(y)

        Returns
        -------
        Floats
            (c,) of each cell.
        Bools
            (n,) of each point.
        """
        base, used = np.asarray(self.whole @ open_), csr_array(self.part.multiply(open_ > 0))
        used.eliminate_zeros()
        stated = np.minimum(base + self.part @ open_, 1.0)
        error, full = np.zeros(len(self.start)), np.zeros(len(self.need), dtype=np.bool_)
        for cell in np.flatnonzero(base >= 1).tolist():
            full[self.start[cell] : self.stop[cell]] = True
        for cell in np.flatnonzero((base < 1) & (np.diff(used.indptr) > 0)).tolist():
            points = slice(self.start[cell], self.stop[cell])
            reaching = used.indices[used.indptr[cell] : used.indptr[cell + 1]].astype(np.intp)
            covered = np.full(points.stop - points.start, base[cell])
            for some, inside in _inside(self.discs, self.places[points], reaching):
                covered += open_[some] @ inside
            need = self.need[points]
            full[points] = covered >= 1
            error[cell] = max(need.sum() * stated[cell] - need @ np.minimum(covered, 1.0), 0.0)
        return error, full

    def split(self, chosen: Ints, full: Bools) -> Cells:
        """Return the cells with some (k,) of them split into the points of a set (n,) and the others.

        Those of which all points, or none, are in the set stay as they are.
        """
        places, need, chosen = self.places.copy(), self.need.copy(), np.sort(chosen)
        middle = []
        for cell in chosen.tolist():
            points = slice(self.start[cell], self.stop[cell])
            order = np.argsort(~full[points], kind="stable")
            places[points], need[points] = places[points][order], need[points][order]
            middle.append(points.start + np.count_nonzero(full[points]))
        cut = np.array(middle, dtype=np.intp)
        inner = (cut > self.start[chosen]) & (cut < self.stop[chosen])
        chosen, cut = chosen[inner], cut[inner]
        kept = np.setdiff1d(np.arange(len(self.start)), chosen)
        fresh = np.concatenate([self.start[chosen], cut]), np.concatenate([cut, self.stop[chosen]])
        twice = np.concatenate([chosen, chosen])
        more, part = _held(self.discs, places, need, *fresh, csr_array(self.part[twice]))
        return Cells(
            discs=self.discs,
            places=places,
            need=need,
            start=np.concatenate([self.start[kept], fresh[0]]),
            stop=np.concatenate([self.stop[kept], fresh[1]]),
            whole=csr_array(vstack([self.whole[kept], self.whole[twice] + more], format="csr")),
            part=csr_array(vstack([self.part[kept], part], format="csr")),
        )


def _gathered(flat: Floats, need: Floats, count: int) -> tuple[Ints, Ints]:
    """Return an order (n,) of places along a Morton curve, and the first (c,) of each cell in it.

    A cell is a quarter of a quarter, and so on, of the country: as few as hold at most their part of all need each.
    """
    low, width = flat.min(axis=0), np.maximum(np.ptp(flat, axis=0).max(), np.finfo(float).tiny)
    column, row = np.minimum(((flat - low) / width * 2**BITS).astype(np.uint64), 2**BITS - 1).T
    code = _spread_bits(column) | _spread_bits(row) << np.uint64(1)
    order = np.argsort(code, kind="stable")
    code, total = code[order], np.append(0.0, np.cumsum(need[order]))
    most, cells = total[-1] / count, [np.zeros(0, dtype=np.intp)]
    start, stop = np.zeros(1, dtype=np.intp), np.full(1, len(code))
    for level in range(1, BITS + 1):
        heavy = (total[stop] - total[start] > most) & (stop - start > 1)
        cells.append(start[~heavy])
        # A node's points lie side by side; its quarters begin where the next two bits of the code change.
        size = np.uint64(1) << np.uint64(2 * (BITS - level))
        node = code[start[heavy]] // (size * np.uint64(4)) * np.uint64(4)
        first = np.searchsorted(code, (node[:, None] + np.arange(4, dtype=np.uint64)) * size).ravel()
        ends = np.column_stack([first.reshape(-1, 4)[:, 1:], stop[heavy]]).ravel()
        start, stop = first[ends > first], ends[ends > first]
    return order, np.sort(np.concatenate([*cells, start]))


def _spread_bits(number: Any) -> Any:
    """Return numbers of 16 bits with a zero bit after each."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        number = (number | number << np.uint64(shift)) & np.uint64(mask)
    return number


def _around(discs: Discs, places: Floats, start: Ints, stop: Ints) -> tuple[csr_array, csr_array]:
    """Return the discs that surely hold all of each cell, by its middle and radius, and those that may hold some."""
    travel, widest = discs.travel, float(discs.reach.max(initial=0.0))
    flat = travel.flat(places)
    middle = travel.placed(
        np.array([(flat[a:b].min(axis=0) + flat[a:b].max(axis=0)) / 2 for a, b in _ranges(start, stop)])
    )
    radius = np.array(
        [travel.measure(places[a:b], middle[[at]]).max() for at, (a, b) in enumerate(_ranges(start, stop))]
    )
    cell, disc, far = [], [], []
    order = np.argsort(radius, kind="stable")
    for begin in range(0, len(order), ALIKE):
        some = order[begin : begin + ALIKE]
        at, site, distance = travel.at(middle[some]).pairs(0, len(some), widest + float(radius[some].max()))
        first, last = np.searchsorted(discs.site, site), np.searchsorted(discs.site, site, side="right")
        size = last - first
        disc.append(spans(first, size))
        cell.append(np.repeat(some[at], size))
        far.append(np.repeat(distance, size))
    rows, columns, distances = np.concatenate(cell), np.concatenate(disc), np.concatenate(far)
    shape, reach = (len(start), len(discs.site)), discs.reach[columns]
    whole = distances + radius[rows] <= reach
    near = ~whole & within(np.maximum(distances - radius[rows], 0.0), reach)
    found = []
    for mask in (whole, near):
        cells: Any = (np.ones(np.count_nonzero(mask)), (rows[mask], columns[mask]))
        found.append(csr_array(cells, shape=shape))
    return found[0], found[1]


def _ranges(start: Ints, stop: Ints) -> Iterator[tuple[int, int]]:
    return zip(start.tolist(), stop.tolist(), strict=True)


def _held(  # noqa: PLR0913, PLR0917 - points, their cells and what may hold them
    discs: Discs, places: Floats, need: Floats, start: Ints, stop: Ints, candidates: csr_array
) -> tuple[csr_array, csr_array]:
    """Return which candidates (c, o) hold all points of a cell, and which share of its need others hold."""
    share, all_ = np.zeros(candidates.nnz), np.zeros(candidates.nnz, dtype=np.bool_)
    for cell, (a, b) in enumerate(_ranges(start, stop)):
        entries = slice(candidates.indptr[cell], candidates.indptr[cell + 1])
        begin, total = entries.start, need[a:b].sum()
        for some, inside in _inside(discs, places[a:b], candidates.indices[entries].astype(np.intp)):
            end = begin + len(some)
            share[begin:end] = np.minimum(inside @ need[a:b] / total * ROUNDED_UP, BELOW_ONE)
            all_[begin:end] = inside.all(axis=1)
            begin = end
    found = []
    for value in (all_.astype(np.float64), np.where(all_, 0.0, share)):
        cells: Any = (value, candidates.indices, candidates.indptr)
        matrix: csr_array = csr_array(cells, shape=candidates.shape, copy=True)
        matrix.eliminate_zeros()
        found.append(matrix)
    return found[0], found[1]


def _inside(discs: Discs, places: Floats, disc: Ints) -> Iterator[tuple[Ints, Bools]]:
    """Yield some of the discs (k,), and which places (k, m) they hold, a bounded number of tests at a time."""
    step = max(TESTS // max(len(places), 1), 1)
    for begin in range(0, len(disc), step):
        some = disc[begin : begin + step]
        held = discs.holding(np.repeat(some, len(places)), np.tile(places, (len(some), 1)))
        yield some, held.reshape(len(some), len(places))

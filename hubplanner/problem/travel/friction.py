"""Travel over a raster of how long a metre takes: over land, water and slopes, searched only as far as is asked."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from hubplanner.problem.arrays import Floats, Ints
from hubplanner.problem.travel.base import Matrix, Pairs, within
from hubplanner.problem.travel.geometric import GreatCircle
from hubplanner.problem.travel.terrain import LEAST_FACTOR, Relief, compiled
from hubplanner.tolerances import REACH_TOLERANCE

Moves = Literal[8, 16]
MINUTES_PER_M_AT_1_KMH = 60.0 / 1000.0
SMALLER = 0.9
"""A window is narrowed as long as that leaves less than this part of its cells."""
_MOVES: tuple[tuple[int, int], ...] = ((0, 1), (1, -1), (1, 0), (1, 1))
_KNIGHT: tuple[tuple[int, int], ...] = ((1, -2), (1, 2), (2, -1), (2, 1))
"""Rows down and columns to the right of the moves that lead on in the order of reading; the others lead back."""
_EVERY_MOVE: Ints = np.array(
    [(sign * down, sign * right) for some in (_MOVES, _KNIGHT) for down, right in some for sign in (1, -1)]
)
NO_CELLS: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = np.zeros((0, 0), dtype=np.uint8)


class GridCells(NamedTuple):
    """Where places stand on a raster.

    Parameters
    ----------
    row, column
        (k,) the cell of each; -1 for a place that is too far from any open cell.
    minutes
        (k,) the way to that cell, of a place that is moved to it.
    """

    row: Ints
    column: Ints
    minutes: Floats

    def some(self, which: Ints) -> GridCells:
        """Return some of the places."""
        return GridCells(self.row[which], self.column[which], self.minutes[which])


@dataclass(frozen=True, eq=False, kw_only=True)
class FrictionGrid:
    r"""A raster of how long a metre takes, whose rows run from west to east.

    A move between two cells is a straight line between their middles, and costs the minutes of what it passes over:
    half its length in each of two neighbours, a quarter in each of the four cells of a knight's move,

    .. math:: c = \ell\,\tfrac{1}{k}\sum_{i=1}^{k} f_i

    A move across a corner is closed where both cells beside it are barriers, so that a barrier holds however it runs.
    With relief $f_i$ is that on the slope of the move, the height it gains over its length.

    Parameters
    ----------
    values
        (r, c) minutes per metre or km/h of each cell; 0 is a barrier.
    in_kmh
        Whether they are km/h.
    width, height
        Metres from a cell to the next one of its row (r,), and from row to row.
    moves
        8 neighbours, or 16 with the knight's moves of chess, whose ways are less angular.
    relief
        Heights and how cells are crossed, where slopes count.
    cuts_corners
        Whether moves across a corner are open all the same, as in GRASS and AccessMod.
    is_large
        Whether the search is worth compiling; with relief it always is.

    >>> grid = FrictionGrid(values=np.full((3, 3), 0.001), in_kmh=False, width=np.full(3, 1000.0), height=1000.0)
    >>> grid.minutes_from(1, 1, 10.0)[2].round(3).tolist()
    [[1.414, 1.0, 1.414], [1.0, 0.0, 1.0], [1.414, 1.0, 1.414]]
    """

    values: np.ndarray[tuple[int, ...], np.dtype[Any]]
    in_kmh: bool
    width: Floats
    height: float
    moves: Moves = 8
    relief: Relief | None = None
    cuts_corners: bool = False
    is_large: bool = False

    @property
    def is_compiled(self) -> bool:
        """Whether searches are compiled, and run side by side."""
        return self.is_large or self.relief is not None

    def pace(self, rows: slice, columns: slice) -> Floats:
        """Return the minutes per metre of a part of the cells, infinite on barriers."""
        values = self.values[rows, columns].astype(np.float64)
        with np.errstate(divide="ignore"):
            return np.where(values > 0, MINUTES_PER_M_AT_1_KMH / values if self.in_kmh else values, np.inf)

    @cached_property
    def fastest(self) -> float:
        """Least minutes per metre of any cell on any slope; infinite where all are barriers."""
        rows, columns = self.values.shape
        strips = ((slice(row, row + 512), slice(columns)) for row in range(0, rows, 512))
        return min((self._quickest(*strip, self.pace(*strip)) for strip in strips), default=np.inf)

    def _quickest(self, rows: slice, columns: slice, pace: Floats) -> float:
        """Return the least minutes per metre of a part of the cells, on the slope that is best for each."""
        least = pace if self.relief is None else pace * LEAST_FACTOR[self.relief.mode[rows, columns]]
        return float(least.min(initial=np.inf))

    def around_all(self, limit: float) -> int:
        """Return about how many cells a search from one passes at most."""
        across = 2 * limit / self.fastest / min(self.height, float(self.width.min(initial=np.inf))) + 1
        return int(min(across * across, self.values.size))

    def minutes_from(self, row: int, column: int, limit: float) -> tuple[int, int, Floats]:
        """Return the first row, the first column and the minutes (r', c') of all cells within a limit of one.

        Ways cost the same in both directions, but with relief, which says whether they lead to the cell or from it. The
        search is Dijkstra's (1959, doi:10.1007/BF01386390), on the cells that a way within the limit can pass.
        """
        rows, columns, pace = self._window(row, column, limit)
        if self.is_compiled:
            return rows.start, columns.start, self._compiled(rows, columns, pace, (row, column), limit)
        source = (row - rows.start) * pace.shape[1] + column - columns.start
        graph = _graph(pace, self.width[rows], self.height, self.moves, cuts_corners=self.cuts_corners)
        minutes = dijkstra(graph, directed=False, indices=source, limit=limit)
        return rows.start, columns.start, minutes.reshape(pace.shape)

    def _compiled(self, rows: slice, columns: slice, pace: Floats, cell: tuple[int, int], limit: float) -> Floats:
        relief = Relief(NO_CELLS, NO_CELLS) if self.relief is None else self.relief
        found: Floats = compiled()(
            pace,
            relief.mode[rows, columns],
            relief.elevation[rows, columns],
            self.relief is not None,
            relief.to_hub,
            _EVERY_MOVE[: self.moves],
            self.cuts_corners,
            self.width[rows],
            self.height,
            cell[0] - rows.start,
            cell[1] - columns.start,
            limit,
        )
        return found

    def _window(self, row: int, column: int, limit: float) -> tuple[slice, slice, Floats]:
        """Return the rows and columns that ways within a limit stay in, with the pace there.

        The quickest cell of a window bounds how far such a way leads, which may show that a smaller one will do.
        """
        rows, columns = self.around(row, column, limit / self.fastest)
        while True:
            pace = self.pace(rows, columns)
            quickest = self._quickest(rows, columns, pace)
            less = self.around(row, column, limit / quickest)
            size = (less[0].stop - less[0].start) * (less[1].stop - less[1].start)
            if size > SMALLER * pace.size:
                return rows, columns, pace
            rows, columns = less

    def around(self, row: int, column: int, metres: float) -> tuple[slice, slice]:
        """Return the rows and columns that hold all cells within some metres of one, on the raster or off it."""
        height, width = self.values.shape
        far = metres * (1 + 1e-9)
        rows = _part(row, far / self.height, height)
        narrowest = float(self.width[rows].min(initial=np.inf))
        return rows, _part(column, far / narrowest, width)


def _part(middle: int, away: float, size: int) -> slice:
    cells = int(min(away, abs(middle) + size))
    return slice(max(middle - cells, 0), max(min(middle + cells + 1, size), 0))


def _graph(pace: Floats, width: Floats, height: float, moves: Moves, *, cuts_corners: bool) -> csr_array:
    """Return the moves between cells, each once: from the one that is read first."""
    rows, columns = pace.shape
    steps = _MOVES if moves == len(_MOVES) * 2 else _MOVES + _KNIGHT
    cost = np.full((rows, columns, len(steps)), np.inf)
    for number, (down, right) in enumerate(steps):
        left, over = max(-right, 0), columns - abs(right)
        if down >= rows or over <= 0:
            continue

        def part(below: int, beside: int, left: int = left, over: int = over, down: int = down) -> Floats:
            return pace[below : rows - down + below, left + beside : left + beside + over]

        passed = [part(0, 0), part(down, right)]
        if abs(right) + down == 3:  # noqa: PLR2004 - a knight's move, over the two cells in the middle
            half = (down // 2, int(right / 2))
            passed += [part(*half), part(down - half[0], right - half[1])]
        price = np.sum(passed, axis=0) / len(passed)
        if down == abs(right) == 1 and not cuts_corners:
            price[np.isinf(part(0, right)) & np.isinf(part(1, 0))] = np.inf
        across = abs(right) * (width[: rows - down] + width[down:]) / 2
        cost[: rows - down, left : left + over, number] = price * np.hypot(down * height, across)[:, None]
    by_cell = cost.reshape(rows * columns, len(steps))
    is_open = np.isfinite(by_cell)
    head = np.arange(rows * columns)[:, None] + np.array([down * columns + right for down, right in steps])
    starts = np.concatenate([[0], np.cumsum(is_open.sum(axis=1))])
    size = (rows * columns, rows * columns)
    return csr_array((by_cell[is_open], head[is_open].astype(np.int32), starts.astype(np.int32)), shape=size)


@dataclass(frozen=True, eq=False, kw_only=True)
class Friction:
    r"""Travel over a raster between the cells of places.

    .. math:: d_{ij} = o_i + D_{c(i)\,c(j)} + o_j

    with the quickest way $D$ between two cells and the minutes $o$ of a place that stands on a barrier to the cell that
    it is moved to.

    Parameters
    ----------
    grid
        How long a metre takes.
    points, sites
        Where they stand on it.
    most
        Longest way that is looked for, in minutes: a farther pair is one that there is no way between, as one that a
        table of travel leaves out. Pairs within a longer reach are found nevertheless where they are asked for.
    site_places
        (m, 2) longitudes and latitudes of the sites.
    found
        The table of the longest reach that was searched for, once one was.
    """

    grid: FrictionGrid
    points: GridCells
    sites: GridCells
    most: float
    site_places: Floats
    found: dict[float, Matrix] = field(default_factory=dict)

    @property
    def n_points(self) -> int:
        """Number of demand points."""
        return len(self.points.row)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.sites.row)

    def pairs(self, start: int, stop: int, reach: float) -> Pairs:
        """Return the pairs within reach of the points start to stop; the first call searches for those of all."""
        return self._up_to(max(reach, self.most)).pairs(start, stop, reach)

    def from_site(self, site: int) -> Floats:
        """Return the minutes (n,) of all points to one site; infinity for those farther than the longest way."""
        return self._short(self._up_to(self.most).from_site(site))

    def between_sites(self) -> GreatCircle:
        """Return the kilometres from site to site as the crow flies: the raster knows minutes alone."""
        return GreatCircle(self.site_places, self.site_places)

    def among(self, sites: Ints) -> Friction:
        """Return the same travel to some of the sites, with what is known of them."""
        found = {reach: table.among(sites) for reach, table in self.found.items()}
        return replace(self, sites=self.sites.some(sites), site_places=self.site_places[sites], found=found)

    def nearest(self) -> Floats:
        """Return the minutes (n,) of all points to their nearest site."""
        return self._short(self._up_to(self.most).nearest())

    def along(self, point: Ints, site: Ints) -> Floats:
        """Return the minutes (k,) of some pairs that there is a way between."""
        return self._up_to(max(self.found, default=self.most)).along(point, site)

    def _short(self, minutes: Floats) -> Floats:
        """Return ways that are not longer than is looked for, whatever was found beyond; infinity for others."""
        return np.where(within(minutes, self.most), minutes, np.inf)

    def _up_to(self, reach: float) -> Matrix:
        """Return the table of all pairs within a reach at least as long."""
        known = [table for longest, table in self.found.items() if longest >= reach]
        if known:
            return known[0]
        found = [(NONE, NONE, np.zeros(0)), *self._near_all(reach)]
        point, site, minutes = (np.concatenate(part) for part in zip(*found, strict=True))
        self.found.clear()
        self.found[reach] = Matrix(point, site, minutes, self.n_points, self.n_sites)
        return self.found[reach]

    def _near_all(self, reach: float) -> list[Pairs]:
        """Return the points within reach of each site."""
        sites = range(self.n_sites)
        if not self.grid.is_compiled:
            return [self._near(site, reach) for site in sites]
        compiled()  # once, not by each thread
        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            return list(pool.map(self._near, sites, [reach] * len(sites)))
        finally:
            pool.shutdown(cancel_futures=True)  # an interrupt does not wait for sites that nobody has begun

    def _near(self, site: int, reach: float) -> Pairs:
        """Return the points within reach of a site."""
        row, column, off = (part[site] for part in self.sites)
        left = reach * (1 + 2 * REACH_TOLERANCE) - off
        if row < 0 or left < 0:
            return NONE, NONE, np.zeros(0)
        top, first, minutes = self.grid.minutes_from(int(row), int(column), left)
        order, rows = self._by_row
        low, high = np.searchsorted(rows, [top, top + minutes.shape[0]])
        near = order[low:high]
        beside = self.points.column[near] - first
        near = near[(beside >= 0) & (beside < minutes.shape[1])]
        ways = minutes[self.points.row[near] - top, self.points.column[near] - first] + self.points.minutes[near] + off
        keep = within(ways, reach)
        return near[keep], np.full(keep.sum(), site), ways[keep]

    @cached_property
    def _by_row(self) -> tuple[Ints, Ints]:
        """Points by the row they stand in."""
        order = np.argsort(self.points.row, kind="stable")
        return order, self.points.row[order]


NONE: Ints = np.zeros(0, dtype=np.intp)

"""The best whole hubs for what one area covers at given prices: branch and cut over hubs alone."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends.arrays import linear_program
from hubplanner.solver.deadline import Deadline

MOST_NODES = 300
"""Nodes that a search divides in two at most: ten on average, of areas of 1,000 sites x 20,000 points."""
BROKEN = 1e-6
"""Part of a unit by which a point breaks a row that is worth adding, and part of a hub from which it is not whole."""
GAIN = 1e-9
"""Least gain of a hub more or less."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AreaProgram:
    r"""Hubs that cover units of an area, at prices: :math:`\max \sum_u w_u z_u(y) - \sum_k p_k y_k`.

    A unit's :math:`z_u` is the least of its sums :math:`\sum_k a_{rk} y_k`, at most 1, and at least 1 or nothing for
    pairs.

    Parameters
    ----------
    worth
        (u,) what units count for.
    pairs
        (u,) which of them have a single sum, of halves of hubs of 0 or 1, and count whole once two of these do.
    starts
        (u,) first sum of each unit.
    cover
        (r, c) the sums, by unit.
    price
        (c,) of a hub.
    low, high
        (c,) fewest and most of each.
    decided
        (c,) which are whole.
    """

    worth: Floats
    pairs: Bools
    starts: Ints
    cover: Floats
    price: Floats
    low: Floats
    high: Floats
    decided: Bools

    def value(self, at: Floats) -> float:
        """Return what hubs (c,) are worth."""
        return float(self.worth @ self._met((self.cover @ at)[:, None])[:, 0] - self.price @ at)

    def climbed(self, at: Floats) -> tuple[float, Floats]:
        """Return hubs (c,) that one more or one less of makes no better, from others, and what they are worth."""
        at, value = at.copy(), self.value(at)
        while True:
            step = np.where(at >= self.high, -1.0, 1.0) * (self.decided & (self.low < self.high))
            met = self._met((self.cover @ at)[:, None] + self.cover * step)
            gain = self.worth @ met - self.price @ at - self.price * step - value
            best = int(gain.argmax())
            if gain[best] <= GAIN * max(1.0, abs(value)):
                return value, at
            at[best] += step[best]
            value = self.value(at)

    def _met(self, sums: Floats) -> Floats:
        """Return how far units are covered, (u, k) of the sums (r, k)."""
        met: Floats = np.minimum(np.minimum.reduceat(sums, self.starts, axis=0), 1.0)
        return np.where(self.pairs[:, None], np.floor(met + BROKEN), met)


@dataclass(frozen=True, kw_only=True, eq=False)
class AreaOptimum:
    """What a search found.

    Parameters
    ----------
    bound
        No hubs are worth more.
    opened
        (c,) the best hubs.
    value
        What they are worth.
    work
        Entries of linear programs, once for each iteration.
    """

    bound: float
    opened: Floats
    value: float
    work: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Node:
    """What linear programs prove of hubs between ends, with their point and what each hub adds there."""

    bound: float
    low: Floats
    high: Floats
    at: Floats
    adds: Floats


class AreaSearch:
    r"""Branch and cut over the hubs of an area, the highest bound first.

    The linear programs say :math:`z_u \le \sum_k y_k / 2` of pairs, and :math:`z_u \le \sum_{k \ne q} y_k` where a
    point breaks it for its largest hub q: with all of these whole hubs have whole units. What multipliers
    :math:`m \ge 0` of the rows prove is recomputed,

    .. math:: \sum_u \max\Big(0, w_u - \sum_{r \in u} m_r\Big)
              + \sum_k \max_{y_k} \Big(\sum_r m_r a_{rk} - p_k\Big) y_k,

    which also tells hubs that no plan better than the best one has.

    Parameters
    ----------
    handle
        HiGHS without presolve, in one thread, for linear programs of this area alone: any thread may run it.
    """

    def __init__(self, program: AreaProgram, handle: Any, deadline: Deadline) -> None:
        self.program, self.handle, self.deadline = program, handle, deadline
        rows, (units, hubs) = len(program.cover), (len(program.worth), len(program.price))
        # Rows of the linear program: sums that a unit is below, then those of pairs without one hub.
        self.unit = np.repeat(np.arange(units), np.diff(program.starts, append=rows))
        self.sums = program.cover
        self.row_of_pair = program.starts[program.pairs]
        self.is_in = program.cover[self.row_of_pair] > 0
        self.known = set[tuple[int, int]]()
        self.columns = np.arange(hubs, dtype=np.int32)
        self.counts = program.worth[self.unit] @ program.cover
        starts, column, value = _rows(program.cover, self.unit)
        table: Any = csr_array((value, column, np.append(starts, len(column))), shape=(rows, hubs + units))
        cost = np.append(program.price, -program.worth)
        ends = np.append(program.low, np.zeros(units)), np.append(program.high, np.ones(units))
        self.handle.passModel(linear_program(table, cost, ends, (np.full(rows, -math.inf), np.zeros(rows))))
        self.work = 0.0
        self.best, self.opened = program.climbed(program.low)

    def run(self) -> AreaOptimum:
        """Return the best hubs, with the bound that was proven when time or nodes were over."""
        program = self.program
        first = self._relaxed(program.low, program.high)
        if first is None:
            costs = np.minimum(program.price * program.low, program.price * program.high)
            most = math.fsum(program.worth) - math.fsum(costs)
            return self._found(most)
        self._climb(self._rounded(first))
        # Of nodes that are as good the first one comes first.
        nodes, made, closed = [(-first.bound, 0, first)], 0, -math.inf
        for _ in range(MOST_NODES):
            if not nodes or -nodes[0][0] <= self.best or self.deadline.is_past:
                break
            node = heapq.heappop(nodes)[2]
            parts = self._divided(node)
            if not parts:
                closed = max(closed, node.bound)
                continue
            for low, high in parts:
                part = self._relaxed(low, high)
                if part is None:
                    return self._found(max(node.bound, closed))
                if part.bound > self.best:
                    made += 1
                    heapq.heappush(nodes, (-part.bound, made, part))
        left = -nodes[0][0] if nodes else -math.inf
        return self._found(max(left, closed, self.best))

    def _found(self, bound: float) -> AreaOptimum:
        return AreaOptimum(bound=bound, opened=self.opened, value=self.best, work=self.work)

    def _divided(self, node: _Node) -> list[tuple[Floats, Floats]]:
        """Return ends of two parts of a node without hubs that are no better; none where its hubs are whole.

        They part at the hub of which a part is open that covers most. Four areas of 90 to 120 options, 20 in reach,
        take 0.4 s so, 2.0 s in HiGHS, and 5.3 s where they part at the hub that is nearest to a half.
        """
        low, high, room = node.low.copy(), node.high.copy(), node.bound - self.best
        far = self.program.decided & (np.abs(node.adds) > room) & (low < high)
        high[far & (node.adds < 0)] = low[far & (node.adds < 0)]
        low[far & (node.adds > 0)] = high[far & (node.adds > 0)]
        off = np.abs(node.at - np.round(node.at))
        off[~self.program.decided | (low == high) | (off <= BROKEN)] = 0.0
        if not off.any():
            return []
        hub = int((off * self.counts).argmax())
        above, below = low.copy(), high.copy()
        above[hub], below[hub] = math.ceil(node.at[hub]), math.floor(node.at[hub])
        return [(above, high), (low, below)]

    def _relaxed(self, low: Floats, high: Floats) -> _Node | None:
        """Return what linear programs prove of hubs between ends; None where they fail."""
        handle, program, hubs = self.handle, self.program, len(self.columns)
        handle.changeColsBounds(hubs, self.columns, low, high)
        while True:
            # These take milliseconds: nothing need interrupt them.
            handle.run()
            info = handle.getInfo()
            self.work += handle.getNumNz() * max(info.simplex_iteration_count, 0)
            if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                return None
            solution = handle.getSolution()
            paid = np.maximum(-np.asarray(solution.row_dual), 0.0)
            adds = paid @ self.sums - program.price
            left = program.worth - np.bincount(self.unit, paid, len(program.worth))
            bound = math.fsum(np.maximum(left, 0.0)) + math.fsum(np.maximum(adds * low, adds * high))
            values = np.asarray(solution.col_value)
            node = _Node(bound=bound, low=low, high=high, at=values[:hubs], adds=adds)
            if bound <= self.best or not self._cut(values):
                break
        # To climb from each takes a fifth of the time, and two rounds of 33 areas have 484 nodes with it, 480 without.
        at = self._rounded(node)
        if program.value(at) > self.best:
            self._climb(at)
        return node

    def _rounded(self, node: _Node) -> Floats:
        """Return the whole hubs (c,) nearest to a node's point."""
        return np.where(self.program.decided, np.clip(np.round(node.at), node.low, node.high), node.at)

    def _climb(self, at: Floats) -> None:
        """Keep the hubs that some others lead to if they are the best so far."""
        value, opened = self.program.climbed(at)
        if value > self.best:
            self.best, self.opened = value, opened

    def _cut(self, values: Floats) -> bool:
        """Add the rows without one hub that a point breaks; tell whether there are any."""
        hubs, is_in = len(self.columns), self.is_in
        part = is_in * values[:hubs]
        most = part.argmax(axis=1)
        every = np.arange(len(most))
        met = values[hubs + self.unit[self.row_of_pair]]
        broken = np.flatnonzero(met > part.sum(axis=1) - part[every, most] + BROKEN)
        some = [pair for pair in broken.tolist() if (pair, int(most[pair])) not in self.known]
        if not some:
            return False
        self.known |= {(pair, int(most[pair])) for pair in some}
        sums, unit = is_in[some].astype(np.float64), self.unit[self.row_of_pair[some]]
        sums[every[: len(some)], most[some]] = 0.0
        rows = _rows(sums, unit)
        self.handle.addRows(len(some), np.full(len(some), -math.inf), np.zeros(len(some)), len(rows[1]), *rows)
        self.sums, self.unit = np.vstack([self.sums, sums]), np.append(self.unit, unit)
        return True


def _rows(sums: Floats, unit: Ints) -> tuple[Any, Any, Any]:
    """Return rows that say that units (r,) are no more than sums (r, c), as HiGHS takes them."""
    count, hubs = sums.shape
    row, column = np.nonzero(sums)
    rows = np.append(row, np.arange(count))
    order = np.argsort(rows, kind="stable")
    columns, values = np.append(column, hubs + unit), np.append(-sums[row, column], np.ones(count))
    starts = np.searchsorted(rows[order], np.arange(count)).astype(np.int32)
    return starts, columns[order].astype(np.int32), values[order]

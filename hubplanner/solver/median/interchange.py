"""A good choice of sites: greedy, then by exchanging one site for another until no exchange helps."""

from __future__ import annotations

import math

import numpy as np

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.deadline import Deadline, count_work
from hubplanner.solver.median.cost_matrix import CostMatrix

BLOCK = 1_000_000
"""Entries of a table that are worked on at a time."""
LEAST = 1e-11
"""Gain, relative to what the choice costs, that is rounding."""


def first_plan(table: CostMatrix, deadline: Deadline) -> Ints:
    """Return the better of two greedy choices, by what is saved and by what is saved for the money, improved.

    Some plan is wanted also where time is up: only improving it, and the second choice, have the deadline.
    """
    nothing = np.zeros(0, dtype=np.intp)
    found = [improved(table, greedy(table, nothing, Deadline(np.inf)), deadline)]
    if np.isfinite(table.money) and not (deadline.is_past and table.value(found[0]) < table.far):
        found.append(improved(table, greedy(table, nothing, Deadline(np.inf), by_price=True), deadline))
    return min(found, key=table.value)


def improved(table: CostMatrix, chosen: Ints, deadline: Deadline) -> Ints:
    r"""Return a choice that no site more or less and no exchange of two makes better, or as far as time allows.

    With $d_i \le e_i$ what point i costs at its nearest and its second hub, site j in place of site r saves

    .. math:: \sum_i (d_i - c_{ij})^+ - \sum_{i : r(i) = r} (e_i - d_i)
              + \sum_{i : r(i) = r} \big(e_i - \max(c_{ij}, d_i)\big)^+

    and the difference of what building at the two costs.

    Teitz and Bart (1968), doi:10.1287/opre.16.5.955; Resende and Werneck (2007), doi:10.1016/j.ejor.2006.06.060,
    whose update is kept: an exchange changes the sums by the few points near the two sites only.

    Parameters
    ----------
    chosen
        (k,) sites within the limits to start from.
    deadline
        When to stop.
    """
    while True:
        exchange = _Exchange(table, greedy(table, chosen, deadline))
        while not deadline.is_past and exchange.step():
            if exchange.has_room:
                break
        else:
            if deadline.is_past or not exchange.close():
                return np.sort(exchange.chosen)
        chosen = exchange.chosen


def greedy(table: CostMatrix, chosen: Ints, deadline: Deadline, *, by_price: bool = False) -> Ints:
    """Return a choice with sites added one by one, each the one that saves most, while limits and time allow.

    Parameters
    ----------
    by_price
        Whether the most saved for the money comes first, not the most saved.
    """
    held, now = chosen.tolist(), table.served(chosen)
    saves, spent = _saved(table, now), math.fsum(table.price[chosen])
    dearness = np.maximum(table.price, LEAST * table.price.max(initial=1.0)) if by_price else np.ones(table.size)
    while len(held) < table.count and not deadline.is_past:
        fits = (spent + table.price <= table.money) & (saves - table.rent > LEAST * now.sum())
        fits[held] = False
        if not fits.any():
            break
        best = int(np.where(fits, (saves - table.rent) / dearness, -np.inf).argmax())
        held.append(best)
        spent = math.fsum(table.price[held])
        nearer = np.flatnonzero(table.cost[:, best] < now)
        before, now = now[nearer], np.minimum(now, table.cost[:, best])
        saves += _saved(table, now[nearer], nearer) - _saved(table, before, nearer)
    return np.array(held, dtype=np.intp)


def _saved(table: CostMatrix, now: Floats, points: Ints | None = None) -> Floats:
    """Return what each site (s,) would save the points, or some of them, that cost so much now."""
    rows = np.arange(len(table.base)) if points is None else points
    total = np.zeros(table.size)
    for part in _parts(len(rows), table.size):
        total += np.maximum(now[part, None] - table.cost[rows[part]], 0.0).sum(axis=0)
    return total


def _parts(rows: int, width: int) -> list[slice]:
    step = max(BLOCK // max(width, 1), 1)
    return [slice(start, start + step) for start in range(0, rows, step)]


class _Exchange:
    """A choice of sites with what each exchange would save, kept up to date from one exchange to the next."""

    def __init__(self, table: CostMatrix, chosen: Ints) -> None:
        self.table, self.chosen = table, chosen.copy()
        n, held = len(table.base), len(chosen)
        self.gain, self.both = np.zeros(table.size), np.zeros((held, table.size))
        self.loss = np.zeros(held)
        self.slot = np.zeros(n, dtype=np.intp)
        self.first, self.second = np.zeros(n), np.zeros(n)
        everyone = np.arange(n)
        count_work(table.cost.size, 1)
        self._find_nearest(everyone)
        self._count(everyone, 1.0)

    @property
    def has_room(self) -> bool:
        """Tell whether the limits leave room for one more hub that helps."""
        left = self.table.money - math.fsum(self.table.price[self.chosen])
        helps = (self.table.price <= left) & (self.gain - self.table.rent > LEAST * self.first.sum())
        return len(self.chosen) < self.table.count and bool(helps.any())

    def step(self) -> bool:
        """Make the best exchange; tell whether there was one that helps."""
        rent = self.table.rent
        worth = self.gain - rent + (rent[self.chosen] - self.loss)[:, None] + self.both
        saves = np.where(self._allowed(), worth, -np.inf)
        if not saves.size:
            return False
        out, site = divmod(int(saves.argmax()), self.table.size)
        before = self.total
        if not saves[out, site] > LEAST * before:
            return False
        near = (self.slot == out) | (self.table.cost[:, site] < self.second)
        near |= self.table.cost[:, self.chosen[out]] <= self.second
        changed = np.flatnonzero(near)
        self._count(changed, -1.0)
        self.chosen[out] = site
        self._find_nearest(changed)
        self._count(changed, 1.0)
        # The sums drift by rounding, the costs themselves do not.
        return bool(self.total < before)

    @property
    def total(self) -> float:
        """What the choice costs, but for what is settled."""
        return float(self.first.sum() + self.table.rent[self.chosen].sum())

    def close(self) -> bool:
        """Give up the site whose hub costs most more than it saves; tell whether there was one. The sums end there."""
        spared = self.table.rent[self.chosen] - self.loss
        if not spared.max(initial=0.0) > LEAST * self.first.sum():
            return False
        self.chosen = np.delete(self.chosen, int(spared.argmax()))
        return True

    def _allowed(self) -> Bools:
        """Return the exchanges (k, s) that the money allows, by sites that are not chosen yet."""
        table = self.table
        left = table.money - math.fsum(table.price[self.chosen])
        allowed = table.price - table.price[self.chosen][:, None] <= left
        allowed[:, self.chosen] = False
        return np.asarray(allowed)

    def _find_nearest(self, points: Ints) -> None:
        """Find the two nearest hubs of some points; what stands in any case is the last."""
        costs = np.column_stack([self.table.cost[points[:, None], self.chosen], self.table.base[points]])
        if costs.shape[1] == 1:
            costs = np.column_stack([costs, costs])
        two = np.argpartition(costs, 1, axis=1)[:, :2]
        values = np.take_along_axis(costs, two, axis=1)
        rank = np.argsort(values, axis=1, kind="stable")
        self.slot[points] = np.take_along_axis(two, rank, axis=1)[:, 0]
        self.first[points], self.second[points] = np.take_along_axis(values, rank, axis=1).T

    def _count(self, points: Ints, sign: float) -> None:
        """Add what some points contribute to the sums, or take it away."""
        held = len(self.chosen)
        points = points[np.argsort(self.slot[points], kind="stable")]
        mine = points[self.slot[points] < held]
        self.loss += sign * np.bincount(self.slot[mine], self.second[mine] - self.first[mine], minlength=held)
        for part in _parts(len(points), self.table.size):
            rows = points[part]
            cost, first, slot = self.table.cost[rows], self.first[rows, None], self.slot[rows]
            self.gain += sign * np.maximum(first - cost, 0.0).sum(axis=0)
            spared = np.maximum(self.second[rows, None] - np.maximum(cost, first), 0.0)
            starts = np.flatnonzero(np.diff(slot, prepend=-1))
            sums = np.add.reduceat(spared, starts, axis=0)
            own = slot[starts] < held
            self.both[slot[starts[own]]] += sign * sums[own]

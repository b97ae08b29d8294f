"""AreaPrices at which areas are asked next, by a model of what each is worth at any prices: a proximal bundle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from hubplanner.problem import Floats, Ints

ITERATIONS = 300
"""Steps to the next prices at most."""
SETTLED = 1e-6
"""Change of all shares of plans in a step from which there is no other."""
LEVELLING = 200.0
"""How many times as far steps change the level of all prices as they would if it were one price. Eight rounds of 500
sites x 10,000 points, 8 in reach, end at 152.5 thousand without levels, at 151.8, 151.4 and 151.4 with 50, 200, 600."""

LOWERED = 0.5
"""Least part of its level to which a step takes it: from nothing no step leads back."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AreaPrices:
    """What areas pay.

    Parameters
    ----------
    paid
        (p,) of pairs of an area and a column.
    level
        How many times as much as the first ones they come to in all.
    """

    paid: Floats
    level: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PriceProposal:
    """AreaPrices to ask at next.

    Parameters
    ----------
    prices
        The prices.
    worth
        What areas are worth there by the model, which is no more than they are.
    opened
        (p,) how much of each pair the plans of the model open, each by its share.
    """

    prices: AreaPrices
    worth: float
    opened: Floats


class PriceBundle:
    r"""Plans that areas had best so far, each a line below what its area is worth at any prices.

    With plans i of areas a that are worth :math:`v_{ai}` before they pay for the hubs :math:`y_{ai}`, areas are worth
    at least :math:`\sum_a \max_i (v_{ai} - \lambda_a y_{ai})` at prices :math:`\lambda`. The next prices have the least
    of that, what is beside areas, and :math:`\|\lambda - \hat\lambda\|^2 / 2t` for the distance from the best ones so
    far: Kiwiel (1990), doi:10.1007/BF01585731. Their dual, a share of each plan, is solved by accelerated projected
    gradients: Beck and Teboulle (2009), doi:10.1137/080716542.

    Parameters
    ----------
    area, column
        (p,) of pairs of an area and a column that it reaches.
    count, columns
        Areas and columns.
    """

    def __init__(self, area: Ints, column: Ints, count: int, columns: int) -> None:
        self.area, self.column, self.count = area, column, count
        self.reaches = np.maximum(np.bincount(column, minlength=columns), 1)
        self.plans, self.values = list[csr_array](), np.zeros(0)

    def add(self, opened: Floats, worth: Floats) -> None:
        """Take plans of all areas, by the pairs (p,) that they open, and what they are worth (a,) before they pay."""
        pairs = np.flatnonzero(opened)
        cells: Any = (opened[pairs], (self.area[pairs], pairs))
        self.plans.append(csr_array(cells, shape=(self.count, len(self.area))))
        self.values = np.append(self.values, worth)

    def summed(self, each: Floats) -> Floats:
        """Return the sums (k,) over areas of what is told of pairs."""
        found: Floats = np.bincount(self.column, each, len(self.reaches)).astype(np.float64)
        return found

    def proposed(self, at: AreaPrices, slope: float | None, length: float) -> PriceProposal:
        """Return the prices to ask at next.

        Parameters
        ----------
        at
            The best so far, from which they are not far.
        slope
            What is beside areas changes by as the level rises; the level stays if None.
        length
            The t of the formula, above 0.
        """
        table = csr_array(vstack(self.plans, format="csr"))
        back, rising = csr_array(table.T), at.paid / at.level
        size = float(at.paid @ at.paid)
        apart = LEVELLING / size if slope is not None and size else 0.0
        owed = table @ rising
        each = max(_largest(csr_array(table[one :: self.count])) for one in range(self.count))
        # Where no plan opens anything all prices are as good.
        steep = length * (each + apart * self.count * float((owed * owed).max())) or 1.0

        def moved(shares: Floats) -> tuple[Floats, Floats, float]:
            opened = back @ shares
            level = at.level - length * apart * ((slope or 0.0) - float(rising @ opened))
            mean = (self.summed(opened) / self.reaches)[self.column]
            return opened, rising * level + length * (opened - mean), level

        shares: Floats = np.zeros(len(self.values))
        shares[-self.count :] = 1.0
        ahead, momentum = shares, 1.0
        for _ in range(ITERATIONS):
            gain = self.values - table @ moved(ahead)[1]
            new = self._shared(ahead + gain / steep)
            if gain @ (new - ahead) < 0:  # too far ahead: O'Donoghue and Candes (2015), doi:10.1007/s10208-013-9150-3
                momentum = 1.0
            after = (1 + math.sqrt(1 + 4 * momentum * momentum)) / 2
            ahead = new + (momentum - 1) / after * (new - shares)
            change, shares, momentum = float(np.abs(new - shares).max()), new, after
            if change < SETTLED:
                break
        opened, paid, level = moved(shares)
        prices = self._kept(np.maximum(paid, 0.0), max(level, LOWERED * at.level), rising)
        worth = (self.values - table @ prices.paid).reshape(-1, self.count).max(axis=0)
        return PriceProposal(prices=prices, worth=math.fsum(worth), opened=opened)

    def _kept(self, paid: Floats, level: float, rising: Floats) -> AreaPrices:
        """Return prices that come to what each column costs in all at a level."""
        sums = self.summed(paid)
        scale = (level * self.summed(rising) / np.where(sums > 0, sums, 1.0))[self.column]
        return AreaPrices(paid=np.where(sums[self.column] > 0, paid * scale, level * rising), level=level)

    def _shared(self, shares: Floats) -> Floats:
        """Return the nearest shares that come to one in each area."""
        table = shares.reshape(-1, self.count)
        ordered = -np.sort(-table, axis=0)
        over = np.cumsum(ordered, axis=0) - 1.0
        ranks = np.arange(1, len(table) + 1)[:, None]
        last = (ordered > over / ranks).sum(axis=0)
        off = over[last - 1, np.arange(self.count)] / last
        found: Floats = np.maximum(table - off, 0.0).ravel()
        return found


def _largest(plans: csr_array) -> float:
    """Return the largest eigenvalue of the products of plans with each other."""
    return float(np.linalg.eigvalsh((plans @ plans.T).toarray())[-1])

"""A bound on what hubs cover by programs with whole hubs, one for each area, which share what a hub costs."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.highs import new_handle
from hubplanner.solver.deadline import count_work
from hubplanner.solver.mip.bounds.area_search import AreaOptimum, AreaProgram, AreaSearch
from hubplanner.solver.mip.bounds.price_bundle import AreaPrices, PriceBundle
from hubplanner.solver.mip.bounds.row_blocks import CoverPart, RowBlockRelaxation, blocks_of

EACH = 30
"""Options for each area, beside those that it shares with its neighbours. Of 1,000 sites x 20,000 points, 20 in reach,
second hubs alone, areas of 30 take the bound to 764.4 and 759.7 thousand in 12 and 25 s of processor time, areas of 60
to 763.2 and 759.8; 8 in reach, to 303.9 and 304.2 in 7 s."""
MOST_ROUNDS = 30
"""Rounds of all areas."""
STEP, LONGER, SHORTER, DESCENT, PROGRESS = 2.0, 1.5, 0.7, 0.1, 1e-4
"""Length of the first step, relative to what closes the gap at once; by what steps grow where they reach this share of
the decrease that the model expects, and shrink where not; and the relative decrease expected that is not worth another
round. 1,000 sites x 20,000 points, 20 in reach, are 0.89 % open to the best plan known after 31 s of processor time,
0.79 after 40; with first steps of 1 that grow by 1.2, 1.04 and 0.84; by subgradients, 1.07 and 0.97."""
LEAK = 1e-9
"""Share by which the bound is taken wider, so that rounding leaves no plan out."""
NEVER = 1e-9
"""Sum of what covers a unit in parts up to which it is not covered at all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AreaBound:
    """What programs of areas prove and suggest.

    Parameters
    ----------
    value
        No plan's objective is more, in the program's unit.
    parts
        (k,) how much of a hub areas that it reaches open on average, of each column that stays.
    """

    value: float
    parts: Floats


class AreaPrograms:
    r"""Programs that choose whole hubs for what blocks of rows cover in one area, at prices of its own.

    With units of worth $w_u$ in areas a, and prices $\lambda_{ak}$ that come to what column k costs in all, no plan is
    worth more than

    .. math:: L(\lambda) = c + \sum_a \max_{y \text{ whole}}
              \Big(\sum_{u \in a} w_u z_u(y) - \sum_k \lambda_{ak} y_k\Big),

    where c is what multipliers of the other limits come to: Lagrangian decomposition, Guignard and Kim (1987),
    doi:10.1007/BF02592954. The first prices are those of the relaxation, which it is no worse than. A bundle of
    plans then moves them: from areas that leave a hub out to those that open it; and as whole hubs earn less than parts
    of hubs, all prices fall, and with them the multipliers of limits on hubs alone, until what is opened costs what
    there is.

    Parameters
    ----------
    relaxation
        The relaxation by blocks, solved.
    decided
        (k,) which of the columns that stay are whole.
    ends
        Lower and upper ends (k,) of the columns that stay.
    effort
        Solver; its time is that of all rounds together.
    """

    def __init__(
        self, relaxation: RowBlockRelaxation, decided: Bools, ends: tuple[Floats, Floats], effort: SearchLimits
    ) -> None:
        prices, blocks, part = relaxation.prices(), relaxation.blocks.weight, relaxation.part
        # Blocks are halves of halves as areas are; those of several kinds go where most of them lies.
        count, need = max(1, round(len(decided) / EACH)), np.asarray(blocks.sum(axis=0), dtype=np.float64)
        of_unit = blocks_of(csr_array(part.cover[part.starts]), need, count)
        places: Any = (np.ones(len(of_unit)), (np.arange(len(of_unit)), of_unit))
        lies = blocks @ csr_array(places, shape=(len(of_unit), count))
        _, area = np.unique(lies.toarray().argmax(axis=1), return_inverse=True)
        count = int(area.max(initial=-1)) + 1
        within: Any = (np.ones(len(area)), (area, np.arange(len(area))))
        of_area = csr_array(within, shape=(count, len(area)))
        worth = csr_array(of_area @ blocks.multiply(prices.worth[:, None]))
        self.areas = [_Area.of(part, worth[[number]], decided, ends) for number in range(count)]
        # Few areas reach a column: what they pay for it and open of it is told of these pairs alone, by area.
        column = np.concatenate([area.columns for area in self.areas] or [np.zeros(0, dtype=np.intp)])
        self.firsts = [0, *accumulate(len(area.columns) for area in self.areas)]
        self.bundle = PriceBundle(np.repeat(np.arange(count), np.diff(self.firsts)), column, count, len(decided))
        of_areas = csr_array(of_area @ prices.paid)
        each = [of_areas[[number]].toarray()[0][area.columns] for number, area in enumerate(self.areas)]
        self.paid: Floats = np.concatenate(each or [np.zeros(0)])
        # What a column costs beyond what is paid for it, areas may pay as well.
        total = self.bundle.summed(self.paid)
        spare = (total > 0) & (ends[0] == 0) & (prices.reduced < 0)
        self.paid *= np.where(spare, 1 - prices.reduced / np.where(spare, total, 1.0), 1.0)[column]
        self.left, self.ends = np.where(spare, 0.0, prices.reduced), ends
        self.limits, self.steeper = prices.limits, self.bundle.summed(self.paid) - prices.owed
        self.is_level = bool(np.isfinite(ends[1][self.steeper != 0]).all())
        self.constant = of_area @ prices.constant
        self.beside = prices.bound - math.fsum(prices.constant)
        self.deadline = effort.deadline()
        self.threads = effort.threads or os.cpu_count() or 1
        alone = replace(effort, threads=1)
        self.handles = [new_handle(alone, presolve="off", solver="simplex") for _ in self.areas]

    def bound(self, value: float, enough: float) -> AreaBound:
        """Return the best bound that rounds of steps come to.

        Parameters
        ----------
        value
            What some plan is worth: where steps aim.
        enough
            The bound at which to stop.
        """
        bundle = self.bundle
        asked = at = AreaPrices(paid=self.paid, level=1.0)
        best, parts = self.beside + math.fsum(self.constant), np.zeros(len(bundle.reaches))
        least, length, expected, slope = math.inf, 0.0, -math.inf, 0.0
        for number in range(MOST_ROUNDS):
            bounds, values, opened = self._solved(asked.paid)
            if number == 0:
                bounds = np.minimum(bounds, self.constant)
            beside, rise = self._at(asked.level)
            bound = beside + math.fsum(bounds)
            bound += LEAK * (abs(beside) + math.fsum(np.abs(bounds)))
            best = min(best, bound)
            if self.deadline.is_past or best <= enough:
                break
            bundle.add(opened, values + np.bincount(bundle.area, asked.paid * opened, len(values)))
            if number == 0:
                off = opened - (bundle.summed(opened) / bundle.reaches)[bundle.column]
                at, least, slope, length = asked, bound, rise, STEP * (bound - value) / max(float(off @ off), 1.0)
            elif bound <= least - DESCENT * (least - expected):
                at, least, slope, length = asked, bound, rise, LONGER * length
            else:
                length *= SHORTER
            if length <= 0:
                break
            found = bundle.proposed(at, slope if self.is_level else None, length)
            asked, expected = found.prices, self._at(found.prices.level)[0] + found.worth
            parts = bundle.summed(found.opened) / bundle.reaches
            if least - expected <= PROGRESS * abs(least):
                break
        return AreaBound(value=best, parts=parts)

    def _at(self, level: float) -> tuple[float, float]:
        """Return what is beside areas with prices and multipliers of limits so many times as high, and its slope."""
        if not self.is_level:
            return self.beside, 0.0
        some = np.flatnonzero(self.steeper)
        low, high, before, steeper = self.ends[0][some], self.ends[1][some], self.left[some], self.steeper[some]
        after = before + (level - 1) * steeper
        found = self.beside + (level - 1) * self.limits
        found += math.fsum(np.maximum(after * low, after * high) - np.maximum(before * low, before * high))
        return found, self.limits + float(steeper @ np.where(after > 0, high, low))

    def _solved(self, paid: Floats) -> tuple[Floats, Floats, Floats]:
        """Return what each area is worth at most at prices of pairs, what its best plan is, and what of pairs it opens.

        Areas are searched side by side, each by itself: what comes of it does not depend on which is ready first.
        """
        opened, numbers = np.zeros_like(paid), range(len(self.areas))
        bounds = np.array([math.fsum(area.worth) for area in self.areas])
        values = np.zeros(len(self.areas))

        def best(number: int) -> tuple[Ints, AreaOptimum] | None:
            if self.deadline.is_past:
                return None
            chosen, program = self.areas[number].program(paid[self.firsts[number] : self.firsts[number + 1]])
            if program is None:
                return chosen[:0], AreaOptimum(bound=0.0, opened=np.zeros(0), value=0.0, work=0.0)
            return chosen, AreaSearch(program, self.handles[number], self.deadline).run()

        with ThreadPoolExecutor(self.threads) as pool:
            for number, found in zip(numbers, pool.map(best, numbers), strict=True):
                if found is not None:
                    chosen, optimum = found
                    bounds[number] = min(bounds[number], optimum.bound)
                    opened[self.firsts[number] + chosen] = optimum.opened
                    values[number] = optimum.value
                    count_work(optimum.work, 1)
        return bounds, values, opened


@dataclass(frozen=True, kw_only=True, eq=False)
class _Area:
    """Units of an area.

    Parameters
    ----------
    worth
        (u,) what they count for.
    pairs
        (u,) which of them are whole.
    cover, unit
        (r, c) the sums that each is below, and whose they are, by unit.
    columns
        (c,) the columns of the sums, among those that stay.
    decided
        (c,) which of them are whole.
    ends
        Their lower and upper ends (c,).
    """

    worth: Floats
    pairs: Bools
    cover: csr_array
    unit: Ints
    columns: Ints
    decided: Bools
    ends: tuple[Floats, Floats]

    @classmethod
    def of(cls, part: CoverPart, worth: csr_array, decided: Bools, ends: tuple[Floats, Floats]) -> _Area:
        """Return the units that count for something, by what all (1, u) count."""
        units = worth.indices[worth.data > 0].astype(np.intp)
        length = np.diff(part.starts, append=part.cover.shape[0])[units]
        unit = np.repeat(np.arange(len(units)), length)
        row = np.arange(len(unit)) + np.repeat(part.starts[units] - np.cumsum(length) + length, length)
        cover = csr_array(part.cover[row])
        columns = np.unique(cover.indices).astype(np.intp)
        return cls(
            worth=worth.data[worth.data > 0],
            pairs=part.pairs[units],
            cover=csr_array(cover[:, columns]),
            unit=unit,
            columns=columns,
            decided=decided[columns],
            ends=(ends[0][columns], ends[1][columns]),
        )

    @cached_property
    def earned(self) -> Floats:
        """What the units that each column (c,) covers count for, those of several sums several times."""
        worth = self.worth[np.repeat(self.unit, np.diff(self.cover.indptr))]
        earned: Floats = np.bincount(self.cover.indices, worth, len(self.columns)).astype(np.float64)
        return earned

    def program(self, paid: Floats) -> tuple[Ints, AreaProgram | None]:
        """Return the columns that may earn their prices (c,), and the program that chooses; None where nothing counts.

        Units that the same columns cover are one.
        """
        (low, high), cover = self.ends, self.cover
        chosen = np.flatnonzero((low > 0) | (self.earned > paid))
        cover = csr_array(cover[:, chosen])
        short = cover @ high[chosen] < np.where(self.pairs[self.unit], 1.0, NEVER)
        covers = np.bincount(self.unit[short], minlength=len(self.worth)) == 0
        first, worth = self._alike(cover, covers)
        if not len(first):
            return chosen, None
        rows = np.flatnonzero(np.isin(self.unit, first))
        program = AreaProgram(
            worth=worth,
            pairs=self.pairs[first],
            starts=np.searchsorted(self.unit[rows], first),
            cover=cover[rows].toarray(),
            price=paid[chosen],
            low=low[chosen],
            high=high[chosen],
            decided=self.decided[chosen],
        )
        return chosen, program

    def _alike(self, cover: csr_array, covers: Bools) -> tuple[Ints, Floats]:
        """Return the first of each group of units that the same columns cover, ascending, and what all of it counts."""
        starts = np.searchsorted(self.unit, np.arange(len(self.worth) + 1))
        ends, groups = cover.indptr[starts].tolist(), dict[tuple[bytes, ...], int]()
        worth = np.zeros(len(self.worth))
        for unit in np.flatnonzero(covers).tolist():
            cells, rows = slice(ends[unit], ends[unit + 1]), cover.indptr[starts[unit] : starts[unit + 1]] - ends[unit]
            key = (cover.indices[cells].tobytes(), cover.data[cells].tobytes(), rows.tobytes(), bytes(self.pairs[unit]))
            worth[groups.setdefault(key, unit)] += self.worth[unit]
        first = np.array(list(groups.values()), dtype=np.intp)
        return first, worth[first]

"""The smaller instance that a model is built from: what is left to decide once the certain is settled."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem.arrays import Bools, Floats, Ints
from hubplanner.problem.coverage import Rows
from hubplanner.problem.model_instance import NO_ROW, CoverRows
from hubplanner.problem.problem import Problem

MOST_EXACT = 2.0**53
"""Whole numbers up to this are exact."""
LEAST_STEP = 1e-9
"""Steps of need that are smaller, relative to all of it, are rounding to a solver."""
STEP_ROUNDING = 1e-3
"""Part of a step that a solver's bound may be off by."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveringInstance:
    """Rows of demand and options to open, equivalent to the full problem.

    Parameters
    ----------
    need
        (r,) need of each row.
    cover
        (r, o) which options cover it.
    option
        (o,) each option's index in the full problem, ascending.
    site, cost
        (o,) each option's site and cost.
    gain
        (o,) need that the option alone can cover, on top of the rows.
    required
        Sites that must hold a hub.
    base
        Need that is covered whatever is chosen.
    """

    need: Floats
    cover: csr_array
    option: Ints
    site: Ints
    cost: Floats
    gain: Floats
    required: Ints
    base: float

    @property
    def largest_need(self) -> float:
        """The largest coefficient of need."""
        return float(max(self.need.max(initial=0.0), self.gain.max(initial=0.0)))

    @property
    def base_cost(self) -> float:
        """Money spent whatever is chosen: none."""
        return 0.0

    @property
    def kept(self) -> Ints:
        """Sites whose standing hub stays: settled, and no longer here."""
        return np.zeros(0, dtype=np.intp)

    @property
    def new(self) -> Bools:
        """Mask (o,) of new hubs: all of them."""
        return np.ones(len(self.option), dtype=np.bool_)

    @property
    def least(self) -> Ints:
        """Fewest hubs (o,) of each option."""
        return np.zeros(len(self.option), dtype=np.intp)

    @property
    def most(self) -> Ints:
        """Most hubs (o,) of each option."""
        return np.ones(len(self.option), dtype=np.intp)

    @property
    def cover_rows(self) -> CoverRows:
        """The rows as models take them, with need as the only measure."""
        return CoverRows(
            weights=self.need[:, None],
            cover=self.cover,
            times=np.ones(len(self.need), dtype=np.intp),
            partner=np.full(len(self.need), NO_ROW, dtype=np.intp),
            gain=self.gain[:, None],
            base=np.array([self.base]),
            counts=self.need[:, None] > 0,
            never=np.zeros(1),
        )

    @property
    def most_need(self) -> float:
        """Need that no choice covers more of: all rows that some option covers, and each site's largest gain."""
        _, place = np.unique(self.site, return_inverse=True)
        gain = np.zeros(int(place.max(initial=-1)) + 1)
        np.maximum.at(gain, place, self.gain)
        return math.fsum([self.base, *self.need[np.diff(self.cover.indptr) > 0], *gain])

    @cached_property
    def need_step(self) -> float:
        """What the need of all choices is a multiple of, on top of the settled part, if all need is whole; else 0."""
        figures = np.concatenate([self.need, self.gain])
        total = float(figures.sum())
        if not total <= MOST_EXACT or not np.array_equal(figures, np.round(figures)):
            return 0.0
        step = float(np.gcd.reduce(figures.astype(np.int64)))
        return step if step >= LEAST_STEP * total else 0.0

    @property
    def least_gain(self) -> float:
        """Need by which a better choice is better at least, with room for rounding; 0 where need is not whole."""
        return self.need_step * (1 - STEP_ROUNDING)

    def most_within(self, bound: float) -> float:
        """Return the most need that a choice may cover within a bound: whole steps above what is settled."""
        if not self.need_step or not math.isfinite(bound):
            return bound
        steps = math.floor((bound - self.base) / self.need_step + STEP_ROUNDING)
        return min(bound, self.base + self.need_step * steps)

    def covered_need(self, chosen: Ints) -> float:
        """Return the need that a choice (k,) of options covers, the settled part included."""
        covered = np.zeros(len(self.need), dtype=np.bool_)
        covered[self.covers[chosen].indices] = True
        return math.fsum([self.base, *self.need[covered], *self.gain[chosen]])

    @cached_property
    def covers(self) -> csr_array:
        """The rows (o, r) that each option covers."""
        return csr_array(self.cover.T.tocsr())

    def keep_options(self, keep: Bools) -> CoveringInstance:
        """Return the instance without some options, and without the rows that only those cover."""
        cover = self.cover[:, np.flatnonzero(keep)]
        reached = np.flatnonzero(np.diff(cover.indptr) > 0)
        return replace(
            self,
            need=self.need[reached],
            cover=cover[reached],
            option=self.option[keep],
            site=self.site[keep],
            cost=self.cost[keep],
            gain=self.gain[keep],
        )


def reduce_existing(problem: Problem, rows: Rows) -> CoveringInstance:
    """Settle the existing hubs: what they cover is covered, and they are no longer options."""
    existing = problem.existing
    settled = rows.cover[:, np.flatnonzero(existing)].sum(axis=1) > 0
    new = np.flatnonzero(~existing)
    return CoveringInstance(
        need=rows.need[~settled],
        cover=rows.cover[np.flatnonzero(~settled)][:, new],
        option=new,
        site=problem.option_site[new],
        cost=problem.option_cost[new],
        gain=np.zeros(len(new)),
        required=problem.required_sites,
        base=float(rows.need[settled].sum()),
    )

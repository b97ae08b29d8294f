"""Demand of all futures as models take it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.instance import NO_ROW, CoverRows, ModelInstance

if TYPE_CHECKING:
    from hubplanner.problem import Bools, Ints
    from hubplanner.problem.futures_stack import StackedDemand


@dataclass(frozen=True, kw_only=True, eq=False)
class StackedInstance(ModelInstance):
    """An instance whose demand is that of all futures.

    Parameters
    ----------
    stack
        The futures' rows, which take the place of the problem's.
    """

    stack: StackedDemand

    @cached_property
    def settled(self) -> Bools:
        """Mask of the stack's rows (r,) that hubs which stay cover."""
        fixed = np.flatnonzero(self.least)
        return self.stack.reached(fixed)

    @cached_property
    def live(self) -> Ints:
        """The stack's rows that are left to cover."""
        return np.flatnonzero(~self.settled)

    @cached_property
    def cover_rows(self) -> CoverRows:
        """The rows that are left to cover, with their mean need over futures as the only measure."""
        weights = self.stack.mixed(self.stack.futures.probability)
        return CoverRows(
            weights=weights[self.live, None],
            cover=self.stack.cover[self.live],
            times=np.ones(len(self.live), dtype=np.intp),
            partner=np.full(len(self.live), NO_ROW, dtype=np.intp),
            gain=np.zeros((len(self.option), 1)),
            base=np.array([weights[self.settled].sum()]),
            counts=weights[self.live, None] > 0,
            never=np.zeros(1),
        )

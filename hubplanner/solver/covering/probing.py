"""The relaxation with a hub forced in at a site, or kept away from it, from the basis of the last one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubplanner.model import Objective
from hubplanner.problem import Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering.column_generation import ColumnGeneration
from hubplanner.solver.covering.lp import PrimalPoint, table_of
from hubplanner.solver.mip.bounds.relaxation import Relaxation


class Probing:
    r"""The relaxation of maximal covering, and of the same with one site pinned.

    With the multipliers of any relaxation, its bound L and reduced costs $r_o$, plans with a hub at site j, or without,
    are worth at most

    .. math:: L - \sum_{o \in O_j} r_o^+ + \max_{o \in O_j} r_o \quad\text{or}\quad L - \sum_{o \in O_j} r_o^+

    since a site holds at most one hub. A pinned program is solved from the basis of the one before.

    Parameters
    ----------
    instance, objective
        The program; every option enters it.
    effort
        Its time is that of all relaxations together.

    Attributes
    ----------
    free
        The relaxation without pins, in need.
    """

    def __init__(self, instance: CoveringInstance, objective: Objective, effort: SearchLimits) -> None:
        self.instance = instance
        self._table = table_of(instance, objective)
        self._sifting = ColumnGeneration(self._table, np.ones(len(instance.option), dtype=np.bool_), effort)
        self._rows = len(self._table.need)
        self.free = self._relaxation(self._sifting.solve())

    def bounds(self, relaxation: Relaxation) -> tuple[Floats, Floats]:
        """Return the most that a plan with a hub at each site (s,) is worth, and one without; by position of sites."""
        _, place = np.unique(self.instance.site, return_inverse=True)
        gain: Floats = np.bincount(place, np.maximum(relaxation.reduced, 0.0)).astype(np.float64)
        most = np.full(len(gain), -np.inf)
        np.maximum.at(most, place, relaxation.reduced)
        return relaxation.bound - gain + most, relaxation.bound - gain

    def at(self, site: int, *, inside: bool) -> tuple[float, Relaxation]:
        """Return the most that a plan with a hub at a site is worth, or without one, and the pinned relaxation."""
        options = np.flatnonzero(self.instance.site == site)
        if inside:
            self._force(options, 1.0)
        else:
            self._limit(options, 0.0)
        found = self._relaxation(self._sifting.solve())
        if inside:
            self._force(options, None)
        else:
            self._limit(options, 1.0)
        place = int(np.searchsorted(np.unique(self.instance.site), site))
        with_hub, without = self.bounds(found)
        return float((with_hub if inside else without)[place]), found

    def _relaxation(self, point: PrimalPoint) -> Relaxation:
        values = np.concatenate([point.covered, point.open_]) if point.is_solved else np.zeros(0)
        found = Relaxation(bound=point.bound, open_=point.open_, reduced=point.reduced, values=values)
        return found.times(self._table.unit, self.instance.base)

    def _limit(self, options: Ints, most: float) -> None:
        for option in options.tolist():
            self._sifting.handle.changeColBounds(self._rows + option, 0.0, most)

    def _force(self, options: Ints, least: float | None) -> None:
        """Ask for one hub among a site's options, or for none any more."""
        if len(options) == 1:
            self._sifting.handle.changeColBounds(self._rows + int(options[0]), float(least or 0.0), 1.0)
            return
        self._sifting.handle.changeRowBounds(self._one_hub(options), -np.inf if least is None else least, 1.0)

    def _one_hub(self, options: Ints) -> int:
        """Return the row that allows a site one hub."""
        size = np.diff(self._table.side.indptr)
        alike = (size == len(options)) & (self._table.limit == 1.0)
        for row in np.flatnonzero(alike).tolist():
            if np.array_equal(np.sort(self._table.side[[row]].indices), options):
                return self._rows + row
        raise AssertionError


def pinned(instance: CoveringInstance, site: int, *, inside: bool) -> CoveringInstance:
    """Return an instance with a hub forced in at a site, or without its options."""
    if inside:
        return replace(instance, required=np.union1d(instance.required, [site]))
    return instance.keep_options(instance.site != site)

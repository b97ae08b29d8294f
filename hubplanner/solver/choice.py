"""Options that are open on an instance, kept with what each other one would add."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models.budget import most_money
from hubplanner.solver.limits import limits, money_share

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import CoveringInstance

NONE = -1


class PartialPlan:
    """Open options, at most one a site; opening and closing touch only what they change.

    Attributes
    ----------
    held
        (sites,) the open option of each site, -1 where there is none.
    worth
        (o,) need that each option would newly cover, its own gain included.
    value
        Need covered, without the settled part.
    """

    def __init__(self, instance: CoveringInstance, objective: Objective) -> None:
        self.instance = instance
        money, self.count = limits(objective)
        self.money = most_money(money)
        self._rows = instance.cover.tocsc()
        self._times = np.zeros(len(instance.need), dtype=np.intp)
        self.held = np.full(instance.site.max(initial=0) + 1, NONE)
        self.worth: Floats = self._rows.T @ instance.need + instance.gain
        self.whole = self.worth.copy()
        self.value = 0.0
        # What an option takes of the limits: a share of the money, and one of the hubs.
        self._money_share = money_share(instance.cost, self.money)
        self._count_share = 1.0 / max(self.count, 1.0)

    @property
    def options(self) -> Ints:
        """Positions (k,) of the open options, ascending."""
        return np.sort(self.held[self.held != NONE])

    @property
    def spent(self) -> float:
        """Money spent."""
        return math.fsum(self.instance.cost[self.options])

    def open(self, option: int) -> None:
        """Open an option in place of what its site holds."""
        site = self.instance.site[option]
        if self.held[site] != NONE:
            self.close(int(self.held[site]))
        self.held[site] = option
        self.value += float(self.worth[option])
        rows = self._rows_of(option)
        self._change(rows[self._times[rows] == 0], -1.0)
        self._times[rows] += 1

    def close(self, option: int) -> None:
        """Close an open option."""
        self.held[self.instance.site[option]] = NONE
        rows = self._rows_of(option)
        self._times[rows] -= 1
        self._change(rows[self._times[rows] == 0], 1.0)
        self.value -= float(self.worth[option])

    @property
    def is_beyond(self) -> bool:
        """Tell whether the open options break a limit."""
        return self.spent > self.money or len(self.options) > self.count

    def least(self) -> int | None:
        """Return the open option that adds least for what it takes of the limits; none if all sites must hold one."""
        instance = self.instance
        free = self.options[~np.isin(instance.site[self.options], instance.required)]
        if not len(free):
            return None
        alone = np.where(self._times == 1, instance.need, 0.0)
        added = instance.covers[free] @ alone + instance.gain[free]
        share = self._money_share[free] + self._count_share
        return int(free[np.argmin(added / np.maximum(share, np.finfo(float).tiny))])

    def fill(self) -> None:
        """Open options one by one for the most newly covered need per share of the limits, within all limits.

        A site that has a hub may grow into a tier that covers more.
        """
        left, room = self.money - self.spent, self.count - len(self.options)
        while (option := self._best(left, room)) is not None:
            held = self.held[self.instance.site[option]]
            left -= self.instance.cost[option] - (self.instance.cost[held] if held != NONE else 0.0)
            room -= held == NONE
            self.open(option)

    def _best(self, left: float, room: float) -> int | None:
        instance = self.instance
        now = self.held[instance.site]
        at = np.flatnonzero(now != NONE)
        extra, added, share = instance.cost.copy(), self.worth.copy(), self._money_share + self._count_share
        extra[at] -= instance.cost[now[at]]
        share[at] -= share[now[at]]
        fits = (extra <= left) & ((now != NONE) | (room >= 1))
        # Tiers of a site are nested: the one that covers more loses nothing of what the other covers.
        fits[at] &= self.whole[at] > self.whole[now[at]]
        added[at] -= instance.gain[now[at]]
        fits &= added > 0
        if not fits.any():
            return None
        free = share <= 0
        rate = np.where(fits, np.where(free, np.inf, added / np.where(free, 1.0, share)), -np.inf)
        return int(np.argmax(rate))

    def _rows_of(self, option: int) -> Ints:
        return np.asarray(self._rows.indices[self._rows.indptr[option] : self._rows.indptr[option + 1]], dtype=np.intp)

    def _change(self, rows: Ints, sign: float) -> None:
        """Note that rows are covered no longer, or now."""
        cover = self.instance.cover
        size = cover.indptr[rows + 1] - cover.indptr[rows]
        entry = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size - cover.indptr[rows], size)
        np.add.at(self.worth, cover.indices[entry], sign * np.repeat(self.instance.need[rows], size))

"""Covering all rows for less, by exchanges in which a row counts for more the longer it is left out."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.arrays import row_entries
from hubplanner.solver.deadline import Deadline

FREE = 1e-300
"""Cost below which an option costs nothing."""
ALIKE = 1e-12
"""Relative difference of rates that is rounding."""


def exchanged(  # noqa: PLR0913, PLR0917 - a question with a choice of it, and how far to go
    cover: csr_array, cost: Floats, chosen: Ints, enough: float, steps: int, deadline: Deadline, seed: int = 0
) -> Ints:
    """Return a choice that covers all rows for less than one that does, or this one where none is found.

    One option too few is open at any time: the one whose rows weigh least for its cost goes, then one comes in that
    covers a row drawn from those left out, and whose rows weigh most; what is still left out weighs one more. Options
    come back only once something beside them has changed. Gao, Weise and Li (2015), doi:10.1016/j.ejor.2015.05.038,
    with rates in place of weights where costs differ. What it does depends on seed and steps alone, unless time is up.

    Parameters
    ----------
    cover
        (r, o) the options that cover each row.
    cost
        (o,) what each costs, at least nothing.
    chosen
        (k,) options that cover all rows.
    enough
        Cost at which it ends.
    steps
        Steps in a row that lead to no better choice before it ends.

    >>> cover = csr_array(np.array([[1, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 0]]))
    >>> cost = np.array([2.0, 1.0, 3.0])
    >>> exchanged(cover, cost, np.array([0, 2]), 0.0, 10, Deadline.after(60)).tolist()
    [0, 1]
    """
    rng, trial = np.random.default_rng(seed), _WeightedRows(cover, cost)
    for option in np.unique(chosen).tolist():
        trial.open(option, 0)
    best, value, last, step = chosen, trial.spent, 0, 0
    while value > enough and step - last < steps and not deadline.is_past:
        step += 1
        while not len(trial.waits) or not trial.spent < value:
            if not len(trial.waits) and trial.spent < value * (1 - ALIKE):
                best, value, last = np.flatnonzero(trial.held), trial.spent, step
            if not trial.close_one(step):
                return best
        trial.close_one(step)
        while len(rows := trial.waits) and trial.open_one(int(rows[rng.integers(len(rows))]), value, step):
            pass
        trial.wait()
    return best


class _WeightedRows:
    """A choice in the making, with what each option's rows weigh.

    Attributes
    ----------
    held
        (o,) which options are open.
    """

    def __init__(self, cover: csr_array, cost: Floats) -> None:
        rows, options = cover.shape
        self._cover, self._covers, self._cost = cover, csr_array(cover.T.tocsr()), cost
        self._rate = 1.0 / np.maximum(cost, FREE)
        self._weight, self._times = np.ones(rows), np.zeros(rows, dtype=np.intp)
        # Of a closed option, the rows that wait and it covers; of an open one, those that no other covers.
        self._worth: Floats = np.diff(self._covers.indptr).astype(np.float64)
        self._moved, self._may_open = np.zeros(options, dtype=np.intp), np.ones(options, dtype=np.bool_)
        self._newest = -1
        self.held: Bools = np.zeros(options, dtype=np.bool_)

    @property
    def waits(self) -> Ints:
        """The rows that no open option covers."""
        return np.flatnonzero(self._times == 0)

    @property
    def spent(self) -> float:
        """What the open options cost."""
        return float(self._cost @ self.held)

    def open(self, option: int, step: int) -> None:
        """Open an option."""
        rows = self._rows_of(option)
        fresh, alone = rows[self._times[rows] == 0], rows[self._times[rows] == 1]
        self._weigh(fresh, -self._weight[fresh])
        self._weigh(alone, -self._weight[alone], among=self.held)
        self._times[rows] += 1
        self._move(option, fresh, step)
        self._newest = option

    def close(self, option: int, step: int) -> None:
        """Close an option; it comes back once one beside it has moved."""
        rows = self._rows_of(option)
        self._times[rows] -= 1
        bare, alone = rows[self._times[rows] == 0], rows[self._times[rows] == 1]
        self._weigh(bare, self._weight[bare])
        self._move(option, bare, step)
        self._weigh(alone, self._weight[alone], among=self.held)
        self._may_open[option] = False

    def close_one(self, step: int) -> bool:
        """Close the option whose rows weigh least for its cost, the newest only alone; tell whether there was one."""
        options = np.flatnonzero(self.held)
        options = options[options != self._newest] if len(options) > 1 else options
        if len(options):
            rate = self._worth[options] * self._rate[options]
            self.close(self._oldest(options[rate <= rate.min() * (1 + ALIKE)]), step)
        return len(options) > 0

    def open_one(self, row: int, most: float, step: int) -> bool:
        """Open the option of a row whose rows weigh most for its cost, if one keeps below a cost; tell whether."""
        options = self._cover.indices[self._cover.indptr[row] : self._cover.indptr[row + 1]]
        options = options[self.spent + self._cost[options] < most]
        if len(options):
            ready = options[self._may_open[options]]
            options = ready if len(ready) else options
            rate = self._worth[options] * self._rate[options]
            self.open(self._oldest(options[rate >= rate.max() * (1 - ALIKE)]), step)
        return len(options) > 0

    def wait(self) -> None:
        """Let each row that waits weigh one more."""
        rows = self.waits
        self._weight[rows] += 1
        self._weigh(rows, np.ones(len(rows)))

    def _move(self, option: int, own: Ints, step: int) -> None:
        """Note that an option was opened or closed, and which rows are its own."""
        self.held[option] = not self.held[option]
        self._worth[option] = self._weight[own].sum()
        self._moved[option] = step
        beside, _ = row_entries(self._cover, self._rows_of(option))
        self._may_open[beside] = True

    def _weigh(self, rows: Ints, change: Floats, among: Bools | None = None) -> None:
        """Change what rows weigh for their options, or for some of those."""
        options, size = row_entries(self._cover, rows)
        part = np.repeat(change, size)
        if among is not None:
            inside = among[options]
            options, part = options[inside], part[inside]
        np.add.at(self._worth, options, part)

    def _rows_of(self, option: int) -> Ints:
        return np.asarray(self._covers.indices[self._covers.indptr[option] : self._covers.indptr[option + 1]])

    def _oldest(self, options: Ints) -> int:
        return int(options[np.argmin(self._moved[options])])

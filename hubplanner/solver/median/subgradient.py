"""A plan and a bound for a table, each helping the other: the bound's multipliers climb, their hubs are improved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubplanner.problem import Floats, Ints
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.median.cost_matrix import CostMatrix
from hubplanner.solver.median.interchange import improved
from hubplanner.solver.median.lagrangian import KEPT, LagrangianBound, bound, nearest, settled

MOMENTUM = 0.7
"""Share of the last direction that the next one keeps: of 0, 0.5, 0.7 and 0.8 the one that took fewest steps."""
SHRINK, PATIENCE = 0.7, 20
"""Factor on the length of steps after so many without progress."""
PROGRESS = 1e-6
"""Relative rise of the bound that counts as progress."""
SHORTEST = 1e-3
"""Length of steps, relative to the first, at which climbing ends."""
LOOK, IMPROVE = 5, 40
"""Steps between looks at the hubs of the relaxed program, and between improvements of the best of them."""
EQUAL = 1e-11
"""Relative difference of figures that is rounding."""
SMALLER = 0.7
"""Share of the sites that must be left for the table to be made smaller."""
AIM = 5e-3
"""Relative distance above what a plan is to cost at which steps of the bound aim."""
FEWEST, TIMES = 20, 3
"""Sites near a point that are looked at first: at least, and times the number of sites for each hub."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundedPlan:
    """A plan and how far any other may be better.

    Parameters
    ----------
    table
        What is left to choose from: every plan that costs no more than the one here is in it.
    chosen
        (k,) its sites, ascending.
    value
        What they cost.
    lower
        No plan costs less.
    bound
        The best bound of the multipliers, for the table that is left.
    rounds
        Steps that it took.
    """

    table: CostMatrix
    chosen: Ints
    value: float
    lower: float
    bound: LagrangianBound
    rounds: int

    def is_within(self, gap: float) -> bool:
        """Tell whether the plan's relative distance from the bound is at most so much, or rounding."""
        return self.value - self.lower <= self.table.slack(max(gap, EQUAL), self.value)


def climb(table: CostMatrix, chosen: Ints, gap: float, deadline: Deadline, enough: float | None = None) -> BoundedPlan:
    r"""Return a plan and a bound that are as near as steps along a subgradient, or the time, bring them.

    With g the slope of the bound L at multipliers u, and v what the best plan costs,

    .. math:: h \leftarrow g + \mu h, \qquad u \leftarrow u + \theta \frac{v - L}{\lVert h \rVert^2} h

    Every few steps the hubs that the relaxed program builds are improved to a plan.

    Parameters
    ----------
    chosen
        (k,) sites of a plan to start from.
    gap
        Relative distance between plan and bound that is near enough.
    enough
        What a plan is to cost at most: climbing ends once one does, or none can.
    """
    climber = _Subgradient(table, chosen, np.inf if enough is None else enough + table.slack(AIM, enough))
    while not climber.proof.is_within(gap) and climber.length >= SHORTEST and not deadline.is_past:
        if enough is not None and not climber.proof.lower <= enough < climber.value:
            break
        climber.step(deadline)
    climber.narrow(1.0)
    return climber.proof


class _Subgradient:
    """Multipliers on their way up, and the best plan so far."""

    def __init__(self, table: CostMatrix, chosen: Ints, aim: float) -> None:
        self.aim = aim
        self.table, self.chosen, self.value = table, chosen, table.value(chosen)
        self.width = max(FEWEST, TIMES * table.size // max(table.count, 1))
        self.length, self.idle, self.rounds = 1.0, 0, 0
        self.candidate, self.promise = chosen, np.inf
        self.tried: set[bytes] = set()
        self._restart(_between(table, chosen))

    @property
    def proof(self) -> BoundedPlan:
        """What is known so far."""
        return BoundedPlan(
            table=self.table,
            chosen=self.chosen,
            value=self.value,
            lower=min(self.table.next_value(self.best.value), self.value),
            bound=self.best,
            rounds=self.rounds,
        )

    def _restart(self, multipliers: Floats) -> None:
        """Go on from some multipliers, with the nearest sites found again."""
        self.near = nearest(self.table, self.width)
        self.now = self.best = bound(self.table, self.near, multipliers)
        self.direction = np.zeros(len(self.table.base))

    def step(self, deadline: Deadline) -> None:
        """Go one step, and look for a better plan every few."""
        self._look(deadline)
        self.direction = self.now.slope + MOMENTUM * self.direction
        steepness = float(self.direction @ self.direction)
        if steepness == 0.0:
            self.length = 0.0
            return
        along = self.length * max(min(self.value, self.aim) - self.now.value, 0.0) / steepness
        self.now = bound(self.table, self.near, self.now.multipliers + along * self.direction)
        self.rounds += 1
        self.idle = 0 if self.now.value > self.best.value + PROGRESS * abs(self.best.value) else self.idle + 1
        if self.now.value > self.best.value:
            self.best = self.now
        if self.idle >= PATIENCE:
            self._turn_back()

    def _turn_back(self) -> None:
        """Go on from the best multipliers in shorter steps; with more sites where a multiplier is at its cap."""
        self.length *= SHRINK
        self.idle = 0
        self.now, self.direction = self.best, np.zeros(len(self.table.base))
        clipped = (self.best.multipliers >= self.near.cap) & (self.near.cap < self.table.base)
        if clipped.any() and self.width < self.table.size:
            self.width *= 2
            self._restart(self.best.multipliers)
        self.narrow(SMALLER)

    def narrow(self, share: float) -> None:
        """Settle the sites that all good plans agree on, if at most a share of the sites is left."""
        built, dropped = settled(self.table, self.best, self.value + self.table.slack(KEPT, self.value))
        mine = np.zeros(self.table.size, dtype=np.bool_)
        mine[self.chosen] = True
        # The best plan is among the good ones; rounding shall not take it away.
        built, kept = built & mine, ~built & ~dropped | mine & ~built
        if kept.sum() > share * self.table.size or kept.all():
            return
        self.table = self.table.settle(np.flatnonzero(built), np.flatnonzero(kept))
        self.chosen = np.flatnonzero(mine[kept])
        self.candidate, self.promise = self.chosen, np.inf
        self.tried.clear()
        self._restart(self.best.multipliers)

    def _look(self, deadline: Deadline) -> None:
        """Note the hubs of the relaxed program if they are good; improve the best ones now and then."""
        if self.rounds % LOOK == 0:
            built = np.flatnonzero(self.now.built)
            promise = self.table.value(built)
            if promise < self.promise and self.table.fits(built):
                self.candidate, self.promise = built, promise
        if self.rounds % IMPROVE != IMPROVE - 1:
            return
        if np.isfinite(self.promise) and self.candidate.tobytes() not in self.tried:
            self.tried.add(self.candidate.tobytes())
            better = improved(self.table, self.candidate, deadline)
            value = self.table.value(better)
            if value < self.value:
                self.chosen, self.value = better, value
        self.promise = np.inf


def _between(table: CostMatrix, chosen: Ints) -> Floats:
    """Return multipliers halfway between each point's nearest and second hub."""
    costs = np.column_stack([table.cost[:, chosen], table.base, table.base])
    two = np.partition(costs, 1, axis=1)[:, :2]
    second = np.where(two[:, 1] < table.far, two[:, 1], two[:, 0])
    return np.asarray((two[:, 0] + second) / 2)

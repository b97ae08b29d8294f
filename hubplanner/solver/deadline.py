"""When to stop: nothing else in solves and analyses reads a clock to decide what to do next."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace

from hubplanner.stopping import is_stopped

Clock = Callable[[], float]
"""Tells the time in seconds, from any beginning."""
CLOCK: Clock = time.perf_counter
"""The one clock of solvers, unless another is brought."""
LEAST_S = 0.01
"""Seconds that a solver is given where time is up: not quite nothing, which some take for no limit."""


@dataclass(frozen=True)
class Deadline:
    """A time to stop, by a clock of its own, or at once where `ask_to_stop` was called; at infinity it never is.

    Parameters
    ----------
    at
        When, by the clock.
    clock
        The clock; a test may bring one that needs no waiting.
    is_firm
        Whether it stands where `ask_to_stop` was called: for what puts a plan that was found in order.

    >>> ticks = iter(range(100))
    >>> limit = Deadline.after(3, lambda: next(ticks))
    >>> limit.left, limit.is_past, limit.is_past
    (2, False, True)
    """

    at: float
    clock: Clock = CLOCK
    is_firm: bool = False

    @classmethod
    def after(cls, seconds: float, clock: Clock = CLOCK) -> Deadline:
        """Return the time so many seconds from now."""
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds left, 0 when time is up."""
        return 0.0 if self._is_called_off else max(self.at - self.clock(), 0)

    @property
    def is_past(self) -> bool:
        """Tell whether time is up."""
        return self._is_called_off or self.clock() >= self.at

    @property
    def _is_called_off(self) -> bool:
        return is_stopped() and self.at < math.inf and not self.is_firm

    def part(self, share: float) -> Deadline:
        """Return when a share of the time left is over."""
        now = self.clock()
        return replace(self, at=now + share * max(self.at - now, 0.0))

    def within(self, seconds: float) -> Deadline:
        """Return the time so many seconds from now, or this one if that is sooner."""
        return replace(self, at=min(self.at, self.clock() + seconds))

    def grace(self, seconds: float) -> Deadline:
        """Return this time or the one so many seconds from now, whichever is later, firm.

        >>> Deadline(0.0, lambda: 5.0).grace(2).left
        2.0
        """
        return replace(self, at=self.clock() + max(self.left, seconds), is_firm=True)

    def past(self) -> Deadline:
        """Return a time that is over."""
        return replace(self, at=-math.inf)


BUILDING = 1000
"""Iterations of a program that making it costs as much as."""
_done: ContextVar[float] = ContextVar("done", default=0.0)


def work_done() -> float:
    """Return the work done so far: entries of programs, once for each iteration."""
    return _done.get()


def count_work(entries: float, iterations: float) -> None:
    """Count some iterations over a program of so many entries."""
    _done.set(_done.get() + entries * max(iterations, 0.0))

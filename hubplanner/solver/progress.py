"""Word from a search on its way: the best plan so far and what no plan passes, as log records.

A handler on this logger, at level DEBUG, finds ``progress`` on each record: goal, value, bound and gap.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hubplanner.problem import relative_gap
from hubplanner.solver.deadline import CLOCK

log = logging.getLogger(__name__)

SPACING_S = 0.2
"""Least seconds between two words of one search about its bound alone."""


@dataclass(frozen=True, kw_only=True)
class ProgressBounds:
    """What is proven outside a search that looks at some plans only.

    Parameters
    ----------
    sense
        1 where more is better, -1 where less is.
    left_out
        No plan that is left out is better.
    bound
        No plan at all is better.
    value
        The best plan so far; NaN without one.
    """

    sense: int
    left_out: float
    bound: float
    value: float = math.nan

    def best(self, value: float) -> float:
        """Return the better one of a search's plan and the best before it."""
        plans = [self.sense * part for part in (value, self.value) if math.isfinite(part)]
        return self.sense * max(plans) if plans else value

    def limit(self, value: float, bound: float) -> float:
        """Return what no plan passes, those outside the search included."""
        parts = [self.sense * part for part in (bound, self.left_out, value) if not math.isnan(part)]
        return self.sense * min(max(parts), self.sense * self.bound)


SAME = 1e-9
"""Relative difference of figures that is rounding."""
_told: ContextVar[tuple[str, Callable[[float], float]] | None] = ContextVar("told", default=None)
_known: ContextVar[tuple[ProgressBounds, ...]] = ContextVar("known", default=())


@contextmanager
def told_as(goal: str, figure: Callable[[float], float]) -> Iterator[None]:
    """Let searches inside tell of a goal, whose figure is this function of theirs."""
    token = _told.set((goal, figure))
    try:
        yield
    finally:
        _told.reset(token)


@contextmanager
def progress_within(known: ProgressBounds) -> Iterator[None]:
    """Let searches inside tell bounds that hold for plans outside them too."""
    token = _known.set((known, *_known.get()))
    try:
        yield
    finally:
        _known.reset(token)


def report_progress(goal: str, value: float, bound: float) -> None:
    """Log the best plan's figure and its bound; NaN or infinity where there is none yet."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    value, bound = _of_all_plans(value, bound)
    figures = {
        "goal": goal,
        "value": value if math.isfinite(value) else None,
        "bound": bound if math.isfinite(bound) else None,
        "gap": relative_gap(value, bound) if math.isfinite(value) and math.isfinite(bound) else None,
    }
    log.debug("%s: %s, at best %s", goal, figures["value"], figures["bound"], extra={"progress": figures})


def _of_all_plans(value: float, bound: float) -> tuple[float, float]:
    """Return the best plan's figure and what no plan passes, from those of a search that looks at some plans only."""
    for known in _known.get():
        value = known.best(value)
        bound = known.limit(value, bound)
    return value, bound


def listener() -> Callable[[float, float], None] | None:
    """Return what takes a search's value and bound now and then; None where nobody listens."""
    told = _told.get()
    if told is None or not log.isEnabledFor(logging.DEBUG):
        return None
    (goal, figure), last = told, (-math.inf, math.nan, math.nan)

    def hear(value: float, bound: float) -> None:
        nonlocal last
        now = CLOCK()
        value, bound = _of_all_plans(figure(value), figure(bound))
        is_new = not math.isclose(value, last[1], rel_tol=SAME)
        is_sharper = not math.isclose(bound, last[2], rel_tol=SAME)
        if is_new or (is_sharper and now - last[0] >= SPACING_S):
            last = now, value, bound
            report_progress(goal, value, bound)

    return hear

"""Work that was done, counted alike on every machine: what ends searches where time would make plans differ."""

from __future__ import annotations

from contextvars import ContextVar

BUILDING = 1000
"""Iterations of a program that making it costs as much as."""
_done: ContextVar[float] = ContextVar("done", default=0.0)


def work_done() -> float:
    """Return the work done so far: entries of programs, once for each iteration."""
    return _done.get()


def count_work(entries: float, iterations: float) -> None:
    """Count some iterations over a program of so many entries."""
    _done.set(_done.get() + entries * max(iterations, 0.0))

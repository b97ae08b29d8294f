"""Ctrl-C as a question: searches that run end as at their time limit, with the best plan so far."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_stop = threading.Event()
_searches = 0


def ask_to_stop() -> None:
    """Let every search of this process end as at its time limit."""
    _stop.set()


def is_stopped() -> bool:
    """Tell whether searches were asked to stop."""
    return _stop.is_set()


def forget_stop() -> None:
    """Let searches go on again."""
    _stop.clear()


@contextmanager
def searching() -> Iterator[None]:
    """Mark a time in which what runs heeds `ask_to_stop`.

    >>> with searching():
    ...     is_searching()
    True
    >>> is_searching()
    False
    """
    global _searches  # noqa: PLW0603 - a signal has no other way to learn of it
    _searches += 1
    try:
        yield
    finally:
        _searches -= 1


def is_searching() -> bool:
    """Tell whether a search is under way."""
    return _searches > 0

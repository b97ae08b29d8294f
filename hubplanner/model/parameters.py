"""Parameters of blocks and objectives, refused where they are made."""

from __future__ import annotations

import math
from collections.abc import Callable

from hubplanner.errors import ScenarioError


def refuse(name: str, value: object, allowed: str) -> None:
    """Raise for a parameter that cannot be used."""
    message = f"{name}: {value!r} found; allowed: {allowed}"
    raise ScenarioError(message)


def check(name: str, value: float, allowed: str, test: Callable[[float], bool]) -> None:
    """Raise when a number is not finite or fails a test."""
    if not (math.isfinite(value) and test(value)):
        refuse(name, value, allowed)


def check_amount(name: str, value: float) -> None:
    """Raise when a number is negative."""
    check(name, value, "a number of at least 0", lambda value: value >= 0)


def check_count(name: str, value: float, least: int = 0) -> None:
    """Raise when a number is no count."""
    check_amount(name, value)
    if value != int(value):
        refuse(name, value, "a whole number")
    if value < least:
        refuse(name, value, f"a whole number of at least {least}")


def check_share(name: str, value: float) -> None:
    """Raise when a number is no share."""
    check(name, value, "a number from 0 to 1", lambda value: 0 <= value <= 1)

"""Texts that users see, kept in `tests/frozen`, and how a new one is compared with them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

FROZEN = Path(__file__).parents[1] / "frozen"
FLEETING = {"seconds", "solver", "work", "method", "steps", "phases"}
"""What differs from one machine, or one release of a solver, to the next."""
DIGITS = 6
"""Significant ones: another processor may add up in another order."""


def rounded(value: Any) -> Any:
    """Return a tree without what is fleeting, its numbers to a few significant digits."""
    if isinstance(value, dict):
        return {str(key): rounded(part) for key, part in value.items() if key not in FLEETING}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if not math.isfinite(value):
        return str(value)
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() else short


def same_as_frozen(name: str, found: str) -> None:
    """Compare with what is kept under a name, or keep it where there is nothing."""
    kept = FROZEN / name
    if not kept.exists():
        kept.write_text(found, encoding="utf-8")
        pytest.fail(f"{name} was missing and is written anew: read it, then run again")
    assert found == kept.read_text(encoding="utf-8")


def as_text(tree: Any) -> str:
    return json.dumps(rounded(tree), indent=1, ensure_ascii=False, sort_keys=True) + "\n"

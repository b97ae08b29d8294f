"""How much is tested of what could be: a part of the draws by default, and all where HUBPLANNER_SLOW is set."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

T = TypeVar("T")
SLOW = "HUBPLANNER_SLOW" in os.environ
COARSE_DPI = 30
"""Dots per inch of map.png where the picture is not what is tested: all of it is drawn, in half the time."""
WHITE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=")
"""A picture of one pixel: map.png where nobody looks at it, as drawing it is a third of what a small run takes."""
COARSE_CELL_KM = 0.5
"""Least cell of reach.geojson where its borders are not what is tested: a twenty-fifth of the places."""
patience = pytest.mark.skipif(not SLOW, reason="slow; set HUBPLANNER_SLOW=1 to run it")


def white_map(_plan: object, _scene: object, path: Path) -> None:
    """Write a picture in the place of a plan's map."""
    path.write_bytes(WHITE)


def one_of(every: int, drawn: Sequence[T]) -> Sequence[T]:
    """Return one of every so many seeds or cases, spread over all of them."""
    return drawn if SLOW else drawn[::every]


def examples(most: int) -> int:
    """Return how many examples of a property are tried: a sixth by default, as each later one finds less."""
    return most if SLOW else -(-most // 6)

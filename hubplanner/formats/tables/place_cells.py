"""Cells of a table that say where its rows are: well-known text, H3 cells, quadkeys."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import shapely

from hubplanner.extras import absent
from hubplanner.translation import gettext as _

PLACE_CELLS = {
    "wkt": "well-known text, such as POINT (67 30)",
    "h3": "an H3 cell, such as 8429a1bffffffff",
    "quadkey": "a quadkey, digits from 0 to 3 such as 123021",
}
"""Kinds of such cells and what they look like."""
_SRID = re.compile(r"SRID=\d+;\s*", re.IGNORECASE)
"""What PostGIS writes before well-known text."""
_QUADKEY = re.compile("[0-3]{1,30}")


def read_place_cells(kind: str, cells: Iterable[Any]) -> tuple[Any, Any]:
    """Return the geometries (n,) of cells, None where there is none, and which cells (n,) are no such text.

    H3 cells and quadkeys become their outlines in longitude and latitude.

    Raises
    ------
    MissingExtraError
        Where h3 is needed and not installed.

    >>> shapes, wrong = read_place_cells("quadkey", ["0", "4", ""])
    >>> shapes[0].bounds, wrong.tolist()
    ((-180.0, 0.0, 0.0, 85.0511287798066), [False, True, False])
    """
    build = _h3_reader() if kind == "h3" else {"wkt": _wkt, "quadkey": _quadkey}[kind]
    words = ["" if cell is None or cell != cell else str(cell).strip() for cell in cells]  # noqa: PLR0124 - NaN
    shapes = np.array([*(build(word) if word else None for word in words), None], dtype=object)[:-1]
    wrong = np.array([bool(word) and shape is None for word, shape in zip(words, shapes, strict=True)], dtype=np.bool_)
    return shapes, wrong


def _wkt(word: str) -> Any:
    return shapely.from_wkt(_SRID.sub("", word, count=1), on_invalid="ignore")


def _h3_reader() -> Callable[[str], Any]:
    try:
        import h3  # noqa: PLC0415 - optional
    except ImportError as error:
        raise absent(extra="h3", needs=_("H3 cells need")) from error

    def outline(word: str) -> Any:
        if not h3.is_valid_cell(word):
            return None
        corners = np.array(h3.cell_to_boundary(word))[:, ::-1]
        if np.ptp(corners[:, 0]) > 180:  # noqa: PLR2004 - across the date line: the side that the middle is on
            middle = h3.cell_to_latlng(word)[1]
            corners[:, 0] += 360 * np.sign(middle) * (np.sign(corners[:, 0]) != np.sign(middle))
            corners[:, 0] = np.clip(corners[:, 0], -180, 180)
        return shapely.Polygon(corners)

    return outline


def _quadkey(word: str) -> Any:
    """Return a tile's outline: each digit halves it, 1 to the east, 2 to the south, 3 to both."""
    if not _QUADKEY.fullmatch(word):
        return None
    level = len(word)
    x = sum((int(digit) & 1) << (level - 1 - at) for at, digit in enumerate(word))
    y = sum((int(digit) >> 1) << (level - 1 - at) for at, digit in enumerate(word))
    west, east = ((x + step) / 2**level * 360 - 180 for step in (0, 1))
    north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + step) / 2**level)))) for step in (0, 1))
    return shapely.box(west, south, east, north)

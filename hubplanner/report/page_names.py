"""Names on the report's map: of areas, then of the hubs that most people use, none over another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.report.page_marks import scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.problem import Floats
    from hubplanner.report.result import Result

MOST_HUBS, MOST_AREAS = 24, 40
MARK = 8.0
"""Half the width of a mark with its rim, before it is scaled."""
LETTER, LINE = 7.2, 15.0
"""Width of a letter and height of a line of hub names, in units of the picture."""
LONGEST = 28
"""Letters of a name that are written."""


Ground = tuple[str, "Floats", float]
"""An area's name, places (p, 2) where it may stand, the best first, and how wide the area is."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name, where it starts or has its middle, and whether it is an area's."""

    text: str
    x: float
    y: float
    anchor: str
    css: str


def place_names(
    result: Result,
    at: Floats,
    areas: Sequence[Ground],
    width: float,
    height: float,
) -> tuple[Name, ...]:
    """Return the names that find room: beside a hub to the right or left, in the middle of an area.

    Parameters
    ----------
    at
        (k, 2) places of the hubs.
    areas
        The most important first.
    width, height
        Of the picture.
    """
    half = MARK * scale(len(at))
    taken = [(x - half, y - half, x + half, y + half) for x, y in at.tolist()]
    found: list[Name] = []

    def put(name: Name, box: tuple[float, float, float, float]) -> bool:
        free = box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height
        if not free or any(_meet(box, other) for other in taken):
            return False
        taken.append(box)
        found.append(name)
        return True

    for text, places, room in areas[:MOST_AREAS]:
        side = len(text[:LONGEST]) * LETTER * 0.65
        for x, y in places.tolist() if 2 * side <= room * 1.1 else ():
            name = Name(text=_cut(text), x=round(x, 1), y=round(y + 5, 1), anchor="middle", css="of-area")
            if put(name, (x - side, y - LINE / 2, x + side, y + LINE / 2)):
                break
    for text, x, y in _hubs(result, at):
        wide = len(_cut(text)) * LETTER
        for anchor, start, left in (("start", x + half + 4, x + half + 1), ("end", x - half - 4, x - half - 7 - wide)):
            name = Name(text=_cut(text), x=round(start, 1), y=round(y + 4, 1), anchor=anchor, css="of-hub")
            if put(name, (left, y - LINE / 2, left + wide + 6, y + LINE / 2)):
                break
    return tuple(found)


def _hubs(result: Result, at: Floats) -> list[tuple[str, float, float]]:
    """Return the names of the sites that cover most people, once each."""
    hubs = result.hubs
    if not len(hubs):
        return []
    order = np.argsort(-hubs["covered_people"].to_numpy(dtype=np.float64), kind="stable")
    rows, found = hubs.to_dict("records"), dict[str, tuple[str, float, float]]()
    for row in order.tolist():
        name = result.name_of(rows[row])
        found.setdefault(str(rows[row]["site_id"]), (name, float(at[row, 0]), float(at[row, 1])))
        if len(found) == MOST_HUBS:
            break
    return list(found.values())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

"""Shapes of tiers in vector pictures: the same, in the same order, as on map.png."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.outputs.map.hub_symbols import mark_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.outputs.run_data import Result
    from hubplanner.problem import Floats
    from hubplanner.scenario import Scenario

SHAPES = ("circle", "square", "diamond", "triangle", "pentagon", "hexagon")
OUTLINES = {
    "circle": "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6z",
    "square": "M-5.4-5.4h10.8v10.8h-10.8z",
    "diamond": "M0-7L7 0L0 7L-7 0z",
    "triangle": "M0-7L6.6 5.2H-6.6z",
    "pentagon": "M0-6.6L6.3-2L3.9 5.4H-3.9L-6.3-2z",
    "hexagon": "M0-6.4L5.5-3.2V3.2L0 6.4L-5.5 3.2V-3.2z",
}
"""About a middle at 0, as wide as a circle of radius 6 looks."""


def ranks(scenario: Scenario) -> dict[str, int]:
    """Return each tier's place by how far it reaches, the least 0."""
    reach = [tier.reach(scenario.travel.speed_kmh) for tier in scenario.hubs]
    return {scenario.hubs[tier].name: rank for rank, tier in enumerate(np.argsort(reach, kind="stable").tolist())}


def scale(hubs: int) -> float:
    """Return how large to draw marks: smaller when there are many.

    >>> scale(15), scale(1000)
    (1.4, 0.75)
    """
    return mark_scale(hubs)


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

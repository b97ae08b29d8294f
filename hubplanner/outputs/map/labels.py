"""Names of the few hubs that serve most people, where the site file has a column ``name`` and there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke

from hubplanner.outputs.map.fonts import drawable, font, width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hubplanner.outputs.map.layout import View
    from hubplanner.outputs.plan_data import PlanData
    from hubplanner.problem import Floats

MOST_NAMES = 8
CANDIDATES = 30
"""Where the largest have no room, better no name than that of a hub of no note."""
CROWD = 100
"""Among more hubs than this, the few names that find room would look chosen."""
SIZE = 8.5
APART = 0.7
"""Least distance between hubs with names, in inches."""
INK = "#1d2733"
_HIGH, _OFF = 0.16, 0.09
"""Height of a name, and its distance from the middle of the mark, in inches."""
_CLEAR = 0.05
"""Room a mark needs around its middle."""
Box = tuple[float, float, float, float]


def draw_names(axes: Axes, plan: PlanData, view: View) -> None:
    """Write names beside their hubs, the most people first, wherever no other hub or name is in the way."""
    if "name" not in plan.hubs or len(plan.hubs) > CROWD:
        return
    marks = view.km(np.column_stack([plan.hubs.geometry.x, plan.hubs.geometry.y])) / view.km_per_inch
    names = plan.hubs["name"].fillna("").astype(str).str.strip().to_numpy()
    taken: list[Box] = []
    named: list[Floats] = []
    for hub in np.argsort(-plan.hubs["covered_people"].to_numpy(), kind="stable")[:CANDIDATES]:
        name = names[hub]
        # A city's second hub needs no second name.
        near = any(np.hypot(*(marks[hub] - other)) < APART for other in named)
        if near or not name or not drawable(name) or len(named) == MOST_NAMES:
            continue
        box = _free_box(marks, int(hub), name, taken, view)
        if box is not None:
            _write(axes, box, name, view.km_per_inch)
            taken.append(box)
            named.append(marks[hub])


def _free_box(marks: Floats, hub: int, name: str, taken: list[Box], view: View) -> Box | None:
    """Return the first free place for a name beside its mark: right, left, above or below."""
    (x, y), wide = marks[hub], width(name, SIZE)
    others = np.delete(marks, hub, axis=0)
    corners = (
        (x + _OFF, y - _HIGH / 2),
        (x - _OFF - wide, y - _HIGH / 2),
        (x - wide / 2, y + _OFF),
        (x - wide / 2, y - _OFF - _HIGH),
    )
    half = [side / 2 for side in view.sheet.map_box[2:]]
    for left, low in corners:
        box = (left, low, left + wide, low + _HIGH)
        inside = left > -half[0] and box[2] < half[0] and low > -half[1] and box[3] < half[1]
        if inside and not _holds(box, others) and not any(_meet(box, other) for other in taken):
            return box
    return None


def _holds(box: Box, marks: Floats) -> bool:
    x, y = marks.T
    across = (x > box[0] - _CLEAR) & (x < box[2] + _CLEAR)
    return bool((across & (y > box[1] - _CLEAR) & (y < box[3] + _CLEAR)).any())


def _meet(box: Box, other: Box) -> bool:
    return box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3]


def _write(axes: Axes, box: Box, name: str, km_per_inch: float) -> None:
    left, middle = box[0] * km_per_inch, (box[1] + box[3]) / 2 * km_per_inch
    halo = [withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    axes.text(
        left,
        middle,
        name,
        fontproperties=font(SIZE),
        parse_math=False,
        color=INK,
        va="center",
        zorder=8,
        path_effects=halo,
    )

"""Hubs on the map: a shape and size a tier, filled when new, hollow when they stand already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

if TYPE_CHECKING:
    from hubplanner.outputs.map.scene import MapScene
    from hubplanner.outputs.plan_data import PlanData

NEW = "#d9480f"
TRENCH = "#343a40"
LINES = {"fibre": TRENCH, "microwave": "#7048a8"}
"""Colours of lines to build, by technology."""
REACH: dict[str, Any] = {"facecolor": "#e4eff7", "edgecolor": "#78aed3", "linewidth": 0.8, "zorder": 1}
_SHAPES = ("o", "s", "D", "^", "p", "h")
_EVEN = {"o": 1.0, "s": 0.9, "D": 0.82, "^": 1.15, "p": 1.1, "h": 1.05}
"""Factors that make shapes of one size look alike in weight."""
_SMALLEST, _STEP = 4.6, 2.0
"""Width of the smallest tier's mark and how much each larger one adds, points of type."""
_DIGIT = 0.85
"""Height of a number on a mark, of the mark's width."""
_CROWD = 60
"""So many hubs are drawn at full size."""


@dataclass(frozen=True, kw_only=True)
class HubMark:
    """How one tier is drawn: a shape of matplotlib, and its width in points of type."""

    shape: str
    width: float


def tier_marks(plan: PlanData) -> dict[str, HubMark]:
    """Return each tier's mark: the further it reaches, the larger."""
    names = [tier.name for tier in plan.inputs.scenario.hubs]
    order = np.argsort(plan.problem.tier_reach, kind="stable")
    shapes = [_SHAPES[rank % len(_SHAPES)] for rank in range(len(names))]
    return {
        names[tier]: HubMark(shape=shapes[rank], width=(_SMALLEST + _STEP * rank) * _EVEN[shapes[rank]])
        for rank, tier in enumerate(order)
    }


def draw_mark(axes: Axes, place: tuple[float, float], mark: HubMark, *, new: bool, scale: float = 1.0) -> None:
    """Draw one hub on a white rim, so that it reads on any ground."""
    (x, y), width = place, mark.width * scale
    style = {"marker": mark.shape, "linestyle": "none", "zorder": 5}
    rim = width + 1.8 if new else width + 2.8
    axes.plot(x, y, markersize=rim, markerfacecolor="white", markeredgewidth=0, **style)  # type: ignore[arg-type]
    face, edge = (NEW, 0.0) if new else ("white", 1.4)
    axes.plot(x, y, markersize=width, markerfacecolor=face, markeredgecolor=NEW, markeredgewidth=edge, **style)  # type: ignore[arg-type]


def mark_scale(count: int) -> float:
    """Return how large to draw marks: smaller when there are many.

    >>> mark_scale(15), mark_scale(60), mark_scale(1000)
    (1.4, 1.0, 0.75)
    """
    return float(np.clip(np.sqrt(_CROWD / max(count, 1)), 0.75, 1.4))


def draw_reach(axes: Axes, scene: MapScene) -> None:
    """Draw the circle each hub reaches, where reach is a distance on the map."""
    for place, reach in zip(scene.hubs, scene.radius, strict=True):
        if np.isfinite(reach):
            axes.add_patch(Circle((place[0], place[1]), reach, **REACH))


def draw_hubs(axes: Axes, plan: PlanData, scene: MapScene) -> None:
    """Draw every hub, small ones over large ones, and below them the lines that connect them."""
    hubs = plan.hubs
    kinds = plan.backhaul["technology"] if len(scene.trenches) else ()
    for line, kind in zip(scene.trenches, kinds, strict=True):
        axes.plot(*np.asarray(line.coords).T, color=LINES[kind], linewidth=1.1, zorder=4)
    if not len(hubs):
        return
    marks = tier_marks(plan)
    places = scene.hubs
    scale = mark_scale(len(hubs))
    order = np.argsort([-marks[tier].width for tier in hubs["tier"]], kind="stable")
    style: dict[str, Any] = {"ha": "center", "va": "center_baseline", "color": "white", "weight": "bold", "zorder": 6}
    for number in order:
        mark, new = marks[hubs["tier"].iloc[number]], hubs["status"].iloc[number] != "existing"
        draw_mark(axes, (places[number, 0], places[number, 1]), mark, new=bool(new), scale=scale)
        count = int(hubs["hubs"].iloc[number])
        if count > 1:  # how many hubs the mark stands for
            axes.text(places[number, 0], places[number, 1], str(count), fontsize=mark.width * scale * _DIGIT, **style)

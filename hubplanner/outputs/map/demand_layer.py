"""Need painted on paper: hexagons or given polygons, or graduated points; blue where covered."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.path import Path

from hubplanner.outputs.map.need import NICE, NeedLayer
from hubplanner.problem import Floats

# The blues of covered are darker than any other colour, and partly covered has a dark edge: both show in black and
# white, and to colour-blind readers.
NOT_COVERED = ("#f2eee4", "#e5ddcc", "#d6cab3", "#c6b79b", "#b3a283")
PARTLY = ("#d3e6f3", "#bddaed", "#a6cce5", "#8fbddc", "#78aed3")
COVERED = ("#5f9cc8", "#4484b5", "#2d6c9f", "#1a5486", "#0c3c69")
EDGES, WIDTHS = ("white", COVERED[3], "white"), (0.35, 0.8, 0.35)
"""Of not, partly and fully covered hexagons."""
MARKS = 9.0, 420.0
"""Areas of graduated points, square points of type."""


def draw_need(axes: Axes, layer: NeedLayer) -> Floats:
    """Draw the demand and return what its legend explains: class limits of areas, or needs of graduated points."""
    if layer.kind == "points":
        return _draw_marks(axes, layer)
    colors = np.array([NOT_COVERED, PARTLY, COVERED])
    for level in range(3):
        chosen = np.flatnonzero(layer.face_level == level)
        paths = [shape_path(layer.faces[face]) for face in chosen.tolist()]
        faces = colors[level, layer.shade[layer.of[chosen]]].tolist()
        style: dict[str, Any] = {"edgecolors": EDGES[level], "linewidths": WIDTHS[level], "zorder": 1 + level / 10}
        axes.add_collection(PathCollection(paths, facecolors=faces, **style), autolim=False)
    return layer.limits


def shape_path(shape: Any) -> Path:
    """Return a polygon of any parts and holes as one path."""
    rings: Any = shapely.get_rings(shapely.get_parts(shape)) if not shapely.is_empty(shape) else []
    paths = [Path(shapely.get_coordinates(ring), closed=True) for ring in rings]
    return Path.make_compound_path(*paths)


def shades(colors: tuple[str, ...], limits: Floats) -> tuple[str, ...]:
    """Return the colours of as many classes as there are, from the palest."""
    return colors[: len(limits) + 1]


def mark_area(need: Floats, most: float, area: tuple[float, float] = MARKS) -> Floats:
    """Return the areas of graduated points in square points of type, from the least to that of the most need."""
    return np.maximum(area[1] * need / most if most > 0 else np.zeros_like(need), area[0])


def _draw_marks(axes: Axes, layer: NeedLayer) -> Floats:
    """Draw one circle a place, small ones over large ones."""
    most = float(layer.need.max())
    order = np.argsort(-layer.need, kind="stable")
    colors = np.where(layer.level == 2, COVERED[2], NOT_COVERED[4])  # noqa: PLR2004 - the level of covered
    area = mark_area(layer.need, most)
    east, north = layer.places[order].T
    axes.scatter(east, north, s=area[order], c=colors[order].tolist(), edgecolors="white", linewidths=0.6, zorder=2)
    if most <= 0:
        return np.zeros(1)
    return np.unique([NICE[NICE.searchsorted(most * part, side="right") - 1] for part in (0.05, 0.3, 1.0)])

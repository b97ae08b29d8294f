"""The world behind a map, and its names, painted on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.patheffects import withStroke

from hubplanner.outputs.map.demand_layer import shape_path
from hubplanner.outputs.map.fonts import drawable, font, width
from hubplanner.outputs.map.labels import PlacedLabel, Sheet, labels_of, place_labels
from hubplanner.outputs.map.layout import View
from hubplanner.outputs.map.scene import MapScene
from hubplanner.problem import Floats

WATER, WATER_EDGE, ABROAD, HOME = "#e9eff2", "#a9bcc6", "#f5f4f1", "#fdfdfc"
STATE, PROVINCE, ROAD = "#4b535c", "#7d858e", "#c2a878"
INK, QUIET = "#1d2733", "#5b6673"
SIZES = {"hub": 8.5, "town": 7.0, "area": 8.0, "country": 8.0}
"""Points of type of each kind of name."""
LINE_INCH = 0.14
"""Height of a line of a name."""
MARK_INCH = 0.05
"""Half the width of the room that a hub's mark, or a town's dot, needs."""
_HALO: dict[str, Any] = {"linewidth": 2.0, "alpha": 0.85}


def draw_ground(axes: Axes, scene: MapScene) -> None:
    """Draw sea and land below the demand, and water, borders and given outlines above it."""
    axes.add_collection(_lines(scene.borders, color=PROVINCE, linewidths=0.45, zorder=1.5), autolim=False)
    water = shapely.get_parts(scene.water)
    lakes = water[shapely.get_dimensions(water) > 1]
    _fill(axes, lakes, WATER, 1.3)
    for lines, style in (
        (_edges(lakes), {"color": WATER_EDGE, "linewidths": 0.5, "zorder": 1.31}),
        (water[shapely.get_dimensions(water) == 1], {"color": WATER_EDGE, "linewidths": 0.9, "zorder": 1.32}),
        (scene.roads, {"color": ROAD, "linewidths": 0.6, "zorder": 1.35}),
    ):
        axes.add_collection(_lines(lines, **style), autolim=False)
    behind = scene.geography
    if behind is None:
        return
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    axes.fill([west, east, east, west], [south, south, north, north], color=WATER, zorder=0, linewidth=0)
    for shapes, color in ((behind.abroad, ABROAD), (behind.home, HOME)):
        _fill(axes, shapes, color, 0.1)
    _fill(axes, behind.lakes, WATER, 1.3)
    for lines, style in (
        (_edges(behind.lakes), {"color": WATER_EDGE, "linewidths": 0.5, "zorder": 1.31}),
        (behind.rivers, {"color": WATER_EDGE, "linewidths": 0.9, "zorder": 1.32}),
        (behind.coast, {"color": WATER_EDGE, "linewidths": 0.7, "zorder": 1.33}),
        (behind.provinces, {"color": PROVINCE, "linewidths": 0.6, "zorder": 1.4}),
        (behind.borders, {"color": STATE, "linewidths": 1.1, "zorder": 1.6}),
        (behind.disputed, {"color": STATE, "linewidths": 1.1, "linestyles": (0, (4, 2)), "zorder": 1.6}),
    ):
        axes.add_collection(_lines(lines, **style), autolim=False)


def draw_names(axes: Axes, scene: MapScene, view: View) -> None:
    """Write names of hubs, towns, groups and other countries wherever there is room."""
    half = [side / 2 for side in view.sheet.map_box[2:]]
    sheet = Sheet(
        units=view.inches,
        size=(-half[0], -half[1], half[0], half[1]),
        width=_width,
        line=LINE_INCH,
        mark=MARK_INCH,
    )
    for label in place_labels(labels_of(scene), view.inches(scene.hubs), sheet):
        _write(axes, label, view)


def _width(text: str, kind: str) -> float | None:
    return width(_spelled(text, kind), SIZES[kind], bold=kind == "area") if drawable(text) else None


def _spelled(text: str, kind: str) -> str:
    return text.upper() if kind in {"area", "country"} else text


def _write(axes: Axes, label: PlacedLabel, view: View) -> None:
    x, y = np.array([label.x, label.y]) * view.km_per_inch + view.middle_km
    if label.kind == "town":
        dot = np.array(label.at) * view.km_per_inch + view.middle_km
        if label.lead is not None:
            end = np.array(label.lead) * view.km_per_inch + view.middle_km
            axes.plot(*np.column_stack([dot, end]), color=INK, linewidth=0.5, zorder=3.9)
        axes.plot(*dot, marker="o", markersize=2.4, color=INK, markeredgecolor="white", markeredgewidth=0.5, zorder=4)
    axes.text(
        x,
        y,
        _spelled(label.text, label.kind),
        fontproperties=font(SIZES[label.kind] * label.size, bold=label.kind == "area"),
        parse_math=False,
        color=QUIET if label.kind in {"area", "country"} else INK,
        va="center",
        zorder=8,
        path_effects=[withStroke(foreground="white", **_HALO)],
    )


def _fill(axes: Axes, shapes: Any, color: str, zorder: float) -> None:
    paths = [shape_path(shape) for shape in shapes if not shapely.is_empty(shape)]
    axes.add_collection(PathCollection(paths, facecolors=color, linewidths=0, zorder=zorder), autolim=False)


def _edges(shapes: Any) -> Any:
    return shapely.get_rings(shapely.get_parts(shapes))


def _lines(shapes: Any, **style: Any) -> LineCollection:
    parts: list[Floats] = [shapely.get_coordinates(line) for line in shapely.get_parts(shapes)]
    return LineCollection(parts, capstyle="round", joinstyle="round", **style)

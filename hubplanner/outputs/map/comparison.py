"""Plans side by side on maps of one scale, and what changes from the first to each other one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hubplanner.formatting import in_words, share_in_words
from hubplanner.inputs.coordinates import lonlat
from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED, PARTLY, draw_need, mark_area
from hubplanner.outputs.map.fonts import plain, shorten
from hubplanner.outputs.map.ground import draw_ground
from hubplanner.outputs.map.hub_symbols import HubMark, draw_mark, mark_scale
from hubplanner.outputs.map.layout import A4, DPI, MARGIN
from hubplanner.outputs.map.legend import INK, QUIET, write
from hubplanner.outputs.map.need import HALF, MOST_MARKS, SOME, DemandPoints, levels, need_layer
from hubplanner.outputs.map.scene import Hubs, MapScene, build_scene
from hubplanner.problem import Floats

MOST_PANELS = 4
"""Runs drawn; more would be stamps."""
GAP, CAPTION, HEAD, FOOT = 0.2, 0.58, 0.35, 0.6
"""Inches between maps, above each map, above and below all of them."""
LEAST_HIGH, MOST_HIGH = 1.8, 5.0
"""Inches a map may be high."""
GAINS, LOSES = COVERED[2], "#a3210f"
"""Blue and dark red, distinguished by shape too."""
SAME = "#6d7681"
HUB = HubMark(shape="o", width=5.5)
TITLE, NAME, SMALL = 15.0, 10.0, 7.5
_MARKS = 4.0, 90.0
"""Areas of marks, square points of type."""
HEXAGON_INCH = 0.112
"""Width of a hexagon on paper: wide enough to show around a hub's mark."""
LEAST_CHANGE = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """One run's map.

    Parameters
    ----------
    letter, name
        What it is called.
    figures
        As in comparison.json.
    hubs
        Its sites, ``mark``: own, changed or same.
    """

    letter: str
    name: str
    figures: dict[str, Any]
    hubs: gpd.GeoDataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Where maps stand on the page, in inches from its lower left corner.

    Parameters
    ----------
    columns, rows
        Of maps.
    wide, high
        Of each.
    scene
        What lies behind all of them.
    km_per_inch
        The one scale.
    """

    columns: int
    rows: int
    wide: float
    high: float
    scene: MapScene
    km_per_inch: float

    @property
    def page_high(self) -> float:
        """Height of the page."""
        return 2 * MARGIN + HEAD + self.rows * (CAPTION + self.high) + FOOT

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Return left and bottom of a map."""
        bottom = self.page_high - MARGIN - HEAD - (row + 1) * (CAPTION + self.high)
        return MARGIN + column * (self.wide + GAP), bottom


@dataclass(frozen=True, kw_only=True, eq=False)
class _ComparisonPage:
    """What is drawn on: the figure, axes over the whole page in inches, and where maps stand."""

    figure: Figure
    page: Axes
    layout: Layout


def draw_comparison(panels: list[Panel], demand: gpd.GeoDataFrame, path: Path) -> None:
    """Draw a map a run, and one of gains and losses for each run but the first, the same bytes for the same runs.

    Parameters
    ----------
    panels
        The runs; the first four are drawn.
    demand
        Rows with people, need, ``share_a`` ... and ``difference_b`` ...
    path
        The PNG to write.
    """
    shown = panels[:MOST_PANELS]
    with mpl.rc_context():  # a user's own settings must not change the picture
        mpl.rcdefaults()
        layout = _layout(shown, demand)
        size = A4[1], layout.page_high
        figure = Figure(figsize=size, dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        page = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(0, size[1]), autoscale_on=False)
        page.set_axis_off()
        sheet = _ComparisonPage(figure=figure, page=page, layout=layout)
        title = f"{len(panels)} plans side by side" if len(panels) > 2 else "Two plans side by side"  # noqa: PLR2004
        left_out = f"; the first {MOST_PANELS} are drawn" if len(panels) > len(shown) else ""
        write(page, MARGIN, size[1] - MARGIN - 0.1, title + left_out, TITLE, bold=True)
        for number, panel in enumerate(shown):
            _draw_plan(sheet, panel, demand, (0, number))
        for number, panel in enumerate(shown[1:], start=1):
            place = (0, 2) if layout.rows == 1 else (1, number)
            _draw_change(sheet, panel, demand, place)
        _legend(page, layout.scene.notes)
        figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def _layout(panels: list[Panel], demand: gpd.GeoDataFrame) -> Layout:
    rows = 1 if len(panels) == 2 else 2  # noqa: PLR2004 - two plans and their difference fit one row
    columns = 3 if rows == 1 else len(panels)
    hubs = np.concatenate([lonlat(panel.hubs) for panel in panels])
    need = demand["need"].to_numpy(dtype=np.float64)
    scene = build_scene(
        DemandPoints(lonlat=lonlat(demand), need=need, covered_share=np.zeros(len(need))),
        Hubs(lonlat=hubs, radius=np.full(len(hubs), np.nan)),
        {},
    )
    span = np.maximum(1.08 * np.ptp(scene.extent, axis=0), 1.0)
    wide = (A4[1] - 2 * MARGIN - (columns - 1) * GAP) / columns
    high = float(np.clip(wide * span[1] / span[0], LEAST_HIGH, MOST_HIGH))
    scale = float((span / (wide, high)).max())
    return Layout(columns=columns, rows=rows, wide=wide, high=high, scene=scene, km_per_inch=scale)


def _map(sheet: _ComparisonPage, place: tuple[int, int]) -> Axes:
    """Return a map's axes in kilometres, with a thin frame."""
    layout = sheet.layout
    left, bottom = layout.corner(*place)
    wide, high = A4[1], layout.page_high
    axes = sheet.figure.add_axes(
        (left / wide, bottom / high, layout.wide / wide, layout.high / high), autoscale_on=False
    )
    half = np.array([layout.wide, layout.high]) * layout.km_per_inch / 2
    (west, south), (east, north) = layout.scene.extent.mean(axis=0) - half, layout.scene.extent.mean(axis=0) + half
    axes.set(xlim=(west, east), ylim=(south, north), xticks=(), yticks=())
    draw_ground(axes, layout.scene)
    for spine in axes.spines.values():
        spine.set(color="#c9ced4", linewidth=0.6)
    return axes


def _caption(sheet: _ComparisonPage, place: tuple[int, int], name: str, words: str) -> None:
    page, layout = sheet.page, sheet.layout
    left, bottom = layout.corner(*place)
    top = bottom + layout.high
    write(page, left, top + 0.34, shorten(plain(name), NAME, layout.wide, bold=True), NAME, bold=True)
    write(page, left, top + 0.13, shorten(plain(words), SMALL, layout.wide), SMALL, color=QUIET)


def _draw_plan(sheet: _ComparisonPage, panel: Panel, demand: gpd.GeoDataFrame, place: tuple[int, int]) -> None:
    """Draw what a run covers, and its hubs."""
    found = panel.figures
    people, share = in_words(found["people"]["reached"]), share_in_words(found["need"]["share"])
    money = f"{found['currency']} {in_words(found['cost']['total'])}".strip()
    words = f"{found['new_hubs']:,} new hubs, {people} people, {share} of need, {money}"
    _caption(sheet, place, f"{panel.letter.upper()}: {panel.name}", words)
    axes, layout = _map(sheet, place), sheet.layout
    here = demand[demand[f"share_{panel.letter}"].notna()]
    _draw_cover(axes, layout, here, here[f"share_{panel.letter}"].to_numpy(dtype=np.float64))
    scale = 0.7 * mark_scale(len(panel.hubs))
    for mark in ("same", "changed", "own"):
        for x, y in layout.scene.projection.km(lonlat(panel.hubs[panel.hubs["mark"] == mark])):
            _draw_hub(axes, (float(x), float(y)), mark, scale)


def _draw_hub(axes: Axes, place: tuple[float, float], mark: str, scale: float) -> None:
    if mark == "same":
        style = {"markeredgecolor": "white", "markeredgewidth": 0.6, "linestyle": "none", "zorder": 4}
        axes.plot(*place, marker="o", markersize=HUB.width * scale, markerfacecolor=SAME, **style)  # type: ignore[arg-type]
    else:
        draw_mark(axes, place, HUB, new=mark == "own", scale=scale)


def _draw_cover(axes: Axes, layout: Layout, demand: gpd.GeoDataFrame, share: Floats) -> None:
    """Draw demand by how far it is covered: hexagons where there are many rows."""
    if not len(demand):
        return
    places, need = layout.scene.projection.km(lonlat(demand)), demand["need"].to_numpy(dtype=np.float64)
    if len(demand) > MOST_MARKS:
        points = DemandPoints(lonlat=places, need=need, covered_share=share)
        draw_need(axes, need_layer(points, places, HEXAGON_INCH * layout.km_per_inch, gathered=True))
        return
    order = np.argsort(-need, kind="stable")
    colors = np.array([NOT_COVERED[2], PARTLY[4], COVERED[2]])[levels(share)]
    area = mark_area(need, float(need.max(initial=0.0)), _MARKS)
    style: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.3, "zorder": 2}
    axes.scatter(places[order, 0], places[order, 1], s=area[order], c=colors[order].tolist(), **style)


def _draw_change(sheet: _ComparisonPage, panel: Panel, demand: gpd.GeoDataFrame, place: tuple[int, int]) -> None:
    """Draw who gains and loses cover from the first run to this one, by people."""
    both = demand[demand[f"difference_{panel.letter}"].notna()]
    change = both[f"difference_{panel.letter}"].to_numpy(dtype=np.float64)
    people = np.abs(change) * both["people"].to_numpy(dtype=np.float64)
    gain, lose = change > LEAST_CHANGE, change < -LEAST_CHANGE
    words = f"{in_words(people[gain].sum())} people gain cover, {in_words(people[lose].sum())} lose it"
    _caption(sheet, place, f"From A to {panel.letter.upper()}", words)
    axes, places = _map(sheet, place), sheet.layout.scene.projection.km(lonlat(both))
    still = ~(gain | lose)
    axes.scatter(places[still, 0], places[still, 1], s=3.0, color=NOT_COVERED[1], linewidths=0, zorder=1)
    area = mark_area(people, float(people.max(initial=0.0)), _MARKS)
    for chosen, shape, color in ((gain, "^", GAINS), (lose, "v", LOSES)):
        style: dict[str, Any] = {"marker": shape, "color": color, "edgecolors": "white", "linewidths": 0.3, "zorder": 3}
        axes.scatter(places[chosen, 0], places[chosen, 1], s=area[chosen], **style)


def _legend(page: Axes, notes: Sequence[str]) -> None:
    """Explain marks in two lines at the foot, and what lies behind the maps in a third."""
    write(page, MARGIN, MARGIN - 0.14, shorten(" ".join(notes), SMALL, A4[1] - 2 * MARGIN), SMALL, color=QUIET)
    heading, y = 1.15, MARGIN + 0.4
    write(page, MARGIN, y, "Need of a place", SMALL, bold=True)
    x = MARGIN + heading
    for name, color in (("covered", COVERED[2]), ("partly", PARTLY[4]), ("not covered", NOT_COVERED[2])):
        page.scatter(x, y, s=45, color=color, linewidths=0)
        write(page, x + 0.12, y, name, SMALL)
        x += 0.95
    write(page, x + 0.2, y, "Change", SMALL, bold=True)
    x += 0.9
    for name, shape, color in (("gains cover", "^", GAINS), ("loses cover, by people", "v", LOSES)):
        page.scatter(x, y, s=45, marker=shape, color=color, linewidths=0)
        write(page, x + 0.12, y, name, SMALL)
        x += 1.1
    y -= 0.27
    write(page, MARGIN, y, "Hubs", SMALL, bold=True)
    x = MARGIN + heading
    for name, mark in (("same in both", "same"), ("other hubs at the site", "changed"), ("only in this plan", "own")):
        _draw_hub(page, (x, y), mark, 1.0)
        write(page, x + 0.12, y, name, SMALL)
        x += 1.55
    words = f"Partly: {share_in_words(SOME)} to {share_in_words(HALF)}. Others are compared with A, A with B."
    write(page, x + 0.2, y, words, SMALL, color=INK)

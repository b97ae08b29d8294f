"""The legend in three parts: need and coverage, hubs by tier, scale and north."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from hubplanner.formatting import in_words
from hubplanner.outputs.map.demand_layer import (
    COVERED,
    EDGES,
    NOT_COVERED,
    PARTLY,
    WIDTHS,
    mark_area,
    shades,
)
from hubplanner.outputs.map.fonts import font, plain, shorten, width
from hubplanner.outputs.map.hub_symbols import LINES, REACH, draw_mark, mark_scale, tier_marks
from hubplanner.outputs.map.layout import ROW, View
from hubplanner.outputs.map.need import level_note
from hubplanner.outputs.map.scene import MapScene
from hubplanner.outputs.plan_data import PlanData
from hubplanner.problem import Floats

INK, QUIET = "#1d2733", "#5b6673"
TEXT, SMALL = 8.5, 7.5
SWATCH = 0.36
"""Width of a class of need in the legend, in inches."""
_NAMES = 0.88
"""Width of the names beside the swatches."""
_HUBS = 2.6
"""Width of the part about hubs."""
_LONGEST_BAR = 1.4


def write(page: Axes, x: float, y: float, text: str, size: float = TEXT, **style: object) -> None:
    """Write a line at inches of the page, its middle at y; dollar signs are dollar signs."""
    face = font(size, bold=bool(style.pop("bold", False)))
    settings = {"color": INK, "va": "center"} | style
    page.text(x, y, text, fontproperties=face, parse_math=False, **settings)  # type: ignore[arg-type]


def legend_rows(plan: PlanData) -> int:
    """Return how many lines the part about hubs needs."""
    return len(plan.inputs.scenario.hubs) + 2 + len(_line_km(plan))


def _line_km(plan: PlanData) -> dict[str, float]:
    """Return kilometres of lines to build by technology, as the map tells these apart."""
    km = plan.backhaul.groupby("technology", sort=True)["km"].sum() if plan.inputs.links is not None else {}
    return {str(name): float(far) for name, far in km.items()}


def draw_legend(page: Axes, plan: PlanData, view: View, scene: MapScene, explained: Floats) -> None:
    """Draw all three parts where the sheet wants them."""
    need, hubs, scale = view.sheet.legend_corners
    if scene.need.kind == "points":
        _marks_part(page, need, plan, scene, explained)
    else:
        _shades_part(page, need, plan, explained, scene.need.seen)
    _hub_part(page, *hubs, plan)
    draw_scale(page, *scale, view)


def _need_heading(page: Axes, x: float, top: float, plan: PlanData, words: str) -> None:
    """Write what is shown, and below the part what need is."""
    write(page, x, top - ROW / 2, words if plan.problem.need.any() else "No need anywhere", bold=True)
    weighted = "" if plan.inputs.scenario.demand.priority == 1 else ", weighted by priority"
    write(page, x, top - ROW * 5.5, f"Need: people not yet connected{weighted}", SMALL, color=QUIET)


def _shades_part(page: Axes, corner: tuple[float, float], plan: PlanData, limits: Floats, seen: frozenset[int]) -> None:
    """Draw the shades of what the map shows: the levels that are seen on it."""
    x, top = corner
    _need_heading(page, x, top, plan, "Need per km²")
    levels = ((2, "covered", COVERED), (1, "partly", PARTLY), (0, "not covered", NOT_COVERED))
    shown = [(name, ramp) for level, name, ramp in levels if level in seen]
    for line, (name, ramp) in enumerate(shown):
        middle = top - ROW * (line + 1.6)
        write(page, x, middle, name)
        for number, color in enumerate(shades(ramp, limits)):
            draw_swatch(page, x + _NAMES + number * SWATCH, middle, color)
    for number, limit in enumerate(limits):
        below = top - ROW * (1.45 + len(shown))
        write(page, x + _NAMES + (number + 1) * SWATCH, below, in_words(limit), SMALL, ha="center")
    write(page, x, top - ROW * 6.2, level_note(seen), SMALL, color=QUIET)


def draw_swatch(page: Axes, x: float, middle: float, color: str) -> None:
    """Draw a class as a box edged like its areas."""
    edge = EDGES[1] if color in PARTLY else EDGES[0]
    inset = 0.012
    low, high = middle - ROW / 2 + inset, middle + ROW / 2 - inset
    page.fill_between([x + inset, x + SWATCH - inset], low, high, facecolor=color, edgecolor=edge, linewidth=WIDTHS[1])


def _marks_part(page: Axes, corner: tuple[float, float], plan: PlanData, scene: MapScene, values: Floats) -> None:
    x, top = corner
    _need_heading(page, x, top, plan, "Need of a place")
    names = [("covered", COVERED[2], "white"), ("not covered", NOT_COVERED[4], "white")]
    names += [("in reach", REACH["facecolor"], REACH["edgecolor"])] if scene.has_circles else []
    for number, (name, color, edge) in enumerate(names):
        left = x + 0.1 + 0.92 * number - 0.13 * (number == 1)
        page.scatter(left, top - ROW * 1.7, s=75, facecolor=color, edgecolor=edge, linewidth=0.8)
        write(page, left + 0.14, top - ROW * 1.7, name)
    most = float(plan.problem.need.max())
    for number, value in enumerate(values if most > 0 else ()):
        left, area = x + 0.16 + 0.8 * number, mark_area(np.array([value]), most)
        page.scatter(left, top - ROW * 3.7, s=area, facecolor="white", edgecolor=QUIET, linewidth=0.8)
        write(page, left + 0.18, top - ROW * 3.7, in_words(value), SMALL)


def _hub_part(page: Axes, x: float, top: float, plan: PlanData) -> None:
    marks, hubs, scale = tier_marks(plan), plan.hubs, mark_scale(len(plan.hubs))
    write(page, x, top - ROW / 2, "Hubs in this plan" if len(hubs) else "No hubs in this plan", bold=True)
    for line, tier in enumerate(plan.inputs.scenario.hubs):
        middle = top - ROW * (line + 1.6)
        draw_mark(page, (x + 0.12, middle), marks[tier.name], new=True, scale=scale)
        reach = f"reach {tier.told_reach()}"
        count = int(hubs.loc[hubs["tier"] == tier.name, "hubs"].sum())
        tail = f", {reach}: {count:,}"
        write(page, x + 0.32, middle, f"{shorten(plain(tier.name), TEXT, _HUBS - 0.32 - width(tail, TEXT))}{tail}")
    if existing := int((hubs["status"] == "existing").sum()):
        middle = top - ROW * (len(marks) + 1.7)
        draw_mark(page, (x + 0.12, middle), marks[plan.inputs.scenario.hubs[0].name], new=False, scale=scale)
        write(page, x + 0.32, middle, f"hollow: stands already: {existing:,}")
    first = len(marks) + (1 if existing else 0)
    for line, (name, far) in enumerate(_line_km(plan).items()):
        middle = top - ROW * (first + line + 1.7)
        page.plot([x, x + 0.24], [middle, middle], color=LINES[name], linewidth=1.6, solid_capstyle="butt")
        write(page, x + 0.32, middle, f"{name} to build: {in_words(far)} km")


def draw_scale(page: Axes, x: float, top: float, view: View) -> None:
    """Draw the scale and the arrow to the north."""
    middle = top - ROW * 1.6
    kilometres = bar_km(view.km_per_inch)
    length = kilometres / view.km_per_inch
    for part, color in ((0.0, INK), (1.0, "white")):
        ends = [x + part * length / 2, x + (part + 1) * length / 2]
        page.fill_between(ends, middle - 0.035, middle + 0.035, facecolor=color, edgecolor=INK, linewidth=0.7)
    for part, label in ((0.0, "0"), (0.5, f"{kilometres / 2:g}"), (1.0, f"{kilometres:g} km")):
        write(page, x + part * length, middle - 0.15, label, SMALL, ha="center")
    _north(page, x + 0.06, top - ROW * 4.6)


def bar_km(km_per_inch: float) -> float:
    """Return the round number of kilometres whose bar is the longest that fits.

    >>> bar_km(200), bar_km(1.1)
    (200.0, 1.0)
    """
    longest = _LONGEST_BAR * km_per_inch
    power = 10.0 ** math.floor(math.log10(longest))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest)


def _north(page: Axes, x: float, bottom: float) -> None:
    """Draw an arrow: north is up on all of a map whose meridians are upright."""
    page.fill([x, x + 0.09, x], [bottom + 0.07, bottom, bottom + 0.34], facecolor=INK, edgecolor=INK, linewidth=0.7)
    page.fill([x, x - 0.09, x], [bottom + 0.07, bottom, bottom + 0.34], facecolor="white", edgecolor=INK, linewidth=0.7)
    write(page, x + 0.16, bottom + 0.16, "N", bold=True)

"""The picture of a frontier: one A4 page with the curve, its proof, the knee, and what each further million brings."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from hubplanner.formatting import SMALLEST_GAP, at_most, in_words, says_nothing, share_in_words
from hubplanner.inputs import Inputs
from hubplanner.outputs.map.draw import blank, page_of, write_picture
from hubplanner.outputs.map.fonts import drawable, font, plain, shorten, wrap
from hubplanner.outputs.map.layout import A4, MARGIN
from hubplanner.outputs.map.legend import INK, QUIET, write

TITLE, TEXT, LABEL, NOTE = 17.0, 10.0, 8.5, 7.5
_SIZE = A4[::-1]
_LEFT, _RIGHT = 1.15, 1.0
_TOP = 1.85
"""Height of the title and the sentences below it."""
_BOTTOM = 1.1
_MARGINAL = 1.55
"""Height of the lower panel."""


def draw_frontier(summary: dict[str, Any], inputs: Inputs, other_name: str, path: Path) -> None:
    """Draw a frontier on an A4 page for print, the same bytes for the same points.

    Parameters
    ----------
    summary
        What frontier.json holds of any frontier, even one of a single point.
    inputs
        What its plans were made from.
    other_name
        What coverage is traded against, as its points name it.
    path
        The PNG to write.
    """
    write_picture(lambda: _draw(summary, inputs, other_name), path)


def _draw(summary: dict[str, Any], inputs: Inputs, other_name: str) -> Figure:
    figure = blank(_SIZE)
    across = axis_of(summary, inputs, other_name)
    by_cost = across.key == "cost"
    page = page_of(figure)
    _header(page, summary, inputs, across)
    floor = _BOTTOM + (_MARGINAL + 0.35 if by_cost else 0.0)
    curve = _panel(figure, floor, _SIZE[1] - _TOP - floor)
    draw_curve(curve, summary, across)
    _share_axis(curve, summary["need"])
    if by_cost:
        below = _panel(figure, _BOTTOM, _MARGINAL)
        draw_marginal(below, summary, across)
        below.set_xlim(curve.get_xlim())
        curve.tick_params(labelbottom=False)
    bottom = below if by_cost else curve
    bottom.set_xlabel(across.label, fontproperties=font(LABEL), labelpad=6, parse_math=False)
    for axes in figure.axes[1:]:
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font(LABEL))
    _footer(page, summary)
    return figure


def _panel(figure: Figure, bottom: float, high: float) -> Axes:
    """Return axes for a panel, its place in inches."""
    wide, tall = _SIZE
    axes = figure.add_axes((_LEFT / wide, bottom / tall, (wide - _LEFT - _RIGHT) / wide, high / tall))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e9ed", linewidth=0.7)
    axes.set_axisbelow(True)
    return axes


def _share_axis(axes: Axes, need: float) -> None:
    """Add what the covered need is of all need, at the right."""
    if need <= 0:
        return
    low, high = axes.get_ylim()
    right = axes.twinx()
    right.set_ylim(low / need, high / need)
    right.spines[["top", "left", "bottom"]].set_visible(False)
    right.spines["right"].set_color("#c9ced4")
    right.yaxis.set_major_locator(MaxNLocator(6))
    right.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    right.set_ylabel("of all need", fontproperties=font(LABEL), color=QUIET, rotation=270, va="bottom", labelpad=4)


def _header(page: Axes, summary: dict[str, Any], inputs: Inputs, across: Axis) -> None:
    wide, top = _SIZE[0] - 2 * MARGIN, _SIZE[1] - MARGIN
    write(page, MARGIN, top - 0.04, shorten(plain(summary["name"]), LABEL, wide), LABEL, color=QUIET)
    title = wrap(f"What {across.what}", TITLE, wide, 1, bold=True)[0]
    write(page, MARGIN, top - 0.3, title, TITLE, bold=True)
    for number, line in enumerate(_sentences(summary, inputs, across)):
        write(page, MARGIN, top - 0.64 - 0.21 * number, shorten(line, TEXT, wide), TEXT, color=QUIET)


def _sentences(summary: dict[str, Any], inputs: Inputs, across: Axis) -> list[str]:
    """Return what the curve says in a few lines."""
    points = summary["points"]
    first, last = points[0], points[-1]
    words = " ".join((inputs.scenario.description or "").split())
    ends = (
        f"From {across.words(first)}, covering {share_in_words(first['share'])} of the need "
        f"to {across.words(last)}, covering {share_in_words(last['share'])}."
    )
    more = []
    if summary["knee"]:
        at = points[summary["knee"] - 1]
        more.append(
            f"Knee, farthest above the line between the ends: {across.words(at)}, covering "
            f"{share_in_words(at['share'])}, point {summary['knee']}."
        )
    if summary["nested"]:
        price = max(point["price_people"] for point in points)
        ends += f" Hubs that stay cost at most {in_words(price)} people."
    return [*([words] if words and drawable(words) else []), ends, " ".join(more)]


def _footer(page: Axes, summary: dict[str, Any]) -> None:
    gaps = [point["gap"] for point in summary["points"] if point["gap"] is not None]
    worst = max(gaps, default=float("nan"))
    count = len(summary["points"])
    plans = f"{count} {'plan' if count == 1 else 'plans'}"
    told = "none better than another in both figures"
    last = "The knee is information, not advice."
    if "alpha" in summary["points"][0]:
        told, last = "each the best by its own weighing of groups", "Alpha is a choice, not a finding."
    lines = [
        f"{plans}, {told}. {_proof(worst)}",
        f"Need: people not yet connected, weighted by priority where there is one. {last}",
    ]
    for number, line in enumerate(lines):
        write(page, MARGIN, MARGIN - 0.02 - 0.16 * number, line, NOTE, color=QUIET)
    version = f"hubplanner {importlib.metadata.version('hubplanner')}"
    write(page, _SIZE[0] - MARGIN, MARGIN - 0.18, version, NOTE, color=QUIET, ha="right")


def _proof(gap: float) -> str:
    """Return how near all points are to the best there could be."""
    sure = "proven best" if gap <= SMALLEST_GAP else f"proven to be at most {at_most(gap)} from the best"
    sure = "not proven to be near the best" if says_nothing(gap) else sure
    return f"Each is {sure} for its place. Between the points nothing was computed."


BLUE, BAND, ORANGE, GREY = "#1f5f99", "#bcd5ea", "#d9730d", "#8a94a0"
AXIS_LABEL = 8.5
MOST_NUMBERED = 40
"""Points whose numbers are drawn."""
SMALLEST_BAND = 2e-3
"""Relative gap below which no band could be seen."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What runs from left to right.

    Parameters
    ----------
    key
        Name of the figure of a point.
    label
        What is written below it.
    what
        The title's words.
    words
        Returns a point's figure in words.
    """

    key: str
    label: str
    what: str
    words: Callable[[dict[str, Any]], str]


def axis_of(summary: dict[str, Any], inputs: Inputs, other_name: str) -> Axis:
    """Return what coverage is traded against, in words."""
    key, currency = other_name, plain(summary["currency"] or "")
    years = inputs.scenario.horizon_years
    if key == "cost":
        over = "to build" if years == 0 else f"to build and run for {years} {'year' if years == 1 else 'years'}"
        return Axis(
            key=key,
            label=f"Cost of new hubs {over}{f', {currency}' if currency else ''}",
            what="each budget can cover" + (" if hubs, once built, stay" if summary["nested"] else ""),
            words=lambda point: f"{currency} {in_words(point['cost'])}".strip(),
        )
    if key == "worst_share":
        group = plain(summary["group"]).replace("_", " ")
        return Axis(
            key=key,
            label=f"Covered share of need of the worst-covered {group}",
            what=f"it takes to lift the worst-covered {group}",
            words=lambda point: f"at least {share_in_words(point['worst_share'])} of every {group}",
        )
    if key == "equivalent_share":
        group = plain(summary["group"]).replace("_", " ")
        return Axis(
            key="number",
            label=f"Aversion to unequal shares of {group} (alpha): 0 counts the sum alone, 1 is proportional",
            what=f"it takes to serve every {group} alike",
            words=lambda point: f"{_alpha(point, 'alpha ')}, {point['groups_served']:,} of {point['groups']:,} served",
        )
    unit = inputs.unit
    return Axis(
        key=key,
        label=f"Mean distance to a hub, {unit}, weighted by need",
        what="covering more costs in nearness",
        words=lambda point: f"a mean distance of {point[key]:,.1f} {unit}",
    )


def _alpha(point: dict[str, Any], before: str = "") -> str:
    return "worst first" if isinstance(point["alpha"], str) else f"{before}{point['alpha']:g}"


def draw_curve(axes: Axes, summary: dict[str, Any], across: Axis) -> None:
    """Draw covered need, its bound as a band, the knee, and existing coverage as the origin."""
    points = summary["points"]
    x, y = [point[across.key] for point in points], [point["covered_need"] for point in points]
    by_cost = across.key == "cost"
    if by_cost:
        origin = summary["existing"]
        if not (points[0]["cost"] <= 0):
            axes.plot([0, x[0]], [origin["covered_need"], y[0]], color=GREY, linewidth=1, linestyle=(0, (2, 2)))
        axes.plot([0], [origin["covered_need"]], "D", color=GREY, markersize=7, label="existing hubs")
    if summary["free"]:
        free = summary["free"]
        figures = [point["cost"] for point in free], [point["covered_need"] for point in free]
        axes.plot(*figures, color=GREY, linewidth=1.4, linestyle=(0, (4, 2)), label="each budget planned alone")
    if any((point["gap"] or 0) > SMALLEST_BAND and _bounds_need(point) for point in points):
        bounds = [point["bound"] if _bounds_need(point) else point["covered_need"] for point in points]
        axes.fill_between(x, y, bounds, facecolor=BAND, edgecolor=BAND, linewidth=1, label="not ruled out by the proof")
    axes.plot(x, y, color=BLUE, linewidth=1.8, marker="o", markersize=5, label="best plans found")
    if summary["knee"]:
        at = summary["knee"] - 1
        axes.plot([x[at]], [y[at]], "o", color=ORANGE, markersize=13, fillstyle="none", markeredgewidth=2, label="knee")
    if len(points) <= MOST_NUMBERED:
        _numbers(axes, points, x, y)
    by_alpha = across.key == "number"
    axes.set_ylim(0, None) if by_cost or by_alpha else axes.margins(y=0.12)
    _style(axes, "Need covered", by_cost=by_cost)
    if by_alpha:
        axes.set_xticks(x, [f"{_alpha(point)}: {point['groups_served']:,} served" for point in points])
    if across.key == "worst_share":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: share_in_words(share)))
    legend = axes.legend(loc="lower right" if by_cost else "best", frameon=False, prop=font(AXIS_LABEL))
    for text in legend.get_texts():
        text.set_color(INK)


def _bounds_need(point: dict[str, Any]) -> bool:
    """Tell whether a point's bound is one of covered need."""
    return point["bound"] is not None and point["bound"] >= point["covered_need"]


def _numbers(axes: Axes, points: list[dict[str, Any]], x: list[float], y: list[float]) -> None:
    """Write each point's number below it."""
    for point, left, high in zip(points, x, y, strict=True):
        axes.annotate(
            str(point["number"]),
            (left, high),
            xytext=(7, -13),
            textcoords="offset points",
            fontproperties=font(7.5),
            color=QUIET,
        )


def draw_marginal(axes: Axes, summary: dict[str, Any], across: Axis) -> None:
    """Draw how many people more each further million of money covers, from point to point."""
    left = summary["existing"][across.key]
    for point in summary["points"]:
        more = point["marginal_people_per_million"]
        if more is not None:
            wide = point[across.key] - left
            face = ORANGE if point["number"] == summary["knee"] else BLUE
            axes.bar(left, more, width=wide, align="edge", facecolor=face, edgecolor="white", linewidth=0.8, alpha=0.85)
        left = point[across.key]
    axes.set_ylim(0, None)
    _style(axes, "People more\nper million", by_cost=True)
    axes.yaxis.set_major_locator(MaxNLocator(4))


def _style(axes: Axes, label: str, *, by_cost: bool) -> None:
    axes.set_ylabel(label, fontproperties=font(AXIS_LABEL), color=INK, labelpad=6)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: in_words(number)))
    if by_cost:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: in_words(number)))
        axes.margins(x=0.02)

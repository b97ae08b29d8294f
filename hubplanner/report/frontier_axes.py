"""The two panels of a frontier's picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from hubplanner.report.legend import INK, QUIET
from hubplanner.report.lettering import font, in_words, plain, share_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from hubplanner.report.frontier_result import Frontier

BLUE, BAND, ORANGE, GREY = "#1f5f99", "#bcd5ea", "#d9730d", "#8a94a0"
LABEL = 8.5
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


def axis_of(frontier: Frontier, summary: dict[str, Any]) -> Axis:
    """Return what coverage is traded against, in words."""
    key, currency = frontier.other_name, plain(summary["currency"] or "")
    years = frontier.inputs.scenario.horizon_years
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
    unit = frontier.inputs.unit
    return Axis(
        key=key,
        label=f"Mean way to a hub, {unit}, weighted by need",
        what="covering more costs in nearness",
        words=lambda point: f"a mean way of {point[key]:,.1f} {unit}",
    )


def draw_curve(axes: Axes, summary: dict[str, Any], across: Axis) -> None:
    """Draw covered need, its bound as a band, the knee, and existing coverage as the origin."""
    points = summary["points"]
    x, y = [point[across.key] for point in points], [point["covered_need"] for point in points]
    by_cost = across.key == "cost"
    if by_cost:
        origin = summary["existing"]
        if not (points[0]["cost"] <= 0):
            axes.plot([0, x[0]], [origin["covered_need"], y[0]], color=GREY, linewidth=1, linestyle=(0, (2, 2)))
        axes.plot([0], [origin["covered_need"]], "D", color=GREY, markersize=7, label="hubs that stand today")
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
    axes.set_ylim(0, None) if by_cost else axes.margins(y=0.12)
    _style(axes, "Need covered", by_cost=by_cost)
    if across.key == "worst_share":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: share_in_words(share)))
    legend = axes.legend(loc="lower right" if by_cost else "best", frameon=False, prop=font(LABEL))
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
    axes.set_ylabel(label, fontproperties=font(LABEL), color=INK, labelpad=6)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda number, _: in_words(number)))
    if by_cost:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: in_words(number)))
        axes.margins(x=0.02)

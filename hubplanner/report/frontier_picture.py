"""The picture of a frontier: one A4 page with the curve, its proof, the knee, and what each further million brings."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from hubplanner.report.canvas import blank, page_of, write_picture
from hubplanner.report.frontier_axes import Axis, axis_of, draw_curve, draw_marginal
from hubplanner.report.legend import QUIET, write
from hubplanner.report.lettering import drawable, font, in_words, plain, share_in_words, shorten, wrap
from hubplanner.report.sheet import A4, MARGIN
from hubplanner.report.wording import SMALLEST_GAP, at_most, says_nothing

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hubplanner.report.frontier_result import Frontier

TITLE, TEXT, LABEL, NOTE = 17.0, 10.0, 8.5, 7.5
_SIZE = A4[::-1]
_LEFT, _RIGHT = 1.15, 1.0
_TOP = 1.85
"""Height of the title and the sentences below it."""
_BOTTOM = 1.1
_MARGINAL = 1.55
"""Height of the lower panel."""


def draw_frontier(frontier: Frontier, path: Path) -> None:
    """Draw a frontier on an A4 page for print, the same bytes for the same points.

    Parameters
    ----------
    frontier
        Any frontier, even one of a single point.
    path
        The PNG to write.
    """
    write_picture(lambda: _draw(frontier), path)


def _draw(frontier: Frontier) -> Figure:
    figure = blank(_SIZE)
    summary = frontier.summary()
    across = axis_of(frontier, summary)
    by_cost = across.key == "cost"
    page = page_of(figure)
    _header(page, summary, frontier, across)
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


def _header(page: Axes, summary: dict[str, Any], frontier: Frontier, across: Axis) -> None:
    wide, top = _SIZE[0] - 2 * MARGIN, _SIZE[1] - MARGIN
    write(page, MARGIN, top - 0.04, shorten(plain(summary["name"]), LABEL, wide), LABEL, color=QUIET)
    title = wrap(f"What {across.what}", TITLE, wide, 1, bold=True)[0]
    write(page, MARGIN, top - 0.3, title, TITLE, bold=True)
    for number, line in enumerate(_sentences(summary, frontier, across)):
        write(page, MARGIN, top - 0.64 - 0.21 * number, shorten(line, TEXT, wide), TEXT, color=QUIET)


def _sentences(summary: dict[str, Any], frontier: Frontier, across: Axis) -> list[str]:
    """Return what the curve says in a few lines."""
    points = summary["points"]
    first, last = points[0], points[-1]
    words = " ".join((frontier.inputs.scenario.description or "").split())
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
    lines = [
        f"{count} {'plan' if count == 1 else 'plans'}, none better than another in both figures. {_proof(worst)}",
        "Need: people not yet connected, weighted by priority where there is one. The knee is information, not advice.",
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

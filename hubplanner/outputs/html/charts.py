"""Charts of the report as shapes: money by year, and coverage against cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from hubplanner.formatting import in_words, share_in_words
from hubplanner.outputs.run_data import Result, on_one_line
from hubplanner.translation import gettext as _, written

WIDTH, HEIGHT = 720.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 92.0, 16.0, 24.0, 44.0
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, kw_only=True)
class ChartBar:
    """A column of a chart, with the outline of what there was to spend."""

    x: float
    y: float
    wide: float
    high: float
    label: str
    value: str
    tip: str
    css: str
    limit: float | None = None


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A line of the grid with its label."""

    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Bars:
    """A chart of columns."""

    bars: tuple[ChartBar, ...]
    ticks: tuple[Tick, ...]
    has_limits: bool
    width: float = WIDTH
    height: float = HEIGHT
    base: float = HEIGHT - BOTTOM
    left: float = LEFT


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A point of a curve."""

    x: float
    y: float
    tip: str
    css: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A curve through points, with a grid."""

    line: str
    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    x_name: str
    y_name: str
    knee: Dot | None
    here: Dot | None
    width: float = WIDTH
    height: float = HEIGHT + 40
    base: float = HEIGHT + 40 - BOTTOM - 16
    left: float = LEFT
    top: float = TOP
    right: float = WIDTH - RIGHT


def rounds(most: float, about_how_many: int = 4) -> list[float]:
    """Return round numbers from 0 up to at least the largest value.

    >>> rounds(0.83), rounds(370, 3)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 200.0, 400.0])
    """
    if most <= 0 or not math.isfinite(most):
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(most / about_how_many))
    step = next(part * power for part in _STEPS if part * power >= most / about_how_many * (1 - 1e-9))
    return [step * number for number in range(math.ceil(most / step - 1e-9) + 1)]


def years(result: Result) -> list[dict[str, Any]]:
    """Return name, money, budget and kind of each year: of a programme, or of building and then running."""
    summary, scenario = result.summary, result.scenario
    if summary["periods"]:
        return [
            {"name": on_one_line(year["name"]), "cost": year["cost"], "budget": year["budget"], "kind": "spent"}
            for year in summary["periods"]
        ]
    rate, once = scenario.discount_rate, _("To build and connect") if summary["cost"]["backhaul"] else _("To build")
    once = _("At once") if "measures" in summary else once
    return [
        {
            "name": _("Year {year}", year=number) if number else once,
            "cost": amount,
            "budget": None,
            "kind": "run" if number else "build",
            "worth": amount * (1 + rate) ** -number,
        }
        for number, amount in ((year["year"], year["paid"]) for year in summary["cost"]["paid"]["by_year"])
    ]


def money_by_year(result: Result) -> Bars:
    """Return the chart of money by year."""
    rows = years(result)
    ticks = rounds(max(max(row["cost"], row["budget"] or 0.0) for row in rows))
    room = (WIDTH - LEFT - RIGHT) / len(rows)
    wide = min(room * 0.62, 90.0)

    def up(amount: float) -> float:
        return round(HEIGHT - BOTTOM - max(amount, 0.0) / ticks[-1] * (HEIGHT - BOTTOM - TOP), 1)

    bars = tuple(
        ChartBar(
            x=round(LEFT + room * (number + 0.5) - wide / 2, 1),
            y=up(row["cost"]),
            wide=round(wide, 1),
            high=round(HEIGHT - BOTTOM - up(row["cost"]), 1),
            label=row["name"],
            value=in_words(row["cost"]),
            tip=f"{row['name']}: {result.in_money(row['cost'])}",
            css=row["kind"],
            limit=None if row["budget"] is None else up(row["budget"]),
        )
        for number, row in enumerate(rows)
    )
    lines = tuple(Tick(at=up(tick), label=in_words(tick)) for tick in ticks)
    return Bars(bars=bars, ticks=lines, has_limits=any(bar.limit is not None for bar in bars))


def curve(result: Result, frontier: dict[str, Any]) -> Curve | None:
    """Return people covered against cost, or the covered share against what else was traded; None without points."""
    other, name = _traded(frontier["points"])
    points = [point for point in frontier["points"] if point.get(other) is not None]
    if not points or not other:
        return None
    across, up = rounds(max(point[other] for point in points), 5), rounds(max(point["people"] for point in points))
    by_cost = other == "cost"

    def figure(x: float) -> str:
        return in_words(x) if by_cost else written(f"{x:,.3g}")

    def at(x: float, y: float, tip: str = "", css: str = "dot") -> Dot:
        right, top = x / across[-1] * (Curve.right - Curve.left), y / up[-1] * (Curve.base - Curve.top)
        return Dot(x=round(Curve.left + right, 1), y=round(Curve.base - top, 1), tip=tip, css=css)

    def dot(point: dict[str, Any]) -> Dot:
        covered = _(
            "{people} people, {share} of the need",
            people=in_words(point["people"]),
            share=share_in_words(point["share"]),
        )
        return at(point[other], point["people"], f"{figure(point[other])}: {covered}")

    dots = tuple(map(dot, points))
    knee, own = frontier.get("knee"), result.summary
    cost, people = own["cost"]["total"], result.reached
    same = by_cost and frontier.get("currency") == own["currency"] and cost <= across[-1] and people <= up[-1]
    return Curve(
        line="M" + "L".join(f"{dot.x:g} {dot.y:g}" for dot in dots),
        dots=dots,
        across=tuple(Tick(at=at(x, 0).x, label=figure(x)) for x in across),
        up=tuple(Tick(at=at(0, y).y, label=in_words(y)) for y in up),
        x_name=f"{name}, {result.money}".strip(", ") if by_cost else name,
        y_name=_("People covered"),
        knee=dots[knee - 1] if knee and knee <= len(dots) else None,
        here=at(cost, people, _("This plan"), "here") if same else None,
    )


def _traded(points: list[dict[str, Any]]) -> tuple[str, str]:
    """Return the figure that coverage is traded against, and its name."""
    if not points:
        return "", ""
    other = next((key for key in points[0] if key.startswith("mean_distance_") or key == "worst_share"), "cost")
    other = "number" if "alpha" in points[0] else other
    names = {
        "cost": _("Cost"),
        "worst_share": _("Covered share of the worst group"),
        "number": _("Plan, the fairest last"),
    }
    return other, names.get(other) or _("Mean distance to a hub, {unit}", unit=_(other.rpartition("_")[2]))

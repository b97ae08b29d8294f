"""The picture of how time and memory grow with customers and with sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]
    Sizes = list[tuple[int, float, float, bool]]

FROM = 0.25
"""Slopes are fitted to the upper part of the sizes, on a logarithmic scale: below it start-up hides them."""
BLUE, ORANGE, GREY = "#1f6fb4", "#e0662b", "#8a8a8a"


def series(rows: Rows) -> tuple[Sizes, Sizes]:
    """Return (size, seconds, megabytes, whether the gap was proven) by customers and by sites."""
    by_customers, by_sites = [], []
    for row, records in rows.items():
        record = records["hubplanner"]
        customers, sites, reach = (part.replace(",", "") for part in row.split(", "))
        target, size = (by_customers, customers) if reach == "5.5" else (by_sites, sites)
        target.append((int(size), record["seconds"], record["peak_mb"], record["status"] == "optimal"))
    return by_customers, by_sites


def slope(sizes: Any, values: Any) -> float:
    """Return the exponent with which values grow, by least squares over the upper part of the sizes.

    >>> round(slope([10, 100, 1000], [5, 50, 500]), 6)
    1.0
    """
    x, y = np.log10(sizes), np.log10(values)
    upper = x >= x[0] + FROM * (x[-1] - x[0]) if len(x) > 2 else np.ones(len(x), dtype=bool)
    return float(np.polyfit(x[upper], y[upper], 1)[0])


def draw(rows: Rows, path: Path) -> None:
    """Draw seconds and megabytes against customers and sites, log-log, with their slopes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    names = ("customers, 100 sites", "sites, 100,000 customers, about 12 in reach of each")
    for axis, sizes, name in zip(figure.subplots(1, 2), series(rows), names, strict=True):
        _panel(axis, sizes, name)
    figure.savefig(path, dpi=130)


def _panel(axis: Any, sizes: Sizes, name: str) -> None:
    """Draw time and memory against one size; runs that met their limit are hollow, and have no part in the slope."""
    beside = axis.twinx()
    for scale, color, unit, at in ((axis, BLUE, "seconds", 1), (beside, ORANGE, "MB at the peak", 2)):
        scale.set(yscale="log", ylabel=unit)
        scale.yaxis.label.set_color(color)
        proven, not_proven = ([one for one in sizes if one[3] == is_proven] for is_proven in (True, False))
        scale.plot([one[0] for one in not_proven], [one[at] for one in not_proven], "o", color=color, mfc="white")
        if len(proven) > 1:
            x, y = [one[0] for one in proven], [one[at] for one in proven]
            scale.plot(x, y, "o-", color=color, label=f"{unit.split()[0]}, slope {slope(x, y):.2f}")
    axis.set(xscale="log", xlabel=name)
    axis.grid(visible=True, which="major", color=GREY, alpha=0.3)
    handles = [line for scale in (axis, beside) for line in scale.get_lines() if "slope" in str(line.get_label())]
    if handles:
        axis.legend(handles=handles, loc="upper left", frameon=False)

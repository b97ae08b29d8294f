"""The picture of how time and memory grow with customers and with sites."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    Rows = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


@dataclass(frozen=True)
class Size:
    """The records of one size, a seed each."""

    size: int
    records: Sequence[Mapping[str, Any]]

    @property
    def is_proven(self) -> bool:
        """Tell whether every seed was proven within its limit."""
        return all(record["status"] == "optimal" for record in self.records)

    def spread(self, key: str) -> tuple[float, float]:
        """Return the median and the most of a figure."""
        values = [record[key] for record in self.records]
        return statistics.median(values), max(values)


FROM = 0.25
"""Slopes are fitted to the upper part of the sizes, on a logarithmic scale: below it start-up hides them."""
BLUE, ORANGE, GREY = "#1f6fb4", "#e0662b", "#8a8a8a"


def series(rows: Rows) -> tuple[list[Size], list[Size]]:
    """Return the sizes by customers and by sites."""
    by_customers, by_sites = list[Size](), list[Size]()
    for row, records in rows.items():
        customers, sites, reach = (part.replace(",", "") for part in row.split(", "))
        target, size = (by_customers, customers) if reach == "5.5" else (by_sites, sites)
        target.append(Size(int(size), records["hubplanner"]))
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


def _panel(axis: Any, sizes: list[Size], name: str) -> None:
    """Draw time and memory against one size, medians with bars up to the worst seed.

    Sizes of which a seed met its limit are hollow, and have no part in the slope.
    """
    beside = axis.twinx()
    for scale, color, key, unit in ((axis, BLUE, "seconds", "seconds"), (beside, ORANGE, "peak_mb", "MB at the peak")):
        scale.set(yscale="log", ylabel=unit)
        scale.yaxis.label.set_color(color)
        for one in sizes:
            middle, worst = one.spread(key)
            scale.plot([one.size, one.size], [middle, worst], "-", color=color, alpha=0.4)
            if not one.is_proven:
                scale.plot([one.size], [middle], "o", color=color, mfc="white")
        proven = [one for one in sizes if one.is_proven]
        if len(proven) > 1:
            x, y = [one.size for one in proven], [one.spread(key)[0] for one in proven]
            scale.plot(x, y, "o-", color=color, label=f"{unit.split()[0]}, slope {slope(x, y):.2f}")
        # Whole decades: a scale of a few per cent would show what is noise as growth.
        low, high = np.log10(scale.get_ylim())
        scale.set_ylim(10.0 ** np.floor(low), 10.0 ** np.ceil(high))
    axis.set(xscale="log", xlabel=name)
    axis.grid(visible=True, which="major", color=GREY, alpha=0.3)
    handles = [line for scale in (axis, beside) for line in scale.get_lines() if "slope" in str(line.get_label())]
    if handles:
        axis.legend(handles=handles, loc="upper left", frameon=False)

"""What every picture begins and ends with: matplotlib's own settings, a blank page in inches, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hubplanner.report.sheet import DPI

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes


def write_picture(draw: Callable[[], Figure], path: Path) -> None:
    """Draw a figure and write it as a PNG, the same bytes for the same figure.

    A user's own settings must not change the picture; the context leaves them as they were.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        draw().savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def blank(size: tuple[float, float]) -> Figure:
    """Return a white page of some width and height in inches."""
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def page_of(figure: Figure) -> Axes:
    """Return axes over the whole page, in inches."""
    wide, high = figure.get_size_inches()
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, wide), ylim=(0, high), autoscale_on=False)
    page.set_axis_off()
    return page

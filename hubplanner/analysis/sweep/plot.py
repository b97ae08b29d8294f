"""The picture of a sweep: which setting moves the result most, others as they are."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from hubplanner.errors import ExistsError
from hubplanner.formatting import in_words
from hubplanner.io import MANIFEST, sha256, write_files_atomically
from hubplanner.outputs.map.demand_layer import COVERED, NOT_COVERED
from hubplanner.outputs.map.fonts import plain, shorten, width
from hubplanner.outputs.map.hub_symbols import NEW
from hubplanner.outputs.map.layout import DPI, MARGIN
from hubplanner.outputs.map.legend import INK, QUIET, write
from hubplanner.outputs.writers import write_table

WIDE, HEAD, FOOT, ROW = 8.27, 1.25, 0.95, 0.72
"""Inches: the page's width, room above and below the bars, and one bar with its labels."""
NAMES = 2.1
"""Width of the settings' names."""
SIDE = 0.55
"""Room at both ends of the bars for their labels."""
TITLE, TEXT, SMALL = 15.0, 9.0, 7.5
SHORT = 1.2
"""Length of a bar below which the labels of its ends are written outwards."""
_HALF = 0.13
"""Half a bar's height."""
_APART = 0.06
"""Least distance between two labels."""


@dataclass(frozen=True, kw_only=True)
class TornadoBar:
    """One setting.

    Parameters
    ----------
    key
        Its dotted key.
    base
        Its value in the base case.
    outcomes
        Each value, and the measure there; None where there was no plan.
    """

    key: str
    base: Any
    outcomes: tuple[tuple[Any, float | None], ...]

    @property
    def known(self) -> list[float]:
        """The measures there are."""
        return [measure for _, measure in self.outcomes if measure is not None]

    @property
    def size(self) -> float:
        """How far the measure moves.

        >>> TornadoBar(key="model.budget", base=2, outcomes=((1, 10.0), (2, 15.0), (4, None))).size
        5.0
        """
        return max(self.known) - min(self.known) if self.known else 0.0


@dataclass(frozen=True, kw_only=True)
class Tornado:
    """All settings, the one that moves the measure most first.

    Parameters
    ----------
    measure, unit
        What is measured.
    base
        The measure of the base case; None where it has no plan.
    bars
        One a setting.
    """

    measure: str
    unit: str
    base: float | None
    bars: tuple[TornadoBar, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        bars = [
            {
                "setting": bar.key,
                "base": bar.base,
                "low": min(bar.known, default=None),
                "high": max(bar.known, default=None),
                "values": [{"value": value, "measure": measure} for value, measure in bar.outcomes],
            }
            for bar in self.bars
        ]
        return {"measure": self.measure, "unit": self.unit, "base": self.base, "bars": bars}


def draw_tornado(tornado: Tornado, name: str, path: Path) -> None:
    """Draw one bar a setting, from its least to its most, the same bytes for the same sweep.

    Parameters
    ----------
    tornado
        What to draw, even nothing.
    name
        The scenario's name.
    path
        The PNG to write.
    """
    with mpl.rc_context():  # a user's own settings must not change the picture
        mpl.rcdefaults()
        high = HEAD + FOOT + ROW * max(len(tornado.bars), 1)
        figure = Figure(figsize=(WIDE, high), dpi=DPI, facecolor="white")
        FigureCanvasAgg(figure)
        page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDE), ylim=(0, high), autoscale_on=False)
        page.set_axis_off()
        _draw(page, tornado, name, high)
        figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def _draw(page: Axes, tornado: Tornado, name: str, high: float) -> None:
    room = WIDE - 2 * MARGIN
    write(page, MARGIN, high - 0.4, shorten(plain(name), SMALL + 0.5, room), SMALL + 0.5, color=QUIET)
    write(page, MARGIN, high - 0.65, f"Which setting moves {tornado.measure} most", TITLE, bold=True)
    known = [measure for bar in tornado.bars for measure in bar.known]
    if not known:
        write(page, MARGIN, high - HEAD - 0.2, "No case with a plan where only one setting differs from the base", TEXT)
        return
    low, most = min(known), max(known)
    left, right = MARGIN + NAMES + SIDE, WIDE - MARGIN - SIDE
    scale = (right - left) / (most - low) if most > low else 0.0
    middle = (left + right) / 2

    def place(measure: float) -> float:
        return left + (measure - low) * scale if scale else middle

    foot = high - HEAD - ROW * len(tornado.bars)
    if tornado.base is not None:
        x = place(tornado.base)
        page.plot([x, x], [foot, high - HEAD + 0.05], color=INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=2)
        told = f"base: {in_words(tornado.base)} {plain(tornado.unit)}".strip()
        edge = width(told, SMALL, bold=True) / 2
        write(page, min(max(x, MARGIN + edge), WIDE - MARGIN - edge), foot - 0.12, told, SMALL, ha="center", bold=True)
    for number, bar in enumerate(tornado.bars):
        _draw_bar(page, bar, high - HEAD - ROW * (number + 0.5), place)
    note = "A bar: one setting over its values, all others at the base. Above it the setting, below it the result."
    write(page, MARGIN, 0.3, note, SMALL, color=QUIET)


def _draw_bar(page: Axes, bar: TornadoBar, y: float, place: Any) -> None:
    """Draw one bar with its values above and the measures at its ends below."""
    write(page, MARGIN, y + 0.07, shorten(plain(bar.key), TEXT, NAMES, bold=True), TEXT, bold=True)
    missing = [spelled(value) for value, measure in bar.outcomes if measure is None]
    words = f"base {spelled(bar.base)}" + (f"; no plan at {', '.join(missing)}" if missing else "")
    write(page, MARGIN, y - 0.12, shorten(plain(words), SMALL, NAMES), SMALL, color=NEW if missing else QUIET)
    if not bar.known:
        return
    ends = place(min(bar.known)), place(max(bar.known))
    page.fill_between(ends, y - _HALF, y + _HALF, facecolor=COVERED[1], linewidth=0, zorder=1)
    points = [(place(measure), words, measure) for measure, words in _named(bar)]
    page.scatter([x for x, _, _ in points], [y] * len(points), s=16, color=NOT_COVERED[0], edgecolor=INK, zorder=4)
    above, below = _Line(page, y + 0.24, INK), _Line(page, y - 0.235, QUIET)
    # Both ends first, away from each other on a short bar: what lies between them is named where there is room.
    short = points[-1][0] - points[0][0] < SHORT
    sides = ("right", "left") if short and len(points) > 1 else ("center", "center")
    for (x, words, measure), side in zip((points[0], points[-1]), sides, strict=True):
        above.put(x, words, side)
        below.put(x, in_words(measure), side)
    for x, words, measure in points[1:-1]:
        above.put(x, words)
        below.put(x, in_words(measure))


def _named(bar: TornadoBar) -> list[tuple[float, str]]:
    """Return the measures of a bar in order, each with the values that give it."""
    known = sorted({measure for _, measure in bar.outcomes if measure is not None})
    names = {measure: [spelled(value) for value, found in bar.outcomes if found == measure] for measure in known}
    return [(measure, ", ".join(names[measure])) for measure in known]


class _Line:
    """Labels on one line that leave each other room."""

    def __init__(self, page: Axes, y: float, color: str) -> None:
        self.page, self.y, self.color = page, y, color
        self.taken: list[tuple[float, float]] = []

    def put(self, x: float, text: str, side: str = "center") -> None:
        """Write a label at x, unless another is in the way."""
        words = plain(text)
        wide = width(words, SMALL)
        start = x - {"right": wide, "left": 0.0, "center": wide / 2}[side]
        if all(start + wide + _APART < low or start - _APART > high for low, high in self.taken):
            self.taken.append((start, start + wide))
            halo = [withStroke(linewidth=2.5, foreground="white")]
            style = {"color": self.color, "zorder": 5, "path_effects": halo}
            write(self.page, start, self.y, words, SMALL, ha="left", **style)


def spelled(value: Any) -> str:
    """Return a setting's value in words.

    >>> spelled(2e9), spelled(None), spelled([1, 2]), spelled("step"), spelled(0.15)
    ('2 billion', 'none', '[1, 2]', 'step', '0.15')
    """
    if value is None:
        return "none"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    return in_words(value) if abs(value) >= 1e5 else f"{value:g}"  # noqa: PLR2004 - where digits get too many


FIGURES = (
    *("status", "objective", "value", "bound", "gap", "cost", "currency", "people", "need_share", "hubs", "seconds"),
    "error",
)
"""Columns after a case's number and settings."""
TABLES = ("sweep.json", "sweep.csv", "sweep.parquet", "tornado.png")
log = logging.getLogger(__name__)
_WHOLE = ("value", "bound", "gap", "cost", "people", "need_share", "seconds")
_MEASURES = {"min_cost": "cost", "p_median": "mean distance to a hub", "p_center": "largest distance to a hub"}


OF_MEASURES = "cost_of_measures"
"""What measures beside hubs cost."""


def sweep_table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a case: its number, its settings, status, figures and error; what measures cost where any do."""
    beside = [OF_MEASURES] if any(OF_MEASURES in record for record in records) else []
    names = [*FIGURES, *beside]
    rows = [
        {"case": record["case"], **record["settings"], **{name: record.get(name) for name in names}}
        for record in records
    ]
    table = pd.DataFrame(rows)
    for name in _WHOLE:
        table[name] = table[name].astype(float)
    table["hubs"] = table["hubs"].astype("Int64")
    for name in records[0]["settings"]:
        table[name] = _column([record["settings"][name] for record in records])
    return table


def _column(values: list[Any]) -> pd.Series:
    """Return values of a setting: numbers as numbers, all else as text, lists in JSON."""
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    texts = [value if isinstance(value, str) else json.dumps(value, default=str) for value in values]
    return pd.Series(values) if plain else pd.Series(texts, dtype=object)


def write_sweep(records: Sequence[dict[str, Any]], about: dict[str, Any], folder: Path) -> None:
    """Write sweep.csv, sweep.json, tornado.png and, where pyarrow is there, sweep.parquet, each whole."""
    table = sweep_table(records)
    tornado = tornado_of(records, about["grid"], about["base"])
    tree = about | {"tornado": tornado.as_dict(), "cases": list(records)}
    text = json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False, default=str) + "\n"
    writers: dict[str, Callable[[Path], object]] = {
        "sweep.json": lambda path: path.write_text(text, encoding="utf-8"),
        "sweep.csv": lambda path: write_table(table, path),
        "tornado.png": lambda path: draw_tornado(tornado, str(about["scenario"]), path),
    }
    if importlib.util.find_spec("pyarrow"):
        writers["sweep.parquet"] = lambda path: table.to_parquet(path, index=False)

    def write(aside: Path) -> None:
        for name, make in writers.items():
            make(aside / name)
        # A writer that is killed leaves some files of before: known, too, as its own.
        before = {name: sha256(folder / name) for name in writers if (folder / name).is_file()}
        files = {"files": {name: sha256(aside / name) for name in writers}, "before": before}
        (aside / MANIFEST).write_text(json.dumps(files, indent=1) + "\n", encoding="utf-8")

    write_files_atomically(folder, [MANIFEST, *writers], write)


def check_tables(folder: Path, *, overwrite: bool) -> None:
    """Raise where a table of a sweep was changed since it was written, and would be lost.

    Parameters
    ----------
    folder
        The sweep's folder.
    overwrite
        Whether it goes; it is told before.
    """
    try:
        tree = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = [dict(tree[key]) for key in ("files", "before")]
    except (OSError, ValueError, KeyError, TypeError):
        known = [{}, {}]
    found = [folder / name for name in TABLES if os.path.lexists(folder / name)]
    changed = [path.name for path in found if sha256(path) not in {part.get(path.name) for part in known}]
    if changed and not overwrite:
        message = f"{folder}: {', '.join(changed)} changed since the sweep wrote it; keep a copy elsewhere and add "
        raise ExistsError(message + "--overwrite, or name another --out; nothing was written")
    if changed:
        log.warning("%s: --overwrite will replace %s", folder, ", ".join(changed))


def tornado_of(records: Sequence[dict[str, Any]], grid: dict[str, list[Any]], base: dict[str, Any]) -> Tornado:
    """Return for each setting what the measure does over its values while the others stay at the base.

    The measure is the covered people, or the objective's value where every case minimises the same one.
    """
    kinds = {record["objective"] for record in records if record["objective"] is not None}
    only = next(iter(kinds)) if len(kinds) == 1 else "max_coverage"
    people = only not in _MEASURES
    known = {_spelled(record["settings"]): record for record in records}
    column = "people" if people else "value"
    bars = []
    for key, values in grid.items():
        found = [(value, known[_spelled(base | {key: value})][column]) for value in values]
        if len(values) > 1:
            bars.append(TornadoBar(key=key, base=base[key], outcomes=tuple(found)))
    bars.sort(key=lambda bar: (-bar.size, bar.key))
    return Tornado(
        measure="people covered" if people else _MEASURES[only],
        unit=next((record["currency"] for record in records if record["currency"]), "") if only == "min_cost" else "",
        base=known[_spelled(base)][column],
        bars=tuple(bars),
    )


def _spelled(settings: dict[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)

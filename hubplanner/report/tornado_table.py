"""A sweep's records as one tidy table, and its files."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.errors import ExistsError
from hubplanner.io import MANIFEST, sha256, write_files_atomically
from hubplanner.report.files import harmless
from hubplanner.report.tornado import Tornado, TornadoBar, draw_tornado

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FIGURES = (
    *("status", "objective", "value", "bound", "gap", "cost", "currency", "people", "need_share", "hubs", "seconds"),
    "error",
)
"""Columns after a case's number and settings."""
TABLES = ("sweep.json", "sweep.csv", "sweep.parquet", "tornado.png")
log = logging.getLogger(__name__)
_WHOLE = ("value", "bound", "gap", "cost", "people", "need_share", "seconds")
_MEASURES = {"min_cost": "cost", "p_median": "mean distance to a hub", "p_center": "largest distance to a hub"}


def sweep_table(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return one row a case: its number, its settings, status, figures and error."""
    rows = [
        {"case": record["case"], **record["settings"], **{name: record[name] for name in FIGURES}} for record in records
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
        "sweep.csv": lambda path: _write_csv(table, path),
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


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    shown = table.copy()
    for name in shown.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in shown.dtypes]]:
        shown[name] = shown[name].map(harmless, na_action="ignore")
    shown.columns = [str(harmless(name)) for name in shown.columns]
    shown.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


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
            bars.append(TornadoBar(key=key, base=base[key], values=tuple(found)))
    bars.sort(key=lambda bar: (-bar.size, bar.key))
    return Tornado(
        measure="people covered" if people else _MEASURES[only],
        unit=next((record["currency"] for record in records if record["currency"]), "") if only == "min_cost" else "",
        base=known[_spelled(base)][column],
        bars=tuple(bars),
    )


def _spelled(settings: dict[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=str)

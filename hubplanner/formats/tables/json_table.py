"""JSON that holds a table: records, in a list or by id, or columns and rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import check_size, regular, typed
from hubplanner.translation import gettext as _, joined

COLUMNS, ROWS = ("columns", "cols", "fields", "header"), ("rows", "data", "values", "index")
"""Keys under which names of columns and rows of cells stand."""
ONLY_COLUMN = "value"
"""Name of the column of a list of plain values."""


def kind_of_json(path: Path) -> str:
    """Return what a file of JSON holds: "geojson", "topojson", or "table"; GeoJSON where it is no sound JSON.

    Only the beginning of its text decides, so that a large file is not read twice.
    """
    regular(path)
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8-sig", errors="replace").lstrip()
    if head.startswith("["):
        return "table"
    if '"Topology"' in head:
        return "topojson"
    marked = any(f'"{kind}"' in head for kind in ("FeatureCollection", "Feature", "features", "coordinates"))
    return "table" if head.startswith("{") and not marked else "geojson"


_HEAD = 100_000


def read_json_table(path: Path) -> dict[str, pd.Series]:
    """Return the columns of records, in a list or by id, or of an object that holds them, or columns and rows.

    A list of plain values is one column, ``value``; of what phpMyAdmin exports the rows of the one table are taken.

    Raises
    ------
    DataError
        Where it is neither.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = _("it nests too deeply") if isinstance(error, RecursionError) else str(error)[:80]
        raise _unreadable(path, what) from error
    rows = _rows(path, tree)
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_size(path, len(rows), len(names))
    return {name: typed([_cell(row.get(name)) for row in rows]) for name in names}


def _unreadable(path: Path, what: str, row: int | None = None) -> DataError:
    allowed = _(
        "cannot be read as a table, [{{column: cell, ...}}, ...] or {{columns: [...], rows: [[...], ...]}}: {what}",
        what=what,
    )
    return DataError(Fault(file=path.name, row=row, allowed=allowed))


def _rows(path: Path, tree: Any) -> list[dict[str, Any]]:
    """Return the rows by column."""
    if isinstance(tree, dict):
        columns = next((tree[key] for key in COLUMNS if isinstance(tree.get(key), list)), None)
        cells = next((tree[key] for key in ROWS if isinstance(tree.get(key), list)), None)
        if columns is not None and cells is not None:
            return _by_column(path, columns, cells)
        while len(tree) == 1 and _holds_records(inner := next(iter(tree.values()))):
            tree = inner
        if _holds_records(tree):
            return keyed_rows(tree)
        lists = [part for part in tree.values() if isinstance(part, list) and part and isinstance(part[0], dict)]
        if len(lists) != 1:
            raise _unreadable(path, _("its keys are {tree}", tree=joined(map(str, tree), ", ")[:80]))
        tree = lists[0]
    if not isinstance(tree, list):
        raise _unreadable(path, _("it is a {kind}", kind=type(tree).__name__))
    tables = [part for part in tree if _is_exported(part)]
    if len(tables) > 1:
        raise _unreadable(
            path,
            _("it holds several tables, {tables}", tables=joined((str(part["name"]) for part in tables), ", ")[:80]),
        )
    rows: list[Any] = tables[0]["data"] if tables else tree
    if rows and not any(isinstance(row, dict | list) for row in rows):
        return [{ONLY_COLUMN: row} for row in rows]
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise _unreadable(path, _("{row!r} is no record", row=str(row)[:40]), number)
    return rows


def _is_exported(part: Any) -> bool:
    """Tell whether a part of a list is a table as phpMyAdmin exports it, beside parts that tell of the export."""
    is_table = isinstance(part, dict) and part.get("type") == "table" and {"name", "database"} <= set(part)
    return is_table and isinstance(part.get("data"), list)


def _by_column(path: Path, columns: Sequence[Any], cells: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows of cells by column."""
    names = [str(part.get("name", "")) if isinstance(part, dict) else str(part) for part in columns]
    if len(set(names)) < len(names):
        raise _unreadable(path, _("a column appears twice"))
    for number, row in enumerate(cells, 1):
        if not isinstance(row, list) or len(row) != len(names):
            found = len(row) if isinstance(row, list) else str(row)[:40]
            raise _unreadable(path, _("{found} cells found, {count} columns", found=found, count=len(names)), number)
    return [dict(zip(names, row, strict=True)) for row in cells]


def _holds_records(tree: Any) -> bool:
    return isinstance(tree, dict) and bool(tree) and all(isinstance(part, dict) for part in tree.values())


def keyed_rows(tree: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of an object of records by id, or of columns by name as pandas writes them, each cells by row.

    Ids of rows become a column of their own, unless they are numbers from 0.
    """
    inner = list(next(iter(tree.values())))
    same = all(set(part) == set(inner) for part in tree.values())
    if same and (_counted(inner) or (not _counted(list(tree)) and _in_columns(tree, inner))):
        tree = {key: {name: cells[key] for name, cells in tree.items()} for key in inner}
    if _counted(list(tree)):
        return list(tree.values())
    taken = {name for row in tree.values() for name in row}
    name = next(name for name in ("id", "key", *(f"key_{number}" for number in range(len(taken)))) if name not in taken)
    return [{name: key, **row} for key, row in tree.items()]


def _counted(keys: list[str]) -> bool:
    """Tell whether keys are numbers of rows from 0."""
    return keys == list(map(str, range(len(keys))))


def _in_columns(tree: dict[str, dict[str, Any]], inner: list[str]) -> bool:
    """Tell whether an object holds columns, not rows: the kind of cells decides, and then that a table is long."""
    outer = [_alike(list(part.values())) for part in tree.values()]
    across = [_alike([part[key] for part in tree.values()]) for key in inner]
    if all(outer) != all(across):
        return all(outer)
    return len(tree) < len(inner)


def _alike(cells: list[Any]) -> bool:
    """Tell whether cells are of one kind, numbers or text, but for those that are missing."""
    kinds = {float if type(cell) is int else type(cell) for cell in cells if cell is not None}
    return len(kinds) <= 1


def _cell(cell: Any) -> Any:
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell

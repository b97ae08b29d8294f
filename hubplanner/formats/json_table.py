"""JSON that holds a table: records, or columns and rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import check_size, regular, typed

COLUMNS, ROWS = ("columns", "cols", "fields", "header"), ("rows", "data", "values", "index")
"""Keys under which names of columns and rows of cells stand."""


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
    """Return the columns of a list of records, or of an object that holds one, or columns and rows.

    Raises
    ------
    DataError
        Where it is neither.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = "it nests too deeply" if isinstance(error, RecursionError) else str(error)[:80]
        raise _unreadable(path, what) from error
    rows = _rows(path, tree)
    names = list(dict.fromkeys(name for row in rows for name in row))
    check_size(path, len(rows), len(names))
    return {name: typed([_cell(row.get(name)) for row in rows]) for name in names}


def _unreadable(path: Path, what: str, row: int | None = None) -> DataError:
    allowed = (
        f"cannot be read as a table, [{{column: cell, ...}}, ...] or {{columns: [...], rows: [[...], ...]}}: {what}"
    )
    return DataError(Fault(file=path.name, row=row, allowed=allowed))


def _rows(path: Path, tree: Any) -> list[dict[str, Any]]:
    """Return the rows by column."""
    if isinstance(tree, dict):
        columns = next((tree[key] for key in COLUMNS if isinstance(tree.get(key), list)), None)
        cells = next((tree[key] for key in ROWS if isinstance(tree.get(key), list)), None)
        if columns is not None and cells is not None:
            return _by_column(path, columns, cells)
        if tree and all(isinstance(part, dict) for part in tree.values()):
            return _transposed(path, tree)
        lists = [part for part in tree.values() if isinstance(part, list) and part and isinstance(part[0], dict)]
        if len(lists) != 1:
            raise _unreadable(path, f"its keys are {', '.join(map(str, tree))[:80]}")
        tree = lists[0]
    if not isinstance(tree, list):
        raise _unreadable(path, f"it is a {type(tree).__name__}")
    for number, row in enumerate(tree, 1):
        if not isinstance(row, dict):
            raise _unreadable(path, f"{str(row)[:40]!r} is no record", number)
    return tree


def _by_column(path: Path, columns: Sequence[Any], cells: Sequence[Any]) -> list[dict[str, Any]]:
    """Return rows of cells by column."""
    names = [str(part.get("name", "")) if isinstance(part, dict) else str(part) for part in columns]
    if len(set(names)) < len(names):
        raise _unreadable(path, "a column stands twice")
    for number, row in enumerate(cells, 1):
        if not isinstance(row, list) or len(row) != len(names):
            found = len(row) if isinstance(row, list) else str(row)[:40]
            raise _unreadable(path, f"{found} cells found, {len(names)} columns", number)
    return [dict(zip(names, row, strict=True)) for row in cells]


def _transposed(path: Path, tree: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of an object of columns, each an object of cells by row, as pandas writes them."""
    keys = [list(cells) for cells in tree.values()]
    if any(own != keys[0] for own in keys):
        raise _unreadable(path, "its columns do not have the same rows")
    return [{name: cells[key] for name, cells in tree.items()} for key in keys[0]]


def _cell(cell: Any) -> Any:
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell

"""The plan as an Excel workbook: hubs, demand, costs, groups and assumptions, each a sheet with one table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault, MissingExtraError
from hubplanner.report.files import DECIMALS, FORMULA_STARTS
from hubplanner.report.workbook_tables import assumptions, costs, groups

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hubplanner.report.result import Result

MOST_ROWS, LONGEST_CELL = 1_048_575, 32_767
"""What a sheet of Excel holds below its header, and a cell in letters."""
_LONGEST_WHOLE = 10**15
"""Excel keeps fifteen figures; longer whole numbers are written as text."""
_NARROWEST, _WIDEST, _MEASURED = 9, 42, 1000
"""Widths of columns in letters, and rows looked at to find them."""
_HEADER = {"bold": True, "bg_color": "#1a5486", "font_color": "#ffffff", "text_wrap": True, "valign": "top"}
_OPTIONS = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_CURRENCY_LETTERS = 12
_FORMATS = {
    "count": "#,##0",
    "share": "0.0%",
    "way": "#,##0.0",
    "degrees": "0.000000",
}
_COLUMNS = {
    **dict.fromkeys(("people", "covered_people", "covered_need", "need", "load", "capacity", "hubs"), "count"),
    **dict.fromkeys(("people covered", "need covered", "new hubs", "sites"), "count"),
    **dict.fromkeys(("covered_share", "utilisation", "share of need", "floor"), "share"),
    **dict.fromkeys(("distance_km", "nearest_km", "distance_minutes", "nearest_minutes"), "way"),
    **dict.fromkeys(("cost", "budget", "cost per person"), "money"),
    **dict.fromkeys(("lon", "lat"), "degrees"),
}
"""The kind of number in the columns that are ours; a site file's own stay as they are."""


def write_workbook(result: Result, path: Path) -> None:
    """Write the workbook; no text in it acts as a formula or a link, not even when its cell is edited.

    Raises
    ------
    MissingExtraError
        When XlsxWriter is not installed.
    DataError
        When a table is longer than a sheet.
    """
    library = _library()
    tables = {
        "hubs": _table(result.hubs),
        "demand": _table(result.demand),
        "costs": costs(result),
        "groups": groups(result),
        "assumptions": assumptions(result),
    }
    for name, table in tables.items():
        if len(table) > MOST_ROWS:
            allowed = f"at most {MOST_ROWS:,} rows in a sheet of Excel; use {name}.csv"
            raise DataError(Fault(file=path.name, column=name, value=len(table), allowed=allowed))
    with library.Workbook(str(path), {**_OPTIONS, "default_date_format": "yyyy-mm-dd"}) as book:
        created = result.made.replace(tzinfo=None)
        book.set_properties({"title": f"Plan {result.name}", "author": "hubplanner", "created": created})
        formats = _formats(book, result.money)
        for name, table in tables.items():
            _write_sheet(_Worksheet(sheet=book.add_worksheet(name), formats=formats, table=table))


def _library() -> Any:
    try:
        import xlsxwriter  # noqa: PLC0415 - optional
    except ImportError as error:
        message = "an Excel workbook needs an optional part: pip install 'hubplanner[excel]'"
        raise MissingExtraError(message) from error
    return xlsxwriter


def _table(frame: Any) -> pd.DataFrame:
    """Return a layer as a table, longitude and latitude last."""
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(lon=frame.geometry.x.round(DECIMALS), lat=frame.geometry.y.round(DECIMALS))


def money_format(currency: str) -> str:
    """Return Excel's number format for money; a quotation mark in a currency cannot end the text it stands in.

    >>> money_format("PKR"), money_format("")
    ('"PKR" #,##0', '#,##0')
    """
    name = currency.replace('"', "")[:_CURRENCY_LETTERS].rstrip("\\").strip()
    return f'"{name}" #,##0' if name else "#,##0"


def _formats(book: Any, currency: str) -> Mapping[str, Any]:
    kinds = {kind: book.add_format({"num_format": words}) for kind, words in _FORMATS.items()}
    money = book.add_format({"num_format": money_format(currency)})
    # A cell that keeps its apostrophe stays text when someone edits it.
    text = book.add_format({"quote_prefix": True})
    return kinds | {"money": money, "header": book.add_format(_HEADER), "text": text}


@dataclass(frozen=True, kw_only=True)
class _Worksheet:
    """A sheet to fill, the formats of its book, and its table."""

    sheet: Any
    formats: Mapping[str, Any]
    table: pd.DataFrame


def _write_sheet(part: _Worksheet) -> None:
    """Write a table with its header frozen, a filter on each column, and columns as wide as what is in them."""
    sheet, table = part.sheet, part.table
    for column, name in enumerate(map(str, table.columns)):
        sheet.write_string(0, column, name[:LONGEST_CELL], part.formats["header"])
        _write_column(part, column, name)
    sheet.freeze_panes(1, 1)
    if len(table.columns):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_column(part: _Worksheet, column: int, name: str) -> None:
    """Write a column's cells, and make it as wide as its name and first cells need."""
    number = part.formats.get(_COLUMNS.get(name, ""))
    longest = max(len(name), _NARROWEST)
    for row, cell in enumerate(part.table[part.table.columns[column]].tolist(), start=1):
        shown = _write_cell(part, row, column, cell, number)
        longest = max(longest, shown) if row <= _MEASURED else longest
    part.sheet.set_column(column, column, min(longest + 2, _WIDEST))


def _write_cell(part: _Worksheet, row: int, column: int, cell: Any, number: Any) -> int:
    """Write a cell as what it is, and return how wide it shows."""
    sheet = part.sheet
    if cell is None or cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and not math.isfinite(cell)):
        return 0
    if isinstance(cell, bool | np.bool_):
        sheet.write_boolean(row, column, bool(cell))
        return len("FALSE")
    if isinstance(cell, Real) and abs(float(cell)) < _LONGEST_WHOLE:
        sheet.write_number(row, column, float(cell), number)
        return len(f"{float(cell):,.0f}") + (len("PKR 0.00") if number is part.formats["money"] else 3)
    if isinstance(cell, pd.Timestamp):
        cell = cell.isoformat()
    text = str(cell)
    text = text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
    sheet.write_string(row, column, text, part.formats["text"] if text.startswith(FORMULA_STARTS) else None)
    return max(map(len, text.splitlines()), default=0)

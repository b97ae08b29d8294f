"""Sheets of Excel and OpenDocument files to columns of cells."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from hubplanner.errors import DataError, Fault
from hubplanner.extras import absent
from hubplanner.translation import gettext as _, with_advice

_HEAD = 512
_EXACT = 2.0**53
"""Up to here every whole number is a float of its own."""


def read_sheet(path: Path, sheet: str | int | None) -> tuple[list[tuple[int, list[Any]]], list[tuple[int, int, int]]]:
    """Return the rows of a sheet that hold anything, with their numbers, and which cells of a row are merged.

    Parameters
    ----------
    path
        A file .xlsx, .xlsm, .xlsb, .xls or .ods.
    sheet
        Name, or number from 1; the only one with several rows and columns if None, as notes have one column.

    Returns
    -------
    rows
        Number from 1 and cells of each row: text, numbers, true or false, None where there is nothing.
    merged
        Row, first and last column, from 0, of cells that are merged from left to right.

    Raises
    ------
    DataError
        Where the file cannot be read, or has no such sheet, or several and none is named.
    MissingExtraError
        Where python-calamine is not installed.
    """
    try:
        import python_calamine as calamine  # noqa: PLC0415 - optional
    except ImportError as error:
        raise absent(extra="excel", needs=_("Excel and OpenDocument files need")) from error
    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            chosen = _chosen(path, book, sheet)
            cells = chosen.to_python(skip_empty_area=False)
            merged = chosen.merged_cell_ranges or []
    except calamine.PasswordError as error:
        allowed = _("cannot be read: it is locked with a password; save it without one")
        raise DataError(Fault(file=path.name, allowed=allowed)) from error
    except DataError:
        raise
    except (calamine.CalamineError, OSError, ValueError) as error:
        what = str(error).partition("\n")[0][:80]
        way = _("it is text or a web page by another name: open it in a spreadsheet and save it as .xlsx")
        allowed = with_advice(_("cannot be read as a spreadsheet: {what}", what=what), way if _is_text(path) else "")
        raise DataError(Fault(file=path.name, allowed=allowed)) from error
    rows = [(number, [_cell(cell) for cell in row]) for number, row in enumerate(cells, 1)]
    across = [(top + 1, left, right) for (top, left), (_, right) in merged if right > left]
    return [(number, row) for number, row in rows if any(cell is not None for cell in row)], across


def _is_text(path: Path) -> bool:
    """Tell whether a file begins as text does: neither as one of the kinds of workbooks nor with zero bytes."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return not head.startswith((b"PK", b"\xd0\xcf")) and b"\0" not in head


def _chosen(path: Path, book: Any, asked: str | int | None) -> Any:
    """Return the sheet that is asked for, or the only one with several rows and columns, or else the only one."""
    names = list(book.sheet_names)
    if isinstance(asked, int) and 1 <= asked <= len(names):
        return book.get_sheet_by_index(asked - 1)
    if asked in names:
        return book.get_sheet_by_name(asked)
    sheets = [book.get_sheet_by_name(name) for name in names]
    filled = [each for each in sheets if each.end is not None]
    tables = [each for each in filled if each.end[0] > each.start[0] and each.end[1] > each.start[1]]
    tables = tables if len(filled) > 1 else filled
    if asked is None and len(tables) == 1:
        return tables[0]
    known = ", ".join(each.name for each in filled)
    if not filled:
        raise DataError(Fault(file=path.name, allowed=_("has no rows of data")))
    allowed = _("one of {known}", known=known)
    if asked is None:
        allowed = _("is required, such as sheet: {name!r}; {allowed}", name=(tables or filled)[0].name, allowed=allowed)
    choices = tuple(str(each.name) for each in filled)
    raise DataError(Fault(file=path.name, column="sheet", value=asked, allowed=allowed, choices=choices))


def _cell(cell: Any) -> Any:
    """Return a cell as text, number, true or false; None where there is nothing."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return str(cell)
    return cell

"""A table of the report: columns, and cells that know how to be read and how to be sorted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's heading, and whether it holds numbers."""

    name: str
    number: bool = False
    name_of_row: bool = False


@dataclass(frozen=True, kw_only=True)
class HtmlCell:
    """A cell.

    Parameters
    ----------
    text
        As it is read.
    key
        What it is sorted by.
    part
        Share 0 to 1 to draw a bar for; None for none.
    mark
        Share at which the bar bears a mark.
    code
        Whether it is for machines.
    """

    text: str
    key: float | str = ""
    part: float | None = None
    mark: float | None = None
    code: bool = False


@dataclass(frozen=True, kw_only=True)
class HtmlTable:
    """Rows under columns, with a caption."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[HtmlCell, ...], ...]
    sortable: bool = False
    total: tuple[HtmlCell, ...] = field(default=())


def text(words: Any, *, code: bool = False) -> HtmlCell:
    """Return a cell of words, sorted without regard to capitals."""
    return HtmlCell(text=str(words), key=str(words).casefold(), code=code)


def number(value: float | None, words: str, part: float | None = None, mark: float | None = None) -> HtmlCell:
    """Return a cell of a number; unknown ones sort below all others."""
    known = value is not None and math.isfinite(value)
    return HtmlCell(text=words, key=float(value) if known and value is not None else -math.inf, part=part, mark=mark)


def table(caption: str, columns: str, rows: Any, *, sortable: bool = False, total: Any = ()) -> HtmlTable:
    """Return a table whose columns are named in one line: ``#`` before those of numbers, ``*`` before a row's name.

    >>> [column.number for column in table("a", "*name|#people", []).columns]
    [False, True]
    """
    heads = tuple(
        Column(name=word.lstrip("#*"), number=word.startswith("#"), name_of_row=word.startswith("*"))
        for word in columns.split("|")
    )
    return HtmlTable(
        caption=caption, columns=heads, rows=tuple(map(tuple, rows)), sortable=sortable, total=tuple(total)
    )

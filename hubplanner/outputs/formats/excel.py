"""The plan as an Excel workbook: hubs, demand, costs, groups and assumptions, each a sheet with one table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.errors import DataError, Fault
from hubplanner.extras import absent
from hubplanner.outputs.rounding import rounded
from hubplanner.outputs.run_data import Result
from hubplanner.outputs.writers import DECIMALS, FORMULA_STARTS
from hubplanner.translation import gettext as _

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
    "share": "0.0 %",
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
            allowed = _(
                "at most {most_rows:,} rows in a sheet of Excel; use {name}.csv", most_rows=MOST_ROWS, name=name
            )
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
        raise absent(extra="excel", needs="an Excel workbook needs") from error
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


_COSTS = ("part", "item", "new hubs", "people covered", "cost", "budget", "cost per person")
_GROUPS = ("group", "value", "people", "people covered", "need", "need covered", "share of need", "floor")
_ASSUMPTIONS = ("part", "item", "value")


def costs(result: Result) -> pd.DataFrame:
    """Return the plan's money as a whole, as it is paid, by tier, by year and by the sites' first group."""
    summary = result.summary
    total, budget, people = summary["cost"]["total"], summary["budget"], result.reached
    years = result.scenario.horizon_years
    rows = [
        _cost("plan", "to build", cost=summary["cost"]["capex"]),
        _cost("plan", f"to run, {years} years", cost=summary["cost"]["opex_present_value"]),
        *([_cost("plan", "to connect", cost=summary["cost"]["backhaul"])] if summary["cost"]["backhaul"] else []),
        *(
            _cost("plan", name, people=one["people"], cost=one["cost"])
            for name, one in summary.get("measures", {}).items()
        ),
        _cost("plan", "saved by closing", cost=0.0 - summary["cost"]["saved"]),
        _cost("plan", "all", hubs=_new(result.hubs), people=people, cost=total, budget=budget),
        *(_cost("paid", f"year {year['year']}", cost=year["paid"]) for year in summary["cost"]["paid"]["by_year"]),
        _cost("paid", "paid in all", cost=summary["cost"]["paid"]["total"]),
        *_costs_by(result, "tier", "tier"),
        *(_year(year) for year in summary["periods"]),
    ]
    for group in result.scenario.sites.groups[:1]:
        rows += _costs_by(result, group, f"site_{group}" if f"site_{group}" in result.hubs else group)
    return pd.DataFrame(rows, columns=list(_COSTS))


def _cost(  # noqa: PLR0913 - one argument a column
    part: str,
    item: str,
    *,
    cost: float,
    hubs: int | None = None,
    people: float | None = None,
    budget: float | None = None,
) -> dict[str, Any]:
    each = cost / people if people else None
    found: dict[str, Any] = {"part": part, "item": item, "new hubs": hubs, "people covered": people, "cost": cost}
    return dict(rounded(found | {"budget": budget, "cost per person": each}))


def _new(hubs: pd.DataFrame) -> int:
    return int(hubs.loc[hubs["status"] != "existing", "hubs"].sum())


def _costs_by(result: Result, part: str, column: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each value of a column of the hubs, the dearest first."""
    if column not in result.hubs:
        return
    hubs = pd.DataFrame(result.hubs.drop(columns="geometry"))
    parts = hubs.groupby(hubs[column].fillna("").astype(str))
    for value, own in sorted(parts, key=lambda found: (-found[1]["cost"].sum(), found[0])):
        people, cost = float(own[result.scenario.column_of_reached].sum()), float(own["cost"].sum())
        yield _cost(part, value, hubs=_new(own), people=people, cost=cost)


def _year(year: dict[str, Any]) -> dict[str, Any]:
    people = year["people"]["reached"]
    row = _cost("year", year["name"], hubs=len(year["opened"]), people=people, cost=year["cost"], budget=year["budget"])
    # People are all that are covered by then, the money is that year's alone.
    return row | {"cost per person": None}


def groups(result: Result) -> pd.DataFrame:
    """Return people, need and cover of each value of each group, and what floors ask for."""
    summary = result.summary
    asked = {(floor["group"], floor["value"], floor["people"]): floor for floor in summary["floors"]}
    rows = []
    for group, values in summary["groups"].items():
        for value, part in values.items():
            floor = asked.pop((group, value, None), None)
            row = (part["people"], part["covered_people"], part["need"], part["covered"], part["share"])
            rows.append((group, value, *row, None if floor is None else floor["share"]))
    blank = (None, None, None, None)
    rows += [("floor", floor["name"], *blank, floor["covered"], floor["share"]) for floor in asked.values()]
    return pd.DataFrame(rows, columns=list(_GROUPS))


def assumptions(result: Result) -> pd.DataFrame:
    """Return the whole question, how sure the answer is, and what it was made from and by."""
    summary, manifest = result.summary, result.manifest
    proof = ("status", "objective", "objective_value", "bound", "gap", "seconds", "ties")
    question = result.scenario.model_dump(mode="json", exclude_none=True, by_alias=True)
    tiers = {tier.pop("name"): tier for tier in question.pop("hubs")}
    rows = [
        *(("question", item, value) for item, value in _flat(question | {"hubs": tiers})),
        *(("proof", item, summary.get(item)) for item in proof),
        *(("data, SHA-256", name, digest) for name, digest in manifest.get("inputs", {}).items()),
        *(("program", name, version) for name, version in manifest.get("versions", {}).items()),
    ]
    return pd.DataFrame(rows, columns=list(_ASSUMPTIONS), dtype=object)


def _flat(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting with its path; of files the name alone, as folders are nobody else's business."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(tree, list) and all(isinstance(value, str | int | float) for value in tree):
        if tree:
            yield name, ", ".join(map(str, tree))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _flat(value, f"{name}.{number}")
    else:
        is_path = isinstance(tree, str) and name.rpartition(".")[2] == "path"
        yield name, PureWindowsPath(tree).name if is_path else tree

"""Tables of any format, read plainly and by code of its own, and their cells as the scenario says they are written."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.formats.layer import in_plane
from hubplanner.formats.table_formats import format_of
from hubplanner.formats.tables.duckdb_table import read_duckdb
from hubplanner.formats.tables.excel import read_sheet
from hubplanner.formats.tables.json_table import kind_of_json, read_json_table
from hubplanner.formats.tables.parquet import has_geometry
from hubplanner.formats.tables.place_cells import read_place_cells
from hubplanner.formats.tables.postgis import plain_cell, query_of, read_cells
from hubplanner.scenario.data_spec import FileSpec, TableSpec

NOTHING = re.compile(r"|n\.?/?a\.?|#n/a|nan|null|none|nil|-{1,2}|[\u2013\u2014\u2026]|\.{1,3}", re.IGNORECASE)
"""What cells say that are missing."""
TOTAL = re.compile(
    r"((grand|overall|sub)[ -]?)?totals?( g[eé]n[eé]ral)?|totaux|total(es)? generale?s?|(ins)?gesamt|summe|somme|suma|"
    r"итого|всего|jumla|الإجمالي|المجموع|کل تعداد",
    re.IGNORECASE,
)


def read_text(path: Path, spec: FileSpec) -> pd.DataFrame:
    """Return a CSV file's cells as stripped text, without rows that are blank."""
    data = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
    own = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = data.decode(spec.encoding or own)
    lines = text.splitlines(keepends=True)
    above = len(lines)
    lines = lines[spec.skip_rows or 0 :]
    while lines and not lines[0].strip(" \t\r\n,;|"):
        del lines[0]
    told = re.fullmatch(r'"?sep=(.?)"?[,;\t|]*\s*', lines[0], re.IGNORECASE) if lines else None
    lines = lines[1:] if told else lines
    above -= len(lines)
    bare = re.sub(r'"[^"]*"', "", lines[0]) if lines else ""
    mark = told.group(1) if told and told.group(1) else max(",;\t|", key=bare.count)
    reader = csv.reader(io.StringIO("".join(lines), newline=""), skipinitialspace=True, delimiter=mark)
    numbered, line = [], above + 1
    for cells in reader:
        numbered.append((line, [cell.strip() for cell in cells]))
        line = above + reader.line_num + 1
    filled = [(number, row) for number, row in numbered if any(row)]
    every = [row for _, row in filled]
    header, rest = (list(spec.header), every) if spec.header else _headed(every, spec.header_rows or 1)
    numbers = [number for number, _ in filled[len(filled) - len(rest) :]]
    plain = pd.DataFrame(rest, columns=header, dtype=str, index=numbers)
    return _named(plain, header, [row for _, row in filled[: len(filled) - len(rest)]])


def _headed(rows: list[list[Any]], count: int) -> tuple[list[str], list[list[Any]]]:
    """Return the names of columns, each of its cells above one another, and the rows below."""
    head, width = rows[:count], max(map(len, rows[:count]))
    cells = [[("" if cell is None else str(cell)) for cell in row] + [""] * (width - len(row)) for row in head]
    for row in cells[:-1]:
        for at in range(1, width):
            below = any(other[at] for other in cells)
            row[at] = row[at] or (row[at - 1] if below else "")
    return [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*cells, strict=True)], rows[count:]


def _named(plain: pd.DataFrame, header: list[str], head: list[list[Any]]) -> pd.DataFrame:
    """Return the columns that have a name, with a note of other names: cells of the header that stand in it once."""
    kept = plain[[name for name in header if name]].copy()
    held = [(str(cell), at) for row in head for at, cell in enumerate(row) if cell not in {None, ""}]
    every = [cell for cell, _ in held]
    kept.attrs["other names"] = {cell: header[at] for cell, at in held if every.count(cell) == 1} if head[1:] else {}
    return kept


def read_spreadsheet(path: Path, spec: FileSpec) -> pd.DataFrame:
    """Return a sheet's cells."""
    every, _ = read_sheet(path, spec.sheet)
    rows = [(number, row) for number, row in every if number > (spec.skip_rows or 0)]
    header, rest = _headed([row for _, row in rows], spec.header_rows or 1)
    numbers = [number for number, _ in rows[len(rows) - len(rest) :]]
    plain = pd.DataFrame([row[: len(header)] for row in rest], columns=header, dtype=object, index=numbers)
    return _named(plain, header, [row for _, row in rows[: len(rows) - len(rest)]])


def has_columns_only(path: Path) -> bool:
    """Tell whether a JSON or Parquet file is a table."""
    return not has_geometry(path) if format_of(path).name == "Parquet" else kind_of_json(path) == "table"


def _database(path: Path, spec: FileSpec) -> pd.DataFrame:
    """Return a table's cells."""
    header, rows = read_duckdb(path, spec.layer)
    plain = pd.DataFrame(rows, columns=header, dtype=object)
    return plain.map(lambda cell: float(cell) if isinstance(cell, Decimal) else cell)


def postgis_cells(spec: FileSpec) -> tuple[pd.DataFrame, str | None]:
    """Return a database's cells, and which column holds places, as text of well-known binary."""
    columns, rows = read_cells(spec.path, query_of(spec.table, spec.sql), spec.file_name)
    cells = [[plain_cell(cell) for cell in row] for row in rows]
    plain = pd.DataFrame(cells, columns=[name for name, _ in columns], dtype=object)
    return plain, next((name for name, is_place in columns if is_place), None)


ROW = "\0row"
"""Column of the numbers of rows, where no other column names them."""
PLAIN: dict[str, Callable[[Path, FileSpec], pd.DataFrame]] = {
    "CSV": read_text,
    "Excel": read_spreadsheet,
    "JSON": lambda path, _: from_one(pd.DataFrame(read_json_table(path))),
    "DuckDB": lambda path, spec: from_one(_database(path, spec)),
    "PostGIS": lambda _, spec: from_one(postgis_cells(spec)[0]),
    "Parquet": lambda path, _: from_one(pd.read_parquet(path)),
    "GeoParquet": lambda path, _: from_one(pd.read_parquet(path)),
}
"""How the columns of a file of each format are read, whatever else it holds, by number of row."""


def from_one(frame: Any) -> Any:
    """Return rows that are numbered from 1."""
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1))


def placed(plain: pd.DataFrame, spec: TableSpec, crs: str) -> gpd.GeoDataFrame:
    """Return a table with places from its columns of coordinates, or from the one that holds them."""
    if spec.geometry is None and not (spec.x and spec.y):  # a table that is only joined needs no places
        places: Any = [None] * len(plain)
    elif spec.geometry is None:
        x, y = (as_written(plain[axis], spec).astype(float) for axis in (spec.x, spec.y))
        places = gpd.points_from_xy(x, y)
    else:
        places = in_plane(read_place_cells(spec.geometry.kind, plain[spec.geometry.column])[0])
        plain = plain.drop(columns=spec.geometry.column)
    return gpd.GeoDataFrame(plain.rename(columns={"geometry": "geometry_text"}), geometry=places, crs=crs)


def as_written(column: pd.Series, spec: FileSpec) -> pd.Series:
    """Return a column whose numbers are spelled as computers do."""
    point, mark = spec.decimal or ".", spec.thousands or ""
    if point == "." and not mark:
        return column

    def plain(cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        word = re.sub("[\u00a0\u202f\u2009]", " ", cell).replace("\u2019", "'").strip()
        whole = word.replace(mark, "") if mark else word
        try:
            float(whole.replace(point, "."))
        except ValueError:
            return cell
        return whole.replace(point, ".")

    return column.map(plain)


def mended(frame: gpd.GeoDataFrame, spec: TableSpec, text: set[str]) -> gpd.GeoDataFrame:
    """Return rows with their cells as the scenario says: numbers, per cent, what is missing, which rows are sums.

    Parameters
    ----------
    frame
        The rows.
    spec
        What the scenario says of them.
    text
        Columns of names and ids, whose cells are no numbers.
    """
    own = [str(name) for name in frame.columns if str(name) != frame.geometry.name]
    if spec.total_rows == "drop":
        said = [
            frame[name].map(lambda cell: isinstance(cell, str) and bool(TOTAL.fullmatch(cell.strip().rstrip(" :"))))
            for name in own
        ]
        frame = frame[~np.any(said, axis=0)] if said else frame
    rules = {name: rule for name, rule in (spec.missing or {}).items() if name in frame}
    for name, rule in rules.items():
        if rule == "drop":
            frame = frame[~frame[name].map(_is_nothing)]
    for name in own:
        if name not in text:
            frame = frame.assign(**{name: as_written(frame[name], spec)})
    for name in spec.percent or ():
        if name in frame:
            frame = frame.assign(**{name: in_shares(frame[name])})
    for name, rule in rules.items():
        gaps = frame[name].map(_is_nothing)
        if rule == "drop" or not gaps.any():
            continue
        known = pd.to_numeric(frame[name].mask(gaps), errors="raise").astype(float)
        mean_of = getattr(rule, "mean_of", None)
        if mean_of is None:
            filled = known.fillna(float(str(rule)))
        else:
            filled = known.fillna(known.groupby(frame[mean_of].astype(str).str.strip()).transform("mean"))
        frame = frame.assign(**{name: filled})
    return frame.set_geometry(_sound(frame.geometry))


def in_shares(column: pd.Series) -> pd.Series:
    """Return per cent as shares, NaN where there is nothing."""
    return column.map(lambda cell: np.nan if _is_nothing(cell) else float(str(cell).rstrip("% ")) / 100)


def _is_nothing(cell: Any) -> bool:
    return cell is None or cell is pd.NA or cell != cell or NOTHING.fullmatch(str(cell).strip()) is not None  # noqa: PLR0124 - NaN


def _sound(shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return polygons that cross themselves as the areas they enclose."""
    broken = (shapes.geom_type.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_valid).to_numpy()
    if not broken.any():
        return shapes
    mended = shapes.to_numpy().copy()
    for at in np.flatnonzero(broken):
        parts = [part for part in shapely.get_parts(shapely.make_valid(mended[at])) if part.area > 0]
        mended[at] = shapely.union_all(parts)
    return gpd.GeoSeries(mended, index=shapes.index, crs=shapes.crs)

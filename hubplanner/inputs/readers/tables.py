"""Files of places to frames: one reader a format, every fault noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError

from hubplanner.errors import DataError, DataWarning, Fault
from hubplanner.extras import absent
from hubplanner.formats.layer import in_plane, regular, typed
from hubplanner.formats.read import read_layer
from hubplanner.formats.table_formats import PLACES, TableFormat, advice_on, format_of, suffixes_of
from hubplanner.formats.tables.duckdb_table import read_duckdb
from hubplanner.formats.tables.excel import read_sheet
from hubplanner.formats.tables.json_table import kind_of_json, read_json_table
from hubplanner.formats.tables.parquet import has_geometry
from hubplanner.formats.tables.place_cells import PLACE_CELLS, read_place_cells
from hubplanner.formats.tables.postgis import plain_cell, query_of, read_database
from hubplanner.inputs.readers.cells import PLAIN_CELLS, CellRules
from hubplanner.inputs.readers.csv import CsvLayout, names_of, note_repeated_names, read_csv, unnamed_columns
from hubplanner.io import why_unreadable
from hubplanner.problem import Bools, Ints
from hubplanner.scenario.data_spec import FileSpec, TableSpec
from hubplanner.scenario.names import hint, renamed
from hubplanner.translation import gettext as _, joined, with_advice


@dataclass(frozen=True, kw_only=True, eq=False)
class InputTable:
    """A file's rows as they stand in it.

    Parameters
    ----------
    name
        The file's name, for messages.
    frame
        The rows; text for every column of a CSV file.
    first_row
        Added to the frame's index to number rows as a user does: 0 where the index counts a CSV file's lines, else 1.
    crs
        Of the geometry; None for a table without.
    named
        Whether the file itself names that system.
    warnings
        What was found while reading that may be a mistake; readers and checks add to it.
    cells
        How its cells are written.
    also
        Other names of columns, such as a line of a header of several.
    lost
        Columns that a faulty join was to bring: what is wrong is told there.
    """

    name: str
    frame: pd.DataFrame
    first_row: int = 1
    crs: CRS | None = None
    named: bool = False
    warnings: list[DataWarning] = field(default_factory=list)
    cells: CellRules = PLAIN_CELLS
    also: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    def row(self, position: int) -> int:
        """Return the row's number in the file, wherever it stands in a selection."""
        return int(self.frame.index[position]) + self.first_row

    @property
    def rows(self) -> Ints:
        """Number of each row in the file."""
        return np.asarray(self.frame.index, dtype=np.intp) + self.first_row

    def lacks(self, column: str) -> Fault:
        """Return what to say where a column is not there: those that are, and which of them may be meant."""
        known = [str(name) for name in self.frame.columns if name != "geometry"]
        allowed = _("is missing; the file's columns are {known}", known=joined(known, ", "))
        return Fault(file=self.name, column=column, allowed=with_advice(allowed, hint(column, known)))


def as_named(table: InputTable | None, wanted: Iterable[str]) -> InputTable | None:
    """Return a table whose columns are spelled as they are asked for, however the file spells them."""
    if table is None:
        return None
    wanted = set(wanted)
    lacking = wanted - set(table.frame.columns)
    names = {table.also[name]: name for name in lacking & set(table.also) if table.also[name] not in wanted}
    names |= renamed(
        (name for name in map(str, table.frame.columns) if name != "geometry"), wanted - set(names.values())
    )
    return replace(table, frame=table.frame.rename(columns=names)) if names else table


def read_table(spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    """Return the table of a demand or site section; None, with faults noted, when it cannot be read."""
    path = Path(spec.path)
    if not spec.is_database and not can_read(path, PLACES, faults):
        return None
    try:
        table = READERS[format_of(path).name](path, spec, faults)
    except DataError as error:
        faults.extend(error.faults)
        return None
    if table is not None:
        table = replace(table, frame=table.frame[~_blank_rows(table.frame)], cells=CellRules.of(spec))
        if table.frame.empty:
            faults.append(Fault(file=table.name, allowed=_("has no rows of data")))
            return None
    return table


def _blank_rows(frame: pd.DataFrame) -> Bools:
    """Tell which rows say nothing at all: no cell, no place."""
    blank = np.ones(len(frame), dtype=np.bool_)
    for name in frame.columns:
        if not blank.any():
            break
        cells = frame[name]
        nothing = cells.isna() | (cells == "") if name != "geometry" else cells.isna() | cells.is_empty
        blank &= nothing.to_numpy(dtype=np.bool_)
    return blank


def can_read(path: Path, formats: tuple[TableFormat, ...], faults: list[Fault]) -> bool:
    """Tell whether a path is a file that opens, of one of these formats, and holds something; note why not."""
    before = len(faults)
    if format_of(path) not in formats:
        allowed = _("a file name ending in one of {names}", names=joined(suffixes_of(formats), ", "))
        allowed = with_advice(allowed, advice_on(path))
        faults.append(Fault(file=path.name, value=path.suffix or path.name, allowed=allowed))
    try:
        if format_of(path).folder and path.is_dir():
            for part in (part for part in path.rglob("*") if not part.is_dir()):
                regular(part)
            return len(faults) == before
        regular(path)
        with path.open("rb") as file:
            if not file.read(1):
                faults.append(Fault(file=path.name, allowed=_("is empty")))
    except DataError as error:
        faults.extend(error.faults)
    except OSError as error:
        faults.append(Fault(file=str(path), allowed=why_unreadable(path, error)))
    return len(faults) == before


_LONGEST_NAME, _DEGREES = 80, 4326


def parse_crs(name: object, file: str, faults: list[Fault]) -> CRS | None:
    """Return a coordinate reference system; None, with a fault noted, when it is unknown or has no places on a map."""
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        crs = None
    if crs is not None and _GRIDS.search(crs.to_wkt()):
        allowed = _("a system that names no file of grids, which would have to be opened; name it by its EPSG code")
        faults.append(Fault(file=file, column="crs", value=crs.name, allowed=allowed, kind="crs"))
        return None
    if crs is not None and (crs.is_geographic or crs.is_projected):
        return crs
    allowed = _("a known geographic or projected coordinate reference system, such as EPSG:4326")
    value = str(name)[:_LONGEST_NAME]
    faults.append(Fault(file=file, column="crs", value=value, allowed=allowed, kind="crs"))
    return None


_GRIDS = re.compile("grids|PARAMETERFILE", re.IGNORECASE)
"""What a system says before the name of a file."""


def settled_crs(own: object, asked: str | None, file: str, faults: list[Fault], *, assumed: bool = False) -> CRS | None:
    """Return the system that a file names or, where it names none, the scenario does; None with a fault noted.

    Parameters
    ----------
    own
        System that the file names; None without one.
    asked
        The scenario's key ``crs``.
    file
        Name, for messages.
    faults
        Gets what is wrong.
    assumed
        Whether ``own`` is what the format takes for granted, so that the key stands above it.
    """
    if own is None and asked is None:
        allowed = _("is missing; name it with the key crs, such as crs: EPSG:32642, or save the file with its system")
        faults.append(Fault(file=file, column="crs", allowed=allowed, kind="crs"))
        return None
    if asked is None or own is None or assumed:
        return parse_crs(own if asked is None else asked, file, faults)
    crs, wanted = parse_crs(own, file, faults), parse_crs(asked, file, faults)
    if crs is None or wanted is None:
        return None
    code = crs.to_epsg()
    if not crs.equals(wanted, ignore_axis_order=True) and (code is None or code != wanted.to_epsg()):
        allowed = _("{name}, which the file names itself; leave the key crs out", name=crs.name)
        faults.append(Fault(file=file, column="crs", value=asked, allowed=allowed, kind="crs"))
        return None
    return crs


def csv_layout(spec: FileSpec) -> CsvLayout:
    """Return what a section of the scenario says of how a CSV file is laid out."""
    return CsvLayout(
        encoding=spec.encoding,
        skip_rows=spec.skip_rows or 0,
        header_rows=spec.header_rows or 1,
        names=spec.header or (),
    )


def _csv(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    warnings: list[DataWarning] = []
    found = read_csv(path, faults, csv_layout(spec), warnings)
    if found is None:
        return None
    table = InputTable(name=path.name, frame=found.frame, first_row=0, warnings=warnings, also=found.also)
    return _with_geometry(table, spec, faults)


def _excel(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    table = excel_table(path, spec, faults)
    return None if table is None else _with_geometry(table, spec, faults)


def excel_table(path: Path, spec: FileSpec, faults: list[Fault]) -> InputTable | None:
    """Return a sheet's rows by their numbers in it; None, with faults noted, when its header cannot be used."""
    before, count = len(faults), spec.header_rows or 1
    every, merged = read_sheet(path, spec.sheet)
    rows = [(number, row) for number, row in every if number > (spec.skip_rows or 0)]
    if len(rows) <= count:
        faults.append(Fault(file=path.name, allowed=_("has no rows of data")))
        return None
    lines = [["" if cell is None else str(cell) for cell in row] for _, row in rows[:count]]
    for place, (number, _row) in enumerate(rows[:count]):
        for _at, left, right in (part for part in merged if part[0] == number):
            lines[place][left : right + 1] = [lines[place][left]] * (right + 1 - left)
    header, also = names_of(lines)
    line = rows[0][0]
    wide = next(((number, row) for number, row in rows[1:] if sum(cell is not None for cell in row) > 1), None)
    if count == 1 and sum(map(bool, lines[0])) == 1 and wide is not None:
        allowed = _(
            "the names of the columns; if they stand in row {row}, add skip_rows: {skipped}",
            row=wide[0],
            skipped=wide[0] - 1,
        )
        faults.append(Fault(file=path.name, row=line, value=lines[0][0] or header[-1], allowed=allowed))
    note_repeated_names(header, path.name, line, faults)
    if len(faults) > before:
        return None
    numbers, cells = [number for number, _ in rows[count:]], [row for _, row in rows[count:]]
    named = {place: name for place, name in enumerate(header) if name}
    blank = {place for row in cells for place, cell in enumerate(row) if cell is not None and place not in named}
    columns = {name: plain_cells([row[place] for row in cells]) for place, name in named.items()}
    frame = pd.DataFrame(columns, index=pd.Index(numbers))
    warnings = unnamed_columns(path, blank)
    return InputTable(name=path.name, frame=frame, first_row=0, warnings=warnings, also=also)


def plain_cells(cells: list[Any]) -> np.ndarray[Any, Any]:
    """Return cells as one kind where they are, else each as it is: a column may mix numbers and text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    mixed = str in kinds and bool(kinds & {int, float})
    return np.array([*cells, None], dtype=object)[:-1] if mixed else typed(cells).to_numpy()


def _json(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    if kind_of_json(path) != "table":
        return _vector(path, spec, faults) if _names_no_place(path, spec, faults) else None
    frame = pd.DataFrame(read_json_table(path))
    return _with_geometry(InputTable(name=path.name, frame=frame), spec, faults)


def _names_no_place(path: Path, spec: TableSpec, faults: list[Fault]) -> bool:
    """Tell whether no key says where the rows of a file are that says so itself; note the one that does."""
    named = spec.x or spec.y or spec.geometry
    if named:
        allowed = _("none for a file that carries its own geometry")
        faults.append(Fault(file=path.name, column="x, y" if spec.x or spec.y else "geometry", allowed=allowed))
    return not named


def _with_geometry(table: InputTable, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    """Return a table with the system of its coordinates, and with places where a column holds them."""
    before = len(faults)
    crs = parse_crs(spec.crs or "EPSG:4326", table.name, faults)
    table = replace(table, crs=crs)
    if spec.geometry is None:
        return table
    kind, own = spec.geometry.kind, spec.geometry.column
    if kind != "wkt" and spec.crs is not None and crs is not None and crs.to_epsg() != _DEGREES:
        allowed = _("EPSG:4326 with {kind}; leave it out", kind=kind)
        faults.append(Fault(file=table.name, column="crs", value=spec.crs, allowed=allowed, kind="crs"))
    named = as_named(table, [own])
    if named is None or own not in named.frame.columns:
        faults.append(table.lacks(own))
        return None
    cells = named.frame[own]
    shapes, wrong = read_place_cells(kind, cells)
    for position in np.flatnonzero(wrong).tolist():
        value = str(cells.iloc[position])[:_LONGEST_NAME]
        faults.append(
            Fault(file=table.name, row=named.row(position), column=own, value=value, allowed=PLACE_CELLS[kind])
        )
    if len(faults) > before:
        return None
    rest = named.frame.drop(columns=own).rename(columns={"geometry": "geometry_text"})
    return replace(named, frame=gpd.GeoDataFrame(rest, geometry=in_plane(shapes), crs=crs))


def _vector(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    layer = read_layer(path, spec.layer, spec.encoding)
    if layer.frame.empty and not len(layer.frame):
        return InputTable(name=path.name, frame=layer.frame)
    crs = settled_crs(layer.crs, spec.crs, path.name, faults, assumed=layer.assumed)
    frame = layer.frame if crs is None else layer.frame.set_crs(crs)
    return InputTable(name=path.name, frame=frame, crs=crs, named=not layer.assumed and layer.crs is not None)


def _duckdb(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    header, rows = read_duckdb(path, spec.layer)
    columns = {name: plain_cells([_number(row[place]) for row in rows]) for place, name in enumerate(header)}
    return _with_geometry(InputTable(name=path.name, frame=pd.DataFrame(columns)), spec, faults)


def _postgis(_path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    found, place = read_database(spec.path, query_of(spec.table, spec.sql), spec.file_name)
    names = [str(name) for name, kind in found.dtypes.items() if kind.kind in "OmM"]
    columns = found.assign(
        **{name: plain_cells([plain_cell(cell) for cell in found[name]]) for name in names if name != place}
    )
    if place is None:
        return _with_geometry(InputTable(name=spec.file_name, frame=pd.DataFrame(columns)), spec, faults)
    if found.empty:
        return InputTable(name=spec.file_name, frame=found)
    if spec.x or spec.y or spec.geometry:
        allowed = _("none beside {place}, where the table's own places are", place=place)
        key = "x, y" if spec.x or spec.y else "geometry"
        faults.append(Fault(file=spec.file_name, column=key, allowed=allowed))
        return None
    crs = settled_crs(found.crs, spec.crs, spec.file_name, faults)
    rest = pd.DataFrame(columns).drop(columns=place).rename(columns={"geometry": "geometry_text"})
    places = gpd.GeoDataFrame(rest, geometry=in_plane(found[place].array), crs=crs)
    return InputTable(name=spec.file_name, frame=places, crs=crs, named=found.crs is not None)


def _number(cell: Any) -> Any:
    """Return a decimal as the number it is."""
    return float(cell) if isinstance(cell, Decimal) else cell


def _parquet(path: Path, spec: TableSpec, faults: list[Fault]) -> InputTable | None:
    frame = read_parquet(path, lambda place: (gpd if has_geometry(place) else pd).read_parquet(place), faults)
    if frame is None:
        return None
    if not isinstance(frame, gpd.GeoDataFrame):
        return _with_geometry(InputTable(name=path.name, frame=frame), spec, faults)
    if not _names_no_place(path, spec, faults):
        return None
    if frame.active_geometry_name is None:
        faults.append(Fault(file=path.name, allowed=_("has no geometry; a layer of places is needed")))
        return None
    crs = settled_crs(frame.crs, spec.crs, path.name, faults)
    columns = frame.select_dtypes(exclude="geometry").rename(columns={"geometry": "geometry_text"})
    places = gpd.GeoDataFrame(columns, geometry=in_plane(frame.geometry.array), crs=crs)
    return InputTable(name=path.name, frame=places, crs=crs, named=frame.crs is not None)


def read_parquet(path: Path, reader: Callable[[Path], pd.DataFrame], faults: list[Fault]) -> pd.DataFrame | None:
    """Return a Parquet file's rows; None, with a fault noted, when it cannot be read."""
    require_pyarrow()
    try:
        frame = reader(path).reset_index(drop=True)
        # Folders' names come as categories.
        return frame.assign(**{str(name): np.asarray(frame[name]) for name in frame.select_dtypes("category")})
    except UNREADABLE as error:
        faults.append(unreadable(path, _("a Parquet file"), error))
        return None


UNREADABLE = (
    *(ValueError, OSError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError, ArithmeticError),
    *(MemoryError, RecursionError, AssertionError, ShapelyError, CRSError),
)
"""What libraries raise of files that are not what they say: they were written for sound ones."""


def unreadable(path: Path, kind: str, error: BaseException) -> Fault:
    """Return what a library says of a file, or that it is gone since it was first looked at."""
    if not path.exists():
        return Fault(file=str(path), allowed=_("cannot be read: No such file or directory"))
    return Fault(file=path.name, allowed=_("cannot be read as {kind}: {brief}", kind=kind, brief=brief(error)))


def brief(error: BaseException) -> str:
    """Return a library's complaint without its advice to programmers."""
    return str(error).partition("\n")[0].partition(".;")[0] or type(error).__name__


def require_pyarrow() -> None:
    """Raise when the optional part that reads Parquet is missing."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
    except ImportError as error:
        raise absent(extra="parquet", needs=_("Parquet files need")) from error
    del pa


READERS: dict[str, Callable[[Path, TableSpec, list[Fault]], InputTable | None]] = {
    "CSV": _csv,
    "Excel": _excel,
    "GeoJSON": _vector,
    "JSON": _json,
    "TopoJSON": _vector,
    "GeoPackage": _vector,
    "Shapefile": _vector,
    "KML": _vector,
    "FlatGeobuf": _vector,
    "geodatabase": _vector,
    "archive": _vector,
    "DuckDB": _duckdb,
    "PostGIS": _postgis,
    "Parquet": _parquet,
    "GeoParquet": _parquet,
}
"""How a file of each format becomes a table."""

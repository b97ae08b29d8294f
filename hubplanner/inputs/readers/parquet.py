"""Tables of demand points in parts, so that no file has to fit into memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from hubplanner.errors import Fault
from hubplanner.formats.layer import in_plane
from hubplanner.formats.tables.parquet import parquet_dataset
from hubplanner.inputs.readers.cells import CellRules
from hubplanner.inputs.readers.columns import Checker
from hubplanner.inputs.readers.csv import CsvPart, csv_parts, unnamed_columns
from hubplanner.inputs.readers.tables import (
    UNREADABLE,
    InputTable,
    csv_layout,
    parse_crs,
    require_pyarrow,
    settled_crs,
    unreadable,
)
from hubplanner.problem import Bools, Floats
from hubplanner.scenario.data_spec import DemandSpec, FileSpec
from hubplanner.scenario.names import renamed
from hubplanner.translation import gettext as _

ROWS = 250_000
"""Rows of a Parquet file that are looked at together."""

_POINT = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
"""A point in well-known binary."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Geometry:
    """Places of some rows.

    Parameters
    ----------
    places
        (k, 2) coordinates, NaN where there is no point.
    shapes
        (k,) what there is, for messages; None where all are points or blank.
    """

    places: Floats
    shapes: Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Some rows of a table.

    Parameters
    ----------
    table
        The rows, numbers as numbers where the file has nothing else.
    exact
        Returns the same rows as they are written, for messages.
    geometry
        Places; None where columns hold the coordinates.
    """

    table: InputTable
    exact: Callable[[], InputTable]
    geometry: Geometry | None = None


def csv_table_parts(
    path: Path, columns: Collection[str], numbers: Collection[str], faults: list[Fault], spec: FileSpec
) -> Iterator[Part]:
    """Yield a CSV file in parts; note what is malformed, and columns it does not have."""
    rules = CellRules.of(spec)
    numbers = numbers if rules.is_plain else ()
    layout = csv_layout(spec)
    for plain in csv_parts(path, faults, layout):
        lacking = set(columns) - set(plain.header)
        also = {plain.also[name]: name for name in lacking & set(plain.also) if plain.also[name] not in columns}
        names = renamed(plain.header, columns) | also
        part = replace(plain, header=[names.get(name, name) for name in plain.header])
        if _lacks(path, part.header, columns, faults):
            return
        yield _csv_part(path, part, columns, numbers, rules)


def _csv_part(path: Path, part: CsvPart, columns: Collection[str], numbers: Collection[str], rules: CellRules) -> Part:
    def exact() -> InputTable:
        return InputTable(name=path.name, frame=part.frame(columns), first_row=0, cells=rules)

    warnings = unnamed_columns(path, part.unnamed())
    frame = part.frame(columns, numbers)
    table = InputTable(name=path.name, frame=frame, first_row=0, warnings=warnings, cells=rules)
    return Part(table=table, exact=exact)


def _lacks(path: Path, header: list[str], columns: Collection[str], faults: list[Fault]) -> bool:
    """Tell whether a file lacks a column; note each that it does."""
    before = len(faults)
    table = InputTable(name=path.name, frame=pd.DataFrame(columns=[name for name in header if name]))
    for column in sorted(columns):
        Checker(table=table, faults=faults).column(column)
    return len(faults) > before


@dataclass(frozen=True, kw_only=True)
class ParquetLayout:
    """What a Parquet file says of itself.

    Parameters
    ----------
    header
        The columns' names.
    crs
        System of the places.
    geometry, encoding
        Name of the column of places, and how it holds them; None where two columns hold coordinates.
    crs_named
        Whether the file itself names the system.
    """

    header: list[str]
    crs: CRS
    geometry: str | None = None
    encoding: str = ""
    crs_named: bool = False


def parquet_layout(path: Path, spec: DemandSpec, faults: list[Fault]) -> ParquetLayout | None:
    """Return a Parquet file's layout; None, with faults noted, when it has no places."""
    rows = _opened(path, faults)
    if rows is None:
        return None
    header = list(rows.schema.names)
    if spec.x is not None:
        crs = parse_crs(spec.crs or "EPSG:4326", path.name, faults)
        return None if crs is None else ParquetLayout(header=header, crs=crs)
    name, about = _about_geometry(rows.schema)
    if not name or name not in header:
        allowed = _(
            "has no geometry; save it as GeoParquet, or name its columns of coordinates with demand.x and demand.y"
        )
        faults.append(Fault(file=path.name, allowed=allowed))
        return None
    own = about.get("crs", "OGC:CRS84")
    crs = settled_crs(own, spec.crs, path.name, faults)
    if crs is None:
        return None
    encoding = str(about.get("encoding", "WKB"))
    return ParquetLayout(header=header, geometry=name, encoding=encoding, crs=crs, crs_named=own is not None)


def _about_geometry(schema: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of the column of places, and what is said of it; nothing where there is none."""
    try:
        geo = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
        name = geo["primary_column"]
        return str(name), dict(geo["columns"][name])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", {}


def _opened(path: Path, faults: list[Fault]) -> Any:
    require_pyarrow()
    try:
        return parquet_dataset(path)
    except UNREADABLE as error:
        faults.append(unreadable(path, _("a Parquet file"), error))
        return None


def parquet_parts(
    path: Path, layout: ParquetLayout, columns: Collection[str], faults: list[Fault], rules: CellRules
) -> Iterator[Part]:
    """Yield a Parquet file in parts; note columns it does not have, and what cannot be read."""
    rows = _opened(path, faults)
    known = [name for name in layout.header if name != layout.geometry]
    names = renamed(known, columns)
    if rows is None or _lacks(path, [names.get(name, name) for name in known], columns, faults):
        return
    own = [*({*columns} - {*names.values()}), *names]
    start, wanted = 0, [*own, *([layout.geometry] if layout.geometry else [])]
    try:
        for batch in rows.to_batches(columns=wanted, batch_size=ROWS, batch_readahead=1, fragment_readahead=1):
            frame = batch.select(own).to_pandas(ignore_metadata=True).rename(columns=names)
            frame.index = pd.RangeIndex(start, start + batch.num_rows)
            start += batch.num_rows
            table = InputTable(name=path.name, frame=frame, cells=rules)
            places = _geometries(batch.column(layout.geometry), layout.encoding) if layout.geometry else None
            yield Part(table=table, exact=lambda table=table: table, geometry=places)  # type: ignore[misc]
    except UNREADABLE as error:
        faults.append(unreadable(path, _("a Parquet file"), error))


def _geometries(column: Any, encoding: str) -> Geometry:
    """Return a column of geometry as coordinates (k, 2), NaN where it holds no point."""
    if encoding != "WKB":
        places = np.column_stack([part.to_numpy(zero_copy_only=False) for part in column.flatten()[:2]])
        return Geometry(places=places.astype(np.float64), shapes=None)
    plain = _plain_points(column)
    if plain is not None:
        return Geometry(places=plain, shapes=None)
    shapes = in_plane(shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore"))
    return Geometry(places=np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]), shapes=shapes)


def _plain_points(column: Any) -> Floats | None:
    """Return the coordinates (k, 2) of points in well-known binary; None where there is anything else."""
    if str(column.type) != "binary" or column.null_count:
        return None
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    if not (np.diff(offsets) == _POINT.itemsize).all():
        return None
    cells = np.frombuffer(column.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]].view(_POINT)
    if not ((cells["order"] == 1) & (cells["kind"] == 1)).all():
        return None
    return np.column_stack([cells["x"], cells["y"]])


def coordinates(geometry: Geometry, kept: Bools, checker: Checker) -> Floats:
    """Return coordinates (k, 2) of the rows that a filter keeps; note each that is not a point."""
    places = geometry.places[kept]
    wrong = ~np.isfinite(places).all(axis=1)
    if wrong.any():
        shapes = np.full(len(places), None) if geometry.shapes is None else geometry.shapes[kept]
        words = pd.Series([_kind(shape) for shape in shapes], dtype=str)
        checker.note("geometry", pd.Series(wrong), words, _("a point in every row; other shapes cannot be merged"))
    return places


def _kind(shape: Any) -> str:
    if shape is None:
        return ""
    return _("an empty point") if shape.geom_type == "Point" else str(shape.geom_type)

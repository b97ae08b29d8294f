"""GeoPackage to a layer: four plain tables of a database are read, and nothing in it is run."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import Layer, check_size, make_layer
from hubplanner.translation import gettext as _, joined

MAGIC = b"SQLite format 3\0"
APPLICATIONS = (b"GPKG", b"GP10", b"GP11", b"\0\0\0\0")
"""Stamps of a GeoPackage; some programs write none."""
_ENVELOPES = (0, 32, 48, 48, 64)
"""Bytes of a geometry's bounds, by code."""
_ROWS = 50_000


def read_geopackage(path: Path, layer: str | None) -> Layer:
    """Return a layer with geometry; raise DataError where there is none, or the database is not whole."""
    try:
        with closing(open_database(path)) as base:
            return _read(base, path, layer)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise unreadable(path, _("the database is damaged ({error})", error=error)) from error


def unreadable(path: Path, what: str) -> DataError:
    """Return what to raise of a file that is not a sound GeoPackage."""
    return DataError(Fault(file=path.name, allowed=_("cannot be read as a GeoPackage: {what}", what=what)))


def open_database(path: Path) -> sqlite3.Connection:
    """Open a GeoPackage for reading what is in the file, and nothing else; raise DataError where it is none."""
    with path.open("rb") as file:
        head = file.read(72)
    if head[: len(MAGIC)] != MAGIC or head[68:72] not in APPLICATIONS:
        raise unreadable(path, _("it does not start like one"))
    for end in ("-wal", "-journal"):
        beside = path.with_name(path.name + end)
        if beside.exists() and beside.stat().st_size:
            raise unreadable(
                path, _("{name} holds changes yet to be saved; close it in the program that has it", name=beside.name)
            )
    base = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(max(path.stat().st_size, 1_000_000), 1_000_000_000))
    base.execute("PRAGMA trusted_schema = OFF")
    base.set_authorizer(_only_reading)
    return base


def _only_reading(action: int, name: str | None, *_: object) -> int:
    """Let rows be read and columns be named: no function, no other database."""
    fine = action in {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}
    named = action == sqlite3.SQLITE_PRAGMA and name == "table_info"
    return sqlite3.SQLITE_OK if fine or named else sqlite3.SQLITE_DENY


def foreign_parts(path: Path) -> list[tuple[str, str]]:
    """Return name and kind of what a database holds beside tables, their indexes and triggers: views, virtual tables.

    None of it runs where the file is read here; another program that opens the file may run it.
    """
    try:
        with closing(open_database(path)) as base:
            rows = base.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise unreadable(path, _("the database is damaged ({error})", error=error)) from error
    return [
        (str(name), _("a view") if kind == "view" else _("a virtual table"))
        for name, kind, sql in rows
        if not _OWN_PARTS.match(str(sql))
    ]


_OWN_PARTS = re.compile(
    r'CREATE (TABLE|INDEX|UNIQUE INDEX|TRIGGER) |CREATE VIRTUAL TABLE (")?rtree_[^"\s]*(?(2)") USING rtree\s*\(',
)
"""Text that the database itself writes of tables, of what keeps them whole, and of the index of places."""


def _read(base: sqlite3.Connection, path: Path, asked: str | None) -> Layer:
    tables = _plain_tables(base)
    for needed in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys"):
        if needed not in tables:
            raise unreadable(path, _("it has no table {needed}", needed=needed))
    layers = {
        table: (column, srs)
        for table, column, srs in base.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns")
    }
    listed = [name for (name,) in base.execute("SELECT table_name FROM gpkg_contents WHERE data_type = 'features'")]
    name = _chosen(path, [layer for layer in listed if layer in layers], asked)
    if name.lower() not in tables:
        raise unreadable(path, _("its layer {name} is not a plain table; export it into a new GeoPackage", name=name))
    column, srs = layers[name]
    cells, shapes = _cells(base, path, name, column)
    return make_layer(path, cells, shapes, _crs(base, srs))


def _plain_tables(base: sqlite3.Connection) -> set[str]:
    """Return the names, in small letters, of tables that hold rows of their own: no view, no virtual table.

    The database itself writes their text with these words in front, whatever the statement that made them.
    """
    rows = base.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return {str(name).lower() for name, sql in rows if str(sql).startswith("CREATE TABLE ")}


def _chosen(path: Path, layers: list[str], asked: str | None) -> str:
    if not layers:
        raise DataError(Fault(file=path.name, allowed=_("has no geometry; a layer of places is needed")))
    if asked is None and len(layers) == 1:
        return layers[0]
    if asked not in layers:
        words = _("one of {layers}", layers=joined(layers, ", "))
        allowed = words if asked else _("holds several layers; set layer to {words}", words=words)
        raise DataError(Fault(file=path.name, column="layer", value=asked, allowed=allowed, choices=tuple(layers)))
    return asked


def _cells(
    base: sqlite3.Connection, path: Path, table: str, geometry: str
) -> tuple[dict[str, list[Any]], np.ndarray[Any, Any]]:
    """Return the cells of a table by column, without its own row numbers, and its geometries."""
    about = base.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    keys = [name for _, name, kind, _, _, key in about if key and str(kind).upper() == "INTEGER"]
    number = keys[0] if len(keys) == sum(bool(row[5]) for row in about) == 1 else None
    columns = {name: str(kind).upper() for _, name, kind, *_ in about if name != number}
    if geometry not in columns:
        raise unreadable(path, _("layer {table} has no column {geometry}", table=table, geometry=geometry))
    cells: dict[str, list[Any]] = {name: [] for name in columns if name != geometry}
    shapes: list[np.ndarray[Any, Any]] = [np.zeros(0, dtype=object)]
    own = next(word for word in ("rowid", "oid", "_rowid_", "") if word not in {name.lower() for name in columns})
    cursor = base.execute(
        f"SELECT {own}, {', '.join(map(_quoted, columns))} FROM {_quoted(table)} NOT INDEXED"  # noqa: S608
    )
    last, count = None, 0
    while rows := cursor.fetchmany(_ROWS):
        count += len(rows)
        check_size(path, count, len(columns))
        for row in rows:
            if last is not None and row[0] <= last:  # pages that point at each other would never end
                raise unreadable(path, _("the database is damaged (its rows are out of order)"))
            last = row[0]
        for name, part in zip(columns, list(zip(*rows, strict=True))[1:], strict=True):
            if name == geometry:
                shapes.append(_shapes(path, part, count - len(rows)))
            else:
                cells[name].extend(part)
    shown = {name: _plain(held, columns[name]) for name, held in cells.items() if _shown(held)}
    return shown, np.concatenate(shapes)


def _shown(cells: list[Any]) -> bool:
    """Tell whether a column holds text and numbers, not pictures."""
    return not any(isinstance(cell, bytes) for cell in cells)


def _plain(cells: list[Any], kind: str) -> list[Any]:
    yes_or_no = kind == "BOOLEAN" and all(cell in {None, 0, 1} for cell in cells)
    return [None if cell is None else bool(cell) for cell in cells] if yes_or_no else cells


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _shapes(path: Path, blobs: Sequence[Any], before: int) -> Any:
    """Return geometries (n,) of rows that follow some before them; raise with the rows that hold none."""
    packed = np.array([*(_wkb(blob) for blob in blobs), None], dtype=object)[:-1]
    shapes = shapely.from_wkb(packed, on_invalid="ignore")
    lost = [
        row for row, (blob, shape) in enumerate(zip(blobs, shapes, strict=True)) if blob is not None and shape is None
    ]
    if lost:
        allowed = _("a geometry as GeoPackage has them: points or polygons of straight lines")
        raise DataError(
            [Fault(file=path.name, row=before + row + 1, column="geometry", allowed=allowed) for row in lost[:100]]
        )
    return shapes


def _wkb(blob: Any) -> bytes | None:
    """Return a geometry's well-known binary; nothing readable where there is none."""
    if not isinstance(blob, bytes):
        return None if blob is None else b""
    flags = blob[3] if len(blob) > 3 else 0xFF  # noqa: PLR2004 - the byte of flags
    envelope, extended = flags >> 1 & 7, flags >> 5 & 1
    if blob[:2] != b"GP" or extended or envelope >= len(_ENVELOPES):
        return b""
    return blob[8 + _ENVELOPES[envelope] :]


def _crs(base: sqlite3.Connection, srs: Any) -> Any:
    """Return a layer's system; None where it is undefined."""
    rows = base.execute(
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs,)
    ).fetchall()
    if not rows or srs in {0, -1}:
        return None
    organization, code, definition = rows[0]
    if re.match(r'(LOCAL_CS|ENGCRS)\["Undefined', str(definition)):
        return None
    if str(organization).upper() != "NONE":
        with suppress(CRSError):  # of a registry that is not at hand: the definition stands beside it
            return CRS.from_authority(str(organization).upper(), code)
    return definition

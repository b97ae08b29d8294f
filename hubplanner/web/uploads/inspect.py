"""A stranger's file to a table that is safe to keep: looked at before a reader opens it, then read as all data are."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from hubplanner.errors import DataError, DataWarning, Fault
from hubplanner.formats.archive import gunzipped
from hubplanner.formats.geopackage import foreign_parts
from hubplanner.formats.table_formats import GZIP, format_of
from hubplanner.inputs.coordinates import MOST_LAT, MOST_LON, WGS84
from hubplanner.inputs.demand.table import read_demand
from hubplanner.inputs.guesses.columns import ColumnGuesses, guess_columns
from hubplanner.inputs.guesses.look import FileLook, KeyGuess, look_at_file, look_at_table
from hubplanner.inputs.readers.raster import check_transform, opened, require_rasterio
from hubplanner.inputs.readers.tables import UNREADABLE, InputTable, read_table, unreadable
from hubplanner.inputs.sites import read_sites
from hubplanner.inputs.warnings import data_warnings
from hubplanner.outputs.writers import write_geojson
from hubplanner.scenario.data_spec import TableSpec
from hubplanner.scenario.scenario import Scenario
from hubplanner.translation import gettext as _
from hubplanner.web.map_data.uploads import preview

PREVIEW_ROWS = 8
MOST_COLUMNS = 200
LONGEST_CELL = 80
MOST_LINES = 10
"""Lines to a row that is taken: blank ones, and cells of several lines."""
MOST_CELLS = 200_000_000
"""Cells of a raster, with people or without."""
MOST_UNPACKED, MOST_PACKED_FILES = 1 << 30, 2000
"""Bytes and files of an archive; spreadsheets are archives too."""
_PART = 1 << 20


@dataclass(kw_only=True, eq=False)
class FileInspection:
    """What an upload holds, and what is wrong with it.

    Parameters
    ----------
    parts, part
        Names of its sheets or layers where there are several, and the one that was looked at.
    in_columns
        Whether its places are in columns that are to be named.
    looks
        What is drawn of each part: name, kind, count, people, evidence of columns, and GeoJSON features.
    kept
        Name, where there are several, and path of each table that was kept.
    found
        The same before it is drawn.
    """

    rows: int = 0
    columns: list[str] = field(default_factory=list)
    guess: dict[str, str | None] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)
    preview: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: tuple[DataWarning, ...] = ()
    parts: list[str] = field(default_factory=list)
    part: str = ""
    in_columns: bool = False
    looks: list[dict[str, Any]] = field(default_factory=list)
    kept: list[tuple[str, Path]] = field(default_factory=list)
    found: list[FileLook] = field(default_factory=list)


def look_at(path: Path, kind: str, kept: Path, most_rows: int, part: str = "") -> FileInspection:
    """Return what a file holds, with the tables that were kept and are safe to read; none where something is wrong.

    Parameters
    ----------
    path
        The file, of one of the kinds taken.
    kind
        ``demand`` or ``sites``; any other to look at the file alone, as it is read with others.
    kept
        Folder for the tables, which is free.
    most_rows
        Rows of a table that are taken.
    part
        Name of one of several sheets or layers; the first that can be read and has several columns if blank.
    """
    if path.suffix.lower() == GZIP:
        try:
            with gunzipped(path, MOST_UNPACKED) as inner:
                return look_at(inner, kind, kept, most_rows, part)
        except DataError as error:
            return FileInspection(faults=list(error.faults))
    look = FileInspection()
    check = _SAFE.get(format_of(path).name)
    if check is not None:
        check(path, most_rows, look.faults)
    if look.faults:
        return look
    try:
        if format_of(path).kind == "raster":
            _look_at_raster(path, kind, look)
        elif kind in {"demand", "sites"}:
            _look_at_part(path, kind, part, most_rows, look)
        else:
            _look_at_all(path, most_rows, look)
        if not look.faults:
            _keep(path, look, kept)
    except DataError as error:
        look.faults += error.faults
    if look.faults:
        shutil.rmtree(kept, ignore_errors=True)
        look.kept = []
    return look


def _look_at_raster(path: Path, kind: str, look: FileInspection) -> None:
    """Note what a raster of people holds, of any number of cells with people: they are merged while they are read."""
    if kind == "sites":
        raise DataError(
            Fault(file=path.name, allowed=_("points or polygons where hubs may stand; a raster holds people"))
        )
    rasterio = require_rasterio()
    try:
        with opened(rasterio, path) as raster:
            cells = raster.width * raster.height
            check_transform(raster, path, look.faults)
    except (rasterio.errors.RasterioError, *UNREADABLE) as error:
        raise DataError(unreadable(path, _("a raster"), error)) from error
    if cells > MOST_CELLS:
        look.faults.append(
            Fault(
                file=path.name,
                value=_("{cells:,} cells", cells=cells),
                allowed=_("at most {most_cells:,}", most_cells=MOST_CELLS),
            )
        )
    if look.faults:
        return
    [found] = look_at_file(path)
    look.rows = found.count
    if found.crs is None:
        allowed = _("is missing; save the raster with its system, as gdal_edit.py -a_srs does")
        look.faults.append(Fault(file=path.name, column="crs", allowed=allowed, kind="crs"))
        return
    look.found.append(found)


def _look_at_part(path: Path, kind: str, part: str, most_rows: int, look: FileInspection) -> None:
    """Note what a table, or a sheet or layer of a file, holds, as the two sections of a scenario read it."""
    table, keys = _read_part(path, part, look)
    if table is None:
        return
    look.in_columns = "geometry" not in table.frame
    if look.in_columns and format_of(path).kind == "either":
        allowed = _("places of its own; drop a table without them together with all other files")
        look.faults.append(Fault(file=path.name, allowed=allowed))
        return
    columns = guess_columns(table)
    found = look_at_table(path, table, [KeyGuess(key=key, value=value, why="") for key, value in keys.items()], columns)
    _note(found, most_rows, look)
    if look.faults:
        return
    faults, warnings = check_columns(path, kind, look.guess, look.reading | keys)
    look.faults += faults
    look.warnings += warnings
    look.reading |= {key: value for key, value in keys.items() if key == "sheet"}


def _read_part(path: Path, part: str, look: FileInspection) -> tuple[InputTable | None, dict[str, str]]:
    """Return a table, and the key that names its sheet or layer: the one asked for, or else the first that can be read.

    One with several columns comes before one with a single column, which holds notes as a rule.
    """
    faults: list[Fault] = []
    table = read_table(TableSpec(path=str(path)), faults)
    several = next((fault for fault in faults if fault.choices), None)
    if several is None:
        look.faults += faults
        return (None if faults else table), {}
    look.parts = list(several.choices)
    notes: tuple[InputTable, dict[str, str]] | None = None
    for name in [part] if part else look.parts:
        keys, faults = {str(several.column): name}, []
        table = read_table(TableSpec.model_validate({"path": str(path), **keys}), faults)
        if table is None or faults:
            continue
        if part or len(table.frame.columns) > 1:
            look.part = name
            return table, keys
        notes = notes or (table, keys)
    if notes is not None:
        [look.part] = notes[1].values()
        return notes
    look.part, look.faults = name, look.faults + faults
    return None, {}


def _look_at_all(path: Path, most_rows: int, look: FileInspection) -> None:
    """Note what every sheet or layer of a file holds, as ``init --from`` reads it."""
    for found in look_at_file(path):
        _note(found, most_rows, look)
        told = [
            _("{key}: {value} is taken, as {why}", key=each.key, value=each.value, why=each.why)
            for each in found.keys
            if each.why
        ]
        look.warnings += tuple(DataWarning(code="guessed", message=message, file=path.name) for message in told)


def _note(found: FileLook, most_rows: int, look: FileInspection) -> None:
    """Note rows, columns and places of a table or layer, the first of several as that of the file."""
    table = found.table
    if table is None:
        raise AssertionError
    frame, name = table.frame, found.path.name
    columns = [str(column) for column in frame.columns if column != "geometry"]
    if len(frame) > most_rows:
        look.faults.append(
            Fault(file=name, value=len(frame), allowed=_("at most {most_rows:,} rows", most_rows=most_rows))
        )
    if len(columns) > MOST_COLUMNS:
        look.faults.append(
            Fault(file=name, value=len(columns), allowed=_("at most {most_columns} columns", most_columns=MOST_COLUMNS))
        )
    if "geometry" in frame and found.crs is None:
        found = _in_degrees(found, look)
    if look.faults:
        return
    if not look.found:
        look.rows, look.columns = len(frame), columns
        rows = frame.head(PREVIEW_ROWS).drop(columns="geometry", errors="ignore")
        look.preview = [_shown(row) for row in rows.to_dict("records")]
        _guess(table, found.columns, look)
    look.found.append(found)


def _in_degrees(found: FileLook, look: FileInspection) -> FileLook:
    """Return the look at places whose file names no system, as degrees where they may be; note it, or a fault."""
    west, south, east, north = found.box or (0.0, 0.0, 0.0, 0.0)
    where = _("{west:.6g} to {east:.6g}, {south:.6g} to {north:.6g}", west=west, east=east, south=south, north=north)
    if max(abs(west), abs(east)) > MOST_LON or max(abs(south), abs(north)) > MOST_LAT:
        allowed = _(
            "is missing, and these are not degrees; save the file with its system, of a Shapefile with its .prj"
        )
        look.faults.append(Fault(file=found.name, column="crs", value=where, allowed=allowed, kind="crs"))
        return found
    message = _("names no coordinate system; its coordinates, {where}, are taken to be degrees (WGS 84)", where=where)
    look.warnings += (DataWarning(code="guessed", message=message, file=found.path.name),)
    return replace(found, crs=CRS(WGS84))


def _shown(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row for a preview, its cells as short texts."""
    return {str(key): "" if pd.isna(cell) else str(cell)[:LONGEST_CELL] for key, cell in row.items()}


def _guess(table: InputTable, found: ColumnGuesses, look: FileInspection) -> None:
    """Note which column is likely to hold what, and how its cells are read; tell what else than a name decided."""
    online = [guess for guess in found.online if guess.key == "connected_share"]
    look.guess = {what: found.column(what) for what in ("id", "x", "y", "people", "name")}
    look.guess["connected_share"] = online[0].column if online else None
    look.reading = dict(found.notation)
    shares = {guess.column: guess.why for guess in online if guess.percent}
    if shares:
        look.reading["percent"] = list(shares)
    told = [_("{column} is taken to be {why}", column=column, why=why) for column, why in shares.items()]
    told += [
        _("numbers are read with {mark!a} as the mark of {key}", mark=mark, key=key)
        for key, mark in found.notation.items()
    ]
    look.warnings += tuple(DataWarning(code="guessed", message=message, file=table.name) for message in told)


def check_columns(
    path: Path, kind: str, columns: dict[str, str | None], reading: dict[str, Any]
) -> tuple[list[Fault], tuple[DataWarning, ...]]:
    """Return faults and warnings of a file read by these columns, as a scenario would; none where too few are known."""
    needed = ("id", "people") if kind == "demand" else ("id",)
    places = ("x", "y") if format_of(path).kind == "table" else ()
    if any(columns.get(what) is None for what in (*needed, *places)):
        return [], ()
    own = {what: columns[what] for what in ("id", "x", "y") if columns.get(what) is not None}
    people = {what: columns[what] for what in ("people", "connected_share") if columns.get(what) is not None}
    plain: dict[str, Any] = {"path": str(path), "id": "id", "people": 0}
    sections = {"demand": plain, "sites": {"path": str(path), "id": "id"}}
    sections[kind] = {"path": str(path), **own, **(people if kind == "demand" else {}), **reading}
    scenario = Scenario.model_validate(
        {"name": "upload", **sections, "hubs": [{"name": "hub", "capex": 0, "reach_km": 1}]}
    )
    faults: list[Fault] = []
    demand = read_demand(scenario, faults) if kind == "demand" else None
    sites = read_sites(scenario, faults) if kind == "sites" else None
    warnings = data_warnings(scenario, demand, sites, None, faults)
    return list(dict.fromkeys(faults)), warnings


def _keep(path: Path, look: FileInspection, kept: Path) -> None:
    """Keep what a reader takes as plain cells as it is, and all else as GeoJSON or CSV written here: nothing runs."""
    look.looks = [preview(found) for found in look.found]
    kept.mkdir(parents=True)
    plain = all(found.table is None or "geometry" not in found.table.frame for found in look.found)
    if plain and format_of(path).name in {"CSV", "Excel", "JSON", "GeoTIFF"}:
        target = kept / f"table{path.suffix.lower()}"
        shutil.copyfile(path, target)
        look.kept = [("", target)]
        return
    for number, found in enumerate(look.found, 1):
        part = next((str(each.value) for each in found.keys if each.key == "layer"), "")
        stem = "table" if number == 1 else f"table-{number}"
        look.kept.append((part if len(look.found) > 1 else "", _write(found, kept / stem)))


def _write(found: FileLook, stem: Path) -> Path:
    """Write the rows of a look as plain text, places in degrees; return where."""
    if found.table is None:
        raise AssertionError
    frame = found.table.frame
    if "geometry" not in frame:
        target = stem.with_suffix(".csv")
        frame.to_csv(target, index=False, encoding="utf-8")
        return target
    for name in frame.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]].drop("geometry"):
        frame[name] = frame[name].map(str, na_action="ignore")
    target = stem.with_suffix(".geojson")
    write_geojson(gpd.GeoDataFrame(frame, geometry="geometry", crs=found.crs).to_crs(WGS84), target)
    return target


def _safe_csv(path: Path, most_rows: int, faults: list[Fault]) -> None:
    """Note a packed file, as a CSV file is text; and one with so many lines that reading them all is a waste."""
    lines = 0
    with path.open("rb") as file:
        start = file.read(4)
        while part := file.read(_PART):
            lines += part.count(b"\n") + part.count(b"\r")
    if start[:2] in {b"PK", b"\x1f\x8b"}:
        faults.append(Fault(file=path.name, allowed=_("a CSV file; this one is packed, so unpack it first")))
    if lines > MOST_LINES * most_rows:
        faults.append(
            Fault(
                file=path.name,
                value=_("{lines:,} lines", lines=lines),
                allowed=_("at most {most_rows:,} rows", most_rows=most_rows),
            )
        )


def _safe_geopackage(path: Path, most_rows: int, faults: list[Fault]) -> None:
    """Note views and virtual tables: a GeoPackage is a database, and these run what they say."""
    del most_rows
    try:
        parts = foreign_parts(path)
    except DataError as error:
        faults.extend(error.faults)
        return
    allowed = _("plain tables; export the layer into a new GeoPackage")
    faults.extend(Fault(file=path.name, column=name, value=what, allowed=allowed) for name, what in parts)


def _safe_archive(path: Path, most_rows: int, faults: list[Fault]) -> None:
    """Note an archive that says it is much larger unpacked; spreadsheets are archives too, but for old ones."""
    del most_rows
    if not zipfile.is_zipfile(path):
        return  # its reader says what it is
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        faults.append(Fault(file=path.name, allowed=_("cannot be unpacked: {error}", error=error)))
        return
    if len(parts) > MOST_PACKED_FILES or sum(part.file_size for part in parts) > MOST_UNPACKED:
        allowed = _(
            "at most {most_files:,} files and {most_bytes:,} bytes unpacked",
            most_files=MOST_PACKED_FILES,
            most_bytes=MOST_UNPACKED,
        )
        faults.append(Fault(file=path.name, allowed=allowed))


_SAFE: dict[str, Callable[[Path, int, list[Fault]], None]] = {
    "CSV": _safe_csv,
    "GeoPackage": _safe_geopackage,
    "Excel": _safe_archive,
    "archive": _safe_archive,
}
"""What a file of a format is looked through for before it is read."""

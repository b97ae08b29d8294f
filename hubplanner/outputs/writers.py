"""Frames to files that GIS programs and spreadsheets open, and names that joins find no partner for, to fill in."""

from __future__ import annotations

import csv
import errno
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyogrio

from hubplanner.errors import ExistsError, FaultyError
from hubplanner.io import write_atomically
from hubplanner.translation import gettext as _

if TYPE_CHECKING:
    import geopandas as gpd

DECIMALS = 6
LITTLE = 1 << 20
"""With fewer bytes left a disk counts as full: what could not be written was larger than what is left."""
_AT_ONCE = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
"""A small plan's GeoPackage takes half the processor time so, and a tenth of the time where the disk is busy."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the start of a formula."""


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoJSON by RFC 7946: WGS 84, six decimals, right-hand rule, cut at the antimeridian, no crs member."""
    with gdal_writes(path):
        frame.to_file(path, driver="GeoJSON", RFC7946="YES", COORDINATE_PRECISION=str(DECIMALS), WRITE_NAME="NO")
        _check_end(path)


def write_geopackage(layers: dict[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write each frame as a layer of one GeoPackage."""
    with gdal_writes(path):
        for number, (name, frame) in enumerate(layers.items()):
            frame.to_file(path, driver="GPKG", layer=name, mode="a" if number else "w")
        check_geopackage(path, {name: len(frame) for name, frame in layers.items()})


@contextmanager
def gdal_writes(path: Path) -> Iterator[None]:
    """Turn GDAL's complaints about writing a file, which keep the system's reason to themselves, into an `OSError`.

    Meanwhile SQLite does not wait for the disk at every step: `hubplanner.io` does so once a file is whole.
    """
    pyogrio.set_gdal_config_options(_AT_ONCE)
    try:
        yield
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, sqlite3.Error) as error:
        if shutil.disk_usage(path.parent).free < LITTLE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise OSError(errno.EIO, f"{path.name}: {error}", str(path)) from error
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_AT_ONCE))


def _check_end(path: Path) -> None:
    """Raise where a GeoJSON file lacks its end, whose writing GDAL does not look at."""
    with path.open("rb") as file:
        file.seek(-min(64, path.stat().st_size), os.SEEK_END)
        if not re.search(rb"\]\s*\}\s*$", file.read()):
            raise OSError(errno.ENOSPC, f"{path.name} was cut short, as on a full disk", str(path))


def check_geopackage(path: Path, rows: Mapping[str, int]) -> None:
    """Raise where a GeoPackage is damaged, or does not hold as many rows a layer as were written."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
        (state,) = file.execute("PRAGMA quick_check(1)").fetchone()
        found = {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in rows}  # noqa: S608
    if state != "ok" or found != rows:
        raise sqlite3.DatabaseError(f"{found} rows are in it, {dict(rows)} were written, {state}")  # noqa: TRY003, EM102


def write_csv(frame: gpd.GeoDataFrame, path: Path, *, points: bool = True) -> None:
    """Write a layer as a table that Excel reads, with lon and lat of points."""
    table = pd.DataFrame(frame.drop(columns="geometry"))
    if points:
        table["lon"], table["lat"] = frame.geometry.x.round(DECIMALS), frame.geometry.y.round(DECIMALS)
    write_table(table, path)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table that Excel reads: UTF-8 with signature, no cell that acts as a formula."""
    shown = table.copy()
    for name in shown.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in shown.dtypes]]:
        shown[name] = shown[name].map(harmless, na_action="ignore")
    shown.columns = [str(harmless(name)) for name in shown.columns]
    shown.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet runs as a formula: text that starts like one gets an apostrophe in front.

    >>> harmless("=1+1"), harmless(-3), harmless("Lahore")
    ("'=1+1", -3, 'Lahore')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


Lacking = tuple[str, str, tuple[str, ...]]
"""Key of a join, a value that has no partner, and the nearest ones of the other file."""


def check_aliases_file(path: Path) -> None:
    """Raise where aliases may not be written: under another name than a CSV file's, or over a file.

    Raises
    ------
    FaultyError, ExistsError
        With what to do instead.
    """
    if path.suffix.lower() != ".csv":
        message = _("--write-aliases {path}: a file ending in .csv, as aliases are read from", path=path)
        raise FaultyError(message)
    if path.exists():
        message = _(
            "{path}: already exists and may hold names filled in; name another file for --write-aliases", path=path
        )
        raise ExistsError(message)


def write_aliases(lacking: Sequence[Lacking], path: Path) -> None:
    """Write a row for each value: the value here, a blank for the value there, the nearest ones and the join.

    Its first two columns are what ``aliases`` reads, so that nothing is taken that nobody chose.
    """

    def write(aside: Path) -> None:
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["here", "there", "near", "join"])
            rows.writerows([harmless(value), "", harmless(" | ".join(near)), key] for key, value, near in lacking)

    write_atomically(path.absolute(), write)

"""Frames to files that GIS programs and spreadsheets open."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING

import pandas as pd

from hubplanner.errors import UnwritableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

DECIMALS = 6
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the start of a formula."""


def write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoJSON by RFC 7946: WGS 84, six decimals, right-hand rule, cut at the antimeridian, no crs member."""
    frame.to_file(path, driver="GeoJSON", RFC7946="YES", COORDINATE_PRECISION=str(DECIMALS), WRITE_NAME="NO")


def write_geopackage(layers: dict[str, gpd.GeoDataFrame], path: Path) -> None:
    """Write each frame as a layer of one GeoPackage."""
    for number, (name, frame) in enumerate(layers.items()):
        frame.to_file(path, driver="GPKG", layer=name, mode="a" if number else "w")


def write_csv(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a table that Excel reads: UTF-8 with signature, lon and lat for points, no cell that acts as a formula."""
    table = pd.DataFrame(frame.drop(columns="geometry"))
    table["lon"], table["lat"] = frame.geometry.x.round(DECIMALS), frame.geometry.y.round(DECIMALS)
    for name in table.columns[[not pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]]:
        table[name] = table[name].map(harmless, na_action="ignore")
    table.columns = [harmless(name) for name in table.columns]
    table.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet runs as a formula: text that starts like one gets an apostrophe in front.

    >>> harmless("=1+1"), harmless(-3), harmless("Lahore")
    ("'=1+1", -3, 'Lahore')
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, then move it there, so that readers find the old one or the new one, whole.

    Raises
    ------
    UnwritableError
        When the system refuses.
    """
    aside = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        write(aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise UnwritableError(path, error) from error
    finally:
        aside.unlink(missing_ok=True)

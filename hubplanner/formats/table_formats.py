"""Every format of places or of distances that is read: what its files are called, and what goes with them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from hubplanner.errors import Fault, ScenarioError
from hubplanner.formats.tables.database import is_database
from hubplanner.translation import gettext as _, joined


@dataclass(frozen=True, kw_only=True)
class TableFormat:
    """A kind of file that holds places, people or distances.

    Parameters
    ----------
    name
        What it is called; readers go by it.
    suffixes
        How the names of its files end, in small letters.
    kind
        Where its rows say where they are: a ``table`` in columns that keys name, ``shapes`` in a geometry of their own,
        ``either`` as the file turns out; a ``raster`` has cells instead of rows, and ``other`` files are not read.
    chunked
        Whether it is read in parts, as merging demand points asks for.
    distances
        Whether it may hold a table of distances.
    layers
        Whether the key ``layer`` goes with it.
    encoding
        Whether the key ``encoding`` goes with it: whether its text may be of any encoding.
    uploaded
        Whether the app takes it.
    beside
        How the names of further files end that belong to it and stand beside it.
    header
        Whether the keys ``skip_rows`` and ``header_rows`` go with it.
    sheets
        Whether the key ``sheet`` goes with it.
    folder
        Whether it is, or may be, a folder of files.
    packed
        Whether an archive may hold it.
    gzipped
        Whether it may be packed by gzip, its name then ending in .gz, such as .csv.gz.
    """

    name: str
    suffixes: tuple[str, ...]
    kind: Literal["table", "shapes", "either", "raster", "other"] = "shapes"
    chunked: bool = False
    distances: bool = False
    layers: bool = False
    encoding: bool = False
    uploaded: bool = False
    beside: tuple[str, ...] = ()
    header: bool = False
    sheets: bool = False
    folder: bool = False
    packed: bool = False
    gzipped: bool = False


FORMATS: tuple[TableFormat, ...] = (
    TableFormat(
        name="CSV",
        suffixes=(".csv", ".tsv", ".tab", ".txt"),
        gzipped=True,
        kind="table",
        chunked=True,
        distances=True,
        encoding=True,
        uploaded=True,
        header=True,
    ),
    TableFormat(
        name="Excel",
        suffixes=(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
        kind="table",
        distances=True,
        header=True,
        sheets=True,
        uploaded=True,
    ),
    TableFormat(name="GeoJSON", suffixes=(".geojson",), layers=True, uploaded=True, packed=True, gzipped=True),
    TableFormat(name="JSON", suffixes=(".json",), kind="either", layers=True, uploaded=True, packed=True),
    TableFormat(name="TopoJSON", suffixes=(".topojson",), layers=True, uploaded=True, packed=True, gzipped=True),
    TableFormat(name="GeoPackage", suffixes=(".gpkg",), layers=True, uploaded=True, packed=True, gzipped=True),
    TableFormat(
        name="Shapefile",
        suffixes=(".shp",),
        layers=True,
        encoding=True,
        packed=True,
        beside=(".shx", ".dbf", ".prj", ".cpg"),
    ),
    TableFormat(name="KML", suffixes=(".kml",), layers=True, uploaded=True, packed=True, gzipped=True),
    TableFormat(name="FlatGeobuf", suffixes=(".fgb",), layers=True, uploaded=True, packed=True, gzipped=True),
    TableFormat(name="geodatabase", suffixes=(".gdb",), layers=True, folder=True, packed=True),
    TableFormat(name="archive", suffixes=(".zip", ".kmz"), layers=True, encoding=True, uploaded=True),
    TableFormat(name="DuckDB", suffixes=(".duckdb",), kind="table", layers=True, uploaded=True),
    TableFormat(name="PostGIS", suffixes=(), kind="either"),
    TableFormat(
        name="Parquet",
        suffixes=(".parquet",),
        kind="either",
        chunked=True,
        distances=True,
        uploaded=True,
        folder=True,
    ),
    TableFormat(name="GeoParquet", suffixes=(".geoparquet",), chunked=True, uploaded=True),
    TableFormat(name="GeoTIFF", suffixes=(".tif", ".tiff"), kind="raster", uploaded=True),
)
"""A format is added by an entry here, a line in ``READERS`` of `hubplanner.inputs.readers.tables`, which makes a frame
of its file, and one in ``PLAIN`` or ``SHAPES`` of `hubplanner.audit.data.places`, which does the same by other code.
Which keys go with it, where tables are read in parts, what the app takes and what is said of other files follow from
here."""

ADVICE: dict[tuple[str, ...], str] = {
    (".numbers", ".gsheet", ".wks", ".dta", ".sav"): "save the table as .xlsx or 'CSV UTF-8'",
    (".gml", ".gpx", ".geojsonl", ".mif", ".dxf", ".mdb"): "in QGIS, export the layer as GeoPackage",
    (
        ".gz",
        ".bz2",
        ".xz",
        ".zst",
        ".7z",
        ".rar",
        ".tar",
        ".tgz",
    ): "this one is packed: unpack it and name what it holds",
    (".dbf", ".shx", ".prj", ".cpg"): "of a Shapefile, name the .shp file",
    (".vrt",): "this one only points at other files, so export what they hold",
}
"""What to do about files of other kinds, by the ends of their names."""


PARTITIONS = next(each for each in FORMATS if each.name == "Parquet")
"""What a folder is whose name tells of no other format."""
GZIP = ".gz"
OTHER = TableFormat(name="other", suffixes=(), kind="other", layers=True)
"""All that is not read; what to do about it is for the reader to say, once."""


def format_of(path: str | PurePath) -> TableFormat:
    """Return the format that a file's name tells; a folder of no such name is one of Parquet files.

    >>> format_of("data/Towns.GPKG").name
    'GeoPackage'
    >>> format_of("postgresql://planner@localhost/gis").name
    'PostGIS'
    >>> format_of("towns.docx").kind
    'other'
    >>> [format_of(name).name for name in ("towns.csv.gz", "towns.geojson.gz", "towns.xlsx.gz")]
    ['CSV', 'GeoJSON', 'other']
    """
    if is_database(path):
        return next(each for each in FORMATS if each.name == "PostGIS")
    suffix = PurePath(path).suffix.lower()
    if suffix == GZIP:
        inner = format_of(PurePath(path).with_suffix(""))
        return inner if inner.gzipped else OTHER
    unnamed = PARTITIONS if os.path.isdir(path) else OTHER  # noqa: PTH112 - what no path can be is none
    return next((each for each in FORMATS if suffix in each.suffixes), unnamed)


def suffixes_of(formats: tuple[TableFormat, ...]) -> tuple[str, ...]:
    """Return how the names of files of some formats end.

    >>> suffixes_of(RASTERS)
    ('.tif', '.tiff')
    """
    return tuple(suffix for each in formats for suffix in each.suffixes)


def advice_on(path: str | PurePath) -> str:
    """Return what to do about a file of a kind that is not read, as advice; nothing where that is not known.

    >>> advice_on("towns.rar")
    'this one is packed: unpack it and name what it holds'
    """
    suffix = PurePath(path).suffix.lower()
    return next((words for ends, words in ADVICE.items() if suffix in ends), "")


PLACES = tuple(each for each in FORMATS if each.kind != "raster")
"""Formats of demand points and sites, a row each."""
CHUNKED = tuple(each for each in FORMATS if each.chunked)
"""Formats of tables that are read in parts."""
DISTANCES = tuple(each for each in FORMATS if each.distances)
"""Formats of tables of distances."""
RASTERS = tuple(each for each in FORMATS if each.kind == "raster")
"""Formats of people by cell."""
UPLOADED = tuple(each for each in FORMATS if each.uploaded)
"""Formats that the app takes."""
GZIPPED = tuple(each for each in UPLOADED if each.gzipped)
"""Those of them that gzip may have packed."""
PACKED = tuple(each for each in FORMATS if each.packed)
"""Formats that an archive may hold."""
FOLDERS = tuple(each for each in FORMATS if each.folder)
"""Formats that are folders."""


def check_kind(name: str) -> str:
    """Return the suffix of a file's name; raise where it is of another kind than those taken.

    >>> check_kind("Villages.CSV"), check_kind("villages.csv.gz")
    ('.csv', '.csv.gz')
    """
    inner = unzipped(name)
    suffix = f".{inner.rpartition('.')[2].lower()}"
    if suffix not in suffixes_of(UPLOADED if inner == name else GZIPPED):
        allowed = _("a file name ending in {names}", names=joined(suffixes_of(UPLOADED), ", "))
        if format_of(name).beside or format_of(name).folder:
            allowed = _(
                "a file name ending in .zip, with all files of it: this one says little without those beside it"
            )
        raise ScenarioError(Fault(file=name, value=suffix, allowed=allowed))
    return suffix if inner == name else f"{suffix}{GZIP}"


def unzipped(name: str) -> str:
    """Return the name of a file as it is without the .gz of gzip.

    >>> unzipped("villages.csv.GZ")
    'villages.csv'
    """
    return name[: -len(GZIP)] if name.lower().endswith(GZIP) else name

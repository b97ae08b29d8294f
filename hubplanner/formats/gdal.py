"""Formats that GDAL reads: KML, FlatGeobuf, TopoJSON and geodatabases, each by its own driver.

GDAL chooses among its drivers by what a file holds, and pyogrio has no way to hold it to one (``OGR_SKIP`` counts only
before drivers are registered, and then for what is written too): a file named ``.kml`` may be a VRT that leads to any
other file. So a file must first begin as its kind does, GDAL is given its bytes alone and no path beside which it could
look, and the driver that read them must be the one that is meant. A Shapefile is several files, and a GeoPackage a
database with views and triggers: these, and GeoJSON, are decoded in this package without GDAL.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from hubplanner.errors import DataError, Fault
from hubplanner.formats.layer import Layer, check_size, in_plane, regular
from hubplanner.formats.table_formats import format_of
from hubplanner.io import check_gdal_path
from hubplanner.translation import gettext as _

_KML = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>\s*)?(<!--.*?-->\s*)*<(\w+:)?kml\b", re.DOTALL)
_POINTER = b"OGRVRT"
"""What a file that leads to others holds."""
_GEODATABASE = re.compile(r"a[0-9a-f]{8}\.\w+|gdb|timestamps|\w+\.(lock|freelist)", re.IGNORECASE)
"""Names of the files of a geodatabase."""
_OWN_OF_KML = ("timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility", "drawOrder", "icon")
"""Columns that GDAL adds to what a KML file says."""


def read_by_gdal(path: Path, layer: str | None) -> Layer:
    """Return a layer of a file .kml, .fgb or .topojson, or of a folder .gdb.

    Raises
    ------
    DataError
        Where the file is not what its name says, or GDAL cannot read it, or it has several layers and none is named.
    """
    kind = format_of(path).name
    drivers, called = _DRIVERS[kind]
    source = _folder(path) if format_of(path).folder else _bytes(path, kind)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what GDAL makes of cells that it cannot type
            layers: Any = pyogrio.list_layers(source)
            name = _chosen(path, [str(name) for name, kind in layers if kind is not None], layer)
            # By number: GDAL calls a layer without a name by the file, and bytes by another at every call.
            number = [str(one) for one, _ in layers].index(name)
            about = pyogrio.read_info(source, layer=number)
            if about["driver"] not in drivers:
                raise _unreadable(path, called, _("it is {driver}", driver=about["driver"]))
            frame = pyogrio.read_dataframe(source, layer=number, datetime_as_string=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, shapely.errors.ShapelyError) as error:
        raise _unreadable(path, called, _("it is damaged, or not one")) from error
    return _layer(path, frame, about["crs"], assumed="TopoJSON" in drivers)


def _unreadable(path: Path, called: str, what: str) -> DataError:
    return DataError(Fault(file=path.name, allowed=_("cannot be read as {called}: {what}", called=called, what=what)))


def _bytes(path: Path, kind: str) -> bytes:
    """Return a file's bytes; raise where they do not begin as its kind does, or lead to other files."""
    regular(path)
    data = path.read_bytes()
    if kind == "KML":
        sound = _KML.match(data[:_HEAD]) is not None
    elif kind == "FlatGeobuf":
        sound = data[:3] == b"fgb" and data[4:7] == b"fgb"
    else:
        sound = data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and b'"Topology"' in data
    if not sound:
        raise _unreadable(path, _DRIVERS[kind][1], _("it does not start like one"))
    if kind != "FlatGeobuf" and _POINTER in data:
        raise _unreadable(path, _DRIVERS[kind][1], _("it points at other files"))
    return data


_HEAD = 100_000


def _folder(path: Path) -> Path:
    """Return a geodatabase's folder; raise where it holds anything else than its own plain files."""
    check_gdal_path(path)
    for part in geodatabase_files(path):
        regular(part)
        if part.is_symlink() or not _GEODATABASE.fullmatch(part.name):
            raise _unreadable(
                path, _DRIVERS["geodatabase"][1], _("it holds {name}, which is not part of one", name=part.name)
            )
    if not (path / "a00000001.gdbtable").is_file():
        raise _unreadable(path, _DRIVERS["geodatabase"][1], _("its first table, a00000001.gdbtable, is missing"))
    return path


def geodatabase_files(path: Path) -> list[Path]:
    """Return the files of a geodatabase, in order."""
    return sorted(path.iterdir())


_DRIVERS = {
    "KML": (("LIBKML", "KML"), "KML"),
    "FlatGeobuf": (("FlatGeobuf",), "a FlatGeobuf file"),
    "TopoJSON": (("TopoJSON",), "TopoJSON"),
    "JSON": (("TopoJSON",), "TopoJSON"),
    "geodatabase": (("OpenFileGDB",), "a geodatabase"),
}
"""GDAL's drivers and what the kind is called, by format."""


def _chosen(path: Path, layers: list[str], asked: str | None) -> str:
    known = ", ".join(layers)
    if asked in layers:
        return str(asked)
    if not layers:
        raise DataError(Fault(file=path.name, allowed=_("has no layer with geometry")))
    if asked is not None:
        raise DataError(Fault(file=path.name, column="layer", value=asked, allowed=_("one of {known}", known=known)))
    if len(layers) > 1:
        allowed = _("is required: one of {known}", known=known)
        raise DataError(Fault(file=path.name, column="layer", allowed=allowed, choices=tuple(layers)))
    return layers[0]


def _layer(path: Path, frame: Any, crs: str | None, *, assumed: bool) -> Layer:
    """Return GDAL's rows, without the columns that it adds of itself."""
    check_size(path, len(frame), len(frame.columns))
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    if format_of(path).name == "KML":
        own = [name for name in _OWN_OF_KML if name in cells]
        empty = [name for name in own if (cells[name].isna() | cells[name].isin(["", -1, 0])).all()]
        cells = cells.drop(columns=empty)
    cells = cells.rename(columns={"geometry": "geometry_text"})
    shapes = gpd.GeoDataFrame(cells, geometry=in_plane(frame.geometry.array))
    return Layer(frame=shapes, crs=crs or ("EPSG:4326" if assumed else None), assumed=assumed and crs is None)

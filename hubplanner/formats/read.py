"""Any vector file to a layer, by the format that its name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hubplanner.errors import DataError, Fault
from hubplanner.formats.archive import gunzipped, unpacked
from hubplanner.formats.gdal import read_by_gdal
from hubplanner.formats.geojson import read_geojson
from hubplanner.formats.geopackage import read_geopackage
from hubplanner.formats.layer import Layer, regular
from hubplanner.formats.shapefile import read_shapefile
from hubplanner.formats.table_formats import GZIP, PACKED, format_of, suffixes_of
from hubplanner.formats.tables.json_table import kind_of_json
from hubplanner.io import why_unreadable


def read_layer(path: Path, layer: str | None = None, encoding: str | None = None) -> Layer:
    """Return a layer of a vector file, distinguished by the file's name and by nothing in it.

    Parameters
    ----------
    path
        The file; the folder of a geodatabase; or an archive that holds one of either.
    layer
        Name of one of several layers, or of one of several files of an archive.
    encoding
        Of a Shapefile's text; as its .cpg file says, else UTF-8, if left out.

    Raises
    ------
    DataError
        When there is anything else in the file than its name says, or it is not whole.
    """
    if path.suffix.lower() == GZIP:
        regular(path)
        with gunzipped(path) as inner:
            return read_layer(inner, layer, encoding)
    readers: dict[str, Callable[[], Layer]] = {
        "GeoJSON": lambda: read_geojson(path),
        "JSON": lambda: read_by_gdal(path, layer) if kind_of_json(path) == "topojson" else read_geojson(path),
        "TopoJSON": lambda: read_by_gdal(path, layer),
        "GeoPackage": lambda: read_geopackage(path, layer),
        "Shapefile": lambda: read_shapefile(path, encoding),
        "KML": lambda: read_by_gdal(path, layer),
        "FlatGeobuf": lambda: read_by_gdal(path, layer),
        "geodatabase": lambda: read_by_gdal(path, layer),
        "archive": lambda: _read_packed(path, layer, encoding),
    }
    file = format_of(path)
    if not file.folder:
        regular(path)
    try:
        return readers[file.name]()
    except OSError as error:
        raise DataError(Fault(file=str(path), allowed=why_unreadable(path, error))) from error


def _read_packed(path: Path, layer: str | None, encoding: str | None) -> Layer:
    """Return a layer of the file in an archive; what is asked for may be the file or a layer in it."""
    with unpacked(path, suffixes_of(PACKED), layer) as inner:
        is_file = layer is not None and layer.rpartition("/")[2] in {inner.name, inner.stem}
        return read_layer(inner, None if is_file else layer, encoding)

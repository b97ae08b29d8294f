"""Any vector file to a layer, by the format that its name says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.errors import DataError, Fault
from hubplanner.formats.geojson import read_geojson
from hubplanner.formats.geopackage import read_geopackage
from hubplanner.formats.layer import Layer, regular
from hubplanner.formats.shapefile import read_shapefile
from hubplanner.formats.table_formats import format_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_layer(path: Path, layer: str | None = None, encoding: str | None = None) -> Layer:
    """Return a layer of a GeoJSON, GeoPackage or Shapefile, told apart by the file's name and by nothing in it.

    Parameters
    ----------
    path
        The file.
    layer
        Name of one of several layers; GeoPackage only.
    encoding
        Of a Shapefile's text; as its .cpg file says, else UTF-8, if left out.

    Raises
    ------
    DataError
        When there is anything else in the file than its name says, or it is not whole.
    """
    readers: dict[str, Callable[[], Layer]] = {
        "GeoJSON": lambda: read_geojson(path),
        "GeoPackage": lambda: read_geopackage(path, layer),
        "Shapefile": lambda: read_shapefile(path, encoding),
    }
    regular(path)
    try:
        return readers[format_of(path).name]()
    except OSError as error:
        raise DataError(Fault(file=str(path), allowed=f"cannot be read: {error.strerror or error}")) from error

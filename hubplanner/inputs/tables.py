"""Files of places to frames: one reader a format, every fault noted."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely import points
from shapely.errors import ShapelyError

from hubplanner.errors import Fault, MissingExtraError
from hubplanner.inputs.delimited import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pandas as pd

    from hubplanner.errors import DataWarning
    from hubplanner.problem import Ints
    from hubplanner.scenario.spec import TableSpec


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
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
    warnings
        What was found while reading that may be a mistake; readers and checks add to it.
    """

    name: str
    frame: pd.DataFrame
    first_row: int = 1
    crs: CRS | None = None
    warnings: list[DataWarning] = field(default_factory=list)

    def row(self, position: int) -> int:
        """Return the row's number in the file, wherever it stands in a selection."""
        return int(self.frame.index[position]) + self.first_row

    @property
    def rows(self) -> Ints:
        """Number of each row in the file."""
        return np.asarray(self.frame.index, dtype=np.intp) + self.first_row


def read_table(spec: TableSpec, faults: list[Fault]) -> Table | None:
    """Return the table of a demand or site section; None, with faults noted, when it cannot be read."""
    path = Path(spec.path)
    if not can_read(path, _READERS, faults):
        return None
    table = _READERS[path.suffix.lower()](path, spec, faults)
    if table is not None and table.frame.empty:
        faults.append(Fault(file=path.name, allowed="has no rows of data"))
        return None
    return table


def can_read(path: Path, suffixes: Collection[str], faults: list[Fault]) -> bool:
    """Tell whether a file opens, is of a known kind and holds something; note why not."""
    before = len(faults)
    if path.suffix.lower() not in suffixes:
        allowed = f"a file name ending in one of {', '.join(suffixes)}"
        faults.append(Fault(file=path.name, value=path.suffix, allowed=allowed))
    try:
        with path.open("rb") as file:
            if not file.read(1):
                faults.append(Fault(file=path.name, allowed="is empty"))
    except OSError as error:
        faults.append(Fault(file=str(path), allowed=f"cannot be read: {error.strerror}"))
    return len(faults) == before


def parse_crs(name: object, file: str, faults: list[Fault]) -> CRS | None:
    """Return a coordinate reference system; None, with a fault noted, when it is unknown or has no places on a map."""
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        crs = None
    if crs is not None and (crs.is_geographic or crs.is_projected):
        return crs
    allowed = "a known geographic or projected coordinate reference system, such as EPSG:4326"
    faults.append(Fault(file=file, column="crs", value=str(name), allowed=allowed, kind="crs"))
    return None


def _csv(path: Path, spec: TableSpec, faults: list[Fault]) -> Table | None:
    frame = read_csv(path, faults)
    crs = parse_crs(spec.crs or "EPSG:4326", path.name, faults)
    return None if frame is None else Table(name=path.name, frame=frame, first_row=0, crs=crs)


def _vector(path: Path, spec: TableSpec, faults: list[Fault]) -> Table | None:
    try:
        layers = [name for name, _ in pyogrio.list_layers(path)]
        if not _layer_known(path, layers, spec.layer, faults):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame = gpd.read_file(path, layer=spec.layer or layers[0])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ShapelyError, ValueError, Warning) as error:
        faults.append(Fault(file=path.name, allowed=f"cannot be read as a vector file: {brief(error)}"))
        return None
    return _geometry_table(path, frame, faults)


def _layer_known(path: Path, layers: list[str], asked: str | None, faults: list[Fault]) -> bool:
    known = asked in layers if asked else len(layers) == 1
    if not known:
        words = f"one of {', '.join(layers)}"
        allowed = words if asked else f"holds several layers; set layer to {words}"
        faults.append(Fault(file=path.name, column="layer", value=asked, allowed=allowed))
    return known


def _parquet(path: Path, spec: TableSpec, faults: list[Fault]) -> Table | None:
    del spec
    frame = read_parquet(path, gpd.read_parquet, faults)
    return None if frame is None else _geometry_table(path, frame, faults)


def read_parquet(path: Path, reader: Callable[[Path], pd.DataFrame], faults: list[Fault]) -> pd.DataFrame | None:
    """Return a Parquet file's rows; None, with a fault noted, when it cannot be read."""
    require_pyarrow()
    try:
        return reader(path).reset_index(drop=True)
    except (ValueError, OSError) as error:
        faults.append(Fault(file=path.name, allowed=f"cannot be read as a Parquet file: {brief(error)}"))
        return None


def brief(error: Exception) -> str:
    """Return a library's complaint without its advice to programmers."""
    return str(error).partition("\n")[0].partition(".;")[0]


def require_pyarrow() -> None:
    """Raise when the optional part that reads Parquet is missing."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
    except ImportError as error:
        message = "Parquet files need an optional part: pip install 'hubplanner[parquet]'"
        raise MissingExtraError(message) from error
    del pa


def _geometry_table(path: Path, frame: pd.DataFrame, faults: list[Fault]) -> Table | None:
    """Return a frame with one geometry, named so; None, with a fault noted, when it has none."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        faults.append(Fault(file=path.name, allowed="has no geometry; a layer of places is needed"))
        return None
    crs = None
    if frame.crs is None:
        allowed = "is missing; save the file with its coordinate reference system"
        faults.append(Fault(file=path.name, column="crs", allowed=allowed, kind="crs"))
    else:
        crs = parse_crs(frame.crs, path.name, faults)
    columns = frame.select_dtypes(exclude="geometry")
    return Table(name=path.name, frame=gpd.GeoDataFrame(columns, geometry=frame.geometry.array), crs=crs)


def place_points(frame: pd.DataFrame, x: pd.Series, y: pd.Series, crs: CRS | None) -> gpd.GeoDataFrame:
    """Return a plain frame with points at x, y."""
    return gpd.GeoDataFrame(frame, geometry=points(x.to_numpy(), y.to_numpy()), crs=crs)


_READERS: dict[str, Callable[[Path, TableSpec, list[Fault]], Table | None]] = {
    ".csv": _csv,
    ".geojson": _vector,
    ".json": _vector,
    ".gpkg": _vector,
    ".shp": _vector,
    ".parquet": _parquet,
    ".geoparquet": _parquet,
}

"""What a vector file holds, whatever its format, and how its cells become columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hubplanner.errors import DataError, Fault
from hubplanner.io import check_regular, why_unreadable
from hubplanner.translation import gettext as _

EXACT_WHOLE = 2**53
"""Up to here every whole number is a float of its own."""
LARGEST_WHOLE = 2**63
MOST_COLUMNS = 10_000
MOST_CELLS = 200_000_000
"""More cells than this do not fit into memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """The rows of one layer.

    Parameters
    ----------
    frame
        Columns and geometry in the plane, points that stand alone in a MultiPoint as points; no system.
    crs
        System of the places, as `pyproj.CRS.from_user_input` takes it; None where the file names none.
    assumed
        Whether the system is that of the format, not one that the file names.
    """

    frame: gpd.GeoDataFrame
    crs: Any
    assumed: bool = False


def regular(path: Path) -> None:
    """Raise where a path is no file that can be read to its end: a folder, a pipe or a device has none."""
    try:
        check_regular(path)
    except OSError as error:
        raise DataError(Fault(file=str(path), allowed=why_unreadable(path, error))) from error
    except ValueError as error:
        raise DataError(Fault(file=str(path), allowed=_("cannot be read: {reason}", reason=str(error)))) from error


def make_layer(
    path: Path, columns: Mapping[str, Sequence[Any]], shapes: Any, crs: Any, *, assumed: bool = False
) -> Layer:
    """Return a layer of plain cells by column, and of shapely geometries (n,).

    Raises
    ------
    DataError
        When there are more columns than a table can have.
    """
    check_size(path, len(shapes), len(columns))
    named = {("geometry_text" if name == "geometry" else name): typed(cells) for name, cells in columns.items()}
    frame = pd.DataFrame(named, index=pd.RangeIndex(len(shapes)))
    return Layer(frame=gpd.GeoDataFrame(frame, geometry=in_plane(shapes)), crs=crs, assumed=assumed)


def check_size(path: Path, rows: int, columns: int) -> None:
    """Raise where a table is too wide to be one."""
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        size = _("{rows:,} rows of {columns:,} columns", rows=rows, columns=columns)
        allowed = _(
            "at most {most_columns:,} columns and {most_cells:,} cells; leave out columns that are not needed",
            most_columns=MOST_COLUMNS,
            most_cells=MOST_CELLS,
        )
        raise DataError(Fault(file=path.name, value=size, allowed=allowed))


def in_plane(shapes: Any) -> Any:
    """Return geometries without heights and measures, and the point of a MultiPoint that holds one.

    >>> in_plane([shapely.from_wkt("MULTIPOINT Z ((67 30 1500))")])
    array([<POINT (67 30)>], dtype=object)
    """
    flat = np.array(shapes, dtype=object)
    high = shapely.get_coordinate_dimension(flat) > 2  # noqa: PLR2004 - heights or measures beside x and y
    flat[high] = shapely.force_2d(flat[high])
    single = (shapely.get_type_id(flat) == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(flat) == 1)
    flat[single] = shapely.get_geometry(flat[single], 0)
    return flat


def typed(cells: Sequence[Any]) -> pd.Series:
    """Return cells as a column of one kind: numbers where all are, else text; None where a cell is missing."""
    kinds = {type(cell) for cell in cells}
    if kinds == {bool}:
        return pd.Series(np.array(cells, dtype=np.bool_))
    if kinds == {int} and all(-LARGEST_WHOLE <= cell < LARGEST_WHOLE for cell in cells):
        return pd.Series(np.array(cells, dtype=np.int64))
    some = kinds - {type(None)}
    if some and some <= {int, float} and all(type(cell) is not int or abs(cell) <= EXACT_WHOLE for cell in cells):
        return pd.Series(np.array([np.nan if cell is None else cell for cell in cells], dtype=np.float64))
    if some == {str}:
        return pd.Series(list(cells))
    plain = some <= {bool}
    return pd.Series([cell if cell is None or plain else str(cell) for cell in cells], dtype=object)

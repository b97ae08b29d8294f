"""Input tables read plainly, and their places."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from hubplanner.audit.data.raw_tables import PLAIN, ROW, from_one, has_columns_only, mended, placed, postgis_cells
from hubplanner.formats.layer import in_plane
from hubplanner.formats.read import read_layer
from hubplanner.formats.table_formats import format_of
from hubplanner.scenario.data_spec import TableSpec

Array = np.ndarray[Any, np.dtype[Any]]

UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Characters that have no picture though some of them count as letters or marks."""
WGS84 = "EPSG:4326"
ROOM = 1 << 22
"""Cells of a raster that are read at once."""


def read_rows(spec: TableSpec, asked: set[str]) -> gpd.GeoDataFrame:
    """Return a file's rows that the scenario keeps, with their places, columns called as asked for, cells as meant."""
    path = Path(spec.path)
    file = format_of(path)
    in_columns = file.kind == "table" or (file.name in {"JSON", "Parquet"} and has_columns_only(path))
    if in_columns or (spec.x and spec.y):
        frame = placed(called(PLAIN[file.name](path, spec), asked), spec, spec.crs or WGS84)
    else:
        frame = from_one(SHAPES[file.name](path, spec))
    frame = _filled(called(frame, asked))
    if hasattr(spec, "id") and spec.id is None:
        frame = frame.assign(**{ROW: frame.index.astype(str)})
    text = {str(getattr(spec, key, None)) for key in ("id", "status", "tier")} | {*spec.groups, *spec.where}
    return mended(kept(frame, spec.where), spec, text).reset_index(drop=True)


def called(frame: Any, asked: set[str]) -> Any:
    """Return a table whose columns are called as they are asked for where they look the same."""
    wanted = {alike(name): name for name in asked if name not in frame.columns}
    own = [str(name) for name in frame.columns if str(name) != "geometry"]
    same = {name: wanted[alike(name)] for name in own if name not in asked and alike(name) in wanted}
    cells = frame.attrs.get("other names", {})
    same |= {cells[name]: name for name in wanted.values() if name in cells and name not in same.values()}
    return frame.rename(columns=same)


def _geoparquet(path: Path, spec: TableSpec) -> gpd.GeoDataFrame:
    frame = gpd.read_parquet(path)
    return frame.set_geometry(in_plane(frame.geometry.array), crs=frame.crs if spec.crs is None else spec.crs)


def _layer(path: Path, spec: TableSpec) -> gpd.GeoDataFrame:
    layer = read_layer(path, spec.layer, spec.encoding)
    stands = spec.crs is not None and (layer.crs is None or layer.assumed)
    crs = spec.crs if stands else layer.crs
    return layer.frame if crs is None else layer.frame.set_crs(crs)


def _postgis(_: Path, spec: TableSpec) -> gpd.GeoDataFrame:
    plain, place = postgis_cells(spec)
    if place is None:
        return placed(plain, spec, spec.crs or WGS84)
    shapes = shapely.from_wkb(plain[place].to_numpy(dtype=object))
    number = max((int(srid) for srid in shapely.get_srid(shapes[~pd.isna(shapes)])), default=0)
    rest = plain.drop(columns=place).rename(columns={"geometry": "geometry_text"})
    return gpd.GeoDataFrame(rest, geometry=in_plane(shapes), crs=number or spec.crs)


SHAPES: dict[str, Callable[[Path, TableSpec], gpd.GeoDataFrame]] = {
    "GeoJSON": _layer,
    "JSON": _layer,
    "TopoJSON": _layer,
    "GeoPackage": _layer,
    "Shapefile": _layer,
    "KML": _layer,
    "FlatGeobuf": _layer,
    "geodatabase": _layer,
    "archive": _layer,
    "PostGIS": _postgis,
    "Parquet": _geoparquet,
    "GeoParquet": _geoparquet,
}
"""How a file of each format is read with its places."""


def _filled(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows that say anything at all."""
    cells = frame.drop(columns=frame.geometry.name)
    says = (cells.notna() & (cells != "")).any(axis=1) | ~(frame.geometry.isna() | frame.geometry.is_empty)
    return frame[says]


def kept(frame: gpd.GeoDataFrame, where: Mapping[str, tuple[str, ...]]) -> gpd.GeoDataFrame:
    """Return the rows whose columns have one of the values that are asked for."""
    chosen = np.ones(len(frame), dtype=bool)
    for column, wanted in where.items():
        chosen &= words(frame[column]).map(alike).isin({alike(value) for value in wanted}).to_numpy()
    return frame[chosen].reset_index(drop=True)


def cells(
    path: Path, crs: str | None, nodata: float | None = None, *, per_km2: bool = False
) -> tuple[Array, Array, str]:
    """Return the middles (p, 2) of a raster's cells that hold people, the people (p,), and the system.

    A system that is given stands in for one that the file does not name, and cells of a value ``nodata`` hold nobody;
    no file beside it is looked at. Cells may hold people per km2.
    """
    import rasterio  # noqa: PLC0415 - optional
    from rasterio.windows import Window  # noqa: PLC0415

    places, people = [np.zeros((0, 2))], [np.zeros(0)]
    alone = rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", GDAL_PAM_ENABLED="NO")
    with alone, rasterio.open(path, driver="GTiff") as raster:
        step = max(ROOM // raster.width, 1)
        for top in range(0, raster.height, step):
            window = Window(0, top, raster.width, min(step, raster.height - top))
            stored = raster.read(1, window=window)
            held = stored.astype(float) * raster.scales[0] + raster.offsets[0]
            some = np.ones(stored.shape, dtype=bool)
            if nodata is not None:  # as cells hold it: floats to the nearest of their size, whole numbers as they are
                blank = np.array([nodata])
                some = ~np.isin(stored, blank.astype(stored.dtype) if stored.dtype.kind == "f" else blank)
            row, column = np.nonzero((raster.read_masks(1, window=window) > 0) & (held > 0) & some)
            across, down, grid = column + 0.5, row + top + 0.5, raster.transform
            places.append(np.stack([grid[at] * across + grid[at + 1] * down + grid[at + 2] for at in (0, 3)], axis=1))
            people.append(held[row, column])
        system: str = crs or WGS84 if raster.crs is None else raster.crs.to_wkt()
    at, held = np.concatenate(places), np.concatenate(people)
    return at, held * _km2(system, grid, at) if per_km2 else held, system


def _km2(system: str, grid: Any, places: Array) -> Array:
    """Return the area (p,) of a raster's cells in km2: of their corners on an equal-area cylinder."""
    own = CRS.from_user_input(system)
    if own.ellipsoid is None:
        raise AssertionError
    axes = {"a": own.ellipsoid.semi_major_metre, "b": own.ellipsoid.semi_minor_metre}
    cylinder = CRS.from_dict({"proj": "cea"} | axes)
    corners = [
        Transformer.from_crs(own, cylinder, always_xy=True).transform(
            places[:, 0] + (grid.a * across + grid.b * down) / 2, places[:, 1] + (grid.d * across + grid.e * down) / 2
        )
        for across, down in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    x, y = np.array(corners).transpose(1, 0, 2)
    round_ = 2 * np.pi * axes["a"]
    x = x - round_ * np.round((x - x[0]) / round_)
    area: Array = np.abs((x * np.roll(y, -1, axis=0) - np.roll(x, -1, axis=0) * y).sum(axis=0)) / 2e6
    return area


def words(column: pd.Series) -> pd.Series:
    """Return cells as stripped text: whole numbers without a point, nothing for a blank."""

    def text(cell: Any) -> str:
        if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NA:
            return ""
        whole = isinstance(cell, float) and cell.is_integer()
        return str(int(cell)) if whole else str(cell).strip()

    return column.map(text).astype(object)


def alike(name: str) -> str:
    """Return what two names share that look the same: one form of Unicode, single blanks, nothing that is not seen."""
    once = unicodedata.normalize("NFKC", _drawn(name))
    return " ".join(_drawn(once).split())


def _drawn(text: str) -> str:
    blanks = "".join(" " if letter.isspace() else letter for letter in UNSEEN.sub("", text))
    return "".join(letter for letter in blanks if unicodedata.category(letter) not in {"Cc", "Cf"})


def names(column: pd.Series) -> pd.Series:
    """Return a column of names with one spelling for all that look the same, the plainest or else the first by code."""
    texts = words(column)
    ways: dict[str, set[str]] = {}
    for text in texts:
        ways.setdefault(alike(text), set()).add(text)
    chosen = {key: key if key in same else min(same) for key, same in ways.items()}
    return texts.map(lambda text: chosen[alike(text)]).astype(object)


def numbers(frame: gpd.GeoDataFrame, source: str | float) -> Array:
    """Return a column's numbers, or one number for each row."""
    if isinstance(source, str):
        return np.array([float(cell) for cell in words_of_numbers(frame[source])])
    return np.full(len(frame), float(source))


def words_of_numbers(column: pd.Series) -> list[str]:
    """Return a column of numbers as they are written, exactly."""
    return [cell if isinstance(cell, str) else repr(float(cell)) for cell in column]


def inner(frame: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return each row's own point, or one inside its polygon."""
    shapes = frame.geometry
    is_point = shapes.geom_type == "Point"
    return shapes if is_point.all() else shapes.where(is_point, shapes.representative_point())


def coordinates(frame: gpd.GeoDataFrame, crs: Any) -> Array:
    """Return the rows' coordinates (n, 2) in a system."""
    places = inner(frame).to_crs(crs)
    return np.column_stack([places.x, places.y])

"""GeoJSON, GeoPackage and Shapefile as decoded here are what GDAL reads of them."""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely import MultiPoint, MultiPolygon, Point, Polygon, box
from shapely.affinity import rotate, translate

from hubplanner.formats.layer import in_plane
from hubplanner.formats.read import read_layer

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(6)


def area(rng: random.Random) -> Any:
    """Return an area with holes, islands in them, and parts apart."""
    place = rng.randint(-50, 50), rng.randint(-50, 50)
    whole = Polygon(box(0, 0, 8, 8).exterior, [box(1, 1, 4, 4).exterior, box(5, 5, 7, 7).exterior])
    island = Polygon(box(2, 2, 3, 3).exterior, [box(2.2, 2.2, 2.4, 2.4).exterior])
    shapes = [
        box(0, 0, 1, 2),
        whole,
        MultiPolygon([whole, island]),
        MultiPolygon([whole, island, box(9, 9, 10, 10)]),
    ]
    touching = [  # at a corner, and a hole at an edge: turned, they would overlap by rounding
        MultiPolygon([box(0, 0, 1, 1), box(1, 1, 2, 2)]),
        Polygon(box(0, 0, 4, 4).exterior, [Polygon([(0, 2), (1, 1), (1, 3)]).exterior]),
    ]
    shape = rng.choice([*(rotate(shape, rng.uniform(0, 90)) for shape in shapes), *touching])
    return translate(shape, *place)


def frame(seed: int, kind: str, size: int = 25) -> gpd.GeoDataFrame:
    rng = random.Random(seed)  # noqa: S311 - no secret
    points = [Point(rng.uniform(-180, 180), rng.uniform(-90, 90)) for _ in range(size)]
    shapes = {
        "point": points,
        "height": [Point(at.x, at.y, 5) for at in points],
        "several": [MultiPoint([at, Point(1, 2)]) for at in points],
        "area": [area(rng) for _ in range(size)],
        "line": [shapely.LineString([at, Point(1, 2)]) for at in points],
    }[kind]
    table = {
        "whole": [rng.randint(-(10**9), 10**9) for _ in range(size)],
        "some": [rng.choice([None, rng.randint(0, 9)]) for _ in range(size)],
        "real": [rng.uniform(-1e6, 1e6) for _ in range(size)],
        "yes": [rng.random() < 0.5 for _ in range(size)],
        "text": [rng.choice(["Séguéla", "بلوچستان", " a", 'x"y', ""]) for _ in range(size)],
        "none": [rng.choice([None, "a", "b"]) for _ in range(size)],
    }
    crs = "EPSG:32642" if kind == "line" else "EPSG:4326"
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=crs)


@pytest.mark.parametrize("suffix", ["geojson", "gpkg", "shp"])
@pytest.mark.parametrize("kind", ["point", "height", "several", "area", "line"])
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_and_shapes_are_those_that_gdal_reads(tmp_path: Path, seed: int, kind: str, suffix: str) -> None:
    path = tmp_path / f"places.{suffix}"
    frame(seed, kind).to_file(path)
    expected, layer = pyogrio.read_dataframe(path), read_layer(path)
    found = layer.frame
    assert found.columns.tolist() == expected.columns.tolist()
    for name in expected.columns.drop("geometry"):
        left, right = ([plain(cell) for cell in part[name]] for part in (found, expected))
        assert left == right, name
    shapes = in_plane(expected.geometry.array)
    assert shapely.equals(found.geometry.array, shapes).all()
    assert (shapely.get_type_id(found.geometry.array) == shapely.get_type_id(shapes)).all()
    assert shapely.is_valid(found.geometry.array).all()
    assert np.isclose(found.area, shapely.area(shapes), rtol=1e-12).all()
    assert expected.crs.equals(found.set_crs(layer.crs).crs, ignore_axis_order=True)


def plain(cell: object) -> object:
    """Return a cell as both readers mean it: blank text is missing, yes is 1."""
    if cell is None or cell == "" or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return float(cell) if isinstance(cell, int | float | np.number | np.bool_) else str(cell).strip()


def test_rings_may_turn_either_way(tmp_path: Path) -> None:
    whole = MultiPolygon([Polygon(box(0, 0, 8, 8).exterior, [box(1, 1, 4, 4).exterior]), box(2, 2, 3, 3)])
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"id": [1]}, geometry=[whole], crs=4326).to_file(path)
    data = bytearray(path.read_bytes())
    record = 108  # after the head of the file and of the record
    parts, count = (int.from_bytes(data[record + at : record + at + 4], "little") for at in (36, 40))
    start = record + 44 + 4 * parts
    firsts = [int.from_bytes(data[record + 44 + 4 * n : record + 48 + 4 * n], "little") for n in range(parts)]
    for first, end in zip(firsts, [*firsts[1:], count], strict=True):
        ring = bytes(data[start + 16 * first : start + 16 * end])
        turned = b"".join(ring[16 * n : 16 * n + 16] for n in reversed(range(len(ring) // 16)))
        data[start + 16 * first : start + 16 * end] = turned
    path.write_bytes(data)
    [found] = read_layer(path).frame.geometry
    assert found.equals(whole)
    assert found.area == 64 - 9 + 1


def test_deleted_rows_are_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"id": [1, 2, 3]}, geometry=[Point(n, n) for n in range(3)], crs=4326).to_file(path)
    table = bytearray((tmp_path / "a.dbf").read_bytes())
    start, width = int.from_bytes(table[8:10], "little"), int.from_bytes(table[10:12], "little")
    table[start + width] = ord("*")
    (tmp_path / "a.dbf").write_bytes(table)
    found = read_layer(path).frame
    assert found["id"].tolist() == [1, 3]
    assert found.geometry.x.tolist() == [0, 2]


@pytest.mark.parametrize("end", ["shp", "shx", "dbf"])
def test_a_shapefile_cut_short_is_refused(tmp_path: Path, end: str) -> None:
    from hubplanner.errors import DataError  # noqa: PLC0415

    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"id": range(9)}, geometry=[Point(n, n) for n in range(9)], crs=4326).to_file(path)
    part = tmp_path / f"a.{end}"
    part.write_bytes(part.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"a\.{end}: cannot be read as part of a Shapefile: it is cut short"):
        read_layer(path)
    part.unlink()
    with pytest.raises(DataError, match=r"cannot be read: No such file|is missing beside it"):
        read_layer(path)


def test_systems_of_shapefiles_are_the_registry_s(tmp_path: Path) -> None:
    for code in (4326, 32642, 3857, 2154, 27700, 21781):
        path = tmp_path / f"{code}.shp"
        gpd.GeoDataFrame({"id": [1]}, geometry=gpd.points_from_xy([67], [30], crs=4326).to_crs(code)).to_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pyogrio.read_info(path)["crs"]
        assert f"EPSG:{read_layer(path).crs.to_epsg()}" == expected == f"EPSG:{code}"

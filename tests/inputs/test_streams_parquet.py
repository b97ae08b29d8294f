"""GeoParquet demand that is read in parts: faults are named as in a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, Polygon
from support.instances.demand_files import Many, write_many

import hubplanner as hp
from hubplanner.errors import MissingExtraError
from hubplanner.inputs.demand import point_stream as points
from hubplanner.inputs.readers import parquet as parts

if TYPE_CHECKING:
    from pathlib import Path


MERGE = {"demand.merge": True}


@pytest.fixture
def many(tmp_path: Path) -> Many:
    return write_many(tmp_path)


def faults_of(many: Many, settings: dict[str, Any]) -> list[str]:
    with pytest.raises(hp.DataError) as caught:
        hp.read_inputs(many.read(settings))
    return [str(fault) for fault in caught.value.faults]


def write(many: Many, **columns: Any) -> dict[str, Any]:
    """Write the demand as GeoParquet with other columns, and return the settings that name it."""
    table = many.table.astype(object)
    places = gpd.points_from_xy(table["lon"], table["lat"])
    frame = gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]).infer_objects(), geometry=places, crs="EPSG:4326")
    for name, values in columns.items():
        frame[name] = values(frame[name].copy())
    frame.to_parquet(many.folder / "demand.parquet")
    return {"demand.path": str(many.folder / "demand.parquet"), "demand.x": None, "demand.y": None} | MERGE


def setting(value: object, *rows: int) -> Any:
    def put(column: Any) -> Any:
        cells = column.astype(object) if not isinstance(column, gpd.GeoSeries) else column
        for row in rows:
            cells.iloc[row] = value
        return cells

    return put


SQUARE = Polygon([(67, 30), (67.1, 30), (67.1, 30.1)])


@pytest.mark.parametrize(
    ("columns", "faults"),
    [
        ({"people": setting(None, 700)}, ["row 701, people: blank found; allowed: a number of at least 0; write 0"]),
        ({"people": setting(-2, 0, 1499)}, ["row 1, people: '-2' found", "row 1500, people: '-2' found"]),
        ({"internet": setting(1.5, 700)}, ["row 701, internet: '1.5' found; allowed: a number from 0 to 1"]),
        ({"id": setting("D1", 700)}, ["row 701, id: 'D1' found; allowed: an id only once; row 2 has it already"]),
        ({"province": setting("", 2)}, ["row 3, province: blank found; allowed: a value in every row"]),
        ({"geometry": setting(None, 700)}, ["row 701, geometry: blank found; allowed: a point in every row"]),
        ({"geometry": setting(Point(), 700)}, ["row 701, geometry: blank found; allowed: a point in every row"]),
        ({"geometry": setting(SQUARE, 3)}, ["row 4, geometry: 'Polygon' found; allowed: a point in every row; other"]),
        ({"geometry": setting(Point(30.3, 97.2), 3)}, ["row 4, geometry: '30.3, 97.2' found; allowed: lon from -180"]),
        ({"geometry": setting(Point(30.3, 67.2), 3)}, ["row 4, geometry: '30.3, 67.2' found; allowed: a place near"]),
    ],
)
def test_a_wrong_cell_of_geoparquet_is_named(
    many: Many, columns: dict[str, Any], faults: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS", 300)
    found = faults_of(many, write(many, **columns))
    assert len(found) == len(faults)
    for told, expected in zip(found, faults, strict=True):
        assert told.startswith(f"demand.parquet, {expected}")


def test_a_wrong_geoparquet_file_is_refused(many: Many) -> None:
    settings = write(many)
    path = many.folder / "demand.parquet"
    known = "the file's columns are id, people, women, internet, province"
    assert faults_of(many, settings | {"demand.people": "folk"}) == [f"demand.parquet, folk: is missing; {known}"]
    gpd.read_parquet(path).set_crs(None, allow_override=True).to_parquet(path)
    assert faults_of(many, settings)[0].startswith("demand.parquet, crs: is missing; name it with the key crs")
    pd.DataFrame(many.table).to_parquet(path)
    assert faults_of(many, settings)[0].startswith(
        "demand.parquet, demand.path: has no geometry; save it as GeoParquet"
    )
    path.write_bytes(b"PAR1 junk PAR1")
    assert faults_of(many, settings)[0].startswith("demand.parquet, demand.path: cannot be read as a Parquet file: ")


def test_a_parquet_file_that_breaks_off_is_refused(many: Many) -> None:
    settings = write(many)
    path = many.folder / "demand.parquet"
    content = bytearray(path.read_bytes())
    content[60:4000] = bytes(3940)
    path.write_bytes(content)
    assert faults_of(many, settings)[0].startswith("demand.parquet, demand.path: cannot be read as a Parquet file: ")


def test_without_the_optional_part_parquet_says_how_to_get_it(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = many.read(write(many))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'hubplanner\[parquet\]'"):
        points.open_table(scenario, [], [])

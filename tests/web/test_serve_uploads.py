"""Files that mean harm: refused with a sentence, nothing kept, nothing run."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import time
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import psutil
import pytest
from shapely import Point
from support.browser import server as serving
from support.project import DEMAND, SITES

from hubplanner.web.uploads.inspect import look_at

if TYPE_CHECKING:
    from pathlib import Path

    from support.browser.server import Serving

app, nothing_lost = serving.app, serving.nothing_lost


def zipped(name: str, size: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, b"\0" * size)
    return packed.getvalue()


def feature(**changes: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [67, 30]}
    return {"type": "Feature", "properties": {"id": "A", "people": 1}, "geometry": point} | changes


def collection(*features: Any, **changes: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)} | changes)


DEEP = '{"type":"FeatureCollection","features":' + "[" * 100_000
BAD_FILES = {
    "empty.csv": b"",
    "bomb.csv": zipped("demand.csv", 30 << 20),
    "gz.csv": gzip.compress(DEMAND.encode()),
    "null.csv": b"id,people\n\0,1\n",
    "latin.csv": "id,lon,lat,people\nM\xfcll,67,30,1\n".encode("latin-1"),
    "quotes.csv": b'id,lon,lat,people\n"A,67,30,1\n',
    "numbers.csv": b"id,lon,lat,people\nA,67,30,1e400\nB,67,30,NaN\nC,inf,30,1\n",
    "wide.csv": b",".join(b"c%d" % number for number in range(300)) + b"\n" + b",".join([b"1"] * 300) + b"\n",
    "not.geojson": b"{",
    "deep.geojson": DEEP.encode(),
    "list.geojson": b"[]",
    "topo.geojson": b'{"type":"Topology","objects":{},"arcs":[]}',
    "vrt.geojson": b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
    b"</OGRVRTDataSource>",
    "features.geojson": b'{"type":"FeatureCollection","features":{"a":1}}',
    "nan.geojson": collection(feature()).replace("67", "NaN").encode(),
    "inf.geojson": collection(feature()).replace("67", "1e999").encode(),
    "ring.geojson": collection(feature(geometry={"type": "Polygon", "coordinates": [[[67, 30]]]})).encode(),
    "shape.geojson": collection(feature(geometry={"type": "Point", "coordinates": "here"})).encode(),
    "far.geojson": collection(feature(geometry={"type": "Point", "coordinates": [1e9, 30]})).encode(),
    "none.geojson": collection(feature(geometry=None)).encode(),
    "text.gpkg": b"not a database",
    "zip.gpkg": zipped("a.gpkg", 1 << 20),
    "bomb.zip": zipped("a.geojson", 5 << 20) + b"",
    "text.zip": b"not an archive",
    "text.tif": b"not a raster",
    "vrt.tif": b"<VRTDataset rasterXSize='1' rasterYSize='1'><VRTRasterBand dataType='Byte' band='1'/></VRTDataset>",
    "text.xlsx": b"not a workbook",
    "text.xls": b"not a workbook",
    "text.kml": b"<OGRVRTDataSource><OGRVRTLayer name='x'/></OGRVRTDataSource>",
    "text.fgb": b"not one",
    "text.parquet": b"PAR1",
    "text.duckdb": b"not a database",
    "cut.gpkg": b"SQLite format 3\0" + b"\0" * 52 + b"GPKG" + b"\0" * 100,
}


@pytest.mark.parametrize("name", ["bomb.csv", "deep.geojson", "zip.gpkg"])
def test_a_bad_file_is_refused_with_its_reason(app: Serving, name: str) -> None:
    refused = app.upload(name, BAD_FILES[name], status=422)
    assert refused["faults"], refused
    assert all(fault["file"] == name for fault in refused["faults"])
    assert str(app.folder.parent) not in json.dumps(refused)


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("kind", ["demand", "sites"])
def test_of_a_bad_file_nothing_is_kept(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name])
    look = look_at(path, kind, tmp_path / "kept", 1000)
    assert not look.kept
    assert look.faults
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    "name",
    ["a.shp", "a.gdb", "a.vrt", "a.py", "a.xlsx.gz", "a.gz", "a.csv.gz.gz", "a", "", "/vsizip/a.py", "a.csv/../a.vrt"],
)
def test_other_kinds_of_files_are_not_taken(app: Serving, name: str) -> None:
    app.upload(name, DEMAND, status=415)


def test_a_packed_file_is_taken_under_its_name_and_becomes_a_plan(app: Serving) -> None:
    kept = app.upload("Towns.CSV.gz", gzip.compress(DEMAND.encode()))
    assert kept["name"] == "Towns.CSV.gz"
    assert app.get("/api/state")["formats"][-1] == ".gz"
    wrong = app.upload("towns.csv.gz", gzip.compress(DEMAND.replace("1000", "-3").encode()), status=422)
    assert wrong["faults"][0]["text"].startswith("towns.csv.gz, row 2, people: '-3' found")
    files = {"towns.csv.gz": ("demand", DEMAND), "sites.csv.gz": ("sites", SITES)}
    both = [
        {"upload": app.upload(name, gzip.compress(text.encode()), kind="any")["upload"], "role": role}
        for name, (role, text) in files.items()
    ]
    made = app.post("/api/projects", {"title": "Packed", "files": both}, status=201)
    assert {use["file"] for use in made["uses"]} == {"towns.csv", "sites.csv"}


def test_names_are_only_names(app: Serving) -> None:
    script = DEMAND.replace("D1", '"<img src=x onerror=alert(1)>"')
    kept = app.upload("/etc/..\\..\\secret\0.csv", script)
    assert kept["name"] == "secret .csv"
    assert len(kept["upload"]) == 16
    assert kept["preview"][0]["demand_id"] == "<img src=x onerror=alert(1)>"  # the page shows it as text


@pytest.fixture
def geopackage(tmp_path: Path) -> Path:
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame({"id": ["A", "B"], "people": [1, 2]}, geometry=[Point(67, 30), Point(68, 31)], crs=4326)
    frame.to_file(path, driver="GPKG", layer="places")
    return path


def changed(path: Path, *statements: str) -> bytes:
    base = sqlite3.connect(path)
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()
    return path.read_bytes()


def test_what_a_database_could_run_is_not_run(app: Serving, geopackage: Path, tmp_path: Path) -> None:
    trigger = "CREATE TRIGGER t AFTER UPDATE ON places BEGIN DELETE FROM places; END"
    kept = app.upload("a.gpkg", changed(geopackage, trigger))
    assert (kept["rows"], kept["columns"]) == (2, ["id", "people"])
    view = "CREATE VIEW spy AS SELECT * FROM places"
    table = "CREATE VIRTUAL TABLE other USING fts5(x)"
    for statements, what in (((view,), "a view"), (("DROP VIEW spy", table), "a virtual table")):
        changed(geopackage, *statements)
        look = look_at(geopackage, "demand", tmp_path / "kept", 1000)
        assert not look.kept
        assert look.faults[0].value == what


@pytest.mark.parametrize(
    "change",
    [
        {"demand": {"upload": "../../secret"}},
        {"demand": {"upload": "x", "path": "../secret.csv"}},
        {"demand": None},
        {"title": ""},
        {"hubs": []},
        {"hubs": [{"name": "a", "capex": 1, "reach_km": 1, "path": "x"}]},
        {"hubs": [{"name": ["a"], "capex": 1, "reach_km": 1}]},
        {"extends": "/etc/passwd"},
        {"budget": {"a": 1}},
    ],
)
def test_a_scenario_of_ones_own_names_no_files(app: Serving, change: dict[str, Any]) -> None:
    demand = {"upload": "0" * 16, "id": "id", "people": "people"}
    wanted = {"title": "x", "hubs": [{"name": "a", "capex": 1, "reach_km": 1}], "demand": demand, "sites": demand}
    answer = app.client.post("/api/scenarios", json=wanted | change)
    assert answer.status_code in {400, 404}, answer.text


def test_no_process_is_left(app: Serving) -> None:
    end = time.monotonic() + serving.PATIENCE_S
    while len(app.workers()) > 1 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(app.workers()) <= 1
    assert psutil.Process(app.process.pid).num_fds() < 100

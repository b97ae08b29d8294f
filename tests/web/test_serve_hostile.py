"""Requests of strangers and files that mean harm: refused with a sentence, and nothing lost or left behind."""

from __future__ import annotations

import asyncio
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
import serving
from conftest import DEMAND
from shapely import Point

from hubplanner.web.answers import Refused
from hubplanner.web.guard import Guard
from hubplanner.web.settings import AppSettings, Limits
from hubplanner.workflow.uploads import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from serving import Serving

app = serving.app
HIDDEN = "a secret that stands beside the project"


@pytest.fixture(autouse=True)
def _nothing_lost(app: Serving) -> Iterator[None]:
    """Whatever a test asks, files stay as they are and the server answers on."""
    secret = app.folder.parent / "secret.csv"
    secret.write_text(f"demand_id,lon,lat,people\n{HIDDEN},67,30,5\n", encoding="utf-8")
    run = app.done(kind="solve", scenario="small")["run"]
    before = app.listing()
    yield
    assert app.listing() == before
    assert app.get("/api/runs")[0]["id"] == run
    assert "Traceback" not in app.errors.read_text()


OUTSIDE = [
    "../secret.csv",
    "..%2f..%2fsecret.csv",
    "%2e%2e/%2e%2e/secret.csv",
    "%2e%2e%2fsecret.csv",
    "..%5c..%5csecret.csv",
    "%252e%252e%252fsecret.csv",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "small%00.yaml",
    "....//....//secret.csv",
    ".app",
    "index.sqlite",
    "runs",
]
PLACES = [
    "/api/scenarios/{}",
    "/api/scenarios/{}/map",
    "/api/runs/{}",
    "/api/runs/{}/report",
    "/api/runs/{}/layers/hubs",
    "/api/runs/RUN/files/{}",
    "/api/runs/RUN/layers/{}",
    "/api/jobs/{}",
    "/api/frontiers/{}",
    "/static/{}",
    "/vendor/{}",
    "/api/compare?a=RUN&b={}",
]


@pytest.mark.parametrize("place", PLACES)
def test_an_id_is_never_a_path(app: Serving, place: str) -> None:
    run = app.done(kind="solve", scenario="small")["run"]
    for outside in OUTSIDE:
        path = place.replace("RUN", run).format(outside)
        line = app.raw(
            f"GET {path} HTTP/1.1", f"Host: {app.origin.removeprefix('http://')}", "Connection: close", "", ""
        )
        assert line.split()[1] in {"400", "404"}, (path, line)


@pytest.mark.parametrize(
    "outside", ["../runs", "..%2Frun", "/etc", "%2e%2e", ".", ".app", "small-", "index.sqlite", "a%00b"]
)
def test_nothing_but_a_run_is_removed(app: Serving, outside: str) -> None:
    assert app.client.delete(f"/api/runs/{outside}").status_code in {400, 404, 405}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example:PORT", "421"),
        ("evil.example", "421"),
        ("127.0.0.1", "421"),
        ("127.0.0.1:1", "421"),
        ("localhost.evil.example:PORT", "421"),
        ("10.0.0.1:PORT", "421"),
        ("127.0.0.1:PORT\r\nHost: evil.example", "4"),
        ("localhost:PORT", "200"),
        ("[::1]:PORT", "200"),
    ],
)
def test_only_its_own_name_is_answered(app: Serving, host: str, status: str) -> None:
    port = app.origin.rpartition(":")[2]
    line = app.raw("GET /api/state HTTP/1.1", f"Host: {host.replace('PORT', port)}", "Connection: close", "", "")
    assert line.split()[1].startswith(status)


ASK = json.dumps({"kind": "solve", "scenario": "small"})
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://127.0.0.1"}, 403),
        ({"Origin": None}, 403),
        ({"X-Hubplanner": None}, 403),
        ({"X-Hubplanner": "0"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
    ],
)
def test_other_pages_start_no_work(app: Serving, headers: dict[str, str | None], status: int) -> None:
    request = app.client.build_request("POST", "/api/jobs", content=ASK, headers=JSON)
    for name, value in headers.items():
        request.headers.pop(name, None)
        if value is not None:
            request.headers[name] = value
    assert app.client.send(request).status_code == status
    assert len(app.children()) <= 1


def test_other_pages_read_nothing(app: Serving) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = app.client.get("/api/runs", headers=headers)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert app.client.request("OPTIONS", "/api/jobs").status_code == 405
    assert app.client.request("PUT", "/api/jobs").status_code == 405
    for path in ("/docs", "/openapi.json", "/redoc"):
        assert app.client.get(path).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"kind": "solve", "scenario": "small", "settings": {"model.budget": NaN}}',
        '{"kind": "solve", "scenario": "small", "settings": {"model.budget": 1e999}}',
        '{"kind": "solve", "scenario": "small", "settings": {"model.budget": 1' + "0" * 5000 + "}}",
        '{"kind": "solve", "scenario": "small", "settings": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"kind": "solve", "scenario": "small", "settings": ' + '{"a":' * 30 + "1" + "}" * 31,
        '{"kind": "solve", "scenario": "small", "unknown": 1}',
        '{"kind": "__import__", "scenario": "small"}',
        '{"kind": "check_upload", "scenario": "small"}',
        '{"kind": "solve", "scenario": {"path": "x"}}',
        '{"kind": "solve", "scenario": "small", "required": "S1"}',
        '{"kind": "solve", "scenario": "small", "required": [["S1"]]}',
        '{"kind": "frontier", "scenario": "small", "points": 1000000}',
        '{"kind": "solve", "scenario": "small", "overrides": ["' + "x" * 300 + '"]}',
        b"\xff\xfe",
        b"\x80\x04\x95cposix\nsystem\n",
    ],
)
def test_json_that_is_none_or_too_much(app: Serving, text: str | bytes) -> None:
    answer = app.client.post("/api/jobs", content=text, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"error", "faults"}
    assert len(app.children()) <= 1


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("demand.path", "../secret.csv"),
        ("demand", {"path": "../secret.csv"}),
        ("sites.path", "/etc/passwd"),
        ("sites.layer", "x"),
        ("travel.path", "../secret.csv"),
        ("travel", {"method": "matrix", "path": "../secret.csv"}),
        ("demand.where", {"province": "Punjab"}),
        ("extends", "/etc/passwd"),
        ("overrides", {}),
        ("name", "../../evil"),
        ("model.floors", [{"share": 0.1, "path": "../secret.csv"}]),
        ("futures", {"path": "../secret.csv"}),
        ("futures.path", "../secret.csv"),
        ("solver.name", "CPLEX_CMD"),
        ("solver.name", "/bin/sh"),
        ("solver.time_limit_s", 1e9),
        ("solver", {"name": "CPLEX_CMD"}),
        ("__class__", 1),
        ("model.__class__", 1),
        ("model.budget\n", 1),
        ("", 1),
    ],
)
def test_settings_name_no_files_and_no_programs(app: Serving, key: str, value: Any) -> None:
    ask = {"kind": "solve", "scenario": "small", "settings": {key: value}}
    answer = app.client.post("/api/jobs", json=ask)
    assert answer.status_code in {400, 422}, answer.text
    assert HIDDEN not in answer.text
    assert len(app.children()) <= 1


def test_a_column_of_another_name_reads_no_other_file(app: Serving) -> None:
    ask = {"kind": "solve", "scenario": "small", "settings": {"hubs.0.capex": "../secret.csv"}}
    failed = app.wait(app.post("/api/jobs", ask)["job"])
    assert failed["state"] == "failed"
    assert "is missing" in failed["error"]["error"]
    assert HIDDEN not in json.dumps(failed)


def test_a_body_that_says_it_is_too_large(app: Serving) -> None:
    head = ("POST /api/uploads?kind=demand&name=a.csv HTTP/1.1", f"Host: {app.origin.removeprefix('http://')}")
    own = (f"Origin: {app.origin}", "X-Hubplanner: 1", "Content-Type: application/octet-stream")
    assert app.raw(*head, *own, f"Content-Length: {1 << 40}", "", "").split()[1] == "413"
    assert app.raw(*head, *own, "Content-Length: -1", "", "").split()[1] == "400"
    assert app.client.post("/api/jobs", content=b" " * (1 << 20), headers=JSON).status_code == 413


def test_a_body_that_grows_too_large_on_the_way(app: Serving) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * (1 << 16)

    assert app.client.post("/api/jobs", content=endless(), headers=JSON).status_code == 413


def test_a_body_that_never_comes(tmp_path: Path) -> None:
    async def read(scope: Any, receive: Any, send: Any) -> None:
        del scope, send
        await receive()

    async def never() -> Any:
        await asyncio.sleep(60)

    limits = Limits(pause_s=0.05)
    guard = Guard(read, AppSettings(scenarios={}, runs=tmp_path, workspace=tmp_path, port=80, limits=limits))
    headers = [(b"host", b"localhost:80"), (b"origin", b"http://localhost:80"), (b"x-hubplanner", b"1")]
    scope = {"type": "http", "method": "POST", "path": "/api/jobs", "query_string": b"", "headers": headers}
    with pytest.raises(Refused) as caught:
        asyncio.run(guard(scope, never, None))  # type: ignore[arg-type]
    assert caught.value.status == 408


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
    look, table = look_at(path, kind, tmp_path / "kept", 1000)
    assert table is None
    assert look.faults
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    "name", ["a.zip", "a.shp", "a.tif", "a.parquet", "a.py", "a.csv.gz", "a", "", "/vsizip/a.zip", "a.csv/../a.vrt"]
)
def test_other_kinds_of_files_are_not_taken(app: Serving, name: str) -> None:
    app.upload(name, DEMAND, status=415)


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
        look, table = look_at(geopackage, "demand", tmp_path / "kept", 1000)
        assert table is None
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
    end = time.monotonic() + 5
    while len(app.children()) > 1 and time.monotonic() < end:
        time.sleep(0.1)
    assert len(app.children()) <= 1
    assert psutil.Process(app.process.pid).num_fds() < 100

"""Requests of strangers and files that mean harm: refused with a sentence, and nothing lost or left behind."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.browser import server as serving

from hubplanner.web.responses import Refused
from hubplanner.web.security import Guard
from hubplanner.web.settings import AppSettings, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser.server import Serving

app, nothing_lost = serving.app, serving.nothing_lost


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
    assert len(app.workers()) <= 1


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
    assert len(app.workers()) <= 1


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
    assert serving.HIDDEN not in answer.text
    assert len(app.workers()) <= 1


def test_a_column_of_another_name_reads_no_other_file(app: Serving) -> None:
    ask = {"kind": "solve", "scenario": "small", "settings": {"hubs.0.capex": "../secret.csv"}}
    failed = app.wait(app.post("/api/jobs", ask)["job"])
    assert failed["state"] == "failed"
    assert "is missing" in failed["error"]["error"]
    assert serving.HIDDEN not in json.dumps(failed)


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
    guard = Guard(
        read, AppSettings(scenarios={}, runs=tmp_path, workspace=tmp_path, incoming=tmp_path, port=80, limits=limits)
    )
    headers = [(b"host", b"localhost:80"), (b"origin", b"http://localhost:80"), (b"x-hubplanner", b"1")]
    scope = {"type": "http", "method": "POST", "path": "/api/jobs", "query_string": b"", "headers": headers}
    with pytest.raises(Refused) as caught:
        asyncio.run(guard(scope, never, None))  # type: ignore[arg-type]
    assert caught.value.status == 408

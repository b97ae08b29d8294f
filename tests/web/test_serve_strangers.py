"""What a stranger on the network can do to a server: hold connections, ask for too much, plant links; all bounded."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import select
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import psutil
import pytest
from support.browser import server as serving
from support.draws import one_of

from hubplanner.errors import SolverError
from hubplanner.web.app import create_app
from hubplanner.web.connections import Connection
from hubplanner.web.jobs import worker
from hubplanner.web.jobs.queue import JobQueue
from hubplanner.web.requests import LARGEST, check_setting
from hubplanner.web.responses import Refused
from hubplanner.web.run_files import linked, open_own
from hubplanner.web.server import server_of
from hubplanner.web.settings import AppSettings, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import uvicorn
    from support.browser.server import Serving

app = serving.app

EACH, TOGETHER, PAUSE_S, STALL_S = 5, 8, 600.0, 1500.0
HALF = b"GET /api/state HTTP/1.1\r\nHost: x\r\nX-Slow: "


ahead = [0.0]
"""Seconds that the server's clock is ahead: its bounds pass when a test says so, however slow the machine is."""


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[uvicorn.Server]:
    """A server in a thread, whose clock tests put forward."""
    folder = tmp_path_factory.mktemp("bounded")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        limits = Limits(connections=TOGETHER, connections_each=EACH, pause_s=PAUSE_S, stall_s=STALL_S)
        (folder / "runs").mkdir()
        settings = AppSettings(
            scenarios={},
            runs=folder / "runs",
            workspace=folder / "w",
            incoming=folder / "i",
            port=number,
            limits=limits,
        )
        server = server_of(create_app(settings), settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(asyncio.BaseEventLoop, "time", lambda _: time.monotonic() + ahead[0])
            thread.start()
            yield server
            server.should_exit = True
            thread.join(serving.PATIENCE_S)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def port(bounded: uvicorn.Server) -> int:
    return bounded.config.port


@contextmanager
def lines(port: int, number: int, client: str = "127.0.0.1", sent: bytes = HALF) -> Iterator[list[socket.socket]]:
    """Open connections from one client, each with a request that was never finished."""
    opened = [socket.create_connection(("127.0.0.1", port), serving.PATIENCE_S, (client, 0)) for _ in range(number)]
    try:
        for line in opened:
            line.sendall(sent)
        yield opened
    finally:
        for line in opened:
            line.close()


def answered(port: int, client: str = "127.0.0.1") -> int:
    """Return the status that a new visitor gets."""
    transport = httpx.HTTPTransport(local_address=client)
    with httpx.Client(transport=transport, timeout=serving.PATIENCE_S) as visitor:
        return visitor.get(f"http://127.0.0.1:{port}/api/state").status_code


def status_of_answer(line: socket.socket) -> int:
    """Read an answer to its end, in however many pieces it comes."""
    answer = HTTPResponse(line)
    answer.begin()
    answer.read()
    return answer.status


def is_closed(line: socket.socket) -> bool:
    line.settimeout(0.2)
    try:
        return line.recv(100) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def put_forward(server: uvicorn.Server, seconds: float) -> None:
    """Let seconds pass for a server; a client has the end of an answer before the server knows that it is over."""
    end = time.monotonic() + serving.PATIENCE_S
    while not all(line.waits for line in list(server.server_state.connections) if isinstance(line, Connection)):
        assert time.monotonic() < end
        time.sleep(0.01)
    ahead[0] += seconds


def closed_after(server: uvicorn.Server, opened: list[socket.socket], seconds: float) -> bool:
    """Let seconds pass for a server, and tell whether it closes the connections then."""
    put_forward(server, seconds)
    end = time.monotonic() + serving.PATIENCE_S
    while time.monotonic() < end:
        if all(map(is_closed, opened)):
            return True
    return False


def test_half_sent_heads_keep_nobody_out(bounded: uvicorn.Server, port: int) -> None:
    with lines(port, 3 * TOGETHER) as opened:
        assert answered(port) == 200
        assert answered(port, "127.0.0.9") == 200
        assert sum(map(is_closed, opened)) >= len(opened) - EACH
        for line in opened:  # a letter now and then wins no time
            line.settimeout(1)
            try:
                line.sendall(b"x")
            except OSError:
                continue
        assert closed_after(bounded, opened, PAUSE_S)


def test_many_clients_that_wait_keep_nobody_out(port: int) -> None:
    with lines(port, EACH, "127.0.0.5"), lines(port, EACH, "127.0.0.6"), lines(port, EACH, "127.0.0.7", b""):
        assert [answered(port, f"127.0.0.{last}") for last in (5, 6, 8)] == [200] * 3


def test_a_request_after_an_answer_has_the_same_time(bounded: uvicorn.Server, port: int) -> None:
    whole = f"GET /api/state HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with lines(port, 1, sent=whole) as (line,):
        assert status_of_answer(line) == 200
        line.sendall(whole)
        assert status_of_answer(line) == 200
        line.sendall(HALF)
        assert closed_after(bounded, [line], PAUSE_S)


def test_a_body_after_a_refusal_is_not_waited_for(bounded: uvicorn.Server, port: int) -> None:
    head = f"POST /api/jobs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000\r\n\r\n".encode()
    with lines(port, 1, sent=head) as (line,):
        assert line.recv(1 << 16).startswith(b"HTTP/1.1 403")
        put_forward(bounded, PAUSE_S)
        end = time.monotonic() + serving.PATIENCE_S
        while not is_closed(line):
            assert time.monotonic() < end
            try:
                line.sendall(b"x")
            except OSError:
                break


def test_who_takes_no_answer_is_let_go(port: int) -> None:
    file = f"GET /vendor/maplibre-gl.js HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    line = socket.socket()
    with line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", port))
        for _ in range(30):  # more than the system itself keeps for a client
            line.sendall(file)
        poll = select.poll()
        poll.register(line, 0)  # hears only that the other end is gone
        assert not poll.poll(200)
        end = time.monotonic() + serving.PATIENCE_S
        while not poll.poll(100):  # it may still have sent the last when the clock went on before
            assert time.monotonic() < end
            ahead[0] += STALL_S
        assert answered(port) == 200


def test_no_part_of_an_answer_waits_for_another_to_arrive(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = []
    made = Connection.connection_made

    def look(self: Connection, transport: asyncio.Transport) -> None:
        made(self, transport)
        line = transport.get_extra_info("socket")
        at_once.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)

    monkeypatch.setattr(Connection, "connection_made", look)
    assert answered(port) == 200
    assert at_once == [True]


TIER = {"name": "a", "capex": 1, "reach_km": 1}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hubs", [{**TIER, "name": f"t{number}"} for number in range(3000)]),
        ("hubs", [{**TIER, "reach_km": 1e308}]),
        ("hubs.0.reach_km", 1e308),
        ("hubs.0.reach_minutes", 1e300),
        ("hubs.0.capex", 1e200),
        ("hubs.0.capex", "x" * 300),
        ("hubs.0.capacity", 10**400),
        ("horizon_years", 5_000_000),
        ("travel.detour", 1e9),
        ("travel.speed_kmh", 1e12),
        ("coverage.full_km", 1e308),
        ("model.budget", -1e308),
        ("model.max_per_site", 10**9),
        ("model.max_hubs", 10**12),
        ("model.floors", [{"group": "province", "share": 0.1}] * 3000),
        ("model.require", ["S1"] * 3000),
        ("model.at_most_one", [["S1"] * 100] * 300),
        ("model.periods.years", [{"name": f"{number}", "budget": 1} for number in range(3000)]),
        ("model.existing.upgrade", ["S1"] * 3000),
        ("model.floors", [[[[[[[[1]]]]]]]]),
        ("model.floors", [{"x" * 1000: 1}]),
        ("solver.seed", 10**30),
    ],
    ids=range(22),
)
def test_requests_have_bounds(app: Serving, key: str, value: Any) -> None:
    refused = app.post("/api/jobs", {"kind": "solve", "scenario": "small", "settings": {key: value}}, 400)
    assert "here." in refused["error"]
    upload = {"upload": "0" * 16, "id": "id"}
    wanted = {"title": "x", "hubs": [TIER | {"reach_km": 1e308}], "demand": upload, "sites": upload}
    assert "here." in app.post("/api/scenarios", wanted, 400)["error"]


def test_what_planners_ask_is_within_the_bounds() -> None:
    for key, value in {
        "model.budget": LARGEST,
        "hubs": [TIER] * 40,
        "model.floors": [{"group": "district", "value": f"d{number}", "share": 0.3} for number in range(156)],
        "model.exclude": [f"S{number}" for number in range(2000)],
        "hubs.1.reach_km": 20_000,
    }.items():
        check_setting(key, value)


@pytest.fixture
def foreign(app: Serving) -> Iterator[Path]:
    """A copy of a run, as a stranger may hand it over."""
    run = app.done(kind="solve", scenario="small")["run"]
    folder = app.folder / "runs" / "foreign"
    shutil.copytree(app.folder / "runs" / run, folder)
    yield folder
    shutil.rmtree(folder)
    app.get("/api/runs")


FOREIGN = ("hubs.geojson", "demand.geojson", "plan.json", "scenario.yaml", "hubs.csv", "a.txt")


@pytest.mark.parametrize(("name", "kind"), one_of(2, [*itertools.product(FOREIGN, ("link", "inside", "pipe"))]))
def test_links_in_a_foreign_run_are_not_followed(app: Serving, foreign: Path, name: str, kind: str) -> None:
    secret = app.folder.parent / "secret.json"
    secret.write_text('{"type": "FeatureCollection", "features": [], "secret": "hidden treasure"}', encoding="utf-8")
    (foreign / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(foreign / name)
    else:
        (foreign / name).symlink_to(secret if kind == "link" else app.folder / "runs" / "index.sqlite")
    for path in ("", "/layers/hubs", "/layers/demand", "/layers/areas", "/files", f"/files/{name}", "/files/plan.kml"):
        answer = app.client.get(f"/api/runs/foreign{path}")
        assert answer.status_code in {404, 409}, (path, answer.text)
        assert "treasure" not in answer.text
    for other in ("/api/runs/foreign/report", f"/api/compare?a=foreign&b={foreign.name}"):
        assert app.client.get(other).status_code in {404, 409}
    assert app.client.post("/api/jobs", json={"kind": "explain", "run": "foreign", "site": "S4"}).status_code in {
        404,
        409,
    }
    assert "treasure" not in json.dumps(app.get("/api/runs"))


def test_a_link_that_takes_a_files_place_at_the_last_moment_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "secret").write_text("hidden", encoding="utf-8")
    (folder / "a").symlink_to(tmp_path / "secret")
    (tmp_path / "other").symlink_to(folder)
    (folder / "b").write_text("plain", encoding="utf-8")
    os.mkfifo(folder / "c")
    assert linked(folder) in {"a", "c"}
    for place, name, status in (
        (folder, "a", 409),
        (folder, "c", 409),
        (tmp_path / "other", "b", 409),
        (folder, "d", 404),
    ):
        with pytest.raises(Refused) as caught:
            open_own(place, name)
        assert caught.value.status == status
    with open_own(folder, "b") as file:
        assert file.read() == b"plain"


LARGE = """\
name: large
demand: {path: demand.csv, id: id, x: x, y: y, people: people}
sites: {path: sites.csv, id: id, x: x, y: y}
hubs: [{name: hub, capex: 10, reach_km: 2000, capacity: 5000}]
model: {budget: 400}
"""


def test_a_job_beyond_its_memory_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    rng = np.random.default_rng(7)
    for name, rows in (("demand", 6000), ("sites", 2000)):
        places = zip(rng.normal(70, 1, rows), rng.normal(30, 1, rows), strict=True)
        text = "".join(f"{name[0]}{row},{x:.4f},{y:.4f},9\n" for row, (x, y) in enumerate(places))
        (folder / f"{name}.csv").write_text(f"id,x,y,people\n{text}", encoding="utf-8")
    (folder / "large.yaml").write_text(LARGE, encoding="utf-8")
    with serving.served(folder, "--memory", "0.5", anew=True) as server:
        failed = server.wait(server.ask(kind="solve", scenario="large"))
    assert failed["state"] == "failed"
    assert "more than the 0.5 GB of memory that a job may take" in failed["error"]["error"]
    assert "--memory" in failed["error"]["error"]


def test_a_solver_that_ran_out_of_memory_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SolverError("CBC failed: no result.")
    monkeypatch.setattr(worker, "_peak_of_children", lambda: 1 << 20)
    assert worker.failure(error, {}, 1 << 30)["error"] == "CBC failed: no result."
    monkeypatch.setattr(worker, "_peak_of_children", lambda: 1 << 30)
    assert "more than the 1 GB of memory" in worker.failure(error, {}, 1 << 30)["error"]
    assert worker.failure(error, {})["error"] == "CBC failed: no result."


def test_a_check_that_takes_too_long_is_given_up_and_its_place_is_free_again_whatever_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(psutil.Process().children(recursive=True))
    jobs = JobQueue(Limits(check_s=0.1, checking=1))
    for _ in range(3):  # given up for taking too long
        with pytest.raises(Refused, match="could not be read within"):
            jobs.check(serving.hard(tmp_path))

    def no_process() -> Any:
        raise OSError(11, "no more processes")

    monkeypatch.setattr(jobs, "_child", no_process)
    for _ in range(3):
        with pytest.raises(OSError, match="no more processes"):
            jobs.check({"kind": "check_upload"})
    assert jobs.checking.acquire(blocking=False)
    jobs.close()
    left = set(psutil.Process().children(recursive=True)) - before
    assert psutil.wait_procs(left, timeout=serving.PATIENCE_S)[1] == []


def test_an_upload_that_breaks_off_leaves_nothing(app: Serving) -> None:
    name, _, port = app.origin.removeprefix("http://").rpartition(":")
    head = (
        f"POST /api/uploads?kind=demand&name=a.csv HTTP/1.1\r\nHost: {name}:{port}\r\nOrigin: {app.origin}\r\n"
        "X-Hubplanner: 1\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nid,lon"
    )
    for _ in range(4):
        with socket.create_connection((name, int(port)), serving.PATIENCE_S) as line:
            line.sendall(head.encode())
            app.get("/api/state")  # what came before is read by then
    assert app.upload("a.csv", serving.DEMAND)["rows"] == 4


def test_a_killed_servers_folder_goes_at_the_next_start(tmp_path: Path) -> None:
    folder, place = tmp_path / "project", tmp_path / "temporary"
    folder.mkdir()
    place.mkdir()
    serving.write_hard(folder)
    with serving.served(folder, temporary=place) as alive:
        dead = serving.start(folder, temporary=place)
        head = (
            f"POST /api/uploads?kind=demand&name=a.csv HTTP/1.1\r\nHost: {dead.origin.removeprefix('http://')}\r\n"
            f"Origin: {dead.origin}\r\nX-Hubplanner: 1\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nid,lon"
        )
        name, _, port = dead.origin.removeprefix("http://").rpartition(":")
        with socket.create_connection((name, int(port)), serving.PATIENCE_S) as line:
            line.sendall(head.encode())
            end = time.monotonic() + serving.PATIENCE_S
            while not list(place.glob("*/incoming/*/*")):
                assert time.monotonic() < end
                time.sleep(0.05)
            dead.process.kill()
            dead.process.wait(serving.PATIENCE_S)
        serving.close(dead)
        assert len(list(place.iterdir())) == 2
        with serving.served(folder, temporary=place):
            assert len(list(place.iterdir())) == 2
            assert not list(place.glob("*/incoming/*"))
        assert alive.get("/api/state")["scenarios"]
    assert not list(place.iterdir())

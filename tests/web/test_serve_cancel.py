"""Work that is cancelled, and work whose server goes: no process and no half of a run stays."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from support import command
from support.browser import server as serving
from support.draws import one_of

from hubplanner.web.jobs.worker import CANCELLED

if TYPE_CHECKING:
    from pathlib import Path

    from support.browser.server import Serving

app = serving.app


def at_work(app: Serving, **wanted: object) -> tuple[str, list[psutil.Process]]:
    """Start a long search; return it once it has found a plan, with all its processes."""
    app.wait_ready()
    job = app.ask(kind="solve", scenario="hard", **wanted)
    end = time.monotonic() + serving.PATIENCE_S
    while time.monotonic() < end:
        found = app.get(f"/api/jobs/{job}")
        assert found["state"] in {"waiting", "running"}, found
        if any(row.get("value") for row in found["progress"]) or _has_solver(app):
            return job, app.busy()
        time.sleep(0.1)
    raise AssertionError(found)


def _has_solver(app: Serving) -> bool:
    return any("cbc" in process.name().lower() for process in app.children())


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_a_running_solver_is_killed_for_real(app: Serving, solver: str) -> None:
    before = app.listing()
    job, processes = at_work(app, settings={"solver.name": solver})
    assert len(processes) >= (2 if solver == "cbc" else 1)
    ended = app.post(f"/api/jobs/{job}/cancel", {}, 200)
    assert ended["state"] == "cancelled"
    assert narrows(ended["progress"])
    _, alive = psutil.wait_procs(processes, timeout=serving.PATIENCE_S)  # by itself it would search far longer
    assert not alive
    assert app.get(f"/api/jobs/{job}")["result"] is None
    assert app.listing() - before <= {"runs"}


def test_jobs_wait_in_a_line_of_some_length(app: Serving) -> None:
    jobs = [app.ask(kind="solve", scenario="hard") for _ in range(10)]
    refused = app.post("/api/jobs", {"kind": "solve", "scenario": "hard"}, 429)
    assert "cancel one or wait" in refused["error"]
    assert [app.get(f"/api/jobs/{job}")["state"] for job in jobs] == ["running"] * 2 + ["waiting"] * 8
    app.wait_busy(2)
    assert app.post(f"/api/jobs/{jobs[-1]}/cancel", {}, 200)["seconds"] == 0
    for job in reversed(jobs):
        app.post(f"/api/jobs/{job}/cancel", {}, 200)
    app.wait_busy(0)
    assert app.done(kind="solve", scenario="small")["run"]


def narrows(rows: list[dict[str, Any]]) -> bool:
    """Tell whether plans only get better and bounds sharper, and no plan passes a bound."""
    rows = [row for row in rows if row["value"] is not None]
    values, bounds = [row["value"] for row in rows], [row["bound"] for row in rows if row["bound"] is not None]
    passed = any(row["bound"] is not None and row["value"] > row["bound"] for row in rows)
    return values == sorted(values) and bounds == sorted(bounds, reverse=True) and not passed


@pytest.mark.parametrize(
    ("how", "solver", "anew"),
    [(signal.SIGTERM, "highs", False), (signal.SIGKILL, "highs", True), (signal.SIGKILL, "cbc", False)],
)
def test_a_server_that_ends_takes_its_work_along(
    tmp_path: Path, how: signal.Signals, solver: str, *, anew: bool
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    serving.write_hard(folder)
    before = sorted(folder.rglob("*"))
    server = serving.start(folder, "--runs", "kept", anew=anew)
    job, _ = at_work(server, settings={"solver.name": solver})
    processes = server.children()
    with server.client.stream("GET", f"/api/jobs/{job}/events") as stream:
        next(stream.iter_lines())  # a page that watches does not hold the server up
        server.process.send_signal(how)
        assert server.process.wait(serving.PATIENCE_S) == (-how if how == signal.SIGKILL else 0)
    _, alive = psutil.wait_procs(processes, timeout=serving.PATIENCE_S)
    assert not alive
    assert processes
    assert sorted(folder.rglob("*")) == before
    serving.close(server)


def test_a_request_cut_off_as_the_server_stops_leaves_no_traceback(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    serving.write_hard(folder)
    server = serving.start(folder)
    name, _, port = server.origin.removeprefix("http://").partition(":")
    head = [f"Host: {name}:{port}", f"Origin: {server.origin}", "X-Hubplanner: 1"]
    head += ["Content-Type: application/json", "Content-Length: 500"]
    with socket.create_connection((name, int(port))) as line:
        line.sendall("\r\n".join(["POST /api/jobs HTTP/1.1", *head, "", "{"]).encode())
        server.get("/api/state")  # what came before was read by then; the rest of it never comes
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(serving.PATIENCE_S) == 0
    assert "timeout graceful shutdown exceeded" in server.errors.read_text()
    serving.close(server)


WORKS = """
import os
os.setpgid(0, 0)
sys.stdin = open("asked", encoding="utf-8")
from hubplanner.web.jobs import worker
worker.main()
"""
"""Makes a forked process a worker."""


@pytest.mark.parametrize("late", one_of(2, [0.0, 0.5, 0.05]))
def test_work_that_is_cancelled_ends_in_silence(tmp_path: Path, late: float) -> None:
    ask, asked = serving.hard(tmp_path), tmp_path / "asked"
    os.mkfifo(asked)
    worker = command.start(patch=WORKS, cwd=tmp_path, daemon=False)
    with asked.open("w", encoding="utf-8") as asks:
        asks.write(json.dumps(ask) + "\n")
        asks.flush()
        worker.first_line()  # it is at work
        time.sleep(late)
        worker.signal(signal.SIGTERM)
        # Compiled code heeds no signal, so the time it takes is the machine's; the server kills what tarries.
        done = worker.wait(180)
    assert (done.returncode, done.stderr) == (CANCELLED, "")


SWALLOWED = """
import logging, os, signal, sys, threading
from hubplanner.stopping import is_stopped
from hubplanner.web.jobs import worker

cancelled = threading.Event()
worker._end_when_told(cancelled)
log = logging.getLogger("hubplanner")
log.addHandler(worker.ProgressReporter(sys.stdout, cancelled))
log.setLevel(logging.DEBUG)
log.info("at work")
try:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
except KeyboardInterrupt:
    pass  # as compiled code does
assert is_stopped()
try:
    log.info("still at work")
except KeyboardInterrupt:
    log.info("put away")
    print("unwound")
"""


def test_an_interrupt_that_compiled_code_swallows_still_ends_the_work() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=True)
    first, second, end = done.stdout.splitlines()
    assert json.loads(first)["text"] == "at work"
    assert json.loads(second)["text"] == "put away"
    assert end == "unwound"

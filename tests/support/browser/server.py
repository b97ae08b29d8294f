"""A real server of the app in a process of its own, and a browser's manners to talk to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import psutil
import pytest

from support import command
from support.project import DEMAND, SCENARIO, SITES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.command import Started

PATIENCE_S = 180.0
"""Only what hangs takes longer, however slow and busy the machine is."""
END = {"done", "failed", "cancelled"}


class Forked:
    """A server in a forked process, with the manners of one that was started anew."""

    def __init__(self, started: Started) -> None:
        self.started, self.pid = started, started.process.pid or 0

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.started.process.kill()

    def wait(self, seconds: float | None = None) -> int:
        self.started.process.join(seconds)
        if self.started.process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self.pid), seconds or 0.0)
        return self.started.process.exitcode


@dataclass
class Serving:
    process: subprocess.Popen[str] | Forked
    address: str
    folder: Path
    errors: Path
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return self.address.partition("?")[0].rstrip("/")

    @cached_property
    def client(self) -> httpx.Client:
        headers = {"X-Hubplanner": "1", "Origin": self.origin}
        return httpx.Client(base_url=self.origin, headers=headers, timeout=PATIENCE_S)

    def get(self, path: str, status: int = 200) -> Any:
        return self._read(self.client.get(path), status)

    def post(self, path: str, tree: Any, status: int = 202) -> Any:
        return self._read(self.client.post(path, json=tree), status)

    def upload(self, name: str, content: bytes | str, kind: str = "demand", status: int = 201) -> Any:
        content = content.encode() if isinstance(content, str) else content
        headers = {"Content-Type": "application/octet-stream"}
        answer = self.client.post("/api/uploads", params={"kind": kind, "name": name}, content=content, headers=headers)
        return self._read(answer, status)

    def _read(self, answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        assert "Traceback" not in answer.text
        return answer.json() if answer.content else None

    def ask(self, **wanted: Any) -> str:
        name = self.post("/api/jobs", wanted)["job"]
        assert isinstance(name, str)
        return name

    def wait(self, job: str, *states: str) -> Any:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = self.get(f"/api/jobs/{job}")
            if found["state"] in (states or END):
                return found
            time.sleep(0.05)
        raise AssertionError(found)

    def done(self, **wanted: Any) -> Any:
        """Return the result of a job, of the same one where it was asked before."""
        key = json.dumps(wanted, sort_keys=True)
        if key not in self.known:
            found = self.wait(self.ask(**wanted))
            assert found["state"] == "done", found
            self.known[key] = found["result"]
        return self.known[key]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def workers(self) -> list[psutil.Process]:
        """The processes that work or wait for it, the oldest first: all forked from a child of the server's."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                found += child.children()
        return sorted(found, key=psutil.Process.create_time)

    def busy(self) -> list[psutil.Process]:
        """The processes at work, with their own: all but the newest, which waits for work."""
        found = []
        for worker in self.workers()[:-1]:
            with suppress(psutil.NoSuchProcess):
                found += [worker, *worker.children(recursive=True)]
        return found

    def wait_ready(self) -> None:
        """Wait until a process waits for work, which takes a moment after the start."""
        end = time.monotonic() + PATIENCE_S
        while not self.workers():
            assert time.monotonic() < end
            time.sleep(0.05)

    def wait_busy(self, count: int) -> None:
        """Wait until that many processes are at work."""
        end = time.monotonic() + PATIENCE_S
        while (found := len(self.busy())) != count:
            assert time.monotonic() < end, found
            time.sleep(0.05)

    def raw(self, *lines: str | bytes) -> str:
        """Send bytes as they are, and return the first line of what comes back."""
        parts = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
        name, _, port = self.origin.removeprefix("http://").rpartition(":")
        with socket.create_connection((name, int(port)), timeout=PATIENCE_S) as line:
            line.sendall(b"\r\n".join(parts))
            return line.makefile("rb").readline().decode()

    def listing(self) -> set[str]:
        """Everything in the project's folder, so that a test can tell that nothing was lost or added."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


def start(folder: Path, *words: str, anew: bool = False, temporary: Path | None = None) -> Serving:
    """Start a server, forked unless its start is what is tested: a new one and its workers import for five seconds.

    Its temporary files are where all others are, or in a folder of their own.
    """
    starts = _start_anew if anew or not hasattr(os, "fork") else _fork
    process, errors = starts(folder, *words, temporary=temporary)
    serving = Serving(process=process, address=_address(process, errors), folder=folder, errors=errors)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with socket.socket() as line:
            name, _, port = serving.origin.removeprefix("http://").rpartition(":")
            if line.connect_ex((name.strip("[]"), int(port))) == 0:
                return serving
        time.sleep(0.05)
    raise AssertionError(errors.read_text())


def _fork(folder: Path, *words: str, temporary: Path | None) -> tuple[Forked, Path]:
    patch = f"import tempfile; tempfile.tempdir = {str(temporary)!r}; " if temporary else ""
    language = words[words.index("--language") + 1] if "--language" in words else None
    patch += f"from support import warm; warm.fork_workers({language!r})"
    started = command.start("serve", ".", *words, patch=patch, cwd=folder, daemon=False)
    return Forked(started), started.error


def _start_anew(folder: Path, *words: str, temporary: Path | None) -> tuple[subprocess.Popen[str], Path]:
    errors = folder.parent / f"{folder.name}-errors.txt"
    with errors.open("w") as stream:
        asked = [str(command.PROGRAM), "serve", ".", *words]
        own = {**os.environ, "TMPDIR": str(temporary)} if temporary else None
        return subprocess.Popen(asked, cwd=folder, env=own, stdout=subprocess.PIPE, stderr=stream, text=True), errors


def _address(process: subprocess.Popen[str] | Forked, errors: Path) -> str:
    """Return the address that a server prints once it can be reached."""
    if isinstance(process, Forked):
        address = process.started.first_line()
    else:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
    assert address.startswith("http://"), errors.read_text()
    return address


def stop(serving: Serving) -> None:
    """Stop as Ctrl-C does, and find nothing left over and nothing to complain of."""
    children = serving.children()
    serving.process.send_signal(signal.SIGINT)
    try:
        assert serving.process.wait(PATIENCE_S) == 0
    except subprocess.TimeoutExpired:
        serving.process.kill()
        raise
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not alive, gone
    close(serving)


def close(serving: Serving) -> None:
    """Let go of a server that has ended."""
    serving.client.close()
    if isinstance(serving.process, subprocess.Popen) and serving.process.stdout is not None:
        serving.process.stdout.close()
    told = serving.errors.read_text()
    if isinstance(serving.process, Forked):
        serving.process.started.folder.cleanup()
    assert "Traceback" not in told, told


@contextmanager
def served(folder: Path, *words: str, anew: bool = False, temporary: Path | None = None) -> Iterator[Serving]:
    """Yield a server that is stopped in the end, or killed with all of its processes where a test fails."""
    server = start(folder, *words, anew=anew, temporary=temporary)
    try:
        yield server
        server.get("/api/jobs", 401 if "token" in server.address else 200)  # it is up, and ends as it should
    except BaseException:
        for process in [*server.children(), server.process]:
            process.kill()
        server.process.wait()
        close(server)
        raise
    stop(server)


HARD = """\
name: hard
demand: {path: many.csv, id: id, x: x, y: y, people: people}
sites: {path: places.csv, id: id, x: x, y: y}
hubs:
  - {name: small, capex: 31, reach_km: 9, capacity: 2100}
  - {name: large, capex: 83, reach_km: 21, capacity: 6100}
model: {budget: 907, assignment: single}
solver: {gap: 0, time_limit_s: 3000}
"""
"""Places served whole by hubs with seats: minutes to proof."""


def write_hard(folder: Path) -> None:
    rng = np.random.default_rng(7)
    for name, count in (("many.csv", 150), ("places.csv", 40)):
        rows = [
            f"{name[0]}{number},{x:.4f},{y:.4f},{people}"
            for number, (x, y, people) in enumerate(
                zip(rng.uniform(67, 68, count), rng.uniform(30, 31, count), rng.integers(40, 900, count), strict=True)
            )
        ]
        (folder / name).write_text("\n".join(["id,x,y,people", *rows]) + "\n", encoding="utf-8")
    (folder / "hard.yaml").write_text(HARD, encoding="utf-8")


def hard(folder: Path) -> dict[str, Any]:
    """Return what a worker is asked, to take minutes."""
    write_hard(folder)
    file, runs = str(folder / "hard.yaml"), str(folder / "runs")
    return {"kind": "solve", "file": file, "overrides": {}, "settings": {}, "runs": runs, "note": {}}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served") / "project"
    folder.mkdir()
    for name, text in (("small.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        (folder / name).write_text(text, encoding="utf-8")
    write_hard(folder)
    serving = start(folder)
    yield serving
    stop(serving)


HIDDEN = "a secret that stands beside the project"


@pytest.fixture(autouse=True)
def nothing_lost(app: Serving) -> Iterator[None]:
    """Whatever a test asks, files stay as they are and the server answers on."""
    secret = app.folder.parent / "secret.csv"
    secret.write_text(f"demand_id,lon,lat,people\n{HIDDEN},67,30,5\n", encoding="utf-8")
    run = app.done(kind="solve", scenario="small")["run"]
    before = app.listing()
    yield
    assert app.listing() == before
    assert app.get("/api/runs")[0]["id"] == run
    assert "Traceback" not in app.errors.read_text()

"""A PostgreSQL with PostGIS of the tests' own: in a folder that goes with it, on a port of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "planner", "s3cret of the tests"
ADMIN = {"TZ": "UTC", "LC_ALL": "C", "PATH": os.environ["PATH"]}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A server that runs, with an empty database."""

    port: int

    @property
    def place(self) -> str:
        """What the variable of allowed databases says of it."""
        return f"127.0.0.1:{self.port}/gis"

    @property
    def url(self) -> str:
        """Its address, without a password."""
        return f"postgresql://{USER}@{self.place}"

    def run(self, *commands: str) -> list[tuple[Any, ...]]:
        """Run commands and return the rows of the last."""
        import psycopg  # noqa: PLC0415 - optional

        with psycopg.connect(f"{self.url}?password={PASSWORD.replace(' ', '%20')}") as connection:
            for command in commands:
                found = connection.execute(command)
            return [] if found.description is None else list(found.fetchall())


def programs() -> Path:
    """Return the folder of the newest server's programs; skip where none with PostGIS is installed."""
    pytest.importorskip("psycopg")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = [
        path for path in found if Path(f"/usr/share/postgresql/{path.parts[-3]}/extension/postgis.control").exists()
    ]
    if not found:
        pytest.skip("no PostgreSQL with PostGIS is installed: apt-get install postgresql postgresql-postgis")
    return found[-1].parent


def owner() -> dict[str, Any]:
    """Return as whom to run the server, which refuses root: postgres, or whoever else has no rights."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    user = known.get("postgres") or known.get("nobody")
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Start a server that asks for a password, and end it; skip where it cannot be started."""
    bin_, runs_as = programs(), owner()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    data, log = folder / "data", folder / "log"
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    if runs_as:
        for path in (folder, folder / "password"):
            os.chown(path, runs_as["user"], runs_as["group"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*words: str | Path) -> None:
        done = subprocess.run(
            list(map(str, words)), cwd=folder, env=ADMIN, capture_output=True, text=True, check=False, **runs_as
        )
        if done.returncode:
            said = log.read_text() if log.exists() else ""
            pytest.skip(f"PostgreSQL does not start: {' '.join((done.stderr + said).split())[-300:]}")

    # Small tables and many connections: no compiled queries, and PostGIS in place before any of them.
    quick = "-c fsync=off -c autovacuum=off -c jit=off -c shared_preload_libraries=postgis-3"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {quick}"
    try:
        call(
            bin_ / "initdb",
            "--no-sync",
            "-D",
            data,
            "-U",
            USER,
            "-E",
            "UTF8",
            "--auth=scram-sha-256",
            f"--pwfile={folder}/password",
        )
        call(bin_ / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "-t", "30", "start")
        server = Postgres(port=port)
        import psycopg  # noqa: PLC0415 - optional

        whole = f"postgresql://{USER}@127.0.0.1:{port}/postgres?password={PASSWORD.replace(' ', '%20')}"
        with psycopg.connect(whole, autocommit=True) as connection:
            connection.execute("CREATE DATABASE gis")
        server.run("CREATE EXTENSION postgis")
        yield server
    finally:
        if (data / "postmaster.pid").exists():
            call(bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)

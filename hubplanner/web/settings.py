"""What the server is told when it starts: where things are, who may come in, and how much at once."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hubplanner.errors import Fault, ScenarioError
from hubplanner.translation import ENGLISH, Language, gettext as _

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MEGABYTE = 1 << 20


def half_of_memory() -> int | None:
    """Return half of the memory that this machine, or the container it is, has; None where it does not say."""
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # pragma: no cover - Windows
        return None
    with suppress(OSError, ValueError):  # no such file, or it says "max"
        most = min(most, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return most // 2


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is taken at once, so that no visitor can exhaust the machine.

    Parameters
    ----------
    upload_bytes, json_bytes
        Largest body of an upload, and of any other request.
    upload_rows
        Most rows of an upload.
    uploads
        Most uploads kept.
    running, waiting, kept, checking
        Most jobs at work, in line, and remembered, and most uploads looked at together.
    job_bytes
        Memory that each process of a job may take; all the machine has where it is None.
    solve_s, check_s
        Seconds a solver may be given, and an upload's check takes at most.
    pause_s, body_s
        Seconds until a request's head is whole and between two parts of its body, and for all of the body.
    stall_s
        Seconds for which a client may take nothing of an answer.
    connections, connections_each
        Most connections together, and most of one client.
    """

    upload_bytes: int = 64 * MEGABYTE
    json_bytes: int = MEGABYTE // 4
    upload_rows: int = 500_000
    uploads: int = 40
    running: int = 2
    waiting: int = 8
    kept: int = 100
    checking: int = 2
    job_bytes: int | None = field(default_factory=half_of_memory)
    solve_s: float = 3600.0
    check_s: float = 120.0
    pause_s: float = 10.0
    body_s: float = 300.0
    stall_s: float = 30.0
    connections: int = 200
    connections_each: int = 40


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """Where the server is and what it shows.

    Parameters
    ----------
    scenarios
        Scenario files by id.
    runs
        The folder of runs.
    workspace, incoming
        The folder of uploads and of scenarios made from them, and that of files while they come in.
    port
        Where it listens.
    host
        Address it listens at; any but this machine's own asks visitors for a token.
    base_map
        Address of a map style, if the planner asked for one.
    language
        What the page speaks.
    """

    scenarios: dict[str, Path]
    runs: Path
    workspace: Path
    incoming: Path
    port: int
    host: str = "127.0.0.1"
    base_map: str | None = None
    language: Language = ENGLISH
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse a base map that is not the address of a web server."""
        if self.base_map is not None and self.base_map_origin is None:
            allowed = _("the address of a map style, such as https://tiles.example.org/style.json")
            raise ScenarioError(Fault(file="--base-map", value=self.base_map, allowed=allowed, kind="scenario"))

    @property
    def is_open(self) -> bool:
        """Tell whether other machines may reach the server, so that visitors need a token."""
        return self.host not in LOOPBACK

    @property
    def base_map_origin(self) -> str | None:
        """Scheme, host and port of the base map; None without a usable one."""
        parts = urlsplit(self.base_map or "")
        plain = parts.username is None and not any(mark in parts.netloc for mark in " ;,'\"")
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
        return f"{parts.scheme}://{parts.netloc}" if is_web else None

    @property
    def address(self) -> str:
        """The page's address, with the token where visitors need one."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        page = f"http://{shown}:{self.port}/"
        return f"{page}?token={self.token}" if self.is_open else page

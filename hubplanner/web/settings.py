"""What the server is told when it starts: where things are, who may come in, and how much at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hubplanner.errors import Fault, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MEGABYTE = 1 << 20


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
    solve_s, check_s
        Seconds a solver may be given, and an upload's check takes at most.
    pause_s, body_s
        Seconds between two parts of a body, and for all of it.
    connections
        Most requests served together.
    """

    upload_bytes: int = 64 * MEGABYTE
    json_bytes: int = MEGABYTE // 4
    upload_rows: int = 500_000
    uploads: int = 40
    running: int = 2
    waiting: int = 8
    kept: int = 100
    checking: int = 2
    solve_s: float = 3600.0
    check_s: float = 120.0
    pause_s: float = 10.0
    body_s: float = 300.0
    connections: int = 100


@dataclass(frozen=True, kw_only=True)
class AppSettings:
    """Where the server is and what it shows.

    Parameters
    ----------
    scenarios
        Scenario files by id.
    runs
        The folder of runs.
    workspace
        The folder of uploads and of scenarios made from them.
    port
        Where it listens.
    host
        Address it listens at; any but this machine's own asks visitors for a token.
    base_map
        Address of a map style, if the planner asked for one.
    """

    scenarios: dict[str, Path]
    runs: Path
    workspace: Path
    port: int
    host: str = "127.0.0.1"
    base_map: str | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        """Refuse a base map that is no address of a web server."""
        if self.base_map is not None and self.base_map_origin is None:
            allowed = "the address of a map style, such as https://tiles.example.org/style.json"
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

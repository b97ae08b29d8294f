"""A server of the app: bound to a free port, announced, stopped with all its jobs."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from hubplanner.errors import Fault, ScenarioError, UnwritableError
from hubplanner.io import scratch_folder
from hubplanner.translation import ENGLISH, Language, gettext as _
from hubplanner.web.scenarios import scenario_files
from hubplanner.web.settings import AppSettings, Limits

if TYPE_CHECKING:
    import uvicorn

STOP_S = 3
"""Seconds that open requests have once the server stops."""


def serve(  # noqa: PLR0913 - one argument an option
    place: Path,
    *,
    runs: Path,
    host: str = "127.0.0.1",
    port: int | None = None,
    base_map: str | None = None,
    workspace: Path | None = None,
    memory_gb: float | None = None,
    language: Language = ENGLISH,
    open_page: bool = False,
    announce: Callable[[AppSettings], None],
) -> None:
    """Serve the app until it is interrupted.

    Parameters
    ----------
    place
        A scenario file, or a folder of them.
    runs
        The folder of runs.
    host, port
        Where to listen; a free port if left out.
    base_map
        Address of a map style that the page may load from its host.
    workspace
        Folder of uploads and of scenarios made from them; a temporary one, gone in the end, if left out.
    memory_gb
        Memory that each process of a job may take; half of the machine's if left out.
    language
        What the page speaks.
    open_page
        Whether to open the page in the browser.
    announce
        Told of the settings once the server can be reached.

    Raises
    ------
    ScenarioError
        When there is no scenario, or the address cannot be used.
    """
    files = scenario_files(place)
    if not files:
        allowed = _("a scenario file, or a folder of them")
        raise ScenarioError(Fault(file="serve", value=str(place), allowed=allowed, kind="scenario"))
    # Gone in the end; that of a server that was killed goes when the next one starts.
    with scratch_folder() as scratch, _bound(host, port) as listener:
        settings = AppSettings(
            scenarios=files,
            runs=runs.absolute(),
            workspace=scratch if workspace is None else _made(workspace),
            incoming=scratch / "incoming",
            host=host,
            port=listener.getsockname()[1],
            base_map=base_map,
            language=language,
            limits=Limits() if memory_gb is None else Limits(job_bytes=int(memory_gb * (1 << 30))),
        )
        from hubplanner.web.app import create_app  # noqa: PLC0415 - heavy, and the address may not be free

        announce(settings)
        if open_page:
            webbrowser.open(settings.address)
        server_of(create_app(settings), settings).run(sockets=[listener])


def server_of(app: FastAPI, settings: AppSettings) -> uvicorn.Server:
    """Return a server that stops the app's jobs as soon as it is told to stop."""
    import uvicorn  # noqa: PLC0415 - heavy

    from hubplanner.web.connections import connection_class  # noqa: PLC0415 - heavy

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            del sig, frame
            app.state.context.jobs.closed = True  # streams of events end then
            # Not kept to be raised again: the folder of uploads is yet to be put away.
            self.force_exit = self.should_exit
            self.should_exit = True

    logging.getLogger("uvicorn.error").addFilter(_is_no_cut_off_request)
    options: dict[str, Any] = {
        "http": connection_class(settings.limits),
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": STOP_S,
    }
    return Server(uvicorn.Config(app, host=settings.host, port=settings.port, **options))


def _is_no_cut_off_request(record: logging.LogRecord) -> bool:
    """Tell whether a record is of something else than a request that was cut off since the server stops."""
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


@contextmanager
def _bound(host: str, port: int | None) -> Iterator[socket.socket]:
    """Yield a socket that listens at an address, so that nothing else can take it meanwhile."""
    try:
        found = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_more, address = found[0]
        listener = socket.create_server((address[0], address[1]), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        value = host if port is None else f"{host}:{port}"
        raise ScenarioError(
            Fault(
                file="--host, --port",
                value=value,
                allowed=_("an address that is free here ({error})", error=error),
                kind="scenario",
            )
        ) from error
    with listener:
        yield listener


def _made(folder: Path) -> Path:
    """Return a folder, made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(folder, error) from error
    return folder.absolute()


def log_to_stderr() -> None:
    """Show warnings and errors of the server in the terminal."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s: %(message)s")

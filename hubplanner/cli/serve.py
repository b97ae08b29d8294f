"""The command that opens the app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubplanner.catalogues import choose_language
from hubplanner.cli.common import PageLanguage, Quiet, answering
from hubplanner.folders import RUNS
from hubplanner.web.settings import AppSettings

Place = Annotated[
    Path | None,
    typer.Argument(
        metavar="SCENARIO|FOLDER",
        help="Scenario or folder of scenarios (default: ./scenarios if it exists, else this folder).",
        show_default=False,
    ),
]
Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port (default: a free one).")]
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; other machines then need a token.")
]
BaseMap = Annotated[
    str | None,
    typer.Option(
        "--base-map",
        metavar="URL",
        help="Style URL of an online base map (default: none; nothing is loaded from the internet).",
    ),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of runs.")]
Uploads = Annotated[
    Path | None,
    typer.Option(
        "--uploads", metavar="DIR", help="Folder to keep uploads and their scenarios in (default: deleted on exit)."
    ),
]

Memory = Annotated[
    float | None,
    typer.Option(
        "--memory",
        metavar="GB",
        min=0.5,
        max=1e6,
        help="Memory limit of a job in GB (default: half of the machine's).",
        show_default=False,
    ),
]


def serve(  # noqa: PLR0913, PLR0917 - one argument an option
    place: Place = None,
    port: Port = None,
    host: Host = "127.0.0.1",
    base_map: BaseMap = None,
    runs: Runs = RUNS,
    uploads: Uploads = None,
    memory: Memory = None,
    language: PageLanguage = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Start the web app: plans on a map in the browser. It is open to this machine only by default."""
    with answering(as_json=False):
        require_web()
        from hubplanner.web import server  # noqa: PLC0415 - heavy

        server.log_to_stderr()

        def announce(settings: AppSettings) -> None:
            typer.echo(settings.address)
            if not quiet:
                typer.echo("Open this address in a browser; Ctrl-C stops the app.", err=True)

        folder = place or next(path for path in (Path("scenarios"), Path()) if path.is_dir())
        server.serve(
            folder,
            runs=runs,
            host=host,
            port=port,
            base_map=base_map,
            workspace=uploads,
            memory_gb=memory,
            language=choose_language(language),
            open_page=open_page,
            announce=announce,
        )


def require_web() -> None:
    """Raise when the optional part that serves pages is missing."""
    from hubplanner.extras import absent, is_installed  # noqa: PLC0415

    if not is_installed("web"):
        raise absent(extra="web", needs="the app needs")

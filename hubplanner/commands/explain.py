"""The command that says why a plan is as it is."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from hubplanner.commands.common import TIME_LIMIT_REACHED, AsJson, Overwrite, Quiet, answering


def explain(  # noqa: PLR0913, PLR0917 - one argument an option
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)],
    site: Annotated[
        str | None, typer.Argument(metavar="SITE", help="The id of one site; all sites if left out.")
    ] = None,
    sites: Annotated[int, typer.Option("--sites", min=0, help="Rejected sites to force in, the nearest first.")] = 10,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="S", min=1, help="Seconds for new solves.")
    ] = 120.0,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The folder to write; RUN-explanation if left out.")
    ] = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Say what each hub adds, why other sites are out, and what each demand and a little more money are worth.

    Exit codes: 0 all is explained, 4 the time was too short for some of it, which is told.
    """
    with answering(as_json=as_json) as answer:
        from hubplanner.terminal import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            from hubplanner.workflow.explain import run_explain  # noqa: PLC0415

            found, folder = run_explain(run, site, out, sites=sites, time_limit_s=time_limit, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            from hubplanner.terminal_explain import print_explanation  # noqa: PLC0415

            print_explanation(summary, folder)
    if not summary["complete"]:
        raise typer.Exit(TIME_LIMIT_REACHED)

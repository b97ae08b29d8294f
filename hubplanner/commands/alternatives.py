"""The command that looks for other plans as good."""

from __future__ import annotations

from typing import Annotated

import typer

from hubplanner.commands.common import (
    TIME_LIMIT_REACHED,
    AsJson,
    Out,
    Overrides,
    Overwrite,
    Quiet,
    ScenarioFile,
    Settings,
    answering,
    read_asked,
)


def alternatives(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    within: Annotated[float, typer.Option("--within", help="Share a plan may be worse by.")] = 0.02,
    differ: Annotated[int, typer.Option("--differ", min=1, help="Sites any two plans differ in at least.")] = 5,
    count: Annotated[int, typer.Option("--count", min=0, help="Plans beside the best one.")] = 10,
    time_limit: Annotated[float, typer.Option("--time-limit", metavar="S", min=1, help="Seconds for it all.")] = 240.0,
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Find plans nearly as good as the best but different, and the sites that all of them need."""
    with answering(as_json=as_json) as answer:
        from hubplanner.terminal import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            spec = read_asked(scenario, settings, override)
            from hubplanner.workflow.alternatives import run_alternatives  # noqa: PLC0415

            found, folder = run_alternatives(
                spec, out, within=within, differ=differ, count=count, time_limit_s=time_limit, overwrite=overwrite
            )
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            from hubplanner.terminal_alternatives import print_alternatives  # noqa: PLC0415

            print_alternatives(summary, folder)
    if summary["classes"]["open"]:
        raise typer.Exit(TIME_LIMIT_REACHED)

"""The command that makes a plan."""

from __future__ import annotations

from typing import Annotated

import typer

from hubplanner.cli.common import (
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

Repair = Annotated[
    bool,
    typer.Option(
        "--repair", help="If no plan is possible, change hub limits (then the budget) as little as possible and solve."
    ),
]


def solve(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    repair: Repair = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Choose the hubs and write the run folder."""
    with answering(as_json=as_json, keeps_plans=True) as answer:
        from hubplanner.cli.tables import print_plan, progress  # noqa: PLC0415

        with progress(shown=not quiet):
            spec = read_asked(scenario, settings, override)
            from hubplanner.runs.naming import run_scenario  # noqa: PLC0415

            plan, folder = run_scenario(spec, out, overwrite=overwrite, repair=repair)
        summary = plan.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            if "futures" in summary:
                from hubplanner.cli.analysis.score import print_futures  # noqa: PLC0415

                print_futures(summary)
            print_plan(plan, summary, folder)
    if summary["status"] != "optimal":
        raise typer.Exit(TIME_LIMIT_REACHED)

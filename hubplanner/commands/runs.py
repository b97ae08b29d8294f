"""The commands that list, show, remove and check runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hubplanner.commands.common import AsJson, Quiet, answering

runs = typer.Typer(
    help="List, show, remove and check runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's folder, its name or the start of it.", show_default=False)
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="The folder of runs.")]
RUNS = Path("runs")
NOT_INTACT = 2


@runs.command("list")
def list_(folder: Runs = RUNS, as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002 - a flag
    """List the runs of a folder, the newest first."""
    with answering(as_json=as_json) as answer:
        from hubplanner.workflow.store import list_runs  # noqa: PLC0415 - heavy imports wait for their command

        rows = list_runs(folder)
        answer.update(runs=rows)
        if not (as_json or quiet):
            from hubplanner.terminal_runs import print_runs  # noqa: PLC0415

            print_runs(rows, folder)


@runs.command()
def show(run: RunName, folder: Runs = RUNS, as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002
    """Show a run's figures and whether its folder is intact."""
    with answering(as_json=as_json) as answer:
        from hubplanner.workflow.store import describe, find_run, verify_run  # noqa: PLC0415

        found = find_run(run, folder)
        row, checked = describe(found), verify_run(found)
        answer.update(row, folder=str(found), verified=checked)
        if not (as_json or quiet):
            from hubplanner.terminal_runs import print_run  # noqa: PLC0415

            print_run(row, checked, found)


@runs.command()
def rm(
    run: RunName,
    folder: Runs = RUNS,
    force: Annotated[bool, typer.Option("--force", help="Also files that the run did not write.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Remove a run that stands in the folder of runs."""
    with answering(as_json=as_json) as answer:
        from hubplanner.workflow.store import remove_run  # noqa: PLC0415

        removed = remove_run(run, folder, force=force)
        answer.update(removed=str(removed))
        if not (as_json or quiet):
            typer.echo(f"Removed {removed}.")


@runs.command()
def verify(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="All runs if left out.", show_default=False)
    ] = None,
    folder: Runs = RUNS,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Check that files are there, figures parse and hashes match; end with 2 where they do not."""
    with answering(as_json=as_json) as answer:
        from hubplanner.workflow.store import find_run, list_runs, verify_run  # noqa: PLC0415

        found = [find_run(run, folder)] if run else [folder / row["name"] for row in list_runs(folder)]
        checks = [verify_run(path) for path in found]
        intact = all(check["intact"] for check in checks)
        answer.update(status="intact" if intact else "damaged", runs=checks)
        if not (as_json or quiet):
            from hubplanner.terminal_runs import print_checks  # noqa: PLC0415

            print_checks(checks)
    if not intact:
        raise typer.Exit(NOT_INTACT)

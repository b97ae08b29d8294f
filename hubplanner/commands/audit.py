"""The command that holds a run against its inputs."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from hubplanner.commands.common import AsJson, Quiet, answering

ENDS = {"pass": 0, "incomplete": 4, "fail": 6}
"""Exit codes by verdict: all confirmed; nothing wrong, but not all could be audited; something is wrong."""


def audit(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)],
    solver: Annotated[
        str | None, typer.Option("--solver", help="Who proves the bound anew; another one than the run's if left out.")
    ] = None,
    time_limit: Annotated[float, typer.Option("--time-limit", metavar="S", min=1, help="Seconds for that.")] = 60.0,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Recompute every figure of a run by other code, and prove its bound anew.

    Exit codes: 0 all is confirmed, 4 nothing is wrong but not all could be audited, 6 something is wrong.
    """
    with answering(as_json=as_json) as answer:
        from hubplanner.audit import audit_run  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.terminal import progress  # noqa: PLC0415

        with progress(shown=not quiet):
            found = audit_run(run, solver, time_limit)
        answer.update(found.as_dict())
        if not (as_json or quiet):
            from hubplanner.terminal_audit import print_audit  # noqa: PLC0415

            print_audit(found, run)
    if found.verdict != "pass":
        raise typer.Exit(ENDS[found.verdict])

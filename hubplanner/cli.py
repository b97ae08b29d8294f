"""The command line: one program, all commands."""

from __future__ import annotations

import io
import sys

import typer

from hubplanner.commands.alternatives import alternatives
from hubplanner.commands.audit import audit
from hubplanner.commands.basics import doctor, info, init, schema, validate
from hubplanner.commands.compare import compare
from hubplanner.commands.explain import explain
from hubplanner.commands.export import export
from hubplanner.commands.frontier import frontier
from hubplanner.commands.report import report
from hubplanner.commands.runs import runs
from hubplanner.commands.score import score
from hubplanner.commands.serve import serve
from hubplanner.commands.solving import solve
from hubplanner.commands.sweep import sweep

app = typer.Typer(
    help="Decide where community internet centres and IT hubs go, with a proof of how good the plan is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    init,
    validate,
    info,
    solve,
    frontier,
    sweep,
    compare,
    audit,
    score,
    report,
    export,
    alternatives,
    explain,
    serve,
    schema,
    doctor,
):
    app.command()(command)
app.add_typer(runs, name="runs")


def main() -> None:
    """Run the command line, also where the terminal cannot show every letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()

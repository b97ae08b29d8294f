"""The command line: one program, all commands."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import typer

from hubplanner.cli.alternatives import alternatives
from hubplanner.cli.audit import audit
from hubplanner.cli.compare import compare
from hubplanner.cli.explain import explain
from hubplanner.cli.export import export
from hubplanner.cli.frontier import frontier
from hubplanner.cli.inspect import doctor, info, init, schema, validate
from hubplanner.cli.report import report
from hubplanner.cli.runs import runs
from hubplanner.cli.score import score
from hubplanner.cli.serve import serve
from hubplanner.cli.solve import solve
from hubplanner.cli.sweep import sweep

COMMANDS: tuple[Callable[..., None] | typer.Typer, ...] = (
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
    runs,
)
"""In the order of the help: a function for a command, a named app for a family of them."""

app = typer.Typer(
    help="Decide where community internet centres and IT hubs go, with a proof of how good the plan is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in COMMANDS:
    if isinstance(command, typer.Typer):
        app.add_typer(command)
    else:
        app.command()(command)


def main() -> None:
    """Run the command line, also where the terminal cannot show every letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()

"""The command line: one program, all commands."""

from __future__ import annotations

import importlib.metadata
import io
import json
import sys
from collections.abc import Callable
from typing import Annotated, cast

import typer

from hubplanner.cli.analysis.alternatives import alternatives
from hubplanner.cli.analysis.explain import explain
from hubplanner.cli.analysis.frontier import frontier
from hubplanner.cli.analysis.score import score
from hubplanner.cli.analysis.stability import stability
from hubplanner.cli.analysis.sweep import sweep
from hubplanner.cli.audit import audit
from hubplanner.cli.cache import cache
from hubplanner.cli.compare import compare
from hubplanner.cli.export import export
from hubplanner.cli.inspect import doctor, info, init, schema, validate
from hubplanner.cli.report import report
from hubplanner.cli.runs import runs
from hubplanner.cli.serve import serve
from hubplanner.cli.solve import solve

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
    stability,
    report,
    export,
    alternatives,
    explain,
    serve,
    schema,
    doctor,
    runs,
    cache,
)
"""In the order of the help: a function for a command, a named app for a family of them."""

app = typer.Typer(
    help="Decide where community internet centres and IT hubs go, with a proof of how good the plan is.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
WRONG_USE = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[2])
"""The base of all that the parser complains of, Click's ClickException, wherever this version of Typer keeps it."""
START = """\
hubplanner decides where community internet centres and IT hubs go. Three commands to begin with:

  hubplanner init my-project                      a small example project
  hubplanner init my-project --from FILE...       a project from your own files
  hubplanner solve my-project/scenario.yaml       a plan, with its proof, map and report

hubplanner --help lists all commands; hubplanner COMMAND --help shows the options of one."""
"""What the program says where nothing is asked."""


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,  # noqa: FBT002
) -> None:
    """Decide where community internet centres and IT hubs go, with a proof of how good the plan is."""
    if version:
        typer.echo(f"hubplanner {importlib.metadata.version('hubplanner')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(START)


for command in COMMANDS:
    if isinstance(command, typer.Typer):
        app.add_typer(command)
    else:
        app.command()(command)


def main() -> None:
    """Run the command line, also where the terminal lacks letters; a wrong use is JSON where that is asked."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = app(standalone_mode=False)
    except WRONG_USE as error:
        if "--json" in sys.argv:
            typer.echo(json.dumps({"status": "invalid", "error": error.format_message()}))
        error.show()
        code = error.exit_code
    except typer.Abort:
        typer.echo("Aborted.", err=True)
        code = 1
    sys.exit(code)

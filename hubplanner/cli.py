"""The command line: words in, pipeline calls, words out."""

from __future__ import annotations

import io
import json
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubplanner.errors import FaultyError, HubplannerError, InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.scenario import Scenario

app = typer.Typer(
    help="Decide where community internet centres and IT hubs go, with a proof of how good the plan is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="The scenario's YAML file.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key, such as model.budget=2e9; repeatable."),
]
Overrides = Annotated[
    list[str] | None, typer.Option("--override", metavar="NAME", help="Apply a named variant; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write the result to stdout as one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress and no tables.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The run folder; runs/NAME-HASH if left out.")]

TIME_LIMIT_REACHED = 4
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.", show_default=False)],
    as_json: AsJson = False,  # noqa: FBT002 - a flag on the command line
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Write a small working project, scenario and data, to start from."""
    with _answering(as_json=as_json) as answer:
        from hubplanner.workflow.project import write_project  # noqa: PLC0415 - heavy imports wait for their command

        files = write_project(directory)
        answer.update(directory=str(directory), files=files)
        if not (as_json or quiet):
            typer.echo(f"Wrote {', '.join(files)} to {directory}.")
            scenario, run = (shlex.quote(str(directory / name)) for name in ("scenario.yaml", "runs/first"))
            typer.echo(f"Next: hubplanner solve {scenario} --out {run}")


@app.command()
def validate(
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Read everything and report every fault at once; solve nothing."""
    with _answering(as_json=as_json) as answer:
        from hubplanner.terminal import count_of, progress  # noqa: PLC0415

        spec = _read(scenario, settings, override)
        from hubplanner.inputs import read_inputs  # noqa: PLC0415

        with progress(shown=not (quiet or as_json)):
            inputs = read_inputs(spec)
        rows, sites = len(inputs.demand.frame), len(inputs.sites.frame)
        answer.update(status="valid", demand_rows=rows, demand_points=inputs.n_points, sites=sites)
        if not (as_json or quiet):
            counts = count_of(rows, "demand row"), count_of(sites, "site"), count_of(len(spec.hubs), "tier")
            typer.echo(f"{scenario} is valid: {', '.join(counts)}.")


@app.command()
def info(
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Count people, need and sites; say what existing hubs cover and what all sites could."""
    with _answering(as_json=as_json) as answer:
        spec = _read(scenario, settings, override)
        from hubplanner.inputs import read_inputs  # noqa: PLC0415
        from hubplanner.terminal import print_overview, progress  # noqa: PLC0415
        from hubplanner.workflow import overview  # noqa: PLC0415

        with progress(shown=not (quiet or as_json)):
            figures = overview(read_inputs(spec))
        answer.update(figures)
        if not (as_json or quiet):
            print_overview(spec.name, figures)


@app.command()
def solve(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Choose the hubs and write the run folder."""
    with _answering(as_json=as_json) as answer:
        from hubplanner.terminal import print_plan, progress  # noqa: PLC0415

        with progress(shown=not quiet):
            spec = _read(scenario, settings, override)
            from hubplanner.workflow import run_scenario  # noqa: PLC0415

            plan, folder = run_scenario(spec, out)
        summary = plan.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            print_plan(plan, summary, folder)
    if summary["status"] != "optimal":
        raise typer.Exit(TIME_LIMIT_REACHED)


@app.command()
def schema() -> None:
    """Print the scenario file's JSON Schema."""
    from hubplanner.scenario import json_schema  # noqa: PLC0415

    typer.echo(json.dumps(json_schema(), indent=1))


@app.command()
def doctor(
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Show versions, solvers found and optional parts present."""
    with _answering(as_json=as_json) as answer:
        from hubplanner.workflow.doctor import examine  # noqa: PLC0415

        answer.update(examine())
        if not (as_json or quiet):
            from hubplanner.terminal import print_examination  # noqa: PLC0415

            print_examination(answer)


def main() -> None:
    """Run the command line, also where the terminal cannot show every letter."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


def _read(path: Path, settings: list[str] | None, overrides: list[str] | None) -> Scenario:
    from hubplanner.scenario import read_scenario  # noqa: PLC0415
    from hubplanner.scenario.text import parse_setting  # noqa: PLC0415

    return read_scenario(path, overrides or (), dict(map(parse_setting, settings or ())))


@contextmanager
def _answering(*, as_json: bool) -> Iterator[dict[str, Any]]:
    """Collect a command's result, print it as JSON if asked, and end on a user's fault with its words and exit code."""
    answer: dict[str, Any] = {}
    try:
        yield answer
    except HubplannerError as error:
        if as_json:
            typer.echo(json.dumps(_as_json(error), allow_nan=False))
        typer.echo(_in_words(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing was written.", err=True)
        sys.exit(INTERRUPTED)
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))


def _as_json(error: HubplannerError) -> dict[str, Any]:
    """Return an error as the result of a command."""
    if isinstance(error, InfeasibleError):
        found = {"clashes": list(error.clashes), "least_budget": error.least_budget}
        return {"status": "infeasible", "error": str(error), **found}
    if isinstance(error, FaultyError):
        return {"status": "invalid", "error": str(error), "faults": [fault.as_dict() for fault in error.faults]}
    return {"status": "no_plan" if error.exit_code > InfeasibleError.exit_code else "invalid", "error": str(error)}


def _in_words(error: HubplannerError) -> str:
    if isinstance(error, FaultyError) and len(error.faults) > 1:
        return f"{len(error.faults)} faults found, nothing was written:\n{error}"
    return f"Error: {error}"

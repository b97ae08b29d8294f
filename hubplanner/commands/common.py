"""What all commands share: their arguments, how they read, answer and end."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hubplanner.errors import FaultyError, HubplannerError, InfeasibleError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.scenario import Scenario

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
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace whatever stands at --out, such as files changed since; tells what goes."),
]

TIME_LIMIT_REACHED = 4
INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended."""


def read_asked(path: Path, settings: list[str] | None, overrides: list[str] | None) -> Scenario:
    """Read a scenario with the settings and overrides of the command line."""
    from hubplanner.scenario import read_scenario  # noqa: PLC0415
    from hubplanner.scenario.text import parse_setting  # noqa: PLC0415

    return read_scenario(path, overrides or (), dict(map(parse_setting, settings or ())))


@contextmanager
def answering(*, as_json: bool) -> Iterator[dict[str, Any]]:
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

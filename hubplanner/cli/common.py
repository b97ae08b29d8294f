"""What all commands share: their arguments, how they read, answer and end."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from hubplanner.errors import FaultyError, HubplannerError, InfeasibleError, StoppedError
from hubplanner.stopping import ask_to_stop, forget_stop, is_searching, is_stopped

if TYPE_CHECKING:
    from hubplanner.scenario import Scenario

ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="Scenario file (YAML).", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key, such as model.budget=2e9 (repeatable)."),
]
Overrides = Annotated[
    list[str] | None, typer.Option("--override", metavar="NAME", help="Apply a named variant (repeatable).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Hide progress and tables.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder (default: runs/NAME-HASH).")]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace what is at --out, even files edited by hand, and list what is lost."),
]
PageLanguage = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="NAME|FILE",
        help="Language of the page: en, or a catalogue, such as de.po (default: HUBPLANNER_LANGUAGE, else en).",
        show_default=False,
    ),
]

TIME_LIMIT_REACHED = 4
UNBOUND = 1_000
"""Columns where no terminal ends the lines: a table that goes into a file or another program is not cut."""
ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, the system or a supervisor that ends programs, and a terminal that is closed."""


class Ended(KeyboardInterrupt):
    """A signal told the program to end: it puts away what it has begun, as on Ctrl-C."""

    def __init__(self, number: int) -> None:
        """Take the signal's number."""
        super().__init__()
        self.number = number


STOPPING = b"Stopping: the best plan so far will be written; once more ends at once.\n"


@contextmanager
def _ended_as_interrupted(*, keeps_plans: bool) -> Iterator[None]:
    """Raise `Ended` where a signal asks for an end, but for those that are ignored, as under nohup.

    Parameters
    ----------
    keeps_plans
        Whether the first signal during a search is heard by the search, which then ends with its best plan.
    """
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be asked for
        yield
        return
    heard = list[int]()

    def hear(number: int, frame: Any) -> None:
        del frame
        if not keeps_plans or is_stopped() or not is_searching():
            raise Ended(number)
        heard.append(number)
        ask_to_stop()
        with suppress(OSError):  # the terminal may be gone; print would not do, which the signal may have cut in on
            os.write(sys.stderr.fileno(), STOPPING)

    before = {number: signal.getsignal(number) for number in ENDINGS}
    caught = [number for number, handler in before.items() if handler not in {signal.SIG_IGN, None}]
    for number in caught:
        signal.signal(number, hear)
    try:
        yield
    except StoppedError as error:
        raise Ended(heard[0]) from error
    finally:
        for number in caught:
            signal.signal(number, before[number])
        forget_stop()


def terminal(*, stderr: bool = False) -> Console:
    """Return a console that shows names as they are, brackets and colons too, and cuts nothing where nobody watches."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = UNBOUND
    return made


def widest(letters: int) -> int | None:
    """Return how wide a column of names may be on a terminal; where nobody watches, names are not cut."""
    return None if terminal().width == UNBOUND else letters


def read_asked(path: Path, settings: list[str] | None, overrides: list[str] | None) -> Scenario:
    """Read a scenario with the settings and overrides of the command line."""
    from hubplanner.scenario import read_scenario  # noqa: PLC0415
    from hubplanner.scenario.yaml_text import parse_setting  # noqa: PLC0415

    return read_scenario(path, overrides or (), dict(map(parse_setting, settings or ())))


@contextmanager
def answering(*, as_json: bool, keeps_plans: bool = False) -> Iterator[dict[str, Any]]:
    """Collect a command's result, print it as JSON if asked, and end on a user's fault with its words and exit code.

    Parameters
    ----------
    keeps_plans
        Whether Ctrl-C during a search leaves the command to go on with the best plan so far.
    """
    answer: dict[str, Any] = {}
    try:
        with _ended_as_interrupted(keeps_plans=keeps_plans):
            yield answer
    except HubplannerError as error:
        if as_json:
            typer.echo(json.dumps(_as_json(error), allow_nan=False))
        typer.echo(_in_words(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt as error:
        with suppress(OSError):  # the terminal may be gone
            told = "; ".join(getattr(error, "__notes__", ["nothing was written"]))
            typer.echo(f"Interrupted; {told}.", err=True)
        sys.exit(128 + (error.number if isinstance(error, Ended) else signal.SIGINT))
    if as_json:
        typer.echo(json.dumps(answer, allow_nan=False))


def _as_json(error: HubplannerError) -> dict[str, Any]:
    """Return an error as the result of a command."""
    if isinstance(error, InfeasibleError):
        found = {"clashes": list(error.clashes), "least_budget": error.least_budget, "advice": error.advice}
        return {"status": "infeasible", "error": str(error), **found}
    if isinstance(error, FaultyError):
        return {"status": "invalid", "error": str(error), "faults": [fault.as_dict() for fault in error.faults]}
    return {"status": "no_plan" if error.exit_code > InfeasibleError.exit_code else "invalid", "error": str(error)}


def _in_words(error: HubplannerError) -> str:
    if isinstance(error, FaultyError) and len(error.faults) > 1:
        told = "; ".join(getattr(error, "__notes__", ["nothing was written"]))
        return f"{len(error.faults)} faults found, {told}:\n{error}"
    return "\n".join([f"Error: {error}", *getattr(error, "__notes__", [])])

"""The command that shows what each budget can reach."""

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

Points = Annotated[
    int | None,
    typer.Option("--points", help="Number of budgets, up to twice the scenario's; of shares with other trades. [20]"),
]
Budgets = Annotated[
    str | None, typer.Option("--budgets", metavar="LIST", help="FROM:TO:STEP or a comma list, such as 1e9:20e9:1e9.")
]
Trade = Annotated[
    str, typer.Option("--trade", metavar="PAIR", help="coverage,cost, coverage,distance or coverage,worst_group.")
]
Group = Annotated[str | None, typer.Option("--group", help="Group of coverage,worst_group; the first if left out.")]
Nested = Annotated[bool, typer.Option("--nested", help="Plans that only grow, and what that costs.")]
Every = Annotated[bool, typer.Option("--all", help="Every point of a small problem.")]

MOST_BUDGETS = 500


def frontier(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    points: Points = None,
    budgets: Budgets = None,
    trade: Trade = "coverage,cost",
    group: Group = None,
    nested: Nested = False,  # noqa: FBT002 - a flag on the command line
    every: Every = False,  # noqa: FBT002
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Trade coverage against cost, nearness or fairness: plans of which none beats another."""
    with answering(as_json=as_json) as answer:
        from hubplanner.terminal import progress  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.terminal_frontier import print_frontier  # noqa: PLC0415

        money = _amounts(budgets, points=points, every=every)
        with progress(shown=not quiet):
            spec = read_asked(scenario, settings, override)
            from hubplanner.workflow.frontier import FrontierRequest, run_frontier  # noqa: PLC0415

            given = {} if points is None else {"points": points}
            ask = FrontierRequest(trade=trade, group=group, nested=nested, every=every, budgets=money, **given)
            found, folder = run_frontier(spec, ask, out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            print_frontier(found, summary, folder)
    if summary["status"] != "optimal":
        raise typer.Exit(TIME_LIMIT_REACHED)


def _amounts(text: str | None, *, points: int | None, every: bool) -> tuple[float, ...] | None:
    """Return the budgets of ``FROM:TO:STEP``, the end included, or of a comma list."""
    from hubplanner.errors import ScenarioError  # noqa: PLC0415

    if points is not None and (text is not None or every):
        message = "--points goes without --budgets and --all"
        raise ScenarioError(message)
    if text is None:
        return None
    parts = text.split(":") if ":" in text else text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if ":" in text:
        numbers = _steps(numbers)
    if not numbers:
        message = f"--budgets: {text!r} found; allowed: FROM:TO:STEP or a comma list, such as 1e9:20e9:1e9 or 1e9,5e9"
        raise ScenarioError(message)
    return tuple(numbers)


def _steps(numbers: list[float]) -> list[float]:
    """Return the amounts from a first to a last one in even steps; none where these make no sense."""
    if len(numbers) != 3 or not 0 < numbers[2] < float("inf") or not numbers[0] <= numbers[1]:  # noqa: PLR2004
        return []
    first, last, step = numbers
    count = (last - first) / step
    return [first + number * step for number in range(int(min(count, MOST_BUDGETS) + 1e-9) + 1)]

"""The command that looks for other plans as good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hubplanner.analysis.requests import AlternativesRequest
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
    terminal,
)
from hubplanner.formatting import per_cent, proof_in_words

Within = Annotated[float, typer.Option("--within", help="Maximum relative loss against the best plan.")]
Differ = Annotated[int, typer.Option("--differ", min=1, help="Minimum number of sites by which any two plans differ.")]
Count = Annotated[int, typer.Option("--count", min=0, help="Number of alternatives to find.")]
TimeLimit = Annotated[float, typer.Option("--time-limit", metavar="S", min=1, help="Total time limit in seconds.")]


def alternatives(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    within: Within = AlternativesRequest.within,
    differ: Differ = AlternativesRequest.differ,
    count: Count = AlternativesRequest.count,
    time_limit: TimeLimit = AlternativesRequest.time_limit_s,
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Find other plans nearly as good, and sites that all need."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            spec = read_asked(scenario, settings, override)
            from hubplanner.analysis.alternatives.run import run_alternatives  # noqa: PLC0415

            request = AlternativesRequest(within=within, differ=differ, count=count, time_limit_s=time_limit)
            found, folder = run_alternatives(spec, request, out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            print_alternatives(summary, folder)
    if summary["classes"]["open"]:
        raise typer.Exit(TIME_LIMIT_REACHED)


FEW = 1e4
"""Figures below it are shown with decimals."""
WORDS = {
    "must_have": "must-have: in every plan within the share",
    "possible": "possible: in some, not in all",
    "never": "never: in none",
    "open": "open: not settled in time",
    "standing": "there is an existing hub",
}


def print_alternatives(summary: dict[str, Any], folder: Path) -> None:
    """Print the plans, how different they are, and how many sites there are of each class."""
    console = terminal()
    best = summary["best"]
    table = Table(title=f"Plans within {per_cent(summary['within'])} of the best", title_justify="left", box=None)
    for heading in ("plan", summary["objective"], "of the best", "cost", "sites", "differ", "at most"):
        table.add_column(heading, justify="right")
    for plan in summary["plans"]:
        share = plan["objective_value"] / best["value"] if best["value"] else 1.0
        apart = ["" if plan[key] is None else f"{plan[key]:,}" for key in ("difference", "most_difference")]
        value = (
            f"{plan['objective_value']:,.6g}"
            if abs(plan["objective_value"]) < FEW
            else f"{plan['objective_value']:,.0f}"
        )
        table.add_row(
            str(plan["plan"]), value, per_cent(share, 2), f"{plan['cost']:,.0f}", f"{len(plan['sites']):,}", *apart
        )
    console.print(table)
    console.print("There are no others that differ enough." if summary["complete"] else "There may be more plans.")
    console.print(f"Proof of the best: {proof_in_words(best['gap'], best['status'])}.")
    sites = Table(title="Sites", title_justify="left", box=None, show_header=False)
    for name, number in summary["classes"].items():
        sites.add_row(f"{number:,}", WORDS[name])
    console.print(sites)
    console.print(f"Files: {folder}", soft_wrap=True)

"""The command that draws a plan's survey again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hubplanner.analysis.requests import StabilityRequest
from hubplanner.cli.common import TIME_LIMIT_REACHED, AsJson, Quiet, Settings, answering, terminal, widest
from hubplanner.formatting import per_cent

SHOWN = 12
"""Hubs in the table; the files hold all."""
NAME = 28
"""Letters of a name that are shown."""
Replaced = Annotated[
    bool, typer.Option("--overwrite", help="Replace earlier results, even files edited by hand, and list what is lost.")
]


def stability(  # noqa: PLR0913, PLR0917 - one argument an option
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)],
    draws: Annotated[
        int, typer.Option("--draws", metavar="N", help="Number of surveys to simulate.")
    ] = StabilityRequest.draws,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Random seed.")] = StabilityRequest.seed,
    gap: Annotated[
        float | None, typer.Option("--gap", help="Relative gap of each new plan (default: the scenario's).")
    ] = StabilityRequest.gap,
    settings: Settings = None,
    overwrite: Replaced = False,  # noqa: FBT002 - a flag on the command line
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Show which hubs another outcome of the survey would keep.

    Exit codes: 0 each new plan is within the asked gap, 4 time ran out for some.
    """
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            from hubplanner.analysis.stability.stability import run_stability  # noqa: PLC0415
            from hubplanner.scenario.yaml_text import parse_setting  # noqa: PLC0415

            request = StabilityRequest(draws=draws, seed=seed, gap=gap)
            given = dict(map(parse_setting, settings or ()))
            summary = run_stability(run, request, given, overwrite=overwrite).summary()
        answer.update(summary, folder=str(run.absolute()))
        if not (as_json or quiet):
            print_stability(summary, run)
    if summary["status"] != "optimal":
        raise typer.Exit(TIME_LIMIT_REACHED)


def print_stability(summary: dict[str, Any], folder: Path) -> None:
    """Print how many hubs stand, counted in several ways, the least sure of them, and what the plan still reaches."""
    console = terminal()
    own = summary["levels"]["hub"]
    console.print(
        f"{summary['scenario']}: {own['in_nine_of_ten']:,} of {own['hubs']:,} hubs stand in nine of ten surveys; "
        f"{summary['draws']:,} were drawn, of {summary['figures']:,} figures for {summary['rows']:,} rows."
    )
    console.print(_levels(summary))
    console.print(_hubs(summary))
    for line in _notes(summary):
        console.print(line)
    console.print(f"Files: {folder}  (stability.csv lists every hub)", soft_wrap=True)


def _levels(summary: dict[str, Any]) -> Table:
    table = Table(title="Hubs that stand", title_justify="left", box=None, header_style="bold")
    table.add_column("counted by", max_width=widest(NAME))
    for heading in ("hubs", "on average", "at worst", "in nine of ten"):
        table.add_column(heading, justify="right")
    words = {"hub": "site and size", "site": "site"}
    for name, level in summary["levels"].items():
        parts = per_cent(level["kept"], 0), per_cent(level["kept_least"], 0)
        table.add_row(words.get(name, name), f"{level['hubs']:,}", *parts, f"{level['in_nine_of_ten']:,}")
    return table


def _hubs(summary: dict[str, Any]) -> Table:
    """Return the plan's least sure hubs, and the surest elsewhere."""
    planned = [hub for hub in summary["hubs"] if hub["hubs"]][::-1]
    others = [hub for hub in summary["hubs"] if not hub["hubs"]]
    table = Table(title="Least sure, and elsewhere", title_justify="left", box=None, header_style="bold")
    table.add_column("site", no_wrap=True, max_width=widest(NAME), overflow="ellipsis")
    table.add_column("size", no_wrap=True, max_width=widest(NAME - 4), overflow="ellipsis")
    for heading in ("in the plan", "certainty", "hubs on average"):
        table.add_column(heading, justify="right")
    for hub in (*planned[:SHOWN], *others[: SHOWN // 2]):
        figures = f"{hub['hubs']:,}", per_cent(hub["certainty"], 0), f"{hub['mean_hubs']:.1f}"
        table.add_row(str(hub.get("name") or hub["site_id"]), hub["tier"], *figures)
    for part, many, words in ((planned, SHOWN, "surer ones"), (others, SHOWN // 2, "less sure elsewhere")):
        if len(part) > many:
            table.add_row(f"{len(part) - many:,} {words}", "", "", "", "")
    return table


def _notes(summary: dict[str, Any]) -> list[str]:
    """Return what the plan still reaches, and how sure the new plans are."""
    reached, need, notes = summary["reached"], summary["need_reached"], []
    if reached["mean"] is not None:
        own = f"As it stands the plan comes to {per_cent(reached['mean'])} of each survey's own plan"
        notes.append(f"{own}, {per_cent(reached['least'])} at worst,")
        if reached["proven"] is not None:
            notes.append(f"and to {per_cent(reached['proven'])} at least of the best that any plan could have: proven.")
        mean, least = per_cent(need["mean"]), per_cent(need["least"])
        notes.append(f"Of the need that those plans cover it covers {mean}, {least} at worst.")
    if summary["misses_limits"]:
        notes.append(f"In {summary['misses_limits']:,} draws it misses some limit of the scenario.")
    sure = "every new plan is" if summary["status"] == "optimal" else "NOT every new plan is"
    asked = f"{sure} within the asked gap ({summary['asked_gap']:g})"
    return [*notes, f"Proof: {asked}; the plan's hubs stay unless a better plan is found."]

"""The command that scores plans on futures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hubplanner.cli.common import AsJson, Overrides, Overwrite, Quiet, answering, terminal
from hubplanner.folders import SCORE_MARKS
from hubplanner.formatting import per_cent
from hubplanner.tolerances import AGREEMENT

RunFolders = Annotated[list[Path], typer.Argument(metavar="RUN ...", help="Run folders.", show_default=False)]
FuturesFile = Annotated[
    Path | None,
    typer.Option("--futures", metavar="SCENARIO", help="Scenario to take the futures from (default: each run's own)."),
]
Folder = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write files here.", show_default=False)]


def score(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunFolders,
    futures: FuturesFile = None,
    override: Overrides = None,
    out: Folder = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Score plans in each future, on average and at worst."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            from hubplanner.analysis.futures.score import score as score_runs  # noqa: PLC0415
            from hubplanner.io import check_place  # noqa: PLC0415

            if out is not None:
                keep = [place / "plan.json" for place in run]
                check_place(out, SCORE_MARKS, overwrite=overwrite, keep=keep)
            found = score_runs(*run, futures=futures, overrides=override or ())
            written = None if out is None else found.write(out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=None if written is None else str(written))
        if not (as_json or quiet):
            print_score(summary, written)


SHOWN = 12
"""Futures in the table; of more the worst ones are shown."""
UNITS = {"max_coverage": "need covered", "min_cost": "cost", "p_median": "mean distance"}
FEW = 1e3
"""Figures below it are shown with decimals."""
_ASKED = {
    "expected": "best on average",
    "worst": "best in its worst future",
    "regret": "least regret in any future",
    "cvar": "best on average of the worst {tail} of futures",
}


def print_futures(summary: dict[str, Any]) -> None:
    """Print what a plan comes to in each future, and what planning for them and knowing them is worth."""
    found, unit = summary["futures"], UNITS[summary["objective"]]
    console = terminal()
    asked = _ASKED[found["under"]].format(tail=per_cent(1 - found["cvar_level"], 0))
    title = f"{len(found['each']):,} futures: the plan is {asked}; limits hold {found['limits']}"
    console.print(_each(found["each"], unit, title, more=summary["objective"] == "max_coverage"))
    worst = found["worst"]
    table = Table.grid(padding=(0, 2))
    table.add_row("On average", f"{_figure(found['expected'])} {unit}, cost {found['expected_cost']:,.0f}")
    table.add_row("At worst", f"{_figure(worst['value'])} {unit}, {worst['name']}")
    table.add_row("Planning for futures", _worth(found["vss"], "beside the plan for their mean (VSS)"))
    table.add_row("Knowing the future", _worth(found["evpi"], "beside the best plan for all (EVPI)"))
    console.print(table)


def _each(rows: list[dict[str, Any]], unit: str, title: str, *, more: bool) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    table.add_column("future", max_width=24)
    alone = ["best alone"] if "best" in rows[0] else []
    for heading in ("probability", unit, "share of need", "cost", *alone):
        table.add_column(heading, justify="right")
    shown = sorted(rows, key=lambda row: row["value"] if more else -row["value"])[:SHOWN] if len(rows) > SHOWN else rows
    for row in shown:
        best = [_figure(row["best"])] if alone else []
        figures = (
            per_cent(row["probability"]),
            _figure(row["value"]),
            per_cent(row["share"]),
            f"{row['cost']:,.0f}",
            *best,
        )
        table.add_row(row["name"], *figures)
    if len(rows) > SHOWN:
        table.add_row(f"{len(rows) - SHOWN:,} better ones", "", "in futures.csv")
    return table


def _worth(ends: dict[str, float] | None, words: str) -> str:
    """Return what information is worth, with how sure that is."""
    if ends is None:
        return "not worked out: futures.information is off, a future alone has no plan, or time was too short"
    span = f"; proven: {_figure(ends['at_least'])} to {_figure(ends['at_most'])}"
    close = ends["at_most"] - ends["at_least"] <= AGREEMENT * max(1.0, abs(ends["value"]))
    return f"{_figure(ends['value'])} {words}{'' if close else span}"


def print_score(summary: dict[str, Any], folder: Path | None) -> None:
    """Print how plans fare in futures, side by side."""
    console, unit = terminal(), UNITS[summary["objective"]]
    table = Table(title=f"Plans over {summary['count']:,} futures: {unit}", title_justify="left", box=None)
    table.add_column("run", max_width=30)
    for heading in (
        "on average",
        "at worst",
        "worst future",
        f"worst {per_cent(1 - summary['cvar_level'], 0)}",
        "average cost",
    ):
        table.add_column(heading, justify="right", max_width=24)
    for run in summary["runs"]:
        worst = run["worst"]
        figures = _figure(run["expected"]), _figure(worst["value"]), worst["name"], _figure(run["cvar"])
        table.add_row(run["run"], *figures, f"{run['expected_cost']:,.0f}")
    console.print(table)
    for run in summary["runs"]:
        title = f"{run['run']}, future by future"
        console.print(_each(run["each"], unit, title, more=summary["objective"] == "max_coverage"))
        for note in run["notes"]:
            console.print(note, soft_wrap=True)
    if folder is not None:
        console.print(f"Files: {folder}", soft_wrap=True)


def _figure(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < FEW else f"{value:,.0f}"

"""The command that says why a plan is as it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hubplanner.analysis.requests import ExplainRequest
from hubplanner.cli.common import TIME_LIMIT_REACHED, AsJson, Overwrite, Quiet, answering, terminal, widest
from hubplanner.formatting import proof_in_words
from hubplanner.tolerances import AGREEMENT

Sites = Annotated[int, typer.Option("--sites", min=0, help="Number of rejected sites to force in, best first.")]


def explain(  # noqa: PLR0913, PLR0917 - one argument an option
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)],
    site: Annotated[str | None, typer.Argument(metavar="SITE", help="Id of one site (default: all sites).")] = None,
    sites: Sites = ExplainRequest.sites,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="S", min=1, help="Time limit for new solves in seconds.")
    ] = ExplainRequest.time_limit_s,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to write (default: RUN-explanation).")
    ] = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Explain what each hub adds and why other sites have none. It also says what more money would bring.

    Exit codes: 0 everything is explained, 4 time ran out for the parts that are listed.
    """
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command

        with progress(shown=not quiet):
            from hubplanner.analysis.explain.run import run_explain  # noqa: PLC0415

            request = ExplainRequest(sites=sites, time_limit_s=time_limit)
            found, folder = run_explain(run, site, request, out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            print_explanation(summary, folder)
    if not summary["complete"]:
        raise typer.Exit(TIME_LIMIT_REACHED)


SHOWN = 15
"""Rows of a table; the files hold all."""
NAME = 24
"""Letters of a name that are shown."""
COLUMNS = {"hubs": ("without", "enters"), "rejected": ("with", "leaves")}
SOLVED = {"hubs": "hubs", "rejected": "sites without a hub", "prices": "demands"}
FEW = 100.0
"""Figures below it are shown with decimals."""


def print_explanation(summary: dict[str, Any], folder: Path) -> None:
    """Print hubs, rejected sites, prices and the worth of a little more."""
    console = terminal()
    plan = summary["plan"]
    gap = proof_in_words(plan["gap"], plan["status"])
    console.print(f"{summary['scenario']}: {plan['people']:,.0f} people, {plan['need']:,.0f} of need; {gap}.")
    if summary["site"] is not None:
        for part in ("hubs", "rejected", "prices"):
            for entry in summary[part]:
                console.print(entry["words"])
    else:
        _print_all(console, summary)
    console.print(f"Files: {folder}  (explanation.md says it in words)", soft_wrap=True)


def _print_all(console: Console, summary: dict[str, Any]) -> None:
    for shadow in summary["shadows"]:
        console.print(shadow["words"])
    for price in summary["prices"][:SHOWN]:
        console.print(price["words"])
    _more(console, summary["prices"], "demands")
    counts = summary["counts"]
    titles = {"hubs": f"Hubs: loss of {counts} without each", "rejected": f"No hub: loss of {counts} with one there"}
    for part, title in titles.items():
        if summary[part]:
            console.print(_table(summary, part, title))
            _more(console, summary[part], SOLVED[part])
    for line in summary.get("lines", [])[:SHOWN]:
        console.print(line["words"])
    _more(console, summary.get("lines", []), "lines")
    for name, part in summary["solved"].items():
        if part["solved"] < part["of"]:
            console.print(f"Re-solved: {part['solved']:,} of {part['of']:,} {SOLVED[name]}.")
    for note in summary["not_defined"]:
        console.print(note)


def _more(console: Console, rows: Sequence[Any], what: str) -> None:
    if len(rows) > SHOWN:
        console.print(f"... and {len(rows) - SHOWN:,} more {what}", style="dim")


def _table(summary: dict[str, Any], part: str, title: str) -> Table:
    key, sites = COLUMNS[part]
    rows, value = summary[part], summary["plan"]["value"]
    named = [one for other in COLUMNS for one in summary[other] if one["name"]]
    names = {one["site_id"]: one["name"] for one in named}
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("site", no_wrap=True, max_width=widest(NAME))
    for heading in ("people alone", "cost a person", "loss"):
        table.add_column(heading, justify="right", no_wrap=True)
    last = {"enters": "replaced by", "leaves": "pushes out"}[sites]
    table.add_column(last, no_wrap=True, max_width=widest(NAME), overflow="ellipsis")
    for row in rows[:SHOWN]:
        change = row[key]
        moved = "" if change is None else _moved(change, sites, names)
        figures = [_number(row[name]) for name in ("people", "cost_per_person")]
        table.add_row(row["name"] or row["site_id"], *figures, _loss(change, value), moved)
    return table


def _moved(change: dict[str, Any], sites: str, names: dict[str, str]) -> str:
    """Return the sites that enter or leave; where none does, those whose hubs differ."""
    listed = ", ".join(names.get(site, site) for site in change[sites] or change["differs"])
    return listed if change[sites] or not listed else f"other at {listed}"


def _number(figure: float | None) -> str:
    if figure is None:
        return "-"
    return f"{figure:,.0f}" if abs(figure) >= FEW or figure == int(figure) else f"{figure:,.2f}"


def _loss(change: dict[str, Any] | None, value: float) -> str:
    """Return a loss as a number, or as a range where the proof leaves a gap."""
    if change is None:
        return "not solved"
    if change["status"] == "infeasible":
        return "no plan"
    least, most = change["loss_least"], change["loss_most"]
    if most is None or least is None:
        return "not known"
    nil = AGREEMENT * max(1.0, abs(value))
    least, most = (0.0 if abs(end) <= nil else end for end in (least, most))
    low, high = _number(least), _number(most)
    return high if low == high or abs(most - least) <= nil else f"{low} to {high}"

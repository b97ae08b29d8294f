"""The commands that list, show, rename, remove and check runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hubplanner.cli.common import AsJson, Quiet, answering, terminal
from hubplanner.folders import RUNS
from hubplanner.formatting import count_of, gap_in_words, per_cent

runs = typer.Typer(
    name="runs",
    help="List, show, verify, rename and remove runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Run folder or name of the run (the first letters will do).", show_default=False
    ),
]
Runs = Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of runs.")]
NOT_INTACT = 2


@runs.command("list")
def list_(folder: Runs = RUNS, as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002 - a flag
    """List the runs of a folder, newest first."""
    with answering(as_json=as_json) as answer:
        from hubplanner.runs.store import list_runs  # noqa: PLC0415 - heavy imports wait for their command

        rows = list_runs(folder)
        answer.update(runs=rows)
        if not (as_json or quiet):
            print_runs(rows, folder)


@runs.command()
def show(run: RunName, folder: Runs = RUNS, as_json: AsJson = False, quiet: Quiet = False) -> None:  # noqa: FBT002
    """Show a run's figures and whether its folder is intact."""
    with answering(as_json=as_json) as answer:
        from hubplanner.runs.index import describe  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415
        from hubplanner.runs.verify import verify_run  # noqa: PLC0415

        found = find_run(run, folder)
        row, checked = describe(found), verify_run(found)
        answer.update(row, folder=str(found), verified=checked)
        if not (as_json or quiet):
            print_run(row, checked, found)


@runs.command()
def rename(
    run: RunName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its new name.", show_default=False)],
    folder: Runs = RUNS,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Give a run a name of your own, which its folder takes."""
    with answering(as_json=as_json) as answer:
        from hubplanner.runs.store import rename_run  # noqa: PLC0415

        renamed = rename_run(run, name, folder)
        answer.update(name=renamed.name, folder=str(renamed))
        if not (as_json or quiet):
            typer.echo(f"The run is now {renamed}.")


@runs.command()
def rm(
    run: RunName,
    folder: Runs = RUNS,
    force: Annotated[bool, typer.Option("--force", help="Also remove files that the run did not write.")] = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Remove a run from the folder of runs."""
    with answering(as_json=as_json) as answer:
        from hubplanner.runs.store import remove_run  # noqa: PLC0415

        removed = remove_run(run, folder, force=force)
        answer.update(removed=str(removed))
        if not (as_json or quiet):
            typer.echo(f"Removed {removed}.")


@runs.command()
def verify(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="One run (default: all).", show_default=False)
    ] = None,
    folder: Runs = RUNS,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Check files, figures and hashes; exit with 2 if any is damaged."""
    with answering(as_json=as_json) as answer:
        from hubplanner.runs.store import find_run, list_runs  # noqa: PLC0415
        from hubplanner.runs.verify import verify_run  # noqa: PLC0415

        found = [find_run(run, folder)] if run else [folder / row["name"] for row in list_runs(folder)]
        checks = [verify_run(path) for path in found]
        intact = all(check["intact"] for check in checks)
        answer.update(status="intact" if intact else "damaged", runs=checks)
        if not (as_json or quiet):
            print_checks(checks)
    if not intact:
        raise typer.Exit(NOT_INTACT)


NAME_SHOWN = 34
"""Letters of a run's name in a table; names are cut in their middle, where they differ least."""
Cells = tuple[str, ...]


def plain_table(title: str, left: Sequence[str], right: Sequence[str]) -> Table:
    """Return a table of words on the left and figures on the right."""
    table = Table(title=title or None, title_justify="left", box=None, header_style="bold")
    for heading in left:
        table.add_column(heading, overflow="fold")
    for heading in right:
        table.add_column(heading, justify="right")
    return table


def known(value: Any, words: Callable[[Any], str]) -> str:
    """Return a figure in words, a dash where there is none."""
    return "-" if value is None else words(value)


def number(value: float) -> str:
    """Return a figure in full.

    >>> number(1234567.8), number(0.125)
    ('1,234,568', '0.125')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.4g}"  # noqa: PLR2004 - digits


def shortened(name: str, most: int = NAME_SHOWN) -> str:
    """Return a name that fits a column.

    >>> shortened("pakistan-hubs-0e8aa59da7", 12)
    'pakis…a59da7'
    """
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-(most - most // 2) :]}"


def print_runs(rows: list[dict[str, Any]], runs: Path) -> None:
    """Print one line a run, the newest first."""
    table = plain_table("", ("run", "written", "status"), ("hubs", "people", "need", "cost", "gap"))
    for row in rows:
        written = dt.datetime.fromtimestamp(row["written"]).astimezone().strftime("%Y-%m-%d %H:%M")
        cost = known(row["cost"], lambda cost: f"{cost / 1e6:,.1f} m" if cost >= 1e6 else number(cost))  # noqa: PLR2004
        figures = (
            known(row["hubs"], number),
            known(row["people"], number),
            known(row["need_share"], per_cent),
            cost,
            known(row["gap"], gap_in_words),
        )
        table.add_row(shortened(row["name"]), written, str(row["status"]), *figures)
    terminal().print(table if rows else f"{runs} holds no runs.")


def print_run(row: dict[str, Any], checked: dict[str, Any], folder: Path) -> None:
    """Print what a run is and whether its folder is intact."""
    table = Table.grid(padding=(0, 2))
    money = f"{row['currency'] or ''} {known(row['cost'], number)}".strip()
    for name, words in {
        "Status": str(row["status"]),
        "Objective": f"{row['objective']}: {known(row['value'], number)}, gap {known(row['gap'], gap_in_words)}",
        "New hubs": known(row["hubs"], number),
        "People": f"{known(row['people'], number)}, {known(row['need_share'], per_cent)} of the need",
        "Cost": money,
        "Made by": known(row["version"], "hubplanner {}".format) + f" in {known(row['seconds'], '{:.1f} s'.format)}",
        "Files": "as they were written" if checked["intact"] else "NOT as they were written, see runs verify",
        "Inputs": {"same": "as they were", "changed": "have changed", "missing": "no longer there"}[checked["inputs"]],
    }.items():
        table.add_row(name, words)
    out = terminal()
    out.print(row["name"], style="bold", soft_wrap=True)
    out.print(table)
    out.print(f"Files: {folder}", soft_wrap=True)


def print_checks(checks: list[dict[str, Any]]) -> None:
    """Print each run with what is wrong with it."""
    out = terminal()
    for check in checks:
        hashed = "" if check["hashed"] else "; its manifest holds no hashes, so only presence and figures count"
        gone = "; its inputs no longer exist" if check["inputs"] == "missing" else ""
        out.print(f"{check['name']}: {'intact' if check['intact'] else 'NOT intact'}{hashed}{gone}", soft_wrap=True)
        for fault in check["faults"]:
            out.print(f"  {fault}", soft_wrap=True)
    broken = sum(not check["intact"] for check in checks)
    out.print(f"{count_of(len(checks), 'run')} checked, {broken or 'none'} damaged.")

"""The command that holds runs against each other, and what it prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hubplanner.cli.common import AsJson, Overwrite, Quiet, answering, terminal
from hubplanner.cli.runs import Runs, known, number, plain_table, shortened
from hubplanner.folders import COMPARISON_MARKS, RUNS
from hubplanner.formatting import count_of, gap_in_words, per_cent

if TYPE_CHECKING:
    import pandas as pd

    from hubplanner.outputs.comparison import Comparison

RunNames = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN_A RUN_B ...", help="Run folders or names of runs (the first letters will do).", show_default=False
    ),
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Also write files and a map here.", show_default=False)
]


def compare(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunNames,
    folder: Runs = RUNS,
    out: Folder = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Compare runs: money, people, sites, who gains and loses."""
    with answering(as_json=as_json) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415
        from hubplanner.io import check_place  # noqa: PLC0415 - heavy imports wait for their command
        from hubplanner.runs.compare import compare as compare_runs  # noqa: PLC0415
        from hubplanner.runs.store import find_run  # noqa: PLC0415

        with progress(shown=not quiet):
            places = [find_run(word, folder) for word in run]
            if out is not None:
                keep = [place / "plan.json" for place in places]
                check_place(out, COMPARISON_MARKS, overwrite=overwrite, keep=keep)
            found = compare_runs(*places)
            written = None if out is None else found.write(out, overwrite=overwrite)
        answer.update(found.summary(), folder=None if written is None else str(written))
        if not (as_json or quiet):
            print_comparison(found, written)


PLACES = 12
"""Values of a group, sites or rows named in a table; all are in the files."""


def print_comparison(found: Comparison, folder: Path | None) -> None:
    """Print runs side by side, what is built elsewhere, and who gains and loses."""
    from hubplanner.outputs.comparison import figure_table  # noqa: PLC0415 - matplotlib is heavy

    figures, out = found.summary(), terminal()
    letters = [run["run"] for run in figures["runs"]]
    for run in figures["runs"]:
        budget = f", budget {number(run['budget'])}" if run["budget"] else ""
        out.print(f"{run['run'].upper()}  {run['name']}: {run['objective']}, {run['status']}{budget}", soft_wrap=True)
    for note in figures["notes"]:
        out.print(f"Note: {note}.", style="bold", soft_wrap=True)
    frame = figure_table(figures)
    for (title, group), part in frame.groupby([frame["figure"].where(frame["group"] != "", ""), "group"], sort=False):
        heading = f"{str(title).capitalize()} by {group}" if title == "need share" else ""
        if not str(title).startswith("floor"):
            out.print(_side_by_side(heading, part, letters))
    if figures["floors"]:
        out.print(_floors_beside(figures["floors"], letters))
    for difference in figures["differences"]:
        _print_difference(out, difference, found)
    if folder is not None:
        out.print(f"Files: {folder}  (look at comparison.png first)", soft_wrap=True)


def _side_by_side(title: str, part: pd.DataFrame, letters: list[str]) -> Table:
    right = [*(letter.upper() for letter in letters), *(f"{letter.upper()} - A" for letter in letters[1:])]
    table = plain_table(title, ("",), right)
    for row in part.head(PLACES).to_dict("records"):
        kinds: dict[str, Callable[[float], str]] = {"need share": per_cent, "gap": _gap}
        words = kinds.get(row["figure"], number)
        cells = [_cell(row[letter], words) for letter in letters]
        signed = [_cell(row[f"difference_{letter}"], words, sign=True) for letter in letters[1:]]
        table.add_row(shortened(str(row["value"] or row["figure"])), *cells, *signed)
    if len(part) > PLACES:
        table.add_row(f"{count_of(len(part) - PLACES, 'other')} in the files")
    return table


def _gap(value: float) -> str:
    """Return a gap, or the difference of two, in words."""
    return f"-{gap_in_words(-value)}" if value < 0 else gap_in_words(value)


def _cell(value: Any, words: Callable[[Any], str], *, sign: bool = False) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN is no figure either
        return "-"
    return f"{'+' if sign and value > 0 else ''}{words(value)}"


def _floors_beside(floors: dict[str, Any], letters: list[str]) -> Table:
    table = plain_table("Floors, covered of asked", ("of",), [letter.upper() for letter in letters])
    for name, own in list(floors.items())[:PLACES]:
        cells = (
            known(own[letter], lambda one: f"{per_cent(one['covered'], 2)} of {per_cent(one['share'], 2)}")
            for letter in letters
        )
        table.add_row(shortened(name), *cells)
    if len(floors) > PLACES:
        table.add_row(f"{count_of(len(floors) - PLACES, 'other')} in the files")
    return table


def _print_difference(out: Console, difference: dict[str, Any], found: Comparison) -> None:
    first, other = difference["against"].upper(), difference["run"].upper()
    names = dict(zip(found.hubs["site_id"], found.hubs.get("name", found.hubs["site_id"]), strict=True))
    out.print(f"From {first} to {other}", style="bold")
    for title, sites in ((f"Sites only in {first}", "only_in_first"), (f"Sites only in {other}", "only_in_other")):
        out.print(f"  {title}: {_listed([_named(site, names) for site in difference[sites]])}")
    changed = [f"{_named(one['site_id'], names)} ({one['first']} -> {one['other']})" for one in difference["changed"]]
    out.print(f"  Other hubs at: {_listed(changed)}")
    for title, part in (("Gain", difference["gain"]), ("Lose", difference["lose"])):
        rows = count_of(part["rows"], "demand row")
        out.print(f"  {title} cover: {number(part['people'])} people in {rows}: {_listed(part['demand_ids'])}")


def _named(site: str, names: dict[str, Any]) -> str:
    name = names.get(site)
    return f"{name} ({site})" if isinstance(name, str) and name not in {"", site} else site


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - PLACES:,} more" if len(words) > PLACES else ""
    return f"{', '.join(words[:PLACES])}{more}" if words else "none"

"""Several runs side by side: a table of figures and, for each other run, what it does differently from the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.formatting import gap_in_words
from hubplanner.outputs.html.tables import HtmlCell, HtmlTable, number, table, text
from hubplanner.outputs.html.words import count, heading, listed
from hubplanner.outputs.map.fonts import in_words, share_in_words
from hubplanner.outputs.run_data import isolated, on_one_line

if TYPE_CHECKING:
    from hubplanner.outputs.comparison import Comparison

MOST_NAMED = 6


def figures(comparison: Comparison) -> tuple[HtmlTable, HtmlTable | None]:
    """Return a row a figure and a column a run, and the same for the groups, where there are any."""
    from hubplanner.outputs.comparison import figure_table  # noqa: PLC0415 - it writes folders, which hold this page

    frame = figure_table(comparison.figures)
    letters = [run.letter for run in comparison.runs]
    heads = "|".join(f"#{run.letter}: {on_one_line(run.name).replace('|', ' ')}" for run in comparison.runs)
    plain: list[list[HtmlCell]] = []
    grouped: list[list[HtmlCell]] = []
    for row in frame.to_dict("records"):
        cells = [text(_label(row)), *(_cell(row["figure"], row[letter]) for letter in letters)]
        (grouped if row["group"] else plain).append(cells)
    first = table("Figures side by side", f"*Figure|{heads}", plain)
    return first, table("Covered shares side by side", f"*Of whom|{heads}", grouped) if grouped else None


def _label(row: Mapping[Any, Any]) -> str:
    if not row["group"]:
        return heading(row["figure"])
    asked = {"floor share": " (asked for)", "floor covered": " (covered)"}.get(row["figure"], "")
    value = on_one_line(row["value"])
    return f"{heading(row['group'])}{f': {value}' if value else ''}{asked}"


def _cell(figure: str, value: Any) -> HtmlCell:
    if value is None or pd.isna(value):
        return number(None, "-")
    if figure == "gap":
        return number(value, gap_in_words(value))
    if "share" in figure or figure.startswith("floor"):
        return number(value, share_in_words(value))
    return number(value, f"{value:,.1f}" if "km" in figure else count(value))


def differences(comparison: Comparison) -> list[str]:
    """Return a paragraph for each other run."""
    names = dict(zip(comparison.hubs["site_id"], comparison.hubs.get("name", comparison.hubs["site_id"]), strict=True))
    runs = {run.letter: run for run in comparison.runs}
    return [_difference(part, names, runs) for part in comparison.figures["differences"]]


def _difference(part: dict[str, Any], names: dict[str, Any], runs: dict[str, Any]) -> str:
    own = f"run {part['run']} ({isolated(on_one_line(runs[part['run']].name))})"
    first = f"run {part['against']}"
    money = on_one_line(runs[part["run"]].plan["currency"])
    sums = (
        []
        if part["cost"] is None
        else [_more(part["cost"], f"{isolated(money)} ".lstrip(), "costs {} more", "costs {} less", "costs the same")]
    )
    sums.append(_more(part["people"], "", "covers {} people more", "covers {} people fewer", "covers as many people"))
    words = [f"Against {first}, {own} {listed(sums)}."]
    for key, what in (("only_in_other", "builds"), ("only_in_first", "does not build")):
        if part[key]:
            words.append(f"It {what} in {_places(part[key], names)}.")
    moves = [
        f"{in_words(part[key]['people'])} people {key} cover" for key in ("gain", "lose") if part[key]["people"] >= 1
    ]
    if moves:
        words.append(f"{listed(moves)}.")
    return " ".join(words)


def _more(amount: float, before: str, more: str, less: str, same: str) -> str:
    if abs(amount) < 1:
        return same
    return (more if amount > 0 else less).format(f"{before}{in_words(abs(amount))}")


def _places(sites: list[str], names: dict[str, Any]) -> str:
    shown = [isolated(on_one_line(names.get(site)) or on_one_line(site)) for site in sites[:MOST_NAMED]]
    left = len(sites) - len(shown)
    return listed([*shown, f"{left:,} more places"] if left else shown)

"""Several runs side by side: a table of figures and, for each other run, what it does differently from the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.formatting import gap_in_words, in_words, share_in_words
from hubplanner.outputs.html.tables import HtmlCell, HtmlTable, figures_under, name_under, number, table, text
from hubplanner.outputs.html.words import count, heading
from hubplanner.outputs.run_data import isolated, on_one_line
from hubplanner.translation import gettext as _, listed, ngettext, written

if TYPE_CHECKING:
    from hubplanner.outputs.comparison import Comparison

MOST_NAMED = 6


def figures(comparison: Comparison) -> tuple[HtmlTable, HtmlTable | None]:
    """Return a row a figure and a column a run, and the same for the groups, where there are any."""
    from hubplanner.outputs.comparison import figure_table  # noqa: PLC0415 - it writes folders, which hold this page

    frame = figure_table(comparison.figures)
    letters = [run.letter for run in comparison.runs]
    heads = [figures_under(f"{run.letter.upper()}: {on_one_line(run.name)}") for run in comparison.runs]
    plain: list[list[HtmlCell]] = []
    grouped: list[list[HtmlCell]] = []
    for row in frame.to_dict("records"):
        cells = [text(_label(row)), *(_cell(row["figure"], row[letter]) for letter in letters)]
        (grouped if row["group"] else plain).append(cells)
    first = table(_("Figures side by side"), [name_under(_("Figure")), *heads], plain)
    shares = table(_("Covered shares side by side"), [name_under(_("Of whom")), *heads], grouped)
    return first, shares if grouped else None


def _label(row: Mapping[Any, Any]) -> str:
    if not row["group"]:
        *__, year = row["figure"].partition("cost as paid in year ")
        return heading(_("cost as paid in year {year}", year=year) if year else _(row["figure"]))
    value = on_one_line(row["value"])
    whom = f"{heading(row['group'])}{f': {value}' if value else ''}"
    if row["figure"] == "floor share":
        return _("{whom} (asked for)", whom=whom)
    return _("{whom} (covered)", whom=whom) if row["figure"] == "floor covered" else whom


def _cell(figure: str, value: Any) -> HtmlCell:
    if value is None or pd.isna(value):
        return number(None, "-")
    if figure == "gap":
        return number(value, gap_in_words(value))
    if "share" in figure or figure.startswith("floor"):
        return number(value, share_in_words(value))
    return number(value, written(f"{value:,.1f}") if "km" in figure else count(value))


def differences(comparison: Comparison) -> list[str]:
    """Return a paragraph for each other run."""
    names = dict(zip(comparison.hubs["site_id"], comparison.hubs.get("name", comparison.hubs["site_id"]), strict=True))
    runs = {run.letter: run for run in comparison.runs}
    return [_difference(part, names, runs) for part in comparison.figures["differences"]]


def _difference(part: dict[str, Any], names: dict[str, Any], runs: dict[str, Any]) -> str:
    money = on_one_line(runs[part["run"]].plan["currency"])
    sums = [] if part["cost"] is None else [_dearer(part["cost"], isolated(money))]
    sums.append(_more(part["people"]))
    words = [
        _(
            "Against run {first}, run {run} ({name}) {sums}.",
            first=part["against"].upper(),
            run=part["run"].upper(),
            name=isolated(on_one_line(runs[part["run"]].name)),
            sums=listed(sums),
        )
    ]
    if part["only_in_other"]:
        words.append(_("It builds in {places}.", places=_places(part["only_in_other"], names)))
    if part["only_in_first"]:
        words.append(_("It does not build in {places}.", places=_places(part["only_in_first"], names)))
    gain, lose = (part[key]["people"] for key in ("gain", "lose"))
    moves = [_("{people} people gain cover", people=in_words(gain))] if gain >= 1 else []
    moves += [_("{people} people lose cover", people=in_words(lose))] if lose >= 1 else []
    if moves:
        words.append(f"{listed(moves)}.")
    return " ".join(words)


def _dearer(amount: float, currency: str) -> str:
    if abs(amount) < 1:
        return _("costs the same")
    money = f"{currency} {in_words(abs(amount))}".lstrip()
    return _("costs {money} more", money=money) if amount > 0 else _("costs {money} less", money=money)


def _more(people: float) -> str:
    if abs(people) < 1:
        return _("covers as many people")
    told = in_words(abs(people))
    return (
        _("covers {people} people more", people=told) if people > 0 else _("covers {people} people fewer", people=told)
    )


def _places(sites: list[str], names: dict[str, Any]) -> str:
    shown = [isolated(on_one_line(names.get(site)) or on_one_line(site)) for site in sites[:MOST_NAMED]]
    left = len(sites) - len(shown)
    return listed([*shown, ngettext("{n} more place", "{n} more places", left)] if left else shown)

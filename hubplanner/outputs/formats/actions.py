"""What a plan asks people to do, in plain sentences: build, upgrade, keep and close, in the order that does most."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from hubplanner.formatting import (
    covered_in_words,
    left_out_of_ways,
    paid_in_words,
    says_nothing,
    share_in_words,
    small_share,
    than_this,
)
from hubplanner.outputs.run_data import Result, isolated, on_one_line, plural

Kind = Literal["build", "upgrade", "lay", "keep", "close"]
HEADINGS: dict[Kind, str] = {
    "build": "Build",
    "upgrade": "Upgrade",
    "lay": "Lay lines, from today's internet outwards",
    "keep": "Keep",
    "close": "Close",
}
_PROOFS = {
    "max_coverage": "no plan within these limits covers more",
    "min_cost": "no plan that reaches as much costs less",
    "p_median": "no plan within these limits brings hubs nearer on average",
    "p_center": "no plan within these limits brings the farthest nearer",
}


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do.

    Parameters
    ----------
    kind
        What to do.
    year
        When it opens, in a programme; else empty.
    what, where
        The hubs, and their place, in words.
    people, cost
        People they cover, and money.
    task, facts
        What to do and where, and what comes of it: both halves of a sentence.
    """

    kind: Kind
    year: str
    what: str
    where: str
    people: float
    cost: float
    task: str
    facts: str = ""


@dataclass(frozen=True, kw_only=True)
class ActionList:
    """The actions of a plan, and what stands around them.

    Parameters
    ----------
    title, summary
        A heading, and sentences on the whole plan.
    sections
        Actions under headings: what is new by year, then what is kept and closed.
    totals
        Tables: a heading, the names of the columns, and the rows.
    notes
        How to read it.
    """

    title: str
    summary: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Action, ...]], ...]
    totals: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]
    notes: tuple[str, ...]


def list_actions(result: Result) -> ActionList:
    """Return a plan's actions: what is new by year and within it by people for the money, then what is kept and closed.

    Parameters
    ----------
    result
        The run; with its sites, those to close are called by their names.
    """
    hubs = [_action(result, hub) for hub in result.hubs.to_dict("records")]
    hubs += [_line(result, line) for line in ([] if result.backhaul is None else result.backhaul.to_dict("records"))]
    actions = [*hubs, *(_closing(result, site) for site in result.summary["closed"])]
    return ActionList(
        title=f"What to do: {isolated(on_one_line(result.scenario.description)) or result.name}",
        summary=tuple(_summary(result, actions)),
        sections=tuple(_sections(result, actions)),
        totals=tuple(_totals(result)),
        notes=tuple(_notes(result)),
    )


def _action(result: Result, hub: dict[str, Any]) -> Action:
    kinds: dict[str, Kind] = {"existing": "keep", "upgraded": "upgrade"}
    kind = kinds.get(hub["status"], "build")
    year = on_one_line(hub.get("period")) if kind != "keep" else ""
    what, where = _what(result, hub), _where(result, hub)
    start = {
        "build": f"Build {what} in {where}",
        "upgrade": f"Upgrade the hub in {where} to {what}",
        "keep": f"Keep {what} in {where}",
    }[kind]
    people = _count(hub[result.scenario.column_of_reached])
    facts = [f"serves {people}" if result.seated else f"puts {people} within reach"]
    facts += [] if kind == "keep" else [_price(result, hub)]
    facts += [f"opens in {isolated(year)}"] if year else []
    return Action(
        kind=kind,
        year=year,
        what=what,
        where=where,
        people=float(hub[result.scenario.column_of_reached]),
        cost=float(hub["cost"]),
        task=f"{start}:",
        facts=f"{', '.join(facts)}.",
    )


def _line(result: Result, line: dict[str, Any]) -> Action:
    """Return what it takes to lay a line."""
    names = {str(hub["site_id"]): result.name_of(hub) for hub in result.hubs.to_dict("records")}
    start, end = (isolated(names.get(str(line[key]), on_one_line(line[key]))) for key in ("from", "to"))
    hubs, far = int(line["hubs_served"]), f"{line['km']:,.1f} km"
    is_radio, year = line["technology"] == "microwave", on_one_line(line.get("period"))
    laid = f", laid in {isolated(year)}" if year else ""
    return Action(
        kind="lay",
        year=year,
        what=f"a hop of {far} by microwave" if is_radio else f"{far} of {line['technology']}",
        where=f"{start} to {end}",
        people=0.0,
        cost=float(line["cost"]),
        task=f"Set up microwave from {start} to {end}, {far}:"
        if is_radio
        else f"Lay {far} of {line['technology']} from {start} to {end}:",
        facts=f"serves {hubs:,} hub{'' if hubs == 1 else 's'}, costs {result.in_money(float(line['cost']))}{laid}.",
    )


def _what(result: Result, hub: dict[str, Any]) -> str:
    room = hub.get("capacity")
    words = plural(isolated(on_one_line(hub["tier"])), int(hub["hubs"]))
    return words if pd.isna(room) else f"{words} with room for {room:,.0f} {result.scenario.seated}"


def _where(result: Result, row: dict[str, Any]) -> str:
    area = ", ".join(map(isolated, result.area_of(row)))
    return isolated(result.name_of(row)) + (f" ({area})" if area else "")


def _count(people: float) -> str:
    return "1 person" if round(people) == 1 else f"{people:,.0f} people"


def _price(result: Result, hub: dict[str, Any]) -> str:
    """Return what hubs cost, and what that is for each person."""
    cost, people = float(hub["cost"]), float(hub[result.scenario.column_of_reached])
    if cost <= 0:
        return f"saves {result.in_money(-cost)}" if cost < 0 else "costs nothing"
    each = f" ({result.in_money(cost / people)} a person)" if people >= 1 else ""
    return f"costs {result.in_money(cost)}{each}"


def _closing(result: Result, site: str) -> Action:
    row: dict[str, Any] = {"site_id": site}
    if result.sites is not None:
        frame = pd.DataFrame(result.sites.frame.drop(columns="geometry"))
        row = {str(name): cell for name, cell in frame[frame["site_id"] == site].iloc[0].items()}
    where = _where(result, row)
    task = f"Close the hub in {where}."
    return Action(kind="close", year="", what="the hub", where=where, people=0.0, cost=0.0, task=task)


def _sections(result: Result, actions: list[Action]) -> Iterator[tuple[str, tuple[Action, ...]]]:
    """Yield what is new by year, or by kind in a plan without years, then what is kept and closed."""
    fresh = sorted((action for action in actions if action.kind in {"build", "upgrade"}), key=_most_for_money)
    years = [on_one_line(year["name"]) for year in result.summary["periods"]]
    if years:
        for year in years:
            yield f"Open in {isolated(year)}", tuple(action for action in fresh if action.year == year)
    for kind, heading in HEADINGS.items():
        found = tuple(action for action in actions if action.kind == kind)
        if kind in {"build", "upgrade"}:
            found = () if years else tuple(action for action in fresh if action.kind == kind)
        if kind == "lay" and years:
            found = tuple(sorted(found, key=lambda action: years.index(action.year)))
        if found:
            yield heading, found


def _most_for_money(action: Action) -> tuple[float, float, str]:
    people = action.people / action.cost if action.cost > 0 else math.inf
    # Rounded, so that hubs as good as each other are in order of their people.
    return -float(f"{people:.6g}"), -action.people, action.task


def _summary(result: Result, actions: list[Action]) -> Iterator[str]:
    """Yield what the plan does, reaches and costs, and how sure it is."""
    summary, hubs = result.summary, result.hubs
    new, stands, grown = (
        int(hubs.loc[hubs["status"] == kind, "hubs"].sum()) for kind in ("new", "existing", "upgraded")
    )
    sites = hubs.loc[hubs["status"] == "new", "site_id"].nunique()
    at = f" at {sites:,} site{'' if sites == 1 else 's'}" if 0 < sites < new else ""
    parts = [f"Build {plural('hub', new) if new != 1 else '1 hub'}{at}"] if new else ["Build nothing"]
    closed = sum(action.kind == "close" for action in actions)
    parts += [
        f"{word} {number:,}" for word, number in (("upgrade", grown), ("keep", stands), ("close", closed)) if number
    ]
    yield f"{', '.join(parts)}."
    need, number = summary["need"], result.told_reached(lambda people: f"{people:,.0f}")
    reached = f"serves {number}" if result.seated else f"puts {number} within reach"
    share = f": {share_in_words(need['share'])} of the need" if need["total"] else ""
    yield f"The plan {reached}{share}."
    yield from _ways(result)
    yield _money(result)
    yield _proof(summary)


def _ways(result: Result) -> Iterator[str]:
    """Yield how far it is to the hub that serves, where the objective is about distance."""
    ways, unit = result.summary["distance"], result.unit
    if result.summary["objective"] in {"p_median", "p_center"} and ways.get(f"mean_{unit}") is not None:
        mean, most = (f"{ways[f'{kind}_{unit}']:,.1f} {unit}" for kind in ("mean", "max"))
        whose = "hub that serves" if result.seated else "nearest hub"
        left_out = "".join(f", {words}" for words in left_out_of_ways(ways))
        yield f"The distance to the {whose} is {mean} on average and {most} at most{left_out}."


def _money(result: Result) -> str:
    """Return what the whole costs, split into what it is for."""
    cost, budget, years = result.summary["cost"], result.summary["budget"], result.scenario.horizon_years
    of_budget = f" of a budget of {result.in_money(budget)}" if budget is not None else ""
    parts = [f"{result.in_money(cost['capex'])} to build"]
    parts += [f"{result.in_money(cost['opex_present_value'])} to run for {years} years"] if years else []
    parts += [f"{result.in_money(cost['backhaul'])} to connect"] if cost["backhaul"] else []
    parts += [f"{result.in_money(one['cost'])} for {name}" for name, one in result.summary.get("measures", {}).items()]
    saved = f", less {result.in_money(cost['saved'])} saved by closing" if cost["saved"] else ""
    split = ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1]
    paid = paid_in_words(cost["paid"], result.in_money)
    costs = f"It costs {result.in_money(cost['total'])} in today's money{of_budget}: {split}{saved}."
    return f"{costs} Payments come to {paid}."


def _proof(summary: dict[str, Any]) -> str:
    best, gap = _PROOFS[summary["objective"]], summary["gap"]
    if says_nothing(gap):
        why = "the search was stopped before there was" if summary.get("stopped") else "the time was too short for"
        return f"How good the plan is was not proven: {why} any useful bound."
    words = f"Proven: {best}{than_this(gap)}."
    return words if summary["status"] == "optimal" else f"{words} That is less sure than was asked for."


def _totals(result: Result) -> Iterator[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    """Yield a table by year and one by the sites' first group, where there are such."""
    if result.summary["periods"]:
        columns = ("Year", "Sites that open", "People by then", "Share of need", "Spent", "Budget")
        yield "Year by year", columns, tuple(_year(result, year) for year in result.summary["periods"])
    for group in result.scenario.sites.groups[:1]:
        column = f"site_{group}" if f"site_{group}" in result.hubs else group
        if column in result.hubs and len(result.hubs):
            heads = (isolated(on_one_line(group)), "New hubs", "People", "Cost")
            yield f"By {isolated(on_one_line(group))}", heads, tuple(_parts(result, column))


def _year(result: Result, year: dict[str, Any]) -> tuple[str, ...]:
    money = result.in_money(year["cost"]), result.in_money(year["budget"])
    people, share = f"{year['people']['reached']:,.0f}", covered_in_words(year["need"]["share"], year["need"]["total"])
    return isolated(on_one_line(year["name"])), f"{len(year['opened']):,}", people, share, *money


def _parts(result: Result, column: str) -> Iterator[tuple[str, ...]]:
    """Yield new hubs, people and money of each value of a group, most people first, and their sums."""
    hubs, reached = pd.DataFrame(result.hubs.drop(columns="geometry")), result.scenario.column_of_reached
    parts = hubs.groupby(hubs[column].map(on_one_line))
    for name, own in sorted(parts, key=lambda part: (-part[1][reached].sum(), part[0])):
        yield isolated(str(name)) or "(not named)", *_sums(result, own)
    yield "all hubs", *_sums(result, hubs)


def _sums(result: Result, hubs: pd.DataFrame) -> tuple[str, str, str]:
    new = int(hubs.loc[hubs["status"] != "existing", "hubs"].sum())
    return (
        f"{new:,}",
        f"{hubs[result.scenario.column_of_reached].sum():,.0f}",
        result.in_money(float(hubs["cost"].sum())),
    )


def _notes(result: Result) -> Iterator[str]:
    """Yield how to read the list."""
    years, scenario = result.scenario.horizon_years, result.scenario
    when = "Within each year, what" if result.summary["periods"] else "What"
    yield f"{when} serves most people for its money comes first."
    if years:
        worth = f", in money of today at {small_share(scenario.discount_rate)} a year" if scenario.discount_rate else ""
        yield f"Costs cover building and running for {years} years{worth}."
    if result.summary["periods"]:
        yield "People are counted as of the last year."
        if scenario.model.periods.carry_over:
            yield "Money left over in one year can be spent in later years."
    yield "People near several hubs are counted once, at the hub that the plan assigns them to."
    yield f"Made from the run {isolated(on_one_line(result.name))} by hubplanner; its map.png shows the places."


_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$!^=])")
"""What Markdown, its tables or HTML could take for a mark."""
_START = re.compile(r"^(\d+)([.)])(?=\s|$)|^([+-])(?=\s|$)")
"""What starts a list at the start of a line."""


def write_markdown(result: Result, path: Path) -> None:
    """Write the list of actions as CommonMark with tables; nothing in a name acts as a mark, a link or HTML."""
    path.write_text("\n".join(_lines(result)) + "\n", encoding="utf-8")


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    >>> print(escape("*new* <b>hub</b> | [x](y)"))
    \*new\* \<b\>hub\</b\> \| \[x\](y)
    """
    return _START.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", _SPECIAL.sub(r"\\\1", text))


def _lines(result: Result) -> Iterator[str]:
    found = list_actions(result)
    yield f"# {escape(found.title)}"
    yield from ("", escape(" ".join(found.summary)))
    number = 0
    for heading, actions in found.sections:
        yield from ("", f"## {escape(heading)}", "")
        if not actions:
            yield "Nothing."
        for number, action in enumerate(actions, start=number + 1):  # noqa: B020 - numbers run on through all sections
            yield f"{number}. **{escape(action.task)}** {escape(action.facts)}".rstrip()
    for heading, columns, rows in found.totals:
        yield from ("", f"## {escape(heading)}", "", *_table(columns, rows))
    yield from ("", "## Notes", "", *(f"- {escape(note)}" for note in found.notes))


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    yield f"| {' | '.join(map(escape, columns))} |"
    yield f"|---{'|---:' * (len(columns) - 1)}|"
    for row in rows:
        yield f"| {' | '.join(map(escape, row))} |"

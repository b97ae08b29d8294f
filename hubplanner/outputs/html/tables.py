"""A table of the report: columns, and cells that know how to be read and how to be sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import PureWindowsPath
from typing import Any

from hubplanner.formatting import covered_in_words, gap_in_words, share_in_words
from hubplanner.outputs.backhaul import hubs_behind
from hubplanner.outputs.formats.excel import assumptions
from hubplanner.outputs.frames import BETWEEN_NAMES
from hubplanner.outputs.html.charts import years
from hubplanner.outputs.html.headline import counts_offline, new_hubs
from hubplanner.outputs.html.words import count, decimal, heading, money
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.scenario.assumptions import plain
from hubplanner.scenario.scenario import TierSpec
from hubplanner.translation import N_, gettext as _, joined, ngettext, said_again, written


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column's heading, and whether it holds numbers."""

    name: str
    number: bool = False
    name_of_row: bool = False


@dataclass(frozen=True, kw_only=True)
class HtmlCell:
    """A cell.

    Parameters
    ----------
    text
        As it is read.
    key
        What it is sorted by.
    part
        Share 0 to 1 to draw a bar for; None for none.
    mark
        Share at which the bar bears a mark.
    code
        Whether it is for machines.
    """

    text: str
    key: float | str = ""
    part: float | None = None
    mark: float | None = None
    code: bool = False


@dataclass(frozen=True, kw_only=True)
class HtmlTable:
    """Rows under columns, with a caption."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[HtmlCell, ...], ...]
    sortable: bool = False
    total: tuple[HtmlCell, ...] = field(default=())


def text(words: Any, *, code: bool = False) -> HtmlCell:
    """Return a cell of words, sorted without regard to capitals."""
    return HtmlCell(text=str(words), key=str(words).casefold(), code=code)


def number(value: float | None, words: str, part: float | None = None, mark: float | None = None) -> HtmlCell:
    """Return a cell of a number; unknown ones sort below all others."""
    known = value is not None and math.isfinite(value)
    return HtmlCell(text=words, key=float(value) if known and value is not None else -math.inf, part=part, mark=mark)


def name_under(heading: str) -> Column:
    """Return the column of what names a row."""
    return Column(name=heading, name_of_row=True)


def words_under(heading: str) -> Column:
    """Return a column of words."""
    return Column(name=heading)


def figures_under(heading: str) -> Column:
    """Return a column of numbers."""
    return Column(name=heading, number=True)


def table(caption: str, columns: Sequence[Column], rows: Any, *, sortable: bool = False, total: Any = ()) -> HtmlTable:
    """Return a table."""
    rows = tuple(map(tuple, rows))
    return HtmlTable(caption=caption, columns=tuple(columns), rows=rows, sortable=sortable, total=tuple(total))


MOST_OTHERS = 3
"""Other places that are named for a hub, and hubs for a line."""
SHOWN_GROUPS = 16
"""Values of a group that are shown before the reader asks for all."""
_STATUS = {"new": N_("new"), "existing": N_("stands already"), "upgraded": N_("upgraded")}


def hubs(result: Result, reasons: Sequence[str]) -> HtmlTable:
    """Return all hubs, those that cover most people first."""
    rows = result.hubs.to_dict("records")
    order = sorted(
        range(len(rows)), key=lambda at: (-float(rows[at][result.scenario.column_of_reached]), str(rows[at]["site_id"]))
    )
    programme = bool(result.summary["periods"])
    others = "alternatives" in result.hubs
    columns = [
        name_under(_("Place")),
        words_under(_("Id")),
        words_under(_("Tier")),
        figures_under(_("Hubs")),
        figures_under(_("People")),
        figures_under(_("Cost")),
    ]
    columns += [words_under(_("Opens"))] if programme else []
    columns += [words_under(_("Why here")), *([words_under(_("Or in"))] if others else [])]
    found = [_hub(result, rows[at], reasons[at], programme=programme) for at in order]
    people, cost = (
        float(result.hubs[name].sum()) if rows else 0.0 for name in (result.scenario.column_of_reached, "cost")
    )
    many = int(result.hubs["hubs"].sum()) if rows else 0
    total = [text(_("All hubs")), text(""), text(""), number(many, count(many)), number(people, count(people))]
    total += [number(cost, money(result, cost)), *([text("")] * (programme + others)), text("")]
    return table(_("Hubs of the plan"), columns, found, sortable=True, total=total)


def _hub(result: Result, row: dict[str, Any], reason: str, *, programme: bool) -> list[HtmlCell]:
    where, reached = ", ".join(map(isolated, result.area_of(row))), result.scenario.column_of_reached
    name, place = result.name_of(row), isolated(result.name_of(row))
    status = "" if row["status"] == "new" else f" ({_(_STATUS.get(row['status'], row['status']))})"
    found = [
        HtmlCell(text=f"{place} · {where}" if where else place, key=name.casefold()),
        text(on_one_line(row["site_id"])),
        text(f"{on_one_line(row['tier'])}{status}"),
        number(row["hubs"], count(row["hubs"])),
        number(row[reached], count(row[reached])),
        number(row["cost"], money(result, row["cost"])),
    ]
    found += [text(on_one_line(row.get("period")))] if programme else []
    if "alternatives" not in row:
        return [*found, text(reason)]
    alternatives = row["alternatives"]
    others = alternatives.split(BETWEEN_NAMES) if isinstance(alternatives, str) and alternatives else []
    return [*found, text(reason), text(_first_of(others))]


def _first_of(names: Sequence[str]) -> str:
    """Return the first of some places, and how many more there are."""
    shown, more = ", ".join(isolated(on_one_line(name)) for name in names[:MOST_OTHERS]), len(names) - MOST_OTHERS
    return _("{some} and {last}", some=shown, last=_("{count} more", count=count(more))) if more > 0 else shown


def groups(result: Result) -> list[tuple[str, HtmlTable, HtmlTable | None]]:
    """Return for each group its name, the table of its values, and that of all of them where the first is cut."""
    asked = {
        (floor["group"], floor["value"]): floor["share"] for floor in result.summary["floors"] if not floor["people"]
    }
    found: list[tuple[str, HtmlTable, HtmlTable | None]] = []
    for name, values in result.summary["groups"].items():
        ranked = sorted(values.items(), key=lambda pair: (-pair[1]["need"], pair[0]))
        rows = [_group(result, value, part, asked.get((name, value))) for value, part in ranked]
        columns = [
            name_under(heading(name)),
            figures_under(_("People")),
            *([] if counts_offline(result) else [figures_under(_("People covered"))]),
            figures_under(_("Need")),
            figures_under(_("Need covered")),
            figures_under(_("Covered share")),
        ]
        caption = _("Coverage by {group}, most need first", group=heading(name).lower())
        whole = table(caption, columns, rows, sortable=True)
        if len(rows) <= SHOWN_GROUPS:
            found.append((heading(name), whole, None))
        else:
            caption = _("The {shown} with most need, of {all}", shown=SHOWN_GROUPS, all=len(rows))
            first = table(caption, columns, rows[:SHOWN_GROUPS], sortable=True)
            found.append((heading(name), first, whole))
    return found


def _group(result: Result, value: str, part: dict[str, float], floor: float | None) -> list[HtmlCell]:
    share = part["share"]
    # Where seats are for those who are offline, these are the people whom hubs serve: need covered says so.
    covered = [] if counts_offline(result) else [number(part["covered_people"], count(part["covered_people"]))]
    return [
        text(on_one_line(value) or _("(blank)")),
        number(part["people"], count(part["people"])),
        *covered,
        number(part["need"], count(part["need"])),
        number(part["covered"], count(part["covered"])),
        _covered(share, part["need"], floor),
    ]


def _covered(share: float, need: float | None, mark: float | None = None) -> HtmlCell:
    """Return a covered share as a bar, in words where there is no need."""
    return number(share, covered_in_words(share, need), part=min(max(share, 0.0), 1.0), mark=mark)


def backhaul(result: Result) -> HtmlTable | None:
    """Return hubs, km and money of each technology that connects hubs; None where that is of no concern."""
    told = result.summary.get("backhaul")
    if told is None:
        return None
    rows = [
        [
            text(_(name)),
            number(one["hubs"], count(one["hubs"])),
            number(one["km"], decimal(one["km"])),
            number(one["cost"], money(result, one["cost"])),
        ]
        for name, one in told["by_technology"].items()
    ]
    whole = result.summary["cost"]["backhaul"]
    return table(
        _("How new hubs are connected"),
        [name_under(_("Link")), figures_under(_("Hubs")), figures_under(_("Km to build")), figures_under(_("Cost"))],
        rows,
        total=[text(_("All")), text(""), text(""), number(whole, money(result, whole))],
    )


MOST_LINES = 10
"""Rows of the report's table of lines; backhaul.csv lists all."""


def dearest_lines(result: Result) -> HtmlTable | None:
    """Return the lines that cost most, with the hubs that hang on them; None where none is built."""
    if result.backhaul is None or not len(result.backhaul):
        return None
    known = {row["site_id"]: result.name_of(row) for row in result.hubs.to_dict("records")}
    lines = result.backhaul.to_dict("records")
    behind = hubs_behind(lines, result.hubs.to_dict("records"))
    order = sorted(range(len(lines)), key=lambda at: (-float(lines[at]["cost"]), lines[at]["edge_id"]))[:MOST_LINES]
    rows = []
    for line, sites in ((lines[at], behind[at]) for at in order):
        start, end = (isolated(on_one_line(known.get(line[key], line[key]))) for key in ("from", "to"))
        rows.append(
            [
                text(_("{start} to {end}", start=start, end=end)),
                text(_(line["technology"])),
                number(line["km"], decimal(line["km"])),
                number(line["cost"], money(result, line["cost"])),
                number(line["hubs_served"], count(line["hubs_served"])),
                text(_first_of([known[site] for site in sites])),
            ]
        )
    columns = [name_under(_("Line")), words_under(_("Link")), figures_under(_("Km to build")), figures_under(_("Cost"))]
    columns += [figures_under(_("Hubs behind it")), words_under(_("Which"))]
    return table(_("The lines that cost most"), columns, rows)


def electricity(result: Result) -> HtmlTable | None:
    """Return hubs and money by where electricity comes from; None where that is of no concern."""
    told = result.summary.get("backhaul", {}).get("electricity")
    if told is None:
        return None
    rows = [
        [text(_(name)), number(one["hubs"], count(one["hubs"])), number(one["cost"], money(result, one["cost"]))]
        for name, one in told.items()
    ]
    return table(
        _("Where new hubs have electricity from"),
        [name_under(_("Source")), figures_under(_("Hubs")), figures_under(_("Cost, in that of links"))],
        rows,
    )


MOST_CLOSING = 12
"""Rows of the report's table of gaps; gaps.csv lists all."""


def closing(result: Result) -> HtmlTable | None:
    """Return what closing gaps between roads brings, beside another hub; None where there are no such gaps."""
    told = result.summary.get("travel", {}).get("closing", [])
    if not any(row["what"] == "gap" for row in told):
        return None
    rows = [
        [
            text(_gap_named(row) if row["what"] == "gap" else _hub_named(row)),
            text("" if row["road_km"] is None else decimal(row["road_km"], "km")),
            text("") if row["cost"] is None else number(row["cost"], money(result, row["cost"])),
            number(row["people"], count(row["people"])),
            number(row["need"], count(row["need"])),
        ]
        for row in told[:MOST_CLOSING]
    ]
    columns = [
        name_under(_("What is added")),
        figures_under(_("Road to build")),
        figures_under(_("Cost")),
        figures_under(_("People newly within reach")),
        figures_under(_("Need")),
    ]
    return table(_("A closed gap between roads against another hub, each alone"), columns, rows)


def _gap_named(row: dict[str, Any]) -> str:
    return _("the gap at {lon} E {lat} N", lon=written(f"{row['lon']:.4f}"), lat=written(f"{row['lat']:.4f}"))


def _hub_named(row: dict[str, Any]) -> str:
    return _("{tier} at {site}", tier=on_one_line(row["tier"]), site=on_one_line(row["site_id"]))


def floors(result: Result) -> HtmlTable | None:
    """Return what each floor asks for and what is covered."""
    rows = [
        [
            text(_floor(floor)),
            number(floor["share"], share_in_words(floor["share"])),
            _covered(floor["covered"], floor.get("need"), floor["share"]),
        ]
        for floor in result.summary["floors"]
    ]
    return (
        table(
            _("Least shares that were asked for"),
            [name_under(_("Of whom")), figures_under(_("At least")), figures_under(_("Covered"))],
            rows,
        )
        if rows
        else None
    )


def _floor(floor: dict[str, Any]) -> str:
    whom = on_one_line(floor["people"]) or _("need")
    where = on_one_line(floor["value"]) or on_one_line(floor["group"]) or _("everywhere")
    return f"{whom}: {where}"


def money_by_year(result: Result) -> HtmlTable:
    """Return the money of each year, and in a programme what comes of it."""
    summary, cost = result.summary, result.summary["cost"]
    paid = cost["paid"]
    if not summary["periods"]:
        rows = [
            [
                text(year["name"]),
                number(year["cost"], money(result, year["cost"])),
                number(year["worth"], money(result, year["worth"])),
            ]
            for year in years(result)
        ]
        total = [text(_("All")), *(number(all_of, money(result, all_of)) for all_of in (paid["total"], cost["total"]))]
        return table(
            _("Money by year"),
            [name_under(_("When")), figures_under(_("Paid then")), figures_under(_("Worth today"))],
            rows,
            total=total,
        )
    found = [
        [
            text(on_one_line(year["name"])),
            number(year["budget"], money(result, year["budget"])),
            number(year["cost"], money(result, year["cost"])),
            number(len(year["opened"]), count(len(year["opened"]))),
            number(year["people"]["reached"], count(year["people"]["reached"])),
            _covered(year["need"]["share"], year["need"]["total"]),
        ]
        for year in summary["periods"]
    ]
    return table(
        _("Year by year"),
        [
            name_under(_("Year")),
            figures_under(_("Budget")),
            figures_under(_("Spent")),
            figures_under(_("Sites that open")),
            figures_under(_("People by then")),
            figures_under(_("Covered share")),
        ],
        found,
    )


def paid_by_year(result: Result) -> HtmlTable | None:
    """Return what is paid in each year of a programme, the years after its last one too; None without a programme."""
    names, paid = [on_one_line(year["name"]) for year in result.summary["periods"]], result.summary["cost"]["paid"]
    later = (ngettext("{n} year later", "{n} years later", number + 1) for number in range(len(paid["by_year"])))
    rows = [
        [text(name), number(year["paid"], money(result, year["paid"]))]
        for name, year in zip(chain(names, later), paid["by_year"], strict=False)
    ]
    total = [text(_("All")), number(paid["total"], money(result, paid["total"]))]
    return (
        table(_("What is paid in each year"), [name_under(_("When")), figures_under(_("Paid then"))], rows, total=total)
        if names
        else None
    )


def tiers(result: Result) -> HtmlTable:
    """Return what was assumed of each tier."""
    seated, horizon = result.seated, result.scenario.horizon_years
    rows = [
        [
            text(tier.name),
            _amount(result, tier.capex),
            _amount(result, tier.opex_per_year),
            text(tier.told_reach()),
            *([text(_room(tier, result.scenario.seated))] if seated else []),
        ]
        for tier in result.scenario.hubs
    ]
    columns = [
        name_under(_("Tier")),
        figures_under(_("To build")),
        figures_under(_("To run, a year")),
        words_under(_("Reach")),
    ]
    columns += [words_under(_("Room"))] if seated else []
    caption = ngettext(
        "Hubs that could be built; running costs count for {n} year",
        "Hubs that could be built; running costs count for {n} years",
        horizon,
    )
    return table(caption, columns, rows)


def _room(tier: TierSpec, whom: str) -> str:
    if tier.capacity is None:
        return _("no limit")
    if isinstance(tier.capacity, str):
        return _("by site: {column}", column=tier.capacity)
    return f"{count(tier.capacity)} {whom}"


def _amount(result: Result, value: float | str) -> HtmlCell:
    return text(_("by site: {column}", column=value)) if isinstance(value, str) else number(value, money(result, value))


def question(result: Result) -> HtmlTable:
    """Return every setting of the scenario."""
    rows = assumptions(result)
    chosen = rows[rows["part"] == "question"]
    found = [
        [text(item, code=True), text(on_one_line(value))]
        for item, value in zip(chosen["item"], chosen["value"], strict=True)
    ]
    return table(_("Every setting of the scenario"), [name_under(_("Setting")), words_under(_("Value"))], found)


def data(result: Result) -> HtmlTable:
    """Return the files the plan was made from."""
    spec = result.scenario
    roles = {
        part.file_name: role
        for part, role in ((spec.sites, _("where hubs may stand")), (spec.demand, _("where people live")))
    }
    for layer, file in (spec.map.files if spec.map else {}).items():
        roles.setdefault(PureWindowsPath(file.path).name, _("{layer} on maps", layer=layer))
    roles |= {PureWindowsPath(file).name: _("how far it is") for file in spec.travel.files}
    inputs = result.manifest.get("inputs", {})
    rows = [[text(name), text(roles.get(name, "")), text(digest, code=True)] for name, digest in inputs.items()]
    return table(
        _("Data the plan was made from"),
        [name_under(_("File")), words_under(_("What it says")), words_under(_("SHA-256"))],
        rows,
    )


def versions(result: Result) -> HtmlTable:
    """Return the programs."""
    rows = [[text(name), text(version)] for name, version in result.manifest.get("versions", {}).items()]
    return table(_("Programs"), [name_under(_("Program")), words_under(_("Version"))], rows)


def proof(result: Result) -> HtmlTable:
    """Return the figures of the proof."""
    summary = result.summary
    bound = _("unknown") if summary["bound"] is None else written(f"{summary['bound']:,.2f}")
    rows = [
        [text(_("Goal, as this plan reaches it")), text(written(f"{summary['objective_value']:,.2f}"))],
        [text(_("Goal, as far as any plan could reach it")), text(bound)],
        [text(_("Difference")), text(gap_in_words(summary["gap"]))],
        [text(_("Difference that was allowed")), text(gap_in_words(result.scenario.solver.gap))],
        [text(_("Solver")), text(joined((summary["solver"]["name"], _(summary["solver"]["version"]))))],
        [text(_("Time to solve")), text(decimal(summary["seconds"], "seconds"))],
        [text(_("How")), text(on_one_line(result.manifest.get("method")))],
        [text(_("Hubs built")), text(count(new_hubs(result)))],
    ]
    return table(_("The proof in figures"), [name_under(_("Figure")), words_under(_("Value"))], rows)


def audit_findings(audit: dict[str, Any]) -> HtmlTable | None:
    """Return what an audit found wrong."""
    rows = [
        [text(found["item"]), text(found["file"]), text(found["stated"]), text(found["recomputed"])]
        for found in audit["findings"]
    ]
    return (
        table(
            _("What the audit does not confirm"),
            [name_under(_("Figure")), words_under(_("File")), words_under(_("Stated")), words_under(_("Recomputed"))],
            rows,
        )
        if rows
        else None
    )


def warnings(result: Result) -> HtmlTable | None:
    """Return what may be a mistake in the data; an earlier version's run says nothing of it."""
    found, how = result.summary.get("warnings", []), result.manifest.get("said")
    rows = [
        [
            text(one["file"]),
            text("" if one["row"] is None else str(one["row"])),
            text(on_one_line(said_again(how, one["message"]))),
        ]
        for one in found
    ]
    return (
        table(
            _("Warnings about the data"),
            [name_under(_("File")), words_under(_("Row")), words_under(_("What is found"))],
            rows,
        )
        if rows
        else None
    )


def assumed(result: Result) -> HtmlTable | None:
    """Return the settings that the result hangs on; an earlier version's run says nothing of them."""
    rows = [
        [text(one["key"]), text(on_one_line(plain(one["value"]))), text(_(_SOURCES[one["source"]]))]
        for one in result.summary.get("assumptions", [])
    ]
    return (
        table(
            _("What was assumed"),
            [name_under(_("Setting")), words_under(_("Value")), words_under(_("Where from"))],
            rows,
        )
        if rows
        else None
    )


_SOURCES = {
    "default": N_("not given: the default"),
    "scenario": N_("the scenario"),
    "data": N_("this column of the data"),
}


def frontier(result: Result, tree: dict[str, Any]) -> HtmlTable:
    """Return the points of a frontier."""
    rows = [
        [
            number(point["number"], count(point["number"])),
            number(point["cost"], money(result, point["cost"])),
            number(point["people"], count(point["people"])),
            number(point["share"], share_in_words(point["share"]), part=min(point["share"], 1.0)),
            number(len(point["hubs"]), count(sum(hub.get("hubs", 1) for hub in point["hubs"]))),
            *_weighing(point),
        ]
        for point in tree["points"]
    ]
    columns = [
        figures_under(_("Plan")),
        figures_under(_("Cost")),
        figures_under(_("People covered")),
        figures_under(_("Covered share")),
        figures_under(_("Hubs")),
    ]
    if any("alpha" in point for point in tree["points"]):
        columns += [figures_under(_("Alpha")), figures_under(_("Groups served"))]
    return table(_("Plans along the curve"), columns, rows)


def _weighing(point: dict[str, Any]) -> list[HtmlCell]:
    """Return how much it counted in a plan that groups are served alike, and how many are; nothing where it did not."""
    if "alpha" not in point:
        return []
    is_last = isinstance(point["alpha"], str)
    alpha = number(math.inf, _("worst first")) if is_last else number(point["alpha"], written(f"{point['alpha']:g}"))
    served = _("{part} of {all}", part=count(point["groups_served"]), all=count(point["groups"]))
    return [alpha, number(point["groups_served"], served)]


LEAST_SURE = 15
"""Hubs in the report's table of doubt; stability.csv lists all."""


def stability(tree: dict[str, Any]) -> tuple[HtmlTable, HtmlTable]:
    """Return how many hubs stand by what they are counted by, and the least sure ones, from a stability.json."""
    words = {"hub": _("site and size"), "site": _("site")}
    levels = [
        [
            text(words.get(name, name)),
            number(level["hubs"], count(level["hubs"])),
            number(level["kept"], share_in_words(level["kept"]), part=level["kept"]),
            number(level["kept_least"], share_in_words(level["kept_least"])),
            number(level["in_nine_of_ten"], count(level["in_nine_of_ten"])),
        ]
        for name, level in tree["levels"].items()
    ]
    planned = [hub for hub in tree["hubs"] if hub["hubs"]][::-1]
    doubted = [
        [
            text(hub.get("name") or hub["site_id"]),
            text(hub["tier"]),
            number(hub["hubs"], count(hub["hubs"])),
            number(hub["certainty"], share_in_words(hub["certainty"]), part=hub["certainty"]),
        ]
        for hub in planned[:LEAST_SURE]
    ]
    caption = _("From the least sure on")
    if len(planned) > LEAST_SURE:
        caption = _("The {shown} least sure of {all}", shown=LEAST_SURE, all=count(len(planned)))
    return (
        table(
            _("Hubs that stand"),
            [
                name_under(_("Counted by")),
                figures_under(_("Hubs")),
                figures_under(_("On average")),
                figures_under(_("At worst")),
                figures_under(_("In nine of ten")),
            ],
            levels,
        ),
        table(
            caption,
            [name_under(_("Site")), words_under(_("Size")), figures_under(_("Hubs")), figures_under(_("Certainty"))],
            doubted,
        ),
    )

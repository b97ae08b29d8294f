"""Tables and progress for a terminal 100 columns wide, in a planner's words."""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hubplanner.cli.common import terminal, widest
from hubplanner.formatting import (
    SMALLEST_GAP,
    at_most,
    count_of,
    fairness_in_words,
    left_out_of_ways,
    paid_in_words,
    per_cent,
    says_nothing,
    small_share,
    told_measures,
)
from hubplanner.scenario.assumptions import in_words
from hubplanner.solver.covering.strategy import UNUSED

if TYPE_CHECKING:
    import pandas as pd

    from hubplanner.outputs.plan import Plan
    from hubplanner.pipeline.new_project import NewProject

SMALL_SHARE = 0.1
"""Shares below it are shown with two decimals."""
WIDTH = 100
_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
"""Paths can be copied."""
FAULTS_SHOWN = 8
HUBS_SHOWN = 8
WHOLE = 1e5
"""Figures from here on are told without parts of one."""
PLACES_SHOWN = 12
"""Rows of the tables of hubs by name and by place; the rest is summed up in one."""


class _Progress(logging.Handler):
    """Shows each phase the library logs, with the seconds since the start, and its warnings."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console, self.began = console, time.perf_counter()

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.console.print(record.getMessage(), style="yellow", soft_wrap=True)
            return
        seconds = time.perf_counter() - self.began
        self.console.print(f"{seconds:6.1f} s  {record.getMessage()} ...", style="dim")


@contextmanager
def progress(*, shown: bool) -> Iterator[None]:
    """Show on stderr what the library warns of and, if shown, what it does, with a spinner where a person watches."""
    console, log = terminal(stderr=True), logging.getLogger("hubplanner")
    handler, level = _Progress(console), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO if shown else logging.WARNING)
    try:
        with console.status("working") if shown else nullcontext():
            yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def print_plan(plan: Plan, summary: dict[str, Any], folder: Path) -> None:
    """Print what a plan builds, reaches and costs, how sure it is, and where its files are."""
    console = terminal()
    scenario = plan.inputs.scenario
    console.print("\n", Text(scenario.name, style="bold"), "  ", scenario.description, "\n", sep="")
    console.print(_figures(plan, summary))
    if (plan.hubs["status"] != "existing").any():
        console.print(_largest_hubs(plan))
        console.print(_hubs_by_place(plan))
    if summary["periods"]:
        console.print(_years(summary))
    if summary["nested_value"] is not None:
        nested, free = summary["nested_value"], summary["objective_value"]
        console.print(f"If opened hubs stay open, the years add up to {nested:,.0f} instead of {free:,.0f}.")
    if summary["floors"]:
        console.print(_floors(summary))
    for name, values in summary["groups"].items():
        console.print(_coverage(name, values))
    _fairness(console, summary)
    _assumed(console, summary)
    if summary["warnings"]:
        found = count_of(len(summary["warnings"]), "warning")
        console.print(f"{found} about the data, listed above and in plan.json.", style="yellow")
    console.print(f"Files: {folder}  (open report.html first)", soft_wrap=True)


def _figures(plan: Plan, summary: dict[str, Any]) -> Table:
    need, people, cost = summary["need"], summary["people"], summary["cost"]
    budget, currency = summary["budget"], summary["currency"]
    of_budget = f" of {_money(budget, currency)} ({per_cent(cost['total'] / budget)})" if budget else ""
    seated = "capacity" in plan.hubs.columns
    rows = {
        "New hubs": _hub_count(plan),
        **_changes(plan, summary),
        "People served" if seated else "People covered": _reached(plan, people),
        "Need served" if seated else "Need covered": (
            f"{need['covered']:,.0f} of {need['total']:,.0f} ({_covered(need)})"
        ),
        **{name.capitalize(): told for name, told in told_measures(summary).items()},
        **_distances(summary),
        **_equivalent(summary),
        "Cost, in today's money": f"{_money(cost['total'], currency)}{of_budget}",
        "  to build": _money(cost["capex"], currency),
        f"  to run, {count_of(plan.inputs.scenario.horizon_years, 'year')}": _money(
            cost["opex_present_value"], currency
        ),
        **({"  to connect": _money(cost["backhaul"], currency)} if "backhaul" in summary else {}),
        **{f"  for {name}": _money(one["cost"], currency) for name, one in summary.get("measures", {}).items()},
        **({"  saved by closing": _money(cost["saved"], currency)} if cost["saved"] else {}),
        **_paid(cost["paid"], currency),
        "Proof": proof(summary),
        **_goals(summary),
        **_sure(summary),
        "Time": f"{summary['seconds']:.1f} s{_searched_by(**summary['solver'])}",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _searched_by(*, name: str, version: str) -> str:
    """Return which solver searched, or that none had to."""
    return ", proven without a search" if version == UNUSED else f" with {name} {version}"


def _paid(paid: dict[str, Any], currency: str) -> dict[str, str]:
    """Return what is paid, not in today's money: in all, by year, and for each person with a seat."""
    write, each = partial(_money, currency=currency), paid["per_user_year"]
    seat = {} if each is None else {"  a year for each seat taken": write(each)}
    return {"Paid": paid_in_words(paid, write), **seat}


def _reached(plan: Plan, people: dict[str, Any]) -> str:
    """Return how many people hubs reach, of how many; where seats are for some of them, those alone."""
    scenario = plan.inputs.scenario
    whom = scenario.seated if scenario.seats_need else f"of {people['total']:,.0f}"
    return f"{people['reached']:,.0f} {whom}"


def _hub_count(plan: Plan) -> str:
    """Return how many hubs are new, at how many sites, and how many stand."""
    new, kept = (plan.hubs[plan.hubs["status"] == status] for status in ("new", "existing"))
    hubs, sites = int(new["hubs"].sum()), new["site_id"].nunique()
    at = f" at {count_of(sites, 'site')}" if sites < hubs else ""
    return f"{hubs:,}{at}" + (f", beside {len(kept):,} existing" if len(kept) else "")


def _changes(plan: Plan, summary: dict[str, Any]) -> dict[str, str]:
    """Return what happens to hubs that stood before, if anything."""
    upgraded, closed = plan.hubs.loc[plan.hubs["status"] == "upgraded", "site_id"], summary["closed"]
    found = {"Upgraded": ", ".join(upgraded), "Closed": ", ".join(closed)}
    return {name: sites for name, sites in found.items() if sites}


def _distances(summary: dict[str, Any]) -> dict[str, str]:
    """Return how far it is to the hub that serves, where the objective is about distance."""
    if summary["objective"] not in {"p_median", "p_center"}:
        return {}
    units = [name.removeprefix("mean_") for name in summary["distance"] if name.startswith("mean_")]
    unit = next(unit for unit in reversed(units) if summary["distance"][f"mean_{unit}"] is not None)
    mean, most = (summary["distance"][f"{kind}_{unit}"] for kind in ("mean", "max"))
    words = [f"{mean:,.1f} {unit} on average, {most:,.1f} {unit} at most", *left_out_of_ways(summary["distance"])]
    return {"Distance to a hub": "; ".join(words)}


def _equivalent(summary: dict[str, Any]) -> dict[str, str]:
    """Return how good the plan is by fairness, where alpha weighs groups."""
    if "fairness" not in summary:
        return {}
    fair = summary["fairness"]
    served = f"{fair['served']:,} of {fair['groups']:,} served"
    return {"As good as": f"{small_share(fair['equivalent_share'])} in every {fair['group']}; {served}"}


def _sure(summary: dict[str, Any]) -> dict[str, str]:
    """Return how much of the plan stands where the survey is drawn again, if that is known."""
    if "stability" not in summary:
        return {}
    levels, draws = summary["stability"]["levels"], summary["stability"]["draws"]
    groups = [name for name in levels if name not in {"hub", "site"}][-1:]
    told = [f"{per_cent(levels[name]['kept'], 0)} of hubs in their {name}" for name in groups]
    told.append(f"{per_cent(levels['hub']['kept'], 0)} at their place")
    return {"Another survey": f"leaves {', '.join(told)}, on average of {draws:,} surveys drawn"}


_PROOFS = {
    "max_coverage": "no plan covers {over}more",
    "min_cost": "no plan costs {over}less",
    "p_median": "no plan brings hubs {over}nearer on average",
    "p_center": "no plan brings the farthest {over}nearer",
    "fairness": "no plan is as good as a share {over}larger in every group",
}
_OVER_FUTURES = {
    "expected": "{0} on average over futures",
    "worst": "{0} in its worst future",
    "cvar": "{0} on average of its worst futures",
    "regret": "no plan's largest regret is {over}smaller",
}


def proof(summary: dict[str, Any]) -> str:
    """Return how sure a plan is, in words."""
    proven = "proven within the asked gap" if summary["status"] == "optimal" else "NOT proven within the asked gap"
    proven = f"stopped by you, {proven}" if summary.get("stopped") else proven
    if says_nothing(summary["gap"]):
        return f"no useful bound was found in time; {proven}"
    sentence = _PROOFS["fairness" if "fairness" in summary else summary["objective"]].format(over=_over(summary["gap"]))
    if "futures" in summary:
        sentence = _OVER_FUTURES[summary["futures"]["under"]].format(sentence, over=_over(summary["gap"]))
    only = {"unique": "; no other plan is as good", "broken": "; first of several equally good plans"}
    return f"{sentence}; {proven}{only.get(summary['ties'], '')}"


def _goals(summary: dict[str, Any]) -> dict[str, str]:
    """Return how far each goal is reached and could be at best, where there are several."""
    goals = summary["goals"] if len(summary["goals"]) > 1 else []
    return {f"  {goal['name']}": to_its_bound(**goal) for goal in goals}


def to_its_bound(name: str, value: float, bound: float) -> str:
    """Return a goal's figure and its bound: shares in per cent, large figures whole, as they count people or money."""
    if name.endswith(("share", "shares")):
        return f"{per_cent(value, 4)}, at best {per_cent(bound, 4)}"
    form = ",.0f" if abs(value) >= WHOLE else ",.6g"
    return f"{value:{form}}, at best {bound:{form}}"


def _years(summary: dict[str, Any]) -> Table:
    """Return a programme year by year."""
    table = Table(title="Year by year", title_justify="left", box=None, header_style="bold")
    table.add_column("year")
    for heading in ("budget", "spent", "hubs open", "people", "share of need"):
        table.add_column(heading, justify="right")
    for year in summary["periods"]:
        money = f"{year['budget']:,.0f}", f"{year['cost']:,.0f}"
        table.add_row(
            year["name"],
            *money,
            f"{year['hubs']:,}",
            f"{year['people']['reached']:,.0f}",
            _covered(year["need"]),
        )
    return table


def _floors(summary: dict[str, Any]) -> Table:
    """Return what each floor asks for and what is covered."""
    table = Table(title="Floors", title_justify="left", box=None, header_style="bold")
    table.add_column("of")
    for heading in ("at least", "covered"):
        table.add_column(heading, justify="right")
    for floor in summary["floors"][:PLACES_SHOWN]:
        table.add_row(floor["name"], _share(floor["share"]), _covered(floor, "covered"))
    if len(summary["floors"]) > PLACES_SHOWN:
        table.add_row(f"{count_of(len(summary['floors']) - PLACES_SHOWN, 'other')} in plan.json")
    return table


def _largest_hubs(plan: Plan) -> Table:
    """Return the new hubs by name, those that serve most people first."""
    hubs, reached = plan.hubs[plan.hubs["status"] != "existing"], plan.inputs.scenario.column_of_reached
    hubs = hubs.sort_values([reached, "site_id"], ascending=[False, True])
    name = "name" if "name" in hubs.columns else "site_id"
    group = next((each for each in plan.inputs.scenario.sites.groups if each in hubs.columns), None)
    title = "New hubs" if len(hubs) <= HUBS_SHOWN else f"New hubs, the {HUBS_SHOWN} that serve most"
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for heading in ["at", *([group] if group else []), "tier"]:
        table.add_column(heading, max_width=widest(28), overflow="ellipsis", no_wrap=True)
    for heading in ("hubs", "people served", "cost"):
        table.add_column(heading, justify="right")
    for row in hubs.head(HUBS_SHOWN).to_dict("records"):
        words = [str(row[name]), *([str(row[group])] if group else []), row["tier"]]
        table.add_row(*words, f"{row['hubs']:,}", f"{row[reached]:,.0f}", f"{row['cost']:,.0f}")
    if len(hubs) > HUBS_SHOWN:
        table.add_row(f"{len(hubs) - HUBS_SHOWN:,} more in hubs.csv")
    return table


def _hubs_by_place(plan: Plan) -> Table:
    """Return the new hubs by tier, and by the first group of the sites where there is one."""
    hubs = plan.hubs[plan.hubs["status"] != "existing"]
    groups, reached = plan.inputs.scenario.sites.groups, plan.inputs.scenario.column_of_reached
    tiers = [tier.name for tier in plan.inputs.scenario.hubs]
    names = plan.inputs.sites.frame.set_index("site_id")
    place = hubs["site_id"].map(names[groups[0]] if groups else lambda _: "all sites")
    table = Table(title="New hubs by tier", title_justify="left", box=None, header_style="bold")
    table.add_column(groups[0] if groups else "")
    for heading in [*tiers, "hubs", "people served", "cost"]:
        table.add_column(heading, justify="right")
    parts = sorted(hubs.groupby(place), key=lambda part: (-part[1]["hubs"].sum(), str(part[0])))
    for name, part in parts[:PLACES_SHOWN]:
        table.add_row(str(name), *_hub_row(part, tiers, reached))
    if len(parts) > PLACES_SHOWN:
        rest = place.isin([name for name, _ in parts[PLACES_SHOWN:]])
        table.add_row(count_of(len(parts) - PLACES_SHOWN, "other"), *_hub_row(hubs[rest], tiers, reached))
    if len(parts) != 1:
        table.add_row("all", *_hub_row(hubs, tiers, reached), style="bold")
    return table


def _hub_row(hubs: pd.DataFrame, tiers: list[str], reached: str) -> list[str]:
    counts = [f"{int(hubs.loc[hubs['tier'] == tier, 'hubs'].sum()):,}" for tier in tiers]
    total = f"{int(hubs['hubs'].sum()):,}"
    return [*counts, total, f"{hubs[reached].sum():,.0f}", f"{hubs['cost'].sum():,.0f}"]


def _coverage(name: str, values: dict[str, dict[str, float]]) -> Table:
    table = Table(title=f"Need covered by {name}", title_justify="left", box=None, header_style="bold")
    table.add_column(name)
    for heading in ("people", "people covered", "share of need"):
        table.add_column(heading, justify="right")
    largest = sorted(values.items(), key=lambda item: (-item[1]["need"], item[0]))
    for value, part in largest[:PLACES_SHOWN]:
        table.add_row(value, f"{part['people']:,.0f}", f"{part['covered_people']:,.0f}", _covered(part))
    if len(largest) > PLACES_SHOWN:
        table.add_row(f"{count_of(len(largest) - PLACES_SHOWN, 'other')} in plan.json")
    return table


def print_overview(name: str, figures: dict[str, Any]) -> None:
    """Print what a scenario holds."""
    table = Table.grid(padding=(0, 2))
    sites = ", ".join(f"{count:,} {status}" for status, count in figures["sites"].items() if count)
    table.add_row("People", f"{figures['people']:,.0f}, of whom {figures['need']:,.0f} count as need")
    rows, points = count_of(figures["demand_rows"], "row"), count_of(figures["demand_points"], "point")
    table.add_row("Demand", f"{rows}, {points}")
    table.add_row("Sites", sites)
    table.add_row("Tiers", ", ".join(figures["tiers"]))
    if (links := figures.get("backhaul")) is not None:
        by = ", ".join(links["technologies"])
        linked = f"{links['sites_with_link']:,} of {links['sites']:,} sites can have a link"
        table.add_row("Backhaul", f"{by}: {linked}, {count_of(links['lines'], 'line')} may be built")
    for kind, one in figures.get("measures", {}).items():
        each = f"{one['cost_per_person']:,.0f} a person, who counts as {one['benefit']:g} users"
        table.add_row(kind.capitalize(), f"{one['may_reach']:,.0f} people may be reached, at {each}")
    for title, key in (("Covered today", "existing"), ("Coverable", "all_sites")):
        part = figures["coverable"][key]
        hubs = count_of(part["hubs"], "hub")
        share = f"{per_cent(part['share'])} of need" if figures["need"] else "no need"
        table.add_row(title, f"{share}, {part['people']:,.0f} people, by {hubs}")
    console = terminal()
    console.print(name, style="bold")
    console.print(table)
    _fairness(console, figures)
    _assumed(console, figures)


def _fairness(console: Console, figures: dict[str, Any]) -> None:
    """Print which groups fairness by alpha speaks of, and why, where it is asked for."""
    for words in fairness_in_words(figures["fairness"]) if "fairness" in figures else ():
        console.print(words)


def _assumed(console: Console, figures: dict[str, Any]) -> None:
    """Print in one line what no one gave, where there is anything."""
    if words := in_words(figures["assumptions"]):
        console.print(f"{words}.", style="dim")


def print_new_project(made: NewProject, folder: Path) -> None:
    """Print what the files at hand were taken for, what is asked, and what is made up."""
    draft, scenario = made.draft, shlex.quote(str(folder / made.files[0]))
    typer.echo(f"Wrote {' and '.join(made.files)} to {folder}.\n")
    console = terminal()
    table = Table(box=None, pad_edge=False)
    for head in ("File", "Taken as", "Why"):
        table.add_column(head, overflow="fold")
    for use in draft.uses:
        table.add_row(Text(use.file), Text(use.role), Text(use.why))
    console.print(table)
    if draft.questions:
        typer.echo("\nQuestions, each also at its line of the scenario:")
    for number, question in enumerate(draft.questions, 1):
        head = f"{number:3}. "
        words = f"line {question.line}: {question.text}"
        typer.echo("\n".join(wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), **_WHOLE)))
    lines = ", ".join(map(str, draft.examples))
    typer.echo("\n".join(["", *wrap(f"Made-up values, marked EXAMPLE, for you to replace: lines {lines}.", WIDTH)]))
    if made.inputs is None:
        typer.echo(f"\n{count_of(len(made.faults), 'fault')} to fix before it can be solved:")
        for fault in made.faults[:FAULTS_SHOWN]:
            typer.echo("\n".join(wrap(str(fault), WIDTH, initial_indent="  ", subsequent_indent="    ", **_WHOLE)))
        if len(made.faults) > FAULTS_SHOWN:
            typer.echo(f"  ... and {len(made.faults) - FAULTS_SHOWN:,} more: hubplanner validate {scenario}")
        return
    people = f"{float(made.inputs.demand.frame['people'].sum()):,.0f} people"
    warnings = f", {count_of(len(made.inputs.warnings), 'warning')}" if made.inputs.warnings else ""
    typer.echo(f"\nIt reads without faults: {people}, {count_of(len(made.inputs.sites.frame), 'site')}{warnings}.")
    typer.echo(f"Next: hubplanner validate {scenario}")
    typer.echo(f"      hubplanner solve {scenario} --out {shlex.quote(str(folder / 'runs' / 'first'))}")


def print_examination(found: dict[str, Any]) -> None:
    """Print what is installed."""
    table = Table.grid(padding=(0, 2))
    for title, part in found.items():
        table.add_row(title, style="bold")
        for name, value in part.items():
            table.add_row(f"  {name}", str(value))
    terminal().print(table)


def _money(amount: float, currency: str) -> str:
    return f"{currency} {amount:,.0f}".strip()


def _over(gap: float) -> str:
    """Return how much more another plan might cover, rounded up; nothing where that is rounding."""
    return "" if gap <= SMALLEST_GAP else f"over {at_most(gap)} "


def _share(share: float) -> str:
    """Return a share in per cent, with a second digit where it is small."""
    return per_cent(share, 2 if 0 < share < SMALL_SHARE else 1)


def _covered(part: dict[str, Any], share: str = "share") -> str:
    """Return a covered share, in words where there is no need to cover."""
    return "no need" if part.get("total", part.get("need")) == 0 else _share(part[share])

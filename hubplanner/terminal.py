"""Tables and progress for a terminal 100 columns wide, in a planner's words."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

    from hubplanner.report import Plan

SMALLEST_GAP = 5e-7
"""Smaller ones are shown as none."""
PLACES_SHOWN = 12
"""Rows of the table of hubs by place; the rest is summed up in one."""


class _Progress(logging.Handler):
    """Shows each phase the library logs, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console, self.began = console, time.perf_counter()

    def emit(self, record: logging.LogRecord) -> None:
        seconds = time.perf_counter() - self.began
        self.console.print(f"{seconds:6.1f} s  {record.getMessage()} ...", style="dim")


@contextmanager
def progress(*, shown: bool) -> Iterator[None]:
    """Show on stderr what the library is doing, with a spinner where a person watches."""
    if not shown:
        yield
        return
    console, log = _console(stderr=True), logging.getLogger("hubplanner")
    handler, level = _Progress(console), log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with console.status("working"):
            yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def print_plan(plan: Plan, summary: dict[str, Any], folder: Path) -> None:
    """Print what a plan builds, reaches and costs, how sure it is, and where its files are."""
    console = _console()
    scenario = plan.inputs.scenario
    console.print("\n", Text(scenario.name, style="bold"), "  ", scenario.description, "\n", sep="")
    console.print(_figures(plan, summary))
    console.print(_hubs_by_place(plan))
    for name, values in summary["groups"].items():
        console.print(_coverage(name, values))
    console.print(f"Files: {folder}  (look at map.png first)", soft_wrap=True)


def _figures(plan: Plan, summary: dict[str, Any]) -> Table:
    need, people, cost = summary["need"], summary["people"], summary["cost"]
    new = int((plan.hubs["status"] == "new").sum())
    budget, currency = summary["budget"], summary["currency"]
    of_budget = f" of {_money(budget, currency)} ({_percent(cost['total'], budget)})" if budget else ""
    proof = "proven within the asked gap" if summary["status"] == "optimal" else "NOT proven within the asked gap"
    rows = {
        "New hubs": f"{new:,}" + (f", beside {len(plan.hubs) - new:,} existing" if new < len(plan.hubs) else ""),
        "People covered": f"{people['covered']:,.0f} of {people['total']:,.0f}",
        "Need covered": f"{need['covered']:,.0f} of {need['total']:,.0f} ({need['share']:.1%})",
        "Cost": f"{_money(cost['total'], currency)}{of_budget}",
        "  to build": _money(cost["capex"], currency),
        f"  to run, {count_of(plan.inputs.scenario.horizon_years, 'year')}": _money(
            cost["opex_present_value"], currency
        ),
        "Proof": f"no plan covers {_over(summary['gap'])}more; {proof}",
        "Time": f"{summary['seconds']:.1f} s with {summary['solver']['name']} {summary['solver']['version']}",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _hubs_by_place(plan: Plan) -> Table:
    """Return the new hubs by tier, and by the first group of the sites where there is one."""
    hubs = plan.hubs[plan.hubs["status"] == "new"]
    groups = plan.inputs.scenario.sites.groups
    tiers = [tier.name for tier in plan.inputs.scenario.hubs]
    names = plan.inputs.sites.frame.set_index("site_id")
    place = hubs["site_id"].map(names[groups[0]] if groups else lambda _: "all sites")
    table = Table(title="New hubs by tier", title_justify="left", box=None, header_style="bold")
    table.add_column(groups[0] if groups else "")
    for heading in [*tiers, "hubs", "people served", "cost"]:
        table.add_column(heading, justify="right")
    parts = sorted(hubs.groupby(place), key=lambda part: (-len(part[1]), str(part[0])))
    for name, part in parts[:PLACES_SHOWN]:
        table.add_row(str(name), *_hub_row(part, tiers))
    if len(parts) > PLACES_SHOWN:
        rest = place.isin([name for name, _ in parts[PLACES_SHOWN:]])
        table.add_row(count_of(len(parts) - PLACES_SHOWN, "other"), *_hub_row(hubs[rest], tiers))
    if len(parts) != 1:
        table.add_row("all", *_hub_row(hubs, tiers), style="bold")
    return table


def _hub_row(hubs: pd.DataFrame, tiers: list[str]) -> list[str]:
    counts = [f"{int((hubs['tier'] == tier).sum()):,}" for tier in tiers]
    return [*counts, f"{len(hubs):,}", f"{hubs['covered_people'].sum():,.0f}", f"{hubs['cost'].sum():,.0f}"]


def _coverage(name: str, values: dict[str, dict[str, float]]) -> Table:
    table = Table(title=f"Need covered by {name}", title_justify="left", box=None, header_style="bold")
    table.add_column(name)
    for heading in ("people", "people covered", "share of need"):
        table.add_column(heading, justify="right")
    largest = sorted(values.items(), key=lambda item: (-item[1]["need"], item[0]))
    for value, part in largest[:PLACES_SHOWN]:
        table.add_row(value, f"{part['people']:,.0f}", f"{part['covered_people']:,.0f}", f"{part['share']:.1%}")
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
    for title, key in (("Covered today", "existing"), ("Coverable", "all_sites")):
        part = figures["coverable"][key]
        hubs = count_of(part["hubs"], "hub")
        table.add_row(title, f"{part['share']:.1%} of need, {part['people']:,.0f} people, by {hubs}")
    console = _console()
    console.print(name, style="bold")
    console.print(table)


def print_examination(found: dict[str, Any]) -> None:
    """Print what is installed."""
    table = Table.grid(padding=(0, 2))
    for title, part in found.items():
        table.add_row(title, style="bold")
        for name, value in part.items():
            table.add_row(f"  {name}", str(value))
    _console().print(table)


def count_of(number: int, thing: str) -> str:
    """Return a number of things.

    >>> count_of(1, "hub"), count_of(1200, "hub")
    ('1 hub', '1,200 hubs')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _console(*, stderr: bool = False) -> Console:
    """Return a console that shows names as they are, brackets and colons too."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def _money(amount: float, currency: str) -> str:
    return f"{currency} {amount:,.0f}".strip()


def _over(gap: float) -> str:
    """Return how much more another plan might cover, nothing where no digit shown would say so."""
    return f"over {gap:.4%} " if gap >= SMALLEST_GAP else ""


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.1%}"

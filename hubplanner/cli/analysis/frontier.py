"""The command that shows what each budget can reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hubplanner.analysis.requests import FrontierRequest
from hubplanner.cli.common import (
    TIME_LIMIT_REACHED,
    AsJson,
    Out,
    Overrides,
    Overwrite,
    Quiet,
    ScenarioFile,
    Settings,
    answering,
    read_asked,
    terminal,
)
from hubplanner.formatting import count_of, gap_in_words, left_out_of_ways, per_cent

if TYPE_CHECKING:
    from hubplanner.analysis.frontier.result import Frontier

Points = Annotated[
    int | None,
    typer.Option(
        "--points", help="Number of points: budgets up to twice the scenario's, or levels of the other goal. [20]"
    ),
]
Budgets = Annotated[
    str | None,
    typer.Option("--budgets", metavar="LIST", help="Budgets as FROM:TO:STEP (1e9:20e9:1e9) or separated by commas."),
]
Trade = Annotated[
    str,
    typer.Option(
        "--trade", metavar="PAIR", help="What to trade: coverage against cost, distance, worst_group or fairness."
    ),
]
Group = Annotated[
    str | None, typer.Option("--group", help="Group column of worst_group and fairness (default: the first).")
]
Nested = Annotated[
    bool, typer.Option("--nested", help="Let each plan extend the one before it, and show what that costs.")
]
Alphas = Annotated[
    str | None,
    typer.Option("--alphas", metavar="LIST", help="Values of alpha for coverage,fairness. [0,0.5,1,2,inf]"),
]
Every = Annotated[bool, typer.Option("--all", help="All efficient points (small problems only).")]

MOST_BUDGETS = 500


def frontier(  # noqa: PLR0913, PLR0917 - one argument an option
    scenario: ScenarioFile,
    points: Points = None,
    budgets: Budgets = None,
    trade: Trade = FrontierRequest.trade,
    group: Group = None,
    nested: Nested = False,  # noqa: FBT002 - a flag on the command line
    every: Every = False,  # noqa: FBT002
    alphas: Alphas = None,
    settings: Settings = None,
    override: Overrides = None,
    out: Out = None,
    overwrite: Overwrite = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Trace coverage against cost, distance or fairness. The plans found are the Pareto frontier."""
    with answering(as_json=as_json, keeps_plans=True) as answer:
        from hubplanner.cli.tables import progress  # noqa: PLC0415 - heavy imports wait for their command

        money, fair = _amounts(budgets, points=points, every=every), _numbers(alphas)
        with progress(shown=not quiet):
            spec = read_asked(scenario, settings, override)
            from hubplanner.analysis.frontier.run import run_frontier  # noqa: PLC0415

            ask = FrontierRequest(
                points=FrontierRequest.points if points is None else points,
                trade=trade,
                group=group,
                nested=nested,
                every=every,
                budgets=money,
                alphas=fair,
            )
            found, folder = run_frontier(spec, ask, out, overwrite=overwrite)
        summary = found.summary()
        answer.update(summary, folder=str(folder))
        if not (as_json or quiet):
            print_frontier(found, summary, folder)
    if summary["status"] != "optimal":
        raise typer.Exit(TIME_LIMIT_REACHED)


def _amounts(text: str | None, *, points: int | None, every: bool) -> tuple[float, ...] | None:
    """Return the budgets of ``FROM:TO:STEP``, the end included, or of a comma list."""
    from hubplanner.errors import ScenarioError  # noqa: PLC0415

    if points is not None and (text is not None or every):
        message = "--points does not go with --budgets or --all, which say themselves how many points there are"
        raise ScenarioError(message)
    if text is None:
        return None
    parts = text.split(":") if ":" in text else text.split(",")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if ":" in text:
        numbers = _steps(numbers)
    if not numbers:
        message = f"--budgets: {text!r} found; allowed: FROM:TO:STEP or a comma list, such as 1e9:20e9:1e9 or 1e9,5e9"
        raise ScenarioError(message)
    return tuple(numbers)


def _numbers(text: str | None) -> tuple[float, ...] | None:
    """Return the aversions of a comma list, inf among them."""
    from hubplanner.errors import ScenarioError  # noqa: PLC0415

    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError:
        message = f"--alphas: {text!r} found; allowed: a comma list of numbers, such as 0,1,inf"
        raise ScenarioError(message) from None


def _steps(numbers: list[float]) -> list[float]:
    """Return the amounts from a first to a last one in even steps; none where these make no sense."""
    if len(numbers) != 3 or not 0 < numbers[2] < float("inf") or not numbers[0] <= numbers[1]:  # noqa: PLR2004
        return []
    first, last, step = numbers
    count = (last - first) / step
    return [first + number * step for number in range(int(min(count, MOST_BUDGETS) + 1e-9) + 1)]


MILLION = 1e6
MANY = 1e7
"""Money from which it is shown in millions."""
_STATES = {
    "infeasible": "no plan can meet all demands",
    "no_plan": "no plan was found in time",
    "stopped": "not solved: stopped by you",
    "dominated": "cover no more than a cheaper plan",
}


def print_frontier(frontier: Frontier, summary: dict[str, Any], folder: Path) -> None:
    """Print the points, what was left out, how sure it is, and where the files are."""
    console = terminal()
    console.print("\n", Text(summary["name"], style="bold"), "  ", frontier.inputs.scenario.description, "\n", sep="")
    console.print(_table(frontier, summary))
    for line in _notes(summary):
        console.print(line)
    console.print(f"Files: {folder}  (look at frontier.png first)", soft_wrap=True)


def _table(frontier: Frontier, summary: dict[str, Any]) -> Table:
    points, by_cost = summary["points"], frontier.other_name == "cost"
    scale = MILLION if max(point["cost"] for point in points) >= MANY else 1.0
    money = f"{summary['currency'] or ''}{' m' if scale > 1 else ''}".strip()
    names = {"cost": "cost", "worst_share": "the worst-covered group", "equivalent_share": "fairness"}
    other = names.get(frontier.other_name, "the mean distance to a hub")
    table = Table(title=f"Coverage against {other}", title_justify="left", box=None, header_style="bold")
    for heading in _headings(frontier, summary, money):
        table.add_column(heading, justify="right")
    for point in points:
        style = "bold" if point["number"] == summary["knee"] else ""
        table.add_row(*_row(point, frontier, scale, by_cost=by_cost), style=style)
    return table


def _headings(frontier: Frontier, summary: dict[str, Any], money: str) -> list[str]:
    own = {"cost": f"budget\n{money}", "worst_share": "worst\nshare", "equivalent_share": "alpha"}
    first = own.get(frontier.other_name, f"mean way\n{frontier.inputs.unit}")
    tail = "free plan\npeople +" if summary["nested"] else "people more\nper million"
    last = [tail] if frontier.other_name == "cost" else []
    if frontier.groups is not None:
        last = ["price in\nneed", f"{summary['group'][:12]}\nserved", "share, least\nand median"]
    return [
        "",
        first,
        f"cost\n{money}",
        "people\ncovered",
        "share\nof need",
        "gap",
        "new\nhubs",
        *([] if frontier.groups is not None else ["sites\nin, out"]),
        *last,
    ]


def _row(point: dict[str, Any], frontier: Frontier, scale: float, *, by_cost: bool) -> list[str]:
    hubs = sum(hub["hubs"] for hub in point["hubs"] if hub["status"] != "existing")
    return [
        str(point["number"]),
        _first(point, frontier, scale),
        _money(point["cost"], scale),
        f"{point['people']:,.0f}",
        per_cent(point["share"], 2),
        gap_in_words(point["gap"]),
        f"{hubs:,}",
        *([] if "alpha" in point else [f"+{len(point['entering'])} -{len(point['leaving'])}"]),
        *([_last(point)] if by_cost else _fair(point) if "alpha" in point else []),
    ]


def _first(point: dict[str, Any], frontier: Frontier, scale: float) -> str:
    if frontier.other_name == "cost":
        return "any" if point["budget"] is None else _money(point["budget"], scale)
    if "alpha" in point:
        return "worst first" if isinstance(point["alpha"], str) else f"{point['alpha']:g}"
    figure = point[frontier.other_name]
    return per_cent(figure, 2) if frontier.other_name == "worst_share" else f"{figure:,.3f}"


def _last(point: dict[str, Any]) -> str:
    if "price_people" in point:
        return f"{point['price_people']:,.0f}"
    more = point["marginal_people_per_million"]
    return "" if more is None else f"{more:,.0f}" if more >= 1 else f"{more:.3g}"


def _fair(point: dict[str, Any]) -> list[str]:
    price = "-" if point["price"] is None else per_cent(point["price"])
    served = f"{point['groups_served']:,} of {point['groups']:,}"
    return [price, served, f"{per_cent(point['least_share'], 2)}, {per_cent(point['median_share'], 2)}"]


def _money(amount: float, scale: float) -> str:
    return f"{amount / scale:,.1f}" if scale > 1 else f"{amount:,.6g}"


def _notes(summary: dict[str, Any]) -> list[str]:
    """Return what the table does not say."""
    existing = summary["existing"]
    notes = [f"Covered by standing hubs: {existing['people']:,.0f} people, {per_cent(existing['share'], 2)} of need."]
    if summary["knee"]:
        notes.append(f"Knee, in bold: point {summary['knee']}, farthest above the line from the first to the last.")
    for status, words in _STATES.items():
        limits = [item for item in summary["left_out"] if item["status"] == status]
        if limits:
            notes.append(f"Left out: {count_of(len(limits), 'limit')}: {_limits(limits)} {words}.")
    money = [item["too_little"] for item in summary["left_out"] if item["too_little"] is not None]
    if money:
        notes.append(f"No plan meets all demands with less than {max(money):,.0f}.")
    most: dict[str, Any] = max(summary["points"], key=lambda point: point.get("unreachable_need", 0.0), default={})
    notes += [f"Mean distances: {words}, at most, in point {most['number']}." for words in left_out_of_ways(most)]
    if "price" in summary["points"][0]:
        notes.append("Price: what a plan covers less than that of alpha 0, which only counts the sum, of that.")
    if not summary["complete"]:
        notes.append("NOT COMPLETE: there may be more points.")
    sure = "every gap is within the asked one" if summary["status"] == "optimal" else "NOT all within the asked gap"
    return [*notes, f"Proof: {sure} ({summary['asked_gap']:g}). Time: {summary['seconds']:.1f} s."]


def _limits(items: list[dict[str, Any]]) -> str:
    known = [item["limit"] for item in items if item["limit"] is not None]
    if not known:
        return "it"
    return f"{min(known):,.12g}" if len(known) == 1 else f"{min(known):,.12g} to {max(known):,.12g}"

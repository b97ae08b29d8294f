"""Near-best plans and classes of sites for a terminal 100 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from hubplanner.report.wording import proof_in_words

if TYPE_CHECKING:
    from pathlib import Path

FEW = 1e4
"""Figures below it are shown with decimals."""
WORDS = {
    "must_have": "must-have: in every plan within the share",
    "possible": "possible: in some, not in all",
    "never": "never: in none",
    "open": "open: not settled in time",
    "standing": "a hub stands there already",
}


def print_alternatives(summary: dict[str, Any], folder: Path) -> None:
    """Print the plans, how different they are, and how many sites there are of each class."""
    console = Console(highlight=False, markup=False, emoji=False)
    best = summary["best"]
    table = Table(title=f"Plans within {summary['within']:.1%} of the best", title_justify="left", box=None)
    for heading in ("plan", summary["objective"], "of the best", "cost", "sites", "differ", "at most"):
        table.add_column(heading, justify="right")
    for plan in summary["plans"]:
        share = plan["objective_value"] / best["value"] if best["value"] else 1.0
        apart = ["" if plan[key] is None else f"{plan[key]:,}" for key in ("difference", "most_difference")]
        value = (
            f"{plan['objective_value']:,.6g}"
            if abs(plan["objective_value"]) < FEW
            else f"{plan['objective_value']:,.0f}"
        )
        table.add_row(
            str(plan["plan"]), value, f"{share:.2%}", f"{plan['cost']:,.0f}", f"{len(plan['sites']):,}", *apart
        )
    console.print(table)
    console.print("There are no others that differ enough." if summary["complete"] else "There may be more plans.")
    console.print(f"Proof of the best: {proof_in_words(best['gap'], best['status'])}.")
    sites = Table(title="Sites", title_justify="left", box=None, show_header=False)
    for name, number in summary["classes"].items():
        sites.add_row(f"{number:,}", WORDS[name])
    console.print(sites)
    console.print(f"Files: {folder}", soft_wrap=True)

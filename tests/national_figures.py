"""Measure the tables of docs/pakistan.md anew: `python tests/national_figures.py [PART...]`; minutes each.

Nothing in them is typed: a part solves what it is about and writes its table between its marks in the page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import hubplanner as hp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/pakistan.md"
NATIONAL = ROOT / "scenarios/pakistan.yaml"


def new_hubs(plan: hp.Plan) -> pd.DataFrame:
    """Return the plan's new hubs, as a plain table."""
    hubs = pd.DataFrame(plan.hubs.drop(columns="geometry"))
    return hubs[hubs["status"] != "existing"]


def assumptions() -> list[str]:
    """Return how the default plan fares under other take-up."""
    cases = {"as assumed: 15 %, a factor e every 5 km": (), "10 % come": ("fewer_come",)}
    cases |= {"a factor e every 8 km": ("come_from_afar",), "as many users as can be": ("most_users",)}
    made = {name: hp.solve(hp.read_scenario(NATIONAL, overrides=asked)) for name, asked in cases.items()}
    base, rows = new_hubs(next(iter(made.values()))), []
    for name, plan in made.items():
        hubs, summary = new_hubs(plan), plan.summary()
        served = sum(row["share"] > 0 for row in summary["groups"]["district"].values())
        tiers = hubs.groupby("tier")["hubs"].sum()
        size = " + ".join(str(tiers.get(tier.name, 0)) for tier in plan.inputs.scenario.hubs)
        users = f"{summary['need']['covered']:,.0f}"
        same = [f"{kept(base, hubs, by):.0%}" for by in (["district"], ["site_id"])]
        rows.append([name, size, users, str(served), *same, f"{summary['gap']:.2%}"])
    heads = (
        "assumption|telecentres + centres|regular users|districts served|same hubs by district|same hubs by site|gap"
    )
    return table(heads, rows)


def kept(one: pd.DataFrame, other: pd.DataFrame, by: list[str]) -> float:
    """Return the share of the first plan's hubs that stand in the other too, counted by some columns."""
    counts = [hubs.groupby(by)["hubs"].sum() for hubs in (one, other)]
    both = pd.concat(counts, axis=1).fillna(0)
    return float(both.min(axis=1).sum() / counts[0].sum())


def table(heads: str, rows: list[list[Any]]) -> list[str]:
    """Return a table of the page; the first column is words, the others figures."""
    columns = heads.split("|")
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return [f"| {' | '.join(map(str, row))} |" for row in (columns, rule, *rows)]


PARTS: dict[str, Callable[[], list[str]]] = {
    "assumptions": assumptions,
}


def main(names: list[str]) -> None:
    """Measure some parts, or all, and write each into the page as soon as it is known."""
    for name in names or PARTS:
        found = "\n".join(PARTS[name]())
        text = PAGE.read_text(encoding="utf-8")
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, mark, after = rest.partition(end)
        if not mark:
            sys.exit(f"{PAGE}: no place for {name}")
        PAGE.write_text(f"{before}{begin}{found}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

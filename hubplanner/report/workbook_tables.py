"""The tables of the workbook that are no layer: costs, groups and assumptions."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

import pandas as pd

from hubplanner.report.rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.report.result import Result

_COSTS = ("part", "item", "new hubs", "people covered", "cost", "budget", "cost per person")
_GROUPS = ("group", "value", "people", "people covered", "need", "need covered", "share of need", "floor")
_ASSUMPTIONS = ("part", "item", "value")


def costs(result: Result) -> pd.DataFrame:
    """Return the plan's money as a whole, by tier, by year and by the sites' first group."""
    summary = result.summary
    total, budget, people = summary["cost"]["total"], summary["budget"], summary["people"]["covered"]
    years = result.scenario.horizon_years
    rows = [
        _cost("plan", "to build", cost=summary["cost"]["capex"]),
        _cost("plan", f"to run, {years} years", cost=summary["cost"]["opex_present_value"]),
        _cost("plan", "saved by closing", cost=0.0 - summary["cost"]["saved"]),
        _cost("plan", "all", hubs=_new(result.hubs), people=people, cost=total, budget=budget),
        *_costs_by(result, "tier", "tier"),
        *(_year(year) for year in summary["periods"]),
    ]
    for group in result.scenario.sites.groups[:1]:
        rows += _costs_by(result, group, f"site_{group}" if f"site_{group}" in result.hubs else group)
    return pd.DataFrame(rows, columns=list(_COSTS))


def _cost(  # noqa: PLR0913 - one argument a column
    part: str,
    item: str,
    *,
    cost: float,
    hubs: int | None = None,
    people: float | None = None,
    budget: float | None = None,
) -> dict[str, Any]:
    each = cost / people if people else None
    found: dict[str, Any] = {"part": part, "item": item, "new hubs": hubs, "people covered": people, "cost": cost}
    return dict(rounded(found | {"budget": budget, "cost per person": each}))


def _new(hubs: pd.DataFrame) -> int:
    return int(hubs.loc[hubs["status"] != "existing", "hubs"].sum())


def _costs_by(result: Result, part: str, column: str) -> Iterator[dict[str, Any]]:
    """Yield a row for each value of a column of the hubs, the dearest first."""
    if column not in result.hubs:
        return
    hubs = pd.DataFrame(result.hubs.drop(columns="geometry"))
    parts = hubs.groupby(hubs[column].fillna("").astype(str))
    for value, own in sorted(parts, key=lambda found: (-found[1]["cost"].sum(), found[0])):
        people, cost = float(own["covered_people"].sum()), float(own["cost"].sum())
        yield _cost(part, value, hubs=_new(own), people=people, cost=cost)


def _year(year: dict[str, Any]) -> dict[str, Any]:
    people = year["people"]["covered"]
    row = _cost("year", year["name"], hubs=len(year["opened"]), people=people, cost=year["cost"], budget=year["budget"])
    # People are all that are covered by then, the money is that year's alone.
    return row | {"cost per person": None}


def groups(result: Result) -> pd.DataFrame:
    """Return people, need and cover of each value of each group, and what floors ask for."""
    summary = result.summary
    asked = {(floor["group"], floor["value"], floor["people"]): floor for floor in summary["floors"]}
    rows = []
    for group, values in summary["groups"].items():
        for value, part in values.items():
            floor = asked.pop((group, value, None), None)
            row = (part["people"], part["covered_people"], part["need"], part["covered"], part["share"])
            rows.append((group, value, *row, None if floor is None else floor["share"]))
    blank = (None, None, None, None)
    rows += [("floor", floor["name"], *blank, floor["covered"], floor["share"]) for floor in asked.values()]
    return pd.DataFrame(rows, columns=list(_GROUPS))


def assumptions(result: Result) -> pd.DataFrame:
    """Return the whole question, how sure the answer is, and what it was made from and by."""
    summary, manifest = result.summary, result.manifest
    proof = ("status", "objective", "objective_value", "bound", "gap", "seconds", "ties")
    question = result.scenario.model_dump(mode="json", exclude_none=True)
    tiers = {tier.pop("name"): tier for tier in question.pop("hubs")}
    rows = [
        *(("question", item, value) for item, value in _flat(question | {"hubs": tiers})),
        *(("proof", item, summary.get(item)) for item in proof),
        *(("data, SHA-256", name, digest) for name, digest in manifest.get("inputs", {}).items()),
        *(("program", name, version) for name, version in manifest.get("versions", {}).items()),
    ]
    return pd.DataFrame(rows, columns=list(_ASSUMPTIONS), dtype=object)


def _flat(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting with its path; of files the name alone, as folders are nobody else's business."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(tree, list) and all(isinstance(value, str | int | float) for value in tree):
        if tree:
            yield name, ", ".join(map(str, tree))
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _flat(value, f"{name}.{number}")
    else:
        is_path = isinstance(tree, str) and name.rpartition(".")[2] == "path"
        yield name, PureWindowsPath(tree).name if is_path else tree

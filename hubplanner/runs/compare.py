"""Runs side by side, from their folders alone: what differs in money, people, sites and places."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.errors import Fault, ScenarioError
from hubplanner.inputs.coordinates import WGS84
from hubplanner.outputs.comparison import ComparedRun, Comparison
from hubplanner.outputs.rounding import round_columns, rounded, rounded_change
from hubplanner.runs.read import check_run, figures_of, place_of, unreadable, without_columns
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _

MOST_RUNS = 26


def compare(*folders: str | os.PathLike[str]) -> Comparison:
    """Return how runs differ, the first compared with each other one.

    Parameters
    ----------
    folders
        At least two run folders.

    Raises
    ------
    ScenarioError
        When there are fewer than two.
    DataError
        When a file of a run cannot be read.
    """
    if not 1 < len(folders) <= MOST_RUNS:
        allowed = _("2 to {most_runs} run folders", most_runs=MOST_RUNS)
        raise ScenarioError(Fault(file="runs", value=len(folders), allowed=allowed, kind="scenario"))
    found = [read_run(Path(folder), chr(ord("a") + number)) for number, folder in enumerate(folders)]
    runs = tuple(replace(run, name=name) for run, name in zip(found, _names(folders), strict=True))
    demand, hubs = joined_demand(runs), joined_hubs(runs)
    first, others = runs[0], runs[1:]
    figures = {
        "runs": [_figures(run) for run in runs],
        "notes": [note for other in others for note in _notes(first, other)],
        "groups": _groups(runs),
        "floors": _floors(runs),
        "differences": [_difference(first, other, demand, hubs) for other in others],
    }
    return Comparison(runs=runs, figures=rounded(figures), demand=demand, hubs=hubs)


def _names(folders: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the names of folders, each with as much of the way there as tells it from others of its name.

    >>> _names(["/plans/2024/first", "/plans/2025/first", "/plans/2025/other"])
    ['2024/first', '2025/first', 'other']
    """
    ways = [Path(folder).absolute().parts for folder in folders]
    names = []
    for way in ways:
        others = [other for other in ways if other != way]
        enough = next(depth for depth in range(1, len(way) + 1) if all(o[-depth:] != way[-depth:] for o in others))
        names.append("/".join(way[-enough:]))
    return names


def _figures(run: ComparedRun) -> dict[str, Any]:
    plan = run.plan
    return {
        "run": run.letter,
        "name": run.name,
        **{key: plan[key] for key in ("status", "objective", "objective_value", "bound", "gap", "currency", "budget")},
        "cost": plan["cost"],
        **({"measures": plan["measures"]} if "measures" in plan else {}),
        "people": plan["people"],
        "need": plan["need"],
        "distance": plan.get("distance", {}),
        "new_hubs": int(sum(hub.get("hubs", 1) for hub in plan["hubs"] if hub["status"] != "existing")),
        "sites": len({hub["site_id"] for hub in plan["hubs"]}),
    }


def _notes(first: ComparedRun, other: ComparedRun) -> list[str]:
    """Return what keeps two runs from being compared one to one."""
    letters = [run.letter.upper() for run in (first, other)]
    pair, notes = _("{first} and {other}", first=letters[0], other=letters[1]), []
    ids = [set(run.demand.get("demand_id", ())) for run in (first, other)]
    both, only = len(ids[0] & ids[1]), [len(ids[0] - ids[1]), len(ids[1] - ids[0])]
    if any(only) and not both:
        notes.append(
            _(
                "{pair} share none of their {only_first:,} and {only_other:,} demand ids, so these are different "
                "countries or data: nobody's gains and losses are known",
                pair=pair,
                only_first=only[0],
                only_other=only[1],
            )
        )
    if first.plan["currency"] != other.plan["currency"]:
        money = " and ".join(repr(run.plan["currency"]) for run in (first, other))
        notes.append(_("{pair} count money differently, {money}: their costs are not compared", pair=pair, money=money))
    if first.plan["objective"] != other.plan["objective"]:
        notes.append(
            _(
                "{pair} have different objectives, {objective} and {other}",
                pair=pair,
                objective=first.plan["objective"],
                other=other.plan["objective"],
            )
        )
    if any(only) and both:
        notes.append(
            _(
                "{pair} have different demand: {only_first:,} ids only in {first}, {only_other:,} only in {other}; "
                "gains and losses are those of the {both:,} in both",
                pair=pair,
                only_first=only[0],
                first=letters[0],
                only_other=only[1],
                other=letters[1],
                both=both,
            )
        )
    totals = [run.plan["people"]["total"] for run in (first, other)]
    if not any(only) and not math.isclose(*totals, rel_tol=AGREEMENT):
        notes.append(
            _(
                "{pair} have different people: {people:,.0f} and {other:,.0f} in all",
                pair=pair,
                people=totals[0],
                other=totals[1],
            )
        )
    return notes


def _groups(runs: Sequence[ComparedRun]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Return the covered share of need of each value of each group, by run."""
    named: dict[str, dict[str, None]] = {}
    for run in runs:
        for name, values in run.plan.get("groups", {}).items():
            named.setdefault(name, {}).update(dict.fromkeys(values))
    return {
        name: {
            value: {run.letter: run.plan.get("groups", {}).get(name, {}).get(value, {}).get("share") for run in runs}
            for value in values
        }
        for name, values in named.items()
    }


def _floors(runs: Sequence[ComparedRun]) -> dict[str, dict[str, Any]]:
    """Return what each floor asks for and what is covered, by run; None where a run has no such floor."""
    own = {run.letter: {floor["name"]: floor for floor in run.plan["floors"]} for run in runs}
    names = dict.fromkeys(name for floors in own.values() for name in floors)
    return {
        name: {
            letter: {key: floors[name][key] for key in ("share", "covered")} if name in floors else None
            for letter, floors in own.items()
        }
        for name in names
    }


def _difference(
    first: ComparedRun, other: ComparedRun, demand: gpd.GeoDataFrame, hubs: gpd.GeoDataFrame
) -> dict[str, Any]:
    """Return what another run has more or less than the first."""
    money = first.plan["currency"] == other.plan["currency"]
    a, b = f"in_{first.letter}", f"in_{other.letter}"
    here, there = hubs[f"tiers_{first.letter}"], hubs[f"tiers_{other.letter}"]
    changed = hubs[hubs[a] & hubs[b] & (here != there)]
    return {
        "run": other.letter,
        "against": first.letter,
        "cost": _change(first, other, "cost", "total") if money else None,
        "people": _change(first, other, "people", "reached"),
        "need": _change(first, other, "need", "covered"),
        "need_share": _change(first, other, "need", "share"),
        "only_in_first": hubs.loc[hubs[a] & ~hubs[b], "site_id"].tolist(),
        "only_in_other": hubs.loc[hubs[b] & ~hubs[a], "site_id"].tolist(),
        "changed": [
            {"site_id": row["site_id"], "first": row[f"tiers_{first.letter}"], "other": row[f"tiers_{other.letter}"]}
            for row in changed.drop(columns="geometry").to_dict("records")
        ],
        **_moves(demand, f"difference_{other.letter}"),
    }


def _change(first: ComparedRun, other: ComparedRun, part: str, figure: str) -> float:
    """Return how much more of a figure another run has than the first."""
    one, two = (run.plan[part][figure] for run in (first, other))
    return rounded_change(two - one, max(abs(one), abs(two)), money=part == "cost")


def _moves(demand: gpd.GeoDataFrame, column: str) -> dict[str, Any]:
    """Return the demand rows that gain and lose cover, those of most people first, and the people this is."""
    moves = demand[demand[column].abs() > AGREEMENT]
    found = {}
    for name, sign in (("gain", 1), ("lose", -1)):
        part = moves[sign * moves[column] > 0]
        moved = (part[column] * part["people"]).abs()
        ids = part["demand_id"].iloc[moved.argsort(kind="stable").to_numpy()[::-1]]
        found[name] = {"rows": len(part), "people": math.fsum(moved), "demand_ids": ids.tolist()}
    return found


_DEMAND = ("demand_id", "need", "people", "covered_share")
_HUBS = ("site_id", "tier", "status")
_PLAN = (
    *("status", "objective", "objective_value", "bound", "gap", "currency", "budget"),
    *("cost.total", "need.total", "need.covered", "people.total", "people.reached"),
    *("need.share", "hubs", "hubs.site_id", "hubs.status", "floors", "floors.name", "floors.share", "floors.covered"),
)

_PAID = ("cost.paid.total", "cost.paid.by_year.year", "cost.paid.by_year.paid")


def read_run(folder: Path, letter: str) -> ComparedRun:
    """Return a run as its folder tells of it; raise where it is none or cannot be read."""
    check_run(folder)
    hubs, demand = (_layer(folder / f"{name}.geojson") for name in ("hubs", "demand"))
    for frame, columns, name in ((hubs, _HUBS, "hubs"), (demand, _DEMAND, "demand")):
        lacking = [column for column in columns if column not in frame and len(frame)]
        if lacking:
            raise without_columns(folder / f"{name}.geojson", lacking)
    plan = figures_of(folder, _PLAN)
    if "paid" in plan["cost"]:  # an earlier version did not tell it
        figures_of(folder, _PAID)
    return ComparedRun(letter=letter, name=folder.absolute().name, plan=plan, hubs=hubs, demand=demand)


def _layer(path: Path) -> gpd.GeoDataFrame:
    """Return a layer of a run; ids stay text, even such as 007."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        rows = [feature["properties"] for feature in tree["features"]]
        places = np.array([place_of(feature) for feature in tree["features"]], dtype=np.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from error
    places = places.reshape(-1, 2)
    return gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(*places.T), crs=WGS84)


def joined_demand(runs: Sequence[ComparedRun]) -> gpd.GeoDataFrame:
    """Return a row a demand id, its people and need from the first run that has it, and its share in each."""
    frames = {run.letter: _by_id(run.demand, "demand_id") for run in runs}
    ids = sorted(set().union(*(frame.index for frame in frames.values())))
    table = pd.DataFrame({"demand_id": ids})
    for column in ("people", "need"):
        table[column] = _first([frame[column].reindex(ids).to_numpy() for frame in frames.values()])
    for letter, frame in frames.items():
        table[f"share_{letter}"] = frame["covered_share"].reindex(ids).to_numpy(dtype=np.float64)
    for run in runs[1:]:
        table[f"difference_{run.letter}"] = table[f"share_{run.letter}"] - table["share_a"]
    round_columns(table, [name for name in map(str, table) if name.startswith("difference_")])
    places = _first([frame.geometry.reindex(ids).to_numpy() for frame in frames.values()])
    return gpd.GeoDataFrame(table, geometry=list(places), crs=WGS84)


def _by_id(frame: gpd.GeoDataFrame, column: str) -> gpd.GeoDataFrame:
    return frame.assign(**{column: frame[column].astype(str)}).drop_duplicates(column).set_index(column)


def _first(columns: Sequence[Any]) -> Any:
    """Return the first value there is, row by row."""
    found = columns[0]
    for column in columns[1:]:
        found = np.where(pd.isna(found), column, found)
    return found


def joined_hubs(runs: Sequence[ComparedRun]) -> gpd.GeoDataFrame:
    """Return a row a site, whether it has hubs in each run, and which."""
    tiers = {run.letter: _tiers(run) for run in runs}
    ids = sorted(set().union(*tiers.values()))
    table = pd.DataFrame({"site_id": ids})
    for letter, known in tiers.items():
        table[f"in_{letter}"] = np.array([site in known for site in ids], dtype=np.bool_)
    for letter, known in tiers.items():
        table[f"tiers_{letter}"] = pd.Series([known.get(site) for site in ids], dtype=object)
    names: dict[str, Any] = {}
    places: dict[str, Any] = {}
    for run in reversed(runs):
        sites = run.hubs.get("site_id", pd.Series(dtype=object)).astype(str)
        places |= dict(zip(sites, run.hubs.geometry, strict=True))
        names |= dict(zip(sites, run.hubs["name"], strict=True)) if "name" in run.hubs else {}
    if names:
        table.insert(1, "name", pd.Series([names.get(site) for site in ids], dtype=object))
    return gpd.GeoDataFrame(table, geometry=[places[site] for site in ids], crs=WGS84)


def _tiers(run: ComparedRun) -> dict[str, str]:
    """Return the hubs at each site in words, such as ``2 centre, 1 park``."""
    found: dict[str, list[str]] = {}
    for hub in sorted(run.hubs.drop(columns="geometry").to_dict("records"), key=lambda hub: str(hub["tier"])):
        count = int(hub.get("hubs", 1))
        found.setdefault(str(hub["site_id"]), []).append(f"{count} {hub['tier']}" if count > 1 else str(hub["tier"]))
    return {site: ", ".join(names) for site, names in found.items()}

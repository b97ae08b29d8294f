"""What a plan rests on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from hubplanner.formatting import fairness_in_words, told_measures
from hubplanner.inputs.inputs import told_facts
from hubplanner.outputs.html.headline import FULL, counts_offline, need_in_words
from hubplanner.outputs.html.words import about, count, decimal
from hubplanner.outputs.map.fonts import share_in_words
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.problem import Floats

_DECAY = {
    "step": "Everyone within a hub's reach counts fully.",
    "linear": "Cover fades evenly up to a hub's reach.",
    "exponential": "Cover fades with distance, exponentially.",
    "gaussian": "Cover fades with distance, as a bell curve does.",
}


def sentences(result: Result) -> list[str]:
    """Return how people, distance, cover and money were counted, and which limits were set."""
    return [*_people(result), *_travel(result), *_money(result), *_limits(result)]


def _people(result: Result) -> Iterator[str]:
    demand, manifest = result.scenario.demand, result.manifest.get("demand", {})
    yield need_in_words(result)
    share = demand.connected_share
    if isinstance(share, str):
        yield f"Who is connected comes from the column {isolated(on_one_line(share))} of the demand file."
    elif share:
        yield f"{share_in_words(share)} of the people of every place are taken to be connected."
    if demand.spread_km:
        points = count(manifest.get("points"))
        apart = f"{demand.spread_km:g} km apart"
        yield f"The people of each row live evenly over its area, on points {apart}: {points} points."
    if demand.spread_by:
        file = isolated(on_one_line(demand.spread_by.file_name))
        points = count(manifest.get("points"))
        yield f"The people of each row live at the places of {file} inside it, by their weights: {points} points."
    if result.summary["periods"]:
        yield "People are counted as of the last year."
        if result.scenario.model.periods.carry_over:
            yield "Money left over in one year can be spent in later years."


def _travel(result: Result) -> Iterator[str]:
    coverage = result.scenario.coverage
    yield result.scenario.travel.assumption()
    if (facts := result.summary.get("travel")) is not None:
        yield from told_facts(facts)
    yield _DECAY[coverage.decay]
    if coverage.backup > 1:
        yield "A place counts as covered only where a second hub is in reach too."
    if (come := result.scenario.demand.take_up) is not None:
        far = "" if come.e_fold_km is None else f", and fewer by a factor e every {come.e_fold_km:g} km away"
        yield f"Of the people of a place at most {share_in_words(come.share)} come to hubs, all together{far}."
    for name, told in told_measures(result.summary).items():
        spec = result.scenario.beside[name]
        yield f"{name.capitalize()} count for {spec.benefit:g} regular users of a hub each, and reach {told}."
    if result.seated:
        yield "A hub serves only as many people as it has room for."


def _money(result: Result) -> Iterator[str]:
    scenario = result.scenario
    if scenario.horizon_years:
        rate = (
            f", later years discounted at {scenario.discount_rate * 100:g} % a year" if scenario.discount_rate else ""
        )
        yield f"Costs cover building, and running for {scenario.horizon_years} years{rate}."
    else:
        yield "Costs cover building only."


def _limits(result: Result) -> Iterator[str]:
    model = result.scenario.model
    if result.summary["budget"] is not None:
        yield f"The budget is {about(result, result.summary['budget'])}; existing hubs are free."
    if model.max_hubs is not None:
        yield f"At most {count(model.max_hubs)} new hubs were allowed."
    if model.min_hubs is not None:
        yield f"At least {count(model.min_hubs)} new hubs were asked for."
    if model.min_separation_km:
        yield f"New hubs stand at least {model.min_separation_km:g} km apart."
    if model.max_per_site > 1:
        yield f"Up to {model.max_per_site} hubs may stand at one site."
    for sites, words in ((model.require, "must have a hub"), (model.exclude, "may have none")):
        if sites:
            yield f"{count(len(sites))} {'site' if len(sites) == 1 else 'sites'} {words} by request."
    if model.floors:
        yield "No group may be left below the shares asked for it."
    if model.lifts_worst:
        yield "The worst-covered group is lifted first, then the next."
    if "fairness" in result.summary:
        yield from fairness_in_words(result.summary["fairness"])


EARTH_KM = 6371.0088
HERE_KM = 0.05
"""Kilometres that are told as none."""


def reasons(result: Result, explained: Mapping[str, str]) -> list[str]:
    """Return a sentence or two for each row of hubs.

    Parameters
    ----------
    explained
        Words by site id, from an explanation of the plan.
    """
    rows = result.hubs.to_dict("records")
    near, away = _nearest(result)
    names = [isolated(result.name_of(row)) for row in rows]
    asked = set(result.scenario.model.require)
    found = []
    for place, row in enumerate(rows):
        words = explained.get(str(row["site_id"]))
        neighbour = ""
        if near[place] >= 0:
            km = decimal(float(away[place]), "km")
            where = "at the same place" if away[place] < HERE_KM else f"{km} away in a straight line"
            neighbour = f" The nearest other hub, {names[near[place]]}, is {where}."
        found.append(words or f"{_because(result, row, asked)}{_of_its_group(result, row)}{neighbour}")
    return found


def _because(result: Result, row: dict[str, Any], asked: set[str]) -> str:
    people, room = float(row[result.scenario.column_of_reached]), row.get("capacity")
    verb = "Serves" if result.seated else "Brings"
    offline = ""
    if counts_offline(result) and row["covered_people"] > 0:
        part = share_in_words(float(row["covered_need"]) / float(row["covered_people"]))
        offline = f" who are not connected yet ({part} of the people there are not)"
    what = f"{verb} {count(people)} people" + (offline if result.seated else " within reach")
    if room is not None and not pd.isna(room):
        share = float(row["load"]) / room if room else 0.0
        what += " and is full" if share >= FULL else f", {share_in_words(share)} of its room"
    if row["status"] == "existing":
        return f"Stands already. {what}."
    each = f", at {about(result, row['cost'] / people)} a person" if people >= 1 and row["cost"] > 0 else ""
    first = "Asked for by the scenario. " if row["site_id"] in asked or _required(row) else ""
    first += "Grows from a smaller one. " if row["status"] == "upgraded" else ""
    return f"{first}{what}{each}."


def _of_its_group(result: Result, row: dict[str, Any]) -> str:
    """Return how a hub's place stands among those of its group, where the largest are preferred."""
    fair = result.scenario.model.fairness
    rank = row.get("size_rank")
    if fair is None or fair.prefer_largest_of is None or rank is None or pd.isna(rank):
        return ""
    column = fair.prefer_largest_of
    value, sites = isolated(on_one_line(row.get(column, row.get(f"site_{column}")))), int(row["of_sites"])
    if sites == 1:
        return f" It is the only site of {value}."
    if rank == 1:
        return f" Of the {count(sites)} sites of {value} it is where most would come."
    if not row["larger_free"]:
        return f" The larger sites of {value} hold hubs themselves."
    return f" At a larger site of {value}, beside the other hubs, fewer would be served or a limit broken."


def _required(row: dict[str, Any]) -> bool:
    return any(row.get(name) == "required" for name in ("site_status", "status"))


def _nearest(result: Result) -> tuple[Floats, Floats]:
    """Return for each hub's row the row of the nearest hub at another site, -1 without one, and the kilometres."""
    hubs = result.hubs
    near, away = np.full(len(hubs), -1), np.full(len(hubs), np.nan)
    if not len(hubs):
        return near, away
    _, first, of = np.unique(hubs["site_id"].astype(str), return_index=True, return_inverse=True)
    if len(first) > 1:
        lon, lat = np.radians(hubs.geometry.x.to_numpy()[first]), np.radians(hubs.geometry.y.to_numpy()[first])
        globe = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        found: Any = KDTree(globe).query(globe, k=2)
        chord, other = found
        # Where two sites share a place, a site may come second to itself.
        column = np.where(other[:, 1] == np.arange(len(first)), 0, 1)
        rows = np.arange(len(first))
        near = first[other[rows, column]][of]
        away = (2 * EARTH_KM * np.arcsin(np.clip(chord[rows, column] / 2, 0, 1)))[of]
    return near, away

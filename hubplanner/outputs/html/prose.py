"""What a plan rests on, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from hubplanner.formatting import fairness_in_words, share_in_words, small_share, told_measures
from hubplanner.inputs.inputs import told_facts
from hubplanner.outputs.html.headline import FULL, counts_offline, need_in_words
from hubplanner.outputs.html.words import count, decimal
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.problem import Floats
from hubplanner.translation import N_, gettext as _, ngettext, written

_DECAY = {
    "step": N_("Everyone within a hub's reach counts fully."),
    "linear": N_("Cover fades evenly up to a hub's reach."),
    "exponential": N_("Cover fades with distance, exponentially."),
    "gaussian": N_("Cover fades with distance, as a bell curve does."),
}


def sentences(result: Result) -> list[str]:
    """Return how people, distance, cover and money were counted, and which limits were set."""
    return [*_people(result), *_travel(result), *_money(result), *_limits(result)]


def _people(result: Result) -> Iterator[str]:
    demand, manifest = result.scenario.demand, result.manifest.get("demand", {})
    yield need_in_words(result)
    share = demand.connected_share
    if isinstance(share, str):
        column = isolated(on_one_line(share))
        yield _("Who is connected comes from the column {column} of the demand file.", column=column)
    elif share:
        part = share_in_words(share)
        yield _("{share} of the people of every place are taken to be connected.", share=part)
    if demand.spread_km:
        points = count(manifest.get("points"))
        km = written(f"{demand.spread_km:g}")
        yield _(
            "The people of each row live evenly over its area, on points {km} km apart: {count} points.",
            km=km,
            count=points,
        )
    if demand.spread_by:
        file = isolated(on_one_line(demand.spread_by.file_name))
        points = count(manifest.get("points"))
        yield _(
            "The people of each row live at the places of {file} inside it, by their weights: {count} points.",
            file=file,
            count=points,
        )
    if result.summary["periods"]:
        yield _("People are counted as of the last year.")
        if result.scenario.model.periods.carry_over:
            yield _("Money left over in one year can be spent in later years.")


def _travel(result: Result) -> Iterator[str]:
    coverage = result.scenario.coverage
    yield result.scenario.travel.assumption()
    if (facts := result.summary.get("travel")) is not None:
        yield from told_facts(facts)
    yield _(_DECAY[coverage.decay])
    if coverage.backup > 1:
        yield _("A place counts as covered only where a second hub is in reach too.")
    if (come := result.scenario.demand.take_up) is not None:
        part = share_in_words(come.share)
        if come.e_fold_km is None:
            yield _("Of the people of a place at most {share} come to hubs, all together.", share=part)
        else:
            yield _(
                "Of the people of a place at most {share} come to hubs, all together, and fewer by a factor e every "
                "{km} km away.",
                share=part,
                km=written(f"{come.e_fold_km:g}"),
            )
    for name, told in told_measures(result.summary).items():
        spec = result.scenario.beside[name]
        yield _(
            "{measure} count for {users} regular users of a hub each, and reach {who}.",
            measure=_(name).capitalize(),
            users=written(f"{spec.benefit:g}"),
            who=told,
        )
    if result.seated:
        yield _("A hub serves only as many people as it has room for.")


def _money(result: Result) -> Iterator[str]:
    scenario = result.scenario
    if scenario.horizon_years:
        told = {"years": scenario.horizon_years, "rate": small_share(scenario.discount_rate)}
        if scenario.discount_rate:
            yield _(
                "Costs cover building, and running for {years} years, later years discounted at {rate} a year.",
                **told,
            )
        else:
            yield _("Costs cover building, and running for {years} years.", **told)
    else:
        yield _("Costs cover building only.")


def _limits(result: Result) -> Iterator[str]:
    model = result.scenario.model
    if result.summary["budget"] is not None:
        budget = result.in_money(result.summary["budget"])
        yield _("The budget is {budget}; existing hubs are free.", budget=budget)
    if model.max_hubs is not None:
        yield ngettext("At most {n} new hub was allowed.", "At most {n} new hubs were allowed.", model.max_hubs)
    if model.min_hubs is not None:
        yield ngettext("At least {n} new hub was asked for.", "At least {n} new hubs were asked for.", model.min_hubs)
    if model.min_separation_km:
        yield _("New hubs stand at least {km} km apart.", km=written(f"{model.min_separation_km:g}"))
    if model.max_per_site > 1:
        yield _("Up to {count} hubs may stand at one site.", count=model.max_per_site)
    if model.require:
        number = len(model.require)
        yield ngettext("{n} site must have a hub by request.", "{n} sites must have a hub by request.", number)
    if model.exclude:
        number = len(model.exclude)
        yield ngettext("{n} site may have none by request.", "{n} sites may have none by request.", number)
    if model.floors:
        yield _("No group may be left below the shares asked for it.")
    if model.lifts_worst:
        yield _("The worst-covered group is lifted first, then the next.")
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
            far = {"name": names[near[place]], "way": decimal(float(away[place]), "km")}
            if away[place] < HERE_KM:
                neighbour = _("The nearest other hub, {name}, is at the same place.", name=names[near[place]])
            else:
                neighbour = _("The nearest other hub, {name}, is {way} away in a straight line.", **far)
        told = (_because(result, row, asked), _of_its_group(result, row), neighbour)
        found.append(words or " ".join(filter(None, told)))
    return found


def _because(result: Result, row: dict[str, Any], asked: set[str]) -> str:
    people, room = float(row[result.scenario.column_of_reached]), row.get("capacity")
    if not result.seated:
        what = _("Brings {people} people within reach", people=count(people))
    elif counts_offline(result) and row["covered_people"] > 0:
        part = share_in_words(float(row["covered_need"]) / float(row["covered_people"]))
        what = _(
            "Serves {people} people who are not connected yet ({share} of the people there are not)",
            people=count(people),
            share=part,
        )
    else:
        what = _("Serves {people} people", people=count(people))
    if room is not None and not pd.isna(room):
        share = float(row["load"]) / room if room else 0.0
        if share >= FULL:
            what = _("{what} and is full", what=what)
        else:
            what = _("{what}, {share} of its room", what=what, share=share_in_words(share))
    if row["status"] == "existing":
        return _("Stands already. {what}.", what=what)
    if people >= 1 and row["cost"] > 0:
        what = _("{what}, at {cost} a person", what=what, cost=result.in_money(row["cost"] / people))
    told = [_("Asked for by the scenario.")] if row["site_id"] in asked or _required(row) else []
    told += [_("Grows from a smaller one.")] if row["status"] == "upgraded" else []
    return " ".join([*told, f"{what}."])


def _of_its_group(result: Result, row: dict[str, Any]) -> str:
    """Return how a hub's place stands among those of its group, where the largest are preferred."""
    fair = result.scenario.model.fairness
    rank = row.get("size_rank")
    if fair is None or fair.prefer_largest_of is None or rank is None or pd.isna(rank):
        return ""
    column = fair.prefer_largest_of
    value, sites = isolated(on_one_line(row.get(column, row.get(f"site_{column}")))), int(row["of_sites"])
    if sites == 1:
        return _("It is the only site of {place}.", place=value)
    if rank == 1:
        return _("Of the {count} sites of {place} it is where most would come.", count=count(sites), place=value)
    if not row["larger_free"]:
        return _("The larger sites of {place} hold hubs themselves.", place=value)
    return _(
        "At a larger site of {place}, beside the other hubs, fewer would be served or a limit broken.", place=value
    )


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

"""The report's first page: what to build where, what of it is firm, what to doubt, and what more money would bring."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.compatibility import Feature, broken
from hubplanner.formatting import SMALLEST_GAP, at_most, count_of, says_nothing
from hubplanner.outputs.html.words import about, count, listed
from hubplanner.outputs.map.fonts import in_words, share_in_words
from hubplanner.outputs.run_data import Result, isolated, on_one_line, plural
from hubplanner.scenario.validation import features

MOST_LINES, MOST_DOUBTS, MOST_NAMED = 10, 5, 6
"""Lines of what to build, doubts, and names in a sentence, at most."""
MORE = 1.25
"""What to multiply a budget by to see what more money brings, where no frontier says it."""
FULL = 0.95
"""Part of all seats that are taken from which on it is seats that more money would buy."""


def builds(result: Result) -> list[tuple[str, str]]:
    """Return where, and what is built there for whom and how much: by the sites' first group, or by place without one.

    Those with most new hubs come first; what is beyond ten lines is one line.
    """
    new = pd.DataFrame(result.hubs[result.hubs["status"] != "existing"].drop(columns="geometry"))
    if not len(new):
        return []
    columns = (name for group in result.scenario.sites.groups for name in (f"site_{group}", group))
    column = next((name for name in columns if name in new), None)
    rows: list[dict[str, Any]] = [{str(name): cell for name, cell in row.items()} for row in new.to_dict("records")]
    names = [on_one_line(result.name_of(row) if column is None else row[column]) for row in rows]
    where, hubs = np.array(names, dtype=object), new["hubs"].to_numpy()
    ranked = sorted(set(names), key=lambda value: (-int(hubs[where == value].sum()), value))
    cut = MOST_LINES - 1 if len(ranked) > MOST_LINES else MOST_LINES
    found = [(isolated(value) or "(not named)", _built(result, new[where == value])) for value in ranked[:cut]]
    rest = ranked[cut:]
    return [*found, (f"{count(len(rest))} others", _built(result, new[np.isin(names, rest)]))] if rest else found


def _built(result: Result, hubs: pd.DataFrame) -> str:
    """Return what is built, at how many sites, whom it reaches and what it costs."""
    reached = float(hubs[result.scenario.column_of_reached].sum())
    tiers = hubs.groupby("tier")["hubs"].sum()
    named = [isolated(on_one_line(tier.name)) for tier in result.scenario.hubs]
    what = listed([plural(name, int(tiers[name])) for name in named if tiers.get(name, 0)])
    at = count_of(hubs["site_id"].nunique(), "site")
    verb = "for" if result.seated else "within reach of"
    return f"{what} at {at}, {verb} {in_words(reached)} people, {about(result, hubs['cost'].sum())}"


def firmness(result: Result, stability: dict[str, Any] | None = None) -> list[str]:
    """Return what of the plan is a finding, and what is a proposal that near plans may replace.

    Parameters
    ----------
    stability
        What surveys drawn again make of the plan, if they were.
    """
    summary, found = result.summary, []
    fair = summary.get("fairness")
    if fair is not None and fair["group"] in result.scenario.sites.groups:
        group = isolated(on_one_line(fair["group"]))
        found.append(f"The finding is how many hubs each {group} gets: that follows from its need and from the money.")
        found += _towns(result, group)
    elif result.seated:
        found.append("How many hubs fill, and in which region, is the finding; the place is a proposal.")
    else:
        found.append("Whom a hub reaches decides its place; near places reach nearly the same people.")
    found += _unsurveyed(result) if stability is None else _surveyed(result, stability)
    if not says_nothing(summary["gap"]) and summary["gap"] > SMALLEST_GAP:
        found.append(f"Other plans may be better, by at most {at_most(summary['gap'])}, with hubs elsewhere.")
    asked = [hub["site_id"] for hub in summary["hubs"] if hub["site_id"] in result.scenario.model.require]
    if asked:
        found.append(f"{count_of(len(asked), 'site')} {'was' if len(asked) == 1 else 'were'} asked for, not chosen.")
    if not broken({*features(result.scenario), Feature.ALTERNATIVES}):
        found.append("Plans nearly as good: hubplanner alternatives.")
    return found


def _surveyed(result: Result, stability: dict[str, Any]) -> list[str]:
    """Return how many hubs stand in nine of ten surveys that might have come out as well, by place and by group."""
    levels = stability["levels"]
    own = levels["hub"]
    groups = [name for name in result.scenario.sites.groups if name in levels][-1:]
    kept = [f"{100 * levels[name]['kept']:.0f} % stay in their {isolated(name)}" for name in groups]
    kept.append(f"{100 * own['kept']:.0f} % {'at' if kept else 'stay at'} their place")
    sure = [f"{count(levels[name]['in_nine_of_ten'])} counted by {isolated(name)}" for name in groups]
    sure.append(f"{count(own['in_nine_of_ten'])} by place and size")
    drawn = f"{count(stability['draws'])} surveys that might have come out as well, each planned for anew"
    stand = f"{' and '.join(sure)}, of {count(own['hubs'])} hubs, stand in nine of ten surveys."
    return [f"Of the hubs, on average of {drawn}, {' and '.join(kept)}. {stand}"]


def _unsurveyed(result: Result) -> list[str]:
    """Return that nobody asked how many hubs another survey would move, where it can be asked."""
    spec = result.scenario.demand
    if spec.connected_share_error is None and spec.since_survey is None:
        return []
    if broken({*features(result.scenario), Feature.STABILITY}):
        return []
    return ["How many hubs another survey would move is not known of this plan; hubplanner stability finds out."]


def _towns(result: Result, group: str) -> list[str]:
    """Return what towns are to a plan that is fair among groups of sites, and how many of them others may replace."""
    weigh = "weigh land, power and the line to the internet, and require or exclude a site to see what it costs."
    if "alternatives" not in result.hubs:
        return [f"The town is a proposal. Other towns of the {group} may fill a hub as well: {weigh}"]
    new = result.hubs[result.hubs["status"] == "new"]
    others = new.loc[new["alternatives"].fillna("") != "", "site_id"].nunique()
    towns, verb = new["site_id"].nunique(), "has" if others == 1 else "have"
    chosen = f"The town is a proposal: of those that the hubs of a {group} fill, where most would come."
    return [f"{chosen} {count(others)} of {count(towns)} {verb} another nearly as good, named beside it below: {weigh}"]


def doubts(result: Result) -> list[str]:
    """Return the five doubts that matter most, of those that apply."""
    spec = result.scenario.backhaul
    noted = [f"Links: {isolated(on_one_line(spec.note))}"] if spec is not None and spec.note else []
    return list(islice(chain(noted, _doubts(result)), MOST_DOUBTS))


def _doubts(result: Result) -> Iterator[str]:
    """Yield what the plan hangs on, what weighs most first; each is a fact of this run."""
    scenario, summary = result.scenario, result.summary
    if (come := scenario.demand.take_up) is not None:
        far = "of all in reach"
        if come.e_fold_km is not None:
            far = f"next door, {share_in_words(come.share / math.e)} of those {come.e_fold_km:g} km away"
        yield f"Who comes: {share_in_words(come.share)} of the people {far}. That is assumed, not observed."
    share = scenario.demand.connected_share
    if isinstance(share, str):
        column, spec = isolated(on_one_line(share)), scenario.demand
        is_estimate = spec.connected_share_error is not None or spec.since_survey is not None
        exact = "as if it were exact and of today"
        sure = "a survey's estimate; what its error and age may move is told above" if is_estimate else exact
        yield f"Who is connected: the column {column} of the data, {sure}."
    elif share:
        yield f"Who is connected: {share_in_words(share)} of the people of every place, which is assumed."
    unserved = summary.get("fairness", {}).get("unserved", [])
    if unserved:
        named = listed([isolated(on_one_line(name)) for name in unserved[:MOST_NAMED]])
        more = f" and {count(len(unserved) - MOST_NAMED)} more" if len(unserved) > MOST_NAMED else ""
        yield f"Left out: nobody is served in {named}{more}."
    if scenario.sites.cost_factor == 1 and all(isinstance(tier.capex, float | int) for tier in scenario.hubs):
        yield "Costs: a hub of a tier costs the same everywhere, in a city as in the hills."
    if scenario.travel.method in {"great_circle", "planar"}:
        assumed = scenario.travel.assumption()
        yield f"Distances: {assumed.removeprefix('Distances are ')}"
    if scenario.demand.spread_km:
        yield f"Where people live: evenly over the area of their row, {scenario.demand.spread_km:g} km apart."
    if scenario.backhaul is None:
        yield "Links: whether a site has a line to the internet, and power, is not in the plan."
    warnings = summary.get("warnings", [])
    if warnings:
        yield f"Data: {count_of(len(warnings), 'warning')} about them, listed below."
    if scenario.futures is None and not summary["periods"]:
        yield "Time: people, shares and prices are those of the data, for all years."


def more_money(result: Result, frontier: dict[str, Any] | None) -> str:
    """Return what more money would bring, by a frontier of this question; without one, how to find out."""
    own, budget = result.summary["cost"]["total"], result.summary["budget"]
    dearer = [point for point in (frontier or {}).get("points", []) if point["cost"] > own * (1 + SMALLEST_GAP)]
    if dearer:
        point = dearer[0]
        money, people = point["cost"] - own, point["people"] - result.reached
        more = f"reaches {in_words(people)} people more" if people >= 1 else "reaches no more people"
        return f"With {about(result, money)} more, plan {point['number']} of the frontier below {more}."
    if budget is None:
        return "No budget was set; hubplanner frontier finds what each budget would reach."
    ask = f"hubplanner solve scenario.yaml --set model.budget={budget * MORE:.12g} --out more"
    instead = f"{about(result, budget * MORE)} instead of {about(result, budget)}: {ask}."
    return f"{_bought(result, own, budget * (MORE - 1))}{instead}"


def _bought(result: Result, own: float, more: float) -> str:
    """Return how many seats more money buys at what they cost now, where nearly all are taken, and that none asked."""
    new = result.hubs[result.hubs["status"] != "existing"]
    seats = float(new["load"].sum())
    if (
        not result.seated
        or "measures" in result.summary
        or not (own > 0 and seats > FULL * float(new["capacity"].sum()))
    ):
        return "This run has not asked. "
    price = f"At what a seat that is taken costs in this plan, {about(result, own / seats)}"
    bought = f"{about(result, more)} more buys {in_words(more * seats / own)}"
    return f"{price}, {bought}; whether they would fill this run has not asked. "

"""The report's first page: what to build where, what of it is firm, what to doubt, and what more money would bring."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd

from hubplanner.compatibility import Feature, broken
from hubplanner.formatting import SMALLEST_GAP, at_most, in_words, per_cent, says_nothing, share_in_words
from hubplanner.outputs.html.words import count, tier_in_words
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.scenario.travel_spec import straight_lines
from hubplanner.scenario.validation.features import features
from hubplanner.translation import gettext as _, listed, ngettext, written

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
    found = [(isolated(value) or _("(not named)"), _built(result, new[where == value])) for value in ranked[:cut]]
    rest = ranked[cut:]
    others = ngettext("{n} other", "{n} others", len(rest))
    return [*found, (others, _built(result, new[np.isin(names, rest)]))] if rest else found


def _built(result: Result, hubs: pd.DataFrame) -> str:
    """Return what is built, at how many sites, whom it reaches and what it costs."""
    reached = float(hubs[result.scenario.column_of_reached].sum())
    tiers = hubs.groupby("tier")["hubs"].sum()
    named = [isolated(on_one_line(tier.name)) for tier in result.scenario.hubs]
    what = listed([tier_in_words(name, int(tiers[name])) for name in named if tiers.get(name, 0)])
    told = {"hubs": what, "people": in_words(reached), "cost": result.in_money(hubs["cost"].sum())}
    number = int(hubs["site_id"].nunique())
    if result.seated:
        return ngettext(
            "{hubs} at {n} site, for {people} people, {cost}",
            "{hubs} at {n} sites, for {people} people, {cost}",
            number,
            **told,
        )
    return ngettext(
        "{hubs} at {n} site, within reach of {people} people, {cost}",
        "{hubs} at {n} sites, within reach of {people} people, {cost}",
        number,
        **told,
    )


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
        found.append(
            _(
                "The finding is how many hubs each {group} gets: that follows from its need and from the money.",
                group=group,
            )
        )
        found += _towns(result, group)
    elif result.seated:
        found.append(_("How many hubs fill, and in which region, is the finding; the place is a proposal."))
    else:
        found.append(_("Whom a hub reaches decides its place; near places reach nearly the same people."))
    found += _unsurveyed(result) if stability is None else _surveyed(result, stability)
    if not says_nothing(summary["gap"]) and summary["gap"] > SMALLEST_GAP:
        gap = at_most(summary["gap"])
        found.append(_("Other plans may be better, by at most {gap}, with hubs elsewhere.", gap=gap))
    asked = [hub["site_id"] for hub in summary["hubs"] if hub["site_id"] in result.scenario.model.require]
    if asked:
        found.append(
            ngettext("{n} site was asked for, not chosen.", "{n} sites were asked for, not chosen.", len(asked))
        )
    if not broken({*features(result.scenario), Feature.ALTERNATIVES}):
        found.append(_("Plans nearly as good: {command}.", command="hubplanner alternatives"))
    return found


def _surveyed(result: Result, stability: dict[str, Any]) -> list[str]:
    """Return how many hubs stand in nine of ten surveys that might have come out as well, by place and by group."""
    levels = stability["levels"]
    own = levels["hub"]
    groups = [name for name in result.scenario.sites.groups if name in levels][-1:]
    kept = [
        _("{share} stay in their {group}", share=per_cent(levels[name]["kept"], 0), group=isolated(name))
        for name in groups
    ]
    at_place = per_cent(own["kept"], 0)
    kept.append(
        _("{share} at their place", share=at_place) if kept else _("{share} stay at their place", share=at_place)
    )
    sure = [
        _("{hubs} counted by {group}", hubs=count(levels[name]["in_nine_of_ten"]), group=isolated(name))
        for name in groups
    ]
    sure.append(_("{hubs} by place and size", hubs=count(own["in_nine_of_ten"])))
    drawn = _(
        "Of the hubs, on average of {draws} surveys that might have come out as well, each planned for anew, {kept}.",
        draws=count(stability["draws"]),
        kept=listed(kept),
    )
    stand = _("{sure}, of {all} hubs, stand in nine of ten surveys.", sure=listed(sure), all=count(own["hubs"]))
    return [f"{drawn} {stand}"]


def _unsurveyed(result: Result) -> list[str]:
    """Return that nobody asked how many hubs another survey would move, where it can be asked."""
    spec = result.scenario.demand
    if spec.connected_share_error is None and spec.since_survey is None:
        return []
    if broken({*features(result.scenario), Feature.STABILITY}):
        return []
    command = "hubplanner stability"
    return [
        _("How many hubs another survey would move is not known of this plan; {command} finds out.", command=command)
    ]


def _towns(result: Result, group: str) -> list[str]:
    """Return what towns are to a plan that is fair among groups of sites, and how many of them others may replace."""
    weigh = _("weigh land, power and the line to the internet, and require or exclude a site to see what it costs.")
    if "alternatives" not in result.hubs:
        return [
            _(
                "The town is a proposal. Other towns of the {group} may fill a hub as well: {weigh}",
                group=group,
                weigh=weigh,
            )
        ]
    new = result.hubs[result.hubs["status"] == "new"]
    others = new.loc[new["alternatives"].fillna("") != "", "site_id"].nunique()
    chosen = _("The town is a proposal: of those that the hubs of a {group} fill, where most would come.", group=group)
    alike = ngettext(
        "{n} of {all} has another nearly as good, named beside it below: {weigh}",
        "{n} of {all} have another nearly as good, named beside it below: {weigh}",
        int(others),
        all=count(new["site_id"].nunique()),
        weigh=weigh,
    )
    return [f"{chosen} {alike}"]


def doubts(result: Result) -> list[str]:
    """Return the five doubts that matter most, of those that apply."""
    spec = result.scenario.backhaul
    noted = [_("Links: {note}", note=isolated(on_one_line(spec.note)))] if spec is not None and spec.note else []
    return list(islice(chain(noted, _doubts(result)), MOST_DOUBTS))


def _doubts(result: Result) -> Iterator[str]:
    """Yield what the plan hangs on, what weighs most first; each is a fact of this run."""
    scenario, summary = result.scenario, result.summary
    yield from _doubts_on_people(result)
    unserved = summary.get("fairness", {}).get("unserved", [])
    if unserved:
        named = [isolated(on_one_line(name)) for name in unserved[:MOST_NAMED]]
        more = len(unserved) - MOST_NAMED
        named += [_("{count} more", count=count(more))] if more > 0 else []
        yield _("Left out: nobody is served in {places}.", places=listed(named))
    if scenario.sites.cost_factor == 1 and all(isinstance(tier.capex, float | int) for tier in scenario.hubs):
        yield _("Costs: a hub of a tier costs the same everywhere, in a city as in the hills.")
    if scenario.travel.method in {"great_circle", "planar"}:
        yield _("Distances: {what}", what=straight_lines(scenario.travel.detour))
    if scenario.demand.spread_km:
        km = written(f"{scenario.demand.spread_km:g}")
        yield _("Where people live: evenly over the area of their row, {km} km apart.", km=km)
    if scenario.backhaul is None:
        yield _("Links: whether a site has a line to the internet, and power, is not in the plan.")
    warnings = summary.get("warnings", [])
    if warnings:
        yield ngettext(
            "Data: {n} warning about them, listed below.", "Data: {n} warnings about them, listed below.", len(warnings)
        )
    if scenario.futures is None and not summary["periods"]:
        yield _("Time: people, shares and prices are those of the data, for all years.")


def _doubts_on_people(result: Result) -> Iterator[str]:
    """Yield who is taken to come, and to be connected."""
    scenario = result.scenario
    if (come := scenario.demand.take_up) is not None:
        share_ = share_in_words(come.share)
        if come.e_fold_km is None:
            yield _("Who comes: {share} of the people of all in reach. That is assumed, not observed.", share=share_)
        else:
            yield _(
                "Who comes: {share} of the people next door, {less} of those {km} km away. That is assumed, not "
                "observed.",
                share=share_,
                less=share_in_words(come.share / math.e),
                km=written(f"{come.e_fold_km:g}"),
            )
    share = scenario.demand.connected_share
    if isinstance(share, str):
        column, spec = isolated(on_one_line(share)), scenario.demand
        is_estimate = spec.connected_share_error is not None or spec.since_survey is not None
        if is_estimate:
            yield _(
                "Who is connected: the column {column} of the data, a survey's estimate; what its error and age may "
                "move is told above.",
                column=column,
            )
        else:
            yield _(
                "Who is connected: the column {column} of the data, as if it were exact and of today.", column=column
            )
    elif share:
        part = share_in_words(share)
        yield _("Who is connected: {share} of the people of every place, which is assumed.", share=part)


def more_money(result: Result, frontier: dict[str, Any] | None) -> str:
    """Return what more money would bring, by a frontier of this question; without one, how to find out."""
    own, budget = result.summary["cost"]["total"], result.summary["budget"]
    dearer = [point for point in (frontier or {}).get("points", []) if point["cost"] > own * (1 + SMALLEST_GAP)]
    if dearer:
        point = dearer[0]
        money, people = point["cost"] - own, point["people"] - result.reached
        told = {"money": result.in_money(money), "number": point["number"], "people": in_words(people)}
        if people < 1:
            return _("With {money} more, plan {number} of the frontier below reaches no more people.", **told)
        return _("With {money} more, plan {number} of the frontier below reaches {people} people more.", **told)
    if budget is None:
        command = "hubplanner frontier"
        return _("No budget was set; {command} finds what each budget would reach.", command=command)
    ask = f"hubplanner solve scenario.yaml --set model.budget={budget * MORE:.12g} --out more"
    instead = _(
        "{more} instead of {budget}: {command}.",
        more=result.in_money(budget * MORE),
        budget=result.in_money(budget),
        command=ask,
    )
    return f"{_bought(result, own, budget * (MORE - 1))} {instead}"


def _bought(result: Result, own: float, more: float) -> str:
    """Return how many seats more money buys at what they cost now, where nearly all are taken, and that none asked."""
    new = result.hubs[result.hubs["status"] != "existing"]
    seats = float(new["load"].sum())
    if (
        not result.seated
        or "measures" in result.summary
        or not (own > 0 and seats > FULL * float(new["capacity"].sum()))
    ):
        return _("This run has not asked.")
    return _(
        "At what a seat that is taken costs in this plan, {price}, {more} more buys {seats}; whether they would fill "
        "this run has not asked.",
        price=result.in_money(own / seats),
        more=result.in_money(more),
        seats=in_words(more * seats / own),
    )

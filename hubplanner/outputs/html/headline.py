"""What the report says first: the plan in two sentences, its figures, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from hubplanner.formatting import (
    SMALLEST_GAP,
    at_most,
    gap_in_words,
    left_out_of_ways,
    paid_in_words,
    says_nothing,
    small_share,
)
from hubplanner.outputs.html.words import about, count, decimal, hubs_in_words
from hubplanner.outputs.map.fonts import covered_in_words, in_words, share_in_words
from hubplanner.outputs.run_data import Result, isolated, on_one_line

FULL = 0.995
"""Share of its room from which a hub is full."""
NEARLY_ALL = 0.9
"""Share of new hubs that are full from which seats are what limits a plan."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number to remember: what it counts, the number, and what to hold it against."""

    label: str
    value: str
    note: str = ""


def title(result: Result) -> str:
    """Return the scenario's description, or else its name."""
    return on_one_line(result.scenario.description) or result.scenario.name


def new_hubs(result: Result) -> int:
    """Return how many hubs the plan builds or upgrades."""
    hubs = result.hubs
    return int(hubs.loc[hubs["status"] != "existing", "hubs"].sum()) if len(hubs) else 0


def lead(result: Result) -> str:
    """Return the plan in one or two sentences."""
    return " ".join(_lead(result))


def _lead(result: Result) -> Iterator[str]:
    summary, scenario = result.summary, result.scenario
    hubs, cost = hubs_in_words(new_hubs(result)), about(result, summary["cost"]["total"])
    budget, people = summary["budget"], in_words(result.reached)
    reach = f"serve {people} {scenario.seated}" if result.seated else f"bring {people} people within reach"
    share = share_in_words(summary["need"]["share"])
    ways, unit = summary["distance"], result.unit
    objective = summary["objective"]
    if not len(result.hubs):
        yield "This plan builds nothing, and no hub stands yet: no one is covered."
    elif objective == "p_median":
        yield f"For {cost}, {hubs} leave people {decimal(ways.get(f'mean_{unit}'), unit)} from a hub on average."
    elif objective == "p_center":
        yield f"For {cost}, {hubs} leave no one farther than {decimal(ways.get(f'max_{unit}'), unit)} from a hub."
    elif objective == "min_cost":
        target = scenario.model.target_share
        asked = f" At least {share_in_words(target)} was asked for." if target is not None else ""
        yield f"For {cost}, {hubs} {reach}. That is {share} of the need.{asked}"
    else:
        limit = f"With {about(result, budget)}" if budget is not None else f"For {cost}"
        stand = " and the existing ones" if (result.hubs["status"] == "existing").any() else ""
        yield f"{limit}, {hubs}{stand} {reach}. That is {share} of the need."
        yield from _what_limits(result)


def counts_offline(result: Result) -> bool:
    """Tell whether need is the number of people whom seats serve: those who are not connected yet."""
    return result.scenario.seats_need and result.scenario.demand.priority == 1


def _what_limits(result: Result) -> Iterator[str]:
    """Yield the sentence that holds of nearly every hub, so that it need not be said of each: seats are all taken."""
    new = result.hubs[result.hubs["status"] != "existing"]
    if not result.seated or not len(new):
        return
    numbers, full = new["hubs"].to_numpy(), new["utilisation"].to_numpy(dtype=float) >= FULL
    if numbers[full].sum() < NEARLY_ALL * numbers.sum():
        return
    where = "all" if full.all() else f"{count(numbers[full].sum())} of {count(numbers.sum())}"
    said = f"Seats are what limits it: {where} new hubs are full. "
    if "fairness" in result.summary:
        group = isolated(result.summary["fairness"]["group"])
        yield f"{said}So each {group} gets them by its need, as fairly as was asked, and in it places where they fill."
    elif counts_offline(result):
        yield f"{said}So any place where a hub fills does as well as another, and what a hub costs decides."
    else:
        yield f"{said}So they go where fewest of those within reach are connected."


def figures(result: Result) -> list[Figure]:
    """Return the figures that matter most for what was asked."""
    summary, unit = result.summary, result.unit
    people, need, cost, budget = summary["people"], summary["need"], summary["cost"], summary["budget"]
    sites = result.hubs.loc[result.hubs["status"] != "existing", "site_id"].nunique() if len(result.hubs) else 0
    stands = int(result.hubs.loc[result.hubs["status"] == "existing", "hubs"].sum()) if len(result.hubs) else 0
    closed = len(summary["closed"])
    also = [f"at {count(sites)} {'site' if sites == 1 else 'sites'}"] if sites else []
    also += [f"{count(number)} {word}" for word, number in (("stand already", stands), ("closed", closed)) if number]
    found = [
        Figure(
            label="People served" if result.seated else "People within reach",
            value=in_words(result.reached),
            note=result.scenario.seated if result.scenario.seats_need else f"of {in_words(people['total'])}",
        ),
        Figure(
            label="Need covered",
            value=covered_in_words(need["share"], need["total"]),
            note=f"{in_words(need['covered'])} of {in_words(need['total'])}",
        ),
        Figure(label="New hubs", value=count(new_hubs(result)), note=", ".join(also)),
        Figure(
            label="Cost",
            value=about(result, cost["total"]),
            note=("no budget set" if budget is None else f"of {about(result, budget)}")
            + f", in today's money; paid {about(result, cost['paid']['total'])}",
        ),
    ]
    found += [
        Figure(
            label=name.capitalize(),
            value=in_words(one["people"]),
            note=f"people, for {about(result, one['cost'])}; they count as {in_words(one['users'])} users",
        )
        for name, one in summary.get("measures", {}).items()
    ]
    if "fairness" in summary:
        fair = summary["fairness"]
        served = f"{count(fair['served'])} of {count(fair['groups'])} with some"
        label = f"As good as in every {isolated(fair['group'])}"
        found.append(Figure(label=label, value=small_share(fair["equivalent_share"]), note=served))
    if summary["objective"] in {"p_median", "p_center"}:
        ways = summary["distance"]
        notes = [f"at most {decimal(ways.get(f'max_{unit}'), unit)}", *left_out_of_ways(ways)]
        found[1] = Figure(
            label="Distance to a hub", value=decimal(ways.get(f"mean_{unit}"), unit), note="; ".join(notes)
        )
    return found


def paid(result: Result) -> str:
    """Return what is paid, not in today's money: in all, by year, and for each person with a seat."""
    found, write = result.summary["cost"]["paid"], partial(about, result)
    each = found["per_user_year"]
    seat = "" if each is None else f" That is {write(each)} a year for each person with a seat in a new hub."
    return f"Payments come to {paid_in_words(found, write)}.{seat}"


def need_in_words(result: Result) -> str:
    """Return what need is."""
    weighted = "" if result.scenario.demand.priority == 1 else ", weighted by the priority of their place"
    return f"Need is the number of people who are not yet connected{weighted}."


def proof(result: Result) -> str:
    """Return how sure it is that no other plan is better, in plain words."""
    summary = result.summary
    gap = summary["gap"]
    if summary["status"] == "optimal":
        return ("Proven: " if gap <= SMALLEST_GAP else f"Proven within {at_most(gap)}: ") + _best(result)
    ended = "The search was stopped" if summary.get("stopped") else "Time ran out"
    late = f"{ended} before the proof was as tight as asked ({gap_in_words(result.scenario.solver.gap)}). "
    if says_nothing(gap):
        return late + "How far the plan is from the best possible is not known: no useful bound was found."
    within = f" The plan is within {at_most(gap)} of that." if gap > SMALLEST_GAP else ""
    best = _best(result)
    return late + best[:1].upper() + best[1:] + within


def _best(result: Result) -> str:
    summary, model = result.summary, result.scenario.model
    plain = not (model.lifts_worst or model.alpha) and model.under is None and not summary["periods"]
    limits = "with this money" if summary["budget"] is not None else "within these limits"
    objective, bound = summary["objective"], summary["bound"]
    if "fairness" in summary:
        fair = summary["fairness"]
        own, most = (small_share(fair[name]) for name in ("equivalent_share", "bound"))
        return (
            f"no plan {limits} is as good as more than {most} covered in every {isolated(fair['group'])}, by what was "
            f"asked for; this one is as good as {own}."
        )
    if objective == "max_coverage" and plain:
        what = "people who are not yet connected" if result.scenario.demand.priority == 1 else "of weighted need"
        most, own = math.floor(bound * (1 + 1e-12) + 1e-6), summary["need"]["covered"]
        if count(most) == count(own):
            return f"no plan {limits} can cover more than the {count(own)} {what} that this one covers."
        return f"no plan {limits} can cover more than {count(most)} {what}; this one covers {count(own)}."
    if objective == "min_cost" and plain and model.travel_cost_per_km is None:
        return f"no plan that covers as much costs less than {about(result, bound)}."
    return {
        "max_coverage": f"no plan {limits} covers more, by what was asked for.",
        "min_cost": "no plan that does as much costs less.",
        "p_median": f"no plan {limits} brings hubs nearer on average.",
        "p_center": f"no plan {limits} brings the farthest people nearer.",
    }[objective]


def subtitle(result: Result) -> str:
    """Return what was asked, in a line."""
    if "fairness" in result.summary:
        fair = result.summary["fairness"]
        asked_for = f"covers most need, fairly by {isolated(fair['group'])} (alpha {fair['alpha']:g})"
        return f"The plan that {asked_for} · {isolated(result.name)}"
    asked: dict[str, Any] = {
        "max_coverage": "The plan that covers most need",
        "min_cost": "The plan that costs least",
        "p_median": "The plan that brings hubs nearest on average",
        "p_center": "The plan that brings hubs nearest to those farthest away",
    }
    return f"{asked[result.summary['objective']]} · {isolated(result.name)}"

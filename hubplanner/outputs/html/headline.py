"""What the report says first: the plan in two sentences, its figures, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hubplanner.formatting import (
    SMALLEST_GAP,
    at_most,
    covered_in_words,
    gap_in_words,
    in_words,
    left_out_of_ways,
    paid_in_words,
    says_nothing,
    share_in_words,
    small_share,
)
from hubplanner.outputs.html.words import count, decimal, hubs_in_words
from hubplanner.outputs.run_data import Result, isolated, on_one_line
from hubplanner.translation import gettext as _, ngettext, written

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
    hubs, cost = hubs_in_words(new_hubs(result)), result.in_money(summary["cost"]["total"])
    budget, people = summary["budget"], in_words(result.reached)
    reach = (
        _("serve {people} {whom}", people=people, whom=scenario.seated)
        if result.seated
        else _("bring {people} people within reach", people=people)
    )
    share = share_in_words(summary["need"]["share"])
    ways, unit = summary["distance"], result.unit
    objective = summary["objective"]
    if not len(result.hubs):
        yield _("This plan builds nothing, and no hub stands yet: no one is covered.")
    elif objective == "p_median":
        way = decimal(ways.get(f"mean_{unit}"), unit)
        yield _("For {cost}, {hubs} leave people {way} from a hub on average.", cost=cost, hubs=hubs, way=way)
    elif objective == "p_center":
        way = decimal(ways.get(f"max_{unit}"), unit)
        yield _("For {cost}, {hubs} leave no one farther than {way} from a hub.", cost=cost, hubs=hubs, way=way)
    elif objective == "min_cost":
        target = scenario.model.target_share
        yield _(
            "For {cost}, {hubs} {reach}. That is {share} of the need.", cost=cost, hubs=hubs, reach=reach, share=share
        )
        if target is not None:
            yield _("At least {share} was asked for.", share=share_in_words(target))
    else:
        stand = (result.hubs["status"] == "existing").any()
        hubs = _("{hubs} and the existing ones", hubs=hubs) if stand else hubs
        told = {"hubs": hubs, "reach": reach, "share": share}
        if budget is None:
            yield _("For {cost}, {hubs} {reach}. That is {share} of the need.", cost=cost, **told)
        else:
            budget = result.in_money(budget)
            yield _("With {budget}, {hubs} {reach}. That is {share} of the need.", budget=budget, **told)
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
    if full.all():
        yield _("Seats are what limits it: all new hubs are full.")
    else:
        told = {"full": count(numbers[full].sum()), "all": count(numbers.sum())}
        yield _("Seats are what limits it: {full} of {all} new hubs are full.", **told)
    if "fairness" in result.summary:
        group = isolated(result.summary["fairness"]["group"])
        yield _(
            "So each {group} gets them by its need, as fairly as was asked, and in it places where they fill.",
            group=group,
        )
    elif counts_offline(result):
        yield _("So any place where a hub fills does as well as another, and what a hub costs decides.")
    else:
        yield _("So they go where fewest of those within reach are connected.")


def figures(result: Result) -> list[Figure]:
    """Return the figures that matter most for what was asked."""
    summary, unit = result.summary, result.unit
    people, need, cost, budget = summary["people"], summary["need"], summary["cost"], summary["budget"]
    sites = result.hubs.loc[result.hubs["status"] != "existing", "site_id"].nunique() if len(result.hubs) else 0
    stands = int(result.hubs.loc[result.hubs["status"] == "existing", "hubs"].sum()) if len(result.hubs) else 0
    closed = len(summary["closed"])
    also = [ngettext("at {n} site", "at {n} sites", sites)] if sites else []
    also += [_("{count} stand already", count=count(stands))] if stands else []
    also += [_("{count} closed", count=count(closed))] if closed else []
    found = [
        Figure(
            label=_("People served") if result.seated else _("People within reach"),
            value=in_words(result.reached),
            note=result.scenario.seated if result.scenario.seats_need else _("of {all}", all=in_words(people["total"])),
        ),
        Figure(
            label=_("Need covered"),
            value=covered_in_words(need["share"], need["total"]),
            note=_("{part} of {all}", part=in_words(need["covered"]), all=in_words(need["total"])),
        ),
        Figure(label=_("New hubs"), value=count(new_hubs(result)), note=", ".join(also)),
        Figure(
            label=_("Cost"),
            value=result.in_money(cost["total"]),
            note=_("no budget set, in today's money; paid {paid}", paid=result.in_money(cost["paid"]["total"]))
            if budget is None
            else _(
                "of {budget}, in today's money; paid {paid}",
                budget=result.in_money(budget),
                paid=result.in_money(cost["paid"]["total"]),
            ),
        ),
    ]
    found += [
        Figure(
            label=_(name).capitalize(),
            value=in_words(one["people"]),
            note=_(
                "people, for {cost}; they count as {users} users",
                cost=result.in_money(one["cost"]),
                users=in_words(one["users"]),
            ),
        )
        for name, one in summary.get("measures", {}).items()
    ]
    if "fairness" in summary:
        fair = summary["fairness"]
        served = _(
            "as good as this in every one; {part} of {all} with some",
            part=count(fair["served"]),
            all=count(fair["groups"]),
        )
        label = _("Fair share by {group}", group=isolated(fair["group"]))
        found.append(Figure(label=label, value=small_share(fair["equivalent_share"]), note=served))
    if summary["objective"] in {"p_median", "p_center"}:
        ways = summary["distance"]
        notes = [_("at most {way}", way=decimal(ways.get(f"max_{unit}"), unit)), *left_out_of_ways(ways)]
        found[1] = Figure(
            label=_("Distance to a hub"), value=decimal(ways.get(f"mean_{unit}"), unit), note="; ".join(notes)
        )
    return found


def paid(result: Result) -> str:
    """Return what is paid, not in today's money: in all, by year, and for each person with a seat."""
    found, write = result.summary["cost"]["paid"], result.in_money
    each = found["per_user_year"]
    told = _("Payments come to {paid}.", paid=paid_in_words(found, write))
    if each is None:
        return told
    seat = _("That is {cost} a year for each person with a seat in a new hub.", cost=write(each))
    return f"{told} {seat}"


def need_in_words(result: Result) -> str:
    """Return what need is."""
    if result.scenario.demand.priority == 1:
        return _("Need is the number of people who are not yet connected.")
    return _("Need is the number of people who are not yet connected, weighted by the priority of their place.")


def proof(result: Result) -> str:
    """Return how sure it is that no other plan is better, in plain words."""
    summary = result.summary
    gap = summary["gap"]
    if summary["status"] == "optimal" and not says_nothing(gap):
        if gap <= SMALLEST_GAP:
            return _("Proven: {claim}", claim=_best(result))
        return _("Proven within {gap}: {claim}", gap=at_most(gap), claim=_best(result))
    asked = gap_in_words(result.scenario.solver.gap)
    late = (
        _("The search was stopped before the proof was as tight as asked ({gap}).", gap=asked)
        if summary.get("stopped")
        else _("Time ran out before the proof was as tight as asked ({gap}).", gap=asked)
    )
    if says_nothing(gap):
        unknown = _("How far the plan is from the best possible is not known: no useful bound was found.")
        return f"{late} {unknown}"
    best = _best(result)
    told = [late, best[:1].upper() + best[1:]]
    if gap > SMALLEST_GAP:
        told.append(_("The plan is within {gap} of that.", gap=at_most(gap)))
    return " ".join(told)


def _best(result: Result) -> str:
    summary, model = result.summary, result.scenario.model
    plain = not (model.lifts_worst or model.alpha) and model.under is None and not summary["periods"]
    limits = _("with this money") if summary["budget"] is not None else _("within these limits")
    objective, bound = summary["objective"], summary["bound"]
    fair = summary.get("fairness", {})
    if fair.get("bound") is not None:
        own, most = (small_share(fair[name]) for name in ("equivalent_share", "bound"))
        return _(
            "no plan {limits} is as good as more than {most} covered in every {group}, by what was asked for; this "
            "one is as good as {own}.",
            limits=limits,
            most=most,
            group=isolated(fair["group"]),
            own=own,
        )
    if objective == "max_coverage" and plain and bound is not None:
        weighed = result.scenario.demand.priority != 1
        most, own = count(math.floor(bound * (1 + 1e-12) + 1e-6)), count(summary["need"]["covered"])
        what = _("of weighted need") if weighed else _("people who are not yet connected")
        told = {"limits": limits, "most": most, "own": own, "what": what}
        if most == own:
            return _("no plan {limits} can cover more than the {own} {what} that this one covers.", **told)
        return _("no plan {limits} can cover more than {most} {what}; this one covers {own}.", **told)
    if objective == "min_cost" and plain and bound is not None and model.travel_cost_per_km is None:
        return _("no plan that covers as much costs less than {cost}.", cost=result.in_money(bound))
    return {
        "max_coverage": _("no plan {limits} covers more, by what was asked for.", limits=limits),
        "min_cost": _("no plan that does as much costs less."),
        "p_median": _("no plan {limits} brings hubs nearer on average.", limits=limits),
        "p_center": _("no plan {limits} brings the farthest people nearer.", limits=limits),
    }[objective]


def subtitle(result: Result) -> str:
    """Return what was asked, in a line."""
    if "fairness" in result.summary:
        fair = result.summary["fairness"]
        told = {"group": isolated(fair["group"]), "alpha": written(f"{fair['alpha']:g}")}
        asked_for = _("The plan that covers most need, fairly by {group} (alpha {alpha})", **told)
        return f"{asked_for} · {isolated(result.name)}"
    asked: dict[str, Any] = {
        "max_coverage": _("The plan that covers most need"),
        "min_cost": _("The plan that costs least"),
        "p_median": _("The plan that brings hubs nearest on average"),
        "p_center": _("The plan that brings hubs nearest to those farthest away"),
    }
    return f"{asked[result.summary['objective']]} · {isolated(result.name)}"

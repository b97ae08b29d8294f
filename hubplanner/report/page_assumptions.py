"""What a plan rests on, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.report.lettering import share_in_words
from hubplanner.report.page_headline import need_in_words
from hubplanner.report.page_words import about, count
from hubplanner.report.result import isolated, on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubplanner.report.result import Result

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
    if result.summary["periods"]:
        yield "People are counted as of the last year."
        if result.scenario.model.periods.carry_over:
            yield "Money that a year leaves is there in later years."


def _travel(result: Result) -> Iterator[str]:
    travel, coverage = result.scenario.travel, result.scenario.coverage
    if travel.method == "matrix":
        yield "Ways are those of a table of distances."
    else:
        detour = f", times {travel.detour:g} for the detours of roads" if travel.detour != 1 else ""
        yield f"Ways are straight lines{detour}. Rivers and mountains do not count."
    yield _DECAY[coverage.decay]
    if coverage.backup > 1:
        yield "A place counts as covered where a second hub is in reach too."
    if result.seated:
        yield "A hub serves only as many people as it has room for."


def _money(result: Result) -> Iterator[str]:
    scenario = result.scenario
    if scenario.horizon_years:
        rate = (
            f", later years worth less by {scenario.discount_rate * 100:g} % a year" if scenario.discount_rate else ""
        )
        yield f"Costs are to build, and to run for {scenario.horizon_years} years{rate}."
    else:
        yield "Costs are to build only."


def _limits(result: Result) -> Iterator[str]:
    model = result.scenario.model
    if result.summary["budget"] is not None:
        yield f"The budget is {about(result, result.summary['budget'])}; hubs that stand already are free."
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
    if model.fairness:
        yield "The worst-covered group is lifted first, then the next."

"""The plan's figures as plain JSON, its money by year among them: recomputed, but for the solver's bound and time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from hubplanner.inputs import Inputs
from hubplanner.inputs.groups import group_floors
from hubplanner.outputs.backhaul import LINK_COLUMNS, backhaul_cost, backhaul_money
from hubplanner.outputs.frames import opening_years
from hubplanner.outputs.rounding import finite, rounded
from hubplanner.outputs.writers import write_table
from hubplanner.problem import (
    Evaluation,
    Floats,
    Ints,
    Outcomes,
    Problem,
    RemeasuredDistance,
    Solution,
    Ways,
    annuity,
    people_reached,
    relative_gap,
    ways,
)
from hubplanner.problem.catchments import Proposal
from hubplanner.problem.evaluation import measures_cost
from hubplanner.problem.futures import tail_mean
from hubplanner.scenario import Scenario, assumptions

if TYPE_CHECKING:
    from hubplanner.solver.value_of_information import ValueOfInformation

DECIMALS = 6
"""Of degrees: a tenth of a metre."""


def summarize(
    inputs: Inputs,
    solution: Solution,
    evaluation: Evaluation,
    hubs: gpd.GeoDataFrame,
    measured: RemeasuredDistance | None = None,
) -> dict[str, Any]:
    """Return what plan.json holds."""
    scenario, problem = inputs.scenario, solution.problem
    covered = evaluation.covered_share
    need = math.fsum(problem.need)
    tree: dict[str, Any] = {
        "status": str(solution.status),
        **({"stopped": True} if solution.stopped else {}),
        "objective": scenario.model.objective,
        "objective_value": solution.value,
        "bound": solution.bound,
        "gap": solution.gap,
        "seconds": solution.seconds,
        "solver": {"name": solution.solver, "version": solution.version},
        "currency": scenario.currency,
        "budget": _budget(scenario),
        "cost": cost_of(inputs, solution, evaluation),
        "need": {"total": need, "covered": evaluation.covered_need, "share": _share(evaluation.covered_need, need)},
        "people": _people(scenario, problem, evaluation),
        "distance": _distance(inputs, problem, evaluation, measured),
        "groups": {name: _group(inputs, problem, covered, name) for name in scenario.demand.groups},
        "hubs": _hubs(hubs),
        "closed": inputs.sites.frame["site_id"].iloc[evaluation.closed].tolist(),
        "floors": _floors(inputs, solution, covered),
        "goals": [{"name": goal.name, "value": goal.value, "bound": goal.bound} for goal in solution.goals],
        "ties": solution.ties,
        "periods": [_period(inputs, solution, year) for year in range(len(solution.periods))],
        "nested_value": None if math.isnan(solution.nested_value) else solution.nested_value,
        "warnings": [warning.as_dict() for warning in inputs.warnings],
        "assumptions": assumptions(scenario),
        **({} if inputs.searched is None else {"travel": inputs.searched.facts}),
        **({"measures": summarize_measures(problem, evaluation)} if problem.measures else {}),
    }
    # The gap is that of the figures as they are written.
    found: dict[str, Any] = rounded(tree)
    return found | {"gap": relative_gap(found["objective_value"], found["bound"], solution.least)}


def _people(scenario: Scenario, problem: Problem, plan: Evaluation) -> dict[str, Any]:
    """Return all people, those of the covered shares, and whom hubs reach: where seats are for some, those alone."""
    covered = math.fsum(problem.people * plan.covered_share)
    reached = {"reached": people_reached(problem, plan), "whom": scenario.seated}
    return {"total": math.fsum(problem.people), "covered": covered, **reached}


def _budget(scenario: Scenario) -> float | None:
    """Return the money there is, that of all years together in a programme; None without a limit."""
    years = [year.budget for year in scenario.model.periods.years]
    limits = [math.fsum(years)] if years else []
    limits += [] if scenario.model.budget is None else [scenario.model.budget]
    return min(limits, default=None)


def _floors(inputs: Inputs, solution: Solution, covered: Floats) -> list[dict[str, Any]]:
    """Return what each floor asks for and what is covered of it, in the last year."""
    years = max(len(solution.periods) - 1, 0)
    found = []
    for floor in group_floors(inputs):
        weight = floor.in_year(inputs, years)
        need = math.fsum(weight)
        reached = _share(math.fsum(weight * covered), need)
        asked = {"group": floor.group, "value": floor.value, "people": floor.people, "share": floor.share}
        found.append({"name": floor.name, **asked, "covered": reached, "need": need})
    return found


def _period(inputs: Inputs, solution: Solution, number: int) -> dict[str, Any]:
    """Return a year's budget, spending, cover and the sites where hubs open or are open."""
    period, before = solution.periods[number], solution.periods[number - 1] if number else None
    plan, problem = period.evaluation, period.problem
    need = math.fsum(problem.need)
    ids = inputs.sites.frame["site_id"].to_numpy(dtype=object)
    new = plan.options[problem.new[plan.options]]
    fresh = np.setdiff1d(new, before.evaluation.options) if before else new
    opened = ids[problem.option_site[fresh]]
    return {
        "name": period.name,
        "budget": inputs.scenario.model.periods.years[number].budget,
        "cost": plan.cost - (before.evaluation.cost if before else 0.0),
        "need": {"total": need, "covered": plan.covered_need, "share": _share(plan.covered_need, need)},
        "people": _people(inputs.scenario, problem, plan),
        "hubs": int(plan.counts.sum()),
        "opened": opened.tolist(),
        "open": ids[problem.option_site[plan.options]].tolist(),
    }


def _distance(
    inputs: Inputs, problem: Problem, evaluation: Evaluation, measured: RemeasuredDistance | None
) -> dict[str, float | None]:
    """Return mean and largest distance to the hub that serves, beside those left out of it with their need and people.

    For merged demand distances are from every point, and in a straight line there is always a way to a hub; who is
    served where hubs have seats is known by row alone.
    """
    found = ways(problem, evaluation)
    if measured is not None:
        there = math.isfinite(measured.mean_distance)
        need, people = (math.fsum(part[problem.need > 0]) for part in (problem.need, problem.people))
        lost, lost_people = (0.0, 0.0) if there else (need, math.fsum(problem.people))
        served = np.where(problem.need > 0, np.asarray(evaluation.assigned.sum(axis=1)).ravel(), 0.0)
        found = Ways(
            mean=found.mean if evaluation.is_assigned else measured.mean_distance,
            most=found.most if evaluation.is_assigned else measured.max_distance,
            nearest=measured.mean_distance,
            unreachable_need=lost,
            unreachable_people=lost_people,
            unserved_need=need - lost - math.fsum(problem.need * served) if evaluation.is_assigned else 0.0,
            unserved_people=(people if there else 0.0) - math.fsum(problem.people * served)
            if evaluation.is_assigned
            else 0.0,
        )
    kilometres: dict[str, float | None] = {"mean_km": None, "max_km": None, "nearest_km": None}
    own = {f"mean_{inputs.unit}": found.mean, f"max_{inputs.unit}": found.most, f"nearest_{inputs.unit}": found.nearest}
    figures = {name: finite(value) for name, value in own.items()}
    left_out = {
        name: getattr(found, name)
        for name in ("unreachable_need", "unreachable_people", "unserved_need", "unserved_people")
    }
    return kilometres | figures | left_out


def _group(inputs: Inputs, problem: Problem, covered: Floats, name: str) -> dict[str, dict[str, float]]:
    values = inputs.demand.frame[name].to_numpy(dtype=object)[inputs.demand.row]
    return {str(value): _part(problem, covered, np.asarray(values == value)) for value in sorted(set(values))}


def _part(problem: Problem, covered: Floats, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> dict[str, float]:
    need, reached = math.fsum(problem.need[mask]), math.fsum((problem.need * covered)[mask])
    people = {"people": math.fsum(problem.people[mask]), "covered_people": math.fsum((problem.people * covered)[mask])}
    return {"need": need, "covered": reached, "share": _share(reached, need), **people}


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _hubs(hubs: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    own = ("site_id", "tier", "status", "hubs", "cost", "covered_need", "covered_people", "load")
    extra = ("capacity", "utilisation", *LINK_COLUMNS, "period", "catchment", "size_rank", "of_sites", "larger_free")
    known = [*own, *(name for name in extra if name in hubs.columns)]
    plain = hubs[known].astype(object).where(hubs[known].notna(), None).to_dict("records")
    places = zip(hubs.geometry.x.round(DECIMALS), hubs.geometry.y.round(DECIMALS), strict=True)
    return [hub | {"lon": lon, "lat": lat} for hub, (lon, lat) in zip(plain, places, strict=True)]


def add_alternatives(hubs: list[dict[str, Any]], inputs: Inputs, proposed: Proposal) -> None:
    """Add to each hub of plan.json the ids of the sites that would do nearly as well, the largest first."""
    ids = inputs.sites.frame["site_id"].to_numpy(dtype=object)
    for hub, sites in zip(hubs, proposed.alternatives, strict=True):
        hub["alternatives"] = ids[list(sites)].tolist()


def summarize_fairness(terms: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return what plan.json says of fairness by alpha, by its terms and the plan's other figures.

    ``equivalent_share`` is the share that would be as good in every group, ``bound`` what no plan's is above;
    ``served`` counts the groups of which something is covered, ``unserved`` names the others, and the shares are those
    of groups with need.
    """
    named = figures["groups"][terms["group"]]
    groups = named.values()
    shares = np.array([group["share"] for group in groups if group["need"] > 0])
    some = {} if not len(shares) else {"smallest": shares.min(), "median": np.median(shares), "largest": shares.max()}
    found: dict[str, Any] = rounded(
        {
            **terms,
            "equivalent_share": figures["objective_value"],
            "bound": figures["bound"],
            "served": int((shares > 0).sum()),
            "unserved": sorted(name for name, group in named.items() if group["need"] > 0 and not group["share"] > 0),
            "shares": {name: float(share) for name, share in some.items()},
        }
    )
    return found


MORE_IS_BETTER = "max_coverage"


def summarize_futures(scenario: Scenario, solution: Solution, worth: ValueOfInformation | None) -> dict[str, Any]:
    """Return what plan.json says of futures; raise where the solution knows of none."""
    known = solution.futures
    if known is None:
        raise AssertionError
    alone = (worth.alone if worth is not None else ()) or solution.alone
    rows = rows_of(scenario, known)
    for row, best in zip(rows, alone, strict=False):
        row |= {"best": best.value, "best_bound": best.bound}
    spec = scenario.futures
    return {
        **criteria(scenario, known),
        "limits": "on average" if spec is not None and spec.limits_on_average else "in every future",
        "vss": None if worth is None else _range(worth.planning) | _ends(worth),
        "evpi": None if worth is None or worth.knowing is None else _range(worth.knowing),
        "each": rows,
    }


def criteria(scenario: Scenario, known: Outcomes) -> dict[str, Any]:
    """Return the criterion that is asked for, and a plan's figures by those that need no other plan."""
    values, more = values_of(scenario, known), scenario.model.objective == MORE_IS_BETTER
    level = 0.9 if scenario.model.cvar_level is None else scenario.model.cvar_level
    worst = int(np.argmin(values if more else -values))
    tail = tail_mean(values if more else -values, known.futures.probability, level)
    return {
        "under": scenario.model.under or "expected",
        "cvar_level": level,
        "expected": known.mean(values),
        "worst": {"name": known.futures.names[worst], "value": float(values[worst])},
        "cvar": tail if more else -tail,
        "expected_cost": known.mean(known.cost),
        "highest_cost": float(known.cost.max()),
    }


def values_of(scenario: Scenario, known: Outcomes) -> Floats:
    """Return the objective's figure (s,) in each future."""
    return {"max_coverage": known.covered, "min_cost": known.cost}.get(scenario.model.objective, known.distance)


def rows_of(scenario: Scenario, known: Outcomes) -> list[dict[str, Any]]:
    """Return one row a future: its probability, need, what is covered of it, and what hubs cost."""
    values = values_of(scenario, known)
    columns = (known.futures.probability, values, known.need, known.covered, known.cost)
    rows = []
    for name, probability, value, need, covered, cost in zip(
        known.futures.names, *(column.tolist() for column in columns), strict=True
    ):
        share = covered / need if need > 0 else 0.0
        row = {
            "name": name,
            "probability": probability,
            "value": value,
            "need": need,
            "covered": covered,
            "share": share,
        }
        rows.append(row | {"cost": cost})
    return rows


def _range(ends: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("value", "at_least", "at_most"), ends, strict=True))


def _ends(worth: ValueOfInformation) -> dict[str, float]:
    return {"expected_best": worth.recourse.value, "expected_bound": worth.recourse.bound, "mean_plan": worth.mean_plan}


def write_futures(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the table of futures as Excel reads it."""
    write_table(pd.DataFrame(rows), path)


def cost_of(inputs: Inputs, solution: Solution, plan: Evaluation) -> dict[str, Any]:
    r"""Return a plan's money twice: in today's money by kind, and as it is paid, year by year.

    A hub that opens in year $y$ is paid $C$ to build in that year and $c$ to run in each of the $H$ years after it.
    Today that is worth $C + c \sum_{t=1}^{H} (1 + r)^{-t}$, which is what a budget limits; paid is $C + H c$.

    Returns
    -------
    dict
        ``total`` in today's money, of which ``capex``, ``opex_present_value`` and ``backhaul``, less ``saved`` by
        closing hubs; ``measures``, where there are any. ``paid``: ``total``; ``by_year``, where ``year`` 0 is that of
        building (in a programme, its first year; what closing frees counts there); ``per_user_year``, what is paid for
        hubs for each person with a seat in one that is new or upgraded, and year of running: None where hubs have no
        seats, none is taken, or no year counts.
    """
    problem, scenario = solution.problem, inputs.scenario
    bought = ~problem.existing[plan.options]
    options, counts = plan.options[bought], plan.counts[bought]
    where = problem.option_site[options], problem.option_tier[options]
    capex, opex = inputs.sites.capex[where] * counts, inputs.sites.opex_present_value[where] * counts
    backhaul, saved = backhaul_cost(inputs, problem, plan), math.fsum(problem.savings[plan.closed])
    worth = annuity(scenario.discount_rate, scenario.horizon_years)
    running = opex / worth if worth else np.zeros(len(opex))
    names = [period.name for period in solution.periods]
    opened = [names.index(name) for name in opening_years(solution, plan)] if names else [0] * len(plan.options)
    opens = np.array(opened, dtype=np.intp)
    links = backhaul_money(inputs, solution, plan, opens, worth)
    years = _by_year(
        np.concatenate([capex, links.once]),
        np.concatenate([running, links.yearly]),
        np.concatenate([opens[bought], links.year]),
        scenario.horizon_years,
    )
    years[0] -= saved
    users = math.fsum(plan.load[bought]) * scenario.horizon_years if scenario.has_capacity else 0.0
    for_hubs, beside = math.fsum(years), dict[str, float]()
    if problem.measures:
        beside["measures"] = math.fsum(measures_cost(problem, plan.reached))
        for measure, share in zip(problem.measures, plan.reached, strict=True):
            spec, people = scenario.beside[measure.name], math.fsum(measure.offline * share)
            years[0] += spec.cost * people
            years[1 : scenario.horizon_years + 1] += spec.cost_per_year * people
    paid = math.fsum(years)
    return {
        "total": plan.cost,
        "capex": math.fsum(capex),
        "opex_present_value": math.fsum(opex),
        "backhaul": backhaul,
        "saved": saved,
        **beside,
        "paid": {
            "total": paid,
            "by_year": [{"year": year, "paid": amount} for year, amount in enumerate(years.tolist())],
            "per_user_year": for_hubs / users if users > 0 else None,
        },
    }


def _by_year(capex: Floats, running: Floats, opened: Ints, horizon: int) -> Floats:
    """Return the money of each year, from the first to the last in which a hub runs.

    >>> _by_year(np.array([10.0, 20.0]), np.array([1.0, 2.0]), np.array([0, 1]), 2).tolist()
    [10.0, 21.0, 3.0, 2.0]
    """
    years = np.zeros(int(opened.max(initial=0)) + horizon + 1)
    np.add.at(years, opened, capex)
    for year in range(1, horizon + 1):
        np.add.at(years, opened + year, running)
    return years


def summarize_measures(problem: Problem, plan: Evaluation) -> dict[str, dict[str, Any]]:
    """Return what plan.json says of each measure, by its name.

    ``people`` whom it reaches, of ``may_reach``; ``users`` of hubs that they count for; ``cost``, money for them;
    ``covered``, need; ``cost_per_person`` and ``benefit`` as they were counted.
    """
    found = {}
    for measure, share in zip(problem.measures, plan.reached, strict=True):
        people = math.fsum(measure.offline * share)
        found[measure.name] = {
            "people": people,
            "may_reach": math.fsum(measure.offline * measure.most),
            "users": measure.benefit * people,
            "cost": measure.cost * people,
            "covered": measure.benefit * math.fsum(problem.need * share),
            "cost_per_person": measure.cost,
            "benefit": measure.benefit,
        }
    return found

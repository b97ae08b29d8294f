"""The plan's figures as plain JSON: recomputed, but for the solver's bound and time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import geopandas as gpd

    from hubplanner.inputs import Inputs
    from hubplanner.problem import Evaluation, Floats, Problem, Solution

DECIMALS = 6
"""Of degrees: a tenth of a metre."""


def summarize(inputs: Inputs, solution: Solution, evaluation: Evaluation, hubs: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return what plan.json holds."""
    scenario, problem = inputs.scenario, solution.problem
    covered = evaluation.covered_share
    need, people = math.fsum(problem.need), math.fsum(problem.people)
    return {
        "status": str(solution.status),
        "objective": scenario.model.objective,
        "objective_value": solution.value,
        "bound": solution.bound,
        "gap": solution.gap,
        "seconds": solution.seconds,
        "solver": {"name": solution.solver, "version": solution.version},
        "currency": scenario.currency,
        "budget": scenario.model.budget,
        "cost": _cost(inputs, problem, evaluation),
        "need": {"total": need, "covered": evaluation.covered_need, "share": _share(evaluation.covered_need, need)},
        "people": {"total": people, "covered": math.fsum(problem.people * covered)},
        "distance": _distance(inputs.unit, problem.need, evaluation.nearest_distance),
        "groups": {name: _group(inputs, problem, covered, name) for name in scenario.demand.groups},
        "hubs": _hubs(hubs),
    }


def _cost(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> dict[str, float]:
    """Return the money for new hubs by kind; backhaul is not modelled and costs nothing."""
    new = evaluation.options[~problem.existing[evaluation.options]]
    where = problem.option_site[new], problem.option_tier[new]
    capex, opex = math.fsum(inputs.sites.capex[where]), math.fsum(inputs.sites.opex_present_value[where])
    return {"total": evaluation.cost, "capex": capex, "opex_present_value": opex, "backhaul": 0.0}


def _distance(unit: str, need: Floats, nearest: Floats) -> dict[str, float | None]:
    """Return need-weighted mean and largest distance to the nearest open hub, and the need that has no way to any."""
    counted = (need > 0) & np.isfinite(nearest)
    mean = math.fsum(need[counted] * nearest[counted]) / math.fsum(need[counted]) if counted.any() else None
    most = float(nearest[counted].max()) if counted.any() else None
    kilometres: dict[str, float | None] = {"mean_km": None, "max_km": None}
    measured = {f"mean_{unit}": mean, f"max_{unit}": most}
    return kilometres | measured | {"unreachable_need": math.fsum(need[~np.isfinite(nearest)])}


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
    plain = hubs[["site_id", "tier", "status", "cost", "covered_need", "covered_people"]].to_dict("records")
    places = zip(hubs.geometry.x.round(DECIMALS), hubs.geometry.y.round(DECIMALS), strict=True)
    return [hub | {"lon": lon, "lat": lat} for hub, (lon, lat) in zip(plain, places, strict=True)]

"""A scenario's model section as an objective with its constraints, for the data that was read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from hubplanner.inputs import Inputs, build_problem
from hubplanner.inputs.futures import futures_of
from hubplanner.inputs.groups import GroupFloor, fair_groups, group_floors
from hubplanner.inputs.inputs import sites_with_need
from hubplanner.model import (
    AlphaFair,
    AtMostOne,
    Capacity,
    Constraint,
    Fairness,
    Floor,
    HubsPerSite,
    MaxCoverage,
    MaxHubs,
    MaxMin,
    MinCost,
    MinHubs,
    MinSeparation,
    Objective,
    OnlyWith,
    PCenter,
    Periods,
    PMedian,
    Question,
    TakeUp,
    Uncertainty,
)
from hubplanner.model.constraints.robust import LEVEL
from hubplanner.problem import Evaluation, Ints
from hubplanner.problem.catchments import Proposal, proposal
from hubplanner.scenario.model_spec import HubLimitSpec, ModelSpec
from hubplanner.solver.mip.bounds.upper_bound import covered_alone
from hubplanner.translation import N_

_OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "max_coverage": MaxCoverage,
    "min_cost": MinCost,
    "p_median": PMedian,
    "p_center": PCenter,
}


def objective_of(inputs: Inputs) -> Objective:
    """Return the scenario's objective with all its constraints, for its data."""
    model = inputs.scenario.model
    own: dict[str, Any] = {}
    if model.objective == "min_cost":
        own = {"target_share": model.target_share, "travel_cost": model.travel_cost_per_km or 0.0}
    limits = tuple(_constraints(inputs))
    return _OBJECTIVES[model.objective](
        **own, budget=model.budget, max_hubs=model.max_hubs, constraints=limits, fairness=_fairness(inputs, limits)
    )


def _constraints(inputs: Inputs) -> Iterator[Constraint]:
    """Yield a constraint for each limit that the scenario sets."""
    scenario, model = inputs.scenario, inputs.scenario.model
    if model.max_per_site > 1:
        yield HubsPerSite(count=model.max_per_site, mixed=model.mixed_tiers)
    if any(tier.capacity is not None for tier in scenario.hubs):
        rooms = inputs.sites.capacity.T
        people = tuple(
            tuple(room.tolist()) if isinstance(tier.capacity, str) else float(room[0])
            for tier, room in zip(scenario.hubs, rooms, strict=True)
        )
        yield Capacity(people=people, single=model.assignment == "single")
    if (come := scenario.demand.take_up) is not None:
        yield TakeUp(share=come.share, e_fold=math.inf if come.e_fold_km is None else come.e_fold_km)
    if model.min_hubs is not None:
        yield MinHubs(count=model.min_hubs)
    if model.min_separation_km is not None:
        yield MinSeparation(distance=model.min_separation_km)
    for limit in model.hub_limits:
        yield from hub_limits(inputs, limit)
    for floor in group_floors(inputs):
        yield Floor(weight=floor.weight, share=floor.share, name=floor.name, group=_kind(floor))
    yield from _site_sets(inputs, model)
    if model.periods.years:
        yield _periods(inputs)
    if scenario.futures is not None:
        yield Uncertainty(
            futures=futures_of(inputs),
            criterion=model.under or "expected",
            level=LEVEL if model.cvar_level is None else model.cvar_level,
            on_average=scenario.futures.limits_on_average,
        )


def _kind(floor: GroupFloor) -> str:
    """Return what a floor is one of several of: the group, and which of its people count."""
    return "" if floor.group is None else floor.group + ("" if floor.people is None else f", {floor.people}")


def hub_limits(inputs: Inputs, limit: HubLimitSpec) -> Iterator[MaxHubs | MinHubs]:
    """Yield the constraints of one of the scenario's limits by group of sites."""
    group = limit.group if limit.value is None else ""
    words = inputs.sites.frame[limit.group].to_numpy(dtype=object)
    values = set(words) if limit.value is None else {limit.value}
    if limit.where_needed:
        needed = sites_with_need(inputs)
        for value in sorted(values & set(words[needed])):
            sites = tuple(np.flatnonzero(needed & (words == value)).tolist())
            yield MinHubs(count=limit.min or 0, sites=sites, name=f"{limit.group} {value}", group=group)
        limit = limit.model_copy(update={"min": None})
    for value in sorted(values):
        sites, name = tuple(np.flatnonzero(words == value).tolist()), f"{limit.group} {value}"
        if limit.max is not None:
            yield MaxHubs(count=limit.max, sites=sites, name=name, group=group)
        if limit.min is not None:
            yield MinHubs(count=limit.min, sites=sites, name=name, group=group)


def _site_sets(inputs: Inputs, model: ModelSpec) -> Iterator[Constraint]:
    number = {site: at for at, site in enumerate(inputs.sites.frame["site_id"])}
    for sites in model.at_most_one:
        yield AtMostOne(sites=tuple(number[site] for site in sites))
    for pair in model.only_with:
        yield OnlyWith(site=number[pair.site], needs=number[pair.needs])


def _periods(inputs: Inputs) -> Periods:
    spec = inputs.scenario.model.periods
    growth = inputs.demand.point_growth
    return Periods(
        budgets=tuple(year.budget for year in spec.years),
        carry_over=spec.carry_over,
        discount_rate=spec.discount_rate,
        growth=growth if growth.any() else None,
        nested=spec.nested,
        names=tuple(year.name for year in spec.years),
    )


def _fairness(inputs: Inputs, limits: tuple[Constraint, ...]) -> Fairness | None:
    model = inputs.scenario.model
    if not (model.lifts_worst or model.alpha):
        return None
    groups = fair_groups(inputs)
    weights = [inputs.demand.group_need(group=groups.column, value=value) for value in groups.values]
    among: dict[str, Any] = {"weights": np.array(weights), "names": groups.values}
    if model.lifts_worst:
        return MaxMin(**among, first=model.fairness_goal == "main")
    given = None if model.fairness is None else model.fairness.linear_below_share
    below = _tenth_of_affordable(inputs, limits) if given is None else given
    return AlphaFair(**among, alpha=model.alpha, linear_below=below, prefer_largest_of=_preferred(inputs))


def _preferred(inputs: Inputs) -> Ints | None:
    """Return the number of each site's value of the group of which the largest catchments are preferred."""
    spec = inputs.scenario.model.fairness
    if spec is None or spec.prefer_largest_of is None:
        return None
    words = inputs.sites.frame[spec.prefer_largest_of].to_numpy(dtype=str)
    return np.unique(words, return_inverse=True)[1].astype(np.intp)


def proposal_of(inputs: Inputs, objective: Objective, plan: Evaluation) -> Proposal | None:
    """Return how large the places of a plan's hubs are and which others would do; None where no group is preferred."""
    fairness, take_up = objective.alpha_fairness, objective.constraint(TakeUp)
    if fairness is None or fairness.prefer_largest_of is None:
        return None
    coming = None if take_up is None else take_up.coming
    return proposal(build_problem(inputs), plan, fairness.prefer_largest_of, coming)


LEAST_BELOW = 1e-6
"""Share below which a utility is no steeper, whatever the money."""


def _tenth_of_affordable(inputs: Inputs, limits: tuple[Constraint, ...]) -> float:
    """Return a tenth of the share of all need that hubs could cover for the money, if each covered all it can."""
    model = inputs.scenario.model
    most = MaxCoverage(budget=model.budget, max_hubs=model.max_hubs, constraints=limits)
    problem = build_problem(inputs)
    need = math.fsum(problem.need)
    share = min(covered_alone(Question.of(problem, most)) / need, 1.0) if need > 0 else 1.0
    return max(float(f"{share / 10:.3g}"), LEAST_BELOW)


def fair_terms(inputs: Inputs, objective: Objective) -> dict[str, Any] | None:
    """Return how fairness by alpha is asked for, resolved, and why so; None where it is not.

    Returns
    -------
    dict
        ``alpha``; ``group`` and ``groups``, the column and how many of its values have need, ``group_because``;
        ``linear_below_share`` and ``linear_below_because``; ``prefer_largest_of`` where it is asked for.
    """
    fairness = objective.alpha_fairness
    if fairness is None:
        return None
    groups, spec = fair_groups(inputs), inputs.scenario.model.fairness
    tenth = N_("a tenth of the share of need that hubs could cover for the money, if each covered all it can")
    return {
        "alpha": fairness.alpha,
        "group": groups.column,
        "groups": groups.with_need,
        "group_because": groups.because,
        "linear_below_share": fairness.linear_below,
        "linear_below_because": tenth if spec is None or spec.linear_below_share is None else N_("as asked"),
        **({} if spec is None or spec.prefer_largest_of is None else {"prefer_largest_of": spec.prefer_largest_of}),
    }

"""What a planner may change about a scenario, and what its data hold, in one mapping."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from hubplanner.compatibility import Feature, broken
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import MAX_MIN
from hubplanner.scenario.validation.features import features
from hubplanner.translation import translated

if TYPE_CHECKING:
    from hubplanner.inputs import Inputs
    from hubplanner.scenario import Scenario
    from hubplanner.scenario.scenario import TierSpec


STOPS = (0.5, 1.0, 2.0)
"""Aversions to unequal shares between none and the worst-covered group first."""
Alpha = float | str
QUESTIONS = {
    "explain": Feature.EXPLANATIONS,
    "alternatives": Feature.ALTERNATIVES,
    "stability": Feature.STABILITY,
}
"""What may be asked of a plan that was made."""


def why_not(scenario: Scenario, feature: Feature, instead_of: Collection[Feature] = ()) -> str | None:
    """Return why a feature does not go with a scenario, in place of others of its own; None where it does."""
    asked = (set(features(scenario)) - set(instead_of)) | {feature}
    reasons = [rule.reason for rule in broken(asked) if feature in rule.features]
    return "; ".join(dict.fromkeys(reasons)) or None


def unasked(scenario: Scenario) -> dict[str, str | None]:
    """Return for each question to a plan why it cannot be asked; None where it can."""
    return {name: why_not(scenario, feature) for name, feature in QUESTIONS.items()}


def fair_stops(scenario: Scenario) -> list[Alpha]:
    """Return how much it may count that groups are covered alike, from the sum alone to the worst first.

    There is nothing to choose without groups, or where the objective is no number of people.
    """
    model, own = scenario.model, scenario.model.fairness
    if not scenario.demand.groups or model.objective != "max_coverage":
        return []
    fair = (Feature.ALPHA, Feature.FAIRNESS)
    own_stop = (model.alpha,) if model.alpha else ()
    stops = {*STOPS, *own_stop} if why_not(scenario, Feature.ALPHA, fair) is None else set()
    lifted = why_not(scenario, Feature.FAIRNESS, fair) is None
    found: list[Alpha] = [0.0, *sorted(stops), *([MAX_MIN] if lifted else [])]
    return found if len(found) > 1 or own is not None else []


UP_TO = 2.0
"""Times the scenario's budget up to which another one is offered."""
STEPS = 100
"""Steps a range of budgets has, about."""


def describe_scenario(inputs: Inputs) -> dict[str, Any]:
    """Return a scenario's money, tiers, limits and totals, as a page of settings shows them."""
    scenario, model = inputs.scenario, inputs.scenario.model
    frame = inputs.demand.frame
    return {
        "name": scenario.name,
        "title": scenario.description or scenario.name,
        "currency": scenario.currency,
        "years": scenario.horizon_years,
        "discount_rate": scenario.discount_rate,
        "objective": model.objective,
        "budget": None if model.budget is None else budget_range(model.budget),
        "cheapest_hub": _cheapest(inputs),
        "max_hubs": model.max_hubs,
        "hubs": [_tier(tier) for tier in scenario.hubs],
        "fairness": _fairness(scenario),
        "measures": {name: measure.model_dump(exclude_none=True) for name, measure in scenario.beside.items()},
        "no_measures": why_not(scenario, Feature.MEASURES),
        "floors": [floor.model_dump(exclude_none=True) for floor in model.floors],
        "required": list(model.require),
        "excluded": list(model.exclude),
        "detour": scenario.travel.detour,
        "travel": scenario.travel.method,
        "gap": scenario.solver.gap,
        "time_limit_s": scenario.solver.time_limit_s,
        "totals": {
            "people": math.fsum(frame["people"]),
            "need": math.fsum(frame["need"]),
            "sites": len(inputs.sites.frame),
            "demand": len(frame),
        },
        "groups": {group: inputs.demand.values(group) for group in scenario.demand.groups},
        "site_groups": list(scenario.sites.groups),
        "warnings": [warning.as_dict() | {"text": translated(str(warning))} for warning in inputs.warnings],
    }


def _cheapest(inputs: Inputs) -> float | None:
    """Return what the cheapest new hub costs; None where none may be built."""
    from hubplanner.problem import SiteStatus  # noqa: PLC0415 - heavy

    sites = inputs.sites
    usable = sites.allowed & (sites.status != SiteStatus.EXISTING)[:, None]
    return float((sites.capex + sites.opex_present_value)[usable].min()) if usable.any() else None


def _fairness(scenario: Scenario) -> dict[str, Any]:
    """Return how fair a plan is to be, between whom, and what may be chosen in place of it."""
    model = scenario.model
    own = model.fairness
    return {
        "alpha": 0.0 if own is None else own.alpha,
        "group": None if own is None else scenario.fairness_group,
        "linear_below_share": None if own is None else own.linear_below_share,
        "prefer_largest_of": None if own is None else own.prefer_largest_of,
        "old_keys": [key for key in ("fairness_group", "fairness_goal") if getattr(model, key) not in {None, "main"}],
        "stops": fair_stops(scenario),
    }


def _tier(tier: TierSpec) -> dict[str, Any]:
    """Return a tier; money that is a column of the site file has no number of its own."""
    money = {name: getattr(tier, key) for name, key in (("capex", "capex"), ("opex", "opex_per_year"))}
    return {
        "id": tier.name,
        "label": tier.name,
        **{name: None if isinstance(value, str) else value for name, value in money.items()},
        "reach_km": tier.reach_km,
        "reach_minutes": tier.reach_minutes,
        "seats": tier.capacity,
    }


def budget_range(budget: float) -> dict[str, float]:
    """Return a budget with the range and the step of those that may take its place.

    >>> budget_range(4e9)
    {'value': 4000000000.0, 'min': 0.0, 'max': 8000000000.0, 'step': 50000000.0}
    """
    most = UP_TO * budget if budget > 0 else 1.0
    size = 10.0 ** math.floor(math.log10(most / STEPS))
    step = max(size * part for part in (1, 2, 5) if size * part <= most / STEPS)
    return {"value": budget, "min": 0.0, "max": math.ceil(most / step) * step, "step": step}


def reaches(scenario: Scenario) -> dict[str, float | None]:
    """Return the straight distance in km up to which each tier covers; None where that is not a circle."""
    travel = scenario.travel
    return {
        tier.name: round(travel.circle(tier.reach(travel.speed_kmh)), 3)
        if travel.is_geometric and (tier.reach_km is not None or travel.speed_kmh is not None)
        else None
        for tier in scenario.hubs
    }

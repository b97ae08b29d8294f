"""What the app can offer beside what a scenario asks already, and in words why it cannot."""

from __future__ import annotations

from collections.abc import Collection

from hubplanner.compatibility import Feature, broken
from hubplanner.scenario import Scenario
from hubplanner.scenario.model_spec import MAX_MIN
from hubplanner.scenario.validation import features

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

"""What of demand is covered, whichever way hubs serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.models.capacity import served
from hubplanner.models.cover import covered

if TYPE_CHECKING:
    from hubplanner.models.model import LinearExpression, Model
    from hubplanner.problem import Floats


def covered_measure(model: Model, weight: Floats) -> LinearExpression:
    """Return how much is covered of a weight (n,) of the demand points: by assignment where people are assigned."""
    measure = model.whole.measure(weight)
    return served(model, measure) if model.parts.get("assigns") else covered(model, measure)

"""What measures beside hubs come to: people by demand row, money and cover."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hubplanner.inputs import Inputs
from hubplanner.problem import Evaluation, Floats, Problem


def people_by_measure(inputs: Inputs, problem: Problem, plan: Evaluation) -> dict[str, Floats]:
    """Return the people (n,) of each demand row whom each measure reaches, by its name."""
    row, size = inputs.demand.row, len(inputs.demand.frame)
    return {
        measure.name: np.bincount(row, weights=measure.offline * share, minlength=size).astype(np.float64)
        for measure, share in zip(problem.measures, plan.reached, strict=True)
    }


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

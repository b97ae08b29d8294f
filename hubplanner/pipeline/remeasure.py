"""A plan for merged demand compared with every point: what no row can tell, and whether the rows told the truth."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.inputs import Inputs
from hubplanner.inputs.demand.aggregation import Remeasurement, measure
from hubplanner.problem import CoverageRule, Evaluation, Problem, evaluate
from hubplanner.tolerances import AGREEMENT

log = logging.getLogger(__name__)


def remeasure(inputs: Inputs, problem: Problem, evaluation: Evaluation) -> Remeasurement | None:
    """Return what the open hubs achieve for each point that was read; None where no points were merged.

    Raises
    ------
    DataError
        When a file is no longer what the plan was made from.
    SolverError
        When need or people within reach of a hub differ from those of the merged rows by more than 1e-6.
    """
    merged = inputs.merged
    if merged is None:
        return None
    log.info("measure from every point")
    options = evaluation.options
    again = measure(inputs.scenario, merged, problem.option_site[options], problem.option_reach[options])
    inputs.sources.check()
    near = evaluate(replace(problem, rule=CoverageRule()), options).covered_share
    rows, need_of = inputs.demand.frame, inputs.demand.need_of
    weights = {"need": rows["need"], "people": rows["people"], "people offline": inputs.demand.offline}
    weights |= {f"need of {name}": need_of[name] for name in need_of}
    for (name, weight), found in zip(weights.items(), again.measured.covered, strict=True):
        told = math.fsum(np.asarray(weight) * near)
        if not abs(told - found) <= AGREEMENT * max(1.0, abs(told)):
            message = f"{name} within reach is {told:,.6f} by merged rows, {found:,.6f} by the points themselves"
            raise SolverError(message)
    return again

"""Who is served by whom where people are assigned to hubs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from pulp import LpConstraintLE, LpVariable

from hubplanner.model.lp import LinearExpression, Model, once_for_each_model
from hubplanner.problem import Floats
from hubplanner.problem.model_instance import AssignRows


@once_for_each_model
def assigned(model: Model) -> list[LpVariable]:
    r"""Return $x_{ro} \in [0, 1]$, the share of row r that option o serves, with $\sum_o x_{ro} \le 1 \;\forall r$."""
    rows = live_rows(model)
    made = [
        model.variable(f"assign_{row}_{option}", 0, 1, whole=model.single)
        for row, option in zip(rows.row.tolist(), rows.option.tolist(), strict=True)
    ]
    if model.single:
        model.decisions.extend(made)
    bounds = np.searchsorted(rows.row, np.arange(len(rows.totals) + 1)).tolist()
    for row, (start, stop) in enumerate(pairwise(bounds)):
        if stop > start:
            model.add(f"assign_{row}", [(variable, 1.0) for variable in made[start:stop]], LpConstraintLE, 1)
    return made


@once_for_each_model
def live_rows(model: Model) -> AssignRows:
    """Return rows with the pairs of options that may have a hub: those left out by their range serve no one."""
    rows = model.whole.assign_rows
    may = np.array([variable.upBound > 0 for variable in model.open_], dtype=bool)[rows.option]
    kept = {name: getattr(rows, name)[may] for name in ("row", "option", "share", "distance", "coming")}
    return replace(rows, **kept)


def served(model: Model, measure: int) -> LinearExpression:
    r"""Return how much of a measure is covered by assignment: $\sum_{ro} w_r a_{ro} x_{ro}$."""
    rows = live_rows(model)
    return _weighed(model, rows.totals[:, measure][rows.row] * rows.share)


def distance_served(model: Model, measure: int) -> LinearExpression:
    r"""Return the distance to assigned hubs, times a measure: $\sum_{ro} w_r d_{ro} x_{ro}$."""
    rows = live_rows(model)
    return _weighed(model, rows.totals[:, measure][rows.row] * rows.distance)


def _weighed(model: Model, worth: Floats) -> LinearExpression:
    """Return the assignments times what each is worth, those that are worth nothing left out."""
    assign, some = assigned(model), np.flatnonzero(worth)
    terms = [(assign[pair], weight) for pair, weight in zip(some.tolist(), worth[some].tolist(), strict=True)]
    return LinearExpression(terms=terms)

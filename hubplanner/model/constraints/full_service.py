"""A hub for everyone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintEQ, LpConstraintGE
from scipy.sparse import csr_array

from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.problem.model_instance import NO_ROW
from hubplanner.problem.travel.base import within
from hubplanner.tolerances import AGREEMENT, REACH_TOLERANCE

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem
    from hubplanner.problem.model_instance import ModelInstance


@dataclass(frozen=True, kw_only=True)
class FullService:
    """Every point with need has an open hub within ``distance``, and is served whole where hubs have a capacity.

    Points without a way to any usable site are left aside, but where all are, no plan is one.
    """

    distance: float = math.inf


def add_serve_all(model: Model, block: FullService) -> None:
    r"""Give all a hub within r: $\sum_{o : d_{io} \le r} y_o \ge 1$, or $\sum_o x_{io} = 1$ over those."""
    instance = model.whole
    if _is_hopeless(instance.problem):
        model.add_never("serve_all")
        return
    if model.parts.get("assigns"):
        _serve_assigned(model, instance, block)
        return
    points = np.flatnonzero(instance.problem.needing)
    near = within(instance.distances[points][:, instance.site], block.distance)
    first, _ = group_rows(csr_array(near.astype(np.int8)))
    for row in first.tolist():
        model.add("serve_all", model.opened(near[row]), LpConstraintGE, 1)


def _serve_assigned(model: Model, instance: ModelInstance, block: FullService) -> None:
    rows, assign = live_rows(model), assigned(model)
    need = rows.totals[:, instance.measure(model.need)]
    far = rows.distance > block.distance * (1 + REACH_TOLERANCE)
    for pair in np.flatnonzero(far).tolist():
        assign[pair].upBound = 0
    bounds = np.searchsorted(rows.row, np.arange(len(need) + 1)).tolist()
    for row in np.flatnonzero(need > 0).tolist():
        terms = [(variable, 1.0) for variable in assign[bounds[row] : bounds[row + 1]]]
        if terms:
            model.add("serve_all", terms, LpConstraintEQ, 1)
    served = np.bincount(rows.row, minlength=len(need)) > 0
    if (instance.problem.needing & (rows.row_of == NO_ROW)).any() or (~served & (need > 0)).any():
        # No hub could serve that point: nothing can make up for it.
        model.add_never("serve_all")


def _is_hopeless(problem: Problem) -> bool:
    """Tell whether there is need, but no way from any of it to a usable site."""
    return bool((problem.need > 0).any() and not problem.needing.any())


def broken_serve_all(problem: Problem, plan: Evaluation, block: FullService) -> str | None:
    """Return which point a plan leaves without a hub, None when there is none."""
    if _is_hopeless(problem):
        return "no usable site has a way to any need"
    far = problem.needing & ~within(plan.nearest_distance, block.distance)
    if plan.is_assigned:
        far = problem.needing & (np.asarray(plan.assigned.sum(axis=1)).ravel() < 1 - AGREEMENT)
    return f"point {int(np.argmax(far))} has no hub within {block.distance:g}" if far.any() else None

"""A hub for everyone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ, LpConstraintGE
from scipy.sparse import csr_array

from hubplanner.model.constraints.base import Constraint, first_of
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.lp import Model
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.problem import Evaluation, Problem
from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.problem.model_instance import NO_ROW, ModelInstance
from hubplanner.problem.travel.base import within
from hubplanner.tolerances import AGREEMENT, REACH_TOLERANCE
from hubplanner.translation import N_, gettext as _


@dataclass(frozen=True, kw_only=True)
class FullService(Constraint):
    r"""Every point with need has an open hub within a distance, and is served whole where hubs have a capacity.

    .. math:: \sum_{o : d_{io} \le r} y_o \ge 1 \qquad\text{or}\qquad \sum_{o : d_{io} \le r} x_{io} = 1
              \qquad \forall i : w_i > 0

    A plan violates it where a point has no hub so near, or is served in part. Points without a way to any usable site
    are left aside, but where all are, no plan is one.

    Parameters
    ----------
    distance
        Distance r, in the unit of travel; any if left out.

    See Also
    --------
    hubplanner.model.objectives.PMedian, hubplanner.model.objectives.PCenter : they ask for it.

    >>> FullService().describe(str)
    'a hub for every point'
    """

    distance: float = math.inf

    key: ClassVar[str] = "serve_all"
    remedies: ClassVar[tuple[str, ...]] = (N_("more sites"), N_("a farther reach"))
    every_period: ClassVar[bool] = True
    priced: ClassVar[bool] = False
    changes_service: ClassVar[bool] = True

    @property
    def serves_apart(self) -> bool:
        """Whether points are served within a distance of their own."""
        return math.isfinite(self.distance)

    def add_to(self, model: Model) -> None:
        """Add a row for each set of sites near a point, or one for each point where people are assigned."""
        instance = model.whole
        if _is_hopeless(instance.problem):
            model.add_never("serve_all")
            return
        if model.assigns:
            self._serve_assigned(model, instance)
            return
        points = np.flatnonzero(instance.problem.needing)
        near = within(instance.distances[points][:, instance.site], self.distance)
        first, _ = group_rows(csr_array(near.astype(np.int8)))
        for row in first.tolist():
            model.add("serve_all", model.opened(near[row]), LpConstraintGE, 1)

    def _serve_assigned(self, model: Model, instance: ModelInstance) -> None:
        rows, assign = live_rows(model), assigned(model)
        need = rows.totals[:, instance.measure(model.need)]
        far = rows.distance > self.distance * (1 + REACH_TOLERANCE)
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

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which point a plan leaves without a hub, None when there is none."""
        if _is_hopeless(problem):
            return "no usable site has a way to any need"
        far = problem.needing & ~within(plan.nearest_distance, self.distance)
        if plan.is_assigned:
            far = problem.needing & (np.asarray(plan.assigned.sum(axis=1)).ravel() < 1 - AGREEMENT)
        return f"point {int(np.argmax(far))} has no hub within {self.distance:g}" if far.any() else None

    def ways_out(self, demands: Sequence[Constraint]) -> tuple[str, ...]:
        """Return its remedies: reach only where hubs have a capacity, as without one people may go any distance."""
        return self.remedies[: None if first_of(demands, Capacity) else 1]

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the demand in words."""
        del name_of
        return _("a hub for every point")


def _is_hopeless(problem: Problem) -> bool:
    """Tell whether there is need, but no way from any of it to a usable site."""
    return bool((problem.need > 0).any() and not problem.needing.any())

"""The relaxation of a program that shares people out, with the room that last hubs leave unused cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from hubplanner.models.residual import ResidualCapacityCut, residuals
from hubplanner.solver.adapters.highs import prepared, run
from hubplanner.solver.relaxation import relaxation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Formulation
    from hubplanner.solver.adapters import SearchLimits
    from hubplanner.solver.relaxation import Relaxation

MOST_ROUNDS = 20
"""Rounds of cutting and solving again."""
LEAST_GAIN = 1e-6
"""Relative fall of the bound in a round below which cutting ends."""


def relax_tightly(form: Formulation, effort: SearchLimits) -> tuple[tuple[ResidualCapacityCut, ...], Relaxation]:
    """Return the relaxation of a program, sharpened by inequalities that its own values broke, and those.

    The bound and the reduced costs are recomputed from the multipliers, as those of the relaxation alone are.
    """
    deadline = effort.deadline()
    handle = prepared(form.program, effort, mip=False, solver="simplex")
    run(handle)
    cuts, best = list[ResidualCapacityCut](), relaxation_of(handle, form)
    if not best.is_solved:
        return (), best
    for _ in range(MOST_ROUNDS):
        found = list(residuals(form, best.values))
        if not found or deadline.is_past:
            break
        _add(handle, form, found)
        # HiGHS counts the time of all runs of a handle.
        handle.setOptionValue("time_limit", handle.getRunTime() + max(deadline.left, 0.01))
        run(handle)
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        cuts, before, best = cuts + found, best, relaxation_of(handle, form)
        if before.bound - best.bound < LEAST_GAIN * abs(before.bound):
            break
    return tuple(cuts), best


def _add(handle: Any, form: Formulation, cuts: Sequence[ResidualCapacityCut]) -> None:
    for cut in cuts:
        terms, limit = cut.row(form)
        columns = np.array([variable.index for variable, _ in terms], dtype=np.int32)
        handle.addRow(-np.inf, limit, len(columns), columns, np.array([value for _, value in terms]))

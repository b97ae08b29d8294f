"""The relaxation of a program that shares people out, with the room that last hubs leave unused cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from hubplanner.models.residual import Residual, residuals
from hubplanner.solver.adapters.highs import prepared, run
from hubplanner.solver.relaxation import Relaxation, lagrangean, relax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.models import Formulation
    from hubplanner.solver.adapters import Effort

MOST_ROUNDS = 20
"""Rounds of cutting and solving again."""
LEAST_GAIN = 1e-6
"""Relative fall of the bound in a round below which cutting ends."""


def relax_tightly(form: Formulation, effort: Effort) -> tuple[tuple[Residual, ...], Relaxation]:
    """Return the relaxation of a program, sharpened by inequalities that its own values broke, and those.

    The bound and the reduced costs are recomputed from the multipliers, as those of the relaxation alone are.
    """
    deadline = effort.deadline()
    handle = prepared(form.program, effort, mip=False, solver="simplex")
    run(handle)
    if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return (), relax(form, effort)
    cuts, best = list[Residual](), _relaxation(handle, form)
    for _ in range(MOST_ROUNDS):
        found = list(residuals(form, best.values))
        if not found:
            break
        _add(handle, form, found)
        # HiGHS counts the time of all runs of a handle.
        handle.setOptionValue("time_limit", handle.getRunTime() + max(deadline.left, 0.01))
        run(handle)
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        cuts, before, best = cuts + found, best, _relaxation(handle, form)
        if before.bound - best.bound < LEAST_GAIN * abs(before.bound):
            break
    return tuple(cuts), best


def _add(handle: Any, form: Formulation, cuts: Sequence[Residual]) -> None:
    for cut in cuts:
        terms, limit = cut.row(form)
        columns = np.array([variable.index for variable, _ in terms], dtype=np.int32)
        handle.addRow(-np.inf, limit, len(columns), columns, np.array([value for _, value in terms]))


def _relaxation(handle: Any, form: Formulation) -> Relaxation:
    """Return what an optimal linear program that a handle holds tells of every plan."""
    solution = handle.getSolution()
    bound, reduced = lagrangean(handle.getLp(), np.asarray(solution.row_dual))
    columns = [variable.index for variable in form.open_]
    values = np.asarray(solution.col_value)
    return Relaxation(bound=bound, open_=values[columns], reduced=reduced[columns], values=values)

"""The linear relaxation, its bound recomputed from the duals so that no solver need be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy.sparse import csc_array

from hubplanner.solver.adapters.highs import INFEASIBLE, prepared, run

if TYPE_CHECKING:
    from hubplanner.problem import Floats
    from hubplanner.solver.adapters import SearchLimits, Solvable


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxation:
    """What the relaxation tells of every plan.

    Parameters
    ----------
    bound
        No plan is worth more.
    open_
        (o,) the relaxation's values of the open variables.
    reduced
        (o,) what a plan loses at least by building an option at 0, or by leaving out one at 1 (negated at 0).
    values
        (v,) the relaxation's values of all variables, in the program's order; empty if it was not solved.
    """

    bound: float
    open_: Floats
    reduced: Floats
    values: Floats

    @property
    def is_solved(self) -> bool:
        """Tell whether it was solved in time; its bound holds in any case."""
        return len(self.values) > 0

    @property
    def is_infeasible(self) -> bool:
        """Tell whether it has no solution."""
        return self.bound == -math.inf

    def times(self, unit: float, base: float) -> Relaxation:
        """Return the relaxation in another unit."""
        return replace(self, bound=self.bound * unit + base, reduced=self.reduced * unit)


def relax(model: Solvable, effort: SearchLimits) -> Relaxation:
    r"""Return the relaxation of a program, in its own unit.

    For any multipliers $\pi$ of the rows, positive ones on upper limits u and negative ones on lower limits l,

    .. math:: \max_{A x \in [l, u]} c x \le \sum_{\pi_i > 0} \pi_i u_i + \sum_{\pi_i < 0} \pi_i l_i
              + \sum_j \max(r_j \bar x_j, r_j \underline x_j), \qquad r = c - A^T \pi

    holds whatever the solver did, also with no multipliers at all. A plan with $x_j$ at the other end of its range is
    worse by $|r_j|$.
    """
    handle = prepared(model.program, effort, mip=False, solver="simplex")
    run(handle)
    return relaxation_of(handle, model)


def relaxation_of(handle: Any, model: Solvable) -> Relaxation:
    """Return what a linear program that was run tells of every plan; out of time, by its multipliers so far."""
    status, program, nothing = handle.getModelStatus(), handle.getLp(), np.zeros(len(model.open_))
    if status in INFEASIBLE:
        return Relaxation(bound=-math.inf, open_=nothing, reduced=nothing, values=np.zeros(0))
    solution = handle.getSolution()
    if status != highspy.HighsModelStatus.kOptimal:
        known = [np.zeros(program.num_row_)] + [np.asarray(solution.row_dual)] * bool(solution.dual_valid)
        bound = min(lagrangean(program, dual)[0] for dual in known)
        return Relaxation(bound=bound, open_=nothing, reduced=nothing, values=np.zeros(0))
    bound, reduced = lagrangean(program, np.asarray(solution.row_dual))
    columns = [variable.index for variable in model.open_]
    values = np.asarray(solution.col_value)
    return Relaxation(bound=bound, open_=values[columns], reduced=reduced[columns], values=values)


def lagrangean(program: Any, row_dual: Floats) -> tuple[float, Floats]:
    """Return the bound on the maximum, and the reduced costs of all columns, that row multipliers prove."""
    # HiGHS holds the minimisation of the negated objective, and its duals with it.
    gain, dual = -np.asarray(program.col_cost_), -row_dual
    upper, lower = np.asarray(program.row_upper_), np.asarray(program.row_lower_)
    dual = np.where((dual > 0) & np.isinf(upper) | (dual < 0) & np.isinf(lower), 0.0, dual)
    limit = np.where(dual > 0, upper, np.where(dual < 0, lower, 0.0))
    reduced = gain - matrix(program).T @ dual
    ends = np.maximum(reduced * np.asarray(program.col_upper_), reduced * np.asarray(program.col_lower_))
    return math.fsum(dual * limit) + math.fsum(ends), reduced


def matrix(program: Any) -> csc_array:
    """Return a HiGHS program's matrix (rows, columns)."""
    entries = program.a_matrix_
    shape = (program.num_row_, program.num_col_)
    parts = (np.asarray(entries.value_), np.asarray(entries.index_), np.asarray(entries.start_))
    if entries.format_ == highspy.MatrixFormat.kColwise:
        return csc_array(parts, shape=shape)
    return csc_array(csc_array(parts, shape=shape[::-1]).T)

"""Good plans of maximal covering that differ most from known ones, and the best of those that differ as much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.formulation import HOLDING
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import lagrangean, linear_program
from hubplanner.solver.backends.base import Termination
from hubplanner.solver.backends.highs import INFEASIBLE, new_handle, run, solve_handle
from hubplanner.solver.covering.lp import table_of
from hubplanner.solver.deadline import LEAST_S, Deadline
from hubplanner.solver.limits import limits

USED = 1e-6
"""Value from which the relaxation uses an option."""
WHOLE = 0.999
"""Absolute gap of a whole figure that proves it."""
MOST_ATTEMPTS = 20
"""Plans within a solver's tolerance only that are ruled out before a search ends."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DiversePlan:
    """A plan and what is proven of all others.

    Parameters
    ----------
    chosen
        (k,) its options; None without one.
    bound
        No plan is better; minus infinity when there surely is none.
    """

    chosen: Ints | None
    bound: float


class DiversePlans:
    r"""Plans that cover enough and differ from known plans.

    .. math:: \max t \quad\text{with}\quad t \le \sum_{j \in S_k} (1 - u_j) + \sum_{j \notin S_k} u_j \;\forall k, \quad
              w z + g y \ge v

    over the rows covered z and options open y of maximal covering, with $u_j = \sum_{o \in O_j} y_o$.

    Parameters
    ----------
    instance, objective
        The question.
    known
        Sites of each plan to differ from.
    threshold
        Need v to cover.
    """

    def __init__(
        self, instance: CoveringInstance, objective: Objective, known: Sequence[Ints], threshold: float
    ) -> None:
        self.instance, self._limits = instance, limits(objective)
        self._known = [np.isin(instance.site, sites) for sites in known]
        self._size = [len(sites) for sites in known]
        # The same slack as where other questions hold a goal.
        self._threshold = threshold - HOLDING * max(1.0, abs(threshold))
        self._table = table_of(instance, objective)
        self._forbidden: list[Ints] = []

    def difference(self, chosen: Ints) -> int:
        """Return the sites of a plan or of the known plan most like it, not of both; at least."""
        sites = len(np.unique(self.instance.site[chosen]))
        shared = [int(np.count_nonzero(known[chosen])) for known in self._known]
        return min(sites + size - 2 * same for size, same in zip(self._size, shared, strict=True))

    def farthest(self, least: int, effort: SearchLimits) -> DiversePlan:
        """Return a plan that differs most, by so many sites at least; its bound is a whole number."""
        stop = effort.deadline()
        bound, used = self._relaxed(least, effort)
        bound = math.floor(bound + USED) if math.isfinite(bound) else bound
        if bound < least:
            return DiversePlan(chosen=None, bound=-math.inf)
        best = self._searched(least, replace(_within(effort, stop), gap=WHOLE), None, used)
        reached = least if best.chosen is None else self.difference(best.chosen)
        if best.chosen is None or reached < bound:
            found = self._searched(least, replace(_within(effort, stop), gap=WHOLE), best.chosen, None)
            bound = min(bound, math.floor(found.bound + USED)) if math.isfinite(found.bound) else found.bound
            better = found.chosen is not None and self.difference(found.chosen) >= reached
            best = found if better else best
        return DiversePlan(chosen=best.chosen, bound=bound)

    def best(self, least: int, start: Ints, effort: SearchLimits) -> Ints:
        """Return the plan of most covered need, as far as time allows, that differs by so many sites at least."""
        found = self._searched(least, effort, start, None, by_need=True)
        if found.chosen is None or self.instance.covered_need(found.chosen) < self.instance.covered_need(start):
            return start
        return found.chosen

    def _relaxed(self, least: int, effort: SearchLimits) -> tuple[float, Bools]:
        """Return the relaxation's bound and the options that it uses; all of them when time is up."""
        handle = new_handle(effort)
        handle.passModel(self._program(least, None, whole=False, by_need=False))
        run(handle)
        every = np.ones(len(self.instance.option), dtype=np.bool_)
        if handle.getModelStatus() in INFEASIBLE:
            return -math.inf, every
        if handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return math.inf, every
        bound, _ = lagrangean(handle.getLp(), np.asarray(handle.getSolution().row_dual))
        rows = len(self._table.need)
        return bound, np.asarray(handle.getSolution().col_value)[rows:-1] > USED

    def _searched(
        self, least: int, effort: SearchLimits, start: Ints | None, used: Bools | None, *, by_need: bool = False
    ) -> DiversePlan:
        """Return a solver's plan among some options, or all; one within its tolerance only is ruled out."""
        stop, rows = effort.deadline(), len(self._table.need)
        columns = np.arange(rows, rows + len(self.instance.option), dtype=np.int32)
        given = np.zeros(0) if start is None else np.isin(np.arange(len(columns)), start).astype(float)
        bounds = [math.inf]
        gap = effort.gap / self._table.unit if by_need else effort.gap
        for _ in range(MOST_ATTEMPTS):
            left = max(stop.left, LEAST_S)

            def make(left: float = left) -> Any:
                handle = new_handle(replace(effort, seconds=left), mip_rel_gap=0.0, mip_abs_gap=gap)
                handle.passModel(self._program(least, used, whole=True, by_need=by_need))
                return handle

            outcome = solve_handle(make(), make, columns, given.tolist())
            if outcome.termination == Termination.INFEASIBLE:
                return DiversePlan(chosen=None, bound=-math.inf)
            bounds.append(outcome.bound)
            if outcome.open_ is None:
                break
            chosen = np.flatnonzero(np.asarray(outcome.open_) > 0.5)  # noqa: PLR2004 - halfway
            if self._holds(chosen, least):
                return DiversePlan(chosen=chosen, bound=min(bounds))
            self._forbidden.append(chosen)
        return DiversePlan(chosen=None, bound=min(bounds))

    def _holds(self, chosen: Ints, least: int) -> bool:
        """Tell whether a plan keeps to all limits, recomputed."""
        instance, (money, count) = self.instance, self._limits
        return bool(
            math.fsum(instance.cost[chosen]) <= most_money(money)
            and len(chosen) == len(np.unique(instance.site[chosen])) <= count
            and np.isin(instance.required, instance.site[chosen]).all()
            and instance.covered_need(chosen) >= self._threshold
            and self.difference(chosen) >= least
        )

    def _program(self, least: int, used: Bools | None, *, whole: bool, by_need: bool) -> Any:
        """Return the program as HiGHS takes it, over rows covered, options open and the difference t."""
        table, (rows, options) = self._table, self._table.cover.shape
        extra, limit = self._extra_rows()
        matrix = csr_array(vstack([hstack([table.matrix, csr_array((len(table.limits), 1))]), extra], format="csr"))
        gains = np.concatenate([table.need, table.gain, [0.0]])
        apart = np.append(np.zeros(rows + options), 1.0)
        may = np.ones(options) if used is None else (used | table.must).astype(float)
        low = np.append(np.zeros(rows + options), float(least))
        high = np.concatenate([np.ones(rows), may, [float(max(self._size) + options)]])
        limits = np.full(matrix.shape[0], -math.inf), np.concatenate([table.limits, limit])
        is_whole = np.arange(matrix.shape[1]) >= rows if whole else None
        return linear_program(matrix, -(gains if by_need else apart), (low, high), limits, is_whole)

    def _extra_rows(self) -> tuple[csr_array, Floats]:
        """Return what holds the plan near the best, apart from known ones, and other than those ruled out."""
        table, rows = self._table, len(self._table.need)
        zero = np.zeros(rows)
        near = np.concatenate([-table.need, -table.gain, [0.0]])
        apart = [np.concatenate([zero, np.where(known, 1.0, -1.0), [1.0]]) for known in self._known]
        other = [np.concatenate([zero, np.where(self._in(plan), 1.0, -1.0), [0.0]]) for plan in self._forbidden]
        least = (self._threshold - self.instance.base) / table.unit
        limit = [-least, *self._size, *(len(plan) - 1 for plan in self._forbidden)]
        return csr_array(np.vstack([near, *apart, *other])), np.array(limit, dtype=np.float64)

    def _in(self, plan: Ints) -> Bools:
        return np.isin(np.arange(len(self.instance.option)), plan)


def _within(effort: SearchLimits, stop: Deadline) -> SearchLimits:
    return replace(effort, seconds=max(stop.left, LEAST_S))

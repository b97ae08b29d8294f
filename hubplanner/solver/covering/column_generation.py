"""The relaxation of a large program by column generation: most options never enter it."""

from __future__ import annotations

import math
from dataclasses import replace

import highspy
import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import entries, linear_program
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.covering.lp import CoveringLP, Cuts, PrimalPoint, joined, proven

ENTERING = 1e-7
"""Reduced cost from which an option enters, in units of the objective: a solver's own tolerance."""
SLACK = 1e-6
"""Slack of a cut from which it is not what holds a point."""
LEAST_ENTERING = 1000
"""Options that may enter at once, at least."""


class ColumnGeneration:
    """A program that holds all rows and the options that matter, in a solver that keeps its basis.

    Column generation as in Bixby, Gregory, Lustig, Marsten and Shanno (1992), doi:10.1287/opre.40.5.885.
    """

    def __init__(self, table: CoveringLP, inside: Bools, effort: SearchLimits) -> None:
        self.table = table
        self.effort = effort
        # Rows are merged and options without use dropped already: of 5,000 customers presolve takes out nothing, and an
        # eighth of the time.
        self.handle = new_handle(effort, presolve="off")
        self.inside = np.zeros(len(table.gain), dtype=np.bool_)
        self.order: Ints = np.zeros(0, dtype=np.intp)
        self.cuts: list[Cuts] = []
        self._last: PrimalPoint | None = None
        self._deadline = effort.deadline()
        self._pass_rows()
        self._enter(np.flatnonzero(inside | table.must))

    def _pass_rows(self) -> None:
        rows, limits = len(self.table.need), self.table.limits
        own = csr_array(eye_array(len(limits), rows))
        ends = np.zeros(rows), np.ones(rows)
        self.handle.passModel(linear_program(own, -self.table.need, ends, (np.full(len(limits), -math.inf), limits)))

    def _enter(self, options: Ints) -> None:
        """Take some options in."""
        parts = [self.table.columns[options], *(csr_array(cut.options[:, options].T) for cut in self.cuts)]
        block, count = csr_array(hstack(parts, format="csr")), len(options)
        gain, low, high = -self.table.gain[options], np.zeros(count), np.ones(count)
        self.handle.addCols(count, gain, low, high, block.nnz, *entries(block))
        self.inside[options] = True
        self.order = np.concatenate([self.order, options])

    def add(self, cuts: Cuts) -> None:
        """Add cuts."""
        block = csr_array(hstack([cuts.rows, cuts.options[:, self.order]], format="csr"))
        count = len(cuts.limit)
        self.handle.addRows(count, np.full(count, -math.inf), cuts.limit, block.nnz, *entries(block))
        self.cuts.append(cuts)

    def takes(self, table: CoveringLP, effort: SearchLimits) -> bool:
        """Go on with another table from the same basis, where it differs in its budget alone; tell whether it does.

        Cuts come from constraints with whole coefficients, which the budget is not, so that they stay valid. Those
        that the last point keeps to easily go.

        Parameters
        ----------
        table
            Of the same instance.
        """
        budget = self.table.budget_moved(table)
        if budget is None:
            return False
        for row in budget.tolist():
            self.handle.changeRowBounds(len(table.need) + row, -math.inf, float(table.limit[row]))
        self.table, self.effort = table, effort
        self._deadline = effort.deadline()
        if self.cuts and self._last is not None:
            self._forget_slack(self._last)
        return True

    def _forget_slack(self, point: PrimalPoint) -> None:
        """Drop the cuts that a point keeps to easily."""
        cuts, first = joined(self.cuts), len(self.table.need) + len(self.table.limit)
        slack = cuts.limit - cuts.rows @ point.covered - cuts.options @ point.open_
        gone, kept = np.flatnonzero(slack > SLACK), np.flatnonzero(slack <= SLACK)
        if len(gone):
            self.handle.deleteRows(len(gone), (first + gone).astype(np.int32))
            self.cuts = [cuts.some(kept)] if len(kept) else []

    def solve(self) -> PrimalPoint:
        """Return the optimum over all options, or the point with the best bound when time is up."""
        best: PrimalPoint | None = None
        while True:
            if not self._deadline.is_past:
                run(self.handle, self._deadline)
            self._last = point = self._point()
            best = point if best is None or point.bound < best.bound else best
            if not point.is_solved:
                return replace(best, is_solved=False)
            entering = np.flatnonzero(~self.inside & (point.reduced > ENTERING))
            if not len(entering):
                return point
            most = max(LEAST_ENTERING, len(self.inside) // 20)
            first = np.argsort(-point.reduced[entering], kind="stable")[:most]
            self._enter(np.sort(entering[first]))

    def _point(self) -> PrimalPoint:
        table, solution = self.table, self.handle.getSolution()
        solved = self.handle.getModelStatus() == highspy.HighsModelStatus.kOptimal
        rows, size = len(table.need), len(table.need) + len(table.limit)
        dual = np.maximum(-np.asarray(solution.row_dual), 0.0) if solution.dual_valid else np.zeros(0)
        dual = np.append(dual, np.zeros(self.handle.getNumRow() - len(dual)))
        values = np.asarray(solution.col_value) if solution.value_valid else np.zeros(rows + len(self.order))
        # A row that no option inside covers is worth nothing inside; outside it counts in full. Without multipliers
        # all need is the bound.
        untouched = np.full(rows, bool(solution.dual_valid))
        untouched[table.covers[self.order].indices] = False
        cuts = joined(self.cuts) if self.cuts else None
        bound, reduced = proven(table, dual[:size], untouched, cuts, dual[size:])
        open_ = np.zeros(len(table.gain))
        open_[self.order] = values[rows:]
        return PrimalPoint(
            covered=values[:rows],
            open_=open_,
            bound=bound,
            reduced=reduced,
            is_solved=solved,
            price=dual[rows:size],
        )


STEPS = 40
"""Steps of the search for prices: few, since column generation mends what they leave."""
FEW_OPTIONS = 2000
"""With fewer options than this, all enter at once."""
SHARE = 0.2
"""Share of the options that enter at first."""
MOMENTUM = 0.6
PATIENCE = 15
SHRINK = 0.6


def promising(table: CoveringLP, spent: Floats, value: float) -> Bools:
    r"""Return a mask (o,) of options that the relaxation will probably use, by a few subgradient steps.

    Each row has a price $\pi_r \in [0, w_r]$ that the options which cover it share in; these then fill a knapsack.
    Held, Wolfe and Crowder (1974), doi:10.1007/BF01580223.

    Parameters
    ----------
    spent
        (o,) share of the limits that each option takes.
    value
        What some plan is worth, in units of the objective.
    """
    count = len(table.gain)
    if count <= FEW_OPTIONS:
        return np.ones(count, dtype=np.bool_)
    price = table.need / np.sqrt(np.maximum(np.diff(table.cover.indptr), 1))
    best, kept, step, fails = np.inf, price, 1.0, 0
    direction = np.zeros(len(price))
    for _ in range(STEPS):
        worth = table.covers @ price + table.gain
        open_ = _knapsack(worth, spent)
        bound = float(np.maximum(table.need - price, 0.0).sum() + worth @ open_)
        if bound < best:
            best, kept, fails = bound, price, 0
        elif (fails := fails + 1) == PATIENCE:
            price, step, fails = kept, step * SHRINK, 0
        direction = MOMENTUM * direction + table.cover @ open_ - (price < table.need)
        length = step * max(bound - value, 0.0) / max(float(direction @ direction), 1.0)
        price = np.clip(price - length * direction, 0.0, table.need)
    worth = table.covers @ kept + table.gain
    rate = worth / spent
    first = np.argsort(-_margins(worth, spent, rate), kind="stable")[: max(int(SHARE * count), FEW_OPTIONS)]
    inside = np.zeros(count, dtype=np.bool_)
    inside[first] = True
    return inside


def _knapsack(worth: Floats, spent: Floats) -> Floats:
    """Return the shares (o,) of options that fill a knapsack of size 1 best."""
    order = np.argsort(-worth / spent, kind="stable")
    filled = np.cumsum(spent[order])
    open_ = np.zeros(len(worth))
    open_[order] = np.clip((1.0 - (filled - spent[order])) / spent[order], 0.0, 1.0)
    return open_


def _margins(worth: Floats, spent: Floats, rate: Floats) -> Floats:
    """Return what each option is worth beyond its price at the last rate that fits into the knapsack."""
    open_ = _knapsack(worth, spent)
    last = float(rate[open_ > 0].min(initial=np.inf))
    return worth - (last if np.isfinite(last) else 0.0) * spent

"""The relaxation of maximal covering with dense rows: need of blocks of rows, bounded by cuts that ask no solver."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.problem import Floats, Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import entries, linear_program
from hubplanner.solver.backends.highs import new_handle, run
from hubplanner.solver.covering.lp import CoveringLP, PrimalPoint
from hubplanner.solver.mip.bounds.row_blocks import MOST_ROUNDS, SLACK_ROUNDS, VIOLATED, blocks_of
from hubplanner.tolerances import EXACT

FEWEST_BLOCKS, MOST_BLOCKS, OF_OPTIONS = 32, 128, 8
"""Blocks of rows, one for so many options: one cut bounds the need of one block, and where blocks are compact few cuts
say most. Of 50,000 places about 40 towns and 2,000 sites the root takes 7 s with 128 blocks, 19 s with 32; towns of
10,000 x 1,000, seeds 2 and 3, take 5.6 and 0.7 s in all, 7.1 and 0.8 s with 32."""
LEAST_WIDTH, LEAST_SHARE, LEAST_ENTRIES = 8, 0.008, 5000
"""Options that cover a row on average, their share of all options, and entries, from which rows are dense."""


def is_dense(cover: csr_array) -> bool:
    """Tell whether blocks of rows (r, o) take less time than the rows one by one."""
    rows, options = cover.shape
    return bool(cover.nnz >= max(LEAST_WIDTH * rows, LEAST_SHARE * rows * options, LEAST_ENTRIES))


@dataclass(kw_only=True, eq=False)
class _Pool:
    r"""Cuts $\theta_b \le c + \sum_o a_o y_o$: block, constant, coefficients and age; some speak of no block."""

    block: Ints
    constant: Floats
    coefficient: csr_array
    age: Ints


class BlockRelaxation:
    r"""The relaxation of maximal covering over blocks of rows.

    .. math:: \max \sum_b \theta_b + g y \quad\text{with}\quad \theta_b \le \phi_b(y) = \sum_{r \in b} w_r
              \min(1, y(C_r)), \quad S y \le s, \quad 0 \le y \le 1

    :math:`\phi_b` is concave and piecewise linear. At a point with the rows L of b not wholly covered, every plan keeps
    to

    .. math:: \theta_b \le \sum_{r \in b \setminus L} w_r + \sum_o y_o \sum_{r \in L : o \in C_r} w_r.

    Cordeau, Furini and Ljubić (2019), doi:10.1016/j.ejor.2018.12.021, with one block or one for each row.

    Parameters
    ----------
    table
        The program.
    effort
        Solver; its time is that of all relaxations together.
    """

    def __init__(self, table: CoveringLP, effort: SearchLimits) -> None:
        self.table, self._deadline = table, effort.deadline()
        rows, options = table.cover.shape
        block = blocks_of(table.cover, table.need, min(max(options // OF_OPTIONS, FEWEST_BLOCKS), MOST_BLOCKS))
        self.count = int(block.max(initial=-1)) + 1
        cells: Any = (np.ones(rows), (block, np.arange(rows)))
        self.member = csr_array(cells, shape=(self.count, rows))
        self.total = np.asarray(self.member @ table.need)
        self.effort = effort
        self.low: Floats = np.zeros(options)
        self.high: Floats = np.ones(options)
        self.pool = _Pool(
            block=np.zeros(0, dtype=np.intp),
            constant=np.zeros(0),
            coefficient=csr_array((0, options)),
            age=np.zeros(0, dtype=np.intp),
        )
        self.handle = new_handle(effort, presolve="off", solver="simplex")
        self._pass()

    def _pass(self) -> None:
        table = self.table
        blocks = csr_array((len(table.limit), self.count))
        program = linear_program(
            csr_array(hstack([blocks, table.side], format="csr")),
            -np.concatenate([np.ones(self.count), table.gain]),
            (np.zeros(self.count + len(table.gain)), np.concatenate([self.total, self.high])),
            (np.full(len(table.limit), -math.inf), table.limit),
        )
        self.handle.passModel(program)

    @property
    def trivial(self) -> float:
        """What the bound is, but for rounding, before cuts say anything: the need of all blocks, and all gains."""
        return float(self.total.sum() + np.maximum(self.table.gain, 0.0).sum()) * (1 - EXACT)

    def cut(self, at: Floats, point: PrimalPoint) -> int:
        """Add the cuts at values (o,) that a solved point breaks; return how many."""
        table = self.table
        open_rows = table.cover @ at < 1
        constant = self.total - self.member @ (table.need * open_rows)
        weight = csr_array(self.member.multiply(table.need * open_rows))
        weight.eliminate_zeros()
        slope = csr_array(weight @ table.cover)
        broken = np.flatnonzero(point.covered - constant - slope @ point.open_ > VIOLATED)
        if len(broken):
            self._add(broken, constant[broken], csr_array(slope[broken]))
        return len(broken)

    def _add(self, block: Ints, constant: Floats, slope: csr_array) -> None:
        """Add cuts; one of a block beyond the last speaks of none."""
        speaks = csr_array(np.eye(self.count + 1)[block][:, : self.count])
        rows, count, pool = csr_array(hstack([speaks, -slope], format="csr")), len(block), self.pool
        self.handle.addRows(count, np.full(count, -math.inf), constant, rows.nnz, *entries(rows))
        pool.block = np.concatenate([pool.block, block])
        pool.constant = np.concatenate([pool.constant, constant])
        pool.coefficient = csr_array(vstack([pool.coefficient, slope], format="csr"))
        pool.age = np.concatenate([pool.age, np.zeros(count, dtype=np.intp)])

    def fix(self, low: Floats, high: Floats) -> None:
        """Set the ends (o,) of all options."""
        moved = np.flatnonzero((low != self.low) | (high != self.high))
        if len(moved):
            columns = (moved + self.count).astype(np.int32)
            self.handle.changeColsBounds(len(moved), columns, low[moved], high[moved])
        self.low, self.high = low.copy(), high.copy()

    def takes(self, table: CoveringLP, effort: SearchLimits) -> bool:
        """Go on with another table from the same basis, where it differs in its budget alone; tell whether it does.

        Cuts speak of no limit, so that they stay valid.
        """
        budget = self.table.budget_moved(table)
        if budget is None:
            return False
        for row in budget.tolist():
            self.handle.changeRowBounds(row, -math.inf, float(table.limit[row]))
        self.table, self.effort, self._deadline = table, effort, effort.deadline()
        self.fix(np.zeros(len(self.low)), np.ones(len(self.low)))
        return True

    def solve(self) -> PrimalPoint:
        """Return the optimum with the cuts so far; the bound holds wherever the solver stops."""
        is_run = not self._deadline.is_past
        if is_run:
            run(self.handle, self._deadline)
        status, solution = self.handle.getModelStatus(), self.handle.getSolution()
        solved = is_run and status == highspy.HighsModelStatus.kOptimal
        sides, options = len(self.table.limit), len(self.table.gain)
        dual = np.maximum(-np.asarray(solution.row_dual), 0.0) if solved else np.zeros(sides + len(self.pool.block))
        values = np.asarray(solution.col_value) if solved else np.zeros(self.count + options)
        bound, reduced = self._proven(dual[:sides], dual[sides:])
        self.pool.age = np.where(dual[sides:] > 0, 0, self.pool.age + 1)
        return PrimalPoint(
            covered=values[: self.count],
            open_=values[self.count :],
            bound=-math.inf if is_run and status == highspy.HighsModelStatus.kInfeasible else bound,
            reduced=reduced,
            is_solved=solved,
            price=dual[:sides],
        )

    def _proven(self, side: Floats, cut: Floats) -> tuple[float, Floats]:
        """Return the bound and the reduced costs (o,) that multipliers prove."""
        table, pool = self.table, self.pool
        left = 1.0 - np.bincount(pool.block, cut, minlength=self.count)[: self.count]
        reduced = table.gain - table.side.T @ side + pool.coefficient.T @ cut
        ends = np.where(reduced > 0, reduced * self.high, reduced * self.low)
        parts = (side * table.limit, cut * pool.constant, np.maximum(left, 0.0) * self.total, ends)
        return math.fsum(np.concatenate(parts)), reduced

    def purge(self) -> None:
        """Drop the cuts that have been slack for long, once they are many."""
        pool = self.pool
        old = (pool.age > SLACK_ROUNDS) & (pool.block < self.count)
        if np.count_nonzero(old) > max(self.count, len(old) // 3):
            rows, kept = (np.flatnonzero(old) + len(self.table.limit)).astype(np.int32), np.flatnonzero(~old)
            self.handle.deleteRows(len(rows), rows)
            pool.block, pool.constant, pool.age = pool.block[kept], pool.constant[kept], pool.age[kept]
            pool.coefficient = csr_array(pool.coefficient[kept])


def tighten(program: BlockRelaxation, core: Floats | None, enough: float, stalled: float) -> PrimalPoint:
    """Return the relaxation once no cut is broken, its bound below what is of interest, or cuts move it no more.

    Cuts are made at the relaxation's point and, as long as that moves the bound, between it and a point within
    (in-out separation): Ben-Ameur and Neto (2007), doi:10.1002/net.20137.

    Parameters
    ----------
    core
        (o,) a point within to begin with; none if None.
    enough
        Bound below which nothing is of interest.
    stalled
        Relative move of the bound in a round from which cuts are given up.
    """
    point = program.solve()
    for _ in range(MOST_ROUNDS):
        if not point.is_solved or point.bound < enough:
            break
        added = 0
        if core is not None:
            core = 0.5 * (core + point.open_)
            added = program.cut(core, point)
        if not added + program.cut(point.open_, point):
            break
        before, point = point, program.solve()
        if not point.is_solved:
            return point if point.bound == -math.inf else replace(before, is_solved=False)
        program.purge()
        if point.bound < program.trivial and before.bound - point.bound < stalled * abs(point.bound):
            if core is None:
                break
            core = None
    return point

"""The program of maximal covering as HiGHS takes it, row by row or in chains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.solver.core.chains import chained, chains

if TYPE_CHECKING:
    from hubplanner.problem import Floats
    from hubplanner.solver.core.cuts import Cuts
    from hubplanner.solver.core.table import CoveringLP


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    r"""Constraints $A x \le b$ over rows covered, sums of chains if there are any, and options open.

    Parameters
    ----------
    matrix, limit
        A and b; the limits of rows covered come first.
    rows, sums, options
        How many variables of each kind there are.
    """

    matrix: csr_array
    limit: Floats
    rows: int
    sums: int
    options: int

    def highs(self, table: CoveringLP, *, whole: bool) -> Any:
        """Return the program for HiGHS, which minimises; options are whole or not."""
        program, fixed = highspy.HighsLp(), self.rows + self.sums
        program.num_row_, program.num_col_ = self.matrix.shape
        program.col_cost_ = -np.concatenate([table.need, np.zeros(self.sums), table.gain])
        program.col_lower_ = np.zeros(fixed + self.options)
        ends = [np.ones(self.rows), np.full(self.sums, math.inf), np.ones(self.options)]
        program.col_upper_ = np.concatenate(ends)
        program.row_lower_, program.row_upper_ = np.full(len(self.limit), -math.inf), self.limit
        if whole:
            kinds = highspy.HighsVarType
            program.integrality_ = [kinds.kContinuous] * fixed + [kinds.kInteger] * self.options
        cells = program.a_matrix_
        cells.format_, cells.num_row_, cells.num_col_ = highspy.MatrixFormat.kRowwise, *self.matrix.shape
        cells.start_, cells.index_, cells.value_ = self.matrix.indptr, self.matrix.indices, self.matrix.data
        return program


def program_of(table: CoveringLP, cuts: Cuts | None = None) -> Program:
    """Return the program of a table with cuts, in chains where they save much."""
    (rows, options), links = table.cover.shape, chains(table.cover)
    sums = 0 if links is None else rows
    upper = table.matrix[:rows] if links is None else chained(links)
    parts = [upper, _wide(csr_array((len(table.limit), rows)), table.side, sums)]
    limits = [np.zeros(rows + sums), table.limit]
    if cuts is not None:
        parts.append(_wide(cuts.rows, cuts.options, sums))
        limits.append(cuts.limit)
    matrix = csr_array(vstack(parts, format="csr"))
    return Program(matrix=matrix, limit=np.concatenate(limits), rows=rows, sums=sums, options=options)


def _wide(rows: csr_array, options: csr_array, sums: int) -> csr_array:
    """Return constraints over rows and options as ones over sums as well."""
    return csr_array(hstack([rows, csr_array((rows.shape[0], sums)), options], format="csr"))

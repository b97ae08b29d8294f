"""Programs of HiGHS as arrays: made of them, read as them, and what multipliers prove."""

from __future__ import annotations

import math
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array

from hubplanner.problem import Bools, Floats


def linear_program(  # noqa: PLR0913, PLR0917 - what a program is made of
    table: csr_array,
    cost: Floats,
    columns: tuple[Floats, Floats],
    rows: tuple[Floats, Floats],
    whole: Bools | None = None,
    offset: float = 0.0,
) -> Any:
    r"""Return a program as HiGHS takes it: :math:`\min c x + d` with :math:`l \le A x \le u` and x within its ends.

    Parameters
    ----------
    table
        (m, v) the rows :math:`A`.
    cost, offset
        (v,) :math:`c`, and :math:`d`.
    columns, rows
        Lower and upper ends, (v,) of the columns and (m,) of the rows.
    whole
        (v,) which columns are whole; the program is linear if None.

    >>> linear_program(csr_array(np.eye(2)), np.ones(2), (np.zeros(2),) * 2, (np.zeros(2),) * 2).num_col_
    2
    """
    found, cells = highspy.HighsLp(), csr_array(table)
    found.num_row_, found.num_col_ = cells.shape
    found.col_cost_, found.offset_ = cost, offset
    found.col_lower_, found.col_upper_ = columns
    found.row_lower_, found.row_upper_ = rows
    if whole is not None:
        kinds = {True: highspy.HighsVarType.kInteger, False: highspy.HighsVarType.kContinuous}
        found.integrality_ = [kinds[is_whole] for is_whole in whole.tolist()]
    held = found.a_matrix_
    held.format_ = highspy.MatrixFormat.kRowwise
    held.num_row_, held.num_col_ = cells.shape
    held.start_, held.index_, held.value_ = cells.indptr, cells.indices, cells.data
    return found


def entries(block: csr_array) -> tuple[Any, Any, Any]:
    """Return the entries of a matrix as HiGHS takes rows or columns to add."""
    return block.indptr[:-1].astype(np.int32), block.indices.astype(np.int32), block.data.astype(np.float64)


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

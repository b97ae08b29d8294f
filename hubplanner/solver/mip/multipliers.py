"""What row multipliers prove of every plan of a program of HiGHS, whoever found them."""

from __future__ import annotations

import math
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csc_array

from hubplanner.problem import Floats


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

"""Rows of a program that say what the same options cover, as one: HiGHS's presolve keeps them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array, hstack

from hubplanner.problem import Bools, Ints
from hubplanner.problem.aggregation.equal_rows import group_rows
from hubplanner.solver.backends.arrays import linear_program, matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class _CapRows:
    r"""Rows $z \le b + \sum_{o \in O} y_o$ whose z is in no other row that it could break.

    Parameters
    ----------
    row, column
        (k,) the rows, and the columns of z.
    is_option
        (entries,) which of the program's entries are options of these rows.
    """

    row: Ints
    column: Ints
    is_option: Bools


def merge_alike(program: Any, kept: Ints) -> tuple[Any, Ints]:
    r"""Return an equivalent program of HiGHS with fewer rows and columns, and where some columns (k,) are in it.

    Of rows $z_r \le b + \sum_{o \in O} y_o$ with the same options left to decide, and with as much settled, all z may
    be as large as any of them, since each is wanted larger by the objective and in every other row: so one column
    stands for all, and counts for their sum. Where what is settled covers a row, its options say nothing.

    Parameters
    ----------
    program
        Minimised.
    kept
        Columns that stay what they are.
    """
    table = csr_array(matrix(program))
    rows = _cap_rows(program, table, kept)
    if len(rows.row) < 2:  # noqa: PLR2004 - nothing to merge
        return program, kept
    first, group = _groups(program, table, rows)
    stands_for = np.arange(table.shape[1])
    stands_for[rows.column] = rows.column[first[group]]
    columns = np.delete(np.arange(table.shape[1]), np.delete(rows.column, first))
    place = np.full(table.shape[1], -1, dtype=np.intp)
    place[columns] = np.arange(len(columns))
    to: Any = (np.ones(table.shape[1]), (np.arange(table.shape[1]), place[stands_for]))
    summed = csr_array(to, shape=(table.shape[1], len(columns)))
    left = np.delete(np.arange(table.shape[0]), np.delete(rows.row, first))
    return _program(program, csr_array(table[left] @ summed), left, columns, summed), place[kept]


def _cap_rows(program: Any, table: csr_array, kept: Ints) -> _CapRows:
    """Return the rows that cap a column which all other rows, and the objective, want to be large."""
    count, width = table.shape
    low, high = np.asarray(program.row_lower_), np.asarray(program.row_upper_)
    least, most = np.asarray(program.col_lower_), np.asarray(program.col_upper_)
    row, column, value = np.repeat(np.arange(count), np.diff(table.indptr)), table.indices, table.data
    free = np.ones(width, dtype=np.bool_)
    free[kept] = False
    if len(program.integrality_):
        free &= np.array([kind == highspy.HighsVarType.kContinuous for kind in program.integrality_])
    free &= (least == 0) & (most == 1) & (np.asarray(program.col_cost_) <= 0)
    breaks = ((value > 0) & np.isfinite(high[row])) | ((value < 0) & np.isfinite(low[row]))
    wanted = free & (np.bincount(column[breaks], minlength=width) == 1)
    caps = breaks & wanted[column] & (value == 1)
    options = (value == -1) & ~free[column] & (least[column] >= 0)
    size = np.diff(table.indptr)
    says = np.isinf(low) & (np.bincount(row[caps], minlength=count) == 1)
    says &= np.bincount(row[options], minlength=count) == size - 1
    caps &= says[row]
    return _CapRows(row=row[caps], column=column[caps].astype(np.intp), is_option=options & says[row])


def _groups(program: Any, table: csr_array, rows: _CapRows) -> tuple[Ints, Ints]:
    """Return the first of each group of rows that are alike, and the group of each."""
    least, most = np.asarray(program.col_lower_), np.asarray(program.col_upper_)
    is_open = least < most
    settled = table @ np.where(is_open, 0.0, least)
    bound = (np.asarray(program.row_upper_) - settled)[rows.row]
    is_covered = bound >= 1
    cells: Any = (rows.is_option & is_open[table.indices], table.indices, table.indptr)
    options = csr_array(csr_array(cells, shape=table.shape)[rows.row]).astype(np.int8)
    options.data[np.repeat(is_covered, np.diff(options.indptr))] = 0
    options.eliminate_zeros()
    # Rows with different sums settled are told apart by a column of their own.
    _, number = np.unique(np.where(is_covered, 1.0, bound), return_inverse=True)
    own: Any = (np.ones(len(number), dtype=np.int8), (np.arange(len(number)), number))
    return group_rows(csr_array(hstack([options, csr_array(own)], format="csr")))


def _program(program: Any, table: csr_array, rows: Ints, columns: Ints, summed: csr_array) -> Any:
    """Return a program with some rows and columns of another, whose costs are summed by column."""
    whole = None
    if len(program.integrality_):
        whole = np.array([kind == highspy.HighsVarType.kInteger for kind in program.integrality_])[columns]
    ends = np.asarray(program.col_lower_)[columns], np.asarray(program.col_upper_)[columns]
    limits = np.asarray(program.row_lower_)[rows], np.asarray(program.row_upper_)[rows]
    return linear_program(table, summed.T @ np.asarray(program.col_cost_), ends, limits, whole, program.offset_)

"""Cuts that every plan keeps to and the relaxation breaks, in whole numbers, so that rounding cannot make one wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.covering.column_generation import ColumnGeneration
from hubplanner.solver.covering.lp import Cuts, PrimalPoint

DENOMINATORS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16)
"""Denominators of multipliers that are looked for."""
MOST_SOURCES = 1500
"""Rows of the basis that are looked at, the most fractional first."""
MOST_CUTS = 300
"""Cuts that are added at once."""
LEAST_VIOLATION = 1e-3
"""Violation below which a cut is not worth its row."""
FRACTIONAL = 1e-6
"""Distance from a whole number that is more than rounding."""
NEARLY_WHOLE = 1e-6


def find_cuts(sifting: ColumnGeneration, point: PrimalPoint) -> Cuts | None:
    r"""Return Chvátal-Gomory cuts that a basic solution breaks; None if there are none.

    For multipliers $u = k / q \ge 0$ of the constraints $A x \le b$, and $x_j \le 1$ added where $x_j$ is nearer to 1,

    .. math:: \sum_j \lfloor (u A)_j \rfloor x_j \le \lfloor u b \rfloor

    holds for all whole $x \ge 0$. The multipliers are fractional parts of a row of the basis inverse, so the cut is
    broken; k, q, A and b are whole, and all is computed in integers.
    Gomory (1958), doi:10.1090/S0002-9904-1958-10224-4; Chvátal (1973), doi:10.1016/0012-365X(73)90167-2.
    """
    matrix, limit, is_whole = _system(sifting)
    factors, denominator = _multipliers(sifting, is_whole)
    if not len(denominator):
        return None
    values = np.concatenate([point.covered, point.open_])
    total = (factors @ matrix).tocoo()
    (row, column), weight = total.coords, total.data
    q, at_top = denominator[row], values[column] > 0.5  # noqa: PLR2004 - halfway
    rounded = np.where(at_top, -(-weight // q), weight // q)
    added = np.where(at_top, rounded * q - weight, 0)
    right = factors @ limit + np.bincount(row, added, minlength=len(denominator)).astype(np.int64)
    right = right // denominator
    left = np.bincount(row, rounded * values[column], minlength=len(denominator))
    cells: Any = (rounded.astype(np.float64), (row, column))
    found: csr_array = csr_array(cells, shape=(len(denominator), matrix.shape[1]))
    found.eliminate_zeros()
    best = _best(found, left - right)
    if not len(best):
        return None
    chosen, rows = csr_array(found[best]), len(point.covered)
    return Cuts(rows=chosen[:, :rows], options=chosen[:, rows:], limit=right[best].astype(np.float64))


def _system(sifting: ColumnGeneration) -> tuple[csr_array, Ints, Bools]:
    """Return all constraints with whole coefficients, (k, r + o); others are left empty, and marked."""
    table, rows = sifting.table, len(sifting.table.need)
    whole = np.concatenate([np.ones(rows, np.bool_), table.is_whole])
    keep = csr_array((whole.astype(float), (np.arange(len(whole)),) * 2), shape=(len(whole),) * 2)
    parts = [keep @ table.matrix, *(hstack([cut.rows, cut.options]) for cut in sifting.cuts)]
    limits = [np.where(whole, table.limits, 0.0), *(cut.limit for cut in sifting.cuts)]
    matrix = csr_array(vstack(parts, format="csr")).astype(np.int64)
    limit = np.concatenate(limits).astype(np.int64)
    return matrix, limit, np.append(whole, np.ones(len(limit) - len(whole), dtype=np.bool_))


def _multipliers(sifting: ColumnGeneration, is_whole: Bools) -> tuple[csr_array, Ints]:
    """Return whole k (m, constraints) and q (m,): fractional parts k / q of rows of the basis inverse, both signs."""
    column, value, size = list[Ints](), list[Floats](), list[int]()
    for source in _sources(sifting):
        _, dense, count, index = sifting.handle.getBasisInverseRowSparse(source)
        where = np.asarray(index)[:count]
        column.append(where)
        value.append(np.asarray(dense)[where])
        size.append(count)
    nothing = np.zeros(0)
    columns, values = np.concatenate([*column, nothing.astype(np.intp)]), np.concatenate([*value, nothing])
    row = np.repeat(np.arange(len(size)), size)
    q = _denominators(values, row, len(size))
    whole = np.round(values * q[row]).astype(np.int64)
    parts = np.concatenate([whole, -whole]) % np.maximum(np.concatenate([q[row]] * 2), 1)
    row, columns, q = np.concatenate([row, row + len(size)]), np.concatenate([columns] * 2), np.concatenate([q] * 2)
    used = parts != 0
    is_sum = np.bincount(row[used & ~is_whole[columns]], minlength=len(q)) > 0
    kept = np.flatnonzero((q > 0) & ~is_sum & (np.bincount(row[used], minlength=len(q)) > 0))
    cells: Any = (parts[used], (row[used], columns[used]))
    every: csr_array = csr_array(cells, shape=(len(q), len(is_whole)), dtype=np.int64)
    return csr_array(every[kept]), q[kept]


def _sources(sifting: ColumnGeneration) -> list[int]:
    """Return the rows of the basis whose variable is fractional, the most fractional first."""
    values = np.asarray(sifting.handle.getSolution().col_value)
    _, basic = sifting.handle.getBasicVariables()
    column = np.maximum(basic, 0)  # a constraint's slack has a negative number
    away = np.where(np.asarray(basic) >= 0, np.abs(values[column] - np.round(values[column])), 0.0)
    order = np.argsort(-away, kind="stable")[:MOST_SOURCES]
    return [int(row) for row in order if away[row] > FRACTIONAL]


def _denominators(values: Floats, row: Ints, count: int) -> Ints:
    """Return for each row a small q that makes all its values whole multiples of 1/q; 0 where there is none."""
    found = np.zeros(count, dtype=np.int64)
    for q in reversed(DENOMINATORS):
        is_broken = np.abs(values * q - np.round(values * q)) >= NEARLY_WHOLE
        found[np.bincount(row[is_broken], minlength=count) == 0] = q
    return found


def _best(cuts: csr_array, violation: Floats) -> Ints:
    """Return distinct violated cuts, the deepest first."""
    norm = np.sqrt(np.asarray(cuts.multiply(cuts).sum(axis=1)).ravel())
    depth = np.where(violation > LEAST_VIOLATION, violation / np.maximum(norm, 1.0), 0.0)
    order = [int(cut) for cut in np.argsort(-depth, kind="stable") if depth[cut] > 0]
    seen: dict[bytes, int] = {}
    for cut in order:
        if len(seen) == MOST_CUTS:
            break
        part = slice(cuts.indptr[cut], cuts.indptr[cut + 1])
        seen.setdefault(cuts.indices[part].tobytes() + cuts.data[part].tobytes(), cut)
    return np.array(list(seen.values()), dtype=np.intp)

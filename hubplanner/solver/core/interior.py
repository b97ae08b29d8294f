"""The relaxation of a program with dense rows: an interior point on its chains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

from hubplanner.solver.adapters.highs import new_handle, run
from hubplanner.solver.core.sifting import PrimalPoint, proven

if TYPE_CHECKING:
    from hubplanner.solver.adapters import SearchLimits
    from hubplanner.solver.core.program import Program
    from hubplanner.solver.core.table import CoveringLP


def interior(table: CoveringLP, program: Program, effort: SearchLimits) -> PrimalPoint:
    """Return a point within the optimal face of the relaxation, and what its multipliers prove."""
    handle = new_handle(effort, solver="ipm", run_crossover="off")
    handle.passModel(program.highs(table, whole=False))
    run(handle)
    solution, rows = handle.getSolution(), program.rows
    solved = handle.getModelStatus() == highspy.HighsModelStatus.kOptimal
    dual = np.maximum(-np.asarray(solution.row_dual), 0.0) if solved else np.zeros(len(program.limit))
    values = np.asarray(solution.col_value) if solved else np.zeros(program.matrix.shape[1])
    # The chains' own constraints pass on what the rows' cost: only these and the side constraints count.
    own = np.concatenate([dual[:rows], dual[rows + program.sums :]])
    bound, reduced = proven(table, own, np.zeros(rows, dtype=np.bool_), None, np.zeros(0))
    open_ = values[rows + program.sums :]
    price = own[rows : rows + len(table.limit)]
    return PrimalPoint(covered=values[:rows], open_=open_, bound=bound, reduced=reduced, is_solved=solved, price=price)

"""The MIP of maximal covering, handed to HiGHS in arrays: building it takes no longer than reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hubplanner.solver.adapters.highs import new_handle, solve_handle
from hubplanner.solver.core.program import program_of

if TYPE_CHECKING:
    from hubplanner.problem import Bools
    from hubplanner.solver.adapters import Effort, Outcome
    from hubplanner.solver.core.cuts import Cuts
    from hubplanner.solver.core.table import Table


def search(table: Table, cuts: Cuts | None, effort: Effort, start: Bools) -> Outcome:
    """Solve the program with whole options.

    Parameters
    ----------
    cuts
        What every plan keeps to as well.
    start
        (o,) options of a plan to start from.
    """
    program = program_of(table, cuts)
    # Simplex starts slowly from nothing on chains; an interior point does not.
    root = {"mip_lp_solver": "ipm"} if program.sums else {}

    def make() -> Any:
        handle = new_handle(effort, mip_rel_gap=0.0, mip_abs_gap=effort.gap, **root)
        handle.passModel(program.highs(table, whole=True))
        return handle

    first = program.rows + program.sums
    columns = np.arange(first, first + program.options, dtype=np.int32)
    return solve_handle(make(), make, columns, start.astype(float).tolist())

"""The MIP of maximal covering, handed to HiGHS in arrays: building it takes no longer than reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from hubplanner.models.budget import MOST_PRICES
from hubplanner.solver.adapters.highs import new_handle, solve_handle
from hubplanner.solver.core.program import program_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.problem import Floats
    from hubplanner.solver.adapters import Outcome, SearchLimits
    from hubplanner.solver.core.cuts import Cuts
    from hubplanner.solver.core.table import CoveringLP


def search_core(table: CoveringLP, cuts: Cuts | None, effort: SearchLimits, start: Sequence[float]) -> Outcome:
    """Solve the program with whole options.

    Parameters
    ----------
    cuts
        What every plan keeps to as well.
    start
        (o,) options of a plan to start from; none if empty.
    """
    program, prices = program_of(table, cuts), _prices(table)
    asked: dict[str, Any] = {"mip_rel_gap": 0.0, "mip_abs_gap": effort.gap}
    if program.sums:
        # Simplex starts slowly from nothing on chains; an interior point does not.
        asked["mip_lp_solver"] = "ipm"
    if len(prices):
        # Presolve would put the sums back in place of the counts, whose branching closes the gap.
        asked["presolve"] = "off"
    first = program.rows + program.sums

    def make() -> Any:
        handle = new_handle(effort, **asked)
        handle.passModel(program.highs(table, whole=True))
        if len(prices):
            _count(handle, table, prices, first, program.rows + program.sums + _money(table)[0])
        return handle

    columns = np.arange(first, first + program.options, dtype=np.int32)
    return solve_handle(make(), make, columns, start)


def _prices(table: CoveringLP) -> Floats:
    """Return the distinct costs of options, if there is a budget and they are few; none else."""
    costs = np.concatenate([table.side[[row]].toarray().ravel() for row in _money(table)] or [np.zeros(0)])
    found = np.unique(costs)
    return found if len(found) <= min(MOST_PRICES, len(costs) // 2) else found[:0]


def _money(table: CoveringLP) -> list[int]:
    return np.flatnonzero(~table.is_whole).tolist()


def _count(handle: Any, table: CoveringLP, prices: Floats, first: int, money: int) -> None:
    r"""Carry the budget by whole numbers of options of each cost: $n_k = \sum_{o : c_o = c_k} y_o$.

    Branching on them closes the gap that a knapsack with few prices leaves, thousands of nodes sooner.

    Parameters
    ----------
    first
        Column of the first option.
    money
        Row of the budget.
    """
    cost, added = table.side[[_money(table)[0]]].toarray().ravel(), []
    for price in prices:
        options = np.flatnonzero(cost == price)
        added.append(handle.getNumCol())
        handle.addCol(0.0, 0.0, float(len(options)), 0, np.zeros(0, np.int32), np.zeros(0))
        handle.changeColIntegrality(added[-1], highspy.HighsVarType.kInteger)
        columns = np.append(options + first, added[-1]).astype(np.int32)
        handle.addRow(0.0, 0.0, len(columns), columns, np.append(np.ones(len(options)), -1.0))
    limit = float(table.limit[_money(table)[0]])
    handle.addRow(-np.inf, limit, len(prices), np.array(added, dtype=np.int32), prices)
    handle.changeRowBounds(money, -np.inf, np.inf)

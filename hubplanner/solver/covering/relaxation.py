"""The relaxation of maximal covering, sharpened by cuts, and the plans it suggests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import MaxCoverage, Objective
from hubplanner.problem import Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.cache import CachedPlans, SolveCache
from hubplanner.solver.covering.benders import BlockRelaxation, is_dense
from hubplanner.solver.covering.branch_and_cut import BlockSearch
from hubplanner.solver.covering.column_generation import ColumnGeneration, promising
from hubplanner.solver.covering.construction import rounded
from hubplanner.solver.covering.cuts import find_cuts
from hubplanner.solver.covering.lp import CoveringLP, Cuts, PrimalPoint, joined, table_of
from hubplanner.solver.limits import limits, money_share
from hubplanner.solver.mip.bounds.relaxation import Relaxation

MOST_ROUNDS = 30
LEAST_PROGRESS = 1e-7
"""Relative progress of the bound over three rounds below which cuts are given up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CoveringRelaxation:
    """A relaxation with its cuts, and a plan.

    Parameters
    ----------
    relaxation
        Bound and reduced costs, in need.
    plan
        (k,) options of the best plan met.
    cuts
        What sharpened it; None if nothing did.
    columns
        Options that the relaxation looked at.
    line
        Its bound for other budgets; None without a budget.
    search
        What goes on from it by branching, where rows are dense; None elsewhere.
    """

    relaxation: Relaxation
    plan: Ints
    cuts: Cuts | None
    columns: int
    line: CachedPlans | None = None
    search: BlockSearch | None = None


def solve_relaxation(  # noqa: PLR0913, PLR0917 - a question, how to solve it, and what is known
    instance: CoveringInstance,
    objective: MaxCoverage,
    effort: SearchLimits,
    start: Ints,
    memory: SolveCache | None = None,
    slack: Callable[[float], float] | None = None,
) -> CoveringRelaxation:
    """Return the relaxation after rounds of cuts, as far as time allows, and the best plan met on the way.

    The bound holds in any case. After each round the relaxation is rounded to a plan.

    Parameters
    ----------
    effort
        Its gap is the distance in need at which bound and plan come near enough, its time that until which options
        and need come.
    start
        (k,) options of some plan.
    memory
        Where the relaxation of another budget may be, to go on from, and where this one is left.
    slack
        By how much of need a plan is to beat a value; the gap, or the least that plans differ by, if None.
    """
    deadline = effort.deadline()
    table = table_of(instance, objective)
    effort = replace(effort, seconds=deadline.left)
    if is_dense(table.cover):
        return _by_blocks(
            instance, objective, table, effort, start, memory, slack or (lambda _: max(effort.gap, instance.least_gain))
        )
    best, value = start, instance.covered_need(start)
    sifting = _sifting(instance, objective, table, effort, value, memory)
    point, bounds = sifting.solve(), list[float]()
    while True:
        bounds.append(point.bound)
        trial = rounded(instance, objective, point.open_)
        if instance.covered_need(trial) > value:
            best, value = trial, instance.covered_need(trial)
        closed = point.bound * table.unit + instance.base - value <= effort.gap
        late = not point.is_solved or deadline.is_past
        if closed or late or _stalls(bounds) or (cuts := find_cuts(sifting, point)) is None:
            break
        sifting.add(cuts)
        sharper = sifting.solve()
        if not sharper.bound < point.bound:
            break
        point = sharper
    return CoveringRelaxation(
        relaxation=_whole(instance, table, point),
        plan=best,
        cuts=joined(sifting.cuts) if sifting.cuts else None,
        columns=int(sifting.inside.sum()),
        line=_line(instance, table, point, limits(objective)[0]),
    )


def _by_blocks(  # noqa: PLR0913, PLR0917 - a question, how to solve it, and what is known
    instance: CoveringInstance,
    objective: MaxCoverage,
    table: CoveringLP,
    effort: SearchLimits,
    start: Ints,
    memory: SolveCache | None,
    slack: Callable[[float], float],
) -> CoveringRelaxation:
    """Return the relaxation over blocks of rows, with the search that goes on from it."""
    deadline = effort.deadline()
    warm = memory.sifting if memory is not None and memory.instance is instance else None
    program = warm if isinstance(warm, BlockRelaxation) and warm.takes(table, effort) else None
    program = program or BlockRelaxation(table, effort)
    if memory is not None:
        memory.sifting, memory.instance = program, instance
    search = BlockSearch(
        instance=instance, objective=objective, program=program, best=start, slack=slack, deadline=deadline
    )
    point = search.root()
    return CoveringRelaxation(
        relaxation=_whole(instance, table, point),
        plan=search.best,
        cuts=None,
        columns=len(instance.option),
        line=_line(instance, table, point, limits(objective)[0]),
        search=search,
    )


def _whole(instance: CoveringInstance, table: CoveringLP, point: PrimalPoint) -> Relaxation:
    """Return what a point proves, in need."""
    values = np.concatenate([point.covered, point.open_]) if point.is_solved else np.zeros(0)
    found = Relaxation(bound=point.bound, open_=point.open_, reduced=point.reduced, values=values)
    return found.times(table.unit, instance.base)


def _sifting(  # noqa: PLR0913, PLR0917 - a program, a plan's value, and what is left of others
    instance: CoveringInstance,
    objective: Objective,
    table: CoveringLP,
    effort: SearchLimits,
    value: float,
    memory: SolveCache | None,
) -> ColumnGeneration:
    """Return what solves the relaxation: one that is warm, or a new one."""
    warm = memory.sifting if memory is not None and memory.instance is instance else None
    if isinstance(warm, ColumnGeneration) and warm.takes(table, effort):
        return warm
    inside = promising(table, _spent(instance, objective), (value - instance.base) / table.unit)
    sifting = ColumnGeneration(table, inside, effort)
    if memory is not None:
        memory.sifting, memory.instance = sifting, instance
    return sifting


def _line(instance: CoveringInstance, table: CoveringLP, point: PrimalPoint, money: float) -> CachedPlans | None:
    """Return how the bound moves with the budget; None without one."""
    row = np.flatnonzero(~table.is_whole)
    if not len(row) or not 0 < money < np.inf:
        return None
    slope = float(point.price[row[0]] * table.limit[row[0]]) * table.unit / money
    return CachedPlans(money=money, bound=point.bound * table.unit + instance.base, slope=slope)


def _stalls(bounds: list[float]) -> bool:
    """Tell whether cuts have moved the bound too little, or often enough."""
    slow = len(bounds) > 3 and bounds[-4] - bounds[-1] < LEAST_PROGRESS * abs(bounds[-1])  # noqa: PLR2004
    return slow or len(bounds) > MOST_ROUNDS


def _spent(instance: CoveringInstance, objective: Objective) -> Floats:
    """Return the share (o,) of money and hubs that each option takes, never quite nothing."""
    money, count = limits(objective)
    return np.maximum(money_share(instance.cost, money) + 1.0 / max(count, 1.0), np.finfo(float).eps)

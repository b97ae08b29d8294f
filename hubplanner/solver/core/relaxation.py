"""The relaxation of maximal covering, sharpened by cuts, and the plans it suggests."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.solver.core.cuts import Cuts, find_cuts, joined
from hubplanner.solver.core.interior import interior
from hubplanner.solver.core.prices import promising
from hubplanner.solver.core.program import program_of
from hubplanner.solver.core.sifting import Sifting
from hubplanner.solver.core.table import table_of
from hubplanner.solver.limits import limits, money_share
from hubplanner.solver.relaxation import Relaxation
from hubplanner.solver.start import rounded

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import Reduced
    from hubplanner.solver.adapters import Effort

MOST_ROUNDS = 30
LEAST_PROGRESS = 1e-7
"""Relative progress of the bound over three rounds below which cuts are given up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sharpened:
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
    """

    relaxation: Relaxation
    plan: Ints
    cuts: Cuts | None
    columns: int


def sharpened(instance: Reduced, objective: Objective, effort: Effort, start: Ints) -> Sharpened:
    """Return the relaxation after rounds of cuts, as far as time allows, and the best plan met on the way.

    The bound holds in any case. After each round the relaxation is rounded to a plan.

    Parameters
    ----------
    effort
        Its gap, in need, tells how near to the best plan's value the bound need come.
    start
        (k,) options of some plan.
    """
    deadline = time.perf_counter() + effort.seconds
    table = table_of(instance, objective)
    program = program_of(table)
    best, value = start, instance.covered_need(start)
    inside = promising(table, _spent(instance, objective), (value - instance.base) / table.unit)
    effort = replace(effort, seconds=max(deadline - time.perf_counter(), 0.0))
    sifting = None if program.sums else Sifting(table, inside, effort)
    point = sifting.solve() if sifting else interior(table, program, effort)
    bounds = list[float]()
    while True:
        bounds.append(point.bound)
        trial = rounded(instance, objective, point.open_)
        if instance.covered_need(trial) > value:
            best, value = trial, instance.covered_need(trial)
        closed = point.bound * table.unit + instance.base - value <= effort.gap
        late = not point.is_solved or time.perf_counter() > deadline
        if sifting is None or closed or late or _stalls(bounds) or (cuts := find_cuts(sifting, point)) is None:
            break
        sifting.add(cuts)
        sharper = sifting.solve()
        if not sharper.bound < point.bound:
            break
        point = sharper
    values = np.concatenate([point.covered, point.open_]) if point.is_solved else np.zeros(0)
    found = Relaxation(bound=point.bound, open_=point.open_, reduced=point.reduced, values=values)
    columns = int(sifting.inside.sum()) if sifting else len(instance.option)
    cuts = joined(sifting.cuts) if sifting and sifting.cuts else None
    return Sharpened(relaxation=found.times(table.unit, instance.base), plan=best, cuts=cuts, columns=columns)


def _stalls(bounds: list[float]) -> bool:
    """Tell whether cuts have moved the bound too little, or often enough."""
    slow = len(bounds) > 3 and bounds[-4] - bounds[-1] < LEAST_PROGRESS * abs(bounds[-1])  # noqa: PLR2004
    return slow or len(bounds) > MOST_ROUNDS


def _spent(instance: Reduced, objective: Objective) -> Floats:
    """Return the share (o,) of money and hubs that each option takes, never quite nothing."""
    money, count = limits(objective)
    return np.maximum(money_share(instance.cost, money) + 1.0 / max(count, 1.0), np.finfo(float).eps)

"""Among equal plans of a p-median always the same one: the cheaper, then fewer hubs, then lower sites."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.problem import Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.deadline import Deadline, work_done
from hubplanner.solver.median.cost_matrix import WHOLE, CostMatrix
from hubplanner.solver.median.interchange import first_plan
from hubplanner.solver.median.lagrangian import KEPT, settled
from hubplanner.solver.median.reduced_mip import search
from hubplanner.solver.median.subgradient import BoundedPlan, climb
from hubplanner.solver.mip.tie_breaking import MOST_NODES
from hubplanner.solver.strategy import BROKEN, OPEN, UNIQUE
from hubplanner.tolerances import AGREEMENT

CHEAPER = 1e-9
"""Relative difference of money that is one."""


class _OutOfWorkError(Exception):
    """Time is up or enough work done, or a solver left open whether there is a plan."""


@dataclass(frozen=True, kw_only=True)
class _FirstOfEquals:
    """Looks for plans that cost no more than the best one.

    Parameters
    ----------
    limit
        What a plan may cost to be as good.
    effort
        The solver, where multipliers leave it open.
    deadline
        When to stop.
    enough
        All work that may be done by the end.
    """

    limit: float
    effort: SearchLimits
    deadline: Deadline
    enough: float

    def find(self, table: CostMatrix) -> Ints | None:
        """Return a choice from a table that is as good as the best one, None where there is none."""
        if table.count < 0:
            return None
        if self.deadline.is_past or work_done() > self.enough:
            raise _OutOfWorkError
        start = first_plan(table, self.deadline)
        if table.value(start) <= self.limit or not table.size:
            return start if table.value(start) <= self.limit else None
        proof = climb(table, start, 0.0, self.deadline, self.limit)
        left = self.deadline.left
        if proof.lower <= self.limit < proof.value and left > 0:
            proof, _ = search(proof, replace(self.effort, seconds=left))
        if proof.lower <= self.limit < proof.value:
            raise _OutOfWorkError
        found = np.isin(table.option, proof.table.options(proof.chosen))
        return np.flatnonzero(found) if proof.value <= self.limit else None


def first_of_equals(proof: BoundedPlan, dearer: float, effort: SearchLimits, allowed: float) -> tuple[Ints, str]:
    """Return the options of the plan that comes first among all equal to a proven best one, and how sure that is.

    A plan is the only one if none does without one of its hubs, and no hub or dearer tier can be added to it. If there
    are others, each step asks for one that is cheaper, then smaller, then holds an earlier site, with those before it
    settled, until there is none.

    Parameters
    ----------
    dearer
        The least that another tier costs more at a site that holds a hub, infinite where there is none.
    effort
        The solver, and the time there is.
    allowed
        Work that it may take.

    Returns
    -------
    tuple
        The new options of the plan, and ``unique``, ``broken`` or ``open``.
    """
    limit = proof.value + proof.table.slack(KEPT / 2, proof.value)
    built, dropped = settled(proof.table, proof.bound, limit)
    mine = np.isin(np.arange(proof.table.size), proof.chosen)
    built &= mine
    table = proof.table.settle(np.flatnonzero(built), np.flatnonzero(~built & (~dropped | mine)))
    chosen: Ints = np.flatnonzero(np.isin(table.option, proof.table.option[proof.chosen]))
    effort = replace(effort, nodes=MOST_NODES)
    finder = _FirstOfEquals(limit=limit, effort=effort, deadline=effort.deadline(), enough=work_done() + allowed)
    try:
        if not _may_grow(table, chosen, dearer) and _is_only(finder, proof, table, chosen):
            return table.options(chosen), UNIQUE
        table, chosen = _cheapest(finder, table, chosen)
        return _in_order(finder, *_fewest(finder, table, chosen)), BROKEN
    except _OutOfWorkError:
        return table.options(chosen), OPEN


def _may_grow(table: CostMatrix, chosen: Ints, dearer: float) -> bool:
    """Tell whether the limits leave room for one more hub, or for a dearer one."""
    left = table.money - math.fsum(table.price[chosen])
    others = np.setdiff1d(np.arange(table.size), chosen)
    grows = math.isfinite(dearer) and dearer <= left
    return grows or (len(chosen) < table.count and bool((table.price[others] <= left).any()))


def _is_only(finder: _FirstOfEquals, proof: BoundedPlan, table: CostMatrix, chosen: Ints) -> bool:
    """Tell whether no other plan is as good: without one of its hubs none is.

    Where multipliers did not prove the plan best, a solver is asked for all its hubs at once, else they for each.
    """
    ceiling = finder.limit + table.slack(AGREEMENT, finder.limit)
    left = finder.deadline.left
    if left > 0 and proof.table.next_value(proof.bound.value) < finder.limit - 2 * table.slack(KEPT, finder.limit):
        others = replace(proof, value=ceiling, lower=proof.bound.value)
        others, _ = search(others, replace(finder.effort, seconds=left), (proof.chosen,), known=False)
        if others.value <= finder.limit or others.lower > finder.limit:
            return others.value > finder.limit
    return all(finder.find(_without(table, site)) is None for site in chosen.tolist())


def _without(table: CostMatrix, site: int) -> CostMatrix:
    return table.settle(np.arange(0), np.delete(np.arange(table.size), site))


def _cheapest(finder: _FirstOfEquals, table: CostMatrix, chosen: Ints) -> tuple[CostMatrix, Ints]:
    """Return the table held to what the cheapest plan costs, and that plan; equal prices say no more than the number.

    Whole prices differ by their greatest common divisor at least: held to that, the relaxed program tells more.
    """
    if len(np.unique(table.price)) <= 1:
        return table, chosen
    whole = bool((table.price == np.round(table.price)).all()) and table.price.max() < WHOLE
    step = float(np.gcd.reduce(table.price.astype(np.int64))) if whole else 0.0
    while True:
        spent = math.fsum(table.price[chosen])
        less = replace(table, money=spent - max(step * (1 - CHEAPER), CHEAPER * spent))
        found = finder.find(less) if spent > 0 else None
        if found is None:
            return replace(table, money=min(table.money, spent * (1 + CHEAPER))), chosen
        chosen = found


def _fewest(finder: _FirstOfEquals, table: CostMatrix, chosen: Ints) -> tuple[CostMatrix, Ints]:
    """Return the table held to the number of hubs of the smallest plan, and that plan."""
    while (found := finder.find(replace(table, count=len(chosen) - 1))) is not None:
        chosen = found
    return replace(table, count=len(chosen)), chosen


def _in_order(finder: _FirstOfEquals, table: CostMatrix, chosen: Ints) -> Ints:
    """Return the options of the plan whose sites come first: each site is settled in turn."""
    held = set(table.option[chosen].tolist())
    options = table.options(chosen)
    while table.count > 0 and table.size:
        rest = np.arange(1, table.size)
        with_it = table.settle(np.arange(1), rest)
        if int(table.option[0]) not in held:
            found = finder.find(with_it) if table.price[0] <= table.money else None
            if found is None:
                table = _without(table, 0)
                continue
            options = with_it.options(found)
            held = set(options.tolist())
        table = with_it
    return options

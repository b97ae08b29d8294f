"""Whole numbers of hubs of a kind, for the solver to branch on, within the hull of what money buys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintEQ, LpConstraintLE

from hubplanner.models.budget import Budget, most_money
from hubplanner.models.floors import Floor
from hubplanner.models.knapsack import ROUNDING, hull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulp import LpVariable

    from hubplanner.models.formulation import Formulation, Question
    from hubplanner.models.knapsack import Side
    from hubplanner.models.model import Model
    from hubplanner.problem import Floats, Ints

MOST_KINDS = 200
"""Kinds above which only prices are told apart."""


def add_tally(form: Formulation) -> None:
    r"""Count the hubs of each price c and set of floors f, and hold the counts to what money buys.

    .. math:: n_{cf} = \sum_{o \in O_{cf}} y_o \in \mathbb{Z}, \qquad
              \sum_c a_{sc} \sum_f n_{cf} \le b_s \text{ for each side } s \text{ of the hull of }
              \{n \in \mathbb{Z}^k : c n \le B\}

    Where hubs are full, a plan's worth hangs on how many hubs there are for each floor, hardly on which: branching on
    sums settles in some nodes what branching on single options does not in thousands.
    """
    for layer, money in zip(form.layers, _money(form.question), strict=True):
        if math.isfinite(money):
            # Upgrades that free money leave more of it for hubs that cost some.
            freed = math.fsum(np.minimum(layer.instance.cost, 0.0) * layer.instance.most)
            _tally(form.question, layer, money - freed)


def _tally(question: Question, layer: Model, money: float) -> None:
    """Count a year's hubs, if the hull of what its money buys has few sides."""
    cost = layer.instance.cost
    most = np.array([variable.upBound for variable in layer.open_], dtype=np.intp)
    paid = np.flatnonzero((cost > 0) & (most > 0))
    prices, price = np.unique(cost[paid], return_inverse=True)
    limits = np.bincount(price, weights=most[paid], minlength=len(prices)).astype(np.intp)
    sides = hull(tuple(prices.tolist()), tuple(limits.tolist()), money)
    if sides:
        kinds = _kinds(question, paid, price)
        counts = [_count(layer, number, paid[kinds == number]) for number in range(int(kinds.max()) + 1)]
        _hold(layer, counts, price[np.unique(kinds, return_index=True)[1]], sides)


def _money(question: Question) -> Sequence[float]:
    """Return the money for all hubs in each year, infinite where there is no limit."""
    if question.periods is not None:
        return question.periods.available
    amounts = [block.amount for block in question.blocks if isinstance(block, Budget)]
    return [most_money(min(amounts, default=math.inf)) - question.instance.base_cost]


def _kinds(question: Question, options: Ints, price: Ints) -> Ints:
    """Return the kind of each option: its price, and the floors whose group it reaches."""
    rows = question.instance.assign_rows
    floors = [block for block in question.blocks if isinstance(block, Floor)]
    traits = [price]
    for block in floors:
        needed = rows.totals[:, question.instance.measure(block.weight)][rows.row] > 0
        traits.append(np.isin(options, rows.option[needed]).astype(np.intp))
    _, kinds = np.unique(np.column_stack(traits), axis=0, return_inverse=True)
    return price if kinds.max() >= MOST_KINDS else kinds.ravel()


def _count(layer: Model, number: int, options: Ints) -> LpVariable:
    """Return a whole variable that counts the hubs of some options."""
    most = sum(int(layer.open_[option].upBound) for option in options.tolist())
    # Ends that no count reaches leave all reduced costs to the options, which they fix.
    count = layer.variable(f"tally_{number}", -1, most + 1, whole=True)
    layer.add(f"tally_{number}", [*layer.opened(options), (count, -1.0)], LpConstraintEQ, 0)
    layer.counts.append(count)
    return count


def _hold(layer: Model, counts: Sequence[LpVariable], price: Ints, sides: Sequence[Side]) -> None:
    """Hold the counts, each of hubs of a price, within the sides."""
    for weights, limit in sides:
        weight: Floats = np.array(weights)[price]
        terms = [(count, value) for count, value in zip(counts, weight.tolist(), strict=True) if value]
        layer.add("bought", terms, LpConstraintLE, limit * (1 + ROUNDING))

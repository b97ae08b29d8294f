"""A first guess at what rows are worth, and at the options that a relaxation needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hubplanner.problem import Bools, Floats
    from hubplanner.solver.core.table import CoveringLP

STEPS = 40
"""Steps of the search for prices: few, since column generation mends what they leave."""
FEW_OPTIONS = 2000
"""With fewer options than this, all enter at once."""
SHARE = 0.2
"""Share of the options that enter at first."""
MOMENTUM = 0.6
PATIENCE = 15
SHRINK = 0.6


def promising(table: CoveringLP, spent: Floats, value: float) -> Bools:
    r"""Return a mask (o,) of options that the relaxation will probably use, by a few subgradient steps.

    Each row has a price $\pi_r \in [0, w_r]$ that the options which cover it share in; these then fill a knapsack.
    Held, Wolfe and Crowder (1974), doi:10.1007/BF01580223.

    Parameters
    ----------
    spent
        (o,) share of the limits that each option takes.
    value
        What some plan is worth, in units of the objective.
    """
    count = len(table.gain)
    if count <= FEW_OPTIONS:
        return np.ones(count, dtype=np.bool_)
    price = table.need / np.sqrt(np.maximum(np.diff(table.cover.indptr), 1))
    best, kept, step, fails = np.inf, price, 1.0, 0
    direction = np.zeros(len(price))
    for _ in range(STEPS):
        worth = table.covers @ price + table.gain
        open_ = _knapsack(worth, spent)
        bound = float(np.maximum(table.need - price, 0.0).sum() + worth @ open_)
        if bound < best:
            best, kept, fails = bound, price, 0
        elif (fails := fails + 1) == PATIENCE:
            price, step, fails = kept, step * SHRINK, 0
        direction = MOMENTUM * direction + table.cover @ open_ - (price < table.need)
        length = step * max(bound - value, 0.0) / max(float(direction @ direction), 1.0)
        price = np.clip(price - length * direction, 0.0, table.need)
    worth = table.covers @ kept + table.gain
    rate = worth / spent
    first = np.argsort(-_margins(worth, spent, rate), kind="stable")[: max(int(SHARE * count), FEW_OPTIONS)]
    inside = np.zeros(count, dtype=np.bool_)
    inside[first] = True
    return inside


def _knapsack(worth: Floats, spent: Floats) -> Floats:
    """Return the shares (o,) of options that fill a knapsack of size 1 best."""
    order = np.argsort(-worth / spent, kind="stable")
    filled = np.cumsum(spent[order])
    open_ = np.zeros(len(worth))
    open_[order] = np.clip((1.0 - (filled - spent[order])) / spent[order], 0.0, 1.0)
    return open_


def _margins(worth: Floats, spent: Floats, rate: Floats) -> Floats:
    """Return what each option is worth beyond its price at the last rate that fits into the knapsack."""
    open_ = _knapsack(worth, spent)
    last = float(rate[open_ > 0].min(initial=np.inf))
    return worth - (last if np.isfinite(last) else 0.0) * spent

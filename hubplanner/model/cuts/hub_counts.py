"""Whole numbers of hubs of a kind, for the solver to branch on, within the hull of what money buys."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from pulp import LpConstraintEQ, LpConstraintLE, LpVariable
from scipy.spatial import ConvexHull

from hubplanner.model.constraints.base import Constraint, first_of, of_kind
from hubplanner.model.constraints.budget import money_limit, most_money
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.lp import Model
from hubplanner.model.multi_period import Periods
from hubplanner.problem import Bools, Floats, Ints

MOST_KINDS = 200
"""Kinds above which only prices are distinguished."""


def add_tally(layers: Sequence[Model], constraints: Sequence[Constraint]) -> None:
    r"""Count the hubs of each price c and set of floors f, and hold the counts to what money buys.

    .. math:: n_{cf} = \sum_{o \in O_{cf}} y_o \in \mathbb{Z}, \qquad
              \sum_c a_{sc} \sum_f n_{cf} \le b_s \text{ for each side } s \text{ of the hull of }
              \{n \in \mathbb{Z}^k : c n \le B\}

    Where hubs are full, a plan's worth hangs on how many hubs there are for each floor, hardly on which: branching on
    sums settles in some nodes what branching on single options does not in thousands.
    """
    for layer, money in zip(layers, _money(layers[-1], constraints), strict=True):
        if math.isfinite(money):
            # Upgrades that free money leave more of it for hubs that cost some.
            freed = math.fsum(np.minimum(layer.instance.cost, 0.0) * layer.instance.most)
            _tally(layer, constraints, money - freed)


def _tally(layer: Model, constraints: Sequence[Constraint], money: float) -> None:
    """Count a year's hubs, if the hull of what its money buys has few sides."""
    cost = layer.instance.cost
    most = np.array([variable.upBound for variable in layer.open_], dtype=np.intp)
    paid = np.flatnonzero((cost > 0) & (most > 0))
    prices, price = np.unique(cost[paid], return_inverse=True)
    limits = np.bincount(price, weights=most[paid], minlength=len(prices)).astype(np.intp)
    sides = hull(tuple(prices.tolist()), tuple(limits.tolist()), money)
    if sides:
        kinds = _kinds(layer, constraints, (paid, price))
        counts = [_count(layer, number, paid[kinds == number]) for number in range(int(kinds.max()) + 1)]
        _hold(layer, counts, price[np.unique(kinds, return_index=True)[1]], sides)


def _money(layer: Model, constraints: Sequence[Constraint]) -> Sequence[float]:
    """Return the money for all hubs in each year, infinite where there is no limit."""
    periods = first_of(constraints, Periods)
    if periods is not None:
        return periods.available
    return [most_money(money_limit(constraints)) - layer.instance.base_cost]


def _kinds(layer: Model, constraints: Sequence[Constraint], paid: tuple[Ints, Ints]) -> Ints:
    """Return the kind of each option that costs money: its price, and the floors whose group it reaches."""
    (options, price), rows = paid, layer.whole.assign_rows
    traits = [price]
    for floor in of_kind(constraints, Floor):
        needed = rows.totals[:, layer.whole.measure(floor.weight)][rows.row] > 0
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


MOST_PRICES = 4
"""Prices above which the hull has too many sides."""
MOST_POINTS = 200_000
"""Numbers of dearer hubs above which the hull is not worth its time."""
ROUNDING = 1e-9
"""Relative slack of a side, and of what money buys."""

Side = tuple[tuple[float, ...], float]
"""Weights (k,) of the numbers of hubs, the largest 1, and the most that their weighted sum can be."""


@lru_cache(maxsize=64)
def hull(prices: tuple[float, ...], most: tuple[int, ...], money: float) -> tuple[Side, ...]:
    r"""Return the sides of $\mathrm{conv} \{n \in \mathbb{Z}^k : c n \le B, 0 \le n \le m\}$ that are not $n_k \ge 0$.

    Each side's limit is the largest value at any of the points, so that it holds whatever rounding did to its weights.

    Parameters
    ----------
    prices
        (k,) money for a hub, above 0, ascending.
    most
        (k,) hubs of each price there can be.
    money
        To spend at most.

    Returns
    -------
    tuple
        The sides; none with too many prices or points.

    >>> hull((4.0,), (9,), 10.0)
    (((1.0,), 2.0),)
    """
    if money < 0 or not prices or len(prices) > MOST_PRICES:
        return ()
    caps = [min(count, int(money / price * (1 + ROUNDING))) for price, count in zip(prices, most, strict=True)]
    if math.prod(cap + 1 for cap in caps[1:]) > MOST_POINTS:
        return ()
    points, bought = _points(np.array(prices), caps, money), np.array(caps) > 0
    alone = [tuple(np.eye(len(prices))[number].tolist()) for number in np.flatnonzero(~bought | (bought.sum() == 1))]
    weights = alone + (_normals(points, bought) if bought.sum() > 1 else [])
    return tuple((weight, float((points @ np.array(weight)).max())) for weight in weights)


def _points(prices: Floats, caps: list[int], money: float) -> Ints:
    """Return numbers of hubs (q, k) that money buys, as many of the cheapest as it then does, or none of them."""
    shape = [cap + 1 for cap in caps[1:]]
    dearer = np.indices(shape).reshape(len(shape), math.prod(shape)).T
    left = money * (1 + ROUNDING) - dearer @ prices[1:]
    dearer, left = dearer[left >= 0], left[left >= 0]
    cheapest = np.minimum(left / prices[0], caps[0]).astype(np.intp)
    full = np.column_stack([cheapest, dearer])
    return np.unique(np.vstack([full, full * (np.arange(len(caps)) > 0)]), axis=0)


def _normals(points: Ints, bought: Bools) -> list[tuple[float, ...]]:
    """Return the outward normals (k,) of the hull's sides that limit numbers from above."""
    sides = ConvexHull(points[:, bought]).equations[:, :-1]
    outward = sides[(sides > -ROUNDING).all(axis=1) & (sides.max(axis=1) > ROUNDING)]
    scaled = np.maximum(outward, 0.0) / outward.max(axis=1, keepdims=True)
    whole = np.zeros((len(scaled), len(bought)))
    whole[:, bought] = np.where(scaled < ROUNDING, 0.0, scaled)
    return [tuple(row) for row in np.unique(np.round(whole, 9), axis=0).tolist()]

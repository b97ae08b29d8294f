"""What numbers of hubs of each price money can buy: the integer points of a knapsack, and their convex hull."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import ConvexHull

if TYPE_CHECKING:
    from hubplanner.problem import Bools, Floats, Ints

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

"""Ways over slopes: how much longer a metre takes uphill and down, and a search from cell to cell that is compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from hubplanner.extras import absent, is_installed
from hubplanner.problem.arrays import Floats

MOTOR, WALK, BICYCLE = 0, 1, 2
"""Means of crossing a cell, as `Relief.mode` says them."""
TOBLER_SLOPE, TOBLER_BEST = 3.5, 0.05
"""Tobler's hiking function: speed falls by so much a unit of slope from its best, 5 in 100 downhill."""
MOST_FASTER = 2.0
"""Times its speed on the flat that a bicycle has downhill at most."""
NEWTONS = 9.8 * (80 + 15)
"""Weight of rider and bicycle, 80 and 15 kg."""
ROLLING = 0.012
"""Resistance of tyres, as a share of weight."""
DRAG = 0.5 * 0.445 * (1.293 - 0.00426 * 20) * math.exp(-500 / 7000)
"""Resistance of air in N for each (m/s)²: half of 0.445 m² of front times its density at 20 C, 500 m above the sea."""
STEPS, CLOSE = 100, 1e-15
"""Most steps of Newton's method for a bicycle's speed, and the relative change at which it ends."""
LEAST_FACTOR: Floats = np.array([1.0, math.exp(-TOBLER_SLOPE * TOBLER_BEST), 1 / MOST_FASTER])
"""By means, the least that any slope multiplies minutes on the flat by."""
HEAP = 4096


class Relief(NamedTuple):
    """What slopes do to the cells of a raster.

    Parameters
    ----------
    elevation
        (r, c) metres above the sea.
    mode
        (r, c) how each cell is crossed: `MOTOR`, for which slopes do not count, `WALK` or `BICYCLE`.
    to_hub
        Whether ways lead to hubs, or from them.
    """

    elevation: np.ndarray[tuple[int, ...], np.dtype[Any]]
    mode: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    to_hub: bool = True


def minutes_per_metre(flat: float, mode: int, slope: float) -> float:
    r"""Return the minutes that a metre takes on a slope, from those on the flat.

    On foot by Tobler's hiking function (1993, NCGIA technical report 93-1), scaled to the speed on the flat,

    .. math:: v(s) = v(0)\, e^{-3.5\,(|s + 0.05| - 0.05)}

    A bicycle's rider has the power $P$ that its speed on the flat takes, which gives the speed on a slope, at most
    twice that on the flat:

    .. math:: v\,(W (s + c_r) + k v^2) = P = v_0\,(W c_r + k v_0^2)

    with weight $W$, rolling resistance $c_r$ and drag $k$, as in AccessMod (Ray and Ebener, 2008,
    doi:10.1186/1476-072X-7-63). Vehicles with motors are as fast on any slope.

    Parameters
    ----------
    flat
        Minutes per metre on the flat.
    mode
        `MOTOR`, `WALK` or `BICYCLE`.
    slope
        Metres up for each metre of the way; below 0 downhill.

    >>> [round(0.06 / minutes_per_metre(0.06 / 5, WALK, slope), 2) for slope in (-0.05, 0.0, 0.1)]
    [5.96, 5.0, 3.52]
    >>> [round(0.06 / minutes_per_metre(0.06 / 15, BICYCLE, slope), 1) for slope in (-0.1, 0.0, 0.05)]
    [30.0, 15.0, 4.0]
    """
    if mode == WALK:
        return flat * math.exp(TOBLER_SLOPE * (abs(slope + TOBLER_BEST) - TOBLER_BEST))
    if mode == BICYCLE:
        start = 1 / (60 * flat)
        power = start * (NEWTONS * ROLLING + DRAG * start * start)
        held = NEWTONS * (slope + ROLLING)
        speed = MOST_FASTER * start
        if speed * (held + DRAG * speed * speed) <= power:
            return flat / MOST_FASTER
        # The left side of the formula is convex above its root, so that Newton's steps from beyond only come nearer.
        for _ in range(STEPS):
            less = (speed * (held + DRAG * speed * speed) - power) / (held + 3 * DRAG * speed * speed)
            speed -= less
            if less <= CLOSE * speed:
                break
        return 1 / (60 * speed)
    return flat


def search_cells(  # noqa: PLR0913, PLR0917, PLR0912, PLR0915, C901 - compiled as one
    pace: Any,
    mode: Any,
    elevation: Any,
    sloping: bool,  # noqa: FBT001
    to_hub: bool,  # noqa: FBT001
    moves: Any,
    cuts_corners: bool,  # noqa: FBT001
    width: Any,
    height: float,
    row: int,
    column: int,
    limit: float,
) -> Any:
    """Return the minutes (r, c) between all cells and one, infinite beyond a limit, by Dijkstra's search with a heap.

    What moves cost is said by `FrictionGrid`. It is compiled by `compiled`, and as it stands only slow.
    """
    rows, columns = pace.shape
    cost = np.full(rows * columns, np.inf)
    heap_cost, heap_cell = np.empty(HEAP), np.empty(HEAP, np.int64)
    cost[row * columns + column] = 0.0
    heap_cost[0], heap_cell[0] = 0.0, row * columns + column
    size = 1
    while size:
        so_far, cell = heap_cost[0], heap_cell[0]
        size -= 1
        last_cost, last_cell = heap_cost[size], heap_cell[size]
        at = 0
        while 2 * at + 1 < size:
            below = 2 * at + 1
            if below + 1 < size and heap_cost[below + 1] < heap_cost[below]:
                below += 1
            if heap_cost[below] >= last_cost:
                break
            heap_cost[at], heap_cell[at] = heap_cost[below], heap_cell[below]
            at = below
        heap_cost[at], heap_cell[at] = last_cost, last_cell
        if so_far > cost[cell]:  # found again since, by a quicker way
            continue
        y, x = cell // columns, cell % columns
        for number in range(len(moves)):
            down, right = moves[number, 0], moves[number, 1]
            to_y, to_x = y + down, x + right
            if to_y < 0 or to_y >= rows or to_x < 0 or to_x >= columns or pace[to_y, to_x] == np.inf:
                continue
            far, across = abs(down) + abs(right), right * 0.5 * (width[y] + width[to_y])
            length = math.sqrt((down * height) ** 2 + across * across)
            half_y, half_x = int(down / 2), int(right / 2)
            first, second = pace[y + half_y, x + half_x], pace[to_y - half_y, to_x - half_x]
            if far == 3:  # noqa: PLR2004 - a knight's move, over the two cells in the middle
                if max(first, second) == np.inf:
                    continue
            elif far == 2 and not cuts_corners and pace[to_y, x] == np.inf and pace[y, to_x] == np.inf:  # noqa: PLR2004
                continue
            if sloping:
                slope = (elevation[to_y, to_x] - elevation[y, x]) / length
                if to_hub:  # the search goes from the hub outwards, people the other way
                    slope = -slope
                metre = minutes_per_metre(pace[y, x], mode[y, x], slope)
                metre += minutes_per_metre(pace[to_y, to_x], mode[to_y, to_x], slope)
                if far == 3:  # noqa: PLR2004
                    metre += minutes_per_metre(first, mode[y + half_y, x + half_x], slope)
                    metre += minutes_per_metre(second, mode[to_y - half_y, to_x - half_x], slope)
            else:
                metre = pace[y, x] + pace[to_y, to_x]
                if far == 3:  # noqa: PLR2004
                    metre += first + second
            total = so_far + length * metre / (4 if far == 3 else 2)  # noqa: PLR2004
            other = to_y * columns + to_x
            if total > limit or total >= cost[other]:
                continue
            cost[other] = total
            if size == len(heap_cost):
                more_cost, more_cell = np.empty(2 * size), np.empty(2 * size, np.int64)
                more_cost[:size], more_cell[:size] = heap_cost, heap_cell
                heap_cost, heap_cell = more_cost, more_cell
            at = size
            size += 1
            while at > 0 and heap_cost[(at - 1) // 2] > total:
                heap_cost[at], heap_cell[at] = heap_cost[(at - 1) // 2], heap_cell[(at - 1) // 2]
                at = (at - 1) // 2
            heap_cost[at], heap_cell[at] = total, other
    return cost.reshape(rows, columns)


@cache
def compiled() -> Callable[..., Any]:
    """Return `search_cells` in the machine's own code, which threads run side by side.

    Raises
    ------
    MissingExtraError
        Where what compiles it is not installed.
    """
    if not is_installed("terrain"):
        raise absent(extra="terrain", needs="travel over slopes needs")
    from numba import njit  # noqa: PLC0415 - optional, heavy
    from numba.extending import register_jitable  # noqa: PLC0415

    register_jitable(minutes_per_metre)
    made: Callable[..., Any] = njit(nogil=True)(search_cells)
    return made

"""Which points of a spread row go to which of its hubs, as far as the row's links determine it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from hubplanner.audit.data.places import Array

ROUNDING = 1e-7
"""Of a point, by which more of it may be served than there is."""
BEND = 1e-6
"""Weight of squared lengths that tells equally short ways apart."""
ALIKE = 1e-6
"""Relative to the longest way: lengths that differ by less are the same."""
PRECISE = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-10}


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortestAssignment:
    """The shortest ways of a row's people to its hubs.

    Parameters
    ----------
    mean
        (k,) mean distance to each hub.
    farthest
        The longest way that someone goes.
    unique
        Whether no other ways are as short.
    """

    mean: Array
    farthest: float
    unique: bool


def shortest(  # noqa: PLR0913, PLR0917 - who is where, who goes where, and what is said of it
    far: Array, inside: Array, supply: Array, amount: Array, stated: Array | None = None, off: float = 0.0
) -> ShortestAssignment | None:
    r"""Return the ways by which points go to hubs, as short as can be in all; None where so many cannot.

    .. math:: \min \sum_{ph} d_{ph} x_{ph}, \quad \sum_h x_{ph} \le w_p, \quad \sum_p x_{ph} = s_h, \quad x \ge 0

    Parameters
    ----------
    far, inside
        (p, k) distances, and whether the hub reaches the point.
    supply
        (p,) people of each point, in those of a mean one.
    amount
        (k,) how many go to each hub, in the same unit.
    stated, off
        Mean distances (k,) to each hub that the ways must have, but for so much; any if left out.
    """
    point, hub = np.nonzero(inside)
    if len(amount) == 1 and stated is None:
        return _nearest(far[point, 0], supply[point], float(amount[0]))
    pair, length = np.arange(len(point)), far[point, hub]
    unit = max(float(length.max(initial=0.0)), 1e-300)
    rows = [csr_array((np.ones(len(pair)), (point, pair)), shape=(len(far), len(pair)))]
    limits = [supply + ROUNDING]
    if stated is not None:
        moment = csr_array((length / unit, (hub, pair)), shape=(len(amount), len(pair)))
        rows += [moment, -moment]
        limits += [amount * (stated + off) / unit, -amount * (stated - off) / unit]
    solve: Any = linprog  # its stubs do not know sparse matrices
    each = csr_array((np.ones(len(pair)), (hub, pair)), shape=(len(amount), len(pair)))

    def ways(bend: float) -> tuple[Array, float] | None:
        cost = length / unit + bend * (length / unit) ** 2
        found = solve(cost, vstack(rows), np.concatenate(limits), each, amount, method="highs-ds", options=PRECISE)
        if found.status != 0:
            return None
        mean = np.bincount(hub, weights=found.x * length, minlength=len(amount)) / amount
        return mean, float(length[found.x > ROUNDING].max(initial=0.0))

    # Of equally short ways, those with as even and with as uneven lengths as can be: alike, they are all there are.
    first, *others = ways(0.0), ways(BEND), ways(-BEND)
    if first is None:
        return None
    (mean, farthest), close = first, ALIKE * unit
    unique = all(
        other is not None and np.allclose(other[0], mean, rtol=0.0, atol=close) and abs(other[1] - farthest) <= close
        for other in others
    )
    return ShortestAssignment(mean=mean, farthest=farthest, unique=unique)


def _nearest(length: Array, supply: Array, amount: float) -> ShortestAssignment | None:
    """Return the ways of so many people to their only hub: those of the nearest points go."""
    if amount > supply.sum() + len(length) * ROUNDING:
        return None
    order = np.argsort(length, kind="stable")
    ordered, room = length[order], supply[order]
    part = np.clip(amount - (np.cumsum(room) - room), 0.0, room)
    return ShortestAssignment(
        mean=np.array([part @ ordered / amount]),
        farthest=float(ordered[part > ROUNDING].max(initial=0.0)),
        unique=True,
    )

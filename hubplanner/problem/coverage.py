"""When a demand point counts as covered: how coverage fades with distance, and how many hubs it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_array

from hubplanner.errors import ScenarioError
from hubplanner.problem.arrays import Floats, Ints, spans
from hubplanner.problem.travel.base import within

MOST_BACKUP = 2
LEAST_SHARE = 1e-9
"""Shares of a point below it are rounding."""


class Decay(StrEnum):
    """How coverage fades between the distance of full coverage and reach."""

    STEP = "step"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"
    GAUSSIAN = "gaussian"


@dataclass(frozen=True, kw_only=True)
class CoverageRule:
    r"""The share of a point that hubs cover.

    One hub at distance d with reach R covers the share

    .. math:: a(d) = \begin{cases} 1 & d \le F \\ f(d) & F < d \le R \\ 0 & d > R \end{cases} \qquad
              f = 1, \quad \tfrac{R-d}{R-F}, \quad e^{-(d-F)/W}, \quad e^{-\frac12 ((d-F)/W)^2}

    for step, linear, exponential and gaussian decay. With backup the best hub counts $1 - \beta$ and the second best
    $\beta$. Berman and Krass (2002), doi:10.1016/S0305-0548(01)00059-X; Hogan and ReVelle (1986),
    doi:10.1287/mnsc.32.11.1434.

    Parameters
    ----------
    decay
        Shape of f.
    full
        Distance F of full coverage, in the unit of travel; without meaning for step.
    width
        Width W of exponential and gaussian decay, in the unit of travel.
    backup
        Hubs that a point needs: 1, or 2.
    backup_weight
        Share $\beta$ that the second hub's cover counts for; 1 = nothing counts without a second hub.

    >>> CoverageRule(decay=Decay.LINEAR, full=2).share(np.array([1.0, 3.0, 4.0, 9.0]), 4.0).tolist()
    [1.0, 0.5, 0.0, 0.0]
    """

    decay: Decay = Decay.STEP
    full: float = 0.0
    width: float | None = None
    backup: int = 1
    backup_weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what would be no rule."""
        fading = self.decay in {Decay.EXPONENTIAL, Decay.GAUSSIAN}
        wrong = {
            "full": (not 0 <= self.full < np.inf, "a distance of at least 0"),
            "width": (
                (self.width is None or not 0 < self.width < np.inf) if fading else self.width is not None,
                "a distance above 0 with exponential and gaussian decay, none with the others",
            ),
            "backup": (self.backup not in {1, MOST_BACKUP}, "1 or 2"),
            "backup_weight": (not 0 <= self.backup_weight <= 1, "0 to 1"),
        }
        for name, (is_wrong, allowed) in wrong.items():
            if is_wrong:
                message = f"coverage rule, {name}: {getattr(self, name)!r} found; allowed: {allowed}"
                raise ScenarioError(message)

    @property
    def is_step(self) -> bool:
        """Tell whether one hub within reach covers a point wholly."""
        return self.decay == Decay.STEP and self.backup == 1

    @property
    def ranks(self) -> dict[int, float]:
        """What the cover of the best, and of the second best hub counts for; ranks that count nothing are left out."""
        second = self.backup_weight if self.backup == MOST_BACKUP else 0.0
        return {rank: weight for rank, weight in ((1, 1.0 - second), (2, second)) if weight > 0}

    def share(self, distance: Floats, reach: float | Floats) -> Floats:
        """Return the share that one hub covers at some distances; reaches of one number or one each."""
        inside = within(distance, reach)
        if self.decay == Decay.STEP:
            return inside.astype(np.float64)
        beyond = np.maximum(distance - self.full, 0.0)
        if self.decay == Decay.LINEAR:
            room = np.maximum(reach - self.full, np.finfo(float).tiny)
            fading = np.clip(1.0 - beyond / room, 0.0, 1.0)
        else:
            steps = beyond / float(self.width or np.nan)
            fading = np.exp(-steps if self.decay == Decay.EXPONENTIAL else -0.5 * steps**2)
        return np.where(inside, fading, 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Demand merged by what can cover it.

    Parameters
    ----------
    need
        (r,) need of each row.
    cover
        (r, o) which options cover it, one stored 1 each.
    n_points
        Demand points behind all rows.
    uncovered_need
        Need that no option can cover.
    """

    need: Floats
    cover: csr_array
    n_points: int
    uncovered_need: float


@dataclass(frozen=True, eq=False)
class Levels:
    """Gradual cover as a sum of step covers, one row each.

    Parameters
    ----------
    cover
        (l, o) which options cover a point to at least the level's share.
    point
        (l,) the point of each level.
    step
        (l,) share that the level adds to the next lower one.
    """

    cover: csr_array
    point: Ints
    step: Floats


def levels(share: csr_array) -> Levels:
    r"""Return shares (n, o) as levels: with $a^1 > a^2 > \dots > a^m > a^{m+1} = 0$ the values in a row,

    .. math:: \max_{o \in O} a_{io} = \sum_l (a^l - a^{l+1}) \max_{o \in O} [a_{io} \ge a^l]

    >>> levels(csr_array(np.array([[0.25, 1.0, 0.25]]))).step.tolist()
    [0.75, 0.25]
    """  # noqa: D400 - the sentence ends in its formula
    if share.dtype == np.int8:
        return Levels(share, np.arange(share.shape[0]), np.ones(share.shape[0]))
    point = np.repeat(np.arange(share.shape[0]), np.diff(share.indptr))
    order = np.lexsort((share.indices, -share.data, point))
    point, value, option = point[order], share.data[order], share.indices[order]
    fresh = np.append(True, (np.diff(point) > 0) | (np.diff(value) < 0))[: len(point)]
    start = np.flatnonzero(fresh)
    owner = point[start]
    last = np.append(owner[1:] != owner[:-1], True)[: len(owner)]
    lower = np.where(last, 0.0, np.append(value[start][1:], 0.0)[: len(owner)])
    # A level holds the options of its own share and of all higher ones: of the point's first ones, up to its end.
    stop = np.append(start[1:], len(point))[: len(start)]
    begin = np.searchsorted(point, owner)
    size = stop - begin
    entry = spans(begin, size)
    cells = (np.ones(len(entry), dtype=np.int8), option[entry], np.append(0, np.cumsum(size)))
    cover = csr_array(cells, shape=(len(start), share.shape[1]))
    cover.sort_indices()
    return Levels(cover, owner, value[start] - lower)


def missing(level: Levels, size: int) -> Floats:
    """Return the share (n,) of each point that no level adds up to, none where it is rounding."""
    left = 1.0 - np.bincount(level.point, level.step, size)
    return np.asarray(np.where(left > LEAST_SHARE, left, 0.0), dtype=np.float64)

"""What a frontier is made of: plans as points of two figures, and which of them no other one beats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hubplanner.analysis.requests import FAIRNESS, WORST_GROUP
from hubplanner.problem import Conflict, Evaluation, Problem, relative_gap
from hubplanner.solver.cheapest_plan import SAME

STOPPED = "stopped"
"""Status of a limit that was not solved, since the search was ended before."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontierPoint:
    """A plan on the way along a frontier.

    Parameters
    ----------
    limit
        What was asked: the budget in money, or the least share.
    problem, plan
        What was solved, and the plan's recomputed figures.
    covered, covered_bound
        Need the plan covers, and the most any plan within the limit covers; NaN where that was not the goal.
    other, other_bound
        The figure coverage is traded against, and the best of it that any plan covering as much could have; NaN
        where that is not known.
    proven
        Whether its gap is within the asked one.
    seconds
        Time it took.
    ties
        Whether equally good plans were distinguished, as in `Solution`.
    least
        Size of the other figure below which its gap is absolute, not relative.
    """

    limit: float
    problem: Problem
    plan: Evaluation
    covered: float
    covered_bound: float
    other: float
    other_bound: float
    proven: bool
    seconds: float
    ties: str = "open"
    least: float = 1.0

    @property
    def gap(self) -> float:
        """Relative distance of the goal's figure to its bound."""
        if math.isnan(self.covered_bound):
            return relative_gap(self.other, self.other_bound, self.least)
        return relative_gap(self.covered, self.covered_bound)


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A limit without a point.

    Parameters
    ----------
    limit
        What was asked.
    status
        ``infeasible``, ``no_plan`` (none found in time), ``stopped`` (not solved, the search was ended before) or
        ``dominated`` (another point is as good in both figures).
    clash
        Demands that clash, where it is infeasible.
    """

    limit: float
    status: str
    clash: Conflict | None = None

    @property
    def too_little(self) -> float:
        """Money below which there surely is no plan; NaN where it is not known."""
        return math.nan if self.clash is None else self.clash.too_little


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontierTrace:
    """A frontier as plans of a problem.

    Parameters
    ----------
    against
        What coverage is traded against: ``cost``, ``distance``, ``worst_group`` or ``fairness``.
    solved
        A point for each limit with a plan, in their order.
    missing
        Limits without a plan.
    complete
        With all points asked for: whether these are surely all.
    free
        The frontier of plans that need not grow from each other, where these do.
    """

    against: str
    solved: tuple[FrontierPoint, ...]
    missing: tuple[Missing, ...] = ()
    complete: bool = True
    free: FrontierTrace | None = None

    @property
    def points(self) -> tuple[FrontierPoint, ...]:
        """The points that no other one beats, the least covered first; of fairness one for each alpha, ascending."""
        if self.against == FAIRNESS:
            return self.solved
        return nondominated(self.solved, rises=self.against == WORST_GROUP)

    @property
    def left_out(self) -> tuple[Missing, ...]:
        """Limits without a point of their own, in ascending order."""
        kept = {id(point) for point in self.points}
        beaten = [Missing(limit=point.limit, status="dominated") for point in self.solved if id(point) not in kept]
        return tuple(sorted((*self.missing, *beaten), key=lambda missing: missing.limit))

    @property
    def proven(self) -> bool:
        """Tell whether every point is within its asked gap and no limit stayed without an answer."""
        late = any(missing.status in {"no_plan", STOPPED} for missing in self.missing)
        own = all(point.proven for point in self.solved) and self.complete and not late
        return own and (self.free is None or self.free.proven)


def nondominated(points: Iterable[FrontierPoint], *, rises: bool = False) -> tuple[FrontierPoint, ...]:
    """Return the points that no other one equals or beats in both figures, the least covered first.

    Parameters
    ----------
    rises
        Whether more of the other figure is better; less is if not.
    """
    sign = -1.0 if rises else 1.0
    kept: list[FrontierPoint] = []
    # The most covered first, of equals the best in the other figure: what follows must be better in that.
    for point in sorted(points, key=lambda point: (-point.covered, sign * point.other)):
        best = sign * kept[-1].other if kept else math.inf
        if sign * point.other < best - SAME * max(1.0, abs(point.other)):
            if kept and point.covered >= kept[-1].covered * (1 - SAME):
                kept.pop()
            kept.append(point)
    return tuple(reversed(kept))


def tightened(points: Sequence[FrontierPoint]) -> list[FrontierPoint]:
    r"""Return points of ascending budgets with what they prove for each other.

    A smaller budget allows no more than a larger one, so $U(B) \le U(B')$ for $B \le B'$. A plan that covers more than
    any plan within $B$ can, $v > U(B)$, costs more than $B$.
    """
    found: list[FrontierPoint] = []
    bound = math.inf
    for point in reversed(points):
        bound = min(bound, point.covered_bound)
        found.append(replace(point, covered_bound=max(bound, point.covered)))
    found.reverse()
    return [replace(point, other_bound=_least_cost(point, found)) for point in found]


def _least_cost(point: FrontierPoint, points: Sequence[FrontierPoint]) -> float:
    """Return money that any plan which covers as much as a point surely costs."""
    too_little = [other.limit for other in points if other.covered_bound < point.covered * (1 - SAME)]
    known = [point.other_bound] if math.isfinite(point.other_bound) else []
    return min(point.other, max([*too_little, *known], default=min(0.0, point.other)))


def knee(points: Sequence[FrontierPoint]) -> int | None:
    r"""Return which point lies farthest above the chord of the first and the last, None where none lies above.

    Both figures are scaled to [0, 1]; the distance is $(y_k - x_k) / \sqrt{2}$. Satopaa et al. (2011),
    doi:10.1109/ICDCSW.2011.20.
    """
    if len(points) < 3:  # noqa: PLR2004 - a chord and a point off it
        return None
    first, last = points[0], points[-1]
    wide, high = last.other - first.other, last.covered - first.covered
    off = [(point.covered - first.covered) / high - (point.other - first.other) / wide for point in points]
    best = max(range(len(points)), key=off.__getitem__)
    return best if off[best] > SAME else None

"""Coverage against nearness or fairness within one budget: floors on cover raised step by step, or aversion itself."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from hubplanner.analysis.frontier.points import STOPPED, FrontierPoint, FrontierTrace, Missing
from hubplanner.analysis.frontier.trace import MOST_POINTS, check_small, check_traceable, without_plan
from hubplanner.analysis.requests import DISTANCE, FAIRNESS, WORST_GROUP
from hubplanner.errors import ScenarioError
from hubplanner.model import Fairness, Floor, MaxCoverage, MaxMin, Objective, PMedian
from hubplanner.problem import Evaluation, Problem, Solution, Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.cheapest_plan import SAME
from hubplanner.stopping import is_stopped
from hubplanner.translation import N_, gettext as _

log = logging.getLogger(__name__)

NO_NEED = N_(
    "no place has any need, so there is no coverage to trade; look at demand.people and demand.connected_share"
)
STEP = 1e-5
"""Share of need by which a floor is raised above the last plan's when all points are asked for."""


def trace_distance(
    problem: Problem, objective: Objective, points: int | None, options: SolverOptions | None = None
) -> FrontierTrace:
    r"""Return covered need against the mean distance to a hub: the least distance for each least covered share.

    .. math:: \min \frac{\sum_i w_i d_i}{\sum_i w_i} \quad\text{s.t.}\quad \sum_i w_i z_i \ge \phi_k \sum_i w_i

    with shares from what the p-median covers to what can be covered at most.

    Parameters
    ----------
    problem, objective
        What to solve; a `MaxCoverage` with its budget and limits.
    points
        Number of shares, at least 2; None for every nondominated point of a small problem.
    options
        Solver, gap and time limit of each plan.

    Raises
    ------
    ScenarioError
        When the objective is another one, or the problem too large.
    """
    most = _most_covering(problem, objective)
    median = PMedian(budget=most.budget, max_hubs=most.max_hubs, constraints=most.constraints)
    total = math.fsum(problem.need)

    def asked(share: float) -> Objective:
        if share <= 0:
            return median
        return replace(
            median, constraints=(*median.constraints, Floor(weight=problem.need, share=share, name="all need"))
        )

    trade = _Trade(
        problem=problem,
        against=DISTANCE,
        asked=asked,
        level=lambda plan: plan.covered_need / total,
        other=lambda found: found.value,
        options=_exact(problem, options, points),
    )
    return trade.run(points, lambda: _share(problem, trade.solve(most)))


def trace_worst_group(
    problem: Problem,
    objective: Objective,
    groups: MaxMin,
    points: int | None,
    options: SolverOptions | None = None,
) -> FrontierTrace:
    r"""Return covered need against the worst covered share of a group: the most need for each least share of all.

    .. math:: \max \sum_i w_i z_i \quad\text{s.t.}\quad \sum_i w_i^g z_i \ge \phi_k \sum_i w_i^g \;\forall g

    with shares from the worst one of the best covering plan to the most that all groups can have together.

    Parameters
    ----------
    problem, objective, points, options
        As with `trace_distance`.
    groups
        Need (g, n) of each group at each point, and what the groups are called.
    """
    most = _most_covering(problem, objective)
    weights = groups.with_need
    names = groups.names or tuple("" for _ in groups.weights)
    named = [name for name, weight in zip(names, groups.weights, strict=True) if math.fsum(weight) > 0]
    totals = [math.fsum(weight) for weight in weights]
    if not totals:
        message = _("trade coverage,worst_group: no group has any need")
        raise ScenarioError(message)

    def worst(plan: Evaluation) -> float:
        pairs = zip(weights, totals, strict=True)
        return min(math.fsum(weight * plan.covered_share) / total for weight, total in pairs)

    def asked(share: float) -> Objective:
        floors = [Floor(weight=weight, share=share, name=name) for weight, name in zip(weights, named, strict=True)]
        return replace(most, constraints=(*most.constraints, *floors)) if share > 0 else most

    def found_worst(found: Solution) -> float:
        return worst(_plan_of(found))

    trade = _Trade(
        problem=problem,
        against=WORST_GROUP,
        asked=asked,
        level=worst,
        other=found_worst,
        options=_exact(problem, options, points),
    )
    return trade.run(points, lambda: found_worst(trade.solve(replace(most, fairness=replace(groups, first=True)))))


def _most_covering(problem: Problem, objective: Objective) -> MaxCoverage:
    check_traceable(problem, objective)
    if not problem.need.any():
        raise ScenarioError(_(NO_NEED))
    return cast("MaxCoverage", objective)


def _share(problem: Problem, found: Solution) -> float:
    return _plan_of(found).covered_need / math.fsum(problem.need)


def _exact(problem: Problem, options: SolverOptions | None, points: int | None) -> SolverOptions:
    """Return the options of each plan: to gap 0 where all points are asked for, of a small problem."""
    options = options or SolverOptions()
    if points is None:
        check_small(problem)
        return replace(options, gap=0.0)
    return options


def _plan_of(found: Solution) -> Evaluation:
    if found.evaluation is None:
        raise AssertionError
    return found.evaluation


class _NoEndError(Exception):
    """An end of the frontier has no plan."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.status)
        self.missing = missing


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trade:
    """Two figures of plans, one raised by floors while the other is sought.

    Parameters
    ----------
    asked
        The question whose plans have a level at least.
    level, other
        The figure that floors raise, a share, of a plan; the figure against coverage.
    """

    problem: Problem
    against: str
    asked: Callable[[float], Objective]
    level: Callable[[Evaluation], float]
    other: Callable[[Solution], float]
    options: SolverOptions

    def solve(self, objective: Objective) -> Solution:
        """Return a plan at an end of the frontier."""
        found = solve_problem(self.problem, objective, self.options)
        if found.evaluation is None:
            raise _NoEndError(without_plan(math.nan, found))
        return found

    def run(self, points: int | None, top: Callable[[], float]) -> FrontierTrace:
        """Return the frontier from the plan without a floor to the highest level that can be reached."""
        try:
            first = self.solve(self.asked(0.0))
            level = self.level(_plan_of(first))
            highest = math.inf if points is None else top()
        except _NoEndError as end:
            return FrontierTrace(against=self.against, solved=(), missing=(end.missing,), complete=False)
        start = self._point(level, first)
        levels = _evenly(level, highest, points) if points is not None else None
        solved, missing, complete = self._raised(start, levels)
        return FrontierTrace(against=self.against, solved=tuple(solved), missing=tuple(missing), complete=complete)

    def _raised(
        self, start: FrontierPoint, levels: Iterable[float] | None
    ) -> tuple[list[FrontierPoint], list[Missing], bool]:
        """Return points with ever higher floors: at given levels, or each just above the last plan's."""
        solved, missing = [start], list[Missing]()
        every = levels is None
        for level in self._upwards(solved) if levels is None else levels:
            if is_stopped():
                return solved, [*missing, Missing(limit=level, status=STOPPED)], False
            log.info(_("solve for a share of at least {share:.4f}", share=level))
            found = solve_problem(self.problem, self.asked(level), self.options)
            if found.evaluation is None:
                ended = every and found.status == Status.INFEASIBLE
                if not ended:
                    missing.append(without_plan(level, found))
                return solved, missing, every and ended and all(point.proven for point in solved)
            solved.append(self._point(level, found))
        return solved, missing, not every or (len(solved) < MOST_POINTS and all(point.proven for point in solved))

    def _upwards(self, solved: list[FrontierPoint]) -> Iterator[float]:
        """Yield the next floor above the last plan, until a share is whole."""
        level = 0.0
        while len(solved) < MOST_POINTS:
            level = max(level, self.level(solved[-1].plan)) + STEP
            if level > 1:
                return
            yield level

    def _point(self, level: float, found: Solution) -> FrontierPoint:
        plan, by_distance = _plan_of(found), self.against == DISTANCE
        return FrontierPoint(
            limit=level,
            problem=found.problem,
            plan=plan,
            covered=plan.covered_need,
            covered_bound=math.nan if by_distance else found.bound,
            other=self.other(found),
            other_bound=found.bound if by_distance else math.nan,
            proven=found.status == Status.OPTIMAL,
            seconds=found.seconds,
            ties=found.ties,
        )


def _evenly(low: float, high: float, points: int) -> list[float]:
    """Return levels after the lowest one in even steps; the highest is held but for rounding."""
    if high <= low * (1 + SAME):
        return []
    levels = np.linspace(low, high, points)[1:]
    levels[-1] *= 1 - SAME
    return [float(level) for level in levels]


def trace_fairness(
    problem: Problem, asked: Mapping[float, Objective], options: SolverOptions | None = None
) -> FrontierTrace:
    r"""Return the best plan for each alpha, from the sum of what is covered to the worst-covered group first.

    Each point is told by its equivalent share, proven by its own bound: at alpha 0 the covered share of all need, at
    infinity that of the worst-covered group. The price of fairness is what a plan covers less than that of alpha 0,
    as a share of that: $(C_0 - C_\alpha) / C_0$. Bertsimas, Farias and Trichakis (2011), doi:10.1287/opre.1100.0865.

    Parameters
    ----------
    problem
        What to solve.
    asked
        The question for each alpha, in ascending order; all alike but for their fairness, that of 0 without any.
    options
        Solver, gap and time limit of each plan.

    Raises
    ------
    ScenarioError
        When the objective is not `MaxCoverage`, or there is no need.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> fair = hp.AlphaFair(weights=np.diag(line.need), alpha=1.0, linear_below=0.01)
    >>> both = {0.0: hp.MaxCoverage(max_hubs=1), 1.0: hp.MaxCoverage(max_hubs=1, fairness=fair)}
    >>> [point.covered for point in trace_fairness(line, both).points]
    [4.0, 4.0]
    """
    if not problem.need.any():
        raise ScenarioError(_(NO_NEED))
    solved, missing, known = list[FrontierPoint](), list[Missing](), None
    for number, (alpha, objective) in enumerate(asked.items(), start=1):
        check_traceable(problem, objective, fairness=True)
        if is_stopped():
            missing.append(Missing(limit=alpha, status=STOPPED))
            continue
        log.info(_("solve for alpha {alpha:g}", alpha=alpha), extra={"point": number, "points": len(asked)})
        found = solve_problem(problem, objective, options, start=known)
        if found.evaluation is None:
            missing.append(without_plan(alpha, found))
            if found.status == Status.INFEASIBLE:
                break  # the limits are the same for all
            continue
        known = found
        solved.append(_point(problem, alpha, found))
    return FrontierTrace(against=FAIRNESS, solved=tuple(solved), missing=tuple(missing))


def _point(problem: Problem, alpha: float, found: Solution) -> FrontierPoint:
    """Return a plan with the equivalent share that it was made for; the first of several goals is that."""
    plan = found.evaluation
    if plan is None:
        raise AssertionError
    total = math.fsum(problem.need) if alpha == 0 else 1.0
    goal = found.goals[0]
    return FrontierPoint(
        limit=alpha,
        problem=found.problem,
        plan=plan,
        covered=plan.covered_need,
        covered_bound=math.nan,
        other=goal.value / total,
        other_bound=goal.bound / total,
        least=goal.least / total,
        proven=found.status == Status.OPTIMAL,
        seconds=found.seconds,
        ties=found.ties,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SharesOfGroups:
    """How alike a plan covers groups.

    Parameters
    ----------
    groups
        The groups' need, as any fairness among them has it.
    """

    groups: Fairness

    def told(self, point: FrontierPoint, first: FrontierPoint) -> dict[str, float | int | str | None]:
        """Return a point's alpha and equivalent share, its groups' shares, and its price beside the first point's plan.

        ``price_at_most`` holds for every plan of alpha 0, whose bound it uses; ``price`` for the one that was found.
        """
        shares = self.groups.shares(point.plan)
        bound = first.other_bound * math.fsum(point.problem.need) if first.limit == 0 else math.nan
        priced = first.limit == 0 and first.covered > 0
        return {
            "alpha": point.limit if math.isfinite(point.limit) else "max_min",
            "equivalent_share": point.other,
            "groups_served": int((shares > 0).sum()),
            "groups": len(shares),
            "least_share": float(shares.min(initial=1.0)),
            "median_share": float(np.median(shares)) if len(shares) else 0.0,
            "most_share": float(shares.max(initial=0.0)),
            "price_need": first.covered - point.covered if priced else None,
            "price": 1 - point.covered / first.covered if priced else None,
            "price_at_most": 1 - point.covered / bound if priced else None,
        }

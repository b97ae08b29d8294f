"""Coverage against nearness or fairness within one budget: floors on cover raised step by step."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from hubplanner.analysis.frontier.points import STOPPED, FrontierPoint, FrontierTrace, Missing
from hubplanner.analysis.frontier.trace import MOST_POINTS, check_small, check_traceable, without_plan
from hubplanner.analysis.requests import DISTANCE, WORST_GROUP
from hubplanner.errors import ScenarioError
from hubplanner.model import Floor, MaxCoverage, MaxMin, Objective, PMedian
from hubplanner.problem import Evaluation, Problem, Solution, Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.cheapest_plan import SAME
from hubplanner.stopping import is_stopped

log = logging.getLogger(__name__)

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
        message = "trade coverage,worst_group: no group has any need"
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
        message = "a trade of coverage takes some need"
        raise ScenarioError(message)
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
            log.info("solve for a share of at least %.4f", level)
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

"""Coverage against fairness within the same limits: the best plan for each aversion to unequal shares."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hubplanner.analysis.frontier.points import STOPPED, FrontierPoint, FrontierTrace, Missing
from hubplanner.analysis.frontier.trace import check_traceable, without_plan
from hubplanner.analysis.requests import FAIRNESS
from hubplanner.errors import ScenarioError
from hubplanner.model import Fairness, Objective
from hubplanner.problem import Problem, Solution, Status
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.stopping import is_stopped

log = logging.getLogger(__name__)


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
        message = "a trade of coverage takes some need"
        raise ScenarioError(message)
    solved, missing, known = list[FrontierPoint](), list[Missing](), None
    for number, (alpha, objective) in enumerate(asked.items(), start=1):
        check_traceable(problem, objective, fairness=True)
        if is_stopped():
            missing.append(Missing(limit=alpha, status=STOPPED))
            continue
        log.info("solve for alpha %g", alpha, extra={"point": number, "points": len(asked)})
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

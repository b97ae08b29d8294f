"""Coverage against cost by the epsilon-constraint method: the most covered need within each budget, with its proof."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from hubplanner.analysis.frontier.points import STOPPED, FrontierPoint, FrontierTrace, Missing, tightened
from hubplanner.analysis.requests import COST
from hubplanner.compatibility import SHARED_LINES
from hubplanner.errors import ScenarioError
from hubplanner.model import MaxCoverage, MinCost, Objective, Periods, under_of
from hubplanner.outputs.rounding import finite
from hubplanner.problem import Problem, Solution, Status
from hubplanner.problem.evaluation import evaluate_with_all
from hubplanner.solver import SolveCache, SolverOptions, cheapest, solve_problem
from hubplanner.solver.cheapest_plan import CLOSE, SAME
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.stopping import is_stopped
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

FEW_OPTIONS = 300
"""Up to this many options the least cost of a point is sought whatever gap is asked."""
MOST_OPTIONS = 100
"""Options with which all points are enumerated at most."""
MOST_POINTS = 1000
"""Points after which an enumeration stops."""


def trace(
    problem: Problem, objective: Objective, budgets: Sequence[float], options: SolverOptions | None = None
) -> FrontierTrace:
    r"""Return the most covered need within each budget: $\max \sum_i w_i z_i$ with $c(y) \le B_k$ for each k.

    Where fairness by alpha weighs groups, what is covered counts as the need that would be if every group had the
    plan's equivalent share: the figure that is proven, at most the need which the plan covers.

    Points that another one beats are left out. Budgets share what they can: see `SolveCache`. Where equal plans were
    not distinguished, a second stage seeks the cheapest plan that covers as much, if the gap asked is 0 or the problem
    has few options; else the bounds of the smaller budgets and of all relaxations say how much less it could cost.
    Haimes, Lasdon and Wismer (1971), doi:10.1109/TSMC.1971.4308298.

    Parameters
    ----------
    problem, objective
        What to solve; a `MaxCoverage` with its limits, whose own budget does not count.
    budgets
        Money, in any order.
    options
        Solver, gap and time limit of each budget.

    Raises
    ------
    ScenarioError
        When the objective is another one, or goes by years or by the worst group first.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> [(point.other, point.covered) for point in trace(line, hp.MaxCoverage(), [1, 2, 3]).points]
    [(1.0, 4.0), (2.0, 7.0)]
    """
    check_traceable(problem, objective, by_budgets=True)
    options = options or SolverOptions()
    solved: list[FrontierPoint] = []
    missing: list[Missing] = []
    last: Solution | None = None
    most, memory = everything(problem), SolveCache(problem=problem)
    # The second stage tells of the costs of equal plans sooner than breaking ties does.
    has_second = is_plain(problem, objective) and problem.n_options > SMALL_OPTIONS
    alone = replace(options, ties=options.ties and not has_second)
    asked = sorted(set(budgets))
    for number, budget in enumerate(asked, start=1):
        if is_stopped():
            missing.append(Missing(limit=budget, status=STOPPED))
            continue
        if known := _known_without(budget, solved, missing, most):
            missing.append(known)
            continue
        told = _("solve for a budget of {budget:,.12g}", budget=budget)
        log.info(told, extra={"point": number, "points": len(asked)})
        within, deadline = replace(cast("MaxCoverage", objective), budget=budget), options.deadline
        found = solve_problem(problem, within, alone, start=last, memory=memory)
        if found.evaluation is None:
            missing.append(without_plan(budget, found))
            continue
        last = found
        point = _never_below(as_point(budget, found, _unit(problem, objective)), solved)
        solved.append(least_cost(point, objective, options.until(deadline), memory))
    return FrontierTrace(against=COST, solved=tuple(tightened(solved)), missing=tuple(missing))


def check_traceable(
    problem: Problem, objective: Objective, *, by_budgets: bool = False, fairness: bool = False
) -> None:
    """Raise for questions that have no frontier of coverage.

    Parameters
    ----------
    by_budgets
        Whether each point is a solve of its own.
    fairness
        Whether it is fairness that coverage is traded against.
    """
    reasons = {
        f"a frontier trades coverage: model.objective must be max_coverage, not {objective.name}": (
            not objective.maximises_coverage
        ),
        "a frontier does not go with model.periods: its budget is one sum": objective.constraint(Periods) is not None,
        "a frontier does not go with futures: solve for them at each budget instead": (under_of(objective) is not None),
        "this frontier does not go with model.fairness: trade coverage,fairness, or ask for floors": (
            not (objective.fairness is None or fairness or (by_budgets and objective.alpha_fairness is not None))
        ),
        f"only a frontier of coverage and cost that is not nested goes with backhaul by fibre: {SHARED_LINES}": (
            problem.backhaul is not None and not by_budgets
        ),
        "only a frontier of coverage and cost that is not nested goes with measures: money moves back and forth": (
            bool(problem.measures) and not by_budgets
        ),
    }
    wrong = [reason for reason, applies in reasons.items() if applies]
    if wrong:
        raise ScenarioError("; ".join(wrong))


def everything(problem: Problem) -> float:
    """Return the need that hubs at all sites in all tiers, with all measures, would cover; no plan exceeds it."""
    return evaluate_with_all(problem, np.repeat(np.arange(problem.n_options), problem.rule.backup)).covered_need


def _known_without(
    budget: float, solved: Sequence[FrontierPoint], missing: Sequence[Missing], most: float
) -> Missing | None:
    """Return what is known of a budget without a solve: too little money, or nothing left to cover."""
    if solved and solved[-1].covered >= most * (1 - SAME):
        return Missing(limit=budget, status="dominated")
    # Where the time was up, one clash does not tell what is too little, and a later one may.
    known = (other for other in missing if other.status == Status.INFEASIBLE)
    told = next((other for other in known if budget < other.too_little * (1 - CLOSE)), None)
    return None if told is None else replace(told, limit=budget)


def without_plan(limit: float, found: Solution) -> Missing:
    """Return why there is no plan within a limit."""
    return Missing(limit=limit, status=STOPPED if found.stopped else str(found.status), clash=found.clash)


def _unit(problem: Problem, objective: Objective) -> float:
    """Return the need that one of the objective's figure stands for: an equivalent share is one of all need."""
    return 1.0 if objective.alpha_fairness is None else math.fsum(problem.need)


def as_point(budget: float, found: Solution, unit: float = 1.0) -> FrontierPoint:
    """Return a solution as a point, the need that its figure stands for told in units."""
    plan = found.evaluation
    if plan is None:
        raise AssertionError
    settled = found.gap <= EXACT and found.ties != "open"
    return FrontierPoint(
        limit=budget,
        problem=found.problem,
        plan=plan,
        covered=found.value * unit,
        covered_bound=found.bound * unit,
        other=plan.cost,
        other_bound=plan.cost if settled else math.nan,
        proven=found.status == Status.OPTIMAL,
        seconds=found.seconds,
        ties=found.ties,
    )


def _never_below(point: FrontierPoint, solved: Sequence[FrontierPoint]) -> FrontierPoint:
    """Return a point, with the plan of a smaller budget where that covers more: a gap allows it."""
    if not solved or solved[-1].covered <= point.covered:
        return point
    best = solved[-1]
    return replace(point, plan=best.plan, covered=best.covered, other=best.other, other_bound=best.other_bound)


def least_cost(point: FrontierPoint, objective: Objective, options: SolverOptions, memory: SolveCache) -> FrontierPoint:
    """Return the cheapest plan that covers as much as a point, with the proven least cost of any.

    Equal plans that were distinguished are the cheapest already, and plans that cost nothing cannot be cheaper. Of many
    options and with a gap asked, relaxations alone tell of costs.
    """
    done = math.isfinite(point.other_bound) or options.is_heuristic or point.covered <= 0
    done = done or objective.fairness is not None  # the budgets below tell how much less it could cost
    loose = options.gap > 0 and point.problem.n_options > FEW_OPTIONS
    plain = is_plain(point.problem, objective)
    if done or (loose and point.gap > EXACT and not plain):
        return point
    if loose and plain:
        return replace(point, other_bound=min(point.other, memory.least_money(point.covered * (1 - SAME))))
    return (_by_budgets if plain else _by_share)(point, cast("MaxCoverage", objective), options, memory)


def _by_budgets(
    point: FrontierPoint, objective: MaxCoverage, options: SolverOptions, memory: SolveCache
) -> FrontierPoint:
    """Return the cheapest plan within budget and count alone."""
    began = time.perf_counter()
    found = cheapest(point.problem, objective, point.plan, options, memory)
    return replace(
        point,
        plan=found.plan,
        covered=found.plan.covered_need,
        covered_bound=max(point.covered_bound, found.plan.covered_need),
        other=found.plan.cost,
        other_bound=min(found.least, found.plan.cost),
        seconds=point.seconds + time.perf_counter() - began,
    )


def _by_share(point: FrontierPoint, objective: MaxCoverage, options: SolverOptions, _: SolveCache) -> FrontierPoint:
    """Return the cheapest plan within any limits."""
    problem, total = point.problem, math.fsum(point.problem.need)
    asked = MinCost(
        target_share=min(1.0, point.covered / total * (1 - SAME)),
        budget=finite(point.limit),
        max_hubs=objective.max_hubs,
        constraints=objective.constraints,
    )
    found = solve_problem(problem, asked, replace(options, method="auto"))
    plan = found.evaluation
    if plan is None:
        return point
    point = replace(point, other_bound=min(found.bound, point.other), seconds=point.seconds + found.seconds)
    if plan.cost < point.other and plan.covered_need >= point.covered * (1 - SAME):
        return replace(point, plan=plan, covered=plan.covered_need, other=plan.cost)
    return point


def trace_all(problem: Problem, objective: Objective, options: SolverOptions | None = None) -> FrontierTrace:
    """Return every nondominated point of coverage and cost, by budgets each a little below the last plan's cost.

    Plans whose costs differ by less than one part in a million count as one.

    Raises
    ------
    ScenarioError
        As with `trace`, and when the problem is too large.
    """
    check_traceable(problem, objective, by_budgets=True)
    check_small(problem)
    if problem.measures:
        message = _("with measures each amount of money is a point of its own: ask for some budgets")
        raise ScenarioError(message)
    if objective.fairness is not None:
        message = _("with model.fairness nothing tells the next budget below a plan's: ask for --points or --budgets")
        raise ScenarioError(message)
    options = replace(options or SolverOptions(), gap=0.0)
    solved: list[FrontierPoint] = []
    missing: list[Missing] = []
    asked, memory = cast("MaxCoverage", objective), SolveCache(problem=problem)
    budget: float | None = asked.budget
    for _turn in range(MOST_POINTS):
        deadline = options.deadline
        found = solve_problem(problem, replace(asked, budget=budget), options, memory=memory)
        if found.evaluation is None:
            missing.append(without_plan(math.nan if budget is None else budget, found))
            break
        limit = math.inf if budget is None else budget
        point = least_cost(as_point(limit, found), objective, options.until(deadline), memory)
        solved.append(point)
        budget = point.other - CLOSE * max(1.0, abs(point.other))
        if point.covered <= 0 or budget < 0 or is_stopped():
            break
    else:
        log.warning("stopped after %d points; there may be more", MOST_POINTS)
    complete = len(solved) < MOST_POINTS and all(point.proven for point in solved)
    reached = [] if solved else missing
    return FrontierTrace(against=COST, solved=tuple(reversed(solved)), missing=tuple(reached), complete=complete)


def check_small(problem: Problem) -> None:
    """Raise where enumerating all points is out of the question."""
    if problem.n_options > MOST_OPTIONS:
        message = _(
            "all points are enumerated for at most {most_options} options (pairs of site and tier), here "
            "are {n_options:,}; ask for --points or --budgets, or for fewer sites",
            most_options=MOST_OPTIONS,
            n_options=problem.n_options,
        )
        raise ScenarioError(message)

"""The one way to a solution: reduce, build, solve, then recompute everything and believe only that."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from hubplanner.errors import ScenarioError, SolverError
from hubplanner.model import (
    MaxCoverage,
    PCenter,
    Periods,
    ask,
    check_compatible,
    check_size,
    check_supported,
    check_under,
    under_of,
)
from hubplanner.problem import PeriodPlan, Solution, Status
from hubplanner.solver.backends import adapter
from hubplanner.solver.conflict_counting import counted_conflict
from hubplanner.solver.covering.cache import SolveCache
from hubplanner.solver.covering.strategy import WarmStart, is_plain, solve_plain
from hubplanner.solver.infeasibility import find_conflict, in_words
from hubplanner.solver.limits import required_fit
from hubplanner.solver.median.strategy import is_median, solve_median
from hubplanner.solver.mip.strategy import answer, within_gap
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.mip.warm_start import not_used, plans_of
from hubplanner.solver.multi_period import solve_unnested
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.robust.strategy import solve_futures
from hubplanner.solver.run_log import RunLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubplanner.model import Objective, PMedian
    from hubplanner.problem import Problem
    from hubplanner.solver.deadline import Deadline
    from hubplanner.solver.mip.strategy import LexicographicResult


def solve_problem(
    problem: Problem,
    objective: Objective,
    options: SolverOptions | None = None,
    *,
    start: Solution | None = None,
    memory: SolveCache | None = None,
) -> Solution:
    """Solve a problem to proof, or as near as the time limit allows.

    Parameters
    ----------
    problem
        The arrays to choose from.
    objective
        What to reach, with its limits.
    options
        Solver, gap, time limit, threads, seed; their defaults if left out.
    start
        A solution of the same problem under other limits. Maximal covering within budget and count alone makes it fit
        the new limits; other programs start from it where it keeps to them. Where it is of no use, the log says why.
    memory
        What solves of the same problem left, and where this one leaves its own: plans, the reduced instance, the
        relaxation with its basis and cuts. It serves maximal covering within budget and count alone.

    Returns
    -------
    Solution
        With recomputed value, true bound and gap; status `infeasible` or `no_plan` when there is no plan.

    Raises
    ------
    ScenarioError
        When the objective, its blocks or the solver are not supported, or do not go together.
    SolverError
        When the solver fails, or its figures differ from the recomputed ones by more than 1e-6.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> solve_problem(line, hp.MaxCoverage(max_hubs=1)).value
    4.0
    """
    options = options or SolverOptions()
    check_supported(objective)
    check_compatible(problem, objective)
    if not options.is_heuristic:
        adapter(options.name)
    if (under := under_of(objective)) is not None:
        check_under(problem, objective, under)
        if (counted := _counted(problem, objective, options)) is not None:
            return counted
        _say_unused(start, "over futures each step finds its own first plan")
        return solve_futures(problem, objective, options, solve_problem)
    method, reason = _method(problem, objective, options)
    if (counted := _counted(problem, objective, options)) is not None:
        return counted
    periods = cast("Periods | None", objective.block(Periods))
    if periods is not None and not periods.nested:
        _say_unused(start, "each year is planned alone")
        return solve_unnested(problem, cast("MaxCoverage | PMedian", objective), options, solve_problem)
    record = RunLog()
    deadline = options.deadline
    found = None
    if method == "core":
        found = _core(problem, objective, options, deadline, record, start, memory)
    if found is None:
        # Where exchanges find no plan, only a search tells whether there is one.
        searching = replace(options, name="highs") if options.is_heuristic else options
        method, found = "plain", _solve(problem, objective, searching, deadline, record, start)
    return replace(found, method=f"{method}: {reason}")


def solve_many(
    problem: Problem, objectives: Iterable[Objective], options: SolverOptions | None = None
) -> list[Solution]:
    """Solve a problem under one objective after the other, each from what the ones before it left.

    Demand is merged once, and each plan starts from those of the next smaller and larger budgets; the relaxation
    keeps its basis and cuts.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> [solution.value for solution in solve_many(line, [hp.MaxCoverage(budget=money) for money in (0, 1, 2)])]
    [0.0, 4.0, 7.0]
    """
    found, memory = list[Solution](), SolveCache(problem=problem)
    for objective in objectives:
        start = found[-1] if found else None
        found.append(solve_problem(problem, objective, options, start=start, memory=memory))
    return found


def _method(problem: Problem, objective: Objective, options: SolverOptions) -> tuple[str, str]:
    """Return how to solve a question, and why so."""
    has_core = is_plain(problem, objective) or is_median(problem, objective)
    alone = "budget, max_hubs and pins alone"
    if options.is_heuristic and (not has_core or options.method == "plain" or isinstance(objective, PCenter)):
        message = f"solver.name heuristic goes with max_coverage or p_median within {alone}, solver.method auto or core"
        raise ScenarioError(message)
    if options.method == "core" and not has_core:
        message = f"solver.method core goes with max_coverage, p_median or p_center within {alone}"
        raise ScenarioError(message)
    if options.method != "auto":
        return options.method, "as asked"
    if has_core:
        return "core", f"{objective.name} within {alone}"
    return "plain", f"{objective.name} with other constraints"


def _core(  # noqa: PLR0913, PLR0917 - a question, how to solve it, and what is known
    problem: Problem,
    objective: Objective,
    options: SolverOptions,
    deadline: Deadline,
    record: RunLog,
    start: Solution | None,
    memory: SolveCache | None,
) -> Solution | None:
    """Solve a question that has a core; None where the general way tells more."""
    if not is_plain(problem, objective):
        _say_unused(start, f"{objective.name} within budget and count finds its own first plans")
        return solve_median(problem, objective, options, deadline, record)
    plain = cast("MaxCoverage", objective)
    if not required_fit(problem, plain):
        return _infeasible(problem, objective, options, record)
    own = start is not None and start.problem.n_options == problem.n_options
    if not own:
        _say_unused(start, "it is of another problem")
    known = WarmStart(plans=tuple(plans_of(start)) if own and start is not None else (), memory=memory)
    return solve_plain(problem, plain, options, deadline, record, known)


def _say_unused(start: Solution | None, reason: str) -> None:
    if start is not None:
        not_used(reason)


def _solve(  # noqa: PLR0913, PLR0917 - a question, how to solve it, and a plan to start from
    problem: Problem,
    objective: Objective,
    options: SolverOptions,
    deadline: Deadline,
    record: RunLog,
    start: Solution | None,
) -> Solution:
    """Solve a problem with any objective and blocks."""
    with record.phase("prepare the model"):
        question = ask(problem, objective)
        check_size(question)
    found = answer(question, options, deadline, record, start)
    if found.found.infeasible and not found.found.years:
        return _infeasible(problem, objective, options, record)
    if not found.found.years:
        return _without_plan(problem, Status.NO_PLAN, options, record)
    last = found.found.years[-1]
    periods = question.periods
    main = next(goal for goal in found.reached if goal.name == objective.goal) if found.reached else None
    if main is None:
        message = f"{options.name} reached no goal of {objective.name}"
        raise SolverError(message)
    record.steps.update(demand_points=problem.n_points, options=problem.n_options)
    return Solution(
        problem=last.problem,
        status=Status.OPTIMAL if _proven(found, options) else Status.FEASIBLE,
        evaluation=last.plan,
        value=main.value,
        bound=main.bound,
        seconds=record.seconds,
        solver=options.name,
        version=found.found.version,
        steps=record.steps,
        phases=record.phases,
        goals=found.reached,
        ties=found.ties,
        periods=()
        if periods is None
        else tuple(
            PeriodPlan(name=name, problem=year.problem, evaluation=year.plan)
            for name, year in zip(periods.labels, found.found.years, strict=True)
        ),
    )


def _proven(found: LexicographicResult, options: SolverOptions) -> bool:
    """Tell whether all goals are within the asked gap."""
    return found.complete and within_gap(found.reached, options.gap)


def _counted(problem: Problem, objective: Objective, options: SolverOptions) -> Solution | None:
    """Return why there is no plan where counting shows it; None for few options, whose smallest clash is found soon."""
    record = RunLog()
    if problem.n_options <= SMALL_OPTIONS:
        return None
    clash = counted_conflict(problem, objective, with_money=under_of(objective) is None)
    if clash is None:
        return None
    found = _without_plan(problem, Status.INFEASIBLE, options, record)
    return replace(found, clash=clash, clashes=tuple(in_words(clash)), method="counted: no solver was asked")


def _infeasible(problem: Problem, objective: Objective, options: SolverOptions, record: RunLog) -> Solution:
    """Return why there is no plan: looking for it has the whole time limit again, and takes a solver."""
    options = replace(options, name="highs") if options.is_heuristic else options
    with record.phase("find what clashes"):
        clash = find_conflict(problem, objective, options, options.deadline)
    found = _without_plan(problem, Status.INFEASIBLE, options, record)
    return replace(found, clash=clash, clashes=tuple(in_words(clash)))


def _without_plan(problem: Problem, status: Status, options: SolverOptions, record: RunLog) -> Solution:
    return Solution(
        problem=problem,
        status=status,
        evaluation=None,
        value=math.nan,
        bound=math.nan,
        seconds=record.seconds,
        solver=options.name,
        version="",
        steps=record.steps,
        phases=record.phases,
    )

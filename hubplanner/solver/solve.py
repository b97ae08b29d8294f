"""The one way to a solution: reduce, build, solve, then recompute everything and believe only that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from hubplanner.errors import SolverError
from hubplanner.models import broken_blocks, check_supported
from hubplanner.problem import Solution, Status, evaluate, merge_demand, relative_gap
from hubplanner.problem.reduced import reduce_existing
from hubplanner.solver.adapters import adapter
from hubplanner.solver.clash import clashes
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.record import Record
from hubplanner.solver.reductions import drop_useless, merge_single
from hubplanner.solver.run import AGREEMENT, Answer, covered_need, run
from hubplanner.solver.start import greedy, prune

if TYPE_CHECKING:
    from hubplanner.models import MaxCoverage, Objective
    from hubplanner.problem import Evaluation, Ints, Problem
    from hubplanner.problem.reduced import Reduced

ROUNDING = 1e-9
"""Relative gap that is rounding: what is left of a proof to gap 0 in floating point."""


def solve_problem(problem: Problem, objective: Objective, options: SolverOptions | None = None) -> Solution:
    """Solve a problem to proof, or as near as the time limit allows.

    Parameters
    ----------
    problem
        The arrays to choose from.
    objective
        What to reach, with its limits.
    options
        Solver, gap, time limit, threads, seed; their defaults if left out.

    Returns
    -------
    Solution
        With recomputed value, true bound and gap; status `infeasible` or `no_plan` when there is no plan.

    Raises
    ------
    ScenarioError
        When the objective or the solver is not supported.
    SolverError
        When the solver fails, or its figures differ from the recomputed ones by more than 1e-6.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> solve_problem(line, hp.MaxCoverage(max_hubs=1)).value
    4.0
    """
    options = options or SolverOptions()
    check_supported(objective)
    adapter(options.name)
    record = Record()
    found = clashes(problem, objective)
    if found:
        return _without_plan(problem, options, record, tuple(found))
    instance = _reduced(problem, objective, record)
    with record.phase("find a first plan"):
        start = greedy(instance, objective)
    # The one kind of objective that `check_supported` lets through.
    answer = run(instance, cast("MaxCoverage", objective), options, start, record)
    with record.phase("recompute the plan"):
        chosen = prune(instance, answer.chosen)
        plan = evaluate(problem, _full(problem, instance, chosen))
        _verify(problem, objective, plan, covered_need(instance, chosen), answer.bound)
    return _with_plan(problem, plan, answer, options, record)


def _reduced(problem: Problem, objective: Objective, record: Record) -> Reduced:
    """Return the instance that is left to decide."""
    with record.phase("reduce the problem"):
        rows = merge_demand(problem)
        instance = merge_single(drop_useless(reduce_existing(problem, rows), objective))
    record.steps.update(
        demand_points=problem.n_points,
        distinct_rows=len(rows.need),
        model_rows=len(instance.need),
        options=problem.n_options,
        model_options=len(instance.option),
    )
    return instance


def _full(problem: Problem, instance: Reduced, chosen: Ints) -> list[int]:
    """Return the chosen and the existing options as indices of the full problem."""
    return [*problem.existing.nonzero()[0].tolist(), *instance.option[chosen].tolist()]


def _verify(problem: Problem, objective: Objective, plan: Evaluation, counted: float, bound: float) -> None:
    """Raise when the recomputed plan breaks a limit, covers another need than the model counts, or beats the bound."""
    reasons = broken_blocks(problem, plan, objective)
    slack = AGREEMENT * max(1.0, abs(plan.covered_need))
    if abs(plan.covered_need - counted) > slack:
        reasons.append(f"the model counts {counted:,.6f} covered need, recomputed it is {plan.covered_need:,.6f}")
    if plan.covered_need > bound + slack:
        reasons.append(f"the plan covers {plan.covered_need:,.6f}, above the proven bound {bound:,.6f}")
    if reasons:
        raise SolverError("; ".join(reasons))


def _with_plan(problem: Problem, plan: Evaluation, answer: Answer, options: SolverOptions, record: Record) -> Solution:
    # Within the agreed slack the recomputed value may lie above the bound by rounding.
    bound = max(answer.bound, plan.covered_need)
    proven = relative_gap(plan.covered_need, bound) <= options.gap + ROUNDING
    return Solution(
        problem=problem,
        status=Status.OPTIMAL if proven else Status.FEASIBLE,
        evaluation=plan,
        value=plan.covered_need,
        bound=bound,
        seconds=record.seconds,
        solver=options.name,
        version=answer.version,
        steps=record.steps,
        phases=record.phases,
    )


def _without_plan(problem: Problem, options: SolverOptions, record: Record, clashes: tuple[str, ...]) -> Solution:
    return Solution(
        problem=problem,
        status=Status.INFEASIBLE,
        evaluation=None,
        value=math.nan,
        bound=math.nan,
        seconds=record.seconds,
        solver=options.name,
        version="",
        steps=record.steps,
        phases=record.phases,
        clashes=clashes,
    )

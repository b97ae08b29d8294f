"""Maximal covering within budget and count alone: the case with the strongest reductions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.errors import SolverError
from hubplanner.models import FixedLevel, MaxCoverage, Year, ask, broken_blocks, goals_of
from hubplanner.models.checks import AGREEMENT
from hubplanner.problem import EXACT, GoalResult, Solution, Status, evaluate, relative_gap
from hubplanner.solver.limits import limits
from hubplanner.solver.memory import reduction
from hubplanner.solver.pruning import prune
from hubplanner.solver.run import CoveringResult, run
from hubplanner.solver.start import fitted, greedy
from hubplanner.solver.task import Incumbent, Subproblem
from hubplanner.solver.ties import ALLOWED, OPEN, SHARE, SMALL_OPTIONS, break_ties, prepared

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Evaluation, Ints, Problem
    from hubplanner.problem.reduced import CoveringInstance
    from hubplanner.solver.deadline import Deadline
    from hubplanner.solver.memory import SolveCache
    from hubplanner.solver.options import SolverOptions
    from hubplanner.solver.record import RunLog


@dataclass(frozen=True, kw_only=True)
class WarmStart:
    """What is known before a solve.

    Parameters
    ----------
    plans
        Plans under other limits.
    memory
        What solves of the same problem left, and where this one leaves its own.
    reach
        Covered need that is of interest: the search ends as soon as a plan has it, or none can.
    """

    plans: tuple[Evaluation, ...] = ()
    memory: SolveCache | None = None
    reach: float | None = None


def is_plain(problem: Problem, objective: Objective) -> bool:
    """Tell whether a question is maximal covering with nothing but pins, a budget and a number of hubs."""
    return (
        isinstance(objective, MaxCoverage)
        and not objective.limits
        and objective.fairness is None
        and problem.rule.backup == 1
        and problem.keeps_existing
    )


def solve_plain(  # noqa: PLR0913, PLR0917 - a question, how to solve it, and what is known
    problem: Problem,
    objective: MaxCoverage,
    options: SolverOptions,
    deadline: Deadline,
    record: RunLog,
    known: WarmStart | None = None,
) -> Solution:
    """Solve maximal covering by reductions, screening and a search on what is left; some plan exists.

    Parameters
    ----------
    known
        What solves under other limits left.
    """
    known = known or WarmStart()
    small = problem.n_options <= SMALL_OPTIONS
    asked = replace(options, gap=0.0) if small else options
    instance = _reduced(problem, objective, record, known.memory)
    with record.phase("find a first plan"):
        start = _start(instance, objective, known)
    answer = run(instance, objective, asked, start, record, memory=known.memory, reach=known.reach)
    with record.phase("recompute the plan"):
        chosen = prune(instance, answer.chosen)
        plan = evaluate(problem, _full(problem, instance, chosen))
        _verify(problem, objective, plan, instance.covered_need(chosen), answer.bound)
    if known.memory is not None:
        known.memory.note(plan, answer.line)
    ties = OPEN
    if (
        options.ties
        and not options.is_heuristic
        and asked.gap == 0
        and relative_gap(plan.covered_need, max(answer.bound, plan.covered_need)) <= EXACT
    ):
        with record.phase("tell equal plans apart"):
            plan, ties = _first_of_equals(problem, objective, plan, options, deadline, record)
    return replace(_with_plan(problem, plan, answer, options, record), ties=ties)


def _start(instance: CoveringInstance, objective: MaxCoverage, known: WarmStart) -> Ints:
    """Return the best of the known plans made to fit the limits, or a greedy one where there are none."""
    money, _ = limits(objective)
    plans = [*known.plans, *(known.memory.near(money) if known.memory else ())]
    chosen = [np.flatnonzero(np.isin(instance.option, plan.options)) for plan in plans]
    return max(
        [made for one in chosen if (made := fitted(instance, objective, one)) is not None]
        or [greedy(instance, objective)],
        key=instance.covered_need,
    )


def _first_of_equals(  # noqa: PLR0913, PLR0917 - a question, its plan, and how far to go
    problem: Problem,
    objective: MaxCoverage,
    plan: Evaluation,
    options: SolverOptions,
    deadline: Deadline,
    record: RunLog,
) -> tuple[Evaluation, str]:
    """Return the plan that comes first among all that cover as much, and how sure that is."""
    goal = goals_of(objective)[0]
    opened = np.zeros((1, problem.n_options), dtype=np.intp)
    opened[0, plan.options] = plan.counts
    task = Subproblem(question=ask(problem, objective), goal=goal, options=options, deadline=deadline)
    task = prepared(task, plan.covered_need)
    held = (FixedLevel(goal=goal, value=plan.covered_need),)
    known = Incumbent(years=(Year(problem, plan),), opened=opened, value=plan.covered_need, bound=plan.covered_need)
    found, ties = break_ties(replace(task, held=held), known, ALLOWED + SHARE * record.work)
    return found.years[-1].plan, ties


def _reduced(
    problem: Problem, objective: Objective, record: RunLog, memory: SolveCache | None = None
) -> CoveringInstance:
    """Return the instance that is left to decide."""
    with record.phase("reduce the problem"):
        made = memory.reduction(objective) if memory else reduction(problem, objective)
        instance = made.instance
    record.steps.update(
        demand_points=problem.n_points,
        distinct_rows=len(problem.rows.need),
        model_rows=len(instance.need),
        options=problem.n_options,
        dominated_options=made.useful - len(instance.option),
        model_options=len(instance.option),
    )
    return instance


def _full(problem: Problem, instance: CoveringInstance, chosen: Ints) -> list[int]:
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


def _with_plan(
    problem: Problem, plan: Evaluation, answer: CoveringResult, options: SolverOptions, record: RunLog
) -> Solution:
    # Within the agreed slack the recomputed value may lie above the bound by rounding.
    bound = max(answer.bound, plan.covered_need)
    proven = relative_gap(plan.covered_need, bound) <= options.gap + EXACT
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
        goals=(GoalResult(name="covered need", value=plan.covered_need, bound=bound),),
    )

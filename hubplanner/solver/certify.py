"""From what a strategy claims to a solution: everything is recomputed from the arrays, and only that is believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from hubplanner.errors import SolverError
from hubplanner.model import Question, Year, broken_years, goals_of
from hubplanner.problem import Evaluation, GoalResult, Ints, Problem, Solution, Status, evaluate
from hubplanner.problem.evaluation import evaluate_again
from hubplanner.problem.solution import PeriodPlan
from hubplanner.solver.infeasibility.conflicts import in_words
from hubplanner.solver.strategy import Candidate, SolveContext, Terms, within_gap
from hubplanner.stopping import is_stopped
from hubplanner.tolerances import AGREEMENT, REACH_TOLERANCE
from hubplanner.translation import gettext as _


def certify(question: Question, candidate: Candidate, context: SolveContext, method: str) -> Solution:
    """Recompute a plan from the arrays and make a solution of that; nothing else in solvers makes one.

    Parameters
    ----------
    question
        What was asked.
    candidate
        What a strategy claims.
    context
        How it was solved, and the log of it.
    method
        How it was solved, and why so.

    Raises
    ------
    SolverError
        When the plan breaks a limit, a figure is not what the search counts, a bound lies on the wrong side of its
        figure, or a goal is given up for a later one; all that is wrong is said at once.
    """
    terms = candidate.terms or Terms(
        goals=tuple(goals_of(question.objective)),
        main=question.objective.main,
        broken=partial(broken_years, question),
    )
    with context.log.phase(_("recompute the plan")):
        years = _recomputed(question, candidate)
    goals = _verified(terms, candidate, years) if years else ()
    main = next((goal for goal in goals if goal.name == terms.main), None)
    if years and main is None:
        message = f"{context.options.name} reached no goal of {question.objective.name}"
        raise SolverError(message)
    periods, conflict, status = question.periods, candidate.conflict, _status(candidate, terms, goals, context)
    return Solution(
        problem=years[-1].problem if years else question.instance.problem,
        status=status,
        stopped=is_stopped() and status in {Status.FEASIBLE, Status.NO_PLAN},
        evaluation=years[-1].plan if years else None,
        value=math.nan if main is None else main.value,
        bound=math.nan if main is None else main.bound,
        seconds=context.log.seconds,
        solver=context.options.name,
        version=candidate.version,
        steps=context.log.steps,
        phases=context.log.phases,
        clash=conflict,
        clashes=() if conflict is None else tuple(in_words(conflict)),
        goals=goals,
        ties=candidate.ties,
        periods=()
        if periods is None or not years
        else tuple(
            PeriodPlan(name=name, problem=year.problem, evaluation=year.plan)
            for name, year in zip(periods.labels, years, strict=True)
        ),
        nested_value=candidate.nested_value,
        method=candidate.method or method,
        futures=candidate.futures,
        alone=candidate.alone,
        least=1.0 if main is None else main.least,
    )


def _recomputed(question: Question, candidate: Candidate) -> tuple[Year, ...]:
    """Return the plan of each year, recomputed; nothing without a plan."""
    if not candidate.plans:
        return ()
    problems = (question.instance.problem,) if question.periods is None else question.problems
    triples = zip(problems, candidate.plans, question.discounts, strict=True)
    return tuple(Year(problem, _evaluated(problem, plan), discount) for problem, plan, discount in triples)


def _evaluated(problem: Problem, plan: Evaluation | Ints) -> Evaluation:
    """Return what the hubs of a plan, or open options alone, come to in a problem."""
    if isinstance(plan, Evaluation):
        return evaluate_again(problem, plan, assigned=plan.is_assigned)
    return evaluate(problem, plan)


def _verified(terms: Terms, candidate: Candidate, years: tuple[Year, ...]) -> tuple[GoalResult, ...]:
    """Return the figure of each goal reached with its bound; raise where anything claimed does not hold."""
    reasons, goals = terms.broken(years), list[GoalResult]()
    # Where people are assigned, a linear program serves them to its own tolerance.
    holding = AGREEMENT if years[-1].plan.is_assigned else REACH_TOLERANCE
    levels = [*candidate.levels, *[math.nan] * len(candidate.bounds)]
    for goal, stated, bound, level in zip(terms.goals, candidate.stated, candidate.bounds, levels, strict=False):
        value, sense = goal.value(years), goal.sense
        size = max(goal.least, abs(value))
        # Written so that NaN is caught.
        if not abs(value - stated) <= AGREEMENT * size:
            reasons.append(f"the model counts {stated:,.6f} as {goal.name}, recomputed it is {value:,.6f}")
        if not sense * value <= sense * bound + AGREEMENT * size:
            reasons.append(f"{goal.name} is {value:,.6f}, better than the proven bound {bound:,.6f}")
        if sense * (value - level) < -holding * max(1.0, abs(level)):
            reasons.append(f"{goal.name} is {value:,.9g}, worse than the {level:,.9g} reached before")
        # Within that slack the figure may pass the bound by rounding.
        proven = sense * max(sense * bound, sense * value)
        goals.append(GoalResult(name=goal.name, value=value, bound=proven, least=goal.least))
    if reasons:
        raise SolverError("; ".join(reasons))
    return tuple(goals)


def _status(candidate: Candidate, terms: Terms, goals: Sequence[GoalResult], context: SolveContext) -> Status:
    """Return what is claimed of a plan: that all goals are proven, or the worst distance where that comes first.

    What is best on average within that distance has a bound of its own.
    """
    if not candidate.plans:
        return Status.INFEASIBLE if candidate.is_infeasible else Status.NO_PLAN
    asked = context.options.gap if context.proof is None else context.proof
    if terms.goals[0].is_bottleneck:
        proven = within_gap(goals[:1], asked)
    else:
        proven = candidate.is_complete and within_gap(goals, asked)
    return Status.OPTIMAL if proven else Status.FEASIBLE

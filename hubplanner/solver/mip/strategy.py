"""All goals of a question in turn, each held while the next is sought; the largest distance by halving its range."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hubplanner.model import FixedLevel, FullService, Question, check_size, goals_of
from hubplanner.model.goals import cost
from hubplanner.problem import Floats, GoalResult
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound, cap_bound
from hubplanner.solver.mip.heuristics.first_plan import EXCHANGING, first_plan
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import NOTHING, Incumbent, Subproblem
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS, told_apart
from hubplanner.solver.mip.warm_start import given
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.strategy import OPEN, Candidate, SolveContext, within_gap
from hubplanner.tolerances import REACH_TOLERANCE
from hubplanner.translation import gettext as _

TRIED = "a greedy plan repaired by exchanges"


class LexicographicStrategy:
    """Any question as one program, goal by goal; then the nearer of its hubs serve."""

    name = "plain"

    def applies(self, question: Question, options: SolverOptions) -> str:
        """Return why it is the way to take: it always is."""
        return "as asked" if options.method == "plain" else f"{question.objective.name} with other constraints"

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the plan that reaches all goals in turn, the most important first."""
        with context.log.phase(_("prepare the model")):
            check_size(question)
        found, reached, held, ties = _reached(question, context)
        if not found.years:
            method = (
                ""
                if found.infeasible
                else f"{self.name}: neither {TRIED} nor {context.options.name} kept to all limits in time"
            )
            return Candidate(is_infeasible=found.infeasible, version=found.version, method=method)
        goals = goals_of(question.objective)
        if question.capacity is not None:
            with context.log.phase(_("assign people to nearer hubs")):
                found = replace(found, years=assign_to_nearest(question, found.years, held, context.deadline))
        values = [goal.value(found.years) for goal, _ in zip(goals, reached, strict=False)]
        context.log.steps.update(
            demand_points=question.instance.problem.n_points, options=len(question.instance.option)
        )
        return Candidate(
            plans=tuple(year.plan for year in found.years),
            stated=tuple(values),
            # A plan for a later goal may be better in an earlier one.
            bounds=tuple(cap_bound(question, goal, bound) for goal, bound in zip(goals, reached, strict=False)),
            levels=tuple(level.value for level in held),
            is_complete=len(held) == len(goals),
            ties=ties,
            version=found.version,
        )


def _reached(question: Question, context: SolveContext) -> tuple[Incumbent, list[float], tuple[FixedLevel, ...], str]:
    """Return the plan that reaches all goals in turn, their bounds, the goals it was held to, and how it was chosen.

    The relaxation is the bound of goals for which there was no time.
    """
    options, deadline, record = context.options, context.deadline, context.log
    exact = options.gap == 0 or len(question.instance.option) <= SMALL_OPTIONS
    gap = 0.0 if exact else options.gap
    task = Subproblem(question=question, goal=None, options=options, deadline=deadline, gap=gap)
    reached, found = list[GoalResult](), given(question, context.warm_start)
    goals = goals_of(question.objective)
    task = replace(task, start=found.opened, known=found)
    if not found.years and len(question.instance.option) > SMALL_OPTIONS:
        # Where greed finds none, exchanges wait for the relaxation: it may say that there is none.
        work = 1.0 if goals[0].is_bottleneck else 0.0
        with record.phase(_("find a first plan")):
            found = first_plan(question, deadline.part(EXCHANGING), options.seed, any_will_do=True, work=work)
        task = replace(task, known=found, seeks=True)
    for goal in goals:
        task = replace(task, goal=goal, deadline=share_of_time(deadline, len(reached), len(goals)))
        with record.phase(_("optimise {goal}", goal=_(goal.name))):
            if goal.is_bottleneck:
                trial, narrowed = _smallest_radius(task)
                task = replace(task, question=narrowed)
            else:
                trial = optimise(task)
        has_tried = task.seeks and task.is_late and not goal.is_bottleneck  # greed alone would find nothing again
        if not (reached or trial.years or trial.infeasible or has_tried):
            with record.phase(_("find a plan without search")):
                trial = _quick(task, trial)
        if not trial.years:
            late = goals[len(reached) :] if found.years else []
            left = [_as_it_is(replace(task, goal=one), found, trial if one is goal else Incumbent()) for one in late]
            best = found if found.years else trial
            return best, [one.bound for one in (*reached, *left)], task.held, OPEN
        found = trial
        reached.append(GoalResult(name=goal.name, value=found.value, bound=found.bound))
        task = replace(task, known=NOTHING, seeks=False, start=found.opened)
        task = replace(task, held=(*task.held, FixedLevel(goal=goal, value=found.value)))
    bounds = [one.bound for one in reached]
    if question.instance.problem.backhaul is not None and options.ties:
        with record.phase(_("lay cheaper lines")):
            found = _lay_for_less(task, found)
    shares_money = bool(question.instance.problem.measures)  # how much goes where has no first of equals
    if shares_money or not (exact and options.ties and within_gap(reached, 0.0)):
        return found, bounds, task.held, OPEN
    with record.phase(_("break ties")):
        found, ties = told_apart(replace(task, held=()), found, task.held[0].goal, task.held, record.work)
    return found, bounds, task.held, ties


def _lay_for_less(task: Subproblem, found: Incumbent) -> Incumbent:
    """Return the same hubs with the cheapest lines that the time left finds: money to spare lays any."""
    if found.opened is None or task.is_late:
        return found
    fixed = replace(task, goal=cost(), start=found.opened, ranges=(found.opened, found.opened))
    better = optimise(replace(fixed, deadline=task.deadline.part(1 / 2)))
    if not better.years or better.years[-1].plan.cost >= found.years[-1].plan.cost:
        return found
    return replace(found, years=better.years)


def share_of_time(deadline: Deadline, before: int, count: int) -> Deadline:
    """Return when to stop with a goal: the first of several has half of the time, the others like parts of the rest.

    Parameters
    ----------
    before, count
        Goals that come before it, and all goals.
    """
    left = count - before
    return deadline.part(1 / 2 if not before and left > 1 else 1 / left)


def _quick(task: Subproblem, trial: Incumbent) -> Incumbent:
    """Return a plan without a search, with the bound that a search which ran out of time left; that where none is."""
    goal, quick = task.goal, first_plan(task.question, task.deadline)
    if goal is None or not quick.years:
        return trial
    bound = cap_bound(task.question, goal, math.nan if goal.is_bottleneck else trial.bound)
    return replace(quick, bound=agreed_bound(goal, quick.value, bound))


def _as_it_is(task: Subproblem, found: Incumbent, trial: Incumbent) -> GoalResult:
    """Return a goal's figure of a plan that was made for the goals before it, with whatever bound there is.

    Parameters
    ----------
    trial
        What a search for the goal left: a bound, if it was begun.
    """
    goal = task.goal
    if goal is None:
        raise AssertionError
    value = goal.value(found.years)
    if task.is_late or goal.is_bottleneck or math.isfinite(trial.bound):
        bound = cap_bound(task.question, goal, math.nan if goal.is_bottleneck else trial.bound)
    else:
        _, form, relaxation = relaxed(replace(task, held=()))
        bound = cap_bound(task.question, goal, form.figure(relaxation.bound))
    return GoalResult(name=goal.name, value=value, bound=agreed_bound(goal, value, bound))


def _smallest_radius(task: Subproblem) -> tuple[Incumbent, Question]:
    r"""Return a plan of least worst distance, and the question that asks for that distance.

    Only distances $d_{io}$ that occur can be the answer. Each step halves them by asking whether any plan serves all
    within the middle one, $\sum_{o : d_{io} \le r} y_o \ge 1 \;\forall i$. Minieka (1970), doi:10.1137/1012016.
    """
    goal = task.goal
    if goal is None:
        raise AssertionError
    question, radii, known = task.question, _radii(task.question), task.known
    task = replace(task, known=NOTHING)
    best = known if known.years else optimise(replace(task, goal=None))
    if not best.years:
        return best, question
    low, value = 0, goal.value(best.years)
    while True:
        high = int(np.searchsorted(radii, value * (1 - REACH_TOLERANCE)))
        if low >= high or task.is_late:
            break
        middle = (low + high) // 2
        nearer = _within_radius(question, float(radii[middle]))
        trial = optimise(replace(task, goal=None, question=nearer, start=best.opened))
        if trial.infeasible:
            low = middle + 1
        elif trial.years:
            best, value = trial, goal.value(trial.years)
        else:
            break
    bound = float(radii[min(low, len(radii) - 1)]) if len(radii) else 0.0
    return replace(best, value=value, bound=min(bound, value)), _within_radius(question, value)


def _radii(question: Question) -> Floats:
    """Return the distances that may be the worst one, ascending, none below what the loneliest point needs."""
    instance = question.instance
    points = instance.problem.needing
    if question.assigns:
        rows = instance.assign_rows
        return np.unique(rows.distance)
    distance = instance.distances[points][:, instance.site]
    least = distance.min(axis=1).max(initial=0.0) if distance.size else 0.0
    return np.unique(distance[np.isfinite(distance) & (distance >= least)])


def _within_radius(question: Question, radius: float) -> Question:
    """Return the question with everyone served within a radius."""
    constraints = tuple(
        replace(constraint, distance=radius) if isinstance(constraint, FullService) else constraint
        for constraint in question.constraints
    )
    return replace(question, constraints=constraints)

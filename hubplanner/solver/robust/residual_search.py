"""The search among plans that the best mix of futures leaves possible, over the few futures that decide."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hubplanner.model import Question, RobustQuestion
from hubplanner.model.risk_measures import covered_goal
from hubplanner.problem import Floats, Ints, relative_gap
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.covering.construction import greedy
from hubplanner.solver.covering.relaxation import solve_relaxation
from hubplanner.solver.covering.strategy import UNUSED
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Subproblem
from hubplanner.solver.robust.mixtures import MixedPlan, MixtureSearch

Figures = tuple[float, float]

FIRST, MORE = 3, 2
"""Futures that decide for the best plan known: so many at first beside those of the mix, and more each time."""
SLACK = 1e-6
"""Relative slack of a margin, so that rounding leaves no plan out."""


def search_rest(
    mixer: MixtureSearch, mixed: MixedPlan, figures: Figures, deadline: Deadline
) -> tuple[Ints, Figures, str]:
    """Return the best plan that a search finds, its figure and bound.

    Fewer futures make a plan no worse, so a search over some of them proves a bound; those in which its plan is worse
    than it seems are taken in until there are none, or the gap is as asked.
    """
    bound, options, version = mixer.bound, mixer.options, mixed.version
    sense, (value, most), plan = bound.criterion.goal_sense, figures, mixed.plan
    ranges, relaxed = _ranges(mixer, mixed.shares, sense * value, options.until(deadline).effort(0.0))
    most = sense * min(sense * most, relaxed)
    some = _deciding(mixer, plan, set(np.flatnonzero(mixed.shares > SLACK).tolist()), FIRST)
    while True:
        part = _part(bound, sorted(some))
        opened = np.zeros((1, bound.problem.n_options), dtype=np.intp)
        opened[0, plan] = 1
        question = Question.of(bound.problem, part.objective)
        task = Subproblem(question=question, goal=part.objective.goals[0], options=options, deadline=deadline)
        found = optimise(replace(task, gap=options.gap / 2, start=opened, ranges=ranges))
        version = found.version or version or UNUSED
        if found.infeasible or not math.isnan(found.bound):
            # Plans left out are worth no more than the one known.
            proven = sense * value if found.infeasible else max(sense * value, sense * found.bound)
            most = sense * min(sense * most, proven)
        if not found.years:
            return plan, (value, most), version
        trial = found.years[-1].plan.options
        worth = bound.criterion.of(mixer.worth(trial))
        if sense * worth > sense * value:
            plan, value = trial, worth
        more = _deciding(mixer, trial, some, MORE)
        if relative_gap(value, most) <= options.gap or task.is_late or more == some:
            return plan, (value, most), version
        some = more


def _deciding(mixer: MixtureSearch, plan: Ints, some: set[int], count: int) -> set[int]:
    """Return some futures with further ones in which a plan fares worst, enough of them to make up a tail."""
    criterion = mixer.bound.criterion
    order = np.argsort(mixer.worth(plan) - mixer.offset, kind="stable").tolist()
    found = some | set([number for number in order if number not in some][:count])
    for number in order:
        tail = math.fsum(criterion.probability[sorted(found)]) >= 1 - criterion.level
        if criterion.kind != "cvar" or tail:
            break
        found = found | {number}
    return found


def _part(bound: RobustQuestion, numbers: list[int]) -> RobustQuestion:
    """Return a bound question over some of its futures."""
    criterion, stack = bound.criterion, bound.objective.stack.part(numbers)
    best = None if criterion.best is None else criterion.best[numbers]
    some = replace(criterion, probability=criterion.probability[numbers], best=best)
    hedge = replace(bound.objective, goals=(covered_goal(stack, some),), stack=stack)
    return replace(bound, objective=hedge, criterion=some)


def _ranges(
    mixer: MixtureSearch, shares: Floats, value: float, effort: SearchLimits
) -> tuple[tuple[Ints, Ints], float]:
    """Return the hubs (1, o) of each option in plans that may beat a value, as others are worth less in the mix.

    Returns
    -------
    tuple
        Fewest and most hubs of each option; and the relaxation's bound on any plan's figure, to be maximised.
    """
    problem, instance = mixer.bound.problem, mixer.instance(shares, whole=True)
    relaxation = solve_relaxation(instance, mixer.plain, effort, greedy(instance, mixer.plain)).relaxation
    most_worth = relaxation.bound - math.fsum(shares * mixer.offset)
    margin = most_worth - value + SLACK * max(1.0, abs(value))
    least = problem.existing.astype(np.intp)
    most = np.ones(problem.n_options, dtype=np.intp)
    least[instance.option[relaxation.reduced > margin]] = 1
    most[instance.option[relaxation.reduced < -margin]] = 0
    return (least[None], most[None]), most_worth

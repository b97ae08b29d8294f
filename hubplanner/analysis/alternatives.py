"""Plans nearly as good as the best one and as different from it, and from each other, as can be."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.analysis.near import Near
from hubplanner.analysis.sites import Classified, classify
from hubplanner.errors import InfeasibleError, SolverError
from hubplanner.models import Held
from hubplanner.models.differ import Differ, most_different, new_sites
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.optimise import optimise

if TYPE_CHECKING:
    from hubplanner.models import Objective
    from hubplanner.problem import Evaluation, Problem, Solution

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternative:
    """A near-best plan.

    Parameters
    ----------
    evaluation
        Its recomputed figures.
    value
        The objective's recomputed figure.
    difference
        Sites in either, not both, of it and the earlier plan that is most like it.
    most_difference
        No near-best plan that differs enough has a larger one.
    """

    evaluation: Evaluation
    value: float
    difference: int
    most_difference: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Alternatives:
    """The best plan, others near it, and the class of every site.

    Parameters
    ----------
    complete
        Whether there are surely no more plans than these that differ enough; the count or the time ended it if not.
    """

    best: Solution
    near: Near
    plans: tuple[Alternative, ...]
    complete: bool
    sites: Classified


def find_alternatives(  # noqa: PLR0913 - a question and what counts as another answer
    problem: Problem,
    objective: Objective,
    options: SolverOptions | None = None,
    *,
    within: float = 0.02,
    differ: int = 5,
    count: int = 10,
    time_limit_s: float = 240.0,
) -> Alternatives:
    r"""Return near-best plans, the most different first, and what each site is to all of them.

    The difference of two plans is $|S \triangle T|$, the sites with new hubs in one of them only. Each plan maximises
    the smallest difference to all before it, the best plan included, and among those the objective.

    Parameters
    ----------
    within
        Share of the best value that a plan may be worse by.
    differ
        Least difference of any two plans.
    count
        Plans beside the best one.
    time_limit_s
        Seconds for plans and for classes, half each; the best plan has the solver's own limit.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [4, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> found = find_alternatives(line, hp.MaxCoverage(max_hubs=1), differ=1)
    >>> [plan.difference for plan in found.plans], found.complete
    ([2], True)
    """
    options = options or SolverOptions()
    best = solve_problem(problem, objective, options)
    if best.clashes:
        raise InfeasibleError(list(best.clashes))
    if best.evaluation is None:
        message = f"{best.solver} found no plan within the time limit"
        raise SolverError(message)
    near = Near(problem=problem, objective=objective, options=options, value=best.value, within=within)
    now = time.perf_counter()
    plans, complete = _plans(near, best.evaluation, differ, count, now + time_limit_s / 2)
    known = [best.evaluation, *(plan.evaluation for plan in plans)]
    sites = classify(near, best, known, time.perf_counter() + time_limit_s / 2)
    return Alternatives(best=best, near=near, plans=tuple(plans), complete=complete, sites=sites)


def _plans(near: Near, best: Evaluation, differ: int, count: int, deadline: float) -> tuple[list[Alternative], bool]:
    found: list[Alternative] = []
    known = [frozenset(new_sites(near.problem, best))]
    while len(found) < count and (left := deadline - time.perf_counter()) > 0:
        log.info("look for alternative %d", len(found) + 1)
        plan, none_left = _next(near, known, differ, time.perf_counter() + left / (count - len(found)))
        if plan is None:
            return found, none_left
        found.append(plan)
        known.append(frozenset(new_sites(near.problem, plan.evaluation)))
    return found, False


def _next(near: Near, known: list[frozenset[int]], differ: int, deadline: float) -> tuple[Alternative | None, bool]:
    """Return the next plan; None, and whether there surely is none, without one."""
    goal = most_different(known)
    blocks = [Differ(sites=tuple(sorted(plan)), least=differ) for plan in known]
    task = near.task(goal, deadline, held=True, blocks=blocks)
    trial = optimise(task)
    if not trial.years:
        return None, trial.infeasible
    bound = int(np.floor(trial.bound + 1e-6))
    # Among the most different the best one; a search that comes late leaves the plan as it is.
    held = (Held(goal=goal, value=trial.value),)
    better = optimise(replace(task, goal=near.goal, held=held, start=trial.opened, gap=near.options.gap))
    years = better.years if better.years and near.accepts(better.years) else trial.years
    value = near.goal.value(years)
    plan = Alternative(
        evaluation=years[-1].plan,
        value=value,
        difference=int(goal.value(years)),
        most_difference=max(bound, int(goal.value(years))),
    )
    return plan if near.accepts(years) else None, False

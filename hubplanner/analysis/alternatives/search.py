"""Plans nearly as good as the best one and as different from it, and from each other, as can be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from hubplanner.analysis.alternatives.near_optimal import NearOptimal
from hubplanner.analysis.alternatives.site_evidence import Classified, SiteEvidence
from hubplanner.analysis.alternatives.site_importance import classify
from hubplanner.analysis.requests import AlternativesRequest
from hubplanner.compatibility import Feature
from hubplanner.errors import InfeasibleError, SolverError
from hubplanner.model import FixedLevel, MaxCoverage, Objective, Year, broken_constraints, check_compatible
from hubplanner.model.constraints.earlier_plan import PlanDistance, new_sites
from hubplanner.model.goals import most_different
from hubplanner.problem import Conflict, Evaluation, Problem, Solution, evaluate
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.covering.benders import is_dense
from hubplanner.solver.covering.diverse_plans import DiversePlans
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.deadline import Deadline
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)

FIRST_NODES = 1000
"""Nodes of the first search for a plan; each that finds none is followed by one of twice as many."""


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
    near: NearOptimal
    plans: tuple[Alternative, ...]
    complete: bool
    sites: Classified


def find_alternatives(  # noqa: PLR0913 - a question and what counts as another answer
    problem: Problem,
    objective: Objective,
    options: SolverOptions | None = None,
    *,
    within: float = AlternativesRequest.within,
    differ: int = AlternativesRequest.differ,
    count: int = AlternativesRequest.count,
    time_limit_s: float = AlternativesRequest.time_limit_s,
    refusal: Callable[[Conflict], InfeasibleError] | None = None,
) -> Alternatives:
    r"""Return near-best plans, the most different first, and what each site is to all of them.

    The difference of two plans is $|S \triangle T|$, the sites with new hubs in one of them only. Each plan maximises
    the smallest difference to all before it, the best plan included, and among those the objective.

    Parameters
    ----------
    within, differ, count, time_limit_s
        As in `AlternativesRequest`.
    refusal
        Makes the error of demands that clash; one with sites by their numbers if left out.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [4, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> found = find_alternatives(line, hp.MaxCoverage(max_hubs=1), differ=1)
    >>> [plan.difference for plan in found.plans], found.complete
    ([2], True)
    """
    asked = AlternativesRequest(within=within, differ=differ, count=count, time_limit_s=time_limit_s)
    check_compatible(problem, objective, Feature.ALTERNATIVES)
    options = options or SolverOptions()
    best = solve_problem(problem, objective, options)
    if best.clash is not None:
        raise InfeasibleError(list(best.clashes)) if refusal is None else refusal(best.clash)
    if best.evaluation is None:
        message = _("{solver} found no plan within the time limit", solver=best.solver)
        raise SolverError(message)
    near = NearOptimal(
        problem=problem, objective=objective, options=options, value=best.value, within=within, best=best.evaluation
    )
    deadline, book = Deadline.after(time_limit_s, options.clock), SiteEvidence(near)
    book.add(best.evaluation)
    classify(near, best, book, deadline.part(1 / 2))
    plans, complete = _plans(near, best.evaluation, book, asked, deadline)
    for plan in plans:
        book.add(plan.evaluation)
    return Alternatives(best=best, near=near, plans=tuple(plans), complete=complete, sites=book.closed())


def _plans(
    near: NearOptimal, best: Evaluation, book: SiteEvidence, asked: AlternativesRequest, deadline: Deadline
) -> tuple[list[Alternative], bool]:
    found, nodes = list[Alternative](), FIRST_NODES
    known = [frozenset(new_sites(near.problem, best))]
    while len(found) < asked.count and not deadline.is_past:
        log.info(_("look for alternative {number}", number=len(found) + 1))
        stop = deadline.part(1 / (asked.count - len(found))) if nodes == FIRST_NODES else deadline
        plan, none_left = _next(near, known, book, asked.differ, stop, nodes)
        if none_left:
            return found, True
        if plan is None:
            nodes *= 2
            continue
        nodes = FIRST_NODES
        found.append(plan)
        known.append(frozenset(new_sites(near.problem, plan.evaluation)))
    return found, False


def _next(  # noqa: PLR0913, PLR0917 - what is known, and how far to look
    near: NearOptimal, known: list[frozenset[int]], book: SiteEvidence, differ: int, deadline: Deadline, nodes: int
) -> tuple[Alternative | None, bool]:
    """Return the next plan; None, and whether there surely is none, without one."""
    apart = apart_from(near, known)
    if apart is not None:
        return _by_core(near, apart, differ, deadline, nodes)
    goal = most_different(known)
    constraints = [PlanDistance(sites=tuple(sorted(plan)), least=differ) for plan in known]
    task = replace(near.task(goal, deadline, held=True, constraints=constraints, never=book.never), nodes=nodes)
    trial = near.found_at(task)
    if not trial.years:
        return None, trial.infeasible
    bound = int(np.floor(trial.bound + 1e-6))
    # Among the most different the best one; a search that comes late leaves the plan as it is.
    held = (FixedLevel(goal=goal, value=trial.value),)
    better = near.best_of(replace(task, goal=near.limit.goal, held=held, start=trial.opened, gap=near.options.gap))
    years = better.years if better.years and near.accepts(better.years) else trial.years
    return _alternative(near, years, int(goal.value(years)), bound), False


def _by_core(
    near: NearOptimal, apart: DiversePlans, differ: int, deadline: Deadline, nodes: int
) -> tuple[Alternative | None, bool]:
    """Return the next plan of maximal covering within budget and count."""
    found = apart.farthest(differ, near.effort(0.0, deadline, nodes))
    if found.chosen is None:
        return None, found.bound < differ
    difference = apart.difference(found.chosen)
    chosen = apart.best(difference, found.chosen, near.effort(near.options.gap * abs(near.value), deadline, nodes))
    standing = np.flatnonzero(near.problem.existing)
    plan = evaluate(near.problem, np.concatenate([standing, apart.instance.option[chosen]]))
    reasons = broken_constraints(near.problem, plan, near.objective)
    if reasons:
        raise SolverError("; ".join(reasons))
    return _alternative(near, [Year(near.problem, plan)], apart.difference(chosen), int(found.bound)), False


def _alternative(near: NearOptimal, years: Sequence[Year], difference: int, bound: int) -> Alternative | None:
    """Return a recomputed plan if it is near the best, with no less than its own difference as the most there is."""
    if not near.accepts(years):
        return None
    most = max(bound, difference)
    value = near.goal.value(years)
    return Alternative(evaluation=years[-1].plan, value=value, difference=difference, most_difference=most)


def apart_from(near: NearOptimal, known: Sequence[frozenset[int]]) -> DiversePlans | None:
    """Return the program of plans apart from known ones; None where the question has none in arrays."""
    if near.options.name != "highs" or not is_plain(near.problem, near.objective):
        return None
    instance, objective = near.covering, cast("MaxCoverage", near.objective)
    if is_dense(instance.cover):
        return None
    sites = [np.array(sorted(plan), dtype=np.intp) for plan in known]
    return DiversePlans(instance, objective, sites, near.threshold)

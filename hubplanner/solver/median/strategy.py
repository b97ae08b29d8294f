"""Distances within budget and count alone: a bound from multipliers, plans by exchange, a program for the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Objective, Question, Year, goals_of
from hubplanner.problem import Evaluation, Ints, Problem, evaluate
from hubplanner.solver.covering.strategy import ALONE, UNUSED
from hubplanner.solver.limits import required_fit
from hubplanner.solver.median.cost_matrix import CostMatrix, table_of
from hubplanner.solver.median.interchange import first_plan, improved
from hubplanner.solver.median.p_center import least_radius
from hubplanner.solver.median.reduced_mip import explore
from hubplanner.solver.median.subgradient import BoundedPlan, climb
from hubplanner.solver.median.tie_breaking import first_of_equals
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.mip.tie_breaking import ALLOWED, SHARE, SMALL_OPTIONS
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.progress import report_progress
from hubplanner.solver.strategy import OPEN, Candidate, SolveContext
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

FACILITIES = "min_cost for all with travel costs and a tier a site"
"""What facility location is called in a scenario."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _MedianRequest:
    """What is asked, and how to go about it."""

    question: Question
    context: SolveContext

    @property
    def problem(self) -> Problem:
        """The arrays."""
        return self.question.instance.problem

    @property
    def objective(self) -> Objective:
        """What to reach."""
        return self.question.objective

    @property
    def options(self) -> SolverOptions:
        """How to solve."""
        return self.context.options

    @property
    def gap(self) -> float:
        """The relative gap to reach: none where ties are to be broken whatever gap is asked."""
        return 0.0 if self.problem.n_options <= SMALL_OPTIONS else self.options.gap


def is_median(problem: Problem, objective: Objective) -> bool:
    """Tell whether a question is of distances, with nothing but pins, a budget and a number of hubs.

    That is p-median, p-center, or facility location: everyone served where hubs and travel cost least.
    """
    return (
        (objective.minimises_distance or _is_facility_location(problem, objective))
        and not objective.constraints
        and objective.fairness is None
        and problem.keeps_existing
        and problem.backhaul is None
        and not problem.measures
    )


def _is_facility_location(problem: Problem, objective: Objective) -> bool:
    """Tell whether everyone in reach is to be served where hubs and travel cost least, with a tier for each site."""
    target = objective.target(problem.need)
    return (
        objective.minimises_cost
        and objective.by_distance
        and (target is not None and target.share == 1)
        and problem.rule.is_step
        and len(np.unique(problem.option_site)) == problem.n_options
        and not (problem.option_cost < 0).any()
    )


class MedianStrategy:
    """Distances within budget, count and pins alone: a bound and plans that improve each other, then a program.

    Where money counts in place of the mean distance a hub adds what it costs. Of p-center the mean is the second
    goal, within the least distance in which everyone can have a hub.
    """

    name = "core"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take."""
        if options.method == "plain" or not is_median(question.instance.problem, question.objective):
            return None
        return "as asked" if options.method == "core" else f"{question.objective.name} within {ALONE}"

    def run(self, question: Question, context: SolveContext) -> Candidate | None:
        """Return the nearest plan; None where there is nothing to choose, or no plan is found."""
        quest, objective = _MedianRequest(question=question, context=context), question.objective
        context.leave_start(f"{objective.name} within budget and count finds its own first plans")
        if not required_fit(quest.problem, objective) or _leaves_out(quest.problem, objective):
            return None
        worst = _worst(quest) if objective.is_bottleneck else None
        if worst is not None and not worst.years:
            return None
        with context.log.phase(_("build the cost matrix")):
            table = table_of(quest.problem, objective, math.inf if worst is None else worst.value)
        if not len(table.base) or not table.size:
            return None
        proof, version = _proof(quest, table, worst)
        if proof.value >= table.far:
            return None
        context.log.steps.update(
            demand_points=quest.problem.n_points,
            model_rows=len(table.base),
            options=quest.problem.n_options,
            model_options=table.size,
            rounds=proof.rounds,
            options_left=proof.table.size,
        )
        plan, ties = _plan(quest, proof)
        stated, bound = proof.value / proof.table.scale, proof.lower / proof.table.scale
        if worst is None:
            return Candidate(plans=(plan,), stated=(stated,), bounds=(bound,), ties=ties, version=version)
        farthest = goals_of(objective)[0].value((Year(quest.problem, plan),))
        return Candidate(
            plans=(plan,),
            stated=(farthest, stated),
            bounds=(worst.bound, bound),
            levels=(worst.value,),
            ties=ties,
            version=version,
        )


def _worst(quest: _MedianRequest) -> Incumbent:
    """Return a plan of least worst distance, or as near as the time brings it: the mean comes after."""
    goal = goals_of(quest.objective)[0]
    task = Subproblem(
        question=quest.question,
        goal=goal,
        options=quest.options,
        deadline=quest.context.deadline,
        gap=quest.gap,
    )
    with quest.context.log.phase(_("optimise {goal}", goal=_(goal.name))):
        return least_radius(task)


def _proof(quest: _MedianRequest, table: CostMatrix, worst: Incumbent | None) -> tuple[BoundedPlan, str]:
    """Return a plan with its proof, and the version of the solver if one was needed."""
    version = UNUSED if worst is None else worst.version or UNUSED
    with quest.context.log.phase(_("find a first plan")):
        start = first_plan(table, quest.context.deadline)
        if worst is not None:
            sites = quest.problem.option_site
            known = np.isin(sites[table.option], sites[worst.years[-1].plan.options])
            start = min(start, improved(table, np.flatnonzero(known), quest.context.deadline), key=table.value)
    with quest.context.log.phase(_("solve the relaxation")):
        proof = climb(table, start, quest.gap, quest.context.deadline)
        nearest = min(math.fsum([*table.served(np.arange(table.size)), table.paid]), proof.value)
        proof = replace(proof, lower=max(proof.lower, nearest))
    _tell(quest, proof)
    if (
        quest.options.is_heuristic
        or proof.is_within(quest.gap)
        or proof.value >= table.far
        or quest.context.deadline.is_past
    ):
        return proof, version
    with quest.context.log.phase(_("solve with {solver}", solver=quest.options.name)):
        return explore(proof, quest.context.limits(table.slack(quest.gap, proof.value)))


def _tell(quest: _MedianRequest, proof: BoundedPlan) -> None:
    scale = proof.table.scale
    report_progress(goals_of(quest.objective)[-1].name, proof.value / scale, proof.lower / scale)


def _plan(quest: _MedianRequest, proof: BoundedPlan) -> tuple[Evaluation, str]:
    """Return the plan, the first of all as good if that is asked for, and how sure that is."""
    standing = np.flatnonzero(quest.problem.existing)
    with quest.context.log.phase(_("recompute the plan")):
        plan = _served(quest, np.concatenate([standing, proof.table.options(proof.chosen)]))
    if not (quest.options.ties and not quest.options.is_heuristic and quest.gap == 0 and proof.is_within(EXACT)):
        return plan, OPEN
    with quest.context.log.phase(_("break ties")):
        allowed = ALLOWED + SHARE * quest.context.log.work
        first, ties = first_of_equals(proof, _dearer_tier(quest.problem, plan), quest.context.limits(0.0), allowed)
        plan = _served(quest, np.concatenate([standing, first]))
    return plan, ties


def _served(quest: _MedianRequest, options: Ints) -> Evaluation:
    """Return the plan of some hubs; where travel costs money everyone with need is assigned to the nearest in reach."""
    plan = evaluate(quest.problem, options)
    if not quest.question.assigns:
        return plan
    point, hub = plan.assigned.tocoo().coords
    some = quest.problem.need[point] > 0
    cells: Any = (np.ones(int(some.sum())), (point[some], plan.options[hub[some]]))
    shares: csr_array = csr_array(cells, shape=(quest.problem.n_points, quest.problem.n_options))
    return evaluate(quest.problem, options, shares)


def _leaves_out(problem: Problem, objective: Objective) -> bool:
    """Tell whether someone is to be served whom no hub reaches: then another strategy says why there is no plan."""
    return objective.minimises_cost and bool((problem.need[~problem.reachable] > 0).any())


def _dearer_tier(problem: Problem, plan: Evaluation) -> float:
    """Return the least that a tier other than the plan's costs more at a site where it builds; infinite without one."""
    built = plan.options[problem.new[plan.options]]
    paid = np.full(problem.n_sites, np.inf)
    paid[problem.option_site[built]] = problem.option_cost[built]
    other = np.setdiff1d(np.flatnonzero(np.isfinite(paid[problem.option_site])), built)
    return float((problem.option_cost[other] - paid[problem.option_site[other]]).min(initial=np.inf))

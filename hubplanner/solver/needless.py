"""Hubs that add nothing: a search within a gap, or one with money to spare, may leave some in its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Goal, Question, Year, broken_years, goals_of, under_of
from hubplanner.problem import Bools, Evaluation, Floats, Ints, Problem, evaluate
from hubplanner.problem.evaluation import covering
from hubplanner.solver.strategy import OPEN, Candidate
from hubplanner.tolerances import AGREEMENT

MOST_POINTS, MOST_PAIRS = 1_000_000, 20_000_000
"""Points up to which hubs are looked at, and pairs of points and hubs in all: a second or two."""


def without_needless(question: Question, candidate: Candidate) -> Candidate:
    """Return a plan without new hubs that cost money and without which no goal and no limit is worse.

    Where ties are broken there are none: of equal plans that is the cheapest.
    """
    if candidate.ties != OPEN or len(candidate.plans) != 1 or not (goals := goals_of(question.objective)):
        return candidate
    first = candidate.plans[0]
    plan = first if isinstance(first, Evaluation) else evaluate(question.instance.problem, first)
    fewer = plan_without_needless(question, plan, goals)
    if fewer is plan:
        return candidate
    year = (Year(question.instance.problem, fewer),)
    stated = tuple(goal.value(year) for goal in goals[: len(candidate.stated)])
    return replace(candidate, plans=(fewer,), stated=stated)


def plan_without_needless(question: Question, plan: Evaluation, goals: Sequence[Goal]) -> Evaluation:
    """Return a plan without new hubs that cost money and without which none of some goals and no limit is worse.

    The dearest go first. Plans of several years, of several futures and with lines to the internet stay as they are:
    what a hub adds there is not told by one plan alone.
    """
    problem, objective = question.instance.problem, question.objective
    counts = objective.maximises_coverage or objective.minimises_cost
    is_single = question.periods is None and under_of(objective) is None
    if not (counts and is_single) or problem.n_points > MOST_POINTS or problem.backhaul is not None or problem.measures:
        return plan
    needed, work, figures = np.zeros(problem.n_options, dtype=np.bool_), 0, _figures(goals, problem, plan)
    while work <= MOST_PAIRS:
        spare, pairs = _spare(question, plan)
        spare[needed[plan.options]] = False
        if not spare.any():
            break
        dearest = int(np.argmax(np.where(spare, problem.option_cost[plan.options], -np.inf)))
        fewer = _with_one_less(problem, plan, dearest)
        values, work = _figures(goals, problem, fewer), work + 2 * pairs
        if (values < figures).any() or broken_years(question, (Year(problem, fewer),)):
            needed[plan.options[dearest]] = True
        else:
            plan, figures = fewer, values
    return plan


def _figures(goals: Sequence[Goal], problem: Problem, plan: Evaluation) -> Floats:
    """Return what a plan is worth by each goal: the more the better."""
    return np.array([goal.sense * goal.value((Year(problem, plan),)) for goal in goals])


def _spare(question: Question, plan: Evaluation) -> tuple[Bools, int]:
    """Return which options (k,) of a plan have a new hub that adds nothing, and how many pairs were looked at."""
    problem = question.instance.problem
    may = problem.new[plan.options] & (problem.option_cost[plan.options] > 0)
    if plan.is_assigned:
        room = np.full(problem.n_options, np.inf) if question.capacity is None else question.capacity.room(problem)
        others = plan.counts - 1
        left = np.multiply(room[plan.options], others, out=np.zeros(len(others)), where=others > 0)
        return may & (plan.load <= left * (1 - AGREEMENT)), plan.assigned.nnz
    point, position, distance = covering(problem, plan.options)
    share = problem.rule.share(distance, problem.option_reach[plan.options[position]])
    at = np.repeat(np.arange(len(point)), plan.counts[position])
    point, position, share = point[at], position[at], share[at]
    order = np.lexsort((-share, point))
    point, position, share = point[order], position[order], share[order]
    rank = np.arange(len(point)) - np.searchsorted(point, point)
    best = np.zeros((3, problem.n_points))
    for number in range(3):
        best[number, point[rank == number]] = share[rank == number]
    weight = [problem.rule.ranks.get(number, 0.0) for number in (1, 2)]
    loss = _lost(best, weight)[np.minimum(rank, 2), point]
    adds = (loss > 0) & (problem.need[point] > 0)
    return may & (np.bincount(position, weights=adds, minlength=len(may)) == 0), len(point)


def _lost(best: Floats, weight: Sequence[float]) -> Floats:
    """Return what each point (3, n) is covered less without its best hub, its second best, or any other."""
    first, second = weight
    covered = first * best[0] + second * best[1]
    without = [first * best[1] + second * best[2], first * best[0] + second * best[2], covered]
    return np.asarray(covered - np.array(without))


def _with_one_less(problem: Problem, plan: Evaluation, at: int) -> Evaluation:
    """Return a plan with a hub less of one of its options, serving whom it serves."""
    counts = plan.counts.copy()
    counts[at] -= 1
    hubs: Ints = np.repeat(plan.options, counts)
    if not plan.is_assigned:
        return evaluate(problem, hubs)
    own = plan.assigned.tocoo()
    cells = (own.data, (own.coords[0], plan.options[own.coords[1]]))
    return evaluate(problem, hubs, csr_array(cells, shape=(problem.n_points, problem.n_options)))

"""What becomes of the best plan when one thing about the question changes: a new solve, its bound, and what differs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hubplanner.analysis.explain.neighbours import Surroundings, site_groups
from hubplanner.model import Objective, goals_of
from hubplanner.model.constraints.earlier_plan import new_sites
from hubplanner.problem import (
    Conflict,
    Evaluation,
    GoalResult,
    Problem,
    SiteStatus,
    Solution,
    Status,
    evaluate,
    people_reached,
)
from hubplanner.problem.evaluation import evaluate_again
from hubplanner.problem.solution import relative_gap
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.solver.covering.strategy import is_plain
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.subproblem import Incumbent
from hubplanner.solver.pinned_sites import PinnedSites
from hubplanner.tolerances import AGREEMENT, EXACT
from hubplanner.translation import gettext as _

NEARLY = 1e-5
"""The same of plans near one site: a few people of many, less than what larger places may cost."""
NEARBY_GAP = 1e-6
"""Relative gap at which a question about one group of sites counts as settled: less than one person of many."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Counterfactual:
    """The best plan of a changed question, compared with the plan that is explained.

    Parameters
    ----------
    status
        How the solve ended.
    value, bound
        The objective's recomputed figure and its proven limit; NaN without a plan.
    least, most
        How much worse it is than the plan at least and at most, in the objective's unit; negative where it is better,
        infinite where nothing limits it.
    goals
        Each goal of the objective in its order.
    need, people, cost
        Its covered need and people and its cost; NaN without a plan.
    enters, leaves, differs
        Sites with a new hub in it only, in the explained plan only, and in both but of other tiers or numbers.
    clash
        Why there is no plan, where there is none.
    """

    status: Status
    value: float
    bound: float
    least: float
    most: float
    goals: tuple[GoalResult, ...]
    need: float
    people: float
    cost: float
    enters: tuple[int, ...]
    leaves: tuple[int, ...]
    differs: tuple[int, ...]
    clash: Conflict | None = None

    @property
    def is_impossible(self) -> bool:
        """Tell whether the changed question has no plan."""
        return self.status == Status.INFEASIBLE


@dataclass(frozen=True, kw_only=True, eq=False)
class ExplainContext:
    """A question with the plan to explain, and the time for it.

    Parameters
    ----------
    problem, objective, options
        What was asked.
    plan
        The plan, in the problem's options.
    deadline
        When to stop.
    """

    problem: Problem
    objective: Objective
    options: SolverOptions
    plan: Solution
    deadline: Deadline

    @property
    def evaluation(self) -> Evaluation:
        """The plan's figures."""
        if self.plan.evaluation is None:
            message = _("there is no plan to explain")
            raise ValueError(message)
        return self.plan.evaluation

    def people_of(self, plan: Evaluation) -> float:
        """Return the people that a plan reaches, in the last year of a programme."""
        return people_reached(self.plan.problem, plan)

    @property
    def people(self) -> float:
        """The people that the plan reaches."""
        return self.people_of(self.evaluation)

    @property
    def sense(self) -> int:
        """1 where more of the objective's figure is better, -1 where less is."""
        return next(goal.sense for goal in goals_of(self.objective) if goal.name == self.objective.main)

    @property
    def is_ordered(self) -> bool:
        """Tell whether the objective's figure comes first, so that fewer plans are never better by it."""
        return goals_of(self.objective)[0].name == self.objective.main

    @property
    def rounding(self) -> float:
        """Differences of the objective's figure up to this make no plan better than another."""
        return (NEARLY if self.is_local else AGREEMENT) * max(self.plan.least, abs(self.plan.value))

    def smaller_by(self, change: Counterfactual) -> float:
        """Return how much less need would come to the hubs of another plan if they had room; 0 if it does not matter.

        It does where of plans as fair that with the largest catchments is taken.
        """
        fairness = self.objective.alpha_fairness
        if fairness is None or fairness.prefer_largest_of is None:
            return 0.0
        now = self.plan.goals[-1].value
        less = now - change.goals[-1].value
        return less if less > AGREEMENT * max(1.0, abs(now)) else 0.0

    @property
    def is_local(self) -> bool:
        """Tell whether plans are compared within a site's group alone, with all else as it is.

        A plan that is fair by alpha is proven within a gap that is more than any one site is to it. With the hubs of
        other groups as they are, the question is small and is solved to its end.
        """
        return self.objective.alpha_fairness is not None

    @cached_property
    def surroundings(self) -> Surroundings:
        """What a change at one site concerns, where plans are compared so."""
        return self.around(self.problem)

    def around(self, problem: Problem) -> Surroundings:
        """Return the same for a problem with more options."""
        fairness = self.objective.alpha_fairness
        if fairness is None:
            raise AssertionError
        return Surroundings(
            problem=problem,
            objective=self.objective,
            fairness=fairness,
            plan=self.plan,
            group=site_groups(problem, fairness),
        )

    @cached_property
    def pinned_sites(self) -> PinnedSites | None:
        """What answers for one site after the other without a search; None where each is to be solved by itself."""
        return PinnedSites.of(self.problem, self.objective, self.options, self.evaluation, self.deadline)

    def settles(self, found: Incumbent) -> bool:
        """Tell whether a plan is proven as the scenario asks."""
        return bool(found.years) and relative_gap(found.value, found.bound) <= self.options.gap

    @property
    def is_late(self) -> bool:
        """Tell whether there is no time for another solve."""
        return self.deadline.is_past

    @property
    def effort(self) -> SolverOptions:
        """The solver options for the time that is left; of equal plans the nearest to the one explained is wanted."""
        return replace(self.options, ties=False).until(self.deadline.within(self.options.time_limit_s))


def without_site(asked: ExplainContext, site: int) -> Counterfactual:
    """Return the best plan without any new hub at a site; it may be a better one where the site is pinned."""
    found, plan = _pinned(asked, site, inside=False)
    pinned = asked.problem.site_status[site] == SiteStatus.REQUIRED
    return _held(asked, found, plan, asked.problem) if pinned else _restricted(asked, found, plan)


def with_site(asked: ExplainContext, site: int) -> Counterfactual:
    """Return the best plan with at least one new hub at a site."""
    found, plan = _pinned(asked, site, inside=True)
    return _restricted(asked, found, plan)


def _pinned(asked: ExplainContext, site: int, *, inside: bool) -> tuple[Solution, Evaluation | None]:
    """Return the best plan with a new hub at a site, or with none; only its neighbours differ, where that is asked."""
    if asked.is_local:
        return _nearby(asked, asked.problem, site, inside=inside)
    known = asked.pinned_sites
    found = None if known is None else known.answer(site, asked.settles, inside=inside, deadline=asked.deadline)
    if found is None or known is None:
        return solve_pinned(asked.problem, asked.objective, site, asked.effort, inside=inside, start=asked.plan)
    answer = known.certified(found)
    return answer, answer.evaluation


def _nearby(
    asked: ExplainContext, problem: Problem, site: int, *, inside: bool | None = None
) -> tuple[Solution, Evaluation | None]:
    """Return the best plan that only differs among a site's neighbours."""
    around = asked.surroundings if problem is asked.problem else asked.around(problem)
    near = around.nearby(site, inside=inside)
    effort = replace(asked.effort, gap=min(asked.options.gap, NEARBY_GAP))
    return around.whole(near, solve_problem(near.problem, near.objective, effort))


def tightened(asked: ExplainContext, problem: Problem, objective: Objective) -> Counterfactual:
    """Return the best plan under tighter limits, or where things cost more."""
    # Only the core makes a plan fit tighter limits.
    is_start = is_plain(problem, objective) and problem.n_options == asked.problem.n_options
    found = solve_problem(problem, objective, asked.effort, start=asked.plan if is_start else None)
    return _restricted(asked, found, found.evaluation)


def unpinned(asked: ExplainContext, problem: Problem, site: int, *, same_options: bool = True) -> Counterfactual:
    """Return the best plan where a site is free; only its neighbours differ, where plans are compared so.

    Parameters
    ----------
    problem, same_options
        As in `loosened`.
    """
    if not asked.is_local:
        return loosened(asked, problem, asked.objective, same_options=same_options)
    found, plan = _nearby(asked, problem, site)
    return _at_least_as_good(asked, found, _held(asked, found, plan, problem))


def loosened(
    asked: ExplainContext, problem: Problem, objective: Objective, *, same_options: bool = True
) -> Counterfactual:
    """Return the best plan under looser limits; the plan that is explained where none better is found.

    Parameters
    ----------
    same_options
        Whether the problem has the options of the one that was asked, so that its plan is a start.
    """
    found = solve_problem(problem, objective, asked.effort, start=asked.plan if same_options else None)
    return _at_least_as_good(asked, found, _held(asked, found, found.evaluation, problem))


def _at_least_as_good(asked: ExplainContext, found: Solution, change: Counterfactual) -> Counterfactual:
    """Return a change to more plans, the explained one among them: the best is no worse than it."""
    if not asked.is_ordered:
        return change
    sense, value = asked.sense, asked.plan.value
    limit = asked.plan.bound if not asked.is_local else value  # near a site the plan itself is what is compared
    if found.evaluation is None:
        # The explained plan is one of these too; how good they may be is not known.
        return replace(_as_it_is(asked, change), least=-math.inf, most=0.0, bound=sense * math.inf)
    if sense * (found.value - value) < 0:
        change = replace(_as_it_is(asked, change), bound=found.bound)
        found = replace(found, value=value)
    least = -sense * (found.bound - value)
    return replace(change, least=min(least, 0.0), most=min(0.0, sense * (limit - found.value)))


def _as_it_is(asked: ExplainContext, change: Counterfactual) -> Counterfactual:
    """Return the explained plan itself as what comes of a change."""
    now = asked.evaluation
    return replace(
        change,
        status=Status.FEASIBLE,
        value=asked.plan.value,
        goals=asked.plan.goals,
        need=now.covered_need,
        people=asked.people_of(now),
        cost=now.cost,
        enters=(),
        leaves=(),
        differs=(),
    )


def _restricted(asked: ExplainContext, found: Solution, plan: Evaluation | None) -> Counterfactual:
    """Return a change to fewer plans: what limits all plans limits these, too."""
    change = _held(asked, found, plan, asked.problem)
    if change.is_impossible or not asked.is_ordered:
        return change
    sense, value, limit = asked.sense, asked.plan.value, asked.plan.bound
    bound = limit if math.isnan(found.bound) else sense * min(sense * found.bound, sense * limit)
    least = sense * (value - bound)
    if -EXACT * abs(value) <= least <= 0:  # rounding of a bound: none of fewer plans is better than the best of all
        least = 0.0
    return replace(change, bound=bound, least=least)


def _held(asked: ExplainContext, found: Solution, plan: Evaluation | None, problem: Problem) -> Counterfactual:
    """Return a solution compared with the explained plan."""
    worse = asked.sense * (asked.plan.value - found.value)
    least = asked.sense * (asked.plan.value - found.bound)
    nothing = (math.inf, math.inf) if found.status == Status.INFEASIBLE else (-math.inf, math.inf)
    sites = ((), (), ()) if plan is None else _moves(asked, plan, problem)
    return Counterfactual(
        status=found.status,
        value=found.value,
        bound=found.bound,
        least=nothing[0] if plan is None else least,
        most=nothing[1] if plan is None else worse,
        goals=found.goals,
        need=math.nan if plan is None else plan.covered_need,
        people=math.nan if plan is None else asked.people_of(plan),
        cost=math.nan if plan is None else plan.cost,
        enters=sites[0],
        leaves=sites[1],
        differs=sites[2],
        clash=found.clash,
    )


def _moves(asked: ExplainContext, plan: Evaluation, problem: Problem) -> tuple[tuple[int, ...], ...]:
    """Return the sites that enter, that leave and that differ."""
    before, after = new_sites(asked.problem, asked.evaluation), new_sites(problem, plan)
    here, there = _hubs(asked.problem, asked.evaluation), _hubs(problem, plan)
    differs = [site for site in before & after if here[site] != there[site]]
    return tuple(sorted(after - before)), tuple(sorted(before - after)), tuple(sorted(differs))


def _hubs(problem: Problem, plan: Evaluation) -> dict[int, list[tuple[int, int]]]:
    """Return the tier and number of the hubs at each site."""
    found: dict[int, list[tuple[int, int]]] = {}
    tiers = problem.option_tier[plan.options].tolist()
    for site, tier, count in zip(problem.option_site[plan.options].tolist(), tiers, plan.counts.tolist(), strict=True):
        found.setdefault(site, []).append((tier, count))
    return found


def new_of(asked: ExplainContext) -> list[int]:
    """Return the sites with a new hub in the plan, ascending."""
    return sorted(new_sites(asked.problem, asked.evaluation))


def could_hold(problem: Problem) -> list[int]:
    """Return the sites that may hold a new hub, ascending."""
    return [int(site) for site in np.unique(problem.option_site[problem.new])]


def solve_pinned(  # noqa: PLR0913 - a question, a pin, and what is known
    problem: Problem, objective: Objective, site: int, options: SolverOptions, *, inside: bool, start: Solution
) -> tuple[Solution, Evaluation | None]:
    """Solve with a new hub forced in at a site, or forbidden there; also return the plan in the problem's own options.

    Where people are assigned to hubs the figures are those of the best assignment found for the pinned problem.
    """
    pin = SiteStatus.REQUIRED if inside else SiteStatus.EXCLUDED
    keep = np.flatnonzero(inside | (problem.option_site != site))
    pinned = problem.with_options(keep, np.where(np.arange(problem.n_sites) == site, int(pin), problem.site_status))
    # Only the core makes a plan fit a site that it lacks; elsewhere it would be of no use, and be told of.
    known: Solution | None = start if inside and (is_plain(pinned, objective) or site in start.open_sites) else None
    if not inside and is_plain(pinned, objective) and start.evaluation is not None:
        left = np.flatnonzero(np.isin(keep, start.evaluation.options))
        known = replace(start, problem=pinned, evaluation=evaluate(pinned, left))
    found = solve_problem(pinned, objective, options, start=known)
    if found.evaluation is None:
        return found, None
    own = replace(found.evaluation, options=keep[found.evaluation.options])
    if not own.is_assigned:
        own = evaluate_again(problem, own, assigned=False)
    return found, own

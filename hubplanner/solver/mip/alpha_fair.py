"""Alpha-fair plans: linear programs bound the utility from outside by tangents, added where their answers lie.

Tangents lie above a concave utility, so each bound holds whatever tangents there are. The relaxation is solved first,
with tangents at its own shares until they are near enough there; then whole plans are sought the same way. Rounds end
by their number and by what they gain, not by a clock, so that a slow machine takes the same way as a fast one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import (
    FixedHubs,
    FixedLevel,
    Goal,
    Question,
    TangentUtility,
    check_size,
    goals_of,
)
from hubplanner.model.constraints.base import first_of
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.model.cuts.whole_hubs import whole_hub_shares
from hubplanner.model.goals import catchment, tangent_utility
from hubplanner.model.lp import LateError
from hubplanner.problem import Floats, Ints, relative_gap
from hubplanner.solver.assignment import assign_to_nearest
from hubplanner.solver.backends.highs import prepared, run
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH, relaxation_of
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound, all_hubs_bound, cap_bound
from hubplanner.solver.mip.heuristics.first_plan import EXCHANGING, first_plan
from hubplanner.solver.mip.largest_catchments import LargestCatchments
from hubplanner.solver.mip.neighbourhoods import Neighbourhoods
from hubplanner.solver.mip.program_search import attempt
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, program_of, splits
from hubplanner.solver.mip.tie_breaking import SMALL_OPTIONS
from hubplanner.solver.mip.warm_start import given
from hubplanner.solver.needless import plan_without_needless
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.strategy import Candidate, SolveContext
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

MOST_RELAXED, MOST_SEARCHED = 12, 30
"""Rounds of the relaxation, and of searches, at most."""
NEAR = 1e-4
"""Relative difference of tangents and utility at which the relaxation's rounds end."""
AROUND = (0.8, 0.9, 1.1, 1.25)
"""Multiples of the relaxation's shares at which there are tangents too: whole plans have shares about there."""
SPARED = 0.1
"""Part of the asked gap that the largest catchments may take."""
ROUNDED = 0.3
"""Part of the asked gap that the search among the relaxation's hubs may leave."""
SEARCHED = 0.9
"""Part of the asked gap that a search may leave: the rest is the tangents'."""
ROUNDING_NODES, FIRST_NODES = 50, 50
"""Nodes of a search among the relaxation's hubs, and of the first among all."""
FAR = 0.1
"""Gap of a plan to the relaxation from which the hubs of that are searched before all: the greedy plan of the national
question is 34 % open, its published one 2.3 %, from which a search of all alone takes a third of the time."""
MANY_OPTIONS = 400
"""Options up to which a search is left to itself: parts of larger questions are as large, and searched whole."""


@dataclass(frozen=True, kw_only=True)
class _Best:
    """The best plan so far, by its equivalent share, and the least bound of that."""

    found: Incumbent
    value: float
    bound: float

    def gap(self, goal: Goal) -> float:
        """Return the relative gap."""
        return relative_gap(self.value, self.bound, goal.least) if self.found.years else math.inf


class AlphaFairStrategy:
    """Covered shares weighed by an alpha-fair utility."""

    name = "tangents"

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take: alpha-fairness has no other."""
        del options
        return None if question.objective.alpha_fairness is None else "fairness by alpha"

    def run(self, question: Question, context: SolveContext) -> Candidate:
        """Return the plan with the largest equivalent share, within the asked gap."""
        fairness, options = question.objective.alpha_fairness, context.options
        if fairness is None:
            raise AssertionError
        with context.log.phase(_("prepare the model")):
            check_size(question)
        is_exact = options.gap == 0 or len(question.instance.option) <= SMALL_OPTIONS
        gap = 0.0 if is_exact else options.gap
        task = Subproblem(question=question, goal=None, options=options, deadline=context.deadline, gap=gap)
        fixed = _fixed(question)
        if fixed is not None:  # who is served is all that is left: linear programs
            task = replace(task, ranges=(fixed, fixed), start=fixed)
        with context.log.phase(_("weigh shares by tangents")):
            # Of fixed hubs these linear programs are all there is to solve.
            near = NEAR if fixed is None else EXACT
            utility, bound, opened = tangents_near_relaxation(task, TangentUtility.coarse(fairness), near)
        with context.log.phase(_("optimise equivalent share")):
            start = given(question, context.warm_start)
            if not start.years and fixed is None:
                start = first_plan(question, task.deadline.part(EXCHANGING), options.seed, any_will_do=True)
            best = _searched(task, utility, start, bound, opened)
        goal, found = goals_of(question.objective)[0], best.found
        if not found.years:
            return Candidate(is_infeasible=found.infeasible, version=found.version)
        bounds, level = [best.bound], best.value
        if fairness.prefer_largest_of is not None and fixed is not None:
            bounds.append(catchment(question.objective).value(found.years))
        elif fairness.prefer_largest_of is not None:
            with context.log.phase(_("prefer the largest catchments")):
                found = _without_needless(question, found, goal)
                spare = _spare(task, best, goal)
                large = LargestCatchments(question=question, fairness=fairness, fairest=found, spare=spare).searched(
                    task
                )
                found = _served(task, utility, large)
                bounds, level = [best.bound, large.bound], best.value * (1 - spare)
        if question.capacity is not None:
            with context.log.phase(_("assign people to nearer hubs")):
                held = (FixedLevel(goal=goal, value=level),)
                found = replace(found, years=assign_to_nearest(question, found.years, held, context.deadline))
        context.log.steps.update(
            demand_points=question.instance.problem.n_points,
            options=len(question.instance.option),
            tangents=sum(map(len, utility.touching)),
        )
        return Candidate(
            plans=tuple(year.plan for year in found.years),
            stated=tuple(one.value(found.years) for one in goals_of(question.objective)),
            bounds=tuple(bounds),
            levels=(level,),
            version=found.version,
        )


def _without_needless(question: Question, found: Incumbent, goal: Goal) -> Incumbent:
    """Return a plan without hubs that serve nobody: in the largest places they would count all the same."""
    plan = plan_without_needless(question, found.years[-1].plan, (goal,))
    if plan is found.years[-1].plan:
        return found
    opened = np.zeros(len(question.instance.option), dtype=np.intp)
    opened[plan.options] = plan.counts
    return replace(found, years=(replace(found.years[-1], plan=plan),), opened=opened[None])


def _fixed(question: Question) -> Ints | None:
    """Return the hubs (1, o) of each option where nothing is left to decide of them; None where something is."""
    kept, most = first_of(question.constraints, FixedHubs), hub_limit(question.constraints)
    problem, instance = question.instance.problem, question.instance
    if kept is None or question.periods is not None or problem.upgrades.any() or not problem.keeps_existing:
        return None
    found = instance.least.copy()
    position = {option: at for at, option in enumerate(instance.option.tolist())}
    for option, count in zip(kept.options, kept.counts, strict=True):
        found[position[option]] = count
    return found[None] if int(found[instance.new].sum()) == most else None


def tangents_near_relaxation(
    task: Subproblem, utility: TangentUtility, near: float = NEAR
) -> tuple[TangentUtility, float, Floats]:
    """Return tangents near the utility where the relaxation's shares lie, a bound on the equivalent share, and hubs.

    The second time figures are seen from the share that the first came to, which keeps them of one size.
    """
    bound = all_hubs_bound(task.question, goals_of(task.question.objective)[0])
    for _turn in range(2):
        utility, bound, opened = _refined(task, utility, bound, near)
        if task.is_late:
            break
    return utility, bound, opened


def _refined(
    task: Subproblem, utility: TangentUtility, bound: float, near: float = NEAR
) -> tuple[TangentUtility, float, Floats]:
    """Return what the rounds of one program come to: each adds tangents at its shares. Hubs (p * o,) may be parts."""
    depth = np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp)
    goal = tangent_utility(utility)
    about, opened = list[Floats](), np.asarray([], dtype=np.float64)
    try:
        form = program_of(replace(task, goal=goal), depth)
    except LateError:
        return utility, bound, opened
    handle = prepared(form.program, task.effort(0.0), mip=False, solver="simplex")
    for _turn in range(MOST_RELAXED):
        run(handle)
        relaxation = relaxation_of(handle, form)
        if relaxation.is_infeasible:
            break
        bound = min(bound, utility.share_of(cap_bound(task.question, goal, form.figure(relaxation.bound))))
        if not relaxation.is_solved:
            break
        opened = relaxation.open_
        shares = utility.shares_in(form.layers[-1], relaxation.values)
        about = [np.minimum(shares * part, 1.0) for part in AROUND]
        if splits(task):
            about += whole_hub_shares(utility, form, relaxation.values)
        known, utility = utility, utility.refined([shares])
        figure, exact = known.figure(shares), known.exact(shares)
        if task.is_late or figure - exact <= near * abs(figure):
            break
        for most, columns, parts in utility.rows_beyond(known, form.layers[-1]):
            handle.addRow(-math.inf, most, len(columns), np.array(columns, dtype=np.int32), np.array(parts))
    utility = utility.refined(about) if about else utility
    return replace(utility, at=max(bound, utility.fairness.linear_below)), bound, opened


def _searched(task: Subproblem, utility: TangentUtility, start: Incumbent, bound: float, opened: Floats) -> _Best:
    """Return the best plan that searches find, each with tangents at the shares of the plans before it.

    In large questions a plan of the relaxation's hubs comes first, or after a first search of few nodes where a plan is
    known that is nearly as good. Where these bring none that is good enough, more nodes might take any time: it is made
    better in parts before the next search.
    """
    fairness, goal = utility.fairness, goals_of(task.question.objective)[0]
    value = goal.value(start.years) if start.years else math.nan
    bound = agreed_bound(goal, value, bound) if start.years else bound
    best, was_cut = _Best(found=start, value=value, bound=bound), False
    is_first = task.gap > 0 and task.ranges is None and len(task.question.instance.option) > MANY_OPTIONS
    is_far = is_first and best.gap(goal) > FAR
    if is_far:
        best = _rounded(task, utility, goal, best, opened)
    if is_first and best.found.years:  # what tangents state beyond the utility would count as the plan's
        utility = utility.refined([fairness.shares(best.found.years[-1].plan)])
    for _turn in range(MOST_SEARCHED):
        deadline = task.deadline if was_cut else task.deadline.part(1 / 2)
        searched = replace(
            task,
            goal=tangent_utility(utility),
            gap=task.gap * SEARCHED,
            scale=best.value * math.fsum(fairness.need) if best.found.years else math.nan,
            start=best.found.opened,
            deadline=deadline,
            nodes=FIRST_NODES if is_first else None,
            screens=False,
        )
        found = optimise(searched)
        if found.infeasible and not best.found.years:
            return replace(best, found=found)
        best = _better(searched, utility, goal, best, found)
        was_cut = deadline.is_past or is_first
        if is_first and best.gap(goal) > task.gap + EXACT / 2 and not task.is_late:
            best = best if is_far else _rounded(task, utility, goal, best, opened)
            best = _in_parts(task, utility, goal, best)
        is_first = False
        if best.gap(goal) <= task.gap + EXACT / 2 or task.is_late or not (best.found.years or was_cut):
            break
        if found.years:
            known, shares = utility, fairness.shares(found.years[-1].plan)
            utility = utility.refined([shares, fairness.shares(best.found.years[-1].plan)])
            if not was_cut and [len(part) for part in utility.touching] == [len(part) for part in known.touching]:
                break  # the tangents were exact where the plan is: nothing is left to learn
        utility = replace(utility, at=max(best.value, fairness.linear_below)) if best.found.years else utility
    return best


def _rounded(task: Subproblem, utility: TangentUtility, goal: Goal, best: _Best, opened: Floats) -> _Best:
    """Return the best plan, or a better one of whole hubs where the relaxation has hubs or parts of some (p * o,).

    Berthold (2014), doi:10.1007/s12532-013-0060-9, calls it RENS: what the relaxation leaves closed stays closed.
    """
    question, size = task.question, (len(task.question.problems), len(task.question.instance.option))
    if not len(opened):
        return best
    least = np.broadcast_to(question.instance.least, size)
    is_used = opened[: math.prod(size)].reshape(size) > EXACT
    among = replace(
        task,
        goal=tangent_utility(utility),
        gap=task.gap * ROUNDED,
        scale=best.bound * math.fsum(utility.fairness.need),
        ranges=(least, np.where(is_used, np.broadcast_to(question.instance.most, size), least)),
        nodes=ROUNDING_NODES,
    )
    found, _ = attempt(among, np.full(question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp))
    return _kept(goal, best, found)


def _in_parts(task: Subproblem, utility: TangentUtility, goal: Goal, best: _Best) -> _Best:
    """Return the best plan after its hubs were chosen anew in parts, until its bound shows that it is as asked."""
    if not best.found.years or best.gap(goal) <= task.gap * SEARCHED:
        return best
    around = Neighbourhoods(task, utility, best.found)
    return _kept(goal, best, around.improved(best.bound / (1 + task.gap * SEARCHED))) if around.applies else best


def _kept(goal: Goal, best: _Best, found: Incumbent) -> _Best:
    """Return the best plan, or one that was found without a bound if it is better."""
    value = goal.value(found.years) if found.years else math.nan
    if not found.years or (best.found.years and not value > best.value):
        return best
    return replace(best, found=found, value=value, bound=agreed_bound(goal, value, best.bound))


def _spare(task: Subproblem, best: _Best, goal: Goal) -> float:
    """Return the part of the equivalent share that a later goal may take: a tenth of the asked gap, if it is left."""
    size = max(goal.least, best.value)
    return min(SPARED * task.gap, max(0.0, 1 - best.bound / (1 + task.gap) / size))


def _served(task: Subproblem, utility: TangentUtility, found: Incumbent) -> Incumbent:
    """Return the same hubs with people served as fairly as these allow: the search for them asked for no more."""
    if found.opened is None:
        raise AssertionError
    fixed = replace(task, gap=0.0, ranges=(found.opened, found.opened), start=found.opened)
    utility, *_ = _refined(fixed, utility.refined([utility.fairness.shares(found.years[-1].plan)]), math.inf, EXACT)
    served = optimise(replace(fixed, goal=tangent_utility(utility), screens=False))
    goal = goals_of(task.question.objective)[0]
    better = bool(served.years) and goal.value(served.years) > goal.value(found.years)
    return served if better else found


def _better(task: Subproblem, utility: TangentUtility, goal: Goal, best: _Best, found: Incumbent) -> _Best:
    """Return the better of the best plan and a search's, with the lesser of their bounds."""
    bound = min(best.bound, utility.share_of(cap_bound(task.question, task.goal, found.bound)))
    value = goal.value(found.years) if found.years else math.nan
    if not found.years or (best.found.years and not value > best.value):
        value, found = best.value, replace(best.found, version=found.version)
    return _Best(found=found, value=value, bound=agreed_bound(goal, value, bound) if found.years else bound)

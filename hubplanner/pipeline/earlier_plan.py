"""Plans whose hubs are known from before, every figure worked out again."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import numpy as np

from hubplanner.inputs import Inputs
from hubplanner.model import Capacity, FixedHubs, MaxHubs, Objective, Periods, Question, goals_of
from hubplanner.model.constraints.base import first_of
from hubplanner.model.formulation import Year
from hubplanner.problem import GoalResult, Ints, Problem, SiteStatus, Solution, Status, evaluate
from hubplanner.solver import SolverOptions, solve_problem
from hubplanner.translation import gettext as _

log = logging.getLogger(__name__)


def surveyed_plan(inputs: Inputs, problem: Problem, objective: Objective) -> Solution | None:
    """Return the plan of this very question that is known from surveys drawn again; None where none is.

    A solve starts from it, so that the plan that was looked into stays the plan, on any processor, unless a search
    finds a better one. Where existing hubs may grow none is taken: which of them stay as they are is not listed.
    """
    known = inputs.known_stability
    if known is None or problem.upgrades.any():
        return None
    number, counts = option_by_name(inputs, problem), Question.of(problem, objective).instance.least.copy()
    for hub in known["hubs"]:
        option = number.get((str(hub["site_id"]), hub["tier"]))
        if hub["hubs"] and option is None:
            return None
        if hub["hubs"]:
            counts[option] = hub["hubs"]
    options = np.flatnonzero(counts)
    found = plan_of_hubs(problem, objective, options, counts[options], np.zeros(0, dtype=np.intp))
    if found.evaluation is None:
        return None
    log.info(_("start from the plan that surveys were drawn again for"))
    return found


def option_by_name(inputs: Inputs, problem: Problem) -> dict[tuple[str, str], int]:
    """Return the option of each site's identifier and tier's name."""
    sites, tiers = inputs.sites.frame["site_id"].astype(str).tolist(), [tier.name for tier in inputs.scenario.hubs]
    where = zip(problem.option_site.tolist(), problem.option_tier.tolist(), strict=True)
    return {(sites[site], tiers[tier]): option for option, (site, tier) in enumerate(where)}


def plan_of_hubs(problem: Problem, objective: Objective, options: Ints, counts: Ints, edges: Ints) -> Solution:
    """Return the plan with exactly these hubs and lines; where seats or measures are to be given out, the best one.

    Without these nothing is left to decide, and whether the hubs keep to all limits is not looked at.

    Parameters
    ----------
    options, counts
        (k,) options, ascending, and how many hubs of each; those that stand already among them.
    edges
        Lines of backhaul that are built.
    """
    has_room = first_of(objective.constraints_on(problem), Capacity) is not None
    if has_room or problem.measures or objective.constraint(Periods) is not None:
        return _served_anew(problem, objective, options, counts)
    return _as_stated(problem, objective, options, counts, edges)


def _as_stated(problem: Problem, objective: Objective, options: Ints, counts: Ints, edges: Ints) -> Solution:
    """Return a plan where hubs and lines alone tell who is served, and what it costs."""
    plan = evaluate(problem, np.repeat(options, counts), edges=edges)
    years = [Year(problem, plan)]
    goals = [
        GoalResult(name=goal.name, value=goal.value(years), bound=math.nan, least=goal.least)
        for goal in goals_of(objective)
    ]
    main = next(goal for goal in goals if goal.name == objective.main)
    return Solution(
        problem=problem,
        status=Status.FEASIBLE,
        evaluation=plan,
        value=main.value,
        bound=main.value,
        seconds=0.0,
        solver="",
        version="",
        goals=tuple(goals),
        least=main.least,
    )


def _served_anew(problem: Problem, objective: Objective, options: Ints, counts: Ints) -> Solution:
    """Return the best plan with exactly these hubs: who is served, and when hubs open, is worked out again."""
    stands = problem.site_status[problem.option_site] == SiteStatus.EXISTING
    keep = np.flatnonzero(stands | np.isin(np.arange(problem.n_options), options))
    bare = ~np.isin(np.arange(problem.n_sites), problem.option_site[keep])
    small = problem.with_options(keep, np.where(bare, int(SiteStatus.EXCLUDED), problem.site_status))
    mine = np.searchsorted(keep, options)
    new = int(counts[problem.new[options]].sum())
    held = (FixedHubs(options=tuple(mine.tolist()), counts=tuple(counts.tolist())), MaxHubs(count=new))
    exact = SolverOptions(gap=0.0, ties=False)
    found = solve_problem(small, replace(objective, constraints=(*objective.constraints, *held)), exact)
    if found.evaluation is None:
        return found
    own = replace(found.evaluation, options=keep[found.evaluation.options])
    last = found.problem
    whole = replace(problem, need=last.need, people=last.people, seated=last.seated)
    return replace(found, problem=whole, evaluation=own)

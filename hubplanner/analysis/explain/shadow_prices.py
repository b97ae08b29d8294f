"""What each pin, ban, floor and other limit costs, and what a little more or less of what is scarce is worth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hubplanner.analysis.explain.resolve import Counterfactual, ExplainContext, loosened, tightened, unpinned
from hubplanner.errors import ScenarioError
from hubplanner.model import (
    Constraint,
    MinCost,
    Objective,
    Periods,
    Question,
    check_compatible,
    goals_of,
)
from hubplanner.problem import Problem, SiteStatus
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.subproblem import Subproblem
from hubplanner.translation import gettext as _

STEP = 0.01
"""A little more or less: this part of the budget, or of all need."""
LINE_STEP = 0.1
"""The same of what lines cost."""
BUDGET, TARGET, COUNT, LINES = "budget", "target_share", "max_hubs", "lines"


@dataclass(frozen=True, kw_only=True, eq=False)
class Price:
    """What the objective gains if one demand is given up.

    Parameters
    ----------
    kind
        ``pin``, ``ban``, or the limit's name.
    site
        The site that is pinned or banned.
    constraint
        The limit.
    change
        The best plan without the demand; None where it was not solved.
    undefined
        Why it cannot be solved, where it cannot.
    """

    kind: str
    site: int | None = None
    constraint: Constraint | None = None
    change: Counterfactual | None = None
    undefined: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Shadow:
    """What a little more, and a little less, of what is scarce does to the best plan.

    Parameters
    ----------
    kind
        ``budget``, ``max_hubs`` or, where the least cost is sought, ``target_share``; ``lines`` where hubs share some.
    amount, step
        What there is, and how much more and less was tried; the money for lines, and the share by which prices change.
    looser, tighter
        The best plans then; None where they were not solved.
    relaxation_rate
        Gain of the objective by unit in the linear relaxation, whose multiplier it is; NaN where there is none.
    """

    kind: str
    amount: float
    step: float
    looser: Counterfactual | None = None
    tighter: Counterfactual | None = None
    relaxation_rate: float = math.nan


def pins(asked: ExplainContext) -> list[Price]:
    """Return the demands that have a price, none of them solved yet: pins first, then bans, then limits."""
    problem = asked.problem
    found = [Price(kind="pin", site=site) for site in problem.required_sites.tolist()]
    banned = np.flatnonzero(problem.site_status == SiteStatus.EXCLUDED).tolist()
    found += [Price(kind="ban", site=site) for site in banned]
    if asked.is_local:
        return found  # a limit concerns all groups
    return found + [
        Price(kind=constraint.key, constraint=constraint)
        for constraint in asked.objective.constraints
        if constraint.priced
    ]


def priced(asked: ExplainContext, price: Price, lifted: Problem | None) -> Price:
    """Return a price, solved.

    Parameters
    ----------
    lifted
        The problem with the banned site free, where that can be told.
    """
    if price.kind == "ban" and price.site is not None:
        if lifted is None:
            return replace(price, undefined=_("what a hub there would cost and reach is not known"))
        return replace(price, change=unpinned(asked, lifted, price.site, same_options=False))
    if price.kind == "pin" and price.site is not None:
        status = np.where(
            np.arange(asked.problem.n_sites) == price.site, int(SiteStatus.CANDIDATE), asked.problem.site_status
        )
        free = replace(asked.problem, site_status=status)
        return replace(price, change=unpinned(asked, free, price.site))
    rest = tuple(constraint for constraint in asked.objective.constraints if constraint is not price.constraint)
    freer = replace(asked.objective, constraints=rest)
    try:
        check_compatible(asked.problem, freer)
    except ScenarioError as error:
        return replace(price, undefined=_("without it {error}", error=str(error)))
    return replace(price, change=loosened(asked, asked.problem, freer))


def shadows(asked: ExplainContext) -> Iterator[Shadow]:
    """Yield what a little more and a little less of each scarce thing is worth; stop when the time is up.

    Nothing where plans are compared near one site at a time: money is shared among all.
    """
    if asked.is_local:
        return
    if asked.problem.backhaul is not None:
        yield _of_lines(asked)
    for kind, amount, step in _scarce(asked):
        shadow = Shadow(kind=kind, amount=amount, step=step)
        signs = (-1, 1) if kind == TARGET else (1, -1)  # a lower target leaves more freedom
        more, less = (_with(asked.objective, kind, amount, sign * step) for sign in signs)
        if not asked.is_late:
            shadow = replace(shadow, looser=loosened(asked, asked.problem, more))
        if less is not None and not asked.is_late:
            shadow = replace(shadow, tighter=tightened(asked, asked.problem, less))
        if not asked.is_late:
            shadow = replace(shadow, relaxation_rate=_rate(asked, more, step))
        yield shadow


def _of_lines(asked: ExplainContext) -> Shadow:
    """Return what cheaper and dearer lines do to the best plan."""
    net = asked.problem.backhaul
    plan = asked.evaluation.backhaul
    if net is None or plan is None:
        raise AssertionError
    shadow = Shadow(kind=LINES, amount=plan.edge_cost, step=LINE_STEP)
    cheaper, dearer = (
        replace(asked.problem, backhaul=replace(net, cost=net.cost * (1 + sign * LINE_STEP))) for sign in (-1, 1)
    )
    if not asked.is_late:
        shadow = replace(shadow, tighter=tightened(asked, dearer, asked.objective))
    if not asked.is_late:
        shadow = replace(shadow, looser=loosened(asked, cheaper, asked.objective))
    return shadow


def _scarce(asked: ExplainContext) -> Iterator[tuple[str, float, float]]:
    """Yield what is scarce, how much there is, and the step."""
    objective, cost = asked.objective, asked.problem.option_cost[asked.problem.new]
    cheapest = float(cost[cost > 0].min(initial=math.inf))
    if isinstance(objective, MinCost):
        yield TARGET, objective.target_share, min(STEP, objective.target_share / 2)
        return
    # That of all years together in a programme.
    money = min(
        (constraint.money for constraint in objective.all_constraints if constraint.money is not None), default=None
    )
    if money is not None:
        step = STEP * money if math.isinf(cheapest) else max(STEP * money, cheapest)
        yield BUDGET, money, step
    if objective.max_hubs is not None:
        yield COUNT, float(objective.max_hubs), 1.0


def _with(objective: Any, kind: str, amount: float, more: float) -> Any:
    """Return an objective with more of something; None where there would be less than nothing."""
    if kind == TARGET:
        return replace(objective, target_share=min(amount + more, 1.0)) if amount + more > 0 else None
    if amount + more < 0:
        return None
    if kind == COUNT:
        return replace(objective, max_hubs=int(amount + more))
    own = {} if objective.budget is None else {"budget": objective.budget + more}
    richer = tuple(b if b.money is None else b.with_money(b.money + more) for b in objective.constraints)
    return replace(objective, **own, constraints=richer)


def _rate(asked: ExplainContext, looser: Objective, step: float) -> float:
    """Return how much the relaxation gains by a unit more; NaN where the objective has no linear one."""
    periods = asked.objective.constraint(Periods)
    unlinked = periods is not None and not periods.nested
    if asked.objective.is_bottleneck or not asked.is_ordered or unlinked or asked.options.is_heuristic:
        return math.nan
    goal = goals_of(asked.objective)[0]
    bounds = []
    for objective in (asked.objective, looser):
        task = Subproblem(
            question=Question.of(asked.problem, objective), goal=goal, options=asked.effort, deadline=asked.deadline
        )
        _, form, relaxation = relaxed(task)
        if not relaxation.is_solved:
            return math.nan
        bounds.append(form.figure(relaxation.bound))
    return goal.sense * (bounds[1] - bounds[0]) / step

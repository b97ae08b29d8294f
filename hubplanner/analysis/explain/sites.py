"""The figures of each hub and of each rejected site with the rest of the plan as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.analysis.explain.lines import links_to_more, saved_by_lines
from hubplanner.analysis.explain.marginal_value import MarginalValues, alone, distances
from hubplanner.model import Constraint, Floor, Question, TakeUp
from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.budget import most_money
from hubplanner.model.constraints.floor import SUMMING
from hubplanner.problem import Evaluation, Floats, Ints, SiteStatus

if TYPE_CHECKING:
    from hubplanner.analysis.explain.resolve import Counterfactual, ExplainContext

MOST_NAMED = 3
"""Hubs that are named for covering what a site would."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HubFigures:
    """A site with new hubs, and what they are to the plan.

    Parameters
    ----------
    options, counts
        What stands there.
    cost
        Money for it, with its link and the lines that no other hub needs.
    need, people
        What the plan loses of each if these hubs go and nothing else changes.
    figure
        The objective's distance then; NaN where the objective is none.
    breaks
        Limits that are broken then.
    is_required
        Whether the scenario pins it.
    change
        The best plan without the site; None where it was not solved.
    """

    site: int
    options: Ints
    counts: Ints
    cost: float
    need: float
    people: float
    figure: float
    breaks: tuple[Constraint, ...]
    is_required: bool
    change: Counterfactual | None = None

    @property
    def cost_per_person(self) -> float:
        """Money for each person covered by these hubs alone; infinite where there are none."""
        return per_person(self.cost, self.people)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rejected:
    """A site without a hub, and what one would be to the plan.

    Parameters
    ----------
    option
        The option that adds most, for its money where money is limited; None at a site that is ruled out.
    cost
        Its money, with its link and the lines to what is built; infinite where no link leads there.
    near_people
        People within its reach.
    covered_people
        Those of them whom the plan covers.
    covered_by
        The sites whose hubs cover most of these, with how many.
    need, people
        What it adds if nothing else changes; NaN where that is not defined.
    figure
        The objective's distance then; NaN where the objective is none.
    breaks
        Limits on where hubs stand that it breaks then.
    is_over
        Whether it takes more money, or more hubs, than there are then.
    change
        The best plan with a hub there, or, at a site that is ruled out, without that ban; None where it was not solved.
    """

    site: int
    option: int | None
    cost: float
    near_people: float
    covered_people: float
    covered_by: tuple[tuple[int, float], ...]
    need: float
    people: float
    figure: float
    breaks: tuple[Constraint, ...]
    is_over: bool
    change: Counterfactual | None = None

    @property
    def cost_per_person(self) -> float:
        """Money for each person it would newly cover; infinite where there are none."""
        return per_person(self.cost, self.people)


def per_person(cost: float, people: float) -> float:
    """Return money for a person; infinite where nobody is added.

    >>> per_person(10.0, 4.0), per_person(10.0, 0.0)
    (2.5, inf)
    """
    return cost / people if people > 0 else math.nan if math.isnan(people) else math.inf


class Figures:
    """What single hubs and sites are to a plan, the rest of it as it is."""

    def __init__(self, asked: ExplainContext) -> None:
        self._asked, last = asked, asked.plan.problem
        question = Question.of(asked.problem, asked.objective)
        self._constraints = question.constraints
        self._floors = of_kind(question.constraints, Floor)
        plan = asked.evaluation
        come = asked.objective.constraint(TakeUp)
        weights = [floor.weight for floor in self._floors]
        self.alone: MarginalValues = alone(
            last, plan, question.capacity, weights, None if come is None else come.coming
        )
        self._cost: Floats = last.option_cost + links_to_more(last, plan)
        self._without: Floats = np.full(last.n_sites, math.nan)
        self._with: Floats = self._without
        if asked.objective.minimises_distance and not plan.is_assigned:
            found = distances(last, plan, worst=asked.objective.is_bottleneck)
            self._without, self._with = found.without, found.with_
        self._money = min(
            (constraint.money for constraint in self._constraints if constraint.money is not None), default=math.inf
        )

    def hub(self, site: int) -> HubFigures:
        """Return the figures of a site with new hubs."""
        problem, plan = self._asked.plan.problem, self._asked.evaluation
        here, old = problem.option_site[plan.options] == site, problem.existing[plan.options]
        options, counts = plan.options[here], plan.counts[here]
        return HubFigures(
            site=site,
            options=options,
            counts=counts,
            cost=math.fsum(problem.option_cost[options] * counts) + saved_by_lines(problem, plan, here & ~old),
            need=float(self.alone.lost[0, site]),
            people=float(self.alone.lost[1, site]),
            figure=float(self._without[site]),
            breaks=tuple(self._broken_without(site, ~here)),
            is_required=bool(problem.site_status[site] == SiteStatus.REQUIRED),
        )

    def _broken_without(self, site: int, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[Constraint]:
        plan, problem = self._asked.evaluation, self._asked.plan.problem
        rest = replace(plan, options=plan.options[kept], counts=plan.counts[kept])
        broken = [
            constraint
            for constraint in self._constraints
            if constraint.tells_of_sites and constraint.violation(problem, rest)
        ]
        for floor, lost in zip(self._floors, self.alone.lost[2:, site].tolist(), strict=True):
            total = math.fsum(floor.weight)
            spare = math.fsum(np.asarray(floor.weight) * plan.covered_share) - floor.share * total
            if lost > max(spare, 0.0) + SUMMING * total:
                broken.append(floor)
        return broken

    def rejected(self, site: int) -> Rejected:
        """Return the figures of a site without a new hub."""
        problem, plan, figures = self._asked.plan.problem, self._asked.evaluation, self.alone
        options = np.flatnonzero((problem.option_site == site) & problem.new)
        linked = options[np.isfinite(self._cost[options])]
        if not len(linked):
            return _ruled_out(site, math.inf if len(options) else math.nan)
        best = self._best(linked)
        cost = float(self._cost[best])
        entry = figures.covered_people[[best]].tocoo()
        by = sorted(zip(entry.coords[1].tolist(), entry.data.tolist(), strict=True), key=lambda pair: -pair[1])
        more = _with_one(plan, best, cost)
        broken = [
            constraint
            for constraint in self._constraints
            if constraint.tells_of_sites and constraint.violation(problem, more)
        ]
        return Rejected(
            site=site,
            option=best,
            cost=cost,
            near_people=float(figures.near_people[best]),
            covered_people=math.fsum(entry.data),
            covered_by=tuple((where, people) for where, people in by[:MOST_NAMED] if people > 0),
            need=float(figures.added_need[best]),
            people=float(figures.added_people[best]),
            figure=float(self._with[site]),
            breaks=tuple(constraint for constraint in broken if not constraint.is_total),
            is_over=more.cost > most_money(self._money) or any(constraint.is_total for constraint in broken),
        )

    def _best(self, options: Ints) -> int:
        """Return the option of a site that adds most, for its money where there is a limit to that."""
        worth = np.nan_to_num(self.alone.added_need[options])
        if math.isfinite(self._money):
            worth = worth / np.maximum(self._cost[options], 1e-9)
        ties = self.alone.near_need[options]
        return int(options[np.lexsort((-options, ties, worth))[-1]])

    def promising(self, rejected: list[Rejected]) -> list[Rejected]:
        """Return rejected sites, those first that come nearest to being worth it."""
        sense = self._asked.sense

        def worth(one: Rejected) -> tuple[float, float, int]:
            by_distance = not math.isnan(one.figure)
            gain = sense * (one.figure - self._asked.plan.value) if by_distance else np.nan_to_num(one.need)
            money = max(one.cost, 1e-9) if math.isfinite(self._money) else 1.0
            return (-gain / money, -np.nan_to_num(one.near_people), one.site)

        return sorted(rejected, key=worth)


def _ruled_out(site: int, cost: float) -> Rejected:
    nan = math.nan
    return Rejected(
        site=site,
        option=None,
        cost=cost,
        near_people=nan,
        covered_people=nan,
        covered_by=(),
        need=nan,
        people=nan,
        figure=nan,
        breaks=(),
        is_over=False,
    )


def _with_one(plan: Evaluation, option: int, cost: float) -> Evaluation:
    """Return the hubs of a plan with one more; limits on where hubs stand ask for no other figure."""
    every = np.append(plan.hubs, option)
    options, counts = np.unique(every, return_counts=True)
    return replace(plan, options=options, counts=counts, cost=plan.cost + cost)


MOSTLY = 0.5
"""Share of a site's people from which on they count as covered already."""


class Reason(StrEnum):
    """Why a site has no hub."""

    BANNED = "banned"
    UNLINKED = "no_link"
    NOBODY = "nobody_in_reach"
    RULE = "rule"
    IMPOSSIBLE = "no_plan_with_it"
    EQUAL = "as_good"
    SMALLER = "smaller_places"
    BETTER = "better_plan_found"
    COVERED = "covered_already"
    BEATEN = "beaten"
    DEAR = "too_dear"
    MONEY = "no_money_left"
    OPEN = "open"
    UNTESTED = "not_tested"


def reasons(asked: ExplainContext, one: Rejected, hubs: list[HubFigures]) -> tuple[Reason, ...]:
    """Return why a site has no hub, the reason that decides first."""
    if one.option is None:
        return (Reason.UNLINKED if math.isinf(one.cost) else Reason.BANNED,)
    found = [Reason.NOBODY] if one.near_people <= 0 and math.isnan(one.figure) else []
    found += [Reason.RULE] if one.breaks else []
    change = one.change
    if change is None:
        return (*found, *_by_figures(one, hubs), Reason.UNTESTED)
    slack = asked.rounding
    if change.is_impossible:
        return (*found, Reason.IMPOSSIBLE)
    if change.most < -slack:
        found.append(Reason.BETTER)
    elif change.most <= slack:
        found.append(Reason.SMALLER if asked.smaller_by(change) else Reason.EQUAL)
    else:
        found += _by_figures(one, hubs)
        if change.least <= slack:
            found.append(Reason.OPEN)
        elif change.leaves or change.differs:
            found.append(Reason.BEATEN)
    return tuple(found)


def _by_figures(one: Rejected, hubs: list[HubFigures]) -> list[Reason]:
    found: list[Reason] = []
    if one.near_people <= 0 and math.isnan(one.figure):
        return found  # that nobody is near says it all
    if one.near_people > 0 and one.covered_people >= MOSTLY * one.near_people:
        found.append(Reason.COVERED)
    dearest = max((hub.cost_per_person for hub in hubs if hub.people > 0), default=math.inf)
    if one.cost_per_person > dearest:
        found.append(Reason.DEAR)
    if one.is_over:
        found.append(Reason.MONEY)
    return found

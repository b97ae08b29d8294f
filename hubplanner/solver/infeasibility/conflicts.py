"""Demands that no plan can meet together: the smallest such set, and the least money that would meet them all."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import Any, cast

import numpy as np

from hubplanner.formatting import per_cent
from hubplanner.model import (
    Budget,
    Capacity,
    Constraint,
    Floor,
    FullService,
    MinCost,
    Objective,
    Periods,
    Question,
    Year,
    broken_years,
)
from hubplanner.model.constraints.base import first_of, of_kind
from hubplanner.model.constraints.budget import enough_money
from hubplanner.model.constraints.required_sites import MOST_PINS
from hubplanner.model.goals import cost
from hubplanner.problem import Conflict, Problem, evaluate
from hubplanner.problem.coverage import LEAST_SHARE
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.infeasibility.limit_costs import LimitCosts
from hubplanner.solver.mip.bounds.last_year import CostProgram, demands_of, last_year, over_years, shown_too_dear
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound, cap_bound
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Subproblem, entries_of
from hubplanner.solver.options import SolverOptions
from hubplanner.translation import N_, either, gettext as _, listed, ngettext, written

MANY = 1000
"""Need from which parts of a person are not told."""
MOST_ALIKE = 3
"""Like limits that are named one by one; of more it is said how many they are."""
MOST_CLASHES = 12
"""Sets of demands that cannot be met, of those that counting shows, told one by one."""
MOST_SUBSETS = 2000
"""Sets of demands that are looked through for the smallest; the search grows one demand at a time."""

LARGE_ENTRIES, MONEY_NODES, MONEY_WORK = 30_000, 500, 0.25
"""Entries of a program up to which plans and the least money are searched for, nodes of that search, and share of all
exchanges where there are more entries: what is known then is said. Half or twice the nodes change nothing on three
clashes of 400 sites x 1,400 points, which are proven before."""
MEETING = 0.1
"""The same share for a plan that meets all demands but one."""
SAME_MONEY = 1e-6
"""Relative difference below which amounts are equal."""

_MONEY = ("",)
"""Stands for more money among ways out, until it is known of which limits."""
NO_SITE = N_("no usable site: none may hold a hub")

log = logging.getLogger(__name__)


def find_conflict(question: Question, options: SolverOptions, deadline: Deadline) -> Conflict:
    """Return a smallest set of demands that clash, verified: it cannot be met, and every set without one of it can.

    That all demands together cannot be met is known before. Like demands go in and out together, so that few are asked
    about: of 156 floors and a budget, 2,000 sites x 10,000 points, that takes 0.2 s of processor time, where the Farkas
    multipliers of the whole program take 3 s and HiGHS 1.16's own irreducible subsystem 24 s, with 3,411 rows.
    By implicit hitting sets: a candidate hits every set of demands of which one at least must go; either it cannot be
    met, or the plan that meets it shows another such set. Ignatiev et al. (2015), doi:10.1007/978-3-319-23219-5_13.
    Of large programs what demands cost at least tells first (`LimitCosts`), and no search follows.
    """
    problem, objective = question.instance.problem, question.objective
    limits = demands_of(objective.constraints_on(problem), problem)
    parts = [part for part in limits if part.can_relax]
    rest = tuple(limit for limit in limits if not limit.can_relax)
    demands = _together(parts)
    number_of = {id(part): number for number, alike in enumerate(demands) for part in alike}
    finder = _ConflictFinder(
        problem=problem,
        objective=objective,
        rest=rest,
        demands=demands,
        everything=frozenset(range(len(demands))),
        options=options,
        deadline=deadline,
        shown=shown_too_dear(question, [number_of.get(id(limit)) for limit in limits], deadline),
    )
    asked = any(constraint.money is not None for constraint in parts)
    least, surely, years = finder.least_budget() if asked else (math.nan, math.nan, ())
    if least == math.inf:  # what clashes whatever the money is the reason; years stay, for need may grow in them
        finder = replace(finder.rich, everything=finder.without_budget)
    elif asked and first_of(parts, Periods) is None:  # what is asked is known not to do
        surely = float(np.nanmax([surely, *(limit.amount for limit in of_kind(parts, Budget))]))
    smallest, proven = finder.smallest()
    clash = tuple(constraint for number in sorted(smallest) for constraint in demands[number])
    short, is_at_once = _also_short(question, clash, years, least)
    return Conflict(
        demands=clash,
        is_smallest=proven,
        least_budget=least,
        too_little=surely,
        reason=_reason(problem, clash),
        also_short=short,
        is_at_once=is_at_once,
    )


def _also_short(
    question: Question, clash: Sequence[Constraint], years: Sequence[Year], money: float
) -> tuple[tuple[Constraint, ...], bool]:
    """Return the limits of money that have to give way beside those of a clash, and whether in the first year.

    What is tried is the plan that takes the money, first without them, and shared out among years as their money is.
    """
    limits = [limit for limit in question.constraints if limit.money is not None]
    others = tuple(limit for limit in limits if not any(limit is one for one in clash))
    if not years or question.periods is None:
        return (), False
    for more in ((), others) if others else ((),):
        raised = [limit for limit in limits if limit not in others or limit in more]
        for is_at_once in (False, True):
            if _is_enough(question, years[-1], money, raised, is_at_once=is_at_once):
                return more, is_at_once
    return tuple(limit for limit in others if (limit.money or 0.0) < money * (1 - SAME_MONEY)), False


def _is_enough(question: Question, year: Year, money: float, raised: Sequence[Constraint], *, is_at_once: bool) -> bool:
    """Tell whether a plan keeps to all limits once some leave as much money as it takes."""
    constraints, enough = list[Constraint](), enough_money(money)
    for limit in question.constraints:
        if not any(limit is one for one in raised):
            constraints.append(limit)
        elif is_at_once and isinstance(limit, Periods):
            first, *later = limit.budgets
            constraints.append(replace(limit, budgets=(max(first, enough), *later)))
        else:
            constraints.append(limit.with_money(max(limit.money or 0.0, enough)))
    return bool(over_years(replace(question, constraints=tuple(constraints)), year))


def _reason(problem: Problem, clash: tuple[Constraint, ...]) -> str:
    """Return why demands are out of reach where the sites alone tell: what they cover, and whom they never serve."""
    floor, everyone = first_of(clash, Floor), first_of(clash, FullService) is not None
    if floor is not None and len(clash) == 1 and not problem.measures:
        return _uncovered(problem, floor)
    wanting = problem.need > 0
    if everyone and wanting.any() and not (wanting & problem.reachable).any():
        if problem.n_options:
            return _("no usable site has a way to any need")
        return _(NO_SITE)
    if everyone and first_of(clash, Capacity) is not None:
        every = evaluate(problem, np.arange(problem.n_options))
        alone = np.flatnonzero(wanting & problem.reachable & (every.covered_share <= 0))
        return _("{points} with need out of every hub's reach", points=_points(len(alone))) if len(alone) else ""
    return ""


def _uncovered(problem: Problem, floor: Floor) -> str:
    """Return what all sites together cover of what a floor asks, and the need that they leave out."""
    if not problem.n_options:
        return _(NO_SITE)
    weight, every = np.asarray(floor.weight), np.repeat(np.arange(problem.n_options), problem.rule.backup)
    missing = weight * (1.0 - evaluate(problem, every).covered_share)
    total, lost = math.fsum(weight), math.fsum(missing)
    if not lost > 0:
        return ""  # more than one hub a site would do
    return _(
        "all sites together cover {share}, with {lost:,.6g} of {total:,.12g} at {points} out of reach",
        share=_share(1 - lost / total),
        lost=lost,
        total=float(round(total)) if total >= MANY else total,
        points=_points(int((missing > LEAST_SHARE * weight).sum())),
    )


def _points(count: int) -> str:
    return ngettext("{n} point", "{n} points", count)


def _share(share: float) -> str:
    """Return a share in per cent, never one that reads as all where a part is missing."""
    told = per_cent(share, 4)
    return _("just short of {all}", all=per_cent(1, 0)) if share < 1 and told == per_cent(1, 4) else told


def in_words(clash: Conflict, name_of: Callable[[int], str] = str) -> list[str]:
    """Return the clash, and others known beside it, as sentences, with sites by their names."""
    others = (replace(other, future=clash.future) for other in clash.others[: MOST_CLASHES - 1])
    sentences = [_together_in_words(one, name_of) for one in (clash, *others)]
    if len(clash.others) >= MOST_CLASHES:
        sentences.append(_("and so for {count:,} more", count=len(clash.others) + 1 - MOST_CLASHES))
    if math.isfinite(clash.least_budget):
        sentences.append(_least(clash))
        if clash.is_at_once:
            sentences.append(_("it is enough where all of it is there in the first year"))
        if clash.also_short:
            short = [limit.describe(name_of) for limit in cast("tuple[Constraint, ...]", clash.also_short)]
            sentences.append(_("it is enough with as much in place of {limits}", limits=listed(short)))
    elif clash.least_budget == math.inf:
        sentences.append(_("no budget meets all demands"))
    return sentences


def remedies(clash: Conflict, *, within_repair: bool = True) -> str:
    """Return what would help against a clash, by the kinds of its demands; nothing where none of them says.

    Parameters
    ----------
    within_repair
        Whether hub numbers or a budget may be all that is to change, see `least_repair`.
    """
    found, money = dict[str, None](), dict[str, None]()
    for one in (clash, *clash.others):
        if one.reason == _(NO_SITE):
            found[_("more sites")] = None
            continue
        demands = cast("tuple[Constraint, ...]", one.demands)
        everyone = first_of(demands, FullService)
        wanting = (everyone,) if one.reason and everyone is not None else demands
        for constraint in (*wanting, *cast("tuple[Constraint, ...]", one.also_short)):
            if constraint.money is not None:
                money |= dict.fromkeys(_more_money(clash, constraint, within_repair=within_repair))
                found |= dict.fromkeys(_MONEY[: len(money)])
            elif not constraint.can_move or within_repair:
                found |= dict.fromkeys(map(_, constraint.ways_out(demands)))
    # Of several limits of money each has to give way.
    ways = [listed(list(money)) if way in _MONEY else way for way in found]
    return _("what would help: {ways}", ways=either(ways)) if ways else ""


def _more_money(clash: Conflict, limit: Constraint, *, within_repair: bool) -> list[str]:
    """Return how much more money a limit has to leave; nothing where none helps."""
    if clash.least_budget == math.inf or (limit.can_move and not within_repair):
        return []
    if not math.isfinite(clash.least_budget):
        return list(map(_, limit.remedies))
    enough = written(f"{enough_money(clash.least_budget):,.12g}")
    if limit.can_move:
        return [_("a budget of {enough}", enough=enough)]
    if clash.is_at_once:
        return [_("{enough} in the first year", enough=enough)]
    return [_("yearly budgets of {enough} in all", enough=enough)]


def _together_in_words(clash: Conflict, name_of: Callable[[int], str]) -> str:
    words = _words(clash, name_of)
    demands = listed(words)
    if clash.future:
        demands = _("in future {future} alone, {demands}", future=clash.future, demands=demands)
    told = _("{demands} cannot be met together", demands=demands)
    if len(words) == 1:
        told = _("{demands} cannot be met", demands=demands)
    told = _("{clash}: {reason}", clash=told, reason=clash.reason) if clash.reason else told
    is_sure = clash.is_smallest or clash.is_counted
    return told if is_sure else _("{clash} (a smaller set may clash already)", clash=told)


def _words(clash: Conflict, name_of: Callable[[int], str]) -> list[str]:
    """Return each demand in words, many alike as one."""
    found: dict[object, list[Any]] = {}
    for number, constraint in enumerate(cast("tuple[Constraint, ...]", clash.demands)):
        found.setdefault(constraint.alike or number, []).append(constraint)
    words = list[str]()
    for first, *more in found.values():
        if len(more) < MOST_ALIKE:
            words += [constraint.describe(name_of) for constraint in (first, *more)]
        else:
            every = _("each of {count:,} {groups}", count=len(more) + 1, groups=plural(first.group))
            words.append(replace(first, name=every).describe(name_of))
    return words


def plural(group: str) -> str:
    """Return what several values of a group are called.

    >>> plural("district"), plural("county"), plural("ADM2_EN")
    ('districts', 'counties', 'values of ADM2_EN')
    """
    if not (group.isascii() and group.isalpha() and group.islower()):
        return _("values of {group}", group=group)
    if group.endswith("y") and group[-2:-1] not in set("aeiou"):
        return group[:-1] + "ies"
    return group + ("es" if group.endswith(("s", "x", "ch", "sh")) else "s")


def _least(clash: Conflict) -> str:
    """Return what is known of the money that would meet all demands."""
    enough = written(f"{enough_money(clash.least_budget):,.12g}")
    if clash.least_budget - clash.too_little > SAME_MONEY * abs(clash.least_budget):
        return _(
            "a budget of {enough} meets all demands, one below {too_little:,.12g} does not",
            enough=enough,
            too_little=clash.too_little,
        )
    return _("the least budget that meets all demands is {enough}", enough=enough)


def _together(demands: Sequence[Constraint]) -> tuple[tuple[Constraint, ...], ...]:
    """Return the demands to be distinguished: many that ask the same of each value of a group are one."""
    kinds: dict[object, list[Constraint]] = {}
    for number, constraint in enumerate(demands):
        kinds.setdefault(constraint.alike or number, []).append(constraint)
    parts = (
        [tuple(alike)] if len(alike) > MOST_PINS else [(constraint,) for constraint in alike]
        for alike in kinds.values()
    )
    return tuple(part for kind in parts for part in kind)


class _LateError(Exception):
    """The time is up before a set of demands is met or shown to clash."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _ConflictFinder:
    """Answers whether sets of demands, by number, can be met.

    Parameters
    ----------
    everything
        Demands that are known to clash.
    shown
        The program of all demands, and their least cost, where that is how they are known to clash.
    is_rich
        Whether programmes have all the money they can use.
    shared
        What demands cost, where that is known: it is the same whatever money there is.
    """

    problem: Problem
    objective: Objective
    rest: tuple[Constraint, ...]
    demands: tuple[tuple[Constraint, ...], ...]
    everything: frozenset[int]
    options: SolverOptions
    deadline: Deadline
    shown: tuple[CostProgram, float] | None = None
    is_rich: bool = False
    shared: LimitCosts | None = None

    @property
    def rich(self) -> _ConflictFinder:
        """The same where programmes have all the money they can use."""
        return replace(self, is_rich=True, shared=self.costs)

    @property
    def without_budget(self) -> frozenset[int]:
        """All demands but a budget for all years."""
        return frozenset(number for number in self.everything if not first_of(self.demands[number], Budget))

    @cached_property
    def costs(self) -> LimitCosts:
        """What demands cost at least."""
        return self.shared or LimitCosts(
            demands=self.demands, always=len(self.rest), task_of=self.task, shown=self.shown
        )

    @cached_property
    def is_large(self) -> bool:
        """Tell whether programs are so large that searches are not begun."""
        return entries_of(self.task(self.everything)) > LARGE_ENTRIES

    def task(self, numbers: frozenset[int]) -> Subproblem:
        """Return the task of meeting some demands."""
        wanted = [constraint for number in sorted(numbers) for constraint in self.demands[number]]
        wanted = [self._with_money(constraint) for constraint in wanted] if self.is_rich else wanted
        question = Question.of(self.problem, self.objective, [*self.rest, *wanted])
        return Subproblem(question=question, goal=None, options=self.options, deadline=self.deadline)

    def _with_money(self, constraint: Constraint) -> Constraint:
        """Return a programme that has the money for all there is in its first year; any other constraint as it is."""
        if not isinstance(constraint, Periods):
            return constraint
        instance = self.task(frozenset()).question.instance
        return replace(constraint, budgets=tuple(math.fsum(instance.cost * instance.most) for _ in constraint.budgets))

    def smallest(self) -> tuple[frozenset[int], bool]:
        """Return a smallest set that cannot be met, and whether it is surely that."""
        if self.is_large and self._costs_too_much(self.everything):
            return self._irreducible()
        to_hit: list[frozenset[int]] = []
        try:
            for _turn in range(MOST_SUBSETS):
                candidate = _hitting_set(to_hit, self.everything)
                met = self._met(candidate)
                if met is None:
                    return candidate, True
                to_hit.append(self.everything - self._grown(candidate | met))
        except _LateError:
            log.info(_("the time is up before the smallest clash is found"))
        return self.everything, False

    def _irreducible(self) -> tuple[frozenset[int], bool]:
        """Return demands that cost too much together, and whether a plan is known that meets all but each of them.

        Greed finds most such plans in less time than it takes to show that there is none.
        """
        clash, unknown = self.everything, list[int]()
        for number in sorted(clash):
            fewer = clash - {number}
            if self._costs_too_much(fewer, at_once=True):
                clash = fewer
            elif not self._plan(fewer, 0.0):
                if self._costs_too_much(fewer):
                    clash = fewer
                else:
                    unknown.append(number)
        return clash, all(self._plan(clash - {number}, MEETING) for number in unknown)

    def _costs_too_much(self, numbers: frozenset[int], *, at_once: bool = False) -> bool:
        """Tell whether relaxations show that some demands cannot be met; at once, by what they have shown before."""
        if self.deadline.is_past:
            return False
        money = [limit.money for number in numbers for limit in self.demands[number] if limit.money is not None]
        return self.costs.exceed(numbers, math.inf if self.is_rich else min(money, default=math.inf), at_once=at_once)

    def _met(self, numbers: frozenset[int]) -> frozenset[int] | None:
        """Return all demands that a plan which meets some of them meets; None where there is no such plan."""
        if numbers == self.everything:
            return None
        task, years = self.task(numbers), self._plan(numbers, MEETING)
        if not years:
            if self.is_large and self._costs_too_much(numbers):
                return None
            found = optimise(task)
            if found.infeasible:
                return None
            years = found.years
        if not years:
            raise _LateError
        also = [
            number
            for number in self.everything
            if all(self._holds(constraint, task.question, years) for constraint in self.demands[number])
        ]
        return numbers.union(also)

    def _plan(self, numbers: frozenset[int], work: float) -> tuple[Year, ...]:
        """Return a plan that meets some demands, by greed or, of large programs, the last year's; none where none is.

        Parameters
        ----------
        work
            How many times as many exchanges as usual are tried where programs are large.
        """
        if self.deadline.is_past:
            return ()
        question = self.task(numbers).question
        if not self.is_large:
            return first_plan(question, self.deadline.past(), any_will_do=True).years
        alone = replace(last_year(question), objective=MinCost(target_share=1.0))
        found = first_plan(alone, self.deadline, self.options.seed, any_will_do=True, work=work)
        return over_years(question, found.years[-1]) if found.years else ()

    @staticmethod
    def _holds(constraint: Constraint, question: Question, years: Sequence[Year]) -> bool:
        if constraint.changes_service:
            return False
        periods = question.periods
        held = constraint if periods is None else constraint.grown(periods.growth, len(periods.budgets) - 1)
        return not broken_years(replace(question, constraints=(held,)), years)

    def _grown(self, met: frozenset[int]) -> frozenset[int]:
        """Return a largest set around one that can be met."""
        for number in sorted(self.everything - met):
            if number not in met:
                more = self._met(met | {number})
                met = met if more is None else more
        return met

    def least_budget(self) -> tuple[float, float, tuple[Year, ...]]:
        """Return money that meets all other demands, money below which none does, and the plan that takes the former.

        The least there is within the asked gap, or what is known after part of the time; infinite where no money does,
        NaN where it is not known.
        """
        task = self.rich.task(self.without_budget)
        if self.is_large:
            return self._cheapest(task.question)
        task = replace(task, deadline=self.deadline.part(1 / 3), nodes=MONEY_NODES, goal=cost(), gap=self.options.gap)
        found = optimise(task)
        if found.years:
            return found.value, found.bound, found.years
        return (math.inf, math.inf, ()) if found.infeasible else (math.nan, math.nan, ())

    def _cheapest(self, question: Question) -> tuple[float, float, tuple[Year, ...]]:
        """Return the cost of the cheapest plan that exchanges find, what relaxations show of all, and the plan."""
        bound = self.costs.least(self.without_budget)
        if bound == math.inf:
            return math.inf, math.inf, ()
        alone = replace(last_year(question), objective=MinCost(target_share=1.0))
        found = first_plan(alone, self.deadline, self.options.seed, work=MONEY_WORK)
        years = over_years(question, found.years[-1]) if found.years else ()
        goal, least = cost(), cap_bound(question, cost(), bound if math.isfinite(bound) else math.nan)
        if not years:
            return math.nan, least if math.isfinite(bound) else math.nan, ()
        return goal.value(years), agreed_bound(goal, goal.value(years), least), years


def _hitting_set(sets: Sequence[frozenset[int]], everything: frozenset[int]) -> frozenset[int]:
    """Return a smallest set that shares an element with each of some sets."""
    pool = sorted(frozenset().union(*sets)) if sets else []
    for size in range(len(everything) + 1):
        for chosen in combinations(pool, size):
            if all(part.intersection(chosen) for part in sets):
                return frozenset(chosen)
    return everything

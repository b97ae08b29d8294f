"""Demands that no plan can meet together: the smallest such set, and the least money that would meet them all."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    broken_years,
)
from hubplanner.model.constraints.base import first_of
from hubplanner.model.constraints.budget import enough_money
from hubplanner.model.constraints.required_sites import MOST_PINS
from hubplanner.model.goals import cost
from hubplanner.problem import Conflict, Problem, evaluate
from hubplanner.problem.coverage import LEAST_SHARE
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import relaxed
from hubplanner.solver.mip.bounds.upper_bound import agreed_bound, cap_bound
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem, entries_of
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

MONEY_ENTRIES, MONEY_NODES, MONEY_WORK = 30_000, 500, 0.25
"""Entries of a program up to which the least money is searched for, nodes of that search, and share of all exchanges
where there are more entries: what is known then is said. Half or twice the nodes change nothing on three clashes of 400
sites x 1,400 points, which are proven before."""
SAME_MONEY = 1e-6
"""Relative difference below which amounts are equal."""

NO_SITE = N_("no usable site: none may hold a hub")

log = logging.getLogger(__name__)


def find_conflict(problem: Problem, objective: Objective, options: SolverOptions, deadline: Deadline) -> Conflict:
    """Return a smallest set of demands that clash, verified: it cannot be met, and every set without one of it can.

    That all demands together cannot be met is known before. Like demands go in and out together, so that few are asked
    about: of 156 floors and a budget, 2,000 sites x 10,000 points, that takes 0.2 s of processor time, where the Farkas
    multipliers of the whole program take 3 s and HiGHS 1.16's own irreducible subsystem 24 s, with 3,411 rows.
    By implicit hitting sets: a candidate hits every set of demands of which one at least must go; either it cannot be
    met, or the plan that meets it shows another such set. Ignatiev et al. (2015), doi:10.1007/978-3-319-23219-5_13.
    """
    constraints = objective.constraints_on(problem)
    demands = [part for constraint in constraints if constraint.can_relax for part in constraint.parts(problem)]
    rest = [constraint for constraint in constraints if not constraint.can_relax]
    finder = _ConflictFinder(problem, objective, rest, _together(demands), options, deadline)
    asked = any(constraint.money is not None for constraint in demands)
    least, surely = finder.least_budget() if asked else (math.nan, math.nan)
    asking = finder
    if least == math.inf:  # what clashes whatever the money is the reason; years stay, for need may grow in them
        finder = replace(
            finder, demands=_together([constraint for constraint in demands if not isinstance(constraint, Budget)])
        )
        asking = finder.rich
    smallest, proven = asking.smallest()
    clash = tuple(constraint for number in sorted(smallest) for constraint in finder.demands[number])
    reason = _reason(problem, clash)
    return Conflict(demands=clash, is_smallest=proven, least_budget=least, too_little=surely, reason=reason)


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
    found = dict[str, None]()
    for one in (clash, *clash.others):
        if one.reason == _(NO_SITE):
            found[_("more sites")] = None
            continue
        demands = cast("tuple[Constraint, ...]", one.demands)
        everyone = first_of(demands, FullService)
        for constraint in (everyone,) if one.reason and everyone is not None else demands:
            is_money = constraint.money is not None
            if (constraint.can_move and not within_repair) or (is_money and clash.least_budget == math.inf):
                continue
            if constraint.can_move and is_money and math.isfinite(clash.least_budget):
                found[_("a budget of {enough}", enough=written(f"{enough_money(clash.least_budget):,.12g}"))] = None
            else:
                found |= dict.fromkeys(map(_, constraint.ways_out(demands)))
    return _("what would help: {ways}", ways=either(list(found))) if found else ""


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


@dataclass(frozen=True, eq=False)
class _ConflictFinder:
    """Answers whether sets of demands, by number, can be met."""

    problem: Problem
    objective: Objective
    rest: Sequence[Constraint]
    demands: tuple[tuple[Constraint, ...], ...]
    options: SolverOptions
    deadline: Deadline

    def task(self, numbers: frozenset[int]) -> Subproblem:
        wanted = [*self.rest, *(constraint for number in sorted(numbers) for constraint in self.demands[number])]
        question = Question.of(self.problem, self.objective, wanted)
        return Subproblem(question=question, goal=None, options=self.options, deadline=self.deadline)

    def smallest(self) -> tuple[frozenset[int], bool]:
        """Return a smallest set that cannot be met, and whether it is surely that."""
        everything = frozenset(range(len(self.demands)))
        to_hit: list[frozenset[int]] = []
        try:
            for _turn in range(MOST_SUBSETS):
                candidate = _hitting_set(to_hit, everything)
                met = self._met(candidate)
                if met is None:
                    return candidate, True
                to_hit.append(everything - self._grown(candidate | met))
        except _LateError:
            log.info(_("the time is up before the smallest clash is found"))
        return everything, False

    def _met(self, numbers: frozenset[int]) -> frozenset[int] | None:
        """Return all demands that a plan which meets some of them meets; None where there is no such plan."""
        if len(numbers) == len(self.demands):
            return None
        task = self.task(numbers)
        found = first_plan(task.question, task.deadline.past(), any_will_do=True)  # greed alone
        if not found.years:
            found = optimise(task)
        if not found.years:
            if found.infeasible:
                return None
            raise _LateError
        also = [
            number
            for number, constraints in enumerate(self.demands)
            if all(self._holds(constraint, task, found) for constraint in constraints)
        ]
        return numbers.union(also)

    @staticmethod
    def _holds(constraint: Constraint, task: Subproblem, found: Incumbent) -> bool:
        if constraint.changes_service:
            return False
        periods = task.question.periods
        held = constraint if periods is None else constraint.grown(periods.growth, len(periods.budgets) - 1)
        return not broken_years(replace(task.question, constraints=(held,)), found.years)

    def _grown(self, met: frozenset[int]) -> frozenset[int]:
        """Return a largest set around one that can be met."""
        for number in range(len(self.demands)):
            if number not in met:
                more = self._met(met | {number})
                met = met if more is None else more
        return met

    def least_budget(self) -> tuple[float, float]:
        """Return money that meets all other demands, and money below which none does.

        The least there is within the asked gap, or what is known after part of the time; infinite where no money does,
        NaN where it is not known.
        """
        numbers = frozenset(n for n, constraints in enumerate(self.demands) if not first_of(constraints, Budget))
        task = replace(self.rich.task(numbers), deadline=self.deadline.part(1 / 3), nodes=MONEY_NODES)
        task = replace(task, goal=cost(), gap=self.options.gap)
        large = task.question.periods is None and entries_of(task) > MONEY_ENTRIES
        found = _cheap(task) if large else optimise(task)
        if found.years:
            return found.value, found.bound
        return (math.inf, math.inf) if found.infeasible else (math.nan, math.nan)

    @property
    def rich(self) -> _ConflictFinder:
        """The same demands where programmes have all the money they can use."""
        return replace(self, demands=tuple(tuple(map(self._with_money, constraints)) for constraints in self.demands))

    def _with_money(self, constraint: Constraint) -> Constraint:
        """Return a programme that has the money for all there is in its first year; any other constraint as it is."""
        if not isinstance(constraint, Periods):
            return constraint
        instance = self.task(frozenset()).question.instance
        return replace(constraint, budgets=tuple(math.fsum(instance.cost * instance.most) for _ in constraint.budgets))


def _cheap(task: Subproblem) -> Incumbent:
    """Return the cheapest plan that exchanges find, with the relaxation's bound; a search's where they find none."""
    _, form, relaxation = relaxed(task)
    if relaxation.is_infeasible:
        return Incumbent(infeasible=True)
    question = replace(task.question, objective=MinCost(target_share=1.0))
    found = first_plan(question, task.deadline, task.options.seed, work=MONEY_WORK)
    if not found.years or task.goal is None:
        return optimise(task)
    bound = cap_bound(task.question, task.goal, form.figure(relaxation.bound))
    return replace(found, bound=agreed_bound(task.goal, found.value, bound))


def _hitting_set(sets: Sequence[frozenset[int]], everything: frozenset[int]) -> frozenset[int]:
    """Return a smallest set that shares an element with each of some sets."""
    pool = sorted(frozenset().union(*sets)) if sets else []
    for size in range(len(everything) + 1):
        for chosen in combinations(pool, size):
            if all(part.intersection(chosen) for part in sets):
                return frozenset(chosen)
    return everything

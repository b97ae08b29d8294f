"""A programme's last year alone: no plan of all years costs less, and what it allows is soon made one of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from weakref import WeakKeyDictionary

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Budget, Formulation, Periods, Question, Year, broken_years
from hubplanner.model.constraints.base import Constraint, without
from hubplanner.model.formulation import ConstraintRows
from hubplanner.model.goals import cost
from hubplanner.model.lp import LateError
from hubplanner.problem import Evaluation, Floats, Problem, evaluate
from hubplanner.problem.evaluation import evaluate_again
from hubplanner.solver.backends.arrays import lagrangean
from hubplanner.solver.backends.highs import INFEASIBLE, prepared, run
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.bounds.relaxation import FIRST_DEPTH, by_blocks, cut_further, relaxation_of
from hubplanner.solver.mip.bounds.upper_bound import surely_exceeds
from hubplanner.solver.mip.subproblem import Subproblem, is_too_large, program_of, splits

SURELY = 1e-9
"""By how much multipliers contradict a program, relative to what they come to, where they prove that it has no plan."""


def last_year(question: Question, *, with_money: bool = True) -> Question:
    """Return what a question asks of its last year, for the money of all years: every plan of it keeps to that.

    Parameters
    ----------
    with_money
        Whether money is limited at all.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> years = Question.of(line, hp.MaxCoverage(constraints=(hp.Periods(budgets=(1, 2)),)))
    >>> [limit.money for limit in last_year(years).constraints if limit.money is not None]
    [3.0]
    """
    kept = without(question.constraints, Periods) if with_money else _without_money(question)
    if with_money and question.periods is not None:
        kept.append(Budget(amount=question.periods.money))
    return replace(
        question, problems=question.problems[-1:], discounts=question.discounts[-1:], constraints=tuple(kept)
    )


def _without_money(question: Question) -> list[Constraint]:
    return [constraint for constraint in question.constraints if constraint.money is None]


def over_years(question: Question, year: Year) -> tuple[Year, ...]:
    """Return a plan of the last year with its hubs opened then, or at once; none where it breaks a limit."""
    problems, discounts, last = question.problems, question.discounts, len(question.problems) - 1
    for is_at_once in (False, True) if last else (False,):
        before = [_early(question, problem, year, is_at_once=is_at_once) for problem in problems[:last]]
        plans = [*before, year.plan]
        years = tuple(Year(*one) for one in zip(problems, plans, discounts, strict=True))
        if not broken_years(question, years):
            return years
    return ()


def _early(question: Question, problem: Problem, year: Year, *, is_at_once: bool) -> Evaluation:
    """Return what an earlier year has of a plan of the last one: all of it, or the standing hubs, who serve nobody."""
    if is_at_once:
        return evaluate_again(problem, year.plan, assigned=question.assigns)
    nobody = csr_array((problem.n_points, problem.n_options)) if question.assigns else None
    return evaluate(problem, np.flatnonzero(problem.existing), nobody)


_TOO_DEAR: WeakKeyDictionary[Question, tuple[CostProgram, float]] = WeakKeyDictionary()
"""What showed of questions that they ask for more than there is money, and that least cost: it tells what clashes."""


def is_too_dear(task: Subproblem, share: float) -> bool:
    """Tell whether the other limits ask for more than there is money, by the relaxation of the last year's least cost.

    Where no plan is near, that shows it sooner than the relaxation of the goal: of five years with rooms, 51,000 pairs
    each, in 4.9 s of processor time in place of 30, of one year in 4.9 in place of 13.

    Parameters
    ----------
    share
        Share of the time for it.
    """
    question, problem = task.question, task.question.instance.problem
    money = min((limit.money for limit in question.constraints if limit.money is not None), default=math.inf)
    adds_up = problem.keeps_existing and not problem.measures
    if math.isinf(money) or not adds_up or problem.backhaul is not None:
        return False
    split = replace(question, constraints=tuple(demands_of(question.constraints, problem)))
    everything = range(len(split.constraints))
    program = CostProgram.of(replace(task, question=split, deadline=task.deadline.part(share)), everything)
    least = -math.inf if program is None else program.least(frozenset(everything))
    if program is None or not surely_exceeds(least, money, program.form.instance.cost):
        return False
    _TOO_DEAR[question] = program, least
    return True


def shown_too_dear(
    question: Question, owners: Sequence[int | None], deadline: Deadline
) -> tuple[CostProgram, float] | None:
    """Return what showed that a question asks for more than there is money, and the least cost; None where nothing did.

    Parameters
    ----------
    owners
        The demand that each limit of the question, split into demands, is part of; None of those that always hold.
    """
    if question not in _TOO_DEAR:
        return None
    program, least = _TOO_DEAR[question]
    added = defaultdict[int, list[ConstraintRows]](list)
    for owner, parts in ((owners[number], program.added[number]) for number in range(len(owners))):
        if owner is not None:
            added[owner] += parts
    return replace(program, added=added, task=replace(program.task, deadline=deadline)), least


def demands_of(constraints: Sequence[Constraint], problem: Problem) -> list[Constraint]:
    """Return the demands that limits are made of, in their order; limits that always hold as they are."""
    return [part for limit in constraints for part in (limit.parts(problem) if limit.can_relax else (limit,))]


@dataclass(frozen=True, kw_only=True, eq=False)
class CostProgram:
    """A linear program of the least cost of a last year, whatever money there is, and what each demand added to it.

    Parameters
    ----------
    task
        What it was made of, of the last year alone.
    ends
        Lower and upper ends (m,) of its rows where none is freed.
    added
        What is freed where a demand, by its number, is given up.
    multipliers
        Those of its rows, inequalities that sharpened it included, each time that it was solved.
    rays
        The same that proved that there is no plan, each time that there was none.
    """

    task: Subproblem
    form: Formulation
    handle: Any
    ends: tuple[Floats, Floats]
    added: dict[int, list[ConstraintRows]]
    multipliers: list[Floats] = field(default_factory=list)
    rays: list[Floats] = field(default_factory=list)

    @classmethod
    def of(cls, task: Subproblem, owners: Sequence[int | None]) -> Self | None:
        """Return the program of a task's last year; None where there is no time to make it.

        Parameters
        ----------
        owners
            The demand that each constraint is part of; None of those that always hold.
        """
        told = zip(owners, task.question.constraints, strict=True)
        kept = [owner for owner, limit in told if limit.money is None]
        task = replace(task, goal=cost(), question=last_year(task.question, with_money=False))
        if is_too_large(task):
            return None
        try:
            form = program_of(task, np.full(task.question.problems[0].n_points, FIRST_DEPTH, dtype=np.intp))
        except LateError:
            return None
        added = defaultdict[int, list[ConstraintRows]](list)
        for owner, one in zip(kept, form.added, strict=True):
            if owner is not None:
                added[owner].append(one)
        handle = prepared(form.program, task.effort(0.0), mip=False, solver="simplex")
        program = handle.getLp()
        ends = np.array(program.row_lower_), np.array(program.row_upper_)
        return cls(task=task, form=form, handle=handle, ends=ends, added=added)

    def least(self, numbers: frozenset[int]) -> float:
        """Return what meeting some demands costs at least, proven by multipliers."""
        self._free(numbers)
        known = by_blocks(self.handle, self.form, self.task.effort(0.0), None)
        if known is not None:
            return self.form.figure(known.bound)
        self.handle.clearSolver()  # from where it stood HiGHS goes on without presolve, which takes twice as long
        run(self.handle, self.task.deadline)
        if self.handle.getModelStatus() in INFEASIBLE:
            return self._without_plan()
        found = relaxation_of(self.handle, self.form)
        if splits(self.task) and found.is_solved:
            _, found = cut_further(self.handle, self.form, self.task.deadline)
        if self.handle.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            self.multipliers.append(np.asarray(self.handle.getSolution().row_dual))
        return self.form.figure(found.bound)

    def known_least(self, numbers: frozenset[int]) -> float:
        """Return what the multipliers that are known prove of some demands: those of freed rows count for nothing."""
        self._free(numbers)
        program = self.handle.getLp()
        if any(_contradicts(program, self._whole(ray)) for ray in self.rays):
            return math.inf
        proven = (lagrangean(program, self._whole(dual))[0] for dual in self.multipliers)
        return max(map(self.form.figure, proven), default=-math.inf)

    def _whole(self, multipliers: Floats) -> Floats:
        """Return multipliers of all rows: none of inequalities that were added later."""
        return np.pad(multipliers, (0, self.handle.getNumRow() - len(multipliers)))

    def _free(self, numbers: frozenset[int]) -> None:
        """Free the rows and variables of all demands but some."""
        least: dict[int, float] = {}
        lower, upper = (end.copy() for end in self.ends)
        for number, parts in self.added.items():
            is_kept = number in numbers
            for part in parts:
                if not is_kept:
                    lower[part.rows], upper[part.rows] = -np.inf, np.inf
                for variable, before, raised in part.raised:
                    known = least.get(variable.index, before)  # the first that raised it tells what it was before all
                    least[variable.index] = max(known, raised) if is_kept else known
        rows = np.arange(len(lower), dtype=np.int32)
        self.handle.changeRowsBounds(len(rows), rows, lower, upper)
        if least:
            columns = np.array(list(least), dtype=np.int32)
            high = np.asarray(self.handle.getLp().col_upper_)[columns]
            self.handle.changeColsBounds(len(columns), columns, np.array(list(least.values())), high)

    def _without_plan(self) -> float:
        """Return that no money is enough where multipliers prove that no plan is possible; otherwise nothing."""
        _, is_known, ray = self.handle.getDualRay()
        if not is_known:
            return -math.inf
        for sign in (1.0, -1.0):
            proof = sign * np.asarray(ray)
            if _contradicts(self.handle.getLp(), proof):
                self.rays.append(proof)
                return math.inf
        return -math.inf


def _contradicts(program: Any, multipliers: Floats) -> bool:
    """Tell whether multipliers prove that a program has no plan: with no cost at all they bound it below nothing."""
    program.col_cost_ = np.zeros(program.num_col_)
    return bool(lagrangean(program, multipliers)[0] < -SURELY * float(np.abs(multipliers).sum()))

"""The least change of count limits, and of the budget only where that is not enough, that makes a plan possible."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pulp import LpConstraintGE

from hubplanner.errors import SolverError
from hubplanner.model import (
    Budget,
    Constraint,
    Formulation,
    Goal,
    Model,
    Objective,
    Question,
    Year,
)
from hubplanner.model.constraints.base import first_of, of_kind, without
from hubplanner.model.constraints.budget import enough_money
from hubplanner.model.constraints.hub_count import HubCount
from hubplanner.model.formulation import FixedLevel
from hubplanner.model.goals import cost
from hubplanner.model.lp import LinearExpression
from hubplanner.problem import Evaluation, Problem
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.solver.options import SolverOptions
from hubplanner.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class Change:
    """A limit that is moved.

    Parameters
    ----------
    limit
        As it is asked.
    after
        Where it is moved to: hubs, or money.
    """

    limit: HubCount | Budget
    after: float

    @property
    def before(self) -> float:
        """Where it is as asked."""
        return self.limit.figure

    def as_dict(self) -> dict[str, str | float]:
        """Return the change as a JSON object."""
        return {"limit": self.limit.key, "of": self.limit.name, "from": self.before, "to": self.after}

    def __str__(self) -> str:
        """Return the change in words.

        >>> from hubplanner.model import MaxHubs
        >>> print(Change(limit=MaxHubs(count=6, sites=(0,), name="province Balochistan"), after=35))
        province Balochistan: at most 6 -> 35
        """
        return self.limit.moved_to(self.after)


@dataclass(frozen=True, kw_only=True)
class Repair:
    """The least change of limits that makes a plan possible.

    Parameters
    ----------
    changes
        The limits that move, in the question's order; none where a plan is possible as it is asked.
    hubs
        By how many hubs the count limits move, all together.
    at_least
        No fewer do, as proven; the same but where the time was up.
    """

    changes: tuple[Change, ...]
    hubs: int
    at_least: int


def least_repair(problem: Problem, objective: Objective, options: SolverOptions) -> Repair | None:
    r"""Return the least change of count limits with which a plan is possible; None where no change of them is enough.

    With $u_k \ge 0$ hubs by which limit k is passed, upwards where it is a most, downwards where it is a least,

    .. math:: \min \sum_k u_k, \qquad \sum_{o \in N_k} y_o \le p_k + u_k
              \quad\text{or}\quad \sum_{o \in N_k} y_o \ge p_k - u_k,

    with every other demand as it is, by a mixed-integer program. Among equal changes one that lowers no least number,
    which is a promise, where raising a most does, and then one that is spread over the limits by their size, with least
    $\sum_k u_k^2 / \max(p_k, 1)$. The budget moves only where no plan is within it
    whatever the counts, and then to the least money. Years' budgets stay. Chinneck (2008), Feasibility and
    Infeasibility in Optimization, doi:10.1007/978-0-387-74932-7.

    Parameters
    ----------
    options
        Solver and time limit of all searches together.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> asked = hp.MaxCoverage(max_hubs=1, constraints=(hp.MinHubs(count=2),))
    >>> str(least_repair(line, asked, hp.SolverOptions()).changes[0])
    'in all: at most 1 -> 2'
    """
    how = replace(options, name=SolverOptions().name) if options.is_heuristic else options
    search = _Search(problem=problem, objective=objective, options=how, deadline=how.deadline)
    constraints = objective.constraints_on(problem)
    found, loose, budget = search.least_hubs(constraints), _loosened(constraints), None
    asked = first_of(constraints, Budget)
    if not found.years and asked is not None:
        budget = search.least_money(asked, constraints)
        if budget is None:
            return None
        constraints = tuple(budget if constraint is asked else constraint for constraint in constraints)
        found = search.least_hubs(constraints)
    if not found.years:
        return None
    changes = [Change(limit=one.limit, after=one.moved(found.years)) for one in loose]
    changes += [] if asked is None or budget is None else [Change(limit=asked, after=budget.amount)]
    hubs = round(found.value)
    return Repair(
        changes=tuple(change for change in changes if change.after != change.before),
        hubs=hubs,
        at_least=min(hubs, math.ceil(found.bound - WHOLE)),
    )


WHOLE = 1e-6
"""How far from a whole number of hubs a bound may be for its rounding."""


@dataclass(frozen=True, kw_only=True)
class _Loose(Constraint):
    """A count limit that may be passed, by a variable number of hubs."""

    limit: HubCount
    number: int

    key: ClassVar[str] = "loose"
    priced: ClassVar[bool] = False

    def add_to(self, model: Model) -> None:
        """Add the limit's row with the variable, which the model keeps for the goals."""
        passed = model.variable(f"passed_{self.number}", 0.0, float(model.instance.most.sum() + self.limit.count))
        counted = model.opened(self.limit.counted(model.instance.new, model.instance.site))
        row = [*counted, (passed, -float(self.limit.sense))]
        model.add(f"loose_{self.number}", row, self.limit.row_sense, self.limit.count)
        model.variables.passed[self.number] = passed

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """No plan violates it."""
        del problem, plan
        return None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the limit that it loosens."""
        return self.limit.describe(name_of)

    def passed(self, years: Sequence[Year]) -> int:
        """Return by how many hubs a plan passes it, recomputed."""
        return max(0, self.limit.excess(self.limit.built(years[-1].problem, years[-1].plan)))

    def moved(self, years: Sequence[Year]) -> int:
        """Return the limit that a plan keeps to."""
        return self.limit.count + self.limit.sense * self.passed(years)


def _loosened(constraints: Sequence[Constraint]) -> tuple[_Loose, ...]:
    return tuple(_Loose(limit=limit, number=number) for number, limit in enumerate(of_kind(constraints, HubCount)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Search:
    """Looks for plans of a question under changed limits."""

    problem: Problem
    objective: Objective
    options: SolverOptions
    deadline: Deadline

    def least_hubs(self, constraints: Sequence[Constraint]) -> Incumbent:
        """Return the plan that passes count limits by the fewest hubs, least numbers last, and spread by size."""
        loose = _loosened(constraints)
        least = _moved("moved hubs", loose)
        task = self._task([*without(constraints, HubCount), *loose], least)
        found = self._found(task)
        if not found.years or found.value == 0:
            return found
        best = found
        lowered = _moved("lowered least numbers", [one for one in loose if one.limit.sense < 0])
        for goal in (lowered, _spread(loose, round(found.value))):
            held = (*task.held, FixedLevel(goal=task.goal or least, value=best.value))
            task = replace(task, goal=goal, held=held, start=best.opened)
            best = optimise(task)
            if not best.years:  # the time is up: what is found is the least change all the same
                break
            found = replace(found, years=best.years)
        return found

    def least_money(self, asked: Budget, constraints: Sequence[Constraint]) -> Budget | None:
        """Return the least budget with which there is a plan whatever the counts; None where no money helps."""
        free = [constraint for constraint in without(constraints, HubCount) if constraint is not asked]
        found = self._found(replace(self._task(free, cost()), gap=self.options.gap))
        return asked.with_money(max(asked.amount, enough_money(found.value))) if found.years else None

    def _task(self, constraints: Sequence[Constraint], goal: Goal) -> Subproblem:
        question = Question.of(self.problem, self.objective, constraints)
        return Subproblem(question=question, goal=goal, options=self.options, deadline=self.deadline)

    def _found(self, task: Subproblem) -> Incumbent:
        found = optimise(task)
        if not found.years and not found.infeasible:
            message = _("no change of limits that makes a plan possible was found in time; raise solver.time_limit_s")
            raise SolverError(message)
        return found


def _moved(name: str, loose: Sequence[_Loose]) -> Goal:
    """Return the goal of few hubs by which limits are passed."""

    def expression(form: Formulation) -> LinearExpression:
        passed = form.layers[-1].variables.passed
        return LinearExpression(terms=[(passed[one.number], 1.0) for one in loose])

    def value(years: Sequence[Year]) -> float:
        return float(sum(one.passed(years) for one in loose))

    return Goal(name=name, sense=-1, expression=expression, value=value)


def _spread(loose: Sequence[_Loose], most: int) -> Goal:
    r"""Return the goal of changes that are spread by size: $\sum_k u_k^2 / \max(p_k, 1)$, by its chords."""
    size = [max(one.limit.count, 1) for one in loose]

    def expression(form: Formulation) -> LinearExpression:
        last, terms = form.layers[-1], []
        for number, passed in form.layers[-1].variables.passed.items():
            square = last.variable(f"square_{number}", 0.0, float(most) ** 2)
            for hubs in range(most):  # the chord from one whole number to the next; together they are the square there
                chord = [(square, 1.0), (passed, -(2.0 * hubs + 1.0))]
                last.add(f"chord_{number}", chord, LpConstraintGE, -hubs * (hubs + 1.0))
            terms.append((square, 1.0 / size[number]))
        return LinearExpression(terms=terms)

    def value(years: Sequence[Year]) -> float:
        return math.fsum(one.passed(years) ** 2 / at for one, at in zip(loose, size, strict=True))

    return Goal(name="spread of the change", sense=-1, expression=expression, value=value)

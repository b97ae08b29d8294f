"""A whole question as one PuLP program: a model for each period, their constraints, and the goals held and sought."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from pulp import LpAffineExpression, LpConstraintGE, LpProblem, LpVariable

from hubplanner.model.constraints.base import Constraint, first_of
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.connected import Connected
from hubplanner.model.constraints.hub_count import HubsPerSite
from hubplanner.model.constraints.measures import Measures
from hubplanner.model.constraints.take_up import TakeUp
from hubplanner.model.lp import LinearExpression, Model, Terms, decimal_unit, never_late, new_model, new_program
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import Objective
from hubplanner.problem import Evaluation, Floats, Ints, Problem
from hubplanner.problem.model_instance import ModelInstance
from hubplanner.problem.multi_period import in_year, present_value

Ranges = tuple[Ints, Ints]


HOLDING = 1e-12
"""Relative slack of a goal that is held: the rounding of sums, not a trade of a village for money."""


class Cut(Protocol):
    """An inequality that every plan keeps to, and a relaxation may not."""

    def add_to(self, layers: Sequence[Model]) -> None:
        """Add it to the models of all periods."""

    def row(self, layers: Sequence[Model]) -> tuple[Terms, float]:
        """Return its terms and upper limit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """A problem with an objective, prepared once for all the programs that answering it takes.

    Parameters
    ----------
    objective
        What to reach.
    problems
        The problem in each year, one without periods.
    discounts
        What a unit of cover counts in each year.
    instance
        The arrays models are built from.
    constraints
        The constraints; the demands of the objective itself included.
    """

    objective: Objective
    problems: tuple[Problem, ...]
    discounts: tuple[float, ...]
    instance: ModelInstance
    constraints: tuple[Constraint, ...]

    @classmethod
    def of(cls, problem: Problem, objective: Objective, constraints: Sequence[Constraint] | None = None) -> Self:
        """Prepare a problem and an objective for their programs.

        Parameters
        ----------
        constraints
            The constraints to hold, the objective's own if left out.
        """
        wanted = objective.constraints_on(problem) if constraints is None else tuple(constraints)
        if problem.measures and first_of(wanted, Measures) is None:
            wanted = (*wanted, Measures())
        if any(constraint.assigns for constraint in wanted) and first_of(wanted, Capacity) is None:
            wanted = (*wanted, Capacity(people=(math.inf,) * len(problem.tier_reach)))
        periods = first_of(wanted, Periods)
        years = 1 if periods is None else len(periods.budgets)
        growth = None if periods is None else periods.growth
        problems = tuple(in_year(problem, growth, year) for year in range(years))
        rate = 0.0 if periods is None else periods.discount_rate
        wanted = tuple(constraint.grown(growth, years - 1) for constraint in wanted)
        if problem.backhaul is not None and first_of(wanted, Connected) is None:
            wanted = (*wanted, Connected())
        take_up = first_of(wanted, TakeUp)
        instance = objective.instance(
            problem=problem,
            measures=np.array(_measures(problems, objective, wanted)),
            most_per_site=(first_of(wanted, HubsPerSite) or HubsPerSite()).count,
            apart=objective.by_distance or any(constraint.serves_apart for constraint in wanted),
            coming=None if take_up is None else take_up.coming,
            most_coming=1.0 if take_up is None else take_up.share,
        )
        discounts = tuple(present_value(rate, year) for year in range(years))
        return cls(objective=objective, problems=problems, discounts=discounts, instance=instance, constraints=wanted)

    @cached_property
    def periods(self) -> Periods | None:
        """The programme in years, None without one."""
        return first_of(self.constraints, Periods)

    @cached_property
    def capacity(self) -> Capacity | None:
        """How many people hubs serve, None where there is no limit."""
        return first_of(self.constraints, Capacity)

    @cached_property
    def per_site(self) -> HubsPerSite:
        """How many hubs a site holds: one unless it is said."""
        return first_of(self.constraints, HubsPerSite) or HubsPerSite()

    @cached_property
    def take_up(self) -> TakeUp | None:
        """How many of those in reach come, None where all do."""
        return first_of(self.constraints, TakeUp)

    @cached_property
    def assigns(self) -> bool:
        """Tell whether people are assigned to hubs."""
        return self.capacity is not None


@dataclass(frozen=True, kw_only=True, eq=False)
class ConstraintRows:
    """What a constraint added to a program, beside rows that say what variables are.

    Parameters
    ----------
    rows
        (k,) its rows.
    raised
        Variables whose least value it raised, what it was before, and what it is.
    """

    rows: Ints
    raised: tuple[tuple[LpVariable, float, float], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Formulation:
    """A program, ready to solve.

    Parameters
    ----------
    question
        What it answers.
    program
        The PuLP problem, which maximises.
    layers
        The model of each period.
    depth
        (n,) distances from each point that its chain of distances holds.
    goal
        What it seeks; any plan will do if None.
    unit, constant, sense
        How the program's objective, which is maximised, stands for the goal's figure.
    cuts
        Inequalities that every plan keeps to, found by the program's relaxation.
    added
        What each of the question's constraints added.
    """

    question: Question
    program: LpProblem
    layers: list[Model]
    depth: Ints
    goal: Goal | None = None
    unit: float = 1.0
    constant: float = 0.0
    sense: int = 1
    cuts: tuple[Cut, ...] = ()
    added: tuple[ConstraintRows, ...] = ()

    def figure(self, value: float) -> float:
        """Return the goal's figure for a value of the program's objective."""
        return self.sense * (value * self.unit + self.constant)

    def keep_within(self, ranges: Ranges) -> None:
        """Let each option have no fewer and no more hubs (p, o) than said, whatever it was before."""
        opened = [variable for layer in self.layers for variable in layer.open_]
        for variable, least, most in zip(opened, *(part.ravel().tolist() for part in ranges), strict=True):
            variable.lowBound, variable.upBound = least, most

    @property
    def instance(self) -> ModelInstance:
        """The arrays it is built from."""
        return self.question.instance

    @property
    def discounts(self) -> tuple[float, ...]:
        """What a unit of cover counts in each period."""
        return self.question.discounts

    @property
    def open_(self) -> list[LpVariable]:
        """All whole variables for a solver to return: what is open, by period, then who is assigned and edges."""
        opened = [variable for layer in self.layers for variable in layer.open_]
        return opened + [v for layer in self.layers for v in layer.decisions[len(layer.open_) :]]

    @property
    def counts(self) -> list[LpVariable]:
        """Count variables for the solver to branch on."""
        return [variable for layer in self.layers for variable in layer.counts]


@dataclass(frozen=True, eq=False)
class Year:
    """A recomputed plan with the problem it is a plan of, and what a unit counts in that year."""

    problem: Problem
    plan: Evaluation
    discount: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One thing to reach.

    Parameters
    ----------
    name
        What it is.
    sense
        1 where more is better, -1 where less is.
    expression
        The figure as a linear expression of a formulation's variables, in its own unit.
    value
        The figure recomputed from the plan of each year.
    grows
        Whether no plan is better than all hubs together, whoever may be served by how many.
    limit
        What no plan of a problem is better than, where that is not what all hubs together come to.
    is_bottleneck
        Whether it is the largest of distances, which a search by radius finds and no linear expression is.
    is_whole
        Whether its figure is a whole number, so that a bound less than 1 away proves it.
    least
        Size of the figure below which its gap is absolute, not relative.
    broken
        Yields inequalities of its own that every plan keeps to and a relaxation's values break; None if it has none.
    """

    name: str
    sense: int
    expression: Callable[[Formulation], LinearExpression]
    value: Callable[[Sequence[Year]], float]
    grows: bool = False
    limit: Callable[[Problem], float] | None = None
    is_bottleneck: bool = False
    is_whole: bool = False
    least: float = 1.0
    broken: Callable[[Formulation, Floats], Iterable[Cut]] | None = None


@dataclass(frozen=True, kw_only=True)
class FixedLevel:
    """A goal that is reached already, and must stay so."""

    goal: Goal
    value: float


def _measures(problems: Sequence[Problem], objective: Objective, constraints: Sequence[Constraint]) -> list[Floats]:
    """Return what demand is weighted by: need and people of each year, the constraints' and groups, and seats."""
    own = [weight for constraint in constraints for weight in constraint.measures()]
    groups = [] if objective.fairness is None else objective.fairness.with_need
    every = [*(part.need for part in problems), *(part.people for part in problems), *own, *groups]
    every += [part.seats for part in problems]
    # Points are alike only if as many of them may be reached.
    every += [part for one in problems[0].measures for part in (one.offline, one.offline * one.most)]
    return list({np.asarray(weight).tobytes(): np.asarray(weight) for weight in every}.values())


def new_formulation(
    question: Question, depth: Ints, ranges: Ranges | None = None, is_late: Callable[[], bool] = never_late
) -> Formulation:
    """Return a formulation with a model for each period and no constraint yet."""
    program, capacity = new_program(question.objective.name), question.capacity
    layers = []
    for year, problem in enumerate(question.problems):
        suffix = f"_{year + 1}" if len(question.problems) > 1 else ""
        layer = new_model(question.instance, program, suffix)
        layers.append(
            replace(
                layer,
                need=problem.need,
                people=problem.people,
                seats=problem.seats,
                assigns=question.assigns,
                single=capacity is not None and capacity.single,
                has_backhaul=problem.backhaul is not None,
                has_measures=bool(problem.measures),
                is_late=is_late,
            )
        )
    form = Formulation(question=question, program=program, layers=layers, depth=depth)
    if ranges is not None:
        form.keep_within(ranges)
    return form


def seek(form: Formulation, goal: Goal) -> Formulation:
    """Make a goal the program's objective, scaled so that the largest coefficient that counts is of the size of one."""
    wanted = goal.expression(form).times(goal.sense)
    unit = decimal_unit(max((abs(value) for variable, value in wanted.terms if variable.upBound != 0), default=0.0))
    form.program.setObjective(LpAffineExpression(wanted.times(1 / unit).terms))
    return replace(form, goal=goal, unit=unit, constant=wanted.constant, sense=goal.sense)


def hold(form: Formulation, held: FixedLevel) -> None:
    """Keep a goal at the value reached."""
    found = held.goal.expression(form).times(held.goal.sense)
    if not found.terms:
        return
    unit = decimal_unit(max(abs(value) for _, value in found.terms))
    least = held.goal.sense * held.value - HOLDING * max(1.0, abs(held.value)) - found.constant
    form.layers[-1].add("hold", found.times(1 / unit).terms, LpConstraintGE, least / unit)

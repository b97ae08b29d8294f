"""The PuLP model and the variables that every family of constraints speaks of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from itertools import count
from typing import Any, TypeVar, cast

import numpy as np
from pulp import LpAffineExpression, LpConstraint, LpConstraintGE, LpMaximize, LpProblem, LpVariable

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.problem.model_instance import ModelInstance

Terms = list[tuple[LpVariable, float]]
"""A linear expression as (variable, coefficient) pairs."""
CHECKED = 4096
"""Variables and rows between two looks at whether the time is up: making them takes about 0.05 s."""


class LateError(Exception):
    """The time is up before a program is made."""


def never_late() -> bool:
    """Tell that there is time for a program of any size."""
    return False


@dataclass(frozen=True, kw_only=True)
class LinearExpression:
    """A linear expression with its constant."""

    terms: Terms
    constant: float = 0.0

    def times(self, factor: float) -> LinearExpression:
        """Return the expression, scaled."""
        terms = [(variable, value * factor) for variable, value in self.terms]
        return LinearExpression(terms=terms, constant=self.constant * factor)

    def plus(self, other: LinearExpression) -> LinearExpression:
        """Return the sum of two expressions."""
        return LinearExpression(terms=self.terms + other.terms, constant=self.constant + other.constant)


@dataclass(frozen=True, kw_only=True, eq=False)
class Variables:
    """Variables of a model that several constraints and goals speak of.

    Parameters
    ----------
    made
        What :func:`once_for_each_model` has made, by the function that makes it.
    chains, chain_ends
        Telling that no hub is near a point, by point, and the last of them where the point's chain ends early.
    fair_shares
        Covered share of each group, and what it is worth, where fairness is sought.
    passed
        By how many hubs each count limit is passed, by its number, where limits are repaired.
    names
        How often each kind's names were used.
    number
        Counts what is added.
    defined
        First row, and the first after, of what :func:`once_for_each_model` has made: rows that say what a variable is.
    raised
        Variables whose least value a constraint raised, what it was before, and what it is.
    """

    made: dict[Callable[..., Any], Any] = field(default_factory=dict)
    chains: dict[int, list[LpVariable]] = field(default_factory=dict)
    chain_ends: dict[int, LpVariable] = field(default_factory=dict)
    fair_shares: list[tuple[LpVariable, LpVariable]] = field(default_factory=list)
    passed: dict[int, LpVariable] = field(default_factory=dict)
    names: Counter[tuple[str, str]] = field(default_factory=Counter)
    number: Iterator[int] = field(default_factory=count)
    defined: list[tuple[int, int]] = field(default_factory=list)
    raised: list[tuple[LpVariable, float, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    r"""A PuLP program over an instance: the whole of it, or its part for one period.

    Parameters
    ----------
    instance
        The arrays it is built from.
    program
        The PuLP problem, shared by all periods.
    open_
        (o,) whole $y_o$: hubs of option o that are built.
    decisions
        All whole variables that a solver is to return, shared by all periods.
    counts
        Integer numbers of open options of a kind, for the solver to branch on.
    need_unit
        Need that one unit of the program's objective stands for.
    suffix
        Ends the names of a period's variables and constraints.
    need, people, seats
        (n,) of the demand points in the period; unused with merged rows.
    assigns, single
        Whether it says who is served by which hub, and whether all of a demand point by one.
    has_backhaul, has_measures
        Whether hubs need a line, and whether there are measures beside hubs.
    variables
        Those beside the open variables that several families share.
    is_late
        Tells whether the time is up; what is added then raises `LateError`.
    """

    instance: CoveringInstance | ModelInstance
    program: LpProblem
    open_: list[LpVariable]
    decisions: list[LpVariable]
    counts: list[LpVariable]
    need_unit: float
    suffix: str = ""
    need: Floats = field(default_factory=lambda: np.zeros(0))
    people: Floats = field(default_factory=lambda: np.zeros(0))
    seats: Floats = field(default_factory=lambda: np.zeros(0))
    assigns: bool = False
    single: bool = False
    has_backhaul: bool = False
    has_measures: bool = False
    variables: Variables = field(default_factory=Variables)
    is_late: Callable[[], bool] = never_late

    @property
    def whole(self) -> ModelInstance:
        """The instance with all its points: the models that assign people or know distances are made from one."""
        return cast("ModelInstance", self.instance)

    def variable(self, name: str, low: float, high: float, *, whole: bool = False) -> LpVariable:
        """Add one variable; its range is finite, so that multipliers of a relaxation prove a bound."""
        label = self._unused("variable", name)
        return self.program.add_variable(label, low, high, cat="Integer" if whole else "Continuous")

    def add(self, name: str, terms: Terms, sense: int, bound: float) -> None:
        """Add one linear constraint."""
        label = self._unused("constraint", name)
        self.program.addConstraint(LpConstraint(LpAffineExpression(terms), sense, label, bound))

    def _unused(self, kind: str, name: str) -> str:
        """Return a name unique among its kind, numbered from the second on."""
        if next(self.variables.number) % CHECKED == CHECKED - 1 and self.is_late():
            raise LateError
        used = self.variables.names
        used[kind, name] += 1
        return (f"{name}_{used[kind, name]}" if used[kind, name] > 1 else name) + self.suffix

    def raise_least(self, variable: LpVariable, least: float) -> None:
        """Let a variable be no less than said: a constraint without a row."""
        self.variables.raised.append((variable, float(variable.lowBound or 0.0), least))
        variable.lowBound = least

    def add_never(self, name: str) -> None:
        """Add a constraint that no plan keeps to."""
        self.add(name, [(self.variable("never", 0, 0), 1.0)], LpConstraintGE, 1)

    def opened(self, options: Ints | Bools, weights: Floats | None = None) -> Terms:
        """Return the (weighted) sum of some options' variables; the options as indices or as a mask."""
        indices = options.nonzero()[0] if options.dtype == bool else options
        weight = [1.0] * len(indices) if weights is None else weights.tolist()
        return [(self.open_[option], value) for option, value in zip(indices.tolist(), weight, strict=True)]


Made = TypeVar("Made")


def once_for_each_model(make: Callable[[Model], Made]) -> Callable[[Model], Made]:
    """Let a function that adds variables to a model do so where they are first asked for, and give them back after."""

    @wraps(make)
    def shared(model: Model) -> Made:
        made = model.variables.made
        if shared not in made:
            first = model.program.numConstraints()
            made[shared] = make(model)
            model.variables.defined.append((first, model.program.numConstraints()))
        return cast("Made", made[shared])

    return shared


def new_program(name: str) -> LpProblem:
    """Return an empty program; all are maximised, so that one reading of bounds and signs is enough."""
    return LpProblem(name, LpMaximize)


def new_model(instance: CoveringInstance | ModelInstance, program: LpProblem, suffix: str = "") -> Model:
    """Return a model with its open variables and nothing else."""
    ranges = zip(instance.option.tolist(), instance.least.tolist(), instance.most.tolist(), strict=True)
    open_ = [
        program.add_variable(f"open_{option}{suffix}", least, most, cat="Integer") for option, least, most in ranges
    ]
    return Model(
        instance=instance,
        program=program,
        open_=open_,
        decisions=list(open_),
        counts=[],
        need_unit=decimal_unit(instance.largest_need),
        suffix=suffix,
    )


def decimal_unit(largest: float) -> float:
    """Return the power of ten that brings the largest coefficient to [1, 10), where tolerances mean what they say.

    >>> decimal_unit(40_500_000.0)
    10000000.0
    """
    return 10.0 ** max(math.floor(math.log10(largest)), -300) if largest > 0 else 1.0

"""What a solver adapter is asked and what it answers, in the program's own units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol, TypeVar

from pulp import LpProblem, LpVariable

from hubplanner.errors import SolverError
from hubplanner.solver.deadline import CLOCK, Clock, Deadline


class Solvable(Protocol):
    """A PuLP program that maximises, with the whole variables that a solver is to return."""

    @property
    def program(self) -> LpProblem:
        """The PuLP problem."""
        ...

    @property
    def open_(self) -> Sequence[LpVariable]:
        """The whole variables to return."""
        ...

    @property
    def counts(self) -> Sequence[LpVariable]:
        """Sums of whole variables, for the solver to branch on; none if empty."""
        ...


def entries_of(model: Solvable) -> int:
    """Return the number of entries in a program's constraints."""
    return sum(len(constraint) for constraint in model.program.constraints())


class Termination(Enum):
    """Why a solver stopped."""

    FINISHED = auto()
    INFEASIBLE = auto()
    STOPPED = auto()


@dataclass(frozen=True, kw_only=True)
class SearchLimits:
    """How far a solver is to go.

    Parameters
    ----------
    name
        The solver.
    gap
        Absolute gap at which it may stop, in units of the program's objective.
    seconds
        Time it has.
    threads
        Threads; 0 lets it choose.
    seed
        Seed of its random choices.
    nodes
        Nodes of its search at most; no limit if None.
    is_firm
        Whether it goes on where `ask_to_stop` was called: for what puts a plan that was found in order.
    clock
        What the time is read from.
    """

    name: str
    gap: float
    seconds: float
    threads: int
    seed: int
    nodes: int | None = None
    is_firm: bool = False
    clock: Clock = field(default=CLOCK, repr=False, compare=False)

    def deadline(self) -> Deadline:
        """Return when a search that begins now is to stop."""
        return Deadline.after(self.seconds, self.clock)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A solver's answer, unverified.

    Parameters
    ----------
    termination
        Why it stopped.
    open_
        (o,) values of the model's open variables; None without a plan.
    value
        The plan's objective as the solver states it; NaN without a plan.
    bound
        Proven limit of the program's objective; infinity when none is known, minus infinity when infeasible.
    version
        The solver's version.
    """

    termination: Termination
    open_: Sequence[float] | None
    value: float
    bound: float
    version: str


def no_plan(termination: Termination, version: str, bound: float = math.inf) -> Outcome:
    """Return an outcome without a plan."""
    bound = -math.inf if termination == Termination.INFEASIBLE else bound
    return Outcome(termination=termination, open_=None, value=math.nan, bound=bound, version=version)


Answer = TypeVar("Answer")


class DisagreementError(SolverError):
    """A solver states another figure for a plan than the plan has, or that it keeps to limits which it breaks."""


def believed(ask: Callable[[Sequence[float]], Answer], start: Sequence[float]) -> Answer:
    """Return a solver's answer that agrees with its own plan, asked once more without the start where it does not.

    HiGHS 1.16 may state the best plan's value and hand back the start.

    Parameters
    ----------
    ask
        Asks from a start, none if empty; raises `DisagreementError` where figures and plan contradict each other.
    """
    try:
        return ask(start)
    except DisagreementError:
        if not len(start):
            raise
    return ask([])


class Adapter(Protocol):
    """Runs one solver on a model."""

    def __call__(self, model: Solvable, effort: SearchLimits, start: Sequence[float]) -> Outcome:
        """Solve the model, from values (o,) of its open variables if the solver takes a start."""
        ...

"""What every strategy is handed beside its question, and what it hands back."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from hubplanner.model import Goal, Objective, Question, Year
from hubplanner.problem import Conflict, Evaluation, GoalResult, Ints, Outcomes, Problem, Solution, Status
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.cache import SolveCache
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.options import SolverOptions
from hubplanner.solver.run_log import RunLog
from hubplanner.tolerances import EXACT
from hubplanner.translation import gettext as _

Solve = Callable[[Problem, Objective, SolverOptions], Solution]

UNIQUE, BROKEN, OPEN = "unique", "broken", "open"
"""Whether no other plan is as good, the first of several was taken, or that was left open."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class SolveContext:
    """How to solve, how long, what is known before, and where to tell of it.

    Parameters
    ----------
    options
        Solver, gap, threads, seed.
    solve
        Solves another question: for strategies that build on others.
    deadline
        When to stop.
    log
        Sizes and seconds of the solve.
    warm_start
        A solution to start from.
    cache
        What solves of the same problem left, and where this one leaves its own.
    target
        Figure of interest: a search may end as soon as a plan has it, or none can.
    proof
        Relative gap within which a plan is proven; that of the options if None.
    """

    options: SolverOptions
    solve: Solve
    deadline: Deadline
    log: RunLog = field(default_factory=RunLog)
    warm_start: Solution | None = None
    cache: SolveCache | None = None
    target: float | None = None
    proof: float | None = None

    @classmethod
    def begin(
        cls,
        options: SolverOptions,
        solve: Solve,
        *,
        warm_start: Solution | None = None,
        cache: SolveCache | None = None,
        target: float | None = None,
    ) -> SolveContext:
        """Return the context of a solve that begins now."""
        deadline = options.deadline
        return cls(options=options, solve=solve, deadline=deadline, warm_start=warm_start, cache=cache, target=target)

    @property
    def least(self) -> SolveContext:
        r"""The context for a figure to be least, whose gap is a share of its bound b.

        Searches measure it by their plan v: $v - b \le \frac{g}{1 + g} v$ where $v - b \le g b$.
        """
        gap = self.options.gap
        return replace(self, options=replace(self.options, gap=gap / (1 + gap)), proof=gap)

    def limits(self, gap: float) -> SearchLimits:
        """Return what a solver is asked for the time that is left, with an absolute gap in the program's unit."""
        return self.options.until(self.deadline).effort(gap)

    @property
    def searching(self) -> SolveContext:
        """The context with a solver in place of ``heuristic``, which has none to say that there is no plan."""
        return replace(self, options=replace(self.options, name="highs")) if self.options.is_heuristic else self

    def leave_start(self, reason: str) -> None:
        """Say why a plan to start from, if there is one, is of no use."""
        if self.warm_start is not None:
            log.info(_("the plan to start from is not used: {reason}", reason=reason))


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """What a plan is held to.

    Parameters
    ----------
    goals
        The goals as figures recomputed from a plan, the most important first.
    main
        Name of the goal whose figure is the objective's value.
    broken
        Returns how the plans of all years break limits.
    """

    goals: tuple[Goal, ...]
    main: str
    broken: Callable[[Sequence[Year]], list[str]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """What a strategy hands back, not yet believed.

    Parameters
    ----------
    plans
        The plan of each year, or the only one, or its open options (k,) alone; empty without a plan. Its hubs, and whom
        they are assigned, are taken on and nothing else.
    stated
        Figure of each goal that was reached, as the search counts it.
    bounds
        No plan with the goals before held has a better figure of each of these.
    levels
        Figures of the first goals that later ones were not to give up.
    is_complete
        Whether all goals were reached in time.
    is_infeasible
        Whether there is no plan at all.
    ties
        `UNIQUE`, `BROKEN` or `OPEN`.
    version
        The solver's.
    conflict
        Why there is no plan, where the strategy knows.
    terms
        What the plan is held to where that is not the question's own objective.
    method
        How it was solved, where a strategy that builds on others knows it better.
    nested_value, futures, alone
        As in `Solution`.
    """

    plans: tuple[Evaluation | Ints, ...] = ()
    stated: tuple[float, ...] = ()
    bounds: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    is_complete: bool = True
    is_infeasible: bool = False
    ties: str = OPEN
    version: str = ""
    conflict: Conflict | None = None
    terms: Terms | None = None
    method: str = ""
    nested_value: float = math.nan
    futures: Outcomes | None = None
    alone: tuple[GoalResult, ...] = ()

    @classmethod
    def without_plan(cls, found: Solution) -> Candidate:
        """Return what a question without a plan, which this one builds on, says of it."""
        infeasible = found.status == Status.INFEASIBLE
        return cls(is_infeasible=infeasible, version=found.version, conflict=found.clash, method=found.method)


class Strategy(Protocol):
    """A way to solve questions of some kind."""

    @property
    def name(self) -> str:
        """What it is called in a plan's ``method``."""

    def applies(self, question: Question, options: SolverOptions) -> str | None:
        """Return why it is the way to take; None where it is not."""

    def run(self, question: Question, context: SolveContext) -> Candidate | None:
        """Return the best plan, or that there is none; None where the next strategy tells more."""


def within_gap(goals: Sequence[GoalResult], gap: float) -> bool:
    """Tell whether all goals are proven within a relative gap, but for rounding."""
    return all(goal.gap <= gap + EXACT for goal in goals)

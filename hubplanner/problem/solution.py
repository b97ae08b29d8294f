"""How a solve ended: the plan with its recomputed value and its bound, or the demands that no plan meets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from hubplanner.formatting import count_of
from hubplanner.problem.arrays import Ints
from hubplanner.problem.evaluation import Evaluation
from hubplanner.problem.futures import Outcomes
from hubplanner.problem.problem import Problem


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no_plan"


def relative_gap(value: float, bound: float, least: float = 1.0) -> float:
    r"""Return $|b - v| / \max(l, \min(|v|, |b|))$, with l = 1 but for figures that are small by nature.

    It is a share of the plan's figure or of its bound, whichever is smaller, so never less than either's.

    >>> relative_gap(value=200.0, bound=201.0), relative_gap(value=125.0, bound=100.0)
    (0.005, 0.25)
    """
    return abs(bound - value) / max(least, min(abs(value), abs(bound)))


@dataclass(frozen=True, kw_only=True)
class GoalResult:
    """A goal of an objective.

    Parameters
    ----------
    name
        What it is.
    value
        Its recomputed figure.
    bound
        The proven limit of any plan's with the goals before held.
    least
        Size of the figure below which its gap is absolute, not relative.
    """

    name: str
    value: float
    bound: float
    least: float = 1.0

    @property
    def gap(self) -> float:
        """Relative distance between value and bound."""
        return relative_gap(self.value, self.bound, self.least)


@dataclass(frozen=True, kw_only=True, eq=False)
class Conflict:
    """Why there is no plan.

    Parameters
    ----------
    demands
        The constraints of a smallest set that no plan meets; every smaller part of it can be met.
    is_smallest
        Whether the time sufficed to show so.
    least_budget
        Money with which all demands could be met; infinite where money does not help, NaN where it is not known or not
        asked.
    too_little
        Money below which they surely cannot; NaN where it is not known.
    reason
        What makes the demands impossible, in words, where more is known than that they clash.
    is_counted
        Whether counting hubs and money shows it, with no solver asked: fewer of many like demands may clash already.
    future
        The only future that they were asked of; blank where it is not one alone.
    others
        Other demands that cannot be met together, each known as surely, where counting shows several such sets.
    also_short
        Limits of money that these demands do not name and that leave less than the least budget as well.
    is_at_once
        Whether the least budget is known to suffice in the first year only, not shared out among the years as asked.
    """

    demands: tuple[object, ...]
    is_smallest: bool
    least_budget: float
    too_little: float = math.nan
    reason: str = ""
    is_counted: bool = False
    future: str = ""
    others: tuple[Conflict, ...] = ()
    also_short: tuple[object, ...] = ()
    is_at_once: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class PeriodPlan:
    """A year of a programme.

    Parameters
    ----------
    name
        What the year is called.
    problem
        The problem as it is in that year.
    evaluation
        The hubs open in it, and what they achieve.
    """

    name: str
    problem: Problem
    evaluation: Evaluation


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """A plan as indices, its recomputed value and the solver's bound.

    Parameters
    ----------
    problem
        What was solved.
    status
        `optimal` when the gap is within the asked one.
    evaluation
        The recomputed figures of the plan; None without a plan.
    value, bound
        Recomputed value of the objective and the proven limit of any plan's; NaN without a plan.
    seconds
        Wall time of reductions, model and solver.
    solver, version
        Which solver did it.
    steps
        What each reduction left, for the manifest.
    phases
        Seconds of each phase.
    clash
        Demands that cannot all be met, when infeasible.
    clashes
        The same in words, with sites by number.
    goals
        Each goal of the objective in its order.
    periods
        The years of a programme, if it is one.
    ties
        ``unique`` where no other plan is as good, ``broken`` where the first of several was taken, ``open`` else.
    nested_value
        The objective's value if opened hubs stay open, where the plan lets them move.
    method
        How it was solved, and why so.
    futures
        What the plan comes to in each future, if it was made for several.
    alone
        The best plan's figure and bound in each future alone, where regret was asked for.
    least
        Size of the value below which its gap is absolute, not relative.
    stopped
        Whether the search was ended by Ctrl-C or the like before its time was over.
    """

    problem: Problem
    status: Status
    evaluation: Evaluation | None
    value: float
    bound: float
    seconds: float
    solver: str
    version: str
    steps: Mapping[str, int] = field(default_factory=dict)
    phases: Mapping[str, float] = field(default_factory=dict)
    clash: Conflict | None = None
    clashes: tuple[str, ...] = ()
    goals: tuple[GoalResult, ...] = ()
    periods: tuple[PeriodPlan, ...] = ()
    ties: str = "open"
    nested_value: float = math.nan
    method: str = ""
    futures: Outcomes | None = None
    alone: tuple[GoalResult, ...] = ()
    least: float = 1.0
    stopped: bool = False

    def __repr__(self) -> str:
        """Say in a line what it is."""
        if self.evaluation is None:
            return f"Solution({self.status})"
        figures = f"value {self.value:,.6g}, bound {self.bound:,.6g}, gap {self.gap:.2g}"
        return f"Solution({self.status}, {count_of(int(self.evaluation.counts.sum()), 'hub')}, {figures})"

    @property
    def gap(self) -> float:
        """Relative distance between value and bound."""
        return relative_gap(self.value, self.bound, self.least)

    @property
    def open_options(self) -> Ints:
        """Indices (k,) of the open options, existing ones included; empty without a plan."""
        return np.zeros(0, dtype=np.intp) if self.evaluation is None else self.evaluation.options

    @property
    def open_sites(self) -> Ints:
        """Indices (k,) of the sites with an open hub, ascending."""
        return self.problem.option_site[self.open_options]

"""The outcome of a solve: indices and numbers, with the proof beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubplanner.problem.evaluation import Evaluation
    from hubplanner.problem.problem import Problem
    from hubplanner.problem.travel import Ints


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_PLAN = "no_plan"


def relative_gap(value: float, bound: float) -> float:
    r"""Return $|b - v| / \max(1, |v|)$.

    >>> relative_gap(value=200.0, bound=201.0)
    0.005
    """
    return abs(bound - value) / max(1.0, abs(value))


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
    clashes
        Demands that cannot all be met, when infeasible.
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
    clashes: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """Relative distance between value and bound."""
        return relative_gap(self.value, self.bound)

    @property
    def open_options(self) -> Ints:
        """Indices (k,) of the open options, existing ones included; empty without a plan."""
        return np.zeros(0, dtype=np.intp) if self.evaluation is None else self.evaluation.options

    @property
    def open_sites(self) -> Ints:
        """Indices (k,) of the sites with an open hub, ascending."""
        return self.problem.option_site[self.open_options]

"""What is best over futures: the block that says so, and the objective that it is turned into for one problem."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import MaxCoverage, MinCost, Objective, PMedian
from hubplanner.model.parameters import check, refuse
from hubplanner.problem.futures import CRITERIA
from hubplanner.problem.model_instance import NO_ROW, CoverRows, ModelInstance

if TYPE_CHECKING:
    from hubplanner.model.goals import Goal
    from hubplanner.problem import Bools, Ints, Problem
    from hubplanner.problem.futures import Futures
    from hubplanner.problem.stacked_demand import StackedDemand

LEVEL = 0.9
"""Share of futures that is no tail, unless another is asked for."""
_ALLOWED: dict[type[Objective], tuple[str, ...]] = {
    MaxCoverage: CRITERIA,
    MinCost: ("expected", "worst"),
    PMedian: ("expected",),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Uncertainty:
    r"""Choose one plan before it is known which future comes.

    With $f_s$ the objective's figure in future s and $p_s$ its probability:

    .. math:: \max \sum_s p_s f_s, \qquad \max \min_s f_s, \qquad \min \max_s (f_s^* - f_s), \qquad
              \max_\eta \; \eta - \frac{1}{1 - \alpha} \sum_s p_s (\eta - f_s)^+

    for criterion expected, worst, regret (to the best plan $f_s^*$ of each future alone) and cvar. Birge and Louveaux
    (2011), doi:10.1007/978-1-4614-0237-4; Kouvelis and Yu (1997), doi:10.1007/978-1-4757-2620-6; Rockafellar and
    Uryasev (2000), doi:10.21314/JOR.2000.038.

    Parameters
    ----------
    futures
        The futures.
    criterion
        expected, worst, regret or cvar.
    level
        Share of futures $\alpha$ that is no tail; cvar only.
    on_average
        Whether budget, floors and target share hold on average; in every future if not.
    """

    futures: Futures
    criterion: str = "expected"
    level: float = LEVEL
    on_average: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no criterion, and a level that leaves no tail."""
        if self.criterion not in CRITERIA:
            refuse("under", self.criterion, ", ".join(CRITERIA))
        check("cvar_level", self.level, "a number from 0 to below 1", lambda value: 0 <= value < 1)


@dataclass(frozen=True, kw_only=True)
class RobustObjective(Objective):
    """An objective over futures, bound to a problem: only solvers make one.

    Parameters
    ----------
    goals
        What it asks.
    stack
        All futures' demand.
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    goals: tuple[Goal, ...]
    stack: StackedDemand
    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "hedge"
    goal: ClassVar[str] = "over futures"


def under_of(objective: Objective) -> Uncertainty | None:
    """Return how an objective looks at futures, None where it knows of none."""
    return next((block for block in objective.limits if isinstance(block, Uncertainty)), None)


def check_under(problem: Problem, objective: Objective, under: Uncertainty) -> None:
    """Raise for objectives, blocks and problems that do not go with futures; say what does."""
    allowed = _ALLOWED.get(type(objective), ())
    kinds = {type(block) for block in objective.limits}
    out = any(future.sites_out or future.tiers_out for future in under.futures.each)
    median = isinstance(objective, PMedian)
    reasons = {
        f"futures go with max_coverage, min_cost or p_median, not {objective.name}": not allowed,
        f"under {under.criterion} does not go with {objective.name}; allowed: {', '.join(allowed)}": (
            bool(allowed) and under.criterion not in allowed
        ),
        "futures and capacity do not go together: leave capacities out": Capacity in kinds,
        "futures and periods do not go together: plan for one of them": Periods in kinds,
        "futures and fairness do not go together: put floors on the groups instead": objective.fairness is not None,
        "futures and backup do not go together: let hubs fail in futures instead": problem.rule.backup > 1,
        "futures go with standing hubs that stay: leave out upgrades and closing": not problem.keeps_existing,
        "min_cost with travel_cost does not go with futures": bool(getattr(objective, "travel_cost", 0.0)),
        "p_median goes with futures of need and cost alone: leave out outages": median and out,
        "p_median with futures does not go with floors": median and Floor in kinds,
    }
    wrong = [reason for reason, applies in reasons.items() if applies]
    if wrong:
        raise ScenarioError("; ".join(wrong))
    under.futures.check(problem)


@dataclass(frozen=True, kw_only=True, eq=False)
class StackedInstance(ModelInstance):
    """An instance whose demand is that of all futures.

    Parameters
    ----------
    stack
        The futures' rows, which take the place of the problem's.
    """

    stack: StackedDemand

    @cached_property
    def settled(self) -> Bools:
        """Mask of the stack's rows (r,) that hubs which stay cover."""
        fixed = np.flatnonzero(self.least)
        return self.stack.reached(fixed)

    @cached_property
    def live(self) -> Ints:
        """The stack's rows that are left to cover."""
        return np.flatnonzero(~self.settled)

    @cached_property
    def cover_rows(self) -> CoverRows:
        """The rows that are left to cover, with their mean need over futures as the only measure."""
        weights = self.stack.mixed(self.stack.futures.probability)
        return CoverRows(
            weights=weights[self.live, None],
            cover=self.stack.cover[self.live],
            times=np.ones(len(self.live), dtype=np.intp),
            partner=np.full(len(self.live), NO_ROW, dtype=np.intp),
            gain=np.zeros((len(self.option), 1)),
            base=np.array([weights[self.settled].sum()]),
            counts=weights[self.live, None] > 0,
            never=np.zeros(1),
        )

"""What is best over futures: the objective that it is turned into for one problem, and what it goes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.robust import Uncertainty
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import MaxCoverage, MinCost, Objective, PMedian
from hubplanner.problem.futures import CRITERIA

if TYPE_CHECKING:
    from hubplanner.model.formulation import Goal
    from hubplanner.problem import Problem
    from hubplanner.problem.stacked_demand import StackedDemand

_ALLOWED: dict[type[Objective], tuple[str, ...]] = {
    MaxCoverage: CRITERIA,
    MinCost: ("expected", "worst"),
    PMedian: ("expected",),
}


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

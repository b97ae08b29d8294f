"""What cannot be asked together, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.hubs_per_site import HubsPerSite
from hubplanner.model.constraints.min_separation import MinSeparation
from hubplanner.model.multi_period import Periods
from hubplanner.model.objectives import MaxCoverage, MinCost, Objective, PCenter, PMedian

if TYPE_CHECKING:
    from hubplanner.model.formulation import Question
    from hubplanner.problem import Problem

MOST_PAIRS = 500_000
"""Pairs of demand and hubs that people may be assigned by, over all years."""
MOST_DISTANCES = 20_000_000
"""Distances between points and sites that an objective of distance holds."""


def check_compatible(problem: Problem, objective: Objective) -> None:
    """Raise for blocks, objectives and problems that cannot go together; say why."""
    kinds = {type(block) for block in objective.blocks}
    stacked = any(isinstance(block, HubsPerSite) and block.count > 1 for block in objective.blocks)
    phased, by_distance = Periods in kinds, isinstance(objective, PMedian | PCenter)
    travels = isinstance(objective, MinCost) and objective.travel_cost > 0
    distances = problem.n_points * problem.n_sites
    reasons = {
        "capacity and backup do not go together: a point served by one hub has no second": (
            Capacity in kinds and problem.rule.backup > 1
        ),
        "min_cost with travel_cost does not go with backup: a point served by one hub has no second": (
            travels and problem.rule.backup > 1
        ),
        "min_separation allows no second hub at a site, so max_per_site must be 1": (
            MinSeparation in kinds and stacked
        ),
        f"periods go with objective max_coverage or p_median, not {objective.name}": (
            phased and not isinstance(objective, MaxCoverage | PMedian)
        ),
        "periods and fairness do not go together: put floors on the groups instead": (
            phased and objective.fairness is not None
        ),
        "periods go with standing hubs that stay: leave out upgrades and closing": (
            phased and not problem.keeps_existing
        ),
        "backup does not change distances: leave it out with p_median and p_center, or ask for floors": (
            by_distance and problem.rule.backup > 1 and not _has_cover(objective)
        ),
        f"{objective.name} over {problem.n_points:,} points and {problem.n_sites:,} sites takes {distances:,} "
        f"distances, more than {MOST_DISTANCES:,}; use fewer points, such as rows without demand.spread_km": (
            by_distance and Capacity not in kinds and distances > MOST_DISTANCES
        ),
        "min_cost with travel_cost does not go with decay: a hub serves those it covers wholly": (
            travels and problem.rule.decay != "step"
        ),
    }
    wrong = [reason for reason, applies in reasons.items() if applies]
    if wrong:
        raise ScenarioError("; ".join(wrong))


def check_size(question: Question) -> None:
    """Raise when more pairs of demand and hubs are to be decided on than a program holds."""
    pairs = len(question.instance.assign_rows.row) * len(question.problems) if question.assigns else 0
    if pairs > MOST_PAIRS:
        message = (
            f"{question.objective.name} with capacities takes {pairs:,} pairs of demand and hubs within reach, "
            f"more than {MOST_PAIRS:,}; use fewer points, such as rows without demand.spread_km, or shorter reaches"
        )
        raise ScenarioError(message)


def _has_cover(objective: Objective) -> bool:
    return objective.fairness is not None or any(isinstance(block, Floor) for block in objective.blocks)

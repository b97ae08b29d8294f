"""What a problem and an objective ask for, checked against the table of what does not go together."""

from __future__ import annotations

import numpy as np

from hubplanner.compatibility import NOT_WHOLE, Feature, broken
from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.formulation import Question
from hubplanner.model.objectives import Objective
from hubplanner.problem import Decay, Ints, Problem
from hubplanner.translation import gettext as _

MOST_PAIRS = 500_000
"""Pairs of demand and hubs that people may be assigned by, over all years."""
MOST_DISTANCES = 20_000_000
"""Distances between points and sites that an objective of distance holds."""


class TooManyPairsError(ScenarioError):
    """More pairs of demand and hubs are to be decided on than a program holds.

    ``by_site`` (m,) counts those of each site.
    """

    def __init__(self, message: str, by_site: Ints) -> None:
        """Take the sentence, and how many pairs each site has."""
        super().__init__(message)
        self.by_site = by_site


def features(problem: Problem, objective: Objective) -> frozenset[Feature]:
    """Return what is asked for."""
    own = {
        Feature.MIN_COST: objective.minimises_cost,
        Feature.P_MEDIAN: objective.minimises_distance and not objective.is_bottleneck,
        Feature.P_CENTER: objective.is_bottleneck,
        Feature.TRAVEL_COST: objective.minimises_cost and objective.by_distance,
        Feature.FAIRNESS: objective.max_min is not None,
        Feature.ALPHA: objective.alpha_fairness is not None,
        Feature.BACKUP: problem.rule.backup > 1,
        Feature.DECAY: problem.rule.decay != Decay.STEP,
        Feature.EXISTING: not problem.keeps_existing,
        Feature.BACKHAUL: problem.backhaul is not None,
        Feature.MEASURES: bool(problem.measures),
    }
    asked = frozenset(feature for feature, is_asked in own.items() if is_asked)
    return asked.union(*(constraint.features for constraint in objective.all_constraints))


def check_compatible(problem: Problem, objective: Objective, *analyses: Feature) -> None:
    """Raise for constraints, objectives and problems that cannot go together, or not with an analysis; say why."""
    wrong = [rule.says for rule in broken(features(problem, objective).union(analyses))]
    distances = problem.n_points * problem.n_sites
    by_distance = objective.minimises_distance and objective.constraint(Capacity) is None
    if by_distance and distances > MOST_DISTANCES:
        wrong.append(
            f"{objective.name} over {problem.n_points:,} points and {problem.n_sites:,} sites takes {distances:,} "
            f"distances, more than {MOST_DISTANCES:,}; use fewer points, such as rows without demand.spread_km"
        )
    whole = [floor for floor in of_kind(objective.constraints_on(problem), Floor) if floor.share >= 1]
    if problem.measures and whole:
        wrong.append(f"measures do not go with {whole[0].describe(str)}: {NOT_WHOLE}")
    if wrong:
        raise ScenarioError("; ".join(wrong))


def pairs_to_assign(question: Question) -> int:
    """Return the pairs of demand and hubs that are to be decided on, over all years; none where hubs take everyone."""
    return len(question.instance.assign_rows.row) * len(question.problems) if question.assigns else 0


def check_size(question: Question) -> None:
    """Raise when more pairs of demand and hubs are to be decided on than a program holds.

    Raises
    ------
    TooManyPairsError
        With how many each site has.
    """
    pairs = pairs_to_assign(question)
    if pairs > MOST_PAIRS:
        message = _(
            "{objective} with capacities takes {pairs:,} pairs of demand and hubs within reach, "
            "more than {most:,} once all that is alike is merged; use fewer points, such as rows without "
            "demand.spread_km, fewer sites, such as sites.thin_km or sites.one_per keep, or shorter reaches",
            objective=question.objective.name,
            pairs=pairs,
            most=MOST_PAIRS,
        )
        problem = question.instance.problem
        of_site = problem.option_site[question.instance.assign_rows.option]
        raise TooManyPairsError(message, np.bincount(of_site, minlength=problem.n_sites) * len(question.problems))

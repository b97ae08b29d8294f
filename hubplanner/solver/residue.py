"""What is left of an instance once some options are surely in a better plan and others surely not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.grouping import merge_rows
from hubplanner.solver.reductions import merge_single

if TYPE_CHECKING:
    from hubplanner.models import MaxCoverage
    from hubplanner.problem import Ints
    from hubplanner.problem.reduced import Reduced
    from hubplanner.solver.relaxation import Relaxation


@dataclass(frozen=True, kw_only=True, eq=False)
class Screening:
    """What all plans worth more than a limit have in common.

    Parameters
    ----------
    built, dropped
        Positions of the options that all of them build, and that none does.
    left_out
        The limit: no other plan covers more need.
    """

    built: Ints
    dropped: Ints
    left_out: float


def screen(relaxation: Relaxation, margin: float) -> Screening:
    r"""Settle the options on which all plans worth more than the relaxation's bound less a margin agree.

    Reduced-cost fixing: a plan with $y_o$ away from its end in the relaxation is worth at most $LP - |r_o|$.
    """
    high = relaxation.open_ > 0.5  # noqa: PLR2004 - halfway
    return Screening(
        built=np.flatnonzero(high & (relaxation.reduced > margin)),
        dropped=np.flatnonzero(~high & (relaxation.reduced < -margin)),
        left_out=relaxation.bound - margin,
    )


def settle(instance: Reduced, objective: MaxCoverage, screening: Screening) -> tuple[Reduced, MaxCoverage]:
    """Return the smaller instance with some options built and some dropped, and the limits that are left for it."""
    built = screening.built
    covered = instance.cover[:, built].sum(axis=1) > 0
    free = ~np.isin(instance.site, instance.site[built])
    free[screening.dropped] = False
    rest = np.flatnonzero(~covered)
    smaller = replace(
        instance,
        need=instance.need[rest],
        cover=instance.cover[rest],
        required=np.setdiff1d(instance.required, instance.site[built]),
        base=math.fsum([instance.base, *instance.need[covered], *instance.gain[built]]),
    ).keep_options(free)
    cover, need = merge_rows(smaller.cover, smaller.need)
    return merge_single(replace(smaller, cover=cover, need=need)), _left(objective, instance, built)


def _left(objective: MaxCoverage, instance: Reduced, built: Ints) -> MaxCoverage:
    spent = math.fsum(instance.cost[built])
    budget = None if objective.budget is None else max(objective.budget - spent, 0.0)
    max_hubs = None if objective.max_hubs is None else objective.max_hubs - len(built)
    return replace(objective, budget=budget, max_hubs=max_hubs)

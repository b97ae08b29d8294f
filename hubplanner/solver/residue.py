"""What is left of an instance once some options are surely in a better plan and others surely not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.coverage import merge_rows
from hubplanner.solver.reductions import merge_single

if TYPE_CHECKING:
    from hubplanner.models import MaxCoverage
    from hubplanner.problem import Ints
    from hubplanner.problem.reduced import Reduced
    from hubplanner.solver.relaxation import Relaxation


def screen(relaxation: Relaxation, margin: float) -> tuple[Ints, Ints]:
    r"""Return the options that every plan worth more than the bound less the margin builds, and those none does.

    Reduced-cost fixing: a plan with $y_o$ away from its end in the relaxation is worth at most $LP - |r_o|$.
    """
    high = relaxation.open_ > 0.5  # noqa: PLR2004 - halfway
    return np.flatnonzero(high & (relaxation.reduced > margin)), np.flatnonzero(~high & (relaxation.reduced < -margin))


def settle(instance: Reduced, objective: MaxCoverage, built: Ints, dropped: Ints) -> tuple[Reduced, MaxCoverage]:
    """Return the smaller instance with some options built and some dropped, and the limits that are left for it."""
    covered = instance.cover[:, built].sum(axis=1) > 0
    free = ~np.isin(instance.site, instance.site[built])
    free[dropped] = False
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
    spent = float(instance.cost[built].sum())
    budget = None if objective.budget is None else max(objective.budget - spent, 0.0)
    max_hubs = None if objective.max_hubs is None else objective.max_hubs - len(built)
    return replace(objective, budget=budget, max_hubs=max_hubs)

"""One hub a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintLE

if TYPE_CHECKING:
    from hubplanner.models.model import Model
    from hubplanner.models.specs import OneTier
    from hubplanner.problem import Evaluation, Problem


def add_one_tier(model: Model, block: OneTier) -> None:
    r"""Build at most one tier at a site: $\sum_{o \in O_j} y_o \le 1 \;\forall j$ with more than one option."""
    del block
    sites, first, count = np.unique(model.instance.site, return_index=True, return_counts=True)
    for site, start, options in zip(sites[count > 1].tolist(), first[count > 1], count[count > 1], strict=True):
        model.add(f"one_tier_{site}", model.opened(np.arange(start, start + options)), LpConstraintLE, 1)


def broken_one_tier(problem: Problem, plan: Evaluation, block: OneTier) -> str | None:
    """Return how a plan stacks hubs at a site, None when it does not."""
    del block
    sites, count = np.unique(problem.option_site[plan.options], return_counts=True)
    return f"site {sites[count > 1][0]} holds {count.max()} hubs" if (count > 1).any() else None

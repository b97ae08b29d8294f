"""Sites that must hold a hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintEQ

if TYPE_CHECKING:
    from hubplanner.models.model import Model
    from hubplanner.models.specs import Required
    from hubplanner.problem import Evaluation, Problem


def add_required(model: Model, block: Required) -> None:
    r"""Build one tier at each required site: $\sum_{o \in O_j} y_o = 1 \;\forall j \in R$."""
    del block
    for site in model.instance.required.tolist():
        options = np.flatnonzero(model.instance.site == site)
        model.add(f"required_{site}", model.opened(options), LpConstraintEQ, 1)


def broken_required(problem: Problem, plan: Evaluation, block: Required) -> str | None:
    """Return which required site a plan leaves empty, None when there is none."""
    del block
    empty = np.setdiff1d(problem.required_sites, problem.option_site[plan.options])
    return f"required site {empty[0]} holds no hub" if len(empty) else None

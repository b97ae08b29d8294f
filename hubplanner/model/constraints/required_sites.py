"""Sites that must hold a hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Problem


@dataclass(frozen=True, kw_only=True)
class RequiredSites:
    """A hub at each required site, or at one of them only."""

    site: int | None = None


def add_required(model: Model, block: RequiredSites) -> None:
    r"""Build a hub at each required site: $\sum_{o \in O_j} y_o \ge 1 \;\forall j \in R$."""
    for site in model.instance.required.tolist():
        if block.site in {None, site}:
            at = np.flatnonzero(model.instance.site == site)
            model.add(f"required_{site}", model.opened(at), LpConstraintGE, 1)


def broken_required(problem: Problem, plan: Evaluation, block: RequiredSites) -> str | None:
    """Return which required site a plan leaves empty, None when there is none."""
    empty = np.setdiff1d(problem.required_sites, problem.option_site[plan.options])
    empty = empty if block.site is None else empty[empty == block.site]
    return f"required site {empty[0]} holds no hub" if len(empty) else None

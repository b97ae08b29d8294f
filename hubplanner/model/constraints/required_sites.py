"""Sites that must hold a hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintGE

from hubplanner.model.constraints.base import Constraint
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Problem
from hubplanner.translation import N_, gettext as _

MOST_PINS = 12
"""Up to this many required sites are distinguished; more are one demand."""


@dataclass(frozen=True, kw_only=True)
class RequiredSites(Constraint):
    r"""A hub stands at each required site R.

    .. math:: \sum_{o \in O_j} y_o \ge 1 \qquad \forall j \in R

    A plan violates it where one of them is empty.

    Parameters
    ----------
    site
        The one of them that is spoken of; all if left out.

    See Also
    --------
    hubplanner.model.constraints.earlier_plan.FixedHubs : hubs that stay as they are.

    >>> RequiredSites().describe(str), RequiredSites(site=3).describe(str)
    ('the required sites', 'a hub at site 3')
    """

    site: int | None = None

    key: ClassVar[str] = "require"
    remedies: ClassVar[tuple[str, ...]] = (N_("fewer required sites"),)
    priced: ClassVar[bool] = False

    def add_to(self, model: Model) -> None:
        """Add a row for each site."""
        for site in model.instance.required.tolist():
            if self.site in {None, site}:
                at = np.flatnonzero(model.instance.site == site)
                model.add(f"required_{site}", model.opened(at), LpConstraintGE, 1)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which required site a plan leaves empty, None when there is none."""
        empty = np.setdiff1d(problem.required_sites, problem.option_site[plan.options])
        empty = empty if self.site is None else empty[empty == self.site]
        return f"required site {empty[0]} holds no hub" if len(empty) else None

    def parts(self, problem: Problem) -> Sequence[RequiredSites]:
        """Return a demand for each site, where these are few."""
        sites = problem.required_sites.tolist()
        return [RequiredSites(site=site) for site in sites] if len(sites) <= MOST_PINS else [self]

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the demand in words."""
        return _("the required sites") if self.site is None else _("a hub at site {site}", site=name_of(self.site))

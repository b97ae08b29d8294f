"""Hubs at one site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ, LpConstraintGE, LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint, check_count
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Ints, Problem, SiteStatus


@dataclass(frozen=True, kw_only=True)
class HubsPerSite(Constraint):
    r"""At most so many hubs stand at a site, of one tier unless tiers may mix.

    .. math:: \sum_{o \in O_j} y_o \le q \qquad \forall j : |O_j| > 1

    Unless tiers may mix, a binary $b_o$ says which one a site takes: $y_o \le q b_o$ and $\sum_{o \in O_j} b_o \le 1$.
    A site with a standing hub holds one hub in any case, unless that may be closed.

    A plan violates it where a site holds too many hubs, or tiers, or has lost its standing hub.

    Parameters
    ----------
    count
        Hubs q at a site.
    mixed
        Whether they may be of more than one tier.

    See Also
    --------
    hubplanner.model.constraints.hub_count.MaxHubs : the number of new hubs at all sites.

    >>> HubsPerSite(count=2).describe(str)
    'max_per_site = 2'
    """

    count: int = 1
    mixed: bool = False

    key: ClassVar[str] = "max_per_site"
    priced: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse a count that leaves no hub."""
        check_count("max_per_site", self.count, least=1)

    @property
    def can_relax(self) -> bool:
        """It says what a site is."""
        return False

    @property
    def features(self) -> frozenset[Feature]:
        """Several hubs at a site."""
        return frozenset({Feature.STACKED} if self.count > 1 else ())

    def add_to(self, model: Model) -> None:
        """Add a row for each site with more than one option."""
        sites, first, count = np.unique(model.instance.site, return_index=True, return_counts=True)
        for site, start, options in zip(sites[count > 1].tolist(), first[count > 1], count[count > 1], strict=True):
            at = np.arange(start, start + options)
            most = int(model.instance.most[at].max())
            if most > 1 and not self.mixed:
                _one_tier(model, at, most)
            else:
                sense = LpConstraintEQ if site in model.instance.kept else LpConstraintLE
                model.add(f"per_site_{site}", model.opened(at), sense, most)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan stacks hubs at a site, or which standing hub it loses, None when it does not."""
        sites, place = np.unique(problem.option_site[plan.options], return_inverse=True)
        lost = np.setdiff1d(problem.kept_sites, sites)
        if len(lost):
            return f"site {lost[0]} loses its standing hub"
        hubs, tiers = np.bincount(place, weights=plan.counts), np.bincount(place)
        most = np.where(problem.site_status[sites] == SiteStatus.EXISTING, 1, self.count)
        if (hubs > most).any():
            at = int(np.argmax(hubs > most))
            return f"site {sites[at]} holds {hubs[at]:.0f} hubs"
        if not self.mixed and (tiers > 1).any():
            at = int(np.argmax(tiers > 1))
            return f"site {sites[at]} holds {tiers[at]} tiers"
        return None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the limit as a scenario sets it."""
        del name_of
        return f"max_per_site = {self.count}"


def _one_tier(model: Model, options: Ints, most: int) -> None:
    takes = [model.variable(f"takes_{option}", 0, 1, whole=True) for option in options.tolist()]
    for option, taken in zip(options.tolist(), takes, strict=True):
        model.add(f"takes_{option}", [(taken, float(most)), (model.open_[option], -1.0)], LpConstraintGE, 0)
    site = int(model.instance.site[options[0]])
    model.add(f"per_site_{site}", [(taken, 1.0) for taken in takes], LpConstraintLE, 1)

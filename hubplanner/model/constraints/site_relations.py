"""Sites that depend on each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintLE

from hubplanner.model.constraints.base import Constraint, SiteNames
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Problem
from hubplanner.translation import N_, gettext as _, joined


@dataclass(frozen=True, kw_only=True)
class AtMostOne(Constraint):
    r"""At most one of some sites S holds a hub, a standing one included.

    .. math:: \sum_{o \in O_j} y_o \le q b_j \quad \forall j \in S, \qquad \sum_{j \in S} b_j \le 1

    Where a site holds one hub at most, $\sum_{j \in S} \sum_{o \in O_j} y_o \le 1$ says it all.

    A plan violates it where two of the sites hold a hub.

    Parameters
    ----------
    sites
        The rival sites.

    See Also
    --------
    OnlyWith : a site that needs another.
    hubplanner.model.constraints.min_separation.MinSeparation : rivals by distance.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> rivals = hp.AtMostOne(sites=(0, 1))
    >>> hp.solve_problem(line, hp.MaxCoverage(budget=2, constraints=(rivals,))).open_sites.tolist()
    [1]
    """

    sites: tuple[int, ...]

    key: ClassVar[str] = "at_most_one"
    remedies: ClassVar[tuple[str, ...]] = (N_("hubs at rival sites"),)
    tells_of_sites: ClassVar[bool] = True

    def add_to(self, model: Model) -> None:
        """Add the row, with a binary for each site where hubs may stand in numbers."""
        instance = model.instance
        at = np.isin(instance.site, self.sites)
        if instance.most[at].max(initial=1) == 1:
            model.add(self.key, model.opened(at), LpConstraintLE, 1)
            return
        used = []
        for site in self.sites:
            options = np.flatnonzero(instance.site == site)
            variable = model.variable(f"used_{site}", 0, 1, whole=True)
            most = float(instance.most[options].max(initial=1))
            model.add("used", [*model.opened(options), (variable, -most)], LpConstraintLE, 0)
            used.append((variable, 1.0))
        model.add(self.key, used, LpConstraintLE, 1)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which sites a plan uses together, None when it does not."""
        used = np.intersect1d(problem.option_site[plan.options], self.sites)
        return f"sites {used[0]} and {used[1]} both hold a hub" if len(used) > 1 else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the sites in words."""
        return _("at most one of sites {sites}", sites=joined(map(name_of, self.sites), ", "))

    def explain(self, names: SiteNames) -> str:
        """Return the first few sites in words."""
        return _("at most one of {sites}", sites=names.places(self.sites))


@dataclass(frozen=True, kw_only=True)
class OnlyWith(Constraint):
    r"""A site a may hold a hub only if another one, b, does.

    .. math:: y_o \le q \sum_{p \in O_b} y_p \qquad \forall o \in O_a

    A plan violates it where the first holds a hub and the second does not.

    Parameters
    ----------
    site, needs
        Site a, and the site b that it depends on.

    See Also
    --------
    AtMostOne : rival sites.

    >>> import hubplanner as hp
    >>> line = hp.Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> after = hp.OnlyWith(site=1, needs=0)
    >>> hp.solve_problem(line, hp.MaxCoverage(budget=1, constraints=(after,))).open_sites.tolist()
    [0]
    """

    site: int
    needs: int

    key: ClassVar[str] = "only_with"
    remedies: ClassVar[tuple[str, ...]] = (N_("a site that needs no other beside it"),)
    needs_final_period: ClassVar[bool] = True
    tells_of_sites: ClassVar[bool] = True

    def add_to(self, model: Model) -> None:
        """Add a row for each option of the site."""
        instance = model.instance
        needs = np.flatnonzero(instance.site == self.needs)
        for option in np.flatnonzero(instance.site == self.site).tolist():
            most = float(instance.most[option])
            terms = [(model.open_[option], 1.0), *model.opened(needs, np.full(len(needs), -most))]
            model.add(self.key, terms, LpConstraintLE, 0)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return that a plan uses the site without the other, None when it does not."""
        used = problem.option_site[plan.options]
        alone = self.site in used and self.needs not in used
        return f"site {self.site} holds a hub, site {self.needs} does not" if alone else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the two sites in words."""
        return _("site {site} only with site {needs}", site=name_of(self.site), needs=name_of(self.needs))

    def explain(self, names: SiteNames) -> str:
        """Return the two sites by name and id."""
        return _("{site} only with {needs}", site=names.label(self.site), needs=names.label(self.needs))

"""How far the new sites of a plan are from those of earlier plans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.constraints.base import Constraint, check_count
from hubplanner.model.lp import LinearExpression, Model, once_for_each_model
from hubplanner.problem import Evaluation, Problem
from hubplanner.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class PlanDistance(Constraint):
    r"""A plan differs from an earlier one by at least so many sites.

    .. math:: \sum_{j \in S} (1 - u_j) + \sum_{j \notin S} u_j \ge k

    with $u_j$ telling whether site j holds a new hub. A plan violates it where fewer sites hold a new hub in just one
    of the two. Analyses add it; no scenario asks for it.

    Parameters
    ----------
    sites
        Sites S with a new hub in the earlier plan.
    least
        Sites k that differ.

    See Also
    --------
    hubplanner.model.goals.most_different : plans as different as can be.

    >>> PlanDistance(sites=(0, 4), least=2).describe(str)
    '2 sites other than in an earlier plan'
    """

    sites: tuple[int, ...]
    least: int

    key: ClassVar[str] = "differ"
    priced: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Reject an invalid count."""
        check_count("differ", self.least)

    @property
    def can_relax(self) -> bool:
        """It says what another plan is."""
        return False

    def add_to(self, model: Model) -> None:
        """Add the row."""
        found = distance_to(model, self.sites)
        model.add("differ", found.terms, LpConstraintGE, self.least - found.constant)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan is too like an earlier one, None when it is not."""
        apart = len(new_sites(problem, plan) ^ set(self.sites))
        return None if apart >= self.least else f"{apart} sites differ from an earlier plan, {self.least} are to"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the demand in words."""
        del name_of
        return _("{least} sites other than in an earlier plan", least=self.least)


def new_sites(problem: Problem, plan: Evaluation) -> set[int]:
    """Return the sites that hold a new hub."""
    return set(problem.option_site[plan.options[problem.new[plan.options]]].tolist())


def distance_to(model: Model, sites: Sequence[int]) -> LinearExpression:
    """Return the number of sites with a new hub in either, not both, of the plan sought and a known one."""
    known = set(sites)
    total = LinearExpression(terms=[], constant=float(len(known)))
    for site, used in used_at(model).items():
        total = total.plus(used.times(-1.0 if site in known else 1.0))
    return total


@once_for_each_model
def used_at(model: Model) -> dict[int, LinearExpression]:
    r"""Return $u_j$ of each site for new hubs: a sum of options, or a binary where hubs may stand in numbers.

    The binary is tied on both sides, $u_j \le \sum_{o \in O_j} y_o \le q u_j$.
    """
    instance = model.instance
    new = np.flatnonzero(instance.new)
    return {
        int(site): _used(model, int(site), new[instance.site[new] == site]) for site in np.unique(instance.site[new])
    }


def _used(model: Model, site: int, options: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> LinearExpression:
    opened, most = model.opened(options), float(model.instance.most[options].max())
    if most <= 1:
        return LinearExpression(terms=opened)
    used = model.variable(f"used_new_{site}", 0, 1, whole=True)
    minus = [(variable, -1.0) for variable, _ in opened]
    model.add("used_new_least", [(used, most), *minus], LpConstraintGE, 0)
    model.add("used_new_most", [(used, 1.0), *minus], LpConstraintLE, 0)
    return LinearExpression(terms=[(used, 1.0)])

"""The number of new hubs, everywhere or at some sites."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.constraints.base import Constraint, SiteNames, check_count, of_kind
from hubplanner.model.lp import Model
from hubplanner.problem import Bools, Evaluation, Ints, Problem
from hubplanner.translation import gettext as _
from hubplanner.translation import ngettext


@dataclass(frozen=True, kw_only=True)
class HubCount(Constraint):
    """A limit on the number of new hubs, everywhere or at some sites: what `MaxHubs` and `MinHubs` share."""

    count: int
    sites: tuple[int, ...] | None = None
    name: str = ""
    group: str = ""

    sense: ClassVar[int]
    """1 for a largest number, -1 for a least one."""
    tells_of_sites: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid count."""
        check_count(self.key, self.count)

    @property
    def figure(self) -> int:
        """The number."""
        return self.count

    @property
    def alike(self) -> tuple[object, ...] | None:
        """The group and the count, where there is a name for each of its values."""
        return (self.key, self.group, self.count) if self.group and self.name else None

    @property
    def row_sense(self) -> int:
        """Sense of its row."""
        return int(LpConstraintLE if self.sense > 0 else LpConstraintGE)

    def add_to(self, model: Model) -> None:
        """Add the row."""
        counted = self.counted(model.instance.new, model.instance.site)
        model.add(self.key, model.opened(counted), self.row_sense, self.count)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan builds too many or too few hubs, None when it does not."""
        built = self.built(problem, plan)
        if self.excess(built) <= 0:
            return None
        return f"{built} new hubs are built{self._where}, {self.key} is {self.count}"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the limit as a scenario sets it."""
        del name_of
        limit = f"{self.key} = {self.count}"
        return _("{limit} in {name}", limit=limit, name=self.name) if self.name else limit

    def explain(self, names: SiteNames) -> str:
        """Return the limit in words."""
        del names
        most = ngettext("at most {n} hub", "at most {n} hubs", self.count)
        least = ngettext("at least {n} hub", "at least {n} hubs", self.count)
        limit = most if self.sense > 0 else least
        return _("{limit} in {name}", limit=limit, name=self.name) if self.name else limit

    def moved_to(self, count: float) -> str:
        """Return in words that the limit moves to another number."""
        told = {"where": self.name or _("in all"), "before": self.count, "after": count}
        if self.sense > 0:
            return _("{where}: at most {before} -> {after}", **told)
        return _("{where}: at least {before} -> {after}", **told)

    def counted(self, new: Bools, site: Ints) -> Bools:
        """Tell which options it counts, by whether each is a new hub and by the site of each."""
        return new if self.sites is None else new & np.isin(site, self.sites)

    def built(self, problem: Problem, plan: Evaluation) -> int:
        """Return how many hubs of a plan it counts."""
        counted = self.counted(problem.new[plan.options], problem.option_site[plan.options])
        return int(plan.counts[counted].sum())

    def excess(self, built: int) -> int:
        """Return by how many hubs a number passes the limit; at most 0 where it keeps to it."""
        return self.sense * (built - self.count)

    @property
    def _where(self) -> str:
        return f" in {self.name}" if self.name else ""


@dataclass(frozen=True, kw_only=True)
class MaxHubs(HubCount):
    r"""At most so many new hubs are built, everywhere or at some sites $J$.

    .. math:: \sum_{o \in N : j(o) \in J} y_o \le p

    A plan violates it where it builds more. Standing hubs do not count.

    Parameters
    ----------
    count
        New hubs p.
    sites
        The sites, all if left out.
    name
        What the sites are called, such as "district Quetta".
    group
        What each of several such limits speaks of a value of, such as district.

    See Also
    --------
    MinHubs : the least number.

    >>> MaxHubs(count=3, sites=(0, 4), name="district Quetta").describe(str)
    'max_hubs = 3 in district Quetta'
    """

    key: ClassVar[str] = "max_hubs"
    sense: ClassVar[int] = 1

    @property
    def is_total(self) -> bool:
        """Whether it speaks of all sites."""
        return self.sites is None


@dataclass(frozen=True, kw_only=True)
class MinHubs(HubCount):
    r"""At least so many new hubs are built, everywhere or at some sites $J$.

    .. math:: \sum_{o \in N : j(o) \in J} y_o \ge p

    A plan violates it where it builds fewer. Standing hubs do not count.

    Parameters
    ----------
    count
        New hubs p.
    sites
        The sites, all if left out.
    name
        What the sites are called, such as "district Quetta".
    group
        What each of several such limits speaks of a value of, such as district.

    See Also
    --------
    MaxHubs : the largest number.

    >>> MinHubs(count=3).describe(str)
    'min_hubs = 3'
    """

    key: ClassVar[str] = "min_hubs"
    sense: ClassVar[int] = -1
    needs_final_period: ClassVar[bool] = True


def hub_limit(constraints: Iterable[Constraint]) -> float:
    """Return the largest number of new hubs at all sites together, infinite without one."""
    return min(
        (constraint.count for constraint in of_kind(constraints, MaxHubs) if constraint.is_total), default=math.inf
    )

"""The number of new hubs, everywhere or at some sites, and of hubs at one site."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ, LpConstraintGE, LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint, SiteNames, check_count, of_kind
from hubplanner.model.lp import Model
from hubplanner.problem import Bools, Evaluation, Ints, Problem, SiteStatus
from hubplanner.translation import N_, gettext as _, ngettext


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
    can_move: ClassVar[bool] = True
    remedies: ClassVar[tuple[str, ...]] = (N_("more hubs allowed"),)
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
    can_move: ClassVar[bool] = True
    remedies: ClassVar[tuple[str, ...]] = (N_("fewer hubs asked for"),)
    sense: ClassVar[int] = -1
    needs_final_period: ClassVar[bool] = True


def hub_limit(constraints: Iterable[Constraint]) -> float:
    """Return the largest number of new hubs at all sites together, infinite without one."""
    return min(
        (constraint.count for constraint in of_kind(constraints, MaxHubs) if constraint.is_total), default=math.inf
    )


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

"""What an analysis asks of a plan in view of an earlier one: hubs that stay, as many hubs, sites that differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ, LpConstraintGE, LpConstraintLE

from hubplanner.model.constraints.base import Constraint, check_count
from hubplanner.model.lp import LinearExpression, Model, once_for_each_model
from hubplanner.problem import Evaluation, Ints, Problem
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


@dataclass(frozen=True, kw_only=True)
class FixedHubs(Constraint):
    r"""The hubs of an earlier plan stay.

    .. math:: y_o \ge \bar y_o

    A plan violates it where it has fewer hubs of one of the options. Analyses add it; no scenario asks for it.

    Parameters
    ----------
    options
        Their options, by their numbers in the problem.
    counts
        Hubs of each, $\bar y_o$.

    See Also
    --------
    hubplanner.model.constraints.required_sites.RequiredSites : sites that must hold a hub, of whatever tier.

    >>> FixedHubs(options=(3, 5), counts=(1, 2)).describe(str)
    '3 hubs of the plan before'
    """

    options: tuple[int, ...]
    counts: tuple[int, ...]

    key: ClassVar[str] = "kept"
    priced: ClassVar[bool] = False
    numbers_options: ClassVar[bool] = True

    @property
    def can_relax(self) -> bool:
        """It is what the plan starts from."""
        return False

    def add_to(self, model: Model) -> None:
        """Add a row for each option."""
        position = {option: at for at, option in enumerate(model.instance.option.tolist())}
        for option, count in zip(self.options, self.counts, strict=True):
            model.add("kept", [(model.open_[position[option]], 1.0)], LpConstraintGE, count)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which hub a plan gives up, None when there is none."""
        built = np.zeros(problem.n_options, dtype=np.intp)
        built[plan.options] = plan.counts
        lost = [option for option, count in zip(self.options, self.counts, strict=True) if built[option] < count]
        return f"site {problem.option_site[lost[0]]} gives up a hub of the plan before" if lost else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return how many hubs stay."""
        del name_of
        return _("{count} hubs of the plan before", count=sum(self.counts))


NO_PART = -1
"""Stands for no part: an option whose hubs are not counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class HubNumbers(Constraint):
    r"""Each part of the options gets as many hubs as in an earlier plan.

    .. math:: \sum_{o \in P_k} y_o = n_k \qquad \forall k

    A plan violates it where a part has more or fewer. The search for the largest catchments adds it, its parts being
    the tiers of each district; no scenario asks for it.

    Parameters
    ----------
    part
        (o,) the part of each option; -1 where it is not counted.
    counts
        (k,) hubs $n_k$ of each part.

    See Also
    --------
    hubplanner.model.goals.catchment : what is sought with it.

    >>> HubNumbers(part=np.array([0, 0, 1]), counts=np.array([2, 0])).describe(str)
    '2 hubs in 2 parts as before'
    """

    part: Ints
    counts: Ints

    key: ClassVar[str] = "hub_numbers"
    priced: ClassVar[bool] = False
    numbers_options: ClassVar[bool] = True

    @classmethod
    def of(cls, part: Ints, opened: Ints) -> HubNumbers:
        """Return the numbers that a plan with some hubs (o,) of each option has of each part."""
        counted = part != NO_PART
        counts = np.bincount(part[counted], weights=opened[counted], minlength=int(part.max(initial=NO_PART)) + 1)
        return cls(part=part, counts=counts.astype(np.intp))

    @property
    def can_relax(self) -> bool:
        """It says what a plan alike is."""
        return False

    @property
    def most(self) -> Ints:
        """Most hubs (o,) of each option for its part's sake; of those not counted more than there can be."""
        many = np.iinfo(np.intp).max
        return np.where(self.part == NO_PART, many, np.append(self.counts, many)[self.part])

    def add_to(self, model: Model) -> None:
        """Add a row for each part."""
        for part, count in enumerate(self.counts.tolist()):
            model.add(f"{self.key}_{part}", model.opened(self.part == part), LpConstraintEQ, count)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which part has another number of hubs, None when none has."""
        opened = np.zeros(problem.n_options, dtype=np.intp)
        opened[plan.options] = plan.counts
        built = HubNumbers.of(self.part, opened).counts
        if (built == self.counts).all():
            return None
        part = int(np.argmax(built != self.counts))
        return f"{built[part]} hubs are built in part {part}, {self.counts[part]} are to be"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the numbers in words."""
        del name_of
        return _("{hubs} hubs in {parts} parts as before", hubs=self.counts.sum(), parts=len(self.counts))

"""As many new hubs of each kind as in a plan that is there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintEQ

from hubplanner.model.constraints.base import Constraint
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Ints, Problem
from hubplanner.translation import gettext as _

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

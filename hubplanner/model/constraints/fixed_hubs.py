"""Hubs of an earlier plan that stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintGE

from hubplanner.model.constraints.base import Constraint
from hubplanner.model.lp import Model
from hubplanner.problem import Evaluation, Problem
from hubplanner.translation import gettext as _


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

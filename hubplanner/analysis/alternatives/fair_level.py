"""How fair a plan has to be to count as near the best, for linear programs: where fairness is by alpha."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import AlphaFair, FixedLevel, Goal, TangentUtility, Year
from hubplanner.model.goals import tangent_utility
from hubplanner.problem import Floats
from hubplanner.solver.mip.alpha_fair import tangents_near_relaxation
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.tolerances import AGREEMENT

EXACT = 1e-9
"""Relative difference of tangents and utility that is rounding."""
MOST_ROUNDS = 30
"""Searches with sharper tangents at most; two or three are usual."""


@dataclass(kw_only=True, eq=False)
class FairLevel:
    """An alpha-fair utility that programs hold at a level, or seek the most of, by tangents.

    These lie above it, so that no plan as fair as asked is left out and what programs prove holds. A plan that is fair
    enough by its tangents alone gets tangents of its own, and another is sought.

    Parameters
    ----------
    utility
        The tangents so far.
    least
        The equivalent share that is asked.
    """

    utility: TangentUtility
    least: float

    @classmethod
    def near(cls, task: Subproblem, fairness: AlphaFair, least: float) -> FairLevel:
        """Return a level with tangents at the shares of the relaxation of a task's question."""
        utility, *_ = tangents_near_relaxation(task, TangentUtility.coarse(fairness))
        return cls(utility=utility, least=least)

    @property
    def goal(self) -> Goal:
        """The figure by the tangents that there are when a program is made."""
        return replace(
            tangent_utility(self.utility),
            expression=lambda form: self.utility.expression(form.layers[-1]),
            value=lambda years: self.utility.figure(self._shares(years)),
        )

    @property
    def held(self) -> FixedLevel:
        """The level as programs hold it."""
        return FixedLevel(goal=self.goal, value=self.utility.exact(np.full(len(self.utility.touching), self.least)))

    def found_at(self, task: Subproblem) -> Incumbent:
        """Return the plan of a task that holds the level, as fair as that by the utility itself."""
        return self._searched(task, lambda years: self._is_reached(years) or self._is_exact(years))

    def most(self, task: Subproblem) -> Incumbent:
        """Return the fairest plan of a task that seeks it."""
        return self._searched(task, self._is_exact)

    def _searched(self, task: Subproblem, is_enough: Callable[[Sequence[Year]], bool]) -> Incumbent:
        found = optimise(task)
        for _ in range(MOST_ROUNDS):
            if not found.years or task.is_late or is_enough(found.years):
                break
            self.utility = self.utility.refined([self._shares(found.years)])
            found = optimise(replace(task, start=found.opened))
        return found

    def _shares(self, years: Sequence[Year]) -> Floats:
        return self.utility.fairness.shares(years[-1].plan)

    def _is_reached(self, years: Sequence[Year]) -> bool:
        return self.utility.fairness.equivalent_share(self._shares(years)) >= self.least * (1 - AGREEMENT)

    def _is_exact(self, years: Sequence[Year]) -> bool:
        shares = self._shares(years)
        return self.utility.figure(shares) - self.utility.exact(shares) <= EXACT * abs(self.utility.exact(shares))

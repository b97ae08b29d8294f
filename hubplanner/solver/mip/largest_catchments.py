"""Of plans as fair, the one whose hubs stand where most would come.

Once it is known how many hubs of each tier each district has, and how much of each is covered, nothing binds districts
to each other but people near their borders: one small program settles all of them, to proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hubplanner.model import AlphaFair, Floor, HubNumbers, Question
from hubplanner.model.constraints.earlier_plan import NO_PART
from hubplanner.model.goals import catchment
from hubplanner.problem import Floats, Ints, exact_sum
from hubplanner.problem.catchments import catchments
from hubplanner.solver.mip.search import optimise
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem

GAP = 1e-4
"""Relative gap of the catchments, or what is asked where that is less."""
MOST_NODES = 20_000
"""Nodes of a search at most: a number, not a time, so that machines agree."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LargestCatchments:
    """The question that is left once the fairest plan is known.

    Parameters
    ----------
    question
        What was asked.
    fairness
        How it weighs groups, and what it prefers.
    fairest
        The plan.
    spare
        Part of its covered share that each group of demand may lose, for what it is within the proof of the plan.
    """

    question: Question
    fairness: AlphaFair
    fairest: Incumbent
    spare: float

    def searched(self, task: Subproblem) -> Incumbent:
        """Return the plan of the largest catchments, with what no such plan's are above."""
        numbers, opened = self._numbers, self._opened
        plan = self.fairest.years[-1].plan
        least = self.fairness.shares(plan) * (1 - self.spare) * self.fairness.need - self.fairness.covered_elsewhere
        parts = zip(self.fairness.with_need, least.tolist(), strict=True)
        floors = [Floor(weight=weight, share=need / exact_sum(weight)) for weight, need in parts if need > 0]
        instance = self.question.instance
        most = np.minimum(instance.most, numbers.most)
        limit = self._limit(numbers)
        goal = replace(catchment(self.question.objective), limit=lambda _: limit)
        found = optimise(
            replace(
                task,
                question=replace(self.question, constraints=(*self.question.constraints, numbers, *floors)),
                goal=goal,
                gap=min(task.gap, GAP),
                start=opened[None],
                ranges=(np.atleast_2d(instance.least), np.atleast_2d(np.maximum(most, instance.least))),
                nodes=MOST_NODES,
                screens=False,
            )
        )
        if found.years:
            return found
        bound = limit if math.isnan(found.bound) else found.bound
        return replace(self.fairest, value=goal.value(self.fairest.years), bound=bound, opened=opened[None])

    @property
    def _opened(self) -> Ints:
        opened = np.zeros(len(self.question.instance.option), dtype=np.intp)
        plan = self.fairest.years[-1].plan
        opened[plan.options] = plan.counts
        return opened

    @property
    def _numbers(self) -> HubNumbers:
        """How many new hubs of each tier each value of the group has in the fairest plan."""
        problem, group = self.question.instance.problem, self.fairness.prefer_largest_of
        if group is None:
            raise AssertionError
        part = group[problem.option_site] * len(problem.tier_reach) + problem.option_tier
        return HubNumbers.of(np.where(problem.new, part, NO_PART), self._opened)

    def _limit(self, numbers: HubNumbers) -> float:
        """Return the catchments if all hubs of a part stood at its largest place."""
        worth: Floats = catchments(
            self.question.instance.problem, self.question.instance.option, self.question.instance.coming
        )
        best = np.zeros(len(numbers.counts))
        counted = numbers.part != NO_PART
        np.maximum.at(best, numbers.part[counted], worth[counted])
        return float(best @ numbers.counts)

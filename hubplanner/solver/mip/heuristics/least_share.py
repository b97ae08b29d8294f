"""The worst group lifted by what that costs: all groups are held to a share a little above the best, for less and less.

Within a budget, what helps the worst group mostly takes from another, and hardly a change lifts the least share. What
plans cost that hold all groups to one share differs by every change, and each that the money allows lifts the share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hubplanner.model import Budget, Floor, MinCost, Question
from hubplanner.model.constraints.base import without
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Floats
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.cover_state import SHORT
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.ruin_recreate import Annealing, RowPlan, take

ABOVE = 0.02
"""How far above the best least share all groups are held at first, relative to it, and less and less while it cools. Of
the worst of 20 groups, 1,000 sites x 10,000 points, four times the usual work comes to 73.9 %, 73.6 with half of it and
73.5 with a quarter; exchanges within the budget to 72.6 %, and to 72.8 with twenty times the work."""
CYCLE = 4.0
"""Times the usual work after which it begins anew at the best: 20 groups come to 73.7 to 73.9 % of eight times the work
with it, 73.2 to 73.8 of one cycle."""


def lifts(builder: PlanBuilder) -> bool:
    """Tell whether the worst group comes first, and money alone or with others is what limits it."""
    question = builder.question
    max_min = question.objective.max_min
    fair = max_min is not None and max_min.first and question.periods is None
    return fair and 0 < builder.money < math.inf and not builder.budgets_in


def lift(builder: PlanBuilder, deadline: Deadline, seed: int = 0, *, work: float = 1.0) -> None:
    """Close hubs and grow the cheapest that hold all groups to a share, which rises as soon as the money is enough.

    Parameters
    ----------
    builder
        A plan that keeps to all limits; then the best that was found.
    work
        How many times as much as usual is tried.
    """
    max_min = builder.question.objective.max_min
    if max_min is None:
        raise AssertionError
    groups = [np.asarray(weight) for weight in max_min.with_need]
    dear = PlanBuilder(_without_budget(builder.question, groups))
    dear.recount(builder.counts)
    plan = _Lifted(dear, groups, most_money(builder.money))
    best, known, cycles = plan.save(), plan.lowest, max(1, round(work / CYCLE))
    for number in range(cycles):
        if number and deadline.is_past:
            break
        plan.restore(best)
        plan.work = 0.0
        search = Annealing(plan, seed + number, work / cycles)
        while search.goes_on(deadline):
            plan.hold(known * (1 + ABOVE * (1.0 - search.cooled)))
            search.kick()
            if plan.cost <= plan.money and plan.lowest > known + SHORT:
                best, known = plan.save(), plan.lowest
    take(builder, best[0], 1)


def _without_budget(question: Question, groups: Sequence[Floats]) -> Question:
    """Return a question for the least cost that holds all groups to a share, whatever it is."""
    floors = tuple(Floor(weight=weight, share=1.0) for weight in groups)
    return replace(
        question, objective=MinCost(target_share=1.0), constraints=(*without(question.constraints, Budget), *floors)
    )


class _Lifted(RowPlan):
    """A plan whose groups are held to a share, or to what all options cover of them."""

    def __init__(self, builder: PlanBuilder, groups: Sequence[Floats], money: float) -> None:
        super().__init__(builder)
        self.groups, self.money, instance = slice(-len(groups), None), money, builder.instance
        self.needs = self.asked[self.groups].copy()
        every = np.bincount(self.part, self.weight * (np.diff(self.starts) > 0), minlength=self.count)
        always = instance.cover_rows.base[[instance.measure(weight) for weight in groups]]
        self.most = (always + (every + self.gain.sum(axis=1))[self.groups]) / self.needs
        self.hold(self.lowest)

    @property
    def lowest(self) -> float:
        """The least share of a group."""
        return float((self.covered[self.groups] / self.needs).min())

    def hold(self, share: float) -> None:
        """Hold all groups to a share."""
        self.asked[self.groups] = np.minimum(share, self.most) * self.needs

"""Hubs opened two at a time where second ones alone count: neither adds much without the other."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from hubplanner.model import Question
from hubplanner.problem import Ints
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.ruin_recreate import RowPlan, grows_by_pairs, is_known, take

AT_ONCE = 200
"""Options whose partners are looked for at once."""
MOST_PAIRS = 2e7
"""Pairs of options, and of those that cover one row, over all rows, up to which partners are looked for: 1.2e7 of 1,000
options take 0.5 s until the plan is grown; with 50 in reach of 20,000 points, first plans took six seconds."""


def opens_pairs(builder: PlanBuilder) -> bool:
    """Tell whether plans grow by pairs of hubs, and rows say soon what these add together."""
    if not (is_known(builder) and grows_by_pairs(builder)):
        return False
    size = builder.problem.n_options
    reached = np.diff(builder.instance.cover_rows.cover.indptr).astype(np.float64)
    return bool(size * size + reached @ reached <= MOST_PAIRS)


def paired(question: Question) -> PlanBuilder:
    """Return a plan that grows by the hub, or the two hubs, that add most for what they take, one step after another.

    Hubs that are asked for by name or number come first, then floors.
    """
    builder = PlanBuilder(question)
    builder.meet_numbers()
    before, plan = builder.save(), RowPlan(builder)
    pairs = _Pairs(plan)
    while pairs.open():
        pass
    builder.restore(before)
    take(builder, plan.since, plan.years)
    return builder


class _Pairs:
    """The best partner of each option by what both add for what they take; looked for anew where that has changed.

    It changes with the rows of a hub that is opened, so for the options that cover one of these, and for those of
    which one is the best partner: what it adds with them is known from its own side.
    """

    def __init__(self, plan: RowPlan) -> None:
        self.plan, size = plan, plan.size
        self.rate, self.partner = np.zeros(size), np.zeros(size, dtype=np.intp)
        self.refused: defaultdict[int, list[int]] = defaultdict(list)
        self.price = plan.price
        self._look(np.arange(size))

    def open(self) -> bool:
        """Open the best hub or pair that fits; False where none adds anything."""
        plan, builder = self.plan, self.plan.builder
        some = builder.affordable()
        alone = np.zeros(plan.size)
        alone[some] = plan.rate(some, 0.0) / builder.share[some]
        while True:
            one, first = int(np.argmax(alone)), int(np.argmax(self.rate))
            if max(alone[one], self.rate[first]) <= 0:
                return False
            if alone[one] >= self.rate[first]:
                if builder.fits(one):
                    plan.change(one, 1)
                    self._note(np.array([one]))
                    return True
                alone[one] = 0.0
                continue
            second = int(self.partner[first])
            if builder.fit_together(np.array([first]))[0, second]:
                if plan.open_both(first, second):
                    self._note(np.array([first, second]))
                    return True
                self.refused[first].append(second)
                self.refused[second].append(first)
            self._look(np.array([first]))

    def _note(self, hubs: Ints) -> None:
        """Look anew for partners of the options whose pairs some hubs that were opened have changed."""
        changed = self.plan.beside(hubs)
        price, self.price = self.price, self.plan.price
        # Prices change when a floor is reached.
        changed = changed | changed[self.partner] | bool((price != self.price).any())
        self._look(np.flatnonzero(changed))

    def _look(self, options: Ints) -> None:
        """Look for the best partner of some options."""
        plan, share = self.plan, self.plan.builder.share
        for some in np.array_split(options, len(options) // AT_ONCE + 1):
            rate = plan.together(some) / (share[some][:, None] + share)
            rate[~plan.builder.fit_together(some)] = 0.0
            for row, option in zip(rate, some.tolist(), strict=True):
                row[self.refused[option]] = 0.0
            self.partner[some] = rate.argmax(axis=1)
            self.rate[some] = rate.max(axis=1, initial=0.0)

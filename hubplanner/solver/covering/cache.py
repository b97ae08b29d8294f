"""What solves of one problem leave for each other when only their limits differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.model.constraints.budget import most_money
from hubplanner.problem.covering_instance import reduce_existing
from hubplanner.solver.covering.presolve import drop_dominated, drop_useless, merge_single
from hubplanner.solver.limits import limits

if TYPE_CHECKING:
    from hubplanner.model import Objective
    from hubplanner.problem import Evaluation, Problem
    from hubplanner.problem.covering_instance import CoveringInstance
    from hubplanner.solver.covering.column_generation import ColumnGeneration


@dataclass(frozen=True, kw_only=True)
class CachedReduction:
    """A reduced instance, and how many options were there before dominated ones went."""

    instance: CoveringInstance
    useful: int


@dataclass(kw_only=True, eq=False)
class SolveCache:
    """Plans, reduced instances, the relaxation with its basis and cuts, and its bounds.

    It serves maximal covering within budget and count alone; other questions leave it as it is.

    Parameters
    ----------
    problem
        What all solves have in common.
    """

    problem: Problem
    plans: list[Evaluation] = field(default_factory=list)
    lines: list[CachedPlans] = field(default_factory=list)
    sifting: ColumnGeneration | None = None
    instance: CoveringInstance | None = None
    _reductions: dict[int, CachedReduction] = field(default_factory=dict)

    def reduction(self, objective: Objective) -> CachedReduction:
        """Return the instance that an objective leaves: the same for all budgets that allow the same options."""
        money, _ = limits(objective)
        allowed = int(np.count_nonzero(self.problem.option_cost <= most_money(money)))
        if allowed not in self._reductions:
            self._reductions[allowed] = reduction(self.problem, objective)
        return self._reductions[allowed]

    def near(self, money: float) -> list[Evaluation]:
        """Return the dearest plan within so much money, and the cheapest beyond it."""
        within = [plan for plan in self.plans if plan.cost <= most_money(money)]
        beyond = [plan for plan in self.plans if plan.cost > most_money(money)]
        best = [max(within, key=lambda plan: plan.covered_need)] if within else []
        return best + ([min(beyond, key=lambda plan: plan.cost)] if beyond else [])

    def least_money(self, covered: float) -> float:
        """Return money that any plan covering so much costs at least, by all relaxations so far."""
        return max([0.0, *(line.least_money(covered) for line in self.lines)])

    def note(self, plan: Evaluation, line: CachedPlans | None) -> None:
        """Keep a plan, and what a relaxation proved."""
        self.plans.append(plan)
        if line is not None and math.isfinite(line.bound):
            self.lines.append(line)


def reduction(problem: Problem, objective: Objective) -> CachedReduction:
    """Return the instance that is left to decide."""
    useful = drop_useless(reduce_existing(problem, problem.rows), objective)
    return CachedReduction(instance=merge_single(drop_dominated(useful)), useful=len(useful.option))


@dataclass(frozen=True, kw_only=True)
class CachedPlans:
    """A relaxation's bound on covered need as its multipliers move it with the budget.

    Parameters
    ----------
    money
        The budget it was solved for.
    bound
        No plan within it covers more.
    slope
        Need that the bound falls by with each unit of money less.
    """

    money: float
    bound: float
    slope: float

    def least_money(self, covered: float) -> float:
        r"""Return money that any plan covering so much costs at least: $B - (L - v) / \lambda$, at most B.

        >>> CachedPlans(money=10.0, bound=50.0, slope=2.0).least_money(46.0)
        8.0
        """
        return min(self.money, self.money - (self.bound - covered) / self.slope) if self.slope > 0 else 0.0

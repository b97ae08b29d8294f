"""What solves of one problem leave for each other when only their limits differ."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Evaluation, Problem
from hubplanner.problem.covering_instance import CoveringInstance


@dataclass(frozen=True, kw_only=True)
class CachedReduction:
    """A reduced instance, and the one with the options that were there before dominated ones went."""

    instance: CoveringInstance
    useful: CoveringInstance


@dataclass(kw_only=True, eq=False)
class SolveCache:
    """Plans, reduced instances, the relaxation with its basis and cuts, and its bounds.

    It serves maximal covering within budget and count alone; other questions leave it as it is.

    Parameters
    ----------
    problem
        What all solves have in common.
    plans, lines
        The plans found, and what relaxations proved of other budgets.
    reductions
        The instances left to decide, by whether money is no limit and by the number of options that the limits allow.
    sifting, instance
        A solver's handle on the last relaxation, which that relaxation alone knows how to use, and what it is of.
    """

    problem: Problem
    plans: list[Evaluation] = field(default_factory=list)
    lines: list[CachedPlans] = field(default_factory=list)
    reductions: dict[tuple[bool, int], CachedReduction] = field(default_factory=dict)
    sifting: object | None = None
    instance: CoveringInstance | None = None

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

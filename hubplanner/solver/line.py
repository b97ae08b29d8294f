"""A bound on covered need as a line over budgets."""

from __future__ import annotations

from dataclasses import dataclass


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

        >>> Line(money=10.0, bound=50.0, slope=2.0).least_money(46.0)
        8.0
        """
        return min(self.money, self.money - (self.bound - covered) / self.slope) if self.slope > 0 else 0.0

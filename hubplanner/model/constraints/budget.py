"""Money for new hubs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from pulp import LpConstraintEQ, LpConstraintLE, LpVariable

from hubplanner.model.constraints.base import Constraint, check_amount, of_kind
from hubplanner.model.lp import Model, decimal_unit
from hubplanner.model.variables.backhaul import spending
from hubplanner.problem import Evaluation, Ints, Problem
from hubplanner.tolerances import MONEY_TOLERANCE
from hubplanner.translation import N_, gettext as _

MOST_PRICES = 12
"""With at most this many distinct costs the hubs of each cost are counted."""

FINE = 1e3
"""Part of the largest cost's unit that money is counted in, so that a solver's tolerance is next to none of it."""
MOST_MONEY = 1e6
"""Units of money up to which sums are far from rounding, about."""
WHOLE_MONEY = 1e6
"""From so much money on nobody asks for parts of a unit."""
ROUND = 1e-6
"""Part of a unit within which an amount is a round one."""


@dataclass(frozen=True, kw_only=True)
class Budget(Constraint):
    r"""New hubs cost at most so much.

    .. math:: \sum_o c_o y_o \le B

    Where options share a few costs $c_k$, integer counts carry it, $n_k = \sum_{o : c_o = c_k} y_o$ and
    $\sum_k c_k n_k \le B$: branching on how many hubs of each cost closes the gap that a knapsack with few prices
    leaves, thousands of nodes sooner than branching on single hubs. Where hubs are to be connected their backhaul is
    paid from it as well, and so are measures beside hubs (`hubplanner.model.variables.backhaul.spending`).

    A plan violates it where its hubs cost more, less what closing hubs saves, but for the rounding of sums.

    Parameters
    ----------
    amount
        Money B.

    See Also
    --------
    hubplanner.model.multi_period.Periods : money year by year.

    >>> Budget(amount=2e9).describe(str)
    'the budget of 2,000,000,000'
    """

    amount: float

    key: ClassVar[str] = "budget"
    can_move: ClassVar[bool] = True
    remedies: ClassVar[tuple[str, ...]] = (N_("more money"),)
    priced: ClassVar[bool] = False
    sites: ClassVar[None] = None
    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Reject an amount that is not money."""
        check_amount("budget", self.amount)

    @property
    def figure(self) -> float:
        """The amount."""
        return self.amount

    @property
    def money(self) -> float:
        """The amount."""
        return self.amount

    def with_money(self, money: float) -> Self:
        """Return it with another amount."""
        return replace(self, amount=money)

    def add_to(self, model: Model) -> None:
        """Add the row, and counts of the hubs of each cost where these are few."""
        cost = model.instance.cost
        money = most_money(self.amount) - model.instance.base_cost
        if model.has_backhaul or model.has_measures:
            terms = spending(model).terms
            unit = money_unit(max((value for _, value in terms), default=0.0), money)
            model.add("budget", [(variable, value / unit) for variable, value in terms], LpConstraintLE, money / unit)
            return
        unit = decimal_unit(cost.max(initial=0.0))
        prices, price = np.unique(cost, return_inverse=True)
        if len(prices) > MOST_PRICES or model.instance.most.max(initial=1) > 1:
            terms = model.opened(np.arange(len(cost)), cost / unit)
        else:
            counts = [_count(model, number, np.flatnonzero(price == number)) for number in range(len(prices))]
            terms = list(zip(counts, (prices / unit).tolist(), strict=True))
        model.add("budget", terms, LpConstraintLE, money / unit)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan overspends, None when it does not."""
        saved = math.fsum(problem.savings[plan.closed])
        over = plan.cost > most_money(self.amount + saved) - saved
        return f"new hubs cost {plan.cost:,.2f}, the budget is {self.amount:,.2f}" if over else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the amount in words."""
        del name_of
        return _("the budget of {amount:,.12g}", amount=self.amount)

    def moved_to(self, amount: float) -> str:
        """Return in words that the budget moves to another amount."""
        return _("the budget: {before:,.12g} -> {after:,.12g}", before=self.amount, after=amount)


def money_limit(constraints: Iterable[Constraint]) -> float:
    """Return the money for all new hubs, infinite without a budget."""
    return min((constraint.amount for constraint in of_kind(constraints, Budget)), default=math.inf)


def most_money(amount: float) -> float:
    """Return the most that may be spent of a budget.

    >>> 0.1 + 0.2 <= most_money(0.3), 0.1 + 0.2 <= 0.3
    (True, False)
    """
    return amount * (1 + MONEY_TOLERANCE)


def budget_of(amount: float) -> float:
    """Return the budget of which so much may be spent at most."""
    return amount / (1 + MONEY_TOLERANCE)


def money_unit(cost: float, money: float) -> float:
    """Return the unit of the budget's row, from the largest cost and the money there is.

    A solver prunes by a plan that overspends within its tolerance, though it gives it up in the end; HiGHS 1.16 then
    states a bound below the best plan. In so fine a unit hardly any plan overspends so little.
    """
    unit = decimal_unit(cost)
    return min(unit, max(unit / FINE, decimal_unit(abs(money)) / MOST_MONEY))


def _count(model: Model, number: int, options: Ints) -> LpVariable:
    """Return an integer variable that counts the open ones of some options."""
    count = model.program.add_variable(f"count_{number}", 0, len(options), cat="Integer")
    model.add(f"count_{number}", [*model.opened(options), (count, -1.0)], LpConstraintEQ, 0)
    model.counts.append(count)
    return count


def enough_money(amount: float) -> float:
    """Return an amount rounded up so that it suffices: in twelve digits, from a million on in whole units.

    >>> enough_money(1234567.1), enough_money(12.3456789012345)
    (1234568.0, 12.3456789013)
    """
    return _rounded(amount, math.ceil, -ROUND)


def least_money(amount: float) -> float:
    """Return an amount rounded down so that no less would do: in twelve digits, from a million on in whole units.

    >>> least_money(1234567.9)
    1234567.0
    """
    return _rounded(amount, math.floor, ROUND)


def _rounded(amount: float, rounding: Callable[[float], int], nudge: float) -> float:
    if amount <= 0:
        return amount
    unit = 10.0 ** (math.floor(math.log10(amount)) - 11)
    unit = max(unit, 1.0) if amount >= WHOLE_MONEY else unit
    return float(f"{rounding(amount / unit + nudge) * unit:.12g}")

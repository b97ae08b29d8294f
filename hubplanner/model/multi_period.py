"""A programme built over years."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import ClassVar, Self

from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint, check, check_amount, refuse
from hubplanner.model.constraints.budget import money_unit, most_money
from hubplanner.model.lp import Model, decimal_unit
from hubplanner.model.variables.backhaul import spending
from hubplanner.problem import Evaluation, Floats, Problem
from hubplanner.tolerances import MONEY_TOLERANCE
from hubplanner.translation import N_, gettext as _, joined, written


@dataclass(frozen=True, kw_only=True, eq=False)
class Periods(Constraint):
    r"""Hubs are opened year by year within yearly budgets, and stay open.

    .. math:: y_{op} \le y_{o,p+1}, \qquad \sum_o c_o y_{op} \le \sum_{q \le p} B_q
              \quad\text{or, without carry-over,}\quad \sum_o c_o (y_{op} - y_{o,p-1}) \le B_p

    Where hubs are to be connected, what is built of their backhaul by a year is paid from the same money
    (`hubplanner.model.variables.backhaul.spending`).

    A programme violates it where a year spends more than it has, but for the rounding of sums, or closes a hub again.

    Parameters
    ----------
    budgets
        Money of each year.
    carry_over
        Whether unspent money is there in later years.
    discount_rate
        Rate a year at which later cover counts less.
    growth
        (n,) yearly rate at which need and people grow; no growth if left out.
    nested
        Whether opened hubs stay open; if not, each year is planned alone with all the money up to it.
    names
        What the years are called; 1, 2, ... if left out.

    See Also
    --------
    hubplanner.model.constraints.budget.Budget : money for all new hubs.

    >>> Periods(budgets=(1e6, 2e6)).available, Periods(budgets=(1e6, 2e6)).labels
    ((1000000.0, 3000000.0), ('1', '2'))
    """

    budgets: tuple[float, ...]
    carry_over: bool = True
    discount_rate: float = 0.0
    growth: Floats | None = None
    nested: bool = True
    names: tuple[str, ...] = ()

    key: ClassVar[str] = "periods"
    remedies: ClassVar[tuple[str, ...]] = (N_("more money in some years"),)
    priced: ClassVar[bool] = False
    changes_service: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject a programme without years, and invalid budgets."""
        if not self.budgets or len(self.names) not in {0, len(self.budgets)}:
            refuse("periods", self.names, "at least one year, each with a budget")
        for amount in self.budgets:
            check_amount("periods, budget", amount)
        check("periods, discount_rate", self.discount_rate, "a number of at least 0", lambda value: value >= 0)

    @property
    def money(self) -> float:
        """The money of all years together."""
        return math.fsum(self.budgets)

    def with_money(self, money: float) -> Self:
        """Return it with so much money, that of each year by the same factor; as it is where there is none."""
        factor = money / self.money if self.money > 0 else 1.0
        return replace(self, budgets=tuple(amount * factor for amount in self.budgets))

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the years."""
        return self.names or tuple(str(year + 1) for year in range(len(self.budgets)))

    @property
    def available(self) -> tuple[float, ...]:
        """Money up to and with each year."""
        return tuple(accumulate(self.budgets))

    @property
    def features(self) -> frozenset[Feature]:
        """A programme, and whether hubs move in it."""
        return frozenset({Feature.PERIODS} if self.nested else {Feature.PERIODS, Feature.MOVING})

    def add_to(self, model: Model) -> None:
        """Add the budget of a programme of one year."""
        self.add_to_periods([model])

    def add_to_periods(self, layers: Sequence[Model]) -> None:
        """Keep hubs open from year to year, and spend within the years' budgets."""
        for earlier, later in pairwise(layers):
            for option, (before, after) in enumerate(zip(earlier.open_, later.open_, strict=True)):
                earlier.add(f"stays_{option}", [(after, 1.0), (before, -1.0)], LpConstraintGE, 0)
        for number, (layer, available, budget) in enumerate(zip(layers, self.available, self.budgets, strict=True)):
            spent = spending(layer).terms
            limit = most_money(available if self.carry_over else budget)
            dearest = max((value for _, value in spent), default=0.0)
            unit = money_unit(dearest, limit) if layer.has_backhaul else decimal_unit(dearest)
            if not self.carry_over and number:
                spent += spending(layers[number - 1]).times(-1.0).terms
            terms = [(variable, value / unit) for variable, value in spent]
            layer.add("year_budget", terms, LpConstraintLE, limit / unit)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan overspends in a programme of one year, None when it does not."""
        return next(iter(self.violations([problem], [plan])), None)

    def violations(self, problems: Sequence[Problem], plans: Sequence[Evaluation]) -> list[str]:
        """Return the first year whose budget a programme breaks, or the first hub that it closes."""
        del problems
        for year, (available, budget) in enumerate(zip(self.available, self.budgets, strict=True)):
            before = plans[year - 1].cost if year else 0.0
            spent, limit = (plans[year].cost, available) if self.carry_over else (plans[year].cost - before, budget)
            if spent > most_money(limit) + MONEY_TOLERANCE * math.fsum(self.budgets):
                return [f"year {self.labels[year]} spends {spent:,.2f}, its budget is {limit:,.2f}"]
        for earlier, later in pairwise(plans):
            held = dict(zip(later.options.tolist(), later.counts.tolist(), strict=True))
            for option, count in zip(earlier.options.tolist(), earlier.counts.tolist(), strict=True):
                if held.get(option, 0) < count:
                    return [f"a hub of option {option} is closed again"]
        return []

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the budgets in words."""
        del name_of
        budgets = [written(f"{amount:,.12g}") for amount in self.budgets]
        return _("the yearly budgets of {budgets}", budgets=joined(budgets, ", "))

"""A programme built over years."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from pulp import LpConstraintGE, LpConstraintLE

from hubplanner.model.constraints.budget import most_money
from hubplanner.model.lp import decimal_unit
from hubplanner.model.parameters import check, check_amount, refuse
from hubplanner.tolerances import MONEY_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubplanner.model.lp import Model, Terms
    from hubplanner.problem import Evaluation, Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Periods:
    """Hubs are opened year by year within yearly budgets, and stay open.

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
    """

    budgets: tuple[float, ...]
    carry_over: bool = True
    discount_rate: float = 0.0
    growth: Floats | None = None
    nested: bool = True
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a programme without years, and money that is none."""
        if not self.budgets or len(self.names) not in {0, len(self.budgets)}:
            refuse("periods", self.names, "at least one year, each with a budget")
        for amount in self.budgets:
            check_amount("periods, budget", amount)
        check("periods, discount_rate", self.discount_rate, "a number of at least 0", lambda value: value >= 0)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the years."""
        return self.names or tuple(str(year + 1) for year in range(len(self.budgets)))

    @property
    def available(self) -> tuple[float, ...]:
        """Money up to and with each year."""
        return tuple(accumulate(self.budgets))


def add_periods(layers: Sequence[Model], block: Periods) -> None:
    r"""Keep hubs open, $y_{op} \le y_{o,p+1}$, and spend within the years' budgets.

    .. math:: \sum_o c_o y_{op} \le \sum_{q \le p} B_q \quad\text{or, without carry-over,}\quad
              \sum_o c_o (y_{op} - y_{o,p-1}) \le B_p
    """
    for earlier, later in pairwise(layers):
        for option, (before, after) in enumerate(zip(earlier.open_, later.open_, strict=True)):
            earlier.add(f"stays_{option}", [(after, 1.0), (before, -1.0)], LpConstraintGE, 0)
    for number, (layer, available, budget) in enumerate(zip(layers, block.available, block.budgets, strict=True)):
        spent = _spent(layer, 1.0)
        if not block.carry_over and number:
            spent += _spent(layers[number - 1], -1.0)
        unit = decimal_unit(layer.instance.cost.max(initial=0.0))
        terms = [(variable, value / unit) for variable, value in spent]
        limit = available if block.carry_over else budget
        layer.add("year_budget", terms, LpConstraintLE, most_money(limit) / unit)


def _spent(layer: Model, sign: float) -> Terms:
    cost = layer.instance.cost
    return [(variable, sign * price) for variable, price in zip(layer.open_, cost.tolist(), strict=True) if price]


def broken_periods(plans: Sequence[Evaluation], block: Periods) -> str | None:
    """Return which year's budget a programme breaks, or which hub it closes, None when it does not."""
    for year, (available, budget) in enumerate(zip(block.available, block.budgets, strict=True)):
        before = plans[year - 1].cost if year else 0.0
        spent, limit = (plans[year].cost, available) if block.carry_over else (plans[year].cost - before, budget)
        if spent > most_money(limit) + MONEY_TOLERANCE * math.fsum(block.budgets):
            return f"year {block.labels[year]} spends {spent:,.2f}, its budget is {limit:,.2f}"
    for earlier, later in pairwise(plans):
        held = dict(zip(later.options.tolist(), later.counts.tolist(), strict=True))
        for option, count in zip(earlier.options.tolist(), earlier.counts.tolist(), strict=True):
            if held.get(option, 0) < count:
                return f"a hub of option {option} is closed again"
    return None

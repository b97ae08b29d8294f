"""How futures are looked at, and limits that hold over them: money and covered shares, in every one or on average."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
from pulp import LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.errors import ScenarioError
from hubplanner.formatting import per_cent
from hubplanner.model.constraints.base import Constraint, check, check_amount, check_share, refuse
from hubplanner.model.constraints.budget import money_unit, most_money
from hubplanner.model.constraints.floor import FloorRows, cover_share, falls_short
from hubplanner.model.lp import LinearExpression, Model
from hubplanner.model.variables.coverage import rows_covered
from hubplanner.problem import Bools, Evaluation, Floats, Problem
from hubplanner.problem.futures import CRITERIA, Futures
from hubplanner.problem.stacked_demand import StackedDemand, StackedInstance
from hubplanner.translation import N_, gettext as _

LEVEL = 0.9
"""Share of futures outside the tail, unless another is asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Uncertainty(Constraint):
    r"""Choose one plan before it is known which future comes.

    With $f_s$ the objective's figure in future s and $p_s$ its probability:

    .. math:: \max \sum_s p_s f_s, \qquad \max \min_s f_s, \qquad \min \max_s (f_s^* - f_s), \qquad
              \max_\eta \; \eta - \frac{1}{1 - \alpha} \sum_s p_s (\eta - f_s)^+

    for criterion expected, worst, regret (to the best plan $f_s^*$ of each future alone) and cvar. Birge and Louveaux
    (2011), doi:10.1007/978-1-4614-0237-4; Kouvelis and Yu (1997), doi:10.1007/978-1-4757-2620-6; Rockafellar and
    Uryasev (2000), doi:10.21314/JOR.2000.038.

    Parameters
    ----------
    futures
        The futures.
    criterion
        expected, worst, regret or cvar.
    level
        Share of futures $\alpha$ outside the tail; cvar only.
    on_average
        Whether budget, floors and target share hold on average; in every future if not.

    See Also
    --------
    RobustBudget, RobustFloor : the limits that it turns into.
    """

    futures: Futures
    criterion: str = "expected"
    level: float = LEVEL
    on_average: bool = False

    key: ClassVar[str] = "under"
    priced: ClassVar[bool] = False
    numbers_options: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse what is no criterion, and a level that leaves no tail."""
        if self.criterion not in CRITERIA:
            refuse("under", self.criterion, ", ".join(CRITERIA))
        check("cvar_level", self.level, "a number from 0 to below 1", lambda value: 0 <= value < 1)

    @property
    def can_relax(self) -> bool:
        """It says what a plan is for."""
        return False

    @property
    def features(self) -> frozenset[Feature]:
        """Futures, outages or other ways in them, and the criterion unless it is the average, which goes with all."""
        found = {Feature.FUTURES}
        if any(future.sites_out or future.tiers_out for future in self.futures.each):
            found.add(Feature.OUTAGES)
        if any(future.travel is not None for future in self.futures.each):
            found.add(Feature.OTHER_ROADS)
        if self.criterion != "expected":
            found.add(Feature(f"under {self.criterion}"))
        return frozenset(found)

    def add_to(self, model: Model) -> None:
        """Raise: futures are looked at by solve_problem alone, which turns them into other constraints."""
        del model
        message = "futures go with solving and scoring; take them out of the scenario for other analyses"
        raise ScenarioError(message)

    def violation(self, problem: Problem, plan: Evaluation) -> None:
        """Return that no plan violates futures, which are no limit."""
        del problem, plan

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the criterion in words."""
        del name_of
        return _("{count} futures by {criterion}", count=len(self.futures.each), criterion=self.criterion)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustBudget(Constraint):
    r"""New hubs cost at most so much in every future.

    .. math:: \sum_o c_{os} y_o \le B \qquad \forall s

    A plan violates it where its hubs cost more in some future, but for the rounding of sums.

    Parameters
    ----------
    amount
        Money B.
    costs
        (k, o) costs $c_{os}$ of the futures that differ.

    See Also
    --------
    hubplanner.model.constraints.budget.Budget : one cost.

    >>> RobustBudget(amount=5, costs=np.ones((2, 3))).describe(str)
    'the budget of 5 in every future'
    """

    amount: float
    costs: Floats

    key: ClassVar[str] = "budget_in"
    remedies: ClassVar[tuple[str, ...]] = (N_("more money"),)
    priced: ClassVar[bool] = False
    numbers_options: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an amount that is not money."""
        check_amount("budget", self.amount)

    def add_to(self, model: Model) -> None:
        """Add a row for each of the costs."""
        money = most_money(self.amount)
        for cost in self.costs:
            unit = money_unit(cost.max(initial=0.0), money)
            terms = model.opened(np.arange(len(cost)), cost / unit)
            model.add("budget_in", terms, LpConstraintLE, money / unit)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how a plan overspends in some future, None when it does not."""
        del problem
        spent = max(math.fsum(cost[plan.options] * plan.counts) for cost in self.costs)
        over = spent > most_money(self.amount)
        return f"new hubs cost {spent:,.2f} in some future, the budget is {self.amount:,.2f}" if over else None

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the amount in words."""
        del name_of
        return _("the budget of {amount:,.12g} in every future", amount=self.amount)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustFloor(Constraint):
    r"""At least a share is covered in every future.

    .. math:: \sum_r w_{rs} z_r \ge \phi W_s \qquad \forall s

    A plan violates it where less is covered in some future, but for the rounding of sums.

    Parameters
    ----------
    stack
        All futures' demand.
    weights, totals
        (k, r) what each row of the stack counts, $w_{rs}$, and (k,) all need $W_s$ behind it, also that which no row
        stands for.
    counts
        (k, r) which rows stand for more than rounding of some point.
    never
        (k,) what no option covers.
    share
        Least covered share $\phi$.
    name
        What is to be covered.

    See Also
    --------
    hubplanner.model.constraints.floor.Floor : one need.
    """

    stack: StackedDemand
    weights: Floats
    totals: Floats
    counts: Bools
    never: Floats
    share: float
    name: str

    key: ClassVar[str] = "floor_in"
    remedies: ClassVar[tuple[str, ...]] = (N_("a smaller share asked for"), N_("more sites"), N_("a farther reach"))
    priced: ClassVar[bool] = False
    numbers_options: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid share."""
        check_share(f"floor {self.name}".strip(), self.share)

    def add_to(self, model: Model) -> None:
        """Add rows, or bounds and rows, for what may be left uncovered in each future."""
        variables = rows_covered(model)
        live = cast("StackedInstance", model.instance).live
        parts = zip(self.weights, self.counts, self.never.tolist(), self.totals.tolist(), strict=True)
        for weights, counts, never, total in parts:
            rows = FloorRows(variables=variables, weights=weights[live], counts=counts[live], never=never, total=total)
            cover_share(model, "floor_in", rows, self.share)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return how far a plan stays below the floor in some future, None when it does not."""
        del problem
        reached = self.stack.reached(plan.options)
        left = np.column_stack([np.where(self.counts & ~reached, self.weights, 0.0), self.never])
        short = [
            falls_short(np.append(part, total - math.fsum(part)), np.append(np.zeros(len(part)), 1.0), self.share)
            for part, total in zip(left, self.totals.tolist(), strict=True)
        ]
        if not any(short):
            return None
        least = float((1 - left.sum(axis=1) / self.totals).min())
        asked = per_cent(self.share, 4)
        return f"{self.name or 'a group'} is covered to {per_cent(least, 4)} in some future, its floor is {asked}"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the share in words."""
        del name_of
        return _("{share:.6g} % of {name} covered over futures", share=100 * self.share, name=self.name or _("a group"))


def covered_rows(model: Model, weights: Floats) -> LinearExpression:
    r"""Return what is covered of weights (r,) of a stack's rows, $b + \sum_r w_r z_r$."""
    variables = rows_covered(model)
    instance = cast("StackedInstance", model.instance)
    live = weights[instance.live]
    used = np.flatnonzero(live)
    terms = [(variables[row], value) for row, value in zip(used.tolist(), live[used].tolist(), strict=True)]
    return LinearExpression(terms=terms, constant=float(weights[instance.settled].sum()))

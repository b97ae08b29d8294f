"""How futures are looked at, and limits that hold over them: money and covered shares, in every one or on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from pulp import LpConstraintLE

from hubplanner.errors import ScenarioError
from hubplanner.model.constraints.budget import money_unit, most_money
from hubplanner.model.constraints.floor import FloorRows, cover_share, falls_short
from hubplanner.model.lp import LinearExpression
from hubplanner.model.parameters import check, check_amount, check_share, refuse
from hubplanner.model.variables.coverage import covered
from hubplanner.problem.futures import CRITERIA

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Bools, Evaluation, Floats, Problem
    from hubplanner.problem.futures import Futures
    from hubplanner.problem.stacked_demand import StackedDemand, StackedInstance


LEVEL = 0.9
"""Share of futures that is no tail, unless another is asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Uncertainty:
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
        Share of futures $\alpha$ that is no tail; cvar only.
    on_average
        Whether budget, floors and target share hold on average; in every future if not.
    """

    futures: Futures
    criterion: str = "expected"
    level: float = LEVEL
    on_average: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no criterion, and a level that leaves no tail."""
        if self.criterion not in CRITERIA:
            refuse("under", self.criterion, ", ".join(CRITERIA))
        check("cvar_level", self.level, "a number from 0 to below 1", lambda value: 0 <= value < 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustBudget:
    """New hubs cost at most ``amount`` by each of the costs (k, o)."""

    amount: float
    costs: Floats

    def __post_init__(self) -> None:
        """Refuse an amount that is no money."""
        check_amount("budget", self.amount)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustFloor:
    """At least ``share`` is covered by each of the weights (k, r) of a stack's rows, whose totals (k,) are need.

    Parameters
    ----------
    weights, totals
        What each row counts, and all need behind it, also that which no row stands for.
    counts
        (k, r) which rows stand for more than rounding of some point.
    never
        (k,) what no option covers.
    share
        Least covered share.
    name
        What is to be covered.
    """

    stack: StackedDemand
    weights: Floats
    totals: Floats
    counts: Bools
    never: Floats
    share: float
    name: str

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        check_share(f"floor {self.name}".strip(), self.share)


def covered_rows(model: Model, weights: Floats) -> LinearExpression:
    r"""Return what is covered of weights (r,) of a stack's rows, $b + \sum_r w_r z_r$."""
    covered(model, 0)
    instance = cast("StackedInstance", model.instance)
    live = weights[instance.live]
    used = np.flatnonzero(live)
    variables = model.parts["covered"]
    terms = [(variables[row], value) for row, value in zip(used.tolist(), live[used].tolist(), strict=True)]
    return LinearExpression(terms=terms, constant=float(weights[instance.settled].sum()))


def refuse_under(model: Model, block: Uncertainty) -> None:
    """Raise: futures are looked at by solve_problem alone, which turns them into other blocks."""
    del model, block
    message = "futures go with solving and scoring; take them out of the scenario for other analyses"
    raise ScenarioError(message)


def unbroken(problem: Problem, plan: Evaluation, block: Uncertainty) -> None:
    """Return that no plan breaks futures, which are no limit."""
    del problem, plan, block


def add_budget_in(model: Model, block: RobustBudget) -> None:
    r"""Hold the cost of new hubs within the budget in every future: $\sum_o c_{os} y_o \le B \;\forall s$."""
    money = most_money(block.amount)
    for cost in block.costs:
        unit = money_unit(cost.max(initial=0.0), money)
        terms = model.opened(np.arange(len(cost)), cost / unit)
        model.add("budget_in", terms, LpConstraintLE, money / unit)


def broken_budget_in(problem: Problem, plan: Evaluation, block: RobustBudget) -> str | None:
    """Return how a plan overspends in some future, None when it does not."""
    del problem
    spent = max(math.fsum(cost[plan.options] * plan.counts) for cost in block.costs)
    over = spent > most_money(block.amount)
    return f"new hubs cost {spent:,.2f} in some future, the budget is {block.amount:,.2f}" if over else None


def add_floor_in(model: Model, block: RobustFloor) -> None:
    r"""Cover a share in every future: $\sum_r w_{rs} z_r \ge \phi W_s \;\forall s$."""
    covered(model, 0)
    live = cast("StackedInstance", model.instance).live
    parts = zip(block.weights, block.counts, block.never.tolist(), block.totals.tolist(), strict=True)
    for weights, counts, never, total in parts:
        rows = FloorRows(
            variables=model.parts["covered"], weights=weights[live], counts=counts[live], never=never, total=total
        )
        cover_share(model, "floor_in", rows, block.share)


def broken_floor_in(problem: Problem, plan: Evaluation, block: RobustFloor) -> str | None:
    """Return how far a plan stays below a floor in some future, None when it does not."""
    del problem
    reached = block.stack.reached(plan.options)
    left = np.column_stack([np.where(block.counts & ~reached, block.weights, 0.0), block.never])
    short = [
        falls_short(np.append(part, total - math.fsum(part)), np.append(np.zeros(len(part)), 1.0), block.share)
        for part, total in zip(left, block.totals.tolist(), strict=True)
    ]
    if not any(short):
        return None
    least = float((1 - left.sum(axis=1) / block.totals).min())
    return f"{block.name or 'a group'} is covered to {least:.4%} in some future, its floor is {block.share:.4%}"

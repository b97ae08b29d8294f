"""Limits that hold over futures: money and covered shares, in every future or on average."""

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
from hubplanner.model.parameters import check_amount, check_share
from hubplanner.model.variables.coverage import covered

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.model.robust import StackedInstance, Uncertainty
    from hubplanner.problem import Bools, Evaluation, Floats, Problem
    from hubplanner.problem.stacked_demand import StackedDemand


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

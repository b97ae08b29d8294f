"""Criteria over futures as goals, and an objective bound to a problem's futures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from pulp import LpConstraintGE

from hubplanner.model.constraints.base import first_of, of_kind, without
from hubplanner.model.constraints.floor import Floor
from hubplanner.model.constraints.robust import RobustBudget, RobustFloor, Uncertainty, covered_rows
from hubplanner.model.formulation import Formulation, Goal, Year
from hubplanner.model.lp import LinearExpression, Model, decimal_unit
from hubplanner.model.objectives import Objective
from hubplanner.problem import Floats, Problem
from hubplanner.problem.futures import tail_mean
from hubplanner.problem.stacked_demand import StackedDemand, StackedInstance


@dataclass(frozen=True, kw_only=True, eq=False)
class RiskMeasure:
    """How figures (s,) of all futures become one.

    Parameters
    ----------
    kind
        expected, worst, regret or cvar.
    probability
        (s,) of each future.
    level
        Share of futures outside the tail.
    best
        (s,) figure of each future's own best plan; regret only.
    sense
        1 where more is better, -1 where less is.
    """

    kind: str
    probability: Floats
    level: float = 0.0
    best: Floats | None = None
    sense: int = 1

    @property
    def goal_sense(self) -> int:
        """1 where more of the criterion's figure is better, -1 where less is."""
        return -1 if self.kind == "regret" else self.sense

    def of(self, figures: Floats) -> float:
        """Return the criterion's figure."""
        if self.kind == "expected":
            return math.fsum(self.probability * figures)
        if self.kind == "cvar":
            return tail_mean(figures, self.probability, self.level)
        if self.kind == "regret" and self.best is not None:
            return float((self.best - figures).max())
        return float(self.sense * (self.sense * figures).min())


def covered_goal(stack: StackedDemand, criterion: RiskMeasure) -> Goal:
    """Return a criterion of the need covered in each future."""
    if criterion.kind == "expected":
        mean = stack.mixed(criterion.probability)
        return Goal(
            name=RobustObjective.goal,
            sense=1,
            expression=lambda form: covered_rows(form.layers[-1], mean),
            value=lambda years: criterion.of(stack.covered(years[-1].plan.options)),
            grows=True,
        )

    def expression(form: Formulation) -> LinearExpression:
        model = form.layers[-1]
        figures = [covered_rows(model, stack.weights(number)) for number in range(len(stack.futures.each))]
        return _CRITERIA[criterion.kind](model, figures, criterion, float(stack.total.max(initial=0.0)))

    return _goal(criterion, expression, lambda plan: stack.covered(plan.options), grows=True)


def cost_goal(costs: Floats, criterion: RiskMeasure) -> Goal:
    """Return a criterion of the money that new hubs cost, by costs (k, o)."""

    def expression(form: Formulation) -> LinearExpression:
        model = form.layers[-1]
        if criterion.kind == "expected":
            return _money(model, np.asarray(criterion.probability @ costs))
        figures = [_money(model, cost) for cost in costs]
        most = float((costs * model.instance.most).sum(axis=1).max(initial=0.0))
        return _CRITERIA[criterion.kind](model, figures, criterion, most)

    def spent(plan: Any) -> Floats:
        return np.array([math.fsum(cost[plan.options] * plan.counts) for cost in costs])

    return _goal(criterion, expression, spent)


def _goal(
    criterion: RiskMeasure,
    expression: Callable[[Formulation], LinearExpression],
    figures: Callable[[Any], Floats],
    *,
    grows: bool = False,
) -> Goal:
    def value(years: Sequence[Year]) -> float:
        return criterion.of(figures(years[-1].plan))

    return Goal(name=RobustObjective.goal, sense=criterion.goal_sense, expression=expression, value=value, grows=grows)


def _money(model: Model, cost: Floats) -> LinearExpression:
    prices = zip(model.open_, cost.tolist(), strict=True)
    return LinearExpression(terms=[(variable, price) for variable, price in prices if price])


def _worst(model: Model, figures: Sequence[LinearExpression], criterion: RiskMeasure, most: float) -> LinearExpression:
    r"""Return the worst figure, $t \le f_s \;\forall s$; for less-is-better $t \ge f_s$."""
    unit = decimal_unit(most)
    level = model.variable("worst", 0.0, most / unit)
    for figure in figures:
        part = figure.times(-1 / unit)
        terms = [(level, 1.0), *part.terms]
        bound = -part.constant
        if criterion.sense > 0:
            terms, bound = [(variable, -value) for variable, value in terms], -bound
        model.add("worst", terms, LpConstraintGE, bound)
    return LinearExpression(terms=[(level, unit)])


def _regret(model: Model, figures: Sequence[LinearExpression], criterion: RiskMeasure, most: float) -> LinearExpression:
    r"""Return the largest regret, $t \ge f_s^* - f_s \;\forall s$."""
    unit = decimal_unit(most)
    best = np.zeros(len(figures)) if criterion.best is None else criterion.best
    # Within their gap, plans may be better than the best known ones.
    level = model.variable("regret", -most / unit, most / unit)
    for figure, value in zip(figures, best.tolist(), strict=True):
        part = figure.times(1 / unit)
        model.add("regret", [(level, 1.0), *part.terms], LpConstraintGE, value / unit - part.constant)
    return LinearExpression(terms=[(level, unit)])


def _tail(model: Model, figures: Sequence[LinearExpression], criterion: RiskMeasure, most: float) -> LinearExpression:
    r"""Return the mean of the worst tail, $\eta - \frac{1}{1-\alpha} \sum_s p_s d_s$ with $d_s \ge \eta - f_s$.

    Rockafellar and Uryasev (2000), doi:10.21314/JOR.2000.038.
    """
    unit = decimal_unit(most)
    level = model.variable("tail", 0.0, most / unit)
    terms = [(level, unit)]
    for number, (figure, probability) in enumerate(zip(figures, criterion.probability.tolist(), strict=True)):
        short = model.variable(f"tail_short_{number}", 0.0, most / unit)
        part = figure.times(1 / unit)
        model.add(f"tail_{number}", [(short, 1.0), (level, -1.0), *part.terms], LpConstraintGE, -part.constant)
        terms.append((short, -unit * probability / (1 - criterion.level)))
    return LinearExpression(terms=terms)


_CRITERIA: dict[str, Callable[[Model, Sequence[LinearExpression], RiskMeasure, float], LinearExpression]] = {
    "worst": _worst,
    "regret": _regret,
    "cvar": _tail,
}


@dataclass(frozen=True, kw_only=True)
class RobustObjective(Objective):
    """An objective over futures, bound to a problem: only solvers make one.

    Parameters
    ----------
    goals
        What it asks.
    stack
        All futures' demand.
    budget, max_hubs
        Limits as with `MaxCoverage`.
    """

    goals: tuple[Goal, ...]
    stack: StackedDemand
    budget: float | None = None
    max_hubs: int | None = None

    name: ClassVar[str] = "hedge"
    goal: ClassVar[str] = "over futures"

    def instance(self, **parts: Any) -> StackedInstance:
        """Return the arrays that its models are built from, with all futures' demand."""
        return StackedInstance(**parts, stack=self.stack)


def under_of(objective: Objective) -> Uncertainty | None:
    """Return how an objective looks at futures, None where it knows of none."""
    return first_of(objective.constraints, Uncertainty)


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustQuestion:
    """An objective bound to a problem's futures.

    Parameters
    ----------
    problem
        The problem, with costs that the budget speaks of.
    objective
        What to reach.
    criterion
        How the futures' figures become one.
    """

    problem: Problem
    objective: RobustObjective
    criterion: RiskMeasure


def bind(  # noqa: PLR0913 - a question, and what its goal and its limits look at
    objective: Objective,
    stack: StackedDemand,
    under: Uncertainty,
    *,
    shares: Floats | None = None,
    held: Floats | None = None,
    best: Floats | None = None,
) -> RobustQuestion:
    """Return an objective over a stack's futures.

    Parameters
    ----------
    shares, held
        (s,) probabilities that the goal, and that limits go by; those of the futures if left out. Limits say nothing
        of futures of none.
    best
        (s,) figure of each future's own best plan; regret only.
    """
    least, probability = objective.minimises_cost, stack.futures.probability
    held = probability if held is None else held
    criterion = RiskMeasure(
        kind=under.criterion,
        probability=probability if shares is None else shares,
        level=under.level,
        best=best,
        sense=-1 if least else 1,
    )
    costs = _costs(stack.cost, held, on_average=under.on_average)
    single = len(costs) == 1
    goal_costs = stack.cost if under.criterion == "expected" else undominated(stack.cost)
    target, budget = objective.target(stack.problem.need), objective.budget
    floors = [*of_kind(objective.constraints, Floor), *([] if target is None else [target])]
    constraints = without(objective.constraints, Uncertainty, Floor)
    constraints += [_floor(stack, constraint, held, on_average=under.on_average) for constraint in floors]
    constraints += [RobustBudget(amount=budget, costs=costs)] if budget is not None and not single else []
    hedge = RobustObjective(
        goals=(cost_goal(goal_costs, criterion) if least else covered_goal(stack, criterion),),
        stack=stack,
        constraints=tuple(constraints),
        budget=budget if single else None,
        max_hubs=objective.max_hubs,
    )
    problem = replace(stack.problem, option_cost=costs[0]) if single else stack.problem
    return RobustQuestion(problem=problem, objective=hedge, criterion=criterion)


def _costs(costs: Floats, held: Floats, *, on_average: bool) -> Floats:
    """Return the costs (k, o) that a budget is held by: the mean ones, or those that no other future's exceed."""
    return np.asarray(held @ costs)[None] if on_average else undominated(costs[held > 0])


def undominated(costs: Floats) -> Floats:
    """Return the costs (k, o) of futures in which some option is dearer than in any one other future.

    >>> undominated(np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0]])).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    distinct = np.array(list({cost.tobytes(): cost for cost in costs}.values()))
    beaten = [(np.delete(distinct, number, axis=0) >= cost).all(axis=1).any() for number, cost in enumerate(distinct)]
    return np.asarray(distinct[~np.array(beaten, dtype=np.bool_)])


def _floor(stack: StackedDemand, constraint: Floor, held: Floats, *, on_average: bool) -> RobustFloor:
    """Return a floor on average, or in every future that differs."""
    each, weight = stack.futures.each, np.asarray(constraint.weight)
    totals = np.array([math.fsum(np.broadcast_to(weight * future.need, weight.shape)) for future in each])
    numbers = [number for number in np.flatnonzero(held).tolist() if totals[number] > 0]
    counts = [stack.counts(number, weight) for number in numbers]
    never = np.array([stack.never(number, weight) for number in numbers])
    rows = [stack.weights(number, weight) for number in numbers]
    whole = totals[numbers]
    if on_average and numbers:
        part = held[numbers]
        rows, counts = [stack.mixed(held, weight)], [np.any(counts, axis=0)]
        whole, never = np.array([part @ whole]), np.array([part @ never])
    # Need that grows everywhere alike leaves all shares as they are.
    keys = [
        (row / total).round(12).tobytes() + part.tobytes() for row, total, part in zip(rows, whole, counts, strict=True)
    ]
    kept = sorted({key: number for number, key in reversed(list(enumerate(keys)))}.values())
    shape = (len(kept), stack.n_rows)
    return RobustFloor(
        stack=stack,
        weights=np.array([rows[number] for number in kept]).reshape(shape),
        totals=whole[kept],
        counts=np.array([counts[number] for number in kept], dtype=np.bool_).reshape(shape),
        never=never[kept],
        share=constraint.share,
        name=constraint.name,
    )

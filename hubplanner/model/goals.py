"""What an objective asks first, second and so on: each goal as an expression to maximise and as a recomputed figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from pulp import LpConstraintGE

from hubplanner.model.constraints.earlier_plan import distance_to, new_sites, used_at
from hubplanner.model.constraints.take_up import TakeUp
from hubplanner.model.cuts.whole_hubs import whole_hub_cuts
from hubplanner.model.fairness import AlphaFair, MaxMin, TangentUtility, shares_of, worst_shares
from hubplanner.model.formulation import Formulation, Goal, Year
from hubplanner.model.lp import LinearExpression, Model
from hubplanner.model.objectives import CATCHMENT, EQUIVALENT_SHARE, MaxCoverage, MinCost, Objective, PCenter, PMedian
from hubplanner.model.risk_measures import RobustObjective
from hubplanner.model.variables.assignment import distance_served
from hubplanner.model.variables.backhaul import spending
from hubplanner.model.variables.coverage import covered_measure
from hubplanner.model.variables.distance_chains import distance_to_nearest
from hubplanner.problem import Evaluation, Floats, Problem
from hubplanner.problem.catchments import catchments
from hubplanner.translation import N_

LEAST_SHARE_TOLD = 1e-9
"""Equivalent share below which a gap is absolute: there is none."""


def goals_of(objective: Objective) -> list[Goal]:
    """Return what an objective asks, the most important first."""
    own = OBJECTIVES[type(objective)](objective)
    alpha, max_min = objective.alpha_fairness, objective.max_min
    if alpha is not None:
        second = [] if alpha.prefer_largest_of is None else [catchment(objective)]
        return [equivalent_share(alpha), *second]
    if max_min is None:
        return own
    fair = [_worst(max_min, count + 1) for count in range(len(max_min.with_need))]
    return [*fair, *own] if max_min.first else [*own, *fair]


def covered_need() -> Goal:
    r"""Return the need covered, $\sum_p (1 + r)^{-p} \sum_i w_{ip} z_{ip}$.

    Church and ReVelle (1974), doi:10.1007/BF01942293.
    """
    return Goal(
        name=N_("covered need"),
        sense=1,
        expression=lambda form: _over_years(form, lambda layer: covered_measure(layer, layer.need)),
        value=lambda years: math.fsum(year.discount * year.plan.covered_need for year in years),
        grows=True,
    )


def cost(travel: float = 0.0) -> Goal:
    r"""Return the cost of hubs, and of travel if it costs: $\sum_o c_o y_o + \tau \sum_{io} w_i d_{io} x_{io}$.

    That of hubs holds their backhaul.

    Toregas et al. (1971), doi:10.1287/opre.19.6.1363.
    """

    def expression(form: Formulation) -> LinearExpression:
        last = form.layers[-1]
        hubs = spending(last)
        return hubs.plus(distance_served(last, form.instance.measure(last.need)).times(travel)) if travel else hubs

    def value(years: Sequence[Year]) -> float:
        problem, plan = years[-1].problem, years[-1].plan
        return plan.cost + travel * math.fsum(problem.need * plan.served_distance)

    return Goal(name=N_("cost"), sense=-1, expression=expression, value=value, limit=_least_cost)


def _least_cost(problem: Problem) -> float:
    """Return what every plan costs at least: its required hubs at their cheapest, less what closing hubs can save."""
    cost = problem.option_cost
    required = [cost[problem.option_site == site].min() for site in problem.required_sites]
    return math.fsum([*required, *np.minimum(cost, 0.0), -float(np.nansum(problem.savings))])


def equivalent_share(fairness: AlphaFair) -> Goal:
    """Return the equivalent share of an alpha-fair utility; `TangentUtility` bounds it, no linear expression is it."""
    return Goal(
        name=EQUIVALENT_SHARE,
        sense=1,
        expression=lambda _: LinearExpression(terms=[]),
        value=lambda years: fairness.equivalent_share(fairness.shares(years[-1].plan)),
        grows=True,
        least=LEAST_SHARE_TOLD,
    )


def tangent_utility(utility: TangentUtility) -> Goal:
    """Return an alpha-fair utility from outside."""
    return Goal(
        name=N_("fairly covered need"),
        sense=1,
        expression=lambda form: utility.expression(form.layers[-1]),
        value=lambda years: utility.figure(utility.fairness.shares(years[-1].plan)),
        grows=True,
        broken=lambda form, values: whole_hub_cuts(utility, form, values),
    )


def catchment(objective: Objective) -> Goal:
    r"""Return what would come to new hubs if each had room for all, $\sum_{o \in N} y_o \sum_i w_i a_{io} p(d_{io})$.

    Whoever would come to several counts for each: it says how large the places are that hubs stand in, not whom they
    serve.
    """
    take_up = objective.constraint(TakeUp)
    coming = None if take_up is None else take_up.coming

    def expression(form: Formulation) -> LinearExpression:
        instance, opened = form.instance, form.layers[-1].open_
        worth = np.where(instance.new, catchments(instance.problem, instance.option, coming), 0.0)
        return LinearExpression(terms=[(opened[option], float(worth[option])) for option in np.flatnonzero(worth)])

    def value(years: Sequence[Year]) -> float:
        problem, plan = years[-1].problem, years[-1].plan
        worth = catchments(problem, plan.options, coming)
        return math.fsum((worth * plan.counts)[problem.new[plan.options]])

    return Goal(name=CATCHMENT, sense=1, expression=expression, value=value)


def mean_distance() -> Goal:
    r"""Return the need-weighted mean distance to the serving hub, $\sum_i w_i d_i / \sum_i w_i$.

    Hakimi (1964), doi:10.1287/opre.12.3.450.
    """
    return Goal(
        name=N_("mean distance"),
        sense=-1,
        expression=lambda form: _over_years(form, lambda layer: _mean_distance(form, layer)),
        value=lambda years: math.fsum(year.discount * _mean(year.problem, year.plan) for year in years),
        grows=True,
    )


def worst_distance() -> Goal:
    """Return the largest distance of a point with need to its hub; a search finds it, no linear expression does.

    Hakimi (1964), doi:10.1287/opre.12.3.450.
    """

    def value(years: Sequence[Year]) -> float:
        problem, plan = years[-1].problem, years[-1].plan
        if not plan.is_assigned:
            return float(plan.nearest_distance[problem.needing].max(initial=0.0))
        return plan.farthest_served(problem.needing)

    return Goal(
        name=N_("worst distance"),
        sense=-1,
        expression=lambda _: LinearExpression(terms=[]),
        value=value,
        grows=True,
        is_bottleneck=True,
    )


def number_of_hubs() -> Goal:
    """Return the number of hubs that are not there yet."""
    return Goal(
        name=N_("hubs"),
        sense=-1,
        expression=lambda form: LinearExpression(terms=form.layers[-1].opened(form.instance.new)),
        value=lambda years: float(years[-1].plan.counts[years[-1].problem.new[years[-1].plan.options]].sum()),
        limit=lambda _: 0.0,
        is_whole=True,
    )


def most_different(plans: Sequence[frozenset[int]]) -> Goal:
    r"""Return the smallest difference to any of some plans, $\max t : t \le |S \triangle S_k| \;\forall k$.

    Gonzalez (1985), doi:10.1016/0304-3975(85)90224-5, chooses farthest points in this order.
    """

    def expression(form: Formulation) -> LinearExpression:
        layer = form.layers[-1]
        least = layer.variable("least_difference", 0, float(form.instance.problem.n_sites), whole=True)
        for plan in plans:
            found = distance_to(layer, sorted(plan))
            layer.add("difference", [*found.terms, (least, -1.0)], LpConstraintGE, -found.constant)
        return LinearExpression(terms=[(least, 1.0)])

    def value(years: Sequence[Year]) -> float:
        mine = new_sites(years[-1].problem, years[-1].plan)
        return float(min(len(mine ^ plan) for plan in plans))

    return Goal(name=N_("difference"), sense=1, expression=expression, value=value)


def most_unseen(inside: frozenset[int], outside: frozenset[int]) -> Goal:
    r"""Return how many of some sites a plan uses, and of others it does without: $\sum_A u_j + \sum_B (1 - u_j)$."""

    def expression(form: Formulation) -> LinearExpression:
        total = LinearExpression(terms=[], constant=float(len(outside)))
        for site, used in used_at(form.layers[-1]).items():
            total = total.plus(used.times(float(site in inside) - float(site in outside)))
        return LinearExpression(terms=[(v, c) for v, c in total.terms if c], constant=total.constant)

    def value(years: Sequence[Year]) -> float:
        mine = new_sites(years[-1].problem, years[-1].plan)
        return float(len(mine & inside) + len(outside - mine))

    return Goal(name=N_("unseen sites"), sense=1, expression=expression, value=value)


def _worst(fairness: MaxMin, count: int) -> Goal:
    return Goal(
        name=N_("smallest share") if count == 1 else f"{count} smallest shares",
        sense=1,
        expression=lambda form: worst_shares(form.layers[-1], fairness, count),
        value=lambda years: math.fsum(shares_of(years[-1].plan, fairness)[:count]),
        grows=True,
    )


def _over_years(form: Formulation, part: Callable[[Model], LinearExpression]) -> LinearExpression:
    total = LinearExpression(terms=[])
    for layer, discount in zip(form.layers, form.discounts, strict=True):
        total = total.plus(part(layer).times(discount))
    return total


def _mean_distance(form: Formulation, layer: Model) -> LinearExpression:
    problem, need = form.instance.problem, np.asarray(layer.need)
    total = math.fsum(need[problem.needing])
    if total <= 0:
        return LinearExpression(terms=[])
    if layer.assigns:
        whole = distance_served(layer, form.instance.measure(need))
    else:
        whole = distance_to_nearest(layer, need, form.depth)
    return whole.times(1 / total)


def _mean(problem: Problem, plan: Evaluation) -> float:
    counted = problem.needing
    total = math.fsum(problem.need[counted])
    # Without any hub a point counts the largest distance there is.
    nearest = np.minimum(plan.nearest_distance, problem.farthest)
    distance: Floats = plan.served_distance if plan.is_assigned else nearest
    return math.fsum(problem.need[counted] * distance[counted]) / total if total > 0 else 0.0


OBJECTIVES: Mapping[type[Objective], Callable[[Any], list[Goal]]] = {
    MaxCoverage: lambda _: [covered_need()],
    MinCost: lambda objective: [cost(objective.travel_cost)],
    PMedian: lambda _: [mean_distance()],
    PCenter: lambda _: [worst_distance(), mean_distance()],
    RobustObjective: lambda objective: list(objective.goals),
}

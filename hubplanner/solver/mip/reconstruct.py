"""A solver's whole numbers to plans: who is served is worked out again, and every figure recomputed from the arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pulp import LpVariable
from scipy.sparse import csr_array

from hubplanner.errors import SolverError
from hubplanner.model import Formulation, Year
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.lp import Model
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.model.variables.backhaul import network_of
from hubplanner.model.variables.measures import reached_points
from hubplanner.problem import Evaluation, Floats, Ints, Problem, evaluate
from hubplanner.problem.evaluation import links_after
from hubplanner.problem.measures import taken
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.mip.bounds.relaxation import relax
from hubplanner.tolerances import INTEGRALITY


class UnservableError(SolverError):
    """A solver's hubs keep to the constraints within its tolerance only: with them fixed, no one can be served."""


ROUNDING = 1e-7
"""Shares of a row below it are a linear program's tolerance."""
SUMMING = 1e-12
"""Relative rounding of sums."""


def whole(values: Sequence[float], solver: str) -> Ints:
    """Return whole numbers; raise when a value is not near one."""
    found = np.asarray(values, dtype=np.float64)
    nearest = np.round(found)
    residual = np.abs(found - nearest).max(initial=0.0)
    if not residual <= INTEGRALITY:  # so that NaN is caught
        message = f"{solver} returned a whole number that is {residual:.2g} away from any"
        raise SolverError(message)
    return nearest.astype(np.intp)


def realise(form: Formulation, decisions: Ints, effort: SearchLimits) -> list[Year]:
    """Return the plan of each year that a formulation's whole variables stand for, recomputed.

    Parameters
    ----------
    decisions
        Values of the formulation's whole variables, in their order.

    Raises
    ------
    UnservableError
        When no one can be served as the constraints ask with these hubs.
    """
    question, n_options = form.question, len(form.instance.option)
    opened = decisions[: n_options * len(form.layers)].reshape(len(form.layers), n_options)
    assigned, reached = _assignments(form, decisions, effort)
    years = list[Year]()
    for layer, problem, counts, shares, beside, discount in zip(
        form.layers, question.problems, opened, assigned, reached, question.discounts, strict=True
    ):
        kept = links_after(problem, years[-1].plan if years else None)
        edges = _edges(form, layer, decisions, counts, kept)
        plan = evaluate(problem, np.repeat(np.arange(n_options), counts), shares, edges, beside, kept)
        years.append(Year(problem, _within_limits(form, problem, plan) if problem.measures else plan, discount))
    return years


def _within_limits(form: Formulation, problem: Problem, plan: Evaluation) -> Evaluation:
    """Return the plan with measures no larger than money and people allow: a program leaves its tolerance over."""
    hubs, shares = plan.hubs, _of_options(plan, problem.n_options)
    alone = evaluate(problem, hubs, shares, plan.edges)
    served, beside = np.asarray(plan.assigned.sum(axis=1)).ravel(), taken(problem.measures, plan.reached)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(beside > 1 - served, np.maximum(1 - served, 0.0) / beside, 1.0)
    reached = plan.reached * part
    # The billionth beyond a budget is for the rounding of hubs' prices, not for more people.
    left = money_limit(form.question.constraints) - alone.cost
    asked = evaluate(problem, hubs, shares, plan.edges, reached).cost - alone.cost
    if asked > left:
        reached = reached * (max(left, 0.0) / asked * (1 - SUMMING))
    return evaluate(problem, hubs, shares, plan.edges, reached)


def _of_options(plan: Evaluation, size: int) -> csr_array:
    """Return the shares (n, o) that each of all options serves in a plan."""
    own = plan.assigned
    return csr_array((own.data, plan.options[own.indices], own.indptr), shape=(own.shape[0], size))


def _of(form: Formulation, variables: Sequence[LpVariable], decisions: Ints) -> Ints:
    """Return the values of some of a formulation's whole variables."""
    at = {id(variable): number for number, variable in enumerate(form.open_)}
    return decisions[[at[id(variable)] for variable in variables]]


def _edges(form: Formulation, layer: Model, decisions: Ints, counts: Ints, kept: Ints) -> Ints:
    """Return the edges of the network that are built in a year, without circles and dead ends."""
    problem = form.instance.problem
    if problem.backhaul is None or not (net := network_of(layer)).build:
        return np.zeros(0, dtype=np.intp)
    built = net.graph.edge[_of(form, net.build, decisions) > 0]
    new = np.flatnonzero((counts > 0) & ~problem.existing)
    return problem.backhaul.pruned(problem.option_site[new], problem.option_tier[new], built, kept[new])


def opened_in(form: Formulation, decisions: Ints) -> Ints:
    """Return the hubs (periods, o) of each option that whole variables stand for."""
    size = len(form.instance.option)
    return decisions[: size * len(form.layers)].reshape(len(form.layers), size)


def _assignments(
    form: Formulation, decisions: Ints, effort: SearchLimits
) -> tuple[list[csr_array] | list[None], list[Floats] | list[None]]:
    """Return who serves whom in each year, None where hubs serve everyone who comes, and whom measures reach."""
    question = form.question
    reached: list[Floats] | list[None] = [None] * len(form.layers)
    if question.capacity is None:
        return [None] * len(form.layers), reached
    if question.capacity.single:
        parts = [_of(form, assigned(layer), decisions).astype(np.float64) for layer in form.layers]
    if not question.capacity.single or form.instance.problem.measures:
        values = _best_assignment(form, decisions, effort)
        if not question.capacity.single:
            parts = [values[[v.index for v in assigned(layer)]] for layer in form.layers]
        if form.instance.problem.measures:
            reached = [reached_points(layer, values) for layer in form.layers]
    opened = opened_in(form, decisions)
    shares = [
        form.instance.assign_rows.of_points(_tidy(form, layer, part, counts))
        for layer, part, counts in zip(form.layers, parts, opened, strict=True)
    ]
    return shares, reached


def _best_assignment(form: Formulation, decisions: Ints, effort: SearchLimits) -> Floats:
    """Return all variables' values in the program with its whole variables fixed: a linear program."""
    for variable, value in zip(form.open_, decisions.tolist(), strict=True):
        variable.lowBound = variable.upBound = value
    if not form.program.variables():
        return np.zeros(0)  # no usable site: no one is served
    found = relax(form, effort)
    if not found.is_solved:
        message = f"{effort.name} returned hubs that cannot serve people as asked"
        raise UnservableError(message)
    return found.values


def _tidy(form: Formulation, layer: Model, shares: Floats, counts: Ints) -> csr_array:
    """Return shares (r, o) without rounding: none below zero, no row above one, no hub above its room."""
    rows, problem, question = live_rows(layer), form.instance.problem, form.question
    kept = np.where(shares > ROUNDING, shares, 0.0)
    whole_rows = np.bincount(rows.row, weights=kept, minlength=len(rows.totals))
    kept /= np.maximum(whole_rows, 1.0)[rows.row]
    each = np.full(problem.n_options, math.inf) if question.capacity is None else question.capacity.room(problem)
    room = np.where(counts > 0, each, 0.0) * np.maximum(counts, 1)  # infinite room times no hub is no room
    crowd = rows.totals[:, form.instance.measure(layer.seats)][rows.row]
    load = np.bincount(rows.option, weights=kept * crowd, minlength=problem.n_options)
    with np.errstate(divide="ignore", invalid="ignore"):
        squeeze = np.where(load > room, room / load, 1.0)
    shape = (len(rows.totals), problem.n_options)
    return csr_array((kept * squeeze[rows.option], (rows.row, rows.option)), shape=shape)

"""Who is reached by measures beside hubs: shares of cells of demand, as many cells as there are kinds of people."""

from __future__ import annotations

import numpy as np
from pulp import LpVariable

from hubplanner.model.lp import LinearExpression, Model, Terms, once_for_each_model
from hubplanner.problem import Floats
from hubplanner.problem.measures import ROUNDING


@once_for_each_model
def reached_cells(model: Model) -> list[dict[int, LpVariable]]:
    r"""Return $u_{kc} \in [0, 1]$, the share of those in cell c whom measure k may reach that it reaches, by cell."""
    problem, cells = model.whole.problem, model.whole.measure_cells
    return [
        {
            cell: model.variable(f"{measure.name}_{cell}", 0, 1)
            for cell in np.flatnonzero(cells.total(measure.offline * measure.most) > 0).tolist()
        }
        for measure in problem.measures
    ]


def covered_by_measures(model: Model, weight: Floats) -> LinearExpression:
    r"""Return how much of a weight (n,) measures cover: $\sum_{kc} b_k u_{kc} \sum_{i \in c} w_i e_{ki}$."""
    problem, cells = model.whole.problem, model.whole.measure_cells
    terms: Terms = []
    for measure, made in zip(problem.measures, reached_cells(model), strict=True):
        worth = measure.benefit * cells.total(np.asarray(weight) * measure.most)
        terms += [(variable, float(worth[cell])) for cell, variable in made.items() if worth[cell] > 0]
    return LinearExpression(terms=terms)


def money_of_measures(model: Model) -> LinearExpression:
    r"""Return what measures cost: $\sum_{kc} c_k u_{kc} \sum_{i \in c} p_i e_{ki}$."""
    problem, cells = model.whole.problem, model.whole.measure_cells
    terms: Terms = []
    for measure, made in zip(problem.measures, reached_cells(model), strict=True):
        money = measure.cost * cells.total(measure.offline * measure.most)
        terms += [(variable, float(money[cell])) for cell, variable in made.items()]
    return LinearExpression(terms=terms)


def reached_points(model: Model, values: Floats) -> Floats:
    """Return the share (k, n) of each point's people that measures reach, by the values (v,) of a program's variables.

    What is no more than rounding is none.
    """
    problem, cells = model.whole.problem, model.whole.measure_cells
    found = np.zeros((len(problem.measures), problem.n_points))
    for number, made in enumerate(reached_cells(model)):
        shares = np.zeros(len(cells.row) + 1)  # the last is that of points without a cell
        for cell, variable in made.items():
            shares[cell] = min(max(float(values[variable.index]), 0.0), 1.0)
        shares[shares < ROUNDING] = 0.0
        found[number] = shares[cells.cell] * problem.measures[number].most
    return found

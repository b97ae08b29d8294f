"""Who is covered where hubs serve everyone within reach."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pulp import LpConstraintLE, LpVariable

from hubplanner.model.lp import LinearExpression, Model, Terms, once_for_each_model
from hubplanner.model.variables.assignment import served
from hubplanner.model.variables.measures import covered_by_measures
from hubplanner.problem import Floats, Ints

MOST_ENTRIES = 300_000
"""Entries of rows for second hubs from which one row a place, with a whole variable, takes less time."""


def covered(model: Model, measure: int) -> LinearExpression:
    r"""Return how much of a measure is covered: $b + \sum_r w_r z_r + \sum_o g_o y_o$."""
    rows, covered_ = model.instance.cover_rows, rows_covered(model)
    weights, gain = rows.weights[:, measure].tolist(), rows.gain[:, measure].tolist()
    terms = [*zip(covered_, weights, strict=True), *zip(model.open_, gain, strict=True)]
    return LinearExpression(terms=terms, constant=float(rows.base[measure]))


@once_for_each_model
def rows_covered(model: Model) -> list[LpVariable]:
    r"""Return $z_r \in [0, 1]$, row r is covered: $z_r \le \sum_{o \in C_r} y_o$, with $C_r$ the options that cover it.

    A row that takes two hubs shares the limit of the row that takes the first, $z_r + z_{r'} \le \sum_{o \in C_r} y_o$,
    if that one counts no less: then it is the first to be covered. Otherwise $2 z_r \le \sum_{o \in C_r} y_o$ and
    $z_r \le \sum_{o \in C_r \setminus q} y_o$ for each q in $C_r$, which together are the hull of one row; where these
    are too many, or a site may hold several hubs, the first alone with a whole $z_r$. Options that may hold no hub are
    left out.
    """
    rows = model.instance.cover_rows
    made: list[LpVariable] = []
    may = np.array([variable.upBound > 0 for variable in model.open_], dtype=np.bool_)
    width = np.bincount(
        np.repeat(np.arange(len(rows.times)), np.diff(rows.cover.indptr)), may[rows.cover.indices], len(rows.times)
    )
    apart = (rows.times > 1) & (rows.partner < 0)
    alone = model.instance.most.max(initial=1) == 1 and float((width[apart] ** 2).sum()) <= MOST_ENTRIES
    for row, (start, stop) in enumerate(pairwise(rows.cover.indptr.tolist())):
        twice, options = rows.times[row] > 1, rows.cover.indices[start:stop].astype(np.intp)
        options = options[may[options]]
        partner = int(rows.partner[row])
        needs_two = bool(twice and partner < 0)
        covered_row = model.variable(f"covered_{row}", 0, 1, whole=needs_two and not alone)
        made.append(covered_row)
        terms = [(covered_row, 2.0 if needs_two else 1.0), *([(made[partner], 1.0)] if partner >= 0 else [])]
        _limit(model, row, terms, options)
        if needs_two and alone:
            for option in options.tolist():
                _limit(model, row, [(covered_row, 1.0)], options[options != option])
    return made


def _limit(model: Model, row: int, terms: Terms, options: Ints) -> None:
    covering = model.opened(options, np.full(len(options), -1.0))
    model.add(f"cover_{row}", [*terms, *covering], LpConstraintLE, 0)


def covered_measure(model: Model, weight: Floats) -> LinearExpression:
    """Return how much is covered of a weight (n,) of the demand points, by measures too.

    By assignment where people are assigned.
    """
    measure = model.whole.measure(weight)
    hubs = served(model, measure) if model.assigns else covered(model, measure)
    return hubs.plus(covered_by_measures(model, weight)) if model.has_measures else hubs

"""Who is covered where hubs serve everyone within reach."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from pulp import LpConstraintLE, LpVariable

from hubplanner.model.lp import LinearExpression, Model, once_for_each_model
from hubplanner.model.variables.assignment import served
from hubplanner.model.variables.measures import covered_by_measures
from hubplanner.problem import Floats

MOST_ENTRIES = 100_000
"""Entries of rows for second hubs from which one row a place, with a whole variable, takes less time: the relaxation of
1,000 sites x 20,000 points, 5 in reach, 1.2 s in place of 6.3."""


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
    are too many, or a site may hold several hubs, the first alone with a whole $z_r$. Where one hub of a row is there
    in any case, the one of these without it is enough, and where two are, none. Options that may hold no hub are left
    out.
    """
    rows, opened = model.instance.cover_rows, model.open_
    made: list[LpVariable] = []
    may = np.array([variable.upBound > 0 for variable in opened], dtype=np.bool_)[rows.cover.indices]
    starts = np.concatenate([[0], np.cumsum(may)])[rows.cover.indptr].tolist()
    option_of = rows.cover.indices[may].tolist()
    single = model.instance.most.max(initial=1) == 1
    is_there = np.array([variable.lowBound >= 1 for variable in opened], dtype=np.bool_) & single
    there = np.diff(np.concatenate([[0], np.cumsum(is_there[rows.cover.indices])])[rows.cover.indptr])
    apart = (rows.times > 1) & (rows.partner < 0)
    alone = single and float((np.diff(starts)[apart] ** 2.0).sum()) <= MOST_ENTRIES
    each = zip(pairwise(starts), apart.tolist(), there.tolist(), rows.partner.tolist(), strict=True)
    for row, ((start, stop), needs_two, sure, partner) in enumerate(each):
        covered_row = model.variable(f"covered_{row}", 0, 1, whole=needs_two and not (alone or sure))
        made.append(covered_row)
        if needs_two and sure:
            if sure == 1:
                by = [(opened[option], -1.0) for option in option_of[start:stop] if not is_there[option]]
                model.add(f"cover_{row}", [(covered_row, 1.0), *by], LpConstraintLE, 0)
            continue
        by = [(opened[option], -1.0) for option in option_of[start:stop]]
        terms = [(covered_row, 2.0 if needs_two else 1.0), *([(made[partner], 1.0)] if partner >= 0 else [])]
        model.add(f"cover_{row}", [*terms, *by], LpConstraintLE, 0)
        if needs_two and alone:
            for left_out in range(len(by)):
                others = [*by[:left_out], *by[left_out + 1 :]]
                model.add(f"cover_{row}", [(covered_row, 1.0), *others], LpConstraintLE, 0)
    return made


def covered_measure(model: Model, weight: Floats) -> LinearExpression:
    """Return how much is covered of a weight (n,) of the demand points, by measures too.

    By assignment where people are assigned.
    """
    measure = model.whole.measure(weight)
    hubs = served(model, measure) if model.assigns else covered(model, measure)
    return hubs.plus(covered_by_measures(model, weight)) if model.has_measures else hubs

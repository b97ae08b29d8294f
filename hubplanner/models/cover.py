"""Who is covered where hubs serve everyone within reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulp import LpConstraintLE

from hubplanner.models.model import Linear

if TYPE_CHECKING:
    from pulp import LpVariable

    from hubplanner.models.model import Model


def covered(model: Model, measure: int) -> Linear:
    r"""Return how much of a measure is covered: $b + \sum_r w_r z_r + \sum_o g_o y_o$."""
    rows, rows_covered = model.instance.cover_rows, _rows_covered(model)
    weights, gain = rows.weights[:, measure].tolist(), rows.gain[:, measure].tolist()
    terms = [*zip(rows_covered, weights, strict=True), *zip(model.open_, gain, strict=True)]
    return Linear(terms=terms, constant=float(rows.base[measure]))


def _rows_covered(model: Model) -> list[LpVariable]:
    r"""Return $z_r \in [0, 1]$, row r is covered, with $m_r z_r \le \sum_{o : a_{ro} = 1} y_o$.

    A row that takes two hubs ($m_r = 2$) needs a whole $z_r$; one that takes one does not.
    """
    if "covered" in model.parts:
        found: list[LpVariable] = model.parts["covered"]
        return found
    rows = model.instance.cover_rows
    cover = rows.cover
    model.parts["covered"] = made = []
    for row, (start, stop, times) in enumerate(
        zip(cover.indptr[:-1].tolist(), cover.indptr[1:].tolist(), rows.times.tolist(), strict=True)
    ):
        variable = model.variable(f"covered_{row}", 0, 1, whole=times > 1)
        covering = [(model.open_[option], -1.0) for option in cover.indices[start:stop].tolist()]
        model.add(f"cover_{row}", [(variable, float(times)), *covering], LpConstraintLE, 0)
        made.append(variable)
    return made

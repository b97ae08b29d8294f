"""Room that a last hub leaves unused: inequalities that whole numbers of hubs keep to and fractions do not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pulp import LpConstraintLE, LpVariable

from hubplanner.model.constraints.capacity import Capacity
from hubplanner.model.lp import Model, Terms, decimal_unit, once_for_each_model
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.problem import Floats, Ints

VIOLATION = 1e-5
"""Least excess worth an inequality, in hubs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ResidualCapacityCut:
    r"""No option serves more of some rows R than whole hubs have room for.

    .. math:: \sum_{r \in R} p_r x_{ro} \le \min(P, q y_o) \le P - \rho (\mu - y_o), \qquad
              P = \sum_{r \in R} p_r, \quad \mu = \lceil P / q \rceil, \quad \rho = P - (\mu - 1) q

    Magnanti, Mirchandani and Vachani (1993), doi:10.1007/BF01580612.

    Parameters
    ----------
    layer, option
        Year and option.
    rows
        (k,) the rows.
    people, room
        (k,) people p of each row, and the room q of a hub.
    """

    layer: int
    option: int
    rows: Ints
    people: Floats
    room: float

    @property
    def hubs(self) -> int:
        """Hubs that serve all of the rows."""
        return math.ceil(self.total / self.room * (1 - 1e-12))

    @property
    def total(self) -> float:
        """People of all rows."""
        return math.fsum(self.people)

    @property
    def rest(self) -> float:
        """People that are left for the last of the hubs."""
        return self.total - (self.hubs - 1) * self.room

    def add_to(self, layers: Sequence[Model]) -> None:
        """Add the inequality where its option may have a hub."""
        if layers[self.layer].open_[self.option].upBound > 0:
            terms, limit = self.row(layers)
            layers[self.layer].add(f"residual_{self.option}", terms, LpConstraintLE, limit)

    def row(self, layers: Sequence[Model]) -> tuple[Terms, float]:
        """Return the inequality's terms and upper limit."""
        layer = layers[self.layer]
        unit = decimal_unit(self.room)
        served = dict(zip(self.rows.tolist(), (self.people / unit).tolist(), strict=True))
        terms: Terms = [(v, served[r]) for r, v in assigned_to(layer).get(self.option, []) if r in served]
        terms.append((layer.open_[self.option], -self.rest / unit))
        return terms, (self.total - self.rest * self.hubs) / unit


def residuals(layers: Sequence[Model], capacity: Capacity, values: Floats) -> Iterator[ResidualCapacityCut]:
    r"""Yield an inequality for each option that a relaxation's values break most.

    With $f = y_o - \lfloor y_o \rfloor$, rows with $x_{ro} > f$ break it most: each takes $p_r (1 - x_{ro})$ from the
    excess and adds $p_r (1 - f)$. Atamturk and Rajan (2002), doi:10.1007/s101070100269.
    """
    for number, layer in enumerate(layers):
        room = capacity.room(layer.whole.problem)
        open_ = values[[variable.index for variable in layer.open_]]
        part = open_ - np.floor(open_)
        for option in np.flatnonzero((np.minimum(part, 1 - part) > VIOLATION) & np.isfinite(room)).tolist():
            cut = _most_broken((number, layer), option, (open_[option], room[option], values))
            if cut is not None:
                yield cut


def _most_broken(
    year: tuple[int, Model], option: int, found: tuple[float, float, Floats]
) -> ResidualCapacityCut | None:
    """Return an option's most broken inequality at its hubs, its room and all values, None where it holds."""
    (number, layer), (hubs, room, values) = year, found
    pairs = assigned_to(layer).get(option, [])
    share = np.array([values[variable.index] for _, variable in pairs])
    full = share > hubs - math.floor(hubs)
    rows = np.array([row for row, _ in pairs], dtype=np.intp)[full]
    people = layer.whole.assign_rows.totals[rows, layer.whole.measure(layer.seats)]
    if not people.sum() > 0:
        return None
    cut = ResidualCapacityCut(layer=number, option=option, rows=rows, people=people, room=room)
    excess = cut.rest * (cut.hubs - hubs) - float(people @ (1 - share[full]))
    return cut if excess > VIOLATION * room else None


@once_for_each_model
def assigned_to(layer: Model) -> dict[int, list[tuple[int, LpVariable]]]:
    """Return the rows that each option may serve in a year, each with its share's variable."""
    rows = live_rows(layer)
    found: dict[int, list[tuple[int, LpVariable]]] = {}
    for row, at, variable in zip(rows.row.tolist(), rows.option.tolist(), assigned(layer), strict=True):
        found.setdefault(at, []).append((row, variable))
    return found

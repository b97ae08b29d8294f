"""Nobody is counted twice: not by two measures, and not by a measure and a hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pulp import LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint
from hubplanner.model.lp import Model, Terms
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.model.variables.measures import reached_cells
from hubplanner.problem import Evaluation, Problem
from hubplanner.problem.measures import taken
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class Measures(Constraint):
    r"""Measures reach at most whom they may, and with hubs they serve no more people, or need, than there is.

    .. math:: v_{ki} \le e_{ki}, \qquad \sum_o x_{io} + \sum_k \max(b_k, 1) v_{ki} \le 1 \qquad \forall i

    With $x_{io}$ the share of point i that option o serves, $v_{ki}$ the share that measure k reaches, and $b_k$ what
    one of them counts for in regular users: who counts for more than one takes up the need of so many. People are
    assigned to hubs even where these take everyone who comes. Points alike in all that a model asks of them are one
    cell; where hubs and measures together can never reach all of a point, only its group and its need for a person
    count, so that a few cells stand for a country.

    A plan violates it where a measure reaches more of a point than it may, or where a point is served more than once.

    See Also
    --------
    hubplanner.model.constraints.take_up.TakeUp : how many of a point come to hubs.

    >>> Measures().describe(str)
    'nobody served twice'
    """

    key: ClassVar[str] = "measures"
    every_period: ClassVar[bool] = True
    priced: ClassVar[bool] = False
    changes_service: ClassVar[bool] = True
    assigns: ClassVar[bool] = True

    @property
    def can_relax(self) -> bool:
        """Never: it says what measures are."""
        return False

    @property
    def features(self) -> frozenset[Feature]:
        """Measures."""
        return frozenset({Feature.MEASURES})

    def add_to(self, model: Model) -> None:
        """Add a row for each cell in which measures and hubs might serve someone twice."""
        instance = model.whole
        cells, rows, assign, reached = instance.measure_cells, live_rows(model), assigned(model), reached_cells(model)
        bounds = np.searchsorted(rows.row, np.arange(len(rows.totals) + 1)).tolist()
        for cell in np.flatnonzero(cells.is_crowded).tolist():
            row, at = int(cells.row[cell]), cells.cell == cell
            hubs: Terms = [] if row < 0 else [(one, 1.0) for one in assign[bounds[row] : bounds[row + 1]]]
            most = [one.room * float(one.most[at].max()) for one in instance.problem.measures]
            terms = [(made[cell], part) for made, part in zip(reached, most, strict=True) if cell in made]
            model.add(f"once_{cell}", [*hubs, *terms], LpConstraintLE, 1)
        # PuLP forgets variables that no constraint speaks of.
        every = [(variable, 1.0) for made in reached for variable in made.values()]
        if every:
            model.add("reached", every, LpConstraintLE, len(every))

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which point is reached beyond what there is of it, None where none is."""
        for measure, share in zip(problem.measures, plan.reached, strict=True):
            over = share - measure.most
            if over.max(initial=0.0) > AGREEMENT:
                point = int(np.argmax(over))
                return (
                    f"{measure.name} reach {share[point]:.6f} of point {point}, {measure.most[point]:.6f} are allowed"
                )
        served = np.asarray(plan.assigned.sum(axis=1)).ravel() if plan.is_assigned else plan.covered_share
        whole = served + taken(problem.measures, plan.reached)
        if whole.max(initial=0.0) <= 1 + AGREEMENT:
            return None
        return f"point {int(np.argmax(whole))} is served {whole.max():.6f} times over by hubs and measures"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return it in words."""
        del name_of
        return _("nobody served twice")

"""How many of those in reach come to hubs, the fewer the farther they live."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pulp import LpConstraintLE

from hubplanner.compatibility import Feature
from hubplanner.model.constraints.base import Constraint, check
from hubplanner.model.variables.assignment import assigned, live_rows
from hubplanner.tolerances import AGREEMENT
from hubplanner.translation import N_, gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Floats, Problem

LEAST_SHARE = 1e-6
"""Share of people below which none come: nobody goes so far."""


@dataclass(frozen=True, kw_only=True)
class TakeUp(Constraint):
    r"""Of the people of a point only a share comes to hubs, the less the farther they are, however many hubs there are.

    .. math:: \sum_o \frac{x_{io}}{p(d_{io})} \le 1 \qquad \forall i, \qquad p(d) = s e^{-d / \delta}

    With $x_{io}$ the share of point i that option o serves; where people are assigned to hubs. A hub alone serves at
    most the share p(d); of those who would come to one hub, whoever goes to another does not come twice.

    A plan violates it where more of a point come than the distances to the hubs that serve them allow.

    Parameters
    ----------
    share
        Share s that comes to a hub next door, above 0 and at most 1.
    e_fold
        Distance $\delta$, in the unit of travel, over which the share falls to 1/e; infinite where it does not fall.

    See Also
    --------
    hubplanner.model.constraints.capacity.Capacity : what hubs have room for.

    >>> TakeUp(share=0.15, e_fold=5).describe(str)
    'take-up of 0.15, falling to 1/e over 5'
    """

    share: float
    e_fold: float = math.inf

    key: ClassVar[str] = "take_up"
    remedies: ClassVar[tuple[str, ...]] = (N_("more people who come"),)
    every_period: ClassVar[bool] = True
    priced: ClassVar[bool] = False
    changes_service: ClassVar[bool] = True
    assigns: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Reject an invalid share, and a distance over which nobody comes."""
        check("take_up.share", self.share, "a number above 0, at most 1", lambda value: 0 < value <= 1)
        if self.e_fold != math.inf:
            check("take_up.e_fold", self.e_fold, "a distance above 0", lambda value: value > 0)

    @property
    def features(self) -> frozenset[Feature]:
        """Take-up."""
        return frozenset({Feature.TAKE_UP})

    @property
    def most_share(self) -> float:
        """The share that comes to a hub next door."""
        return self.share

    def coming(self, distance: Floats) -> Floats:
        """Return the share of people that comes to a hub at a distance."""
        return np.asarray(self.share * np.exp(-distance / self.e_fold))

    def add_to(self, model: Model) -> None:
        """Add a row for each row of demand that hubs may serve."""
        rows, assign = live_rows(model), assigned(model)
        coming = rows.coming
        for pair in np.flatnonzero(coming < LEAST_SHARE).tolist():
            model.add(f"too_far_{pair}", [(assign[pair], 1.0)], LpConstraintLE, 0)
        near = np.flatnonzero(coming >= LEAST_SHARE)
        bounds = np.searchsorted(rows.row[near], np.arange(len(rows.totals) + 1)).tolist()
        for row, (start, stop) in enumerate(pairwise(bounds)):
            if stop > start:
                chosen = near[start:stop].tolist()
                # In parts of the most that come, so that the least coefficient is one.
                most = float(coming[chosen].max())
                terms = [(assign[pair], most / part) for pair, part in zip(chosen, coming[chosen], strict=True)]
                model.add(f"take_up_{row}", terms, LpConstraintLE, most)

    def violation(self, problem: Problem, plan: Evaluation) -> str | None:
        """Return which point comes in larger numbers than its way to hubs allows, None where none does."""
        pairs = plan.assigned.tocoo()
        needed = pairs.data / np.maximum(self.coming(plan.pair_distance), LEAST_SHARE)
        used = np.bincount(pairs.coords[0], weights=needed, minlength=problem.n_points)
        if not len(used) or used.max() <= 1 + AGREEMENT:
            return None
        return f"point {int(np.argmax(used))} comes to hubs {used.max():.6f} times as often as its way allows"

    def describe(self, name_of: Callable[[int], str]) -> str:
        """Return the take-up in words."""
        del name_of
        if math.isinf(self.e_fold):
            return _("take-up of {share:g}", share=self.share)
        return _("take-up of {share:g}, falling to 1/e over {way:g}", share=self.share, way=self.e_fold)

"""Lift the worst-covered first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE

from hubplanner.model.lp import LinearExpression
from hubplanner.model.parameters import refuse
from hubplanner.model.variables.coverage import covered_measure

if TYPE_CHECKING:
    from hubplanner.model.lp import Model
    from hubplanner.problem import Evaluation, Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxMin:
    """Cover the worst-covered group as well as can be, then the second worst, and so on.

    Parameters
    ----------
    weights
        (g, n) need of each group at each demand point.
    names
        What the groups are called.
    first
        Whether this comes before the objective, or only decides among plans that are equal by it.
    """

    weights: Floats
    names: tuple[str, ...] = ()
    first: bool = True

    def __post_init__(self) -> None:
        """Refuse weights without groups."""
        if np.ndim(self.weights) != 2 or not len(self.weights):  # noqa: PLR2004 - groups and points
            refuse("fairness", np.shape(self.weights), "one row of weights for each group")

    @property
    def with_need(self) -> list[Floats]:
        """The weights of the groups that have any."""
        return [weight for weight in self.weights if math.fsum(weight) > 0]


def worst_shares(model: Model, block: MaxMin, count: int) -> LinearExpression:
    r"""Return the sum of the k smallest covered shares, as large as it can be.

    .. math:: \max \; k r - \sum_g d_g \quad\text{s.t.}\quad d_g \ge r - s_g, \; d_g \ge 0

    Maximising it for k = 1, 2, ... in turn lifts the worst group first, also where plans are whole numbers.
    Ogryczak and Sliwinski (2006), doi:10.1007/11751540_85.
    """
    level = model.variable(f"level_{count}", 0, 1)
    terms = [(level, float(count))]
    for group, weight in enumerate(block.with_need):
        short = model.variable(f"short_{count}_{group}", 0, 1)
        share = covered_measure(model, weight).times(1 / math.fsum(weight))
        terms_short = [(short, 1.0), (level, -1.0), *share.terms]
        model.add(f"short_{count}_{group}", terms_short, LpConstraintGE, -share.constant)
        terms.append((short, -1.0))
    return LinearExpression(terms=terms)


def shares_of(plan: Evaluation, block: MaxMin) -> list[float]:
    """Return the covered share of each group with need, recomputed, smallest first."""
    return sorted(math.fsum(weight * plan.covered_share) / math.fsum(weight) for weight in block.with_need)

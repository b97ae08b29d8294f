"""The least that must be covered of a group's need."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pulp import LpConstraintGE

from hubplanner.models.checks import AGREEMENT, check_share
from hubplanner.models.measures import covered_measure
from hubplanner.models.model import decimal_unit

if TYPE_CHECKING:
    from hubplanner.models.model import Model
    from hubplanner.problem import Evaluation, Floats, Problem


@dataclass(frozen=True, kw_only=True, eq=False)
class Floor:
    """At least ``share`` of a group's need is covered.

    Parameters
    ----------
    weight
        (n,) need of the group at each demand point, 0 at those of others.
    share
        Least covered share.
    name
        What the group is called, such as "province Punjab".
    """

    weight: Floats
    share: float
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
        check_share(f"floor {self.name}".strip(), self.share)


def add_floor(model: Model, block: Floor) -> None:
    r"""Cover a share of a group's need: $\sum_{i \in G} w_i z_i \ge \phi \sum_{i \in G} w_i$."""
    total = math.fsum(block.weight)
    if total <= 0:
        return
    found = covered_measure(model, block.weight)
    unit = decimal_unit(total)
    scaled = found.times(1 / unit)
    model.add("floor", scaled.terms, LpConstraintGE, block.share * total / unit - scaled.constant)


def broken_floor(problem: Problem, plan: Evaluation, block: Floor) -> str | None:
    """Return how far a plan stays below a floor, None when it does not."""
    del problem
    total = math.fsum(block.weight)
    reached = math.fsum(np.asarray(block.weight) * plan.covered_share)
    if reached >= block.share * total - AGREEMENT * max(total, 1.0):
        return None
    return f"{block.name or 'a group'} is covered to {reached / total:.4%}, its floor is {block.share:.4%}"

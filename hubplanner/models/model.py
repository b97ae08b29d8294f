"""The PuLP model and the variables that every family of constraints speaks of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulp import LpAffineExpression, LpConstraint, LpMaximize, LpProblem, LpVariable

if TYPE_CHECKING:
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import Reduced

Terms = list[tuple[LpVariable, float]]
"""A linear expression as (variable, coefficient) pairs."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    r"""A PuLP program over an instance.

    Parameters
    ----------
    instance
        The arrays it is built from.
    program
        The PuLP problem.
    open_
        (o,) binary $y_o$: option o is built.
    covered
        (r,) $z_r \in [0, 1]$: row r is covered.
    counts
        Integer numbers of open options of a kind, for the solver to branch on.
    need_unit
        Need that one unit of the program's objective stands for.
    """

    instance: Reduced
    program: LpProblem
    open_: list[LpVariable]
    covered: list[LpVariable]
    counts: list[LpVariable]
    need_unit: float

    def add(self, name: str, terms: Terms, sense: int, bound: float) -> None:
        """Add one linear constraint."""
        self.program.addConstraint(LpConstraint(LpAffineExpression(terms), sense, name, bound))

    def opened(self, options: Ints, weights: Floats | None = None) -> Terms:
        """Return the (weighted) sum of some options' variables."""
        weight = [1.0] * len(options) if weights is None else weights.tolist()
        return [(self.open_[option], value) for option, value in zip(options.tolist(), weight, strict=True)]


def new_model(instance: Reduced, name: str) -> Model:
    """Return a model with its variables and nothing else."""
    program = LpProblem(name, LpMaximize)
    return Model(
        instance=instance,
        program=program,
        open_=[program.add_variable(f"open_{option}", 0, 1, cat="Integer") for option in instance.option.tolist()],
        covered=[program.add_variable(f"covered_{row}", 0, 1) for row in range(len(instance.need))],
        counts=[],
        need_unit=decimal_unit(max(instance.need.max(initial=0.0), instance.gain.max(initial=0.0))),
    )


def decimal_unit(largest: float) -> float:
    """Return the power of ten that brings the largest coefficient to [1, 10), where tolerances mean what they say.

    >>> decimal_unit(40_500_000.0)
    10000000.0
    """
    return 10.0 ** max(math.floor(math.log10(largest)), -300) if largest > 0 else 1.0

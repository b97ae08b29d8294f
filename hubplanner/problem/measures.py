"""Measures beside hubs that bring people online, such as subsidised devices and courses, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubplanner.errors import Fault
from hubplanner.problem.arrays import Bools, Floats
from hubplanner.problem.validation import COUNT, wrong_counts

ROUNDING = 1e-9
"""Share of a point that is the rounding of figures."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    r"""A measure that reaches people one by one, wherever they live, each for the same money.

    At point i it reaches the share $v_i \le e_i$ of those who are not connected yet, $p_i$ people. That costs
    $c p_i v_i$ and covers $b v_i$ of the point's need.

    Parameters
    ----------
    name
        What it is called, such as devices.
    cost
        Money c for a person, of all years; above 0.
    benefit
        Regular users of a hub b that a person counts for; above 0.
    offline
        (n,) people $p_i$ who are not connected yet.
    most
        (n,) largest share $e_i$ of them that it may reach.
    """

    name: str
    cost: float
    benefit: float
    offline: Floats
    most: Floats

    @property
    def room(self) -> float:
        """What a person takes up of the need of a point, and of its people: the larger of the benefit and one."""
        return max(self.benefit, 1.0)

    def faults(self, size: int) -> list[Fault]:
        """Return what is wrong with its figures for so many points."""
        wrong = [
            Fault(file="problem", column=f"{self.name}.{key}", value=value, allowed="a finite number above 0")
            for key, value in (("cost", self.cost), ("benefit", self.benefit))
            if not 0 < value < np.inf
        ]
        for key in ("offline", "most"):
            values = getattr(self, key)
            if np.shape(values) != (size,):
                found = Fault(
                    file="problem", column=f"{self.name}.{key}", value=np.shape(values), allowed=f"shape ({size},)"
                )
                wrong.append(found)
            elif wrong_counts(values).any():
                row = int(np.argmax(wrong_counts(values)))
                column, value = f"{self.name}.{key}", values[row].item()
                wrong.append(Fault(file="problem", row=row, column=column, value=value, allowed=COUNT))
        if not wrong and (self.most * self.room > 1 + ROUNDING).any():
            row = int(np.argmax(self.most * self.room))
            allowed = f"a share that {self.benefit:g} users each make no more than all"
            value = self.most[row].item()
            wrong.append(Fault(file="problem", row=row, column=f"{self.name}.most", value=value, allowed=allowed))
        return wrong


def taken(measures: Sequence[Measure], reached: Floats) -> Floats:
    r"""Return the share (n,) of each point that measures take up: $\sum_k \max(b_k, 1) v_{ki}$.

    Parameters
    ----------
    reached
        (k, n) shares $v_{ki}$ that they reach.
    """
    return np.asarray(np.array([measure.room for measure in measures]) @ reached)


def is_crowded(measures: Sequence[Measure], coming: float) -> Bools:
    """Tell where (n,) measures and hubs together might serve someone twice, if hubs serve so large a share at most."""
    most = np.array([measure.most for measure in measures])
    return np.asarray((taken(measures, most) > 1 - coming) & (most > 0).any(axis=0))

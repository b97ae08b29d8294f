"""Numbers for what keeps demand points apart: their groups, and what a seat is worth to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubplanner.problem import Floats, Ints

MOST_LABELS = 200_000
"""More combinations than this leave little to merge."""


class GroupEncoder:
    """The combinations of values seen so far, numbered from 0 as they appear.

    >>> labels = Labels()
    >>> labels.number({"province": pd.Series(["Sindh", "Punjab", "Sindh"])}, 3).tolist()
    [0, 1, 0]
    >>> labels.values(0)
    ['Sindh', 'Punjab']
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._number: dict[tuple[object, ...], int] = {}

    def __len__(self) -> int:
        """Return how many combinations there are."""
        return len(self._number)

    def number(self, columns: Mapping[str, pd.Series | Floats], size: int) -> Ints:
        """Return the number (size,) of each row's combination of values."""
        if not columns:
            self._number.setdefault((), 0)
            return np.zeros(size, dtype=np.intp)
        frame = pd.DataFrame(dict(columns))
        code = frame.groupby(list(frame.columns), sort=False, dropna=False).ngroup().to_numpy()
        first = np.unique(code, return_index=True)[1]
        for key in frame.iloc[first].itertuples(index=False, name=None):
            self._number.setdefault(key, len(self._number))
        known = [self._number[key] for key in frame.iloc[first].itertuples(index=False, name=None)]
        return np.array(known, dtype=np.intp)[code]

    def values(self, place: int) -> list[object]:
        """Return the value of one column, by number."""
        return [key[place] for key in self._number]

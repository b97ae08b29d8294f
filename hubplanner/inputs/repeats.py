"""Ids that occur twice in a file too large to hold them all: eight bytes each, then a second look at the suspects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import Fault
from hubplanner.inputs.checks import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubplanner.inputs.tables import InputTable

MOST_SUSPECTS = 100_000
"""Hashes that a second look follows."""

Hashes = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


class DuplicateIds:
    """Hashes of all ids read so far.

    Ids with equal hashes may differ: `note` compares the ids themselves.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._hashes: list[Hashes] = []

    def add(self, words: pd.Series) -> None:
        """Add the ids of some rows; blanks do not count."""
        self._hashes.append(hashes(keys_of(words[words != ""])))

    def suspects(self) -> Hashes:
        """Return hashes that occur twice, ascending, and forget all others."""
        together = np.empty(sum(map(len, self._hashes)), dtype=np.uint64)
        end = len(together)
        while self._hashes:  # each part is let go once it is copied
            part = self._hashes.pop()
            together[end - len(part) : end] = part
            end -= len(part)
        together.sort()
        return np.unique(together[1:][together[1:] == together[:-1]])[:MOST_SUSPECTS]


def hashes(words: pd.Series) -> Hashes:
    """Return a 64-bit number (k,) for each id, the same on every machine."""
    return np.asarray(pd.util.hash_array(words.to_numpy(dtype=object), categorize=False), dtype=np.uint64)


def note_repeats(
    parts: Iterable[tuple[InputTable, pd.Series]], suspects: Hashes, column: str, most: int
) -> list[Fault]:
    """Return a fault for each row whose id stands in an earlier row, the first ones spelled out.

    Parameters
    ----------
    parts
        The rows again, and their ids.
    suspects
        Hashes that occur twice, ascending.
    column
        The ids' column.
    most
        Faults to return.
    """
    first: dict[str, int] = {}
    faults: list[Fault] = []
    count = 0
    for table, words in parts:
        keys = keys_of(words)
        code = hashes(keys)
        place = np.minimum(np.searchsorted(suspects, code), len(suspects) - 1)
        for position in np.flatnonzero((suspects[place] == code) & (words != "").to_numpy()).tolist():
            word, row = str(words.iloc[position]), table.row(position)
            earlier = first.setdefault(keys.iloc[position], row)
            if earlier == row:
                continue
            count += 1
            if count <= most:
                allowed = f"an id only once; row {earlier} has it already"
                faults.append(Fault(file=table.name, row=row, column=column, value=word, allowed=allowed))
    if count > most:
        allowed = f"at least {count - most:,} more rows have an id that stands above them"
        faults.append(Fault(file=faults[0].file, column=column, allowed=allowed))
    return faults

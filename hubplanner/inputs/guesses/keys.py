"""Which columns of two tables name the same things: by the share of rows whose value has a partner."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from hubplanner.inputs.guesses.columns import compact
from hubplanner.inputs.guesses.look import FileLook
from hubplanner.problem import Bools

LEAST_MATCHED = 0.5
"""Share of rows that must have a partner for two columns to be taken for a key."""
MOST_PAIRS = 12
_BETWEEN = "\x1f"
_SMALL = re.compile(r"\d{1,3}")


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyMatch:
    """Columns of two tables by which their rows belong together.

    Parameters
    ----------
    on
        Column here and column there, of each part of the key.
    rows, matched
        Rows here, and those with a partner.
    unique
        Whether no two rows here have the same key, so that people may be taken over.
    alone
        Which rows here have no partner.
    used
        Which rows there are partners.
    """

    on: tuple[tuple[str, str], ...]
    rows: int
    matched: int
    unique: bool
    alone: Bools
    used: Bools

    @property
    def share(self) -> float:
        """Share of rows here with a partner."""
        return self.matched / self.rows


def match_keys(here: FileLook, there: FileLook) -> KeyMatch | None:
    """Return the columns by which rows of two tables belong together; None where there are none.

    Of several that match as many rows: fewer columns, then one whose names are alike, then in the order of the names.
    A key there that stands twice is none, as it would not tell whose values are meant.
    """
    ours, theirs = here.key_words, there.key_words
    often = {name: Counter(keys) for name, keys in ours.items()}  # once for each column, not for each pair of them
    held = {name: frozenset(words) for name, words in theirs.items()}
    numbers = {name for name, words in often.items() if _counts(words)}, {name for name in held if _counts(held[name])}
    pairs = [
        ((one, other), sum(keys[word] for word in keys.keys() & words) / keys.total())
        for one, keys in often.items()
        for other, words in held.items()
        if not (one in numbers[0] and other in numbers[1] and not _alike(one, other))
    ]
    pairs = sorted((each for each in pairs if each[1] >= LEAST_MATCHED), key=lambda each: (-each[1], each[0]))
    found = [match for pair, _ in pairs if (match := _match([pair], ours, theirs)) is not None]
    if not found:
        for both in combinations([pair for pair, _ in pairs[:MOST_PAIRS]], 2):
            if both[0][0] != both[1][0] and both[0][1] != both[1][1]:
                match = _match(list(both), ours, theirs)
                found += [match] if match is not None else []
    if not found:
        return None
    return min(
        found,
        key=lambda match: (
            -match.matched,
            not match.unique,
            not all(_alike(*pair) for pair in match.on),
            [(compact(one), compact(other)) for one, other in match.on],
        ),
    )


def _match(
    pairs: Sequence[tuple[str, str]], ours: dict[str, pd.Series], theirs: dict[str, pd.Series]
) -> KeyMatch | None:
    """Return how rows match by some pairs of columns; None where too few do, or a key there stands twice."""
    own = _together([ours[one] for one, _ in pairs])
    other = _together([theirs[there] for _, there in pairs])
    wanted = other[other.isin(set(own)) & (other.str.strip(_BETWEEN) != "")]
    if wanted.duplicated().any():
        return None
    matched = own.isin(set(wanted))
    if matched.mean() < LEAST_MATCHED or (wanted.nunique() < 2 and len(own) > 1):  # noqa: PLR2004 - one value tells nothing
        return None
    return KeyMatch(
        on=tuple(pairs),
        rows=len(own),
        matched=int(matched.sum()),
        unique=not own[matched].duplicated().any(),
        alone=~matched.to_numpy(),
        used=other.index.isin(wanted.index),
    )


def _together(parts: list[pd.Series]) -> pd.Series:
    whole = parts[0].astype(object)
    for part in parts[1:]:
        whole = whole + _BETWEEN + part
    return whole


def _counts(words: Iterable[str]) -> bool:
    """Tell whether values are small whole numbers, as rows are numbered: such match whatever they stand for."""
    return all(_SMALL.fullmatch(word) for word in words if word)


def _alike(one: str, other: str) -> bool:
    """Tell whether names of two columns say the same, or one says the other among more."""
    first, second = compact(one), compact(other)
    return first in second or second in first

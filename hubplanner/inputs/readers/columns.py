"""Checks of columns, each noting every row at fault, so that a user mends a file once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.tables import InputTable, as_named, read_table
from hubplanner.scenario.fields import MOST_MONEY, per_cent_hint
from hubplanner.scenario.names import has_control, hint, key_of, listed, near_key, shown, spelling_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hubplanner.problem import Bools
    from hubplanner.scenario.data_spec import DemandSpec, SitesSpec

EXACT_WHOLE = 2.0**53
"""Up to here every whole number is a float of its own."""
_GROUP, _THOUSANDS = 3, r"[1-9]\d{0,2}(\.\d{3})+"
"""Digits between the points of thousands."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checker:
    """Reads columns of one table and notes what is wrong with them.

    Parameters
    ----------
    table
        The rows to read.
    faults
        The list that every fault is added to.
    most
        Faults of a column that are spelled out, the others counted; None for all.
    """

    table: InputTable
    faults: list[Fault]
    most: int | None = None

    def note(self, column: str, wrong: pd.Series, values: pd.Series, allowed: str | Callable[[int], str]) -> None:
        """Note each row where ``wrong`` holds; what is allowed may depend on the row's position."""
        positions = np.flatnonzero(wrong.to_numpy()).tolist()
        shown = positions[: self.most]
        for position in shown:
            self.faults.append(
                Fault(
                    file=self.table.name,
                    row=self.table.row(position),
                    column=column,
                    value=str(values.iloc[position]),
                    allowed=allowed if isinstance(allowed, str) else allowed(position),
                )
            )
        if len(positions) > len(shown):
            more = f"{len(positions) - len(shown):,} more rows up to this one are wrong like those above"
            row = self.table.row(positions[-1])
            self.faults.append(Fault(file=self.table.name, row=row, column=column, allowed=more))

    def column(self, name: str) -> pd.Series | None:
        """Return a column; None, with a fault noted, when the table has none of that name."""
        frame = self.table.frame
        if name in frame.columns and name != "geometry":
            return frame[name]
        known = ", ".join(str(known) for known in frame.columns if known != "geometry")
        self.faults.append(
            Fault(file=self.table.name, column=name, allowed=f"is missing; the file's columns are {known}")
        )
        return None

    def text(self, name: str, *, blank: bool = False) -> pd.Series:
        """Return a column as text; a blank is a fault unless allowed."""
        column = self.column(name)
        if column is None:
            return self._empty("")
        words = as_text(column)
        words = words.where(keys_of(words) != "", "")
        if not blank:
            self.note(name, words == "", words, "a value in every row")
        return words

    def names(self, name: str) -> pd.Series:
        """Return a column of names such as districts, one spelling for all that look the same; warn of near ones."""
        words = self.text(name)
        keys = keys_of(words)
        spelled = spellings(words, keys)
        self.table.warnings.extend(near_names(self.table.name, name, spelled))
        if all(len(same) == 1 for same in spelled.values()):
            return words
        return keys.map({key: spelling_of(same) for key, same in spelled.items()} | {"": ""})

    def identifiers(self, name: str) -> pd.Series:
        """Return a column of unique ids as they are spelled; warn of those that are nearly the same."""
        words = self.text(name)
        self.note_repeated(name, words, "an id")
        self._warn_of_ids(name, words)
        return words

    def _warn_of_ids(self, column: str, words: pd.Series) -> None:
        """Warn of ids that hold control characters, and of those that differ in case alone."""
        odd = np.flatnonzero([not word.isprintable() and has_control(word) for word in words]).tolist()
        for position in odd:
            message = f"{column} {words.iloc[position]!r} holds a control character, which other programs may not show"
            self._warn("control_character", position, message)
        small = keys_of(words).str.casefold()
        again = small.duplicated() & ~keys_of(words).duplicated() & (words != "")
        first = {} if not again.any() else {key: at for at, key in reversed(list(enumerate(small)))}
        for position in np.flatnonzero(again).tolist():
            other = first[small.iloc[position]]
            near = f"{column} {shown(words.iloc[position])} differs from {shown(words.iloc[other])}"
            message = f"{near} in row {self.table.row(other)} in upper and lower case alone"
            self._warn("similar_id", position, message)

    def _warn(self, code: str, position: int, message: str) -> None:
        row = self.table.row(position)
        self.table.warnings.append(DataWarning(code=code, message=message, file=self.table.name, row=row))

    def note_repeated(self, column: str, words: pd.Series, what: str) -> None:
        """Note each row whose value, unless blank, stands in an earlier row, however it is spelled."""
        keys = keys_of(words)
        again = keys.duplicated() & (words != "")
        if not again.any():
            return
        first = {key: position for position, key in reversed(list(enumerate(keys)))}

        def allowed(position: int) -> str:
            earlier = first[keys.iloc[position]]
            same = words.iloc[earlier] == words.iloc[position]
            written = "" if same else f", written {words.iloc[earlier]!a} there and {words.iloc[position]!a} here"
            return f"{what} only once; row {self.table.row(earlier)} has it already{written}"

        self.note(column, again, words, allowed)

    def choices(self, name: str, allowed: Collection[str], default: str) -> pd.Series:
        """Return a column of named choices, blanks as the default."""
        words = self.text(name, blank=True)
        meant = keys_of(words).map({key_of(word): word for word in allowed} | {"": default})
        self.note(name, meant.isna(), words, f"one of {', '.join(allowed)}, or blank")
        return meant.fillna(default)

    def numbers(
        self,
        source: str | float,
        *,
        least: float = 0.0,
        most: float = MOST_MONEY,
        blank: str = "write 0 if it is none",
    ) -> pd.Series:
        """Return numbers from 0 to ``most``: a column, or one number for every row.

        Parameters
        ----------
        source
            A column name or the number itself.
        least
            Smallest value allowed beside 0.
        most
            Largest value allowed; 1 for a share.
        blank
            What to do about a blank cell, for its message.
        """
        if not isinstance(source, str):
            return self._empty(float(source))
        column = self.column(source)
        if column is None:
            return self._empty(np.nan)
        numbers = self._numeric(column, source, most, blank)
        small = (numbers > 0) & (numbers < least)
        if small.any():
            self.note(source, small, as_text(column), f"0, or a number of at least {least:g}")
        return numbers

    def _numeric(self, column: pd.Series, name: str, most: float, blank: str) -> pd.Series:
        numbers = as_numbers(column)
        if ((numbers >= 0) & (numbers <= most)).all():
            return numbers
        words = as_text(column)
        allowed = "a number from 0 to 1" if most == 1 else "a number of at least 0"
        self.note(name, words == "", words, f"{allowed}; {blank}")
        example = "0.45" if most == 1 else "1234.5"
        unreadable = ~np.isfinite(numbers) & (words != "")
        self.note(name, unreadable, words, _with_hint(f"{allowed}, written like {example}", words))
        hint = per_cent_hint if most == 1 else lambda value: f" and at most {most:g}" if value > most else ""
        outside = ((numbers < 0) | (numbers > most)) & ~unreadable
        self.note(name, outside, words, lambda position: allowed + hint(float(numbers.iloc[position])))
        return numbers

    def doubt_thousands(self, name: str) -> None:
        """Warn of a column of text whose points look like those of thousands: three digits after each, nobody else."""
        words = self.table.frame.get(name)
        if words is None or not pd.api.types.is_string_dtype(words):
            return
        has_point = words.str.contains(".", regex=False, na=False)
        pointed, plain = words[has_point], words[~has_point]
        if pointed.empty or not pointed.str.fullmatch(_THOUSANDS).all() or (plain.str.len() > _GROUP).any():
            return
        message = (
            f"{name} {pointed.iloc[0]} is a fraction of a person: every number with a point has three digits after it, "
            "as if points separated thousands; if so, remove them"
        )
        row = self.table.row(int(np.flatnonzero(words.index == pointed.index[0])[0]))
        self.table.warnings.append(DataWarning(code="point_in_people", message=message, file=self.table.name, row=row))

    def coordinates(self, name: str) -> pd.Series:
        """Return a column of finite coordinates."""
        column = self.column(name)
        if column is None:
            return self._empty(np.nan)
        numbers = as_numbers(column)
        unreadable = ~np.isfinite(numbers)
        if unreadable.any():
            words = as_text(column)
            self.note(name, unreadable, words, _with_hint("a number, written like 67.5", words))
        return numbers

    def _empty(self, value: str | float) -> pd.Series:
        return pd.Series(np.full(len(self.table.frame), value, dtype=object if isinstance(value, str) else np.float64))


def _with_hint(allowed: str, words: pd.Series) -> Callable[[int], str]:
    """Return what is allowed, by row, with what to do about a comma in a number."""

    def hinted(position: int) -> str:
        plain = str(words.iloc[position]).replace(",", "")
        comma = plain != words.iloc[position] and plain.lstrip("-").replace(".", "", 1).isdigit()
        return f"{allowed}, without a comma" if comma else allowed

    return hinted


def select(table: InputTable, where: Mapping[str, Collection[str]], faults: list[Fault]) -> InputTable:
    """Return the table's rows that have one of the asked values in each column; note what leaves no row."""
    before = len(faults)
    checker = Checker(table=table, faults=faults)
    kept = np.ones(len(table.frame), dtype=np.bool_)
    for column, wanted in where.items():
        words = checker.text(column, blank=True)
        if column in table.frame.columns:
            note_unknown(table.name, column, set(words), wanted, faults)
        kept &= among(words, wanted)
    if not kept.any() and len(faults) == before:
        allowed = f"leaves no row: none has the asked {' and '.join(where)} at once"
        faults.append(Fault(file=table.name, column="where", allowed=allowed))
    return replace(table, frame=table.frame[kept])


def note_unknown(name: str, column: str, words: set[str], wanted: Collection[str], faults: list[Fault]) -> None:
    """Note wanted values that no row has."""
    known = words - {""}
    keys = set(map(key_of, known))
    for value in sorted(value for value in set(wanted) if key_of(value) not in keys):
        allowed = f"a value the column has: {listed(known)}{hint(value, known)}"
        faults.append(Fault(file=name, column=f"where {column}", value=value, allowed=allowed))


def read_ids(spec: DemandSpec | SitesSpec) -> pd.Series | None:
    """Return a file's ids, whatever else is wrong with it; None when it has none to read."""
    unread: list[Fault] = []
    table = as_named(read_table(spec, unread), [spec.id or ""])
    return as_text(table.frame[spec.id]) if table is not None and spec.id in table.frame.columns else None


def keys_of(words: pd.Series) -> pd.Series:
    """Return what each name is compared by."""
    together = "\0".join(words)
    if together.isascii() and _ODD.search(together) is None:
        return words
    codes, distinct = pd.factorize(words)
    keys = np.array([key_of(word) for word in distinct], dtype=object)
    return pd.Series(keys[codes] if len(keys) else words, index=words.index, dtype=object)


_ODD = re.compile(r"[\x01-\x1f\x7f]|  ")
"""What ASCII text may hold that is not compared as it stands: names are stripped."""


def among(words: pd.Series, wanted: Collection[str]) -> Bools:
    """Tell which names are among those wanted, however they are spelled."""
    return np.asarray(keys_of(words).isin({key_of(value) for value in wanted}).to_numpy(), dtype=np.bool_)


def spellings(words: pd.Series, keys: pd.Series) -> dict[str, set[str]]:
    """Return the spellings of each name that is not blank, by what it is compared by."""
    found: dict[str, set[str]] = {}
    pairs = pd.DataFrame({"key": keys, "word": words}).drop_duplicates()
    for key, word in zip(pairs["key"], pairs["word"], strict=True):
        if key:
            found.setdefault(key, set()).add(word)
    return found


def near_names(file: str, column: str, spelled: Mapping[str, Collection[str]]) -> list[DataWarning]:
    """Return a warning for each name spelled in several ways, and for names that are nearly the same.

    Parameters
    ----------
    file, column
        Where they stand.
    spelled
        Spellings of each name, by what it is compared by.
    """
    found = []
    for same in spelled.values():
        if len(same) > 1:
            ways = ", ".join(ascii(word) for word in sorted(same))
            message = f"{column}: {spelling_of(same)!r} is spelled in {len(same)} ways, taken as one: {ways}"
            found.append(DataWarning(code="spellings", message=message, file=file))
    near: dict[str, list[str]] = {}
    for key in spelled:
        near.setdefault(near_key(key), []).append(key)
    for keys in near.values():
        if len(keys) > 1:
            names = ", ".join(repr(spelling_of(spelled[key])) for key in sorted(keys))
            message = f"{column}: {names} are {len(keys)} values; spell them alike if they are one"
            found.append(DataWarning(code="similar_values", message=message, file=file))
    return found


def as_text(column: pd.Series) -> pd.Series:
    """Return values as stripped text, missing ones blank, whole numbers without a decimal point."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.fillna("").str.strip().reset_index(drop=True)
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if (whole == whole.round()).all() and (whole.abs() < EXACT_WHOLE).all():
            column = column.astype("Int64")
    return column.astype("object").where(column.notna(), "").astype(str).str.strip().reset_index(drop=True)


def as_numbers(column: pd.Series) -> pd.Series:
    """Return values as floats, those that spell no number as NaN; true, false and dates are no numbers."""
    values = column.reset_index(drop=True)
    if pd.api.types.is_float_dtype(values) or (
        pd.api.types.is_integer_dtype(values) and not pd.api.types.is_bool_dtype(values)
    ):
        return values.astype("float64")
    return pd.to_numeric(as_text(values), errors="coerce").astype("float64")

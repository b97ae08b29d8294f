"""Checks of columns, each noting every row at fault, so that a user mends a file once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from hubplanner.errors import DataWarning, Fault
from hubplanner.inputs.readers.cells import CellRules, advice_on_cell, is_missing, is_total, likely_notations
from hubplanner.inputs.readers.tables import InputTable, as_named, read_table
from hubplanner.problem import Bools
from hubplanner.scenario.data_spec import DemandSpec, GroupMean, SitesSpec
from hubplanner.scenario.fields import MOST_MONEY, MOST_PEOPLE, PER_CENT, per_cent_hint
from hubplanner.scenario.names import MOST_COMPARED, has_control, hint, key_of, listed, near_key, shown, spelling_of
from hubplanner.translation import gettext as _, joined, ngettext, with_advice

EXACT_WHOLE = 2.0**53
"""Up to here every whole number is a float of its own."""
_GROUP, _THOUSANDS, _THREE_AT_MOST = 3, r"[1-9]\d{0,2}(\.\d{3})+", r"[1-9]\d{0,2}\.\d{1,3}"
"""Digits between the points of thousands."""
MOSTLY = 0.5
"""Share of numbers with a point that have three digits after it, above which points may be those of thousands."""
LEAST_LETTERS, MANY_TIMES = 6, 4
"""Letters of names that may be misspelt, and how many times as many rows the right ones have."""


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
    has_keys
        Whether the scenario has keys that say how the table's cells are written, which a message may advise.
    """

    table: InputTable
    faults: list[Fault]
    most: int | None = None
    has_keys: bool = True

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
            more = _("{count:,} more rows up to this one have the same fault", count=len(positions) - len(shown))
            row = self.table.row(positions[-1])
            self.faults.append(Fault(file=self.table.name, row=row, column=column, allowed=more))

    def column(self, name: str) -> pd.Series | None:
        """Return a column; None, with a fault noted, when the table has none of that name."""
        frame = self.table.frame
        if name in self.table.lost:
            return None
        if name in frame.columns and name != "geometry":
            return frame[name]
        self.faults.append(self.table.lacks(name))
        return None

    def text(self, name: str, *, blank: bool = False) -> pd.Series:
        """Return a column as text; a blank is a fault unless allowed."""
        column = self.column(name)
        if column is None:
            return self._empty("")
        words = as_text(column)
        keys = keys_of(words)
        if keys is not words:  # of signs that are not seen some leave nothing
            words = words.where(keys != "", "")
        if not blank:
            self.note(name, words == "", words, _("a value in every row"))
        return words

    def names(self, name: str) -> pd.Series:
        """Return a column of names such as districts, one spelling for all that look the same; warn of near ones."""
        words = self.text(name)
        keys = keys_of(words)
        spelled = spellings(words, keys)
        self.table.warnings.extend(near_names(self.table.name, name, spelled))
        self.table.warnings.extend(rare_names(self.table.name, name, keys))
        if all(len(same) == 1 for same in spelled.values()):
            return words
        return keys.map({key: spelling_of(same) for key, same in spelled.items()} | {"": ""})

    def identifiers(self, name: str | None) -> pd.Series:
        """Return a column of unique ids as they are spelled, numbers of rows without one; warn of near ones."""
        if name is None:
            message = _("no id column is named, so rows are identified by their numbers in the file")
            self.table.warnings.append(DataWarning(code="row_numbers", message=message, file=self.table.name))
            return pd.Series(self.table.rows.astype(str), dtype=object)
        words = self.text(name)
        self.note_repeated(name, words, _("an id"))
        self._warn_of_ids(name, words)
        return words

    def _warn_of_ids(self, column: str, words: pd.Series) -> None:
        """Warn of ids that hold control characters, and of those that differ in case alone."""
        odd = np.flatnonzero([not word.isprintable() and has_control(word) for word in words]).tolist()
        for position in odd:
            message = _(
                "{column} {found!r} holds a control character, which other programs may not show",
                column=column,
                found=words.iloc[position],
            )
            self._warn("control_character", position, message)
        small = keys_of(words).str.casefold()
        again = small.duplicated() & ~keys_of(words).duplicated() & (words != "")
        first = {} if not again.any() else {key: at for at, key in reversed(list(enumerate(small)))}
        for position in np.flatnonzero(again).tolist():
            other = first[small.iloc[position]]
            near = _(
                "{column} {value} differs from {earlier}",
                column=column,
                value=shown(words.iloc[position]),
                earlier=shown(words.iloc[other]),
            )
            message = _("{near} in row {row} in upper and lower case alone", near=near, row=self.table.row(other))
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
            told = {"what": what, "row": self.table.row(earlier)}
            if same:
                return _("{what} only once; row {row} has it already", **told)
            return _(
                "{what} only once; row {row} has it already, written {earlier!a} there and {here!a} here",
                earlier=words.iloc[earlier],
                here=words.iloc[position],
                **told,
            )

        self.note(column, again, words, allowed)

    def choices(
        self, name: str, allowed: Collection[str], default: str, others: Mapping[str, str] | None = None, key: str = ""
    ) -> pd.Series:
        """Return a column of named choices, blanks as the default.

        Parameters
        ----------
        name
            The column.
        allowed
            The choices.
        default
            What a blank stands for.
        others
            Other words for choices.
        key
            The scenario's key that names other words, for a message.
        """
        words = self.text(name, blank=True)
        known = {key_of(word): word for word in allowed} | {
            key_of(word): meant for word, meant in (others or {}).items()
        }
        meant = keys_of(words).map({"": default} | known)

        def allowed_here(position: int) -> str:
            found, first = words.iloc[position], next(iter(allowed))
            way = _("or say what it means with {key}: {{{found}: {first}}}", key=key, found=found, first=first)
            return with_advice(_("one of {allowed}, or blank", allowed=joined(allowed, ", ")), way if key else "")

        self.note(name, meant.isna(), words, allowed_here)
        return meant.fillna(default)

    def numbers(
        self,
        source: str | float,
        *,
        least: float = 0.0,
        most: float = MOST_MONEY,
        blank: str = "",
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
            self.note(source, small, as_text(column), _("0, or a number of at least {least:g}", least=least))
        return numbers

    def _numeric(self, column: pd.Series, name: str, most: float, blank: str) -> pd.Series:
        rules = self.table.cells
        is_percent = name in rules.percent
        numbers = as_numbers(column, rules, percent=is_percent)
        if ((numbers >= 0) & (numbers <= most)).all():
            return numbers
        words = as_text(column)
        allowed = _("a number from 0 to 1") if most == 1 else _("a number of at least 0")
        if is_percent:
            allowed = _("a number from 0 to {per_cent:g}, in per cent", per_cent=PER_CENT * most)
        gaps = is_missing(words) if name in rules.missing else words == ""
        if name in rules.missing:
            numbers = self._filled(name, numbers, gaps)
        else:
            way = _("{allowed}; {blank}", allowed=allowed, blank=blank or _("write 0 if it is none"))
            if self.has_keys:
                way = _("{way}, or add missing: {{{name}: drop}}", way=way, name=name)
            self.note(name, gaps, words, way)
        example = "45" if is_percent else "0.45" if most == 1 else "1234.5"
        unreadable = ~np.isfinite(numbers) & ~gaps
        way = _("{allowed}, written like {example}", allowed=allowed, example=example)
        self._note_unreadable(name, unreadable, words, way)
        both = allowed if most == 1 else _("{allowed} and at most {most:g}", allowed=allowed, most=most)
        hint = self._share_hint(name, numbers) if most == 1 else lambda _: ""
        outside = ((numbers < 0) | (numbers > most)) & ~unreadable

        def told(position: int) -> str:
            value = float(numbers.iloc[position])
            return with_advice(both if value > most else allowed, hint(value))

        self.note(name, outside, words, told)
        return numbers

    def _share_hint(self, name: str, numbers: pd.Series) -> Callable[[float], str]:
        """Return what a share above 1 may have meant: per cent, as all of a column or as a single cell."""
        if name in self.table.cells.percent:
            return lambda _: ""
        in_per_cent = int(((numbers > 1) & (numbers <= PER_CENT)).sum())
        if self.has_keys and in_per_cent > 1 and in_per_cent > MOSTLY * (numbers > 0).sum():  # one is no column
            return lambda value: (
                _("if the column is in per cent, add percent: [{name}]", name=name) if value > 1 else ""
            )
        return per_cent_hint

    def _note_unreadable(
        self, name: str, unreadable: pd.Series, words: pd.Series, allowed: str, *, is_place: bool = False
    ) -> None:
        """Note cells that are no numbers, each with the key that reads it as it stands."""
        if not self.has_keys or not unreadable.any():
            self.note(name, unreadable, words, allowed)
            return
        rules, totals = self.table.cells, total_rows(self.table).to_numpy()
        if rules.drop_totals:
            totals[:] = False
        notations = likely_notations(words[unreadable], is_place=is_place)

        def told(position: int) -> str:
            if totals[position]:
                return _(
                    "{allowed}; a cell says that this row is a total of others: total_rows: drop leaves it out",
                    allowed=allowed,
                )
            return with_advice(allowed, advice_on_cell(words.iloc[position], name, rules, notations, is_place=is_place))

        self.note(name, unreadable, words, told)

    def _filled(self, name: str, numbers: pd.Series, gaps: pd.Series) -> pd.Series:
        """Return numbers with what the scenario says of those that are missing; note groups that have none."""
        rule = self.table.cells.missing[name]
        if not gaps.any() or rule == "drop":
            return numbers
        if not isinstance(rule, GroupMean):
            self._tell_filled(name, gaps, f"{rule:g}")
            return numbers.mask(gaps, float(rule))
        groups = keys_of(self.text(rule.mean_of))
        means = numbers.where(~gaps).groupby(groups).mean().reindex(groups).to_numpy()
        filled = numbers.mask(gaps, pd.Series(means, index=numbers.index))
        allowed = _(
            "a {mean_of} in which some row has {name}, whose mean missing: {{{name}: ...}} asks for",
            mean_of=rule.mean_of,
            name=name,
        )
        self.note(rule.mean_of, gaps & filled.isna(), groups, allowed)
        self._tell_filled(name, gaps, _("the mean of the other rows of their {mean_of}", mean_of=rule.mean_of))
        return filled.mask(gaps & filled.isna(), 0.0)

    def _tell_filled(self, name: str, gaps: pd.Series, what: str) -> None:
        count = int(gaps.sum())
        message = ngettext(
            "{name} is missing in {n} row and taken as {what}",
            "{name} is missing in {n} rows and taken as {what}",
            count,
            name=name,
            what=what,
        )
        warning = DataWarning(code="filled_cells", message=message, file=self.table.name)
        if warning not in self.table.warnings:
            self.table.warnings.append(warning)

    def doubt_thousands(self, name: str) -> None:
        """Warn of people whose points look like those of thousands: three digits after each, less than 1,000 without.

        A spreadsheet's numbers have lost the zeros at their ends, so there most of those with a point have three.
        """
        column = self.table.frame.get(name)
        if column is None:
            return
        is_text = pd.api.types.is_string_dtype(column)
        if is_text:
            words = column
        elif pd.api.types.is_float_dtype(column):
            words = as_text(column).str.removesuffix(".0")
        else:
            return
        has_point = words.str.contains(".", regex=False, na=False)
        pointed, plain = words[has_point], words[~has_point]
        three = pointed.str.fullmatch(_THOUSANDS if is_text else _THREE_AT_MOST)
        full = pointed.str.fullmatch(_THOUSANDS)
        if pointed.empty or not three.all() or full.mean() <= MOSTLY or (plain.str.len() > _GROUP).any():
            return
        pointed = pointed[full]
        message = _(
            "{name} {found} is a fraction of a person: every number with a point has three digits after "
            "it, as if points separated thousands; if so, remove them",
            name=name,
            found=pointed.iloc[0],
        )
        row = self.table.row(int(np.flatnonzero(words.index == pointed.index[0])[0]))
        self.table.warnings.append(DataWarning(code="point_in_people", message=message, file=self.table.name, row=row))

    def coordinates(self, name: str) -> pd.Series:
        """Return a column of finite coordinates."""
        column = self.column(name)
        if column is None:
            return self._empty(np.nan)
        numbers = as_numbers(column, self.table.cells)
        unreadable = ~np.isfinite(numbers)
        if unreadable.any():
            self._note_unreadable(name, unreadable, as_text(column), _("a number, written like 67.5"), is_place=True)
        return numbers

    def _empty(self, value: str | float) -> pd.Series:
        return pd.Series(np.full(len(self.table.frame), value, dtype=object if isinstance(value, str) else np.float64))


def usable_rows(table: InputTable, faults: list[Fault]) -> InputTable:
    """Return the rows without those that the scenario's rules of cells leave out, and tell of these.

    Rows are left out where a column of ``missing: {column: drop}`` says nothing, and by ``total_rows: drop`` where a
    cell says total.
    """
    checker = Checker(table=table, faults=faults)
    for name in sorted({*table.cells.percent, *table.cells.missing}):
        checker.column(name)
    return complete_rows(table, faults)


def complete_rows(table: InputTable, faults: list[Fault]) -> InputTable:
    """Return the rows that the rules of cells do not leave out; tell how many they do."""
    frame, rules = table.frame, table.cells
    out = {
        _("have no {name}", name=name): is_missing(as_text(frame[name]))
        for name, rule in rules.missing.items()
        if rule == "drop" and name in frame.columns
    }
    totals = total_rows(table)
    if rules.drop_totals:
        out[_("say total")] = totals
    elif totals.any():
        row = table.row(int(np.flatnonzero(totals)[0]))
        message = _("a cell says that this row is a total of others; total_rows: drop leaves such rows out")
        warning = DataWarning(code="total_row", message=message, file=table.name, row=row)
        if warning not in table.warnings:
            table.warnings.append(warning)
    kept = np.ones(len(frame), dtype=np.bool_)
    for why, left_out in out.items():
        gone = left_out.to_numpy() & kept
        if gone.any():
            count = int(gone.sum())
            rows = ", ".join(str(table.row(at)) for at in np.flatnonzero(gone)[:5].tolist())
            message = ngettext(
                "{n} row is left out because its cells {why}: {rows}",
                "{n} rows are left out because their cells {why}: {rows}",
                count,
                why=why,
                rows=rows + ", ..." * (count > 5),  # noqa: PLR2004 - rows that are listed
            )
            table.warnings.append(DataWarning(code="dropped_rows", message=message, file=table.name))
        kept &= ~gone
    if not kept.any() and len(frame):
        faults.append(Fault(file=table.name, allowed=_("has no row left: all {out}", out=joined(out, _(" or ")))))
    return table if kept.all() else replace(table, frame=frame[kept])


def total_rows(table: InputTable) -> pd.Series:
    """Tell which rows say in a cell that they are sums."""
    found = np.zeros(len(table.frame), dtype=np.bool_)
    for name, column in table.frame.items():
        if name != "geometry" and (pd.api.types.is_string_dtype(column) or column.dtype == object):
            words = column if isinstance(column.dtype, pd.StringDtype) else as_text(column)
            totals = {word for word in words.dropna().unique() if is_total(word.strip())}
            if totals:
                found |= words.isin(totals).to_numpy(dtype=np.bool_)
    return pd.Series(found)


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
        allowed = _("leaves no row: none has the asked {where} at once", where=joined(where, _(" and ")))
        faults.append(Fault(file=table.name, column="where", allowed=allowed))
    return replace(table, frame=table.frame[kept])


def note_unknown(name: str, column: str, words: set[str], wanted: Collection[str], faults: list[Fault]) -> None:
    """Note wanted values that no row has."""
    known = words - {""}
    keys = set(map(key_of, known))
    for value in sorted(value for value in set(wanted) if key_of(value) not in keys):
        allowed = with_advice(_("a value the column has: {known}", known=listed(known)), hint(value, known))
        faults.append(Fault(file=name, column=_("where {column}", column=column), value=value, allowed=allowed))


def read_ids(spec: DemandSpec | SitesSpec) -> pd.Series | None:
    """Return a file's ids, whatever else is wrong with it; None when it has none to read."""
    unread: list[Fault] = []
    table = as_named(read_table(spec, unread), [spec.id or ""])
    if table is not None and spec.id is None:
        return pd.Series(table.rows.astype(str), dtype=object)
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
            message = _(
                "{column}: {spelling!r} is spelled in {count} ways, taken as one: {ways}",
                column=column,
                spelling=spelling_of(same),
                count=len(same),
                ways=ways,
            )
            found.append(DataWarning(code="spellings", message=message, file=file))
    near: dict[str, list[str]] = {}
    for key in spelled:
        near.setdefault(near_key(key), []).append(key)
    for keys in near.values():
        if len(keys) > 1:
            names = ", ".join(repr(spelling_of(spelled[key])) for key in sorted(keys))
            message = _(
                "{column}: {names} are {count} values; spell them alike if they are one",
                column=column,
                names=names,
                count=len(keys),
            )
            found.append(DataWarning(code="similar_values", message=message, file=file))
    return found


def rare_names(file: str, column: str, keys: pd.Series) -> list[DataWarning]:
    """Return a warning for each name that differs by a letter from one with many times as many rows.

    Numbers and short names are left out, as are names with about as many rows: such mostly are two.

    >>> [warning.message for warning in rare_names("a.csv", "province", pd.Series(["Punjab"] * 9 + ["Punjap"]))]
    ["province: 'Punjap', in 1 row, differs by a letter from 'Punjab', in 9; spell them alike if they are one"]
    """
    counts = keys[keys != ""].value_counts()
    names = [name for name in counts.index if len(name) >= LEAST_LETTERS and not any(map(str.isdigit, name))]
    rare = [name for name in names if counts[name] * MANY_TIMES <= counts.iloc[0]]
    if not rare or len(names) > MOST_COMPARED:
        return []
    plain = {name: near_key(name) for name in names}
    apart = cdist([plain[name] for name in rare], [plain[name] for name in names], scorer=OSA.distance, score_cutoff=1)
    found = []
    for at, other in np.argwhere(apart == 1).tolist():
        one, many = counts[rare[at]], counts[names[other]]
        if one * MANY_TIMES <= many:
            message = ngettext(
                "{column}: {rare!r}, in {n} row, differs by a letter from {often!r}, in {often_rows:,}; spell them "
                "alike if they are one",
                "{column}: {rare!r}, in {n} rows, differs by a letter from {often!r}, in {often_rows:,}; spell them "
                "alike if they are one",
                one,
                column=column,
                rare=rare[at],
                often=names[other],
                often_rows=many,
            )
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


def as_numbers(column: pd.Series, rules: CellRules | None = None, *, percent: bool = False) -> pd.Series:
    """Return values as floats, those that spell no number as NaN; true, false and dates are no numbers.

    Parameters
    ----------
    column
        The cells.
    rules
        How numbers are written as text; as computers write them if None.
    percent
        Whether they are per cent, to be divided by 100.
    """
    values = column.reset_index(drop=True)
    if pd.api.types.is_float_dtype(values) or (
        pd.api.types.is_integer_dtype(values) and not pd.api.types.is_bool_dtype(values)
    ):
        numbers = values.astype("float64")
    else:
        words = as_text(values)
        plain = words if rules is None else rules.plain(words, percent=percent)
        numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
        if rules is not None and not rules.is_plain and values.dtype == object:  # cells of a sheet that are numbers
            own = values.map(lambda cell: isinstance(cell, int | float) and not isinstance(cell, bool)).astype(bool)
            numbers = numbers.mask(own, pd.to_numeric(values.where(own), errors="coerce").astype("float64"))
    return numbers / PER_CENT if percent else numbers


def connected_share(spec: DemandSpec, checker: Checker, people: pd.Series) -> pd.Series:
    """Return the share of each row's people who are connected: as given, or from a count of those who are or are not.

    Where nobody lives, nobody is connected. A count above the row's people is a fault.
    """
    name = spec.connected_people or spec.offline_people
    if name is None:
        return checker.numbers(spec.connected_share, most=1)
    count = checker.numbers(name, most=MOST_PEOPLE)
    column = checker.table.frame.get(name)
    words = as_text(column) if column is not None else count
    checker.note(
        name,
        count > people,
        words,
        lambda at: _("at most the people of the row, {people:g}", people=people.iloc[at]),
    )
    share = (count / people.where(people > 0)).fillna(0.0).clip(upper=1.0)
    return share if spec.connected_people else (1 - share).where(people > 0, 0.0)

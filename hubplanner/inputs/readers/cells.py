"""How the cells of a file are written, as the scenario says: numbers, per cent, what is missing, what is a sum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from hubplanner.scenario.data_spec import FileSpec, Missing
from hubplanner.translation import gettext as _, listed

MISSING_MARKS = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "#n/a",
        "nan",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "\u2013",
        "\u2014",
        ".",
        "..",
        "...",
        "\u2026",
    }
)
"""What cells say that say nothing, in small letters."""
_TOTAL = re.compile(
    r"((grand|overall|sub)[ -]?)?totals?( g[eé]n[eé]ral)?|totaux|total(es)? generale?s?|(ins)?gesamt|summe|somme|suma|"
    r"итого|всего|jumla|الإجمالي|المجموع|کل تعداد",
    re.IGNORECASE,
)
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'"})
"""Blanks and apostrophes that stand between thousands."""
NOTATIONS = ((".", ","), (",", "."), (",", ""), (".", " "), (",", " "), (".", "'"))
"""Marks of decimals and thousands that a column may be written with."""
WORDS = {"k": 1e3, "thousand": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "crore": 1e7}
WORDS |= {"bn": 1e9, "billion": 1e9, "milliard": 1e9}
"""What words and letters behind a number multiply it by."""
_WORDED = re.compile(rf"([-+]?[\d.,]*\d) ?({'|'.join(WORDS)})s?\.?", re.IGNORECASE)
MOST_COMPARED = 1000
"""Cells of a column that are looked at to tell how its numbers are written."""


def number_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    r"""Return the texts that are numbers with these marks.

    >>> bool(number_pattern(",", ".").fullmatch("1.234,5")), bool(number_pattern(",", ".").fullmatch("1.23,5"))
    (True, False)
    """
    mark = re.escape(thousands)
    whole = rf"(\d{{1,3}}({mark}\d{{3}})+|\d+)" if thousands else r"\d+"
    point = re.escape(decimal)
    return re.compile(rf"[+-]?({whole}({point}\d*)?|{point}\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, kw_only=True)
class CellRules:
    """What a scenario says of a file's cells.

    Parameters
    ----------
    decimal, thousands
        Marks of numbers written as text.
    percent
        Columns that are divided by 100.
    missing
        What becomes of cells that say nothing, by column.
    drop_totals
        Whether rows that say total are left out.
    """

    decimal: str = "."
    thousands: str = ""
    percent: frozenset[str] = frozenset()
    missing: Mapping[str, Missing] = field(default_factory=dict)
    drop_totals: bool = False

    @classmethod
    def of(cls, spec: FileSpec) -> CellRules:
        """Return the rules of a section of the scenario."""
        return cls(
            decimal=spec.decimal or ".",
            thousands=spec.thousands or "",
            percent=frozenset(spec.percent or ()),
            missing=getattr(spec, "missing", None) or {},
            drop_totals=spec.total_rows == "drop",
        )

    @property
    def is_plain(self) -> bool:
        """Tell whether numbers are written as computers write them."""
        return self.decimal == "." and not self.thousands

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return number_pattern(self.decimal, self.thousands)

    def plain(self, words: pd.Series, *, percent: bool = False) -> pd.Series:
        """Return numbers written with these marks as computers write them; blank where a text is no such number.

        >>> import pandas as pd
        >>> CellRules(decimal=",", thousands=".").plain(pd.Series(["1.234,5", "12", "1.23"])).tolist()
        ['1234.5', '12', '']
        """
        if percent:
            words = words.str.removesuffix("%").str.rstrip()
        if self.is_plain:
            return words
        words = words.str.translate(SPACES)
        fits = words.map(lambda word: self._pattern.fullmatch(word) is not None).astype(bool)
        if self.thousands:
            words = words.str.replace(self.thousands, "", regex=False)
        return words.str.replace(self.decimal, ".", regex=False).where(fits, "")


PLAIN_CELLS = CellRules()


def is_missing(words: pd.Series) -> pd.Series:
    """Tell which texts say nothing: blanks, n/a, dashes and the like."""
    return words.str.casefold().isin(MISSING_MARKS)


def is_total(word: str) -> bool:
    """Tell whether a text says that a row is a sum of others."""
    return _TOTAL.fullmatch(word.rstrip(" :")) is not None


def likely_notations(words: pd.Series, *, is_place: bool = False) -> list[tuple[str, str]]:
    """Return the marks that cells of a column may be written with, those first that read most of them.

    Of equals, a comma or a point before three digits is that of thousands, but in degrees that of decimals.

    >>> likely_notations(pd.Series(["1,234", "12,5"]))[0], likely_notations(pd.Series(["1,234", "12"]))[0]
    ((',', '.'), ('.', ','))
    """
    some = words.drop_duplicates().head(MOST_COMPARED).str.translate(SPACES)

    def rank(marks: tuple[str, str]) -> tuple[int, bool]:
        return -sum(_fits(word, *marks) for word in some), is_place and marks[0] != ","

    return sorted(NOTATIONS, key=rank)


def _fits(word: str, decimal: str, thousands: str) -> bool:
    """Tell whether a text is a number with these marks; no thousands come after a 0 alone."""
    return number_pattern(decimal, thousands).fullmatch(word) is not None and not re.match(
        rf"[+-]?0{re.escape(thousands)}\d", word
    )


def advice_on_cell(
    word: str,
    column: str,
    rules: CellRules,
    notations: Sequence[tuple[str, str]] = NOTATIONS,
    *,
    is_place: bool = False,
) -> str:
    """Return which key reads a cell that is not a number as it is, as advice; nothing where none is likely.

    ``notations`` are the marks that the column's numbers may be written with, the likeliest first.

    >>> advice_on_cell("45 %", "internet", CellRules())
    'if it is per cent, add percent: [internet]'
    >>> advice_on_cell("67°30'E", "lon", CellRules(), is_place=True)
    'write decimal degrees: minutes / 60, seconds / 3600, south and west below 0'
    >>> advice_on_cell("3,21", "lon", CellRules())
    'if the comma marks decimals, add decimal: ","'
    >>> advice_on_cell("1.5 million", "people", CellRules())
    'write the number in digits alone: 1500000'
    """
    named = column if re.fullmatch(r"[A-Za-z_][\w ]*", column) else f'"{column}"'
    if word.casefold() in MISSING_MARKS and column not in rules.missing:
        drop = _("if it is not known, add missing: {{{named}: drop}}", named=named)
        other = _(
            "if it is not known, add missing: {{{named}: drop}}; instead of drop, a number or {{mean_of: GROUP}}",
            named=named,
        )
        return drop if is_place else other
    if is_place and not {"°", "º", "\u2032", "\u2033"}.isdisjoint(word):
        return _("write decimal degrees: minutes / 60, seconds / 3600, south and west below 0")
    if word.endswith("%") and column not in rules.percent:
        return _("if it is per cent, add percent: [{named}]", named=named)
    plain = word.translate(SPACES)
    if not is_place and (number := _in_digits(plain, rules)):
        return _("write the number in digits alone: {number}", number=number)
    if not rules.is_plain:
        marks = _("decimal {decimal!r} and thousands {thousands!r}", decimal=rules.decimal, thousands=rules.thousands)
        return _("numbers here are written with {marks}, as the keys say", marks=marks)
    said = (_said(plain, *marks) for marks in notations if _fits(plain, *marks))
    return next((way for way in said if way), "")


def _in_digits(word: str, rules: CellRules) -> str:
    """Return a number with a word such as million behind it in digits, with the marks of the column; blank for others.

    >>> [_in_digits(word, CellRules()) for word in ("1.0 million", "2,5 Mio.", "3 lakh", "1,200k", "many")]
    ['1000000', '2500000', '300000', '1200000', '']
    """
    found = _WORDED.fullmatch(word)
    if found is None:
        return ""
    number, times = found[1], WORDS[found[2].casefold()]
    own = ((rules.decimal, rules.thousands),)
    for decimal, thousands in own if not rules.is_plain else (*own, *NOTATIONS):
        if number_pattern(decimal, thousands).fullmatch(number):
            digits = number.replace(thousands, "") if thousands else number
            return f"{float(digits.replace(decimal, '.')) * times:.15g}".replace(".", rules.decimal)
    return ""


def _said(word: str, decimal: str, thousands: str) -> str:
    """Return what a text's marks mean and the keys that say so."""
    has_decimal, has_thousands = decimal in word and decimal != ".", bool(thousands) and thousands in word
    what = {",": _("the comma"), ".": _("the point"), " ": _("the blank"), "'": _("the apostrophe")}
    ways = [_("{mark} marks decimals", mark=what[decimal])] if has_decimal else []
    ways += [_("{mark} separates thousands", mark=what[thousands])] if has_thousands else []
    keys = [f'decimal: "{decimal}"'] if has_decimal else []
    keys += [f'thousands: "{thousands}"'] if has_thousands else []
    return _("if {ways}, add {keys}", ways=listed(ways), keys=listed(keys)) if ways else ""

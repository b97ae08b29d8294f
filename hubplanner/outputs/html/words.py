"""Numbers, money and lists as the report writes them."""

from __future__ import annotations

import math
from typing import Any

from hubplanner.outputs.run_data import Result, isolated, on_one_line, plural
from hubplanner.translation import ENGLISH, N_, gettext as _, ngettext, spoken, written

UNITS = (N_("km"), N_("minutes"), N_("seconds"))
"""What is measured in, as figures name it."""


def count(number: float | None) -> str:
    """Return a whole number with separators, a dash where there is none.

    >>> count(1234567.4), count(None), count(float("nan"))
    ('1,234,567', '-', '-')
    """
    return written(f"{number:,.0f}") if number is not None and math.isfinite(number) else "-"


def decimal(number: float | None, unit: str = "") -> str:
    """Return a number with one decimal and its unit.

    >>> decimal(1234.56, "km"), decimal(None)
    ('1,234.6 km', '-')
    """
    if number is None or not math.isfinite(number):
        return "-"
    return f"{written(f'{number:,.1f}')} {_(unit) if unit else unit}".strip()


def money(result: Result, amount: float | None) -> str:
    """Return money in full, such as ``PKR 10,695,048``."""
    if amount is None or not math.isfinite(amount):
        return "-"
    return f"{isolated(result.money)} {written(f'{0.0 + round(amount):,.0f}')}".strip()


def hubs_in_words(number: int) -> str:
    """Return how many new hubs.

    >>> hubs_in_words(1), hubs_in_words(1200), hubs_in_words(0)
    ('1 new hub', '1,200 new hubs', 'no new hubs')
    """
    return ngettext("{n} new hub", "{n} new hubs", number) if number else _("no new hubs")


def tier_in_words(name: str, number: int) -> str:
    """Return how many hubs of a tier; only of English words is it known what many of them are.

    >>> tier_in_words("centre", 3)
    '3 centres'
    """
    return plural(name, number) if spoken() is ENGLISH else f"{count(number)} x {name}"


def heading(column: Any) -> str:
    """Return a column's name as a heading.

    >>> heading("area_type"), heading("district")
    ('Area type', 'District')
    """
    words = on_one_line(column).replace("_", " ")
    return words[:1].upper() + words[1:]

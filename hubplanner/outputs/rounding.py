"""How figures are written: money to the cent, all else to twelve digits. No other place rounds what files hold.

Sums of binary fractions end in digits that say nothing: 9999.999999998 people are 10,000. Twelve digits leave whole
numbers whole; a cent is where money ends, and small amounts keep seven digits, since they may stand for millions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from hubplanner.problem import Floats

DIGITS = 12
"""Digits of a figure that is not money, whole numbers aside."""
CENT, MONEY_DIGITS = 2, 7
"""Decimals of money, and digits that small amounts keep."""
MOST_DECIMALS = 22
"""Powers of ten up to which binary fractions are exact."""
MONEY = frozenset(
    {
        *("cost", "capex", "opex_present_value", "backhaul", "saved", "cost_at_least", "expected_cost"),
        *("highest_cost", "cost per person", "cost to build", "cost to run"),
        *("link_cost", "power_cost"),
    }
)
"""What is money, by its key or column."""


def rounded_values(values: Floats, *, money: bool = False) -> Floats:
    """Return figures as they are written.

    >>> rounded_values(np.array([9999.999999998, 26664567.373068158, 1 / 3, np.nan])).tolist()
    [10000.0, 26664567.3731, 0.333333333333, nan]
    >>> rounded_values(np.array([26664567.373068158, 9.0909090909]), money=True).tolist()
    [26664567.37, 9.090909]
    """
    values = np.asarray(values, dtype=np.float64)
    some = np.isfinite(values) & (values != 0)
    whole = np.zeros(values.shape, dtype=np.intp)
    whole[some] = np.floor(np.log10(np.abs(values[some]))).astype(np.intp) + 1
    decimals = np.maximum(MONEY_DIGITS - whole, CENT) if money else np.maximum(DIGITS - whole, 0)
    unit = 10.0 ** np.minimum(decimals, MOST_DECIMALS)
    some &= decimals <= MOST_DECIMALS
    found = values.copy()
    found[some] = np.rint(values[some] * unit[some]) / unit[some]
    return found


def rounded_change(change: float, of: float, *, money: bool = False) -> float:
    """Return the difference of two figures without the tail that both leave when they are nearly the same.

    >>> rounded_change(1e9 + 0.1 - 1e9, 1e9), rounded_change(1.4669 - 1.4669000000000001, 1.4669)
    (0.1, 0.0)
    """
    if not np.isfinite(change) or not np.isfinite(of) or not of:
        return float(rounded_values(np.array([change]), money=money)[0])
    digits = max(DIGITS - 1 - int(np.floor(np.log10(abs(of)))), 0)
    return 0.0 + round(change, min(digits, CENT) if money and abs(of) >= 10.0 ** (MONEY_DIGITS - CENT) else digits)


def rounded(tree: Any, *, money: bool = False) -> Any:
    """Return figures in lists and mappings as they are written; a key tells what is money.

    >>> rounded({"cost": {"total": 0.1 + 0.2}, "share": 0.1 + 0.2, "hubs": 3, "name": "a"})
    {'cost': {'total': 0.3}, 'share': 0.3, 'hubs': 3, 'name': 'a'}
    """
    if isinstance(tree, dict):
        return {key: rounded(value, money=money or key in MONEY) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [rounded(value, money=money) for value in tree]
    if isinstance(tree, float):
        return float(rounded_values(np.array([tree]), money=money)[0])
    return tree


def finite(figure: float) -> float | None:
    """Return a figure as JSON can hold it: None where it is unknown or without end."""
    return float(figure) if math.isfinite(figure) else None


def round_columns(frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Round some columns of a frame in place, those that hold numbers; a column that a user gave stays as it is."""
    for name in columns:
        if name in frame and frame[name].dtype.kind == "f":
            frame[name] = rounded_values(frame[name].to_numpy(), money=name in MONEY)

"""What an audit compares, and what it finds wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

RELATIVE, ABSOLUTE = 1e-9, 1e-6
"""Up to here two figures are the same; sums in another order differ by less."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A figure that a run states and the audit does not confirm.

    Parameters
    ----------
    file, item
        Where it stands.
    stated, recomputed
        What the run says, and what the audit finds; text where it is no number.
    """

    file: str
    item: str
    stated: Any
    recomputed: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        values = {"stated": _plain(self.stated), "recomputed": _plain(self.recomputed)}
        return {"file": self.file, "item": self.item, **values}


@dataclass(kw_only=True)
class Ledger:
    """All comparisons of an audit so far.

    Parameters
    ----------
    findings
        What is wrong.
    checked
        Figures compared, by file.
    not_audited
        What could not be checked, and why.
    """

    findings: list[Finding] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    not_audited: list[str] = field(default_factory=list)

    def same(  # noqa: PLR0913 - a comparison and how near is near enough
        self,
        file: str,
        item: str,
        stated: Any,
        recomputed: Any,
        *,
        relative: float = RELATIVE,
        absolute: float = ABSOLUTE,
    ) -> None:
        """Compare a stated figure with the recomputed one; blanks, NaN and None are the same."""
        self.checked[file] = self.checked.get(file, 0) + 1
        if not agree(stated, recomputed, relative, absolute):
            self.findings.append(Finding(file=file, item=item, stated=stated, recomputed=recomputed))

    def holds(self, file: str, item: str, *, true: bool, stated: Any, recomputed: Any) -> None:
        """Note a rule that does not hold."""
        self.checked[file] = self.checked.get(file, 0) + 1
        if not true:
            self.findings.append(Finding(file=file, item=item, stated=stated, recomputed=recomputed))

    def skip(self, what: str) -> None:
        """Note what cannot be audited."""
        if what not in self.not_audited:
            self.not_audited.append(what)


def agree(one: Any, other: Any, relative: float = RELATIVE, absolute: float = ABSOLUTE) -> bool:
    """Tell whether two figures or texts are the same but for rounding.

    >>> agree(1e9, 1e9 + 0.5), agree(1.0, 1.1), agree(None, float("nan")), agree("a", "a")
    (True, False, True, True)
    """
    if blank(one) or blank(other):
        return blank(one) and blank(other)
    numbers = [as_number(value) for value in (one, other)]
    if None in numbers:
        held = isinstance(one, list | dict) or isinstance(other, list | dict)
        return bool(one == other) if held else str(one) == str(other)
    left, right = (float(number) for number in numbers if number is not None)
    return math.isclose(left, right, rel_tol=relative, abs_tol=absolute)  # an infinite figure is near itself alone


def blank(value: Any) -> bool:
    """Tell whether a value says nothing."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def as_number(value: Any) -> float | None:
    """Return a number as a float, None where a value is none."""
    if isinstance(value, str | list | dict):
        return None
    return float(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, str | bool | None | list | dict):
        return value
    number = float(value)
    return number if math.isfinite(number) else str(number)

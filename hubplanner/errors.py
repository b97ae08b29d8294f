"""The exceptions hubplanner raises for what a user can put right, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar

from hubplanner.translation import gettext as _, joined, with_advice

SHOWN_FAULTS = 40
"""Faults spelled out in a message; the exception's ``faults`` holds all of them."""
SHOWN_ALIKE = 5
"""The same of rows of a file that are wrong alike."""
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9][0-9,.]*")
"""What tells the messages of rows apart that are wrong alike: values and numbers."""


def spelled_out(path: object) -> str:
    r"""Return a path as text in which line breaks and other control characters are spelled out.

    >>> print(spelled_out("two\nlines/demand.csv"))
    two\nlines/demand.csv
    """
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in str(path))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say what is wrong, where, with which value, and what is allowed; `choices` are the values there are, if few.

    >>> print(Fault(file="demand.csv", row=17, column="people", value="-3", allowed="a number of at least 0"))
    demand.csv, row 17, people: '-3' found; allowed: a number of at least 0
    """

    file: str
    allowed: str
    row: int | None = None
    column: str | None = None
    value: object = None
    kind: str = "data"
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the fault as one line."""
        row = ""
        if self.row is not None:
            row = _("line {row}", row=self.row) if self.kind == "scenario" else _("row {row}", row=self.row)
        place = joined((spelled_out(self.file), row, self.column or ""), ", ")
        told = self.allowed
        if self.value is not None:
            blank = _("blank found; allowed: {allowed}", allowed=told)
            told = (
                blank if self.value == "" else _("{value!r} found; allowed: {allowed}", value=self.value, allowed=told)
            )
        return joined((place, told), ": ")

    def as_dict(self) -> dict[str, object]:
        """Return the fault as a JSON object."""
        plain = isinstance(self.value, str | int | None) or (isinstance(self.value, float) and isfinite(self.value))
        value = self.value if plain else str(self.value)
        return {"file": self.file, "row": self.row, "column": self.column, "value": value, "allowed": self.allowed}


@dataclass(frozen=True, kw_only=True)
class DataWarning:
    """Say what in the data or the scenario can be used, but may be a mistake.

    Parameters
    ----------
    code
        What kind it is, in small letters.
    message
        What is found, and what to do if it is meant or if it is not.
    file, row
        Where; a row of None speaks of the whole file.

    >>> print(DataWarning(code="doubled_place", message="the place and people of row 3", file="demand.csv", row=7))
    demand.csv, row 7: the place and people of row 3
    """

    code: str
    message: str
    file: str
    row: int | None = None

    def __str__(self) -> str:
        """Return the warning as one line."""
        place = self.file if self.row is None else _("{file}, row {row}", file=self.file, row=self.row)
        return joined((place, self.message), ": ")

    def as_dict(self) -> dict[str, object]:
        """Return the warning as a JSON object."""
        return {"code": self.code, "message": self.message, "file": self.file, "row": self.row}


def _lines(faults: Sequence[Fault]) -> list[str]:
    """Return faults as lines: the rows of a file that are wrong alike counted, the first of them shown."""
    kinds: dict[object, list[Fault]] = {}
    for fault in faults:
        kind = (fault.file, fault.column, _OWN.sub("", fault.allowed))
        kinds.setdefault(fault if fault.row is None else kind, []).append(fault)
    lines: list[str] = []
    shown = told = 0
    for part in kinds.values():
        if shown >= SHOWN_FAULTS:
            break
        if len(part) > SHOWN_ALIKE:
            place = ", ".join(filter(None, (spelled_out(part[0].file), part[0].column)))
            alike = _("{count:,} rows have the same fault; the first {shown}:", count=len(part), shown=SHOWN_ALIKE)
            lines.append(joined((place, alike), ": "))
        lines += map(str, part[:SHOWN_ALIKE])
        shown += min(len(part), SHOWN_ALIKE)
        told += len(part)
    if len(faults) > told:
        lines.append(_("... and {count:,} more faults", count=len(faults) - told))
    return lines


class HubplannerError(Exception):
    """Anything hubplanner refuses or cannot do."""

    exit_code: ClassVar[int] = 2


class FaultyError(HubplannerError, ValueError):
    """Input that cannot be used; ``faults`` lists everything found wrong with it."""

    def __init__(self, faults: Fault | str | Iterable[Fault]) -> None:
        """Take one sentence, one fault or all the faults found."""
        if isinstance(faults, str):
            faults = Fault(file="", allowed=faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(joined(_lines(self.faults), "\n"))


class ScenarioError(FaultyError):
    """The scenario file cannot be used."""


class DataError(FaultyError):
    """The data files cannot be used."""


class CrsError(DataError):
    """A coordinate reference system is unknown, missing or unfit for the distances asked for."""


class InfeasibleError(HubplannerError):
    """No plan satisfies everything that was asked; ``clashes`` says which demands conflict, ``advice`` what would help.

    ``least_budget`` is the money with which they would not, None where money does not help or is not what is asked.
    """

    exit_code = 3

    def __init__(self, clashes: Sequence[str], least_budget: float | None = None, advice: str = "") -> None:
        """Take one sentence for each conflict, the least money that resolves it, and what would help."""
        self.clashes, self.least_budget, self.advice = tuple(clashes), least_budget, advice
        super().__init__(with_advice(_("no plan is possible: {clashes}", clashes=joined(self.clashes, "; ")), advice))


class SolverError(HubplannerError):
    """The solver is missing, failed, found no plan in time, or contradicted the recomputation."""

    exit_code = 5


class StoppedError(SolverError):
    """The search was asked to stop before it had found any plan."""


class MissingExtraError(HubplannerError, ImportError):
    """An optional part is not installed; the message says the ``pip install`` line."""


class ExistsError(HubplannerError, FileExistsError):
    """The place to write to already holds something that must not be lost."""


class UnwritableError(HubplannerError, OSError):
    """The place to write to cannot be written: no permission, no room, or a file in the way."""

    def __init__(self, place: object, cause: OSError) -> None:
        """Take the place and what the system says of it."""
        why = cause.strerror or str(cause)
        super().__init__(_("{place}: cannot be written: {why}", place=spelled_out(place), why=why))


_BY_KIND: dict[frozenset[str], type[FaultyError]] = {
    frozenset({"scenario"}): ScenarioError,
    frozenset({"crs"}): CrsError,
}


def raise_faults(faults: Sequence[Fault]) -> None:
    """Raise every fault at once, as the narrowest error that fits them all; do nothing without faults."""
    distinct = tuple(dict.fromkeys(faults))
    if distinct:
        raise _BY_KIND.get(frozenset(fault.kind for fault in distinct), DataError)(distinct)

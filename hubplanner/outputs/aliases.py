"""Names that joins find no partner for, written to a file to fill in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from hubplanner.errors import ExistsError, FaultyError
from hubplanner.io import write_atomically
from hubplanner.outputs.writers import harmless
from hubplanner.translation import gettext as _

Lacking = tuple[str, str, tuple[str, ...]]
"""Key of a join, a value that has no partner, and the nearest ones of the other file."""


def check_aliases_file(path: Path) -> None:
    """Raise where aliases may not be written: under another name than a CSV file's, or over a file.

    Raises
    ------
    FaultyError, ExistsError
        With what to do instead.
    """
    if path.suffix.lower() != ".csv":
        message = _("--write-aliases {path}: a file ending in .csv, as aliases are read from", path=path)
        raise FaultyError(message)
    if path.exists():
        message = _(
            "{path}: already exists and may hold names filled in; name another file for --write-aliases", path=path
        )
        raise ExistsError(message)


def write_aliases(lacking: Sequence[Lacking], path: Path) -> None:
    """Write a row for each value: the value here, a blank for the value there, the nearest ones and the join.

    Its first two columns are what ``aliases`` reads, so that nothing is taken that nobody chose.
    """

    def write(aside: Path) -> None:
        with aside.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["here", "there", "near", "join"])
            rows.writerows([harmless(value), "", harmless(" | ".join(near)), key] for key, value, near in lacking)

    write_atomically(path.absolute(), write)

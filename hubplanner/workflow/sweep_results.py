"""Finished cases of a sweep: one small JSON file each, whole or not there."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from hubplanner.errors import UnwritableError
from hubplanner.io import check_place, check_writable, recover, remove_atomically, write_atomically
from hubplanner.report.tornado_table import check_tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hubplanner.workflow.sweep_case import Record

log = logging.getLogger(__name__)

LEAST_SECONDS = 2.0
"""Between two words on how far a sweep is."""


class Results:
    """The records of a sweep's folder, by key."""

    def __init__(self, folder: Path) -> None:
        """Take the sweep's folder."""
        self.folder, self.cases = folder, folder / "cases"

    def prepare(self, *, overwrite: bool = False) -> None:
        """Make the folder; refuse one that holds something other than a sweep, or whose tables were changed.

        Parameters
        ----------
        overwrite
            Whether that goes; it is told before.
        """
        if self.cases.is_dir():
            for place in (self.folder, self.cases, self.folder / "runs"):
                recover(place)
            check_tables(self.folder, overwrite=overwrite)
            check_writable(self.cases / "x.json")
            return
        place = check_place(self.folder, ("sweep.json", "cases"), overwrite=overwrite)
        if place.is_dir() and any(place.iterdir()):
            remove_atomically(place)
        try:
            (place / "cases").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnwritableError(place, error) from error

    def read(self, keys: Iterable[str | None]) -> dict[str, Record]:
        """Return the records there are; one that is damaged counts as none, and is solved again."""
        found: dict[str, Record] = {}
        for key in {key for key in keys if key is not None}:
            path = self.cases / f"{key}.json"
            try:
                tree = json.loads(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                log.warning("%s cannot be read and is solved again: %s", path, error)
                continue
            if isinstance(tree, dict) and tree.get("key") == key and isinstance(tree.get("status"), str):
                found[key] = tree
            else:
                log.warning("%s holds no record of its case, which is solved again", path)
        return found

    def keep(self, record: Record) -> None:
        """Write a record."""
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(self.cases / f"{record['key']}.json", lambda path: path.write_text(text, encoding="utf-8"))


class Estimate:
    """Says how far a sweep is and how long the rest may take, now and then."""

    def __init__(self, cases: int, left: int) -> None:
        """Take the number of all cases and of those to solve."""
        self.cases, self.left, self.todo = cases, left, left
        self.failed = 0
        self.began = self.told = time.monotonic()

    def tell(self, failed: bool) -> None:  # noqa: FBT001 - what there is to tell
        """Count one more case, and say so where a per cent of them and some seconds have passed."""
        self.left -= 1
        self.failed += failed
        now = time.monotonic()
        at_step = (self.todo - self.left) % max(self.todo // 100, 1) == 0
        if self.left and not (at_step and now - self.told >= LEAST_SECONDS):
            return
        self.told = now
        rest = (now - self.began) / (self.todo - self.left) * self.left
        log.info(
            "%d of %d cases done, %d with an error%s",
            *(self.cases - self.left, self.cases, self.failed),
            f", about {in_time(rest)} left" if self.left else "",
        )


def in_time(seconds: float) -> str:
    """Return a span of time in words.

    >>> in_time(40), in_time(600), in_time(90000)
    ('40 s', '10 min', '25.0 h')
    """
    if seconds < 100:  # noqa: PLR2004 - where seconds stop being read
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004

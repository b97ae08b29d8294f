"""That the files did not change between their first byte's reading and their last: what a checksum is of was read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path

from hubplanner.errors import DataError, Fault
from hubplanner.formats.tables.postgis import query_of, table_digest
from hubplanner.io import sha256
from hubplanner.scenario import Scenario
from hubplanner.scenario.data_spec import FileSpec
from hubplanner.scenario.files import input_files, input_tables
from hubplanner.translation import gettext as _

RECENT_NS = 2_000_000_000
"""So long after a change a second one may leave the same time behind, on any disk."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sources:
    """A scenario's files as they were before any of them was read.

    Parameters
    ----------
    scenario
        Names the files.
    digests
        SHA-256 of each that was there, by name.
    stamps
        What the system says of each: its place on the disk, its size and the times of its last changes.
    """

    scenario: Scenario
    digests: Mapping[str, str]
    stamps: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, scenario: Scenario) -> Sources:
        """Look at a scenario's files."""
        found = {name: path for name, path in input_files(scenario).items() if isfile(path)}  # noqa: PTH113 - no error for a name that is too long
        began, stamps, digests = time.time_ns(), dict[str, tuple[int, ...]](), dict[str, str]()
        for name, path in found.items():
            stamp = _stamp(path)
            digests[name] = _digest(path)
            if stamp and max(stamp[-2:]) < began - RECENT_NS:
                stamps[name] = stamp
        digests |= {name: _table_digest(spec) for name, spec in input_tables(scenario).items()}
        return cls(scenario=scenario, digests=digests, stamps=stamps)

    def check(self) -> None:
        """Raise where a file is not the one that was looked at; meant to be asked once all was read.

        Raises
        ------
        DataError
            With every file that changed.
        """
        files = {name: path for name, path in input_files(self.scenario).items() if isfile(path)}  # noqa: PTH113 - no error for a name that is too long
        tables = input_tables(self.scenario)
        changed = sorted(files.keys() ^ (self.digests.keys() - tables.keys()))
        changed += [name for name in files.keys() & self.digests.keys() if not self._is_same(name, files[name])]
        changed += [name for name, spec in tables.items() if _table_digest(spec) != self.digests[name]]
        allowed = _("has changed while it was read; run this again once it is complete")
        if changed:
            raise DataError([Fault(file=name, allowed=allowed) for name in sorted(changed)])

    def _is_same(self, name: str, path: Path) -> bool:
        return (name in self.stamps and _stamp(path) == self.stamps[name]) or _digest(path) == self.digests[name]


def file_digests(scenario: Scenario) -> dict[str, str]:
    """Return the SHA-256 of the files and tables a scenario names, and of files beside them that say more."""
    tables = {name: digest_of(spec) for name, spec in input_tables(scenario).items()}
    return {name: sha256(path) for name, path in input_files(scenario).items()} | tables


def digest_of(spec: FileSpec) -> str:
    """Return the SHA-256 of a database's rows; raise where it cannot be asked."""
    return table_digest(spec.path, query_of(spec.table, spec.sql), spec.file_name)


def _table_digest(spec: FileSpec) -> str:
    """Return that SHA-256; blank where it cannot be had, which is told in full where the rows are wanted."""
    try:
        return digest_of(spec)
    except DataError:
        return ""


def _digest(path: Path) -> str:
    """Return a file's SHA-256; blank where it cannot be read, which is told in full where its rows are wanted."""
    try:
        return sha256(path)
    except OSError:
        return ""


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = path.stat()
    except OSError:
        return ()
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns

"""Tables of DuckDB databases, read without running what a file says: no view, no extension, no other file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hubplanner.errors import DataError, Fault
from hubplanner.extras import absent
from hubplanner.translation import gettext as _, joined

SHUT: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "lock_configuration": True,
}
"""A database is a program's file as much as a table: it opens nothing else, and loads nothing."""


def read_duckdb(path: Path, table: str | None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and rows of a table, in its own order.

    Parameters
    ----------
    path
        The database, which is opened to be read only.
    table
        Which one; the only one if None.

    Raises
    ------
    DataError
        Where it cannot be read, or there is no such table.
    """
    try:
        import duckdb  # noqa: PLC0415 - optional
    except ImportError as error:
        raise absent(extra="duckdb", needs=_("DuckDB databases need")) from error
    try:
        with duckdb.connect(str(path), read_only=True, config=SHUT) as base:
            known = [name for (name,) in base.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()]
            chosen = known[0] if table is None and len(known) == 1 else table
            if chosen is None or chosen not in known:
                raise DataError(_unknown(path, table, known))
            quoted = chosen.replace('"', '""')
            found = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 - a name that is there, in quotes
            return [name for name, *_ in found.description or ()], found.fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            Fault(file=path.name, allowed=_("is not a readable DuckDB database: {reason}", reason=reason))
        ) from error


def _unknown(path: Path, table: str | None, known: list[str]) -> Fault:
    """Return the fault of a table that is not there, or not named among several."""
    if not known:
        return Fault(file=path.name, allowed=_("has no table; views are not read, as they run what they say"))
    return Fault(
        file=path.name, column="layer", value=table, allowed=_("one of its tables: {known}", known=joined(known, ", "))
    )

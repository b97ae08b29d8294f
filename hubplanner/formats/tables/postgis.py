"""Rows of PostgreSQL databases, with places where PostGIS holds them: one question, answered read only.

Passwords come from the environment alone, as libpq reads them (PGPASSWORD, ~/.pgpass), and are in no message.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pandas.errors import DatabaseError
from shapely.errors import ShapelyError

from hubplanner.errors import DataError, Fault
from hubplanner.extras import absent
from hubplanner.formats.tables.database import DATABASES, is_allowed, place_of
from hubplanner.translation import gettext as _

if TYPE_CHECKING:
    from sqlalchemy import Connection

PATIENCE_S = 10
"""How long a database may take to answer that it is there."""
_SETTINGS = "-c DateStyle=ISO -c IntervalStyle=iso_8601 -c TimeZone=UTC -c bytea_output=hex -c extra_float_digits=1"
"""What the text of a row depends on, which its checksum is of."""
_ROWS = "hubplanner_rows"
_ALL = {"every": True}
"""A value makes a statement of what is asked, and a statement is one: nothing can follow behind a semicolon."""


@contextmanager
def connected(url: str, name: str, *, reads: bool = True) -> Iterator[Connection]:
    """Open a transaction, which fails as `DataError` under a name for messages; read only, as of one moment.

    Parameters
    ----------
    url
        Address of the database, without a password.
    name
        What is read or written, for messages.
    reads
        Whether it only reads, as a scenario asks; the user must have allowed that. Else it may write, as they ask.
    """
    try:
        from sqlalchemy import create_engine  # noqa: PLC0415 - optional
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415
        from sqlalchemy.pool import NullPool  # noqa: PLC0415
    except ImportError as error:
        raise absent(extra="postgis", needs="PostgreSQL databases need") from error
    if reads and not is_allowed(url):
        allowed = _(
            "is in a database that scenarios may not ask; if you trust it, set {variable}={place}",
            variable=DATABASES,
            place=place_of(url),
        )
        raise DataError(Fault(file=name, allowed=allowed))
    settings = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if reads else {}
    patience = {} if "connect_timeout=" in url else {"connect_timeout": PATIENCE_S}
    try:
        engine = create_engine(
            url.replace("postgresql:", "postgresql+psycopg:", 1),
            poolclass=NullPool,
            connect_args={"options": _SETTINGS, **patience},
            execution_options=settings,
        )
        with engine.connect() as connection, connection.begin():
            yield connection
    except (SQLAlchemyError, DatabaseError) as error:
        told = error.__cause__ if isinstance(error, DatabaseError) else error
        reason = str(getattr(told, "orig", None) or told).strip().partition("\n")[0]
        allowed = _("cannot be read: {error}", error=reason) if reads else _("cannot be written: {error}", error=reason)
        if "password" in reason:
            allowed = _("{allowed}; put it into PGPASSWORD or ~/.pgpass", allowed=allowed)
        raise DataError(Fault(file=name, allowed=allowed)) from None


def query_of(table: str | None, sql: str | None) -> str:
    """Return the question for a table's rows, or the one that is given.

    >>> query_of("public.towns", None)
    'SELECT * FROM "public"."towns"'
    """
    if sql is not None:
        return sql.strip().rstrip(";").rstrip()
    return "SELECT * FROM " + ".".join(quoted(part) for part in str(table).split("."))  # noqa: S608 - in quotes


def quoted(name: str) -> str:
    """Return a name as SQL spells it exactly.

    >>> print(quoted('a"b'))
    "a""b"
    """
    return '"' + name.replace('"', '""') + '"'


def _inside(query: str, columns: str, order: str) -> str:
    """Return a statement that takes columns of a question's rows."""
    whole = query.replace("%", "%%")  # the value's mark is %(every)s
    return f"SELECT {columns} FROM (\n{whole}\n) AS {_ROWS} WHERE %(every)s{order}"  # noqa: S608 - the user's own question


def table_digest(url: str, query: str, name: str) -> str:
    """Return a SHA-256 of a question's columns and rows, in whatever order they come; made where the rows are."""
    line = f"encode(sha256(convert_to({_ROWS}::text, 'UTF8')), 'hex') COLLATE \"C\" AS line"
    every = f"SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(line, '' ORDER BY line), ''), 'UTF8')), 'hex') FROM ({_inside(query, line, '')}) AS lines"  # noqa: E501, S608
    with connected(url, name) as connection:
        columns = _columns(connection, query, name)
        count, digest = connection.exec_driver_sql(every, _ALL).one()
    return hashlib.sha256(json.dumps([[column for column, _ in columns], count, digest]).encode()).hexdigest()


def _columns(connection: Connection, query: str, name: str) -> list[tuple[str, bool]]:
    """Return the names of a question's columns, each with whether it holds places."""
    kinds = "SELECT oid FROM pg_type WHERE typname IN ('geometry', 'geography')"
    places = set(connection.exec_driver_sql(kinds).scalars())
    found = connection.exec_driver_sql(_inside(query, f"{_ROWS}.*", " LIMIT 0"), _ALL).cursor
    columns = [(str(each[0]), each[1] in places) for each in found.description or ()] if found is not None else []
    names = [column for column, _ in columns]
    doubled = next((column for column in names if names.count(column) > 1), None)
    if doubled is not None:
        raise DataError(
            Fault(file=name, value=doubled, allowed=_("columns with names of their own; rename one with AS"))
        )
    if sum(is_place for _, is_place in columns) > 1:
        listed = ", ".join(column for column, is_place in columns if is_place)
        allowed = _("one column of places; choose it with sql: SELECT")
        raise DataError(Fault(file=name, value=listed, allowed=allowed))
    return columns


def _ordered(query: str) -> str:
    """Return the statement for all rows, in the order of their text, so that their numbers are those of any day."""
    return _inside(query, f"{_ROWS}.*", f' ORDER BY {_ROWS}::text COLLATE "C"')


def read_database(url: str, query: str, name: str) -> tuple[pd.DataFrame, str | None]:
    """Return the rows of a question, and which column holds their places: a GeoDataFrame where one does.

    Parameters
    ----------
    url
        Address of the database, without a password.
    query
        One SELECT.
    name
        What to call it in messages.

    Raises
    ------
    DataError
        Where the database cannot be asked, or its answer is no table of one coordinate reference system.
    """
    with connected(url, name) as connection:
        columns = _columns(connection, query, name)
        place = next((column for column, is_place in columns if is_place), None)
        if place is None:
            frame = pd.read_sql(_ordered(query), connection, params=_ALL, coerce_float=False)
        else:
            try:
                frame = gpd.read_postgis(_ordered(query), connection, geom_col=place, params=_ALL, coerce_float=False)
            except ShapelyError as error:
                reason = str(error).partition("\n")[0]
                raise DataError(
                    Fault(file=name, column=place, allowed=_("cannot be read as places: {reason}", reason=reason))
                ) from None
            systems = {int(srid) for srid in np.unique(shapely.get_srid(frame[place].dropna().to_numpy()))}
            if len(systems) > 1:
                allowed = _("places of one system; bring them to one with ST_Transform in sql")
                listed = ", ".join(map(str, sorted(systems)))
                raise DataError(Fault(file=name, column=place, value=f"SRID {listed}", allowed=allowed, kind="crs"))
    return frame, place


def read_cells(url: str, query: str, name: str) -> tuple[list[tuple[str, bool]], list[tuple[Any, ...]]]:
    """Return a question's columns, each with whether it holds places, and its rows as the driver brings them."""
    with connected(url, name) as connection:
        columns = _columns(connection, query, name)
        rows = [tuple(row) for row in connection.exec_driver_sql(_ordered(query), _ALL)]
    return columns, rows


def plain_cell(cell: Any) -> Any:
    """Return a cell as a number, text or nothing: a time or a list as it is written.

    >>> plain_cell(Decimal("1.50")), plain_cell([1, "a"])
    (1.5, '[1, "a"]')
    """
    if cell is None or isinstance(cell, str | int | float):
        return cell
    if isinstance(cell, Decimal):
        return float(cell)
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else str(cell)

"""Addresses of PostgreSQL databases: what they may say, and which of them the user lets a scenario ask."""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEME = "postgresql"
SCHEMA = "hubplanner"
"""Schema of a plan's tables where none is named."""
DATABASES = "HUBPLANNER_DATABASES"
"""Variable of the environment that lists the databases a scenario may ask, such as db.example.org/gis."""
PORT = 5432
PARAMETERS = ("connect_timeout", "sslmode", "sslrootcert")
"""What an address may say after its question mark: nothing that leads elsewhere or holds a secret."""
_SECRET = re.compile(r"(postgres\w*:/{1,2}[^\s:/@]*):\S*@|(password=)[^\s&]*", re.IGNORECASE)


def is_database(path: str | PurePath) -> bool:
    """Tell whether a path is the address of a database.

    >>> is_database("postgresql://planner@localhost/gis"), is_database("data/towns.csv")
    (True, False)
    """
    return str(path).startswith(f"{SCHEME}:")


def without_password(text: str) -> str:
    """Return a text whose addresses of databases show no password.

    >>> without_password("postgresql://planner:secret@localhost/gis")
    'postgresql://planner:...@localhost/gis'
    """
    return _SECRET.sub(lambda found: f"{found[1]}:...@" if found[1] else f"{found[2]}...", text)


def address_fault(url: str) -> str | None:
    """Return what an address is to be instead; None where it can be used.

    >>> address_fault("postgresql://planner@localhost/gis")
    >>> address_fault("postgresql://planner:secret@localhost/gis")
    'an address without a password, which belongs in PGPASSWORD or ~/.pgpass'
    """
    like = f"{SCHEME}://user@host:{PORT}/database"
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        has_port = False
    if not has_port or parts.scheme != SCHEME or not parts.netloc.rpartition("@")[2] or not parts.path.strip("/"):
        return f"an address such as {like}"
    asked = [key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.password is not None or any("password" in key for key in asked):
        return "an address without a password, which belongs in PGPASSWORD or ~/.pgpass"
    if "/" in parts.path.strip("/") or parts.fragment or not set(asked) <= set(PARAMETERS):
        return f"an address such as {like}, and after it, if at all, ?{'=...&'.join(PARAMETERS)}=..."
    return None


def database_name(url: str) -> str:
    """Return what a database is called.

    >>> database_name("postgresql://planner@localhost/gis?sslmode=require")
    'gis'
    """
    return unquote(urlsplit(url).path.strip("/"))


def place_of(url: str) -> str:
    """Return the host, the port if it is not the usual one, and the name of a database.

    >>> place_of("postgresql://planner@DB.example.org:5432/gis")
    'db.example.org/gis'
    """
    parts = urlsplit(url)
    port = "" if parts.port in {None, PORT} else f":{parts.port}"
    return f"{(parts.hostname or '').lower()}{port}/{database_name(url)}"


def is_allowed(url: str) -> bool:
    """Tell whether the user lets scenarios ask a database: whoever wrote one could ask for anything they may read."""
    listed = os.environ.get(DATABASES, "").split(",")
    return place_of(url) in {place_of(f"{SCHEME}://{one.strip()}") for one in listed if "/" in one}

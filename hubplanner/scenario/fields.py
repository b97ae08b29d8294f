"""The kinds of values a scenario holds, and what is allowed of each."""

from __future__ import annotations

import codecs
from math import isfinite
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

PER_CENT = 100.0


def _identifier(value: object) -> object:
    """Read a bare number in YAML as the id it spells."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _column_or_number(value: object) -> object:
    """Let a column name or a finite number of at least 0 pass."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
    if not number and not (isinstance(value, str) and value):
        message = "a column name, or a number of at least 0"
        raise ValueError(message)
    return value


def _column_or_share(value: object) -> object:
    value = _column_or_number(value)
    if isinstance(value, int | float) and value > 1:
        message = f"a column name, or a number from 0 to 1{per_cent_hint(value)}"
        raise ValueError(message)
    return value


def per_cent_hint(value: float) -> str:
    """Return what a share above 1 may have meant, for the end of a message.

    >>> per_cent_hint(45)
    '; 45 looks like per cent, write 0.45'
    """
    return f"; {value:g} looks like per cent, write {value / PER_CENT:g}" if 1 < value <= PER_CENT else ""


def _one_or_more(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _all_or_some(value: object) -> object:
    """Let true, false, one id or several pass: said at once, where a union would complain of each alternative."""
    if isinstance(value, bool):
        return value
    sites = tuple(map(_identifier, value if isinstance(value, list | tuple) else (value,)))
    if not sites or not all(isinstance(site, str) and site for site in sites):
        message = "true, false, or the ids of sites"
        raise ValueError(message)
    return sites


def _local_file(value: object) -> object:
    """Refuse what is no path of a file at hand, before anything opens it."""
    if isinstance(value, str) and is_address(value):
        message = "the path of a file on this computer, not an address or a way into an archive; download it first"
        raise ValueError(message)
    if isinstance(value, str) and "\0" in value:
        message = "the path of a file, without control characters"
        raise ValueError(message)
    return value


def is_address(path: str) -> bool:
    """Tell whether a path is an address, or one of the libraries' ways to archives and servers.

    >>> is_address("https://example.org/a.csv"), is_address("/vsicurl/a.csv"), is_address("data/a.csv")
    (True, True, False)
    """
    plain = path.replace("\\", "/")
    return "://" in plain or plain.startswith("/vsi")


def _encoding(value: object) -> object:
    """Let the name of an encoding of text pass."""
    if isinstance(value, str):
        try:
            "".encode(codecs.lookup(value).name)
        except (LookupError, ValueError):
            message = "the name of an encoding, such as utf-8, cp1252, iso8859-15 or utf-16"
            raise ValueError(message) from None
    return value


_ID_SCHEMA = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}
_IDS_SCHEMA = {"anyOf": [*_ID_SCHEMA["anyOf"], {"type": "array", "items": _ID_SCHEMA, "minItems": 1}]}

Identifier = Annotated[str, BeforeValidator(_identifier), Field(min_length=1), WithJsonSchema(_ID_SCHEMA)]
Identifiers = Annotated[
    tuple[Identifier, ...], BeforeValidator(_one_or_more), Field(min_length=1), WithJsonSchema(_IDS_SCHEMA)
]
Column = Annotated[str, Field(min_length=1)]
LocalFile = Annotated[str, BeforeValidator(_local_file), Field(min_length=1)]
Encoding = Annotated[str, BeforeValidator(_encoding), Field(min_length=1)]
ColumnOrNumber = Annotated[str | float, BeforeValidator(_column_or_number)]
ColumnOrShare = Annotated[str | float, BeforeValidator(_column_or_share)]
Amount = Annotated[float, Field(strict=True, ge=0)]
Positive = Annotated[float, Field(strict=True, gt=0)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=0)]
Flag = Annotated[bool, Field(strict=True)]
AllOrSome = Annotated[
    bool | tuple[str, ...], BeforeValidator(_all_or_some), WithJsonSchema({"anyOf": [{"type": "boolean"}, _IDS_SCHEMA]})
]
"""Every site, none, or those listed."""


class Spec(BaseModel):
    """A section of the scenario: immutable, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

"""The kinds of values a scenario holds, and what is allowed of each."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from hubplanner.formats.tables.database import address_fault, is_database
from hubplanner.scenario.names import has_control
from hubplanner.translation import gettext as _, with_advice

PER_CENT = 100.0
MOST_MONEY = 1e15
"""Larger amounts are slips of the pen, and beyond what a sum of floats keeps to the unit."""
LEAST_MONEY = LEAST_FACTOR = 1e-6
"""Smaller ones are none, and need per money of them beyond what a float holds."""
MOST_PEOPLE = 1e12
"""A hundred times all people there are."""
MOST_WEIGHT = 1e6
MOST_ERROR = 0.4
"""Of a share: with more, nothing is known of it."""
LEAST_WAY, MOST_WAY = 1e-3, 1e6
"""A metre, and twenty-five times around the globe."""
MOST_COUNT = 10**9
MOST_KWH = 1e9
MOST_TEXT = 200
"""Characters of a name."""


def _identifier(value: object) -> object:
    """Read a bare number in YAML as the id it spells."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _column_or(most: float, least: float = 0.0) -> Callable[[object], object]:
    """Let a column name pass, or 0, or a number from ``least`` to ``most``."""

    def checked(value: object) -> object:
        if isinstance(value, str) and value:
            return value
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= most:
            raise ValueError(_no_such_number(value, most))
        if 0 < value < least:
            message = _("a column name, 0, or a number of at least {least:g}", least=least)
            raise ValueError(message)
        return value

    return checked


def _column_or_room(value: object) -> object:
    """Let a column name pass, or a number of people from 1."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= MOST_PEOPLE:
        message = _("a column name, or a number from 1 to {most_people:g}", most_people=MOST_PEOPLE)
        raise ValueError(message)
    return value


def _no_such_number(value: object, most: float) -> str:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
    if most == 1:
        return with_advice(_("a column name, or a number from 0 to 1"), per_cent_hint(number))
    return _(
        "a column name, or a number of at least 0{more}",
        more=_(" and at most {most:g}", most=most) if number > most else "",
    )


def per_cent_hint(value: float) -> str:
    """Return what a share above 1 most probably meant, as advice; nothing where that is not clear.

    >>> per_cent_hint(45)
    '45 looks like per cent, write 0.45'
    >>> per_cent_hint(1.5)
    ''
    """
    return (
        _("{value:g} looks like per cent, write {fraction:g}", value=value, fraction=value / PER_CENT)
        if _SLIPS < value <= PER_CENT
        else ""
    )


_SLIPS = 2
"""Up to here a share above 1 may as well be a slip, such as 1.05 for 1, or 1.5 for 0.15."""


def plain(value: object) -> object:
    """Refuse text that controls a terminal or a line rather than spell."""
    if isinstance(value, str) and has_control(value):
        message = _("text on one line, without control characters")
        raise ValueError(message)
    return value


def prose(value: object) -> object:
    """Refuse control characters but for those that end a line or fill it."""
    if isinstance(value, str):
        plain(" ".join(value.split()))
    return value


def _way(value: float) -> float:
    if value < LEAST_WAY:
        message = _("a number of at least {least_way:g}", least_way=LEAST_WAY)
        raise ValueError(message)
    return value


def _minutes(value: object) -> object:
    """Let a time pass, or one by mode: said at once, where a union would complain of each alternative."""
    by_mode = value if isinstance(value, dict) else {"any": value}
    if by_mode and all(isinstance(mode, str) and mode for mode in by_mode) and all(map(_is_way, by_mode.values())):
        return value
    span = _(
        "a number of minutes from {least_way:g} to {most_way:g}, without quotes", least_way=LEAST_WAY, most_way=MOST_WAY
    )
    message = _("{span}; or by mode of travel, such as {{motorcycle: 30, walk: 60}}", span=span)
    raise ValueError(message)


def _is_way(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and LEAST_WAY <= value <= MOST_WAY


def one_or_more(value: object) -> object:
    """Take one value for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def path_alone(given: object) -> object:
    """Return a path as the file it names, so that each wrong key of a file is told as one."""
    return {"path": given} if isinstance(given, str) else given


def _all_or_some(value: object) -> object:
    """Let true, false, one id or several pass: said at once, where a union would complain of each alternative."""
    if isinstance(value, bool):
        return value
    sites = tuple(map(_identifier, value if isinstance(value, list | tuple) else (value,)))
    if not sites or not all(isinstance(site, str) and site for site in sites):
        message = _("true, false, or the ids of sites")
        raise ValueError(message)
    return sites


NO_DATABASE = (
    "the path of a file: databases are read for demand, sites, joins, zones and spread_by alone; save the table as a "
    r"file, such as with ogr2ogr or \copy of psql, and name that"
)


def _local_file(value: object) -> object:
    """Refuse what is no path of a file at hand, before anything opens it."""
    if isinstance(value, str) and is_database(value):
        raise ValueError(NO_DATABASE)
    if isinstance(value, str) and is_address(value):
        message = _("the path of a file on this computer, not an address or a way into an archive; download it first")
        raise ValueError(message)
    if isinstance(value, str) and "\0" in value:
        message = _("the path of a file, without control characters")
        raise ValueError(message)
    return value


def _file_or_database(value: object) -> object:
    """Let the address of a database pass, or the path of a file."""
    if not (isinstance(value, str) and is_database(value)):
        return _local_file(value)
    message = address_fault(value)
    if message is not None:
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
            message = _("the name of an encoding, such as utf-8, cp1252, iso8859-15 or utf-16")
            raise ValueError(message) from None
    return value


_ID_SCHEMA = {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]}
_IDS_SCHEMA = {"anyOf": [*_ID_SCHEMA["anyOf"], {"type": "array", "items": _ID_SCHEMA, "minItems": 1}]}

Identifier = Annotated[str, BeforeValidator(_identifier), Field(min_length=1), WithJsonSchema(_ID_SCHEMA)]
Identifiers = Annotated[
    tuple[Identifier, ...], BeforeValidator(one_or_more), Field(min_length=1), WithJsonSchema(_IDS_SCHEMA)
]
Column = Annotated[str, Field(min_length=1)]
LocalFile = Annotated[str, BeforeValidator(_local_file), Field(min_length=1)]
FileOrDatabase = Annotated[str, BeforeValidator(_file_or_database), Field(min_length=1)]
Encoding = Annotated[str, BeforeValidator(_encoding), Field(min_length=1)]
Name = Annotated[str, BeforeValidator(plain), Field(min_length=1, max_length=MOST_TEXT)]
"""What a tier is called."""
NameOrNumber = Annotated[
    str,
    BeforeValidator(_identifier),
    BeforeValidator(plain),
    Field(min_length=1, max_length=MOST_TEXT),
    WithJsonSchema(_ID_SCHEMA),
]
"""What a year or a future is called, which may be a number."""
ColumnOrMoney = Annotated[str | float, BeforeValidator(_column_or(MOST_MONEY, LEAST_MONEY))]
ColumnOrPeople = Annotated[str | float, BeforeValidator(_column_or(MOST_PEOPLE))]
ColumnOrRoom = Annotated[str | Annotated[float, Field(ge=1, le=MOST_PEOPLE)], BeforeValidator(_column_or_room)]
ColumnOrLength = Annotated[str | float, BeforeValidator(_column_or(MOST_WAY))]
ColumnOrWeight = Annotated[str | float, BeforeValidator(_column_or(MOST_WEIGHT))]
ColumnOrFactor = Annotated[str | float, BeforeValidator(_column_or(MOST_WEIGHT, LEAST_FACTOR))]
ColumnOrShare = Annotated[str | float, BeforeValidator(_column_or(1))]
ColumnOrError = Annotated[str | float, BeforeValidator(_column_or(MOST_ERROR))]
Money = Annotated[float, Field(strict=True, ge=0, le=MOST_MONEY)]
Kilometres = Annotated[float, Field(strict=True, gt=0, le=MOST_WAY), AfterValidator(_way)]
"""A distance or a time; above nothing, since a grid is as fine as the least of them."""
Minutes = Annotated[Kilometres | dict[Name, Kilometres], BeforeValidator(_minutes)]
"""A time, or one by mode of travel."""
Kwh = Annotated[float, Field(strict=True, ge=0, le=MOST_KWH)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST_COUNT)]
Flag = Annotated[bool, Field(strict=True)]
AllOrSome = Annotated[
    bool | tuple[str, ...], BeforeValidator(_all_or_some), WithJsonSchema({"anyOf": [{"type": "boolean"}, _IDS_SCHEMA]})
]
"""Every site, none, or those listed."""


class Spec(BaseModel):
    """A section of the scenario: immutable, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

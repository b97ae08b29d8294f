"""Catalogues of the words of app and report: a translation is one file, in gettext's format, read or refused here."""

from __future__ import annotations

import os
from functools import cache
from gettext import c2py
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from hubplanner.errors import Fault, ScenarioError
from hubplanner.extras import absent, is_installed
from hubplanner.translation import ENGLISH, Language, gettext as _

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

FOLDER = Path(__file__).parent / "languages"
TEMPLATE = FOLDER / "hubplanner.pot"
OF_PAGES = ("hubplanner/web/static/", "hubplanner/outputs/comparison.py")
"""Where texts stand that the app's page translates itself: its modules, and the figures that runs are compared by."""
VARIABLE = "HUBPLANNER_LANGUAGE"
"""The environment's variable that names the language of pages."""


def page_language() -> Language:
    """Return the language of pages: that which the environment names, or else English."""
    return read_language(os.environ.get(VARIABLE) or ENGLISH.name, VARIABLE)


def choose_language(word: str | None) -> Language:
    """Take a language for the pages of this process and those it starts, unless none is named; return which it is."""
    if word is None:
        return page_language()
    chosen = read_language(word)
    os.environ[VARIABLE] = str(Path(word).absolute()) if word.endswith(".po") else word
    return chosen


@cache
def read_language(word: str, asked_by: str = "--language") -> Language:
    """Return a language by its name, or by its catalogue.

    Parameters
    ----------
    word
        ``en``, the name of a catalogue in the folder ``languages``, or the path of one.
    asked_by
        What names it, for errors.

    Raises
    ------
    ScenarioError
        When there is no such catalogue, or it cannot be used.
    MissingExtraError
        When the part that reads catalogues is not installed.
    """
    if word == ENGLISH.name:
        return ENGLISH
    path = Path(word) if word.endswith(".po") else FOLDER / f"{word}.po"
    if not path.is_file():
        known = ", ".join([ENGLISH.name, *sorted(found.stem for found in FOLDER.glob("*.po"))])
        allowed = _(
            "{known}, or the path of a gettext catalogue (.po) made from {template}", known=known, template=TEMPLATE
        )
        raise ScenarioError(Fault(file=asked_by, value=word, allowed=allowed, kind="scenario"))
    if not is_installed("languages"):
        raise absent(extra="languages", needs="a language other than English needs")
    return _read(path)


def _read(path: Path) -> Language:
    from babel.core import Locale, UnknownLocaleError  # noqa: PLC0415 - optional
    from babel.dates import format_date  # noqa: PLC0415
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415
    from babel.numbers import get_decimal_symbol, get_group_symbol  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, UnknownLocaleError, ValueError) as error:
        allowed = _("cannot be read as a gettext catalogue: {error}", error=error)
        raise ScenarioError(Fault(file=str(path), allowed=allowed, kind="scenario")) from error
    locale = catalogue.locale
    if not isinstance(locale, Locale):
        allowed = _("a known language, such as de, fr or ur, in the head of the catalogue")
        named = catalogue.locale_identifier or ""
        raise ScenarioError(Fault(file=str(path), column="Language", value=named, allowed=allowed, kind="scenario"))
    faults, texts = _texts(path, catalogue)
    if faults:
        raise ScenarioError(faults)
    return Language(
        name=str(locale).replace("_", "-"),
        direction=locale.text_direction,
        texts=texts,
        form=c2py(catalogue.plural_expr),
        group=get_group_symbol(locale, numbering_system="latn"),
        decimal=get_decimal_symbol(locale, numbering_system="latn"),
        write_date=lambda day: format_date(day, "d MMMM y", locale=locale),
    )


def _texts(path: Path, catalogue: Catalog) -> tuple[list[Fault], dict[str, str | tuple[str, ...]]]:
    """Return what is wrong with the texts of a catalogue, and those that are translated, by their English."""
    faults: list[Fault] = []
    texts: dict[str, str | tuple[str, ...]] = {}
    for message in catalogue:
        forms = _forms(message)
        if not message.id or message.fuzzy or not all(forms):
            continue
        if fault := _fault(path, message, forms, catalogue.num_plurals):
            faults.append(fault)
        texts[_english(message)] = forms if message.pluralizable else forms[0]
    return faults, texts


@cache
def page_texts() -> frozenset[str]:
    """Return the English of what the app's own modules say, as the template tells where each text stands."""
    from babel.messages.pofile import read_po  # noqa: PLC0415 - optional

    with TEMPLATE.open("rb") as file:
        return frozenset(
            _english(message)
            for message in read_po(file)
            if any(place.startswith(OF_PAGES) for place, _line in message.locations)
        )


def _english(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> tuple[str, ...]:
    """Return what a text is translated to, in all its forms."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def _fault(path: Path, message: Message, forms: tuple[str, ...], number: int) -> Fault | None:
    """Return what is wrong with a text that was translated: it must name what its English names, but for the number."""
    own = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    allowed = set().union(*map(_names, own))
    for form in forms:
        try:
            named = _names(form)
        except ValueError:
            named = {form}
        if named - allowed or (allowed - {"n"}) - named:
            told = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or _("no names in braces")
            return Fault(
                file=str(path),
                row=message.lineno,
                value=form,
                allowed=_("{told}, as in {own!r}", told=told, own=own[-1]),
            )
    if message.pluralizable and len(forms) != number:
        return Fault(
            file=str(path),
            row=message.lineno,
            value=len(forms),
            allowed=_("{number} forms, as its head says", number=number),
        )
    return None


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

"""The words of app and report in other languages: English stands in the code, a catalogue holds what it is elsewhere.

Texts are marked as in gettext, ``_("...")``, and filled in by name. A translation is one file, a gettext catalogue such
as ``de.po``, in the folder ``languages`` or elsewhere. Only what is said within `in_language` is translated: files for
programs stay English, and so does the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from gettext import c2py
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

from hubplanner.errors import Fault, ScenarioError
from hubplanner.extras import absent, is_installed

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

FOLDER = Path(__file__).parent / "languages"
TEMPLATE = FOLDER / "hubplanner.pot"
VARIABLE = "HUBPLANNER_LANGUAGE"
"""The environment's variable that names the language of pages."""
FORMS = 1000
"""Numbers whose forms a page is told; larger ones go as those do that end alike."""
ENGLISH_FORM = c2py("n != 1")


@dataclass(frozen=True, kw_only=True, eq=False)
class Language:
    """A language of pages.

    Parameters
    ----------
    name
        As browsers know it, such as ``de``.
    direction
        ``ltr`` or ``rtl``.
    texts
        By their English: the text, or all its forms where it goes with a number.
    form
        Which of the forms goes with a number.
    group, decimal
        What parts thousands, and whole numbers from their decimals.
    write_date
        A date in words.
    """

    name: str = "en"
    direction: str = "ltr"
    texts: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    form: Callable[[int], int] = ENGLISH_FORM
    group: str = ","
    decimal: str = "."
    write_date: Callable[[date], str] = "{0.day} {0:%B} {0.year}".format

    def as_page(self) -> dict[str, object]:
        """Return what the app's page needs to speak it."""
        return {"language": self.name, "texts": self.texts, "forms": [self.form(number) for number in range(FORMS)]}


ENGLISH = Language()
_language: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def gettext(text: str, **values: object) -> str:
    """Return a text in the language that is spoken, its ``{names}`` filled in.

    >>> gettext("{count} of {all} plans", count=2, all=3)
    '2 of 3 plans'
    """
    found = _language.get().texts.get(text, text)
    own = found if isinstance(found, str) else found[0]
    return own.format(**values) if values else own


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return the one of a text's forms that goes with a number, which fills in ``{n}``.

    >>> ngettext("{n} hub", "{n} hubs", 1), ngettext("{n} hub", "{n} hubs", 1200)
    ('1 hub', '1,200 hubs')
    """
    spoken = _language.get()
    forms = spoken.texts.get(one)
    own = (one if number == 1 else many) if forms is None or isinstance(forms, str) else forms[spoken.form(number)]
    return own.format(**{"n": written(f"{number:,}"), **values})


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text that is translated where it is used.

    >>> N_("new")
    'new'
    """
    return text


def written(number: str) -> str:
    """Return a number that is written as in English as the language that is spoken writes it.

    >>> written("1,234.5")
    '1,234.5'
    """
    spoken = _language.get()
    if spoken is ENGLISH:
        return number
    return number.translate({ord(","): spoken.group, ord("."): spoken.decimal})


def written_date(day: date) -> str:
    """Return a date in words.

    >>> written_date(date(2026, 3, 1))
    '1 March 2026'
    """
    return _language.get().write_date(day)


def spoken() -> Language:
    """Return the language that is spoken now."""
    return _language.get()


@contextmanager
def in_language(language: Language) -> Iterator[None]:
    """Speak a language for as long as a page is made."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


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
        allowed = f"{known}, or the path of a gettext catalogue (.po) made from {TEMPLATE}"
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
        allowed = f"cannot be read as a gettext catalogue: {error}"
        raise ScenarioError(Fault(file=str(path), allowed=allowed, kind="scenario")) from error
    locale = catalogue.locale
    if not isinstance(locale, Locale):
        allowed = "a known language, such as de, fr or ur, in the head of the catalogue"
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
        english = message.id if isinstance(message.id, str) else message.id[0]
        if fault := _fault(path, message, forms, catalogue.num_plurals):
            faults.append(fault)
        texts[english] = forms if message.pluralizable else forms[0]
    return faults, texts


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
            told = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "no names in braces"
            return Fault(file=str(path), row=message.lineno, value=form, allowed=f"{told}, as in {own[-1]!r}")
    if message.pluralizable and len(forms) != number:
        return Fault(file=str(path), row=message.lineno, value=len(forms), allowed=f"{number} forms, as its head says")
    return None


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

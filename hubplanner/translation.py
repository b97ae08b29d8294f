"""The words of app and report in other languages: English stands in the code, a catalogue holds what it is elsewhere.

Texts are marked as in gettext, ``_("...")``, and filled in by name. Only what is said within `in_language` is in
another language: files for programs stay English, and so does the terminal. A text keeps how it was made, so that
`translated` says it again to who reads it, even if it was made elsewhere and before.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from gettext import c2py
from math import isfinite
from numbers import Integral, Number, Real
from string import Formatter
from typing import Any, Self

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

    def as_page(self, said: Container[str]) -> dict[str, object]:
        """Return what the app's page needs to speak it, of all texts those that it says itself."""
        texts = {english: own for english, own in self.texts.items() if english in said}
        return {"language": self.name, "texts": texts, "forms": [self.form(number) for number in range(FORMS)]}


ENGLISH = Language()
_language: ContextVar[Language] = ContextVar("language", default=ENGLISH)


class Said(str):
    """A text as it was said, and how, so that it can be said again in another language.

    Parameters
    ----------
    text
        As it was said.
    how
        What says it in the language that is spoken then.

    >>> shares = gettext("{part:,} of {all:,} plans", part=1200, all=3000)
    >>> shares, type(shares).__name__
    ('1,200 of 3,000 plans', 'Said')
    """

    __slots__ = ("how",)
    how: partial[str]

    def __new__(cls, text: str, how: partial[str]) -> Self:
        """Take the text, and how it was made."""
        said = super().__new__(cls, text)
        said.how = how
        return said

    def __str__(self) -> str:
        """Return the text itself, which an exception that is told would lose otherwise."""
        return self

    def __add__(self, more: str) -> str:
        """Return this text and what goes on."""
        return joined((self, more), "")

    def __radd__(self, start: str) -> str:
        """Return this text after what comes before it."""
        return joined((start, self), "")

    def __reduce__(self) -> tuple[Any, ...]:
        """Take along how it was made to another process."""
        return Said, (self[:], self.how)


class _Filler(Formatter):
    """Fills in texts: their numbers as the language writes them, and nothing but what is named."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        del args
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        told = format(value, format_spec)
        return written(told) if isinstance(value, Number) else told


_FILLER = _Filler()


def _filled(text: str, values: Mapping[str, object]) -> str:
    if _language.get() is ENGLISH:
        return text.format(**values)
    return _FILLER.vformat(text, (), translated(values))


def gettext(text: str, /, **values: object) -> str:
    """Return a text in the language that is spoken, its ``{names}`` filled in.

    >>> gettext("{count} of {all:,} plans", count=2, all=3000)
    '2 of 3,000 plans'
    """
    found = _language.get().texts.get(text, text)
    own = found if isinstance(found, str) else found[0]
    return Said(_filled(own, values) if values else own, partial(gettext, text, **values))


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the one of a text's forms that goes with a number, which fills in ``{n}``.

    >>> ngettext("{n} hub", "{n} hubs", 1), ngettext("{n} hub", "{n} hubs", 1200)
    ('1 hub', '1,200 hubs')
    """
    spoken = _language.get()
    forms = spoken.texts.get(one)
    own = (one if number == 1 else many) if forms is None or isinstance(forms, str) else forms[spoken.form(number)]
    return Said(_filled(own, {"n": written(f"{number:,}")} | values), partial(ngettext, one, many, number, **values))


def joined(parts: Iterable[str], between: str = " ") -> str:
    """Return texts one after the other, those that say nothing left out.

    >>> joined(["One.", "", "Two."])
    'One. Two.'
    """
    told = [part for part in parts if part]
    return Said(translated(between).join(translated(told)), partial(joined, told, between))


def with_advice(said: str, *more: str) -> str:
    """Return a text with what else there is to know about it after semicolons: clauses, each whole by itself.

    >>> with_advice("cannot be read", "", "did you mean demand.csv?")
    'cannot be read; did you mean demand.csv?'
    """
    return joined((said, *more), "; ")


def listed(parts: Sequence[str]) -> str:
    """Return texts as a list in a sentence.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    if len(parts) < 2:  # noqa: PLR2004 - a list in a sentence
        return joined(parts)
    return gettext("{some} and {last}", some=joined(parts[:-1], ", "), last=parts[-1])


def either(parts: Sequence[str]) -> str:
    """Return texts as a choice in a sentence.

    >>> either(["a", "b", "c"]), either(["a"])
    ('a, b or c', 'a')
    """
    if len(parts) < 2:  # noqa: PLR2004 - a choice in a sentence
        return joined(parts)
    return gettext("{some} or {last}", some=joined(parts[:-1], ", "), last=parts[-1])


def sentences_of(text: str) -> list[str]:
    """Return the texts that were joined to one."""
    if isinstance(text, Said) and text.how.func is joined:
        return [sentence for part in text.how.args[0] for sentence in sentences_of(part)]
    return [text]


def translated(tree: Any) -> Any:
    """Return what was said, in the language that is spoken: a text, or all texts of lists and mappings.

    >>> translated({"plans": [gettext("{count} plans", count=2)]})
    {'plans': ['2 plans']}
    """
    if isinstance(tree, Said):
        return tree.how()
    if isinstance(tree, Mapping):
        return {key: translated(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [translated(value) for value in tree]
    return tree


def how_said(text: Any) -> Any:
    """Return how a text was said, as JSON, for a file beside the one that holds it in English.

    >>> how_said(gettext("{count} of {all:,} plans", count=2, all=3000))
    {'way': 'gettext', 'parts': ['{count} of {all:,} plans'], 'values': {'count': 2, 'all': 3000}}
    """
    if isinstance(text, Said) and (way := text.how.func.__name__) in _WAYS:
        values = {name: how_said(value) for name, value in text.how.keywords.items()}
        return {"way": way, "parts": how_said(text.how.args), "values": values}
    if isinstance(text, list | tuple):
        return [how_said(part) for part in text]
    if isinstance(text, Integral):
        return int(text)
    if isinstance(text, Real) and isfinite(text):
        return float(text)
    return str(text)


def said_again(kept: Any, english: str) -> str:
    """Return a text of a file in the language that is spoken, or in English where that lacks a part of it.

    Parameters
    ----------
    kept
        How texts were said, by their English, as `how_said` has it. Anyone may have changed that file: only texts of
        the catalogue are filled in.
    english
        The text as it stands in the file.
    """
    text = english
    if _language.get() is not ENGLISH:
        with suppress(AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
            text = _again(kept[english])
    return Said(text, partial(said_again, kept, english))


def _again(how: Any) -> Any:
    if isinstance(how, list):
        return [_again(part) for part in how]
    if not isinstance(how, dict):
        return how
    way, parts = how["way"], _again(how["parts"])
    if way in {"gettext", "ngettext"} and parts[0] not in _language.get().texts:
        raise KeyError(parts[0])
    return _WAYS[way](*parts, **{name: _again(value) for name, value in how["values"].items()})


def said_of(text: str, change: Callable[[str], str]) -> str:
    """Return a text with what is filled in changed.

    >>> said_of(gettext("{file} is no table", file="upload-1.csv"), lambda part: part.replace("upload-1", "towns"))
    'towns.csv is no table'
    """
    if not isinstance(text, Said):
        return change(text)

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return said_of(value, change)
        return [changed(part) for part in value] if isinstance(value, list) else value

    how = text.how
    return how.func(*map(changed, how.args), **{name: changed(value) for name, value in how.keywords.items()})


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text that is translated where it is used.

    >>> N_("new")
    'new'
    """
    return text


def written(number: str) -> str:
    """Return a number that is written as in English as the language that is spoken writes it.

    One that is filled in as a number, ``{count:,}``, is written so anyway.

    >>> written("1,234.5")
    '1,234.5'
    """
    spoken = _language.get()
    told = number if spoken is ENGLISH else number.translate({ord(","): spoken.group, ord("."): spoken.decimal})
    return Said(told, partial(written, number))


def written_date(day: date) -> str:
    """Return a date in words.

    >>> written_date(date(2026, 3, 1))
    '1 March 2026'
    """
    return Said(_language.get().write_date(day), partial(written_date, day))


_WAYS: dict[str, Callable[..., str]] = {way.__name__: way for way in (gettext, ngettext, joined, written)}
"""What may say a text again that a file holds."""


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

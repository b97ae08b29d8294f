"""Names as people mean them: what looks the same is the same, and what is nearly the same is told."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from hubplanner.translation import gettext as _, joined

SHOWN_VALUES = 12
"""Values that a message lists."""
MOST_COMPARED = 2000
"""Names beyond which only those that differ in case, accents or punctuation are looked for."""
_PLAIN = re.compile(r"[!-~]+( [!-~]+)*")
"""Text that is its own key."""
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""What no one sees though its category does not say so: fillers, joiners and selectors of variants."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_HYPHENS = re.compile("[-\u2010-\u2015\u2212]+")
_WHOLE = re.compile(r"[0-9]+(\.0+)?")
"""A whole number, as spreadsheets write codes too."""
_PUNCTUATION = re.compile(r"[-_'.,/\u2010-\u2015\u2018\u2019]+")


def key_of(name: str) -> str:
    r"""Return what a name is compared by: in Unicode's form NFKC, white space folded, invisible characters dropped.

    >>> key_of("Tando\u00a0 Allahyar\u200b "), key_of("N\u0303uble") == key_of("\u00d1uble"), key_of("punjab")
    ('Tando Allahyar', True, 'punjab')
    """
    if _PLAIN.fullmatch(name):
        return name
    return " ".join(_seen(unicodedata.normalize("NFKC", _seen(name))).split())


def _seen(text: str) -> str:
    if not text.isprintable():
        hidden = {"Cc", "Cf"}
        text = "".join(letter for letter in text if letter.isspace() or unicodedata.category(letter) not in hidden)
    return _INVISIBLE.sub("", text)


def has_control(name: str) -> bool:
    r"""Tell whether a name holds characters that control a terminal or a line rather than spell.

    >>> has_control("Sibi\x07"), has_control("Sibi, old")
    (True, False)
    """
    return any(unicodedata.category(letter) == "Cc" for letter in name)


def near_key(name: str) -> str:
    """Return what two names share that are likely the same: letters without case, accents and punctuation.

    >>> near_key("PUNJAB"), near_key("Ñuble") == near_key("nuble"), near_key("Elgeyo-Marakwet")
    ('punjab', True, 'elgeyo marakwet')
    """
    plain = _PUNCTUATION.sub(" ", _ACCENTS.sub("", unicodedata.normalize("NFD", key_of(name).casefold())))
    return " ".join(unicodedata.normalize("NFC", plain).split())


def join_key(name: str) -> str:
    """Return what keys of two files are compared by: no case, no accents, hyphens as blanks, no zeros before numbers.

    >>> join_key("Elgeyo-Marakwet") == join_key("ELGEYO  MARAKWET"), join_key("Ñuble"), join_key("01001")
    (True, 'nuble', '1001')
    """
    plain = _HYPHENS.sub(" ", _ACCENTS.sub("", unicodedata.normalize("NFD", key_of(name).casefold())))
    key = " ".join(unicodedata.normalize("NFC", plain).split())
    return (key.partition(".")[0].lstrip("0") or "0") if _WHOLE.fullmatch(key) else key


def spelling_of(spellings: Iterable[str]) -> str:
    r"""Return the spelling that stands for all of one key, whatever their order: the plain one if there is one.

    >>> spelling_of(["Tando  Allahyar", "Tando Allahyar", "Tando Allahyar\u200b"])
    'Tando Allahyar'
    """
    return min(spellings, key=lambda name: (name != key_of(name), name))


def renamed(header: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Return the columns that are wanted but spelled otherwise, each with the name it is wanted by.

    >>> renamed(["id ", "people"], ["id", "people"])
    {'id ': 'id'}
    """
    own = list(header)
    missing = {key_of(name): name for name in set(wanted).difference(own)}
    keys = [key_of(name) for name in own]
    return (
        {name: missing[key] for name, key in zip(own, keys, strict=True) if key in missing and keys.count(key) == 1}
        if missing
        else {}
    )


def repeated(names: Iterable[str]) -> list[int]:
    """Return where a name stands that looks like one before it.

    >>> repeated(["a", "b", "a "])
    [2]
    """
    keys = [key_of(name) for name in names]
    first = {key: at for at, key in reversed(list(enumerate(keys)))}
    return [at for at, key in enumerate(keys) if first[key] != at]


def shown(name: object) -> str:
    r"""Return a name as a message lists it, with what cannot be seen spelled out.

    >>> shown("Quetta"), shown("Quetta\u200b")
    ('Quetta', "'Quetta\\u200b'")
    """
    text = str(name)
    return text if text.isprintable() else repr(text)


def listed(names: Iterable[str]) -> str:
    """Return the first of some names in order, as a message lists them.

    >>> listed(["b", "a"])
    'a, b'
    """
    known = sorted(names)
    return ", ".join(map(shown, known[:SHOWN_VALUES])) + (", ..." if len(known) > SHOWN_VALUES else "")


def hint(name: str, known: Iterable[str]) -> str:
    """Return which known name may be meant, as advice; nothing where none is near.

    >>> hint("punjab", ["Sindh", "Punjab"]), hint("Kabul", ["Sindh", "Punjab"])
    ('did you mean Punjab?', '')
    """
    names, wanted = list(known), near_key(name)
    same = [other for other in names if near_key(other) == wanted]
    if same:
        return _("did you mean {name}?", name=shown(same[0]))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75) if len(names) <= MOST_COMPARED else []
    if not close:
        return ""
    return joined((_("did you mean {name}?", name=shown(close[0])), _apart(key_of(name), key_of(close[0]))))


def _apart(name: str, other: str) -> str:
    """Return the letters of other scripts that tell two names apart which look alike; nothing where they do not."""
    if len(name) != len(other) or (name + other).isascii():
        return ""
    pairs = [(one, two) for one, two in zip(name, other, strict=True) if one.casefold() != two.casefold()]
    if len(pairs) > 2:  # noqa: PLR2004 - such names look different
        return ""
    said = [
        _("{letter} here, {other} there", letter=unicodedata.name(one, one), other=unicodedata.name(two, two))
        for one, two in pairs
    ]
    return _("({letters})", letters=joined(said, "; ")) if said else ""

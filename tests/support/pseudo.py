"""A language that nobody speaks: every marked text with other letters, so that what was not marked stands out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from hubplanner.catalogues import TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", "àƀçđéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýž", strict=True))
OTHER = str.maketrans({**LETTERS, **{letter.upper(): other.upper() for letter, other in LETTERS.items()}})
PLACES = re.compile(r"(\{\w+(?:![ra])?(?::[^{}]*)?\})")
LANGUAGE = "pl"
"""Its numbers are parted by spaces and commas, and it has several plurals."""


def other(text: str) -> str:
    """Return a text as the catalogue has it.

    >>> other("{n} hubs")
    '{n} ĥûƀš'
    """
    return "".join(part if PLACES.fullmatch(part) else part.translate(OTHER) for part in PLACES.split(text))


def write_pseudo(path: Path, language: str = LANGUAGE) -> Path:
    """Write a catalogue of every text of the template, with forms that are told apart where there are several."""
    with TEMPLATE.open("rb") as file:
        template = read_po(file)
    made = Catalog(locale=language)
    for message in template:
        if not message.id:
            continue
        if isinstance(message.id, str):
            made.add(message.id, other(message.id), flags=message.flags)
        else:
            forms = tuple(f"{other(message.id[1])}{'¹²³⁴⁵⁶'[number]}" for number in range(made.num_plurals))
            made.add(tuple(message.id), forms, flags=message.flags)
    with path.open("wb") as file:
        write_po(file, made)
    return path


WORD = re.compile(r"[A-Za-z]{3,}")


def left_over(texts: list[str], known: set[str]) -> set[str]:
    """Return the words in plain letters that no data bring, in small letters."""
    return {word.lower() for text in texts for word in WORD.findall(text)} - {word.lower() for word in known}

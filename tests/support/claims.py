"""Figures of README and the documents, each by the words it stands in; tests hold each against what it is about."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n\n".join(path.read_text(encoding="utf-8") for path in PAGES)

CLAIMS = {
    "python": r"Python (3\.\d+) or newer",
    "budget": r"a budget of PKR ([\d.]+) billion",
    "plan": r"About ([\d.]+) new hubs, centres of ([\d.]+) seats where people live close and school telecentres of "
    r"([\d.]+) where they do not, have regular users in ([\d.]+) or more of ([\d.]+) districts, ([\d.]+) million of "
    r"([\d.]+) million people of (15) to (40) who are offline",
    "stays": r"([\d.]+) e-Rozgaar centres stay, and with the same money no plan has ([\d.]+) % more users",
    "users": r"([\d.]+) regular users share a seat of the national plan, ([\d.]+) hours a week each, and at most "
    r"([\d.]+) % of those who are offline come, (1)/e of that from ([\d.]+) km away",
    "most need": r"([\d.]+) hubs of ([\d.]+) seats at about ([\d.]+) sites serve ([\d.]+) million people, with at "
    r"least ([\d.]+) % of the need of every province",
    "alternatives": r"plans within ([\d.]+) % of the best that differ in at least five sites",
    "explained in part": r"what there was no time for is listed, with exit code (\d)",
    "audit": r"It exits with (\d) when something is wrong, with (\d) when something could not be checked",
    "cache": r"and the program, up to ([\d.]+) GB",
    "gap": r"the default asks for ([\d.]+) %",
    "late": r"says so, exits with (\d)",
    "coverage": r"holds line coverage above ([\d.]+) %",
    "seats": r"([\d.]+) people share a seat: ([\d.]+) minutes a week each, or ([\d.]+) hours for the one in five",
    "fewer seats": r"with ([\d.]+) a seat the same hubs would have room for ([\d.]+) million, and no plan could keep "
    r"the floors, which ask for ([\d.]+) million",
    "within reach": r"puts ([\d.]+) million people within reach of ([\d.]+) hubs, ([\d.]+) million of them near a "
    "single park in Lahore",
    "stacked": r"it puts up to ([\d.]+) at a site",
    "announced": r"centres were announced by province, ([\d.]+) in all",
    "moved": r"([\d.]+) centres to Balochistan, ([\d.]+) to Gilgit-Baltistan, ([\d.]+) to Khyber Pakhtunkhwa and "
    r"([\d.]+) to Azad Kashmir",
    "survey": r"Connectivity is of (\d+)-(\d+)\*\* for Pakistan",
    "accessmod": r"AccessMod's demo of (2015) the cells reached within two hours differ from its published raster in "
    r"less than ([\d.]+) %, and minutes by less than ([\d.]+) % on average",
    "distances": r"at most ([\d.]+) million pairs",
    "programs": r"more than ([\d.]+) million pairs to decide on",
    "cells": r"more than ([\d.]+) million pairs of a point and a hub",
}


def blocks(language: str) -> list[str]:
    """Return the blocks of README and of the pages beside it that are in a language, each once."""
    found = [
        block
        for page in PAGES
        for block in re.findall(
            rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
    ]
    return list(dict.fromkeys(found))


NO_FIGURES = (
    r"prints on A4",
    r"CC BY 4\.0",
    r"BSD 3-Clause",
    r"of 0 or infinite",
    r"gap of 0",
    r"of 4G and 5G",
    r"^\d\. ",
)
"""Digits that state nothing."""


def claimed(name: str) -> tuple[float, ...]:
    """Return the figures of a claim, the same wherever it is made."""
    [found] = {match.groups() for match in re.finditer(CLAIMS[name], " ".join(TEXT.split()))}
    return tuple(float(figure) for figure in found)


def prose() -> str:
    """Return the documents without code, measured tables, which are generated, and the targets of links."""
    text = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!-- (\w+) -->.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$|doi:[\d./a-z]+", "", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)


def unclaimed() -> list[str]:
    """Return the documents' figures that no claim holds, with the words about them."""
    text = re.sub("|".join(NO_FIGURES), "", re.sub(r"`[^`]*`", "", prose()), flags=re.MULTILINE)
    text = " ".join(text.split())
    for pattern in CLAIMS.values():
        text = re.sub(pattern, "", text)
    return re.findall(r".{0,30}\d+.{0,30}", text)

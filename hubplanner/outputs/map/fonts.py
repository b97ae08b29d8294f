"""Words and numbers as the picture's one font can draw them."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.textpath import text_to_path

POINTS_PER_INCH = 72.0
_FOLDER = Path(mpl.get_data_path()) / "fonts" / "ttf"
_NARROWER = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """Return matplotlib's own DejaVu Sans, by file: a user's settings and installed fonts change nothing."""
    return FontProperties(fname=_FOLDER / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size=size)


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(get_font(_FOLDER / "DejaVuSans.ttf").get_charmap()) & frozenset(
        get_font(_FOLDER / "DejaVuSans-Bold.ttf").get_charmap()
    )


def drawable(text: str) -> bool:
    """Tell whether the font has every glyph, and the script needs no joining, which older matplotlib cannot do.

    >>> drawable("Café Łódź ₨"), drawable("پاکستان"), drawable("中文")
    (True, False, False)
    """
    return all(
        ord(letter) in _glyphs()
        and unicodedata.bidirectional(letter) not in {"R", "AL", "AN"}
        and unicodedata.category(letter)[0] not in "MC"
        for letter in text
    )


def plain(text: str) -> str:
    r"""Return text on one line, what the font cannot draw as an ellipsis.

    >>> plain("hubs of 中文, two\nlines")
    'hubs of …, two lines'
    """
    letters = "".join(letter if drawable(letter) else "…" for letter in " ".join(text.split()))
    while "……" in letters or "… …" in letters:
        letters = letters.replace("……", "…").replace("… …", "…")
    return letters


@cache
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line in inches."""
    points = text_to_path.get_text_width_height_descent(text, font(size, bold=bold), ismath=False)[0]
    return float(points) / POINTS_PER_INCH


def wrap(text: str, size: float, most: float, lines: int, *, bold: bool = False) -> list[str]:
    """Return text broken into lines at most so many inches wide; what does not fit ends in an ellipsis."""
    broken = _broken(text, size, most, bold=bold)
    if len(broken) <= lines:
        # The narrowest column of as many lines leaves no word alone on the last.
        columns = [_broken(text, size, part * most, bold=bold) for part in _NARROWER]
        broken = next((even for even in columns if len(even) == len(broken)), broken)
    else:
        broken = [*broken[: lines - 1], " ".join(broken[lines - 1 :])]
    return [shorten(line, size, most, bold=bold) for line in broken]


def _broken(text: str, size: float, most: float, *, bold: bool) -> list[str]:
    broken: list[str] = []
    for word in text.split():
        longer = f"{broken[-1]} {word}" if broken else word
        if broken and width(longer, size, bold=bold) <= most:
            broken[-1] = longer
        else:
            broken.append(word)
    return broken


def shorten(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """Return a line cut, with an ellipsis, to at most so many inches."""
    if width(text, size, bold=bold) <= most:
        return text
    # Every glyph is wider than nothing, so that a bisection finds the longest start that fits.
    low, high = 0, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        fits = width(f"{text[:middle].rstrip()}…", size, bold=bold) <= most
        low, high = (middle, high) if fits else (low, middle)
    return f"{text[:low].rstrip()}…"

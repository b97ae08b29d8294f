"""Docstrings as Markdown: their formulas and doctests are written as reStructuredText, which the site does not read."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import griffe

MATH = re.compile(r"^([ ]*)\.\. math::[ ]*(.*(?:\n(?:\1[ ]+\S.*|[ ]*(?=\n\1[ ]+\S)))*)", re.MULTILINE)
DOCTEST = re.compile(r"^>>> .*(?:\n(?!\s*$).*)*", re.MULTILINE)


def as_markdown(text: str) -> str:
    r"""Return a docstring whose formulas stand between dollar signs and whose doctests are its last section.

    >>> print(as_markdown("Sum.\n\n.. math:: a + b\n\n>>> 1 + 1\n2"))
    Sum.
    <BLANKLINE>
    $$
    a + b
    $$
    <BLANKLINE>

    Examples
    --------
    >>> 1 + 1
    2
    """
    text = MATH.sub(lambda found: f"{found[1]}$$\n{found[1]}{' '.join(found[2].split())}\n{found[1]}$$", text)
    examples = DOCTEST.findall(text)
    text = DOCTEST.sub("", text).rstrip()
    return text + ("\n\nExamples\n--------\n" + "\n\n".join(examples) if examples else "")


class Docstrings(griffe.Extension):
    """Rewrites each docstring as it is read."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = as_markdown(textwrap.dedent(obj.docstring.value))

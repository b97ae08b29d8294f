"""The list of actions as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hubplanner.report.actions import list_actions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hubplanner.report.actions import Action
    from hubplanner.report.result import Result

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$!^=])")
"""What Markdown, its tables or HTML could take for a mark."""
_START = re.compile(r"^(\d+)([.)])(?=\s|$)|^([+-])(?=\s|$)")
"""What starts a list at the start of a line."""


def write_markdown(result: Result, path: Path) -> None:
    """Write the list of actions as CommonMark with tables; nothing in a name acts as a mark, a link or HTML."""
    path.write_text("\n".join(_lines(result)) + "\n", encoding="utf-8")


def escape(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    >>> print(escape("*new* <b>hub</b> | [x](y)"))
    \*new\* \<b\>hub\</b\> \| \[x\](y)
    """
    return _START.sub(lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", _SPECIAL.sub(r"\\\1", text))


def _lines(result: Result) -> Iterator[str]:
    found = list_actions(result)
    yield f"# {escape(found.title)}"
    yield from ("", escape(" ".join(found.summary)))
    number = 0
    for heading, actions in found.sections:
        yield from ("", f"## {escape(heading)}", "")
        if not actions:
            yield "Nothing."
        for number, action in enumerate(actions, start=number + 1):  # noqa: B020 - numbers run on through all sections
            yield f"{number}. {_sentence(action)}"
    for heading, columns, rows in found.totals:
        yield from ("", f"## {escape(heading)}", "", *_table(columns, rows))
    yield from ("", "## Notes", "", *(f"- {escape(note)}" for note in found.notes))


def _sentence(action: Action) -> str:
    """Return a sentence with what to do and where in bold."""
    return f"**{escape(action.task)}** {escape(action.facts)}".rstrip()


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    yield f"| {' | '.join(map(escape, columns))} |"
    yield f"|---{'|---:' * (len(columns) - 1)}|"
    for row in rows:
        yield f"| {' | '.join(map(escape, row))} |"

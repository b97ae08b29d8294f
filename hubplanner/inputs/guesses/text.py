"""A scenario as text: each guess with its evidence beside it, each doubt as a question at the line that it concerns."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field
from typing import Any

from hubplanner.scenario.yaml_text import parse_yaml

WIDTH = 110
"""Letters of a line of comment."""
MILLION = 1e6
EXAMPLE = "EXAMPLE"
"""What marks a value that nobody gave."""


@dataclass(frozen=True, kw_only=True)
class AskedDoubt:
    """A doubt about a guess.

    Parameters
    ----------
    text
        What is asked.
    line
        Line of the scenario where it stands, above the one that it concerns.
    """

    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class MadeGuess:
    """A guess that was made: the key, its value and the evidence."""

    key: str
    value: Any
    why: str


@dataclass(kw_only=True, eq=False)
class ScenarioText:
    """Lines of a scenario that is being written, with what was guessed and what is asked.

    >>> text = ScenarioText()
    >>> text.say(0, "crs", "EPSG:4326", why="from -91 to -88", ask="is it WGS 84?")
    >>> print(text.whole())
    # Question 1: is it WGS 84?
    crs: EPSG:4326  # from -91 to -88
    <BLANKLINE>
    """

    lines: list[str] = field(default_factory=list)
    questions: list[AskedDoubt] = field(default_factory=list)
    guesses: list[MadeGuess] = field(default_factory=list)
    examples: list[int] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)

    def comment(self, words: str, indent: int = 0) -> None:
        """Write a comment on lines of its own."""
        margin = f"{' ' * indent}# "
        self.lines += textwrap.wrap(
            words,
            WIDTH,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def blank(self) -> None:
        """Write a blank line."""
        self.lines.append("")

    def ask(self, words: str, indent: int = 0) -> None:
        """Write a question above the line that comes next."""
        self.questions.append(AskedDoubt(text=words, line=len(self.lines) + 1))
        self.comment(f"Question {len(self.questions)}: {words}", indent)

    def say(  # noqa: PLR0913 - a line and what is told of it
        self,
        indent: int,
        key: str,
        value: Any = None,
        *,
        why: str = "",
        ask: str = "",
        item: bool = False,
        example: bool = False,
    ) -> None:
        """Write a key with its value, or a section without one.

        Parameters
        ----------
        indent
            Blanks before it.
        key
            The key; blank for an item of a list that is a value of its own.
        value
            What it is; None for what comes on the lines below.
        why
            The evidence.
        ask
            A question; blank for none.
        item
            Whether it starts an item of a list.
        example
            Whether the value is made up.
        """
        level = indent // 2
        self._path[level:] = [key]
        if ask:
            self.ask(ask, indent)
        text = f"{' ' * indent}{'- ' if item else ''}{f'{flow(key)}:' if key else ''}"
        text += "" if value is None else f"{' ' if key else ''}{flow(value)}"
        words = f"{EXAMPLE}: {why}" if example and why else EXAMPLE if example else why
        if words and len(text) + len(words) + 4 <= WIDTH:
            text += f"  # {words}"
        elif words:
            self.comment(words, indent)
        self.lines.append(text)
        number = len(self.lines)
        if example:
            self.examples.append(number)
        elif why:
            self.guesses.append(MadeGuess(key=".".join(part for part in self._path if part), value=value, why=why))

    def whole(self) -> str:
        """Return the file."""
        return "\n".join([*self.lines, ""])


def flow(value: Any) -> str:
    """Return a value as YAML on one line.

    >>> flow({"county": "% online", "code": "01"}), flow(["a", 1.5, True]), flow(1.1e6)
    ('{county: "% online", code: "01"}', '[a, 1.5, true]', '1.1e6')
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{flow(str(key))}: {flow(part)}' for key, part in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value >= MILLION:  # zeros are hard to count from here on
        return f"{value / MILLION:.12g}e6" if value % MILLION else f"{value / MILLION:.12g}.0e6"
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Tell whether YAML reads a text as it stands, alone and among others on a line."""
    if not text or (any(mark in text for mark in ",[]{}#:&*!|>'\"%@`\\\n\t") and not _is_code(text)):
        return False
    try:
        found = parse_yaml(f"a: [{text}, b]", "")
    except Exception:  # noqa: BLE001 - whatever is wrong with it, quotes are right
        return False
    return bool(found == {"a": [text, "b"]})


def _is_code(text: str) -> bool:
    """Tell whether a text is the code of a coordinate system, which reads well without quotes."""
    return text.startswith("EPSG:") and text[5:].isdecimal()

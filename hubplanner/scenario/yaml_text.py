"""YAML 1.2 text to plain mappings, and the dotted settings that change them."""

from __future__ import annotations

import copy
import io
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner, ScannerError

from hubplanner.errors import Fault, ScenarioError
from hubplanner.io import check_regular, why_unreadable
from hubplanner.translation import gettext as _

Tree = dict[str, Any]
DEEPEST = 32
"""Levels that lists and mappings may nest; reading costs the cube of their number, and no scenario needs ten."""
LONGEST = 300_000
"""Letters of a text; reading takes seconds for each hundred thousand, and ten thousand ids fit in."""


def _fault(file: str, allowed: str, **where: Any) -> Fault:
    return Fault(file=file, allowed=allowed, kind="scenario", **where)


class _NotTakenError(ScannerError):
    """What YAML knows and a scenario may not hold."""


class _Scanner(Scanner):
    """Reads tokens; refuses anchors, aliases, and nests so deep that reading them takes minutes."""

    def add_indent(self, column: int) -> bool:
        if self.indent < column:
            self._check_depth()
        return bool(super().add_indent(column))

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 - as it is called
        self._check_depth()
        super().fetch_flow_collection_start(TokenClass, to_push)

    def fetch_anchor(self) -> None:
        self._refuse(_("anchors (&) and aliases (*) cannot be used; write the value out, or in quotes if it is text"))

    fetch_alias = fetch_anchor

    def _check_depth(self) -> None:
        if len(self.indents) + self.flow_level >= DEEPEST:
            self._refuse(
                _("lists and mappings nest more than {deepest} levels deep; write them flatter", deepest=DEEPEST)
            )

    def _refuse(self, allowed: str) -> None:
        raise _NotTakenError(problem=allowed, problem_mark=self.reader.get_mark())


class _Parser(Parser):
    """Puts tokens together; refuses {car:30}, which YAML reads as a key car:30 without a value."""

    def parse_flow_mapping_empty_value(self) -> Any:
        mark = self.scanner.peek_token().start_mark
        before = re.split(r"[{,]", mark.buffer[: mark.pointer])[-1]
        written = before.strip()
        mark.line -= before[len(before.rstrip()) :].count("\n")
        key, colon, value = written.partition(":")
        missing = (
            _("write {key}: {value}, with a space after the colon", key=key, value=value)
            if colon
            else _("write {key}: and its value", key=key)
        )
        raise _NotTakenError(
            problem=_("{written} in {{ }} has no value; {missing}", written=written, missing=missing), problem_mark=mark
        )


def parse_yaml(text: str, file: str) -> Any:
    """Return the value a YAML 1.2 text spells; refuse duplicate keys, anchors, aliases, deep nests and long texts.

    >>> parse_yaml("{car: 30, walk:60}", "--set")
    Traceback (most recent call last):
    hubplanner.errors.ScenarioError: --set, line 1: walk:60 in { } has no value; write walk: 60, with a space after...
    """
    if len(text) > LONGEST:
        allowed = _(
            "holds more than {longest:,} characters; move long lists into columns of the tables", longest=LONGEST
        )
        raise ScenarioError(_fault(file, allowed))
    try:
        return copy.deepcopy(_loaded(text))
    except _NotTakenError as error:
        raise ScenarioError(_fault(file, error.problem, row=error.problem_mark.line + 1)) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(_syntax_fault(error, text, file)) from error


@lru_cache(maxsize=4)
def _loaded(text: str) -> Any:
    """Return the value of a text, parsed once: a sweep reads its scenario for every case."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner, yaml.Parser = _Scanner, _Parser
    return yaml.load(text)


def _syntax_fault(error: Exception, text: str, file: str) -> Fault:
    """Return the parser's complaint with the line it is about."""
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return _fault(
            file,
            _("is not valid YAML: a character that cannot be printed, {character!r}", character=chr(error.character)),
            row=line,
        )
    if not isinstance(error, MarkedYAMLError):
        return _fault(file, _("is not valid YAML: {error}", error=error))
    mark = error.problem_mark or error.context_mark
    problem = str(error.problem)
    if problem.startswith("but "):
        problem = f"{error.context}, {problem}"
    return _fault(file, _("is not valid YAML: {problem}", problem=problem), row=mark.line + 1 if mark else None)


def read_yaml(path: Path) -> Tree:
    """Return the mapping a scenario file holds."""
    try:
        check_regular(path)
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(LONGEST + 1)
    except OSError as error:
        inside = path / "scenario.yaml"
        why = (
            _("is a folder; name {scenario} in it", scenario=inside)
            if os.path.isfile(inside)  # noqa: PTH113 - False where the folder may not be entered
            else why_unreadable(path, error)
        )
        raise ScenarioError(_fault(str(path), why)) from error
    except UnicodeDecodeError as error:
        raise ScenarioError(_fault(str(path), _("is not UTF-8 text; save it as UTF-8"))) from error
    tree = parse_yaml(text, str(path))
    if not isinstance(tree, dict):
        raise ScenarioError(_fault(str(path), _("holds no scenario: keys such as name: and demand: are expected")))
    return tree


def write_yaml(tree: Mapping[str, Any]) -> str:
    """Return a mapping as YAML text, keys in their own order."""
    yaml = YAML(pure=True)
    yaml.default_flow_style = False
    yaml.width = 120
    stream = io.StringIO()
    yaml.dump(dict(tree), stream)
    return stream.getvalue()


def in_a_line(value: Any) -> str:
    """Return a mapping or a list as YAML text on one line.

    >>> in_a_line([{"class": [1, 2], "kmh": 4}])
    '[{class: [1, 2], kmh: 4}]'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {in_a_line(part)}" for key, part in value.items()) + "}"
    return f"[{', '.join(map(in_a_line, value))}]" if isinstance(value, list) else str(value)


def merge(base: Any, change: Any) -> Any:
    """Return base changed: mappings merge, all else is replaced.

    >>> merge({"model": {"budget": 1, "max_hubs": 2}}, {"model": {"budget": 3}})
    {'model': {'budget': 3, 'max_hubs': 2}}
    """
    if not (isinstance(base, dict) and isinstance(change, dict)):
        return copy.deepcopy(change)
    return {key: copy.deepcopy(value) for key, value in base.items()} | {
        key: merge(base.get(key), value) for key, value in change.items()
    }


def without_nulls(tree: Any) -> Any:
    """Return a tree without the keys whose value is null, so that null takes away what a base file said.

    >>> without_nulls({"model": {"budget": None, "max_hubs": 2}, "travel": None})
    {'model': {'max_hubs': 2}}
    """
    if not isinstance(tree, dict):
        return [without_nulls(part) for part in tree] if isinstance(tree, list) else tree
    return {key: without_nulls(value) for key, value in tree.items() if value is not None}


def assign(tree: Tree, key: str, value: Any) -> Tree:
    """Return the tree with a dotted key set; a number steps into a list.

    >>> assign({"hubs": [{"reach_km": 5}]}, "hubs.0.reach_km", 8)
    {'hubs': [{'reach_km': 8}]}
    """
    changed = copy.deepcopy(tree)
    *parents, last = key.split(".")
    node: Any = changed
    for part in parents:
        node = node[_index(node, part, key)] if isinstance(node, list) else _child(node, part, key)
    if not isinstance(node, list | dict):
        raise ScenarioError(_fault(f"setting {key}", _("a key of a mapping or a list"), value=last))
    where: Any = _index(node, last, key) if isinstance(node, list) else last
    node[where] = value
    return changed


def _child(node: Any, part: str, key: str) -> Any:
    if not isinstance(node, dict):
        raise ScenarioError(_fault(f"setting {key}", _("a key of a mapping or a list"), value=part))
    if node.get(part) is None:
        node[part] = {}
    return node[part]


def _index(node: list[Any], part: str, key: str) -> int:
    if not part.isdecimal() or int(part) >= len(node):
        allowed = _("a position from 0 to {count}", count=len(node) - 1) if node else _("nothing, the list is empty")
        raise ScenarioError(_fault(f"setting {key}", allowed, value=part))
    return int(part)


def parse_setting(text: str) -> tuple[str, Any]:
    """Return key and value of ``key=value``, the value read as YAML.

    >>> parse_setting("model.budget=2e9")
    ('model.budget', 2000000000.0)
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ScenarioError(_fault("--set", _("key=value, such as model.budget=2e9"), value=text))
    return key.strip(), parse_yaml(value, f"--set {key}")

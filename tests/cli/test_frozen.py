"""What users see, as it was: a change of code shows what it changed.

`tests/frozen` holds a frontier, an explanation, an audit, help texts and messages, written by this file, and the plans
of the examples, written by `tests/house/test_examples.py`. Where a change is meant, delete the file that differs, run
the tests twice and read what git shows.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support.command import Done, run
from support.golden import as_text, same_as_frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "scenarios" / "examples"
COMMANDS = (
    *("init", "validate", "info", "solve", "frontier", "sweep", "compare", "audit", "score", "report", "export"),
    *("alternatives", "explain", "serve", "runs", "schema", "doctor", "stability"),
)
MISTAKES = (
    (),
    ("fly",),
    ("solve",),
    ("solve", "scenario.yaml", "--fast"),
    ("solve", "nosuch.yaml"),
    ("solve", "scenario.yaml", "--set", "model.bugdet=1"),
    ("solve", "scenario.yaml", "--set", "model.budget=-1"),
    ("solve", "scenario.yaml", "--override", "rich"),
    ("solve", "scenario.yaml", "--set", "demand.people=nosuch"),
    ("solve", "scenario.yaml", "--set", "model.require=[S5]"),
    ("solve", "scenario.yaml", "--set", "model.objective=min_cost", "--set", "model.target_share=1"),
    ("solve", "scenario.yaml", "--set", "model.floors=[{share: 1}]", "--set", "model.budget=1"),
    ("validate", "scenario.yaml"),
    ("info", "scenario.yaml"),
    ("frontier", "scenario.yaml", "--points", "1"),
    ("explain", "nosuch"),
    ("compare", "nosuch"),
)


def test_the_frontier_is_the_one_it_was(tmp_path: Path) -> None:
    done = run("frontier", EXAMPLES / "base.yaml", "--points", "4", "--json", "--out", tmp_path / "frontier")
    same_as_frozen("frontier-base.json", as_text(without_places(json.loads(done.stdout))))


def test_an_explanation_is_the_one_it_was(base_run: Path) -> None:
    done = run("explain", base_run, "--sites", "2", "--json")
    same_as_frozen("explain-base.json", as_text(without_places(json.loads(done.stdout))))


def test_the_audit_compares_what_it_compared(base_run: Path) -> None:
    done = run("audit", base_run, "--json")
    same_as_frozen("audit-base.json", as_text(without_places(json.loads(done.stdout))))


@pytest.fixture(scope="module")
def base_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frozen") / "base"
    assert run("solve", EXAMPLES / "base.yaml", "--quiet", "--out", folder).returncode == 0
    return folder


def without_places(tree: Any) -> Any:
    """Return a tree with no path of this machine in it."""
    if isinstance(tree, dict):
        return {key: without_places(value) for key, value in tree.items() if key not in {"gap", "bound", "goals"}}
    if isinstance(tree, list):
        return [without_places(value) for value in tree]
    return cleaned(tree) if isinstance(tree, str) else tree


def cleaned(text: str) -> str:
    """Return a text without what depends on the machine and the hour."""
    for fleeting, shown in (
        (r"(/[\w.+-]+){2,}/?", "PATH"),
        (r" *\b\d+(\.\d+)? s\b", " SECONDS"),
        (r"\b(highs|cbc) \d+(\.\d+)+", r"\1 VERSION"),
        (r"\bsmall-[0-9a-f]{10}\b", "small-HASH"),
        (r"(?m) +$", ""),
    ):
        text = re.sub(fleeting, shown, text)
    return text


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_it_said_of_itself(command: str) -> None:
    same_as_frozen(f"help-{command}.txt", run(command, "--help").stdout)


def test_mistakes_are_answered_as_they_were(scenario: Path) -> None:
    same_as_frozen("messages.txt", "\n".join(told(scenario.parent)))


def told(folder: Path) -> Iterator[str]:
    for words in MISTAKES:
        done: Done = run(*words, cwd=folder)
        parts = (f"$ hubplanner {' '.join(words)}", done.stdout, done.stderr, f"exit {done.returncode}\n")
        yield "\n".join(cleaned(part.rstrip()) for part in parts if part)

"""The command line as tests run it, in a process of its own or in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(sys.executable).with_name("hubplanner")
WIDTH = 100
PATCHED = """
import sys
from hubplanner.solver.backends import ADAPTERS
from hubplanner.cli import main as cli
{patch}
sys.argv = ["hubplanner", *sys.argv[1:]]
cli.main()
"""

Done = subprocess.CompletedProcess[str]


def run(*words: str | Path, cwd: Path | None = None, **environment: str) -> Done:
    done = execute([str(PROGRAM)], *words, cwd=cwd, **environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def run_patched(patch: str, *words: str | Path, cwd: Path | None = None) -> Done:
    """Run the command line with a part of it replaced."""
    return execute([sys.executable, "-c", PATCHED.format(patch=patch)], *words, cwd=cwd)


def execute(command: list[str], *words: str | Path, cwd: Path | None, **environment: str) -> Done:
    return subprocess.run(
        [*command, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def answer(done: Done) -> dict[str, Any]:
    """The one JSON object that is all of stdout."""
    tree = json.loads(done.stdout, parse_constant=pytest.fail)
    assert isinstance(tree, dict)
    return tree


def fits(text: str) -> bool:
    """Tell whether a text fits the terminal; a path is never broken, so that it can be copied."""
    return all(len(line) <= WIDTH for line in text.splitlines() if not line.startswith("Files: "))

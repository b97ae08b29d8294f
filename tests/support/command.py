"""The command line as tests run it: in a process forked from one that has imported it, in a new one, or in this one."""

from __future__ import annotations

import json
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

import hubplanner

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

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


def run(*words: str | Path, cwd: Path | None = None) -> Done:
    """Run the command line in a forked process: a new one takes four seconds of processor time to import it."""
    if not hasattr(os, "fork"):
        return run_anew(*words, cwd=cwd)
    with tempfile.TemporaryDirectory() as folder:
        out, error = Path(folder, "out"), Path(folder, "error")
        process = _forks().Process(target=_command, args=(list(map(str, words)), cwd or Path.cwd(), out, error))
        process.start()
        process.join()
        told = [path.read_text(encoding="utf-8") for path in (out, error)]
        done = Done(words, process.exitcode or 0, *told)
    assert "Traceback" not in done.stderr, done.stderr
    return done


@cache
def _forks() -> ForkServerContext:
    """Start the process that the others are forked from; its environment is theirs."""
    context = multiprocessing.get_context("forkserver")
    modules = (module.name for module in pkgutil.walk_packages(hubplanner.__path__, "hubplanner."))
    context.set_forkserver_preload(["pytest", *(name for name in modules if not name.endswith("__main__"))])
    with mock.patch.dict(os.environ, COLUMNS=str(WIDTH)):
        warm = context.Process(target=_command, args=(["--version"], Path.cwd(), Path(os.devnull), Path(os.devnull)))
        warm.start()
        warm.join()
    assert warm.exitcode == 0
    return context


def _command(words: list[str], cwd: Path, out: Path, error: Path) -> None:
    os.chdir(cwd)
    for path, descriptor in ((out, 1), (error, 2)):
        with path.open("wb") as stream:
            os.dup2(stream.fileno(), descriptor)
    warnings.simplefilter("error")
    from hubplanner.cli import main as cli  # noqa: PLC0415 - found imported, and not by those who do not fork

    sys.argv = ["hubplanner", *words]
    cli.main()


def run_anew(*words: str | Path, cwd: Path | None = None, **environment: str) -> Done:
    """Run the command line as a user's shell does, with variables of its own."""
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

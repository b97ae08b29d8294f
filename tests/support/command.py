"""The command line as tests run it: in a process forked from one that has imported it, in a new one, or in this one."""

from __future__ import annotations

import json
import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

import hubplanner

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess

PROGRAM = Path(sys.executable).with_name("hubplanner")
WIDTH = 100
Done = subprocess.CompletedProcess[str]


WITHOUT_MAP = """
from hubplanner.outputs import run_folder
from support.draws import white_map
run_folder.draw_map = white_map
"""


def run(*words: str | Path, cwd: Path | None = None, drawn: bool = False) -> Done:
    """Run the command line in a forked process: a new one takes four seconds of processor time to import it.

    Its map.png is white unless it is to be drawn.
    """
    if not hasattr(os, "fork"):
        return run_anew(*words, cwd=cwd)
    # A sweep has processes of its own, which no daemon may have.
    done = start(*words, patch="" if drawn else WITHOUT_MAP, cwd=cwd, daemon=False).wait()
    assert "Traceback" not in done.stderr, done.stderr
    return done


@dataclass
class Started:
    """The command line at work in a forked process."""

    words: tuple[str | Path, ...]
    process: ForkServerProcess
    folder: tempfile.TemporaryDirectory[str]
    read: int = 0

    @property
    def out(self) -> Path:
        return Path(self.folder.name, "out")

    @property
    def error(self) -> Path:
        return Path(self.folder.name, "error")

    def wait_for(self, word: str) -> None:
        """Wait until it says a word in the terminal that it has not said before."""
        while (found := self.error.read_bytes().find(word.encode(), self.read)) < 0:
            assert not wait([self.process.sentinel], 0.05), self.error.read_text(encoding="utf-8")
        self.read = found + len(word.encode())

    def first_line(self) -> str:
        """Wait for the first line of what it prints, and return it."""
        while "\n" not in (told := self.out.read_text(encoding="utf-8")):
            assert not wait([self.process.sentinel], 0.05), self.error.read_text(encoding="utf-8")
        return told.partition("\n")[0]

    def signal(self, number: int) -> None:
        os.kill(self.process.pid or 0, number)

    def wait(self, seconds: float | None = None) -> Done:
        """Return what it said and how it ended."""
        self.process.join(seconds)
        assert self.process.exitcode is not None
        told = [file.read_text(encoding="utf-8") for file in (self.out, self.error)]
        self.folder.cleanup()
        return Done(self.words, self.process.exitcode, *told)


def start(*words: str | Path, patch: str = "", cwd: Path | None = None, daemon: bool = True) -> Started:
    """Start the command line in a forked process, with a part of it replaced if a patch says so."""
    folder = tempfile.TemporaryDirectory()
    for name in ("out", "error"):
        Path(folder.name, name).touch()
    asked = (list(map(str, words)), cwd or Path.cwd(), Path(folder.name), patch)
    process = forks().Process(target=_command, args=asked, daemon=daemon)
    process.start()
    return Started(words, process, folder)


@cache
def forks() -> ForkServerContext:
    """Start the process that the others are forked from; its environment is theirs."""
    context = multiprocessing.get_context("forkserver")
    modules = (module.name for module in pkgutil.walk_packages(hubplanner.__path__, "hubplanner."))
    ready = ["pytest", *(name for name in modules if not name.endswith("__main__")), "support.warm"]
    context.set_forkserver_preload(ready)
    found = {"COLUMNS": str(WIDTH), "PYTHONPATH": str(Path(__file__).parents[1])}
    with mock.patch.dict(os.environ, found), tempfile.TemporaryDirectory() as folder:
        warm = context.Process(target=_command, args=(["--version"], Path.cwd(), Path(folder), ""))
        warm.start()
        warm.join()
    assert warm.exitcode == 0
    return context


def run_code(code: str, cwd: Path) -> Done:
    """Run lines of Python in a forked process, warnings as errors: a new one takes seconds to import the package."""
    with tempfile.TemporaryDirectory() as folder:
        process = forks().Process(target=_code, args=(code, cwd, Path(folder)))
        process.start()
        process.join()
        assert process.exitcode is not None
        told = [Path(folder, name).read_text(encoding="utf-8") for name in ("out", "error")]
    return Done([code], process.exitcode, *told)


def _code(code: str, cwd: Path, told: Path) -> None:
    _told_to(told, cwd)
    exec(code, {"__name__": "__main__"})  # noqa: S102 - of tests and documents alone
    sys.stdout.flush()


def _told_to(told: Path, cwd: Path) -> None:
    """Work in a folder, with warnings as errors, and what is said in files of another."""
    os.chdir(cwd)
    for name, descriptor in (("out", 1), ("error", 2)):
        with (told / name).open("wb") as stream:
            os.dup2(stream.fileno(), descriptor)
    warnings.simplefilter("error")


def _command(words: list[str], cwd: Path, told: Path, patch: str) -> None:
    _told_to(told, cwd)
    # What a shell in the background passes on: signals that are ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    from hubplanner.cli import main as cli  # noqa: PLC0415 - found imported, and not by those who do not fork

    exec(patch, {"sys": sys})  # noqa: S102 - of tests alone
    sys.argv = ["hubplanner", *words]
    cli.main()


def run_anew(*words: str | Path, cwd: Path | None = None, **environment: str) -> Done:
    """Run the command line as a user's shell does, with variables of its own."""
    done = execute([str(PROGRAM)], *words, cwd=cwd, **environment)
    assert "Traceback" not in done.stderr, done.stderr
    return done


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

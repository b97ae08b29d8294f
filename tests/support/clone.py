"""What a user has who clones the repository, and the plan that the first command makes there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support import command
from support.claims import ROOT, blocks
from support.session import made_once

if TYPE_CHECKING:
    import pytest


def check_out(folder: Path) -> None:
    """Copy the files under version control and those about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the programs beside this Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def fresh_clone(factory: pytest.TempPathFactory) -> Path:
    """Return a clone in which `make plan` was the first command; told.txt says what it said."""
    return made_once(factory, "clone", _make_plan)


def _make_plan(folder: Path) -> None:
    check_out(folder)
    home, python = folder / "home", Path(sys.executable).resolve()
    home.mkdir()
    # "0" is how pip is told not to compile all of what it installs, most of which is never imported.
    asked = ["make", "plan", f"PYTHON={python}"]
    done = run(asked, folder, HOME=str(home), VIRTUAL_ENV="", PIP_NO_COMPILE="0")
    (folder / "told.txt").write_text(done.stdout, encoding="utf-8")


LINES = list(dict.fromkeys(line for block in blocks("console") for line in block.splitlines()))
"""What README and the documents have users type, in this order."""


def typed(factory: pytest.TempPathFactory, line: str) -> tuple[Path, command.Done]:
    """Run a line of the documents as it is written, once in a session, in a clone that all lines share.

    Returns where a copy of the run is that it solved, as it was then, and what it said. Other lines leave no copy; what
    those need that come before them is for the caller to run. The copy lies as deep in the clone as the run, as the
    paths to its data are relative.
    """
    where, name = made_once(factory, "documents", check_out), hashlib.sha256(line.encode()).hexdigest()[:12]

    def type_it(folder: Path) -> None:
        first, *words = line.split()
        done = command.run(*words, cwd=where, drawn=True) if first == "hubplanner" else run([first, *words], where)
        (folder / "done.json").write_text(json.dumps([done.returncode, done.stdout, done.stderr]), encoding="utf-8")
        if done.returncode == 0 and words[:1] == ["solve"]:
            shutil.copytree(where / words[words.index("--out") + 1], where / "kept" / name)

    folder = made_once(factory, name, type_it)
    return where / "kept" / name, command.Done(line, *json.loads((folder / "done.json").read_text(encoding="utf-8")))


def run_of_example(factory: pytest.TempPathFactory, name: str, *overrides: str) -> Path:
    """Return the run folder of an example, where one can be had by a line of the documents of that."""
    chosen = "".join(f" --override {override}" for override in overrides)
    asked = f"hubplanner solve scenarios/examples/{name}.yaml{chosen} --out runs/"
    known = [line for line in LINES if line.startswith(asked) and " " not in line.removeprefix(asked)]
    folder, done = typed(factory, [*known, f"{asked}example-{'-'.join((name, *overrides))}"][0])
    assert done.returncode == 0, done.stderr
    return folder

"""What a user has who clones the repository, and the plan that the first command makes there."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.session import made_once

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]


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
    """Return a clone in which `make plan` was the first command; told.txt and seconds.txt say what it said and took."""
    return made_once(factory, "clone", _make_plan)


def _make_plan(folder: Path) -> None:
    check_out(folder)
    home, python = folder / "home", Path(sys.executable).resolve()
    home.mkdir()
    # "0" is how pip is told not to compile all of what it installs, most of which is never imported.
    asked = ["make", "plan", f"PYTHON={python}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(asked, folder, HOME=str(home), VIRTUAL_ENV="", PIP_NO_COMPILE="0")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (folder / "told.txt").write_text(done.stdout, encoding="utf-8")
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    (folder / "seconds.txt").write_text(f"{seconds:.3f}", encoding="utf-8")

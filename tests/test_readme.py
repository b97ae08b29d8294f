"""README's promises, kept by running them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKE_TARGETS = {"make plan", "make test"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a user has after cloning: the files under version control and those about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
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


def test_every_command_runs_as_written(checkout: Path) -> None:
    commands = [line for block in blocks("console") for line in block.splitlines()]
    assert {line for line in commands if line.startswith("make")} == MAKE_TARGETS
    for line in commands:
        if line not in MAKE_TARGETS:
            run(line.split(), checkout)
    assert (checkout / "my-project/runs/first/map.png").is_file()
    assert {"lean", "reach-8", "balochistan"} <= {folder.name for folder in (checkout / "runs").iterdir()}


def test_every_python_snippet_runs_as_written(checkout: Path) -> None:
    snippets = blocks("python")
    assert snippets
    for snippet in snippets:
        printed = run([sys.executable, "-W", "error", "-c", snippet], checkout).stdout
        assert re.search(r"gap (0\.0e\+00|\d\.\de-(09|1\d))", printed)
        assert "[1] 40.0 40.0 0.0 optimal" in printed
        assert printed.splitlines()[-1] == "100.0"


def test_make_plan_works_as_the_first_command_in_a_fresh_clone(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    python = Path(sys.executable).resolve()
    done = run(["make", "plan", f"PYTHON={python}"], checkout, HOME=str(home), VIRTUAL_ENV="")
    assert "runs/pakistan/report.html" in done.stdout
    promised = set(
        re.findall(r"`([\w.-]+\.(?:png|html|csv|gpkg|geojson|json|yaml))`", README.partition("## What comes out")[2])
    )
    made = {file.name for file in (checkout / "runs/pakistan").iterdir()}
    assert made <= promised
    assert len(made) == 11


def test_every_relative_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []

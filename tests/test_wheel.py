"""The wheel, installed alone into a fresh environment."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*words: object, folder: Path) -> None:
    done = subprocess.run([str(word) for word in words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_wheel_plans_in_a_fresh_environment(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT, folder=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "fresh", with_pip=True)
    tools = tmp_path / "fresh" / "bin"
    run(tools / "python", "-m", "pip", "install", "--quiet", wheel, folder=tmp_path)
    run(tools / "hubplanner", "init", "project", folder=tmp_path)
    run(tools / "hubplanner", "solve", "project/scenario.yaml", "--out", "run", folder=tmp_path)
    assert (tmp_path / "run/map.png").is_file()
    assert list((tmp_path / "fresh").rglob("hubplanner/py.typed"))

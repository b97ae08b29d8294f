"""The wheel, apart from the sources it is made of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("LICENSE", "NOTICE", "README.md", "pyproject.toml", "setup.cfg")
BESIDE_CODE = {
    "hubplanner/py.typed",
    "hubplanner/cli/template/scenario.yaml",
    "hubplanner/cli/template/data/demand.csv",
    "hubplanner/cli/template/data/sites.csv",
    "hubplanner/languages/hubplanner.pot",
    "hubplanner/outputs/map/geography.npz",
}
PAGES = ("hubplanner/outputs/html/page", "hubplanner/web/static")
"""Folders whose files all belong to the wheel."""


def run(*words: object, folder: Path, path: Path | None = None) -> str:
    own = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in own}
    environment |= {} if path is None else {"PYTHONPATH": str(path)}
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_all_that_a_plan_needs(tmp_path: Path) -> None:
    # A copy, so that the build neither sees nor leaves anything beside the sources; the wheel is made of the sdist.
    shutil.copytree(ROOT / "hubplanner", tmp_path / "source/hubplanner")
    for name in SOURCES:
        shutil.copy2(ROOT / name, tmp_path / "source" / name)
    run(sys.executable, "-m", "build", "--outdir", tmp_path, tmp_path / "source", folder=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert {"LICENSE", "NOTICE"} <= {name.partition("/")[2] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "hubplanner").rglob("*.py")}
    pages = {str(path.relative_to(ROOT)) for folder in PAGES for path in (ROOT / folder).iterdir() if path.is_file()}
    found = {name for name in packed if ".dist-info/" not in name and "__pycache__" not in name}
    assert found == modules | BESIDE_CODE | pages
    assert {"LICENSE", "NOTICE"} == {name.rpartition("/")[2] for name in packed if ".dist-info/licenses/" in name}
    shutil.rmtree(tmp_path / "source")
    # Its dependencies are those around it: `make plan` in a fresh clone installs them as setup.cfg lists them.
    alone = tmp_path / "alone"
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", alone, wheel, folder=tmp_path)
    home = run(sys.executable, "-c", "import hubplanner; print(hubplanner.__file__)", folder=tmp_path, path=alone)
    assert Path(home.strip()).is_relative_to(alone)
    program = (sys.executable, alone / "bin/hubplanner")
    run(*program, "init", "project", folder=tmp_path, path=alone)
    printed = run(*program, "solve", "project/scenario.yaml", "--out", "run", "--json", folder=tmp_path, path=alone)
    assert json.loads(printed)["status"] == "optimal"
    assert {"map.png", "report.html"} <= {path.name for path in (tmp_path / "run").iterdir()}

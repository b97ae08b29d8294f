"""The recipe for an export, followed in a copy of the package: two files, and the command knows it and writes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WRITER = """
def write_names(result, path):
    path.write_text("".join(f"{site}\\n" for site in result.hubs["site_id"]), encoding="utf-8")
"""
ENTRY = """
def _names(result, path):
    from hubplanner.outputs.formats.names import write_names

    write_names(result, path)


EXPORTS = (*EXPORTS, Export(name="names", file="names.txt", about="the sites, a line each.", write=_names))
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    house = tmp_path_factory.mktemp("house")
    for folder in ("hubplanner", "scenarios", "data"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    formats = house / "hubplanner" / "outputs" / "formats"
    (formats / "names.py").write_text(WRITER, encoding="utf-8")
    with (formats / "exports.py").open("a", encoding="utf-8") as file:
        file.write(ENTRY)
    return house


def run(house: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "hubplanner", *words],
        cwd=house,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_export_takes_a_writer_and_an_entry(house: Path) -> None:
    assert "--names" in run(house, "export", "--help")
    run(house, "solve", "scenarios/examples/spacing.yaml", "--out", "runs/first", "--quiet")
    assert run(house, "export", "first", "--names") == "Wrote names.txt to runs/first.\n"
    hubs = (house / "runs/first/hubs.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert (house / "runs/first/names.txt").read_text(encoding="utf-8").splitlines() == [
        line.partition(",")[0] for line in hubs
    ]

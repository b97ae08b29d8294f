"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the house."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "tests" / "recipes" / "max_hub_cost"
NEW = {
    "constraint.txt": "hubplanner/model/constraints/max_hub_cost.py",
    "test.txt": "tests/model/constraints/test_max_hub_cost.py",
}
FILES = 7
"""Files that a constraint takes, as CONTRIBUTING.md has it."""


def run(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=house, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the house with the constraint of the recipe, and of nothing but what it takes to run."""
    house = tmp_path_factory.mktemp("house")
    for folder in ("hubplanner", "scenarios", "data"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    for text, file in NEW.items():
        (house / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RECIPE / text, house / file)
    for edit in tomllib.loads((RECIPE / "edits.toml").read_text("utf-8"))["edit"]:
        file = house / edit["file"]
        before, after = file.read_text("utf-8").split(f"{edit['after']}\n")
        file.write_text(f"{before}{edit['after']}\n{edit['insert']}{after}", "utf-8")
    return house


def test_a_constraint_takes_as_many_files_as_the_recipe_says() -> None:
    edits = tomllib.loads((RECIPE / "edits.toml").read_text("utf-8"))["edit"]
    assert len({edit["file"] for edit in edits} | set(NEW.values())) == FILES
    recipe = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## Add a constraint\n")[1].split("\n## ")[0]
    assert len(re.findall(r"^\d+\. ", recipe, re.MULTILINE)) == FILES


def test_its_own_test_holds_it_against_all_plans(house: Path) -> None:
    done = run(
        house, "pytest", "-q", "-p", "no:cacheprovider", NEW["test.txt"], "--doctest-modules", NEW["constraint.txt"]
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_scenario_is_solved_and_audited_with_it(house: Path) -> None:
    solved = run(house, "hubplanner", "solve", "scenarios/examples/spacing.yaml", "--json", "--out", "held")
    assert solved.returncode == 0, solved.stderr
    assert all(hub["cost"] <= 60e6 * hub["hubs"] for hub in json.loads(solved.stdout)["hubs"])
    assert "max_hub_cost: 60000000" in (house / "held" / "scenario.yaml").read_text("utf-8")
    audit = run(house, "hubplanner", "audit", "held")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_demands_that_clash_with_it_are_named(house: Path) -> None:
    settings = ("--set", "model.max_hub_cost=1", "--out", "none")
    done = run(house, "hubplanner", "solve", "scenarios/examples/spacing.yaml", *settings)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "no hub above 1" in done.stderr

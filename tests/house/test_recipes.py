"""The recipes of CONTRIBUTING.md, each followed to the letter in a copy of the house."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = ROOT / "tests" / "recipes"
SPACING = "scenarios/examples/spacing.yaml"
STEPS = {
    "max_hub_cost": ("Add a constraint", 7),
    "road_head": ("Add a travel method", 6),
    "names": ("Add an export", 2),
}
"""What each toy follows, and the files it takes: of an export, those beside its tests and the words that tell of it."""


def read(recipe: str) -> dict[str, Any]:
    return tomllib.loads((RECIPES / recipe / "edits.toml").read_text("utf-8"))


def follow(recipe: str, house: Path) -> Path:
    """Copy the house, of which nothing but what it takes to run, with the toy of a recipe."""
    for folder in ("hubplanner", "scenarios", "data"):
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    steps = read(recipe)
    for text, file in steps["new"].items():
        (house / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RECIPES / recipe / text, house / file)
    for edit in steps["edit"]:
        file = house / edit["file"]
        before, after = file.read_text("utf-8").split(f"{edit['after']}\n")
        file.write_text(f"{before}{edit['after']}\n{edit['insert']}{after}", "utf-8")
    return house


def run(house: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def constrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return follow("max_hub_cost", tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def travelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return follow("road_head", tmp_path_factory.mktemp("house"))


@pytest.fixture(scope="module")
def exporting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return follow("names", tmp_path_factory.mktemp("house"))


@pytest.mark.parametrize("recipe", STEPS)
def test_a_recipe_takes_as_many_files_as_it_says(recipe: str) -> None:
    steps, (title, files) = read(recipe), STEPS[recipe]
    assert len({edit["file"] for edit in steps["edit"]} | set(steps["new"].values())) == files
    told = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    numbered = re.findall(r"^\d+\. ", told, re.MULTILINE)
    assert len(numbered) == (files if numbered else 0)
    for file in [*steps["new"].values(), *(edit["file"] for edit in steps["edit"])]:
        assert str(Path(file).parent).removeprefix("hubplanner/") in told


# -- a constraint ----------------------------------------------------------------------------------------------------


def test_the_constraint_s_own_test_holds_it_against_all_plans(constrained: Path) -> None:
    new = read("max_hub_cost")["new"]
    run(
        constrained,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        new["test.txt"],
        "--doctest-modules",
        new["constraint.txt"],
    )


def test_a_scenario_is_solved_and_audited_with_the_constraint(constrained: Path) -> None:
    solved = run(constrained, "hubplanner", "solve", SPACING, "--json", "--out", "held")
    assert all(hub["cost"] <= 60e6 * hub["hubs"] for hub in json.loads(solved.stdout)["hubs"])
    assert "max_hub_cost: 60000000" in (constrained / "held" / "scenario.yaml").read_text("utf-8")
    run(constrained, "hubplanner", "audit", "held")


def test_demands_that_clash_with_the_constraint_are_named(constrained: Path) -> None:
    settings = ("--set", "model.max_hub_cost=1", "--out", "none")
    assert "no hub above 1" in run(constrained, "hubplanner", "solve", SPACING, *settings, code=3).stderr


# -- a way to travel -------------------------------------------------------------------------------------------------


def test_the_travel_method_s_own_test_holds_it_against_all_pairs(travelled: Path) -> None:
    new = read("road_head")["new"]
    plain = ("-q", "-p", "no:cacheprovider", "--doctest-modules")
    run(travelled, "pytest", *plain, new["test.txt"], new["travel.txt"])


def test_a_scenario_is_solved_and_audited_by_the_travel_method(travelled: Path) -> None:
    # Hubs are farther from each other too, so with a kilometre more asked for the same plan is best.
    settings = ("--set", "travel.method=road_head", "--set", "model.min_separation_km=41", "--json", "--out")
    found = json.loads(run(travelled, "hubplanner", "solve", SPACING, *settings, "walked").stdout)
    straight = json.loads(run(travelled, "hubplanner", "solve", SPACING, "--json", "--out", "flown").stdout)
    assert found["distance"]["mean_km"] == pytest.approx(straight["distance"]["mean_km"] + 1.3)  # by the detour
    run(travelled, "hubplanner", "audit", "walked")
    assert "road_head" in run(travelled, "hubplanner", "schema").stdout


# -- an export -------------------------------------------------------------------------------------------------------


def test_an_export_takes_a_writer_and_an_entry(exporting: Path) -> None:
    assert "--names" in run(exporting, "hubplanner", "export", "--help").stdout
    run(exporting, "hubplanner", "solve", SPACING, "--out", "runs/first", "--quiet")
    told = run(exporting, "hubplanner", "export", "first", "--names").stdout
    assert told == "Wrote names.txt to runs/first.\n"
    hubs = (exporting / "runs/first/hubs.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert (exporting / "runs/first/names.txt").read_text(encoding="utf-8").splitlines() == [
        line.partition(",")[0] for line in hubs
    ]

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
        shutil.copytree(ROOT / folder, house / folder, ignore=shutil.ignore_patterns("*.png"))
    steps = read(recipe)
    for text, file in steps["new"].items():
        (house / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RECIPES / recipe / text, house / file)
    for edit in steps["edit"]:
        file = house / edit["file"]
        before, after = file.read_text("utf-8").split(f"{edit['after']}\n")
        file.write_text(f"{before}{edit['after']}\n{edit['insert']}{after}", "utf-8")
    return house


COMMANDS = """
import contextlib, io, json, sys
from hubplanner.cli import main

told = []
for words, code in json.load(sys.stdin):
    sys.argv = ["hubplanner", *words]
    out, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            main.main()
        except SystemExit as ended:
            found = ended.code or 0
    assert found == code, (words, found, out.getvalue(), error.getvalue())
    told.append((error if code else out).getvalue())
json.dump(told, sys.stdout)
"""
"""Several commands in one process: each of its own would import the copied house anew."""


def python(house: Path, *arguments: str, told: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": str(house), "PYTHONSAFEPATH": "1", "COLUMNS": "100"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=house, env=environment, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(house: Path, *commands: tuple[str, ...], code: int = 0) -> list[str]:
    """Return what each command says: of the last, which is to end with a code, its complaint where that is not 0."""
    asked = [(words, code if at == len(commands) else 0) for at, words in enumerate(commands, 1)]
    told: list[str] = json.loads(python(house, "-c", COMMANDS, told=json.dumps(asked)))
    return told


def run_tests(recipe: str, house: Path) -> None:
    new = read(recipe)["new"]
    files = [new["test.txt"], next(file for file in new.values() if file.startswith("hubplanner"))]
    python(house, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", *files)


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
    run_tests("max_hub_cost", constrained)


def test_a_scenario_is_solved_and_audited_with_the_constraint_and_what_clashes_with_it_is_named(
    constrained: Path,
) -> None:
    solve = ("solve", SPACING, "--json", "--out")
    clash = (*solve, "none", "--set", "model.max_hub_cost=1")
    solved, _, complaint = run(constrained, (*solve, "held"), ("audit", "held"), clash, code=3)
    assert all(hub["cost"] <= 60e6 * hub["hubs"] for hub in json.loads(solved)["hubs"])
    assert "max_hub_cost: 60000000" in (constrained / "held" / "scenario.yaml").read_text("utf-8")
    assert "no hub above 1" in complaint


# -- a way to travel -------------------------------------------------------------------------------------------------


def test_the_travel_method_s_own_test_holds_it_against_all_pairs(travelled: Path) -> None:
    run_tests("road_head", travelled)


def test_a_scenario_is_solved_and_audited_by_the_travel_method(travelled: Path) -> None:
    # Hubs are farther from each other too, so with a kilometre more asked for the same plan is best.
    settings = ("--set", "travel.method=road_head", "--set", "model.min_separation_km=41", "--json", "--out")
    solve = ("solve", SPACING)
    found, straight, _, schema = run(
        travelled, (*solve, *settings, "walked"), (*solve, "--json", "--out", "flown"), ("audit", "walked"), ("schema",)
    )
    mean = json.loads(straight)["distance"]["mean_km"]
    assert json.loads(found)["distance"]["mean_km"] == pytest.approx(mean + 1.3)  # by the detour
    assert "road_head" in schema


# -- an export -------------------------------------------------------------------------------------------------------


def test_an_export_takes_a_writer_and_an_entry(exporting: Path) -> None:
    solve = ("solve", SPACING, "--out", "runs/first", "--quiet")
    offered, _, told = run(exporting, ("export", "--help"), solve, ("export", "first", "--names"))
    assert "--names" in offered
    assert told == "Wrote names.txt to runs/first.\n"
    hubs = (exporting / "runs/first/hubs.csv").read_text(encoding="utf-8-sig").splitlines()[1:]
    assert (exporting / "runs/first/names.txt").read_text(encoding="utf-8").splitlines() == [
        line.partition(",")[0] for line in hubs
    ]

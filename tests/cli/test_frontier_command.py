"""The frontier as a planner asks for it: a command, a folder, a call."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, fits

import hubplanner as hp

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project

FILES = ["frontier.csv", "frontier.geojson", "frontier.json", "frontier.png", "manifest.json", "scenario.yaml"]


def test_every_file_says_the_same(project: Project, inside: Callable[..., Done]) -> None:
    done = inside("frontier", "scenario.yaml", "--budgets", "150:1200:150", "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    summary, folder = answer(done), project.folder / "out"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    written = json.loads((folder / "frontier.json").read_text(encoding="utf-8"))
    assert written | {"folder": str(folder)} == summary
    points = summary["points"]
    assert [point["number"] for point in points] == list(range(1, len(points) + 1))
    assert len(points) > 1
    for before, after in itertools.pairwise(points):
        assert before["cost"] < after["cost"] <= after["budget"]
        assert before["covered_need"] < after["covered_need"] <= after["bound"] * (1 + 1e-9)
        more = (after["people"] - before["people"]) / (after["cost"] - before["cost"]) * 1e6
        assert after["marginal_people_per_million"] == pytest.approx(more)
        now, then = ({hub["site_id"] for hub in one["hubs"] if hub["status"] == "new"} for one in (after, before))
        assert (after["entering"], after["leaving"]) == (sorted(now - then), sorted(then - now))
    rows = list(csv.DictReader((folder / "frontier.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [float(row["cost"]) for row in rows] == pytest.approx([point["cost"] for point in points])
    features = json.loads((folder / "frontier.geojson").read_text(encoding="utf-8"))["features"]
    assert len(features) == sum(len(point["hubs"]) for point in points)
    assert (folder / "frontier.png").read_bytes().startswith(b"\x89PNG")


def test_a_point_is_what_solve_finds(project: Project) -> None:
    scenario = project.read({"solver.gap": 0.0})
    found = hp.frontier(scenario, budgets=[400, 900])
    for point in found.points:
        plan = hp.solve(project.read({"solver.gap": 0.0, "model.budget": point["budget"]})).summary()
        assert (point["covered_need"], point["cost"]) == (plan["need"]["covered"], plan["cost"]["total"])
        assert point["people"] == plan["people"]["covered"]
        assert {hub["site_id"] for hub in point["hubs"]} == {hub["site_id"] for hub in plan["hubs"]}
    assert isinstance(found, hp.Frontier)
    assert found.origin["people"] == 2800


@pytest.mark.parametrize(
    "words",
    [
        ("--points", "4"),
        ("--all",),
        ("--nested", "--points", "4"),
        ("--trade", "coverage,distance", "--points", "3"),
        ("--trade", "coverage,worst_group", "--all"),
        ("--points", "3", "--set", "model.budget=null"),
        ("--trade", "coverage,fairness"),
        ("--trade", "coverage,fairness", "--alphas", "0,1", "--set", "model.fairness={alpha: 1, group: province}"),
    ],
)
def test_each_way_ends_well_and_fits_the_terminal(words: tuple[str, ...], inside: Callable[..., Done]) -> None:
    done = inside("frontier", "scenario.yaml", *words)
    assert done.returncode == 0, done.stderr
    assert fits(done.stdout)
    assert "Proof: every gap is within the asked one" in done.stdout
    folder = Path(done.stdout.splitlines()[-1].removeprefix("Files: ").split("  (")[0])
    assert folder.parent.name == "runs"
    assert folder.name.startswith("small-frontier-")
    again = inside("frontier", "scenario.yaml", *words, "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_the_price_of_fairness_is_in_every_file(project: Project, inside: Callable[..., Done]) -> None:
    done = inside("frontier", "scenario.yaml", "--trade", "coverage,fairness", "--out", "out", "--json")
    tree = answer(done)
    assert [point["alpha"] for point in tree["points"]] == [0, 0.5, 1, 2, "max_min"]
    assert (tree["group"], tree["knee"]) == ("province", None)
    for point in tree["points"]:
        assert point["equivalent_share"] <= point["bound"] * (1 + 1e-9)
        fair = {"alpha": point["alpha"], "group": "province"} if point["alpha"] else None
        plan = hp.solve(project.read({"model.fairness": fair})).summary()
        assert point["covered_need"] == pytest.approx(plan["need"]["covered"])
        shares = [row["share"] for row in plan["groups"]["province"].values() if row["need"]]
        assert point["least_share"] == pytest.approx(min(shares))
    rows = list(csv.DictReader((project.folder / "out/frontier.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["alpha"] for row in rows] == ["0.0", "0.5", "1.0", "2.0", "max_min"]
    assert inside("solve", "scenario.yaml", "--out", "run").returncode == 0
    done = inside("report", "run", "--no-audit", "--frontier", "out", "--out", "page.html")
    assert done.returncode == 0, done.stderr
    assert "What fairness costs" in (project.folder / "page.html").read_text(encoding="utf-8")


def test_too_little_money_is_a_finding_unless_it_is_all_there_is(inside: Callable[..., Done]) -> None:
    floor = "model.floors=[{group: province, value: Balochistan, share: 0.5}]"
    words = ("frontier", "scenario.yaml", "--set", floor, "--out", "out")
    some = inside(*words, "--budgets", "0,50,900", "--json")
    assert some.returncode == 0
    assert [item["status"] for item in answer(some)["left_out"]] == ["infeasible", "infeasible"]
    none = inside(*words, "--budgets", "0,50", "--json")
    assert none.returncode == 3
    assert answer(none)["least_budget"] > 50
    assert "a hub at site S4 and the budget of 0 cannot be met together" in none.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--budgets", "1:2"), "FROM:TO:STEP"),
        (("--budgets", "a,b"), "FROM:TO:STEP"),
        (("--budgets", "-1,2"), "0 or more"),
        (("--points", "1"), "2 to 500"),
        (("--points", "3", "--all"), "--points does not go with --budgets or --all"),
        (("--budgets", "-5,nan"), "--budgets: -5, nan found; allowed: at least one amount, each of 0 or more"),
        (("--trade", "cost,coverage"), "allowed: coverage,cost"),
        (("--trade", "coverage,distance", "--nested"), "go with --trade coverage,cost"),
        (("--trade", "coverage,worst_group", "--group", "tribe"), "one of demand.groups (province)"),
        (("--group", "province"), "--group goes with"),
        (("--alphas", "0,1"), "--alphas goes with --trade coverage,fairness"),
        (("--trade", "coverage,fairness", "--alphas", "1,2"), "0 and at least one more"),
        (("--trade", "coverage,fairness", "--alphas", "0,9"), "numbers from 0 to 4, or inf"),
        (("--trade", "coverage,fairness", "--alphas", "0,a"), "such as 0,1,inf"),
        (("--trade", "coverage,fairness", "--points", "3"), "whose points are its --alphas"),
        (("--set", "model.objective=p_center"), "max_coverage, not p_center"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str, inside: Callable[..., Done]) -> None:
    done = inside("frontier", "scenario.yaml", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_folder_of_something_else_is_left_alone(project: Project, inside: Callable[..., Done]) -> None:
    (project.folder / "out").mkdir()
    project.write("out/letter.txt", "dear minister")
    done = inside("frontier", "scenario.yaml", "--out", "out", "--points", "2")
    assert done.returncode == 2
    assert [path.name for path in (project.folder / "out").iterdir()] == ["letter.txt"]

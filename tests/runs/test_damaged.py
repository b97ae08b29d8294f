"""Run folders of which somebody changed or lost a part: every command says which, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.project import Project
from typer.testing import CliRunner

import hubplanner as hp
from hubplanner.audit.data.run_files import open_run
from hubplanner.cli.main import app
from hubplanner.errors import DataError, ScenarioError
from hubplanner.folders import RUN_MARKS
from hubplanner.runs.export import export_run
from hubplanner.runs.index import describe
from hubplanner.runs.load import read_solution
from hubplanner.runs.store import find_run, list_runs
from hubplanner.runs.verify import verify_run

READERS: dict[str, Callable[[Path], Any]] = {
    "explain": read_solution,
    "score": lambda run: hp.score(run, futures=run.parent / "scenario.yaml"),
    "compare": lambda run: hp.compare(run, run),
}
WRONG: tuple[tuple[str, Any, str], ...] = (
    ("objective_value", "many", 'objective_value: "many" found; allowed: a number, as hubplanner wrote it; solve '),
    ("objective_value", None, "objective_value: null found; allowed: a number"),
    ("hubs", 3, "hubs: 3 found; allowed: a list of objects"),
    ("hubs", [3], "hubs: [3] found; allowed: a list of objects"),
    ("hubs", None, "hubs: null found; allowed: a list of objects"),
    ("hubs.0.site_id", [], "hubs.0.site_id: [] found; allowed: text"),
    ("hubs.0.status", None, "hubs.0.status: null found; allowed: new, upgraded or existing"),
    ("hubs.0.hubs", "two", 'hubs.0.hubs: "two" found; allowed: a number'),
    ("need", [], "need: [] found; allowed: an object"),
    ("need.covered", None, "need.covered: null found; allowed: a number"),
    ("cost.total", "many", 'cost.total: "many" found; allowed: a number'),
    ("people.reached", True, "people.reached: true found; allowed: a number"),
    ("status", "fine", 'status: "fine" found; allowed: the status of a plan'),
    ("status", None, "status: null found; allowed: the status of a plan"),
    ("backhaul", None, "backhaul: null found; allowed: an object"),
    ("groups", None, "groups: null found; allowed: an object"),
    ("groups.province", 3, "groups.province: 3 found; allowed: an object"),
    ("groups.province.Punjab", 3, "groups.province.Punjab: 3 found; allowed: an object"),
    ("groups.province.Punjab.share", "all", 'groups.province.Punjab.share: "all" found; allowed: a number'),
    ("groups.province.Punjab.people", None, "groups.province.Punjab.people: null found; allowed: a number"),
    ("budget", "much", 'budget: "much" found; allowed: a number'),
    ("cost.paid.by_year", [None], "cost.paid.by_year: [null] found; allowed: a list of objects"),
    ("warnings", None, "warnings: null found; allowed: a list of objects"),
    ("floors", [{"name": "east", "share": None, "covered": 1}], "floors.0.share: null found; allowed: a number"),
)


@pytest.fixture
def run(project: Project) -> Path:
    return hp.solve(project.read()).write(project.folder / "run")


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def put(tree: Any, place: str, value: Any) -> None:
    *way, last = (int(key) if key.isdigit() else key for key in place.split("."))
    for key in way:
        tree = tree[key]
    tree[last] = value


def test_what_the_plan_should_hold_is_told(run: Path) -> None:
    whole = (run / "plan.json").read_text(encoding="utf-8")
    for key, value, told in WRONG:
        changed(run / "plan.json", lambda tree, key=key, value=value: put(tree, key, value))
        for read in READERS.values():
            with pytest.raises(DataError, match=re.escape(told)):
                read(run)
        assert describe(run)["status"] == "damaged"
        assert any(line.endswith("scenario.yaml again") for line in verify_run(run)["faults"])
        (run / "plan.json").write_text(whole, encoding="utf-8")


@pytest.mark.parametrize("count", [-1, 1.5])
def test_hubs_are_sites_and_tiers_of_the_data_in_whole_numbers(run: Path, count: object) -> None:
    changed(run / "plan.json", lambda tree: tree["hubs"][0].update(hubs=count))
    with pytest.raises(DataError, match=rf"hubs\.0: '\S+, \w+, {count}' found; allowed: .* a whole number of hubs"):
        read_solution(run)


def test_what_the_manifest_should_hold_is_told(run: Path) -> None:
    changed(run / "manifest.json", lambda tree: tree.update(files=[], inputs=3))
    with pytest.raises(DataError, match=r"manifest\.json, inputs: 3 found(.|\n)*manifest\.json, files: \[\] found"):
        read_solution(run)
    with pytest.raises(DataError, match=r"manifest\.json, files: \[\] found; allowed: an object of texts"):
        export_run(run, ["kml"])
    assert not list(run.glob("*.kml"))


def test_a_row_that_lost_a_key_is_told(run: Path) -> None:
    changed(run / "plan.json", lambda tree: tree["hubs"][0].pop("status"))
    with pytest.raises(DataError, match=r"plan\.json: needs hubs\.status: solve .*scenario\.yaml again"):
        hp.compare(run, run)


def test_a_plan_may_lack_a_bound_and_a_budget(run: Path) -> None:
    changed(run / "plan.json", lambda tree: tree.update(bound=None, gap=None, budget=None))
    assert describe(run)["status"] == "optimal"


@pytest.mark.parametrize("key", ["versions", "inputs", "files", "said"])
def test_a_manifest_without_one_of_its_parts_does_not_hide_the_runs(run: Path, key: str) -> None:
    changed(run / "manifest.json", lambda tree: tree.update({key: None}))
    told = f"manifest.json, {key}: null found; allowed: an object"
    assert told in describe(run)["error"]
    assert any(told in fault for fault in verify_run(run)["faults"])


@pytest.mark.parametrize("mark", RUN_MARKS)
def test_a_run_that_lost_what_tells_it_is_damaged(run: Path, mark: str) -> None:
    (run / mark).unlink()
    told = f"run: is not a run folder: it lacks {mark}; solve {run / 'scenario.yaml'} again"
    for read in (*READERS.values(), lambda run: export_run(run, ["kml"])):
        with pytest.raises(DataError, match=re.escape(told)):
            read(run)
        with pytest.raises(DataError, match="none: is not there; name the folder of a run"):
            read(run.parent / "none")
    (row,) = list_runs(run.parent)
    assert (row["name"], row["status"]) == ("run", "damaged")
    assert row["error"] == f"{run / mark}: is missing; solve {run / 'scenario.yaml'} again"
    assert verify_run(run)["faults"] == [f"{mark} is missing; solve {run / 'scenario.yaml'} again"]
    assert find_run("run", run.parent) == find_run(str(run), run.parent) == run
    done = CliRunner().invoke(app, ["runs", "verify", "--runs", str(run.parent)])
    assert (done.exit_code, "1 run checked, 1 damaged" in done.output) == (2, True)


def test_other_results_and_folders_are_no_damaged_runs(run: Path) -> None:
    hp.compare(run, run).write(run.parent / "compared")
    (run.parent / "notes").mkdir()
    assert [row["name"] for row in list_runs(run.parent)] == ["run"]
    told = "compared: is not a run folder: it lacks plan.json; name the folder of a run"
    with pytest.raises(ScenarioError, match=re.escape(told)):
        find_run(str(run.parent / "compared"), run.parent)


@pytest.mark.parametrize("name", ["demand.geojson", "scenario.yaml", "plan.gpkg"])
def test_how_a_lost_file_comes_back_is_told(run: Path, name: str) -> None:
    (run / name).unlink()
    again = "put it back" if name == "scenario.yaml" else f"solve {run / 'scenario.yaml'} again"
    needed = {
        "demand.geojson": ["compare", "export"],
        "scenario.yaml": ["explain", "solution", "score", "export"],
        "plan.gpkg": [],
    }
    readers = {
        **READERS,
        "explain": hp.explain,
        "solution": read_solution,
        "export": lambda run: export_run(run, ["kml"]),
    }
    for command in needed[name]:
        with pytest.raises(DataError, match=re.escape(f"{name}: is missing; {again}")):
            readers[command](run)
    with pytest.raises(DataError, match=re.escape(f"{name}: is missing from the run; {again}")):
        open_run(run)


def test_columns_that_are_lost_are_told_with_a_way_out(run: Path) -> None:
    text = (run / "demand.geojson").read_text(encoding="utf-8")
    (run / "demand.geojson").write_text(text.replace('"covered_share"', '"share"'), encoding="utf-8")
    with pytest.raises(DataError, match=r"demand\.geojson: needs covered_share; solve .*scenario\.yaml again"):
        hp.compare(run, run)

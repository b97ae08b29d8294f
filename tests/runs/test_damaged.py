"""Run folders of which somebody changed or lost a part: every command says which, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.project import Project

import hubplanner as hp
from hubplanner.errors import DataError
from hubplanner.runs.export import export_run
from hubplanner.runs.index import describe
from hubplanner.runs.load import read_solution
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
    ("hubs.0.status", None, "hubs.0.status: null found; allowed: text"),
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
    with pytest.raises(DataError, match=r"manifest\.json, files: \[\] found(.|\n)*manifest\.json, inputs: 3 found"):
        read_solution(run)
    with pytest.raises(DataError, match=r"manifest\.json, files: \[\] found; allowed: an object of texts"):
        export_run(run, ["kml"])
    assert not list(run.glob("*.kml"))


def test_a_row_that_lost_a_key_is_told(run: Path) -> None:
    changed(run / "plan.json", lambda tree: tree["hubs"][0].pop("status"))
    with pytest.raises(DataError, match=r"plan\.json: needs hubs\.status: solve .*scenario\.yaml again"):
        hp.compare(run, run)


def test_a_plan_may_lack_a_bound(run: Path) -> None:
    changed(run / "plan.json", lambda tree: tree.update(bound=None, gap=None))
    assert describe(run)["status"] == "optimal"


@pytest.mark.parametrize("key", ["versions", "inputs", "files", "said"])
def test_a_manifest_without_one_of_its_parts_does_not_hide_the_runs(run: Path, key: str) -> None:
    changed(run / "manifest.json", lambda tree: tree.update({key: None}))
    told = f"manifest.json, {key}: null found; allowed: an object"
    assert told in describe(run)["error"]
    assert any(told in fault for fault in verify_run(run)["faults"])


def test_a_folder_that_is_no_run_or_not_there_is_told_as_that(run: Path) -> None:
    (run / "manifest.json").unlink()
    for read in READERS.values():
        with pytest.raises(DataError, match=r"run: is not a run folder: it lacks manifest\.json"):
            read(run)
        with pytest.raises(DataError, match="none: is not there; name the folder of a run"):
            read(run.parent / "none")

"""Run folders of which somebody changed or lost a part: every command says which, and what to do."""

from __future__ import annotations

import json
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
    ("objective_value", "many", "objective_value: 'many' found; allowed: a number, as hubplanner wrote it; solve "),
    ("hubs", 3, "hubs: '3' found; allowed: a list of objects"),
    ("hubs", [3], "hubs: '\\[3\\]' found; allowed: a list of objects"),
    ("need", [], "need: '\\[\\]' found; allowed: an object"),
    ("status", "fine", "status: 'fine' found; allowed: the status of a plan"),
)


@pytest.fixture
def run(project: Project) -> Path:
    return hp.solve(project.read()).write(project.folder / "run")


def changed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")


def test_what_the_plan_should_hold_is_told(run: Path) -> None:
    whole = (run / "plan.json").read_text(encoding="utf-8")
    for key, value, told in WRONG:
        changed(run / "plan.json", lambda tree, key=key, value=value: tree.update({key: value}))
        for read in READERS.values():
            with pytest.raises(DataError, match=told):
                read(run)
        assert describe(run)["status"] == "damaged"
        assert any(line.endswith("scenario.yaml again") for line in verify_run(run)["faults"])
        (run / "plan.json").write_text(whole, encoding="utf-8")


@pytest.mark.parametrize("count", [-1, 1.5, "two"])
def test_hubs_are_sites_and_tiers_of_the_data_in_whole_numbers(run: Path, count: object) -> None:
    changed(run / "plan.json", lambda tree: tree["hubs"][0].update(hubs=count))
    with pytest.raises(DataError, match=rf"hubs\.0: '\S+, \w+, {count}' found; allowed: .* a whole number of hubs"):
        read_solution(run)


def test_what_the_manifest_should_hold_is_told(run: Path) -> None:
    changed(run / "manifest.json", lambda tree: tree.update(files=[], inputs=3))
    with pytest.raises(DataError, match=r"manifest\.json, files: '\[\]' found(.|\n)*manifest\.json, inputs: '3' found"):
        read_solution(run)
    with pytest.raises(DataError, match=r"manifest\.json, files: '\[\]' found; allowed: an object of texts"):
        export_run(run, ["kml"])
    assert not list(run.glob("*.kml"))


def test_a_folder_that_is_no_run_or_not_there_is_told_as_that(run: Path) -> None:
    (run / "manifest.json").unlink()
    for read in READERS.values():
        with pytest.raises(DataError, match=r"run: is not a run folder: it lacks manifest\.json"):
            read(run)
        with pytest.raises(DataError, match="none: is not there; name the folder of a run"):
            read(run.parent / "none")

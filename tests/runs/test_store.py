"""The run store: names, an index that is only a copy, removal that cannot leave the folder, checks that notice."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import re
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from support.project import DEMAND, SCENARIO, SITES, Project

import hubplanner as hp
from hubplanner.errors import ScenarioError
from hubplanner.runs.index import INDEX
from hubplanner.runs.store import find_run, list_runs, remove_run, rename_run
from hubplanner.runs.verify import verify_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run, solved and drawn once."""
    small = Project(folder=tmp_path_factory.mktemp("written"))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        small.write(name, text)
    return hp.solve(small.read()).write(small.folder / "runs/first")


@pytest.fixture
def runs(project: Project, written: Path) -> Path:
    """Three runs: first, lean and lean-too; one plan in all, since what it says does not matter here."""
    runs = project.folder / "runs"
    for name in ("first", "lean", "lean-too"):
        shutil.copytree(written, runs / name)
    return runs


def names(runs: Path) -> list[str]:
    return sorted(row["name"] for row in list_runs(runs))


def test_a_list_tells_what_each_plan_says(runs: Path) -> None:
    (row,) = [row for row in list_runs(runs) if row["name"] == "first"]
    plan = json.loads((runs / "first/plan.json").read_text(encoding="utf-8"))
    told = (row["status"], row["value"], row["people"], row["cost"], row["currency"])
    expected = ("optimal", plan["objective_value"], plan["people"]["covered"], plan["cost"]["total"], "PKR")
    assert told == expected
    assert row["hubs"] == sum(hub["hubs"] for hub in plan["hubs"] if hub["status"] != "existing") > 0


def test_the_index_follows_the_folders(runs: Path) -> None:
    assert names(runs) == ["first", "lean", "lean-too"]
    shutil.rmtree(runs / "lean")
    path = runs / "first/plan.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"optimal"', '"feasible"'), encoding="utf-8")
    (runs / "notes").mkdir()
    (runs / ".lean-xyz").mkdir()
    shutil.copytree(runs / "lean-too", runs / ".lean-xyz/run")
    assert {row["name"]: row["status"] for row in list_runs(runs)} == {"first": "feasible", "lean-too": "optimal"}


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda index: index.unlink(),
    "no database": lambda index: index.write_bytes(b"not a database, not at all" * 100),
    "cut": lambda index: index.write_bytes(index.read_bytes()[:5000]),
    "zeros": lambda index: index.write_bytes(index.read_bytes()[:4096] + b"\0" * 8192),
    "another table": lambda index: _execute(index, "DROP TABLE runs", "CREATE TABLE runs (other)"),
    "another version": lambda index: _execute(index, "UPDATE runs SET row = '{}'", "PRAGMA user_version = 99"),
    "no JSON": lambda index: _execute(index, "UPDATE runs SET row = '{'"),
}


def _execute(index: Path, *statements: str) -> None:
    connection = sqlite3.connect(index)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_index_is_rebuilt_from_the_folders(runs: Path, damage: str) -> None:
    before = list_runs(runs)
    DAMAGES[damage](runs / INDEX)
    assert list_runs(runs) == before
    connection = sqlite3.connect(runs / INDEX)
    assert connection.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    connection.close()


def test_an_unusable_index_is_no_obstacle(runs: Path) -> None:
    (runs / INDEX).mkdir()
    assert names(runs) == ["first", "lean", "lean-too"]


def test_several_processes_share_the_index(runs: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(names, [runs] * 8)
    assert found == [["first", "lean", "lean-too"]] * 8


def test_a_run_is_found_by_path_name_and_only_start(runs: Path) -> None:
    assert find_run(str(runs / "lean"), runs) == runs / "lean"
    assert find_run("lean", runs) == runs / "lean"
    assert find_run("lean-", runs) == runs / "lean-too"
    with pytest.raises(ScenarioError, match="2 start so: lean, lean-too"):
        find_run("le", runs)
    with pytest.raises(ScenarioError, match=r"a name in .*runs: first, lean, lean-too"):
        find_run("none", runs)


@pytest.mark.parametrize("word", ["../kept", "lean/../../kept", "{outside}", "link", "notes", ".", "..", ""])
def test_nothing_but_a_run_of_the_folder_is_removed(runs: Path, word: str) -> None:
    outside = runs.parent / "kept"
    shutil.copytree(runs / "first", outside)
    (runs / "link").symlink_to(outside, target_is_directory=True)
    (runs / "notes").mkdir()
    with pytest.raises(ScenarioError):
        remove_run(word.format(outside=outside), runs, force=True)
    assert len(list(outside.iterdir())) == 11
    assert names(runs) == ["first", "lean", "lean-too"]


def test_a_run_is_removed_whole(runs: Path) -> None:
    assert remove_run("first", runs) == runs / "first"
    remove_run(str(runs / "lean"), runs)
    assert names(runs) == ["lean-too"]
    assert {path.name for path in runs.iterdir()} == {INDEX, "lean-too"}


def test_what_others_put_into_a_run_is_not_removed_unasked(runs: Path) -> None:
    (runs / "first/thesis.docx").touch()
    with pytest.raises(ScenarioError, match="holds thesis"):
        remove_run("first", runs)
    assert (runs / "first/thesis.docx").exists()
    remove_run("first", runs, force=True)
    assert not (runs / "first").exists()


def test_what_a_killed_writer_left_in_a_run_goes_with_it(runs: Path) -> None:
    left = runs / "first/.hubplanner-abcdefgh"  # as `hubplanner stability` tries whether it may write there
    left.mkdir()
    for name in ("lock", "probe"):
        (left / name).touch()
    remove_run("first", runs)
    assert not (runs / "first").exists()


def test_a_run_gets_a_name_of_ones_own_whole_and_intact(runs: Path) -> None:
    files = {path.name: path.read_bytes() for path in (runs / "lean").iterdir()}
    assert rename_run("lean", "  منصوبہ   für Sindh ", runs) == runs / "منصوبہ für Sindh"
    assert names(runs) == ["first", "lean-too", "منصوبہ für Sindh"]
    assert {path.name: path.read_bytes() for path in (runs / "منصوبہ für Sindh").iterdir()} == files
    assert verify_run(find_run("منصوبہ", runs))["intact"]
    assert rename_run("first", "first", runs) == runs / "first"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("lean-too", "that nothing in"),
        ("notes", "that nothing in"),
        (INDEX, "that nothing in"),
        ("", "1 to 60 characters"),
        ("x" * 61, "1 to 60 characters"),
        ("../first", "without /"),
        ("a:b?", "without : ?"),
        ("bell\x07", "without control characters"),
        (".app", "begins with a dot"),
        ("--force", "begins with a dot or a dash"),
        ("plan.", "ends with a dot"),
        ("plan-0e8aa59da7", "that hubplanner gives"),
    ],
)
def test_a_name_that_cannot_be_a_runs_changes_nothing(runs: Path, name: str, fault: str) -> None:
    (runs / "notes").mkdir()
    names(runs)  # the index is there too
    with pytest.raises(ScenarioError, match="^name: .*" + re.escape(fault)):
        rename_run("lean", name, runs)
    assert names(runs) == ["first", "lean", "lean-too"]


def test_only_a_run_of_the_folder_is_renamed(runs: Path) -> None:
    outside = runs.parent / "outside"
    shutil.copytree(runs / "first", outside)
    with pytest.raises(ScenarioError, match="nothing was renamed"):
        rename_run(str(outside), "other", runs)
    assert outside.is_dir()


def test_an_untouched_run_is_intact(runs: Path) -> None:
    checked = verify_run(runs / "first")
    assert checked == {"name": "first", "intact": True, "hashed": True, "inputs": "same", "faults": []}
    manifest = json.loads((runs / "first/manifest.json").read_text(encoding="utf-8"))
    files = {path.name for path in (runs / "first").iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == files
    assert manifest["files"]["map.png"] == hashlib.sha256((runs / "first/map.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["plan.json", "hubs.csv", "map.png", "plan.gpkg", "scenario.yaml"])
def test_a_changed_or_missing_file_is_noticed(runs: Path, name: str) -> None:
    path = runs / "first" / name
    path.write_bytes(path.read_bytes() + b" ")
    assert f"{name} has changed" in " ".join(verify_run(runs / "first")["faults"])
    path.unlink()
    again = "put it back" if name == "scenario.yaml" else f"solve {runs / 'first' / 'scenario.yaml'} again"
    assert f"{name} is missing; {again}" in verify_run(runs / "first")["faults"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"gap": 0.0', '"gap": NaN', "plan.json, gap: NaN found; allowed: a number"),
        ('"covered": ', '"covered": 9', "need.covered"),
        ('"objective_value"', '"value"', "objective_value: None"),
        ("{", "", "cannot be read"),
    ],
)
def test_figures_are_checked_where_no_hash_is(runs: Path, old: str, new: str, fault: str) -> None:
    manifest = json.loads((runs / "lean/manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]
    (runs / "lean/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert verify_run(runs / "lean")["intact"]
    path = runs / "lean/plan.json"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    checked = verify_run(runs / "lean")
    assert not checked["hashed"]
    assert fault in " ".join(checked["faults"])


def test_changed_inputs_are_told_from_missing_ones(runs: Path, project: Project) -> None:
    project.edit("demand.csv", "1000", "1001")
    checked = verify_run(runs / "first")
    assert (checked["inputs"], checked["faults"]) == ("changed", ["input demand.csv has changed since the run"])
    (project.folder / "demand.csv").unlink()
    checked = verify_run(runs / "first")
    assert (checked["inputs"], checked["intact"]) == ("missing", True)


def test_a_damaged_run_is_listed_as_such(runs: Path) -> None:
    (runs / "lean/plan.json").write_text("{", encoding="utf-8")
    (row,) = [row for row in list_runs(runs) if row["name"] == "lean"]
    assert row["status"] == "damaged"
    assert "cannot be read" in row["error"]

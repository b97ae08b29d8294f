"""Run folders and their names, a project to start from, and what is installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import hubplanner as hp
from hubplanner.cli.project import examine, write_project
from hubplanner.errors import ExistsError
from hubplanner.runs import naming as runs
from hubplanner.runs.naming import default_folder, run_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

FILES = ["data/demand.csv", "data/sites.csv", "scenario.yaml"]


def test_the_default_folder_has_the_name_and_a_hash(project: Project) -> None:
    assert re.fullmatch(r"runs/small-[0-9a-f]{10}", default_folder(project.inputs()).as_posix())


def test_the_default_folder_is_the_same_wherever_the_files_are(project: Project, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where" / "ü"
    shutil.copytree(project.folder, elsewhere, ignore=shutil.ignore_patterns("else where"))
    moved = hp.read_inputs(hp.read_scenario(elsewhere / "scenario.yaml"))
    assert default_folder(moved) == default_folder(project.inputs())


@pytest.mark.parametrize("settings", [{"model.budget": 501}, {"solver.gap": 0.0}, {"hubs.0.reach_km": 6}])
def test_the_default_folder_changes_with_the_question(project: Project, settings: dict[str, Any]) -> None:
    assert default_folder(project.inputs(settings)) != default_folder(project.inputs())


@pytest.mark.parametrize(("name", "old", "new"), [("demand.csv", "1000", "1001"), ("sites.csv", "Kalat", "Qalat")])
def test_the_default_folder_changes_with_the_data(project: Project, name: str, old: str, new: str) -> None:
    before = default_folder(project.inputs())
    project.edit(name, old, new)
    assert default_folder(project.inputs()) != before


def test_a_run_goes_to_the_default_folder_and_again_to_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    first = run_scenario(project.read())[1]
    assert first == project.folder / default_folder(project.inputs())
    assert run_scenario(project.read())[1] == first
    assert [path.name for path in (project.folder / "runs").iterdir()] == [first.name]


def test_a_taken_folder_is_refused_before_the_work(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "solve_inputs", pytest.fail)
    with pytest.raises(ExistsError, match="more than an unchanged earlier run"):
        run_scenario(project.read(), project.folder)
    monkeypatch.chdir(project.folder)
    taken = default_folder(project.inputs())
    taken.mkdir(parents=True)
    (taken / "note.txt").touch()
    with pytest.raises(ExistsError, match="more than an unchanged earlier run"):
        run_scenario(project.read())


def test_a_new_project_can_be_solved(tmp_path: Path) -> None:
    assert write_project(tmp_path / "Makran منصوبہ") == FILES
    plan = hp.solve(hp.read_scenario(tmp_path / "Makran منصوبہ" / "scenario.yaml"))
    assert plan.summary()["status"] == "optimal"
    assert set(plan.hubs["status"]) == {"new", "existing"}


def test_an_empty_folder_takes_a_project(tmp_path: Path) -> None:
    assert write_project(tmp_path) == FILES


def test_a_folder_with_anything_in_it_takes_none(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(ExistsError, match="is not empty"):
        write_project(tmp_path)
    with pytest.raises(ExistsError, match="is a file"):
        write_project(tmp_path / ".hidden")
    with pytest.raises(ExistsError, match="is a file, not a folder"):
        write_project(tmp_path / ".hidden" / "project")
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


def test_an_examination_finds_versions_solvers_and_optional_parts() -> None:
    found = examine()
    assert found["versions"]["hubplanner"] == importlib.metadata.version("hubplanner")
    assert {"highs", "cbc"} <= set(found["solvers"])
    assert (
        found["optional parts"].items()
        >= dict.fromkeys(("parquet", "raster", "cluster", "excel", "docx"), "present").items()
    )


def test_a_missing_optional_part_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert examine()["optional parts"]["parquet"] == "missing: pip install 'hubplanner[parquet]'"

"""`hubplanner export` as a planner meets it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, fits

import hubplanner as hp
from hubplanner.outputs.formats.exports import EXPORTS
from hubplanner.runs.export import export_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.project import Project

EXPORT_FILES = tuple(each.file for each in EXPORTS)


@pytest.fixture
def run(project: Project) -> Path:
    return hp.solve(project.read()).write(project.folder / "runs" / "first")


def test_all_files_beside_the_run_which_stays_whole(run: Path, inside: Callable[..., Done]) -> None:
    done = inside("export", "first")
    assert done.returncode == 0
    assert fits(done.stdout)
    assert done.stdout == f"Wrote {', '.join(EXPORT_FILES)} to runs/first.\n"
    assert {path.name for path in run.iterdir()} > set(EXPORT_FILES)
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
    assert inside("audit", "runs/first", "--quiet").returncode == 0
    assert inside("runs", "verify", "first").returncode == 0
    assert inside("runs", "rm", "first").returncode == 0
    assert not run.exists()


def test_only_what_is_asked_for_where_it_is_asked_for(run: Path, inside: Callable[..., Done]) -> None:
    found = answer(inside("export", "first", "--kml", "--actions", "--out", "new/for others", "--json"))
    assert found == {
        "run": "runs/first",
        "files": [str(run.parents[1] / "new/for others" / name) for name in ("plan.kml", "actions.md")],
        "notes": [],
    }
    assert sorted(path.name for path in (run.parents[1] / "new/for others").iterdir()) == ["actions.md", "plan.kml"]
    assert inside("export", "first", "--excel", "--quiet").stdout == ""


def test_nothing_is_replaced_without_being_asked(run: Path, inside: Callable[..., Done]) -> None:
    (run / "plan.kml").write_text("mine", encoding="utf-8")
    done = inside("export", "first")
    assert done.returncode == 2
    assert "plan.kml exists; add --overwrite to replace, or name another --out, nothing was written" in done.stderr
    assert not (run / "plan.xlsx").exists()
    assert (run / "plan.kml").read_text(encoding="utf-8") == "mine"
    done = inside("export", "first", "--kml", "--overwrite")
    assert done.returncode == 0
    assert "first: --overwrite will replace plan.kml\n" in done.stderr
    assert inside("export", "first", "--kml", "--force").returncode == 0
    assert (run / "plan.kml").read_text(encoding="utf-8").startswith("<?xml")
    (run.parent / "file").write_text("", encoding="utf-8")
    assert inside("export", "first", "--kml", "--out", "runs/file").returncode == 2


def test_nothing_is_written_when_one_file_cannot_be(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(hp.HubplannerError, match="pip install 'hubplanner\\[docx\\]'"):
        export_run(run)
    assert not [name for name in EXPORT_FILES if (run / name).exists()]
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]
    with pytest.raises(hp.ScenarioError, match="'pdf' found; allowed: excel, arcgis, kml, actions, docx"):
        export_run(run, ["pdf"])


def test_a_folder_that_is_not_as_the_run_wrote_it_is_refused(run: Path, inside: Callable[..., Done]) -> None:
    assert inside("export", "nosuch").returncode == 2
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    plan["people"]["covered"] += 1
    (run / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    (run / "links.geojson").unlink()
    done = inside("export", "first")
    assert done.returncode == 2
    assert "plan.json: has changed since the run: its SHA-256 is not the manifest's" in done.stderr
    assert "links.geojson: is missing" in done.stderr
    assert not (run / "plan.kml").exists()


def test_a_run_without_its_data_is_exported_with_a_note(
    project: Project, run: Path, inside: Callable[..., Done], tmp_path_factory: pytest.TempPathFactory
) -> None:
    project.edit("sites.csv", "S5,Kalat", "S5,Kalāt")
    done = inside("export", "first", "--arcgis")
    assert done.returncode == 0
    assert "Note: sites.csv has changed since the run: the files hold the sites with hubs alone." in done.stderr
    moved = tmp_path_factory.mktemp("moved") / "run"
    shutil.copytree(run, moved)
    (project.folder / "sites.csv").unlink()
    assert (
        "is not where the run read it" in answer(inside("export", moved, "--arcgis", "--force", "--json"))["notes"][0]
    )
    assert answer(inside("export", moved, "--excel", "--json"))["notes"] == []

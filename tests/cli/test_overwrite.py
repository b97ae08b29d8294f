"""What stands at ``--out``: refused before the work unless it is ours and unchanged, told before it goes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from support.command import Done, answer, run, start
from support.project import DEMAND, SCENARIO, SITES, Project

import hubplanner as hp
from hubplanner.runs.index import INDEX

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS = {
    "solve": ("solve", "scenario.yaml", "--out", "out"),
    "frontier": ("frontier", "scenario.yaml", "--points", "2", "--out", "out"),
    "alternatives": ("alternatives", "scenario.yaml", "--differ", "1", "--count", "1", "--out", "out"),
    "explain": ("explain", "runs/a", "--sites", "0", "--out", "out"),
    "compare": ("compare", "runs/a", "runs/b", "--out", "out"),
    "sweep": ("sweep", "scenario.yaml", "--grid", "model.budget=300,500", "--jobs", "1", "--out", "out"),
}
MAIN = {"solve": "hubs.csv", "frontier": "frontier.csv", "alternatives": "sites.csv", "explain": "explanation.md"}
MAIN |= {"compare": "comparison.csv", "sweep": "sweep.csv"}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs, solved once."""
    small = Project(folder=tmp_path_factory.mktemp("solved"))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        small.write(name, text)
    plan = hp.solve(small.read())
    for name in ("a", "b"):
        plan.write(small.folder / "runs" / name)
    return small.folder


@pytest.fixture
def project_runs(scenario: Path, solved: Path) -> Path:
    shutil.copytree(solved / "runs", scenario.parent / "runs")
    return scenario.parent


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_refuses_what_is_not_its_own_unchanged_result_before_the_work(
    command: str, project_runs: Path, inside: Callable[..., Done]
) -> None:
    words, out = COMMANDS[command], project_runs / "out"
    out.symlink_to(project_runs / "nowhere")
    done = inside(*words)
    assert done.returncode == 2
    assert "out: is a link to a missing file; name another --out, nothing was written" in done.stderr
    assert "read the data" not in done.stderr
    out.unlink()

    (out / "deep").mkdir(parents=True)
    (out / "deep/thesis.docx").write_text("mine", encoding="utf-8")
    done = inside(*words)
    assert done.returncode == 2
    assert "more than an unchanged earlier run: deep/thesis.docx; --overwrite would remove that" in done.stderr
    assert "read the data" not in done.stderr
    assert (out / "deep/thesis.docx").read_text(encoding="utf-8") == "mine"

    done = run(*words, "--overwrite", "--quiet", cwd=project_runs)
    assert done.returncode in {0, 4}
    assert "out: --overwrite will remove deep/thesis.docx\n" in done.stderr
    assert not (out / "deep").exists()

    table = out / MAIN[command]
    table.write_bytes(changed := table.read_bytes() + b"my own words")
    done = inside(*words, "--json")
    assert done.returncode == 2
    assert table.name in answer(done)["error"]
    assert "changed" in answer(done)["error"]
    assert table.read_bytes() == changed


def test_a_sweep_replaces_its_own_tables_and_changed_ones_when_asked(
    project_runs: Path, inside: Callable[..., Done]
) -> None:
    table = project_runs / "out/sweep.csv"
    assert inside(*COMMANDS["sweep"]).returncode == 0
    first = table.read_bytes()
    assert inside(*COMMANDS["sweep"]).returncode == 0
    table.write_bytes(first + b"my own words")
    (project_runs / "out/notes.txt").touch()
    done = inside(*COMMANDS["sweep"], "--overwrite")
    assert done.returncode == 0
    assert "out: --overwrite will replace sweep.csv\n" in done.stderr
    assert table.read_bytes() == first
    assert (project_runs / "out/notes.txt").exists()  # a sweep goes on in its folder, where others' files may stand


def test_data_and_runs_that_are_read_never_go(project_runs: Path, inside: Callable[..., Done]) -> None:
    before = sorted(project_runs.rglob("*"))
    for words in (("solve", "scenario.yaml", "--out", project_runs), ("explain", "runs/a", "--out", "runs/a")):
        assert inside(*words, "--overwrite").returncode == 2
    assert (
        "holds plan.json, which is read for this"
        in inside("explain", "runs/a", "--out", "runs/a", "--overwrite").stderr
    )
    assert sorted(project_runs.rglob("*")) == before


@pytest.mark.usefixtures("project_runs")
def test_the_scenario_of_a_run_may_be_solved_into_the_same_run(inside: Callable[..., Done]) -> None:
    assert inside("solve", "runs/a/scenario.yaml", "--out", "runs/a").returncode == 0
    assert inside("runs", "verify").returncode == 0


def test_exports_are_a_runs_own_until_they_are_changed(project_runs: Path, inside: Callable[..., Done]) -> None:
    assert inside("export", "a", "--kml", "--actions").returncode == 0
    assert set(json.loads((project_runs / "runs/a/manifest.json").read_text(encoding="utf-8"))["exports"]) == {
        *("plan.kml", "actions.md"),
    }
    assert inside("runs", "verify", "a").returncode == 0
    assert inside("audit", "runs/a", "--quiet").returncode == 0
    assert inside("solve", "scenario.yaml", "--out", "runs/a").returncode == 0
    assert not (project_runs / "runs/a/plan.kml").exists()
    assert inside("export", "a", "--actions").returncode == 0
    (project_runs / "runs/a/actions.md").write_text("my own list", encoding="utf-8")
    assert "actions.md (changed)" in inside("solve", "scenario.yaml", "--out", "runs/a").stderr


def test_a_run_whose_files_were_changed_is_not_removed_unasked(project_runs: Path, inside: Callable[..., Done]) -> None:
    with (project_runs / "runs/a/hubs.csv").open("a", encoding="utf-8") as file:
        file.write("my own words")
    assert "holds hubs.csv (changed)" in inside("runs", "rm", "a").stderr
    assert (project_runs / "runs/a").is_dir()
    assert inside("runs", "rm", "a", "--force").returncode == 0


KILLED = """
import os, pathlib
rename, count = pathlib.Path.rename, [0]
def killed(self, target):
    count[0] += 1
    if count[0] == 2:
        os.kill(os.getpid(), 9)
    return rename(self, target)
pathlib.Path.rename = killed
"""


def test_any_command_puts_back_a_run_whose_replacement_was_killed(project_runs: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (project_runs / "runs/a").iterdir()}
    killed = start("solve", "scenario.yaml", "--out", "runs/a", patch=KILLED, cwd=project_runs).wait()
    assert killed.returncode == -9
    assert not (project_runs / "runs/a").exists()
    for command in (("runs", "list"), ("runs", "show", "a"), ("audit", "runs/a")):
        again = tmp_path / f"copy {command[-1].replace('/', ' ')}"
        shutil.copytree(project_runs, again, ignore=shutil.ignore_patterns("copy *"))
        done = run(*command, cwd=again)
        assert done.returncode == 0
        assert "runs/a: put back, as a program that was killed had moved it" in done.stderr
        assert {path.name: path.read_bytes() for path in (again / "runs/a").iterdir()} == before
        assert {path.name for path in (again / "runs").iterdir()} <= {"a", "b", INDEX}

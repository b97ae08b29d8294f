"""Promises of README and of the documents, kept by running them."""

from __future__ import annotations

import configparser
import inspect
import os
import re
import sys
from pathlib import Path

import pytest
from support.claims import TEXT, blocks, claimed, unclaimed
from support.clone import LINES, check_out, fresh_clone, run, typed
from support.command import run as command, run_code
from support.session import made_once

from hubplanner.cache import MOST_BYTES
from hubplanner.cli import audit
from hubplanner.cli.analysis import alternatives
from hubplanner.cli.common import TIME_LIMIT_REACHED
from hubplanner.folders import STABILITY_FILES
from hubplanner.model.compatibility import MOST_DISTANCES, MOST_PAIRS
from hubplanner.outputs.run_folder import FILES_OF_EVERY_RUN
from hubplanner.scenario import json_schema
from hubplanner.solver.covering import cells

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("HUBPLANNER_SHARED", ROOT.parent / "shared" / "data")) / "real"
MAKE_TARGETS = {"make plan", "make test"}


README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a user has after cloning."""
    check_out(tmp_path)
    return tmp_path


def test_every_command_runs_as_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert {line for line in LINES if line.startswith("make")} == MAKE_TARGETS
    for line in LINES:
        if line not in MAKE_TARGETS:
            _, done = typed(tmp_path_factory, line)
            assert done.returncode == 0, done.stderr
    clone = made_once(tmp_path_factory, "documents", check_out)
    assert (clone / "my-project/runs/first/map.png").is_file()
    assert {"lean", "reach-8", "balochistan"} <= {folder.name for folder in (clone / "runs").iterdir()}


def test_every_python_snippet_runs_as_written(checkout: Path) -> None:
    done = [run_code(snippet, checkout) for snippet in blocks("python")]
    assert [(each.returncode, each.stderr) for each in done] == [(0, "")] * len(done)
    printed = [each.stdout for each in done]
    [first] = [text for text in printed if "of need" in text]
    assert re.search(r"gap (0\.0e\+00|\d\.\de-(09|1\d))", first)
    assert "[1] 40.0 40.0 0.0 optimal" in first
    assert first.splitlines()[-1] == "100.0"
    assert all(printed)


def test_make_plan_works_as_the_first_command_in_a_fresh_clone(tmp_path_factory: pytest.TempPathFactory) -> None:
    clone = fresh_clone(tmp_path_factory)
    assert "runs/pakistan/report.html" in (clone / "told.txt").read_text(encoding="utf-8")
    promised = set(
        re.findall(r"`([\w.-]+\.(?:png|html|csv|gpkg|geojson|json|yaml))`", README.partition("## What comes out")[2])
    )
    made = {file.name for file in (clone / "runs/pakistan").iterdir()}
    assert made <= promised
    assert made == {*FILES_OF_EVERY_RUN, *STABILITY_FILES}


def test_every_relative_link_of_readme_leads_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_documents_are_built_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    run(command, ROOT, HUBPLANNER_DOCS="text", NO_MKDOCS_2_WARNING="1")
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert {"index.html", "gallery.html", "tutorials/first_plan.html", "reference/formulations.html"} <= pages
    formulas = (site / "reference/formulations.html").read_text(encoding="utf-8")
    assert "<math" in formulas
    assert "arithmatex" not in formulas
    assert ".. math::" not in formulas
    assert not re.search(r'(src|href)="(https?:)?//(?!hubplanner|doi\.org)[^"]*\.(js|css|woff2?)"', formulas)


def test_every_figure_is_held_by_a_claim() -> None:
    assert unclaimed() == []


def test_the_documents_name_the_values_that_the_program_has() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    given = inspect.signature(alternatives.alternatives).parameters
    default = json_schema()["$defs"]["SolverSpec"]["properties"]["gap"]["default"]
    assert setup["options"]["python_requires"] == f">={claimed('python')[0]:.2f}"
    assert claimed("alternatives") == (given["within"].default * 100,)
    assert given["differ"].default == 5
    assert claimed("explained in part") == claimed("late") == (TIME_LIMIT_REACHED,)
    assert claimed("audit") == (audit.ENDS["fail"], audit.ENDS["incomplete"])
    assert claimed("gap") == (pytest.approx(default * 100),)
    assert claimed("distances") == (MOST_DISTANCES / 1e6,)
    assert claimed("programs") == (MOST_PAIRS / 1e6,)
    assert claimed("cells") == (cells.MOST_PAIRS / 1e6,)
    assert claimed("cache") == (MOST_BYTES / 1e9,)
    assert f"--cov-fail-under={claimed('coverage')[0]:g}" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_clash_that_is_told_is_what_the_command_says(tmp_path: Path) -> None:
    [expected] = [block for block in blocks("text") if block.startswith("Error")]
    [setting] = re.findall(r"`--set (\S+)` the example", " ".join(TEXT.split()))
    words = ("solve", ROOT / "scenarios/examples/floors.yaml", "--set", setting, "--out", tmp_path / "run", "--quiet")
    done = command(*words)
    assert done.returncode == 3
    assert done.stderr.split() == expected.split()
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not (REAL / "mississippi").exists(), reason="the raw files of Mississippi are not here")
def test_files_of_ones_own_are_taken_for_what_is_told(tmp_path: Path) -> None:
    [shown] = [block for block in blocks("text") if block.startswith("$")]
    asked, _, expected = shown.removeprefix("$ ").partition("\n")
    for file in (REAL / "mississippi").iterdir():
        (tmp_path / file.name).symlink_to(file)
    told = run(asked.split(), tmp_path).stdout.split()
    wanted = expected.split()
    assert [" ".join(wanted)] == [" ".join(told[at : at + len(wanted)]) for at in [told.index(wanted[0])]]

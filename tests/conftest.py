"""What all tests share: fixtures, and the markers that a test has by the folder it stands in."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from support.command import WIDTH, Done
from support.connected import NODES
from support.draws import COARSE_CELL_KM, COARSE_DPI, examples, white_map
from support.project import DEMAND, MATRIX, SCENARIO, SITES, Project

from hubplanner.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

# The same examples on every run; how long one takes is no property.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("repeatable")

# Tests leave nothing behind that a later run would find; those of the cache name a folder of their own.
os.environ["HUBPLANNER_CACHE"] = "off"

TESTS = Path(__file__).parent
MARKERS = {
    "": ("unit",),
    "hubplanner": ("unit",),
    "benchmarks": ("unit",),
    "support": ("unit",),
    "formats": ("unit",),
    "inputs": ("files",),
    "model": ("unit",),
    "problem": ("unit",),
    "scenario": ("unit",),
    "analysis": ("solver",),
    "audit": ("solver",),
    "cli": ("slow",),
    "extremes": ("slow",),
    "house": ("slow",),
    "national": ("solver", "slow"),
    "outputs": ("solver",),
    "pipeline": ("solver",),
    "published": ("solver", "slow"),
    "runs": ("solver",),
    "solver": ("solver",),
    "web": ("slow",),
}
"""The markers of a folder's tests; a new folder is listed here first."""
WORKER = "PYTEST_XDIST_WORKER"
DEAREST_FIRST = ("slow", "solver", "files", "unit")
COARSE = (
    ("hubplanner.outputs.map.draw", "DPI", COARSE_DPI),
    ("hubplanner.outputs.roads", "LEAST_CELL_KM", COARSE_CELL_KM),
)
"""What is written less finely: module, constant, value."""
WITHOUT_MAP = ("analysis", "audit", "cli", "inputs", "outputs", "pipeline", "published", "runs", "solver", "web")
WITH_MAP = (
    *("test_folder.py", "test_picture.py", "test_merged.py", "test_backhaul.py"),
    *("test_names.py", "test_zones.py", "test_swapped_places.py", "test_new_project.py", "test_other_countries.py"),
)
"""Folders whose tests look at no map.png, but for these: where odd places, names and countries are read it is drawn."""
collect_ignore = ["support/warm.py"]  # it plans when it is imported


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their place: packed files hold the second they were made in, and processes must agree on names."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let every second process collect from the end: in a fresh clone each finds asserts that others have rewritten."""
    report = yield
    if isinstance(collector, pytest.Session | pytest.Directory) and os.environ.get(WORKER, "0")[-1] in "13579":
        report.result.reverse()
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its folder, and with `browser` where it asks for one; several processes begin with the dearest.

    What is left in the end is so short that none of them waits for another.
    """
    for item in items:
        inside = item.path.relative_to(TESTS) if item.path.is_relative_to(TESTS) else Path("hubplanner/module")
        marks = MARKERS[inside.parts[0] if len(inside.parts) > 1 else ""]
        if {"browser", "browsers"} & set(getattr(item, "fixturenames", ())):
            marks = ("browser", "slow")
        for mark in marks:
            item.add_marker(mark)
    if WORKER in os.environ:
        rank: dict[Path, int] = {}
        for item in items:
            own = min(DEAREST_FIRST.index(mark.name) for mark in item.iter_markers() if mark.name in DEAREST_FIRST)
            rank[item.path] = min(own, rank.get(item.path, own))
        items.sort(key=lambda item: (rank[item.path], item.path, isinstance(item, pytest.DoctestItem)))


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what lives to the end: three hundred thousand objects, time and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def coarse_files(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write map.png and reach.geojson whole, if less finely, except where files of a run are what is tested."""
    folder, name = request.path.parent.name, request.path.name
    if folder in WITHOUT_MAP and name not in WITH_MAP and "hubplanner.outputs.run_folder" in sys.modules:
        monkeypatch.setattr("hubplanner.outputs.run_folder.draw_map", white_map)
    if folder == "outputs":
        return
    for module, constant, coarse in COARSE:
        if module in sys.modules:
            monkeypatch.setattr(sys.modules[module], constant, coarse)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Four demand points in two provinces, five sites, two tiers; lon 67-68, lat 30-31; travel.csv is there, unused.

    ::

                          D3.S2.D4     D3 2000 people, D4 all connected; S2 existing
                S3                     S3 park only
        D1.S1  D2.S4                   D1 need 750, D2 need 500; S4 required centre
      S5                               S5 excluded
    """
    small = Project(folder=tmp_path)
    small.write("scenario.yaml", SCENARIO)
    small.write("demand.csv", DEMAND)
    small.write("sites.csv", SITES)
    small.write("travel.csv", MATRIX)
    return small


@pytest.fixture
def linked(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The small project with the nodes of a network."""
    monkeypatch.chdir(project.folder)  # paths in settings are relative to where a command runs
    project.write("nodes.csv", NODES)
    return project


@pytest.fixture
def inside(scenario: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command line in this process, beside the scenario: the imports of each new one take a second."""

    def run_inside(*words: str | Path) -> Done:
        with pytest.raises(SystemExit) as ended:
            app(list(map(str, words)), prog_name="hubplanner")
        out, error = capfd.readouterr()
        return Done(words, ended.value.code if isinstance(ended.value.code, int) else 0, out, error)

    monkeypatch.chdir(scenario.parent)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return run_inside


@pytest.fixture
def scenario(project: Project) -> Path:
    return project.folder / "scenario.yaml"

"""A checksum is of the bytes that were read: files that change, go, or are none, while they are read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import DataError, ScenarioError
from hubplanner.inputs import read as reading, read_inputs, travel_matrix as matrix
from hubplanner.inputs.readers import tables
from hubplanner.pipeline import solve as second_look
from hubplanner.runs import export
from hubplanner.runs.export import read_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.project import Project

CHANGED = "has changed while it was read; run this again once it is complete"


def after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], object], number: int = 1) -> None:
    """Let something happen once a function was called for the nth time."""
    real, count = getattr(module, name), [0]

    def acting(*words: Any, **options: Any) -> Any:
        found = real(*words, **options)
        count[0] += 1
        if count[0] == number:
            act()
        return found

    monkeypatch.setattr(module, name, acting)


def as_layer(project: Project, table: str, target: str) -> dict[str, Any]:
    """Write a table as a geographic file, and return the settings that read it."""
    frame = pd.read_csv(project.folder / table, dtype=str)
    points = gpd.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float), crs="EPSG:4326")
    gpd.GeoDataFrame(frame.drop(columns=["lon", "lat"]), geometry=points).to_file(project.folder / target)
    section = table.removesuffix(".csv")
    return {f"{section}.path": str(project.folder / target), f"{section}.x": None, f"{section}.y": None}


def age(project: Project) -> None:
    """Make files look old, so that times tell a change without another look at the bytes."""
    for path in project.folder.iterdir():
        os.utime(path, (1e9, 1e9))


READINGS = {"sites.csv": (tables, 1), "demand.csv": (tables, 2), "travel.csv": (matrix, 1)}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("table", READINGS)
def test_a_table_that_changes_while_it_is_read_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, table: str, *, old: bool
) -> None:
    if old:
        age(project)
    path, (module, number) = project.folder / table, READINGS[table]
    text = path.read_bytes()
    after(monkeypatch, module, "read_csv", lambda: path.write_bytes(text[::-1]), number)
    travel = {"travel": {"method": "matrix", "path": str(project.folder / "travel.csv")}}
    error = project.error(travel)
    assert [str(fault) for fault in error.faults] == [f"{table}: {CHANGED}"]


def test_a_change_before_all_is_read_is_told_instead_of_what_half_a_file_seems_to_hold(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    after(monkeypatch, reading, "read_sites", lambda: project.write("demand.csv", "demand_id,lon\nhalf"))
    with pytest.raises(DataError) as caught:
        project.inputs()
    assert [str(fault) for fault in caught.value.faults] == [f"demand.csv: {CHANGED}"]


@pytest.mark.parametrize("part", ["places.dbf", "places.shx", "places.cpg"])
def test_the_parts_of_a_shapefile_are_looked_at_too(
    project: Project, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    settings = as_layer(project, "demand.csv", "places.shp")
    project.write("places.csv", "not a part of it")
    names = {f"places.{ending}" for ending in ("shp", "shx", "dbf", "prj", "cpg")}
    assert set(project.inputs(settings).digests) == {*names, "sites.csv"}
    path = project.folder / part
    after(monkeypatch, tables, "read_layer", lambda: path.write_bytes(path.read_bytes() + b" "))
    with pytest.raises(DataError, match=f"{part}: {CHANGED}"):
        project.inputs(settings)


def test_data_that_change_between_the_two_readings_of_a_merged_plan_are_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = project.read({"demand.merge": True})
    assert hp.solve(scenario).again is not None
    path = project.folder / "demand.csv"
    after(monkeypatch, second_look, "measure", lambda: path.write_bytes(path.read_bytes() + b"\n"))
    with pytest.raises(DataError, match=CHANGED):
        hp.solve(scenario)


def test_a_file_that_goes_between_two_looks_at_it_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, table, number in (("sites.path", "sites.csv", 1), ("demand.path", "demand.csv", 2)):
        with pytest.MonkeyPatch.context() as patch:
            kept = (project.folder / table).read_bytes()
            after(patch, tables, "can_read", (project.folder / table).unlink, number)
            with pytest.raises(DataError, match=rf"{table}(, {key}: cannot be read: No such file|: {CHANGED})"):
                project.inputs()
            project.write(table, kept)
    settings = as_layer(project, "demand.csv", "places.gpkg")
    after(monkeypatch, tables, "can_read", (project.folder / "places.gpkg").unlink, 2)
    with pytest.raises(DataError, match=r"places\.gpkg"):
        project.inputs(settings)


def test_a_disk_that_fails_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error", "demand.csv")

    monkeypatch.setattr(tables, "read_csv", fail)
    with pytest.raises(DataError, match=r"demand\.csv, demand\.path: cannot be read: Input/output error"):
        read_inputs(project.read())


@pytest.mark.parametrize("key", ["demand.path", "sites.path", "travel.path", "scenario", "extends"])
def test_a_pipe_is_refused_instead_of_waited_for(project: Project, key: str) -> None:
    pipe = project.folder / "pipe.yaml"
    os.mkfifo(pipe)
    os.mkfifo(project.folder / "pipe.csv")
    if key == "scenario":
        with pytest.raises(ScenarioError, match=r"pipe\.yaml: cannot be read: it is a pipe, not a file"):
            hp.read_scenario(pipe)
    elif key == "extends":
        project.write("child.yaml", "extends: pipe.yaml\n")
        told = r"child\.yaml, extends: pipe\.yaml cannot be read: it is a pipe, not a file"
        with pytest.raises(ScenarioError, match=told):
            hp.read_scenario(project.folder / "child.yaml")
    else:
        settings: dict[str, Any] = {key: str(project.folder / "pipe.csv")}
        if key == "travel.path":
            settings = {"travel": {"method": "matrix", "path": str(project.folder / "pipe.csv")}}
        with pytest.raises(DataError, match=rf"pipe\.csv, {key}: cannot be read: it is a pipe, not a file"):
            project.inputs(settings)


@pytest.mark.parametrize("name", ["two\nlines", "tab\tin", "wow!"])
def test_data_are_read_from_any_path_and_nothing_is_written_where_libraries_would_take_it_elsewhere(
    project: Project, name: str
) -> None:
    place = project.folder / name
    place.mkdir()
    expected = project.inputs().demand.frame
    settings = as_layer(project, "demand.csv", "places.gpkg")
    (project.folder / "places.gpkg").rename(place / "places.gpkg")
    scenario = project.read(settings | {"demand.path": str(place / "places.gpkg")})
    plan = hp.solve(scenario)
    assert plan.inputs.demand.frame["people"].tolist() == expected["people"].tolist()
    before = sorted(project.folder.rglob("*"))
    for target in (place / "run", project.folder / f"run {name}"):
        with pytest.raises(hp.HubplannerError, match="leads libraries of geographic files elsewhere") as caught:
            plan.write(target)
        assert len(str(caught.value).splitlines()) == 1
    assert sorted(project.folder.rglob("*")) == before
    run = plan.write(project.folder / "run")
    assert audit_run(run, seconds=10).verdict == "pass"


def test_a_run_that_changes_while_it_is_exported_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = hp.solve(project.read()).write(project.folder / "run")
    path = run / "plan.json"
    after(monkeypatch, export, "figures_of", lambda: path.write_bytes(path.read_bytes() + b" "))
    with pytest.raises(DataError, match=r"plan\.json: has changed since the run"):
        read_result(run)


def test_three_files_of_one_name_and_folder_name_keep_their_own_checksums(project: Project) -> None:
    for place, text in (("a/data", "demand.csv"), ("b/data", "sites.csv")):
        (project.folder / place).mkdir(parents=True)
        (project.folder / text).rename(project.folder / place / "table.csv")
    places = {"demand": "a/data/table.csv", "sites": "b/data/table.csv"}
    settings = {f"{section}.path": str(project.folder / place) for section, place in places.items()}
    assert sorted(project.inputs(settings).digests) == ["a/data/table.csv", "b/data/table.csv"]
    run = hp.solve(project.read(settings)).write(project.folder / "run")
    assert audit_run(run, seconds=10).verdict == "pass"

"""GeoJSON, GeoPackage, Shapefile and GeoParquet: what is wrong with one is said, never raised raw."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely import LineString, Point, Polygon

from hubplanner.errors import CrsError, DataError

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

SUFFIXES = ["geojson", "gpkg", "shp", "parquet"]
NAME_IT = "name it with the key crs, such as crs: EPSG:32642, or save the file with its system"
ANY_PLACE = "one of Point, Polygon, MultiPolygon"


def places(project: Project, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    table = pd.read_csv(project.folder / "demand.csv")
    return gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=crs
    )


def write(frame: gpd.GeoDataFrame, path: Path, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing CRS, a cut column name: the file is wrong on purpose
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path, **options)


def demand(path: Path, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"demand.path": str(path), "demand.x": None, "demand.y": None, **(settings or {})}


def messages(project: Project, frame: gpd.GeoDataFrame, suffix: str) -> list[str]:
    path = project.folder / f"places.{suffix}"
    write(frame, path)
    return project.messages(demand(path))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("place", [None, Point()])
def test_a_row_without_a_place_is_named(project: Project, suffix: str, place: Point | None) -> None:
    frame = places(project)
    frame.loc[1, "geometry"] = place
    assert messages(project, frame, suffix) == [f"places.{suffix}, row 2, geometry: blank found; allowed: {ANY_PLACE}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_lines_are_no_places(project: Project, suffix: str) -> None:
    frame = places(project)
    frame["geometry"] = [LineString([(67, 30), (67.1, 30)])] * 4
    assert messages(project, frame, suffix) == [
        f"places.{suffix}, row {row}, geometry: 'LineString' found; allowed: {ANY_PLACE}" for row in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "parquet"])
def test_a_file_without_its_coordinate_system_is_refused(project: Project, suffix: str) -> None:
    path = project.folder / f"places.{suffix}"
    write(places(project, crs=None), path)
    assert type(project.error(demand(path))) is CrsError
    assert project.messages(demand(path)) == [f"places.{suffix}, crs: is missing; {NAME_IT}"]


def test_a_system_without_places_on_a_map_is_refused(project: Project) -> None:
    path = project.folder / "places.gpkg"
    write(places(project, crs='LOCAL_CS["site grid",UNIT["metre",1]]'), path)
    assert type(project.error(demand(path))) is CrsError


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([True, False, True, True], {1: "'True'", 2: "'False'", 3: "'True'", 4: "'True'"}),
        (pd.Series([True, None, False, None], dtype=object), {1: "'True'", 2: "blank", 3: "'False'", 4: "blank"}),
        ([1.5, None, 3, -2], {2: "blank", 4: "'-2.0'"}),
        (["1", "x", "", "4.5"], {2: "'x'", 3: "blank"}),
    ],
)
def test_typed_columns_are_checked_like_text(
    project: Project, suffix: str, values: list[object], found: dict[int, str]
) -> None:
    faults = messages(project, places(project).assign(people=values), suffix)
    assert sorted(text.partition(" found")[0] for text in faults) == [
        f"places.{suffix}, row {row}, people: {value}" for row, value in found.items()
    ]


@pytest.mark.parametrize("suffix", ["gpkg", "parquet"])
def test_dates_and_infinities_are_no_people(project: Project, suffix: str) -> None:
    frame = places(project)
    assert len(messages(project, frame.assign(people=pd.to_datetime(["2020-01-01"] * 4)), suffix)) == 4
    [found] = messages(project, frame.assign(people=[1, np.inf, 2, 3]), suffix)
    assert found.startswith(f"places.{suffix}, row 2, people: 'inf' found")


@pytest.mark.parametrize("suffix", ["gpkg", "parquet"])
def test_whole_numbers_too_large_to_be_exact_pass(project: Project, suffix: str) -> None:
    path = project.folder / f"places.{suffix}"
    write(places(project).assign(province=[1e20, 2.0, 3.0, 4.0]), path)
    assert project.inputs(demand(path)).demand.frame["province"].tolist() == ["1e+20", "2.0", "3.0", "4.0"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_or_broken_file_is_refused(project: Project, suffix: str) -> None:
    path = project.folder / f"places.{suffix}"
    path.write_bytes(b"")
    assert project.messages(demand(path)) == [f"places.{suffix}, demand.path: is empty"]
    path.write_bytes(b"junk")
    [found] = project.messages(demand(path))
    reasons = {
        "geojson": "cannot be read as GeoJSON, a FeatureCollection of points or polygons: '{' expected,",
        "gpkg": "cannot be read as a GeoPackage: it does not start like one",
        "shp": "places.shx is missing beside it: a Shapefile is .shp, .shx, .dbf and .prj together",
        "parquet": "cannot be read as a Parquet file: it does not start like one",
    }
    assert found.startswith(f"places.{suffix}, ")
    assert found.partition("demand.path: ")[2].startswith(reasons[suffix])
    write(places(project).iloc[:0], path)
    assert project.messages(demand(path)) == [f"places.{suffix}, demand.path: has no rows of data"]


def test_a_coordinate_that_is_no_number_is_a_fault(project: Project) -> None:
    path = project.folder / "places.geojson"
    write(places(project), path)
    path.write_text(path.read_text(encoding="utf-8").replace("[ 67.0, 30.0 ]", '[ "67", 30.0 ]'), encoding="utf-8")
    assert type(project.error(demand(path))) is DataError


# --- layers


def test_of_several_layers_one_must_be_named(project: Project) -> None:
    path = project.folder / "places.gpkg"
    write(places(project), path, layer="people")
    write(places(project).iloc[:2], path, layer="towns")
    assert project.messages(demand(path)) == [
        "places.gpkg, layer: holds several layers; set layer to one of people, towns"
    ]
    assert project.messages(demand(path, {"demand.layer": "peeple"})) == [
        "places.gpkg, layer: 'peeple' found; allowed: one of people, towns"
    ]
    for layer, rows in (("people", 4), ("towns", 2)):
        assert len(project.inputs(demand(path, {"demand.layer": layer})).demand.frame) == rows


def test_a_table_without_geometry_is_refused(project: Project) -> None:
    table = pd.read_csv(project.folder / "demand.csv")
    pyogrio.write_dataframe(table, project.folder / "places.gpkg")
    assert project.messages(demand(project.folder / "places.gpkg")) == [
        "places.gpkg, demand.path: has no geometry; a layer of places is needed"
    ]
    table.to_parquet(project.folder / "places.parquet")
    [message] = project.messages(demand(project.folder / "places.parquet"))
    assert message.startswith("places.parquet, x, y: is required: name columns with x and y, or with geometry")


def test_of_several_geometry_columns_the_active_one_counts(project: Project) -> None:
    frame = places(project).rename_geometry("seat")
    frame["geometry"] = gpd.GeoSeries([Point(0, 0)] * 4, crs="EPSG:4326")
    frame = frame.set_geometry("seat")
    path = project.folder / "places.parquet"
    write(frame, path)
    assert project.inputs(demand(path)).demand.points[0].tolist() == [67, 30]
    sites = {"sites.path": str(path), "sites.x": None, "sites.y": None, "sites.id": "demand_id", "sites.status": None}
    columns = project.inputs(
        {**sites, "sites.tier": None, "sites.cost_factor": 1, "hubs.0.capex": 1}
    ).sites.frame.columns
    assert columns.tolist() == ["site_id", "people", "internet", "weight", "province", "area", "geometry"]


def test_rows_of_parquet_are_counted_whatever_its_index(project: Project) -> None:
    path = project.folder / "places.parquet"
    write(places(project).assign(people=[1, 2, -3, 4]).set_index(pd.Index(list("wxyz"))), path)
    assert project.messages(demand(path)) == [
        "places.parquet, row 3, people: '-3' found; allowed: a number of at least 0"
    ]


def test_a_building_as_a_site_stands_at_a_point_inside(project: Project) -> None:
    path = project.folder / "towns.gpkg"
    table = pd.read_csv(project.folder / "sites.csv")
    points = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    around = Polygon([(66, 29), (67, 29), (67, 29.2), (66.2, 29.2), (66.2, 30), (66, 30)])  # its centroid is outside
    write(gpd.GeoDataFrame(table, geometry=[*points[:4], around], crs="EPSG:4326"), path)
    sites = project.inputs({"sites.path": str(path), "sites.x": None, "sites.y": None}).sites
    assert sites.frame.geom_type.tolist() == ["Point"] * 5
    assert around.contains(sites.frame.geometry[4])
    assert not around.contains(around.centroid)
    assert Point(sites.lonlat[4]) == sites.frame.geometry[4]
    write(gpd.GeoDataFrame(table, geometry=[*points[:4], around.exterior], crs="EPSG:4326"), path)
    assert project.messages({"sites.path": str(path), "sites.x": None, "sites.y": None}) == [
        f"towns.gpkg, row 5, geometry: 'LineString' found; allowed: {ANY_PLACE}"
    ]


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None  # as if not installed, before pandas looks for it
from hubplanner import read_inputs, read_scenario
from hubplanner.errors import MissingExtraError
scenario, places, travel = sys.argv[1:]
print(len(read_inputs(read_scenario(scenario)).demand.frame))
for settings in ({"demand.path": places, "demand.x": None, "demand.y": None},
                 {"travel.method": "matrix", "travel.path": travel}):
    try:
        read_inputs(read_scenario(scenario, settings=settings))
    except MissingExtraError as error:
        print(error)
"""


def test_without_pyarrow_csv_is_read_and_parquet_says_what_to_install(project: Project) -> None:
    paths = [project.folder / name for name in ("scenario.yaml", "places.parquet", "travel.parquet")]
    write(places(project), paths[1])
    pd.read_csv(project.folder / "travel.csv").to_parquet(paths[2])
    command = [sys.executable, "-c", WITHOUT_PYARROW, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    advice = "Parquet files need an optional part: pip install 'hubplanner[parquet]'"
    assert run.stdout.splitlines() == ["4", advice, advice]

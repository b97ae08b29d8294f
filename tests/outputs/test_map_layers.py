"""Polygons come back from a plan as they were given, and maps show borders, water, roads and places that were given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.transform import Affine
from shapely.geometry import LineString, Point, box
from support.instances.audited_runs import AREAS, findings_of, made_of_areas
from support.instances.demand_files import write_raster

import hubplanner as hp
from hubplanner.errors import FaultyError
from hubplanner.inputs.coordinates import lonlat
from hubplanner.outputs.map.scene import ONLY_POINTS, scene_of, scene_of_run
from hubplanner.runs.compare import read_run
from hubplanner.runs.export import read_result
from hubplanner.runs.read import as_places
from hubplanner.web.map_data.layers import line_features
from hubplanner.web.map_data.runs import covered_areas


@pytest.fixture(scope="module")
def run() -> Path:
    return made_of_areas()


@pytest.fixture(scope="module")
def areas(run: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(run.parent / "areas.gpkg")


def test_polygons_come_back_where_demand_was_polygons(run: Path, areas: gpd.GeoDataFrame) -> None:
    for found in (gpd.read_file(run / "demand.geojson"), gpd.read_file(run / "plan.gpkg", layer="areas")):
        assert found["demand_id"].tolist() == areas["demand_id"].tolist()
        away = shapely.area(shapely.symmetric_difference(found.geometry.to_numpy(), areas.geometry.to_numpy()))
        assert away.max() < 1e-6 * shapely.area(areas.geometry.to_numpy()).min()
        assert shapely.intersects_xy(areas.geometry.to_numpy(), found["lon"], found["lat"]).all()
    points = gpd.read_file(run / "plan.gpkg", layer="demand")
    assert (points.geom_type == "Point").all()
    assert findings_of(run) == []


def test_a_moved_polygon_is_found_by_the_audit() -> None:
    run = made_of_areas(solver__seed=3)  # one of its own, to spoil
    tree = json.loads((run / "demand.geojson").read_text(encoding="utf-8"))
    ring = tree["features"][2]["geometry"]["coordinates"][0]
    ring[:] = [[x + 0.01, y] for x, y in ring]
    (run / "demand.geojson").write_text(json.dumps(tree), encoding="utf-8")
    assert {(finding.file, finding.item) for finding in findings_of(run)} == {
        ("demand.geojson", "A2, west"),
        ("demand.geojson", "A2, east"),
    }


def test_what_reads_a_run_back_has_its_points_and_its_polygons(run: Path, areas: gpd.GeoDataFrame) -> None:
    result, notes = read_result(run)
    assert notes == []
    expected = lonlat(areas)
    assert (result.demand.geom_type == "Point").all()
    assert lonlat(result.demand) == pytest.approx(expected, abs=2e-6)
    assert scene_of_run(result).need.kind == "areas"
    assert lonlat(read_run(run, "a").demand) == pytest.approx(expected, abs=2e-6)
    text = as_places((run / "demand.geojson").read_bytes())
    assert {feature["geometry"]["type"] for feature in json.loads(text)["features"]} == {"Point"}
    drawn = gpd.GeoDataFrame.from_features(json.loads(covered_areas(run) or b"{}")["features"])
    size = shapely.area(areas.geometry.to_numpy())
    assert shapely.area(drawn.geometry.to_numpy()) == pytest.approx(size, rel=1e-2)


# --- what maps show beside the plan


def world(folder: Path) -> dict[str, Any]:
    """Write layers about the areas and return the keys that name them."""
    frame = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[box(67, 30, 67.2, 30.3), box(67.2, 30, 67.4, 30.3)], crs=4326)
    frame.to_file(folder / "districts.gpkg", layer="d")
    water = [LineString([(67.0, 30.1), (67.4, 30.2)]), box(67.1, 30.1, 67.15, 30.12)]
    gpd.GeoDataFrame({"n": [1, 2]}, geometry=water, crs=4326).to_crs(32642).to_file(folder / "water.geojson")
    road = gpd.GeoDataFrame({"n": [1]}, geometry=[LineString([(67.1, 30.0), (67.1, 30.3)])], crs=4326)
    road.to_file(folder / "roads.gpkg")
    (folder / "towns.csv").write_text("town,lon,lat\nGiven Town,67.1,30.05\n,67.2,30.1\nOther,67.3,30.2\n", "utf-8")
    return {
        "borders": "districts.gpkg",
        "water": {"path": "water.geojson"},
        "roads": "roads.gpkg",
        "places": {"path": "towns.csv", "name": "town"},
    }


@pytest.fixture
def project(areas: gpd.GeoDataFrame, run: Path, tmp_path: Path) -> Path:
    areas.to_file(tmp_path / "areas.gpkg", layer="areas")
    (tmp_path / "sites.csv").write_bytes((run.parent / "sites.csv").read_bytes())
    text = AREAS.replace("overrides:", f"map: {json.dumps(world(tmp_path))}\noverrides:")
    (tmp_path / "scenario.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "scenario.yaml"


def test_maps_show_the_layers_that_were_given_and_runs_keep_them(project: Path) -> None:
    plan = hp.solve(hp.read_scenario(project))
    folder = plan.write(project.parent / "runs" / "one")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert {"districts.gpkg", "water.geojson", "roads.gpkg", "towns.csv"} <= set(manifest["inputs"])
    again, notes = read_result(folder)
    assert notes == []
    for scene in (scene_of(plan), scene_of_run(again)):
        assert [town.name for town in scene.towns] == ["Given Town", "Other"]
        assert scene.towns[0].place == pytest.approx(scene.projection.km(np.array([[67.1, 30.05]]))[0])
        side = LineString([(67.2, 30), (67.2, 30.3)])  # that the two districts share
        lines = shapely.union_all([box(67, 30, 67.4, 30.3).boundary, side])
        expected = shapely.length(shapely.transform(lines, scene.projection.km))
        assert shapely.length(scene.borders).sum() == pytest.approx(expected, rel=1e-3)
        assert sorted(shapely.get_dimensions(shapely.get_parts(scene.water)).tolist()) == [1, 2]
        assert len(scene.roads) == 1
        assert any(note.startswith("Given: borders by districts.gpkg") for note in scene.notes)
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Given Town" in report
    assert 'class="road"' in report
    assert "borders on maps" in report
    (project.parent / "roads.gpkg").unlink()
    _, notes = read_result(folder)
    assert notes == ["roads.gpkg is not as the run read it: maps are drawn without it"]


def test_layers_that_cannot_be_shown_are_told_at_once(project: Path) -> None:
    gpd.GeoDataFrame({"n": [1]}, geometry=[Point(67, 30)], crs=4326).to_file(project.parent / "roads.gpkg")
    (project.parent / "towns.csv").write_text("place,lon,lat\nA,67,30\n", "utf-8")
    with pytest.raises(FaultyError) as caught:
        hp.read_inputs(hp.read_scenario(project))
    told = str(caught.value)
    assert "roads.gpkg, row 1, geometry: 'Point' found; allowed: one of LineString, MultiLineString" in told
    assert "towns.csv, town: " in told


def test_zones_are_the_borders_of_a_raster(tmp_path: Path) -> None:
    write_raster(tmp_path / "people.tif", np.ones((5, 5)), Affine(0.1, 0, 67.0, 0, -0.1, 30.5), "EPSG:4326")
    zones = gpd.GeoDataFrame(
        {"id": ["A", "B"]}, geometry=[box(67, 30, 67.3, 30.5), box(67.3, 30, 67.5, 30.5)], crs=4326
    )
    zones.to_file(tmp_path / "zones.gpkg")
    (tmp_path / "sites.csv").write_text("id,lon,lat\nS,67.2,30.2\n", "utf-8")
    tree = {
        "name": "zoned",
        "demand": {"path": "people.tif", "connected_share": 0.1, "zones": {"path": "zones.gpkg", "id": "id"}},
        "sites": {"path": "sites.csv", "id": "id", "x": "lon", "y": "lat"},
        "hubs": [{"name": "hub", "capex": 1, "reach_km": 20}],
    }
    (tmp_path / "scenario.json").write_text(json.dumps(tree), "utf-8")
    scene = scene_of(hp.solve(hp.read_scenario(tmp_path / "scenario.json")))
    outline = shapely.union_all([zones.geometry[0].boundary, zones.geometry[1].boundary])
    expected = shapely.length(shapely.transform(outline, scene.projection.km))
    assert shapely.length(scene.borders).sum() == pytest.approx(expected, rel=1e-3)
    assert ONLY_POINTS in scene.notes


def test_the_app_draws_the_lines_that_were_given(project: Path) -> None:
    features = line_features(hp.read_inputs(hp.read_scenario(project)))["features"]
    kinds = [(feature["properties"]["kind"], feature["geometry"]["type"]) for feature in features]
    assert sorted(kinds) == [
        *[("borders", "LineString")] * 2,
        ("roads", "LineString"),
        *[("water", "LineString")] * 2,
    ]

"""What an interactive map draws: areas and lines that are known, against other libraries, and none that are made up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import Point
from shapely.geometry import mapping, shape

import hubplanner as hp
from hubplanner.outputs.map.geography import CREDIT, DISCLAIMER
from hubplanner.web.map_data.layers import (
    MOST_AREAS,
    ONLY_POINTS,
    areas_of,
    areas_text,
    demand_text,
    given_areas,
    world_features,
)
from hubplanner.web.map_data.runs import covered_areas
from hubplanner.web.map_data.scenario import budget_range, reaches

if TYPE_CHECKING:
    from support.project import Project


def squares(*corners: tuple[float, float]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.box(x, y, x + 0.1, y + 0.1) for x, y in corners], crs="EPSG:4326")


def test_areas_are_those_of_the_file() -> None:
    own = squares((67, 30), (67.1, 30))
    areas = given_areas(own)
    assert areas is not None
    assert areas.km2 == pytest.approx(
        [Geod(ellps="WGS84").geometry_area_perimeter(box)[0] / 1e6 for box in own], rel=1e-3
    )
    text = json.loads(areas_text(areas, ["a", "b"], np.array([4.0, 0.0]), np.ones(2), np.array([0.25, 0.5])))
    rows = [feature["properties"] for feature in text["features"]]
    assert [(row["demand_id"], row["need"], row["covered_share"]) for row in rows] == [("a", 4, 0.25), ("b", 0, 0)]
    for feature, box in zip(text["features"], own, strict=True):
        assert shape(feature["geometry"]).symmetric_difference(box).area < 1e-9


def test_points_and_very_many_areas_are_not_drawn_as_areas(project: Project) -> None:
    assert areas_of(project.inputs()) is None
    assert given_areas(gpd.GeoSeries([Point(67, 30), *squares((67, 30))], crs="EPSG:4326")) is None
    assert given_areas(squares(*[(67, 30)] * (MOST_AREAS + 1))) is None


def test_the_world_around_is_known_and_not_made_up(project: Project) -> None:
    inputs = project.inputs()
    world = world_features(inputs)
    assert world["notes"] == [ONLY_POINTS]
    assert world["sources"] == [CREDIT, DISCLAIMER]
    assert "Quetta" in {town["properties"]["name"] for town in world["towns"]["features"]}
    quetta = next(town for town in world["towns"]["features"] if town["properties"]["name"] == "Quetta")
    assert quetta["geometry"]["coordinates"] == pytest.approx([67.0, 30.18], abs=0.05)
    assert {line["geometry"]["type"] for line in world["lines"]["features"]} <= {"LineString", "MultiLineString"}


def test_names_are_escaped(project: Project) -> None:
    project.edit("demand.csv", "D1,", '"D""1\\<é",')
    names = {row["properties"]["demand_id"] for row in json.loads(demand_text(project.inputs()))["features"]}
    assert 'D"1\\<é' in names


def test_a_run_has_the_areas_of_its_own_polygons(project: Project) -> None:
    plan = hp.solve(project.read())
    folder = plan.write(project.folder / "run")
    assert json.loads(covered_areas(folder))["features"] == []
    path = folder / "demand.geojson"
    tree = json.loads(path.read_bytes())
    for feature, box in zip(tree["features"], squares((67, 30), (67.1, 30), (68, 31), (68.1, 31)), strict=True):
        feature["geometry"] = mapping(box)
    path.write_text(json.dumps(tree), encoding="utf-8")
    drawn = json.loads(covered_areas(folder))["features"]
    assert [feature["properties"]["demand_id"] for feature in drawn] == ["D1", "D2", "D3", "D4"]
    share = {row["properties"]["demand_id"]: row["properties"]["covered_share"] for row in tree["features"]}
    assert all(
        row["properties"]["covered_share"] == pytest.approx(share[row["properties"]["demand_id"]], abs=1e-4)
        for row in drawn
        if row["properties"]["need"]
    )


@pytest.mark.parametrize(("budget", "most", "step"), [(4e9, 8e9, 5e7), (500, 1000, 10), (0, 1, 0.01), (7, 14, 0.1)])
def test_a_range_of_budgets(budget: float, most: float, step: float) -> None:
    found = budget_range(budget)
    assert found["max"] == pytest.approx(most)
    assert found["step"] == pytest.approx(step)


def test_circles_are_reach_over_detour(project: Project) -> None:
    assert reaches(project.read({"travel.detour": 1.25})) == {"centre": 4.0, "park": 16.0}
    matrix = {"travel.method": "matrix", "travel.path": "travel.csv"}
    assert reaches(project.read(matrix)) == {"centre": None, "park": None}

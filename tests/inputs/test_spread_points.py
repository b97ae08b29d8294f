"""People of an area spread over a lattice of points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box
from support.project import DEMAND

from hubplanner.inputs import build_problem
from hubplanner.inputs.demand.disaggregation import spread
from hubplanner.problem import GreatCircle

if TYPE_CHECKING:
    from support.project import Project

AREA: dict[str, Any] = {"demand.area_km2": "area"}
CAPE = [(67.0, 30.0), (67.6, 30.1), (67.5, 30.6), (67.2, 30.3), (67.05, 30.55)]


def globe(*places: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(places, crs="EPSG:4326")


def km_from(place: tuple[float, float], points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return GreatCircle(points, np.array([place])).from_site(0)


def nearest_neighbour_km(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    table = np.column_stack([km_from(tuple(point), points) for point in points])
    np.fill_diagonal(table, np.inf)
    return table.min(axis=1)


# --- discs


@pytest.mark.parametrize(
    "place", [(67.0, 30.0), (180.0, 0.0), (-179.99, 60.0), (12.0, 89.9), (0.0, -90.0), (25.0, -89.5), (0.0, 0.0)]
)
@pytest.mark.parametrize(("area", "spacing"), [(400.0, 1.0), (2500.0, 5.0), (3.0, 3.0)])
def test_a_disc_is_covered_evenly_anywhere_on_the_globe(
    place: tuple[float, float], area: float, spacing: float
) -> None:
    points, row = spread(globe(Point(place)), np.array([area]), spacing, planar=False)
    radius = math.sqrt(area / math.pi)
    steps = range(-math.ceil(radius), math.ceil(radius) + 1)
    inside = sum(math.hypot(x, y) <= radius / spacing for x in steps for y in steps)
    assert len(points) == inside
    assert row.tolist() == [0] * inside
    distance = km_from(place, points)
    assert distance.max() <= radius * (1 + 1e-6)
    assert distance.min() == pytest.approx(0, abs=1e-6)
    if inside > 1:
        assert nearest_neighbour_km(points) == pytest.approx(np.full(inside, spacing), rel=1e-4)


def test_a_disc_smaller_than_the_spacing_keeps_its_centre() -> None:
    points, _ = spread(globe(Point(67, 30)), np.array([0.01]), 10, planar=False)
    assert points == pytest.approx(np.array([[67, 30]]))


def test_a_lattice_point_on_a_discs_border_is_inside() -> None:
    points, _ = spread(globe(Point(0, 0)), np.array([math.pi * 4.0000001]), 2, planar=False)
    assert len(points) == 5


# --- polygons


@pytest.mark.parametrize("spacing", [2.0, 5.0])
def test_a_polygon_is_filled_and_nothing_outside_it(spacing: float) -> None:
    cape = Polygon(CAPE)
    points, _ = spread(globe(cape), None, spacing, planar=False)
    area = gpd.GeoSeries([cape], crs="EPSG:4326").to_crs("EPSG:6933").area[0] / 1e6
    assert len(points) == pytest.approx(area / spacing**2, rel=0.1)
    assert shapely.intersects_xy(cape.buffer(1e-3), *points.T).all()
    assert nearest_neighbour_km(points) == pytest.approx(np.full(len(points), spacing), rel=1e-2)


def test_one_lattice_point_stands_at_a_polygons_centroid() -> None:
    cape = globe(Polygon(CAPE))
    points, _ = spread(cape, None, 5, planar=False)
    centre = cape.to_crs("EPSG:32642").centroid.to_crs("EPSG:4326")[0]
    assert km_from((centre.x, centre.y), points).min() < 0.05


def test_holes_stay_empty_and_islands_are_filled() -> None:
    ring = box(67, 30, 68, 31).difference(box(67.3, 30.3, 67.7, 30.7))
    island = box(68.5, 30.4, 68.6, 30.5)
    points, _ = spread(globe(MultiPolygon([ring, island])), None, 3, planar=False)
    assert not shapely.intersects_xy(box(67.31, 30.31, 67.69, 30.69), *points.T).any()
    assert shapely.intersects_xy(island, *points.T).sum() == pytest.approx(11.1 * 9.6 / 9, abs=4)


def test_a_polygon_that_the_lattice_misses_keeps_a_point_inside_it() -> None:
    crescent = Point(67, 30).buffer(0.1).difference(Point(67.02, 30).buffer(0.1))
    points, _ = spread(globe(crescent), None, 50, planar=False)
    assert len(points) == 1
    assert shapely.contains_xy(crescent, *points[0])


@pytest.mark.parametrize(
    ("parts", "centre"),
    [
        ([box(179.8, -17.2, 180, -16.8), box(-180, -17.2, -179.8, -16.8)], (180, -17)),
        ([box(179.9, 70, 180, 70.4), box(-180, 70, -179.7, 70.4)], (-179.9, 70.2)),
    ],
)
def test_a_polygon_across_the_antimeridian_is_spread_like_any_other(
    parts: list[Polygon], centre: tuple[float, float]
) -> None:
    place = MultiPolygon(parts)
    points, _ = spread(globe(place), None, 2, planar=False)
    area = sum(gpd.GeoSeries(parts, crs="EPSG:4326").to_crs("EPSG:6933").area) / 1e6
    assert len(points) == pytest.approx(area / 4, rel=0.1)
    assert km_from(centre, points).max() < 40
    assert shapely.intersects_xy(place.buffer(1e-3), *points.T).all()


def test_a_cap_about_the_pole_is_spread_evenly() -> None:
    cap = Polygon([(lon, 89.5) for lon in range(-180, 180, 5)])
    points, _ = spread(globe(cap), None, 5, planar=False)
    radius = math.radians(0.5) * 6371.0088
    assert len(points) == pytest.approx(math.pi * radius**2 / 25, rel=0.05)
    assert km_from((0, 90), points).max() <= radius


def test_a_planar_lattice_is_square_in_metres_with_a_point_at_the_centroid() -> None:
    place = box(500_000, 3_300_000, 510_000, 3_304_000)
    points, row = spread(gpd.GeoSeries([place, Point(0, 0)]), np.array([0.0, math.pi]), 1, planar=True)
    xs, ys = np.arange(500_000, 510_001, 1000), np.arange(3_300_000, 3_304_001, 1000)
    assert {tuple(point) for point in points[row == 0]} == {(x, y) for x in xs for y in ys}
    assert {tuple(point) for point in points[row == 1]} == {(0, 0), (1000, 0), (-1000, 0), (0, 1000), (0, -1000)}


# --- in a scenario


def test_people_and_need_are_conserved_by_row(project: Project) -> None:
    inputs = project.inputs(AREA | {"demand.spread_km": 0.7})
    problem = build_problem(inputs)
    rows = inputs.demand.row
    assert problem.n_points == len(rows) > 4
    assert np.bincount(rows) == pytest.approx(np.array([12, 8, 20, 5]) / 0.49, rel=0.3)
    assert np.bincount(rows, problem.people) == pytest.approx([1000, 500, 2000, 800])
    assert np.bincount(rows, problem.need) == pytest.approx([750, 500, 2000, 0])


def polygons(project: Project, **areas: object) -> dict[str, Any]:
    table = gpd.pd.read_csv(project.folder / "demand.csv")
    shapes = [
        box(lon - 0.05, lat - 0.05, lon + 0.05, lat + 0.05) for lon, lat in zip(table["lon"], table["lat"], strict=True)
    ]
    horseshoe = box(66.9, 29.9, 67.1, 30.1).difference(box(66.95, 29.95, 67.05, 30.2))
    path = project.folder / "areas.gpkg"
    frame = gpd.GeoDataFrame(table.assign(**areas), geometry=[horseshoe, *shapes[1:]], crs="EPSG:4326")
    frame.to_file(path)
    return {"demand.path": str(path), "demand.x": None, "demand.y": None}


def test_without_spread_a_polygon_stands_at_a_point_inside_it(project: Project) -> None:
    demand = project.inputs(polygons(project)).demand
    assert demand.row.tolist() == [0, 1, 2, 3]
    assert shapely.contains_xy(demand.frame.geometry, *demand.points.T).all()
    assert not demand.frame.geometry[0].contains(demand.frame.geometry[0].centroid)


def test_polygons_need_no_area_and_are_spread_inside(project: Project) -> None:
    demand = project.inputs(polygons(project) | {"demand.spread_km": 2}).demand
    inside = [
        shapely.intersects_xy(demand.frame.geometry[row].buffer(1e-4), *point)
        for row, point in zip(demand.row, demand.points, strict=True)
    ]
    assert all(inside)
    assert demand.point_people.sum() == pytest.approx(4300)


def test_planar_spread_measures_in_metres(project: Project) -> None:
    settings = polygons(project)
    gpd.read_file(settings["demand.path"]).to_crs("EPSG:32642").to_file(settings["demand.path"])
    demand = project.inputs(settings | {"demand.spread_km": 2, "travel.method": "planar"}).demand
    second = demand.points[demand.row == 1]
    assert np.diff(np.unique(second[:, 0].round(3))) == pytest.approx(2000)
    assert len(second) == pytest.approx(9.65 * 11.1 / 4, rel=0.2)


def test_points_without_an_area_cannot_be_spread(project: Project) -> None:
    assert project.messages({"demand.spread_km": 1}) == [
        (
            "scenario.yaml, demand.area_km2: is required: demand.spread_km spreads the people of a point over a disc "
            "of this area"
        )
    ]


@pytest.mark.parametrize(
    ("area", "fault"),
    [
        ("0", "'0' found; allowed: a number above 0, the area in km2"),
        ("-1", "'-1' found; allowed: a number of at least 0"),
        ("", "blank found; allowed: a number of at least 0; write 0 if it is none, or add missing: {area: drop}"),
    ],
)
def test_an_area_of_nothing_is_named(project: Project, area: str, fault: str) -> None:
    project.write("demand.csv", DEMAND.replace("Punjab,20", f"Punjab,{area}"))
    assert project.messages(AREA | {"demand.spread_km": 1}) == [f"demand.csv, row 4, area: {fault}"]


def test_a_polygon_may_have_an_area_of_zero_beside_points_that_have_one(project: Project) -> None:
    settings = polygons(project, area=[0, 1, 1, 1]) | AREA | {"demand.spread_km": 2}
    assert project.inputs(settings).demand.point_people.sum() == pytest.approx(4300)


@pytest.mark.parametrize("planar", [False, True])
def test_an_absurdly_small_spacing_is_refused_before_memory_is_filled(project: Project, planar: bool) -> None:  # noqa: FBT001 - a table
    settings = AREA | {"demand.spread_km": 1e-3}
    if planar:
        settings = polygons(project) | {"demand.spread_km": 1e-3, "travel.method": "planar"}
        gpd.read_file(settings["demand.path"]).to_crs("EPSG:32642").to_file(settings["demand.path"])
    [found] = project.messages(settings)
    allowed = "a wider spacing, for at most 20,000,000 points; this one makes about "
    assert found.startswith(f"scenario.yaml, demand.spread_km: 0.001 found; allowed: {allowed}")

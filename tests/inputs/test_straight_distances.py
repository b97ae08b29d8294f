"""Great-circle and planar travel against formulas written anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from hubplanner.inputs import build_problem
from hubplanner.problem import GreatCircle, Planar

if TYPE_CHECKING:
    from support.project import Project

RADIUS_KM = 6371.0088
Place = tuple[float, float]


def haversine(a: Place, b: Place) -> float:
    """Return kilometres between two (lon, lat), by the half-angle of their unit vectors: no cosine of small angles."""
    (lon1, lat1), (lon2, lat2) = ((math.radians(lon), math.radians(lat)) for lon, lat in (a, b))
    u = [math.cos(lat1) * math.cos(lon1), math.cos(lat1) * math.sin(lon1), math.sin(lat1)]
    v = [math.cos(lat2) * math.cos(lon2), math.cos(lat2) * math.sin(lon2), math.sin(lat2)]
    return 2 * RADIUS_KM * math.atan2(math.dist(u, v), math.hypot(*(p + q for p, q in zip(u, v, strict=True))))


PLACES = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=8)
KILOMETRES = st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=8)


def test_known_distances() -> None:
    travel = GreatCircle(
        np.array([[74.3587, 31.5204], [0, 90], [179.5, 0]]), np.array([[67.0011, 24.8607], [-179.5, 0]])
    )
    assert travel.from_site(0)[0] == pytest.approx(1033.0, abs=6)  # Lahore to Karachi
    assert travel.from_site(1)[1] == pytest.approx(math.pi / 2 * RADIUS_KM)
    assert travel.from_site(1)[2] == pytest.approx(math.radians(1) * RADIUS_KM)


@given(PLACES, PLACES, st.floats(1, 3))
def test_the_great_circle_is_the_haversine(points: list[Place], sites: list[Place], detour: float) -> None:
    travel = GreatCircle(np.array(points), np.array(sites), detour)
    for number, site in enumerate(sites):
        expected = [detour * haversine(point, site) for point in points]
        # Near the antipode the haversine loses half its digits; a metre is what is left.
        assert travel.from_site(number) == pytest.approx(expected, rel=1e-9, abs=1e-3)


@given(KILOMETRES, KILOMETRES, st.floats(1, 3))
def test_planar_travel_is_euclidean(points: list[Place], sites: list[Place], detour: float) -> None:
    travel = Planar(np.array(points), np.array(sites), detour)
    for number, site in enumerate(sites):
        assert travel.from_site(number) == pytest.approx([detour * math.dist(point, site) for point in points])


@pytest.mark.parametrize(("method", "places"), [(GreatCircle, PLACES), (Planar, KILOMETRES)])
@settings(deadline=None)
@given(data=st.data())
def test_pairs_are_all_pairs_within_reach_inclusive(
    method: type[GreatCircle | Planar], places: st.SearchStrategy[list[Place]], data: st.DataObject
) -> None:
    points, sites = np.array(data.draw(places)), np.array(data.draw(places))
    travel = method(points, sites, data.draw(st.sampled_from([1.0, 1.3])))
    table = np.column_stack([travel.from_site(site) for site in range(len(sites))])
    # A reach of exactly some pair's distance must keep that pair.
    reach = data.draw(st.sampled_from(sorted(table.ravel())) | st.floats(0, 25_000))
    start = data.draw(st.integers(0, len(points) - 1))
    stop = data.draw(st.integers(start, len(points)))
    point, site, distance = travel.pairs(start, stop, float(reach))
    expected = {(i, j) for i in range(start, stop) for j in range(len(sites)) if table[i, j] <= reach * (1 + 1e-9)}
    assert len(point) == len(expected)
    assert set(zip(point.tolist(), site.tolist(), strict=True)) == expected
    assert np.array_equal(distance, table[point, site])


def test_reach_is_inclusive_and_times_the_detour(project: Project) -> None:
    travel = build_problem(project.inputs({"travel.detour": 1.3})).travel
    distance = float(travel.from_site(0)[0])
    assert distance == pytest.approx(1.3 * haversine((67.0, 30.0), (67.01, 30.01)))
    assert (0, 0) in list(zip(*(part.tolist() for part in travel.pairs(0, 4, distance)[:2]), strict=True))
    assert len(travel.pairs(0, 1, distance * 0.999)[0]) == 0


def test_reach_in_minutes_is_distance_at_the_given_speed(project: Project) -> None:
    minutes = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 12, "travel.speed_kmh": 30}
    inputs = project.inputs(minutes)
    assert inputs.unit == "km"
    assert build_problem(inputs).tier_reach.tolist() == [6, 20]


def test_planar_travel_measures_in_the_demands_system_in_kilometres(project: Project) -> None:
    table = pd.read_csv(project.folder / "demand.csv")
    points = gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326").to_crs("EPSG:32642")
    gpd.GeoDataFrame(table, geometry=points).to_file(project.folder / "demand.gpkg")
    settings = {"demand.path": str(project.folder / "demand.gpkg"), "demand.x": None, "demand.y": None}
    inputs = project.inputs(settings | {"travel.method": "planar", "travel.detour": 1.2})
    site = gpd.points_from_xy([67.01], [30.01], crs="EPSG:4326").to_crs("EPSG:32642")[0]
    expected = [1.2 * math.hypot(point.x - site.x, point.y - site.y) / 1000 for point in points]
    assert build_problem(inputs).travel.from_site(0) == pytest.approx(expected)

"""Rivers, lakes and borders that nobody crosses off the road: worked out by hand, audited, tampered with and wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from support.instances.audited_runs import findings_of
from support.ways import again, in_minutes, table, table_of

import hubplanner as hp
from hubplanner.inputs.inputs import told_facts
from hubplanner.inputs.travel.roads import network
from hubplanner.inputs.travel.roads.barriers import Barriers
from hubplanner.problem import GreatCircle

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

NORTH = [(0.0, 0.02), (0.1, 0.02)]
"""North of the river, past the village."""
BRIDGE = [(0.1, 0.02), (0.1, -0.01)]
RIVER = shapely.LineString([(-1, 0.01), (1, 0.01)])
KM = float(GreatCircle(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]])).from_site(0)[0])
"""Of a degree."""
PLACES = {
    "demand.csv": """\
demand_id,lon,lat,people,internet,weight,province,area
D1,0.05,0.0,1000,0,1,Sindh,12
D2,0.02,0.019,500,0,1,Sindh,8
D3,0.0,0.01,70,0,1,Sindh,8
""",
    "sites.csv": """\
site_id,name,lon,lat,status,tier,factor,capex
S1,west,0.0,0.02,candidate,,1,100
S2,opposite,0.05,0.012,candidate,,1,100
S3,south,0.1,-0.01,candidate,,1,100
""",
}


def beside(project: Project, barriers: Any = None, *, roads: Any = (NORTH, BRIDGE), **travel: Any) -> dict[str, Any]:
    """Write villages, sites, roads at 60 km/h and barriers, and return the settings that use them."""
    for name, text in PLACES.items():
        project.write(name, text)
    shapes = [shapely.LineString(line) for line in roads]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * len(shapes)}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(project.folder / "roads.gpkg")
    where = {"path": str(project.folder / "roads.gpkg"), "speed_kmh": 60}
    travel = {"access_max_km": 6, **travel}
    if barriers is not None:
        gpd.GeoDataFrame(geometry=barriers, crs="EPSG:4326").to_file(project.folder / "water.gpkg")
        travel["barriers"] = str(project.folder / "water.gpkg")
    return {**in_minutes(100, 140), "travel": {"method": "network", "roads": where, **travel}}


def test_a_village_goes_by_the_bridge_though_a_road_is_near_across_the_river(project: Project) -> None:
    free, parted = table(project, beside(project)), table(project, beside(project, [RIVER]))
    # Without the river straight on to the road, 2.2 km, or straight to the hub.
    assert free[0] == pytest.approx(
        [(0.02 / 4.5 + 0.05 / 60) * 60 * KM, 0.012 / 4.5 * 60 * KM, (0.02 / 4.5 + 0.08 / 60) * 60 * KM], rel=1e-6
    )
    # With it 5.6 km to the foot of the bridge, then over it; S2 lies 0.9 km from the road.
    west, opposite, south = 0.02 + 0.1, 0.02 + 0.05, 0.01
    expected = [(0.05 / 4.5 + west / 60), (0.05 + 0.008) / 4.5 + opposite / 60, 0.05 / 4.5 + south / 60]
    assert parted[0] == pytest.approx([hours * 60 * KM for hours in expected], rel=1e-6)
    np.testing.assert_array_equal(parted[1], free[1])  # whom no barrier parts from the road
    assert np.isinf(parted[2]).all(), "who stands on a barrier"
    np.testing.assert_allclose(again(project, beside(project, [RIVER])), parted, rtol=1e-9)


def test_a_road_is_joined_where_it_comes_into_sight_beside_a_barrier(project: Project) -> None:
    wall = shapely.LineString([(-1, 0.01), (0.06, 0.01)])
    settings = beside(project, [wall], roads=[NORTH], walk_straight=False)
    # In sight beyond 0.07; of 112 steps the 79th is the first.
    at = 79 / 112 * 0.1
    off = np.hypot(at - 0.05, 0.02)
    found = table(project, settings)
    assert found[0, 0] == pytest.approx((off / 4.5 + at / 60) * 60 * KM, rel=1e-6)
    np.testing.assert_allclose(again(project, settings), found, rtol=1e-9)


def test_validate_says_whom_barriers_keep_from_roads(project: Project) -> None:
    lake = shapely.box(0.04, 0.011, 0.06, 0.0199)  # S2 lies in it
    inputs = project.inputs(beside(project, [RIVER, lake], access_max_km=5))
    assert inputs.searched is not None
    facts = inputs.searched.facts
    assert facts["barriers"] == {
        "shapes": 2,
        "points_led": 0,
        "people_led": 0.0,
        "sites_led": [],
        "points_parted": 2,
        "people_parted": 1070.0,
        "sites_parted": ["S2"],
    }
    assert facts["people_beyond_access"] == 1070
    assert any(
        "2 barriers keep 0 demand points with 0 people and 0 sites from the nearest point of a road, so that they go "
        "to another, and 2 points with 1,070 people and 1 sites from all roads." in line
        for line in told_facts(facts)
    )
    told = [str(warning) for warning in inputs.warnings]
    assert any("5 km from any road that travel.barriers do not part from them" in line for line in told)
    led = project.inputs(beside(project, [RIVER])).searched
    assert led is not None
    assert led.facts["barriers"]["people_led"] == 1000
    assert "Off the road nobody crosses a barrier" in inputs.scenario.travel.assumption()


def test_barriers_far_from_every_way_change_nothing(project: Project) -> None:
    creek = shapely.LineString([(0.0, -0.005), (0.01, -0.005)])
    settings = beside(project, [creek])
    searched = project.inputs(settings).searched
    assert searched is not None
    assert "1 barrier, in nobody's way to a road." in told_facts(searched.facts)
    np.testing.assert_array_equal(table(project, settings), table(project, beside(project)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("direction", ["to_hub", "both"])
def test_barriers_bar_what_the_audit_says(project: Project, seed: int, direction: str) -> None:
    draw = np.random.default_rng(seed)
    people = [f"D{at},{x:.4f},{y:.4f},10,0,1,Sindh,1" for at, (x, y) in enumerate(draw.uniform(0, 0.1, (25, 2)))]
    sites = [f"S{at},n,{x:.4f},{y:.4f},candidate,,1,9" for at, (x, y) in enumerate(draw.uniform(0, 0.1, (5, 2)))]
    roads = [draw.uniform(0, 0.1, (3, 2)) for _ in range(6)]
    lake = shapely.Point(draw.uniform(0, 0.1, 2)).buffer(0.02).difference(shapely.Point(0.05, 0.05).buffer(0.01))
    shapes = [*(shapely.LineString(draw.uniform(0, 0.1, (3, 2))) for _ in range(3)), lake]
    settings = beside(project, shapes, roads=roads, access_max_km=4, island_km=9, direction=direction, detour=1.2)
    project.write("demand.csv", "\n".join([PLACES["demand.csv"].splitlines()[0], *people]) + "\n")
    project.write("sites.csv", "\n".join([PLACES["sites.csv"].splitlines()[0], *sites]) + "\n")
    found = table(project, settings)
    np.testing.assert_allclose(again(project, settings), found, rtol=1e-9)
    parted = project.inputs(settings).searched
    del settings["travel"]["barriers"]
    free = project.inputs(settings).searched
    assert free is not None
    assert parted is not None
    # Ways as a whole may be shorter: who is kept from the nearest road may come to a better one.
    off = [searched.modes["car"].point_snaps.km[:, 0] for searched in (free, parted)]
    assert (off[1] >= off[0]).all()
    assert (off[1] > off[0]).any()


def test_a_plan_beside_a_river_is_audited_and_one_that_swims_is_refused(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = [{"name": "car"}, {"name": "walk", "kmh": 5}]
    wet = {"futures": {"named": [{"name": "dry"}, {"name": "wet", "road_speed": {"primary": 0.5}}]}}
    settings = beside(project, [RIVER], modes=modes)
    run = hp.solve(project.read(settings)).write(tmp_path / "run")
    assert findings_of(run) == []
    assert findings_of(hp.solve(project.read(settings | wet)).write(tmp_path / "wet")) == []
    links = gpd.read_file(run / "links.geojson").set_index("demand_id")
    way = np.array(links.loc["D1", "geometry"].coords)
    river = Barriers([RIVER])
    legs = np.linalg.norm(np.diff(way, axis=0), axis=1) > 0
    crossing = river(way[:-1][legs], way[1:][legs])
    assert crossing.sum() == (way[:, 1].min() < 0.01 < way[:, 1].max())  # over the bridge alone, if at all

    def swim(_: Barriers, start: Any, end: Any) -> Any:
        return np.zeros(max(len(start), len(end)), dtype=np.bool_)

    monkeypatch.setattr(Barriers, "__call__", swim)
    swum = hp.solve(project.read(settings)).write(tmp_path / "swum")
    told = [str(found) for found in findings_of(swum)]
    assert any("access.csv" in line and "D1" in line for line in told)
    assert any("demand.csv" in line and "D1" in line for line in told)


def test_access_that_crosses_a_river_is_found_by_the_audit(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(beside(project, [RIVER]))).write(tmp_path / "run")
    text = (run / "access.csv").read_text(encoding="utf-8-sig")
    line = next(line for line in text.splitlines() if line.startswith("D1,"))
    cells = line.split(",")
    assert float(cells[3]) == pytest.approx(0.05 * KM, rel=1e-4)
    cells[3] = f"{0.02 * KM:.6f}"
    (run / "access.csv").write_text(text.replace(line, ",".join(cells)), encoding="utf-8-sig")
    assert any("D1 car, access_km" in str(found) for found in findings_of(run))


def test_lines_of_fibre_cross_rivers(project: Project) -> None:
    free, parted = (project.inputs(settings).searched for settings in (beside(project), beside(project, [RIVER])))
    assert free is not None
    assert parted is not None
    spots, ends = np.array([[0.05, 0.0], [0.0, 0.02]]), np.array([[0, 1]])
    km = [hp.inputs.backhaul.read.km_by_road(list(found.modes.values()), spots, ends) for found in (free, parted)]
    np.testing.assert_array_equal(*km)


def test_barriers_in_python_are_those_of_a_scenario(project: Project) -> None:
    settings = beside(project, [RIVER])
    inputs = project.inputs(settings)
    roads = hp.read_roads(project.folder / "roads.gpkg", speed_kmh=60)
    travel = roads.travel(inputs.demand.points, inputs.sites.lonlat, barriers=[RIVER])
    np.testing.assert_allclose(table_of(travel), table(project, settings))
    route = roads.route(travel, 0, 1)
    assert route.off_km == pytest.approx(0.058 * KM, rel=1e-6)
    assert route.road_km == pytest.approx(0.07 * KM, rel=1e-6)


def test_a_barrier_beyond_the_seam_of_the_map_bars_ways_over_it() -> None:
    strait = Barriers([shapely.LineString([(-179.995, -1), (-179.995, 1)])])
    start = np.array([[179.99, 0.0], [-179.9, 0.0], [-179.99, 0.0], [179.0, 0.0]])
    end = np.array([[-179.99, 0.0], [-179.99, 0.0], [179.99, 0.0], [179.9, 0.0]])
    assert strait(start, end).tolist() == [True, False, True, False]


def test_what_barriers_make_of_large_networks_is_kept_with_them(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = beside(project, [RIVER])
    plain = table(project, settings)
    monkeypatch.setenv("HUBPLANNER_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(network, "KEPT_FROM", 0)
    free = table(project, {**settings, "travel": {**settings["travel"], "barriers": None}})
    np.testing.assert_array_equal(table(project, settings), plain)
    np.testing.assert_array_equal(table(project, settings), plain)
    assert not np.array_equal(free, plain)


WRONG = {
    "points.gpkg": ([shapely.Point(0, 0)], "one of LineString"),
    "far.gpkg": (
        [shapely.LineString([(10, 50), (10, 51)])],
        "far.gpkg, travel.barriers: lies beside the roads: is it the right file?",
    ),
    "country.gpkg": (
        [shapely.box(-1, -1, 1, 1)],
        "from all roads within travel.access_max_km, 6 km: nobody leaves a polygon off the road, so draw borders as",
    ),
    "none.gpkg": (None, "none.gpkg, travel.barriers: cannot be read: No such file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_of_barriers_that_do_not_do_are_told(project: Project, name: str) -> None:
    shapes, said = WRONG[name]
    if shapes is not None:
        gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(project.folder / name)
    messages = project.messages(beside(project, barriers=None) | {"travel.barriers": name})
    assert any(said in message for message in messages), messages


def test_reach_is_drawn_on_one_side_of_the_river(project: Project) -> None:
    spots = shapely.Point(0.02, 0.012), shapely.Point(0.02, 0.008)
    for barriers, both in ((None, True), ([RIVER], False)):
        settings = beside(project, barriers)
        project.edit("demand.csv", "D1,0.05,0.0", "D1,0.01,0.02")
        plan = hp.solve(project.read(settings | in_minutes(26, 26)))
        assert [plan.reach.geometry.covers(spot).any() for spot in spots] == [True, both]

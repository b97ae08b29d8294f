"""Futures that close roads or slow them: as files of roads without them, planned for together, scored and audited."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from support.instances.audited_runs import findings_of
from support.ways import in_minutes, table_of

import hubplanner as hp
from hubplanner.inputs import build_problem

if TYPE_CHECKING:
    from support.project import Project

REAL = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data")) / "roads"
ROADS = [
    ("primary", "no", [(66.99, 30.0), (67.05, 30.0), (67.11, 30.04)]),
    ("track", "yes", [(67.05, 30.0), (67.06, 30.03), (67.11, 30.04)]),
    ("secondary", "yes", [(67.11, 30.04), (67.5, 30.5)]),
    ("primary", "no", [(67.5, 30.5), (68.0, 31.0), (68.05, 31.03)]),
    ("track", "no", [(66.99, 30.0), (67.0, 30.1), (67.11, 30.04)]),
]
MINUTES = in_minutes(20, 60)
FLOOD = shapely.box(67.04, 29.99, 67.062, 30.005)
MONSOON = {"roads_closed": {"flooded": ["yes"]}, "road_speed": {"track": 0.5}}


def frame() -> gpd.GeoDataFrame:
    columns = {"highway": [road[0] for road in ROADS], "flooded": [road[1] for road in ROADS]}
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(road[2]) for road in ROADS], crs="EPSG:4326")


def along(project: Project, name: str = "roads.gpkg", **travel: Any) -> dict[str, Any]:
    frame().to_file(project.folder / "roads.gpkg")
    gpd.GeoDataFrame(geometry=[FLOOD], crs="EPSG:4326").to_crs("EPSG:32642").to_file(project.folder / "flood.gpkg")
    modes = [{"name": "car"}, {"name": "walk"}]
    return {
        **MINUTES,
        "travel": {"method": "network", "roads": {"path": str(project.folder / name)}, "modes": modes, **travel},
    }


def crowd(project: Project) -> None:
    """Write people and sites beside the roads, some of which only a flooded road leads to others."""
    draw = np.random.default_rng(5)
    places = []
    for _ in range(22):
        line = shapely.LineString(ROADS[int(draw.integers(len(ROADS)))][2])
        spot = line.interpolate(draw.uniform(0, 1), normalized=True)
        places.append((round(spot.x + draw.normal(0, 0.003), 4), round(spot.y + draw.normal(0, 0.003), 4)))
    head = "demand_id,lon,lat,people,internet,weight,province,area"
    people = [f"D{at},{x},{y},{100 * (at + 3)},0,1,Sindh,1" for at, (x, y) in enumerate(places[:16])]
    project.write("demand.csv", "\n".join([head, *people]) + "\n")
    sites = [f"S{at},n{at},{x},{y},candidate,,1,{90 + 7 * at}" for at, (x, y) in enumerate(places[16:])]
    project.write("sites.csv", "\n".join(["site_id,name,lon,lat,status,tier,factor,capex", *sites]) + "\n")


def named(*futures: dict[str, Any]) -> dict[str, Any]:
    return {"futures": {"named": [{"name": "dry"}, *futures]}}


@pytest.mark.parametrize("direction", ["to_hub", "from_hub", "both"])
def test_closed_roads_are_as_if_the_file_had_none_of_them(project: Project, direction: str) -> None:
    settings = along(project, direction=direction)
    wet = {"name": "wet", **MONSOON}
    found = project.inputs(settings | named(wet)).searched
    assert found is not None
    rest = frame()
    rest[rest["flooded"] == "no"].to_file(project.folder / "rest.gpkg")
    speeds = {"track": 7.5}, {"track": 2.25}
    modes = [{"name": name, "speeds": own} for name, own in zip(("car", "walk"), speeds, strict=True)]
    expected = along(project, "rest.gpkg", direction=direction, modes=modes)
    expected["travel"]["walk_straight"] = True
    np.testing.assert_allclose(
        table_of(found.futures["wet"]), table_of(build_problem(project.inputs(expected)).travel), rtol=1e-9
    )
    assert found.facts["closed_km"]["wet"] == pytest.approx(73, abs=3)


def test_roads_are_closed_where_a_polygon_meets_them(project: Project) -> None:
    settings = along(project)
    found = project.inputs(
        settings | named({"name": "flood", "roads_closed_in": str(project.folder / "flood.gpkg")})
    ).searched
    assert found is not None
    parts = [
        ("track", [(67.06, 30.03), (67.11, 30.04)]),  # the first stretch is under water, and both of the first road
        *((road[0], road[2]) for road in ROADS[2:]),
    ]
    shapes = [shapely.LineString(spots) for _, spots in parts]
    left = gpd.GeoDataFrame({"highway": [kind for kind, _ in parts]}, geometry=shapes, crs="EPSG:4326")
    left.to_file(project.folder / "left.gpkg")
    expected = build_problem(project.inputs(along(project, "left.gpkg"))).travel
    np.testing.assert_allclose(table_of(found.futures["flood"]), table_of(expected), rtol=1e-9)


@pytest.mark.parametrize("under", ["expected", "worst", "regret"])
def test_the_plan_is_the_best_of_all_for_dry_and_wet_roads(project: Project, under: str, tmp_path: Path) -> None:
    crowd(project)
    wet = {"name": "wet", **MONSOON, "probability": 0.4}
    futures = {"futures": {"named": [{"name": "dry", "probability": 0.6}, wet]}}
    settings = along(project) | {"model": {"budget": 600, "under": under}} | futures
    plan = hp.solve(project.read(settings))
    problem, searched = plan.problem, plan.inputs.searched
    assert searched is not None
    tables = [table_of(problem.travel), table_of(searched.futures["wet"])]
    within = [far[:, problem.option_site] <= problem.option_reach * (1 + 1e-9) for far in tables]
    stands, new = np.flatnonzero(problem.existing), np.flatnonzero(problem.new)
    must = set(problem.required_sites.tolist())
    values = []
    for size in range(len(new) + 1):
        for chosen in combinations(new.tolist(), size):
            sites = problem.option_site[list(chosen)].tolist()
            if len(set(sites)) < size or not must <= set(sites) or problem.option_cost[list(chosen)].sum() > 600:
                continue
            options = [*stands.tolist(), *chosen]
            values.append([problem.need[inside[:, options].any(axis=1)].sum() for inside in within])
    dry, wet_ones = np.array(values).T
    regret = np.maximum(dry.max() - dry, wet_ones.max() - wet_ones).min()
    best = {"expected": (0.6 * dry + 0.4 * wet_ones).max(), "worst": np.minimum(dry, wet_ones).max(), "regret": regret}
    assert plan.solution.value == pytest.approx(best[under])
    assert len(set(wet_ones.tolist())) > 1
    assert (dry > wet_ones).any()
    run = plan.write(tmp_path / "run")
    assert findings_of(run) == []


def test_any_plan_is_scored_on_closed_roads(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(along(project))).write(tmp_path / "run")
    scored = hp.score(run, futures=project.read(along(project) | named({"name": "wet", **MONSOON}))).frame
    scored = scored.set_index("name")
    assert scored.loc["wet", "covered"] <= scored.loc["dry", "covered"]
    problem = build_problem(project.inputs(along(project)))
    assert scored.loc["dry", "need"] == pytest.approx(problem.need.sum())


def test_a_plan_that_hides_closed_roads_is_found_by_the_audit(project: Project, tmp_path: Path) -> None:
    crowd(project)
    settings = (
        along(project)
        | {"model": {"budget": 600}}
        | named({"name": "wet", "roads_closed": {"flooded": ["yes"]}, "road_speed": {"track": 0.1, "primary": 0.1}})
    )
    run = hp.solve(project.read(settings)).write(tmp_path / "run")
    assert findings_of(run) == []
    text = (run / "scenario.yaml").read_text(encoding="utf-8")
    assert "track: 0.1" in text
    (run / "scenario.yaml").write_text(
        text.replace("track: 0.1", "track: 1.0").replace("primary: 0.1", "primary: 1.0"), encoding="utf-8"
    )
    assert any("futures" in str(found) for found in findings_of(run))


def test_a_real_extract_is_planned_for_a_flood_and_audited(project: Project, tmp_path: Path) -> None:
    path = REAL / "helsinki.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path} is absent: set HUBPLANNER_SHARED to the folder that holds roads/")
    low, high = np.array([24.936, 60.165]), np.array([24.953, 60.179])
    draw = np.random.default_rng(4)
    people = [
        f"D{at},{x:.5f},{y:.5f},{50 + at},0,1,Uusimaa,1" for at, (x, y) in enumerate(draw.uniform(low, high, (40, 2)))
    ]
    project.write("demand.csv", "\n".join(["demand_id,lon,lat,people,internet,weight,province,area", *people]) + "\n")
    sites = [f"S{at},n,{x:.5f},{y:.5f},candidate,,1,100" for at, (x, y) in enumerate(draw.uniform(low, high, (6, 2)))]
    project.write("sites.csv", "\n".join(["site_id,name,lon,lat,status,tier,factor,capex", *sites]) + "\n")
    minutes = {**MINUTES, "hubs.0.reach_minutes": 4, "hubs.1.reach_minutes": 8}
    travel = {"method": "network", "roads": {"path": str(path)}, "modes": [{"name": "car"}, {"name": "walk"}]}
    flood = {"name": "flood", "roads_closed": {"highway": ["tertiary"]}, "road_speed": {"residential": 0.5}}
    settings = {**minutes, "travel": travel, "model": {"budget": 300}, **named(flood)}
    plan = hp.solve(project.read(settings))
    dry, wet = (row["covered"] for row in plan.summary()["futures"]["each"])
    assert dry > wet > 0
    assert findings_of(plan.write(tmp_path / "run")) == []


WRONG = [
    ({"roads_closed": {"wet": ["yes"]}}, "'wet' found; allowed: a column of roads.gpkg: flooded, highway"),
    ({"roads_closed": {"flooded": ["yess"]}}, "'yess' found; allowed: a value of flooded: no, yes"),
    ({"road_speed": {"trak": 0.5}}, "'trak' found; allowed: a class of road in roads.gpkg"),
    ({"roads_closed": {"flooded": ["yes", "no"]}}, "a future that leaves some road open to car or walk"),
    ({"roads_closed_in": "none.gpkg"}, "none.gpkg"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_names_no_road_is_told(project: Project, change: dict[str, Any], said: str) -> None:
    messages = project.messages(along(project) | named({"name": "wet", **change}))
    assert any(said in message for message in messages), messages


def test_roads_are_closed_only_where_people_travel_along_them(project: Project) -> None:
    messages = project.refusal(named({"name": "wet", **MONSOON}))
    assert any("none without travel.method: network" in message for message in messages)


def test_distances_to_the_nearest_hub_know_no_closed_roads(project: Project) -> None:
    settings = along(project) | {"model": {"objective": "p_median", "max_hubs": 2, "budget": None}}
    messages = project.refusal(settings | named({"name": "wet", **MONSOON}))
    assert any("who is nearest depends on which roads are open" in message for message in messages), messages


def test_a_plan_for_futures_is_not_explained_for_one_of_them(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(along(project) | named({"name": "wet", **MONSOON}))).write(tmp_path / "run")
    with pytest.raises(hp.ScenarioError, match="what a hub adds differs from future to future"):
        hp.explain(run)

"""Hubs, demand and links of a plan, against a recount by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import shapely

import hubplanner as hp
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import geopandas as gpd
    from support.project import Project

SPREAD = {"demand.spread_km": 1.0, "demand.area_km2": "area"}
SETTINGS: list[dict[str, Any]] = [
    {},
    {"model.budget": 0, "model.require": [], "sites.status": None},
    SPREAD,
    SPREAD | {"model.budget": 1e6, "hubs.0.reach_km": 3},
    SPREAD | {"hubs.0.reach_km": 0.4, "hubs.1.reach_km": 1.5, "model.budget": 1e6},
]


@pytest.fixture(params=SETTINGS, ids=["points", "no hub", "spread", "all sites", "small reaches"])
def plan(request: pytest.FixtureRequest, project: Project) -> hp.Plan:
    return hp.solve(project.read(request.param))


def haversine(one: tuple[float, float], other: tuple[float, float]) -> float:
    lon1, lat1, lon2, lat2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def hubs_of(plan: hp.Plan) -> dict[str, tuple[tuple[float, float], float]]:
    """Place and reach of each hub."""
    reach = {tier.name: float(tier.reach_km or 0) for tier in plan.inputs.scenario.hubs}
    rows = zip(plan.hubs["site_id"], plan.hubs["tier"], plan.hubs.geometry, strict=True)
    return {site: ((point.x, point.y), reach[tier]) for site, tier, point in rows}


def points_of(plan: hp.Plan) -> Iterator[tuple[str, float, float, float, str | None, float | None, int]]:
    """Row, need, people, distance to the nearest hub, server, its distance and number of the row's points."""
    frame, hubs = plan.inputs.demand.frame, hubs_of(plan)
    rows = plan.inputs.demand.row.tolist()
    for (lon, lat), row in zip(plan.inputs.demand.points.tolist(), rows, strict=True):
        away = {site: haversine((lon, lat), place) for site, (place, _) in hubs.items()}
        near = sorted((away[site], site) for site, (_, reach) in hubs.items() if away[site] <= reach * (1 + 1e-9))
        count = rows.count(row)
        distance, server = near[0] if near else (None, None)
        yield (
            frame["demand_id"][row],
            float(frame["need"][row]) / count,
            float(frame["people"][row]) / count,
            min(away.values(), default=math.inf),
            server,
            distance,
            count,
        )


def records(frame: gpd.GeoDataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in frame.drop(columns="geometry").to_dict("records")}


def test_covered_share_of_a_row_is_the_mean_over_its_points(plan: hp.Plan) -> None:
    covered: dict[str, float] = dict.fromkeys(plan.demand["demand_id"], 0.0)
    for row, _, _, _, server, _, count in points_of(plan):
        covered[row] += (server is not None) / count
    assert plan.demand.set_index("demand_id")["covered_share"].to_dict() == pytest.approx(covered)


def test_nearest_distance_is_the_mean_to_the_nearest_hub_whatever_its_reach(plan: hp.Plan) -> None:
    nearest: dict[str, float] = dict.fromkeys(plan.demand["demand_id"], 0.0)
    for row, _, _, distance, _, _, count in points_of(plan):
        nearest[row] += distance / count
    expected = {row: mean if math.isfinite(mean) else math.nan for row, mean in nearest.items()}
    assert plan.demand.set_index("demand_id")["nearest_km"].to_dict() == pytest.approx(expected, nan_ok=True)


def test_need_and_people_of_hubs_are_those_of_the_points_they_serve(plan: hp.Plan) -> None:
    need, people = (dict.fromkeys(plan.hubs["site_id"], 0.0) for _ in range(2))
    for _, weight, count, _, server, _, _ in points_of(plan):
        if server is not None:
            need[server] += weight
            people[server] += count
    hubs = plan.hubs.set_index("site_id")
    assert hubs["covered_need"].to_dict() == pytest.approx(need)
    assert hubs["covered_people"].to_dict() == pytest.approx(people)
    assert hubs["covered_need"].sum() == pytest.approx(plan.summary()["need"]["covered"])


def test_links_carry_what_each_hub_serves_of_each_row(plan: hp.Plan) -> None:
    parts: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for row, need, people, _, server, distance, _ in points_of(plan):
        if server is not None and distance is not None:
            parts.setdefault((row, server), []).append((need, people, distance))
    found = plan.links.set_index(["demand_id", "site_id"])
    assert set(found.index) == set(parts)
    assert len(plan.links) == len(parts)
    for key, served in parts.items():
        need, people, distance = zip(*served, strict=True)
        assert found.loc[key, "need"] == pytest.approx(sum(need))
        assert found.loc[key, "people"] == pytest.approx(sum(people))
        assert found.loc[key, "distance_km"] == pytest.approx(sum(distance) / len(distance))
    assert plan.links["people"].sum() == pytest.approx(plan.summary()["people"]["covered"])


def test_links_run_from_the_row_to_its_hub(plan: hp.Plan) -> None:
    places = dict(zip(plan.demand["demand_id"], plan.demand.geometry, strict=True))
    hubs = dict(zip(plan.hubs["site_id"], plan.hubs.geometry, strict=True))
    for row, site, line in zip(plan.links["demand_id"], plan.links["site_id"], plan.links.geometry, strict=True):
        assert shapely.get_coordinates(line).tolist() == shapely.get_coordinates([places[row], hubs[site]]).tolist()


def test_the_hub_of_a_row_is_the_one_that_serves_most_of_its_need(plan: hp.Plan) -> None:
    links = plan.links.groupby("demand_id")
    for row in plan.demand.to_dict("records"):
        if row["demand_id"] not in links.groups:
            assert pd.isna(row["site_id"])
            assert math.isnan(row["distance_km"])
            continue
        served = links.get_group(row["demand_id"])
        first = served.sort_values(["need", "people", "distance_km"], ascending=[False, False, True]).iloc[0]
        assert (row["site_id"], row["distance_km"]) == (first["site_id"], first["distance_km"])


def test_hubs_are_in_id_order_with_their_money(project: Project) -> None:
    plan = hp.solve(project.read({"model.budget": 1e6, "hubs.1.capex": 1e5, "model.require": ["S3"]}))
    hubs = records(plan.hubs, "site_id")
    assert list(hubs) == ["S1", "S2", "S3", "S4"]
    assert {site: hub["status"] for site, hub in hubs.items()} == dict.fromkeys(hubs, "new") | {"S2": "existing"}
    assert {site: hub["tier"] for site, hub in hubs.items()} == {
        "S1": "centre",
        "S2": "centre",
        "S3": "park",
        "S4": "centre",
    }
    running = 10 * (1 / 1.25 + 1 / 1.25**2)
    money = {"S1": 100 + running, "S2": 0, "S3": 150_000, "S4": 2 * (100 + running)}
    assert {site: hub["cost"] for site, hub in hubs.items()} == pytest.approx(money)


def test_a_row_goes_to_the_hub_of_most_need_then_the_nearer_then_the_first_id(project: Project) -> None:
    """Nine points a kilometre apart, about zero degrees so that east and west are exactly as far."""
    project.write("demand.csv", "demand_id,lon,lat,people,area\nA,0,0,10,9.1\n")
    project.write("sites.csv", "site_id,lon,lat,tier\nw,-0.013,0,kiosk\ne,0.013,0,kiosk\n")
    scenario = """
name: tie
demand: {path: demand.csv, id: demand_id, x: lon, y: lat, people: people, area_km2: area, spread_km: 1}
sites: {path: sites.csv, id: site_id, x: lon, y: lat, tier: tier}
hubs: [{name: kiosk, capex: 1, reach_km: 1.1}, {name: booth, capex: 1, reach_km: 0.5}]
"""
    project.write("scenario.yaml", scenario)
    even = hp.solve(project.read())
    assert even.links["people"].tolist() == pytest.approx([30 / 9] * 2)
    assert even.links["distance_km"][0] == even.links["distance_km"][1]
    assert even.demand["site_id"].tolist() == ["e"]
    project.edit("sites.csv", "w,-0.013", "w,-0.0128")
    nearer = hp.solve(project.read())
    assert nearer.links["people"].tolist() == pytest.approx([30 / 9] * 2)
    assert nearer.demand["site_id"].tolist() == ["w"]
    project.edit("sites.csv", "w,-0.0128,0,kiosk", "w,-0.0090,0,booth")
    less = hp.solve(project.read())
    assert less.links["people"].tolist() == pytest.approx([30 / 9, 10 / 9])
    assert less.links["distance_km"].is_monotonic_decreasing
    assert less.demand["site_id"].tolist() == ["e"]


def read_with(project: Project, settings: dict[str, Any]) -> hp.Scenario:
    return hp.read_scenario(project.folder / "scenario.yaml", settings=absolute(settings, project.folder))


def absolute(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Settings have no file that their paths are relative to."""
    return {
        key: value | {"path": str(folder / value["path"])} if isinstance(value, dict) else value
        for key, value in settings.items()
    }


def test_a_row_without_need_still_has_its_hub_and_distance(project: Project) -> None:
    project.edit("demand.csv", "1000,0.25", "1000,1")
    row = records(hp.solve(project.read({"model.require": ["S1"]})).demand, "demand_id")["D1"]
    assert (row["need"], row["people"], row["covered_share"], row["site_id"]) == (0, 1000, 1, "S1")
    assert row["nearest_km"] == pytest.approx(row["distance_km"])


def test_an_unreachable_row_has_no_distance(project: Project) -> None:
    plan = hp.solve(project.read({"travel": {"method": "matrix", "path": str(project.folder / "travel.csv")}}))
    row = records(plan.demand, "demand_id")["D4"]
    assert math.isnan(row["nearest_km"])
    assert math.isnan(row["distance_km"])
    assert plan.summary()["distance"]["unreachable_need"] == pytest.approx(0.0)


def test_frames_are_points_and_lines_in_degrees_whatever_system_the_data_is_in(project: Project) -> None:
    project.write("demand.csv", "demand_id,x,y,people\nD,300000,3400000,10\n")
    project.write("sites.csv", "site_id,x,y,lon\nS,300500,3400000,of the file\n")
    scenario = """
name: flat
demand: {path: demand.csv, id: demand_id, x: x, y: y, crs: "EPSG:32642", people: people}
sites: {path: sites.csv, id: site_id, x: x, y: y, crs: "EPSG:32642"}
hubs: [{name: kiosk, capex: 1, reach_km: 1}]
travel: {method: planar}
"""
    project.write("scenario.yaml", scenario)
    plan = hp.solve(project.read())
    assert {str(frame.crs) for frame in (plan.hubs, plan.demand, plan.links)} == {"EPSG:4326"}
    assert set(plan.hubs.geom_type) | set(plan.demand.geom_type) == {"Point"}
    assert plan.demand.geometry.x[0] == pytest.approx(66.91, abs=0.01)
    assert plan.demand.geometry.y[0] == pytest.approx(30.72, abs=0.01)
    assert plan.demand["distance_km"][0] == pytest.approx(0.5)
    assert plan.hubs[["x", "y", "site_lon"]].iloc[0].tolist() == [300500, 3400000, "of the file"]


TAKEN = ("cost", "tier", "Status", "COVERED_NEED", "lat", "LON", "fid", "FID", "geom", "Geometry", "site_cost")


def test_columns_of_the_site_file_survive_under_names_of_their_own(project: Project) -> None:
    header = ",".join(["site_id", "px", "py", "Name", "name", *TAKEN, "شہر"])
    project.write("sites.csv", f"{header}\nS9,67,30,{','.join(map(str, range(len(TAKEN) + 3)))}\n")
    settings = {"sites": {"path": "sites.csv", "id": "site_id", "x": "px", "y": "py"}, "hubs.0.capex": 1}
    hubs = hp.solve(read_with(project, settings | {"model.require": ["S9"]})).hubs
    own = hubs.columns[8:-1].tolist()
    assert hubs[own].iloc[0].tolist() == list(range(len(TAKEN) + 3))
    assert len({name.casefold() for name in hubs.columns}) == len(hubs.columns)
    assert {"Name", "site_name", "site_tier", "site_Status", "site_cost", "site_cost_2", "شہر"} <= set(own)


def test_groups_named_like_columns_of_the_plan_survive(project: Project) -> None:
    for name in ("Need", "nearest_km"):
        project.write("demand.csv", f"demand_id,lon,lat,people,internet,weight,{name}\nD1,67,30,10,0,1,Punjab\n")
        demand = hp.solve(project.read({"demand.groups": [name]})).demand
        assert demand[f"demand_{name}"].tolist() == ["Punjab"]
        assert demand["need"].tolist() == [10.0]

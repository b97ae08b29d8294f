"""What a plan along roads shows beside others, on a small network whose answers are worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from support.instances.audited_runs import findings_of

import hubplanner as hp

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

MINUTES = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 20, "hubs.1.reach_km": None, "hubs.1.reach_minutes": 40}
BENT = [(66.99, 30.0), (67.05, 30.0), (67.05, 30.04), (67.11, 30.04)]
"""Past D1 and S4; D2 lies beside it."""
APART = [(68.0, 31.001), (68.0, 31.03), (68.05, 31.03)]
"""Past D3 and S2, which stands, and by D4."""


def by_road(project: Project, *, more: list[Any] | None = None, **travel: Any) -> dict[str, Any]:
    """Write roads, and return the settings that use them."""
    shapes = [shapely.LineString(spots) for spots in (BENT, APART, *(more or []))]
    frame = gpd.GeoDataFrame({"highway": ["primary"] * len(shapes)}, geometry=shapes, crs="EPSG:4326")
    frame.to_file(project.folder / "roads.gpkg")
    roads = {"path": str(project.folder / "roads.gpkg")}
    return {**MINUTES, "travel": {"method": "network", "roads": roads, "walk_straight": False, **travel}}


def test_links_follow_the_roads_and_say_how_far_they_are(project: Project, tmp_path: Path) -> None:
    plan = hp.solve(project.read(by_road(project)))
    links = plan.links.set_index("demand_id")
    assert links.loc["D1", "site_id"] == "S4"
    way = links.loc["D1", "geometry"]
    corners = {tuple(np.round(spot, 6)) for spot in way.coords}
    assert {(67.0, 30.0), (67.05, 30.0), (67.05, 30.04), (67.11, 30.04)} == corners
    km = hp.problem.GreatCircle(np.array(way.coords), np.array(way.coords)).measure(
        *map(np.array, (way.coords[:-1], way.coords[1:]))
    )
    assert links.loc["D1", "road_km"] == pytest.approx(km.sum(), rel=1e-5)
    assert links.loc["D1", "mode"] == "car"
    assert links.loc["D1", "distance_minutes"] == pytest.approx(km.sum() / 65 * 60, rel=1e-3)  # D1 is 0.2 m off
    off = links.loc["D2", "access_km"]
    assert off == pytest.approx(0.01 * 111.195, rel=1e-3)
    minutes = links.loc["D2", "road_km"] / 65 * 60 + off / 4.5 * 60
    assert links.loc["D2", "distance_minutes"] == pytest.approx(minutes, rel=1e-9)
    run = plan.write(tmp_path / "run")
    assert findings_of(run) == []


def test_the_way_of_the_quickest_mode_is_drawn(project: Project) -> None:
    path = [(67.0, 30.0), (67.11, 30.04)]
    settings = by_road(project, more=[path], modes=[{"name": "car"}, {"name": "walk"}])
    roads = gpd.read_file(project.folder / "roads.gpkg")
    roads["highway"] = ["primary", "primary", "footway"]
    roads.to_file(project.folder / "roads.gpkg")
    links = hp.solve(project.read(settings)).links.set_index("demand_id")
    assert links.loc["D1", "mode"] == "car"
    settings["travel"]["modes"] = [{"name": "car", "speed_factor": 0.01}, {"name": "walk", "speed_factor": 10.0}]
    links = hp.solve(project.read(settings)).links.set_index("demand_id")
    assert links.loc["D1", "mode"] == "walk"
    assert len(links.loc["D1", "geometry"].coords) == 2


def test_rows_spread_over_points_begin_at_their_place(project: Project, tmp_path: Path) -> None:
    settings = by_road(project) | {"demand.spread_km": 1.0, "demand.area_km2": "area"}
    plan = hp.solve(project.read(settings))
    for _, link in plan.links.iterrows():
        row = plan.demand.set_index("demand_id").loc[link["demand_id"]]
        assert link["geometry"].coords[0] == pytest.approx((row.geometry.x, row.geometry.y))
    assert findings_of(plan.write(tmp_path / "run")) == []


@pytest.mark.parametrize("direction", ["from_hub", "both"])
def test_links_of_other_directions_begin_at_the_demand_too(project: Project, direction: str, tmp_path: Path) -> None:
    plan = hp.solve(project.read(by_road(project, direction=direction)))
    assert len(plan.links) >= 3
    assert findings_of(plan.write(tmp_path / "run")) == []


def test_other_ways_to_travel_know_nothing_of_roads(project: Project) -> None:
    links = hp.solve(project.read()).links
    assert list(links) == ["demand_id", "site_id", "people", "need", "distance_km", "geometry"]

"""What a plan along roads shows beside others, on a small network whose answers are worked out by hand."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from support.instances.audited_runs import findings_of
from support.project import DEMAND, SCENARIO, SITES, Project
from support.ways import in_minutes

import hubplanner as hp
from hubplanner.runs.report import write_report

if TYPE_CHECKING:
    from pathlib import Path

MINUTES = in_minutes(20, 40)
MINUTES_OF = {"centre": 20.0, "park": 40.0}
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


def test_a_way_without_roads_is_said_to_be_off_road(project: Project) -> None:
    settings = by_road(project, walk_straight=True, modes=[{"name": "car", "speed_factor": 0.01}])
    links = hp.solve(project.read(settings)).links.set_index("demand_id")
    assert (links.loc["D2", "mode"], links.loc["D2", "road_km"]) == ("off road", 0.0)
    assert links.loc["D2", "distance_minutes"] == pytest.approx(links.loc["D2", "access_km"] / 4.5 * 60)


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


def test_access_islands_and_gaps_are_told(project: Project, tmp_path: Path) -> None:
    island = [(67.105, 30.041), (67.105, 30.06), (67.115, 30.06)]  # 111 m north of the road's end
    settings = by_road(project, more=[island], island_km=3.5)
    plan = hp.solve(project.read({**settings, "model.exclude": ["S3"]}))
    access = plan.access.set_index("demand_id")
    assert access.loc["D1", "access_km"] == pytest.approx(0, abs=1e-3)
    assert access["road"].tolist() == ["row 1", "row 3", "row 2", "row 2"]
    assert access["part"].tolist() == [0, 2, 1, 1]
    assert access["on_island"].tolist() == [0, 500, 0, 0]
    assert access["beyond"].tolist() == [0, 0, 0, 0]
    assert access.loc["D2", "access_minutes"] == pytest.approx(access.loc["D2", "access_km"] / 4.5 * 60)
    islands = plan.islands.set_index("part")
    assert islands["people"].to_dict() == {1: 2800, 2: 500}
    assert islands["sites"].to_dict() == {1: "S2", 2: ""}
    assert islands.loc[2, "gap_m"] == pytest.approx(111.2, abs=0.5)
    assert np.isnan(islands.loc[1, "gap_m"])
    assert len(shapely.get_coordinates(islands.loc[2, "geometry"])) == 3
    run = plan.write(tmp_path / "run")
    for name in ("access.csv", "islands.geojson", "gaps.csv"):
        assert (run / name).is_file()
    assert len(gpd.read_file(run / "plan.gpkg", layer="islands")) == 2
    assert findings_of(run) == []


def test_closing_a_gap_is_weighed_against_another_hub(project: Project, tmp_path: Path) -> None:
    island = [(66.98, 30.001), (66.98, 30.12)]  # D2 is moved to its far end
    project.edit("demand.csv", "D2,67.10,30.05", "D2,66.98,30.10")
    project.edit("sites.csv", "S3,Hazar,67.50,30.50", "S3,Hazar,66.981,30.11")
    settings = by_road(project, more=[island], access_max_km=0.5) | {"hubs.0.reach_minutes": 35, "model.budget": 230}
    plan = hp.solve(project.read(settings))
    rows = plan.closing
    gap = rows[rows["what"] == "gap"].iloc[0]
    assert (gap["people"], gap["need"], gap["beside"]) == (500, 500, 500)
    assert gap["road_km"] == pytest.approx(0.97, abs=0.01)
    hub = rows[rows["what"] == "hub"].iloc[0]
    assert (hub["site_id"], hub["tier"], hub["people"]) == ("S3", "park", 500)
    assert hub["cost"] > 0
    assert plan.summary()["travel"]["closing"][0]["people"] == 500
    run = plan.write(tmp_path / "run")
    assert findings_of(run) == []
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "A closed gap between roads against another hub" in page
    assert "park at S3" in page
    # The road that is built is in the network from then on: the same people are covered.
    joined = [(66.98, 30.001), (66.99, 30.0)]
    by_road(project, more=[island, joined])
    again = hp.solve(project.read(settings))
    assert again.summary()["people"]["covered"] == plan.summary()["people"]["covered"] + 500


def test_access_that_was_changed_is_found_by_the_audit(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(by_road(project, modes=[{"name": "car"}, {"name": "walk"}]))).write(tmp_path / "run")
    assert findings_of(run) == []
    table = (run / "access.csv").read_text(encoding="utf-8-sig")
    line = next(line for line in table.splitlines() if line.startswith("D2,walk"))
    far = line.split(",")[3]
    (run / "access.csv").write_text(table.replace(line, line.replace(far, "0.5", 1)), encoding="utf-8-sig")
    assert any("D2 walk, access_km" in str(found) for found in findings_of(run))


def gap_in(project: Project, direction: str = "to_hub") -> dict[str, Any]:
    """Return the settings of roads in three parts; a bridge of 111 m would bring D2 to the hub at S4."""
    island = [(67.105, 30.041), (67.105, 30.06), (67.115, 30.06)]
    project.edit("demand.csv", "D2,67.10,30.05", "D2,67.114,30.0601")
    own = {"island_km": 3.5, "access_max_km": 1.0, "direction": direction}
    settings = by_road(project, more=[island], **own) | {"model.exclude": ["S3"], "hubs.1.reach_minutes": 60}
    return settings | {"hubs.0.reach_minutes": 30}


@pytest.mark.parametrize("direction", ["to_hub", "from_hub", "both"])
def test_gaps_islands_and_reach_are_found_again_by_the_audit(project: Project, direction: str, tmp_path: Path) -> None:
    plan = hp.solve(project.read(gap_in(project, direction)))
    gaps = plan.closing.set_index("what").loc[["gap"]]
    assert gaps["people"].tolist() == [500]
    assert findings_of(plan.write(tmp_path / "run")) == []


@pytest.fixture(scope="module")
def gapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run along roads with a gap, that nobody changed."""
    small = Project(folder=tmp_path_factory.mktemp("gapped"))
    for name, text in (("scenario.yaml", SCENARIO), ("demand.csv", DEMAND), ("sites.csv", SITES)):
        small.write(name, text)
    return hp.solve(small.read(gap_in(small))).write(small.folder / "run")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("gaps.csv", "people", 501), "gaps.csv: part 2, people"),
        (("gaps.csv", "beside", 2800), "gaps.csv: part 2, beside"),
        (("gaps.csv", "road_km", 0.2), "gaps.csv: part 2, road_km"),
        (("gaps.csv", "to_lat", 30.05), "gaps.csv: part 2, road_km"),
        (("islands.geojson", "people", 499), ", people"),
        (("islands.geojson", "km", 4.0), ", km"),
        (("islands.geojson", "gap_m", 300), "gap_m"),
        (("islands.geojson", "sites", "S9"), ", sites"),
        (("reach.geojson", "need", 1), "reach.geojson: "),
        (("reach.geojson", "hubs", 7), "reach.geojson: "),
    ],
)
def test_a_tampered_table_of_roads_is_found_out(
    gapped: Path, change: tuple[str, str, Any], said: str, tmp_path: Path
) -> None:
    file, column, to = change
    run = shutil.copytree(gapped, gapped.parent / tmp_path.name)  # beside its data
    path = run / file
    if file.endswith(".csv"):
        table = pd.read_csv(path, encoding="utf-8-sig")
        table[column] = table[column].astype(object)
        table.loc[table["what"] == "gap", column] = to
        table.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        tree = json.loads(path.read_text(encoding="utf-8"))
        tree["features"][-1]["properties"][column] = to
        path.write_text(json.dumps(tree), encoding="utf-8")
    found = [f"{each.file}: {each.item}" for each in findings_of(run)]
    assert any(said in each and each.startswith(file) for each in found), found


def test_roads_in_one_part_have_no_gaps_to_tell(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(by_road(project, more=[[(67.11, 30.04), (68.0, 31.001)]]))).write(tmp_path / "run")
    assert len(gpd.read_file(run / "islands.geojson")) == 0
    assert "Gaps between roads" not in (run / "report.html").read_text(encoding="utf-8")
    assert findings_of(run) == []


@pytest.mark.parametrize("direction", ["to_hub", "both"])
def test_catchments_hold_the_places_that_reach_a_hub(project: Project, direction: str, tmp_path: Path) -> None:
    settings = by_road(project, modes=[{"name": "car"}, {"name": "walk"}], direction=direction)
    plan = hp.solve(project.read(settings))
    reach = plan.reach.set_index("tier")
    assert set(reach.index) <= {"centre", "park"}
    found = plan.inputs.searched
    assert found is not None
    low, high = np.array([66.95, 29.97]), np.array([67.15, 30.07])
    places = np.random.default_rng(1).uniform(low, high, (3000, 2))
    for tier, row in reach.iterrows():
        sites = plan.problem.option_site[plan.evaluation.options]
        own = sites[plan.problem.option_tier[plan.evaluation.options] == [*MINUTES_OF].index(str(tier))]
        cost = np.full(len(places), np.inf)
        for network in found.modes.values():
            snaps = network.roads.snap(places, network.off_road.most_km)
            there = replace(network, points=places, point_snaps=snaps, found=[])
            cost = np.minimum(cost, there.to_nearest(own, 1000.0))
        inside = shapely.contains_xy(row["geometry"], *places.T)
        doubt = 2 * row["cell_km"] * 60 / 4.5  # as much longer it may take from the next place of the grid
        limit = MINUTES_OF[str(tier)]
        assert inside[cost < limit - doubt].all()
        assert not inside[cost > limit + doubt].any()
        assert row["people"] == plan.problem.people[plan.problem.travel.among(own).pairs(0, 4, limit)[0]].sum()
    assert (reach["cell_km"] == 0.1).all()
    assert findings_of(plan.write(tmp_path / "run")) == []


def test_catchments_of_no_hub_are_none(project: Project) -> None:
    project.edit("sites.csv", "existing", "candidate")
    project.edit("sites.csv", "required", "candidate")
    plan = hp.solve(project.read(by_road(project) | {"model.budget": 0}))
    assert len(plan.reach) == 0


def test_the_report_draws_reach_by_road_and_roads_apart(project: Project, tmp_path: Path) -> None:
    run = hp.solve(project.read(by_road(project))).write(tmp_path / "run")
    again = write_report([run], tmp_path / "again.html")
    for page in (file.read_text(encoding="utf-8") for file in (run / "report.html", again)):
        for layer in ("reach", "islands"):
            assert f'data-layer="{layer}"' in page
            (path,) = re.findall(rf'<g data-of="{layer}" class="{layer}"><path d="(M[^"]+)"/></g>', page)
            shapes = gpd.read_file(run / f"{layer}.geojson").geometry.explode()
            assert path.count("M") == sum(1 + len(getattr(shape, "interiors", ())) for shape in shapes)
    straight = hp.solve(project.read()).write(tmp_path / "straight")
    assert 'data-of="islands"' not in (straight / "report.html").read_text(encoding="utf-8")

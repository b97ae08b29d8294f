"""People of an area spread over the cells of a raster or the places of a file inside it: nobody is lost or added."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings, strategies as st
from rasterio.features import geometry_mask
from rasterio.transform import Affine
from shapely import box
from support.draws import examples
from support.instances.audited_runs import audited, made_of_areas
from support.instances.demand_files import write_raster

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import FaultyError
from hubplanner.problem import GreatCircle
from hubplanner.web.scenarios import ShownScenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.command import Done
    from support.project import Project

GRID = Affine(0.1, 0, 67.0, 0, -0.1, 30.5)
WEIGHT = np.arange(25.0).reshape(5, 5)
AREAS = {"B": (67.0, 67.22, 1000), "A": (67.22, 67.4, 500)}
"""West, east and people of two areas side by side; the raster's last column of cells lies in none."""


WEIGHTS = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


def write_areas(folder: Path, areas: dict[str, tuple[float, float, float]] = AREAS) -> None:
    shapes = [box(west, 30, east, 30.5) for west, east, _ in areas.values()]
    columns = {"id": list(areas), "people": [people for *_, people in areas.values()], "net": 0.5}
    gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326").to_file(folder / "areas.geojson")


def asked(folder: Path, by: dict[str, Any], tree: dict[str, Any] | None = None, **demand: Any) -> hp.Scenario:
    (folder / "sites.csv").write_text("id,lon,lat\nS1,67.05,30.25\nS2,67.35,30.25\n", encoding="utf-8")
    own = {"path": "areas.geojson", "id": "id", "people": "people", "connected_share": "net", "spread_by": by}
    whole = {
        "name": "spread",
        "demand": own | demand,
        "sites": {"path": "sites.csv", "id": "id", "x": "lon", "y": "lat"},
        "hubs": [{"name": "hub", "capex": 10, "reach_km": 12}],
        "model": {"budget": 10},
    }
    (folder / "scenario.yaml").write_text(json.dumps(whole | (tree or {})), encoding="utf-8")
    return hp.read_scenario(folder / "scenario.yaml")


def messages(folder: Path, by: dict[str, Any], tree: dict[str, Any] | None = None, **demand: Any) -> list[str]:
    with pytest.raises(FaultyError) as caught:
        hp.read_inputs(asked(folder, by, tree, **demand))
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_raster(tmp_path / "weight.tif", WEIGHT, GRID, "EPSG:4326")
    write_areas(tmp_path)
    return tmp_path


def test_people_go_to_the_cells_as_rasterio_finds_them(folder: Path) -> None:
    inputs = hp.read_inputs(asked(folder, {"path": "weight.tif"}))
    demand = inputs.demand
    assert demand.frame["demand_id"].tolist() == ["A", "B"]
    with rasterio.open(folder / "weight.tif") as raster:
        for row, (_, area) in enumerate(gpd.read_file(folder / "areas.geojson").sort_values("id").iterrows()):
            inside = geometry_mask([area.geometry], raster.shape, raster.transform, invert=True)
            weight = np.where(inside, raster.read(1), 0.0)
            cells = np.argwhere(weight > 0)
            expected = {
                tuple(np.round(raster.xy(*cell), 6)): area["people"] * weight[tuple(cell)] / weight.sum()
                for cell in cells.tolist()
            }
            here = demand.row == row
            found = dict(zip(map(tuple, demand.points[here].round(6)), demand.point_people[here], strict=True))
            assert found == pytest.approx(expected)
    assert demand.point_need == pytest.approx(demand.point_people / 2)
    (report,) = inputs.joins
    assert report.as_dict() == {
        "key": "demand.spread_by",
        "file": "weight.tif",
        "areas": 2,
        "places": 24,
        "inside": 19,
        "weight": {"all": 300.0, "inside": 230.0},
        "people": 1500.0,
        "one_point": [],
    }
    assert inputs.warnings == ()


@settings(max_examples=examples(50), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    places=st.lists(st.tuples(st.floats(66.95, 67.45), st.floats(29.95, 30.55), WEIGHTS), min_size=1, max_size=40),
    people=st.tuples(st.floats(0, 1e7), st.floats(0, 1e7)),
)
def test_nobody_is_lost_or_added(
    places: list[tuple[float, float, float]], people: tuple[float, float], tmp_path: Path
) -> None:
    write_areas(tmp_path, {"B": (67.0, 67.22, people[0]), "A": (67.22, 67.4, people[1])})
    lines = [f"{lon!r},{lat!r},{weight!r}" for lon, lat, weight in places]
    (tmp_path / "places.csv").write_text("\n".join(["lon,lat,pupils", *lines]) + "\n", encoding="utf-8")
    by = {"path": "places.csv", "x": "lon", "y": "lat", "weight": "pupils", "unmatched": "one_point"}
    demand = hp.read_inputs(asked(tmp_path, by)).demand
    total = np.bincount(demand.row, weights=demand.point_people, minlength=2)
    assert total == pytest.approx(demand.frame["people"].to_numpy(), rel=1e-9, abs=1e-9)
    assert demand.point_people.sum() == pytest.approx(sum(people), rel=1e-9, abs=1e-9)
    # The other way round: by geopandas, each place's area, and its part of the weight there.
    shapes = gpd.read_file(tmp_path / "areas.geojson").sort_values("id", ignore_index=True)
    lon, lat, weight = np.array(places).T
    spots = gpd.GeoDataFrame({"weight": weight}, geometry=gpd.points_from_xy(lon, lat, crs="EPSG:4326"))
    joined = gpd.sjoin(spots[spots["weight"] > 0], shapes, predicate="intersects").reset_index()
    joined = joined.sort_values("index_right").drop_duplicates("index")
    sums = joined.groupby("index_right")["weight"].transform("sum")
    expected = sorted(zip(joined["index_right"], joined["people"] * joined["weight"] / sums, strict=True))
    alone = [(row, shapes["people"][row]) for row in (0, 1) if row not in set(joined["index_right"])]
    found = sorted(zip(demand.row, demand.point_people, strict=True))
    assert np.array(found) == pytest.approx(np.array(sorted([*expected, *alone])), rel=1e-9, abs=1e-9)


def test_places_may_be_polygons_of_another_system_and_count_alike(folder: Path) -> None:
    spots = [(67.05, 30.1), (67.15, 30.3), (67.3, 30.2)]
    houses = [box(x - 1e-3, y - 1e-3, x + 1e-3, y + 1e-3) for x, y in spots]
    frame = gpd.GeoDataFrame({"kind": ["school"] * 3}, geometry=houses, crs="EPSG:4326").to_crs("EPSG:32642")
    frame.to_file(folder / "houses.gpkg")
    demand = hp.read_inputs(asked(folder, {"path": "houses.gpkg"})).demand
    assert demand.point_people.tolist() == [500, 500, 500]
    assert demand.points == pytest.approx(np.array([spots[2], spots[0], spots[1]]), abs=1e-3)
    where = {"path": "houses.gpkg", "where": {"kind": "clinic"}}
    assert messages(folder, where)[0].startswith("houses.gpkg, where kind: 'clinic' found; allowed: ")


def test_a_place_on_a_border_is_in_the_area_whose_id_comes_first(folder: Path) -> None:
    write_areas(folder, {"B": (67.0, 67.25, 1000), "A": (67.25, 67.4, 500)})
    demand = hp.read_inputs(asked(folder, {"path": "weight.tif"})).demand
    assert set(demand.points[demand.row == 0, 0].round(9)) == {67.25, 67.35}
    assert set(demand.points[demand.row == 1, 0].round(9)) == {67.05, 67.15}
    assert np.bincount(demand.row, weights=demand.point_people) == pytest.approx([500, 1000])


def test_planar_distances_are_in_the_system_of_the_areas(folder: Path) -> None:
    gpd.read_file(folder / "areas.geojson").to_crs("EPSG:32642").to_file(folder / "areas.gpkg")
    planar = {"travel": {"method": "planar"}}
    demand = hp.read_inputs(asked(folder, {"path": "weight.tif"}, planar, path="areas.gpkg")).demand
    degrees = gpd.GeoSeries.from_xy(*demand.points.T, crs="EPSG:32642").to_crs("EPSG:4326")
    globe = hp.read_inputs(asked(folder, {"path": "weight.tif"})).demand
    assert np.column_stack([degrees.x, degrees.y]) == pytest.approx(globe.points, abs=1e-7)
    assert demand.point_people == pytest.approx(globe.point_people)


def test_an_area_without_a_place_is_named_or_stands_at_one_point(folder: Path) -> None:
    write_areas(folder, AREAS | {"C": (68.0, 68.1, 70), "D": (68.2, 68.3, 0)})
    (message,) = messages(folder, {"path": "weight.tif"})
    assert message.startswith("areas.geojson, row 3, geometry: 'C' found; allowed: an area with a place of weight.tif")
    inputs = hp.read_inputs(asked(folder, {"path": "weight.tif", "unmatched": "one_point"}))
    assert inputs.demand.points[inputs.demand.row == 2].tolist() == [pytest.approx([68.05, 30.25])]
    assert [warning.code for warning in inputs.warnings] == ["empty_zone"]
    assert "whose 70 people stand at one point each: C" in inputs.warnings[0].message
    assert inputs.joins[0].lines()[1] == "  1 areas have no place inside and stand at one point: C"


@pytest.mark.parametrize(
    ("by", "tree", "demand", "message"),
    [
        (
            {"path": "weight.tif", "weight": "w"},
            {},
            {},
            "demand.spread_by.weight: 'w' found; allowed: none for a raster",
        ),
        ({"path": "weight.tif"}, {}, {"spread_km": 2}, "demand.spread_km: 2.0 found; allowed: none beside spread_by"),
        ({"path": "a.csv"}, {}, {}, "demand.spread_by.x: is required for a CSV file"),
        ({"path": "weight.tif"}, {"travel": {"method": "matrix", "path": "t.csv"}}, {}, "only with computed distances"),
        ({"path": "weight.tif"}, {}, {"path": "p.parquet", "merge": True}, "its points are many already"),
        ({"path": "gone.tif"}, {}, {}, "gone.tif, demand.spread_by.path: "),
    ],
)
def test_what_cannot_be_spread_is_refused_with_a_reason(
    folder: Path, by: dict[str, Any], tree: dict[str, Any], demand: dict[str, Any], message: str
) -> None:
    assert any(message in found for found in messages(folder, by, tree, **demand))


def test_points_have_no_inside(project: Project) -> None:
    write_raster(project.folder / "weight.tif", WEIGHT, GRID, "EPSG:4326")
    found = project.messages({"demand.spread_by": {"path": str(project.folder / "weight.tif")}})
    assert found[0].startswith("demand.csv, row 2, geometry: 'Point' found; allowed: a polygon")
    assert len(found) == 4


def test_a_weight_below_nothing_is_a_fault_of_its_row(folder: Path) -> None:
    (folder / "places.csv").write_text("lon,lat,pupils\n67.1,30.1,5\n67.3,30.1,-5\n", encoding="utf-8")
    by = {"path": "places.csv", "x": "lon", "y": "lat", "weight": "pupils"}
    assert messages(folder, by) == ["places.csv, row 3, pupils: '-5' found; allowed: a number of at least 0"]


def test_rows_are_covered_by_the_weight_in_reach(folder: Path) -> None:
    scenario = asked(folder, {"path": "weight.tif"})
    plan = hp.solve(scenario)
    (site,) = plan.hubs["site_id"]
    at = {"S1": (67.05, 30.25), "S2": (67.35, 30.25)}[site]
    problem, demand = plan.solution.problem, hp.read_inputs(scenario).demand
    near = GreatCircle(demand.points, np.array([at])).from_site(0) <= 12
    covered = np.bincount(demand.row, weights=problem.people * near)
    assert 0 < covered.sum() < 1500
    assert (plan.demand["covered_share"] * plan.demand["people"]).to_numpy() == pytest.approx(covered)
    assert plan.summary()["people"]["covered"] == pytest.approx(covered.sum())


@pytest.mark.parametrize(
    ("overrides", "more"),
    [
        ((), {}),
        (("seats",), {}),
        (("far",), {"model.objective": "p_median", "model.budget": 500}),
        ((), {"model.objective": "p_center"}),
        ((), {"coverage.decay": "linear"}),
        ((), {"demand.spread_by.cells": "density"}),
        ((), {"futures.named": [{"name": "now"}, {"name": "dear", "cost": 1.5}]}),
    ],
)
def test_runs_are_audited_in_full(overrides: tuple[str, ...], more: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    grid = Affine(0.02, 0, 67.0, 0, -0.02, 30.24)
    write_raster(tmp_path / "weight.tif", rng.exponential(5, (12, 18)), grid, "EPSG:4326")
    spread = {"demand.spread_km": None, "demand.spread_by": {"path": str(tmp_path / "weight.tif")}}
    scenario = hp.read_scenario(made_of_areas().parent / "scenario.yaml", overrides, spread | more)
    found = audited(hp.solve(scenario).write(tmp_path / "run"))
    assert (found.verdict, found.findings, found.not_audited) == ("pass", (), ())


def test_a_changed_share_is_found(folder: Path) -> None:
    run = hp.solve(asked(folder, {"path": "weight.tif"})).write(folder / "run")
    assert audit_run(run, seconds=10).verdict == "pass"
    plan = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    plan["need"]["covered"] *= 1.001
    (run / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    assert audit_run(run, seconds=10).verdict == "fail"


def test_a_user_is_told_where_people_went(folder: Path, inside: Callable[..., Done]) -> None:
    asked(folder, {"path": "weight.tif"})
    told = inside("validate", str(folder / "scenario.yaml")).stdout
    line = "demand.spread_by, weight.tif: 19 of 24 places lie in an area of areas.geojson, with 230 of a weight of 300"
    assert f"{line}; 1,500 people go to them" in told
    inside("solve", str(folder / "scenario.yaml"), "--out", str(folder / "run"))
    report = (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert "live at the places of" in report
    plan = json.loads((folder / "run" / "plan.json").read_text(encoding="utf-8"))
    assert {"key": "demand.spread_by.path", "value": str(folder / "weight.tif"), "source": "scenario"} in plan[
        "assumptions"
    ]


def test_the_app_shows_rows_and_does_not_call_spread_areas_wide(folder: Path) -> None:
    scenario = asked(folder, {"path": "weight.tif"})
    inputs = ShownScenario(scenario).inputs
    assert (len(inputs.demand.row), inputs.warnings) == (2, ())
    plain = hp.read_inputs(
        scenario.model_copy(update={"demand": scenario.demand.model_copy(update={"spread_by": None})})
    )
    assert [warning.code for warning in plain.warnings] == ["wide_area"] * 2

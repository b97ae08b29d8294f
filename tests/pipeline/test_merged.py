"""Merged demand gives the plan that every point on its own gives."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
from rasterio.transform import Affine
from support.instances.demand_files import NODATA, Many, cells_of, write_many, write_raster

import hubplanner as hp
from hubplanner.inputs.demand import aggregation as merged
from hubplanner.inputs.readers import csv as delimited, parquet as parts, raster as rasters
from hubplanner.outputs.map.need import points_of
from hubplanner.pipeline import solve as second_look
from hubplanner.pipeline.solve import overview

if TYPE_CHECKING:
    from pathlib import Path

SAME = ("status", "objective_value", "gap", "cost", "need", "people", "groups", "floors", "distance", "closed")


@pytest.fixture
def many(tmp_path: Path) -> Many:
    return write_many(tmp_path)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read all files in several parts."""
    monkeypatch.setattr(delimited, "BLOCK", 9000)
    monkeypatch.setattr(delimited, "ROWS", 170)
    monkeypatch.setattr(parts, "ROWS", 170)
    monkeypatch.setattr(rasters, "WINDOW", 200)
    monkeypatch.setattr(rasters, "CELLS", 130)


def assert_same(plan: hp.Plan, expected: hp.Plan) -> None:
    found, wanted = plan.summary(), expected.summary()
    assert found["status"] == "optimal"
    flat = {
        key: part if isinstance(part, str | None) else pytest.approx(part, rel=1e-9, abs=1e-9)
        for key, part in _flat(wanted).items()
    }
    assert _flat(found) == flat
    for key in ("site_id", "tier", "status"):
        assert [hub[key] for hub in found["hubs"]] == [hub[key] for hub in wanted["hubs"]]


def _flat(tree: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for key in SAME:
        stack = [(key, tree[key])]
        while stack:
            name, part = stack.pop()
            inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else None
            if inner is None:
                found[name] = part
            else:
                stack.extend((f"{name}.{step}", value) for step, value in inner)
    return found


QUESTIONS: dict[str, dict[str, Any]] = {
    "budget": {},
    "no connected share": {"demand.connected_share": None, "demand.groups": None},
    "no id": {"demand.id": None},
    "where": {"demand.where": {"province": "Sindh"}},
    "floors": {
        "model.floors": [{"group": "province", "share": 0.15}, {"people": "women", "share": 0.22}],
        "model.budget": 800,
    },
    "least cost": {"model": {"objective": "min_cost", "target_share": 0.6}},
    "fairness": {"model.fairness": "max_min"},
    "backup": {"coverage.backup": 2},
    "separation": {"model.min_separation_km": 20.0, "model.budget": 1400},
    "years": {
        "model": {"periods": {"years": [{"name": 1, "budget": 300}, {"name": 2, "budget": 400}]}},
        "demand.growth_per_year": 0.05,
    },
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_merged_csv_gives_the_plan_of_all_its_points(many: Many, name: str) -> None:
    merging = QUESTIONS[name] | {"demand.merge": True}
    plain = {key: value for key, value in QUESTIONS[name].items() if key != "demand.id"}
    plan, expected = hp.solve(many.read(merging)), hp.solve(many.read(plain))
    assert_same(plan, expected)
    assert plan.inputs.n_points == len(expected.demand)
    assert len(plan.demand) < len(expected.demand) / 2


def test_a_merged_geoparquet_gives_it_too(many: Many) -> None:
    expected = hp.solve(many.read())
    for number, options in enumerate([{}, {"geometry_encoding": "geoarrow"}, {"row_group_size": 333}]):
        settings = many.as_parquet(f"demand{number}.parquet", **options)
        assert_same(hp.solve(many.read(settings)), expected)


def test_a_parquet_file_may_have_columns_of_coordinates(many: Many) -> None:
    many.table.to_parquet(many.folder / "plain.parquet")
    settings = {"demand.path": str(many.folder / "plain.parquet"), "demand.merge": True}
    assert_same(hp.solve(many.read(settings)), hp.solve(many.read()))


def test_with_capacities_points_merge_only_where_a_seat_is_worth_the_same(many: Many) -> None:
    capacities = {"hubs.0.capacity": 900, "hubs.1.capacity": 3000}
    floors = {"model.floors": [{"group": "province", "value": "Sindh", "share": 0.15}]}
    for settings in (capacities, capacities | floors):
        expected = hp.solve(many.read(settings))
        plan = hp.solve(many.read(settings | {"demand.merge": True}))
        assert plan.summary()["objective_value"] == pytest.approx(expected.summary()["objective_value"], rel=1e-6)
        assert plan.hubs["load"].sum() <= plan.hubs["capacity"].sum() * (1 + 1e-9)
    rows = plan.inputs.demand.frame
    per_person = (rows["need"] / rows["people"]).to_numpy()
    assert np.allclose(np.min(np.abs(per_person[:, None] - [1.0, 0.75, 0.5]), axis=1), 0, atol=1e-12)


def test_rows_come_back_by_number_and_add_up(many: Many) -> None:
    plan = hp.solve(many.read({"demand.merge": True}))
    demand, table = plan.demand, many.table
    assert demand["demand_id"].tolist() == [f"M{number:06}" for number in range(1, len(demand) + 1)]
    assert demand["people"].sum() == table["people"].sum()
    assert demand.geometry.x.is_monotonic_increasing
    assert set(demand["province"]) == {"Punjab", "Sindh"}
    assert (demand["covered_share"] * demand["need"]).sum() == pytest.approx(plan.summary()["need"]["covered"])


def test_the_order_of_the_rows_of_the_file_makes_no_difference(many: Many) -> None:
    first = hp.solve(many.read({"demand.merge": True}))
    many.table.iloc[::-1].to_csv(many.folder / "demand.csv", index=False)
    second = hp.solve(many.read({"demand.merge": True}))
    assert_same(second, first)
    assert np.allclose(first.demand["need"], second.demand["need"], rtol=1e-12)


def test_planar_distances_merge_too(many: Many) -> None:
    in_metres(many)
    settings = {"demand.crs": "EPSG:32642", "travel": {"method": "planar", "detour": 1.2}}
    assert_same(hp.solve(many.read(settings | {"demand.merge": True})), hp.solve(many.read(settings)))


GRIDS = {
    "degrees": ("EPSG:4326", Affine(0.02, 0, 67.0, 0, -0.02, 30.6), {}),
    "rotated": ("EPSG:4326", Affine(0.018, 0.004, 67.0, 0.004, -0.02, 30.5), {}),
    "utm, great circle": ("EPSG:32642", Affine(2000, 0, 300_000, 0, -2000, 3_390_000), {}),
    "utm, planar": ("EPSG:32642", Affine(2000, 0, 300_000, 0, -2000, 3_390_000), {"travel": {"method": "planar"}}),
}
LAYOUTS = [{}, {"tiled": True, "blockxsize": 16, "blockysize": 16}, {"blockysize": 30, "compress": "deflate"}]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=["strips", "tiles", "one constraint"])
def test_a_raster_gives_the_plan_of_its_cells(many: Many, grid: str, layout: dict[str, Any]) -> None:
    crs, transform, travel = GRIDS[grid]
    people = np.random.default_rng(2).exponential(20, (30, 40)).astype(np.float32)
    people[:3, :5], people[4:8, 4:9], people[10, :7] = NODATA, 0, np.nan
    write_raster(many.folder / "people.tif", people, transform, crs, nodata=NODATA, **layout)
    cells = cells_of(many.folder / "people.tif")
    cells.to_csv(many.folder / "cells.csv", index=False)
    common = {"connected_share": 0.25, "priority": 2}
    columns = {"path": str(many.folder / "cells.csv"), "id": "id", "x": "x", "y": "y", "crs": crs, "people": "people"}
    of_cells = many.read({"demand": columns | common, **travel})
    of_raster = many.read({"demand": {"path": str(many.folder / "people.tif")} | common, **travel})
    plan, expected = hp.solve(of_raster), hp.solve(of_cells)
    assert_same(plan, expected)
    assert plan.inputs.n_points == len(cells)
    assert overview(plan.inputs)["demand_points"] == len(cells)


def test_scaled_whole_numbers_are_people(many: Many) -> None:
    path = many.folder / "people.tif"
    write_raster(path, np.full((4, 4), 25, dtype=np.uint8), Affine(0.1, 0, 67, 0, -0.1, 30.5), "EPSG:4326")
    import rasterio  # noqa: PLC0415

    with rasterio.open(path, "r+") as raster:
        raster.scales, raster.offsets = (0.5,), (1.0,)
    inputs = hp.read_inputs(many.read({"demand": {"path": str(path)}}))
    assert inputs.demand.frame["people"].sum() == 16 * 13.5


def test_the_run_folder_tells_points_and_rows(many: Many, tmp_path: Path) -> None:
    plan = hp.solve(many.read({"demand.merge": True}))
    folder = plan.write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["demand"] == {"rows": len(plan.demand), "points": 1500}
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["distance"] == plan.summary()["distance"]
    assert (folder / "map.png").stat().st_size > 10_000


def test_the_map_shows_the_need_where_it_is(many: Many) -> None:
    planar = {"travel": {"method": "planar"}, "demand.crs": "EPSG:32642"}
    for settings in ({}, {"hubs.0.capacity": 900, "hubs.1.capacity": 3000}, planar):
        if settings is planar:
            in_metres(many)
        expected, plan = hp.solve(many.read(settings)), hp.solve(many.read(settings | {"demand.merge": True}))
        shown, wanted = points_of(plan), points_of(expected)
        assert shown.need.sum() == pytest.approx(wanted.need.sum())
        assert shown.lonlat.min(axis=0) == pytest.approx(wanted.lonlat.min(axis=0), abs=0.01)
        covered = (shown.need * shown.covered_share).sum()
        assert covered == pytest.approx(
            plan.summary()["need"]["covered"], rel=0.15 if "hubs.0.capacity" in settings else 0.02
        )
    assert len(points_of(hp.solve(many.read(planar | {"demand.merge": True, "demand.connected_share": 1.0}))).need) > 0


def in_metres(many: Many) -> None:
    """Write the demand's coordinates in metres."""
    table = many.table
    places = gpd.GeoSeries(gpd.points_from_xy(table["lon"], table["lat"], crs="EPSG:4326")).to_crs("EPSG:32642")
    table.assign(lon=places.x, lat=places.y).to_csv(many.folder / "demand.csv", index=False)


def test_without_a_hub_there_is_no_distance(many: Many) -> None:
    many.folder.joinpath("sites.csv").write_text(
        "site_id,lon,lat,status,factor\nS1,67.2,30.2,candidate,1\n", encoding="utf-8"
    )
    for settings in ({}, {"demand.merge": True}):
        distance = hp.solve(many.read({"model.budget": 0, **settings})).summary()["distance"]
        need = (many.table["people"] * (1 - many.table["internet"])).sum()
        assert (distance["mean_km"], distance["max_km"], distance["nearest_km"]) == (None, None, None)
        assert distance["unreachable_need"] == pytest.approx(need)
        assert distance["unreachable_people"] == pytest.approx(many.table["people"].sum())


def test_rows_that_lie_about_their_points_are_found_out(many: Many) -> None:
    inputs = hp.read_inputs(many.read({"demand.merge": True}))
    solution = hp.solve(many.read({"demand.merge": True})).solution
    frame = inputs.demand.frame.assign(people=inputs.demand.frame["people"] * 1.01)
    lying = replace(inputs, demand=replace(inputs.demand, frame=frame))
    with pytest.raises(hp.SolverError, match=r"people within reach is .* by merged rows, .* by the points themselves"):
        second_look.remeasure(lying, solution.problem, solution.evaluation)


def test_a_file_that_changes_on_the_way_is_found_out(many: Many) -> None:
    plan = hp.solve(many.read({"demand.merge": True}))
    many.table.iloc[1:].to_csv(many.folder / "demand.csv", index=False)
    with pytest.raises(hp.DataError, match=r"demand\.csv: has changed while it was read"):
        second_look.remeasure(plan.inputs, plan.problem, plan.evaluation)
    (many.folder / "demand.csv").write_text("id,lon\n", encoding="utf-8")
    with pytest.raises(hp.DataError, match=r"demand\.csv, internet: is missing"):
        second_look.remeasure(plan.inputs, plan.problem, plan.evaluation)


def test_long_reads_say_how_far_they_are(
    many: Many, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merged, "PATIENCE_S", 0.0)
    with caplog.at_level(logging.INFO, "hubplanner"):
        hp.read_inputs(many.read({"demand.merge": True}))
    assert "read demand.csv: 1,500 points so far" in caplog.messages

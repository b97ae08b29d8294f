"""What goes with merged demand and with rasters, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from hubplanner.scenario import json_schema

if TYPE_CHECKING:
    from support.project import Project

MERGE = {"demand.merge": True}
RASTER = {"demand": {"path": "people.tif"}}


@pytest.mark.parametrize("base", [MERGE, RASTER], ids=["merge", "raster"])
@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"coverage": {"decay": "linear"}}, "coverage.decay: 'linear' found; allowed: step {why}: merged points are"),
        (
            {"model": {"objective": "p_median"}},
            "model.objective: 'p_median' found; allowed: max_coverage or min_cost {why}",
        ),
        (
            {"model": {"objective": "p_center"}},
            "model.objective: 'p_center' found; allowed: max_coverage or min_cost {why}",
        ),
        (
            {"model": {"objective": "min_cost", "target_share": 0.5, "travel_cost_per_km": 1}},
            "model.travel_cost_per_km: 1.0 found; allowed: none {why}: merged points share a distance",
        ),
        (
            {"hubs.0.capacity": 9, "model.assignment": "single"},
            "model.assignment: 'single' found; allowed: split {why}",
        ),
        (
            {"travel": {"method": "matrix", "path": "travel.csv"}},
            "travel.method: 'matrix' found; allowed: great_circle or planar {why}: a matrix is by demand row",
        ),
        ({"demand.spread_km": 3}, "demand.spread_km: 3.0 found; allowed: none {why}: its points are many already"),
        (
            {"demand.growth_per_year": "growth", "model": {"periods": {"years": [{"name": 1, "budget": 5}]}}},
            "demand.growth_per_year: 'growth' found; allowed: a number {why}",
        ),
    ],
)
def test_what_needs_each_point_s_own_distance_is_refused(
    project: Project, base: dict[str, Any], settings: dict[str, Any], fault: str
) -> None:
    why = "for a raster" if base is RASTER else "with demand.merge"
    [found] = project.refusal(base | settings)
    assert found.startswith(f"scenario.yaml, {fault.format(why=why)}")


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("demand.id", "id", "'id' found; allowed: none for a raster: its cells hold people and nothing else"),
        ("demand.people", "pop", "'pop' found; allowed: none for a raster: its cells hold people and nothing else"),
        ("demand.people", 3, "3.0 found; allowed: none for a raster: its cells hold people and nothing else"),
        ("demand.x", "lon", "'lon' found; allowed: none for a raster: its cells hold people and nothing else"),
        ("demand.encoding", "utf-8", "'utf-8' found; allowed: none for a raster: its cells hold people and nothing"),
        ("demand.layer", "a", "'a' found; allowed: none for a raster: its cells hold people and nothing else"),
        ("demand.groups", ["province"], "'province' found; allowed: none for a raster, which has no columns"),
        ("demand.where", {"province": "Sindh"}, "'province' found; allowed: none for a raster, which has no columns"),
        ("demand.connected_share", "net", "'net' found; allowed: a number for a raster, which has no columns"),
        ("demand.priority", "prio", "'prio' found; allowed: a number for a raster, which has no columns"),
    ],
)
def test_a_raster_has_no_columns(project: Project, key: str, value: object, fault: str) -> None:
    [found] = project.refusal(RASTER | {key: value})
    assert found.startswith(f"scenario.yaml, {key}: {fault}")


def test_floors_of_other_people_need_columns(project: Project) -> None:
    [found] = project.refusal(RASTER | {"model.floors": [{"people": "women", "share": 0.1}]})
    assert found == (
        "scenario.yaml, model.floors.0.people: 'women' found; allowed: none for a raster, which has no columns"
    )


@pytest.mark.parametrize("path", ["demand.gpkg", "demand.shp", "demand.geojson"])
def test_files_that_are_not_read_in_parts_are_not_merged(project: Project, path: str) -> None:
    settings = MERGE | {"demand.path": path, "demand.x": None, "demand.y": None}
    [found] = project.refusal(settings)
    assert found.startswith("scenario.yaml, demand.merge: True found; allowed: only with CSV or GeoParquet, which are")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"demand.y": None}, "demand.y: is required: x and y go together"),
        (
            {"demand.x": None, "demand.y": None, "demand.encoding": "cp1252"},
            "demand.encoding: 'cp1252' found; allowed: only",
        ),
        ({"demand.layer": "a"}, "demand.layer: 'a' found; allowed: only for a file of layers, not CSV or Parquet"),
    ],
)
def test_parquet_names_its_coordinates_wholly_or_not_at_all(
    project: Project, settings: dict[str, Any], fault: str
) -> None:
    [found] = project.refusal(MERGE | {"demand.path": "demand.parquet"} | settings)
    assert found.startswith(f"scenario.yaml, {fault}")


def test_people_are_required_but_where_cells_hold_them(project: Project) -> None:
    required = ["scenario.yaml, demand.people: is required"]
    assert project.refusal({"demand.id": None, "demand.people": None}) == required
    assert project.refusal(MERGE | {"demand.id": None, "demand.people": None}) == required
    assert project.refusal({"demand.id": None, "demand.people": None, "demand.path": None})[1:] == required
    assert project.read(MERGE | {"demand.id": None}).demand.is_merged
    assert project.read(RASTER).demand.is_merged
    assert not project.read().demand.is_merged


@pytest.mark.parametrize(
    ("demand", "fine"),
    [
        ({"path": "a.tif"}, True),
        ({"path": "a.csv", "people": 1}, False),
        ({"path": "a.csv", "people": 1, "merge": True}, True),
        ({"path": "a.csv", "people": 1, "merge": False}, False),
        ({"path": "a.csv", "people": 1, "id": "b"}, True),
        ({"path": "a.csv", "id": "b"}, False),
    ],
)
def test_the_schema_knows_it_too(demand: dict[str, Any], fine: bool) -> None:  # noqa: FBT001
    tree = {"name": "a", "demand": demand, "sites": {"path": "s.csv", "id": "i"}, "hubs": [{"name": "h", "capex": 1}]}
    assert Draft202012Validator(json_schema()).is_valid(tree) == fine

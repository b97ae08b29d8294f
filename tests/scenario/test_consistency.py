"""Keys that contradict each other, and features of a later version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.project import Project


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hubs.0.reach_km": None}, "hubs.0: 'centre' found; allowed: exactly one of reach_km and reach_minutes"),
        (
            {"hubs.0.reach_minutes": 9, "travel.speed_kmh": 30},
            "hubs.0: 'centre' found; allowed: exactly one of reach_km and reach_minutes",
        ),
        ({"hubs.1.name": "centre"}, "hubs.1.name: 'centre' found; allowed: a name no other tier has"),
        (
            {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 9},
            "travel.speed_kmh: is required, since a tier's reach is in minutes and travel in kilometres",
        ),
        ({"travel.speed_kmh": 30}, "travel.speed_kmh: 30.0 found; allowed: only with reach_minutes or a matrix"),
        ({"travel.method": "matrix"}, "travel.path: is required for method matrix"),
        (
            {"travel.method": "matrix", "travel.path": "t.csv", "travel.detour": 1.3},
            "travel.detour: 1.3 found; allowed: 1 with method matrix: its distances are travelled ones already",
        ),
        (
            {"travel.method": "matrix", "travel.path": "t.csv", "demand.spread_km": 3},
            "demand.spread_km: 3.0 found; allowed: only with computed distances",
        ),
        ({"demand.x": None}, "demand.x: is required for a CSV file"),
        ({"sites.y": None}, "sites.y: is required for a CSV file"),
        ({"demand.path": "a.gpkg", "demand.x": None}, "demand.y: 'lat' found; allowed: only for a CSV file"),
        (
            {"sites.path": "a.gpkg", "sites.x": None, "sites.y": None, "sites.encoding": "cp1252"},
            "sites.encoding: 'cp1252'",
        ),
        ({"demand.layer": "a"}, "demand.layer: 'a' found; allowed: only for a file of layers, not CSV or Parquet"),
        ({"demand.groups": ["need"]}, "demand.groups: 'need' found; allowed: a column with a name other than"),
        (
            {"model.require": ["S1", "S2"], "model.exclude": ["S2"]},
            "model.require: 'S2' found; allowed: a site that model.exclude does not name",
        ),
        ({"model.objective": "min_cost"}, "model.target_share: is required for objective min_cost"),
        ({"model.target_share": 0.5}, "model.target_share: 0.5 found; allowed: only with objective min_cost"),
    ],
)
def test_keys_that_contradict_each_other_are_named(project: Project, settings: dict[str, Any], message: str) -> None:
    [found] = project.refusal(settings)
    assert found.startswith(f"scenario.yaml, {message}")


def test_a_table_of_travel_is_refused_where_distances_are_computed(project: Project) -> None:
    [found] = project.refusal({"travel.path": "t.csv"})
    assert found.startswith("scenario.yaml, travel.path: '")
    assert found.endswith("' found; allowed: only with method matrix, not great_circle")


@pytest.mark.parametrize(
    "settings",
    [
        {"travel.speed_kmh": 30, "hubs.0.reach_km": None, "hubs.0.reach_minutes": 9},
        {"travel.method": "matrix", "travel.path": "t.csv", "travel.speed_kmh": 30},
        {"demand.path": "A.GPKG", "demand.x": None, "demand.y": None, "demand.layer": "a"},
        {"demand.path": "A.CSV"},
    ],
)
def test_keys_that_belong_together_pass(project: Project, settings: dict[str, Any]) -> None:
    assert project.read(settings).name == "small"


def test_a_method_that_there_is_not_is_refused_with_those_there_are(project: Project) -> None:
    [found] = project.refusal({"travel.method": "camel"})
    allowed = "one of great_circle, planar, matrix, network, friction, terrain"
    assert found == f"scenario.yaml, travel.method: 'camel' found; allowed: {allowed}"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"travel.encoding": "cp1252"}, "travel.encoding: 'cp1252' found; allowed: only with method matrix, not"),
        (
            {"travel.oops": 1},
            "travel.oops: 1 found; allowed: a known key, one of detour, method, speed_kmh",
        ),
        ({"travel": 5}, "travel: 5 found; allowed: keys with values below it"),
        (
            {"travel": {"method": "matrix", "path": "t.gpkg", "encoding": "cp1252"}},
            "travel.encoding: 'cp1252' found; allowed: only with a CSV table",
        ),
    ],
)
def test_a_key_of_another_method_is_none(project: Project, settings: dict[str, Any], message: str) -> None:
    [found] = project.refusal(settings)
    assert found.startswith(f"scenario.yaml, {message}")

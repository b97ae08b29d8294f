"""The scenario's JSON Schema, and scenarios written back to YAML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from hubplanner.scenario import dump_scenario, json_schema, read_scenario
from hubplanner.scenario.text import assign, parse_yaml, read_yaml

if TYPE_CHECKING:
    from conftest import Project

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


def complaints(tree: object) -> list[str]:
    return [error.message for error in Draft202012Validator(json_schema()).iter_errors(tree)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described() -> None:
    schema = json_schema()
    undescribed = [
        f"{name}.{key}"
        for name, section in [("", schema), *schema["$defs"].items()]
        if name != "Variant"
        for key, part in section["properties"].items()
        if "description" not in part and "$ref" not in part
    ]
    assert undescribed == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_schema_accepts_the_shipped_scenarios(path: Path) -> None:
    assert complaints(read_yaml(path)) == []


def test_the_schema_accepts_the_small_scenario(project: Project) -> None:
    assert complaints(read_yaml(project.folder / "scenario.yaml")) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("demand.where", {"province": "Punjab"}),
        ("demand.where", {"code": [1, "a"]}),
        ("model.require", [1, "S2"]),
        ("model.budget", 2e9),
        ("demand.people", 12),
        ("overrides.lean", {"demand": {"where": {"province": "Punjab"}}}),
        ("extends", "base.yaml"),
    ],
)
def test_the_schema_accepts_what_the_reader_does(project: Project, key: str, value: object) -> None:
    assert complaints(assign(read_yaml(project.folder / "scenario.yaml"), key, value)) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("oops", 1),
        ("demand.oops", 1),
        ("hubs.0.oops", 1),
        ("overrides.lean.oops", 1),
        ("overrides.lean.model.oops", 1),
        ("model.budget", "12"),
        ("demand.where", {"province": []}),
        ("hubs", []),
        ("hubs.0", {"name": "a"}),
        ("demand", {"path": "a.csv"}),
        ("sites", {"path": "a.csv"}),
        ("name", "two words"),
    ],
)
def test_the_schema_refuses_what_the_reader_does(project: Project, key: str, value: object) -> None:
    assert complaints(assign(read_yaml(project.folder / "scenario.yaml"), key, value)) != []


@pytest.mark.parametrize("missing", ["name", "demand", "sites", "hubs"])
def test_only_a_file_that_extends_another_may_leave_out_a_part(project: Project, missing: str) -> None:
    tree = read_yaml(project.folder / "scenario.yaml")
    del tree[missing]
    assert complaints(tree) != []
    assert complaints(tree | {"extends": "base.yaml"}) == []


# --- writing


SETTINGS: list[dict[str, Any]] = [
    {},
    {"model.require": [7, "007", "no", "true", "1e5"], "demand.where": {"province": ["Punjab", "null"]}},
    {"solver.gap": 1e-9, "model.budget": 2e9, "description": "a: b # c\nلاڑکانا", "demand.people": "12"},  # noqa: RUF001 - Urdu
    {"travel.method": "matrix", "travel.path": "/data/t.csv", "model.max_hubs": 0},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_written_scenario_reads_back_the_same(project: Project, settings: dict[str, Any], tmp_path: Path) -> None:
    scenario = project.read(settings)
    folder = tmp_path / "runs" / "first"
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(dump_scenario(scenario, folder), encoding="utf-8")
    assert read_scenario(folder / "scenario.yaml").model_dump() == scenario.model_dump()


def test_paths_are_written_relative_to_the_folder_or_left_absolute(project: Project, tmp_path: Path) -> None:
    scenario = project.read()
    relative = parse_yaml(dump_scenario(scenario, tmp_path / "runs" / "first"), "f")
    assert relative["demand"]["path"] == "../../demand.csv"
    assert relative["sites"]["path"] == "../../sites.csv"
    assert parse_yaml(dump_scenario(scenario), "f")["demand"]["path"] == str(project.folder / "demand.csv")


def test_a_path_on_another_drive_stays_absolute(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def relpath(_path: str, _start: object) -> str:
        message = "path is on mount 'D:', start on mount 'C:'"
        raise ValueError(message)

    monkeypatch.setattr("os.path.relpath", relpath)
    written = parse_yaml(dump_scenario(project.read(), project.folder), "f")
    assert written["demand"]["path"] == str(project.folder / "demand.csv")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_written_shipped_scenario_satisfies_the_schema(path: Path) -> None:
    assert complaints(parse_yaml(dump_scenario(read_scenario(path), path.parent), "f")) == []


def test_every_default_is_spelled_out_and_unused_keys_are_not(project: Project) -> None:
    written = parse_yaml(dump_scenario(project.read()), "f")
    assert written["solver"]["name"] == "highs"
    assert written["coverage"] == {"decay": "step"}
    assert "spread_km" not in written["demand"]
    assert "overrides" not in written

"""The scenario's JSON Schema, and scenarios written back to YAML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from hubplanner.scenario import dump_scenario, json_schema, read_scenario
from hubplanner.scenario.yaml_text import assign, parse_yaml, read_yaml

if TYPE_CHECKING:
    from support.project import Project

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


@cache
def schema() -> dict[str, Any]:
    """Return the schema that all tests look at and none changes: making it takes longer than most of them."""
    return json_schema()


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def complaints(tree: object) -> list[str]:
    return [error.message for error in validator().iter_errors(tree)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_described() -> None:
    undescribed = [
        f"{name}.{key}"
        for name, section in [("", schema()), *schema()["$defs"].items()]
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
        ("travel", {"detour": 1.3}),
        ("travel", {"method": "matrix", "path": "t.csv"}),
        ("overrides.lean", {"travel": {"path": "t.csv"}}),
        ("overrides.lean", None),
        ("model.existing", {"upgrade": True, "close": "S2"}),
        ("model.existing", {"upgrade": [1, "S2"], "close": 7, "upgrade_fee": "fee"}),
        ("model.periods", {"years": [{"name": 2027, "budget": 5}], "nested": False}),
        ("model.at_most_one", [[1, "S2"]]),
        (
            "futures",
            {"named": [{"name": 1, "need": {"province": {"Sindh": 2}}, "cost": {"park": 1.2}, "sites_out": 7}]},
        ),
        ("futures", {"sample": 9, "ranges": {"need": {"province": [0.5, 2]}, "cost": [1, 1.5], "site_out": 0.1}}),
        ("model.floors", [{"share": 1}, {"group": "province", "value": 3, "people": "women", "share": 0}]),
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
        ("sites", {"id": "site_id"}),
        ("name", "two words"),
        ("hubs.0.capacity", 0.5),
        ("coverage.backup", 3),
        ("model.target_share", 1.1),
        ("model.floors", [{"group": "province"}]),
        ("model.floors", [{"share": 1.1}]),
        ("model.hub_limits", [{"max": 1}]),
        ("model.at_most_one", [[]]),
        ("model.only_with", [{"site": "S1"}]),
        ("model.existing", {"close": []}),
        ("model.existing", {"close": 1.5}),
        ("model.existing", {"fee": 1}),
        ("model.periods", {"years": [{"name": 2027}]}),
        ("model.periods", {"nested": "no"}),
        ("futures", {"named": [{"name": "a", "need": 0}]}),
        ("futures", {"named": [{"need": 1.5}]}),
        ("futures", {"named": [{"name": "a", "probability": 1.5}]}),
        ("futures", {"sample": 0}),
        ("futures", {"sample": 2, "ranges": {"cost": [1]}}),
        ("travel", {"method": "camel"}),
        ("travel", {"method": "friction", "raster": {"path": "f.tif", "unit": "hours"}}),
        ("travel", {"method": "friction", "raster": {"path": "f.tif", "unit": "km_per_hour"}, "moves": 4}),
        ("travel", {"method": "great_circle", "path": "t.csv"}),
        ("travel", {"method": "matrix", "path": "t.csv", "detour": 1.3}),
        ("model.under", "best"),
        ("solver.ties", "no"),
    ],
)
def test_the_schema_refuses_what_the_reader_does(project: Project, key: str, value: object) -> None:
    assert complaints(assign(read_yaml(project.folder / "scenario.yaml"), key, value)) != []


ALL_KEYS: dict[str, list[str]] = {
    "CoverageSpec": ["decay", "full_km", "width_km", "backup", "backup_weight"],
    "FloorSpec": ["group", "value", "people", "share"],
    "TakeUpSpec": ["share", "e_fold_km"],
    "FairnessSpec": ["alpha", "group", "linear_below_share", "prefer_largest_of"],
    "HubLimitSpec": ["group", "value", "min", "max", "where_needed"],
    "OnlyWithSpec": ["site", "needs"],
    "ExistingSpec": ["upgrade", "upgrade_fee", "close", "close_saving"],
    "YearSpec": ["name", "budget"],
    "PeriodsSpec": ["years", "carry_over", "discount_rate", "nested"],
    "ModelSpec": [
        *(
            "objective",
            "under",
            "cvar_level",
            "budget",
            "max_hubs",
            "min_hubs",
            "hub_limits",
            "target_share",
            "travel_cost_per_km",
        ),
        *("assignment", "capacity_of", "max_per_site", "mixed_tiers"),
        *("floors", "fairness", "fairness_group", "fairness_goal"),
        *("min_separation_km", "require", "exclude", "at_most_one", "only_with", "existing", "periods"),
    ],
    "FuturesSpec": ["named", "sample", "ranges", "seed", "limits_on_average", "information"],
    "FutureSpec": [
        *("name", "probability", "need", "cost", "reach", "sites_out", "tiers_out"),
        *("roads_closed", "roads_closed_in", "road_speed"),
    ],
    "ClosedAreasSpec": ["path", "layer", "crs"],
    "RangesSpec": ["need", "cost", "reach", "site_out"],
    "TierSpec": [
        *("name", "capex", "opex_per_year", "reach_km", "reach_minutes", "capacity", "mbps", "links", "kwh_year"),
    ],
    "BackhaulSpec": [
        *("note", "nodes", "lines", "towers", "edges", "table", "neighbours", "detour", "existing_connected"),
        *("technologies", "electricity"),
    ],
    "ElectricitySpec": ["kwh_cost", "grid_km", "grid_cost_per_km", "solar_per_w", "kwh_per_w_year"],
    "FibreSpec": ["cost_per_km", "site_cost", "upkeep_per_km_year", "per_mbps_year", "max_km", "max_mbps", "kwh_year"],
    "AloneSpec": ["site_cost", "per_line_year", "per_mbps_year", "max_mbps", "lines", "kwh_year"],
    "MicrowaveSpec": [
        *("hop_cost", "relay_cost", "tower_per_10_m", "tower_m", "max_hop_km", "max_hops", "licence_year"),
        *("per_mbps_year", "max_mbps", "line_of_sight", "sights", "kwh_year"),
    ],
    "TechnologiesSpec": ["fibre", "microwave", "satellite", "cellular"],
    "GreatCircleSpec": ["method", "detour", "speed_kmh"],
    "PlanarSpec": ["method", "detour", "speed_kmh"],
    "MatrixSpec": [
        "method",
        "detour",
        "speed_kmh",
        "path",
        "demand_id",
        "site_id",
        "km",
        "minutes",
        "wide",
        "encoding",
    ],
    "NetworkSpec": [
        *("method", "detour", "speed_kmh", "roads", "modes", "direction"),
        *("access_kmh", "access_max_km", "walk_straight", "island_km", "barriers"),
    ],
    "RoadsSpec": [
        *("path", "layer", "encoding", "crs", "class", "oneway", "speed_kmh", "minutes", "where"),
        *("topology", "snap_m"),
        *("ferries", "ferry_kmh", "ferry_wait_minutes"),
    ],
    "FrictionSpec": ["method", "detour", "speed_kmh", "raster", "moves", "access_max_km", "max_minutes"],
    "FrictionRasterSpec": ["path", "band", "unit", "crs"],
    "TerrainSpec": [
        *("method", "detour", "speed_kmh", "land_cover", "speeds", "dem", "direction", "moves", "corners"),
        *("roads", "modes", "barriers"),
        *("access_max_km", "max_minutes"),
    ],
    "RasterBandSpec": ["path", "band", "crs"],
    "GroundSpeedSpec": ["class", "kmh", "mode"],
    "ModeSpec": ["name", "speeds", "kmh", "speed_factor"],
    "SolverSpec": ["name", "gap", "time_limit_s", "threads", "seed", "ties", "method"],
}


@pytest.mark.parametrize("section", ALL_KEYS)
def test_the_schema_knows_every_key(section: str) -> None:
    assert set(schema()["$defs"][section]["properties"]) == set(ALL_KEYS[section])


@pytest.mark.parametrize("missing", ["name", "demand", "sites", "hubs"])
def test_only_a_file_that_extends_another_may_leave_out_a_part(project: Project, missing: str) -> None:
    tree = read_yaml(project.folder / "scenario.yaml")
    del tree[missing]
    assert complaints(tree) != []
    assert complaints(tree | {"extends": "base.yaml"}) == []


# --- writing


SETTINGS: list[dict[str, Any]] = [
    {},
    {"model.require": [7, "007", "no", "true", "1e5"], "demand": {"where": {"province": ["Punjab", "null"]}}},
    {"solver.gap": 1e-9, "model.budget": 2e9, "description": "a: b # c\nلاڑکانا", "demand.people": "12"},  # noqa: RUF001 - Urdu
    {"travel.method": "matrix", "travel.path": "/data/t.csv", "model.max_hubs": 0},
    {
        "demand": {"groups": ["province"], "growth_per_year": "rate"},
        "sites.groups": ["district"],
        "hubs.0.capacity": 600,
        "coverage": {"decay": "gaussian", "full_km": 1, "width_km": 2.5},
        "model": {
            "objective": "p_median",
            "min_hubs": 1,
            "max_hubs": 9,
            "max_per_site": 3,
            "mixed_tiers": True,
            "assignment": "single",
            "hub_limits": [{"group": "district", "min": 1}, {"group": "district", "value": 7, "max": 2}],
            "floors": [{"share": 0.1}, {"group": "province", "value": "no", "people": "women", "share": 1}],
            "at_most_one": [["S1", "007"], ["S3", 4]],
            "only_with": [{"site": "S1", "needs": 3}],
            "periods": {
                "years": [{"name": 2027, "budget": 5e8}, {"name": "next", "budget": 0}],
                "carry_over": False,
                "discount_rate": 0.05,
                "nested": False,
            },
        },
        "solver.ties": False,
    },
    {
        "demand.groups": ["province"],
        "model": {"under": "cvar", "cvar_level": 0.75},
        "futures": {
            "named": [
                {"name": 2030, "probability": 0.25, "need": {"province": {"007": 2, "no": 0.5}}, "cost": 1.5},
                {
                    "name": "b",
                    "probability": 0.75,
                    "reach": {"park": 0.5},
                    "sites_out": ["S1", 4],
                    "tiers_out": ["park"],
                },
            ]
        },
    },
    {"demand.groups": ["province"], "model": {"fairness": {"alpha": float("inf"), "group": "auto"}}},
    {"demand.groups": ["province"], "model": {"fairness": {"alpha": 0.5, "linear_below_share": 0.01}}},
    {"futures": {"sample": 9, "seed": 3, "ranges": {"cost": {"park": [1, 1.5]}, "site_out": 0.1}}},
    {
        "coverage": {"backup": 2, "backup_weight": 0.3},
        "demand.groups": ["province"],
        "model": {
            "objective": "min_cost",
            "target_share": 0.5,
            "travel_cost_per_km": 0.0,
            "min_separation_km": 3,
            "fairness": "max_min",
            "fairness_group": "province",
            "fairness_goal": "tie_break",
            "existing": {"upgrade": True, "upgrade_fee": "fee", "close": ["S2", 9], "close_saving": 40},
        },
    },
]


def flat(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of whole sections as settings of their keys, so that the rest of the section stays."""
    parts = {key: value if isinstance(value, dict) else {"": value} for key, value in settings.items()}
    return {f"{key}.{name}".strip("."): value for key, part in parts.items() for name, value in part.items()}


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_written_scenario_reads_back_the_same(project: Project, settings: dict[str, Any], tmp_path: Path) -> None:
    scenario = project.read(flat(settings))
    assert complaints(parse_yaml(dump_scenario(scenario), "f")) == []
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
    assert written["coverage"] == {"decay": "step", "full_km": 0.0, "backup": 1}
    assert "spread_km" not in written["demand"]
    assert "overrides" not in written

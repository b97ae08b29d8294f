"""A file that cannot be used is told with the key that names it, as one that is not there is."""

from __future__ import annotations

from typing import Any

import pytest
from support.project import Project

from hubplanner.errors import DataError
from hubplanner.inputs import read_inputs
from hubplanner.scenario import read_scenario
from hubplanner.scenario.files import keys_of_files

PLACES = {"x": None, "y": None}
LINES = {"fibre": {"cost_per_km": 1}}
NAMES = ("a.gpkg", "a.geojson", "a.parquet", "a.shp", "a.fgb", "a.kml", "a.xlsx", "a.zip")


def at_points(name: str, section: str) -> dict[str, Any]:
    """Return settings by which a section names a file."""
    plain = name.endswith(".xlsx")
    return {f"{section}.path": name} | ({} if plain else {f"{section}.{key}": None for key in PLACES})


@pytest.mark.parametrize("section", ["demand", "sites"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_as_its_name_says_is_told_with_its_key(project: Project, name: str, section: str) -> None:
    project.write(name, "nothing of the kind")
    told = project.messages(at_points(name, section))
    assert any(
        message.startswith((f"{name}, {section}.path: ", f"{name}, row 1, {section}.path: ")) for message in told
    ), told


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b""])
def test_a_table_that_is_no_text_is_told_with_its_key(project: Project, content: bytes) -> None:
    project.write("a.csv", content)
    project.write("places.csv", content)
    join = {"path": "a.csv", "on": {"demand_id": "id"}, "take": {"a": "a"}}
    for key, settings in {
        "demand.path": {"demand.path": "a.csv"},
        "sites.path": {"sites.path": "a.csv"},
        "travel.path": {"travel.method": "matrix", "travel.path": "a.csv"},
        "demand.join.0.path": {"demand.join": [join]},
    }.items():
        told = project.messages(settings)
        assert any(message.startswith((f"a.csv, {key}: ", f"a.csv, row 1, {key}: ")) for message in told), told


def test_files_of_one_name_are_told_with_the_keys_of_all(project: Project) -> None:
    for folder in ("one", "two"):
        (project.folder / folder).mkdir()
        project.write(f"{folder}/a.gpkg", "nothing of the kind")
    told = project.messages(at_points("one/a.gpkg", "demand") | at_points("two/a.gpkg", "sites"))
    assert told[0].startswith("a.gpkg, demand.path / sites.path: "), told
    keys = keys_of_files(project.read(at_points("one/a.gpkg", "demand") | at_points("two/a.gpkg", "sites")))
    assert keys[str(project.folder / "two/a.gpkg")] == "sites.path"


def test_the_parts_of_a_shapefile_are_told_with_its_key(project: Project) -> None:
    project.write("a.shp", "nothing of the kind")
    project.write("a.dbf", "nothing of the kind")
    keys = keys_of_files(project.read(at_points("a.shp", "demand")))
    assert keys["a.dbf"] == keys[str(project.folder / "a.dbf")] == keys["a.shp"] == "demand.path"


@pytest.mark.parametrize(
    "key", ["map.water", "demand.spread_by.path", "backhaul.nodes.0.path", "backhaul.lines.0.path"]
)
def test_every_place_that_names_a_file_is_told(project: Project, key: str) -> None:
    settings = {
        "map.water": {"map": {"water": "a.gpkg"}},
        "demand.spread_by.path": {"demand.spread_by": {"path": "a.gpkg"}},
        "backhaul.nodes.0.path": {"backhaul": {"nodes": [{"path": "a.gpkg"}], "technologies": LINES}},
        "backhaul.lines.0.path": {
            "backhaul": {"lines": [{"path": "a.gpkg"}], "nodes": [{"path": "b.gpkg"}], "technologies": LINES}
        },
    }[key]
    keys = keys_of_files(project.read(settings))
    assert keys["a.gpkg"].startswith(key)


def test_a_variant_that_names_a_broken_file_is_told(project: Project) -> None:
    project.write("a.csv", b"\x00\x01")
    project.write("more.yaml", "extends: scenario.yaml\noverrides: {torn: {demand: {path: a.csv}}}\n")
    with pytest.raises(DataError) as caught:
        read_inputs(read_scenario(project.folder / "more.yaml", ("torn",)))
    assert caught.value.faults[0].column == "overrides.torn.demand.path"

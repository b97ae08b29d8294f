"""Tables of demand that are read in parts: the same faults as when read whole, and all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.instances.demand_files import Many, write_many
from support.project import DEMAND

import hubplanner as hp
from hubplanner.inputs.demand import point_stream as labels, point_stream as points, point_stream as repeats
from hubplanner.inputs.readers import csv as delimited

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

MERGE = {"demand.merge": True}


@pytest.fixture
def many(tmp_path: Path) -> Many:
    return write_many(tmp_path)


@pytest.fixture(params=[60, 1 << 24], ids=["line by line", "whole"])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a CSV file in blocks of about a line, or whole."""
    monkeypatch.setattr(delimited, "BLOCK", request.param)
    monkeypatch.setattr(delimited, "ROWS", 2)


def faults_of(many: Many, settings: dict[str, Any]) -> list[str]:
    with pytest.raises(hp.DataError) as caught:
        hp.read_inputs(many.read(settings))
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1000", ""),
        ("1000", "-3"),
        ("1000", "nan"),
        ("1000", "-inf"),
        ("1000", "1e400"),
        ("1000", "true"),
        ("1000", "0x1F"),
        ("1000", "1_234"),
        ("1000", '"1,234"'),
        ("0.25", "45"),
        ("0.25", "45%"),
        ("1.5,Punjab", "-1,Punjab"),
        ("D3", ""),
        ("D3", "D2"),
        ("Punjab,20", ",20"),
        ("67.10", "67E"),
        ("67.10", ""),
        ("67.10,30.05", "30.05,97.1"),
        ("67.10,30.05", "167.1,-91"),
        ("500,", "500,,"),
        ("D4", '"D4'),
        ("D2", '"D"2'),
        ("demand_id", '"demand"_id'),
        ("people", "weight"),
        ("people", "folk"),
        ("Balochistan,8", "B\0,8"),
    ],
)
def test_a_fault_is_told_as_when_the_file_is_read_whole(project: Project, old: str, new: str) -> None:
    project.edit("demand.csv", old, new)
    assert project.messages(MERGE) == project.messages()


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \r\n",
        DEMAND.splitlines()[0].encode(),
        DEMAND.replace("Balo", "B\u00e1l").encode("latin-1"),
    ],
)
def test_a_file_that_is_no_clean_csv_is_refused_alike(project: Project, content: bytes) -> None:
    project.write("demand.csv", content)
    assert project.messages(MERGE) == project.messages()


@pytest.mark.parametrize(
    "settings",
    [
        {"demand.id": "pcode"},
        {"demand.people": "geometry"},
        {"demand.groups": ["district"]},
        {"demand.where": {"province": "Sindh"}},
        {"demand.where": {"province": "Punjab", "area": [12, 8]}},
        {"demand.x": "lat", "demand.y": "lon"},
        {"demand.crs": "EPSG:0"},
        {"demand.crs": "EPSG:32642"},
        {"travel.method": "planar"},
        {"demand.crs": "EPSG:3857", "travel.method": "planar"},
        {"model.floors": [{"group": "province", "value": "Sindh", "share": 0.1}]},
        {"demand.path": "nosuch.csv"},
        {"demand.people": "province", "demand.connected_share": "people", "model.require": ["S9"]},
    ],
)
def test_wrong_settings_are_told_alike(project: Project, settings: dict[str, Any]) -> None:
    assert project.messages(settings | MERGE) == project.messages(settings)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + DEMAND.replace("\n", "\r\n"),
        DEMAND.replace("\n", "\r"),
        DEMAND.replace("\n", "\n\n"),
        DEMAND.replace(",", " , "),
        DEMAND.replace("\n", ",,\n"),
        DEMAND.rstrip("\n"),
        DEMAND.replace("500", '"500"'),
        DEMAND.replace("Balochistan", '"Balo,\nchistan"'),
        DEMAND.replace(",", ";"),
        DEMAND.encode("utf-16"),
    ],
)
def test_the_ways_spreadsheets_write_csv_make_no_difference(project: Project, content: str | bytes) -> None:
    expected = project.inputs(MERGE).demand.frame
    project.write("demand.csv", content)
    found = project.inputs(MERGE).demand.frame
    assert found.drop(columns="province").equals(expected.drop(columns="province"))


def test_faults_of_all_parts_and_columns_come_at_once(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 9000)
    table = many.table.astype({"people": object, "internet": object})
    table.loc[3, "people"], table.loc[900, "internet"], table.loc[1400, "lat"] = "x", 45, 95
    table.to_csv(many.folder / "demand.csv", index=False)
    assert [fault.partition(" found")[0] for fault in faults_of(many, MERGE)] == [
        "demand.csv, row 5, people: 'x'",
        "demand.csv, row 902, internet: '45'",
        f"demand.csv, row 1402, lon, lat: '{table.loc[1400, 'lon']:g}, 95'",
    ]


def test_many_faults_are_counted_and_reading_stops(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 9000)
    monkeypatch.setattr(points, "MOST_SHOWN", 3)
    monkeypatch.setattr(points, "MOST_FAULTS", 6)
    many.table.assign(people=-1).to_csv(many.folder / "demand.csv", index=False)
    found = faults_of(many, MERGE)
    assert found[2] == "demand.csv, row 4, people: '-1' found; allowed: a number of at least 0"
    assert found[3].endswith("more rows up to this one have the same fault")
    assert found[-1] == "demand.csv, demand.path: was not read to its end, after 8 faults"


def test_ids_are_unique_over_the_whole_file(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 9000)
    table = many.table
    table.loc[1200, "id"] = table.loc[1300, "id"] = "D7"
    table.to_csv(many.folder / "demand.csv", index=False)
    again = "'D7' found; allowed: an id only once; row 9 has it already"
    expected = [f"demand.csv, row {row}, id: {again}" for row in (1202, 1302)]
    assert faults_of(many, MERGE) == expected == faults_of(many, {})
    assert hp.read_inputs(many.read(MERGE | {"demand.id": None})).n_points == 1500
    only = {"demand.where": {"women": [str(table.loc[7, "women"])]}}
    assert [row in faults_of(many, {}) for row in expected] == [True, True]
    hp.read_inputs(many.read(MERGE | only)) if table.loc[7, "women"] not in set(
        table.loc[[1200, 1300], "women"]
    ) else None
    monkeypatch.setattr(points, "MOST_SHOWN", 1)
    assert faults_of(many, MERGE)[1:] == ["demand.csv, id: at least 1 more rows have an id that stands above them"]


def test_ids_that_only_share_a_hash_are_no_repeat(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "hashes", lambda words: np.full(len(words), 7, dtype=np.uint64))
    assert hp.read_inputs(many.read(MERGE)).n_points == 1500


def test_places_with_lon_and_lat_exchanged_are_found_by_what_most_of_the_file_is(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK", 9000)
    table = many.table
    table.loc[[5, 800], ["lon", "lat"]] = table.loc[[5, 800], ["lat", "lon"]].to_numpy()
    table.to_csv(many.folder / "demand.csv", index=False)
    assert faults_of(many, MERGE) == faults_of(many, {})
    assert [fault.split(",")[1] for fault in faults_of(many, MERGE)] == [" row 7", " row 802"]


def test_sites_with_lon_and_lat_exchanged_are_found(many: Many) -> None:
    settings = {"sites.x": "lat", "sites.y": "lon"}
    sites = (many.folder / "sites.csv").read_text(encoding="utf-8").replace("lon,lat", "b,a")
    (many.folder / "sites.csv").write_text(sites, encoding="utf-8")
    settings = {"sites.x": "a", "sites.y": "b"}
    assert faults_of(many, settings | MERGE) == faults_of(many, settings)
    assert "look swapped" in faults_of(many, settings | MERGE)[0]


def test_too_many_combinations_of_groups_are_refused(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (points, labels):
        monkeypatch.setattr(module, "MOST_LABELS", 20)
    assert faults_of(many, MERGE | {"demand.groups": ["id"]}) == [
        "demand.csv, demand.path: '1,500 or more' found; allowed: at most 20 combinations of groups"
    ]
    settings = MERGE | {"hubs.0.capacity": 100, "model.floors": [{"people": "women", "share": 0.1}]}
    assert faults_of(many, settings)[0].endswith("of need per person; round shares and priorities")


def test_a_scenario_s_faults_are_told_beside_those_of_the_sites(project: Project) -> None:
    project.edit("demand.csv", "1000", "x")
    project.edit("sites.csv", "existing", "maybe")
    assert project.messages(MERGE) == project.messages()
    assert len(project.messages(MERGE)) == 2


# -- GeoParquet --------------------------------------------------------------------------------------------------------

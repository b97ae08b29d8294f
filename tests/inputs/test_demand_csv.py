"""CSV files of demand: every fault with its row, and what is read without complaint."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from support.project import DEMAND

from hubplanner.errors import CrsError, DataError, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

    from support.project import Project

NUMBER = "a number of at least 0"
NONE = "write 0 if it is none, or add missing: {people: drop}"
NO_SHARE = NONE.replace("people", "internet")
SHARE = "a number from 0 to 1"
WRITTEN = "written like 1234.5"
UNKNOWN = "; if it is not known, add missing: {people: drop}; instead of drop, a number or {mean_of: GROUP}"
UNPLACED = "; if it is not known, add missing: {lon: drop}"
THOUSANDS = '; if the comma separates thousands, add thousands: ","'
DECIMALS = '; if the comma marks decimals, add decimal: ","'
BLANKS = '; if the blank separates thousands, add thousands: " "'
DIGITS = "; write the number in digits alone: "
DECIMAL_DEGREES = "; write decimal degrees: minutes / 60, seconds / 3600, south and west below 0"
SIGN = "; if it is per cent, add percent: [internet]"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "1000",
            "",
            f"row 2, people: blank found; allowed: {NUMBER}; {NONE}",
        ),
        (
            "1000",
            "  ",
            f"row 2, people: blank found; allowed: {NUMBER}; {NONE}",
        ),
        ("1000", "-3", f"row 2, people: '-3' found; allowed: {NUMBER}"),
        ("1000", "nan", f"row 2, people: 'nan' found; allowed: {NUMBER}, {WRITTEN}{UNKNOWN}"),
        ("1000", "n/a", f"row 2, people: 'n/a' found; allowed: {NUMBER}, {WRITTEN}{UNKNOWN}"),
        ("1000", "inf", f"row 2, people: 'inf' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", "-inf", f"row 2, people: '-inf' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", "1e400", f"row 2, people: '1e400' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", "many", f"row 2, people: 'many' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", "true", f"row 2, people: 'true' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", '"1,234"', f"row 2, people: '1,234' found; allowed: {NUMBER}, {WRITTEN}{THOUSANDS}"),
        ("1000", '"0,234"', f"row 2, people: '0,234' found; allowed: {NUMBER}, {WRITTEN}{DECIMALS}"),
        ("1000", "1.0 million", f"row 2, people: '1.0 million' found; allowed: {NUMBER}, {WRITTEN}{DIGITS}1000000"),
        ("1000", "1.5k", f"row 2, people: '1.5k' found; allowed: {NUMBER}, {WRITTEN}{DIGITS}1500"),
        ("1000", "2 lakh", f"row 2, people: '2 lakh' found; allowed: {NUMBER}, {WRITTEN}{DIGITS}200000"),
        ("67.10", '"67,123"', f"row 3, lon: '67,123' found; allowed: a number, written like 67.5{DECIMALS}"),
        ("1000", '"1234,5"', f"row 2, people: '1234,5' found; allowed: {NUMBER}, {WRITTEN}{DECIMALS}"),
        ("1000", "1 234", f"row 2, people: '1 234' found; allowed: {NUMBER}, {WRITTEN}{BLANKS}"),
        ("1000", "1_234", f"row 2, people: '1_234' found; allowed: {NUMBER}, {WRITTEN}"),
        ("1000", "0x1F", f"row 2, people: '0x1F' found; allowed: {NUMBER}, {WRITTEN}"),
        ("0.25", "45", f"row 2, internet: '45' found; allowed: {SHARE}; 45 looks like per cent, write 0.45"),
        ("0.25", "1.5", f"row 2, internet: '1.5' found; allowed: {SHARE}"),
        ("0.25", "101", f"row 2, internet: '101' found; allowed: {SHARE}"),
        ("0.25", "-0.1", f"row 2, internet: '-0.1' found; allowed: {SHARE}"),
        ("0.25", "45%", f"row 2, internet: '45%' found; allowed: {SHARE}, written like 0.45{SIGN}"),
        (
            "0.25",
            "",
            f"row 2, internet: blank found; allowed: {SHARE}; {NO_SHARE}",
        ),
        ("1.5,Punjab", "-1,Punjab", f"row 5, weight: '-1' found; allowed: {NUMBER}"),
        ("D3", "D2", "row 4, demand_id: 'D2' found; allowed: an id only once; row 3 has it already"),
        ("D3", "", "row 4, demand_id: blank found; allowed: a value in every row"),
        ("Punjab,20", ",20", "row 4, province: blank found; allowed: a value in every row"),
        ("67.10", "", f"row 3, lon: blank found; allowed: a number, written like 67.5{UNPLACED}"),
        ("67.10", "67°06'E", f'row 3, lon: "67°06\'E" found; allowed: a number, written like 67.5{DECIMAL_DEGREES}'),
        ("67.10", "67E", "row 3, lon: '67E' found; allowed: a number, written like 67.5"),
        ("67.10", "inf", "row 3, lon: 'inf' found; allowed: a number, written like 67.5"),
    ],
)
def test_a_wrong_cell_is_named_by_row_column_value_and_what_is_allowed(
    project: Project, old: str, new: str, fault: str
) -> None:
    project.edit("demand.csv", old, new)
    assert project.messages() == [f"demand.csv, {fault}"]
    assert type(project.error()) is DataError


def test_commas_are_told_to_be_what_reads_most_of_the_column(project: Project) -> None:
    project.edit("demand.csv", ",1000,", ',"1,234",')
    project.edit("demand.csv", ",2000,", ',"2000,5",')
    project.edit("demand.csv", ",800,", ',"800,25",')
    assert [told.partition(WRITTEN)[2] for told in project.messages()] == [DECIMALS] * 3


def test_per_cent_is_advised_for_a_column_only_where_most_of_it_is(project: Project) -> None:
    for share in ("0.25", "0.5"):
        project.edit("demand.csv", f",{share},", f",{float(share) * 60:g},")
    told = project.messages()
    assert len(told) == 2
    assert all(
        text.endswith("a number from 0 to 1; if the column is in per cent, add percent: [internet]") for text in told
    )


def test_a_total_row_without_a_place_is_told_with_the_key_that_leaves_it_out(project: Project) -> None:
    project.write("demand.csv", f"{DEMAND}Total,,,4300,0.4,1,Punjab,45\n")
    told = project.messages()
    assert [message.partition(":")[0] for message in told] == ["demand.csv, row 6, lon", "demand.csv, row 6, lat"]
    assert all(message.endswith("total_rows: drop leaves it out") for message in told)
    assert len(project.inputs({"demand.total_rows": "drop"}).demand.frame) == 4


HEADER = "the file's columns are demand_id, lon, lat, people, internet, weight, province, area"


@pytest.mark.parametrize(
    ("settings", "column"),
    [
        ({"demand.id": "pcode"}, "pcode"),
        ({"demand.x": "lng"}, "lng"),
        ({"demand.y": "latitude"}, "latitude"),
        ({"demand.people": "pop"}, "pop"),
        ({"demand.people": "12"}, "12"),
        ({"demand.connected_share": "net"}, "net"),
        ({"demand.priority": "prio"}, "prio"),
        ({"demand.groups": ["district"]}, "district"),
        ({"demand.where": {"Province": "Punjab"}}, "Province"),
        ({"demand.spread_km": 1, "demand.area_km2": "km2"}, "km2"),
        ({"demand.people": "geometry"}, "geometry"),
    ],
)
def test_a_missing_column_is_named_beside_those_the_file_has(
    project: Project, settings: dict[str, Any], column: str
) -> None:
    meant = "; did you mean province?" if column == "Province" else ""
    assert project.messages(settings) == [f"demand.csv, {column}: is missing; {HEADER}{meant}"]


def test_several_faults_in_several_columns_all_come_at_once(project: Project) -> None:
    text = DEMAND.replace("1000", "x").replace("0.5", "50").replace("D4", "D3").replace("31.00", "")
    project.write("demand.csv", text)
    places = [text.partition(" found")[0] for text in project.messages({"demand.groups": ["nope"]})]
    assert places == [
        "demand.csv, row 5, demand_id: 'D3'",
        "demand.csv, row 2, people: 'x'",
        "demand.csv, row 3, internet: '50'",
        f"demand.csv, nope: is missing; {HEADER}",
        "demand.csv, row 4, lat: blank",
    ]


SAVE = "or save it as 'CSV UTF-8' in a spreadsheet"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", ", demand.path: is empty"),
        (b"\xef\xbb\xbf", ", demand.path: is empty"),
        (b"\n \r\n", ", demand.path: is empty"),
        (DEMAND.splitlines()[0].encode(), ", demand.path: has no rows of data"),
        (
            DEMAND.replace("Balo", "Bál").encode("latin-1"),
            (
                f", row 2, demand.path: 'byte 0xe1' found; allowed: UTF-8 text; if 'Bálchistan' is what it should "
                f"read, add encoding: cp1252, {SAVE}"
            ),
        ),
        (DEMAND.encode("utf-16-le"), f", demand.path: 'byte 0x00' found; allowed: UTF-8 text, {SAVE}"),
        (DEMAND.replace("weight", "people").encode(), ", row 1, people: appears twice in the header; rename one"),
        (
            DEMAND.replace("500,", "500,,").encode(),
            (
                ", row 3, demand.path: '9 cells' found; allowed: 8 cells, as many as the header has; "
                "a cell that holds a comma stands in quotes"
            ),
        ),
        (
            DEMAND.replace("D4", '"D4').encode(),
            (
                ", row 5, demand.path: a quoted cell is not closed, or a quote inside it is not doubled "
                "(unexpected end of data)"
            ),
        ),
        (
            DEMAND.replace("D2", '"D"2').encode(),
            (
                ", row 3, demand.path: a quoted cell is not closed, or a quote inside it is not doubled "
                "(',' expected after '\"')"
            ),
        ),
    ],
)
def test_a_file_that_is_no_clean_csv_is_refused(project: Project, content: bytes, fault: str) -> None:
    project.write("demand.csv", content)
    assert project.messages() == [f"demand.csv{fault}"]


def test_every_ragged_line_is_named(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("Punjab,20", "Punjab").replace("Punjab,5", "Punjab,5,6"))
    assert [text.partition(" found")[0] for text in project.messages()] == [
        "demand.csv, row 4, demand.path: '7 cells'",
        "demand.csv, row 5, demand.path: '9 cells'",
    ]


def test_rows_are_counted_as_an_editor_does_past_blank_lines_and_breaks_inside_cells(project: Project) -> None:
    project.write(
        "demand.csv", DEMAND.replace("D2,", "\n  \nD2,").replace("Punjab,20", '"Pun\njab",-20\n').replace("800", "x")
    )
    assert [text.partition(" found")[0] for text in project.messages()] == ["demand.csv, row 9, people: 'x'"]


def test_rows_keep_their_numbers_behind_a_filter(project: Project) -> None:
    project.edit("demand.csv", "800", "x")
    project.edit("demand.csv", "1000", "y")
    found = project.messages({"demand.where": {"province": "Punjab"}})
    assert [text.partition(" found")[0] for text in found] == ["demand.csv, row 5, people: 'x'"]


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        (
            {"province": "Sindh"},
            ", where province: 'Sindh' found; allowed: a value the column has: Balochistan, Punjab",
        ),
        ({"province": ["Punjab", "punjab"]}, ", where province: 'punjab' found; allowed: a value the column has:"),
        (
            {"province": "Punjab", "demand_id": "D1"},
            ", where: leaves no row: none has the asked province and demand_id",
        ),
    ],
)
def test_a_filter_that_names_nothing_is_refused(project: Project, where: dict[str, Any], fault: str) -> None:
    [found] = project.messages({"demand.where": where})
    assert found.startswith(f"demand.csv{fault}")


def test_a_long_list_of_known_values_is_cut(project: Project) -> None:
    rows = "".join(f"D{n:02},{67 + n / 100},30,1,0,1,P{n:02},1\n" for n in range(14))
    project.write("demand.csv", DEMAND.splitlines()[0] + "\n" + rows)
    [found] = project.messages({"demand.where": {"province": "Q"}})
    assert found.endswith("P10, P11, ...")


def test_a_filter_keeps_the_rows_it_names(project: Project) -> None:
    inputs = project.inputs({"demand.where": {"province": ["Punjab"], "people": [2000, 500]}})
    assert inputs.demand.frame["demand_id"].tolist() == ["D3"]


def test_a_file_that_is_not_there_is_named_in_full_with_the_key_that_names_it(project: Project) -> None:
    assert project.messages({"demand.path": "/no/where.csv"}) == [
        "/no/where.csv, demand.path: cannot be read: No such file or directory; there is no folder no"
    ]


def test_a_file_that_another_program_holds_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(path: Path, mode: str = "r", **_how: str) -> None:
        raise PermissionError(13, os.strerror(13), str(path), mode)

    scenario = project.read()
    monkeypatch.setattr("pathlib.Path.open", held)
    from hubplanner.inputs import read_inputs  # noqa: PLC0415 - beside what it is held from

    with pytest.raises(DataError) as caught:
        read_inputs(scenario)
    assert [fault.allowed for fault in caught.value.faults] == ["cannot be read: Permission denied"] * 2


def test_an_unknown_kind_of_file_is_refused(project: Project) -> None:
    project.write("demand.docx", b"PK")
    settings = {"demand.path": str(project.folder / "demand.docx"), "demand.x": None, "demand.y": None}
    [found] = project.messages(settings)
    assert found.startswith(
        "demand.docx, demand.path: '.docx' found; allowed: a file name ending in one of .csv, .tsv,"
    )


@pytest.mark.parametrize("crs", ["EPSG:99999", "nonsense", "EPSG:5714", "EPSG:4978"])
def test_a_system_that_is_unknown_or_has_no_places_on_a_map_is_refused(project: Project, crs: str) -> None:
    assert type(project.error({"demand.crs": crs})) is CrsError
    assert project.messages({"demand.crs": crs}) == [
        (
            f"demand.csv, crs: '{crs}' found; allowed: a known geographic or projected coordinate reference system, "
            "such as EPSG:4326"
        )
    ]


def test_a_scenario_fault_and_data_faults_of_every_file_come_in_one_error(project: Project) -> None:
    project.edit("demand.csv", "1000", "-3")
    project.edit("demand.csv", "D4", "D3")
    project.edit("sites.csv", "required", "maybe")
    project.write("travel.csv", "demand_id,site_id,km\nD1,S1,1\nD1,S1,2\nD9,S1,1\nD1,S9,1\nD2,S1,x\n")
    settings = {
        "travel.method": "matrix",
        "travel.path": str(project.folder / "travel.csv"),
        "model.require": ["S8"],
        "model.at_most_one": [["S1", "S7"]],
    }
    assert type(project.error(settings)) is DataError
    assert project.messages(settings) == [
        "demand.csv, row 5, demand_id: 'D3' found; allowed: an id only once; row 4 has it already",
        "demand.csv, row 2, people: '-3' found; allowed: a number of at least 0",
        (
            "sites.csv, row 5, status: 'maybe' found; allowed: one of candidate, existing, required, excluded, or "
            "blank; or say what it means with status_words: {maybe: candidate}"
        ),
        (
            "scenario.yaml, model.require: 'S8' found; allowed: the id of a site in sites.csv; in quotes if it starts "
            "with 0"
        ),
        (
            "scenario.yaml, model.at_most_one.0: 'S7' found; allowed: the id of a site in sites.csv; in quotes if it "
            "starts with 0"
        ),
        "travel.csv, row 6, km: 'x' found; allowed: a number of at least 0, written like 1234.5",
        "travel.csv, row 4, demand_id: 'D9' found; allowed: an id that demand.csv has",
        "travel.csv, row 5, site_id: 'S9' found; allowed: an id that sites.csv has",
        "travel.csv, row 3, demand_id, site_id: 'D1, S1' found; allowed: a pair only once; row 2 has it already",
    ]


def test_scenario_faults_alone_are_a_scenario_error(project: Project) -> None:
    assert type(project.error({"model.require": ["S8"], "demand.spread_km": 1})) is ScenarioError

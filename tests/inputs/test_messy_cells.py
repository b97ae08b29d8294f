"""Cells as planners have them, read as the scenario says, and faults that name the key where none says it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from support.project import DEMAND

from hubplanner.audit.data.places import read_rows
from hubplanner.audit.data.raw_tables import as_written
from hubplanner.inputs import build_problem
from hubplanner.inputs.readers.cells import CellRules
from hubplanner.inputs.readers.columns import as_numbers
from hubplanner.scenario.data_spec import FileSpec

if TYPE_CHECKING:
    from support.project import Project

MARKS = [(",", "."), (",", " "), (",", ""), (".", ","), (".", "'"), (".", " "), (".", "")]


def written(number: float, decimal: str, thousands: str) -> str:
    """Return a number with marks, by Python's own formatting."""
    plain = f"{number:,.6f}"
    return plain.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@given(st.lists(st.floats(-1e12, 1e12, allow_nan=False).map(lambda x: round(x, 6)), min_size=1), st.sampled_from(MARKS))
def test_numbers_are_read_back_whatever_their_marks(numbers: list[float], marks: tuple[str, str]) -> None:
    words = pd.Series([written(number, *marks) for number in numbers], dtype=object)
    plain = [float(f"{number:.6f}") for number in numbers]
    rules = CellRules(decimal=marks[0], thousands=marks[1])
    assert as_numbers(words, rules).tolist() == plain
    spec = FileSpec(path="a.csv", decimal=marks[0], thousands=marks[1] or None)
    assert as_written(words, spec).astype(float).tolist() == plain


@given(st.integers(1, 999), st.integers(0, 99), st.sampled_from(MARKS))
def test_a_group_of_other_than_three_digits_is_no_thousand(whole: int, rest: int, marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    if thousands:
        found = as_numbers(
            pd.Series([f"{whole}{thousands}{rest:02d}"]), CellRules(decimal=decimal, thousands=thousands)
        )
        assert np.isnan(found[0])


def as_csv(rows: list[list[str]], mark: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_a_file_with_decimal_commas_is_the_plain_one(project: Project, mark: str, *, merge: bool) -> None:
    expected = build_problem(project.inputs({"demand.merge": merge})).need
    rows = [line.split(",") for line in DEMAND.splitlines()]
    for row in rows[1:]:
        row[1:3] = [cell.replace(".", ",") for cell in row[1:3]]
        row[3] = written(float(row[3]), ",", ".")
        row[4] = f"{100 * float(row[4]):g} %".replace(".", ",")
        row[5] = row[5].replace(".", ",")
    project.write("demand.csv", as_csv(rows, mark))
    settings = {"demand.decimal": ",", "demand.thousands": ".", "demand.percent": ["internet"], "demand.merge": merge}
    assert build_problem(project.inputs(settings)).need.tolist() == pytest.approx(expected.tolist(), rel=1e-12)
    audited = read_rows(project.read(settings).demand, set())
    assert audited["people"].astype(float).tolist() == [1000, 500, 2000, 800]
    assert audited["internet"].tolist() == [0.25, 0.5, 0, 1]


def test_what_is_missing_becomes_what_the_scenario_says(project: Project) -> None:
    text = DEMAND.replace("500,0.5", "500,n/a").replace("2000,0,", "2000,,").replace("800,1,", "800,0.6,")
    project.write("demand.csv", text)
    rule: dict[str, Any] = {"demand.missing": {"internet": {"mean_of": "province"}}}
    inputs = project.inputs(rule)
    assert inputs.demand.frame["connected_share"].tolist() == [0.25, 0.25, 0.6, 0.6]
    [warning] = [each for each in inputs.warnings if each.code == "filled_cells"]
    assert str(warning) == (
        "demand.csv: internet is missing in 2 rows and taken as the mean of the other rows of their province"
    )
    assert read_rows(project.read(rule).demand, set())["internet"].tolist() == [0.25, 0.25, 0.6, 0.6]
    assert project.inputs({"demand.missing": {"internet": 0.1}}).demand.frame["connected_share"].tolist() == [
        *(0.25, 0.1, 0.1, 0.6)
    ]
    dropped = project.inputs({"demand.missing": {"internet": "drop"}})
    assert dropped.demand.frame["demand_id"].tolist() == ["D1", "D4"]
    assert "demand.csv: 2 rows are left out because their cells have no internet: 3, 4" in map(str, dropped.warnings)
    project.write("demand.csv", text.replace("1000,0.25", "1000,"))
    [fault] = project.messages(rule)[:1]
    assert fault.startswith("demand.csv, row 2, province: 'Balochistan' found; allowed: a province in which some row")
    assert project.messages({"demand.missing": {"net": 0}})[0].startswith("demand.csv, net: is missing; the file's")


def test_rows_of_totals_are_told_and_dropped_on_request(project: Project) -> None:
    project.write("demand.csv", DEMAND + "T,67.5,30.5,4300,0.3,1,Total,\n")
    [warning] = [each for each in project.inputs().warnings if each.code == "total_row"]
    assert warning.row == 6
    inputs = project.inputs({"demand.total_rows": "drop"})
    assert inputs.demand.frame["people"].sum() == 4300
    assert "demand.csv: 1 row is left out because its cells say total: 6" in map(str, inputs.warnings)
    assert len(read_rows(project.read({"demand.total_rows": "drop"}).demand, set())) == 4


@pytest.mark.parametrize("key", ["connected_people", "offline_people"])
@pytest.mark.parametrize("merge", [False, True])
def test_counts_stand_in_for_shares(project: Project, key: str, *, merge: bool) -> None:
    expected = build_problem(project.inputs({"demand.merge": merge})).need.tolist()
    counts = {"connected_people": (250, 250, 0, 800), "offline_people": (750, 250, 2000, 0)}[key]
    lines = DEMAND.splitlines()
    more = [f"{line},{count}" for line, count in zip(lines[1:], counts, strict=True)]
    project.write("demand.csv", "\n".join([f"{lines[0]},users", *more]))
    settings = {"demand.connected_share": None, f"demand.{key}": "users", "demand.merge": merge}
    settings["demand.connected_share"] = 0
    assert build_problem(project.inputs(settings)).need.tolist() == pytest.approx(expected)
    project.write("demand.csv", "\n".join([f"{lines[0]},users", more[0].replace(f",{counts[0]}", ",1001"), *more[1:]]))
    [fault] = project.messages(settings)
    assert fault == "demand.csv, row 2, users: '1001' found; allowed: at most the people of the row, 1000"


def test_words_for_a_status_are_what_the_scenario_says(project: Project) -> None:
    project.edit("sites.csv", "existing", "Operational")
    [fault] = project.messages()
    assert fault.endswith("or blank; or say what it means with status_words: {Operational: candidate}")
    inputs = project.inputs({"sites.status_words": {"operational ": "existing", "Operational": "existing"}})
    assert inputs.sites.status.tolist().count(inputs.sites.status[1]) == 1
    refusal = project.refusal({"sites.status_words": {"Operational": "existing"}, "sites.status": None})
    assert "only with sites.status" in refusal[0]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"demand.thousands": "."}, "another mark than that of decimals"),
        ({"demand.sheet": "x"}, "only for a spreadsheet"),
        ({"demand.merge": True, "demand.missing": {"people": "drop"}}, "a number with demand.merge"),
        ({"demand.merge": True, "demand.total_rows": "drop"}, "none with demand.merge"),
        ({"demand.connected_people": "people"}, "none beside connected_share"),
        ({"demand.geometry": {"wkt": "geom"}}, "none beside geometry"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(project: Project, settings: dict[str, Any], told: str) -> None:
    assert told in project.refusal(settings)[0]

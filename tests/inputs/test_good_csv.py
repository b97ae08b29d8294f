"""CSV files that are read without complaint, however a spreadsheet wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.project import DEMAND

from hubplanner.inputs import build_problem

if TYPE_CHECKING:
    from support.project import Project


def test_need_is_people_not_connected_times_priority(project: Project) -> None:
    inputs = project.inputs()
    assert inputs.demand.frame["need"].tolist() == [750, 500, 2000, 0]
    problem = build_problem(inputs)
    assert problem.need.tolist() == [750, 500, 2000, 0]
    assert problem.people.tolist() == [1000, 500, 2000, 800]


def test_numbers_may_stand_for_columns_and_left_out_ones_have_defaults(project: Project) -> None:
    settings = {"demand.people": 10, "demand.connected_share": None, "demand.priority": None}
    assert project.inputs(settings).demand.frame["need"].tolist() == [10] * 4


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + DEMAND.replace("\n", "\r\n"),
        DEMAND.replace("\n", "\r"),
        DEMAND.replace("\n", "\n\n"),
        DEMAND.replace(",", " , "),
        DEMAND.replace("\n", ",,\n"),
        DEMAND.rstrip("\n"),
        DEMAND.replace("Balochistan", '"Balochistan"').replace(",500", ',"500"'),
    ],
)
def test_the_ways_spreadsheets_write_csv_make_no_difference(project: Project, content: str) -> None:
    expected = project.inputs().demand
    project.write("demand.csv", content)
    demand = project.inputs().demand
    assert demand.frame.equals(expected.frame)
    assert np.array_equal(demand.points, expected.points)


def test_commas_in_quotes_and_urdu_are_text(project: Project) -> None:
    project.write("demand.csv", DEMAND.replace("Balochistan", '"بلوچستان, ""west"""'))
    groups = project.inputs().demand.frame["province"].tolist()
    assert groups == ['بلوچستان, "west"'] * 2 + ["Punjab"] * 2


def test_ids_stay_text_with_their_leading_zeros(project: Project) -> None:
    for number in range(1, 5):
        project.edit("demand.csv", f"D{number},", f"00{number},")
    project.write("sites.csv", (project.folder / "sites.csv").read_text(encoding="utf-8").replace("\nS", "\n0"))
    inputs = project.inputs({"model.require": ["01"]})
    assert inputs.demand.frame["demand_id"].tolist() == ["001", "002", "003", "004"]
    assert inputs.sites.frame["site_id"].tolist() == ["01", "02", "03", "04", "05"]
    [fault] = project.messages({"model.require": [1]})
    assert fault.endswith("the id of a site in sites.csv; in quotes if it starts with 0")


def test_the_first_group_may_be_the_id(project: Project) -> None:
    assert project.inputs({"demand.groups": ["province", "area"]}).demand.frame["area"].tolist() == [
        "12",
        "8",
        "20",
        "5",
    ]

"""A table of travel distances or times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from support.project import MATRIX

import hubplanner as hp
from hubplanner.audit import audit_run
from hubplanner.errors import DataError, ScenarioError
from hubplanner.inputs import build_problem

if TYPE_CHECKING:
    from support.project import Project

    from hubplanner.inputs import Inputs

MINUTES = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 4, "hubs.1.reach_km": None, "hubs.1.reach_minutes": 20}

ENDS = "a file name ending in one of .csv, .tsv, .tab, .txt, .xlsx, .xlsm, .xlsb, .xls, .ods, .parquet"


LACKING = "travel.csv, km: is missing; a column km or minutes is needed, or its name as travel.km or travel.minutes"


def by_matrix(project: Project, settings: dict[str, Any] | None = None, name: str = "travel.csv") -> dict[str, Any]:
    return {"travel.method": "matrix", "travel.path": str(project.folder / name), **(settings or {})}


def distances(inputs: Inputs) -> list[tuple[str, str, float]]:
    """Return every pair by id, however it is ordered inside."""
    point, site, distance = build_problem(inputs).travel.pairs(0, len(inputs.demand.frame), np.inf)
    demand, sites = inputs.demand.frame["demand_id"][point], inputs.sites.frame["site_id"][site]
    return sorted(zip(demand, sites, distance.round(6), strict=True))


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("D9,S1,1,1", "row 6, demand_id: 'D9' found; allowed: an id that demand.csv has"),
        ("D1,S9,1,1", "row 6, site_id: 'S9' found; allowed: an id that sites.csv has"),
        (",S1,1,1", "row 6, demand_id: blank found; allowed: a value in every row"),
        ("D4, ,1,1", "row 6, site_id: blank found; allowed: a value in every row"),
        ("D1,S1,1,1", "row 6, demand_id, site_id: 'D1, S1' found; allowed: a pair only once; row 2 has it already"),
        ("D4,S1,,1", "row 6, km: blank found; allowed: a number of at least 0; leave the row out if there is no route"),
        ("D4,S1,1,-1", "row 6, minutes: '-1' found; allowed: a number of at least 0"),
        ("D4,S1,inf,1", "row 6, km: 'inf' found; allowed: a number of at least 0, written like 1234.5"),
        ("D4,S1,far,1", "row 6, km: 'far' found; allowed: a number of at least 0, written like 1234.5"),
    ],
)
def test_a_wrong_row_is_named(project: Project, row: str, fault: str) -> None:
    project.write("travel.csv", f"{MATRIX}{row}\n")
    assert project.messages(by_matrix(project)) == [f"travel.csv, {fault}"]


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ("demand_id,site_id,hours\nD1,S1,1\n", [LACKING]),
        (
            "demand,site_id,km\nD1,S1,1\n",
            [
                (
                    "travel.csv, demand_id: is missing; name the column of these ids as travel.demand_id; the file has "
                    "demand, site_id, km"
                )
            ],
        ),
        (
            "demand_id,site,km\nD1,S1,1\n",
            [
                (
                    "travel.csv, site_id: is missing; name the column of these ids as travel.site_id; the file has "
                    "demand_id, site, km"
                )
            ],
        ),
        ("", ["travel.csv, travel.path: is empty"]),
        ("demand_id,site_id,km\n", ["travel.csv, travel.path: has no rows of data"]),
        ("demand_id;site_id;km\n", ["travel.csv, travel.path: has no rows of data"]),
    ],
)
def test_a_table_without_what_it_needs_is_refused(project: Project, content: str, faults: list[str]) -> None:
    project.write("travel.csv", content)
    assert project.messages(by_matrix(project)) == faults


def test_a_table_of_another_kind_or_none_is_refused(project: Project) -> None:
    [told] = project.messages(by_matrix(project, name="none.csv"))
    assert told.startswith(
        "none.csv, travel.path: cannot be read: No such file or directory; its folder holds demand.csv, "
    )
    project.write("travel.gpkg", b"SQL")
    assert project.messages(by_matrix(project, name="travel.gpkg")) == [
        f"travel.gpkg, travel.path: '.gpkg' found; allowed: {ENDS}"
    ]


def test_a_table_is_checked_though_the_ids_it_names_cannot_be_read(project: Project) -> None:
    project.write("demand.csv", "")
    project.write("travel.csv", MATRIX + "D9,S9,1,1\nD1,S1,1,1\n")
    assert project.messages(by_matrix(project)) == [
        "demand.csv, demand.path: is empty",
        "travel.csv, row 6, site_id: 'S9' found; allowed: an id that sites.csv has",
        "travel.csv, row 7, demand_id, site_id: 'D1, S1' found; allowed: a pair only once; row 2 has it already",
    ]


def test_without_an_id_column_no_id_of_the_table_is_called_unknown(project: Project) -> None:
    settings = by_matrix(project, {"sites.id": "code"})
    assert [text.partition(";")[0] for text in project.messages(settings)] == ["sites.csv, code: is missing"]


def test_rows_of_places_that_a_filter_drops_are_passed_over(project: Project) -> None:
    settings = by_matrix(project, {"demand.where": {"province": "Punjab"}, "sites.where": {"name": "Lahore, old"}})
    assert distances(project.inputs(settings)) == [("D3", "S2", 2)]
    project.write("travel.csv", MATRIX + "D9,S2,1,1\n")
    assert len(project.messages(settings)) == 1


def test_kilometres_are_taken_as_they_stand_and_missing_pairs_are_unreachable(project: Project) -> None:
    inputs = project.inputs(by_matrix(project))
    assert inputs.unit == "km"
    assert distances(inputs) == [("D1", "S1", 1.5), ("D1", "S4", 12), ("D2", "S4", 1.2), ("D3", "S2", 2)]
    assert build_problem(inputs).travel.from_site(0).tolist() == [1.5, np.inf, np.inf, np.inf]
    assert build_problem(inputs).tier_reach.tolist() == [5, 20]


def test_minutes_are_the_unit_when_every_reach_is_in_minutes_and_no_speed_is_given(project: Project) -> None:
    inputs = project.inputs(by_matrix(project, MINUTES))
    assert inputs.unit == "minutes"
    assert distances(inputs) == [("D1", "S1", 3), ("D1", "S4", 20), ("D2", "S4", 2.5), ("D3", "S2", 4)]
    assert build_problem(inputs).tier_reach.tolist() == [4, 20]


def test_a_speed_turns_minutes_into_kilometres(project: Project) -> None:
    inputs = project.inputs(by_matrix(project, {**MINUTES, "travel.speed_kmh": 30}))
    assert inputs.unit == "km"
    assert distances(inputs) == [("D1", "S1", 1.5), ("D1", "S4", 10), ("D2", "S4", 1.25), ("D3", "S2", 2)]
    assert build_problem(inputs).tier_reach.tolist() == [2, 10]


ONLY_KM = "demand_id,site_id,km\nD1,S1,1.5\n"
ONLY_MINUTES = "demand_id,site_id,minutes\nD1,S1,3\n"
MIXED = {"hubs.0.reach_km": None, "hubs.0.reach_minutes": 4}


@pytest.mark.parametrize(
    ("table", "settings", "pair", "reach"),
    [
        (ONLY_KM, MINUTES, 1.5, [2, 10]),
        (ONLY_KM, MIXED, 1.5, [2, 20]),
        (ONLY_MINUTES, {}, 1.5, [5, 20]),
        (ONLY_MINUTES, MIXED, 1.5, [2, 20]),
        (MATRIX, MIXED, 1.5, [2, 20]),
    ],
)
def test_where_units_differ_a_speed_is_required_and_joins_them(
    project: Project, table: str, settings: dict[str, Any], pair: float, reach: list[float]
) -> None:
    project.write("travel.csv", table)
    assert type(project.error(by_matrix(project, settings))) is ScenarioError
    assert project.messages(by_matrix(project, settings)) == [
        (
            "scenario.yaml, travel.speed_kmh: is required: the matrix and the reach of some tier are not both in km, "
            "nor both in minutes"
        )
    ]
    inputs = project.inputs(by_matrix(project, {**settings, "travel.speed_kmh": 30}))
    assert inputs.unit == "km"
    assert distances(inputs)[0] == ("D1", "S1", pair)
    assert build_problem(inputs).tier_reach.tolist() == reach


def test_ids_match_by_text_not_by_value(project: Project) -> None:
    project.write("travel.csv", "demand_id,site_id,km\nD01,S1,1\n")
    assert len(project.messages(by_matrix(project))) == 1
    project.edit("demand.csv", "D1,", "D01,")
    assert distances(project.inputs(by_matrix(project))) == [("D01", "S1", 1)]


def test_a_distance_of_zero_is_within_reach(project: Project) -> None:
    project.write("travel.csv", "demand_id,site_id,km\nD1,S1,0\n")
    assert distances(project.inputs(by_matrix(project))) == [("D1", "S1", 0)]


def test_parquet_holds_the_same_table(project: Project) -> None:
    expected = distances(project.inputs(by_matrix(project)))
    table = pd.read_csv(project.folder / "travel.csv")
    table.to_parquet(project.folder / "travel.parquet")
    settings = by_matrix(project, name="travel.parquet")
    assert distances(project.inputs(settings)) == expected
    table.assign(km=[1, None, -2, 3]).set_index("site_id", drop=False).to_parquet(project.folder / "travel.parquet")
    assert [text.partition(" found")[0] for text in project.messages(settings)] == [
        "travel.parquet, row 2, km: blank",
        "travel.parquet, row 3, km: '-2'",
    ]
    project.write("travel.parquet", b"junk")
    assert type(project.error(settings)) is DataError
    assert project.messages(settings)[0].startswith("travel.parquet, travel.path: cannot be read as a Parquet file: ")


NAMED = MATRIX.replace("demand_id,site_id,km,minutes", "from_id,to_id,metres_k,p50")
WIDE = "from_id,S1,S4,S2\nD1,1.5,12,\nD2,,1.2,\nD3,,,2\n"


def test_columns_of_another_program_are_named(project: Project) -> None:
    expected = distances(project.inputs(by_matrix(project)))
    project.write("times.csv", NAMED)
    named = {"travel.demand_id": "from_id", "travel.site_id": "to_id", "travel.km": "metres_k"}
    assert distances(project.inputs(by_matrix(project, named, "times.csv"))) == expected
    minutes = named | {"travel.minutes": "p50"} | MINUTES
    expected = distances(project.inputs(by_matrix(project, MINUTES)))
    assert distances(project.inputs(by_matrix(project, minutes, "times.csv"))) == expected


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_wide_table_is_the_long_one(project: Project, suffix: str) -> None:
    expected = distances(project.inputs(by_matrix(project)))
    path = project.write("wide.csv", WIDE)
    if suffix != "csv":
        table, path = pd.read_csv(path), project.folder / f"wide.{suffix}"
        table.to_excel(path, index=False) if suffix == "xlsx" else table.to_parquet(path)
    wide = {"travel.wide": "km", "travel.demand_id": "from_id"}
    settings = by_matrix(project, wide, path.name)
    assert distances(project.inputs(settings)) == expected
    hp.solve(project.read(settings)).write(project.folder / f"run-{suffix}")
    assert audit_run(project.folder / f"run-{suffix}").verdict == "pass"


@pytest.mark.parametrize(
    ("text", "settings", "fault"),
    [
        (
            WIDE.replace("S4", "S9"),
            {},
            "wide.csv, S9: 'S9' found; allowed: no column but from_id and the ids",
        ),
        (WIDE.replace("from_id", "home"), {}, "wide.csv, from_id: is missing; name the column of these ids as travel"),
        (WIDE.replace("1.2", "far"), {}, "wide.csv, row 3, km: 'far' found; allowed: a number of at least 0"),
        (WIDE.replace("D2", "D1"), {}, "wide.csv, row 3, from_id, site_id: 'D1, S4' found; allowed: a pair only once"),
        (WIDE, {"travel.km": "p50"}, "scenario.yaml, travel.km: 'p50' found; allowed: only without travel.wide"),
        (
            WIDE,
            {"travel.wide": "miles"},
            "scenario.yaml, travel.wide: 'miles' found; allowed: one of km",
        ),
    ],
)
def test_a_wide_table_that_cannot_be_used_is_told(
    project: Project, text: str, settings: dict[str, Any], fault: str
) -> None:
    project.write("wide.csv", text)
    wide = {"travel.wide": "km", "travel.demand_id": "from_id", **settings}
    settings = by_matrix(project, wide, "wide.csv")
    told = project.messages(settings) if fault.startswith("wide") else project.refusal(settings)
    assert told[0].startswith(fault)


def test_an_id_that_was_taken_for_a_number_is_recognised(project: Project) -> None:
    project.write("demand.csv", (project.folder / "demand.csv").read_text().replace("D1,", "100000,"))
    project.write("travel.csv", MATRIX.replace("D1,", "1e+05,"))
    assert "1e+05 may be 100000, written by a program" in project.messages(by_matrix(project))[0]

"""Files as planners get them, from other hands, are read as they are."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hubplanner.inputs.readers.tables import InputTable, as_named, read_table
from hubplanner.scenario.data_spec import TableSpec

if TYPE_CHECKING:
    from hubplanner.errors import Fault

REAL = Path(os.environ.get("HUBPLANNER_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data")) / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the shared files of others are not here")


def table(**keys: object) -> InputTable:
    faults: list[Fault] = []
    found = read_table(TableSpec.model_validate(keys | {"path": str(REAL / str(keys["path"]))}), faults)
    assert not faults
    assert found is not None
    return found


def test_records_of_wards_are_a_table() -> None:
    wards = table(path="nigeria/wards.json", x="Longitude", y="Latitude").frame
    every = json.loads((REAL / "nigeria" / "wards.json").read_text(encoding="utf-8"))
    assert len(wards) == len(every)
    assert wards["LGA"].tolist() == [ward["LGA"] for ward in every]


def test_columns_and_rows_of_libraries_are_a_table() -> None:
    libraries = table(path="mississippi/libraries.json", x="lon", y="lat").frame
    tree = json.loads((REAL / "mississippi" / "libraries.json").read_text(encoding="utf-8"))
    assert libraries["name"].tolist() == [row[tree["cols"].index("name")] for row in tree["rows"]]


def test_two_rows_of_a_header_name_columns_together_or_by_their_code() -> None:
    found = table(path="mississippi/acs_race.csv", header_rows=2, x="x", y="y")
    named = as_named(found, ["GEO_ID", "B02001_001E"])
    assert named is not None
    with (REAL / "mississippi" / "acs_race.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert named.frame["B02001_001E"].tolist() == [row[2] for row in rows[2:]]
    assert named.row(0) == 3
    assert found.frame.columns[2] == "B02001_001E Estimate!!Total:"

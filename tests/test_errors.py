"""What a user reads when something is wrong."""

from __future__ import annotations

import json
import math

import pytest

from hubplanner.errors import (
    SHOWN_FAULTS,
    CrsError,
    DataError,
    ExistsError,
    Fault,
    FaultyError,
    HubplannerError,
    InfeasibleError,
    MissingExtraError,
    ScenarioError,
    SolverError,
    UnwritableError,
    raise_faults,
)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault(file="a.csv", allowed="is empty"), "a.csv: is empty"),
        (Fault(file="a.csv", column="people", allowed="is missing"), "a.csv, people: is missing"),
        (
            Fault(file="a.csv", row=7, column="people", value="-3", allowed="0 or more"),
            "a.csv, row 7, people: '-3' found; allowed: 0 or more",
        ),
        (
            Fault(file="a.csv", row=7, column="id", value="", allowed="an id"),
            "a.csv, row 7, id: blank found; allowed: an id",
        ),
        (
            Fault(file="a.csv", row=7, column="n", value=0, allowed="1"),
            "a.csv, row 7, n: 0 found; allowed: 1",
        ),
        (Fault(file="s.yaml", row=3, allowed="no tabs", kind="scenario"), "s.yaml, line 3: no tabs"),
    ],
)
def test_a_fault_says_file_row_column_value_and_what_is_allowed(fault: Fault, text: str) -> None:
    assert str(fault) == text


@pytest.mark.parametrize("value", [None, "x", 3, 2.5, True, math.nan, math.inf, (1, 2), {"a": 1}])
def test_a_fault_is_strict_json(value: object) -> None:
    found = json.loads(json.dumps(Fault(file="a", allowed="b", row=1, value=value).as_dict(), allow_nan=False))
    assert found.keys() == {"file", "row", "column", "value", "allowed"}
    assert found["value"] == (value if isinstance(value, str | int | None) or value == 2.5 else str(value))


@pytest.mark.parametrize(
    ("kinds", "error"),
    [
        (["scenario"], ScenarioError),
        (["scenario", "scenario"], ScenarioError),
        (["crs", "crs"], CrsError),
        (["data"], DataError),
        (["data", "crs"], DataError),
        (["scenario", "crs"], DataError),
        (["scenario", "data"], DataError),
    ],
)
def test_faults_raise_the_narrowest_error_that_fits_them_all(kinds: list[str], error: type[FaultyError]) -> None:
    faults = [Fault(file=str(number), allowed="x", kind=kind) for number, kind in enumerate(kinds)]
    with pytest.raises(FaultyError) as caught:
        raise_faults(faults)
    assert type(caught.value) is error
    assert caught.value.faults == tuple(faults)


def test_no_fault_raises_nothing_and_a_repeated_one_is_said_once() -> None:
    raise_faults([])
    with pytest.raises(DataError) as caught:
        raise_faults([Fault(file="a", allowed="b"), Fault(file="a", allowed="b")])
    assert str(caught.value) == "a: b"


def test_a_long_list_of_faults_is_cut_in_the_message_but_kept_in_the_error() -> None:
    error = DataError(Fault(file=str(row), row=row, allowed="x") for row in range(SHOWN_FAULTS + 2))
    lines = str(error).splitlines()
    assert len(lines) == SHOWN_FAULTS + 1
    assert lines[-1] == "... and 2 more faults"
    assert len(error.faults) == SHOWN_FAULTS + 2


def test_rows_that_are_wrong_alike_are_counted_and_the_first_ones_shown() -> None:
    rows = [
        Fault(file="a.csv", row=row, column="people", value=f"-{row}", allowed=f"{row} or more") for row in range(290)
    ]
    other = Fault(file="a.csv", row=3, column="id", value="", allowed="an id")
    error = DataError([*rows[:200], other, *rows[200:]])
    lines = str(error).splitlines()
    assert lines[0] == "a.csv, people: 290 rows have the same fault; the first 5:"
    assert lines[1:] == [*map(str, rows[:5]), str(other)]
    assert len(error.faults) == 291


def test_one_sentence_is_an_error_too() -> None:
    assert str(DataError("distance: too long")) == "distance: too long"
    assert str(CrsError(Fault(file="a", allowed="b"))) == "a: b"


@pytest.mark.parametrize("error", [ScenarioError, DataError, CrsError])
def test_faulty_input_is_a_value_error_with_exit_code_2(error: type[FaultyError]) -> None:
    assert issubclass(error, ValueError)
    assert issubclass(error, HubplannerError)
    assert error.exit_code == 2


def test_the_other_errors_have_their_own_exit_codes_and_builtin_kin() -> None:
    assert (InfeasibleError.exit_code, SolverError.exit_code) == (3, 5)
    assert str(InfeasibleError(["a", "b"])) == "no plan is possible: a; b"
    assert InfeasibleError(["a", "b"]).clashes == ("a", "b")
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(ExistsError, FileExistsError)


def test_a_place_that_cannot_be_written_is_named_with_the_reason() -> None:
    assert str(UnwritableError("runs/a", PermissionError(13, "Permission denied"))) == (
        "runs/a: cannot be written: Permission denied"
    )
    assert str(UnwritableError("runs/a", OSError("no room"))) == "runs/a: cannot be written: no room"
    assert issubclass(UnwritableError, OSError)

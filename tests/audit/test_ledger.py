"""When an audit takes two figures for the same, and what it writes down where they are not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hubplanner.audit.ledger import Finding, Ledger, agree, as_number, blank

NAN = math.nan


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, 0.0),
        (1.0, 1.0 + 9e-7),
        (1e12, 1e12 + 999.0),
        (-1e12, -1e12 - 999.0),
        (math.inf, math.inf),
        (True, 1),
        ("Swat", "Swat"),
        ("7", 7),
        ([1, 2], [1, 2]),
        ({"a": 1}, {"a": 1}),
        (None, NAN),
        ("", None),
        (NAN, ""),
    ],
)
def test_what_differs_by_rounding_is_the_same(one: Any, other: Any) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0.0, 1.1e-6),
        (1.0, -1.0),
        (1e12, 1e12 + 1100.0),
        (-1e12, 1e12),
        (math.inf, -math.inf),
        (math.inf, 1e300),
        ("Swat", "Kech"),
        ("7", 8),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": 1.0000001}),
        ([1, 2], "[1, 2]"),
        (0.0, None),
        (0.0, ""),
        (0, NAN),
    ],
)
def test_what_differs_by_more_is_not(one: Any, other: Any) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


def test_how_near_is_near_enough_can_be_asked_for() -> None:
    assert agree(100.0, 101.0, relative=0.01)
    assert not agree(100.0, 102.0, relative=0.01)
    assert agree(0.0, 0.5, absolute=0.5)
    assert not agree(0.0, 0.6, absolute=0.5)


def test_blanks_and_numbers_are_told_apart() -> None:
    assert [blank(value) for value in (None, "", NAN, 0, 0.0, "0", [], False)] == [True, True, True, *[False] * 5]
    assert [as_number(value) for value in (3, True, 2.5, "3", [3], {})] == [3.0, 1.0, 2.5, None, None, None]


def test_each_comparison_is_counted_and_what_is_wrong_is_kept() -> None:
    ledger = Ledger()
    ledger.same("plan.json", "cost", 5.0, 5.0)
    ledger.same("plan.json", "people", 5.0, 7.0)
    ledger.same("plan.json", "gap", 5.0, 5.4, absolute=0.5)
    ledger.same("plan.json", "bound", 100.0, 101.0, relative=0.1)
    ledger.same("plan.json", "share", 1.0, 1.01)
    ledger.holds("hubs.csv", "budget", true=True, stated=1, recomputed=1)
    ledger.holds("hubs.csv", "seats", true=False, stated="at most 9", recomputed=10)
    assert ledger.checked == {"plan.json": 5, "hubs.csv": 2}
    assert ledger.findings == [
        Finding(file="plan.json", item="people", stated=5.0, recomputed=7.0),
        Finding(file="plan.json", item="share", stated=1.0, recomputed=1.01),
        Finding(file="hubs.csv", item="seats", stated="at most 9", recomputed=10),
    ]


def test_what_cannot_be_checked_is_said_once() -> None:
    ledger = Ledger()
    for what in ("rasters", "roads", "rasters"):
        ledger.skip(what)
    assert ledger.not_audited == ["rasters", "roads"]


def test_a_finding_is_json_whatever_it_holds() -> None:
    told = [
        Finding(file="plan.json", item="cost", stated=stated, recomputed=None).as_dict()["stated"]
        for stated in (5, "text", True, None, [1], {"a": 2}, math.inf, NAN)
    ]
    assert told == [5.0, "text", True, None, [1], {"a": 2}, "inf", "nan"]
    whole = Finding(file="plan.json", item="cost", stated=1, recomputed=2.5).as_dict()
    assert whole == {"file": "plan.json", "item": "cost", "stated": 1.0, "recomputed": 2.5}

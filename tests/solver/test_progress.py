"""Word from a search on its way: plans get better, bounds hold, and without a listener there is silence."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

import pytest
from support.instances.tiny import random_town

import hubplanner as hp
from hubplanner.model import Capacity
from hubplanner.solver.progress import ProgressBounds, listener, told_as

if TYPE_CHECKING:
    from hubplanner.model import Objective

COST = 8.0


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.progress for record in caplog.records if hasattr(record, "progress")]


@pytest.mark.parametrize(
    ("objective", "goal"),
    [
        (hp.MaxCoverage(max_hubs=6), "covered need"),
        (hp.MaxCoverage(max_hubs=8, constraints=(Capacity(people=(500.0,)),)), "covered need"),
        (hp.MinCost(target_share=0.7), "cost"),
        (hp.PMedian(max_hubs=5), "mean distance"),
    ],
)
def test_each_bound_holds_and_the_last_plan_is_the_answer(
    objective: Objective, goal: str, caplog: pytest.LogCaptureFixture
) -> None:
    problem = random_town(5, points=120, sites=40)
    with caplog.at_level(logging.DEBUG, "hubplanner.solver.progress"):
        found = hp.solve_problem(problem, objective, hp.SolverOptions(ties=False))
    rows = [row for row in told(caplog) if row["goal"] == goal and row["value"] is not None]
    sense = -1 if goal in {"cost", "mean distance"} else 1
    slack = 1e-6 * max(1.0, abs(found.value))
    assert rows
    assert rows[-1]["value"] == pytest.approx(found.value, rel=1e-6)
    for row in rows:
        assert sense * (found.value - row["value"]) >= -slack
        assert row["bound"] is None or sense * (row["bound"] - found.value) >= -slack


def test_nobody_listens_nobody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with told_as("covered need", lambda figure: figure):
        assert listener() is None
    with caplog.at_level(logging.INFO, "hubplanner"):
        hp.solve_problem(random_town(5, points=60, sites=20), hp.MaxCoverage(max_hubs=3))
    assert not told(caplog)


def test_a_search_of_some_plans_tells_what_holds_for_all() -> None:
    known = ProgressBounds(sense=1, left_out=90.0, bound=100.0, value=80.0)
    assert known.best(70.0) == 80.0
    assert known.best(math.inf) == 80.0
    assert known.limit(80.0, 85.0) == 90.0
    assert known.limit(80.0, math.inf) == 100.0
    least = ProgressBounds(sense=-1, left_out=math.inf, bound=10.0)
    assert least.best(12.0) == 12.0
    assert least.limit(12.0, 11.0) == 11.0
    assert least.limit(12.0, -math.inf) == 10.0

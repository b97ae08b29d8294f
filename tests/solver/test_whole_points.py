"""Points that are served whole: first in parts, then packed whole into the rooms of the same hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.solver.mip import search

if TYPE_CHECKING:
    from hubplanner.model import Objective

OPTIONS = hp.SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=60)
POINTS = 28
ROOM = hp.Capacity(people=(120.0,), single=True)
WIDE = hp.Capacity(people=(400.0,), single=True)
ASKED: dict[str, Objective] = {
    "cover": hp.MaxCoverage(budget=25.0, constraints=(ROOM,)),
    "floor": hp.MaxCoverage(budget=25.0, constraints=(ROOM, hp.Floor(weight=np.arange(float(POINTS)), share=0.3))),
    "years": hp.MaxCoverage(constraints=(ROOM, hp.Periods(budgets=(9.0, 16.0)))),
    "median": hp.PMedian(max_hubs=4, constraints=(WIDE,)),
    "cost": hp.MinCost(1.0, constraints=(WIDE,)),
    "cost and ways": hp.MinCost(1.0, travel_cost=0.05, constraints=(WIDE,)),
}


def town(seed: int) -> hp.Problem:
    rng = np.random.default_rng(seed)
    places, sites = rng.uniform(0, 100, (POINTS, 2)), rng.uniform(0, 100, (9, 2))
    people = rng.integers(1, 40, POINTS).astype(float)
    return hp.Problem.from_points(places, people, sites, rng.integers(4, 10, 9).astype(float), reach=90.0)


@pytest.mark.parametrize("seed", one_of(2, [1, 2]))
@pytest.mark.parametrize("name", ASKED)
def test_parts_first_find_the_same_best_plan(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, objective = town(seed), ASKED[name]
    monkeypatch.setattr(search, "WHOLE_POINTS", np.inf)
    direct = hp.solve_problem(problem, objective, OPTIONS)
    monkeypatch.setattr(search, "WHOLE_POINTS", 0)
    found = hp.solve_problem(problem, objective, OPTIONS)
    assert found.status == direct.status == hp.Status.OPTIMAL
    assert found.value == pytest.approx(direct.value)


def test_what_rooms_take_in_parts_alone_is_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "WHOLE_POINTS", 0)
    rooms = (hp.Capacity(people=(60.0,), single=True),)
    line = hp.Problem.from_points([[0, 0], [1, 0], [2, 0]], [40, 40, 40], [[0, 1], [2, 1]], [1, 1], reach=9)
    assert hp.solve_problem(line, hp.PMedian(constraints=rooms), OPTIONS).status == hp.Status.INFEASIBLE
    assert hp.solve_problem(line, hp.MaxCoverage(constraints=rooms), OPTIONS).value == 80.0

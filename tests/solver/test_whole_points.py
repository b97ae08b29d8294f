"""Points that are served whole: first in parts, then packed whole into the rooms of the same hubs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.draws import one_of

import hubplanner as hp
from hubplanner.model import Question, broken_years
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip import search
from hubplanner.solver.mip.heuristics import whole_points
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.heuristics.whole_points import is_whole_median, shorter_ways

if TYPE_CHECKING:
    from hubplanner.model import Objective

OPTIONS = hp.SolverOptions(gap=0.0, threads=1, ties=False, time_limit_s=6000)
POINTS = 16
ROOM = hp.Capacity(people=(68.0,), single=True)
WIDE = hp.Capacity(people=(291.0,), single=True)
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


@pytest.mark.parametrize("seed", range(4))
def test_where_no_way_leads_nobody_is_sent(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_points, "WORK", 5e4)
    rng = np.random.default_rng(seed)
    distance = rng.uniform(0, 9, (14, 5))
    distance[rng.random((14, 5)) < 0.3] = np.inf
    need = rng.integers(0, 20, 14).astype(float)
    problem = hp.Problem.from_matrix(distance, need, np.ones(5), np.inf)
    room = hp.Capacity(people=(float(need.sum() / 3 * 1.4),), single=True)
    question = Question.of(problem, hp.PMedian(max_hubs=3, constraints=(room,)))
    known = first_plan(question, Deadline(math.inf), any_will_do=True)
    assert is_whole_median(question)
    found = shorter_ways(question, known, 0.0, Deadline(math.inf), seed)
    if known.years:
        assert not broken_years(question, found.years)
        assert found.value <= known.value

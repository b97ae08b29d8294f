"""Points served whole within tight rooms: as near as the best of all plans, within limits, never farther."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.model import Question, broken_years, goals_of
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics import whole_points
from hubplanner.solver.mip.heuristics.first_plan import first_plan
from hubplanner.solver.mip.heuristics.whole_points import is_whole_median, shorter_ways

ENOUGH = Deadline(math.inf)


def town(seed: int, *, alike: bool) -> tuple[hp.Problem, hp.PMedian]:
    """Return nine points and five sites, of which two hubs have hardly room for all."""
    rng = np.random.default_rng(seed)
    need = rng.integers(1, 20, 9).astype(float)
    problem = hp.Problem.from_points(rng.uniform(0, 9, (9, 2)), need, rng.uniform(0, 9, (5, 2)), np.ones(5), 99.0)
    half = math.ceil(need.sum() / 2)
    room = (float(half + 3),) if alike else (tuple((half + rng.integers(2, 12, 5)).astype(float).tolist()),)
    return problem, hp.PMedian(max_hubs=2, constraints=(hp.Capacity(people=room, single=True),))


def shortest(problem: hp.Problem, asked: hp.PMedian) -> float:
    """Return the mean way of the best of all plans, each point with either of two hubs."""
    room, best = asked.constraints[0].room(problem), math.inf  # type: ignore[attr-defined]
    way = problem.travel.points[:, None] - problem.travel.sites  # type: ignore[union-attr]
    cost = problem.need[:, None] * np.hypot(way[..., 0], way[..., 1]) / problem.need.sum()
    every = np.arange(9)
    for pair in combinations(range(5), 2):
        for sides in product((0, 1), repeat=9):
            hub = np.array(pair)[list(sides)]
            if (np.bincount(hub, problem.need, minlength=5) <= room).all():
                best = min(best, float(cost[every, hub].sum()))
    return best


@pytest.mark.parametrize("alike", [True, False])
def test_ways_are_nearly_always_the_shortest_of_all_plans(
    monkeypatch: pytest.MonkeyPatch,
    alike: bool,  # noqa: FBT001 - a parameter of tests
) -> None:
    monkeypatch.setattr(whole_points, "WORK", 5e4)
    reached, tried = 0, 0
    for seed in range(5):
        problem, asked = town(seed, alike=alike)
        question = Question.of(problem, asked)
        assert is_whole_median(question)
        known, best = first_plan(question, ENOUGH, any_will_do=True), shortest(problem, asked)
        made = shorter_ways(question, known, 0.0, ENOUGH, seed)
        if not known.years:
            assert made is known
            continue
        assert not broken_years(question, made.years)
        assert made.value == pytest.approx(goals_of(asked)[0].value(made.years))
        assert best * (1 - 1e-9) <= made.value <= known.value
        tried, reached = tried + 1, reached + (made.value <= best * (1 + 1e-9))
    assert tried >= 3
    assert reached >= tried - 1


def test_no_shorter_ways_are_sought_than_are_asked_for_or_when_time_is_up() -> None:
    question = Question.of(*town(1, alike=True))
    known = first_plan(question, ENOUGH, any_will_do=True)
    assert shorter_ways(question, known, 0.0, ENOUGH.past()) is known
    assert shorter_ways(question, known, math.inf, ENOUGH).value <= known.value


@pytest.mark.parametrize(
    "asked",
    [
        hp.PMedian(max_hubs=2, constraints=(hp.Capacity(people=(60.0,)),)),
        hp.PMedian(max_hubs=2, budget=2, constraints=(hp.Capacity(people=(60.0,), single=True),)),
        hp.PCenter(max_hubs=2, constraints=(hp.Capacity(people=(60.0,), single=True),)),
        hp.MaxCoverage(max_hubs=2, constraints=(hp.Capacity(people=(60.0,), single=True),)),
    ],
)
def test_other_questions_are_left_to_others(asked: hp.PMedian | hp.PCenter | hp.MaxCoverage) -> None:
    assert not is_whole_median(Question.of(town(1, alike=True)[0], asked))

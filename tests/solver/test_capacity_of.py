"""Whom seats count: all people, or those who are not connected yet; each against an enumeration of all plans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.instances.random_questions import Case, every_block, some_pairs
from support.oracles.assignment import sought
from support.oracles.questions import best, recheck

import hubplanner as hp
from hubplanner.problem import Status
from hubplanner.solver import SolverOptions, solve_problem

if TYPE_CHECKING:
    from support.oracles.questions import Query

SAME = 1e-6
CASES = [
    case
    for case in [*(case for seed in range(40, 43) for case in every_block(seed)), *some_pairs(60, 5000)]
    if any("capacity" in name for name in case.names) and not any("periods" in name for name in case.names)
]


def counted(case: Case) -> Query:
    """Return a question whose seats count a part of each point's people, unlike its need."""
    query = case.query
    rng = np.random.default_rng([77, case.seed])
    part = rng.choice([0.0, 0.25, 0.5, 0.9, 1.0], len(query.town.people))
    return replace(query, town=replace(query.town, taken=query.town.people * part))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{'-'.join(case.names)}-{case.seed}")
def test_seats_for_a_part_of_the_people_give_what_enumeration_gives(case: Case) -> None:
    query = counted(case)
    figures = best(query)
    found = solve_problem(query.town.problem(), query.objective, SolverOptions(gap=0, threads=1))
    if figures is None:
        assert found.status == Status.INFEASIBLE
        return
    plan = found.evaluation
    assert plan is not None
    assert [goal.value for goal in found.goals] == pytest.approx(figures, rel=SAME, abs=SAME)
    for goal, figure, wanted in zip(found.goals, figures, sought(query.objective), strict=True):
        assert wanted.sense * goal.bound >= wanted.sense * figure - SAME * max(1.0, abs(figure))
    counts = np.zeros(len(query.town.options), dtype=np.intp)
    counts[plan.options] = plan.counts
    shares = np.zeros((len(query.town.points), len(counts)))
    shares[:, plan.options] = plan.assigned.toarray()
    assert recheck(query, counts, shares) == pytest.approx(figures, rel=SAME, abs=SAME)
    assert plan.load == pytest.approx((shares.T @ query.town.seats)[plan.options])


def test_the_questions_tell_the_two_ways_of_counting_apart() -> None:
    """Else the enumeration above would show nothing."""
    differs = [case for case in CASES if best(counted(case)) != case.best]
    assert len(differs) >= 5


def test_seats_are_for_people_whatever_their_need_counts() -> None:
    """Of 200 people half are connected, and each of the others counts twice."""
    plain = hp.Problem.from_points([[0, 0]], [200.0], [[1, 0]], [1.0], reach=5)
    full = hp.MaxCoverage(max_hubs=1, constraints=(hp.Capacity(people=(50.0,)),))
    by_people, by_offline = plain, replace(plain, seated=np.array([100.0]))
    assert solve_problem(by_people, full).value == pytest.approx(50)
    assert solve_problem(by_offline, full).value == pytest.approx(100)

"""Hubs moved to the middle of those whom they serve: ways get shorter, tiers, rooms and standing hubs stay."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array

import hubplanner as hp
from hubplanner.model import Question, Year, broken_years
from hubplanner.problem import SiteStatus, evaluate
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.first_plan import first_plan, plan_with
from hubplanner.solver.mip.price_search import recentred
from hubplanner.solver.mip.subproblem import Incumbent

if TYPE_CHECKING:
    from hubplanner.model import Objective
    from hubplanner.problem import Problem

ROOMS = hp.Capacity(people=(150.0, 260.0))
ASKED: dict[str, Objective] = {
    "ways": hp.PMedian(max_hubs=6, constraints=(ROOMS,)),
    "ways within money": hp.PMedian(budget=50.0, constraints=(ROOMS,)),
    "cost and ways": hp.MinCost(1.0, travel_cost=0.05, constraints=(ROOMS,)),
}
NOW = Deadline(math.inf)


def town(seed: int) -> Problem:
    """Return points and sites of two tiers, two of which stand already."""
    rng = np.random.default_rng(seed)
    people, status = rng.integers(1, 20, 60).astype(float), np.full(12, SiteStatus.CANDIDATE, dtype=np.intp)
    status[:2] = SiteStatus.EXISTING
    one = hp.Problem.from_points(rng.uniform(0, 100, (60, 2)), people, rng.uniform(0, 100, (12, 2)), np.ones(12), 200.0)
    site, tier = np.repeat(np.arange(12), 2), np.tile(np.arange(2), 12)
    keep = (site >= 2) | (tier == 0)
    return hp.Problem(
        need=people,
        people=people,
        travel=one.travel,
        site_status=status,
        tier_reach=np.array([200.0, 200.0]),
        option_site=site[keep],
        option_tier=tier[keep],
        option_cost=np.where(site < 2, 0.0, rng.uniform(5, 9, 12)[site] * (1 + tier))[keep],
    )


def test_a_hub_goes_to_the_middle_of_those_whom_it_serves() -> None:
    line = hp.Problem.from_points([[0, 0], [4, 0], [8, 0]], [1, 1, 1], [[0, 0], [4, 0], [9, 0]], [1, 1, 1], reach=20)
    question = Question.of(line, hp.PMedian(max_hubs=1, constraints=(hp.Capacity(people=(9.0,)),)))
    plan = plan_with(question, np.array([2]), NOW)
    assert plan.value == pytest.approx((9 + 5 + 1) / 3)
    assert recentred(question, plan).tolist() == [1]
    assert plan_with(question, np.array([1]), NOW).value == pytest.approx(8 / 3)


def test_those_whom_nobody_counts_hold_no_hub_back_though_no_way_leads_to_them() -> None:
    far = np.array([[0.0, 4.0, 9.0], [4.0, 0.0, 5.0], [np.inf, np.inf, 1.0]])
    row, column = np.nonzero(np.isfinite(far))
    ways = csr_array((far[row, column], (row, column)), shape=far.shape)
    problem = hp.Problem.from_matrix(ways, [1, 2, 0], [1.0, 1.0, 1.0], reach=20)
    question = Question.of(problem, hp.PMedian(max_hubs=1, constraints=(hp.Capacity(people=(9.0,)),)))
    everybody = csr_array(np.tile([0.0, 0.0, 1.0], (3, 1)))  # nobody at the last place among them
    plan = Incumbent(years=(Year(problem, evaluate(problem, [2], everybody), 1.0),))
    assert recentred(question, plan).tolist() == [1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ASKED)
def test_ways_of_the_same_people_get_no_longer_and_the_rest_stays(name: str, seed: int) -> None:
    problem, objective = town(seed), ASKED[name]
    question = Question.of(problem, objective)
    plan = first_plan(question, Deadline(0.0))
    made = plan.years[-1].plan
    moved = recentred(question, plan)
    sites = problem.option_site[moved]
    assert len(np.unique(sites)) == len(moved) == len(made.options)
    assert problem.option_tier[moved].tolist() == problem.option_tier[made.options].tolist()
    assert (moved == made.options)[problem.existing[made.options]].all()
    served = made.assigned.toarray() * problem.need[:, None]
    far = question.instance.distances
    price = objective.travel_cost if isinstance(objective, hp.MinCost) else 1.0
    fee = problem.option_cost if isinstance(objective, hp.MinCost) else np.zeros(problem.n_options)
    before, after = (
        price * (served * far[:, problem.option_site[options]]).sum() + fee[options].sum()
        for options in (made.options, moved)
    )
    assert after <= before * (1 + 1e-12)
    better = plan_with(question, moved, NOW)
    assert not better.years or not broken_years(question, better.years)

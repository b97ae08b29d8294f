"""Where no site may hold a hub, or none has a way to any need: what each objective comes to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import hubplanner as hp
from hubplanner.problem import SiteStatus

FAR = np.inf
EXACT = hp.SolverOptions(gap=0.0)


def without_sites(needs: tuple[float, ...] = (1.0, 2.0)) -> hp.Problem:
    """Return needs with one site, which is excluded."""
    problem = hp.Problem.from_matrix(np.ones((len(needs), 1)), needs, [1], reach=5)
    nothing = np.zeros(0, dtype=np.intp)
    return replace(
        problem,
        site_status=np.array([SiteStatus.EXCLUDED]),
        option_site=nothing,
        option_tier=nothing,
        option_cost=np.zeros(0),
    )


def without_ways() -> hp.Problem:
    """Return needs with a site that none has a way to; a point without need has one."""
    return hp.Problem.from_matrix([[FAR], [FAR], [1.0]], [1, 2, 0], [1], reach=5)


SEATS = (hp.Capacity(people=(9.0,)),)
UNDER = (hp.Uncertainty(futures=hp.Futures([hp.Future(name="a"), hp.Future(name="b", need=2.0)])),)
YEARS = (hp.Periods(budgets=(1.0, 1.0)),)


@pytest.mark.parametrize("method", ["auto", "plain"])
@pytest.mark.parametrize("name", ["highs", "cbc"])
@pytest.mark.parametrize(
    "objective",
    [
        hp.PMedian(max_hubs=1),
        hp.PMedian(),
        hp.PMedian(budget=3.0),
        hp.PCenter(max_hubs=1),
        hp.PMedian(max_hubs=1, constraints=SEATS),
        hp.PCenter(max_hubs=1, constraints=SEATS),
        hp.PMedian(max_hubs=1, constraints=UNDER),
        hp.PMedian(constraints=YEARS),
        hp.MinCost(target_share=1.0),
        hp.MinCost(target_share=0.1),
        hp.MinCost(target_share=0.1, travel_cost=1.0),
        hp.MinCost(target_share=0.1, constraints=SEATS),
        hp.MinCost(target_share=0.1, constraints=UNDER),
        hp.MaxCoverage(constraints=(hp.Floor(weight=np.ones(2), share=0.1),)),
    ],
    ids=repr,
)
def test_where_serving_is_asked_no_plan_is_one(objective: hp.Objective, name: str, method: str) -> None:
    for problem in (without_sites(), without_ways()):
        asked = objective
        if objective.constraints and isinstance(objective.constraints[0], hp.Floor):
            asked = replace(objective, constraints=(hp.Floor(weight=problem.need, share=0.1),))
        options = replace(EXACT, name=name, method="auto" if objective.constraints == UNDER else method)
        found = hp.solve_problem(problem, asked, options)
        assert found.status == "infeasible", (problem.n_options, found.value)
        assert found.evaluation is None
        assert found.clashes


@pytest.mark.parametrize("objective", [hp.PMedian(max_hubs=1), hp.PCenter(max_hubs=1)])
def test_it_is_said_that_no_site_is_of_use(objective: hp.Objective) -> None:
    sentences = ["a hub for every point cannot be met: no usable site: none may hold a hub"]
    assert list(hp.solve_problem(without_sites(), objective).clashes) == sentences
    sentences = ["a hub for every point cannot be met: no usable site has a way to any need"]
    assert list(hp.solve_problem(without_ways(), objective).clashes) == sentences


def test_a_heuristic_says_so_too() -> None:
    options = hp.SolverOptions(name="heuristic")
    assert hp.solve_problem(without_sites(), hp.PMedian(max_hubs=1), options).status == "infeasible"


@pytest.mark.parametrize("objective", [hp.MaxCoverage(budget=1), hp.MaxCoverage(max_hubs=1, constraints=SEATS)])
@pytest.mark.parametrize("method", ["auto", "plain"])
def test_covering_the_most_is_covering_nothing(objective: hp.Objective, method: str) -> None:
    for problem in (without_sites(), without_ways()):
        found = hp.solve_problem(problem, objective, replace(EXACT, method=method))
        assert (found.status, found.value, found.bound) == ("optimal", 0.0, 0.0)
        assert found.open_sites.tolist() == []


@pytest.mark.parametrize("objective", [hp.PMedian(max_hubs=1), hp.PCenter(max_hubs=1), hp.MinCost(target_share=1.0)])
def test_without_need_there_is_nothing_to_serve(objective: hp.Objective) -> None:
    found = hp.solve_problem(without_sites((0.0, 0.0)), objective, EXACT)
    assert (found.status, found.value) == ("optimal", 0.0)


def test_points_that_no_hub_can_seat_are_counted() -> None:
    problem = hp.Problem.from_matrix([[1.0], [7.0], [FAR]], [1, 2, 4], [1], reach=5)
    found = hp.solve_problem(problem, hp.PMedian(constraints=(hp.Capacity(people=(9.0,)),)), EXACT)
    assert found.status == "infeasible"
    assert found.clashes[0].endswith(" cannot be met together: 1 point with need out of every hub's reach")

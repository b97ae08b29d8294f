"""OR-Library (Beasley 1990, doi:10.1057/jors.1990.166): p-median, p-center, facility location, capacities."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.draws import patience
from support.instances.published import EXACT, cap, expected, needs_files, pmed, pmedcap

import hubplanner as hp

pytestmark = needs_files

GRAPHS = [f"pmed{number}" for number in range(1, 11)]
PLANTS = [f"cap{number}" for number in (41, 42, 43, 44, 51, 61, 62, 63, 64, 71, 72, 73, 74)]
CROWDED = [f"pmedcap{number:02}" for number in range(1, 11)]
SLOW = {"pmedcap07", "pmedcap08", "pmedcap09", "pmedcap10"}
"""They take from five seconds to a minute, the others one or two."""


@pytest.mark.parametrize("name", GRAPHS)
def test_p_median_of_a_graph_is_as_published(name: str) -> None:
    problem, hubs = pmed(name)
    solution = hp.solve_problem(problem, hp.PMedian(max_hubs=hubs), EXACT)
    assert solution.status == "optimal"
    assert "rounds" in solution.steps
    for figure in (solution.value, solution.bound):
        assert figure * problem.n_points == pytest.approx(expected("orlib_pmed")[name]["p_median"], rel=1e-9)


@pytest.mark.parametrize("name", [name for name in GRAPHS if name != "pmed6"])
def test_of_equal_medians_one_is_told_apart(name: str) -> None:
    problem, hubs = pmed(name)
    solution = hp.solve_problem(problem, hp.PMedian(max_hubs=hubs), replace(EXACT, ties=True))
    assert solution.ties != "open"
    assert solution.value == pytest.approx(expected("orlib_pmed")[name]["p_median"] / problem.n_points, rel=1e-9)


@pytest.mark.parametrize("name", GRAPHS)
def test_p_center_of_a_graph_is_as_published(name: str) -> None:
    problem, hubs = pmed(name)
    solution = hp.solve_problem(problem, hp.PCenter(max_hubs=hubs), EXACT)
    worst = solution.goals[0]
    assert worst.name == "worst distance"
    assert worst.value == worst.bound == solution.value == expected("orlib_pmed")[name]["p_center"]


@pytest.mark.parametrize("name", PLANTS)
def test_facility_location_with_capacities_costs_as_published(name: str) -> None:
    problem, capacity = cap(name)
    solution = hp.solve_problem(problem, hp.MinCost(1.0, travel_cost=1.0, constraints=(capacity,)), EXACT)
    assert solution.status == "optimal"
    assert solution.value == pytest.approx(expected("orlib_cap")[name]["CFLP"], rel=1e-9)
    assert solution.bound == pytest.approx(solution.value, rel=1e-9)
    assert solution.evaluation is not None
    assert solution.evaluation.covered_need == pytest.approx(problem.need.sum(), rel=1e-9)


@pytest.mark.parametrize("name", [pytest.param(name, marks=[patience] * (name in SLOW)) for name in CROWDED])
def test_p_median_with_capacity_for_whole_points_is_as_published(name: str) -> None:
    problem, hubs, capacity = pmedcap(name)
    solution = hp.solve_problem(problem, hp.PMedian(max_hubs=hubs, constraints=(capacity,)), EXACT)
    assert solution.status == "optimal"
    for figure in (solution.value, solution.bound):
        assert figure * problem.n_points == pytest.approx(expected("orlib_pmedcap")[name]["best_known"], rel=1e-9)


def test_every_instance_with_a_known_optimum_is_solved() -> None:
    assert [list(expected(name)) for name in ("orlib_pmed", "orlib_cap", "orlib_pmedcap")] == [GRAPHS, PLANTS, CROWDED]

"""San Francisco, 16 stores and 205 tracts: the figures of PySAL's spopt (Feng et al. 2022, doi:10.21105/joss.03330)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.instances.published import EXACT, expected, needs_files, san_francisco

import hubplanner as hp

pytestmark = [needs_files, pytest.mark.parametrize("solver", ["highs", "cbc"])]


def exact(solver: str) -> hp.SolverOptions:
    return replace(EXACT, name=solver)


def test_fewest_stores_that_cover_all_are_as_published(solver: str) -> None:
    solution = hp.solve_problem(san_francisco(), hp.MinCost(1.0), exact(solver))
    assert (solution.status, solution.value) == ("optimal", expected("spopt_sf")["LSCP"])


@pytest.mark.parametrize("hubs", range(1, 9))
def test_most_people_covered_is_as_published(hubs: int, solver: str) -> None:
    solution = hp.solve_problem(san_francisco(), hp.MaxCoverage(max_hubs=hubs), exact(solver))
    assert solution.value == expected("spopt_sf")["MCLP"][str(hubs)]
    assert solution.bound == pytest.approx(solution.value, rel=1e-9)


@pytest.mark.parametrize("hubs", range(2, 7))
def test_distance_travelled_by_all_is_as_published(hubs: int, solver: str) -> None:
    problem = san_francisco()
    solution = hp.solve_problem(problem, hp.PMedian(max_hubs=hubs), exact(solver))
    for figure in (solution.value, solution.bound):
        assert figure * problem.need.sum() == pytest.approx(expected("spopt_sf")["p_median"][str(hubs)], rel=1e-9)


@pytest.mark.parametrize("hubs", range(2, 7))
def test_longest_distance_is_as_published(hubs: int, solver: str) -> None:
    solution = hp.solve_problem(san_francisco(), hp.PCenter(max_hubs=hubs), exact(solver))
    worst = solution.goals[0]
    assert worst.value == worst.bound == solution.value
    assert solution.value == pytest.approx(expected("spopt_sf")["p_center"][str(hubs)], rel=1e-12)


def test_rows_joined_by_position_give_other_optima(solver: str) -> None:
    problem, wrong = san_francisco(join=False), expected("spopt_sf")["misaligned_rows_give"]
    assert hp.solve_problem(problem, hp.MaxCoverage(max_hubs=4), exact(solver)).value == wrong["MCLP4"]
    median = hp.solve_problem(problem, hp.PMedian(max_hubs=4), exact(solver))
    assert median.value * problem.need.sum() == pytest.approx(wrong["p_median4"], abs=0.005)

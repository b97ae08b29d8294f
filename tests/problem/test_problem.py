"""The arrays a plan is chosen from: how they are made, what they refuse, that they stay as they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from support.instances.tiny import line_of_five, two_islands

import hubplanner as hp
from hubplanner.problem import Matrix, Problem, SiteStatus, coverage, evaluate

TABLE = [[0.0, 7.0, np.inf], [np.nan, 5.0, 2.0]]
SPARSE = sparse.coo_array(([0.0, 7.0, 5.0, 2.0], ([0, 0, 1, 1], [0, 1, 1, 2])), shape=(2, 3))


def covered(problem: Problem) -> list[list[int]]:
    return coverage(problem, 0, problem.n_points).toarray().tolist()


def test_points_are_covered_within_reach_inclusive() -> None:
    problem = hp.Problem.from_points([[0, 0], [3, 4]], [1, 2], [[0, 0]], [1], 5.0)
    assert covered(problem) == [[1], [1]]
    assert covered(replace(problem, tier_reach=np.array([4.99]))) == [[1], [0]]


def test_an_infinite_reach_is_one_that_all_who_have_a_way_are_within() -> None:
    table = Problem.from_matrix(TABLE, [1, 2], [1, 1, 1], reach=np.inf)
    assert [evaluate(table, [option]).covered_need for option in range(3)] == [1.0, 3.0, 2.0]
    plane = Problem.from_points([[0, 0], [1e6, -7e5]], [1, 2], [[-3e5, 4e5], [1e6, 0]], [1, 1], reach=np.inf)
    assert [evaluate(plane, [option]).covered_need for option in range(2)] == [3.0, 3.0]
    near = hp.solve_problem(Problem.from_matrix(TABLE, [1, 2], [1, 1, 1], reach=9), hp.PMedian(max_hubs=1))
    found = hp.solve_problem(table, hp.PMedian(max_hubs=1))
    assert (found.status, found.value, found.open_sites.tolist()) == ("optimal", near.value, [1])
    assert near.value == pytest.approx((7 * 1 + 5 * 2) / 3)
    nobody = Problem.from_points(np.zeros((0, 2)), [], np.zeros((0, 2)), [], reach=np.inf)
    assert (nobody.n_points, nobody.n_sites) == (0, 0)


@pytest.mark.parametrize(
    "distance",
    [
        TABLE,
        np.array(TABLE),
        SPARSE,
        SPARSE.tocsr(),
        SPARSE.tocsc(),
        sparse.csr_matrix(SPARSE),
        sparse.coo_array((np.append(SPARSE.data, [np.nan, np.inf]), ([0, 0, 1, 1, 0, 1], [0, 1, 1, 2, 2, 0]))),
    ],
    ids=["list", "array", "coo", "csr", "csc", "old csr", "stored nan and inf"],
)
def test_a_table_may_be_dense_or_sparse_with_zeros_and_gaps(distance: Any) -> None:
    problem = hp.Problem.from_matrix(distance, [1, 2], [1, 1, 1], 5.0)
    assert covered(problem) == [[1, 0, 0], [0, 1, 1]]
    assert problem.travel.from_site(0).tolist() == [0.0, np.inf]


def test_whole_numbers_are_distances_too() -> None:
    assert covered(hp.Problem.from_matrix(sparse.csr_array([[3, 7]]), [1], [1, 1], 5)) == [[1, 0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"demand_xy": [[0, 0, 0]]}, r"demand_xy: \(1, 3\) found; allowed: shape \(n, 2\), finite"),
        ({"demand_xy": [0, 0]}, r"demand_xy: \(2,\) found"),
        ({"demand_xy": [[0, np.nan]]}, "demand_xy: .*finite"),
        ({"demand_xy": [["a", "b"]]}, "demand_xy: an array of numbers"),
        ({"demand_xy": [[0], [0, 1]]}, "demand_xy: an array of numbers"),
        ({"site_xy": [[np.inf, 0]]}, "site_xy: .*finite"),
        ({"need": [1, 2]}, r"need: \(2,\) found; allowed: shape \(1,\)"),
        ({"need": 1}, r"need: \(\) found"),
        ({"need": [-1]}, "row 0, need: -1.0 found; allowed: finite, at least 0"),
        ({"need": [np.nan]}, "row 0, need: nan found"),
        ({"site_cost": [1, 2]}, r"site_cost: \(2,\) found; allowed: shape \(1,\)"),
        ({"site_cost": [-2]}, "row 0, site_cost: -2.0 found"),
        ({"site_cost": [np.inf]}, "row 0, site_cost: inf found"),
        ({"site_cost": ["dear"]}, "site_cost: an array of numbers"),
        ({"reach": -1}, "reach: -1.0 found"),
        ({"reach": np.nan}, "reach: nan found"),
        ({"reach": [1, 2]}, r"reach: \(1, 2\) found"),
    ],
)
def test_what_cannot_be_points_is_refused_by_name(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"demand_xy": [[0, 0]], "need": [1], "site_xy": [[0, 0]], "site_cost": [1], "reach": 5}
    with pytest.raises(hp.DataError, match=message):
        hp.Problem.from_points(**{**given, **arguments})


@pytest.mark.parametrize(
    ("distance", "message"),
    [
        ([1.0, 2.0], r"distance: \(2,\) found; allowed: shape \(n, m\)"),
        (3.0, "distance: .*shape"),
        ([[[1.0]]], "distance: .*shape"),
        (sparse.coo_array([1.0, 2.0]), "distance: .*shape"),
        ([["far"]], "distance: an array of numbers"),
        ([[1.0, -2.0]], r"distance\[0, 1\]: -2.0 found; allowed: at least 0"),
        ([[1.0, -np.inf]], r"distance\[0, 1\]: -inf found"),
        (sparse.csr_array([[0.0, -2.0]]), r"distance\[0, 1\]: -2.0 found"),
        (sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(1, 2)), "distance: each pair once"),
        ([[1.0, 2.0], [3.0, 4.0]], r"need: \(1,\) found; allowed: shape \(2,\)"),
        ([[1.0, 2.0, 3.0]], r"site_cost: \(2,\) found; allowed: shape \(3,\)"),
    ],
)
def test_what_cannot_be_a_table_is_refused_by_name(distance: Any, message: str) -> None:
    with pytest.raises(hp.DataError, match=message):
        hp.Problem.from_matrix(distance, [1], [1, 1], 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"need": np.ones(3)}, r"need: \(3,\) found; allowed: shape \(4,\)"),
        ({"people": np.ones(3)}, "people"),
        ({"people": np.array([1.0, -1.0, 0.0, 0.0])}, "row 1, people: -1.0 found"),
        ({"site_status": np.zeros(3, dtype=int)}, "site_status"),
        ({"site_status": np.array([1, 0, 4, 3])}, "row 2, site_status: 4 found; allowed: 0 to 3"),
        ({"tier_reach": np.zeros(0)}, r"tier_reach: \(0,\) found; allowed: shape \(1,\)"),
        ({"tier_reach": np.array([2.0, np.inf])}, "row 1, tier_reach: inf found"),
        ({"option_site": np.zeros((5, 1), dtype=int)}, r"option_site: \(5, 1\) found"),
        ({"option_site": np.array([0, 1, 1, 2, 4])}, "row 4, option_site: 4 found; allowed: 0 to 3"),
        ({"option_site": np.array([-1, 1, 1, 2, 2])}, "row 0, option_site: -1 found"),
        ({"option_tier": np.zeros(4, dtype=int)}, "option_tier"),
        ({"option_tier": np.array([0, 0, 2, 0, 1])}, "row 2, option_tier: 2 found; allowed: 0 to 1"),
        ({"option_tier": np.array([0, 0, 0, 0, 1])}, r"option_site: distinct \(site, tier\) pairs, ascending"),
        ({"option_tier": np.array([0, 1, 0, 0, 1])}, r"option_site: distinct \(site, tier\) pairs, ascending"),
        ({"option_cost": np.ones(4)}, "option_cost"),
        ({"option_cost": np.array([1.0, 2, 6, 3, 5])}, "row 0, option_cost: 1.0 found; allowed: 0 at an existing site"),
        ({"site_status": np.array([1, 1, 2, 3])}, "row 1, option_site: 2 found; allowed: one option at an existing"),
        ({"site_status": np.array([1, 0, 2, 2])}, "row 3, option_site: 0 found; allowed: at least one option at a req"),
        ({"site_status": np.array([1, 0, 3, 3])}, "row 2, option_site: 2 found; allowed: no option at an excluded"),
    ],
)
def test_arrays_that_disagree_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(hp.DataError, match=message):
        replace(two_islands(), **changes)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(hp.DataError) as caught:
        replace(two_islands(), need=np.full(4, -1.0), option_cost=np.full(5, np.nan))
    assert [fault.column for fault in caught.value.faults] == ["need", "option_cost"]


@pytest.mark.parametrize(
    "name", ["need", "people", "site_status", "tier_reach", "option_site", "option_tier", "option_cost"]
)
def test_a_problems_arrays_are_its_own_and_read_only(name: str) -> None:
    given = np.array(getattr(two_islands(), name))
    problem = replace(two_islands(), **{name: given})
    with pytest.raises(ValueError, match="read-only"):
        getattr(problem, name)[0] = 1
    kept = given.copy()
    given[:] = 0
    assert getattr(problem, name).tolist() == kept.tolist()


def test_a_problem_does_not_follow_the_coordinates_it_was_made_from() -> None:
    demand, sites, table = np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((1, 1))
    plane = hp.Problem.from_points(demand, [1], sites, [1], 5)
    matrix = hp.Problem.from_matrix(table, [1], [1], 5)
    demand += 100
    table += 100
    assert evaluate(plane, [0]).covered_need == evaluate(matrix, [0]).covered_need == 1


def test_a_problem_counts_its_parts() -> None:
    problem = two_islands()
    assert (problem.n_points, problem.n_sites, problem.n_options) == (4, 4, 5)
    assert problem.existing.tolist() == [True, False, False, False, False]
    assert problem.required_sites.tolist() == [2]
    assert problem.option_reach.tolist() == [2, 2, 5, 2, 5]
    assert line_of_five().site_status.tolist() == [SiteStatus.CANDIDATE] * 3


@pytest.mark.parametrize(("points", "sites"), [(0, 2), (2, 0), (0, 0)])
def test_no_points_or_no_sites_is_a_problem_with_an_empty_plan(points: int, sites: int) -> None:
    plane = hp.Problem.from_points(np.zeros((points, 2)), np.ones(points), np.zeros((sites, 2)), np.ones(sites), 1)
    matrix = hp.Problem.from_matrix(np.zeros((points, sites)), np.ones(points), np.ones(sites), 1)
    for problem in (plane, matrix):
        solution = hp.solve_problem(problem, hp.MaxCoverage(budget=5))
        assert (solution.status, solution.value, solution.open_sites.tolist()) == ("optimal", 0, [])


def test_a_matrix_answers_within_the_points_asked_for() -> None:
    travel = Matrix(np.array([0, 1, 2]), np.array([0, 0, 0]), np.array([1.0, 2.0, 3.0]), n_points=3, n_sites=1)
    point, site, distance = travel.pairs(1, 3, 2.0)
    assert (point.tolist(), site.tolist(), distance.tolist()) == ([1], [0], [2.0])

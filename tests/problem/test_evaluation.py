"""What a plan achieves, against brute force in plain Python."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.sparse import csr_array
from support.instances.random_covering import sample
from support.instances.tiny import line_of_five, two_islands

from hubplanner.problem import NOWHERE, Problem, Solution, Status, evaluate


@given(st.integers(0, 431), st.integers(0, 2**32))
def test_figures_are_those_of_brute_force(seed: int, plan_seed: int) -> None:
    case = sample(seed).case
    problem = case.problem()
    chosen = np.flatnonzero(np.random.default_rng(plan_seed).random(problem.n_options) < 0.5)
    found = evaluate(problem, chosen)
    plan = case.named(chosen.tolist())
    assert found.covered_need == pytest.approx(case.value(plan))
    assert found.cost == pytest.approx(sum(case.costs[option] for option in case.new(plan)))
    for point in range(problem.n_points):
        distances = [case.distance(point, site) for site, _ in plan]
        near = min(distances, default=math.inf)
        assert found.nearest_distance[point] == pytest.approx(near, abs=1e-6)
        covering = [at for at, option in enumerate(plan) if point in case.covers(option)]
        assert found.covered_share[point] == bool(covering)
        if covering:
            server = found.server[point]
            assert server in covering
            assert found.server_distance[point] == pytest.approx(min(distances[at] for at in covering), abs=1e-6)
        else:
            assert found.server[point] == NOWHERE
            assert math.isnan(found.server_distance[point])


def test_among_equally_near_hubs_the_first_site_serves() -> None:
    problem = Problem.from_matrix([[3.0, 2.0, 2.0, 2.0]], [1], [1] * 4, 5)
    assert evaluate(problem, [3, 2]).server.tolist() == [0]
    assert evaluate(problem, [3, 2]).options.tolist() == [2, 3]
    assert evaluate(problem, [0, 1, 3]).server.tolist() == [1]


def test_a_nearer_hub_that_does_not_reach_serves_nobody() -> None:
    problem = two_islands()
    found = evaluate(problem, [0, 2])  # S0 small, S1 large
    assert found.server.tolist() == [0, 1, NOWHERE, NOWHERE]
    assert found.nearest_distance.tolist() == [1, 2, math.inf, math.inf]
    farther = evaluate(Problem.from_matrix([[2.0, 1.0]], [1], [1, 1], 2), [0])
    assert (farther.server_distance.tolist(), farther.nearest_distance.tolist()) == ([2.0], [2.0])


@pytest.mark.parametrize("hubs", [5, 150])
def test_the_first_of_the_nearest_hubs_in_a_grid_serves_as_with_given_distances(hubs: int) -> None:
    """In a grid many hubs are equally far, some stand at one place, and three sizes reach differently far."""
    rng = np.random.default_rng(hubs)
    places, sites = (rng.integers(0, 25, (size, 2)).astype(float) for size in (400, 200))
    straight = Problem.from_points(places, np.ones(400), sites, np.ones(200), 1.0)
    tiers = {"tier_reach": np.array([2.0, 5.0, math.sqrt(13)]), "option_tier": rng.integers(0, 3, 200)}
    distance = np.hypot(*(places[:, None] - sites).transpose(2, 0, 1))
    given = Problem.from_matrix(distance, np.ones(400), np.ones(200), 1.0)
    chosen = rng.permutation(200)[:hubs]
    found, expected = (evaluate(replace(problem, **tiers), chosen) for problem in (straight, given))
    for name in ("covered_share", "server", "server_distance", "nearest_distance", "pair_distance"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_two_islands_by_hand() -> None:
    found = evaluate(two_islands(), [4, 0, 0])
    assert found.options.tolist() == [0, 4]
    assert (found.covered_need, found.cost) == (12, 5)
    assert found.covered_share.tolist() == [1, 0, 1, 1]
    assert found.nearest_distance.tolist() == [1, 4, 1, 4]


def test_no_hub_covers_nobody() -> None:
    found = evaluate(line_of_five(), [])
    assert (found.covered_need, found.cost) == (0, 0)
    assert np.isinf(found.nearest_distance).all()
    assert (found.server == NOWHERE).all()


def test_a_solution_without_a_plan_has_no_sites_and_no_figures() -> None:
    solution = Solution(
        problem=line_of_five(),
        status=Status.NO_PLAN,
        evaluation=None,
        value=math.nan,
        bound=math.nan,
        seconds=0.0,
        solver="highs",
        version="",
    )
    assert (len(solution.open_sites), len(solution.open_options)) == (0, 0)
    assert math.isnan(solution.gap)


def test_distances_stay_those_of_their_pairs_where_shares_are_compared() -> None:
    line = Problem.from_points([[0, 0]], [10], [[1, 0], [2, 0], [4, 0]], [1, 1, 1], reach=5)
    shares = csr_array((np.array([0.3, 0.2, 0.5]), np.array([2, 0, 1]), np.array([0, 3])), shape=(1, 3))
    plan = evaluate(line, [0, 1, 2], shares)
    assert (plan.assigned > 0.1).nnz == 3  # sorts an array of another order in place
    assert dict(zip(plan.assigned.indices.tolist(), plan.pair_distance.tolist(), strict=True)) == {0: 1, 1: 2, 2: 4}
    assert plan.served_distance.tolist() == pytest.approx([0.2 * 1 + 0.5 * 2 + 0.3 * 4])

"""Named tiny instances whose best plans can be seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hubplanner.problem import Matrix, Problem, SiteStatus


def line_of_five() -> Problem:
    """Five points on a line and three sites; a hub reaches 10, edge included.

    ::

        D0----.----D1----.----D2----.----D3----.----D4     x = 0, 10, 20, 30, 40
        5          3          1          3          4      need, 16 in all
              S0              S1              S2           x = 5, 20, 35
              1               2               1            cost
              D0 D1           D1 D2 D3        D3 D4        covers

    Budget 1 covers 8 (S0), 2 and 3 cover 15 (S0 and S2), 4 covers all 16.
    """
    demand = [[0, 0], [10, 0], [20, 0], [30, 0], [40, 0]]
    return Problem.from_points(demand, [5, 3, 1, 3, 4], [[5, 0], [20, 0], [35, 0]], [1, 2, 1], reach=10)


def two_islands() -> Problem:
    """Two islands with no way between them, two tiers: small reaches 2, large 5.

    ::

        west:  D0 --1-- S0 existing (small) --4-- D1      need 4, 3
               D0 --3-- S1 candidate        --2-- D1      small 2, large 6
        east:  D2 --1-- S2 required         --4-- D3      need 2, 6; small 3, large 5
                        S3 excluded

    S0 covers D0. Budget 3 covers 6 (S2 small), 5 covers 12 (S2 large), 7 covers all 15; below 3 nothing is possible.
    """
    table = np.array([[0, 0, 1], [1, 0, 4], [0, 1, 3], [1, 1, 2], [2, 2, 1], [3, 2, 4], [2, 3, 1]])
    return Problem(
        need=np.array([4.0, 3.0, 2.0, 6.0]),
        people=np.array([40.0, 30.0, 20.0, 60.0]),
        travel=Matrix(table[:, 0], table[:, 1], table[:, 2].astype(float), n_points=4, n_sites=4),
        site_status=np.array(
            [SiteStatus.EXISTING, SiteStatus.CANDIDATE, SiteStatus.REQUIRED, SiteStatus.EXCLUDED], dtype=np.intp
        ),
        tier_reach=np.array([2.0, 5.0]),
        option_site=np.array([0, 1, 1, 2, 2]),
        option_tier=np.array([0, 0, 1, 0, 1]),
        option_cost=np.array([0.0, 2.0, 6.0, 3.0, 5.0]),
    )


def dear_and_cheap() -> Problem:
    """Four sites apart, each with a point of its own; the relaxation promises more than any plan holds.

    ::

        D0.S0   D1.S1   D2.S2   D3.S3 required
        60      49      49      1                 need
        6       5       5       1                 cost

    Budget 11: greedy builds S3 and S0 and covers 61, S3 with S1 and S2 covers 99, the relaxation 100.2.
    """
    table = np.where(np.eye(4) > 0, 0.0, np.inf)
    problem = Problem.from_matrix(table, [60, 49, 49, 1], [6, 5, 5, 1], reach=1)
    return replace(problem, site_status=np.array([0, 0, 0, SiteStatus.REQUIRED]))


def scattered(seed: int, *, points: int = 200, sites: int = 60, share: float = 0.1) -> Problem:
    """Return unit needs that sites cover at random, without any geography: choosing 8 of 60 takes solvers minutes."""
    rng = np.random.default_rng(seed)
    table = np.where(rng.random((points, sites)) < share, 1.0, np.inf)
    return Problem.from_matrix(table, np.ones(points), np.ones(sites), reach=1)


def random_town(seed: int, *, points: int = 300, sites: int = 100, reach: float = 12.0) -> Problem:
    """Return a town of random points, needs and costs."""
    rng = np.random.default_rng(seed)
    need, cost = rng.uniform(1, 100, points), rng.uniform(1, 10, sites)
    return Problem.from_points(rng.uniform(0, 100, (points, 2)), need, rng.uniform(0, 100, (sites, 2)), cost, reach)

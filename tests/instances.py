"""Named tiny instances whose best plans can be seen."""

from __future__ import annotations

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


def random_town(seed: int, *, points: int = 300, sites: int = 100, reach: float = 12.0, whole: bool = False) -> Problem:
    """Return a town of random points, needs and costs; with 100 sites and more it takes a solver far over a second."""
    rng = np.random.default_rng(seed)
    need = rng.integers(1, 100, points) if whole else rng.uniform(1, 100, points)
    cost = np.ones(sites) if whole else rng.uniform(1, 10, sites)
    return Problem.from_points(rng.uniform(0, 100, (points, 2)), need, rng.uniform(0, 100, (sites, 2)), cost, reach)

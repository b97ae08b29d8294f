"""What a choice of hubs achieves, recomputed from the arrays alone: nothing here knows of any solver or model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.problem.travel import Floats, Ints, within

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from hubplanner.problem.problem import Problem

NOWHERE = -1
"""Stands for no hub."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """The recomputed figures of a plan.

    Parameters
    ----------
    options
        (k,) the open options, ascending.
    covered_share
        (n,) share of each point that counts as covered.
    server
        (n,) position in ``options`` of the hub that serves the point; -1 where none does.
    server_distance
        (n,) distance to that hub; NaN where none.
    nearest_distance
        (n,) distance to the nearest open hub; infinity where there is no way.
    covered_need, cost
        Totals of the plan; cost of new hubs only.
    """

    options: Ints
    covered_share: Floats
    server: Ints
    server_distance: Floats
    nearest_distance: Floats
    covered_need: float
    cost: float


def evaluate(problem: Problem, options: ArrayLike) -> Evaluation:
    r"""Recompute coverage, service, distance and cost of a set of open options.

    .. math:: \sum_i w_i \max_{o \in O} a_{io}, \qquad \sum_{o \in O} c_o

    A point is served by its nearest open hub that covers it; among equally near ones by the first site.

    Parameters
    ----------
    problem
        The problem.
    options
        (k,) indices of the open options, existing ones included.

    >>> from hubplanner.problem import Problem
    >>> line = Problem.from_points([[0, 0], [9, 0]], [3, 4], [[1, 0], [8, 0]], [1, 1], reach=5)
    >>> evaluate(line, [1]).covered_need
    4.0
    """
    chosen = np.unique(np.asarray(options, dtype=np.intp))
    server = np.full(problem.n_points, NOWHERE, dtype=np.intp)
    served = np.full(problem.n_points, np.inf)
    nearest = np.full(problem.n_points, np.inf)
    for position, option in enumerate(chosen):
        distance = problem.travel.from_site(int(problem.option_site[option]))
        nearest = np.minimum(nearest, distance)
        better = within(distance, float(problem.option_reach[option])) & (distance < served)
        served[better], server[better] = distance[better], position
    covered = server != NOWHERE
    return Evaluation(
        options=chosen,
        covered_share=covered.astype(np.float64),
        server=server,
        server_distance=np.where(covered, served, np.nan),
        nearest_distance=nearest,
        covered_need=math.fsum(problem.need[covered]),
        cost=math.fsum(problem.option_cost[chosen]),
    )

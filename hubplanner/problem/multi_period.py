"""Money over the horizon."""

from __future__ import annotations

from dataclasses import replace

from hubplanner.problem.arrays import Floats
from hubplanner.problem.problem import Problem


def annuity(rate: float, years: int) -> float:
    r"""Return the present value of one unit of money a year: $\sum_{y=1}^{H} (1 + r)^{-y}$.

    Parameters
    ----------
    rate
        Discount rate a year; 0 gives the number of years.
    years
        Horizon H; 0 gives 0.

    >>> round(annuity(0.1, 5), 4)
    3.7908
    """
    return sum((1 + rate) ** -year for year in range(1, years + 1))


def grow_demand(values: Floats, rate: Floats | None, years: int) -> Floats:
    r"""Return values that grow each year: $v_i (1 + g_i)^y$.

    >>> import numpy as np
    >>> grow_demand(np.array([100.0]), np.array([0.1]), 2).round(6).tolist()
    [121.0]
    """
    return values if rate is None or years == 0 else values * (1.0 + rate) ** years


def in_year(problem: Problem, rate: Floats | None, years: int) -> Problem:
    """Return the problem as it is some years on."""
    need, people = grow_demand(problem.need, rate, years), grow_demand(problem.people, rate, years)
    seated = None if problem.seated is None else grow_demand(problem.seated, rate, years)
    return replace(problem, need=need, people=people, seated=seated)


def present_value(rate: float, years: int) -> float:
    r"""Return what a unit counts for some years on: $(1 + r)^{-y}$.

    >>> present_value(0.25, 1)
    0.8
    """
    return float((1.0 + rate) ** -years)

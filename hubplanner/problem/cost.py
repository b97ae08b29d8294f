"""Money over the horizon."""

from __future__ import annotations


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

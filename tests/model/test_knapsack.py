"""The hull of what money buys holds every number of hubs that it buys, and is the smallest that does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import linprog

from hubplanner.model.cuts.hub_counts import MOST_POINTS, MOST_PRICES, hull

KINDS = st.lists(
    st.tuples(st.integers(1, 40), st.integers(1, 6)), min_size=1, max_size=3, unique_by=lambda kind: kind[0]
)


@given(KINDS, st.integers(0, 120), st.integers(0, 2**32))
def test_the_hull_is_that_of_the_numbers_that_money_buys(kinds: list[tuple[int, int]], money: int, seed: int) -> None:
    prices, most = (np.array(part) for part in zip(*sorted(kinds), strict=True))
    grid = np.array(list(itertools.product(*(range(count + 1) for count in most))))
    bought = grid[grid @ prices <= money]
    sides = hull(tuple(prices.astype(float).tolist()), tuple(most.tolist()), float(money))
    weights, limits = np.array([weight for weight, _ in sides]), np.array([limit for _, limit in sides])
    assert (bought @ weights.T <= limits + 1e-9).all()
    worth = np.random.default_rng(seed).uniform(0, 1, len(prices))
    found = linprog(-worth, A_ub=weights, b_ub=limits)
    assert -found.fun == pytest.approx((bought @ worth).max(), abs=1e-7)


def test_rounding_of_prices_costs_no_hub() -> None:
    assert all(np.dot(weights, (3, 0)) <= limit + 1e-9 for weights, limit in hull((0.1, 0.3), (9, 9), 0.3))


@pytest.mark.parametrize(
    ("prices", "most", "money"),
    [
        ((), (), 1.0),
        ((1.0,), (3,), -1.0),
        (tuple(range(1, MOST_PRICES + 2)), (1,) * (MOST_PRICES + 1), 9.0),
        ((1.0, 2.0), (9, MOST_POINTS + 1), 1e9),
    ],
)
def test_there_is_no_hull_without_money_or_with_too_many_points(
    prices: tuple[float, ...], most: tuple[int, ...], money: float
) -> None:
    assert hull(prices, most, money) == ()


def test_hubs_that_no_money_buys_have_a_side_of_their_own() -> None:
    assert ((0.0, 1.0), 0.0) in hull((1.0, 50.0), (9, 9), 10.0)

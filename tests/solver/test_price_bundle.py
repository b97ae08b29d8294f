"""The model of what areas are worth proposes prices that a second solver finds as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from hubplanner.solver.mip.bounds.price_bundle import LEVELLING, AreaPrices, PriceBundle, PriceProposal

AREAS, COLUMNS = 3, 5


def drawn(seed: int, rounds: int = 4) -> tuple[PriceBundle, AreaPrices, list[tuple[Any, Any]]]:
    """Return a bundle in which each area reaches some columns, the prices it begins with, and its plans by round."""
    rng = np.random.default_rng(seed)
    reach = rng.random((AREAS, COLUMNS)) < 0.7
    reach[0] = True
    area, column = np.nonzero(reach)
    paid = rng.uniform(0.5, 2.0, len(area))
    bundle = PriceBundle(area, column, AREAS, COLUMNS)
    plans = [((rng.random(len(area)) < 0.5).astype(float), rng.uniform(2.0, 6.0, AREAS)) for _ in range(rounds)]
    for opened, worth in plans:
        bundle.add(opened, worth)
    return bundle, AreaPrices(paid=paid, level=1.0), plans


def worth_at(bundle: PriceBundle, plans: list[tuple[Any, Any]], paid: Any) -> Any:
    return np.max([worth - np.bincount(bundle.area, paid * opened, AREAS) for opened, worth in plans], axis=0)


SLOPE, LENGTH = 2.0, 0.05
"""So short that no price comes to nil, where it would be held."""


def aim(bundle: PriceBundle, plans: list[tuple[Any, Any]], at: AreaPrices, found: AreaPrices) -> float:
    """Return what the next prices have the least of."""
    apart = found.paid - at.paid * found.level / at.level
    rise = (found.level - at.level) ** 2 * float(at.paid @ at.paid) / LEVELLING
    model = float(worth_at(bundle, plans, found.paid).sum())
    return SLOPE * found.level + model + (float(apart @ apart) + rise) / (2 * LENGTH)


@pytest.mark.parametrize("seed", range(8))
def test_the_next_prices_are_the_best_of_all_that_come_to_what_columns_cost(seed: int) -> None:
    bundle, at, plans = drawn(seed)
    found = bundle.proposed(at, SLOPE, LENGTH)
    prices = found.prices
    assert bundle.summed(prices.paid) == pytest.approx(prices.level * bundle.summed(at.paid))
    least = aim(bundle, plans, at, prices)

    def told(moves: Any) -> float:
        level, apart = float(moves[0]), moves[1:]
        apart = apart - (bundle.summed(apart) / bundle.reaches)[bundle.column]
        other = AreaPrices(paid=at.paid * level + apart, level=level)
        return aim(bundle, plans, at, other)

    start = np.append(prices.level, prices.paid - at.paid * prices.level)
    assert told(start) == pytest.approx(least, rel=1e-9)
    again = minimize(told, start, method="Powell", options={"xtol": 1e-9, "ftol": 1e-12})
    assert least <= again.fun + 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_the_model_is_what_its_plans_are_worth(seed: int) -> None:
    bundle, at, plans = drawn(seed)
    found: PriceProposal = bundle.proposed(at, None, 0.1)
    assert found.prices.level == at.level
    assert found.worth == pytest.approx(worth_at(bundle, plans, found.prices.paid).sum())
    assert (found.opened >= -1e-9).all()
    assert (found.opened <= 1 + 1e-9).all()


def test_areas_that_open_nothing_keep_their_prices() -> None:
    bundle, at, _ = drawn(0, rounds=0)
    bundle.add(np.zeros(len(at.paid)), np.ones(AREAS))
    found = bundle.proposed(at, None, 1.0)
    assert found.prices.paid == pytest.approx(at.paid)
    assert found.worth == pytest.approx(AREAS)


def test_areas_without_columns_are_worth_what_they_are() -> None:
    bundle = PriceBundle(np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.intp), 2, 1)
    bundle.add(np.ones(1), np.array([3.0, 7.0]))
    assert bundle.proposed(AreaPrices(paid=np.ones(1), level=1.0), None, 1.0).worth == pytest.approx(9.0)


def test_where_money_is_worth_nothing_prices_fall_and_stay_prices() -> None:
    bundle, at, _ = drawn(2)
    for _ in range(5):
        found = bundle.proposed(at, 1e6, 10.0).prices
        assert found.level == pytest.approx(at.level / 2)
        assert np.isfinite(found.paid).all()
        at = found

"""Cells of points: their shares are those of the points, no cell understates, and a split is exact where it is made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from support.draws import examples

from hubplanner.problem.aggregation.cells import Cells
from hubplanner.problem.aggregation.disc_grid import Discs
from hubplanner.problem.travel.geometric import GreatCircle, Planar

DEGREE_KM = 111.19492664455873


def drawn(seed: int) -> tuple[Discs, np.ndarray, np.ndarray, np.random.Generator]:
    """Return two discs about each site, points and their need; every third time on a grid, with points on circles."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 200)), int(rng.integers(1, 40))
    places, sites = rng.random((n, 2)) * 12, rng.random((m, 2)) * 12
    if seed % 3 == 0:
        places, sites = np.floor(places), np.floor(sites)
    is_round = bool(seed % 2)
    travel = (GreatCircle if is_round else Planar)(np.zeros((0, 2)), sites)
    reach = np.tile([2.0, 4.0], m) * (DEGREE_KM if is_round else 1.0)
    return Discs(travel=travel, site=np.repeat(np.arange(m), 2), reach=reach), places, rng.lognormal(size=n), rng


def inside(cells: Cells) -> np.ndarray:
    """Return which points (o, n) each disc holds."""
    return np.array([cells.discs.holding(disc, cells.places) for disc in range(len(cells.discs.site))])


@settings(max_examples=examples(80), deadline=None)
@given(seed=st.integers(0, 10_000))
def test_shares_are_those_of_the_points_before_and_after_splits(seed: int) -> None:
    discs, places, need, rng = drawn(seed)
    cells = Cells.of(discs, places, need, int(rng.integers(1, 60)))
    for _ in range(3):
        assert sorted(map(tuple, cells.places.tolist())) == sorted(map(tuple, places.tolist()))
        order = np.argsort(cells.start)
        assert (cells.stop[order][:-1] == cells.start[order][1:]).all()
        assert (cells.start.min(), cells.stop.max(), cells.total.sum()) == (0, len(need), pytest.approx(need.sum()))
        held, share = inside(cells), cells.share.toarray()
        for cell, (a, b) in enumerate(zip(cells.start, cells.stop, strict=True)):
            exact = held[:, a:b] @ cells.need[a:b] / cells.need[a:b].sum()
            assert share[cell] == pytest.approx(exact, rel=2e-12, abs=2e-12)
            assert (share[cell] >= exact * (1 - 1e-15)).all()
            assert ((share[cell] == 1) == held[:, a:b].all(axis=1)).all()
        open_ = rng.random(len(discs.site)) * (rng.random(len(discs.site)) < 0.3)
        errors, full = cells.errors(open_)
        covered = open_ @ held
        assert (full == (covered >= 1)).all()
        truly = np.array(
            [cells.need[a:b] @ np.minimum(covered[a:b], 1) for a, b in zip(cells.start, cells.stop, strict=True)]
        )
        stated = cells.total * np.minimum(cells.share @ open_, 1)
        assert errors == pytest.approx(stated - truly, abs=1e-9)
        cells = cells.split(np.flatnonzero(errors > 0), full)
        assert cells.errors(open_)[0].max() == pytest.approx(0, abs=1e-9)


def test_cells_are_split_by_need_and_by_place() -> None:
    discs, places, need, _ = drawn(2)
    few, many = (Cells.of(discs, places, need, count) for count in (4, 64))
    assert 4 <= len(few.start) < len(many.start) <= len(need)
    assert max(b - a for a, b in zip(many.start, many.stop, strict=True)) < len(need) / 4


def test_places_that_are_the_same_stay_in_a_cell() -> None:
    travel = Planar(np.zeros((0, 2)), np.array([[0.0, 0.0]]))
    discs = Discs(travel=travel, site=np.array([0]), reach=np.array([1.0]))
    cells = Cells.of(discs, np.zeros((9, 2)), np.ones(9), 5)
    assert (len(cells.start), cells.share.toarray().tolist()) == (1, [[1.0]])

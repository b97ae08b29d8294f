"""Distances, and which of them are within reach."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from support.oracles.covering import _arc

from hubplanner.problem import GreatCircle, Planar, annuity, relative_gap, within
from hubplanner.problem.travel import geometric
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

QUARTER = EARTH_RADIUS_KM * np.pi / 2
longitudes = st.floats(-180, 180)
latitudes = st.floats(-90, 90)
places = st.lists(st.tuples(longitudes, latitudes), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("point", "site", "distance"),
    [
        ((0, 0), (90, 0), QUARTER),
        ((0, 0), (0, 90), QUARTER),
        ((0, 0), (180, 0), 2 * QUARTER),
        ((179, 0), (-179, 0), QUARTER / 45),
        ((17, 90), (-60, 90), 0.0),
        ((67, 30), (67, 30), 0.0),
    ],
    ids=["quarter", "pole", "antipode", "date line", "same pole", "same place"],
)
def test_great_circle_distances_known_by_hand(
    point: tuple[float, float], site: tuple[float, float], distance: float
) -> None:
    travel = GreatCircle(np.array([point], dtype=float), np.array([site], dtype=float))
    assert travel.from_site(0)[0] == pytest.approx(distance, abs=1e-9)


@given(places, places)
def test_haversine_agrees_with_the_angle_between_unit_vectors(
    points: list[tuple[float, float]], sites: list[tuple[float, float]]
) -> None:
    travel = GreatCircle(np.array(points), np.array(sites))
    for site, place in enumerate(sites):
        assert travel.from_site(site) == pytest.approx([_arc(point, place) for point in points], abs=1e-3)


@given(places, places, st.floats(0, 21_000), st.floats(1, 3))
def test_exactly_the_pairs_within_reach_are_found_on_the_sphere(
    points: list[tuple[float, float]], sites: list[tuple[float, float]], reach: float, detour: float
) -> None:
    same_pairs(GreatCircle(np.array(points), np.array(sites), detour), reach)


@given(
    arrays(float, (7, 2), elements=st.integers(-9, 9)),
    arrays(float, (4, 2), elements=st.integers(-9, 9)),
    st.integers(0, 14),
    st.sampled_from([1.0, 1.3, 2.0]),
)
def test_exactly_the_pairs_within_reach_are_found_in_the_plane(
    points: np.ndarray, sites: np.ndarray, reach: int, detour: float
) -> None:
    same_pairs(Planar(points, sites, detour), float(reach))


def same_pairs(travel: Planar | GreatCircle, reach: float) -> None:
    """Hold pairs and nearest sites, by a tree and one by one, against all distances."""
    start = min(2, travel.n_points)
    expected = {
        (i, j): travel.from_site(j)[i]
        for j in range(travel.n_sites)
        for i in np.flatnonzero(within(travel.from_site(j), reach)).tolist()
        if i >= start
    }
    nearest = np.min([travel.from_site(site) for site in range(travel.n_sites)], axis=0)
    for few in (0, geometric.FEW_SITES):
        with mock.patch.object(geometric, "FEW_SITES", few):
            point, site, distance = travel.pairs(start, travel.n_points, reach)
            # Chords tell distances near the antipode apart to a metre.
            assert travel.nearest() == pytest.approx(nearest, abs=1e-3)
        found = dict(zip(zip(point.tolist(), site.tolist(), strict=True), distance.tolist(), strict=True))
        assert found == expected


def test_detour_lengthens_every_way() -> None:
    point, site = np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])
    assert Planar(point, site, detour=1.4).from_site(0).tolist() == [7.0]
    straight, longer = GreatCircle(point, site), GreatCircle(point, site, detour=1.4)
    assert longer.from_site(0)[0] == pytest.approx(1.4 * straight.from_site(0)[0])


def test_reach_is_inclusive_for_sums_that_rounding_carries_over_it() -> None:
    assert 0.1 + 0.2 > 0.3
    assert within(np.array([0.1 + 0.2, 0.3 + 1e-8]), 0.3).tolist() == [True, False]
    assert within(np.array([0.0, 1e-300, np.inf]), 0.0).tolist() == [True, False, False]


@pytest.mark.parametrize(("rate", "years", "value"), [(0, 7, 7), (0.1, 0, 0), (0.1, 1, 1 / 1.1), (1, 3, 0.875)])
def test_an_annuity_is_the_sum_of_discounted_years(rate: float, years: int, value: float) -> None:
    assert annuity(rate, years) == pytest.approx(value)


@pytest.mark.parametrize(
    ("value", "bound", "gap"), [(0, 0, 0), (0.5, 0.75, 0.25), (200, 201, 0.005), (201, 200, 0.005), (-4, -2, 1.0)]
)
def test_a_gap_is_a_share_of_the_smaller_figure_or_of_one(value: float, bound: float, gap: float) -> None:
    assert relative_gap(value, bound) == gap


def test_plans_over_the_same_points_share_one_tree_of_them_and_find_what_each_would_alone() -> None:
    rng = np.random.default_rng(7)
    points, sites = rng.uniform(0, 2, (500, 2)), rng.uniform(0, 2, (90, 2))
    whole = GreatCircle(points, sites, 1.3)
    trees = []
    for chosen in (np.arange(60), np.arange(20, 90), np.arange(5)):
        part, alone = whole.among(chosen).among(np.arange(len(chosen))), GreatCircle(points, sites[chosen], 1.3)
        found, own = (sorted(zip(*one.pairs(0, 500, 20.0), strict=True)) for one in (part, alone))
        assert found == own
        assert np.array_equal(part.nearest(), alone.nearest())
        # Some of the points are none that a tree was kept for.
        assert sorted(zip(*part.pairs(100, 300, 20.0), strict=True)) == [pair for pair in own if 100 <= pair[0] < 300]
        trees.append(whole.point_tree)
    assert trees[0] is trees[1] is trees[2]
    with mock.patch.object(geometric, "KDTree", side_effect=AssertionError):
        whole.among(np.arange(5)).nearest()

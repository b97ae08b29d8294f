"""The grid over all reaches: what it takes for granted of cells and boxes, and what it says of places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from hubplanner.problem import GreatCircle, Planar
from hubplanner.problem.aggregation import disc_grid as regions
from hubplanner.problem.aggregation.disc_grid import UNKNOWN, Discs

NOWHERE = np.zeros((0, 2))


def globe(sites: list[list[float]], detour: float = 1.0) -> GreatCircle:
    return GreatCircle(NOWHERE, np.array(sites, dtype=float).reshape(-1, 2), detour)


@given(
    st.floats(-89, 89),
    st.floats(1e-4, 30),
    st.floats(1e-4, 60),
    st.sampled_from([1.0, 1.4]),
    st.integers(0, 2**32),
)
def test_no_place_of_a_cell_is_farther_from_its_middle_than_its_radius(
    lat: float, height: float, width: float, detour: float, seed: int
) -> None:
    offset = np.random.default_rng(seed).uniform(-0.5, 0.5, (50, 2))
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])
    size = np.array([width, height])
    places = np.array([20.0, lat]) + np.vstack([offset, corners]) * size
    places = places[np.abs(places[:, 1]) <= 90]
    travel = globe([[0, 0]], detour)
    far = travel.measure(places, np.array([[20.0, lat]]))
    radius = travel.cell_radius(np.array([lat]), size)[0]
    assert far.max(initial=0.0) <= radius * (1 + 1e-9)


@pytest.mark.parametrize("lat", [-70.0, 0.0, 30.0])
def test_the_radius_of_a_small_cell_is_hardly_more_than_half_its_diagonal(lat: float) -> None:
    travel, size = globe([[0, 0]]), np.array([0.02, 0.01])
    corner = travel.measure(np.array([[0.01, lat + 0.005]]), np.array([[0.0, lat]]))[0]
    assert corner <= travel.cell_radius(np.array([lat]), size)[0] < 1.01 * corner


def test_the_radius_of_a_cell_in_the_plane_is_half_its_diagonal() -> None:
    travel = Planar(NOWHERE, np.zeros((1, 2)), detour=2.0)
    assert travel.cell_radius(np.zeros(2), np.array([6.0, 8.0])).tolist() == [10.0, 10.0]


@given(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)),
    st.floats(0, 21_000),
    st.sampled_from([1.0, 1.4]),
    st.integers(0, 2**32),
)
def test_a_box_holds_the_whole_disc_also_about_poles_and_across_the_seam(
    site: tuple[float, float], reach: float, detour: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    away = rng.normal(0, 1 + np.degrees(reach / 6371), (300, 2))
    places = np.array(site) + away
    places[:, 1] = np.clip(places[:, 1], -90, 90)
    places[:100, 0] = rng.uniform(-180, 180, 100)
    travel = globe([list(site), [-site[0] / 3, 0.0]], detour)
    box = travel.boxes(np.array([0]), np.array([reach]))[0]
    inside = travel.flat(places)[travel.measure(places, travel.sites[:1]) <= reach]
    assert (inside >= box[0] - 1e-7).all()
    assert (inside <= box[1] + 1e-7).all()


@pytest.mark.parametrize("kind", ["plane", "sphere"])
@pytest.mark.parametrize("most", [1, 3, 12])
def test_a_place_is_told_the_discs_that_hold_it_or_is_left_to_look_up(
    monkeypatch: pytest.MonkeyPatch, kind: str, most: int
) -> None:
    monkeypatch.setattr(regions, "MOST_CROSSING", most)
    monkeypatch.setattr(regions, "FEWEST_CELLS", 400)
    monkeypatch.setattr(regions, "MOST_CELLS", 400)
    rng = np.random.default_rng(0)
    sites, places = rng.uniform(0, 8, (10, 2)), rng.uniform(-3, 11, (3000, 2))
    unit = 1.0 if kind == "plane" else 111.0
    travel = Planar(NOWHERE, sites) if kind == "plane" else GreatCircle(NOWHERE, sites)
    discs = Discs(travel=travel, site=np.repeat(np.arange(10), 2), reach=np.tile([1.0, 2.5], 10) * unit)
    grid = regions.regions(discs)
    number = grid.locate(places)
    known = number != UNKNOWN
    held = np.column_stack([discs.holding(disc, places) for disc in range(20)])
    assert np.array_equal(grid.members(number[known]).toarray() > 0, held[known])
    assert known.all() == (most == 12)
    assert known.mean() > 0.2
    assert number.max() < grid.n_numbers


def test_circles_that_all_pass_through_one_cell_leave_it_to_look_up() -> None:
    travel = Planar(NOWHERE, np.zeros((regions.MOST_CROSSING + 1, 2)))
    discs = Discs(travel=travel, site=np.arange(travel.n_sites), reach=np.full(travel.n_sites, 5.0))
    number = regions.regions(discs).locate(np.array([[0.0, 0.0], [5.0, 0.0], [9.0, 9.0]]))
    assert number[1] == UNKNOWN
    assert (number[[0, 2]] != UNKNOWN).all()


def test_without_discs_every_place_is_alike() -> None:
    discs = Discs(travel=Planar(NOWHERE, NOWHERE), site=np.zeros(0, dtype=np.intp), reach=np.zeros(0))
    grid = regions.regions(discs)
    number = grid.locate(np.array([[0.0, 0.0], [1e9, -3.0]]))
    assert grid.members(number).shape == (2, 0)

"""Travel over a raster: known minutes, windows against the whole raster, and networkx."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, strategies as st

from hubplanner.problem.travel.friction import Friction, FrictionGrid, GridCells, Moves

BAR = 0.0
CELL = 1000.0
KNIGHTS = [(down, right) for down in (-2, -1, 1, 2) for right in (-2, -1, 1, 2) if abs(down) != abs(right)]
KINGS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)]


def grid(values: Any, moves: Moves = 8, width: float | list[float] = CELL, **more: Any) -> FrictionGrid:
    """Return cells of one minute where they say 1."""
    cells = np.array(values, dtype=float) / CELL
    wide = np.broadcast_to(np.asarray(width, dtype=float), (len(cells),)).copy()
    return FrictionGrid(values=cells, in_kmh=False, width=wide, height=CELL, moves=moves, **more)


def from_cell(cells: FrictionGrid, row: int, column: int, limit: float = np.inf) -> np.ndarray[Any, Any]:
    """Return the minutes of all cells of the raster."""
    found = np.full(cells.values.shape, np.inf)
    top, left, minutes = cells.minutes_from(row, column, limit)
    found[top : top + minutes.shape[0], left : left + minutes.shape[1]] = minutes
    return found


def as_graph(cells: FrictionGrid) -> nx.Graph[Any]:
    """Return the moves between open cells, written down from their definition one by one."""
    rows, columns = cells.values.shape
    pace = {(row, column): cells.values[row, column] for row in range(rows) for column in range(columns)}
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(spot for spot, value in pace.items() if value > 0)
    for row, column in graph.nodes:
        for down, right in KINGS + (KNIGHTS if cells.moves == 16 else []):
            other = row + down, column + right
            if pace.get(other, 0) <= 0:
                continue
            passed = {(row, column), other}
            if abs(down * right) == 1 and pace[row, other[1]] <= 0 and pace[other[0], column] <= 0:
                continue
            if abs(down * right) == 2:
                # The straight line lies a quarter in each of four cells.
                passed |= {(round(row + down * part), round(column + right * part)) for part in (0.375, 0.625)}
                assert len(passed) == 4
            if min(pace[spot] for spot in passed) <= 0:
                continue
            length = math.hypot(down * cells.height, right * (cells.width[row] + cells.width[other[0]]) / 2)
            graph.add_edge((row, column), other, minutes=length * float(np.mean([pace[spot] for spot in passed])))
    return graph


def by_networkx(cells: FrictionGrid, row: int, column: int) -> np.ndarray[Any, Any]:
    found = np.full(cells.values.shape, np.inf)
    lengths = nx.single_source_dijkstra_path_length(as_graph(cells), (row, column), weight="minutes")
    for spot, minutes in lengths.items():
        found[spot] = minutes
    return found


def test_a_cell_of_one_minute_is_one_to_the_side_and_root_two_to_the_corner() -> None:
    corner = math.sqrt(2)
    expected = [[corner, 1, corner], [1, 0, 1], [corner, 1, corner]]
    np.testing.assert_allclose(from_cell(grid(np.ones((3, 3))), 1, 1), expected)


def test_a_move_costs_half_of_each_of_two_cells_and_a_quarter_of_each_of_four() -> None:
    assert from_cell(grid([[1, 3]]), 0, 0)[0, 1] == pytest.approx(2)
    four = from_cell(grid([[1, 1.1, 9], [9, 1, 1.2]], 16), 0, 0)
    assert four[1, 2] == pytest.approx(math.sqrt(5) * (1 + 1.1 + 1 + 1.2) / 4)


def test_a_row_of_barriers_parts_a_raster_and_a_gap_joins_it() -> None:
    wall = np.ones((3, 4))
    wall[1] = BAR
    assert np.isinf(from_cell(grid(wall), 0, 0)[1:]).all()
    wall[1, 3] = 1
    found = from_cell(grid(wall), 0, 0)
    assert found[2, 0] == pytest.approx(2 * 2 + 2 * math.sqrt(2))


@pytest.mark.parametrize("moves", [8, 16])
def test_a_slanting_barrier_is_not_crossed_between_its_corners(moves: Moves) -> None:
    river = np.ones((5, 5))
    np.fill_diagonal(river, BAR)
    found = from_cell(grid(river, moves), 4, 0)
    assert np.isinf(found[np.triu_indices(5, 1)]).all()
    assert np.isfinite(found[np.tril_indices(5, -1)]).all()


def test_knights_moves_make_ways_less_angular() -> None:
    eight, sixteen = (from_cell(grid(np.ones((9, 9)), moves), 0, 0)[4, 8] for moves in (8, 16))
    assert eight == pytest.approx(4 + 4 * math.sqrt(2))
    assert sixteen == pytest.approx(math.hypot(4, 8))


def test_speeds_are_turned_into_minutes() -> None:
    fast = FrictionGrid(values=np.full((1, 3), 30, np.uint8), in_kmh=True, width=np.array([500.0]), height=500.0)
    assert from_cell(fast, 0, 0)[0].tolist() == pytest.approx([0, 1, 2])


def test_rows_have_widths_of_their_own() -> None:
    cells = grid(np.ones((2, 2)), width=[1000.0, 500.0])
    found = from_cell(cells, 0, 0)
    assert found[0, 1] == pytest.approx(1)
    assert from_cell(cells, 1, 0)[1, 1] == pytest.approx(0.5)
    assert found[1, 1] == pytest.approx(math.hypot(1, 0.75))


RASTERS = st.lists(st.lists(st.sampled_from([0, 1, 1, 2, 5, 20]), min_size=7, max_size=7), min_size=1, max_size=8)


@given(
    values=RASTERS,
    moves=st.sampled_from([8, 16]),
    limit=st.sampled_from([0.5, 3.0, 7.0, 12.0]),
    spot=st.tuples(st.integers(0, 7), st.integers(0, 6)),
    width=st.sampled_from([400.0, 1000.0]),
)
def test_a_window_finds_what_the_whole_raster_and_networkx_do(
    values: list[list[int]], moves: Moves, limit: float, spot: tuple[int, int], width: float
) -> None:
    row, column = spot[0] % len(values), spot[1]
    values[row][column] = values[row][column] or 1
    cells = grid(values, moves, [width * (1 + 0.1 * at) for at in range(len(values))])
    whole, near = from_cell(cells, row, column), from_cell(cells, row, column, limit)
    np.testing.assert_allclose(whole, by_networkx(cells, row, column), rtol=1e-12)
    np.testing.assert_allclose(near, np.where(whole <= limit, whole, np.inf), rtol=1e-12)


def spots(cells: list[tuple[int, int, float]]) -> GridCells:
    row, column, minutes = (np.array(part) for part in zip(*cells, strict=True))
    return GridCells(row, column, minutes.astype(float))


@pytest.fixture
def travel() -> Friction:
    """Return travel on a 3 x 5 raster: a point in the middle, one moved there, one beyond access, one far away."""
    points = spots([(1, 1, 0.0), (1, 1, 0.25), (-1, -1, 0.0), (1, 4, 0.0)])
    sites = spots([(1, 1, 0.0), (0, 0, 0.5), (-1, -1, 0.0)])
    return Friction(grid=grid(np.ones((3, 5))), points=points, sites=sites, most=2.0, site_places=np.zeros((3, 2)))


def test_ways_have_a_leg_at_both_ends_and_none_is_longer_than_is_looked_for(travel: Friction) -> None:
    side = math.sqrt(2)
    expected = [[0, side + 0.5, np.inf], [0.25, math.inf, np.inf], [np.inf] * 3, [np.inf] * 3]
    found = np.array([travel.from_site(site) for site in range(3)]).T
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(travel.nearest(), [0, 0.25, np.inf, np.inf])
    point, site, minutes = travel.pairs(0, 2, 2.0)
    assert sorted(zip(point.tolist(), site.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
    np.testing.assert_allclose(travel.along(point, site), minutes)


def test_reach_is_inclusive(travel: Friction) -> None:
    one = grid(np.ones((3, 5)))
    away, hub = spots([(1, 4, 0.0)]), spots([(1, 1, 0.0)])
    far = Friction(grid=one, points=away, sites=hub, most=3.0, site_places=np.zeros((1, 2)))
    assert far.from_site(0) == pytest.approx([3.0])
    assert len(travel.pairs(0, 4, 0.25)[0]) == 2


def test_a_longer_reach_is_searched_for_where_it_is_asked_for(travel: Friction) -> None:
    point, site, minutes = travel.pairs(0, 4, 3.0)
    assert minutes[(point == 3) & (site == 0)] == pytest.approx([3.0])
    assert np.isinf(travel.from_site(0)[3])
    assert np.isinf(travel.nearest()[3])
    few = travel.among(np.array([1, 0, 1]))
    np.testing.assert_allclose(few.from_site(1), travel.from_site(0))
    assert few.n_sites == 3
    assert travel.among(np.array([1])).pairs(0, 4, 2.0)[0].tolist() == [0]

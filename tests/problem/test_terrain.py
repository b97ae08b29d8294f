"""Travel over slopes: known minutes by Tobler's formula and a rider's power, and every move by networkx."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hubplanner.errors import MissingExtraError
from hubplanner.problem.travel import terrain
from hubplanner.problem.travel.friction import Friction, FrictionGrid, GridCells, Moves
from hubplanner.problem.travel.terrain import BICYCLE, DRAG, MOTOR, NEWTONS, ROLLING, WALK, Relief, minutes_per_metre

CELL = 100.0
STEPS = [(down, right) for down in range(-2, 3) for right in range(-2, 3) if 0 < down * down + right * right <= 5]
MOVES = {
    8: [move for move in STEPS if max(map(abs, move)) == 1],
    16: [move for move in STEPS if sum(map(abs, move)) != 4],
}
MOVES[16] = [(down, right) for down, right in MOVES[16] if 2 not in {abs(down), abs(right)} or abs(down * right) == 2]


@pytest.fixture(autouse=True)
def _compiles() -> None:
    pytest.importorskip("numba")


def ground(kmh: Any, heights: Any, mode: Any = WALK, moves: Moves = 16, **more: Any) -> FrictionGrid:
    """Return cells of 100 m."""
    values = np.array(kmh, dtype=np.float32)
    modes = np.broadcast_to(np.asarray(mode, dtype=np.uint8), values.shape).copy()
    relief = Relief(np.array(heights, dtype=np.float32), modes, more.pop("to_hub", True))
    wide = np.full(len(values), CELL)
    return FrictionGrid(values=values, in_kmh=True, width=wide, height=CELL, moves=moves, relief=relief, **more)


def from_cell(cells: FrictionGrid, row: int, column: int, limit: float = np.inf) -> np.ndarray[Any, Any]:
    """Return the minutes of all cells of the raster."""
    found = np.full(cells.values.shape, np.inf)
    top, left, minutes = cells.minutes_from(row, column, limit)
    found[top : top + minutes.shape[0], left : left + minutes.shape[1]] = minutes
    return found


def kmh_on(kmh: float, mode: int, slope: float) -> float:
    """Return a speed on a slope by the formulas of the literature, a bicycle's by bisection."""
    if mode == WALK:
        return kmh / math.exp(-3.5 * 0.05) * math.exp(-3.5 * abs(slope + 0.05))
    if mode == MOTOR:
        return kmh
    flat = kmh / 3.6

    def power(speed: float, up: float) -> float:
        return speed * (NEWTONS * (up + ROLLING) + DRAG * speed**2)

    low, high = 0.0, 2 * flat
    if power(high, slope) <= power(flat, 0):
        return 2 * kmh
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, slope) < power(flat, 0) else (low, middle)
    return 3.6 * low


def by_networkx(cells: FrictionGrid, row: int, column: int) -> np.ndarray[Any, Any]:
    """Return the minutes to a cell, or from it, over moves written down from their definition one by one."""
    relief = cells.relief
    assert relief is not None
    spots = {(int(y), int(x)) for y, x in np.argwhere(cells.values > 0)}
    graph: nx.DiGraph[Any] = nx.DiGraph()
    graph.add_nodes_from(spots)
    for y, x in spots:
        for down, right in MOVES[cells.moves]:
            passed = [(y, x), (y + down, x + right)]
            if abs(down * right) == 2:
                passed += [(round(y + down * part), round(x + right * part)) for part in (0.375, 0.625)]
            beside = {(y + down, x), (y, x + right)}
            corner = abs(down * right) == 1 and not beside & spots and not cells.cuts_corners
            if corner or not spots.issuperset(passed):
                continue
            length = CELL * math.hypot(down, right)
            slope = float(relief.elevation[passed[1]] - relief.elevation[y, x]) / length
            kmh = [kmh_on(float(cells.values[spot]), int(relief.mode[spot]), slope) for spot in passed]
            graph.add_edge(passed[0], passed[1], minutes=length * float(np.mean([0.06 / each for each in kmh])))
    found = np.full(cells.values.shape, np.inf)
    way = graph.reverse() if relief.to_hub else graph
    for spot, minutes in nx.single_source_dijkstra_path_length(way, (row, column), weight="minutes").items():
        found[spot] = minutes
    return found


def test_both_directions_of_a_ramp_are_as_toblers_formula_says() -> None:
    """A kilometre up 45 degrees, cell by cell: the hub is at the top, then at the bottom."""
    heights = np.arange(11)[None] * CELL
    up = from_cell(ground(np.full((1, 11), 5.0), heights), 0, 10)[0, 0]
    down = from_cell(ground(np.full((1, 11), 5.0), heights), 0, 0)[0, 10]
    assert up == pytest.approx(12 * math.exp(3.5 * (1.05 - 0.05)), rel=1e-9)
    assert down == pytest.approx(12 * math.exp(3.5 * (0.95 - 0.05)), rel=1e-9)
    away = ground(np.full((1, 11), 5.0), heights, to_hub=False)
    assert from_cell(away, 0, 10)[0, 0] == pytest.approx(down, rel=1e-12)
    assert from_cell(away, 0, 0)[0, 10] == pytest.approx(up, rel=1e-12)


def test_it_is_as_fast_as_said_on_the_flat_and_fastest_a_little_downhill() -> None:
    flat = from_cell(ground(np.full((1, 3), 5.0), np.zeros((1, 3))), 0, 0)[0]
    assert flat.tolist() == pytest.approx([0, 1.2, 2.4])
    slopes = np.linspace(-1, 1, 201)
    paces = [minutes_per_metre(0.012, WALK, slope) for slope in slopes]
    assert slopes[np.argmin(paces)] == pytest.approx(-0.05)


def test_motors_heed_no_slope_and_bicycles_double_at_most() -> None:
    heights = np.array([[0.0, 100.0, 0.0]])
    assert from_cell(ground(np.full((1, 3), 60.0), heights, MOTOR), 0, 0)[0].tolist() == pytest.approx([0, 0.1, 0.2])
    assert minutes_per_metre(0.06 / 12, BICYCLE, -0.5) == pytest.approx(0.06 / 24)
    for slope in (-0.01, -0.001, 0.0, 0.02, 0.3):
        assert 0.06 / minutes_per_metre(0.06 / 12, BICYCLE, slope) == pytest.approx(
            kmh_on(12, BICYCLE, slope), rel=1e-9
        )


def test_a_slanting_barrier_holds_unless_corners_are_open() -> None:
    river = np.full((4, 4), 5.0)
    np.fill_diagonal(river, 0)
    closed, slips = (from_cell(ground(river, np.zeros((4, 4)), cuts_corners=cut), 3, 0) for cut in (False, True))
    assert np.isinf(closed[0, 3])
    assert np.isfinite(slips[0, 3])


@settings(deadline=None)
@given(data=st.data())
def test_every_way_is_the_quickest_that_networkx_finds(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 7))
    draw = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    kmh, mode = draw.choice([0.0, 2.0, 5.0, 15.0], (rows, columns)), draw.integers(0, 3, (rows, columns))
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    kmh[row, column] = 4.0
    cells = ground(
        kmh,
        draw.choice([0.0, 3.0, 10.0, 80.0], (rows, columns)),
        mode,
        data.draw(st.sampled_from([8, 16])),
        to_hub=data.draw(st.booleans()),
        cuts_corners=data.draw(st.booleans()),
    )
    whole = from_cell(cells, row, column)
    np.testing.assert_allclose(whole, by_networkx(cells, row, column), rtol=1e-9)
    limit = data.draw(st.sampled_from([0.7, 2.0, 6.0]))
    near = np.where(whole <= limit, whole, np.inf)
    np.testing.assert_allclose(from_cell(cells, row, column, limit), near, rtol=1e-12)


def test_what_is_compiled_does_what_it_says() -> None:
    draw = np.random.default_rng(4)
    pace, mode = 0.06 / draw.choice([3.0, 9.0], (9, 8)), draw.integers(0, 3, (9, 8)).astype(np.uint8)
    pace[draw.random((9, 8)) < 0.1] = np.inf
    pace[4, 4] = 0.01
    ways = (
        pace,
        mode,
        draw.random((9, 8)) * 40,
        True,
        True,
        np.array(MOVES[16]),
        False,
        np.full(9, CELL),
        CELL,
        4,
        4,
        9.0,
    )
    np.testing.assert_allclose(terrain.compiled()(*ways), terrain.search_cells(*ways), rtol=1e-13)


@pytest.mark.parametrize("moves", [8, 16])
def test_a_large_raster_without_slopes_is_searched_as_a_small_one(moves: Moves) -> None:
    draw = np.random.default_rng(2)
    kmh = draw.choice([0, 4, 5, 30, 60], (40, 50)).astype(np.uint8)
    spots = np.argwhere(kmh > 0)
    some = spots[draw.permutation(len(spots))[:60]]
    places = GridCells(some[:, 0], some[:, 1], draw.random(60))
    found = [
        Friction(
            grid=FrictionGrid(
                values=kmh, in_kmh=True, width=np.linspace(80, 90, 40), height=95.0, moves=moves, is_large=large
            ),
            points=places,
            sites=places.some(np.arange(20)),
            most=6.0,
            site_places=np.zeros((20, 2)),
        ).pairs(0, 60, 6.0)
        for large in (False, True)
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert len(found[0][0]) > 100


def test_without_numba_the_part_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terrain, "is_installed", lambda _: False)
    terrain.compiled.cache_clear()
    with pytest.raises(MissingExtraError, match=r"hubplanner\[terrain\]"):
        from_cell(ground([[4.0]], [[0.0]]), 0, 0)

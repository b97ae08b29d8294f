"""Merging in one pass: in whatever pieces and order points come, rows are the same, and distances keep their side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hubplanner.problem import Chunk, GreatCircle, Planar, merge_chunks, remeasure_chunks
from hubplanner.problem.aggregation import disc_grid as regions, stream

if TYPE_CHECKING:
    from hubplanner.problem import Merged

NOWHERE = np.zeros((0, 2))
REACHES = np.array([0.0, 4.0, 9.0])


def rows_of(merged: Merged) -> dict[tuple[int, tuple[tuple[int, int], ...]], tuple[float, ...]]:
    """Return totals by label and the sites that reach a row, each with its narrowest tier."""
    table = merged.travel
    found = {}
    for row in range(table.n_points):
        at = table.point == row
        tiers = np.searchsorted(REACHES * (1 + 1e-9), table.distance[at])
        pairs = tuple(sorted(zip(table.site[at].tolist(), tiers.tolist(), strict=True)))
        found[int(merged.label[row]), pairs] = tuple(merged.totals[row].tolist())
    assert len(found) == table.n_points
    return found


@pytest.mark.parametrize("piece", [7, 64, 1000])
@pytest.mark.parametrize(("crossing", "numbers"), [(1, 1 << 21), (12, 1 << 21), (2, 1)])
def test_neither_the_pieces_nor_the_order_of_points_change_a_row(
    monkeypatch: pytest.MonkeyPatch, piece: int, crossing: int, numbers: int
) -> None:
    rng = np.random.default_rng(piece)
    points, sites = rng.uniform(0, 20, (500, 2)), rng.uniform(0, 20, (8, 2))
    sites[:3] = sites[3]
    points[:9] = sites[0]
    measures, label = rng.integers(0, 9, (500, 2)).astype(float), rng.integers(0, 3, 500)
    allowed = np.ones((8, 3), dtype=np.bool_)
    travel = Planar(NOWHERE, sites, detour=1.2)
    whole = merge_chunks([Chunk(places=points, measures=measures, label=label)], travel, REACHES, allowed)
    parts = list[int]()
    tally = stream._RowSums
    real = tally.add

    def counted(self: stream._RowSums, part: Chunk) -> None:
        real(self, part)
        parts.append(max(len(self._looked_up), len(self._parts)))

    monkeypatch.setattr(tally, "add", counted)
    monkeypatch.setattr(stream, "PIECE", piece)
    monkeypatch.setattr(stream, "MOST_PARTS", 3)
    monkeypatch.setattr(stream, "MOST_NUMBERS", numbers)
    monkeypatch.setattr(regions, "MOST_CROSSING", crossing)
    monkeypatch.setattr(regions, "FEWEST_CELLS", 100)
    monkeypatch.setattr(regions, "MOST_CELLS", 100)
    order = rng.permutation(500)
    chunks = (
        Chunk(places=points[part], measures=measures[part], label=label[part])
        for part in np.split(order, np.sort(rng.integers(0, 500, 6)))
    )
    merged = merge_chunks(chunks, travel, REACHES, allowed)
    assert rows_of(merged) == rows_of(whole)
    assert merged.n_points == 500
    assert merged.totals.sum(axis=0).tolist() == measures.sum(axis=0).tolist()
    assert max(parts) < 3


def test_a_row_lies_where_its_points_do_though_their_mean_place_does_not() -> None:
    """A ring about the site, between its reaches: the mean place is the site itself."""
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = 6 * np.column_stack([np.cos(angle), np.sin(angle)])
    chunk = Chunk(places=ring, measures=np.ones((40, 1)), label=np.zeros(40, dtype=np.intp))
    merged = merge_chunks([chunk], Planar(NOWHERE, np.zeros((1, 2))), REACHES, np.array([[True, True, True]]))
    assert merged.places == pytest.approx(np.zeros((1, 2)), abs=1e-12)
    assert 4 * (1 + 1e-9) < merged.travel.distance[0] <= 9
    only_wide = merge_chunks([chunk], Planar(NOWHERE, np.zeros((1, 2))), REACHES, np.array([[False, False, True]]))
    assert only_wide.travel.distance[0] == pytest.approx(0, abs=1e-12)


def test_a_row_without_need_lies_in_the_middle_of_its_points_and_others_where_the_need_is() -> None:
    places = np.array([[0.0, 0.0], [2.0, 0.0], [3.0, 3.0], [3.0, 1.0]])
    chunk = Chunk(places=places, measures=np.array([[0.0], [0.0], [3.0], [1.0]]), label=np.array([0, 0, 1, 1]))
    merged = merge_chunks([chunk], Planar(NOWHERE, np.zeros((1, 2))), np.array([9.0]), np.array([[True]]))
    assert dict(zip(merged.label.tolist(), merged.places.tolist(), strict=True)) == {0: [1.0, 0.0], 1: [3.0, 2.5]}


def test_the_mean_of_places_on_both_sides_of_the_seam_is_on_the_seam() -> None:
    places = np.array([[179.9, 10.0], [-179.9, 10.0]])
    chunk = Chunk(places=places, measures=np.ones((2, 1)), label=np.zeros(2, dtype=np.intp))
    travel = GreatCircle(NOWHERE, np.array([[-179.95, 10.0]]))
    merged = merge_chunks([chunk], travel, np.array([50.0]), np.array([[True]]))
    assert np.abs(merged.places[:, 0]).tolist() == pytest.approx([180.0])
    assert merged.travel.distance == pytest.approx(travel.at(np.array([[180.0, 10.0]])).from_site(0))


@pytest.mark.parametrize("chunks", [[], [Chunk(places=NOWHERE, measures=np.zeros((0, 1)), label=np.zeros(0, int))]])
def test_of_nothing_nothing_is_made(chunks: list[Chunk]) -> None:
    travel = Planar(NOWHERE, np.zeros((2, 2)))
    merged = merge_chunks(chunks, travel, np.array([5.0]), np.ones((2, 1), dtype=np.bool_))
    assert (merged.totals.shape, merged.n_points, merged.travel.n_points) == ((0, 1), 0, 0)
    measured = remeasure_chunks(chunks, travel, np.array([0]), np.array([5.0]))
    assert (measured.n_points, np.isnan(measured.mean_distance)) == (0, True)


def test_without_hubs_nothing_is_covered_and_no_distance_known() -> None:
    chunk = Chunk(places=np.zeros((3, 2)), measures=np.ones((3, 2)), label=np.zeros(3, dtype=np.intp))
    found = remeasure_chunks([chunk], Planar(NOWHERE, np.zeros((1, 2))), np.zeros(0, dtype=np.intp), np.zeros(0))
    assert (found.covered.tolist(), found.n_points) == ([0.0, 0.0], 3)
    assert np.isnan([found.mean_distance, found.max_distance]).all()

"""Demand read in chunks and merged on the way: memory grows with what differs, not with the number of points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from hubplanner.problem.aggregation.disc_grid import UNKNOWN, Discs, Regions, regions
from hubplanner.problem.aggregation.equal_rows import group_rows, total_by
from hubplanner.problem.arrays import Bools, Floats, Ints, spans
from hubplanner.problem.travel.base import Matrix, within
from hubplanner.problem.travel.geometric import GeometricTravel
from hubplanner.tolerances import REACH_TOLERANCE

PIECE = 1 << 18
"""Points that are looked at together."""
MOST_NUMBERS = 1 << 21
"""Numbers up to which totals are kept in one array."""
MOST_PARTS = 12
"""Parts of totals that wait to be added up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """Some demand points.

    Parameters
    ----------
    places
        (k, 2) in the coordinates of travel.
    measures
        (k, q) what is added up, need in the first column.
    label
        (k,) whole numbers from 0: points with different ones stay apart.
    """

    places: Floats
    measures: Floats
    label: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Merged:
    """Demand points merged into rows that the same discs hold.

    Parameters
    ----------
    totals
        (r, q) each measure's total.
    label
        (r,) label of the points.
    places
        (r, 2) their mean place, weighted by need, in the coordinates of travel.
    travel
        Distances from these places to the sites that reach the points, moved to the side of each reach on which all
        the points are.
    n_points
        Points behind all rows.
    """

    totals: Floats
    label: Ints
    places: Floats
    travel: Matrix
    n_points: int


def merge_chunks(chunks: Iterable[Chunk], travel: GeometricTravel, tier_reach: Floats, allowed: Bools) -> Merged:
    """Merge demand points that the same options reach, exactly, in one pass.

    A grid over all sites' reaches settles most points by the cell they lie in; distances to the circles that cross its
    cell settle the others.

    Parameters
    ----------
    chunks
        The points; each chunk is read once and not kept.
    travel
        Measures distances; its points are not looked at.
    tier_reach
        (t,) reach of each tier.
    allowed
        (m, t) which tiers may stand, or stand, at each site.

    >>> from hubplanner.problem.travel.geometric import Planar
    >>> travel = Planar(np.zeros((0, 2)), np.array([[0.0, 0.0]]))
    >>> places = np.array([[1.0, 0.0], [0.0, 2.0], [9.0, 9.0]])
    >>> chunk = Chunk(places=places, measures=np.ones((3, 1)), label=np.zeros(3, dtype=int))
    >>> merge_chunks([chunk], travel, np.array([5.0]), np.array([[True]])).totals.ravel().tolist()
    [1.0, 2.0]
    """
    discs = _discs(travel, tier_reach, allowed)
    tally = _RowSums(regions(discs))
    for piece in pieces(chunks):
        tally.add(piece)
    sets, label, sums = tally.rows()
    totals, places = sums[:, : -len(_RowSums.EXTRA)], _mean_places(sums)
    return Merged(
        totals=totals,
        label=label,
        places=travel.placed(places),
        travel=_matrix(discs, sets, places, len(travel.sites)),
        n_points=int(sums[:, -1].sum()),
    )


def _discs(travel: GeometricTravel, tier_reach: Floats, allowed: Bools) -> Discs:
    """Return the distinct discs of all options, by site and then by reach."""
    site, tier = np.nonzero(allowed)
    distinct = np.unique(np.column_stack([site, tier_reach[tier]]), axis=0)
    return Discs(travel=travel, site=distinct[:, 0].astype(np.intp), reach=distinct[:, 1])


def pieces(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield chunks in pieces of a bounded size."""
    for chunk in chunks:
        for start in range(0, len(chunk.label), PIECE):
            part = slice(start, start + PIECE)
            yield Chunk(places=chunk.places[part], measures=chunk.measures[part], label=chunk.label[part])


class _RowSums:
    """Totals of the points read so far, by label and number; those of looked-up points by label and set of discs."""

    EXTRA = ("need x", "need y", "x", "y", "points")

    def __init__(self, grid: Regions) -> None:
        self._grid = grid
        self._parts: list[tuple[Ints, Floats]] = []
        self._looked_up: list[tuple[csr_array, Ints, Floats]] = []

    def add(self, piece: Chunk) -> None:
        """Add some points."""
        number = self._grid.locate(piece.places)
        flat = self._grid.discs.travel.flat(piece.places)
        need = piece.measures[:, :1]
        sums = np.hstack([piece.measures, need * flat, flat, np.ones((len(flat), 1))])
        unknown = number == UNKNOWN
        if unknown.any():
            self._look_up(piece, unknown, sums)
            number, sums, label = number[~unknown], sums[~unknown], piece.label[~unknown]
        else:
            label = piece.label
        self._parts.append(_by_key(label * self._grid.n_numbers + number, sums))
        if len(self._parts) == MOST_PARTS:
            self._parts = [_added(self._parts)]

    def _look_up(self, piece: Chunk, unknown: Bools, sums: Floats) -> None:
        discs, places = self._grid.discs, piece.places[unknown]
        point, site, distance = discs.travel.at(places).pairs(0, len(places), float(discs.reach.max()))
        first, last = np.searchsorted(discs.site, site), np.searchsorted(discs.site, site, side="right")
        size = last - first
        disc = spans(first, size)
        inside = within(np.repeat(distance, size), discs.reach[disc])
        cells: Any = (np.ones(inside.sum(), np.int8), (np.repeat(point, size)[inside], disc[inside]))
        sets: csr_array = csr_array(cells, shape=(len(places), len(discs.site)))
        self._looked_up.append(_by_set(sets, piece.label[unknown], sums[unknown]))
        if len(self._looked_up) == MOST_PARTS:
            self._looked_up = [_joined(self._looked_up)]

    def rows(self) -> tuple[csr_array, Ints, Floats]:
        """Return the distinct sets of discs with their labels and totals."""
        if not self._parts:
            none: Any = csr_array((0, len(self._grid.discs.site)), dtype=np.int8)
            return none, np.zeros(0, np.intp), np.zeros((0, len(self.EXTRA) + 1))
        key, sums = _added(self._parts)
        label, number = np.divmod(key, self._grid.n_numbers)
        parts = [(self._grid.members(number), label, sums), *self._looked_up]
        return _joined(parts)


def _by_key(key: Ints, weights: Floats) -> tuple[Ints, Floats]:
    """Add up weights (k, q) by key; return the keys that occur, ascending, with their totals."""
    if key.max(initial=0) < MOST_NUMBERS:
        used = np.flatnonzero(np.bincount(key))
        return used, np.column_stack([np.bincount(key, column)[used] for column in weights.T])
    used, group = np.unique(key, return_inverse=True)
    return used, total_by(group, weights, len(used))


def _added(parts: list[tuple[Ints, Floats]]) -> tuple[Ints, Floats]:
    keys, weights = zip(*parts, strict=True)
    return _by_key(np.concatenate(keys), np.concatenate(weights))


def _by_set(sets: csr_array, label: Ints, weights: Floats) -> tuple[csr_array, Ints, Floats]:
    """Add up weights by label and set of discs."""
    cells: Any = (np.ones(len(label), np.int8), (np.arange(len(label)), label))
    marked = csr_array(hstack([sets, csr_array(cells)], format="csr"))
    first, group = group_rows(marked)
    return csr_array(sets[first]), np.asarray(label[first]), total_by(group, weights, len(first))


def _joined(parts: list[tuple[csr_array, Ints, Floats]]) -> tuple[csr_array, Ints, Floats]:
    sets, labels, weights = zip(*parts, strict=True)
    return _by_set(csr_array(vstack(sets)), np.concatenate(labels), np.concatenate(weights))


def _mean_places(sums: Floats) -> Floats:
    """Return mean places (r, 2): weighted by need, or evenly where there is none."""
    need, count = sums[:, :1], sums[:, -1:]
    weighted, even = sums[:, -5:-3], sums[:, -3:-1]
    return np.where(need > 0, weighted / np.where(need > 0, need, 1.0), even / np.maximum(count, 1.0))


def _matrix(discs: Discs, sets: csr_array, places: Floats, n_sites: int) -> Matrix:
    """Return the distances between rows and the sites that reach them, on the right side of every reach."""
    row = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    disc = sets.indices.astype(np.intp)
    site = discs.site[disc]
    # Discs about a site ascend by reach: the first that holds a row is the narrowest.
    first = np.append(True, (np.diff(row) > 0) | (np.diff(site) > 0))[: len(row)]
    row, site, disc = row[first], site[first], disc[first]
    wider = (disc > 0) & (discs.site[disc - 1] == site)
    lower = np.where(wider, np.nextafter(discs.reach[disc - 1] * (1 + 2 * REACH_TOLERANCE), math.inf), 0.0)
    distance = discs.travel.measure(places[row], discs.travel.sites[site])
    distance = np.minimum(np.maximum(distance, lower), discs.reach[disc])
    between = discs.travel.between_sites()
    return Matrix(row, site, distance, n_points=len(places), n_sites=n_sites, sites=between)


@dataclass(frozen=True, kw_only=True, eq=False)
class RemeasuredDistance:
    """What open hubs achieve for points read in chunks.

    Parameters
    ----------
    covered
        (q,) total of each measure within reach of some hub.
    mean_distance
        Distance to the nearest hub, weighted by need; NaN without need or hubs.
    max_distance
        Largest distance of a point with need to the nearest hub; NaN without such points or hubs.
    n_points
        Points read.
    """

    covered: Floats
    mean_distance: float
    max_distance: float
    n_points: int


def remeasure_chunks(chunks: Iterable[Chunk], travel: GeometricTravel, site: Ints, reach: Floats) -> RemeasuredDistance:
    """Measure from every point to the hubs, by trees of the hubs: nothing is merged, no grid is used.

    Parameters
    ----------
    chunks
        The points, need in the first measure.
    travel
        Measures distances; its points are not looked at.
    site, reach
        (k,) sites of the open hubs and their reaches.

    >>> from hubplanner.problem.aggregation.stream import Chunk
    >>> from hubplanner.problem.travel.geometric import Planar
    >>> travel = Planar(np.zeros((0, 2)), np.array([[0.0, 0.0]]))
    >>> chunk = Chunk(places=np.array([[3.0, 4.0], [0.0, 9.0]]), measures=np.ones((2, 1)), label=np.zeros(2, dtype=int))
    >>> remeasure_chunks([chunk], travel, np.array([0]), np.array([5.0])).mean_distance
    7.0
    """
    hubs = {width: travel.among(np.unique(site[reach == width])) for width in np.unique(reach).tolist()}
    covered, moment, need, farthest, count = np.zeros(0), 0.0, 0.0, np.nan, 0
    for piece in pieces(chunks):
        nearest = {width: near.at(piece.places).nearest() for width, near in hubs.items()}
        count += len(piece.label)
        if not nearest:
            covered = np.zeros(piece.measures.shape[1])
            continue
        near = np.any([within(far, width) for width, far in nearest.items()], axis=0)
        distance = np.min(list(nearest.values()), axis=0)
        covered = covered + piece.measures[near].sum(axis=0) if len(covered) else piece.measures[near].sum(axis=0)
        moment += float(piece.measures[:, 0] @ distance)
        need += float(piece.measures[:, 0].sum())
        needy = distance[piece.measures[:, 0] > 0]
        farthest = float(np.fmax(farthest, needy.max())) if len(needy) else farthest
    mean = moment / need if need > 0 else np.nan
    return RemeasuredDistance(covered=covered, mean_distance=mean, max_distance=farthest, n_points=count)

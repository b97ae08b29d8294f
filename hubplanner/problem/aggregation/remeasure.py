"""Demand read in chunks, seen from open hubs: figures that no merged row can hold, and a check of those it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hubplanner.problem.aggregation.stream import Chunk, pieces
from hubplanner.problem.travel.base import Floats, Ints, within
from hubplanner.problem.travel.geometric import GeometricTravel


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

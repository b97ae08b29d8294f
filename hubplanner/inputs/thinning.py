"""Fewer candidates: one of each group, none near another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree

from hubplanner.inputs.far_places import unit_vectors
from hubplanner.problem import Bools, Floats
from hubplanner.problem.travel.geometric import EARTH_RADIUS_KM

ROUNDING = 1e-9
"""Relative to the least distance, by which a place may be nearer and still count as that far."""


def thinned(
    free: Bools, lonlat: Floats, thin_km: float | None, groups: Sequence[str] | None, preference: Floats
) -> Bools:
    """Tell which sites stay when candidates are taken one after the other, those preferred first.

    A candidate stays unless one taken before it is of its group, or nearer than ``thin_km``. Sites that are not free
    stay and push none out. What is left is a maximal set: no candidate that went could come back.

    Parameters
    ----------
    free
        (m,) which sites, in the order of ids, are candidates that may go.
    lonlat
        (m, 2) longitudes and latitudes.
    thin_km
        Least distance between candidates along a great circle; none if None.
    groups
        Group (m,) of which each keeps one candidate; none if None.
    preference
        (m,) larger comes first; of equals the first id.

    >>> line = np.array([[0.0, 0.0], [0.01, 0.0], [0.02, 0.0]])  # 1.1 km apart
    >>> thinned(np.ones(3, dtype=bool), line, 2.0, None, np.array([1, 1, 1])).tolist()
    [True, False, True]
    >>> thinned(np.ones(3, dtype=bool), line, None, ["a", "b", "b"], np.array([1, 1, 2])).tolist()
    [True, False, True]
    """
    kept, gone, taken = ~free, np.zeros(len(free), dtype=np.bool_), set[str]()
    vectors = unit_vectors(lonlat)
    tree = KDTree(vectors)
    angle = 0.0 if thin_km is None else min(thin_km * (1 - ROUNDING) / EARTH_RADIUS_KM, np.pi)
    for site in np.argsort(-preference, kind="stable").tolist():
        if not free[site] or gone[site] or (groups is not None and groups[site] in taken):
            continue
        kept[site] = True
        if groups is not None:
            taken.add(groups[site])
        if thin_km is not None:
            gone[tree.query_ball_point(vectors[site], 2 * np.sin(angle / 2))] = True
    return kept

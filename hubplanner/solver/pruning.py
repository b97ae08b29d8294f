"""A plan rid of hubs that add nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csc_array

    from hubplanner.problem import Ints
    from hubplanner.problem.reduced import CoveringInstance


def prune(instance: CoveringInstance, chosen: Ints) -> Ints:
    """Return the choice without hubs, dearest first, whose need others cover as well; required sites keep theirs.

    A hub is also replaced by a cheaper tier of its site that covers as much of what depends on it.

    Parameters
    ----------
    chosen
        (k,) positions in the instance.
    """
    # A cheaper tier may cover more than the one it replaces, and so make another hub needless.
    while not np.array_equal(kept := _pruned(instance, chosen), np.sort(chosen)):
        chosen = kept
    return kept


def _pruned(instance: CoveringInstance, chosen: Ints) -> Ints:
    """Return the choice after each of its hubs was looked at once."""
    cover = instance.cover.tocsc()
    times = np.asarray(cover[:, chosen].sum(axis=1), dtype=np.intp)
    kept: list[int] = []
    for option in sorted(chosen.tolist(), key=lambda option: (-instance.cost[option], option)):
        rows = _rows(cover, option)
        needed = rows[(times[rows] == 1) & (instance.need[rows] > 0)]
        times[rows] -= 1
        keep = _least(instance, cover, option, needed)
        if keep is not None:
            kept.append(keep)
            times[_rows(cover, keep)] += 1
    return np.array(sorted(kept), dtype=np.intp)


def _rows(cover: csc_array, option: int) -> Ints:
    return np.asarray(cover.indices[cover.indptr[option] : cover.indptr[option + 1]], dtype=np.intp)


def _least(instance: CoveringInstance, cover: csc_array, option: int, needed: Ints) -> int | None:
    """Return the cheapest of the site's options that covers the needed rows and gain; None if nothing is needed."""
    site = instance.site[option]
    if not len(needed) and instance.gain[option] <= 0 and site not in instance.required:
        return None
    same = np.flatnonzero(instance.site == site)
    enough = [
        other
        for other in same.tolist()
        if instance.gain[other] >= instance.gain[option] and np.isin(needed, _rows(cover, other)).all()
    ]
    return min(enough, key=lambda other: (instance.cost[other], other != option, other))

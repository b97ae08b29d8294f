"""A plan to start from, and a plan rid of hubs that add nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hubplanner.models import Budget, MaxHubs

if TYPE_CHECKING:
    from scipy.sparse import csc_array

    from hubplanner.models import Objective
    from hubplanner.problem import Floats, Ints
    from hubplanner.problem.reduced import Reduced

NONE = -1


def greedy(instance: Reduced, objective: Objective) -> Ints:
    """Return options chosen one by one for the most newly covered need per money, within all limits.

    Required sites take their cheapest tier first. A site that has a hub may grow into a tier that covers more.

    Returns
    -------
    Ints
        (k,) positions in the instance, at most one a site, ascending.
    """
    money, count = limits(objective)
    cover = instance.cover.tocsc()
    whole = cover.T @ instance.need + instance.gain
    left = instance.need.copy()
    held = np.full(instance.site.max(initial=0) + 1, NONE)
    for option in cheapest(instance):
        _build(instance, cover, held, left, option)
    while True:
        now = held[instance.site]
        standing = held[held != NONE]
        extra = instance.cost - np.where(now == NONE, 0.0, instance.cost[now])
        added = cover.T @ left + instance.gain - np.where(now == NONE, 0.0, instance.gain[now])
        grows = np.where(now == NONE, len(standing) < count, whole > whole[now])
        fits = grows & (added > 0) & (math.fsum(instance.cost[standing]) + extra <= money)
        if not fits.any():
            return np.sort(standing)
        free = extra <= 0
        rate = np.where(fits, np.where(free, np.inf, added / np.where(free, 1.0, extra)), -np.inf)
        _build(instance, cover, held, left, int(np.argmax(rate)))


def limits(objective: Objective) -> tuple[float, float]:
    """Return the money and the number of hubs an objective leaves, infinite where it sets no limit."""
    money = [block.amount for block in objective.blocks if isinstance(block, Budget)]
    count = [block.count for block in objective.blocks if isinstance(block, MaxHubs)]
    return min(money, default=math.inf), min(count, default=math.inf)


def cheapest(instance: Reduced) -> list[int]:
    """Return the cheapest option of each required site."""
    options = (np.flatnonzero(instance.site == site) for site in instance.required)
    return [int(at[np.argmin(instance.cost[at])]) for at in options]


def _build(instance: Reduced, cover: csc_array, held: Ints, left: Floats, option: int) -> None:
    """Open an option in place of what its site holds, and settle the rows it covers."""
    held[instance.site[option]] = option
    left[cover.indices[cover.indptr[option] : cover.indptr[option + 1]]] = 0.0


def prune(instance: Reduced, chosen: Ints) -> Ints:
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


def _pruned(instance: Reduced, chosen: Ints) -> Ints:
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


def _least(instance: Reduced, cover: csc_array, option: int, needed: Ints) -> int | None:
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

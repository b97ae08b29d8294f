"""Steps that make an instance smaller and leave its best plans as they are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Bools, Floats, Ints, Problem
from hubplanner.problem.aggregation.equal_rows import merge_rows
from hubplanner.problem.covering_instance import CoveringInstance, reduce_existing
from hubplanner.solver.cache import CachedReduction, SolveCache
from hubplanner.solver.limits import limits

MOST_PRODUCTS = 1e8
"""Pairs of options in rows up to which dominated ones are looked for."""


def reduction(problem: Problem, objective: Objective, cache: SolveCache | None = None) -> CachedReduction:
    """Return the instance that is left to decide: the same for all limits that allow the same options."""
    is_free = _is_free(problem, *limits(objective))
    dearest = _dearest(objective, problem.required_sites)
    allowed = is_free, int(np.count_nonzero(problem.option_cost <= dearest))
    if cache is not None and allowed in cache.reductions:
        return cache.reductions[allowed]
    useful = drop_useless(reduce_existing(problem, problem.rows), objective)
    found = CachedReduction(instance=merge_single(drop_dominated(useful, is_free=is_free)), useful=useful)
    if cache is not None:
        cache.reductions[allowed] = found
    return found


def _is_free(problem: Problem, money: float, count: float) -> bool:
    """Tell whether the money allows as many of the dearest hubs, one a site, as their number does."""
    if math.isinf(money):
        return True
    dearest: Floats = np.zeros(problem.n_sites)
    np.maximum.at(dearest, problem.option_site, np.where(problem.new, problem.option_cost, 0.0))
    return math.fsum(np.sort(dearest)[::-1][: int(min(count, len(dearest)))]) <= most_money(money)


def merge_single(instance: CoveringInstance) -> CoveringInstance:
    r"""Give need that one site alone covers to its options: $z_r = \sum_{o \in O_j} y_o$ in every best plan.

    A site holds at most one hub, so the need is counted once.
    """
    cover = instance.cover
    single = of_one_site(cover, instance.site)
    rest = np.flatnonzero(~single)
    alone = cover[np.flatnonzero(single)].T @ instance.need[single]
    return replace(instance, need=instance.need[rest], cover=cover[rest], gain=instance.gain + alone)


def drop_dominated(instance: CoveringInstance, *, is_free: bool = False) -> CoveringInstance:
    r"""Drop options that another one replaces in every plan: b covers all that a does and costs no more.

    b must be of a's site, or the only option of its own, so that it may always be built in a's place; a site that must
    hold a hub loses an option to its own ones only. Budget and number of hubs are kept to, since no plan grows.
    Tiers of a site come first. Where rows are so many and so dense that looking at the others would take longer than it
    saves, they stay.

    Parameters
    ----------
    is_free
        Whether money is no limit, so that b may cost more.
    """
    smaller = instance
    if len(np.unique(instance.site)) < len(instance.site):
        smaller = _without_dominated(smaller, *_common_of_site(instance), is_free=is_free)
    work = (np.diff(smaller.cover.indptr).astype(np.float64) ** 2).sum()
    if work <= MOST_PRODUCTS:
        ones = smaller.cover.astype(np.int32)
        common = (ones.T @ ones).tocoo()
        one, other = common.coords
        smaller = _without_dominated(smaller, one, other, common.data, is_free=is_free)
    return merge_equal(smaller)


def merge_equal(instance: CoveringInstance) -> CoveringInstance:
    """Merge the rows that the same options cover."""
    cover, need = merge_rows(instance.cover, instance.need)
    return replace(instance, cover=cover, need=need)


def _common_of_site(instance: CoveringInstance) -> tuple[Ints, Ints, Ints]:
    """Return pairs of options of one site, both ways, and how many rows both cover; options ascend by site."""
    one, other, common, site, covers = list[Ints](), list[Ints](), list[Ints](), instance.site, instance.covers
    for step in range(1, int(np.bincount(site).max())):
        first = np.flatnonzero(site[:-step] == site[step:])
        both = np.asarray(covers[first].multiply(covers[first + step]).sum(axis=1)).ravel().astype(np.intp)
        one += [first, first + step]
        other += [first + step, first]
        common += [both, both]
    return np.concatenate(one), np.concatenate(other), np.concatenate(common)


def _without_dominated(
    instance: CoveringInstance, one: Ints, other: Ints, common: Ints, *, is_free: bool
) -> CoveringInstance:
    """Return an instance without those options that another of some pairs replaces."""
    size, cost = np.bincount(instance.cover.indices, minlength=len(instance.option)), instance.cost
    same = instance.site[one] == instance.site[other]
    alone = np.bincount(instance.site)[instance.site] == 1
    free = ~np.isin(instance.site, instance.required) & (instance.gain <= 0)
    within = (common == size[one]) & (is_free | (cost[other] <= cost[one])) & (one != other)
    replaces = within & np.where(same, instance.gain[other] >= instance.gain[one], alone[other] & free[one])
    # Of two that replace each other the cheaper one stays, or else the first.
    twins = (size[one] == size[other]) & (is_free | (cost[one] == cost[other]))
    twins &= instance.gain[one] == instance.gain[other]
    back = np.where(same, replaces, alone[one] & free[other])
    stays = (cost[one] < cost[other]) | ((cost[one] == cost[other]) & (one < other))
    dropped = one[replaces & ~(twins & back & stays)]
    keep = np.ones(len(instance.option), dtype=np.bool_)
    keep[dropped] = False
    return instance.keep_options(keep)


def of_one_site(cover: csr_array, site: Ints) -> Bools:
    """Tell which rows (r, o) options of one site alone cover; options ascend by site (o,), and no row is empty."""
    first, last = site[cover.indices[cover.indptr[:-1]]], site[cover.indices[cover.indptr[1:] - 1]]
    return np.asarray(first == last)


def drop_useless(instance: CoveringInstance, objective: Objective) -> CoveringInstance:
    """Drop options that cost more than the budget, come on top of all allowed hubs or cover nothing, at free sites."""
    reaches = np.bincount(instance.cover.indices, minlength=len(instance.option)) > 0
    required = np.isin(instance.site, instance.required)
    return instance.keep_options(required | (reaches & (instance.cost <= _dearest(objective, instance.required))))


def _dearest(objective: Objective, required: Ints) -> float:
    """Return what an option may cost where no hub is required; minus infinity if those that are leave no other."""
    money, count = limits(objective)
    return most_money(money) if count > len(required) else -np.inf


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


def nearest(instance: CoveringInstance, chosen: Ints, known: Ints) -> Ints:
    """Return a choice that covers and costs as much or better, with options of a known plan in the place of its own.

    Dominated options, of which one is as good as another, leave the instance: what is solved does not see that a plan
    had them, and would move hubs without need.

    Parameters
    ----------
    chosen, known
        (k,) and (l,) positions in the instance.
    """
    covers, cost, gain, site = instance.covers, instance.cost, instance.gain, instance.site
    kept = chosen.copy()
    for option in np.setdiff1d(known, chosen).tolist():
        times = np.bincount(covers[kept].indices, minlength=len(instance.need))
        lost = (times == 1) & (instance.need > 0)
        lost[_rows(covers, option)] = False
        same = site[kept] == site[option]
        free = ~np.isin(site[kept], instance.required) & (site[option] not in site[kept])
        fits = (covers[kept] @ lost.astype(np.intp) == 0) & (cost[option] <= cost[kept]) & (gain[option] >= gain[kept])
        fits &= (same | free) & ~np.isin(kept, known)
        if fits.any():
            kept[int(fits.argmax())] = option
    return np.sort(kept)


def _pruned(instance: CoveringInstance, chosen: Ints) -> Ints:
    """Return the choice after each of its hubs was looked at once."""
    cover = instance.covers
    times = np.bincount(cover[chosen].indices, minlength=len(instance.need))
    hubs = np.bincount(instance.site[chosen], minlength=instance.site.max(initial=-1) + 1)
    kept: list[int] = []
    for option in sorted(chosen.tolist(), key=lambda option: (-instance.cost[option], option)):
        rows = _rows(cover, option)
        needed = rows[(times[rows] == 1) & (instance.need[rows] > 0)]
        times[rows] -= 1
        site = instance.site[option]
        hubs[site] -= 1
        must = hubs[site] == 0 and site in instance.required
        keep = _least(instance, cover, option, needed, must=must)
        if keep is not None:
            kept.append(keep)
            times[_rows(cover, keep)] += 1
            hubs[site] += 1
    return np.array(sorted(kept), dtype=np.intp)


def _rows(cover: csr_array, option: int) -> Ints:
    return np.asarray(cover.indices[cover.indptr[option] : cover.indptr[option + 1]], dtype=np.intp)


def _least(instance: CoveringInstance, cover: csr_array, option: int, needed: Ints, *, must: bool) -> int | None:
    """Return the cheapest of the site's options that covers the needed rows and gain; None if nothing is needed.

    Parameters
    ----------
    must
        Whether the site must hold one, and no other does.
    """
    if not len(needed) and instance.gain[option] <= 0 and not must:
        return None
    # Options ascend by site.
    first, last = (int(end) for end in np.searchsorted(instance.site, instance.site[option] + np.arange(2)))
    if last - first == 1:
        return option
    same = np.arange(first, last)
    enough = [
        other
        for other in same.tolist()
        if instance.gain[other] >= instance.gain[option] and np.isin(needed, _rows(cover, other)).all()
    ]
    return min(enough, key=lambda other: (instance.cost[other], other != option, other))

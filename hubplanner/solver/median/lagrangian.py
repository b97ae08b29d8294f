"""What no choice of sites can cost less than: the assignment of points relaxed with a price for each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.deadline import count_work
from hubplanner.solver.median.cost_matrix import CostMatrix

BLOCK = 1_000_000
"""Entries of a table that are sorted at a time."""
HALVINGS = 40
"""Steps in which the price of money is narrowed down."""
KEPT = 2e-9
"""Relative excess over the best plan up to which plans are kept, so that equal ones are."""
ROUNDING = 2.0**-52
"""Relative rounding of one sum or product of numbers."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NearestSites:
    """The nearest sites of each point, which are all that count while no multiplier is above its ``cap``.

    Parameters
    ----------
    site, cost
        (n, k) sites and what the point costs there, the nearest first.
    cap
        (n,) no more than what the point costs at any other site, or at a hub that stands in any case.
    """

    site: Ints
    cost: Floats
    cap: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class LagrangianBound:
    """What multipliers prove.

    Parameters
    ----------
    value
        No choice within the limits costs less, rounding allowed for.
    multipliers
        (n,) that prove it.
    score
        (s,) what building at each site adds to the bound, the price of its money included; negative where it pays.
    built
        (s,) sites that the relaxed program builds at.
    slope
        (n,) how the bound grows with each multiplier.
    """

    value: float
    multipliers: Floats
    score: Floats
    built: Bools
    slope: Floats


def nearest(table: CostMatrix, width: int) -> NearestSites:
    """Return the nearest sites of each point, at most so many."""
    n, size = table.cost.shape
    width = min(width, size)
    site, cost, cap = np.empty((n, width), dtype=np.intp), np.empty((n, width)), table.base.copy()
    step = max(BLOCK // max(size, 1), 1)
    for part in (slice(start, start + step) for start in range(0, n, step)):
        costs = table.cost[part]
        if width < size:
            order = np.argpartition(costs, width, axis=1)[:, : width + 1]
            beyond = np.take_along_axis(costs, order[:, width:], axis=1)[:, 0]
            cap[part] = np.minimum(cap[part], beyond)
            order = order[:, :width]
        else:
            order = np.broadcast_to(np.arange(size), costs.shape)
        values = np.take_along_axis(costs, order, axis=1)
        rank = np.argsort(values, axis=1, kind="stable")
        site[part], cost[part] = np.take_along_axis(order, rank, axis=1), np.take_along_axis(values, rank, axis=1)
    return NearestSites(site=site, cost=cost, cap=cap)


def bound(table: CostMatrix, near: NearestSites, multipliers: Floats) -> LagrangianBound:
    r"""Return the bound that multipliers prove, whatever they are.

    With $u_i \le b_i$ a price for each point to be served, $\rho_j = r_j + \sum_i \min(c_{ij} - u_i, 0)$, and any
    $\lambda \ge 0$ as the price of money, at most p hubs within the money B cost no less than

    .. math:: \sum_i u_i + \min_{|S| \le p} \sum_{j \in S} (\rho_j + \lambda f_j) - \lambda B

    Cornuejols, Fisher and Nemhauser (1977), doi:10.1287/mnsc.23.8.789.
    """
    count_work(near.cost.size, 1)
    u = np.minimum(multipliers, near.cap)
    deep = int((near.cost < u[:, None]).sum(axis=1).max(initial=0))
    site, under = near.site[:, :deep], np.minimum(near.cost[:, :deep] - u[:, None], 0.0)
    worth = np.bincount(site.ravel(), under.ravel(), minlength=table.size) + table.rent
    rate, fewer, more, share = _price_of_money(table, worth)
    score = worth + rate * table.price
    built = np.zeros(table.size)
    built[more] += share
    built[fewer] += 1.0 - share
    slope = 1.0 - (built[site] * (under < 0.0)).sum(axis=1)
    # A multiplier at its cap cannot grow.
    slope[(u >= near.cap) & (slope > 0)] = 0.0
    paid = rate * table.money if rate else 0.0
    total = math.fsum([*u, *score[fewer], -paid, table.paid])
    size = math.fsum(np.abs(u)) + math.fsum(np.abs(score[fewer])) + paid + table.paid
    mask = np.zeros(table.size, dtype=np.bool_)
    mask[fewer] = True
    return LagrangianBound(
        value=total - (len(u) + table.size) * ROUNDING * size, multipliers=u, score=score, built=mask, slope=slope
    )


def _price_of_money(table: CostMatrix, worth: Floats) -> tuple[float, Ints, Ints, float]:
    """Return the best price of money, sites within the money and just beyond it, and the share of the latter.

    By both, mixed so that the money is spent exactly, the relaxed program is solved.
    """
    chosen = _best(table, worth, 0.0)
    spent = table.price[chosen].sum()
    if spent <= table.money:
        return 0.0, chosen, chosen, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(table.price > 0, -worth / table.price, 0.0)
    # At the highest price, and a little above for rounding, only what is free is built.
    low, high, more = 0.0, float(rates.max()) * (1 + 1e-9), chosen
    fewer = _best(table, worth, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        trial = _best(table, worth, middle)
        if table.price[trial].sum() <= table.money:
            high, fewer = middle, trial
        else:
            low, more = middle, trial
    less, above = table.price[fewer].sum(), table.price[more].sum()
    return high, fewer, more, float((table.money - less) / (above - less))


def _best(table: CostMatrix, worth: Floats, rate: float) -> Ints:
    """Return the sites, at most the count, that add least at a price of money."""
    score = worth + rate * table.price
    if table.count < table.size:
        first = np.argpartition(score, table.count)[: table.count]
        return first[score[first] < 0]
    return np.flatnonzero(score < 0)


def settled(table: CostMatrix, bound: LagrangianBound, value: float) -> tuple[Bools, Bools]:
    r"""Return the sites (s,) at which all choices that cost at most a value build, and at which none does.

    Reduced-cost fixing: with a choice of p sites in the relaxed program, one site in place of the one that adds
    least, or the best other one in place of a site, raises the bound by the difference of their scores.
    """
    margin = value - bound.value
    full = int(bound.built.sum()) == table.count
    worst = min(float(bound.score[bound.built].max(initial=-np.inf)), 0.0) if full else 0.0
    other = min(float(bound.score[~bound.built].min(initial=0.0)), 0.0) if full else 0.0
    return bound.built & (other - bound.score > margin), ~bound.built & (bound.score - worst > margin)

"""Near-best plans without a search, for maximal covering: unseen sites in, hubs that matter least out."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, cast

import numpy as np

from hubplanner.models import MaxCoverage, Year, broken_blocks
from hubplanner.problem import evaluate
from hubplanner.problem.reduced import reduce_existing
from hubplanner.solver.covering import is_plain
from hubplanner.solver.limits import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hubplanner.analysis.near import Near
    from hubplanner.problem import Evaluation, Floats, Ints
    from hubplanner.problem.reduced import Reduced

Wanted = tuple[frozenset[int], frozenset[int]]
"""Sites to use, and sites to do without."""


def swapped_plans(near: Near, best: Evaluation, wanted: Callable[[], Wanted], deadline: float) -> Iterator[Evaluation]:
    """Yield recomputed near-best plans that each use, or do without, some of the wanted sites.

    Parameters
    ----------
    wanted
        What is still wanted; asked before each plan.
    """
    if not is_plain(near.problem, near.objective):
        return
    instance = reduce_existing(near.problem, near.problem.rows)
    start = np.flatnonzero(np.isin(instance.option, best.options))
    tried: set[int] = set()
    while time.perf_counter() < deadline:
        inside, outside = (part - tried for part in wanted())
        if not (inside or outside):
            return
        swaps = _Swaps(instance, cast("MaxCoverage", near.objective), near.threshold, start)
        tried |= swaps.without(outside) or swaps.take(inside)
        options = [*near.problem.existing.nonzero()[0].tolist(), *instance.option[sorted(swaps.chosen)].tolist()]
        plan = evaluate(near.problem, options)
        keeps = not broken_blocks(near.problem, plan, near.objective)
        if keeps and near.accepts([Year(near.problem, plan)]):
            yield plan


class _Swaps:
    """A plan that is changed hub by hub while it stays near the best."""

    def __init__(self, instance: Reduced, objective: MaxCoverage, threshold: float, start: Ints) -> None:
        self.instance, self.threshold = instance, threshold
        self.money, self.count = limits(objective)
        self.chosen = set(start.tolist())
        self.held = np.isin(instance.site, instance.required)

    def without(self, sites: frozenset[int]) -> set[int]:
        """Drop the hub of one site; return the site looked at, none if there is none."""
        if not sites:
            return set()
        site = min(sites)
        self.chosen = {option for option in self.chosen if self.instance.site[option] != site}
        return {site}

    def take(self, sites: frozenset[int]) -> set[int]:
        """Take hubs at sites one by one, cheapest first, until one more would be too many; return those looked at."""
        instance, fresh, looked = self.instance, set[int](), set[int]()
        cheapest = {
            site: min(np.flatnonzero(instance.site == site).tolist(), key=lambda o: (instance.cost[o], o))
            for site in sites
        }
        for site in sorted(sites, key=lambda site: (instance.cost[cheapest[site]], site)):
            before = set(self.chosen)
            self.chosen.add(cheapest[site])
            fresh.add(cheapest[site])
            looked.add(site)
            if not self._fitted(fresh):
                # Too many: the next plan starts with this site, unless it failed alone.
                self.chosen = before
                return looked if len(looked) == 1 else looked - {site}
        return looked

    def _fitted(self, fresh: set[int]) -> bool:
        """Drop hubs of least worth for their cost until the limits hold; tell whether the plan is still near."""
        instance = self.instance
        times = np.asarray(instance.cover[:, sorted(self.chosen)].sum(axis=1)).ravel()
        while not self._within_limits():
            worth = self._worth(times)
            out = [o for o in sorted(self.chosen - fresh) if not self.held[o]]
            if not out:
                return False
            rate = (worth / np.maximum(instance.cost, 1e-9)).tolist()
            drop = min(out, key=rate.__getitem__)
            self.chosen.remove(drop)
            times[instance.covers[[drop]].indices] -= 1
        return (
            math.fsum([instance.base, *instance.need[times > 0], *instance.gain[sorted(self.chosen)]]) >= self.threshold
        )

    def _worth(self, times: Ints) -> Floats:
        return np.asarray(self.instance.covers @ (self.instance.need * (times == 1)) + self.instance.gain)

    def _within_limits(self) -> bool:
        chosen = sorted(self.chosen)
        return math.fsum(self.instance.cost[chosen]) <= self.money and len(chosen) <= self.count

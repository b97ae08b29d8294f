"""Near-best plans without a search, for maximal covering: unseen sites in, hubs that matter least out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from hubplanner.model import Objective
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.limits import limits

Sites = frozenset[int]


class Swaps:
    """Plans that swap hubs of a good one for others while they stay near the best.

    Parameters
    ----------
    instance, objective
        The question.
    threshold
        Need that a plan is to cover.
    start
        (k,) options of the good plan.
    loss
        (o,) what a plan loses at least by an option: its reduced cost, negated. The least are tried first.
    """

    def __init__(
        self, instance: CoveringInstance, objective: Objective, threshold: float, start: Ints, loss: Floats
    ) -> None:
        self._instance, self._threshold = instance, threshold
        self._money, self._count = limits(objective)
        self._held = np.isin(instance.site, instance.required)
        order = np.argsort(loss, kind="stable")
        sites, first = np.unique(instance.site[order], return_index=True)
        self._least = dict(zip(sites.tolist(), order[first].tolist(), strict=True))
        self._loss = loss
        chosen = np.isin(np.arange(len(instance.option)), start)
        self._start = _SwapCandidate(instance, chosen, np.asarray(instance.cover @ chosen, dtype=np.intp))

    def using(self, wanted: Callable[[], Sites]) -> Iterator[Ints]:
        """Yield near-best plans that each use as many of the wanted sites as they bear; none for a site they do not."""
        return self._changed(wanted, 1, self._with)

    def sparing(self, wanted: Callable[[], Sites]) -> Iterator[Ints]:
        """Yield near-best plans that each do without as many of the wanted sites as they bear."""
        return self._changed(wanted, -1, self._without)

    def _changed(
        self, wanted: Callable[[], Sites], sense: int, change: Callable[[_SwapCandidate, list[int]], bool]
    ) -> Iterator[Ints]:
        """Yield near-best plans, each changed at one wanted site after the other as long as it stays near.

        Sites whose options lose least come first, or last where ``sense`` is -1.
        """
        tried: set[int] = set()
        while left := wanted() - tried & self._least.keys():
            plan, done = self._start, list[int]()
            for site in sorted(left, key=lambda site: (sense * self._loss[self._least[site]], site)):
                trial = plan.copy()
                if change(trial, [*done, site]):
                    plan, done = trial, [*done, site]
                elif done:
                    break
                tried.add(site)
            if done:
                yield plan.options

    def _with(self, plan: _SwapCandidate, sites: list[int]) -> bool:
        """Open the best option of the last of some sites in a plan; tell whether it is still near within the limits."""
        fresh = [self._least[site] for site in sites]
        plan.open(fresh[-1])
        return self._fits(plan, fresh)

    def _without(self, plan: _SwapCandidate, sites: list[int]) -> bool:
        """Close the hub of the last of some sites, spend its money elsewhere; tell whether the plan is still near."""
        for option in np.flatnonzero(plan.chosen & (self._instance.site == sites[-1])).tolist():
            plan.close(option)
        self._fill(plan, np.isin(self._instance.site, sites))
        return plan.value >= self._threshold

    def _fits(self, plan: _SwapCandidate, fresh: list[int]) -> bool:
        """Drop hubs of least worth for what they free until the limits hold; tell whether the plan is still near."""
        cost, kept = self._instance.cost, self._held.copy()
        kept[fresh] = True
        dropped = False
        while True:
            over = math.fsum(cost[plan.options]) - self._money
            if over <= 0 and len(plan.options) <= self._count:
                break
            out = np.flatnonzero(plan.chosen & ~kept)
            if not len(out):
                return False
            frees = np.minimum(cost[out], over) if over > 0 else np.ones(len(out))
            plan.close(int(out[np.argmin(plan.losses(out) / np.maximum(frees, 1e-9 * self._largest))]))
            dropped = True
        if dropped and plan.value < self._threshold:
            self._fill(plan, np.zeros(len(cost), dtype=np.bool_))
        return plan.value >= self._threshold

    @property
    def _largest(self) -> float:
        return max(float(self._instance.cost.max(initial=0.0)), 1.0)

    def _fill(self, plan: _SwapCandidate, banned: Bools) -> None:
        """Open options one by one for the most newly covered need for their cost, within all limits."""
        instance = self._instance
        while len(plan.options) < self._count:
            left = self._money - math.fsum(instance.cost[plan.options])
            taken = np.isin(instance.site, instance.site[plan.options])
            adds = np.where(banned | taken | (instance.cost > left), 0.0, plan.adds())
            if not adds.any():
                return
            plan.open(int(np.argmax(adds / np.maximum(instance.cost, 1e-9 * self._largest))))


class _SwapCandidate:
    """Open options and how often each row is covered."""

    def __init__(self, instance: CoveringInstance, chosen: Bools, times: Ints) -> None:
        self._instance, self.chosen, self._times = instance, chosen, times

    def copy(self) -> _SwapCandidate:
        return _SwapCandidate(self._instance, self.chosen.copy(), self._times.copy())

    @property
    def options(self) -> Ints:
        return np.flatnonzero(self.chosen)

    @property
    def value(self) -> float:
        return self._instance.covered_need(self.options)

    def open(self, option: int) -> None:
        self.chosen[option] = True
        self._times[self._rows(option)] += 1

    def close(self, option: int) -> None:
        self.chosen[option] = False
        self._times[self._rows(option)] -= 1

    def losses(self, options: Ints) -> Floats:
        """Return what the plan loses without each of some of its options."""
        own = self._instance.need * (self._times == 1)
        return np.asarray(self._instance.covers[options] @ own + self._instance.gain[options])

    def adds(self) -> Floats:
        """Return what each option (o,) would add."""
        return np.asarray(self._instance.covers @ (self._instance.need * (self._times == 0)) + self._instance.gain)

    def _rows(self, option: int) -> Ints:
        covers = self._instance.covers
        return np.asarray(covers.indices[covers.indptr[option] : covers.indptr[option + 1]], dtype=np.intp)

"""Near-best plans without a search, where hubs have so many seats: unseen sites in, hubs worth least for money out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from hubplanner.model import Floor, Year, broken_constraints
from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.budget import money_limit
from hubplanner.problem import Evaluation, Floats, Ints, evaluate
from hubplanner.problem.problem import coverage

if TYPE_CHECKING:
    from hubplanner.analysis.alternatives.near_optimal import NearOptimal
    from hubplanner.analysis.alternatives.site_evidence import SiteEvidence
    from hubplanner.solver.deadline import Deadline

Sites = frozenset[int]


def suits(near: NearOptimal) -> bool:
    """Tell whether a question is maximal covering by hubs that share people out among their seats, in one go.

    Where hubs share lines, what a hub costs depends on the others: such plans are left to searches.
    """
    question, problem = near.question, near.problem
    shares = question.capacity is not None and not question.capacity.single
    plain = near.objective.maximises_coverage and question.periods is None and problem.backhaul is None
    plain = plain and near.objective.fairness is None
    return shares and plain and problem.rule.backup == 1 and problem.keeps_existing


def offer_swaps(near: NearOptimal, best: Evaluation, book: SiteEvidence, deadline: Deadline) -> None:
    """Note near-best plans that use, or do without, sites not settled yet, each recomputed and held to all limits.

    The best plan's hubs keep their people; a hub that opens takes people no one serves.
    """
    start = _Seated.of(near, best)
    _offer(near, start, book, deadline, lambda: book.inside, _using)
    _offer(near, start, book, deadline, lambda: book.outside, _sparing)


def _offer(  # noqa: PLR0913, PLR0917 - a plan, where what it shows is noted, and how it is changed
    near: NearOptimal,
    start: _Seated,
    book: SiteEvidence,
    deadline: Deadline,
    wanted: Callable[[], Sites],
    change: Callable[[_Seated, list[int], SiteEvidence, float], tuple[_Seated, int]],
) -> None:
    """Offer plans for the wanted sites, as many at once as a plan bears; half as many where it breaks a limit."""
    tried, most = set[int](), near.problem.n_sites
    while (left := sorted(wanted() - tried)) and not deadline.is_past:
        plan, looked = change(start, left[:most], book, near.threshold)
        if looked and _noted(near, plan, book):
            tried.update(left[:looked])
            most = near.problem.n_sites
        elif looked <= 1:
            tried.add(left[0])
        else:
            most = looked // 2


def _noted(near: NearOptimal, plan: _Seated, book: SiteEvidence) -> bool:
    """Recompute a plan and note it if it is allowed and near the best; tell whether."""
    found = evaluate(near.problem, plan.options, plan.assigned)
    good = not broken_constraints(near.problem, found, near.objective) and near.accepts([Year(near.problem, found)])
    if good:
        book.add(found)
    return bool(good)


def _using(start: _Seated, sites: list[int], book: SiteEvidence, threshold: float) -> tuple[_Seated, int]:
    """Open a hub at one site after the other while the plan stays near; return it and how many sites it took."""
    plan, fresh, budget = start, set[int](), max(start.cost, start.money)
    for number, site in enumerate(sites):
        trial = plan.copy()
        fresh.add(option := trial.least(site))
        trial.open(option)
        while trial.cost > budget and trial.drop_least(fresh, book.outside):
            pass
        if trial.cost > budget or trial.value < threshold:
            return plan, number
        plan = trial
    return plan, len(sites)


def _sparing(start: _Seated, sites: list[int], _: SiteEvidence, threshold: float) -> tuple[_Seated, int]:
    """Close the hubs of one site after the other, and spend what that frees, while the plan stays near."""
    plan, out, budget = start, set[int](), max(start.cost, start.money)
    for number, site in enumerate(sites):
        trial = plan.copy()
        out.add(site)
        trial.close_site(site)
        trial.fill(budget, out)
        if trial.value < threshold:
            return plan, number
        plan = trial
    return plan, len(sites)


@dataclass(frozen=True, eq=False)
class _Hubs:
    """The hubs of one option, the shares of points that they serve, and the need that counts, also for each floor."""

    count: int
    points: Ints
    shares: Floats
    value: float
    floors: Floats


class _Seated:
    """A plan whose hubs each serve their own people."""

    def __init__(self, near: NearOptimal, reach: csc_array, hubs: dict[int, _Hubs], left: Floats) -> None:
        self._near, self._reach, self._hubs, self._left = near, reach, hubs, left
        floors = of_kind(near.objective.all_constraints, Floor)
        self._least = np.array([constraint.share * math.fsum(constraint.weight) for constraint in floors])
        problem = near.problem
        capacity = near.question.capacity
        self._room = np.full(problem.n_options, math.inf) if capacity is None else capacity.room(problem)
        self._rate = problem.need / np.maximum(problem.seats, 1e-9)
        self.money = money_limit(near.objective.all_constraints)

    @classmethod
    def of(cls, near: NearOptimal, best: Evaluation) -> _Seated:
        problem, served = near.problem, csc_array(best.assigned)
        reach = csc_array(coverage(problem, 0, problem.n_points))
        credit = csc_array(best.credit)
        value, floors = np.asarray(credit.T @ problem.need), np.asarray(credit.T @ weights(near).T)
        points = served.indices.astype(np.intp)
        spans = zip(served.indptr[:-1].tolist(), served.indptr[1:].tolist(), strict=True)
        hubs = {
            option: _Hubs(count, points[start:stop], served.data[start:stop], float(worth), part)
            for option, count, (start, stop), worth, part in zip(
                best.options.tolist(), best.counts.tolist(), spans, value, floors, strict=True
            )
        }
        left = 1.0 - np.asarray(best.assigned.sum(axis=1)).ravel()
        return cls(near, reach, hubs, np.maximum(left, 0.0))

    def copy(self) -> _Seated:
        return _Seated(self._near, self._reach, dict(self._hubs), self._left.copy())

    @property
    def options(self) -> Ints:
        hubs = [np.full(found.count, option) for option, found in self._hubs.items()]
        return np.concatenate([np.zeros(0, dtype=np.intp), *hubs]).astype(np.intp)

    @property
    def assigned(self) -> csr_array:
        """Shares (n, o) of each point's people that each option serves."""
        found = list(self._hubs.items())
        option = np.repeat([option for option, _ in found], [len(hubs.points) for _, hubs in found])
        points = np.concatenate([np.zeros(0, dtype=np.intp), *(hubs.points for _, hubs in found)])
        shares = np.concatenate([np.zeros(0), *(hubs.shares for _, hubs in found)])
        cells: Any = (shares, (points, option.astype(np.intp)))
        return csr_array(cells, shape=(self._near.problem.n_points, self._near.problem.n_options))

    @property
    def value(self) -> float:
        return math.fsum(hubs.value for hubs in self._hubs.values())

    @property
    def cost(self) -> float:
        return math.fsum(self._near.problem.option_cost[option] * hubs.count for option, hubs in self._hubs.items())

    def least(self, site: int) -> int:
        """Return the option of a site that costs least beyond what it serves at the plan's own price of need."""
        price = self.cost / max(self.value, 1.0)
        own = np.flatnonzero(self._near.problem.option_site == site).tolist()
        cost = self._near.problem.option_cost
        return min(own, key=lambda option: (cost[option] - price * self._served(option).value, option))

    def open(self, option: int) -> None:
        """Open one hub that takes people no one serves, those of most need first."""
        fresh = self._served(option)
        self._left[fresh.points] -= fresh.shares
        old = self._hubs.get(option)
        if old is not None:
            points, shares = np.concatenate([old.points, fresh.points]), np.concatenate([old.shares, fresh.shares])
            fresh = _Hubs(old.count + 1, points, shares, old.value + fresh.value, old.floors + fresh.floors)
        self._hubs[option] = fresh

    def close_site(self, site: int) -> None:
        """Close all hubs of a site."""
        for option in [option for option in self._hubs if self._near.problem.option_site[option] == site]:
            self._close(option)

    def drop_least(self, fresh: set[int], rather: Sites) -> bool:
        """Close the hub that serves least need for its cost, rather one of some sites; tell whether there is any.

        Standing hubs, those of required sites, fresh ones and those that a floor needs stay.
        """
        problem, spare = self._near.problem, sum(hubs.floors for hubs in self._hubs.values()) - self._least
        required = set(problem.required_sites.tolist())
        free = [
            option
            for option in self._hubs
            if problem.new[option] and option not in fresh and problem.option_site[option] not in required
            if (self._hubs[option].floors / self._hubs[option].count <= spare).all()
        ]
        if not free:
            return False

        def rate(option: int) -> tuple[bool, float, int]:
            hubs = self._hubs[option]
            found = hubs.value / max(problem.option_cost[option] * hubs.count, 1.0)
            return hubs.count > 1 or int(problem.option_site[option]) not in rather, found, option

        self._close_one(min(free, key=rate))
        return True

    def fill(self, budget: float, banned: set[int]) -> None:
        """Open the hub that serves most need for its cost, as long as money lasts, at sites without hubs."""
        problem = self._near.problem
        while True:
            left = budget - self.cost
            taken = banned | {int(problem.option_site[option]) for option in self._hubs}
            free = problem.new & (problem.option_cost <= left) & ~np.isin(problem.option_site, sorted(taken))
            worth = np.where(free, np.minimum(self._reach.T @ (self._left * problem.need), self._room), 0.0)
            if not worth.any():
                return
            self.open(int(np.argmax(worth / np.maximum(problem.option_cost, 1.0))))

    def _close(self, option: int) -> None:
        hubs = self._hubs.pop(option)
        self._left[hubs.points] += hubs.shares

    def _close_one(self, option: int) -> None:
        """Close one of an option's hubs; the others serve their part of everyone's people."""
        hubs = self._hubs[option]
        self._close(option)
        if hubs.count > 1:
            part = (hubs.count - 1) / hubs.count
            kept = _Hubs(hubs.count - 1, hubs.points, hubs.shares * part, hubs.value * part, hubs.floors * part)
            self._hubs[option] = kept
            self._left[kept.points] -= kept.shares

    def _served(self, option: int) -> _Hubs:
        """Return whom one more hub would serve."""
        span = slice(self._reach.indptr[option], self._reach.indptr[option + 1])
        points, credit = self._reach.indices[span], self._reach.data[span].astype(np.float64)
        seats, order = self._near.problem.seats, np.argsort(-self._rate[points] * credit, kind="stable")
        points, credit = points[order], credit[order]
        crowd = self._left[points] * seats[points]
        before = np.cumsum(crowd) - crowd
        part = np.clip((self._room[option] - before) / np.maximum(crowd, 1e-9), 0.0, 1.0)
        shares = self._left[points] * part
        some = shares > 0
        value = math.fsum(self._near.problem.need[points] * shares * credit)
        return _Hubs(1, points[some], shares[some], value, weights(self._near)[:, points] @ (shares * credit))


@lru_cache(maxsize=1)
def weights(near: NearOptimal) -> Floats:
    """Return the need (f, n) of each floor's group at each point."""
    floors = [floor.weight for floor in of_kind(near.objective.all_constraints, Floor)]
    return np.array(floors).reshape(len(floors), near.problem.n_points)

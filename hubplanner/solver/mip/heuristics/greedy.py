"""A plan that grows hub by hub within all limits: what they ask for first, then the most for the money."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hubplanner.model import (
    AlphaFair,
    AtMostOne,
    Floor,
    FullService,
    MaxHubs,
    MinHubs,
    MinSeparation,
    OnlyWith,
    Question,
    RobustBudget,
    Year,
)
from hubplanner.model.constraints.base import of_kind
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.earlier_plan import FixedHubs
from hubplanner.model.constraints.hub_count import HubCount
from hubplanner.problem import Bools, Floats, Ints, evaluate
from hubplanner.problem.arrays import both_ways
from hubplanner.problem.travel.base import within
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.cover_state import SHORT, Added, Cover, Units, total

MANY = 1_000_000_000
"""Hubs of an option that no plan has."""
AS_LONG = 1_000
"""Pairs of demand and hubs whose bound takes as long, 60 us, as what one hub adds."""


class _Worth:
    """What covered demand counts for: a weight (u,) of it."""

    def __init__(self, weight: Floats) -> None:
        self.weight = weight

    def of(self, added: Added) -> float:
        """Return the worth of what a hub adds."""
        return added.of(self.weight)

    def update(self, best: Floats) -> None:
        """Take what is covered (u,) now, on which the worth of more may depend."""


class _FloorWorth(_Worth):
    """What covered demand counts for by the floors that are not reached yet: for its part of what each asks."""

    def __init__(self, floors: Sequence[tuple[Floats, float]], best: Floats) -> None:
        self.floors = list(floors)
        self.update(best)

    def update(self, best: Floats) -> None:
        """Take what is covered (u,) now: floors that are reached count no more."""
        self.floors = [(weight, least) for weight, least in self.floors if total(weight, best) < least * (1 - SHORT)]
        self.weight = np.sum([weight / least for weight, least in self.floors], axis=0) if self.floors else 0.0 * best


class _FairWorth(_Worth):
    """What covered demand counts for by the utility of groups' covered shares."""

    def __init__(self, fairness: AlphaFair, groups: Floats, best: Floats) -> None:
        self.fairness, self.groups = fairness, groups
        self.update(best)

    def of(self, added: Added) -> float:
        """Return the worth of what a hub adds."""
        return self.utility(self.covered + self.groups[:, added.unit] @ added.growth) - self.known

    def update(self, best: Floats) -> None:
        """Take what is covered (u,) now; who adds most to the worth by its slope there is served first."""
        self.covered = self.groups @ best + self.fairness.covered_elsewhere
        self.known = self.utility(self.covered)
        slope = self.fairness.slope(self.covered / self.fairness.need, self.fairness.linear_below)
        self.weight: Floats = slope @ self.groups

    def utility(self, covered: Floats) -> float:
        """Return the worth of what is covered (g,) of the groups."""
        need, at = self.fairness.need, self.fairness.linear_below
        return float(need @ self.fairness.worth(covered / need, at))


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A hub of a growing plan: what it added when it was opened, its first year, and by what it chose whom to serve."""

    added: Added
    year: int
    weight: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Saved:
    """A growing plan as it was."""

    counts: Ints
    spent: Floats
    opened: tuple[Opened, ...]
    best: Floats
    left: Floats
    shares: Floats


class PlanBuilder:
    """A plan that grows hub by hub within all limits that more hubs break. Standing hubs stay as they are.

    Attributes
    ----------
    counts
        (o,) hubs of each option.
    opened
        The new ones, in their order.
    most_of
        (o,) hubs that each option may have: fewer where a search wants others.
    deadline
        When to stop growing with what is open then: never, unless there is another plan.
    """

    def __init__(self, question: Question) -> None:
        self.question, self.instance = question, question.instance
        self.problem = question.problems[-1]
        self.units = Units.of(question, self.problem)
        self.cover = Cover(question, self.problem, self.units)
        self.need = self.units.weigh(self.problem.need)
        self.cost = self.problem.option_cost
        self.counts = np.where(self.problem.existing, 1, 0)
        self.most_of = np.full(self.problem.n_options, MANY)
        self.deadline = Deadline(math.inf)
        self.opened: list[Opened] = []
        self.spent: Floats = np.zeros(len(question.problems))
        constraints = question.constraints
        self.per_site, self.money = question.per_site, money_limit(constraints)
        self.budgets_in = of_kind(constraints, RobustBudget)
        self.most = [(constraint, self._at(constraint)) for constraint in of_kind(constraints, MaxHubs)]
        self.least = [(constraint, self._at(constraint)) for constraint in of_kind(constraints, MinHubs)]
        self.least.sort(key=lambda pair: int(pair[1].sum()))
        self.floors = [
            (self.units.weigh(np.asarray(floor.weight)), floor.share * math.fsum(floor.weight))
            for floor in of_kind(constraints, Floor)
            if floor.share * math.fsum(floor.weight) > 0
        ]
        self.reach = min((constraint.distance for constraint in of_kind(constraints, FullService)), default=None)
        near = [separation.too_near(self.problem) for separation in of_kind(constraints, MinSeparation)]
        self.apart = both_ways(np.concatenate([np.zeros((0, 2), dtype=np.intp), *near]), self.problem.n_sites)
        self.left = self._still()
        self.alone = [set(constraint.sites) for constraint in of_kind(constraints, AtMostOne)]
        self.needs = {constraint.site: constraint.needs for constraint in of_kind(constraints, OnlyWith)}
        standing = np.flatnonzero(self.problem.existing).tolist()
        self.standing = [self.cover.open(option, self.need) for option in standing]
        hubs: Floats = np.zeros(self.problem.n_options)
        for most, at in self.most:
            hubs[at] = np.maximum(hubs[at], 1.0 / max(most.count, 1))
        self.nothing = self.save()
        self.share: Floats = self._of_money() + hubs + SHORT
        """What a hub of each option takes of money and hubs, as far as they are limited, never quite nothing."""

    def _of_money(self) -> Floats:
        """Return what a hub of each option (o,) takes of the money, or of the largest cost where no one sum is set."""
        saves = self.question.objective.minimises_cost or self.question.periods is not None
        if not (saves or self.budgets_in or self.money < math.inf):
            return np.zeros(self.problem.n_options)
        scale = self.money if 0 < self.money < math.inf else max(float(self.cost.max(initial=0.0)), 1.0)
        found: Floats = np.clip(self.cost, 0.0, scale) / scale
        return found

    def _at(self, constraint: HubCount) -> Bools:
        return constraint.counted(self.problem.new, self.problem.option_site)

    # -- what limits allow -------------------------------------------------------------------------------------------

    def _spend(self, year: int, money: float) -> None:
        """Spend money in a year, and note what is left."""
        self.spent[year:] += money
        self.left = self._still()

    def _still(self) -> Floats:
        """Return the money (years,) that is left for a hub whose first year it is."""
        whole, periods = self.money - self.spent[-1], self.question.periods
        if periods is None:
            return np.full(1, whole)
        slack: Floats = np.array(periods.budgets) - np.diff(self.spent, prepend=0.0)
        if periods.carry_over:
            slack = np.array(np.minimum.accumulate((np.array(periods.available) - self.spent)[::-1])[::-1])
        least: Floats = np.minimum(slack, whole)
        return least

    @property
    def largest(self) -> float:
        """Money that one more hub may cost."""
        return float(self.left[-1] if self.question.periods is None else self.left.max())

    def affordable(self) -> Ints:
        """Return the new options of which the money, the site and the number of hubs allow one more."""
        sites, counts = self.problem.option_site, self.counts
        room = np.bincount(sites, counts, minlength=self.problem.n_sites)[sites] < self.per_site.count
        for constraint, at in self.most:
            if counts[at].sum() >= constraint.count:
                room &= ~at
        if self.apart.nnz:
            room &= ~self._crowded()[sites]
        few = counts < self.most_of
        return np.flatnonzero(self.problem.new & (self.cost <= self.largest) & few & room)

    def _crowded(self) -> Bools:
        """Tell which sites (m,) stand too near to a new hub, or hold one where others are too near."""
        sites, held = self.problem.option_site, self.counts > 0
        built = np.bincount(sites, held & self.problem.new, minlength=self.problem.n_sites)
        used = np.bincount(sites, held, minlength=self.problem.n_sites) > 0
        return np.asarray((self.apart @ built > 0) | (used & (np.diff(self.apart.indptr) > 0)))

    def fits(self, option: int) -> bool:
        """Tell whether the limits allow one more hub."""
        return bool(self.counts[option] < self.most_of[option]) and self._affords(option) and self._has_place(option)

    def fit_together(self, some: Ints) -> Bools:
        """Tell which options (k, o) money, numbers and distances allow beside each of some options."""
        sites, cost, free = self.problem.option_site, self.cost, np.zeros(self.problem.n_options, dtype=np.bool_)
        free[self.affordable()] = True
        may: Bools = free[some][:, None] & free & (sites[some][:, None] != sites)
        may &= cost[some][:, None] + cost <= self.largest
        for constraint, at in self.most:
            may &= at[some].astype(np.intp)[:, None] + at <= constraint.count - self.counts[at].sum()
        if self.apart.nnz:
            may &= self.apart[sites[some]].toarray()[:, sites] == 0
        return may

    def _affords(self, option: int) -> bool:
        """Tell whether the money allows one more hub."""
        return bool(self.cost[option] <= self.largest) and all(
            (constraint.costs @ self.counts + constraint.costs[:, option] <= constraint.amount).all()
            for constraint in self.budgets_in
        )

    def _has_place(self, option: int) -> bool:
        """Tell whether a site, and the other sites in use, allow one more hub there."""
        sites = self.problem.option_site
        site, first = int(sites[option]), np.searchsorted(sites, sites[option])
        here = np.arange(first, np.searchsorted(sites, site, side="right"))
        held = here[self.counts[here] > 0]
        per = self.per_site
        full = self.counts[held].sum() >= per.count or (not per.mixed and bool((held != option).any()))
        if full or any(at[option] and self.counts[at].sum() >= constraint.count for constraint, at in self.most):
            return False
        if self.apart.nnz and self._crowded()[site]:
            return False
        if not (self.alone or self.needs):
            return True
        used = set(sites[self.counts > 0].tolist())
        other = any(site in group and (group & used) - {site} for group in self.alone)
        return not other and (site not in self.needs or self.needs[site] in used)

    # -- one hub more, one less --------------------------------------------------------------------------------------

    def open(self, option: int, weight: Floats) -> None:
        """Open one hub in the first year that has the money; it serves those first who have most of a weight (u,)."""
        year = int(np.argmax(self.cost[option] <= self.left))
        self.counts[option] += 1
        self._spend(year, float(self.cost[option]))
        self.opened.append(Opened(added=self.cover.open(option, weight), year=year, weight=weight))

    def recount(self, counts: Ints) -> None:
        """Take other hubs (o,) in the one year there is, with their cost, and leave what they cover."""
        self.counts = counts.copy()
        self.spent[:] = total(self.cost, counts - self.nothing.counts)
        self.left = self._still()

    def serve(self, hubs: Sequence[Added]) -> None:
        """Take hubs in the one year there is, standing ones among them, with whom they serve."""
        self.restore(self.nothing)
        for hub in self.standing:
            self.cover.close(hub, self.counts)
        stands = {hub.option for hub in self.standing}
        self.standing = [hub for hub in hubs if hub.option in stands]
        self.opened = [Opened(added=hub, year=0, weight=self.need) for hub in hubs if hub.option not in stands]
        self.recount(np.bincount([hub.option for hub in hubs], minlength=len(self.counts)))
        for hub in hubs:
            self.cover.take(hub)

    def book(self, since: Ints, years: int) -> None:
        """Take other hubs by the year (o,) in which each is opened, with their cost, and leave what they cover."""
        self.counts = (since < years).astype(np.intp)
        new = self.cost * (self.counts > self.nothing.counts)
        self.spent[:] = np.cumsum(np.bincount(since, new, minlength=years)[:years])
        self.left = self._still()

    def may_close(self, option: int) -> bool:
        """Tell whether the limits that ask for hubs are met without one that was opened."""
        site, counts, sites = int(self.problem.option_site[option]), self.counts, self.problem.option_site
        last = counts[sites == site].sum() == 1
        if last and (site in self.problem.required_sites or site in self._needed()):
            return False
        if any(at[option] and counts[at].sum() <= least.count for least, at in self.least):
            return False
        fixed = of_kind(self.question.constraints, FixedHubs)
        return not any(option in block.options for block in fixed)

    def _needed(self) -> set[int]:
        """Return the sites that hubs in use need."""
        used = set(self.problem.option_site[self.counts > 0].tolist()) if self.needs else set()
        return {needed for site, needed in self.needs.items() if site in used}

    def close(self, hub: Opened) -> None:
        """Close one of the hubs that were opened."""
        option = hub.added.option
        self.opened.remove(hub)
        self.counts[option] -= 1
        self._spend(hub.year, -float(self.cost[option]))
        self.cover.close(hub.added, self.counts)

    def save(self) -> Saved:
        """Return the plan as it is."""
        return Saved(
            counts=self.counts.copy(),
            spent=self.spent.copy(),
            opened=tuple(self.opened),
            best=self.cover.best.copy(),
            left=self.cover.left.copy(),
            shares=self.cover.shares.copy(),
        )

    def restore(self, saved: Saved) -> None:
        """Take a plan as it was."""
        self.counts, self.spent, self.opened = saved.counts.copy(), saved.spent.copy(), list(saved.opened)
        self.left = self._still()
        self.cover.best, self.cover.left = saved.best.copy(), saved.left.copy()
        self.cover.shares = saved.shares.copy()

    def time_anew(self) -> None:
        """Open the same hubs in the order of what they add now, so that the best come in the first years."""
        every, self.most_of = self.most_of, self.counts.copy()
        self.restore(self.nothing)
        self.fill()
        self.meet()
        self.most_of = every

    # -- what limits ask for -----------------------------------------------------------------------------------------

    def meet(self, *, cheapest: bool = False, together: bool = True) -> None:
        """Open hubs that limits ask for and that are still missing.

        Parameters
        ----------
        cheapest
            Whether required sites and least numbers take their cheapest hubs, not those worth most for their money.
        together
            Whether all floors are filled at once, not one after the other.
        """
        self.meet_numbers(cheapest=cheapest)
        for part in [self.floors] if together else [[floor] for floor in self.floors]:
            worth = _FloorWorth(part, self.cover.best)
            self._grow(worth, lambda worth=worth: not worth.floors)  # type: ignore[misc]
        if self.reach is not None:
            self._serve_all(self.reach)

    def meet_numbers(self, *, cheapest: bool = False) -> None:
        """Open hubs at required sites, fixed ones, and least numbers of them."""
        problem = self.problem
        for site in problem.required_sites.tolist():
            here = problem.option_site == site
            self._add(here, 1 - int(self.counts[here].sum()), cheapest=cheapest)
        for fixed in of_kind(self.question.constraints, FixedHubs):
            for option, count in zip(fixed.options, fixed.counts, strict=True):
                while self.counts[option] < count and self.fits(option):
                    self.open(option, self.need)
        for least, at in self.least:
            self._add(at, least.count - int(self.counts[at].sum()), cheapest=cheapest)

    def _add(self, at: Bools, count: int, *, cheapest: bool) -> None:
        """Open some hubs among options."""
        some = np.flatnonzero(at)
        first = self.cost[some] if cheapest else np.zeros(len(some))
        for _ in range(count):
            most = np.full(len(some), math.inf)  # of what a hub adds for its price
            if len(self.units.unit) <= AS_LONG * len(some):
                most = self.cover.at_most(self.need)[some] / self.share[some] * (1 + SHORT)
            best: tuple[float, float, int] | None = None
            for place in np.lexsort((-most, first)).tolist():
                if best is not None and (first[place], -most[place]) > best[:2]:
                    break
                option = int(some[place])
                if self.fits(option):
                    gain = self.cover.adds(option, self.need).of(self.need) / self.share[option]
                    known = (float(first[place]), -gain, option)
                    best = known if best is None else min(best, known)
            if best is None:
                return
            self.open(best[2], self.need)

    def _serve_all(self, reach: float) -> None:
        """Open hubs until all who need one have one, those that most points wait for first."""
        if self.question.assigns:
            worth = _FloorWorth([(self.need, math.fsum(self.need))], self.cover.best)
            self._grow(worth, lambda: not worth.floors)
            return
        near = within(self._far[self.problem.needing], reach)
        waits = ~near[:, self.counts > 0].any(axis=1)
        while waits.any() and not self.deadline.is_past:
            count = near[waits].sum(axis=0)
            free = [int(o) for o in self.affordable() if count[o] and self.fits(int(o))]
            if not free:
                return
            best = max(free, key=lambda option: (count[option] / self.share[option], -option))
            self.open(best, self.need)
            waits &= ~near[:, best]

    @cached_property
    def _far(self) -> Floats:
        """Distance (n, o) of every point to every option."""
        found: Floats = self.instance.distances[:, self.problem.option_site]
        return found

    @property
    def shortfall(self) -> float:
        """By how much limits that more hubs would meet are missed, each by its part; 0 where none is."""
        best, counts, sites = self.cover.best, self.counts, self.problem.option_site
        missed = [max(1.0 - total(weight, best) / least, 0.0) for weight, least in self.floors]
        missed = [part for part in missed if part > SHORT]
        missed += [max(float(least.count - counts[at].sum()), 0.0) for least, at in self.least]
        missed += [float(counts[sites == site].sum() == 0) for site in self.problem.required_sites]
        for fixed in of_kind(self.question.constraints, FixedHubs):
            pairs = zip(fixed.options, fixed.counts, strict=True)
            missed += [float(max(count - counts[option], 0)) for option, count in pairs]
        if self.reach is not None:
            missed.append(self._waiting(self.reach))
        return math.fsum(missed)

    def _waiting(self, reach: float) -> float:
        """Return the share of those with need who have no hub."""
        needing = self.problem.needing
        if self.question.assigns:
            short = 1.0 - total(self.need, self.cover.best) / max(math.fsum(self.need), SHORT)
            return short if short > SHORT else 0.0
        used = self._far[needing][:, self.counts > 0]
        return float(1.0 - within(used, reach).any(axis=1).mean()) if needing.any() else 0.0

    # -- the most for the money --------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Open whatever is worth most for what it takes, as long as anything fits and helps; nothing to save cost."""
        objective = self.question.objective
        if objective.minimises_cost:
            return
        if self.cover.by_distance and not self.question.assigns:
            self._nearer()
        elif objective.alpha_fairness is not None and len(objective.alpha_fairness.need):
            self._grow(_FairWorth(objective.alpha_fairness, self._groups, self.cover.best), lambda: False)
        else:
            if objective.max_min is not None and objective.max_min.first:
                self._lift()
            self._grow(_Worth(self.need), lambda: False)

    @cached_property
    def _groups(self) -> Floats:
        """Need (g, u) of each group that is to be covered fairly."""
        fairness = self.question.objective.fairness
        weights = [] if fairness is None else fairness.with_need
        return np.array([self.units.weigh(weight) for weight in weights])

    @property
    def shares(self) -> Floats:
        """Covered share (g,) of what hubs may serve of each group; none of a group that none reaches."""
        found: Floats = self._groups @ self.cover.best / np.maximum(self._groups.sum(axis=1), SHORT)
        return found

    def _lift(self) -> None:
        """Open hubs for the group that is covered worst, as long as one helps it, then for the next."""
        groups = self._groups
        stuck = np.zeros(len(groups), dtype=np.bool_)
        while not stuck.all():
            worst = int(np.argmin(np.where(stuck, math.inf, self.shares)))
            before = len(self.opened)
            self._grow(_Worth(groups[worst]), lambda before=before: len(self.opened) > before)  # type: ignore[misc]
            stuck[worst] = len(self.opened) == before

    def _grow(self, worth: _Worth, is_enough: Callable[[], bool]) -> None:
        """Open the hub that adds most worth for what it takes, one after the other.

        What a hub adds only shrinks, so that one whose figure is not new need not be looked at before its turn.
        """
        enough = is_enough()
        if enough:
            return
        some = self.affordable()
        if not len(some):
            return
        most = self.cover.at_most(worth.weight)[some]
        some, most = some[most > 0], most[most > 0]
        heap = list(zip((-most / self.share[some]).tolist(), some.tolist(), strict=True))
        heapq.heapify(heap)
        while heap and not enough and not self.deadline.is_past:
            known, option = heapq.heappop(heap)
            added = self.cover.adds(option, worth.weight) if self.fits(option) else None
            now = 0.0 if added is None else worth.of(added) / float(self.share[option])
            if now <= 0:
                continue
            if now >= -known * (1 - SHORT):
                self.open(option, worth.weight)
                worth.update(self.cover.best)
                enough = is_enough()
            heapq.heappush(heap, (-now, option))

    def _nearer(self) -> None:
        """Open hubs that bring need nearer, the most for what they take first."""
        distance = np.minimum(self._far, self.problem.farthest)
        now = distance[:, self.counts > 0].min(axis=1, initial=self.problem.farthest)
        while not self.deadline.is_past:
            free = [int(option) for option in self.affordable() if not self.counts[option] and self.fits(int(option))]
            if not free:
                return
            saved = self.problem.need @ np.maximum(now[:, None] - distance[:, free], 0.0)
            rates = saved / self.share[free]
            if rates.max() <= 0:
                return
            best = free[int(np.argmax(rates))]
            self.open(best, self.need)
            now = np.minimum(now, distance[:, best])

    # -- what it comes to --------------------------------------------------------------------------------------------

    @property
    def figures(self) -> tuple[float, ...]:
        """What the plan is worth, the most important first, more being better: the goals in the last year, about."""
        objective, need = self.question.objective, self.problem.need
        covered = total(self.need, self.cover.best) if self.question.periods is None else self._over_years()
        if objective.minimises_cost:
            return (-total(self.cost, self.counts) - objective.travel_cost * self._way(), covered)
        if self.cover.by_distance:
            if self.question.assigns:
                return (-self._way(), covered)
            near = self._far[:, self.counts > 0].min(axis=1, initial=math.inf)
            served = np.isfinite(near)
            mean = -total(need[served], near[served])
            worst = -float(near[self.problem.needing].max(initial=0.0))
            return (worst, mean) if objective.is_bottleneck else (mean,)
        if objective.alpha_fairness is not None and len(objective.alpha_fairness.need):
            return (_FairWorth(objective.alpha_fairness, self._groups, self.cover.best).known, covered)
        if objective.max_min is not None and objective.max_min.first:
            return (*np.sort(self.shares).tolist(), covered)
        return (covered, -total(self.cost, self.counts))

    def _over_years(self) -> float:
        """Return the need covered over the years, each hub from its first one on."""
        best, covered, hubs = np.zeros(len(self.need)), 0.0, [(0, hub) for hub in self.standing]
        hubs += [(hub.year, hub.added) for hub in self.opened]
        for number, (need, discount) in enumerate(zip(self._needs, self.question.discounts, strict=True)):
            for hub in (hub for year, hub in hubs if year == number):
                most = hub.growth + best[hub.unit] if self.question.assigns else np.maximum(best[hub.unit], hub.part)
                best[hub.unit] = most
            covered += discount * total(need, best)
        return covered

    @cached_property
    def _needs(self) -> list[Floats]:
        """Need (u,) of each year."""
        return [self.units.weigh(problem.need) for problem in self.question.problems]

    def _way(self) -> float:
        """Return the distance to the hubs that serve, weighted by need; none is known where no one is assigned."""
        hubs = [*self.standing, *(hub.added for hub in self.opened)]
        return math.fsum(float(self.need[hub.unit] * hub.part @ hub.distance) for hub in hubs)

    def years(self) -> tuple[Year, ...]:
        """Return the plan of each year, recomputed."""
        found = []
        standing = np.flatnonzero(self.problem.existing).tolist()
        for number, (problem, discount) in enumerate(zip(self.question.problems, self.question.discounts, strict=True)):
            here = [hub for hub in self.opened if hub.year <= number]
            cover, hubs = self.cover, [*self.standing, *(hub.added for hub in here)]
            if number < len(self.question.problems) - 1:
                cover = Cover(self.question, problem, Units.of(self.question, problem))
                need = cover.units.weigh(problem.need)
                hubs = [cover.open(option, need) for option in standing]
                hubs += [cover.open(hub.added.option, need) for hub in here]
            options = np.array([*standing, *(hub.added.option for hub in here)], dtype=np.intp)
            found.append(Year(problem, evaluate(problem, options, cover.assigned(hubs)), discount))
        return tuple(found)

"""A plan without a solver for any question: what limits ask for first, then the most for the money, recomputed."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.sparse import csc_array, csr_array

from hubplanner.model import (
    AlphaFair,
    AtMostOne,
    Budget,
    Floor,
    FullService,
    MaxHubs,
    MinHubs,
    MinSeparation,
    OnlyWith,
    PCenter,
    PMedian,
    Question,
    RobustBudget,
    Year,
    broken_years,
    goals_of,
)
from hubplanner.model.constraints.fixed_hubs import FixedHubs
from hubplanner.model.constraints.hubs_per_site import HubsPerSite
from hubplanner.problem import Bools, Floats, Ints, Problem, evaluate
from hubplanner.problem.model_instance import NO_ROW
from hubplanner.problem.problem import coverage
from hubplanner.solver.mip.network_greedy import network_plan
from hubplanner.solver.mip.subproblem import Incumbent
from hubplanner.tolerances import REACH_TOLERANCE

SHORT = 1e-9
"""Relative shortfall of a floor that is rounding."""


def greedy_plan(question: Question) -> Incumbent:
    """Return a greedy plan that keeps to every limit, recomputed; nothing where neither of two ways leads to one.

    Standing hubs stay as they are. First come hubs that limits ask for, by what they are worth for their money, or the
    cheapest; then, unless cost is to be least, whatever is worth most for the money.
    """
    goal = goals_of(question.objective)[0]
    if question.instance.problem.backhaul is not None:
        return network_plan(question, goal)
    for cheapest in (False, True):
        builder = _Builder(question)
        builder.meet(cheapest=cheapest)
        if question.objective.name != "min_cost":
            builder.fill()
        years = builder.years()
        if not broken_years(question, years):
            return Incumbent(years=years, opened=_opened(question, years), value=goal.value(years))
    return Incumbent()


def _opened(question: Question, years: tuple[Year, ...]) -> Ints:
    opened = np.zeros((len(years), len(question.instance.option)), dtype=np.intp)
    for row, year in zip(opened, years, strict=True):
        row[year.plan.options] = year.plan.counts
    return opened


def worth_alone(question: Question) -> Floats:
    """Return the need (o,) that a hub of each option covers if it is the only one, in the last year."""
    problem = question.problems[-1]
    units = _Units.of(question, problem)
    cover, need = _Cover(question, problem, units), units.weigh(problem.need)
    if not question.assigns:
        return cover.at_most(need)
    return np.array([cover.adds(option, need, exact=True).of(need) for option in range(problem.n_options)])


@dataclass
class _Units:
    """Demand that hubs cover: points, or rows of points that are alike where people are assigned.

    Parameters
    ----------
    people
        (u,) of each unit.
    weigh
        Returns what (u,) of a measure (n,) each unit holds.
    starts, unit, share, distance, coming
        Spans of each option (o + 1,), and the units, shares, distances and most people coming of its pairs.
    """

    people: Floats
    weigh: Callable[[Floats], Floats]
    starts: Ints
    unit: Ints
    share: Floats
    distance: Floats
    coming: Floats

    @classmethod
    def of(cls, question: Question, problem: Problem) -> _Units:
        """Return the demand of a question in a year."""
        instance = question.instance
        if question.assigns:
            rows = instance.assign_rows
            order = np.argsort(rows.option, kind="stable")
            return cls(
                people=rows.totals[:, instance.measure(problem.seats)],
                weigh=lambda weight: rows.totals[:, instance.measure(weight)],
                starts=np.searchsorted(rows.option[order], np.arange(problem.n_options + 1)),
                unit=rows.row[order],
                share=rows.share[order],
                distance=rows.distance[order],
                coming=rows.coming[order],
            )
        cover = csc_array(coverage(problem, 0, problem.n_points))
        return cls(
            people=problem.seats,
            weigh=lambda weight: weight,
            starts=cover.indptr.astype(np.intp),
            unit=cover.indices.astype(np.intp),
            share=cover.data.astype(np.float64),
            distance=np.zeros(cover.nnz),
            coming=np.ones(cover.nnz),
        )

    def pairs(self, option: int) -> slice:
        """Return the span of an option's pairs."""
        return slice(int(self.starts[option]), int(self.starts[option + 1]))


@dataclass(frozen=True, kw_only=True)
class _Added:
    """What one more hub adds.

    Parameters
    ----------
    unit, part
        (a,) units and the share of their people that it serves.
    growth
        (a,) by how much they count for more.
    taken
        (a,) what that leaves less of the share of their people who may still come anywhere.
    """

    unit: Ints
    part: Floats
    growth: Floats
    taken: Floats

    def of(self, weight: Floats) -> float:
        """Return how much of a weight (u,) it covers."""
        return float(weight[self.unit] @ self.growth)


@dataclass
class _Cover:
    """What the hubs of a plan cover in one year.

    Parameters
    ----------
    left
        (u,) share of each unit's people whom no one serves, of those who come; unused where hubs have room for all.
    best
        (u,) share of each unit that counts as covered.
    served
        Units, options and shares of the people that hubs serve.
    """

    question: Question
    problem: Problem
    units: _Units
    left: Floats = field(init=False)
    best: Floats = field(init=False)
    served: list[tuple[Ints, int, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.units.people)
        self.left, self.best = np.ones(count), np.zeros(count)
        capacity = self.question.capacity
        none = np.full(self.problem.n_options, math.inf)
        self.room = none if capacity is None else capacity.room(self.problem)
        self.far = [b.distance for b in self.question.blocks if isinstance(b, FullService)]
        self.by_distance = isinstance(self.question.objective, PMedian | PCenter)

    def adds(self, option: int, weight: Floats, *, exact: bool = False) -> _Added:
        """Return what one more hub adds; it serves those first who have most of a weight (u,).

        Parameters
        ----------
        exact
            Whether the most is wanted that it may add: by parts of units, also where they are to be served whole.
        """
        span = self.units.pairs(option)
        unit, share = self.units.unit[span], self.units.share[span]
        if not self.question.assigns:
            return _Added(unit=unit, part=share, growth=np.maximum(share - self.best[unit], 0.0), taken=share)
        near = self.units.distance[span] <= min(self.far, default=math.inf) * (1 + REACH_TOLERANCE)
        some = near & (self.left[unit] > 0)
        unit, share, distance = unit[some], share[some], self.units.distance[span][some]
        coming = self.units.coming[span][some]
        people = self.units.people[unit]
        rate = distance if self.by_distance and not exact else -weight[unit] * share / np.maximum(people, SHORT)
        order = np.argsort(rate, kind="stable")
        unit, share, coming = unit[order], share[order], coming[order]
        crowd = self.left[unit] * coming * people[order]
        taken = self.left[unit] * self._seated(crowd, float(self.room[option]), in_parts=exact)
        return _Added(unit=unit, part=coming * taken, growth=share * coming * taken, taken=taken)

    def _seated(self, crowd: Floats, room: float, *, in_parts: bool) -> Floats:
        """Return the share of each crowd, in their order, that finds room."""
        if not in_parts and self.question.capacity is not None and self.question.capacity.single:
            part = np.zeros(len(crowd))
            for at, size in enumerate(crowd.tolist()):
                if size <= room:
                    part[at], room = 1.0, room - size
            return part
        before = np.cumsum(crowd) - crowd
        return np.clip((room - before) / np.maximum(crowd, SHORT), 0.0, 1.0)

    def at_most(self, weight: Floats) -> Floats:
        """Return what a hub of each option (o,) adds of a weight (u,) at most."""
        units = self.units
        worth = weight[units.unit] * units.share * units.coming
        worth = worth * self.left[units.unit] if self.question.assigns else worth
        sums = np.concatenate([[0.0], np.cumsum(worth)])
        found: Floats = sums[units.starts[1:]] - sums[units.starts[:-1]]
        return found

    def open(self, option: int, weight: Floats) -> None:
        """Take in one more hub."""
        added = self.adds(option, weight)
        self.best[added.unit] += added.growth
        if not self.question.assigns:
            return
        some = added.part > 0
        unit, part = added.unit[some], added.part[some]
        self.left[unit] = np.maximum(self.left[unit] - added.taken[some], 0.0)
        self.served.append((unit, option, part))

    def assigned(self) -> csr_array | None:
        """Return the share (n, o) of each point's people that each option serves; None where no one is assigned."""
        if not self.question.assigns:
            return None
        unit = np.concatenate([np.zeros(0, dtype=np.intp), *(units for units, _, _ in self.served)])
        option = np.repeat([option for _, option, _ in self.served], [len(units) for units, _, _ in self.served])
        part = np.concatenate([np.zeros(0), *(parts for _, _, parts in self.served)])
        cells: Any = (part, (unit, option.astype(np.intp)))
        shares: csr_array = csr_array(cells, shape=(len(self.units.people), self.problem.n_options))
        rows = self.question.instance.assign_rows
        points = np.flatnonzero(rows.row_of != NO_ROW)
        place: Any = (rows.part[points], (points, rows.row_of[points]))
        return csr_array(csr_array(place, shape=(len(rows.row_of), shares.shape[0])) @ shares)


class _Worth:
    """What covered demand counts for: a weight (u,) of it."""

    def __init__(self, weight: Floats) -> None:
        self.weight = weight

    def of(self, added: _Added) -> float:
        """Return the worth of what a hub adds."""
        return added.of(self.weight)

    def update(self, best: Floats) -> None:
        """Take what is covered (u,) now, on which the worth of more may depend."""


class _FairWorth:
    """What covered demand counts for by the utility of groups' covered shares."""

    def __init__(self, fairness: AlphaFair, groups: Floats, best: Floats) -> None:
        self.fairness, self.groups = fairness, groups
        self.update(best)

    def of(self, added: _Added) -> float:
        """Return the worth of what a hub adds."""
        return self._utility(self.covered + self.groups[:, added.unit] @ added.growth) - self.known

    def update(self, best: Floats) -> None:
        """Take what is covered (u,) now; who adds most to the worth by its slope there is served first."""
        self.covered = self.groups @ best
        self.known = self._utility(self.covered)
        slope = self.fairness.slope(self.covered / self.fairness.need, self.fairness.linear_below)
        self.weight: Floats = slope @ self.groups

    def _utility(self, covered: Floats) -> float:
        need, at = self.fairness.need, self.fairness.linear_below
        return float(need @ self.fairness.worth(covered / need, at))


class _Builder:
    """A plan that grows hub by hub within all limits that more hubs break."""

    def __init__(self, question: Question) -> None:
        self.question, self.instance = question, question.instance
        self.problem = question.problems[-1]
        self.units = _Units.of(question, self.problem)
        self.cover = _Cover(question, self.problem, self.units)
        self.need = self.units.weigh(self.problem.need)
        self.cost = self.problem.option_cost
        self.counts = np.where(self.problem.existing, 1, 0)
        self.opened: list[tuple[int, int, Floats]] = []
        self.spent = np.zeros(len(question.problems))
        blocks = question.blocks
        self.per_site = next((block for block in blocks if isinstance(block, HubsPerSite)), HubsPerSite())
        self.money = min((block.amount for block in blocks if isinstance(block, Budget)), default=math.inf)
        self.budgets_in = [block for block in blocks if isinstance(block, RobustBudget)]
        self.most = [(block, self._at(block)) for block in blocks if isinstance(block, MaxHubs)]
        self.least = [(block, self._at(block)) for block in blocks if isinstance(block, MinHubs)]
        self.apart: dict[int, set[int]] = {}
        for block in blocks:
            if isinstance(block, MinSeparation):
                for one, other in block.too_near(self.problem).tolist():
                    self.apart.setdefault(one, set()).add(other)
                    self.apart.setdefault(other, set()).add(one)
        self.alone = [set(block.sites) for block in blocks if isinstance(block, AtMostOne)]
        self.needs = {block.site: block.needs for block in blocks if isinstance(block, OnlyWith)}
        for option in np.flatnonzero(self.problem.existing).tolist():
            self.cover.open(option, self.need)

    def _at(self, block: MaxHubs | MinHubs) -> Bools:
        sites = self.problem.option_site
        return self.problem.new & (True if block.sites is None else np.isin(sites, block.sites))

    def _share(self, option: int) -> float:
        """Return what a hub takes of money and hubs, never quite nothing."""
        scale = self.money if 0 < self.money < math.inf else max(float(self.cost.max(initial=0.0)), 1.0)
        hubs = min((block.count for block, at in self.most if at[option]), default=0)
        return float(self.cost[option]) / scale + (1.0 / hubs if hubs else 0.0) + SHORT

    def year(self, option: int) -> int | None:
        """Return the first year whose money allows one more hub; None where none does."""
        periods, cost = self.question.periods, float(self.cost[option])
        if periods is None:
            return 0
        for year in range(len(self.spent)):
            before = self.spent[year - 1] if year else 0.0
            later = self.spent[year:] + cost <= np.array(periods.available[year:])
            fits = later.all() if periods.carry_over else self.spent[year] - before + cost <= periods.budgets[year]
            if fits:
                return year
        return None

    def fits(self, option: int) -> bool:
        """Tell whether the limits allow one more hub."""
        return self._affords(option) and self._has_place(option)

    def _affords(self, option: int) -> bool:
        """Tell whether the money allows one more hub."""
        within = self.spent[-1] + self.cost[option] <= self.money and self.year(option) is not None
        return within and all(
            (block.costs @ self.counts + block.costs[:, option] <= block.amount).all() for block in self.budgets_in
        )

    def _has_place(self, option: int) -> bool:
        """Tell whether a site, and the other sites in use, allow one more hub there."""
        sites = self.problem.option_site
        site, first = int(sites[option]), np.searchsorted(sites, sites[option])
        here = np.arange(first, np.searchsorted(sites, site, side="right"))
        held = here[self.counts[here] > 0]
        per = self.per_site
        full = self.counts[held].sum() >= per.count or (not per.mixed and bool((held != option).any()))
        if full or any(at[option] and self.counts[at].sum() >= block.count for block, at in self.most):
            return False
        if not (self.apart or self.alone or self.needs):
            return True
        used = set(sites[self.counts > 0].tolist())
        built = set(sites[(self.counts > 0) & self.problem.new].tolist())
        near = self.apart.get(site, set()) & built or (site in self.apart and len(held))
        other = any(site in group and (group & used) - {site} for group in self.alone)
        return not near and not other and (site not in self.needs or self.needs[site] in used)

    def open(self, option: int, weight: Floats) -> None:
        """Open one hub."""
        year = self.year(option) or 0
        self.counts[option] += 1
        self.spent[year:] += self.cost[option]
        self.cover.open(option, weight)
        self.opened.append((option, year, weight))

    def meet(self, *, cheapest: bool) -> None:
        """Open hubs that limits ask for."""
        problem = self.problem
        for site in problem.required_sites.tolist():
            self._add(problem.option_site == site, self.need, 1, cheapest=cheapest)
        for block in self.question.blocks:
            if isinstance(block, FixedHubs):
                for option, count in zip(block.options, block.counts, strict=True):
                    while self.counts[option] < count and self.fits(option):
                        self.open(option, self.need)
        for least, at in sorted(self.least, key=lambda pair: int(pair[1].sum())):
            self._add(at, self.need, least.count - int(self.counts[at].sum()), cheapest=cheapest)
        for block in self.question.blocks:
            if isinstance(block, Floor):
                self._cover(self.units.weigh(np.asarray(block.weight)), block.share * math.fsum(block.weight))
        if any(isinstance(block, FullService) for block in self.question.blocks):
            self._serve_all()

    def _add(self, at: Bools, weight: Floats, count: int, *, cheapest: bool) -> None:
        """Open some hubs among options."""
        for _ in range(count):
            free = [option for option in np.flatnonzero(at).tolist() if self.fits(option)]
            if not free:
                return
            gain = {option: self.cover.adds(option, weight).of(weight) / self._share(option) for option in free}
            self.open(min(free, key=lambda o: (self.cost[o] if cheapest else 0.0, -gain[o], o)), weight)

    def _cover(self, weight: Floats, least: float) -> None:
        """Open hubs until so much of a weight (u,) is covered, as far as they help."""
        self._grow(_Worth(weight), lambda: float(weight @ self.cover.best) >= least * (1 - SHORT))

    def fill(self) -> None:
        """Open whatever is worth most for what it takes, as long as anything fits and helps."""
        fairness = self.question.objective.fairness
        if self.cover.by_distance and not self.question.assigns:
            self._nearer()
        elif isinstance(fairness, AlphaFair) and len(fairness.need):
            groups = np.array([self.units.weigh(weight) for weight in fairness.with_need])
            self._grow(_FairWorth(fairness, groups, self.cover.best), lambda: False)
        else:
            self._grow(_Worth(self.need), lambda: False)

    def _grow(self, worth: _Worth | _FairWorth, is_enough: Callable[[], bool]) -> None:
        """Open the hub that adds most worth for what it takes, one after the other.

        What a hub adds only shrinks, so that one whose figure is not new need not be looked at before its turn.
        """
        most = self.cover.at_most(worth.weight)
        some = np.flatnonzero(self.problem.new & (most > 0)).tolist()
        heap = [(-float(most[option]) / self._share(option), option) for option in some]
        heapq.heapify(heap)
        enough = is_enough()
        while heap and not enough:
            known, option = heapq.heappop(heap)
            added = self.cover.adds(option, worth.weight) if self.fits(option) else None
            now = 0.0 if added is None else worth.of(added) / self._share(option)
            if now <= 0:
                continue
            if now >= -known * (1 - SHORT):
                self.open(option, worth.weight)
                worth.update(self.cover.best)
                enough = is_enough()
            heapq.heappush(heap, (-now, option))

    def _nearer(self) -> None:
        """Open hubs that bring need nearer, the most for what they take first."""
        distance = np.minimum(self.instance.distances[:, self.problem.option_site], self.problem.farthest)
        now = distance[:, self.counts > 0].min(axis=1, initial=self.problem.farthest)
        while True:
            unused = np.flatnonzero(self.problem.new & (self.counts == 0)).tolist()
            free = [option for option in unused if self.fits(option)]
            if not free:
                return
            saved = self.problem.need @ np.maximum(now[:, None] - distance[:, free], 0.0)
            rates = saved / np.array([self._share(option) for option in free])
            if rates.max() <= 0:
                return
            best = free[int(np.argmax(rates))]
            self.open(best, self.need)
            now = np.minimum(now, distance[:, best])

    def _serve_all(self) -> None:
        """Open hubs until all who need one have one, those that most points wait for first."""
        if self.question.assigns:
            self._cover(self.need, math.fsum(self.need))
            return
        reach = min(block.distance for block in self.question.blocks if isinstance(block, FullService))
        points = np.flatnonzero(self.problem.needing)
        distance = self.instance.distances[points][:, self.problem.option_site]
        near = np.isfinite(distance) & (distance <= reach * (1 + REACH_TOLERANCE))
        waits = ~near[:, self.counts > 0].any(axis=1)
        while waits.any():
            count = near[waits].sum(axis=0)
            free = [int(o) for o in np.flatnonzero(self.problem.new & (count > 0)) if self.fits(int(o))]
            if not free:
                return
            best = max(free, key=lambda option: (count[option] / self._share(option), -option))
            self.open(best, self.need)
            waits &= ~near[:, best]

    def years(self) -> tuple[Year, ...]:
        """Return the plan of each year, recomputed."""
        found = []
        standing = np.flatnonzero(self.problem.existing)
        for number, (problem, discount) in enumerate(zip(self.question.problems, self.question.discounts, strict=True)):
            last = number == len(self.question.problems) - 1
            here = [(option, weight) for option, year, weight in self.opened if year <= number]
            cover = self.cover
            if not last:
                cover = _Cover(self.question, problem, _Units.of(self.question, problem))
                need = cover.units.weigh(problem.need)
                for option in [*standing.tolist(), *(option for option, _ in here)]:
                    cover.open(option, need)
            options = np.concatenate([standing, np.array([option for option, _ in here], dtype=np.intp)])
            found.append(Year(problem, evaluate(problem, options, cover.assigned()), discount))
        return tuple(found)

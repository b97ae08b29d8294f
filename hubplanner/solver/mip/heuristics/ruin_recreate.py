"""Better plans: some hubs closed, others grown in their place, thousands of times a second over merged rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import Floor, FullService
from hubplanner.model.constraints.base import of_kind
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.problem.arrays import spans
from hubplanner.problem.coverage import MOST_BACKUP
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.cover_state import SHORT
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder

QUICK, OF_OPTION = 3e7, 2e5
"""Entries of rows that are looked at, whatever time there is: about a second, and less where options are few."""
KICK = 1e4
"""Entries that take as long as what a kick does beside them."""
AT_LEAST = 50
"""Kicks that are made even where time is up: they take about as long as growing the plan."""
# What follows was measured on the worst group, five years and second hubs of tests/benchmarks, two seeds each, 1.2e8
# to 1.5e8 entries, with a value below and one above. Plans are worth 0.09 % less on average with 0.3 kept out, 0.13 %
# with noise of 0.7, 0.14 % with an overlap of 0.1, and 0.33 % less of second hubs with 0.7 kept out. With 3 or 6 hubs
# closed, 0.05 or 0.3 elsewhere, 0.3 or 0.7 of them over years, an overlap of 0.6, 0.1 or 0.5 forced, a prospect of
# 0.25 or 1, noise of 0.93, exponents 0.2 lower or higher, a warmth of 2e-4 or 1e-3, or half or three times the
# sharpness, they differ by 0.1 % at most, as by seed. Cooling once is worth 0.1 % more than beginning again at the
# best plan every 1e8 entries.
MOST_CLOSED = 4
"""Hubs that a kick closes at most."""
ELSEWHERE, OVER_YEARS, OVERLAP = 0.15, 0.5, 0.3
"""Share of the hubs that may be closed, too, though they cover little of what the first one does; the same over years,
where they take the money of the same ones; and least factor of what others share with it."""
KEPT_OUT = 0.5
"""Share of kicks after which the first hub may not come back."""
FORCED = 0.3
"""Share of kicks that open an option at random."""
PAIRED, CANDIDATES = 0.5, 8
"""Share of kicks that open two hubs at once where second ones alone count, and options of which one is one of them. Of
six draws of 1,000 sites x 20,000 points, 5 to 20 in reach, plans cover 0.1 % more than without in as long."""
PROSPECT = 0.5
"""Largest part of its need for which a row counts before the last hub that it waits for."""
NOISE, EXPONENTS = 0.85, (0.6, 1.1)
"""Least factor of an option's worth, and range of exponents of its price."""
WARMTH = 5e-4
"""Share of all need by which plans may be worse at first and are still gone on from once in e times."""
SHARPNESS = (100.0, 1000.0)
"""Of the smooth minimum of shares at the start and the end: where it is b, a group whose share is larger by 1/b than
another's counts 1/e as much."""


def is_known(builder: PlanBuilder) -> bool:
    """Tell whether rows say what a plan is worth: covered need or the cost of it, one hub an option, nobody assigned.

    Over years, covered need within budgets and what limits sites alone; not the worst group or floors.
    """
    question, problem = builder.question, builder.problem
    objective, plain = (
        question.objective,
        question.objective.fairness is None and not of_kind(question.constraints, Floor),
    )
    covers = objective.maximises_coverage and objective.alpha_fairness is None
    covers = covers or (objective.minimises_cost and objective.fairness is None)
    alone = builder.instance.most.max(initial=1) == 1 and not problem.measures and problem.backhaul is None
    of_rows = covers and alone and not (question.assigns or of_kind(question.constraints, FullService))
    return of_rows and (question.periods is None or plain)


def grows_by_pairs(builder: PlanBuilder) -> bool:
    """Tell whether only second hubs count, and rows say what two add: in one year, not for the worst group."""
    question = builder.question
    covers = question.objective.maximises_coverage and question.objective.fairness is None
    return covers and builder.problem.rule.ranks.keys() == {MOST_BACKUP} and question.periods is None


class RowPlan:
    r"""What the hubs of a plan cover of merged rows; opening and closing touch only what they change.

    A row r that lacks $m_r$ hubs counts for the worth of options where $m_r = 1$, for their prospect where $m_r > 1$.

    Parameters
    ----------
    builder
        The plan and its limits: of it, hubs and money are kept up to date, and not what it covers.

    Attributes
    ----------
    covered
        (g,) weight of each sum that is covered: the groups that come first, or the need of each year, then what floors
        count.
    since
        (o,) year in which each option is opened; beyond the last where it is not.
    worth, prospect
        (g, o) weight of the rows that an option is the last to cover, and of those that wait for more than one.
    alone
        (g, o) weight of the rows that an option covers and that have no hub to spare; kept where cost is to be least.
    work
        Entries that were looked at.
    sharpness
        How much more the worst group counts than others.
    """

    def __init__(self, builder: PlanBuilder) -> None:
        self.builder, problem = builder, builder.problem
        rows, objective = builder.instance.cover_rows, builder.question.objective
        max_min = objective.max_min
        needs = [one.need for one in builder.question.problems]
        self.is_fair = max_min is not None and max_min.first
        self.is_cheapest = objective.minimises_cost
        first = list(max_min.with_need) if max_min is not None and max_min.first else needs
        first = [] if self.is_cheapest else first
        floors = [
            floor for floor in of_kind(builder.question.constraints, Floor) if floor.share * math.fsum(floor.weight) > 0
        ]
        sums = [builder.instance.measure(np.asarray(one)) for one in (*first, *(floor.weight for floor in floors))]
        self.first = len(first)
        counts_for = np.ones(len(sums))
        if not self.is_fair:
            counts_for[: self.first] = builder.question.discounts
        self.asked = np.array([floor.share * math.fsum(floor.weight) for floor in floors])
        self.whole: Floats = np.array([math.fsum(one) for one in first]) * counts_for[: self.first]
        self.total = max(float(self.whole.sum()), SHORT)
        weights = rows.weights[:, sums] * counts_for
        row, part = np.nonzero(weights)
        self.weight: Floats = weights[row, part]
        self.size, self.count = problem.n_options, len(sums)
        cover = csr_array(rows.cover[row])
        # One bin for each sum and option, so that a single count adds up all of them.
        self.bins = (cover.indices + self.size * np.repeat(part, np.diff(cover.indptr))).astype(np.intp)
        self.starts, self.part = cover.indptr.astype(np.intp), part
        by_option: Any = cover.tocsc()
        self.option_starts, self.option_rows = by_option.indptr.astype(np.intp), by_option.indices.astype(np.intp)
        self.years = 1 if self.is_fair or self.is_cheapest else len(first)
        self.year: Ints = np.arange(self.count) if self.years > 1 else np.zeros(self.count, dtype=np.intp)
        self.since: Ints = np.where(builder.counts > 0, 0, self.years)
        for hub in builder.opened:
            self.since[hub.added.option] = hub.year
        counts = (self.since[:, None] <= np.arange(self.years)).astype(np.intp)
        held = np.asarray(cover.astype(np.intp) @ counts)
        self.missing = rows.times[row] - held[np.arange(len(row)), self.year[part]]
        self.waits = bool((rows.times > 1).any())
        self.pairs = grows_by_pairs(builder)
        self.gain: Floats = (rows.gain[:, sums] * counts_for).T
        self.covered: Floats = rows.base[sums] * counts_for + (self.gain * counts[:, self.year].T).sum(axis=1)
        self.covered += np.bincount(part, self.weight * (self.missing <= 0), minlength=self.count)
        self.work, self.sharpness = 0.0, SHARPNESS[0]
        self.worth, self.prospect = (
            self._summed(np.flatnonzero(some), self.weight[some]) for some in (self.missing == 1, self.missing > 1)
        )
        last = np.flatnonzero(self.missing == 0) if self.is_cheapest else np.zeros(0, dtype=np.intp)
        self.alone = self._summed(last, self.weight[last])
        self.scale = max(self.cost, SHORT)

    def _summed(self, rows: Ints, weight: Floats) -> Floats:
        """Return the weights of some rows as sums (g, o) over the options that cover them."""
        length = self.starts[rows + 1] - self.starts[rows]
        at = spans(self.starts[rows], length)
        self.work += len(at) + self.size
        found = np.bincount(self.bins[at], np.repeat(weight, length), minlength=self.size * self.count)
        return found.reshape(self.count, self.size).astype(np.float64)

    def change(self, option: int, sign: int) -> None:
        """Open an option in the first year that has the money, or close it."""
        builder, size = self.builder, self.years
        year = int(np.argmax(builder.cost[option] <= builder.left)) if sign > 0 else int(self.since[option])
        self.since[option] = year if sign > 0 else size
        builder.book(self.since, size)
        rows = self.option_rows[self.option_starts[option] : self.option_starts[option + 1]]
        rows = rows[self.year[self.part[rows]] >= year]
        before = self.missing[rows]
        after = before - sign
        self.missing[rows] = after
        weight = self.weight[rows]
        self.covered += sign * self.gain[:, option] * (self.year >= year)
        moved = (after <= 0).astype(np.intp) - (before <= 0)
        self.covered += np.bincount(self.part[rows], weight * moved, minlength=self.count)
        moved = (after == 1).astype(np.intp) - (before == 1)
        some = moved != 0
        self.worth += self._summed(rows[some], (weight * moved)[some])
        if self.is_cheapest:
            moved = (after == 0).astype(np.intp) - (before == 0)
            some = moved != 0
            self.alone += self._summed(rows[some], (weight * moved)[some])
        if self.waits:
            moved = (after > 1).astype(np.intp) - (before > 1)
            some = moved != 0
            self.prospect += self._summed(rows[some], (weight * moved)[some])

    def open_both(self, one: int, other: int) -> bool:
        """Open two hubs if the limits allow both; tell whether they do."""
        for first, second in ((one, other), (other, one)):
            if self.builder.fits(first):
                self.change(first, 1)
                if self.builder.fits(second):
                    self.change(second, 1)
                    return True
                self.change(first, -1)
        return False

    def together(self, some: Ints) -> Floats:
        """Return what (k, o) some options add in the one year there is, each together with each other option."""
        alone, price = self.price @ self.worth, self.price
        length = self.option_starts[some + 1] - self.option_starts[some]
        rows = self.option_rows[spans(self.option_starts[some], length)]
        missing = self.missing[rows]
        # Both cover rows that wait for two hubs, and each of them those that wait for one.
        joint = (missing == MOST_BACKUP).astype(np.float64) - (missing == 1)
        kept = np.flatnonzero(joint)
        first, rows = np.repeat(np.arange(len(some)), length)[kept], rows[kept]
        weight = joint[kept] * self.weight[rows] * price[self.part[rows]]
        length = self.starts[rows + 1] - self.starts[rows]
        at = spans(self.starts[rows], length)
        self.work += len(at) + len(some) * self.size
        bins = self.bins[at] % self.size + np.repeat(first * self.size, length)
        both = np.bincount(bins, np.repeat(weight, length), minlength=len(some) * self.size)
        found: Floats = both.reshape(len(some), self.size) + alone[some][:, None] + alone
        return found

    def beside(self, some: Ints) -> Bools:
        """Tell which options (o,) cover a row that one of some options covers."""
        length = self.option_starts[some + 1] - self.option_starts[some]
        rows = self.option_rows[spans(self.option_starts[some], length)]
        found = np.zeros(self.size, dtype=np.bool_)
        found[self.bins[spans(self.starts[rows], self.starts[rows + 1] - self.starts[rows])] % self.size] = True
        return found

    def overlap(self, option: int) -> Floats:
        """Return how much of what an option covers the others (o,) cover, too."""
        rows = self.option_rows[self.option_starts[option] : self.option_starts[option + 1]]
        found: Floats = self._summed(rows, self.weight[rows])[: self.first or None].sum(axis=0)
        return found

    @property
    def cost(self) -> float:
        """Money for all hubs."""
        return float(self.builder.cost @ (self.since < self.years))

    @property
    def shares(self) -> Floats:
        """Covered share of each of the sums that come first."""
        found: Floats = self.covered[: self.first] / np.maximum(self.whole, SHORT)
        return found

    @property
    def least(self) -> float:
        """The covered share, over all years, or the least of those of the groups, or cost below nil."""
        if self.is_cheapest:
            return -self.cost / self.scale
        return float(self.shares.min() if self.is_fair else self.covered[: self.first].sum() / self.total)

    @property
    def value(self) -> float:
        """What is to be raised: the covered share, or the smooth minimum of those of the groups."""
        least = self.least
        if not self.is_fair:
            return least
        return least - math.log(np.exp(-self.sharpness * (self.shares - least)).mean()) / self.sharpness

    @property
    def short(self) -> Bools:
        """Tell which floors are missed."""
        # Where nothing is asked, cover of a rounding below nil is no less.
        return np.asarray((self.covered[self.first :] < self.asked * (1 - SHORT)) & (self.asked > 0))

    @property
    def price(self) -> Floats:
        """What a unit of each sum (g,) is worth now: for the floors that are missed first."""
        short, found = self.short, np.zeros(self.count)
        if short.any():
            found[self.first :][short] = 1.0 / self.asked[short]
        elif not self.is_fair:
            found[: self.first] = 1.0
        else:
            shares = self.shares
            found[: self.first] = np.exp(-self.sharpness * (shares - shares.min())) / np.maximum(self.whole, SHORT)
        return found

    def save(self) -> tuple[Any, ...]:
        """Return the plan as it is."""
        parts = (self.since, self.missing, self.covered, self.worth, self.prospect, self.alone)
        return tuple(part.copy() for part in parts)

    def restore(self, saved: tuple[Any, ...]) -> None:
        """Take a plan as it was."""
        self.since, self.missing, self.covered, self.worth, self.prospect, self.alone = (part.copy() for part in saved)
        self.builder.book(self.since, self.years)

    def rate(self, some: Ints, early: float) -> Floats:
        """Return what some options add if they are opened as soon as there is the money.

        Parameters
        ----------
        early
            What rows that wait for more than one hub count for.
        """
        worth = (self.worth + early * self.prospect if early else self.worth)[:, some]
        if self.is_cheapest:
            worth = np.minimum(worth, np.maximum(self.asked - self.covered, 0.0)[:, None])
        worth = self.price[:, None] * worth
        if self.years == 1:
            return np.asarray(worth.sum(axis=0))
        first = np.argmax(self.builder.cost[some][:, None] <= self.builder.left, axis=1)
        found: Floats = np.cumsum(worth[::-1], axis=0)[::-1][first, np.arange(len(some))]
        return found


class Annealing:
    """Kicks of a plan, kept where it is better, or hardly worse while it is warm.

    Schrimpf et al. (2000), doi:10.1006/jcph.1999.6413, with simulated annealing. Which plan it comes to depends on seed
    and work alone, unless time is up.

    Parameters
    ----------
    plan
        Where it begins; its work counts.
    work
        How many times as much as usual is tried.
    """

    def __init__(self, plan: RowPlan, seed: int, work: float) -> None:
        self.plan, self.rng, self.kicks = plan, np.random.default_rng(seed), 0
        self.most_work = work * min(QUICK, OF_OPTION * plan.size)

    def goes_on(self, deadline: Deadline) -> bool:
        """Tell whether there is a hub to close, and work and time left."""
        builder, is_done = self.plan.builder, self.cooled >= 1 or deadline.is_past
        return bool((builder.counts > builder.nothing.counts).any()) and (self.kicks < AT_LEAST or not is_done)

    @property
    def cooled(self) -> float:
        """Part of the work that is done."""
        return min(self.plan.work / self.most_work, 1.0) if self.most_work else 1.0

    def kick(self) -> None:
        """Close a hub and some beside it, and grow others for the money; go back where that is worse."""
        plan, rng, builder = self.plan, self.rng, self.plan.builder
        self.kicks, plan.work = self.kicks + 1, plan.work + KICK
        plan.sharpness = SHARPNESS[0] * (SHARPNESS[1] / SHARPNESS[0]) ** self.cooled
        saved, value, misses = plan.save(), plan.value, plan.short.any()
        out = _ruin(plan, np.flatnonzero(builder.counts > builder.nothing.counts), rng)
        _recreate(plan, out if rng.random() < KEPT_OUT else None, rng)
        if plan.is_cheapest:
            _thin(plan)
        loss = -math.inf if misses else value - plan.value
        if plan.short.any() or (loss > 0 and rng.exponential(WARMTH * (1.0 - self.cooled) ** 2) < loss):
            plan.restore(saved)


def ruin_and_recreate(builder: PlanBuilder, deadline: Deadline, seed: int = 0, *, work: float = 1.0) -> None:
    """Close a hub and some beside it, grow others for the money, and go on from what is better, or hardly worse.

    Parameters
    ----------
    builder
        A plan that keeps to all limits; then the best that was found.
    work
        How many times as much as usual is tried.
    """
    plan, before = RowPlan(builder), builder.save()
    search, best, known = Annealing(plan, seed, work), plan.save(), plan.least
    while search.goes_on(deadline):
        search.kick()
        if plan.least > known + SHORT * abs(known):
            best, known = plan.save(), plan.least
    builder.restore(before)
    take(builder, best[0], plan.years)


def take(builder: PlanBuilder, since: Ints, years: int) -> None:
    """Take other hubs by the year (o,) in which each is opened, with what they cover."""
    for hub in list(builder.opened):
        if years > 1 or since[hub.added.option] == years:
            builder.close(hub)
    # In the order of their years each is open in its own at the latest.
    for option in np.argsort(since, kind="stable").tolist():
        if since[option] < years and not builder.counts[option]:
            builder.open(option, builder.need)


def _ruin(plan: RowPlan, open_: Ints, rng: np.random.Generator) -> int:
    """Close a hub and some of those that cover most of what it covers; return the first."""
    builder, first = plan.builder, int(rng.choice(open_))
    shared = plan.overlap(first)[open_] * rng.uniform(OVERLAP, 1.0, len(open_))
    far = rng.random(len(open_)) < (ELSEWHERE if plan.years == 1 else OVER_YEARS)
    shared[far] = shared.max() * rng.random(int(far.sum()))
    beside = open_[np.argsort(-shared, kind="stable")][: int(rng.integers(0, MOST_CLOSED))]
    for option in [first, *beside[beside != first].tolist()]:
        if builder.may_close(option):
            plan.change(option, -1)
    return first


def _recreate(plan: RowPlan, out: int | None, rng: np.random.Generator) -> None:
    """Open what is worth most for its price, by prices changed by chance, as long as anything fits and helps."""
    builder, size = plan.builder, plan.size
    factor = rng.uniform(NOISE, 1.0, size) / builder.share ** rng.uniform(*EXPONENTS)
    if out is not None:
        factor[out] = 0.0
    early = rng.random() * PROSPECT if plan.waits else 0.0
    if plan.pairs and rng.random() < PAIRED:
        _open_pair(plan, factor)
    if rng.random() < FORCED:
        some = builder.affordable()
        option = int(rng.choice(some)) if len(some) else out
        if option is not None and option != out and builder.fits(option):
            plan.change(option, 1)
    while True:
        some = builder.affordable()
        rate = plan.rate(some, early) * factor[some]
        while len(rate):
            at = int(np.argmax(rate))
            if rate[at] <= 0:
                return
            option = int(some[at])
            if builder.fits(option):
                plan.change(option, 1)
                break
            rate[at] = factor[option] = 0.0
        else:
            return


def _open_pair(plan: RowPlan, factor: Floats) -> None:
    """Open two hubs that add most together for their price, one of them among those that might add most with others."""
    builder = plan.builder
    some = builder.affordable()
    rate = plan.rate(some, 1.0) * factor[some]
    some = some[np.argsort(-rate, kind="stable")][:CANDIDATES]
    if not len(some):
        return
    price = np.divide(1.0, factor, out=np.full(plan.size, math.inf), where=factor > 0)
    found = plan.together(some) / (price[some][:, None] + price)
    found[~builder.fit_together(some)] = 0.0
    at, other = np.unravel_index(int(np.argmax(found)), found.shape)
    if found[at, other] > 0:
        plan.open_both(int(some[at]), int(other))


def _thin(plan: RowPlan) -> None:
    """Close hubs without which all that is asked is still covered, the dearest first."""
    builder = plan.builder
    while not plan.short.any():
        spare = plan.covered - plan.asked * (1 - SHORT)
        open_ = np.flatnonzero((builder.counts > builder.nothing.counts) & (builder.cost > 0))
        idle = open_[(plan.alone[:, open_] + plan.gain[:, open_] <= spare[:, None]).all(axis=0)]
        idle = np.array([option for option in idle.tolist() if builder.may_close(option)], dtype=np.intp)
        if not len(idle):
            return
        plan.change(int(idle[np.argmax(builder.cost[idle])]), -1)

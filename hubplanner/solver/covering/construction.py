"""Plans without a solver: greedy, the rounded relaxation, and what exchanges of hubs make of them."""

from __future__ import annotations

import math

import numpy as np

from hubplanner.model import Objective
from hubplanner.model.constraints.budget import most_money
from hubplanner.problem import Floats, Ints
from hubplanner.problem.arrays import row_entries
from hubplanner.problem.covering_instance import CoveringInstance
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.limits import limits, money_share

MOST_TRIES = 200
"""Hubs that are tried in a round of exchanges."""
LEAST_GAIN = 1e-9
"""Relative gain of an exchange below which it is rounding."""


def greedy(instance: CoveringInstance, objective: Objective) -> Ints:
    """Return options chosen one by one for the most newly covered need per share of the limits, within all limits.

    Required sites take their cheapest tier first.

    Returns
    -------
    Ints
        (k,) positions in the instance, at most one a site, ascending.
    """
    choice = _with_required(instance, objective)
    choice.fill()
    return choice.options


def fitted(instance: CoveringInstance, objective: Objective, chosen: Ints) -> Ints | None:
    """Return a plan made to keep to the limits: without the hubs that add least for what they take, then filled up.

    None where its required hubs alone are too dear.

    Parameters
    ----------
    chosen
        (k,) positions of the options of a plan under other limits.
    """
    choice = _with_required(instance, objective)
    choice.open_all(chosen)
    while choice.is_beyond:
        option = choice.least()
        if option is None:
            return None
        choice.close(option)
    choice.fill()
    return choice.options


def rounded(instance: CoveringInstance, objective: Objective, open_: Floats) -> Ints:
    """Return a plan near values (o,) of the relaxation: the largest ones that fit, then greedily more."""
    return _rounded(instance, objective, open_).options


def improved(instance: CoveringInstance, objective: Objective, open_: Floats, deadline: Deadline) -> Ints:
    """Return a plan near values (o,) of the relaxation that no swap of two options improves, if time is left for it."""
    choice = _rounded(instance, objective, open_)
    choice.swap(deadline)
    return choice.options


def _rounded(instance: CoveringInstance, objective: Objective, open_: Floats) -> PartialPlan:
    choice = _with_required(instance, objective)
    room, left = choice.count - len(choice.options), choice.money - choice.spent
    taken = choice.held.copy()
    for option in np.argsort(-open_, kind="stable")[: np.count_nonzero(open_ > 0)].tolist():
        held = int(taken[instance.site[option]])
        # A required site changes its tier, others take one hub.
        extra = instance.cost[option] - (instance.cost[held] if held != NONE else 0.0)
        first = held == NONE or (open_[held] == 0 and instance.site[option] in instance.required)
        if first and extra <= left and (held != NONE or room >= 1):
            left, room = left - extra, room - (held == NONE)
            taken[instance.site[option]] = option
    choice.open_all(taken[taken != NONE])
    choice.fill()
    return choice


def exchanged(  # noqa: PLR0913, PLR0917 - an instance with a plan of it, and how far to go
    instance: CoveringInstance,
    objective: Objective,
    chosen: Ints,
    doubt: Floats,
    deadline: Deadline,
    rounds: float = math.inf,
) -> Ints:
    """Return a plan that closing one of its doubtful hubs, and spending what it frees again, does not improve.

    Teitz and Bart (1968), doi:10.1287/opre.16.5.955, with money in place of a number of hubs.

    Parameters
    ----------
    chosen
        (k,) positions of the options of a plan.
    doubt
        (o,) the smaller, the sooner an option is tried: its reduced cost, for one.
    deadline
        When to stop.
    rounds
        Times that every hub is tried, at most.
    """
    choice = _opened(instance, objective, chosen)
    improved, done = True, 0
    while improved and done < rounds:
        done += 1
        tried = choice.options[np.argsort(doubt[choice.options], kind="stable")][:MOST_TRIES]
        improved = False
        for option in tried.tolist():
            if deadline.is_past:
                return choice.options
            improved |= _exchange(choice, option)
    return choice.options


def _exchange(choice: PartialPlan, option: int) -> bool:
    """Try a plan without a hub; keep the better one and tell whether it changed."""
    instance = choice.instance
    if instance.site[option] in instance.required or choice.held[instance.site[option]] != option:
        return False
    before, value = choice.options, choice.value
    choice.close(option)
    choice.fill()
    if choice.value > value * (1 + LEAST_GAIN):
        return True
    now = choice.options
    for extra in np.setdiff1d(now, before).tolist():
        choice.close(extra)
    for missing in np.setdiff1d(before, now).tolist():
        choice.open(missing)
    return False


KICKS = 50
"""Kicks in a row that lead to no better plan before the search for one ends."""
MOST_CLOSED = 4
"""Hubs that a kick closes at most."""
FORCED = 0.5
"""Share of kicks that open an option at random."""
MOST_WORK = 3e8
"""Entries of rows that swaps look at before the search for a better plan ends: of 10,000 towns it ends before 5e7. Of
3 tiers, 2,000 sites x 50,000 points, it leaves 0.15 % open after a minute; four times as many 0.26 %, no end 0.8 %."""


def swapped(instance: CoveringInstance, objective: Objective, chosen: Ints, deadline: Deadline) -> Ints:
    """Return a plan, given its options (k,), that no swap of two options improves, if time is left for it."""
    choice = _opened(instance, objective, chosen)
    choice.swap(deadline)
    return choice.options


def searched(  # noqa: PLR0913 - an instance with a plan of it, and how far to go
    instance: CoveringInstance,
    objective: Objective,
    chosen: Ints,
    deadline: Deadline,
    seed: int = 0,
    *,
    times: float = 1.0,
    enough: float = math.inf,
) -> Ints:
    """Return a plan that many kicks do not improve: some hubs closed, one at random opened, filled up, best swaps.

    Iterated local search, Lourenço, Martin and Stützle (2003), doi:10.1007/0-306-48056-5_11, over the exchanges of
    Teitz and Bart (1968), doi:10.1287/opre.16.5.955. What it does depends on seed and work alone, unless time is up.

    Parameters
    ----------
    chosen
        (k,) positions of the options of a plan.
    times
        How many times as many kicks, and as much work, as usual it may take.
    enough
        Need, without the settled part, at which a plan is good enough.
    """
    rng, choice = np.random.default_rng(seed), _opened(instance, objective, chosen)
    choice.swap(deadline)
    best, value, fails, work = choice.options, choice.value, 0, choice.work
    while fails < times * KICKS and work < times * MOST_WORK and len(best) and not deadline.is_past:
        if value >= enough:
            break
        choice = _opened(instance, objective, best)
        free = best[~np.isin(instance.site[best], instance.required)]
        for option in rng.permutation(free)[: rng.integers(1, MOST_CLOSED + 1)].tolist():
            choice.close(option)
        other = int(rng.integers(len(instance.option)))
        site = instance.site[other]
        if rng.random() < FORCED and choice.held[site] == NONE and choice.fits(other):
            choice.open(other)
        choice.fill()
        choice.swap(deadline)
        fails, work = fails + 1, work + choice.work
        if choice.value > value * (1 + LEAST_GAIN):
            best, value, fails = choice.options, choice.value, 0
    return best


def _opened(instance: CoveringInstance, objective: Objective, chosen: Ints) -> PartialPlan:
    choice = PartialPlan(instance, objective)
    choice.open_all(chosen)
    return choice


def _with_required(instance: CoveringInstance, objective: Objective) -> PartialPlan:
    return _opened(instance, objective, np.array(cheapest(instance), dtype=np.intp))


def cheapest(instance: CoveringInstance) -> list[int]:
    """Return the cheapest option of each required site."""
    options = (np.flatnonzero(instance.site == site) for site in instance.required)
    return [int(at[np.argmin(instance.cost[at])]) for at in options]


NONE = -1


class PartialPlan:
    """Open options, at most one a site; opening and closing touch only what they change.

    Attributes
    ----------
    held
        (sites,) the open option of each site, -1 where there is none.
    worth
        (o,) need that each option would newly cover, its own gain included.
    value
        Need covered, without the settled part.
    work
        Entries of rows that swaps looked at.
    """

    def __init__(self, instance: CoveringInstance, objective: Objective) -> None:
        self.instance = instance
        money, self.count = limits(objective)
        self.money = most_money(money)
        self._rows = instance.covers
        self._times = np.zeros(len(instance.need), dtype=np.intp)
        self.held = np.full(instance.site.max(initial=0) + 1, NONE)
        self.worth: Floats = instance.covers @ instance.need + instance.gain
        self.whole = self.worth.copy()
        self.value, self.work = 0.0, 0.0
        # What an option takes of the limits: a share of the money, and one of the hubs.
        self._money_share = money_share(instance.cost, self.money)
        self._count_share = 1.0 / max(self.count, 1.0)

    @property
    def options(self) -> Ints:
        """Positions (k,) of the open options, ascending."""
        return np.sort(self.held[self.held != NONE])

    @property
    def spent(self) -> float:
        """Money spent."""
        return math.fsum(self.instance.cost[self.options])

    def open(self, option: int) -> None:
        """Open an option in place of what its site holds."""
        site = self.instance.site[option]
        if self.held[site] != NONE:
            self.close(int(self.held[site]))
        self.held[site] = option
        self.value += float(self.worth[option])
        rows = self._rows_of(option)
        self._change(rows[self._times[rows] == 0], -1.0)
        self._times[rows] += 1

    def open_all(self, options: Ints) -> None:
        """Open options (k,), at most one a site, each in place of what its site holds."""
        instance = self.instance
        self.held[instance.site[options]] = options
        held = self.options
        self._times = np.bincount(instance.covers[held].indices, minlength=len(instance.need))
        free = np.where(self._times == 0, instance.need, 0.0)
        self.worth = instance.covers @ free + instance.gain
        self.value = float((instance.need - free).sum() + instance.gain[held].sum())

    def close(self, option: int) -> None:
        """Close an open option."""
        self.held[self.instance.site[option]] = NONE
        rows = self._rows_of(option)
        self._times[rows] -= 1
        self._change(rows[self._times[rows] == 0], 1.0)
        self.value -= float(self.worth[option])

    def swap(self, deadline: Deadline) -> None:
        r"""Exchange a hub for another option as long as that gains and time is left, the best first; fill up after.

        .. math:: \Delta_{ho} = v_o - l_h + \sum_{r \in R_h \cap R_o} w_r

        with what o newly covers, what only h covers, and the rows that only h covers and o does.
        """
        instance = self.instance
        money, required = instance.cost, np.isin(instance.site, instance.required)
        width = np.diff(instance.cover.indptr)
        while len(held := self.options) and not deadline.is_past:
            self.work += float((instance.covers[held] @ width).sum())
            alone = np.where(self._times == 1, instance.need, 0.0)
            shared = (instance.covers[held].multiply(alone) @ instance.cover).toarray()
            lost = instance.covers[held] @ alone + instance.gain[held]
            delta = self.worth - lost[:, None] + shared
            same = instance.site[held][:, None] == instance.site
            free = (self.held[instance.site] == NONE) & ~required[held][:, None]
            fits = money <= self.money - self.spent + money[held][:, None]
            delta[~((free | same) & fits)] = -np.inf
            out, into = np.unravel_index(int(np.argmax(delta)), delta.shape)
            if not delta[out, into] > LEAST_GAIN * self.value:
                break
            before = self.value
            self.close(int(held[out]))
            self.open(int(into))
            self.fill()
            if not self.value > before:
                break

    def fits(self, option: int) -> bool:
        """Tell whether an option fits into what the open ones leave of the limits."""
        return self.spent + self.instance.cost[option] <= self.money and len(self.options) < self.count

    @property
    def is_beyond(self) -> bool:
        """Tell whether the open options break a limit."""
        return self.spent > self.money or len(self.options) > self.count

    def least(self) -> int | None:
        """Return the open option that adds least for what it takes of the limits; none if all sites must hold one."""
        instance = self.instance
        free = self.options[~np.isin(instance.site[self.options], instance.required)]
        if not len(free):
            return None
        alone = np.where(self._times == 1, instance.need, 0.0)
        added = instance.covers[free] @ alone + instance.gain[free]
        share = self._money_share[free] + self._count_share
        with np.errstate(over="ignore"):  # what takes nothing of the limits is worth infinitely much for it
            rate = added / np.maximum(share, np.finfo(float).tiny)
        return int(free[np.argmin(rate)])

    def fill(self) -> None:
        """Open options one by one for the most newly covered need per share of the limits, within all limits.

        A site that has a hub may grow into a tier that covers more.
        """
        left, room = self.money - self.spent, self.count - len(self.options)
        while (option := self._best(left, room)) is not None:
            held = self.held[self.instance.site[option]]
            left -= self.instance.cost[option] - (self.instance.cost[held] if held != NONE else 0.0)
            room -= held == NONE
            self.open(option)

    def _best(self, left: float, room: float) -> int | None:
        instance = self.instance
        now = self.held[instance.site]
        at = np.flatnonzero(now != NONE)
        extra, added, share = instance.cost.copy(), self.worth.copy(), self._money_share + self._count_share
        extra[at] -= instance.cost[now[at]]
        share[at] -= share[now[at]]
        fits = (extra <= left) & ((now != NONE) | (room >= 1))
        # Tiers of a site are nested: the one that covers more loses nothing of what the other covers.
        fits[at] &= self.whole[at] > self.whole[now[at]]
        added[at] -= instance.gain[now[at]]
        fits &= added > 0
        if not fits.any():
            return None
        free = share <= 0
        rate = np.where(fits, np.where(free, np.inf, added / np.where(free, 1.0, share)), -np.inf)
        return int(np.argmax(rate))

    def _rows_of(self, option: int) -> Ints:
        return np.asarray(self._rows.indices[self._rows.indptr[option] : self._rows.indptr[option + 1]], dtype=np.intp)

    def _change(self, rows: Ints, sign: float) -> None:
        """Note that rows are covered no longer, or now."""
        options, size = row_entries(self.instance.cover, rows)
        np.add.at(self.worth, options, sign * np.repeat(self.instance.need[rows], size))

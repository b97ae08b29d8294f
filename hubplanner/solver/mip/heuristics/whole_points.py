"""Shorter ways where points are served whole within tight rooms: points shifted, swapped, hubs moved, and again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import (
    Budget,
    Capacity,
    FullService,
    HubsPerSite,
    MaxHubs,
    Question,
    RequiredSites,
    Year,
    broken_years,
    goals_of,
)
from hubplanner.model.constraints.base import Constraint
from hubplanner.problem import Floats, Ints, evaluate
from hubplanner.problem.model_instance import NO_ROW
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.cover_state import SHORT
from hubplanner.solver.mip.subproblem import Incumbent

OF_PAIR, WORK = 1e4, 1.5e8
"""Times that each pair of points is looked at, and how many are in all, whatever time there is: about two seconds."""
MOVED = 0.5
"""Share of kicks that move a hub elsewhere; the others send points near one of them to their first or second hub."""
WARMTH = 3e-3
"""Share of the ways by which plans may be longer at first and are still gone on from once in e times."""
DEARER = 1.05
"""Factor by which a seat too many costs more after a plan that has some, and less after one that has none."""
FAR = 10.0
"""Times the longest ways of all points together that count where no way leads within reach."""
MOST_MOVES = 200
"""Moves of a step that are looked through for such as have no hub in common: with half or twice as many, 40 and 80
points take as long, within a twentieth."""
MOST_POINTS = 2_000
"""Points from which each step, which looks at all pairs of them, takes more than a third of a second."""


def is_whole_median(question: Question) -> bool:
    """Tell whether points are served whole, by so many hubs at most, for the shortest ways, and no more is asked."""
    problem, capacity, objective = question.problems[-1], question.capacity, question.objective
    alone = question.periods is None and not problem.measures and problem.backhaul is None
    alone = alone and problem.n_points <= MOST_POINTS
    new = bool(problem.new.all()) and not len(problem.required_sites) and question.per_site.count == 1
    has_tiers = len(np.unique(problem.option_site)) < problem.n_options
    asked = objective.minimises_distance and not objective.is_bottleneck and alone and new and not has_tiers
    seats = capacity is not None and capacity.single and capacity.can_relax
    return asked and seats and all(map(_stays, question.constraints))


def _stays(constraint: Constraint) -> bool:
    """Tell whether a constraint is kept by any hubs of the same number that have room for all."""
    match constraint:
        case Budget():
            return math.isinf(constraint.amount)
        case FullService():
            return math.isinf(constraint.distance)
        case MaxHubs():
            return constraint.sites is None
        case Capacity() | HubsPerSite() | RequiredSites():
            return True
    return False


@dataclass
class Served:
    """Points, each with one of some hubs.

    Parameters
    ----------
    ways
        (i, o) what each point's way to each option counts for.
    seats, room
        (i,) that a point takes, and (o,) that a hub has.
    hubs, hub
        (k,) options of the hubs, and (i,) which of these serves each point.
    dear
        What a seat too many costs.
    work
        Pairs of points that were looked at.
    """

    ways: Floats
    seats: Floats
    room: Floats
    hubs: Ints
    hub: Ints
    dear: float
    work: float = 0.0

    @classmethod
    def of(cls, question: Question, known: Incumbent, points: Ints) -> Self:
        """Return the points of a plan as it serves them."""
        problem, plan, capacity = question.problems[-1], known.years[-1].plan, question.capacity
        if capacity is None:
            raise AssertionError
        distance, rows = question.instance.distances[points][:, problem.option_site], question.instance.assign_rows
        pairs: Any = (np.ones(len(rows.row)), (rows.row, rows.option))
        served = csr_array(pairs, shape=(len(rows.totals), problem.n_options))
        leads = served[rows.row_of[points]].toarray() > 0
        ways = problem.need[points, None] * np.where(leads, distance, 0.0) / max(math.fsum(problem.need), SHORT)
        # Where no way leads, or too long a one, it is longer than all others together: a sum of those is a number.
        ways = np.where(leads, ways, FAR * float(ways.max(axis=1).sum()))
        seats = problem.seats[points]
        hub = np.asarray(csr_array(plan.assigned)[points].argmax(axis=1)).ravel().astype(np.intp)
        dear = goals_of(question.objective)[0].value(known.years) / max(math.fsum(seats), SHORT)
        return cls(ways, seats, capacity.room(problem), plan.options.astype(np.intp), hub, dear)

    @property
    def way(self) -> float:
        """What all ways count for."""
        return float(self.ways[np.arange(len(self.hub)), self.hubs[self.hub]].sum())

    @property
    def over(self) -> float:
        """Seats too many, of all hubs."""
        return float(np.maximum(self._load - self.room[self.hubs], 0.0).sum())

    @property
    def _load(self) -> Floats:
        return np.bincount(self.hub, self.seats, minlength=len(self.hubs)).astype(np.float64, copy=False)

    def settle(self, deadline: Deadline) -> None:
        """Shift and swap points, and move hubs to the middle of theirs, as long as that makes ways shorter."""
        while not deadline.is_past:
            while self._step() and not deadline.is_past:
                pass
            if not self._recentre():
                return

    def _step(self) -> bool:
        """Shift the point, or swap the two, that gain most; tell whether any does."""
        every, hub, seats = np.arange(len(self.hub)), self.hub, self.seats
        self.work += len(hub) ** 2
        ways, room, load = self.ways[:, self.hubs], self.room[self.hubs], self._load
        own, over = ways[every, hub], np.maximum(load - room, 0.0)
        comes = np.maximum(load + seats[:, None] - room, 0.0) - over
        goes = np.maximum(load[hub] - seats - room[hub], 0.0) - over[hub]
        shift = ways - own[:, None] + self.dear * (comes + goes[:, None])
        shift[every, hub] = 0.0
        to_hub_of = ways[:, hub]
        instead = np.maximum((load - room)[hub][:, None] + seats - seats[:, None], 0.0) - over[hub][:, None]
        half = to_hub_of - own[:, None] + self.dear * instead
        swap = half + half.T
        swap[hub[:, None] == hub] = 0.0
        return self._move(shift, swap, -SHORT * float(own.sum()))

    def _move(self, shift: Floats, swap: Floats, least: float) -> bool:
        """Make the best of all shifts (i, k) and swaps (i, i), and others of other hubs, whose gains add up."""
        hub, hubs = self.hub, len(self.hubs)
        shifts, swaps = np.flatnonzero(shift.ravel() < least), np.flatnonzero(np.triu(swap).ravel() < least)
        gain = np.concatenate([shift.ravel()[shifts], swap.ravel()[swaps]])
        is_free = np.ones(hubs, dtype=np.bool_)
        for at in np.argsort(gain, kind="stable")[:MOST_MOVES].tolist():
            if at < len(shifts):
                point, to = divmod(int(shifts[at]), hubs)
                if is_free[to] and is_free[hub[point]]:
                    is_free[[to, hub[point]]] = False
                    hub[point] = to
            else:
                first, second = divmod(int(swaps[at - len(shifts)]), len(hub))
                if is_free[hub[first]] and is_free[hub[second]]:
                    is_free[[hub[first], hub[second]]] = False
                    hub[first], hub[second] = hub[second], hub[first]
        return len(gain) > 0

    def _recentre(self) -> bool:
        """Move hubs to where those whom they serve have the shortest ways and as much room; tell whether any moves."""
        member: Any = (np.ones(len(self.hub)), (self.hub, np.arange(len(self.hub))))
        ways = csr_array(member, shape=(len(self.hubs), len(self.hub))) @ self.ways
        has_moved = False
        for place, option in enumerate(self.hubs.tolist()):
            free = self.room >= self.room[option]
            free[self.hubs] = False
            free[option] = True
            best = int(np.argmin(np.where(free, ways[place], math.inf)))
            if ways[place, best] < ways[place, option] * (1 - SHORT):
                self.hubs[place] = best
                has_moved = True
        return has_moved

    def kick(self, rng: np.random.Generator) -> None:
        """Move a hub elsewhere, with those about it to their nearest hub, or send on points beside each other."""
        points, hubs = len(self.hub), len(self.hubs)
        free = np.setdiff1d(np.arange(len(self.room)), self.hubs)
        if len(free) and rng.random() < MOVED:
            place, option = int(rng.integers(hubs)), int(rng.choice(free))
            self.hubs[place] = option
            about = self._about(option, int(rng.integers(points // hubs, 4 * points // hubs + 1)))
            some = np.union1d(np.flatnonzero(self.hub == place), about)
            self.hub[some] = self.ways[some][:, self.hubs].argmin(axis=1)
        elif hubs > 1:
            some = self._about(int(rng.choice(self.hubs)), int(rng.integers(3, max(points // 4, 4))))
            nearest = np.argsort(self.ways[some][:, self.hubs], axis=1, kind="stable")
            self.hub[some] = nearest[np.arange(len(some)), rng.integers(0, 2, len(some))]

    def _about(self, option: int, count: int) -> Ints:
        """Return the points nearest to an option, for their seats."""
        return np.argsort(self.ways[:, option] / np.maximum(self.seats, SHORT), kind="stable")[:count]

    def copy(self) -> Self:
        """Return the same, to be changed."""
        return replace(self, hubs=self.hubs.copy(), hub=self.hub.copy())

    def made(self, question: Question, known: Incumbent, points: Ints) -> Incumbent:
        """Return a plan of these hubs and whom they serve, or the known one where its ways are as short."""
        problem, (goal, *_) = question.problems[-1], goals_of(question.objective)
        if self.way > goal.value(known.years) * (1 + SHORT):  # as where a hub is out of reach
            return known
        cells: Any = (np.ones(len(points)), (points, self.hubs[self.hub]))
        shares = csr_array(cells, shape=(problem.n_points, problem.n_options))
        years = (Year(problem, evaluate(problem, np.sort(self.hubs), shares)),)
        if broken_years(question, years) or not goal.value(years) < goal.value(known.years):
            return known
        opened = np.bincount(self.hubs, minlength=problem.n_options)[None]
        return replace(known, years=years, opened=opened, value=goal.value(years))


def points_of(question: Question) -> Ints:
    """Return the points that count for something and that some hub may serve."""
    return np.flatnonzero(question.instance.assign_rows.row_of != NO_ROW)


def shorter_ways(  # noqa: PLR0913, PLR0917 - a question, where to begin, and how long
    question: Question,
    known: Incumbent,
    enough: float,
    deadline: Deadline,
    seed: int = 0,
    start: Served | None = None,
) -> Incumbent:
    """Return the plan with the shortest ways of many, each made of one before: iterated local search.

    A seat too many costs more as long as plans have some, and less when they have none (Gendreau, Hertz and Laporte
    1994, doi:10.1287/mnsc.40.10.1276, for vehicles). Which plan it comes to depends on the seed alone, unless time is
    up.

    Parameters
    ----------
    known
        A plan that keeps to every limit.
    enough
        Mean way below which no shorter one is asked for.
    start
        Where to begin; rooms may be too small for it. The known plan if None.
    """
    if not known.years or deadline.is_past:
        return known
    points = points_of(question)
    now, rng, value = (
        Served.of(question, known, points) if start is None else start.copy(),
        np.random.default_rng(seed),
        goals_of(question.objective)[0].value(known.years),
    )
    now.settle(deadline)
    best, shortest, most_work = now, value, min(WORK, OF_PAIR * len(points) ** 2)
    if now.over <= SHORT and now.way < shortest:
        shortest = now.way
    while now.work < most_work and shortest > enough and not deadline.is_past:
        trial = now.copy()
        trial.kick(rng)
        trial.settle(deadline)
        way, over = trial.way, trial.over
        is_plan = over <= SHORT * float(trial.seats.sum())
        loss = way + trial.dear * over - now.way - trial.dear * now.over
        dear = trial.dear / DEARER if is_plan else trial.dear * DEARER
        heat = WARMTH * shortest * (1.0 - min(trial.work / most_work, 1.0))
        if is_plan and way < shortest * (1 - SHORT):
            best, shortest = trial.copy(), way
        now = replace(now, work=trial.work) if loss > 0 and rng.exponential(heat) < loss else trial
        now.dear = dear
    return best.made(question, known, points)

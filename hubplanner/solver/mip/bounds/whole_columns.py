"""How short ways can be where points are served whole: columns of whom a hub serves, and branching on which stand.

The linear relaxation lets hubs serve points in parts, so that nearly full rooms cost nothing. Here a hub serves a set
of whole points or none, the best set at given prices being a knapsack. Ceselli and Righini (2005),
doi:10.1002/net.20059.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy.sparse import csr_array

from hubplanner.model import goals_of
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.problem import Bools, Floats, Ints
from hubplanner.solver.backends import SearchLimits
from hubplanner.solver.backends.arrays import entries, linear_program
from hubplanner.solver.backends.highs import new_handle
from hubplanner.solver.deadline import LEAST_S
from hubplanner.solver.mip.heuristics.whole_points import Served, is_whole_median, points_of, shorter_ways
from hubplanner.solver.mip.subproblem import Incumbent, Subproblem
from hubplanner.tolerances import AGREEMENT

MOST_SEATS = 500
"""Seats that a room counts at most: more are counted in parts of so many. Of 50 villages of 100 to 5,000 people
and 30 sites, three draws are proven to 1 % in 3.9 s together, in 3.8 with twice as many; with half two stay open."""
MOST_PAIRS = 90_000
"""Pairs of points and options from which master programs take too long. With half a minute, 300 points and sites are
1.6 % open, without columns 1.5; 400 and 100 take 10 s to 1 %, without 1.9 % open; 1,000 and 100 are far off, without
they take 14 s."""
SMOOTH = 0.9
"""Part of the best prices so far in those that are tried next (Wentges 1997). To 1 %, 300 points and 30 sites: 10.3 s
with 0.8, 7.6 with 0.9, 5.9 with 0.95; 100 points and sites 2.9, 2.7, 3.1. Below a branch 0.25 to 0.9 take as long."""
CONVERGED = (5e-3, 1e-3, 1e-4)
"""Relative distances of a bound from the master program's figure at which its hubs suggest a plan; by the last, prices
are final."""
BEGINNING = 3
"""Which of the nearest hubs, from nil, sets the first prices. Three draws of 40 points and sites take 4.2 s to 0.2 %,
with 1 5.8 and with 6 5.3; two of 80 and 80 take 3.2, 3.0 and 2.7 s."""
CANDIDATES = 6
"""Hubs that are tried before the one to branch on is taken. Four draws of 50 points and 25 sites take 6.8 s to 0.1 %,
with 3 8.9, with 12 6.9."""
FRACTION = 1e-6
"""Distance from a whole number that is a solver's rounding."""
DEAR = 100.0
"""Times the mean way of a plan that leaving out a point costs: a program that has to is soon worse than any plan. With
half or twice as much, 40 points and 20 sites take as long to the last, 5.1 s in four draws."""
LEAK = 1e-9
"""Share by which the bound is taken wider, so that rounding leaves no plan out."""


class Knapsacks:
    """The sets of whole points that fill a room of each option best."""

    def __init__(self, seats: Floats, room: Floats) -> None:
        """Count seats in whole numbers: exactly where they are such and few, else rounded so that no set is lost."""
        room = np.minimum(room, math.fsum(seats))
        whole = bool((seats == np.round(seats)).all())
        step = float(np.gcd.reduce(seats.astype(np.int64))) if whole else 0.0
        # A room may be overfull by a tolerance.
        room = room * (1 + AGREEMENT)
        if not step or room.max(initial=0.0) > MOST_SEATS * step:
            step = (float(room.max(initial=0.0)) or 1.0) / MOST_SEATS
        self.seats: Ints = np.floor(seats / step * (1 + LEAK) if whole else seats / step).astype(np.intp)
        self.room: Ints = np.floor(room / step * (1 + LEAK)).astype(np.intp)

    def filled(self, profit: Floats, options: Ints) -> tuple[Floats, Bools]:
        """Return what the best set of each of some options earns (k,) by profits (i, o), and the sets (i, k)."""
        profit, room = profit[:, options], self.room[options]
        size = int(room.max(initial=0)) + 1
        best, taken = np.zeros((len(options), size)), np.zeros((len(profit), len(options), size), dtype=np.bool_)
        for point, seats in enumerate(self.seats.tolist()):
            some = np.flatnonzero((profit[point] > 0) & (seats <= room))
            if not len(some):
                continue
            old = best[some]
            more = old[:, : size - seats] + profit[point, some, None]
            gains = more > old[:, seats:]
            taken[point, some, seats:] = gains
            old[:, seats:] = np.where(gains, more, old[:, seats:])
            best[some] = old
        every, left, found = np.arange(len(options)), room.copy(), np.zeros(profit.shape, dtype=np.bool_)
        for point in reversed(range(len(profit))):
            found[point] = taken[point, every, left]
            left = left - self.seats[point] * found[point]
        return best[every, room], found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Branch:
    """Plans with some hubs shut and others held, and of whom options may serve.

    Parameters
    ----------
    shut, held
        (o,) options without a hub, and with one.
    barred
        (i, o) points that an option may not serve; None where it may serve all.
    prices
        (i,) the best prices known.
    bound
        No such plan has shorter ways.
    parts
        (o,) hubs of the relaxation, in parts.
    served
        (i, o) whom they serve, in parts.
    """

    shut: Bools
    held: Bools
    barred: Bools | None
    prices: Floats
    bound: float = -math.inf
    parts: Floats | None = None
    served: Floats | None = None


class _Master:
    """The program that mixes columns, each a set of points that a hub of an option serves."""

    def __init__(self, ways: Floats, hubs: int, dear: float, effort: SearchLimits) -> None:
        self.ways, (points, options) = ways, ways.shape
        self.option: Ints = np.zeros(0, dtype=np.intp)
        self.members: Bools = np.zeros((0, points), dtype=np.bool_)
        self._known = set[tuple[int, bytes]]()
        self.deadline, self.handle = effort.deadline(), new_handle(effort, solver="simplex", presolve="off")
        self._closed: Bools = np.zeros(0, dtype=np.bool_)
        rows, inf = points + options + 1, math.inf
        least = np.concatenate([np.ones(points), np.full(options + 1, -inf)])
        most = np.concatenate([np.full(points, inf), np.ones(options), [float(hubs)]])
        # Where no column serves a point, it is left out for more than all ways of a plan.
        table = csr_array((np.ones(points), (np.arange(points), np.arange(points))), shape=(rows, points))
        ends = np.zeros(points), np.full(points, inf)
        self.handle.passModel(linear_program(table, np.full(points, dear), ends, (least, most)))

    def add(self, options: Ints, members: Bools) -> bool:
        """Add the sets (k, i) of options (k,) that are not known yet, the empty one too; tell whether there are any."""
        new = [
            place
            for place, (option, own) in enumerate(zip(options.tolist(), members, strict=True))
            if (key := (option, own.tobytes())) not in self._known and not self._known.add(key)  # type: ignore[func-returns-value]
        ]
        if not new:
            return False
        options, members = options[new], members[new]
        points, count = members.shape[1], len(new)
        every = np.arange(count)
        held = np.zeros((count, points + self.ways.shape[1] + 1))
        held[:, :points] = members
        held[every, points + options] = 1.0
        held[:, -1] = 1.0
        cost = (members * self.ways[:, options].T).sum(axis=1)
        cells = csr_array(held)
        self.handle.addCols(count, cost, np.zeros(count), np.full(count, math.inf), cells.nnz, *entries(cells))
        self.option = np.concatenate([self.option, options])
        self.members = np.concatenate([self.members, members])
        self._closed = np.concatenate([self._closed, np.zeros(count, dtype=np.bool_)])
        return True

    def keep_to(self, node: _Branch) -> None:
        """Leave out what a node does not allow."""
        points, options = self.ways.shape
        rows = np.arange(points, points + options, dtype=np.int32)
        ends = np.where(node.held, 1.0, -math.inf), np.where(node.shut, 0.0, 1.0)
        self.handle.changeRowsBounds(options, rows, *ends)
        barred = np.zeros(self.ways.shape, dtype=np.bool_) if node.barred is None else node.barred
        closed: Bools = np.asarray((self.members & barred.T[self.option]).any(axis=1))
        changed = np.flatnonzero(closed != self._closed)
        if len(changed):
            most = np.where(closed[changed], 0.0, math.inf)
            columns = (points + changed).astype(np.int32)
            self.handle.changeColsBounds(len(changed), columns, np.zeros(len(changed)), most)
            self._closed = closed

    def solve(self) -> float:
        """Return the least that columns cost; NaN where time is up."""
        # HiGHS counts the time of all runs of a handle.
        self.handle.setOptionValue("time_limit", self.handle.getRunTime() + max(self.deadline.left, LEAST_S))
        # A run takes milliseconds: less than a thread that could be stopped.
        self.handle.run()
        if self.handle.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return math.nan
        return float(self.handle.getInfo().objective_function_value)

    @property
    def prices(self) -> Floats:
        """What serving each point (i,) more costs."""
        return np.asarray(self.handle.getSolution().row_dual)[: len(self.ways)]

    @property
    def parts(self) -> Floats:
        """How much of each column (c,) is taken; NaN where a point is left out."""
        values, points = np.asarray(self.handle.getSolution().col_value), len(self.ways)
        return (
            np.full(len(values) - points, math.nan) if values[:points].max(initial=0.0) > FRACTION else values[points:]
        )


def has_columns(task: Subproblem) -> bool:
    """Tell whether a task asks for the shortest ways of points served whole, in rooms whose knapsacks are small."""
    if not task.known.years or task.goal is None or task.held or task.ranges is not None:
        return False
    problem = task.question.problems[-1]
    is_small = problem.n_points * problem.n_options <= MOST_PAIRS
    return is_small and is_whole_median(task.question) and len(points_of(task.question)) > 0


class WholeColumns:
    """Branch and price: the best first, on the hub whose standing or not changes the program's figure most."""

    def __init__(self, task: Subproblem) -> None:
        """Begin with a plan's own columns."""
        question, known, effort = task.question, task.known, task.effort(0.0)
        self.seed, self._left_out, self._begun = task.options.seed, math.inf, (b"", b"")
        self.question, self.known, self.points = question, known, points_of(question)
        self.start = Served.of(question, known, self.points)
        self.knapsacks = Knapsacks(self.start.seats, self.start.room)
        self.ways, self.deadline = self.start.ways, task.deadline
        self.hubs = int(min(hub_limit(question.constraints), self.ways.shape[1]))
        self.value = goals_of(question.objective)[0].value(known.years)
        self.master = _Master(self.ways, self.hubs, DEAR * max(self.value, LEAK), effort)
        members = self.start.hub[None] == np.arange(len(self.start.hubs))[:, None]
        self.master.add(self.start.hubs, members)

    def proven(self, gap: float) -> Incumbent:
        """Return the plan that is known, or a better one met on the way, with a bound on all: at the gap, or in time.

        Parameters
        ----------
        gap
            Relative gap at which to stop.
        """
        free: Bools = np.zeros(self.ways.shape[1], dtype=np.bool_)
        first = np.sort(self.ways, axis=1)[:, min(BEGINNING, self.ways.shape[1] - 1)]
        root = _Branch(shut=free, held=free, barred=None, prices=first)
        for converged in CONVERGED:
            root = self._priced(root, gap, converged)
            self._shorten(root, gap)
        heap, count = [(root.bound, 0, root)], 0
        while heap and not self.deadline.is_past:
            bound, _, node = heapq.heappop(heap)
            branches = () if self._is_enough(bound, gap) else self._branches(node)
            if not branches:
                self._left_out = min(self._left_out, bound)
            for branch in branches:
                made, count = self._priced(branch, gap), count + 1
                heapq.heappush(heap, (made.bound, count, made))
        bound = min([self._left_out, self.value, *(one[0] for one in heap)])
        return replace(self.known, value=self.value, bound=bound)

    def _is_enough(self, bound: float, gap: float) -> bool:
        return bound >= self.value * (1 - gap)

    def _bound(self, node: _Branch, prices: Floats, options: Ints) -> tuple[float, Floats, Bools]:
        """Return what plans of a node cost at least at some prices, and what each option earns with its best set."""
        profit = prices[:, None] - self.ways
        if node.barred is not None:
            profit = np.where(node.barred, -1.0, profit)
        earned, members = self.knapsacks.filled(profit, options)
        is_held = node.held[options]
        others = -np.sort(-earned[~is_held])[: self.hubs - int(is_held.sum())]
        total, gained = math.fsum(prices), math.fsum(earned[is_held]) + math.fsum(others)
        return total - gained - LEAK * (math.fsum(np.abs(prices)) + gained), earned, members

    def _priced(self, node: _Branch, gap: float, converged: float = CONVERGED[-1]) -> _Branch:
        """Return a node with its bound, and the relaxation's hubs unless that is enough or time is up."""
        # Hubs of the node above would have it branch as that did, for ever.
        node = replace(node, parts=None, served=None)
        options, prices, best = np.flatnonzero(~node.shut), node.prices, node.prices
        least, earns = -math.inf, best
        self.master.keep_to(node)
        while True:
            found, earned, members = self._bound(node, prices, options)
            if found > least:
                least, best, earns = found, prices, earned
            node = replace(node, bound=max(node.bound, least), prices=best)
            if self._is_enough(node.bound, gap) or self.deadline.is_past:
                return node
            is_new = self.master.add(options, np.ascontiguousarray(members.T))
            figure = self.master.solve()
            if math.isnan(figure):
                return node
            own = self.master.prices
            if figure - node.bound <= converged * abs(figure) or (not is_new and np.array_equal(own, prices)):
                return self._split(self._without(node, least, options, earns, gap))
            prices = SMOOTH * best + (1 - SMOOTH) * own if is_new else own

    def _without(self, node: _Branch, least: float, options: Ints, earned: Floats, gap: float) -> _Branch:
        """Return a node without options that are in no plan of use, by what plans cost at least with one of them."""
        is_free, room = ~node.held[options], self.hubs - int(node.held.sum())
        if not 0 < room < int(is_free.sum()):
            return node
        last, enough = float(np.sort(earned[is_free])[-room]), self.value * (1 - gap)
        useless = options[is_free & (least + last - earned > enough + LEAK * abs(enough))]
        if not len(useless):
            return node
        self._left_out = min(self._left_out, enough)
        shut = node.shut.copy()
        shut[useless] = True
        return replace(node, shut=shut)

    def _split(self, node: _Branch) -> _Branch:
        """Return a node with the relaxation's hubs and whom they serve, and note a better plan."""
        parts = self.master.parts
        if np.isnan(parts).any():
            return node
        some = np.flatnonzero(parts > FRACTION)
        option, members, parts = self.master.option[some], self.master.members[some], parts[some]
        hubs = np.bincount(option, parts, minlength=self.ways.shape[1]).astype(np.float64)
        served = np.zeros(self.ways.shape)
        np.add.at(served.T, option, members * parts[:, None])
        if np.abs(parts - np.round(parts)).max(initial=0.0) <= FRACTION:
            self._note(
                replace(self.start, hubs=option, hub=members.argmax(axis=0)).made(
                    self.question, self.known, self.points
                )
            )
        return replace(node, parts=hubs, served=served)

    def _shorten(self, root: _Branch, gap: float) -> None:
        """Look for a better plan from the hubs that the relaxation has most of, and whom they serve most."""
        if root.parts is None or root.served is None or self._is_enough(root.bound, gap):
            return
        hubs = np.sort(np.argsort(-root.parts, kind="stable")[: self.hubs])
        hub = root.served[:, hubs].argmax(axis=1)
        if self._begun == (begun := (hubs.tobytes(), hub.tobytes())):
            return
        self._begun = begun
        dear = root.bound / max(math.fsum(self.start.seats), LEAK)
        start = replace(self.start, hubs=hubs, hub=hub, dear=dear)
        enough = root.bound / (1 - gap) if gap < 1 else math.inf
        self._note(shorter_ways(self.question, self.known, enough, self.deadline, self.seed, start))

    def _note(self, plan: Incumbent) -> None:
        """Keep a plan where it is another than the one that is known, and so better."""
        if plan is not self.known:
            self.known, self.value = plan, plan.value

    def _branches(self, node: _Branch) -> tuple[_Branch, ...]:
        """Return the two parts of a node's plans; none where the relaxation does not tell them apart."""
        if node.parts is None or node.served is None:
            return ()
        away = np.minimum(node.parts, 1.0 - node.parts)
        some = np.argsort(-away, kind="stable")[:CANDIDATES]
        some = some[away[some] > FRACTION]
        if len(some):
            return max((self._by_hub(node, option) for option in some.tolist()), key=self._worth)
        away = np.minimum(node.served, 1.0 - node.served)
        point, option = np.unravel_index(int(np.argmax(away)), away.shape)
        if away[point, option] <= FRACTION:
            return ()
        barred = np.zeros(away.shape, dtype=np.bool_) if node.barred is None else node.barred
        here, elsewhere = barred.copy(), barred.copy()
        elsewhere[point, option] = True
        here[point] = True
        here[point, option] = barred[point, option]
        return replace(node, barred=here), replace(node, barred=elsewhere)

    @staticmethod
    def _by_hub(node: _Branch, option: int) -> tuple[_Branch, _Branch]:
        """Return the plans without and with a hub of an option."""
        shut, held = node.shut.copy(), node.held.copy()
        shut[option] = held[option] = True
        return replace(node, shut=shut), replace(node, held=held)

    def _worth(self, branches: tuple[_Branch, ...]) -> tuple[float, float]:
        """Return by how much a branching raises the figure of the columns that are known."""
        figures = []
        for branch in branches:
            self.master.keep_to(branch)
            figure = self.master.solve()
            figures.append(math.inf if math.isnan(figure) else figure)
        return min(figures), max(figures)

"""Plans made better where hubs have limited room: some closed, others grown, and people sent on along flows.

Where it is all the same who finds room, as many are served by some hubs as flow from them to demand. After a change
only the hubs beside it are looked at, and demand that the same of them reach is one node: a flow takes a millisecond.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from hubplanner.model import FullService, Question, broken_years, goals_of
from hubplanner.model.constraints.base import of_kind
from hubplanner.problem import Floats, Ints
from hubplanner.solver.deadline import Deadline
from hubplanner.solver.mip.heuristics.cover_state import SHORT, Added, total
from hubplanner.solver.mip.heuristics.greedy import PlanBuilder
from hubplanner.solver.mip.heuristics.ruin_recreate import EXPONENTS, FORCED, KEPT_OUT, KICK, OVERLAP
from hubplanner.solver.mip.heuristics.seat_flows import LARGEST
from hubplanner.solver.mip.subproblem import Incumbent

WORK, OF_OPTION = 3e8, 3e5
"""Pairs of demand and hubs that are looked at, whatever time there is: about six seconds, and less where options are
few."""
MOST_CLOSED = 4
"""Hubs that a kick closes at most."""
NOISE = 0.9
"""Least factor of an option's worth, in the kicks that change it most."""
ELSEWHERE = 0.15
"""Share of kicks that close a hub elsewhere, too, and of those that look for others everywhere."""
WARMTH = 0.05
"""Part of what a hub serves on average by which plans may be worse at first and are still gone on from once in e times.
"""
MOST_BESIDE = 50
"""Hubs that people are sent on among at once: each is a bit of a number that a float holds exactly."""


def flows_tell(question: Question) -> bool:
    """Tell whether flows say what a plan is worth: cover where every seat counts alike, of points served in parts.

    Of floors they say whether those who happen to be served meet them.
    """
    problem, objective, capacity = question.problems[-1], question.objective, question.capacity
    asked = objective.maximises_coverage and objective.fairness is None
    seats = (
        capacity is not None
        and capacity.can_relax
        and not capacity.single
        and np.array_equal(problem.seats, problem.need)
    )
    alone = question.periods is None and not problem.measures and problem.backhaul is None
    rows = question.instance.assign_rows if question.assigns else None
    all_come = rows is not None and bool((rows.share == 1).all() and (rows.coming == 1).all())
    return asked and seats and alone and all_come and not of_kind(question.constraints, FullService)


def _sums(place: Ints, value: Floats, size: int = 0) -> Floats:
    """Return the sums of values by their places."""
    return np.bincount(place, value, minlength=size).astype(np.float64, copy=False)


class FlowPlan:
    """Whom the hubs of a plan serve; opening and closing send on people among the hubs beside.

    Attributes
    ----------
    people
        (p,) that each pair of unit and option serves.
    price
        (o,) what a hub takes of the money, where there is a limit to it.
    served, spare
        (u,) people of each unit who are served, and about how many of these a hub more would make room for elsewhere.
    work
        Pairs that were looked at.
    """

    def __init__(self, builder: PlanBuilder) -> None:
        self.builder, self.units, self.need = builder, builder.units, builder.need
        self.all = max(math.fsum(self.need), SHORT)
        self.room = np.minimum(builder.cover.room, self.all)
        self.people: Floats = np.zeros(len(self.units.unit))
        self.served: Floats = np.zeros(len(self.need))
        self.spare: Floats = np.zeros(len(self.need))
        whole = self.all <= LARGEST and bool((self.need == np.round(self.need)).all())
        self.scale = 1.0 if whole else LARGEST / self.all
        self.price = builder.share
        self.work = 0.0
        self._near = dict[int, tuple[Ints, Floats]]()
        self._before = list[tuple[Floats, Ints, Floats]]()
        self._counts = builder.counts.copy()
        for option in np.flatnonzero(builder.counts).tolist():
            self._fill(option)
            self.send_on([option])

    @property
    def value(self) -> float:
        """People who are served; floors that are missed, each by its part, cost more than all of them."""
        served = float(self.served.sum())
        if not self.builder.floors:
            return served
        part = self.served / np.maximum(self.need, SHORT)
        got = [total(weight, part) / least for weight, least in self.builder.floors]
        return served - self.all * math.fsum(1.0 + 1.0 - share for share in got if share < 1.0 - SHORT)

    def near(self, option: int) -> tuple[Ints, Floats]:
        """Return the options that reach someone whom an option reaches, itself among them, and how many."""
        if option not in self._near:
            rows = self.units.unit[self.units.pairs(option)]
            pairs = self.units.by_unit[rows]
            common = _sums(pairs.indices.astype(np.intp), np.repeat(self.need[rows], np.diff(pairs.indptr)))
            some = np.flatnonzero(common)
            self._near[option] = some, common[some]
            self.work += pairs.nnz
        return self._near[option]

    def beside(self, options: list[int]) -> tuple[Ints, Floats]:
        """Return the options that reach someone whom some reach, and how many."""
        if not options:
            return np.zeros(0, dtype=np.intp), np.zeros(0)
        found, shared = zip(*(self.near(option) for option in options), strict=True)
        common = _sums(np.concatenate(found), np.concatenate(shared))
        some = np.flatnonzero(common)
        return some, common[some]

    def _pairs(self, options: Ints) -> tuple[Ints, Ints]:
        """Return the pairs of some options, and which of the options each belongs to."""
        starts = self.units.starts
        length = starts[options + 1] - starts[options]
        ends = np.cumsum(length)
        self.work += float(ends[-1]) if len(ends) else 0.0
        which = np.repeat(np.arange(len(options)), length)
        return np.arange(len(which)) + (starts[options] - ends + length)[which], which

    # -- changes, and back -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Note that what comes may be taken back."""
        self._before.clear()
        self._counts = self.builder.counts.copy()

    def take_back(self) -> None:
        """Take back all changes since."""
        for array, at, old in reversed(self._before):
            array[at] = old
        self._before.clear()
        self.builder.recount(self._counts)

    def _put(self, array: Floats, at: Ints, new: Floats) -> None:
        self._before.append((array, at, array[at]))
        array[at] = new

    def change(self, option: int, sign: int) -> None:
        """Open or close a hub of an option: it serves some who have none, or nobody."""
        counts = self.builder.counts.copy()
        counts[option] += sign
        self.builder.recount(counts)
        self._fill(option)

    def _fill(self, option: int) -> None:
        """Let the hubs of an option serve those who have no other, as far as there is room."""
        pairs = np.arange(self.units.starts[option], self.units.starts[option + 1])
        unit = self.units.unit[pairs]
        others = self.served[unit] - self.people[pairs]
        left = np.maximum(self.need[unit] - others, 0.0)
        room = float(self.room[option] * self.builder.counts[option])
        taken = left * min(1.0, room / max(float(left.sum()), SHORT))
        self._put(self.people, pairs, taken)
        self._put(self.served, unit, others + taken)
        self._put(self.spare, unit, np.minimum(self.spare[unit], others))

    def send_on(self, changed: list[int]) -> None:
        """Serve as many as the open hubs beside some options can together, those they alone serve staying served."""
        options, common = self.beside(changed)
        held = self.builder.counts[options] > 0
        hubs = np.sort(options[held][np.argsort(-common[held], kind="stable")[:MOST_BESIDE]])
        if not len(hubs):
            return
        pairs, hub = self._pairs(hubs)
        unit = self.units.unit[pairs]
        bits = _sums(unit, np.exp2(hub)).astype(np.int64)
        rows = np.flatnonzero(bits)
        own = _sums(unit, self.people[pairs])[rows]
        left = np.maximum(self.need[rows] - self.served[rows] + own, 0.0)
        cells, cell = np.unique(bits[rows], return_inverse=True)
        crowd = _sums(cell, left)
        # No more than all who wait: in whole parts more may be too large a number.
        room = np.minimum(self.room[hubs] * self.builder.counts[hubs], crowd.sum())
        part = self._flow(cells, crowd, room) / np.maximum(crowd, SHORT)
        place = np.zeros(len(bits), dtype=np.intp)
        place[rows] = np.arange(len(rows))
        row = place[unit]
        people = part[hub, cell[row]] * left[row]
        served = _sums(row, people)
        # A hub makes room for a hub more by sending on whom that one reaches, for others it reaches itself.
        waiting = _sums(hub, (left - served)[row])
        moves = np.minimum(waiting / np.maximum(_sums(hub, people), SHORT), 1.0)
        self._put(self.people, pairs, people)
        self._put(self.spare, rows, _sums(row, people * moves[hub]))
        self._put(self.served, rows, self.served[rows] - own + served)

    def _flow(self, cells: Ints, crowd: Floats, room: Floats) -> Floats:
        """Return the people (k, c) of cells whom hubs serve, as many as can be in all."""
        hubs, count = len(room), len(cells)
        hub, cell = np.nonzero((cells >> np.arange(hubs)[:, None]) & 1)
        size, seats = (np.floor(part * self.scale + 1e-6).astype(np.int32) for part in (crowd, room))
        # Source, hubs, cells and sink in this order, the arcs of each node together: what scipy would else sort.
        head = np.concatenate([1 + np.arange(hubs), 1 + hubs + cell, np.full(count, 1 + hubs + count)]).astype(np.int32)
        most = np.concatenate([seats, np.minimum(size[cell], seats[hub]), size])
        arcs = np.concatenate([[0, hubs], np.bincount(hub, minlength=hubs), np.ones(count), [0]]).cumsum()
        graph = csr_array((most, head, arcs.astype(np.int32)), shape=(hubs + count + 2, hubs + count + 2))
        flow = maximum_flow(graph, 0, hubs + count + 1).flow
        arcs_of_hubs = slice(int(flow.indptr[1]), int(flow.indptr[1 + hubs]))
        tail = np.repeat(np.arange(hubs), np.diff(flow.indptr[1 : hubs + 2]))
        head, sent = flow.indices[arcs_of_hubs], flow.data[arcs_of_hubs]
        found = np.zeros((hubs, count))
        onward = head > hubs
        found[tail[onward], head[onward] - hubs - 1] = sent[onward] / self.scale
        return found

    # -- what a hub more is worth ------------------------------------------------------------------------------------

    def gains(self, options: Ints, spare: float) -> Floats:
        """Return about how many more are served with a hub more of some options.

        Parameters
        ----------
        spare
            Part of those for whom others make room that counts.
        """
        pairs, which = self._pairs(options)
        unit = self.units.unit[pairs]
        free = self.need[unit] - self.served[unit] + spare * self.spare[unit]
        found: Floats = np.minimum(_sums(which, free, len(options)), self.room[options])
        return found

    def added(self, people: Floats, option: int, count: int) -> Added:
        """Return what each of the hubs of an option serves, as people (p,) say, in parts of units."""
        pairs = self.units.pairs(option)
        some = np.flatnonzero(people[pairs] > 0)
        unit = self.units.unit[pairs][some]
        part = people[pairs][some] / (np.maximum(self.need[unit], SHORT) * count)
        distance = self.units.distance[pairs][some]
        return Added(option=option, unit=unit, taken=part, distance=distance, part=part, growth=part)


def exchanged_rooms(  # noqa: PLR0913, PLR0917 - a question, where to begin, and how long
    question: Question, known: Incumbent, enough: float, deadline: Deadline, seed: int = 0, work: float = 1.0
) -> Incumbent:
    """Return the best of many plans, each grown from what one before leaves when some of its hubs are closed.

    As `ruin_and_recreate`, with what hubs serve by maximum flows. Which plan it comes to depends on seed and work
    alone, unless time is up.

    Parameters
    ----------
    known
        A plan that keeps to every limit.
    enough
        People served beyond whom no more are asked for.
    work
        How many times as many pairs as usual are looked at.
    """
    if known.opened is None or deadline.is_past:
        return known
    builder = PlanBuilder(question)
    builder.recount(known.opened[-1])
    plan, rng, most_work = (
        FlowPlan(builder),
        np.random.default_rng(seed),
        work * min(WORK, OF_OPTION * len(builder.counts)),
    )
    best, people, counts = plan.value, plan.people.copy(), builder.counts.copy()
    while plan.work < most_work and best < enough and not deadline.is_past:
        open_ = np.flatnonzero(builder.counts > builder.nothing.counts)
        if not len(open_):
            break
        plan.begin()
        value, cooled = plan.value, plan.work / most_work
        heat = WARMTH * plan.served.sum() / len(open_) * (1.0 - cooled) ** 2
        plan.work += KICK
        closed = _ruin(plan, open_, rng)
        _recreate(plan, closed, rng)
        loss = value - plan.value
        if loss > 0 and rng.exponential(heat) < loss:
            plan.take_back()
        elif plan.value > best + SHORT * plan.all:
            best, people, counts = plan.value, plan.people.copy(), builder.counts.copy()
    return _made(question, known, plan, people, counts)


def _ruin(plan: FlowPlan, open_: Ints, rng: np.random.Generator) -> list[int]:
    """Close a hub and some that reach most of whom it reaches; return their options."""
    builder, first = plan.builder, int(rng.choice(open_))
    options, common = plan.near(first)
    some = np.isin(options, open_) & (options != first)
    order = np.argsort(-common[some] * rng.uniform(OVERLAP, 1.0, int(some.sum())), kind="stable")
    closing = [first, *options[some][order].tolist()[: int(rng.integers(0, MOST_CLOSED))]]
    if rng.random() < ELSEWHERE:
        closing.append(int(rng.choice(open_)))
    closed = [option for option in dict.fromkeys(closing) if builder.may_close(option)]
    for option in closed:
        plan.change(option, -1)
    plan.send_on(closed)
    return closed


def _recreate(plan: FlowPlan, closed: list[int], rng: np.random.Generator) -> None:
    """Open what serves most for its price, by prices changed by chance, as long as anything fits and helps."""
    builder = plan.builder
    factor = rng.uniform(rng.uniform(NOISE, 1.0), 1.0, len(plan.room)) / plan.price ** rng.uniform(*EXPONENTS)
    if closed and rng.random() < KEPT_OUT:
        factor[closed[0]] = 0.0
    around = np.arange(len(factor)) if rng.random() < ELSEWHERE else plan.beside(closed)[0]
    some, spare = np.intersect1d(builder.affordable(), around), rng.random()
    if len(some) and rng.random() < FORCED:
        forced = int(rng.choice(some))
        if factor[forced] and builder.fits(forced):
            plan.change(forced, 1)
            plan.send_on([forced])
    while (option := _best(plan, around, factor, spare)) is not None:
        plan.change(option, 1)
        plan.send_on([option])


def _best(plan: FlowPlan, around: Ints, factor: Floats, spare: float) -> int | None:
    """Return the option that is worth most of those around; None where none fits and helps."""
    some = np.intersect1d(plan.builder.affordable(), around)
    rate = plan.gains(some, spare) * factor[some]
    for at in np.argsort(-rate, kind="stable").tolist():
        if rate[at] <= SHORT:
            break
        if plan.builder.fits(int(some[at])):
            return int(some[at])
    return None


def _made(question: Question, known: Incumbent, plan: FlowPlan, people: Floats, counts: Ints) -> Incumbent:
    """Return a plan of hubs (o,) and whom (p,) they serve, or the known one where that is as good."""
    builder = plan.builder
    builder.serve(
        [
            plan.added(people, option, int(counts[option]))
            for option in np.repeat(np.arange(len(counts)), counts).tolist()
        ]
    )
    years, (goal, *_) = builder.years(), goals_of(question.objective)
    if broken_years(question, years) or not goal.value(years) > goal.value(known.years):
        return known
    return replace(known, years=years, opened=counts[None], value=goal.value(years))

"""Plans without a search where hubs share lines: the most need for the money, lines to what is built counted in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Self

import numpy as np
from scipy.sparse import csc_array, csr_array

from hubplanner.model import Goal, Question, Year, broken_years
from hubplanner.model.constraints.budget import money_limit
from hubplanner.model.constraints.hub_count import hub_limit
from hubplanner.model.variables.backhaul import Graph
from hubplanner.problem import Backhaul, Bools, Floats, Ints, Problem, evaluate
from hubplanner.problem.evaluation import links_after
from hubplanner.solver.mip.heuristics.cover_state import Cover, Units
from hubplanner.solver.mip.subproblem import Incumbent

GUIDES = ((0.0, 0.0), (0.5, 1.0), (0.9, 1.0), (0.9, 4.0), (0.5, 4.0))
"""How much cheaper what a relaxation builds of a line makes it, and how much more a hub's being open counts."""
LEAST_COST = 1e-9


def network_plan(question: Question, goal: Goal, built: Floats | None = None, open_: Floats | None = None) -> Incumbent:
    r"""Return the best of some greedy plans that keep to every limit, recomputed; nothing where none does.

    Hubs open one after the other, those first that cover most new need for their cost and that of the cheapest way
    of lines from what is built; over years, as each year's money allows. Guided by a relaxation, a line costs
    $b_a (1 - \alpha \bar x_a)$ and a hub counts $1 + \beta \bar y_o$ times. Where people are assigned to hubs, one
    counts for no more than its seats, and serves in its turn those who are left and need it most.

    Parameters
    ----------
    built
        (a,) what a relaxation builds of each arc of the network; unguided if left out.
    open_
        (o,) what it opens of each option.
    """
    if question.instance.problem.backhaul is None:
        return Incumbent()
    greedy, best = NetworkGreedy.of(question), Incumbent()
    for guide in GUIDES if built is not None and open_ is not None else GUIDES[:1]:
        found = finished(question, goal, greedy.grown(*greedy.guided(guide, built, open_)))
        if found.years and (not best.years or goal.sense * (found.value - best.value) > 0):
            best = found
    return best


def finished(question: Question, goal: Goal, years: tuple[Year, ...]) -> Incumbent:
    """Return a plan that was grown with its people assigned to hubs, if they are; nothing if it breaks a limit."""
    years = _served(question, years) if question.assigns else years
    if broken_years(question, years):
        return Incumbent()
    return Incumbent(years=years, opened=opened_of(question, years), value=goal.value(years))


def _served(question: Question, years: Sequence[Year]) -> tuple[Year, ...]:
    """Return plans of years with people assigned to their hubs, as far as there are seats."""
    found = list[Year]()
    for year in years:
        problem, plan = year.problem, year.plan
        cover = Cover(question, problem, Units.of(question, problem))
        need, hubs = cover.units.weigh(problem.need), plan.hubs
        shares = cover.assigned([cover.open(option, need) for option in hubs.tolist()])
        kept = links_after(problem, found[-1].plan if found else None)
        found.append(Year(problem, evaluate(problem, hubs, shares, plan.edges, kept=kept), year.discount))
    return tuple(found)


def opened_of(question: Question, years: Sequence[Year]) -> Ints:
    """Return how many hubs (p, o) of each option plans of years have."""
    opened = np.zeros((len(years), len(question.instance.option)), dtype=np.intp)
    for row, year in zip(opened, years, strict=True):
        row[year.plan.options] = year.plan.counts
    return opened


@dataclass(frozen=True, kw_only=True, eq=False)
class Begun:
    """What a plan that grows begins with, and what it must come to.

    Parameters
    ----------
    options, edges
        New hubs that stay, one that occurs twice standing for two, with the lines to them.
    required, banned
        Sites that must hold a new hub besides, and sites that must not.
    """

    options: Ints
    edges: Ints
    required: tuple[int, ...] = ()
    banned: tuple[int, ...] = ()


NOTHING_BUILT = Begun(options=np.zeros(0, dtype=np.intp), edges=np.zeros(0, dtype=np.intp))


@dataclass(frozen=True, kw_only=True, eq=False)
class NetworkGreedy:
    """What plans without a search are grown from, where hubs share lines.

    Parameters
    ----------
    question
        What is asked.
    graph
        The network.
    cover, column, cells
        (r, o) which rows of demand, of those that one hub covers, each option covers; the option of each entry; and the
        entries of each row.
    onward
        Arcs from each place, with the place that each leads to.
    once
        (r,) the mask of these rows among all.
    """

    question: Question
    graph: Graph
    cover: csc_array
    column: Ints
    cells: csr_array
    onward: list[list[tuple[int, int]]]
    once: Bools

    @classmethod
    def of(cls, question: Question) -> Self:
        """Prepare a question with a network of lines."""
        instance, net = question.instance, question.instance.problem.backhaul
        if net is None:
            raise AssertionError
        once = instance.cover_rows.times == 1
        cover = csc_array(instance.cover_rows.cover[np.flatnonzero(once)])
        column = np.repeat(np.arange(instance.problem.n_options), np.diff(cover.indptr))
        number = np.arange(cover.nnz, dtype=np.intp)
        cells = csr_array(csc_array((number, cover.indices, cover.indptr), shape=cover.shape))
        graph = Graph.of(instance, net)
        onward: list[list[tuple[int, int]]] = [[] for _ in range(graph.root + 1)]
        for arc, (tail, head) in enumerate(zip(graph.tail.tolist(), graph.head.tolist(), strict=True)):
            onward[tail].append((head, arc))
        return cls(question=question, graph=graph, cover=cover, column=column, cells=cells, onward=onward, once=once)

    def guided(
        self, guide: tuple[float, float], built: Floats | None = None, open_: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return by what to multiply the money (a,) for arcs and the worth (o,) of options, guided by a relaxation."""
        alpha, beta = guide
        factor = np.ones(len(self.graph.cost)) if built is None else 1.0 - alpha * np.clip(built, 0.0, 1.0)
        worth = np.ones(self.cover.shape[1]) if open_ is None else 1.0 + beta * np.clip(open_, 0.0, 1.0)
        return factor, worth

    def grown(self, factor: Floats, worth: Floats, begun: Begun = NOTHING_BUILT) -> tuple[Year, ...]:
        """Return a plan that grows hub by hub, year by year, while money and number allow."""
        question = self.question
        hubs, periods, total = (
            _GrowingPlan(self, factor, worth, begun),
            question.periods,
            money_limit(question.constraints),
        )
        years, left, total = list[Year](), 0.0, total - hubs.spent
        for number, (problem, discount) in enumerate(zip(question.problems, question.discounts, strict=True)):
            money = total
            if periods is not None:
                money = min(total, periods.budgets[number] + (left if periods.carry_over else 0.0))
            spent = hubs.grow(problem, money)
            left, total = money - spent, total - spent
            years.append(hubs.year(problem, discount, years[-1] if years else None))
        return tuple(years)


class _GrowingPlan:
    """Hubs that are opened one after the other, and the tree of lines to them."""

    def __init__(self, ground: NetworkGreedy, factor: Floats, worth: Floats, begun: Begun) -> None:
        question = ground.question
        problem = question.instance.problem
        self._ground, self._worth = ground, worth
        capacity = question.capacity
        self._room = np.full(problem.n_options, math.inf) if capacity is None else capacity.room(problem)
        self._left = np.ones(ground.cover.nnz, dtype=np.bool_)
        self._count = hub_limit(question.constraints)
        self._network, self._free = _Growing(ground, factor), problem.new.copy()
        self._free[ground.graph.without_link] = False
        self._free &= ~np.isin(problem.option_site, begun.banned)
        self._chosen = list[int]()
        self._waiting = [*problem.required_sites.tolist(), *begun.required]
        for option in np.flatnonzero(problem.existing).tolist():
            self._open(option)
        self.spent = self._keep(problem, begun)

    def _keep(self, problem: Problem, begun: Begun) -> float:
        """Open hubs with their lines, and return the money for both."""
        if not len(begun.options) or problem.backhaul is None:
            return 0.0
        sites, tiers = problem.option_site[begun.options], problem.option_tier[begun.options]
        for option in begun.options.tolist():
            self._open(option)
        self._count -= len(begun.options)
        self._free &= ~np.isin(problem.option_site, sites)
        self._waiting = [site for site in self._waiting if site not in set(sites.tolist())]
        self._network.keep(begun.edges, problem.backhaul)
        links = problem.backhaul.plan(sites, tiers, np.ones(len(sites), dtype=np.intp), begun.edges)
        return math.fsum([*problem.option_cost[begun.options], links.cost])

    def _open(self, option: int) -> None:
        self._chosen.append(option)
        cover, cells = self._ground.cover, self._ground.cells
        for row in cover.indices[cover.indptr[option] : cover.indptr[option + 1]].tolist():
            self._left[cells.data[cells.indptr[row] : cells.indptr[row + 1]]] = False

    def grow(self, problem: Problem, money: float) -> float:
        """Open hubs for at most so much money, required ones first; return how much they take."""
        instance, column = self._ground.question.instance, self._ground.column
        left = money
        need = instance.cover_rows.weights[self._ground.once, instance.measure(problem.need)][
            self._ground.cover.indices
        ]
        while self._count > 0:
            link, guided = self._network.links()
            cost, asked = problem.option_cost + link, problem.option_cost + guided
            gain = np.bincount(column, need * self._left, problem.n_options)
            gain = np.minimum(gain, self._room)
            may = self._free & (cost <= left)
            if self._waiting:
                may &= problem.option_site == self._waiting[0]
                score = -cost
            else:
                may &= gain > 0
                score = gain * self._worth / np.maximum(asked, LEAST_COST)
            if not may.any():
                break
            option = int(np.argmax(np.where(may, score, -np.inf)))
            left, self._count = left - float(cost[option]), self._count - 1
            self._network.join(option)
            self._open(option)
            site = problem.option_site[option]
            self._free &= problem.option_site != site
            self._waiting = [other for other in self._waiting if other != site]
        return money - left if math.isfinite(money) else 0.0

    def year(self, problem: Problem, discount: float, before: Year | None) -> Year:
        """Return the plan of what is open and built by now."""
        if problem.backhaul is None:
            raise AssertionError
        new = np.array([option for option in self._chosen if problem.new[option]], dtype=np.intp)
        kept = links_after(problem, None if before is None else before.plan)
        sites, tiers = problem.option_site[new], problem.option_tier[new]
        edges = problem.backhaul.pruned(sites, tiers, self._network.edges, kept[new])
        return Year(problem, evaluate(problem, self._chosen, edges=edges, kept=kept), discount)


class _Growing:
    """A tree of lines that grows from the root, and the cheapest way from it to every place.

    A place that joins brings others nearer, no farther than ways get cheaper: these alone are looked at (Dijkstra).
    Where an edge may no longer be built, ways are looked for anew.
    """

    def __init__(self, ground: NetworkGreedy, factor: Floats) -> None:
        self.graph, self._onward = ground.graph, ground.onward
        self._asked_of, self._cost = (self.graph.cost * factor + LEAST_COST).tolist(), self.graph.cost.tolist()
        self._built, self._kept = set[int](), np.zeros(0, dtype=np.intp)
        self._may = [True] * len(self._cost)
        self._begin()
        self._places = {self.graph.root}
        self._fresh = [self.graph.root]

    def _begin(self) -> None:
        size = self.graph.root + 1
        self._asked, self._real, self._before = [math.inf] * size, [math.inf] * size, [-1] * size

    @property
    def edges(self) -> Ints:
        """Edges that are built, or were kept."""
        return np.concatenate([self._kept, self.graph.edge[np.array(sorted(self._built), dtype=np.intp)]])

    def keep(self, edges: Ints, net: Backhaul) -> None:
        """Take on edges, from which further lines may start."""
        self._kept = np.asarray(edges, dtype=np.intp)
        for node, edge, _ in net.ways(edges):
            if edge >= 0:
                self._enter(node)
        self._close(net.sets[self._kept])

    def _enter(self, place: int) -> None:
        if place not in self._places:
            self._places.add(place)
            self._fresh.append(place)

    def _close(self, sets: Ints) -> None:
        """Build no more edges of some sets."""
        closed = np.flatnonzero(np.isin(self.graph.one_of, sets[sets >= 0])).tolist()
        for arc in closed:
            self._may[arc] = False
        if closed:
            self._begin()
            self._fresh = sorted(self._places)

    def _approach(self) -> None:
        """Find the cheapest ways from what has joined since the last time."""
        asked, real, before = self._asked, self._real, self._before
        waiting = [(0.0, place) for place in self._fresh]
        for _, place in waiting:
            asked[place], real[place], before[place] = 0.0, 0.0, -1
        self._fresh = []
        while waiting:
            far, place = heappop(waiting)
            if far > asked[place]:
                continue
            for head, arc in self._onward[place]:
                there = far + self._asked_of[arc]
                if there < asked[head] and self._may[arc]:
                    asked[head], real[head], before[head] = there, real[place] + self._cost[arc], arc
                    heappush(waiting, (there, head))

    def links(self) -> tuple[Floats, Floats]:
        """Return money (o,) for the link of a hub of each option, with the lines to it; as it is, and as guided."""
        graph = self.graph
        self._approach()
        real = np.array(self._real)
        link = self._link(real)
        cheapest = np.flatnonzero(self._by_hook(real) <= link[graph.option])
        taken = cheapest[(real[graph.place] < graph.saving)[cheapest] | graph.must_hang[graph.option[cheapest]]]
        self._hook = dict(zip(graph.option[taken][::-1].tolist(), taken[::-1].tolist(), strict=True))
        return link, self._link(np.array(self._asked))

    def _by_hook(self, distance: Floats) -> Floats:
        """Return money (k,) for a hub's link by each hook."""
        graph = self.graph
        return graph.price[graph.option] - graph.saving + distance[graph.place]

    def _link(self, distance: Floats) -> Floats:
        graph = self.graph
        link = np.where(graph.must_hang, np.inf, graph.price)
        np.minimum.at(link, graph.option, self._by_hook(distance))
        return link

    def join(self, option: int) -> None:
        """Build the lines to a hub, unless it has a link of its own that is cheaper."""
        graph, hook = self.graph, self._hook.get(option)
        if hook is None:
            return
        place, arcs = int(graph.place[hook]), list[int]()
        while place not in self._places:
            arcs.append(self._before[place])
            self._enter(place)
            place = int(graph.tail[arcs[-1]])
        self._built.update(arcs)
        self._close(graph.one_of[arcs])
